//! A whole run: from a configuration to the network that is handed over.
//!
//! ```text
//! configuration ─► data, space, strategy        prepare
//!               ─► how much a trial may spend   pace
//!               ─► search at low fidelity       netsmith::search
//!               ─► who teaches them             teaching
//!               ─► full training of the best    finals: candidates, then longer; or of the
//!                                               smallest: fallback
//!               ─► the winner and the front by validation   choice, one_standard_error
//!               ─► what they were trained to; the test part, once   finalists
//!               ─► best/, report                best
//!               ─► verification                 verify
//!
//! what fits into a time                         allotment
//! what a resume finds decided                   once
//! ```
//!
//! Where an outside command or a table evaluates, a run is its search and the
//! report of it (`outside`).
//!
//! Every step reads what it needs from the study and repeats nothing that the
//! study holds, so a run that was interrupted anywhere goes on by running the
//! same steps again.

mod allotment;
mod best;
mod bound;
mod candidates;
mod choice;
mod config;
mod error;
mod evaluator;
mod exact;
mod fallback;
mod finalists;
mod finals;
mod judgement;
mod latency;
mod longer;
mod once;
mod one_standard_error;
mod outside;
mod pace;
mod planned;
mod prepare;
mod scoring;
mod searching;
mod summary;
mod supernet;
mod teaching;
#[cfg(test)]
mod tests;
mod values;
mod verify;
mod written_limits;

pub use best::{BEST, BestRecord, ENTRY, REPORT, write_file};
pub use config::{Config, Prefer, Stopping};
pub use error::PipelineError;
pub use evaluator::{EVALUATORS, EvaluatorKind};
pub use finalists::{finalist_records, finalist_weights};
pub use judgement::{JUDGEMENT_ENTRY, Judgement};
pub use prepare::space_of;
pub use supernet::{CANDIDATES_ENTRY, EPOCHS_ENTRY, SAMPLE_ENTRY};
pub use values::ValueFault;

use crate::data::balanced_class_weights;
use crate::evaluate::{Inheritance, Kept, ScoreEvaluator, TrainingEvaluator};
use crate::supernet::EpochReport;
use crate::train::Teacher;
use allotment::Samples;
use bound::Bound;
use evaluator::Chosen;
use latency::{Interface, Latencies};
use netsmith::cost::MACS;
use netsmith::objective::Objective;
use netsmith::report::Summary;
use netsmith::search::{Budget, CHECKPOINTS, Event};
use netsmith::study::{Header, Study, View, new_run_directory};
use netsmith::trial::{Fidelity, Trial};
use pace::{Pace, pace};
use prepare::{Prepared, prepare};
use searching::Searching;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use teaching::TEACHERS;

