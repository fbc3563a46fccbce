//! A predictor with the trials that it learns from.

use super::{
    Acquisition, Encoder, Encoding, GaussianProcess, GradientBoosting, MlpEnsemble, Predictor,
    scalarised, weights,
};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::random::Random;
use crate::space::{Architecture, Space};
use crate::strategy::evolution::{Individual, ranking};
use crate::strategy::{Observation, Scorer};
use std::sync::Arc;

/// At most so many trials are learnt from: half of them the best, the others the
/// latest. It keeps the time of a fit the same in a long search.
const MOST_EXAMPLES: usize = 200;

/// So many of the best trials are kept in order.
const MOST_BEST: usize = 20;

/// The parameter that names the predictor, by default this one.
pub(in crate::strategy) const fn parameter(default: &'static str) -> Parameter {
    Parameter {
        name: "predictor",
        kind: ParameterKind::Word(&["boosted-trees", "mlp-ensemble", "gaussian-process"]),
        default,
        doc: "What learns from the trials how good others would be.",
    }
}

/// The parameter that names the encoding, by default this one.
pub(in crate::strategy) const fn encoding(default: &'static str) -> Parameter {
    Parameter {
        name: "encoding",
        kind: ParameterKind::Word(&["decisions", "paths", "structure"]),
        default,
        doc: "What the predictor sees of an architecture: its decisions, its paths where the space has a list of them, or its decisions and what its network is like.",
    }
}

/// The parameter that says whether training-free scores are used.
pub(in crate::strategy) const fn scores(default: &'static str) -> Parameter {
    Parameter {
        name: "scores",
        kind: ParameterKind::Word(&["no", "yes"]),
        default,
        doc: "Whether training-free scores, where the search has them, join what the predictor sees.",
    }
}

/// Learns from trials, and says how much an architecture is worth a trial.
#[derive(Debug)]
pub(in crate::strategy) struct Model {
    predictor: Box<dyn Predictor>,
    encoder: Encoder,
    /// Whether it takes features from outside.
    takes_scores: bool,
    told: Vec<Individual>,
    failed: Vec<Architecture>,
    /// How many trials had ended at the last fit.
    fitted: usize,
    /// The best trials at the last fit, the best first.
    best: Vec<Individual>,
    /// The largest target at the last fit.
    most: f64,
}

impl Model {
    /// What the settings name, with nothing learnt.
    pub(in crate::strategy) fn of(settings: &Settings) -> Self {
        let predictor: Box<dyn Predictor> = match settings.text("predictor") {
            "mlp-ensemble" => Box::new(MlpEnsemble::default()),
            "gaussian-process" => Box::new(GaussianProcess::default()),
            _ => Box::new(GradientBoosting::default()),
        };
        let encoding = match settings.text("encoding") {
            "paths" => Encoding::Paths,
            "structure" => Encoding::Structure,
            _ => Encoding::Decisions,
        };
        Self {
            predictor,
            encoder: Encoder::new(encoding),
            takes_scores: settings.text("scores") == "yes",
            told: Vec::new(),
            failed: Vec::new(),
            fitted: 0,
            best: Vec::new(),
            most: 0.0,
        }
    }

    /// Takes features from outside, where the settings want them; whether they do.
    pub(in crate::strategy) fn assist(&mut self, scorer: Arc<dyn Scorer>) -> bool {
        if self.takes_scores {
            self.encoder.assist(scorer);
        }
        self.takes_scores
    }

    /// Remembers a trial.
    pub(in crate::strategy) fn tell(&mut self, observation: Observation) {
        let architecture = observation.architecture.clone();
        match Individual::of(observation) {
            Some(individual) => self.told.push(individual),
            None => self.failed.push(architecture),
        }
    }

    /// How many trials gave scores.
    pub(in crate::strategy) fn told(&self) -> usize {
        self.told.len()
    }

    /// Whether trials have more than one score.
    pub(in crate::strategy) fn has_several_scores(&self) -> bool {
        self.told.first().is_some_and(|own| own.scores.len() > 1)
    }

    /// The best trials at the last fit, the best first; several that none of
    /// them dominates stand by crowding.
    pub(in crate::strategy) fn best(&self) -> &[Individual] {
        &self.best
    }

    /// Learns anew if at least `every` trials ended since the last time; whether
    /// it did. In a long search it waits longer, for a twentieth of the trials.
    pub(in crate::strategy) fn learn(
        &mut self,
        space: &Space,
        every: usize,
        random: &mut Random,
    ) -> bool {
        let ended = self.told.len() + self.failed.len();
        let due = self.fitted + every.max(ended / 20).max(1);
        if self.told.is_empty() || ended < due && self.fitted > 0 {
            return false;
        }
        self.fitted = ended;
        let everyone: Vec<&Individual> = self.told.iter().collect();
        let order = ranking(&everyone);
        let best = order.iter().take(MOST_BEST);
        self.best = best.map(|&i| self.told[i].clone()).collect();
        let mut chosen: Vec<usize> = order;
        if chosen.len() > MOST_EXAMPLES {
            chosen.truncate(MOST_EXAMPLES / 2);
            let latest = (0..self.told.len()).rev().filter(|i| !chosen.contains(i));
            let latest: Vec<usize> = latest.take(MOST_EXAMPLES / 2).collect();
            chosen.extend(latest);
        }
        chosen.sort_unstable();
        let examples: Vec<Individual> = chosen.into_iter().map(|i| self.told[i].clone()).collect();
        let shares = weights(examples[0].scores.len(), random);
        let mut targets = scalarised(&examples, &shares);
        self.most = targets.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let least = targets.iter().copied().fold(f64::INFINITY, f64::min);
        let mut rows: Vec<Arc<[f64]>> = examples
            .iter()
            .map(|own| self.encoder.encode(space, &own.architecture))
            .collect();
        // A failure is as bad as the worst that ended well.
        for architecture in self.failed.iter().rev().take(MOST_EXAMPLES / 4) {
            rows.push(self.encoder.encode(space, architecture));
            targets.push(least);
        }
        cut_tail(&mut targets);
        let rows: Vec<&[f64]> = rows.iter().map(|row| &row[..]).collect();
        self.predictor.fit(&rows, &targets, random);
        true
    }

    /// How much an architecture is worth a trial, as of the last fit.
    pub(in crate::strategy) fn worth(
        &mut self,
        space: &Space,
        architecture: &Architecture,
        acquisition: Acquisition,
        random: &mut Random,
    ) -> f64 {
        let features = self.encoder.encode(space, architecture);
        let prediction = self.predictor.predict(&features);
        acquisition.worth(prediction, self.most, random)
    }
}

/// Raises targets far below the median: how bad the bad ones are says nothing
/// about the good ones, and would take all of the predictor's attention.
fn cut_tail(targets: &mut [f64]) {
    let mut sorted = targets.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (Some(&most), Some(&median)) = (sorted.last(), sorted.get(sorted.len() / 2)) else {
        return;
    };
    let floor = median - 2.0 * (most - median);
    targets
        .iter_mut()
        .for_each(|target| *target = target.max(floor));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_far_tail_is_cut() {
        let mut targets = [0.1, 0.7, 0.75, 0.8, 0.85];
        cut_tail(&mut targets);
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} {b}");
        near(targets[0], 0.55);
        near(targets[1], 0.7);
        cut_tail(&mut []);
    }
}
