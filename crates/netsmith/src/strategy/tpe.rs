//! The tree-structured Parzen estimator.
//!
//! ```text
//! good <- the best share of the trials, bad <- the others
//! l, g <- how often each option of each decision is taken in good and in bad
//! draw several architectures from l; try the one of the largest l / g
//! ```

use super::evolution::{Individual, Known, ranking, stranger, unknown};
use super::{Ask, Entry, Observation, Strategy, StrategyError, Suggestion};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::random::Random;
use crate::space::{Architecture, Infeasible, Limits, Space};
use rand::RngExt;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "tpe",
    "Draw from what good trials have in common and bad ones have not.",
    build,
)
.paper("Bergstra et al. 2011, NeurIPS, section 4")
.parameters(&[
    Parameter {
        name: "initial",
        kind: ParameterKind::Integer(1, 100_000),
        default: "10",
        doc: "Random architectures before the first estimate.",
    },
    Parameter {
        name: "share",
        kind: ParameterKind::Number(0.01, 0.99),
        default: "0.15",
        doc: "The share of the trials that count as good, at most 25 of them.",
    },
    Parameter {
        name: "candidates",
        kind: ParameterKind::Integer(1, 10_000),
        default: "24",
        doc: "Draws among which the best is tried.",
    },
]);

/// At most so many trials count as good.
const MOST_GOOD: usize = 25;

/// Independent estimates for each decision, over the trials in which it was
/// active.
///
/// # Paper
/// Section 4 of Bergstra et al. 2011. Deviations: sizes are options like others;
/// the estimates are counts with one uniform draw added, as for categories;
/// with several scores, the order is that of fronts and crowding.
#[derive(Clone, Debug)]
pub struct Tpe {
    initial: usize,
    share: f64,
    candidates: usize,
    told: Vec<Individual>,
    known: Known,
    estimates: Option<Estimates>,
}

/// By decision and option: the share in good trials, and in bad ones.
#[derive(Clone, Debug)]
struct Estimates {
    /// How many trials they come from.
    trials: usize,
    good: Vec<Vec<f64>>,
    bad: Vec<Vec<f64>>,
}

fn build(settings: &Settings) -> Result<Box<dyn Strategy>, StrategyError> {
    Ok(Box::new(Tpe {
        initial: settings.integer("initial"),
        share: settings.number("share"),
        candidates: settings.integer("candidates"),
        told: Vec::new(),
        known: Known::default(),
        estimates: None,
    }))
}

impl Tpe {
    /// Estimates anew where that is due: after each trial at first, and in a long
    /// search after a twentieth more of them.
    fn learn(&mut self, space: &Space) {
        let trials = self.told.len();
        let known = self.estimates.as_ref().map(|estimates| estimates.trials);
        if known.is_some_and(|known| trials < known + (known / 20).max(1)) {
            return;
        }
        let members: Vec<&Individual> = self.told.iter().collect();
        let order = ranking(&members);
        let good = (trials as f64 * self.share).ceil() as usize;
        let good = good.clamp(1, MOST_GOOD).min(trials);
        let estimate = |places: &[usize]| {
            let own: Vec<&Architecture> =
                places.iter().map(|&i| &members[i].architecture).collect();
            shares(space, &own)
        };
        self.estimates = Some(Estimates {
            trials,
            good: estimate(&order[..good]),
            bad: estimate(&order[good..]),
        });
    }
}

/// The share of each option of each decision among these architectures, with one
/// uniform draw added.
fn shares(space: &Space, architectures: &[&Architecture]) -> Vec<Vec<f64>> {
    let mut counts: Vec<Vec<f64>> = space
        .decisions()
        .iter()
        .map(|decision| vec![1.0 / f64::from(decision.count()); decision.count() as usize])
        .collect();
    for architecture in architectures {
        for (own, option) in counts.iter_mut().zip(architecture.options()) {
            if let Some(option) = option {
                own[option as usize] += 1.0;
            }
        }
    }
    for own in &mut counts {
        let total: f64 = own.iter().sum();
        own.iter_mut().for_each(|count| *count /= total);
    }
    counts
}

impl Estimates {
    /// An architecture whose decisions are drawn from the good; nothing where it
    /// breaks a limit, which the next draw may keep.
    fn draw(&self, ask: &mut Ask<'_>) -> Option<Architecture> {
        let mut wishes = Architecture::undecided(self.good.len());
        for &id in ask.space.order() {
            let option = drawn(&self.good[id.index()], ask.random);
            wishes.set(id, Some(option));
        }
        let free = Limits::default();
        let drawn = ask.space.complete(&wishes, &free, ask.random)?;
        ask.space.keeps(&drawn, ask.limits).then_some(drawn)
    }

    /// The logarithm of `l / g`.
    fn worth(&self, architecture: &Architecture) -> f64 {
        let shares = self.good.iter().zip(&self.bad).zip(architecture.options());
        let terms = shares.filter_map(|((good, bad), option)| {
            let option = option? as usize;
            Some((good[option] / bad[option]).ln())
        });
        terms.sum()
    }
}

/// An option drawn by its share.
fn drawn(shares: &[f64], random: &mut Random) -> u32 {
    let mut rest: f64 = random.random();
    let found = shares.iter().position(|share| {
        rest -= share;
        rest < 0.0
    });
    found.unwrap_or(shares.len().saturating_sub(1)) as u32
}

impl Strategy for Tpe {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Result<Suggestion, Infeasible> {
        if self.told.len() < self.initial {
            return stranger(ask, &mut self.known);
        }
        self.learn(ask.space);
        let (Some(estimates), candidates) = (&self.estimates, self.candidates) else {
            return stranger(ask, &mut self.known);
        };
        unknown(ask, &mut self.known, |ask| {
            let draws: Vec<Architecture> = (0..candidates)
                .filter_map(|_| estimates.draw(ask))
                .collect();
            let best = draws.into_iter().map(|own| (estimates.worth(&own), own));
            // The first of equals.
            let best = best.reduce(|best, other| if other.0 > best.0 { other } else { best });
            Some(Suggestion {
                architecture: best?.1,
                parent: None,
            })
        })
    }

    fn tell(&mut self, observation: Observation) {
        self.known.insert(&observation.architecture);
        self.told.extend(Individual::of(observation));
    }
}
