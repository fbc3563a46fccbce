//! DARTS-: every edge has an auxiliary skip connection that fades away, so that
//! the skip among the options need not help the training.
//!
//! ```text
//! o(x) = β x + Σ_k softmax(α)_k o_k(x),   β falls in a line from 1 to 0
//! ```
//!
//! # Deviations
//! The auxiliary connection is the edge's own skip option with `β` added to its
//! weight: the same where it is the identity; where it reduces the image, its
//! weights are shared with the option's. Edges without one have none.

use crate::supernet::options::{SHARED_COUNT, with_shared};
use crate::supernet::{Alphas, Draw, Entry, Method, Moment, Options};
use netsmith::catalogue::{Parameter, Settings};
use netsmith::random::Random;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "darts-minus",
    "DARTS with an auxiliary skip connection on every edge that fades away.",
    build,
)
.paper("Chu et al. 2021, arXiv:2009.01027")
.parameters(&PARAMETERS);

const PARAMETERS: [Parameter; SHARED_COUNT] = with_shared([]);

/// Chu et al.'s auxiliary connection.
#[derive(Clone, Debug)]
struct DartsMinus {
    options: Options,
}

fn build(settings: &Settings) -> Box<dyn Method> {
    Box::new(DartsMinus {
        options: Options::of(settings),
    })
}

impl Method for DartsMinus {
    fn options(&self) -> &Options {
        &self.options
    }

    fn draw(&self, alphas: &Alphas, moment: Moment, _random: &mut Random) -> Draw {
        let mut draw = Draw::of(alphas.probabilities());
        let auxiliary = 1.0 - moment.progress();
        for (weights, skips) in draw.mixture.iter_mut().zip(&alphas.skip) {
            let skips = weights.iter_mut().zip(skips).filter(|(_, skip)| **skip);
            skips.for_each(|(weight, _)| *weight += auxiliary);
        }
        draw
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsmith::random::Seed;

    #[test]
    fn the_auxiliary_connection_fades() {
        let method = build(&Settings::defaults(&PARAMETERS));
        let alphas = Alphas {
            logits: vec![vec![0.0; 4]],
            open: vec![vec![true; 4]],
            skip: vec![vec![false, true, false, false]],
        };
        for (epoch, weight) in [(0, 1.25), (1, 0.75), (2, 0.25)] {
            let moment = Moment { epoch, epochs: 3 };
            let draw = method.draw(&alphas, moment, &mut Seed::new(1).stream());
            assert!((draw.mixture[0][1] - weight).abs() < 1e-12);
            assert!((draw.mixture[0][0] - 0.25).abs() < 1e-12);
        }
    }
}
