//! What a run shows while it goes on.

use std::time::Instant;

use netsmith::search::Event;
use netsmith_nn::pipeline::Progress;

use crate::output::Output;

/// Shows the progress of a run on stderr, a line for each trial that ended.
#[derive(Debug)]
pub(super) struct Terminal {
    output: Output,
    phase: Instant,
    seconds: Option<f64>,
    ended: u64,
    best: Option<f64>,
    /// The metric that counts.
    metric: String,
}

impl Terminal {
    /// A silent one with `--quiet`.
    pub(super) fn new(output: Output) -> Self {
        Self {
            output,
            phase: Instant::now(),
            seconds: None,
            ended: 0,
            best: None,
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
                self.seconds = *seconds;
                (self.ended, self.best) = (0, None);
                let limit = seconds.map_or_else(String::new, |s| format!(", at most {s:.0} s"));
                self.output.note(&format!("{what}{limit}"));
            }
            Progress::Event(Event::Ended(trial)) => {
                self.ended += 1;
                let mut results = trial.metrics.iter();
                let result = results.find(|(metric, _)| *metric.name == *self.metric);
                let shown = result.map_or_else(String::new, |(_, value)| format!(" {value}"));
                if let Some((metric, value)) = result.filter(|_| !trial.outcome.is_failure()) {
                    let better = |best| metric.direction.better(value.value, best);
                    if self.best.is_none_or(better) {
                        self.best = Some(value.value);
                    }
                }
                let best = self
                    .best
                    .map_or_else(String::new, |best| format!(", best {best:.4}"));
                let passed = self.phase.elapsed().as_secs_f64();
                let left = self.seconds.map_or_else(String::new, |seconds| {
                    format!(", {:.0} s left", (seconds - passed).max(0.0))
                });
                let rate = self.ended as f64 / passed.max(1e-3);
                let parameters = trial.costs.parameters.unwrap_or(0);
                self.output.note(&format!(
                    "{:>4} {}{shown}, {parameters} parameters{best}, {rate:.1}/s{left}",
                    self.ended, trial.outcome
                ));
            }
            Progress::Event(_) => {}
            Progress::Supernet(report) => {
                let accuracies = report.accuracies.unwrap_or_default();
                let [path, mixture] = accuracies.map(|accuracy| {
                    accuracy.map_or_else(|| "-".to_owned(), |a| format!("{:.3}", a))
                });
                self.output.note(&format!(
                    "epoch {:>3} loss {:.3}, validation accuracy {path} (mixture {mixture}), entropy {:.3}, {} skips, {:.0} s: {}",
                    report.number + 1,
                    report.train_loss,
                    report.entropy,
                    report.skips[0],
                    self.phase.elapsed().as_secs_f64(),
                    report.architecture
                ));
            }
        }
    }
}
