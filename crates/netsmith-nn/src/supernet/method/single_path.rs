//! Uniform single path: in each step one architecture is drawn and trained;
//! the best of a random sample, or of an evolution, under the shared weights is
//! the answer.
//!
//! A sample judged with the statistics of the batch is Li and Talwalkar's random
//! search with parameter sharing, as in NAS-Bench-201's own code; evolution with
//! recalibrated running statistics is Guo et al.'s search.

use crate::supernet::options::{SHARED_COUNT, with_shared};
use crate::supernet::{Alphas, Draw, Entry, Method, Moment, Options, Selection};
use netsmith::catalogue::{Parameter, ParameterKind, Settings};
use netsmith::random::Random;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "single-path",
    "Shared weights are trained on architectures drawn uniformly; the best of a sample under them is taken.",
    build,
)
.paper("Li and Talwalkar 2019, arXiv:1902.07638; Guo et al. 2020, arXiv:1904.00420")
.parameters(&PARAMETERS);

const PARAMETERS: [Parameter; SHARED_COUNT + 4] = with_shared([
    Parameter {
        name: "selection",
        kind: ParameterKind::Word(&["sample", "evolution"]),
        default: "sample",
        doc: "What looks for the best architecture under the shared weights.",
    },
    Parameter {
        name: "candidates",
        kind: ParameterKind::Integer(2, 100_000),
        default: "100",
        doc: "Architectures of the sample, or of a generation (published: 100 and 50).",
    },
    Parameter {
        name: "generations",
        kind: ParameterKind::Integer(1, 1_000),
        default: "20",
        doc: "Generations of the evolution.",
    },
    Parameter {
        name: "recalibration",
        kind: ParameterKind::Integer(0, 10_000),
        default: "0",
        doc: "Training batches whose statistics each candidate takes; 0: those of the batch it is judged on.",
    },
]);

/// One uniform path for each step.
#[derive(Clone, Debug)]
struct SinglePath {
    options: Options,
}

fn build(settings: &Settings) -> Box<dyn Method> {
    Box::new(SinglePath {
        options: Options {
            learns: false,
            hard: true,
            selection: selection(settings),
            ..Options::of(settings)
        },
    })
}

fn selection(settings: &Settings) -> Selection {
    let recalibration = settings.integer("recalibration");
    match settings.text("selection") {
        "evolution" => Selection::Evolved {
            population: settings.integer("candidates"),
            generations: settings.integer("generations"),
            recalibration,
        },
        _ => Selection::Sampled {
            count: settings.integer("candidates"),
            recalibration,
        },
    }
}

impl Method for SinglePath {
    fn options(&self) -> &Options {
        &self.options
    }

    fn draw(&self, alphas: &Alphas, _moment: Moment, random: &mut Random) -> Draw {
        Draw::uniform(&alphas.open, random)
    }

    fn pull(&self, alphas: &Alphas, _: &Draw, _: &[Vec<f64>], _: Moment) -> Vec<Vec<f64>> {
        let zeros = |logits: &Vec<f64>| vec![0.0; logits.len()];
        alphas.logits.iter().map(zeros).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsmith::random::Seed;

    #[test]
    fn paths_are_uniform() {
        let method = build(&Settings::defaults(&PARAMETERS));
        let alphas = Alphas {
            logits: vec![vec![9.0, 0.0, 0.0, 0.0]],
            open: vec![vec![true, true, false, true]],
            skip: vec![vec![false; 4]],
        };
        let (mut counts, mut random) = ([0.0; 4], Seed::new(4).stream());
        let moment = Moment {
            epoch: 0,
            epochs: 1,
        };
        for _ in 0..30_000 {
            let draw = method.draw(&alphas, moment, &mut random);
            counts[crate::train::largest(&draw.mixture[0])] += 1.0;
        }
        let terms = [counts[0], counts[1], counts[3]].map(|n| (n - 1e4_f64).powi(2) / 1e4);
        // The 99.9th percentile of chi-square with two degrees of freedom.
        assert!(
            counts[2] < 0.5 && terms.iter().sum::<f64>() < 13.82,
            "{counts:?}"
        );
    }
}
