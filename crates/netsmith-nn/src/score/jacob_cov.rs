//! Jacobian covariance: how differently a network answers different samples.
//!
//! ```text
//! J_n   = ∂(Σ_c y_nc)/∂x_n, one row for each sample
//! v     = eigenvalues of the correlation matrix of the rows
//! score = −Σ_i [ ln(v_i + k) + 1 / (v_i + k) ],   k = 1e-5
//! ```

use super::matrix::eigenvalues;
use super::{Entry, Subject};
use crate::module::{Kernels, Module, Probe};
use netsmith::network::Network;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "jacob_cov",
    "How little the slopes of the answers to different samples are correlated.",
    score,
)
.paper("Mellor et al. 2020, arXiv:2006.04647v1");

/// Keeps the logarithm of a vanishing eigenvalue finite, as in the paper's code.
const K: f64 = 1e-5;

fn score(subject: &mut Subject<'_>) -> f64 {
    let network = subject.network();
    let Ok(mut module) = Module::new(network, Kernels::Fused) else {
        return f64::NAN;
    };
    module.reach_inputs();
    let batch = &subject.data.batches[0];
    let mut slopes = Slopes {
        network,
        rows: Vec::new(),
    };
    let mut sum_of_answers = |_: &[f32], gradient: &mut [f32]| {
        gradient.fill(1.0);
        0.0
    };
    module.watch(
        &mut subject.weights().clone(),
        &batch.inputs[0],
        &mut slopes,
        Some(&mut sum_of_answers),
    );
    let size = batch.inputs[0].len() / batch.len();
    let rows: Vec<&[f32]> = slopes.rows.chunks_exact(size).collect();
    of_rows(&rows)
}

/// The score of the slopes of each sample; not a number where the answer to one
/// does not depend on it.
fn of_rows(rows: &[&[f32]]) -> f64 {
    if rows.is_empty() {
        return f64::NAN;
    }
    let values = eigenvalues(correlations(rows));
    if values.iter().any(|value| value.is_nan()) {
        return f64::NAN;
    }
    // A correlation matrix has no negative eigenvalues but by rounding.
    let values = values.iter().map(|value| value.max(0.0) + K);
    -values.map(|value| value.ln() + 1.0 / value).sum::<f64>()
}

fn correlations(rows: &[&[f32]]) -> Vec<Vec<f64>> {
    let centred: Vec<Vec<f64>> = rows
        .iter()
        .map(|row| {
            let mean = row.iter().map(|x| f64::from(*x)).sum::<f64>() / row.len() as f64;
            let centred: Vec<f64> = row.iter().map(|x| f64::from(*x) - mean).collect();
            let length = centred.iter().map(|x| x * x).sum::<f64>().sqrt();
            centred.into_iter().map(|x| x / length).collect()
        })
        .collect();
    let products = |a: &Vec<f64>| {
        let product = |b: &Vec<f64>| a.iter().zip(b).map(|(a, b)| a * b).sum();
        centred.iter().map(product).collect()
    };
    centred.iter().map(products).collect()
}

/// Keeps the gradient that reaches the samples.
struct Slopes<'a> {
    network: &'a Network,
    rows: Vec<f32>,
}

impl Probe for Slopes<'_> {
    fn wants_gradient(&self, node: usize) -> bool {
        self.network.nodes()[node].inputs.is_empty()
    }

    fn gradient(&mut self, _node: usize, gradient: Vec<f32>) {
        self.rows = gradient;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slopes_without_correlation_score_minus_their_number() {
        // Rows with mean zero that are orthogonal to each other.
        let rows: [&[f32]; 3] = [
            &[1.0, -1.0, 1.0, -1.0],
            &[1.0, 1.0, -1.0, -1.0],
            &[2.0, -2.0, -2.0, 2.0],
        ];
        let one = (1.0 + K).ln() + 1.0 / (1.0 + K);
        assert!((of_rows(&rows) + 3.0 * one).abs() < 1e-9);
    }

    #[test]
    fn equal_slopes_score_as_worked_by_hand() {
        let rows: [&[f32]; 3] = [&[1.0, 2.0, 4.0]; 3];
        // Eigenvalues 3, 0 and 0.
        let by_hand = -(3.0_f64 + K).ln() - 1.0 / (3.0 + K) - 2.0 * (K.ln() + 1.0 / K);
        assert!((of_rows(&rows) / by_hand - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_slope_of_nothing_is_no_number() {
        let rows: [&[f32]; 2] = [&[0.0, 0.0], &[1.0, 2.0]];
        assert!(of_rows(&rows).is_nan());
    }
}
