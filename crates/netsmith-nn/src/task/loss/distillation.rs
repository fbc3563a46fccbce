//! Distillation: a small network learns the answers of a larger one.
//!
//! ```text
//! T² · KL(p || q),  p = softmax(t / T) of the teacher,  q = softmax(z / T)
//! ```
//!
//! Hinton et al. 2015, arXiv:1503.02531, section 2: the factor T² keeps gradients as
//! large at every temperature.

use super::Term;
use crate::data::Column;

/// The divergence of a teacher's classes from those of the network.
///
/// # Shapes
/// Logits `[classes]`; the teacher's logits, `[classes]`, are one column of the targets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Distillation {
    /// Which column of the targets has the teacher's logits.
    pub column: usize,
    /// The temperature, `T`.
    pub temperature: f32,
}

impl Term for Distillation {
    fn of(&self, output: &[f32], targets: &[Column], sample: usize, gradient: &mut [f32]) -> f64 {
        let classes = output.len();
        let teacher = &targets[self.column].reals()[sample * classes..][..classes];
        let temperature = f64::from(self.temperature);
        let [own, of_teacher] = [output, teacher].map(|logits| log_sum(logits, temperature));
        let mut loss = 0.0;
        for ((z, t), gradient) in output.iter().zip(teacher).zip(gradient) {
            let q = f64::from(*z) / temperature - own;
            let p = f64::from(*t) / temperature - of_teacher;
            loss += p.exp() * (p - q);
            *gradient = (temperature * (q.exp() - p.exp())) as f32;
        }
        temperature * temperature * loss
    }
}

/// `log Σ exp(z / T)`.
fn log_sum(logits: &[f32], temperature: f64) -> f64 {
    let largest = logits.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
    let scaled = logits.iter().map(|z| f64::from(z - largest) / temperature);
    scaled.map(f64::exp).sum::<f64>().ln() + f64::from(largest) / temperature
}

#[cfg(test)]
mod tests {
    use super::*;

    const TERM: Distillation = Distillation {
        column: 1,
        temperature: 2.0,
    };

    fn of(output: &[f32], teacher: &[f32], gradient: &mut [f32]) -> f64 {
        let classes = teacher.len();
        let targets = [
            Column::index(vec![0], 1),
            Column::real(teacher.to_vec(), classes),
        ];
        TERM.of(output, &targets, 0, gradient)
    }

    #[test]
    fn a_divergence_by_hand() {
        // p = (3/4, 1/4), q = (1/2, 1/2): 4 · (3/4 ln 3/2 + 1/4 ln 1/2).
        let mut gradient = [0.0; 2];
        let teacher = [2.0 * 3.0_f32.ln(), 0.0];
        let loss = of(&[5.0, 5.0], &teacher, &mut gradient);
        let expected = 4.0 * (0.75 * 1.5_f64.ln() + 0.25 * 0.5_f64.ln());
        assert!((loss - expected).abs() < 1e-6, "{loss}");
        assert!((gradient[0] + 0.5).abs() < 1e-6 && (gradient[1] - 0.5).abs() < 1e-6);
    }

    #[test]
    fn the_gradient_is_that_of_differences() {
        let (output, teacher) = ([0.3, -1.2, 2.0], [1.0, 0.5, -0.7]);
        let mut gradient = [0.0; 3];
        of(&output, &teacher, &mut gradient);
        let mut room = [0.0; 3];
        for (place, own) in gradient.iter().enumerate() {
            let mut moved = |by: f32| {
                let mut output = output;
                output[place] += by;
                of(&output, &teacher, &mut room)
            };
            let difference = (moved(1e-2) - moved(-1e-2)) / 2e-2;
            assert!(
                (difference - f64::from(*own)).abs() < 1e-3,
                "{difference} {own}"
            );
        }
        let same = of(&teacher, &teacher, &mut room);
        assert!(same.abs() < 1e-9 && room.iter().all(|g| g.abs() < 1e-6));
    }
}
