//! Gradient-boosted trees on whole parts.

use super::bounded;
use crate::data::{Column, Part};
use crate::rival::Problem;
use crate::rival::boosting::{self, Boosted, Boosting, Cells, Kind, Settings, Watched};
use crate::rival::held_out::{Draw, draws};
use crate::rival::labels::Labels;
use netsmith::random::Seed;

/// Sums into bins that boosting may take, some seconds' work.
const BOOSTING_WORK: f64 = 2e9;

/// Samples that boosting always uses.
const BOOSTING_SAMPLES: usize = 2_000;

/// Rounds of boosting, at most.
const ROUNDS: usize = 1_000;

/// Rounds for which the number of samples leaves room.
const FEWEST_ROUNDS: usize = 100;

/// Rounds that the held-out loss may fail to improve.
const PATIENCE: usize = 25;

/// How often a sample's bins are summed up for one tree: in the root, and in the smaller
/// half of each division.
const PASSES: f64 = 3.5;

/// Sums that dividing all leaves of a tree takes for each feature.
const SCANS: f64 = 60.0 * 256.0;

/// Gradient-boosted trees on raw samples, whose values mean this.
pub(crate) fn boosted_trees(problem: &Problem<'_>, kinds: &[Kind], seed: &Seed) -> Vec<Column> {
    let known = Labels::of(problem.train);
    let outputs = boosting::outputs(&known) as f64;
    let features = outputs * kinds.len().max(1) as f64;
    let most = (BOOSTING_WORK / (FEWEST_ROUNDS as f64 * 2.0 * features) - SCANS) / PASSES;
    let most = most.max(BOOSTING_SAMPLES as f64);
    let all = bounded(problem.train, most, seed);
    let draws = draws(&all, seed);
    let fits = 1.0 + draws.len() as f64;
    let per_round = fits * features * (PASSES * all.len() as f64 + SCANS);
    let rounds = (BOOSTING_WORK / per_round).clamp(1.0, ROUNDS as f64) as usize;
    let settings = Settings {
        // Few rounds take larger steps.
        learning_rate: (15.0 / rounds as f64).clamp(0.05, 0.15),
        leaves: boosting::LEAVES,
        least: (all.len() / 100).clamp(2, 20),
        penalty: 1.0,
    };
    let rounds = best_round(&draws, kinds, settings, rounds);
    let model = fit(&all, kinds, settings, rounds);
    let width = known.width();
    let parts = problem.parts.iter().map(|part| {
        let values = raw(part);
        let cells = Cells {
            values: &values,
            kinds,
        };
        Column::real(model.predict(&cells), width)
    });
    parts.collect()
}

fn fit(part: &Part, kinds: &[Kind], settings: Settings, rounds: usize) -> Boosted {
    let (values, labels) = (raw(part), Labels::of(part));
    let cells = Cells {
        values: &values,
        kinds,
    };
    let mut boosting = Boosting::new(&cells, &labels, settings);
    (0..rounds).for_each(|_| boosting.round());
    boosting.into_model()
}

/// The rounds with the least loss on all draws together; `most` where there is no draw.
fn best_round(draws: &[Draw], kinds: &[Kind], settings: Settings, most: usize) -> usize {
    let parts = draws.iter().map(|draw| {
        let of = |part: &Part| (raw(part), Labels::of(part));
        [of(&draw.rest), of(&draw.held)]
    });
    let parts: Vec<[(Vec<f32>, Labels); 2]> = parts.collect();
    let mut watched: Vec<Watched<'_>> = parts
        .iter()
        .map(|[(rest, rest_labels), (held, held_labels)]| {
            let [rest, held] = [rest, held].map(|values| Cells { values, kinds });
            Watched::new(
                Boosting::new(&rest, rest_labels, settings),
                &held,
                held_labels,
            )
        })
        .collect();
    if watched.is_empty() {
        return most;
    }
    let loss = |watched: &[Watched<'_>]| watched.iter().map(Watched::loss).sum::<f64>();
    let mut best = (0, loss(&watched));
    for round in 1..=most {
        watched.iter_mut().for_each(Watched::round);
        let loss = loss(&watched);
        if loss < best.1 {
            best = (round, loss);
        } else if round - best.0 >= PATIENCE {
            break;
        }
    }
    best.0
}

/// The raw samples of a part, one after the other.
fn raw(part: &Part) -> Vec<f32> {
    let width = part.modality().raw_shape().iter().product();
    let mut values = vec![0.0; width * part.len()];
    for (position, row) in values.chunks_exact_mut(width).enumerate() {
        part.write_row(position, row);
    }
    values
}
