//! NASWOT: in how many ways the activations tell samples apart.
//!
//! ```text
//! X_l   = for each sample and unit of activation l whether it is on, [samples, units]
//! K     = Σ_l X_l X_lᵀ + (1 − X_l)(1 − X_l)ᵀ     (units − Hamming distance)
//! score = ln |det K|
//! ```
//!
//! A rectifier is on where its input is above zero; so is every other
//! activation, told by its output.

use super::matrix::log_determinant;
use super::{Entry, Subject};
use crate::module::{Kernels, Module, Probe, threshold};
use netsmith::network::Network;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "naswot",
    "In how many ways the activations of an untrained network tell samples apart.",
    score,
)
.paper("Mellor et al. 2021, arXiv:2006.04647");

fn score(subject: &mut Subject<'_>) -> f64 {
    let network = subject.network();
    let Ok(mut module) = Module::new(network, Kernels::Fused) else {
        return f64::NAN;
    };
    let batch = &subject.data.batches[0];
    let mut codes = Codes::new(network, batch.len());
    let weights = &mut subject.weights().clone();
    module.watch(weights, &batch.inputs[0], &mut codes, None);
    codes.score()
}

/// For each pair of samples in how many units they agree.
struct Codes<'a> {
    network: &'a Network,
    agreements: Vec<Vec<f64>>,
}

impl<'a> Codes<'a> {
    fn new(network: &'a Network, samples: usize) -> Self {
        Self {
            network,
            agreements: vec![vec![0.0; samples]; samples],
        }
    }

    /// Takes in the units of one activation, `[samples, units]`.
    fn add(&mut self, is_on: impl Fn(f32) -> bool, values: &[f32]) {
        let units = values.len() / self.agreements.len();
        let rows: Vec<Vec<u64>> = values
            .chunks_exact(units)
            .map(|row| row.chunks(64).map(|part| word(&is_on, part)).collect())
            .collect();
        for (i, a) in rows.iter().enumerate() {
            for (j, b) in rows.iter().enumerate().take(i + 1) {
                let differ = a.iter().zip(b).map(|(a, b)| (a ^ b).count_ones());
                let agree = (units - differ.sum::<u32>() as usize) as f64;
                self.agreements[i][j] += agree;
                if i != j {
                    self.agreements[j][i] += agree;
                }
            }
        }
    }

    fn score(self) -> f64 {
        log_determinant(self.agreements)
    }
}

/// Up to 64 units as bits.
fn word(is_on: impl Fn(f32) -> bool, part: &[f32]) -> u64 {
    let bits = part.iter().enumerate();
    bits.fold(0, |word, (at, value)| word | u64::from(is_on(*value)) << at)
}

impl Probe for Codes<'_> {
    fn wants_value(&self, node: usize) -> bool {
        threshold(&self.network.nodes()[node].operation).is_some()
    }

    fn value(&mut self, node: usize, value: Vec<f32>) {
        let threshold = threshold(&self.network.nodes()[node].operation).unwrap_or(0.0);
        self.add(|value| value > threshold, &value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsmith::network::{Builder, Shape};

    fn score_of(layers: &[&[f32]], samples: usize) -> f64 {
        let mut builder = Builder::new();
        let x = builder.input("x", Shape::vector(1));
        let network = builder.finish(&[x]);
        let mut codes = Codes::new(&network, samples);
        for values in layers {
            codes.add(|value| value > 0.0, values);
        }
        codes.score()
    }

    #[test]
    fn complementary_codes_agree_nowhere() {
        // K = D · I.
        let score = score_of(&[&[1.0, 0.0, 1.0, 0.0, 1.0, 0.0]], 2);
        assert!((score - 2.0 * 3.0_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn layers_add_up() {
        // Five units in all, of which two samples agree in two.
        let score = score_of(&[&[1.0, 1.0, 0.0, 1.0], &[2.0, 0.0, 1.0, 3.0, 1.0, 0.0]], 2);
        assert!((score - (25.0_f64 - 4.0).ln()).abs() < 1e-12, "{score}");
    }

    #[test]
    fn equal_samples_have_no_determinant() {
        assert!(score_of(&[&[1.0, 0.0, 1.0, 0.0]], 2).is_infinite());
    }
}
