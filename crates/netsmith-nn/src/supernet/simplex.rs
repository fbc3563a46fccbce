//! Probabilities of options: softmax and Gumbel-softmax.

use crate::train::largest;
use netsmith::random::Random;
use rand::RngExt;

/// The softmax of the open options; closed ones get zero.
pub fn softmax(logits: &[f64], open: &[bool]) -> Vec<f64> {
    let pairs = || logits.iter().zip(open);
    let most = pairs().filter(|(_, open)| **open);
    let most = most.fold(f64::NEG_INFINITY, |most, (logit, _)| most.max(*logit));
    let weight = |(logit, open): (&f64, &bool)| if *open { (logit - most).exp() } else { 0.0 };
    let total: f64 = pairs().map(weight).sum();
    pairs().map(|pair| weight(pair) / total).collect()
}

/// The Gumbel-softmax of the open options at a temperature, with one draw of
/// noise for each option: `softmax((log softmax(α) + g) / τ)`.
///
/// # Paper
/// Dong and Yang 2019, equation 4. A draw that is not finite is drawn again.
/// The gradient of the logits is `1/τ · J_softmaxᵀ u`: the step through the
/// log-softmax adds nothing, since the gradient of the noisy logits sums to zero.
pub fn gumbel(logits: &[f64], open: &[bool], temperature: f64, random: &mut Random) -> Vec<f64> {
    let probabilities = softmax(logits, open);
    loop {
        let noisy: Vec<f64> = probabilities
            .iter()
            .map(|p| {
                let uniform: f64 = random.random();
                (p.ln() - (-uniform.ln()).ln()) / temperature
            })
            .collect();
        let soft = softmax(&noisy, open);
        if soft.iter().all(|p| p.is_finite()) {
            return soft;
        }
    }
}

/// One for the most probable option, zero for the others; the first among equals.
pub(super) fn hardened(soft: &[f64]) -> Vec<f64> {
    let best = largest(soft);
    (0..soft.len()).map(|k| f64::from(k == best)).collect()
}

/// `−Σ p ln p`.
pub fn entropy(probabilities: &[f64]) -> f64 {
    let terms = probabilities.iter().filter(|p| **p > 0.0);
    -terms.map(|p| p * p.ln()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::super::Draw;
    use super::*;
    use netsmith::random::Seed;

    const LOGITS: [f64; 4] = [1.0, 0.0, -1.0, 0.5];
    const OPEN: [bool; 4] = [true; 4];

    #[track_caller]
    fn close(found: &[f64], expected: &[f64], within: f64) {
        let pairs = found.iter().zip(expected);
        assert!(
            pairs.clone().all(|(a, b)| (a - b).abs() < within),
            "{found:?}"
        );
    }

    #[test]
    fn the_jacobian_of_the_gumbel_softmax() {
        // Without noise and at temperature 0.5 the noisy logits are 2 α.
        let noisy: Vec<f64> = LOGITS.iter().map(|logit| logit / 0.5).collect();
        let soft = softmax(&noisy, &OPEN);
        close(&soft, &[0.657_233, 0.088_947, 0.012_038, 0.241_783], 1e-6);
        let draw = Draw {
            rates: vec![soft.iter().map(|p| p / 0.5).collect()],
            ..Draw::of(vec![soft])
        };
        let pull = |slopes: [f64; 4]| draw.pull(&[slopes.to_vec()]).remove(0);
        let row = pull([1.0, 0.0, 0.0, 0.0]);
        close(&row, &[0.450_556, -0.116_918, -0.015_823, -0.317_815], 1e-6);
        let any = pull([0.3, -2.0, 1.5, 0.7]);
        assert!(any.iter().sum::<f64>().abs() < 1e-12);
    }

    #[test]
    fn draws_follow_the_softmax_at_any_temperature() {
        let expected = [0.473_99, 0.174_37, 0.064_15, 0.287_49];
        close(&softmax(&LOGITS, &OPEN), &expected, 1e-5);
        for temperature in [10.0, 0.1] {
            let mut random = Seed::new(1).stream();
            let (mut counts, draws) = ([0.0; 4], 100_000);
            for _ in 0..draws {
                counts[largest(&gumbel(&LOGITS, &OPEN, temperature, &mut random))] += 1.0;
            }
            let terms = counts.iter().zip(expected).map(|(count, p)| {
                let due = p * f64::from(draws);
                (count - due).powi(2) / due
            });
            // The 99.9th percentile of chi-square with three degrees of freedom.
            assert!(terms.sum::<f64>() < 16.27, "{counts:?}");
        }
    }

    #[test]
    fn closed_options_are_never_drawn() {
        let open = [true, false, true, false];
        let mut random = Seed::new(2).stream();
        for _ in 0..1_000 {
            let soft = gumbel(&LOGITS, &open, 0.1, &mut random);
            assert!(open[largest(&soft)]);
            close(&[soft[1], soft[3]], &[0.0, 0.0], 1e-300);
        }
    }

    #[test]
    fn equal_options_have_no_gradient() {
        let probabilities = softmax(&LOGITS, &OPEN);
        let draw = Draw::of(vec![probabilities.clone()]);
        close(&draw.pull(&[vec![0.7; 4]])[0], &[0.0; 4], 1e-12);
        assert!((entropy(&probabilities) - 1.192_979_1).abs() < 1e-6);
    }

    #[test]
    fn a_hard_choice_is_one_and_nothing_else() {
        close(&hardened(&[0.2, 0.4, 0.4]), &[0.0, 1.0, 0.0], 1e-12);
    }
}
