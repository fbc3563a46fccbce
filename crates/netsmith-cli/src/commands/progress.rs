//! What a run shows while it goes on.

use std::time::{Duration, Instant};

use netsmith::cost::{PARAMETERS, Quantity};
use netsmith::search::Event;
use netsmith::trial::{Metric, Trial};
use netsmith_nn::pipeline::Progress;

use crate::output::Output;

/// Shows the progress of a run on stderr, a line for each trial that ended.
#[derive(Debug)]
pub(super) struct Terminal {
    output: Output,
    phase: Instant,
    tally: Tally,
    /// The metric that counts.
    metric: String,
}

impl Terminal {
    /// A silent one with `--quiet`.
    pub(super) fn new(output: Output) -> Self {
        Self {
            output,
            phase: Instant::now(),
            tally: Tally::default(),
            metric: String::new(),
        }
    }

    /// Shows what happened.
    pub(super) fn show(&mut self, progress: &Progress<'_>) {
        match progress {
            Progress::Begun { run, notes, metric } => {
                self.metric = (*metric).to_owned();
                self.output.note(&format!("run {}", run.display()));
                notes
                    .iter()
                    .for_each(|note| self.output.note(&format!("note: {note}")));
            }
            Progress::Phase { what, seconds } => {
                self.phase = Instant::now();
                self.tally = Tally {
                    seconds: *seconds,
                    ..Tally::default()
                };
                let limit = seconds.map_or_else(String::new, |s| format!(", at most {s:.0} s"));
                self.output.note(&format!("{what}{limit}"));
            }
            Progress::Event(Event::Recalled(trial)) => {
                self.tally.recalled += 1;
                self.tally.add(trial, &self.metric);
            }
            Progress::Event(Event::Ended(trial)) => {
                self.remember();
                self.tally.add(trial, &self.metric);
                let line = self.tally.line(trial, &self.metric, self.phase.elapsed());
                self.output.note(&line);
            }
            Progress::Event(Event::Started(_)) => self.remember(),
            Progress::Event(_) => {}
            Progress::Supernet(report) => {
                let accuracies = report.accuracies.unwrap_or_default();
                let [path, mixture] = accuracies.map(|accuracy| {
                    accuracy.map_or_else(|| "-".to_owned(), |a| format!("{:.3}", a))
                });
                self.output.note(&format!(
                    "epoch {:>3} loss {:.3}, validation accuracy {path} (mixture {mixture}), entropy {:.3}, {} skips, {:.0} s: {}{}",
                    report.number + 1,
                    report.train_loss,
                    report.entropy,
                    report.skips[0],
                    self.phase.elapsed().as_secs_f64(),
                    if report.drawn { "drawn within the limits, " } else { "" },
                    report.architecture
                ));
            }
        }
    }

    /// Tells once of the trials that an earlier part of the run recorded.
    fn remember(&mut self) {
        let recalled = self.tally.recalled;
        if recalled > 0 && !std::mem::replace(&mut self.tally.told, true) {
            let best = self.tally.best_so_far();
            self.output
                .note(&format!("{recalled:>4} trials from before{best}"));
        }
    }
}

/// What the trials of a phase came to.
#[derive(Debug, Default)]
struct Tally {
    /// All that ended, those from before too.
    ended: u64,
    /// Those from before.
    recalled: u64,
    /// Whether these were told of.
    told: bool,
    failed: u64,
    best: Option<Quantity>,
    /// How long the phase may take.
    seconds: Option<f64>,
}

impl Tally {
    fn add(&mut self, trial: &Trial, metric: &str) {
        self.ended += 1;
        if trial.outcome.is_failure() {
            self.failed += 1;
            return;
        }
        if let Some((metric, value)) = result(trial, metric) {
            let better = |best: Quantity| metric.direction.better(value.value, best.value);
            if self.best.is_none_or(better) {
                self.best = Some(value);
            }
        }
    }

    /// The line of a trial that ended so long after the phase began.
    fn line(&self, trial: &Trial, metric: &str, passed: Duration) -> String {
        let value = result(trial, metric);
        let value = value.map_or_else(String::new, |(_, value)| format!(" {value}"));
        let parameters = trial.costs.value(PARAMETERS);
        let parameters = parameters.map_or_else(String::new, |count| {
            format!(", {}", PARAMETERS.quantity(count))
        });
        let passed = passed.as_secs_f64();
        let fresh = (self.ended - self.recalled) as f64;
        let rate = fresh / passed.max(1e-3);
        let failed = match self.failed {
            0 => String::new(),
            failed => format!(", {failed} failed"),
        };
        let left = self.seconds.map_or_else(String::new, |seconds| {
            format!(", {:.0} s left", (seconds - passed).max(0.0))
        });
        format!(
            "{:>4} {}{value}{parameters}{}, {rate:.1}/s{failed}{left}",
            self.ended,
            trial.outcome,
            self.best_so_far()
        )
    }

    fn best_so_far(&self) -> String {
        let best = self.best;
        best.map_or_else(String::new, |best| format!(", best {best}"))
    }
}

/// The result of a trial in the metric that counts.
fn result(trial: &Trial, metric: &str) -> Option<(Metric, Quantity)> {
    let mut results = trial.metrics.iter();
    let (metric, value) = results.find(|(known, _)| *known.name == *metric)?;
    Some((metric.clone(), value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsmith::trial::{Fidelity, Outcome, Proposal};

    fn trial(outcome: Outcome, accuracy: Option<f64>) -> Trial {
        let proposal = Proposal {
            number: 0,
            architecture: "depth=1".into(),
            key: String::new(),
            fidelity: Fidelity::epochs(3),
            seed: 1,
            parent: None,
        };
        let mut trial = proposal.complete(outcome);
        trial.costs.set(PARAMETERS, Some(1_234.0));
        if let Some(accuracy) = accuracy {
            trial.metrics.set(Metric::validation_accuracy(), accuracy);
        }
        trial
    }

    #[test]
    fn a_line_tells_rate_best_failures_and_the_time_left() {
        let mut tally = Tally {
            seconds: Some(60.0),
            recalled: 1,
            ..Tally::default()
        };
        let name = Metric::validation_accuracy().name;
        tally.add(&trial(Outcome::Finished, Some(0.75)), &name);
        let stopped = trial(Outcome::Stopped, Some(0.5));
        tally.add(&stopped, &name);
        assert_eq!(
            tally.line(&stopped, &name, Duration::from_secs(2)),
            "   2 stopped 50.00 %, 1,234 parameters, best 75.00 %, 0.5/s, 58 s left"
        );
        let crashed = trial(
            Outcome::Crashed {
                message: "no".into(),
            },
            None,
        );
        tally.add(&crashed, &name);
        assert_eq!(
            tally.line(&crashed, &name, Duration::from_secs(2)),
            "   3 crashed: no, 1,234 parameters, best 75.00 %, 1.0/s, 1 failed, 58 s left"
        );
    }
}
