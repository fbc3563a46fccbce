//! A whole run: from a configuration to the network that is handed over.
//!
//! ```text
//! configuration ─► data, space, strategy        prepare
//!               ─► how much a trial may spend   pace
//!               ─► search at low fidelity       netsmith::search
//!               ─► full training of the best    finals
//!               ─► the winner by validation; the test part, once
//!               ─► best/, report                best
//!               ─► verification                 verify
//! ```
//!
//! Every step reads what it needs from the study and repeats nothing that the
//! study holds, so a run that was interrupted anywhere goes on by running the
//! same steps again.

mod best;
mod config;
mod error;
mod finals;
mod pace;
mod prepare;
mod summary;

pub use best::{BEST, BestRecord, ENTRY, REPORT, write_file};
pub use config::Config;
pub use error::PipelineError;
pub use prepare::space_of;

use crate::cost::OperationTable;
use crate::data::balanced_class_weights;
use crate::evaluate::TrainingEvaluator;
use netsmith::objective::Objective;
use netsmith::random::Seed;
use netsmith::report::Summary;
use netsmith::search::{Budget, CHECKPOINTS, End, Event, Search};
use netsmith::stopping::{Median, MedianParams};
use netsmith::study::{Header, Study, View, new_run_directory};
use netsmith::trial::Trial;
use pace::{Pace, pace};
use prepare::{Prepared, prepare};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// What a run tells while it goes on.
#[derive(Debug)]
pub enum Progress<'a> {
    /// The run directory, and notes on the data.
    Begun {
        /// The run directory.
        run: &'a Path,
        /// What was noticed about the data.
        notes: &'a [String],
    },
    /// A phase begins: what it does, and how long it may take at most.
    Phase {
        /// In a few words.
        what: String,
        /// Seconds, where there is a limit.
        seconds: Option<f64>,
    },
    /// A trial, or a run of the final phase.
    Event(&'a Event<'a>),
}

/// How a run ended.
#[derive(Debug)]
pub struct RunEnd {
    /// What happened; also when it was interrupted.
    pub summary: Summary,
    /// Whether it was interrupted and can be resumed.
    pub interrupted: bool,
}

/// Starts a run.
///
/// # Errors
/// The configuration, the data, or the file system. A bad candidate is no error.
pub fn run(
    config: &Config,
    interrupt: &AtomicBool,
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<RunEnd, PipelineError> {
    let begun = Instant::now();
    let prepared = prepare(config)?;
    prepared.space.check_limits(&prepared.limits)?;
    let dir = match &config.run {
        Some(dir) => dir.clone(),
        None => {
            let name = config.data.split(':').next().unwrap_or("run");
            new_run_directory(Path::new("runs"), name)?
        }
    };
    let text = toml_of(config)?;
    let created = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |age| age.as_secs());
    let header = Header::new(text.clone(), config.seed, created)
        .with_version("data", prepared.data.fingerprint());
    let study = Study::create(&dir, &header)?;
    write_file(&dir.join("config.toml"), text.as_bytes())?;
    write_file(
        &dir.join("splits.json"),
        splits(&prepared).to_string().as_bytes(),
    )?;
    go_on(config, prepared, &study, begun, interrupt, observe)
}

/// Goes on with a run where it stopped; a finished one is only reported again.
///
/// # Errors
/// As [`run`]; the data are not those of the study.
pub fn resume(
    dir: &Path,
    interrupt: &AtomicBool,
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<RunEnd, PipelineError> {
    let begun = Instant::now();
    let header = View::open(dir)?.header()?;
    let mut config: Config =
        toml::from_str(&header.configuration).map_err(|error| PipelineError::Configuration {
            message: error.to_string(),
        })?;
    config.run = Some(dir.to_path_buf());
    let prepared = prepare(&config)?;
    let found = prepared.data.fingerprint().to_owned();
    let recorded = header.versions.get("data").cloned().unwrap_or_default();
    if found != recorded {
        return Err(PipelineError::DataChanged { found, recorded });
    }
    let study = Study::open(dir)?;
    go_on(&config, prepared, &study, begun, interrupt, observe)
}

/// The configuration as it stands in the study.
pub(crate) fn toml_of(config: &Config) -> Result<String, PipelineError> {
    toml::to_string(config).map_err(|error| PipelineError::Configuration {
        message: error.to_string(),
    })
}

/// Rows of each part, in the order of the source.
fn splits(prepared: &Prepared) -> serde_json::Value {
    serde_json::json!({
        "train": prepared.data.train().indices(),
        "validation": prepared.data.valid().indices(),
        "test": prepared.test.as_ref().map_or(&[][..], |test| test.indices()),
    })
}

/// Everything that the steps of a run share.
struct Context<'a> {
    config: &'a Config,
    study: &'a Study,
    dir: PathBuf,
    objective: Objective,
    evaluator: TrainingEvaluator,
    pace: Pace,
    begun: Instant,
    interrupt: &'a AtomicBool,
}

