//! A run whose trials are evaluated outside: by a command, or by a table.
//!
//! Netsmith trains nothing then. The run is its search, with study, limits,
//! stopping and resuming as always; it leaves the best architecture, its drawing
//! and the report, and no file with weights.

use super::best::{BEST, write_file, write_report};
use super::evaluator::Chosen;
use super::latency::Latencies;
use super::prepare::{kernels, refuse_proxy, strategy};
use super::searching::Searching;
use super::summary::outline;
use super::{Config, PipelineError, Progress, RunEnd, make_checkpoints_folder};
use crate::data::open_table;
use netsmith::catalogue::Settings;
use netsmith::evaluate::Evaluator;
use netsmith::evaluate::command::CommandEvaluator;
use netsmith::evaluate::table::{Table, TableEntry, TableEvaluator};
use netsmith::network::Shape;
use netsmith::objective::Objective;
use netsmith::report::{Best, Summary};
use netsmith::search::Budget;
use netsmith::space::{Form, Limits, Space, Task, build_named};
use netsmith::study::Study;
use netsmith::trial::{Fidelity, Metric};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// The folder of the tables where none is given.
const TABLES: &str = "../shared/data";

/// What a configuration with an outside evaluator stands for.
pub(super) struct Outside {
    /// What the run directory is called after.
    pub(super) name: String,
    /// What must be the same on a resume.
    pub(super) fingerprint: String,
    pub(super) space: Arc<Space>,
    pub(super) limits: Limits,
    pub(super) objective: Objective,
    evaluator: Box<dyn Evaluator>,
    fidelity: Fidelity,
    source: Source,
}

/// Where results come from.
enum Source {
    Command,
    Table { table: Arc<Table>, data: usize },
}

/// Nothing where Netsmith trains itself.
pub(super) fn prepare(config: &Config) -> Result<Option<Outside>, PipelineError> {
    let chosen = Chosen::of(config)?;
    if !matches!(chosen, Chosen::Training) {
        refuse_proxy(config)?;
    }
    Ok(match chosen {
        Chosen::Training | Chosen::Score { .. } => None,
        Chosen::Command { command, settings } => Some(by_command(config, command, &settings)?),
        Chosen::Table { entry, settings } => Some(by_table(config, entry, &settings)?),
    })
}

fn by_command(
    config: &Config,
    command: Vec<String>,
    settings: &Settings,
) -> Result<Outside, PipelineError> {
    refuse_options_of_data(config, "command")?;
    let missing = |option, remedy| PipelineError::OptionMissing {
        option,
        by: "command",
        remedy,
    };
    let input = config.input.as_deref();
    let input = input.ok_or_else(|| {
        missing(
            "input",
            "write `--input 3x32x32`, or `--input 13` for 13 columns",
        )
    })?;
    let classes = config.classes.filter(|&classes| classes > 0);
    let outputs = classes.ok_or_else(|| {
        missing(
            "classes",
            "write `--classes 10`, or `--classes 1` for a regression",
        )
    })?;
    let input: Shape = input.parse()?;
    let usual = match input {
        Shape::Image { .. } => "chain",
        _ => "mlp",
    };
    let name = config.space.as_deref().unwrap_or(usual);
    let task = Task::vector(input, outputs);
    let space = Arc::new(build_named(name, &task, &config.space_settings)?);
    if !is_program(&command[0]) {
        return Err(PipelineError::NoProgram {
            program: command[0].clone(),
        });
    }
    let metric = config.command_metric();
    let metric = metric.unwrap_or_else(Metric::validation_accuracy);
    let mut evaluator =
        CommandEvaluator::new(Arc::clone(&space), command)?.with_metric(metric.clone());
    let seconds = |name| Some(settings.number(name)).filter(|&seconds| seconds > 0.0);
    evaluator.timeout = seconds("timeout").map(Duration::from_secs_f64);
    evaluator.silence = seconds("silence").map(Duration::from_secs_f64);
    evaluator
        .input
        .insert("classes".to_owned(), outputs.to_string());
    if !config.data.is_empty() {
        evaluator
            .input
            .insert("data".to_owned(), config.data.clone());
    }
    Ok(Outside {
        name: "command".to_owned(),
        fingerprint: config.data.clone(),
        limits: config.limits,
        objective: config.objective(metric)?,
        evaluator: Box::new(evaluator),
        fidelity: Fidelity::epochs(settings.integer("epochs") as u32),
        source: Source::Command,
        space,
    })
}

