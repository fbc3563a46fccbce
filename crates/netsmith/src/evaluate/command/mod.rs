//! An outside command: any trainer in any language.
//!
//! The command is started once for each trial. It gets one JSON object on
//! standard input (architecture, decisions, fidelity, seed, checkpoint, input,
//! ...) and prints one JSON object a line on standard output:
//!
//! ```text
//! {"step": 1, "validation_accuracy": 0.61, "train_loss": 1.2}
//! {"step": 2, "validation_accuracy": 0.67, "train_loss": 0.9}
//! {"done": true}
//! ```
//!
//! `step` counts from 1 and may only grow; every other number is a metric. The
//! last line says that it is done and may be left out where the command ends
//! with exit code 0. A line that is no JSON object is an error, so anything else
//! goes to standard error. The command and what it started is killed when the
//! stopping rule ends the trial, when the search ends, and when a time limit
//! passes; a checkpoint at the path in the request lets it go on another time,
//! and `{"saved": 2}` says that one stands there, whole, written after step 2. A
//! command that goes on from one prints its steps again from the first.
//!
//! A crash, silence, garbage or NaN is an outcome of the trial.

mod lines;
mod process;
mod words;

pub use words::words;

use super::{Evaluation, Evaluator, Job, Repeatability, Verdict, Watch};
use crate::cost::{Direction, Unit};
use crate::space::Space;
use crate::trial::{Measurement, Metric, Metrics, Outcome};
use lines::{Line, LineError};
use process::{Heard, Process};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Evaluates by an outside command.
#[derive(Clone, Debug)]
pub struct CommandEvaluator {
    space: Arc<Space>,
    /// The program and its arguments; no shell is involved.
    command: Vec<String>,
    metrics: Vec<Metric>,
    /// The whole time that a trial may take.
    pub timeout: Option<Duration>,
    /// The time without a line after which a trial is given up.
    pub silence: Option<Duration>,
    /// Data, number of classes and whatever else the command should be told,
    /// as it stands in the request.
    pub input: BTreeMap<String, String>,
}

/// What the command is told.
#[derive(Debug, Serialize)]
struct Request<'a> {
    /// Version of this protocol.
    protocol: u32,
    /// Number of the trial.
    trial: u64,
    /// Name of the space.
    space: &'a str,
    /// The architecture's text.
    architecture: &'a str,
    /// The option of every active decision.
    decisions: BTreeMap<&'a str, String>,
    /// The network's key.
    key: &'a str,
    /// Passes over the data, and the fraction of it.
    fidelity: FidelityRequest,
    /// Seed of everything random.
    seed: u64,
    /// Where a checkpoint is, or is to be written.
    checkpoint: Option<String>,
    /// Shapes of one sample, without the batch.
    inputs: Vec<Vec<usize>>,
    /// What else the user gave.
    input: &'a BTreeMap<String, String>,
    /// Which worker asks, from 0, for instance to pick a GPU.
    worker: usize,
}

#[derive(Debug, Serialize)]
struct FidelityRequest {
    epochs: u32,
    data: f64,
}

impl CommandEvaluator {
    /// Evaluates architectures of a space by this command: the program, then its
    /// arguments.
    ///
    /// # Errors
    /// The command is empty.
    pub fn new(space: Arc<Space>, command: Vec<String>) -> Result<Self, CommandError> {
        if command
            .first()
            .is_none_or(|program| program.trim().is_empty())
        {
            return Err(CommandError::Empty);
        }
        Ok(Self {
            space,
            command,
            metrics: vec![
                Metric::validation_accuracy(),
                Metric::train_loss(),
                Metric::new("validation_loss", Unit::Plain, Direction::Minimize),
                Metric::new("validation_error", Unit::Plain, Direction::Minimize),
            ],
            timeout: None,
            silence: None,
            input: BTreeMap::new(),
        })
    }

    /// The same with a metric whose unit and direction are known; others that the
    /// command prints are plain numbers, the larger the better.
    #[must_use]
    pub fn with_metric(mut self, metric: Metric) -> Self {
        self.metrics.retain(|known| known.name != metric.name);
        self.metrics.push(metric);
        self
    }

    fn metric(&self, name: &str) -> Metric {
        let known = self.metrics.iter().find(|metric| &*metric.name == name);
        known
            .cloned()
            .unwrap_or_else(|| Metric::new(name, Unit::Plain, Direction::Maximize))
    }