fn go_on(
    config: &Config,
    mut prepared: Prepared,
    study: &Study,
    begun: Instant,
    interrupt: &AtomicBool,
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<RunEnd, PipelineError> {
    let notes = prepared.data.notes().to_vec();
    observe(Progress::Begun {
        run: study.dir(),
        notes: &notes,
    });
    let folder = study.dir().join(CHECKPOINTS);
    std::fs::create_dir_all(&folder).map_err(|source| PipelineError::File {
        action: "make",
        path: folder,
        source,
    })?;
    let pace = pace(config, &prepared, study)?;
    prepared.limits.macs = pace::least_of(prepared.limits.macs, pace.affordable_macs);
    let weights = config
        .class_weights
        .then(|| balanced_class_weights(&prepared.data.train()));
    let evaluator = TrainingEvaluator::new(
        prepared.data.clone(),
        prepared.normalization.clone(),
        prepared.metric,
        prepared.recipe.clone(),
        prepared.kernels,
        [config.workers, config.threads],
    )?
    .weighted(weights.flatten());
    let context = Context {
        config,
        study,
        dir: study.dir().to_path_buf(),
        objective: prepared.objective.clone(),
        evaluator,
        pace,
        begun,
        interrupt,
    };
    let trials = context.search(&mut prepared, observe)?;
    if interrupt.load(Ordering::Relaxed) {
        return context.interrupted(&prepared);
    }
    finals::finish(&context, prepared, &trials, observe)
}

impl Context<'_> {
    /// The search at low fidelity.
    fn search(
        &self,
        prepared: &mut Prepared,
        observe: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Vec<Trial>, PipelineError> {
        let config = self.config;
        let seconds = config.search_seconds().map(|seconds| {
            // The data were loaded and the machine timed on this clock too.
            (seconds - self.begun.elapsed().as_secs_f64()).max(1.0)
        });
        // On a resume the study's clock counts the time before.
        let seconds = match self.study.view()?.trials()?.completed.is_empty() {
            true => seconds,
            false => config.search_seconds(),
        };
        observe(Progress::Phase {
            what: self.search_in_words(prepared),
            seconds,
        });
        let table = OperationTable::new(self.study, prepared.kernels);
        let latency = |network: &netsmith::network::Network| table.estimate(network);
        let needs_latency = config.limit_latency.is_some() || self.objective.weighs("latency_ms");
        if needs_latency {
            // Most operations are timed before any worker disturbs.
            let seed = Seed::new(config.seed).child("latency");
            for number in 0..30 {
                let mut random = seed.nth(number).stream();
                let drawn = prepared.space.sample(&prepared.limits, &mut random)?;
                latency(&prepared.space.network(&drawn)?);
            }
        }
        let search = Search {
            space: &prepared.space,
            strategy: prepared.strategy.as_mut(),
            evaluator: &self.evaluator,
            study: self.study,
            objective: &self.objective,
            limits: prepared.limits,
            latency_limit: config.limit_latency,
            latency: needs_latency.then_some(&latency),
            fidelity: self.pace.low,
            stopping: self.stopping(),
            budget: Budget {
                trials: config.trials,
                seconds,
            },
            workers: config.workers,
            window: 2 * config.workers.max(1) as u64,
            memory: available_memory().map(|bytes| bytes / config.workers.max(1) as u64),
            seed: Seed::new(config.seed),
            interrupt: self.interrupt,
        };
        let (_end, trials): (End, _) = search.run(&mut |event| observe(Progress::Event(&event)))?;
        Ok(trials)
    }

    fn search_in_words(&self, prepared: &Prepared) -> String {
        let within = match self.pace.affordable_macs {
            Some(macs) if prepared.limits.macs == Some(macs) => {
                format!(", networks of at most {macs} MACs (what the budget can train)")
            }
            _ => String::new(),
        };
        format!(
            "searching `{}` with {}, {} a trial{within}",
            prepared.space.name(),
            self.config.strategy,
            self.pace.low
        )
    }

    fn stopping(&self) -> Option<Median> {
        let params = MedianParams::default();
        (self.pace.low.epochs > 2)
            .then(|| params.check(&self.objective.metric.name).ok())
            .flatten()
    }

    fn interrupted(&self, prepared: &Prepared) -> Result<RunEnd, PipelineError> {
        Ok(RunEnd {
            summary: summary::summary(self, prepared, "interrupted", None)?,
            interrupted: true,
        })
    }

    fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}

/// Bytes that this machine has free, where the system tells.
fn available_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find(|line| line.starts_with("MemAvailable:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}