/// What a run tells while it goes on.
#[derive(Debug)]
pub enum Progress<'a> {
    /// The run directory, and notes on the data.
    Begun {
        /// The run directory.
        run: &'a Path,
        /// What was noticed about the data.
        notes: &'a [String],
        /// The metric that counts, as trials name it.
        metric: &'a str,
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
    /// An epoch of a gradient search.
    Supernet(&'a EpochReport),
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
    config.check_values()?;
    if let Some(outside) = outside::prepare(config)? {
        outside.space.find_within(&outside.limits)?;
        let metric = &*outside.objective.metric.name;
        let study = create(config, &outside.name, &outside.fingerprint, metric)?;
        return outside::go_on(config, outside, &study, begun, interrupt, observe);
    }
    let prepared = prepare(config)?;
    prepared.space.find_within(&prepared.limits)?;
    let name = config.data.split(':').next().unwrap_or("run");
    let metric = &*prepared.objective.metric.name;
    let study = create(config, name, prepared.data.fingerprint(), metric)?;
    write_file(
        &study.dir().join("splits.json"),
        splits(&prepared).to_string().as_bytes(),
    )?;
    go_on(config, prepared, &study, begun, interrupt, observe)
}

/// The name in a study's header of the metric that its trials record. A study of version
/// 0.1 does not say.
const METRIC: &str = "metric";

/// Makes the study of a run, in a new run directory where none is given.
fn create(
    config: &Config,
    name: &str,
    fingerprint: &str,
    metric: &str,
) -> Result<Study, PipelineError> {
    let dir = match &config.run {
        Some(dir) => dir.clone(),
        None => new_run_directory(Path::new("runs"), name)?,
    };
    let text = toml_of(config)?;
    let created = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |age| age.as_secs());
    let header = Header::new(text.clone(), config.seed, created)
        .with_version("data", fingerprint)
        .with_version(METRIC, metric);
    let study = Study::create(&dir, &header)?;
    write_file(&dir.join("config.toml"), text.as_bytes())?;
    Ok(study)
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
        Config::recorded(&header.configuration).map_err(|error| PipelineError::Configuration {
            message: error.to_string(),
        })?;
    config.run = Some(dir.to_path_buf());
    let recorded = header.versions.get("data").cloned().unwrap_or_default();
    let unchanged = |found: &str| match found == recorded {
        true => Ok(()),
        false => Err(PipelineError::DataChanged {
            found: found.to_owned(),
            recorded: recorded.clone(),
        }),
    };
    if let Some(outside) = outside::prepare(&config)? {
        unchanged(&outside.fingerprint)?;
        let study = Study::open(dir)?;
        return outside::go_on(&config, outside, &study, begun, interrupt, observe);
    }
    let mut prepared = prepare(&config)?;
    unchanged(prepared.data.fingerprint())?;
    if !header.versions.contains_key(METRIC) {
        prepared.objective.metric = prepared.metric.recorded_earlier();
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

fn make_checkpoints_folder(study: &Study) -> Result<(), PipelineError> {
    let folder = study.dir().join(CHECKPOINTS);
    std::fs::create_dir_all(&folder).map_err(|source| PipelineError::File {
        action: "make",
        path: folder,
        source,
    })
}

/// Everything that the steps of a run share.
struct Context<'a> {
    config: &'a Config,
    study: &'a Study,
    dir: PathBuf,
    objective: Objective,
    /// What the trials of the search are judged by.
    search_objective: Objective,
    /// What evaluates the trials of the search, where that is not training.
    scoring: Option<ScoreEvaluator>,
    evaluator: TrainingEvaluator,
    /// From what the networks that are trained in full learn besides the targets.
    teacher: Option<Teacher>,
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
        metric: &prepared.objective.metric.name,
    });
    make_checkpoints_folder(study)?;
    let mut pace = pace(config, &prepared, study)?;
    if let Some(macs) = pace.affordable_macs {
        prepared.limits = prepared.limits.tightened(MACS, macs as f64);
    }
    let weights = config
        .class_weights
        .then(|| balanced_class_weights(&prepared.data.train()));
    let inheritance = config.inherit_weights.then(|| {
        let folder = study.dir().join(CHECKPOINTS);
        Inheritance::new(prepared.space.clone(), folder)
    });
    let can_learn = prepared.contract.task.distillation(0).is_some();
    let kept = (config.distillation && can_learn).then(|| {
        let folder = study.dir().join(CHECKPOINTS);
        Kept::new(folder, TEACHERS, prepared.metric.direction())
    });
    let evaluator = TrainingEvaluator::new(
        prepared.data.clone(),
        prepared.contract.clone(),
        prepared.metric,
        prepared.recipe.clone(),
        prepared.kernels,
        [config.workers, config.threads],
    )?
    .weighted(weights.flatten())
    .recording(prepared.objective.metric.clone())
    .inheriting(inheritance)
    .keeping(kept);
    let scoring = scoring(config, &prepared)?;
    if scoring.is_some() {
        // Nothing is trained in the search, so that a trial has no epochs.
        pace.low = Fidelity::epochs(0);
    }
    if prepared.method.is_none()
        && prepared.scores.is_none()
        && pace.is_worth_scores(Samples::of(&prepared))
    {
        scoring::assist(config, &mut prepared, scoring::usual()?);
    }
    let search_objective = match Chosen::of(config)? {
        Chosen::Score { entry, .. } => config.objective(ScoreEvaluator::metric(entry.name))?,
        _ => prepared.objective.clone(),
    };
    let mut context = Context {
        config,
        search_objective,
        scoring,
        study,
        dir: study.dir().to_path_buf(),
        objective: prepared.objective.clone(),
        evaluator,
        teacher: None,
        pace,
        begun,
        interrupt,
    };
    let trials = context.search(&mut prepared, observe)?;
    if interrupt.load(Ordering::Relaxed) {
        return context.interrupted(&prepared);
    }
    context.teacher = teaching::teacher(&context, &prepared, &trials)?;
    finals::finish(&context, prepared, &trials, observe)
}

/// What the study records once its search is over. A run that is interrupted later
/// adds no trial when it goes on, even if its clock lost a part of the search's time.
const SEARCHED: &str = "searched";

/// The share of its time that a phase keeps, however long those before it took.
const KEPT: f64 = 0.25;

/// What is left of some seconds, but never less than the share that is kept.
fn left_of(seconds: f64, elapsed: f64) -> f64 {
    (seconds - elapsed).max(KEPT * seconds)
}

/// What evaluates the trials of the search, where that is not training.
fn scoring(config: &Config, prepared: &Prepared) -> Result<Option<ScoreEvaluator>, PipelineError> {
    let Chosen::Score { entry, batch } = Chosen::of(config)? else {
        return Ok(None);
    };
    let (data, contract) = (&prepared.data, &prepared.contract);
    let scorer = scoring::scorer(config, data, contract, vec![entry], batch);
    let evaluator = ScoreEvaluator::new(scorer, [config.workers, config.threads])?;
    Ok(Some(evaluator))
}

