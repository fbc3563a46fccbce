//! Kernel densities of good and of bad architectures.
//!
//! ```text
//! k(x, x')  = product over decisions of 1 - l where equal, l / (c - 1) otherwise
//! good, bad = means of k over the best 15 % and over the rest
//! draw from around good ones; take the draw of the largest good / bad
//! ```

use super::ranked;
use crate::space::{Architecture, Limits, Space};
use crate::strategy::evolution::Individual;
use crate::strategy::{Ask, Observation};
use rand::RngExt;

/// The share of the trials of a rung that count as good.
const GOOD: f64 = 0.15;

/// Densities of the highest rung that has enough trials.
#[derive(Debug)]
pub(super) struct Parzen {
    candidates: usize,
    factor: f64,
    least: f64,
    /// What ended on each rung; failures without scores.
    told: Vec<Vec<Observation>>,
    /// The densities, and the number of trials of each rung that they know.
    model: Option<(usize, usize, Densities)>,
}

#[derive(Debug)]
struct Densities {
    good: Density,
    bad: Density,
}

/// Kernels of the same widths around some architectures.
#[derive(Debug)]
struct Density {
    around: Vec<Architecture>,
    /// `l` of each decision.
    widths: Vec<f64>,
}

impl Parzen {
    pub(super) fn new(rungs: usize, candidates: usize, factor: f64, least: f64) -> Self {
        Self {
            candidates,
            factor,
            least,
            told: vec![Vec::new(); rungs],
            model: None,
        }
    }

    pub(super) fn tell(&mut self, rung: usize, observation: Observation) {
        self.told[rung].push(observation);
    }

    /// The most promising of several draws; nothing before there are enough
    /// trials, or where no draw keeps the limits.
    pub(super) fn draw(&mut self, ask: &mut Ask<'_>) -> Option<Architecture> {
        self.learn(ask.space);
        let (_, _, Densities { good, bad }) = self.model.as_ref()?;
        let mut best: Option<(f64, Architecture)> = None;
        for _ in 0..self.candidates {
            let Some(drawn) = good.draw(ask, self.factor) else {
                continue;
            };
            let worth = good.at(ask.space, &drawn) - bad.at(ask.space, &drawn);
            if best.as_ref().is_none_or(|(most, _)| worth > *most) {
                best = Some((worth, drawn));
            }
        }
        best.map(|(_, drawn)| drawn)
    }

    /// Fits the densities of the highest rung with enough trials, where it has
    /// new ones.
    fn learn(&mut self, space: &Space) {
        let least = space.decisions().len() + 1;
        let enough = |own: &Vec<Observation>| own.len() >= least + 2;
        let Some(rung) = self.told.iter().rposition(enough) else {
            return;
        };
        let told = &self.told[rung];
        let known = self.model.as_ref();
        if known.is_some_and(|(of, trials, _)| *of == rung && *trials == told.len()) {
            return;
        }
        let scored = told.iter().cloned().filter_map(Individual::of);
        let ranked = ranked(scored.collect());
        let mut all: Vec<Architecture> = ranked.into_iter().map(|own| own.architecture).collect();
        // A failure is worse than any result.
        let failed = told.iter().filter(|own| own.scores.is_none());
        all.extend(failed.map(|own| own.architecture.clone()));
        let share = |share: f64| ((share * all.len() as f64) as usize).max(least);
        let good = share(GOOD).min(all.len());
        let bad = share(1.0 - GOOD).min(all.len());
        let fit = |around: &[Architecture]| Density::fit(space, around.to_vec(), self.least);
        let densities = Densities {
            good: fit(&all[..good]),
            bad: fit(&all[all.len() - bad..]),
        };
        self.model = Some((rung, told.len(), densities));
    }
}

impl Density {
    /// Widths by the rule of the normal reference, `1.06 s n^(-1 / (4 + d))`.
    fn fit(space: &Space, around: Vec<Architecture>, least: f64) -> Self {
        let decisions = space.decisions().len();
        let count = around.len().max(1) as f64;
        let scale = 1.06 * count.powf(-1.0 / (4.0 + decisions as f64));
        let width = |place: usize| {
            let options = f64::from(space.decisions()[place].count());
            let codes: Vec<f64> = around
                .iter()
                .filter_map(|own| own.options().nth(place).flatten())
                .map(f64::from)
                .collect();
            let mean = codes.iter().sum::<f64>() / codes.len().max(1) as f64;
            let squares: f64 = codes.iter().map(|code| (code - mean).powi(2)).sum();
            let deviation = (squares / codes.len().max(1) as f64).sqrt();
            (scale * deviation).clamp(least, ((options - 1.0) / options).max(least))
        };
        Self {
            widths: (0..decisions).map(width).collect(),
            around,
        }
    }

    /// A neighbour of one of the architectures; nothing where it breaks a limit.
    fn draw(&self, ask: &mut Ask<'_>, factor: f64) -> Option<Architecture> {
        let centre = &self.around[ask.random.random_range(0..self.around.len())];
        let mut wishes = centre.clone();
        for &id in ask.space.order() {
            let options = ask.space.decision(id).count();
            let width = (factor * self.widths[id.index()]).min(1.0);
            if options > 1 && ask.random.random::<f64>() < width {
                wishes.set(id, Some(ask.random.random_range(0..options)));
            }
        }
        let drawn = ask
            .space
            .complete(&wishes, &Limits::default(), ask.random)?;
        ask.space.keeps(&drawn, ask.limits).then_some(drawn)
    }

    /// The logarithm of the density.
    fn at(&self, space: &Space, architecture: &Architecture) -> f64 {
        let kernel = |other: &Architecture| -> f64 {
            let pairs = architecture.options().zip(other.options());
            let factors = pairs.zip(&self.widths).zip(space.decisions());
            factors
                .map(|(((a, b), width), decision)| match a == b {
                    true => 1.0 - width,
                    false => width / f64::from(decision.count().max(2) - 1),
                })
                .product()
        };
        let sum: f64 = self.around.iter().map(kernel).sum();
        (sum / self.around.len().max(1) as f64).max(1e-32).ln()
    }
}
