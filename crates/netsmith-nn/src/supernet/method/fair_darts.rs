//! FairDARTS: every option has a gate of its own, so that options do not
//! compete, and a loss that drives the gates to zero or one.
//!
//! ```text
//! o(x) = Σ_k σ(α_k) o_k(x);   L_val + w · L01,   L01 = −(1/N) Σ (σ(α) − ½)²
//! ```
//!
//! # Deviations
//! The paper keeps the operations whose gate is above 0.85, at most two edges of
//! a node. The spaces here fix how many inputs a node has, so the strongest are
//! taken whether or not their gate is that wide.

use crate::supernet::options::{SHARED_COUNT, with_shared};
use crate::supernet::{Alphas, Draw, Entry, Method, Moment, Options};
use netsmith::catalogue::{Parameter, ParameterKind, Settings};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "fair-darts",
    "DARTS with an independent gate for each operation instead of a softmax.",
    build,
)
.paper("Chu et al. 2020, arXiv:1911.12126")
.parameters(&PARAMETERS);

const PARAMETERS: [Parameter; SHARED_COUNT + 1] = with_shared([Parameter {
    name: "zero-one",
    kind: ParameterKind::Number(0.0, 1_000.0),
    default: "10",
    doc: "Weight of the loss that drives the gates to zero or one.",
}]);

/// Chu et al.'s gates.
#[derive(Clone, Debug)]
struct FairDarts {
    options: Options,
    zero_one: f64,
}

fn build(settings: &Settings) -> Box<dyn Method> {
    Box::new(FairDarts {
        options: Options::of(settings),
        zero_one: settings.number("zero-one"),
    })
}

impl Method for FairDarts {
    fn options(&self) -> &Options {
        &self.options
    }

    fn pull(
        &self,
        alphas: &Alphas,
        draw: &Draw,
        slopes: &[Vec<f64>],
        _moment: Moment,
    ) -> Vec<Vec<f64>> {
        let count = alphas.open.iter().flatten().filter(|open| **open).count();
        let share = self.zero_one / count.max(1) as f64;
        let sites = draw.soft.iter().zip(slopes);
        sites
            .map(|(gates, slopes)| {
                let pairs = gates.iter().zip(slopes);
                let slope = |(gate, slope): (&f64, &f64)| {
                    (slope - 2.0 * share * (gate - 0.5)) * gate * (1.0 - gate)
                };
                pairs.map(slope).collect()
            })
            .collect()
    }

    fn strengths(&self, alphas: &Alphas) -> Vec<Vec<f64>> {
        let gate = |(logit, open): (&f64, &bool)| match open {
            true => 1.0 / (1.0 + (-logit).exp()),
            false => 0.0,
        };
        let sites = alphas.logits.iter().zip(&alphas.open);
        sites
            .map(|(logits, open)| logits.iter().zip(open).map(gate).collect())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsmith::random::Seed;

    fn alphas(logits: [f64; 3]) -> Alphas {
        Alphas {
            logits: vec![logits.to_vec()],
            open: vec![vec![true; 3]],
            skip: vec![vec![false; 3]],
        }
    }

    #[test]
    fn the_zero_one_loss_and_its_slope() {
        let method = FairDarts {
            options: Options::of(&Settings::defaults(&PARAMETERS)),
            zero_one: 1.0,
        };
        let loss = |logits| {
            let gates = method.strengths(&alphas(logits)).concat();
            -gates.iter().map(|gate| (gate - 0.5).powi(2)).sum::<f64>() / 3.0
        };
        assert!((loss([0.0, 2.0, -2.0]) + 0.096_670_9).abs() < 1e-6);
        let at = alphas([0.0, 2.0, -2.0]);
        let moment = Moment {
            epoch: 0,
            epochs: 1,
        };
        let draw = method.draw(&at, moment, &mut Seed::new(1).stream());
        let gradient = method.pull(&at, &draw, &[vec![0.0; 3]], moment);
        let slope = (loss([0.0, 2.0 + 1e-6, -2.0]) - loss([0.0, 2.0, -2.0])) / 1e-6;
        assert!((gradient[0][1] - slope).abs() < 1e-6);
        // A gate that is half open stays: the loss has its maximum there.
        assert!(gradient[0][0].abs() < 1e-12);
    }
}