    fn request(&self, job: &Job<'_>) -> String {
        let proposal = job.proposal;
        let parsed = self.space.parse(&proposal.architecture).ok();
        let architecture = job.architecture.or(parsed.as_ref());
        let decisions = architecture.into_iter().flat_map(|architecture| {
            let pairs = self.space.decisions().iter().zip(architecture.options());
            pairs.filter_map(|(decision, option)| {
                Some((decision.name.as_str(), decision.option_name(option?)))
            })
        });
        let request = Request {
            protocol: 1,
            trial: proposal.number,
            space: self.space.name(),
            architecture: &proposal.architecture,
            decisions: decisions.collect(),
            key: &proposal.key,
            fidelity: FidelityRequest {
                epochs: proposal.fidelity.epochs,
                data: proposal.fidelity.data,
            },
            seed: proposal.seed,
            checkpoint: job.checkpoint.map(|path| path.display().to_string()),
            inputs: self
                .space
                .inputs()
                .iter()
                .map(|shape| shape.dims())
                .collect(),
            input: &self.input,
            worker: job.worker,
        };
        serde_json::to_string(&request).unwrap_or_default()
    }

    /// Listens to the process until it ends or is to end.
    fn follow(&self, process: &mut Process, watch: &mut dyn Watch) -> Evaluation {
        let mut metrics = Metrics::new();
        let mut last = 0;
        loop {
            // What it does wrong ends it, and not this process.
            watch.working();
            if watch.cancelled() {
                return Evaluation::Interrupted;
            }
            let line = match process.hear(self.timeout, self.silence) {
                Heard::Nothing => continue,
                Heard::Line(line) => line,
                Heard::TooLong(limit) => {
                    return crashed(format!("a line of more than {limit} bytes"), metrics);
                }
                Heard::TimeIsUp(limit) => {
                    let limit_seconds = limit.as_secs_f64();
                    return Evaluation::ended(Outcome::TimedOut { limit_seconds }, metrics);
                }
                Heard::End => return self.at_the_end(process, metrics),
            };
            match lines::parse(&line) {
                Ok(Line::Empty) => {}
                Ok(Line::Done) => return finished(metrics),
                Ok(Line::Saved(step)) => watch.saved(step),
                Ok(Line::Step { step, .. }) if step <= last => {
                    let message = format!("step {step} after step {last}: steps must grow");
                    return crashed(message, metrics);
                }
                Ok(Line::Step { step, values }) => {
                    last = step;
                    let measured = values.into_iter().map(|(name, value)| Measurement {
                        step,
                        metric: self.metric(&name),
                        value,
                    });
                    let measured: Vec<Measurement> = measured.collect();
                    for measurement in &measured {
                        metrics.set(measurement.metric.clone(), measurement.value);
                    }
                    match watch.measure(&measured) {
                        Verdict::Continue => {}
                        Verdict::Stop => return Evaluation::ended(Outcome::Stopped, metrics),
                        Verdict::Cancel => return Evaluation::Interrupted,
                    }
                }
                Err(LineError::NotFinite { name, step }) => {
                    let reason = format!("{name} is not finite at step {step}");
                    return Evaluation::ended(Outcome::Diverged { reason }, metrics);
                }
                Err(error) => return crashed(error.to_string(), metrics),
            }
        }
    }

    fn at_the_end(&self, process: &mut Process, metrics: Metrics) -> Evaluation {
        match process.exit() {
            Ok(()) if metrics.is_empty() => {
                crashed("it ended without printing a metric".to_owned(), metrics)
            }
            Ok(()) => finished(metrics),
            Err(message) => crashed(message, metrics),
        }
    }
}

fn finished(metrics: Metrics) -> Evaluation {
    Evaluation::ended(Outcome::Finished, metrics)
}

fn crashed(message: String, metrics: Metrics) -> Evaluation {
    Evaluation::ended(Outcome::Crashed { message }, metrics)
}

impl Evaluator for CommandEvaluator {
    fn evaluate(&self, job: &Job<'_>, watch: &mut dyn Watch) -> Evaluation {
        match Process::start(&self.command, self.request(job)) {
            // The process is killed when it is dropped.
            Ok(mut process) => self.follow(&mut process, watch),
            Err(error) => {
                let program = &self.command[0];
                crashed(
                    format!("`{program}` cannot be started: {error}"),
                    Metrics::new(),
                )
            }
        }
    }

    fn repeatability(&self) -> Repeatability {
        Repeatability::Noisy
    }
}

/// A command that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// Nothing to start.
    #[error("the command is empty: it must name a program")]
    Empty,
    /// A quote that does not end.
    #[error("command `{line}`: the quote {quote} has no end")]
    Open {
        /// The command line.
        line: String,
        /// The quote.
        quote: char,
    },
}