fn by_table(
    config: &Config,
    entry: &TableEntry,
    settings: &Settings,
) -> Result<Outside, PipelineError> {
    refuse_options_of_data(config, "table")?;
    for (option, given) in [
        ("metric", config.metric.is_some()),
        ("input", config.input.is_some()),
        ("classes", config.classes.is_some()),
    ] {
        if given {
            return Err(PipelineError::OptionNotTaken {
                option,
                by: "table",
            });
        }
    }
    let data = match config.data.as_str() {
        "" => 0,
        name => entry.data_set(name)?,
    };
    let space = (entry.space)(data).map_err(netsmith::evaluate::table::TableError::from)?;
    let given = config
        .space
        .as_deref()
        .filter(|given| *given != space.name());
    if given.is_some() || !config.space_settings.is_empty() {
        return Err(PipelineError::SpaceOfTable {
            given: given.unwrap_or(space.name()).to_owned(),
            table: entry.name,
            space: space.name().to_owned(),
        });
    }
    let folder = match settings.text("folder") {
        "" => std::env::var_os("NETSMITH_DATA").map_or_else(|| TABLES.into(), PathBuf::from),
        folder => PathBuf::from(folder),
    };
    let table = Arc::new(open_table(entry, &folder)?);
    let objective = config.objective(Metric::validation_accuracy())?;
    Ok(Outside {
        name: entry.name.to_owned(),
        fingerprint: format!("{} {}: {} rows", entry.name, entry.data[data], table.len()),
        space: Arc::new(space),
        limits: config.limits,
        objective,
        evaluator: Box::new(TableEvaluator::new(Arc::clone(&table), entry.data[data])?),
        fidelity: Fidelity::epochs(0),
        source: Source::Table { table, data },
    })
}

/// Options of data that Netsmith would read itself.
fn refuse_options_of_data(config: &Config, by: &'static str) -> Result<(), PipelineError> {
    let given = [
        ("target", config.target.is_some()),
        ("task", config.task.is_some()),
        ("categories", !config.categories.is_empty()),
        ("ignore", !config.ignore.is_empty()),
        ("split-by", config.split_by.is_some()),
        ("missing", !config.missing.is_empty()),
        ("decimal", config.decimal.is_some()),
        ("delimiter", config.delimiter.is_some()),
        ("encoding", config.encoding.is_some()),
        ("image-size", config.image_size.is_some()),
        ("split-equal", config.split_equal),
        ("class-weights", config.class_weights),
        ("filter", config.filter.is_some()),
        ("assist", !config.assist.is_empty()),
        ("inherit-weights", config.inherit_weights),
        ("verify", config.verify.is_some_and(|seconds| seconds > 0.0)),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(PipelineError::OptionNotTaken { option, by }),
        None => Ok(()),
    }
}

