//! What boosting makes small, with its gradients.
//!
//! ```text
//! two classes   log(1 + e^s) - y s             p - y,     p (1 - p),   p = 1 / (1 + e^-s)
//! more          log Σ_k e^s_k - s_y            p_k - y_k, p_k (1 - p_k), p = softmax(s)
//! values        (s - z)² / 2, z standardised   s - z,     1
//! ```

use super::super::labels::Labels;

/// Scores, by output, by sample.
pub(super) type Scores = Vec<Vec<f64>>;

/// Mean and deviation of the values in training.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scale {
    pub(super) mean: f64,
    pub(super) deviation: f64,
}

impl Scale {
    pub(super) fn of(labels: &Labels) -> Self {
        let Labels::Values(values) = labels else {
            return Self {
                mean: 0.0,
                deviation: 1.0,
            };
        };
        let count = values.len().max(1) as f64;
        let mean = values.iter().copied().map(f64::from).sum::<f64>() / count;
        let squares = values
            .iter()
            .map(|value| (f64::from(*value) - mean).powi(2));
        let deviation = (squares.sum::<f64>() / count).sqrt();
        Self {
            mean,
            deviation: if deviation > 0.0 { deviation } else { 1.0 },
        }
    }
}

/// The number of scores of a sample.
pub(super) fn outputs(labels: &Labels) -> usize {
    match labels {
        Labels::Values(_) | Labels::Classes { classes: 2, .. } => 1,
        Labels::Classes { classes, .. } => *classes,
    }
}

/// The scores before the first tree: the best that are the same for all samples.
pub(super) fn base(labels: &Labels) -> Vec<f64> {
    let Labels::Classes { labels, classes } = labels else {
        return vec![0.0];
    };
    // A class without a sample has half a one.
    let mut counts = vec![0.5; *classes];
    labels
        .iter()
        .for_each(|label| counts[*label as usize] += 1.0);
    match counts[..] {
        [no, yes] => vec![f64::ln(yes / no)],
        ref counts => {
            let total: f64 = counts.iter().sum();
            counts.iter().map(|count| (count / total).ln()).collect()
        }
    }
}

/// Gradient and second derivative, by output, by sample.
pub(super) fn slopes(labels: &Labels, scale: &Scale, scores: &Scores) -> Vec<Vec<[f32; 2]>> {
    let slope = |p: f64, is_it: bool| {
        let truth = f64::from(u8::from(is_it));
        [(p - truth) as f32, (p * (1.0 - p)).max(1e-16) as f32]
    };
    match labels {
        Labels::Values(values) => {
            let pairs = scores[0].iter().zip(values);
            let slopes = pairs.map(|(s, y)| [(s - standard(*y, scale)) as f32, 1.0]);
            vec![slopes.collect()]
        }
        Labels::Classes { labels, classes: 2 } => {
            let pairs = scores[0].iter().zip(labels);
            let slopes = pairs.map(|(s, y)| slope(1.0 / (1.0 + (-s).exp()), *y == 1));
            vec![slopes.collect()]
        }
        Labels::Classes { labels, classes } => {
            let mut all = vec![Vec::with_capacity(labels.len()); *classes];
            let mut powers = vec![0.0; *classes];
            for (sample, label) in labels.iter().enumerate() {
                let sum = exponentials(scores, sample, &mut powers).0;
                for (class, (slopes, power)) in all.iter_mut().zip(&powers).enumerate() {
                    slopes.push(slope(power / sum, class == *label as usize));
                }
            }
            all
        }
    }
}

/// The mean loss.
pub(super) fn mean(labels: &Labels, scale: &Scale, scores: &Scores) -> f64 {
    let sum: f64 = match labels {
        Labels::Values(values) => {
            let pairs = scores[0].iter().zip(values);
            pairs
                .map(|(s, y)| (s - standard(*y, scale)).powi(2) / 2.0)
                .sum()
        }
        Labels::Classes { labels, classes: 2 } => {
            let pairs = scores[0].iter().zip(labels);
            // log(1 + e^s) - y s = log(1 + e^-|s|) + max(s, 0) - y s.
            pairs
                .map(|(s, y)| (-s.abs()).exp().ln_1p() + s.max(0.0) - f64::from(*y) * s)
                .sum()
        }
        Labels::Classes { labels, classes } => {
            let mut powers = vec![0.0; *classes];
            let samples = labels.iter().enumerate();
            samples
                .map(|(sample, label)| {
                    let (sum, most) = exponentials(scores, sample, &mut powers);
                    sum.ln() + most - scores[*label as usize][sample]
                })
                .sum()
        }
    };
    sum / labels.len().max(1) as f64
}

fn standard(value: f32, scale: &Scale) -> f64 {
    (f64::from(value) - scale.mean) / scale.deviation
}

/// `e^(s - most)` of each score of a sample; their sum and the largest score.
fn exponentials(scores: &Scores, sample: usize, powers: &mut [f64]) -> (f64, f64) {
    let of_sample = scores.iter().map(|scores| scores[sample]);
    let most = of_sample.clone().fold(f64::NEG_INFINITY, f64::max);
    let pairs = powers.iter_mut().zip(of_sample);
    pairs.for_each(|(power, score)| *power = (score - most).exp());
    (powers.iter().sum(), most)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCALE: Scale = Scale {
        mean: 2.0,
        deviation: 4.0,
    };

    fn cases() -> Vec<(Labels, Scores)> {
        let classes = |labels: &[u32], classes: usize| Labels::Classes {
            labels: labels.to_vec(),
            classes,
        };
        vec![
            (Labels::Values(vec![6.0, -1.0]), vec![vec![0.5, 2.0]]),
            (classes(&[0, 1], 2), vec![vec![0.3, -40.0]]),
            (
                classes(&[2, 0], 3),
                vec![vec![0.1, 2.0], vec![1.0, -1.0], vec![-0.5, 0.0]],
            ),
        ]
    }

    #[test]
    fn slopes_are_those_of_the_loss() {
        const H: f64 = 1e-4;
        for (labels, scores) in cases() {
            let slopes = slopes(&labels, &SCALE, &scores);
            for output in 0..scores.len() {
                for sample in 0..labels.len() {
                    let at = |step: f64| {
                        let mut scores = scores.clone();
                        scores[output][sample] += step;
                        2.0 * mean(&labels, &SCALE, &scores)
                    };
                    let first = (at(H) - at(-H)) / (2.0 * H);
                    let second = (at(H) + at(-H) - 2.0 * at(0.0)) / (H * H);
                    let [gradient, curvature] = slopes[output][sample].map(f64::from);
                    assert!((gradient - first).abs() < 1e-6, "{gradient} {first}");
                    assert!((curvature - second).abs() < 1e-5, "{curvature} {second}");
                }
            }
        }
    }

    #[test]
    fn the_base_is_the_best_constant() {
        let labels = Labels::Classes {
            labels: vec![0, 1, 1, 1],
            classes: 2,
        };
        assert!((base(&labels)[0] - f64::ln(3.5 / 1.5)).abs() < 1e-12);
        let scale = Scale::of(&Labels::Values(vec![1.0, 5.0]));
        assert!((scale.mean - 3.0).abs() < 1e-12 && (scale.deviation - 2.0).abs() < 1e-12);
    }
}
