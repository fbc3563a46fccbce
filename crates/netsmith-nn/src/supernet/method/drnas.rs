//! DrNAS: the weights of the options are drawn from a Dirichlet distribution,
//! whose concentrations are learnt.
//!
//! ```text
//! β = elu(α) + 1,  p ~ Dirichlet(β),  o(x) = Σ_k p_k o_k(x)
//! ∂L/∂α            through the draw (see `dirichlet`), and ∂β/∂α
//! L_val + κ · mean over sites of KL(Dirichlet(β) ‖ Dirichlet(1))
//! strength         the mean of the distribution, β_k / Σ β
//! ```
//!
//! # Deviations
//! The search is not divided into stages of fewer options on more channels. The
//! anchor is the decay of `α` towards zero (`β = 1`) by default, as in the
//! authors' own runs on NAS-Bench-201; the divergence can be added.

use super::dirichlet::{dirichlet, trigamma};
use crate::supernet::options::{SHARED_COUNT, with_shared};
use crate::supernet::{Alphas, Draw, Entry, Method, Moment, Options};
use netsmith::catalogue::{Parameter, ParameterKind, Settings};
use netsmith::random::Random;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "drnas",
    "The weights of an edge's operations are drawn anew in each step, from a distribution that is learnt.",
    build,
)
.paper("Chen et al. 2021, arXiv:2006.10355")
.parameters(&PARAMETERS);

const PARAMETERS: [Parameter; SHARED_COUNT + 1] = with_shared([Parameter {
    name: "divergence",
    kind: ParameterKind::Number(0.0, 1_000.0),
    default: "0",
    doc: "Weight of the divergence from the uniform distribution (published: 0.001 where there is no decay).",
}]);

/// Chen et al.'s distribution.
#[derive(Clone, Debug)]
struct DrNas {
    options: Options,
    divergence: f64,
}

fn build(settings: &Settings) -> Box<dyn Method> {
    Box::new(DrNas {
        options: Options::of(settings),
        divergence: settings.number("divergence"),
    })
}

impl Method for DrNas {
    fn options(&self) -> &Options {
        &self.options
    }

    fn draw(&self, alphas: &Alphas, _moment: Moment, random: &mut Random) -> Draw {
        let mut draw = Draw::of(Vec::new());
        for (logits, open) in alphas.logits.iter().zip(&alphas.open) {
            let concentrations: Vec<f64> = logits.iter().map(|a| concentration(*a)).collect();
            let drawn = dirichlet(&concentrations, open, random);
            let rates = drawn.rates.iter().zip(logits);
            draw.rates.push(
                rates
                    .map(|(rate, a)| rate * concentration_slope(*a))
                    .collect(),
            );
            draw.mixture.push(drawn.probabilities.clone());
            draw.soft.push(drawn.probabilities);
        }
        draw
    }

    fn pull(
        &self,
        alphas: &Alphas,
        draw: &Draw,
        slopes: &[Vec<f64>],
        _moment: Moment,
    ) -> Vec<Vec<f64>> {
        let mut gradient = draw.pull(slopes);
        if self.divergence > 0.0 {
            let weight = self.divergence / alphas.logits.len().max(1) as f64;
            let sites = alphas.logits.iter().zip(&alphas.open);
            for (gradient, (logits, open)) in gradient.iter_mut().zip(sites) {
                let slopes = divergence_slopes(logits, open);
                let pairs = gradient.iter_mut().zip(slopes);
                pairs.for_each(|(gradient, slope)| *gradient += weight * slope);
            }
        }
        gradient
    }

    fn mean(&self, alphas: &Alphas) -> Draw {
        let mut draw = Draw::of(self.strengths(alphas));
        for (rates, logits) in draw.rates.iter_mut().zip(&alphas.logits) {
            // A share is a concentration of their sum.
            for (rate, logit) in rates.iter_mut().zip(logits) {
                *rate *= concentration_slope(*logit) / concentration(*logit);
            }
        }
        draw
    }

    fn strengths(&self, alphas: &Alphas) -> Vec<Vec<f64>> {
        let sites = alphas.logits.iter().zip(&alphas.open);
        sites
            .map(|(logits, open)| {
                let pairs = || logits.iter().zip(open);
                let weigh = |(a, open): (&f64, &bool)| if *open { concentration(*a) } else { 0.0 };
                let total: f64 = pairs().map(weigh).sum();
                pairs().map(|pair| weigh(pair) / total).collect()
            })
            .collect()
    }
}