impl Context<'_> {
    /// The search at low fidelity.
    fn search(
        &self,
        prepared: &mut Prepared,
        observe: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Vec<Trial>, PipelineError> {
        let config = self.config;
        let listed = match prepared.method.take() {
            None => None,
            Some(method) => {
                let listed = supernet::candidates(self, prepared, method.as_ref(), observe)?;
                let Some(listed) = listed else {
                    return Ok(Vec::new());
                };
                if let Some(bound) = Bound::of(self.study, method.options())? {
                    bound.apply(prepared);
                }
                Some(listed)
            }
        };
        let candidates = listed.as_ref().map(|listed| listed.len() as u64);
        // All candidates are trained, however few trials are asked for.
        let trials = config.trials.map(|most| most.max(candidates.unwrap_or(0)));
        if let Some(listed) = listed {
            prepared.strategy = supernet::successor(listed, self.pace.rungs);
            let scores = prepared.scores.clone().map_or_else(scoring::usual, Ok)?;
            scoring::assist(config, prepared, scores);
        }
        let trials = match self.study.view()?.recorded()?.contains_key(SEARCHED) {
            true => self.study.view()?.trials()?.completed,
            false => self.search_on(prepared, trials, observe)?,
        };
        if self.interrupt.load(Ordering::Relaxed) {
            return Ok(trials);
        }
        self.study.recorded(SEARCHED, || 1.0)?;
        if let Some(what) = prepared.strategy.account() {
            observe(Progress::Phase {
                what,
                seconds: None,
            });
        }
        let Some(candidates) = candidates else {
            return Ok(trials);
        };
        let (listed, climbed) =
            trials.split_at(trials.partition_point(|trial| trial.number < candidates));
        let judgement = judgement::judged(self, listed)?;
        let words = judgement.map(|judgement| judgement.words);
        let climb = judgement::climb(self, listed, climbed);
        for what in words.into_iter().chain(climb) {
            let seconds = None;
            observe(Progress::Phase { what, seconds });
        }
        Ok(trials)
    }

    /// The search until its budget ends: so many trials, where that is given.
    fn search_on(
        &self,
        prepared: &mut Prepared,
        trials: Option<u64>,
        observe: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Vec<Trial>, PipelineError> {
        let config = self.config;
        // On a resume the study's clock counts the time before.
        let seconds = match self.study.view()?.trials()?.completed.is_empty() {
            true => self.search_seconds_left(),
            false => config.search_seconds(),
        };
        observe(Progress::Phase {
            what: self.search_in_words(prepared),
            seconds,
        });
        let interface = Interface::of(prepared);
        let latencies = Latencies::new(self.study, prepared.kernels, Some(interface));
        let searching = Searching {
            config,
            study: self.study,
            space: &prepared.space,
            strategy: prepared.strategy.as_mut(),
            evaluator: match &self.scoring {
                Some(scoring) => scoring,
                None => &self.evaluator,
            },
            objective: &self.search_objective,
            limits: prepared.limits,
            fidelity: self.pace.low,
            budget: Budget {
                trials,
                seconds,
                ..Budget::default()
            },
            workers: config.workers,
            window: 2 * config.workers.max(1) as u64,
            latencies: &latencies,
            interrupt: self.interrupt,
        };
        searching.run(observe)
    }

    fn search_in_words(&self, prepared: &Prepared) -> String {
        let within = match self.pace.affordable_macs {
            Some(macs) if prepared.limits.get(MACS) == Some(macs as f64) => {
                format!(", networks of at most {macs} MACs (what the budget can train)")
            }
            _ => String::new(),
        };
        let trial = match &self.scoring {
            Some(_) => format!("`{}` scores each trial", self.config.evaluator),
            None if prepared.strategy.mean_share() < 1.0 => {
                format!("at most {} a trial", self.pace.low)
            }
            None => format!("{} a trial", self.pace.low),
        };
        let by = match prepared.steering.join(" and ") {
            none if none.is_empty() => none,
            scores => format!(", steered by {scores} too"),
        };
        format!(
            "searching `{}` with {}{by}, {trial}{within}",
            prepared.space.name(),
            self.config.strategy,
        )
    }

    fn interrupted(&self, prepared: &Prepared) -> Result<RunEnd, PipelineError> {
        Ok(RunEnd {
            summary: summary::summary(self, prepared, "interrupted", None)?,
            interrupted: true,
        })
    }

    /// Seconds that the search has left. The data were loaded, the machine timed
    /// and perhaps a supernet trained on this clock too.
    fn search_seconds_left(&self) -> Option<f64> {
        let elapsed = self.elapsed().as_secs_f64();
        let left = |seconds| left_of(seconds, elapsed);
        self.config.search_seconds().map(left)
    }

    /// A pool with the threads of all workers.
    fn all_threads(&self) -> Result<rayon::ThreadPool, PipelineError> {
        let threads = self.config.workers.max(1) * self.config.threads.max(1);
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        Ok(pool.build()?)
    }

    fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}
