//! Beta-DARTS: DARTS of first order, whose architecture parameters are kept
//! close to each other.
//!
//! ```text
//! L_val + λ L_β,   L_β = mean over sites of log Σ_k exp(α_k),   λ = scale · e / E
//! ```

use crate::supernet::options::{SHARED_COUNT, with_shared};
use crate::supernet::{Alphas, Draw, Entry, Method, Moment, Options, softmax};
use netsmith::catalogue::{Parameter, ParameterKind, Settings};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "beta-darts",
    "DARTS whose largest architecture parameters are pushed down, more with each epoch.",
    build,
)
.paper("Ye et al. 2022, arXiv:2203.01665")
.parameters(&PARAMETERS);

const PARAMETERS: [Parameter; SHARED_COUNT + 1] = with_shared([Parameter {
    name: "scale",
    kind: ParameterKind::Number(0.0, 1_000.0),
    default: "50",
    doc: "Weight of the regulariser at the end of the search.",
}]);

/// Ye et al.'s regulariser.
#[derive(Clone, Debug)]
struct BetaDarts {
    options: Options,
    scale: f64,
}

fn build(settings: &Settings) -> Box<dyn Method> {
    Box::new(BetaDarts {
        options: Options::of(settings),
        scale: settings.number("scale"),
    })
}

impl Method for BetaDarts {
    fn options(&self) -> &Options {
        &self.options
    }

    fn pull(
        &self,
        alphas: &Alphas,
        draw: &Draw,
        slopes: &[Vec<f64>],
        moment: Moment,
    ) -> Vec<Vec<f64>> {
        let weight = self.scale * moment.epoch as f64 / moment.epochs.max(1) as f64;
        let mut gradient = draw.pull(slopes);
        for (gradient, regular) in gradient.iter_mut().zip(regulariser_gradient(alphas)) {
            for (gradient, regular) in gradient.iter_mut().zip(regular) {
                *gradient += weight * regular;
            }
        }
        gradient
    }
}

/// The gradient of the mean over sites of `log Σ exp(α)`.
fn regulariser_gradient(alphas: &Alphas) -> Vec<Vec<f64>> {
    let share = 1.0 / alphas.logits.len().max(1) as f64;
    let sites = alphas.logits.iter().zip(&alphas.open);
    sites
        .map(|(logits, open)| {
            let probabilities = softmax(logits, open).into_iter();
            probabilities.map(|p| p * share).collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(logits: &[f64]) -> f64 {
        logits.iter().map(|logit| logit.exp()).sum::<f64>().ln()
    }

    #[test]
    fn the_published_values_and_their_slope() {
        let logits = vec![0.1, -0.2, 0.3, 0.0, 0.0];
        assert!((value(&[0.0; 5]) - 1.609_437_9).abs() < 1e-6);
        assert!((value(&logits) - 1.662_743_7).abs() < 1e-6);
        let alphas = Alphas {
            logits: vec![logits.clone(), vec![0.0; 5]],
            open: vec![vec![true; 5]; 2],
            skip: vec![vec![false; 5]; 2],
        };
        let gradient = regulariser_gradient(&alphas);
        for k in 0..5 {
            let mut moved = logits.clone();
            moved[k] += 1e-6;
            let slope = (value(&moved) - value(&logits)) / 1e-6 / 2.0;
            assert!((gradient[0][k] - slope).abs() < 1e-6);
        }
    }
}