/// `elu(α) + 1`.
fn concentration(alpha: f64) -> f64 {
    match alpha > 0.0 {
        true => alpha + 1.0,
        // A concentration of zero has no distribution.
        false => alpha.exp().max(1e-3),
    }
}

/// The derivative of [`concentration`].
fn concentration_slope(alpha: f64) -> f64 {
    alpha.min(0.0).exp()
}

/// The gradient of `KL(Dirichlet(β) ‖ Dirichlet(1))` with respect to `α`.
fn divergence_slopes(logits: &[f64], open: &[bool]) -> Vec<f64> {
    let opened = || logits.iter().zip(open).filter(|(_, open)| **open);
    let excess: f64 = opened().map(|(a, _)| concentration(*a) - 1.0).sum();
    let total: f64 = opened().map(|(a, _)| concentration(*a)).sum();
    let all = excess * trigamma(total);
    let slope = |(a, open): (&f64, &bool)| match open {
        true => {
            let beta = concentration(*a);
            ((beta - 1.0) * trigamma(beta) - all) * concentration_slope(*a)
        }
        false => 0.0,
    };
    logits.iter().zip(open).map(slope).collect()
}

#[cfg(test)]
mod tests {
    use super::super::dirichlet::digamma;
    use super::*;
    use netsmith::random::Seed;

    fn alphas() -> Alphas {
        Alphas {
            logits: vec![vec![1.0, -0.5, 0.0, 3.0]],
            open: vec![vec![true, true, true, false]],
            skip: vec![vec![false; 4]],
        }
    }

    #[test]
    fn draws_have_the_mean_that_decides() {
        let method = build(&Settings::defaults(&PARAMETERS));
        let (alphas, mut random) = (alphas(), Seed::new(2).stream());
        let moment = Moment {
            epoch: 0,
            epochs: 1,
        };
        let (mut mean, mut pull) = (vec![0.0; 4], vec![0.0; 4]);
        let draws = 40_000;
        for _ in 0..draws {
            let draw = method.draw(&alphas, moment, &mut random);
            let pulled = method.pull(&alphas, &draw, &[vec![1.0, 0.0, 0.0, 0.0]], moment);
            for k in 0..4 {
                mean[k] += draw.mixture[0][k] / f64::from(draws);
                pull[k] += pulled[0][k] / f64::from(draws);
            }
        }
        let strengths = method.strengths(&alphas).remove(0);
        for (mean, strength) in mean.iter().zip(&strengths) {
            assert!((mean - strength).abs() < 0.005, "{strengths:?}");
        }
        // The slope of the mean of the first: (Σβ − β_0) / (Σβ)² and −β_0 / (Σβ)².
        let (total, second) = (3.0 + (-0.5_f64).exp(), (-0.5_f64).exp());
        let expected = [
            (total - 2.0) / total.powi(2),
            -2.0 / total.powi(2) * second,
            -2.0 / total.powi(2),
            0.0,
        ];
        for (pull, expected) in pull.iter().zip(expected) {
            assert!((pull - expected).abs() < 0.004, "{pull} {expected}");
        }
    }

    #[test]
    fn the_divergence_is_least_where_all_are_alike() {
        let open = [true; 3];
        let even = divergence_slopes(&[0.0; 3], &open);
        assert!(even.iter().all(|slope| slope.abs() < 1e-12));
        // KL = ln Γ(Σβ) − Σ ln Γ(β) − ln Γ(3) + Σ (β − 1)(ψ(β) − ψ(Σβ)); its
        // slope in one β against differences of the part without ln Γ.
        let logits = [0.8, 0.2, 1.5];
        let lengthy = |logits: &[f64]| {
            let beta: Vec<f64> = logits.iter().map(|a| concentration(*a)).collect();
            let total: f64 = beta.iter().sum();
            let terms = beta
                .iter()
                .map(|b| (b - 1.0) * (digamma(*b) - digamma(total)));
            (terms.sum::<f64>(), digamma(total) - digamma(beta[0]))
        };
        let mut moved = logits;
        moved[0] += 1e-5;
        let difference = (lengthy(&moved).0 - lengthy(&logits).0) / 1e-5;
        let slope = difference + lengthy(&logits).1;
        let found = divergence_slopes(&logits, &open)[0];
        assert!((found - slope).abs() < 1e-4, "{found} {slope}");
    }
}