/// Whether the system would find this program.
fn is_program(name: &str) -> bool {
    if Path::new(name).components().count() > 1 {
        return Path::new(name).is_file();
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

pub(super) fn go_on(
    config: &Config,
    outside: Outside,
    study: &Study,
    begun: Instant,
    interrupt: &AtomicBool,
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<RunEnd, PipelineError> {
    let objective = &outside.objective;
    observe(Progress::Begun {
        run: study.dir(),
        notes: &[],
        metric: &objective.metric.name,
    });
    make_checkpoints_folder(study)?;
    let is_table = matches!(outside.source, Source::Table { .. });
    // A table answers at once, so that one look-up at a time is fastest, and the
    // same as a comparison of strategies makes.
    let workers = if is_table { 1 } else { config.workers.max(1) };
    let seconds = config.seconds.filter(|_| !is_table);
    observe(Progress::Phase {
        what: outside.in_words(config),
        seconds,
    });
    let mut proposing = strategy(config)?;
    let latencies = Latencies::new(study, kernels(config)?, None);
    let searching = Searching {
        config,
        study,
        space: &outside.space,
        strategy: proposing.as_mut(),
        evaluator: outside.evaluator.as_ref(),
        objective,
        limits: outside.limits,
        fidelity: outside.fidelity,
        budget: Budget {
            trials: config.trials,
            seconds,
            simulated: config.seconds.filter(|_| is_table),
        },
        workers,
        window: if is_table { 1 } else { 2 * workers as u64 },
        latencies: &latencies,
        interrupt,
    };
    let trials = searching.run(observe)?;
    let interrupted = interrupt.load(Ordering::Relaxed);
    let Some(best) = objective.best(&trials) else {
        return match interrupted {
            true => Ok(RunEnd {
                summary: outside.summary(config, study, begun, "interrupted")?,
                interrupted,
            }),
            false => Err(PipelineError::nothing_in(&trials)),
        };
    };
    let status = if interrupted {
        "interrupted"
    } else {
        "finished"
    };
    let mut summary = outside.summary(config, study, begun, status)?;
    summary.best = Some(Best::of_trial(best, &objective.metric.name));
    if !interrupted {
        let architecture = best.architecture.clone();
        outside.finish(study, &architecture, &mut summary)?;
    }
    Ok(RunEnd {
        summary,
        interrupted,
    })
}

impl Outside {
    fn in_words(&self, config: &Config) -> String {
        let (space, strategy) = (self.space.name(), &config.strategy);
        match &self.source {
            Source::Command => format!(
                "searching `{space}` with {strategy}; `{}` evaluates, {} a trial",
                config.evaluator, self.fidelity
            ),
            Source::Table { table, data } => {
                let data = table.data_sets().nth(*data).unwrap_or_default();
                let budget = config.seconds.map_or_else(String::new, |seconds| {
                    format!(", {seconds:.0} simulated seconds")
                });
                format!(
                    "searching `{space}` with {strategy}; looked up in `{}` on {data}{budget}",
                    table.name()
                )
            }
        }
    }

    fn summary(
        &self,
        config: &Config,
        study: &Study,
        begun: Instant,
        status: &str,
    ) -> Result<Summary, PipelineError> {
        let trials = study.view()?.trials()?.completed;
        let front = self.objective.front(&trials).into_iter();
        Ok(Summary {
            seconds: begun.elapsed().as_secs_f64(),
            space: self.space.name().to_owned(),
            fidelity: match self.source {
                Source::Command => self.fidelity.to_string(),
                Source::Table { .. } => "that of the table".to_owned(),
            },
            recipe: format!("that of `{}`", config.evaluator),
            front: front.map(|trial| trial.number).collect(),
            trials,
            ..outline(config, study.dir(), status, &self.objective)?
        })
    }

    /// Writes what the run leaves: the search is over and its answer chosen.
    fn finish(
        &self,
        study: &Study,
        architecture: &str,
        summary: &mut Summary,
    ) -> Result<(), PipelineError> {
        let parsed = self.space.parse(architecture)?;
        let network = self.space.resolve(&parsed, Form::Final)?.pruned();
        self.conclude(summary);
        let folder = study.dir().join(BEST);
        let drawing = network.drawing(architecture);
        let files: [(&str, &str, String); 2] = [
            (
                "architecture",
                "architecture.txt",
                format!("{architecture}\n"),
            ),
            ("drawing", "network.svg", drawing),
        ];
        for (name, file, text) in files {
            let path = folder.join(file);
            write_file(&path, text.as_bytes())?;
            let path = path.to_string_lossy().into_owned();
            summary.files.insert(name.to_owned(), path);
        }
        write_report(study, summary, &network)
    }

    /// What can be said of the answer.
    fn conclude(&self, summary: &mut Summary) {
        let nothing_trained = "Netsmith trained no network in this run, so there is no file with weights and no \
             comparison with baselines trained alike.";
        summary.notes.push(nothing_trained.to_owned());
        let Source::Table { table, data } = &self.source else {
            summary.verdict.push(
                "The best architecture is the one that the command measured best on its validation data; \
                 no test part was read."
                    .to_owned(),
            );
            return;
        };
        let simulated: f64 = summary.trials.iter().map(|trial| trial.seconds).sum();
        summary.notes.push(format!(
            "The table's look-ups took {simulated:.0} simulated seconds."
        ));
        let Some(answer) = table.answer(&self.objective, summary.trials.clone()) else {
            return;
        };
        for (at, test) in answer.test.iter().enumerate() {
            if at == *data {
                summary.best.get_or_insert_default().test = Some(test.answer);
            }
            let percent = |fraction: f64| format!("{:.2} %", fraction * 100.0);
            summary.verdict.push(format!(
                "Test accuracy on {}: {}; the average architecture of the table has {}, the best {}.",
                test.data,
                percent(test.answer),
                percent(test.mean),
                percent(test.best)
            ));
        }
    }
}
