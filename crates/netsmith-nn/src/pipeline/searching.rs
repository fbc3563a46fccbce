//! The search of a run, the same for every evaluator.

use super::latency::Latencies;
use super::{Config, PipelineError, Progress, Stopping};
use netsmith::cost::LATENCY;
use netsmith::evaluate::Evaluator;
use netsmith::network::Network;
use netsmith::objective::Objective;
use netsmith::random::Seed;
use netsmith::search::{Budget, End, Search};
use netsmith::space::{Limits, Space};
use netsmith::stopping::{Extrapolation, MedianParams, Rule};
use netsmith::strategy::Strategy;
use netsmith::study::Study;
use netsmith::trial::{Fidelity, Trial};
use std::sync::atomic::AtomicBool;

/// What a search is made of.
pub(super) struct Searching<'a> {
    pub(super) config: &'a Config,
    pub(super) study: &'a Study,
    pub(super) space: &'a Space,
    pub(super) strategy: &'a mut dyn Strategy,
    pub(super) evaluator: &'a dyn Evaluator,
    pub(super) objective: &'a Objective,
    pub(super) limits: Limits,
    pub(super) fidelity: Fidelity,
    pub(super) budget: Budget,
    /// Evaluations at a time.
    pub(super) workers: usize,
    /// A proposal sees trials that are at least so far behind.
    pub(super) window: u64,
    /// Tells how long networks take, where that counts.
    pub(super) latencies: &'a Latencies<'a>,
    pub(super) interrupt: &'a AtomicBool,
}

impl Searching<'_> {
    /// Searches until the budget ends or it is interrupted.
    pub(super) fn run(
        self,
        observe: &mut dyn FnMut(Progress<'_>),
    ) -> Result<Vec<Trial>, PipelineError> {
        let config = self.config;
        let latency = |network: &Network| self.latencies.of(network);
        let needs_latency = self.limits.get(LATENCY).is_some() || self.objective.weighs(LATENCY);
        if needs_latency {
            let seed = Seed::new(config.seed).child("latency");
            self.latencies.prepare(self.space, &self.limits, seed)?;
        }
        let has_rungs = self.strategy.mean_share() < 1.0;
        let stopping = stopping_of(config, has_rungs, self.fidelity, self.objective);
        let search = Search {
            space: self.space,
            strategy: self.strategy,
            evaluator: self.evaluator,
            study: self.study,
            objective: self.objective,
            limits: self.limits,
            latency: needs_latency.then_some(&latency),
            fidelity: self.fidelity,
            stopping,
            budget: self.budget,
            workers: self.workers,
            window: self.window,
            memory: available_memory().map(|bytes| bytes / self.workers.max(1) as u64),
            seed: Seed::new(config.seed),
            interrupt: self.interrupt,
        };
        let (_end, trials): (End, _) = search.run(&mut |event| observe(Progress::Event(&event)))?;
        Ok(trials)
    }
}

/// The rule that the configuration names, where a trial has steps to leave out.
fn stopping_of(
    config: &Config,
    has_rungs: bool,
    fidelity: Fidelity,
    objective: &Objective,
) -> Option<Rule> {
    let metric = &*objective.metric.name;
    match config.stopping {
        _ if fidelity.epochs <= 2 => None,
        Stopping::Off => None,
        Stopping::Auto if has_rungs || !objective.minimized.is_empty() => None,
        Stopping::Auto | Stopping::Median => {
            MedianParams::default().check(metric).ok().map(Rule::from)
        }
        Stopping::Extrapolation => Some(Rule::Extrapolation(Extrapolation::new(metric))),
    }
}

/// Bytes that this machine has free, where the system tells.
pub(super) fn available_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text
        .lines()
        .find(|line| line.starts_with("MemAvailable:"))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsmith::trial::Metric;

    #[test]
    fn rungs_and_fronts_go_without_a_rule_unless_one_is_named() {
        let accuracy = Objective::new(Metric::validation_accuracy());
        let of = |stopping, has_rungs, epochs, objective: &Objective| {
            let config = Config {
                stopping,
                ..Config::default()
            };
            stopping_of(&config, has_rungs, Fidelity::epochs(epochs), objective)
        };
        let rule = |stopping, has_rungs, epochs| of(stopping, has_rungs, epochs, &accuracy);
        assert!(matches!(
            rule(Stopping::Auto, false, 9),
            Some(Rule::Median(_))
        ));
        assert!(rule(Stopping::Auto, true, 9).is_none());
        assert!(matches!(
            rule(Stopping::Median, true, 9),
            Some(Rule::Median(_))
        ));
        assert!(rule(Stopping::Median, true, 2).is_none());
        assert!(rule(Stopping::Off, false, 9).is_none());
        let mut front = accuracy.clone();
        front.minimized.push(LATENCY);
        assert!(of(Stopping::Auto, false, 9, &front).is_none());
        assert!(of(Stopping::Median, false, 9, &front).is_some());
    }
}
