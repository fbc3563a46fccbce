//! What a network is trained to make small.
//!
//! ```text
//! cross-entropy  −Σ_k q_k log softmax(z)_k,  q = (1 − s) · one-hot + s / K
//! squared error  (z − target)², on the scaled target
//! ```
//!
//! The loss of a batch is the mean over its samples, weighted where they have
//! weights: `Σ w · loss / Σ w`.

use crate::data::{Answers, Task};

/// The loss of a task.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loss {
    classes: usize,
    smoothing: f32,
}

impl Loss {
    pub(crate) fn new(task: &Task, smoothing: f32) -> Self {
        Self {
            classes: task.outputs(),
            smoothing,
        }
    }

    /// The loss of a batch; its gradient with respect to the answers is written
    /// to `gradient`.
    pub(crate) fn of(
        &self,
        answers: &[f32],
        truth: &Answers,
        weights: Option<&[f32]>,
        gradient: &mut [f32],
    ) -> f64 {
        let total: f64 = match weights {
            Some(weights) => weights.iter().map(|w| f64::from(*w)).sum(),
            None => truth.len() as f64,
        };
        // A batch whose samples all weigh nothing has no loss.
        let total = if total > 0.0 { total } else { 1.0 };
        let rows = answers.chunks_exact(self.classes);
        let rows = rows
            .zip(gradient.chunks_exact_mut(self.classes))
            .enumerate();
        let losses = rows.map(|(sample, (answers, gradient))| {
            let weight = weights.map_or(1.0, |weights| f64::from(weights[sample]));
            let share = weight / total;
            let loss = match truth {
                Answers::Classes(classes) => {
                    self.cross_entropy(answers, classes[sample] as usize, gradient)
                }
                Answers::Values(values) => squared_error(answers, values[sample], gradient),
            };
            gradient.iter_mut().for_each(|g| *g *= share as f32);
            share * loss
        });
        losses.sum()
    }

    fn cross_entropy(&self, answers: &[f32], class: usize, gradient: &mut [f32]) -> f64 {
        let largest = answers.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
        // Few classes stay on the stack, and each exponential is taken once.
        let mut room = [0.0; 128];
        let mut more = Vec::new();
        let exponentials = match room.get_mut(..answers.len()) {
            Some(room) => room,
            None => {
                more.resize(answers.len(), 0.0);
                &mut more[..]
            }
        };
        for (exponential, z) in exponentials.iter_mut().zip(answers) {
            *exponential = f64::from(z - largest).exp();
        }
        let sum: f64 = exponentials.iter().sum();
        let log_sum = sum.ln() + f64::from(largest);
        let even = f64::from(self.smoothing) / self.classes as f64;
        let mut loss = 0.0;
        for (index, (exponential, gradient)) in exponentials.iter().zip(gradient).enumerate() {
            let own = if index == class {
                1.0 - f64::from(self.smoothing)
            } else {
                0.0
            };
            let target = own + even;
            loss += target * (log_sum - f64::from(answers[index]));
            *gradient = (*exponential / sum - target) as f32;
        }
        loss
    }
}

fn squared_error(answers: &[f32], target: f32, gradient: &mut [f32]) -> f64 {
    let mut loss = 0.0;
    for (answer, gradient) in answers.iter().zip(gradient) {
        let error = answer - target;
        loss += f64::from(error).powi(2);
        *gradient = 2.0 * error;
    }
    loss
}

/// The probabilities of the classes, in place.
pub(super) fn softmax(answers: &mut [f32]) {
    let largest = answers.iter().fold(f32::NEG_INFINITY, |a, b| a.max(*b));
    answers.iter_mut().for_each(|z| *z = (*z - largest).exp());
    let sum: f32 = answers.iter().sum();
    answers.iter_mut().for_each(|z| *z /= sum);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(classes: usize) -> Task {
        Task::Classification {
            classes: (0..classes).map(|class| class.to_string()).collect(),
        }
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "these numbers are exact")]
    fn cross_entropy_by_hand() {
        let mut gradient = [0.0; 4];
        // Equal logits: each class has probability one half.
        let truth = Answers::Classes(vec![0, 1]);
        let loss = Loss::new(&task(2), 0.0).of(&[1.0; 4], &truth, None, &mut gradient);
        assert!((loss - 2.0_f64.ln()).abs() < 1e-7);
        assert_eq!(gradient, [-0.25, 0.25, 0.25, -0.25]);
        // Sample 1 counts three times as much.
        let weights = [0.5, 1.5];
        Loss::new(&task(2), 0.0).of(&[1.0; 4], &truth, Some(&weights), &mut gradient);
        assert_eq!(gradient, [-0.125, 0.125, 0.375, -0.375]);
    }

    #[test]
    fn the_smoothed_gradient_is_the_slope() {
        let loss = Loss::new(&task(3), 0.1);
        let truth = Answers::Classes(vec![2]);
        let answers = [0.3, -1.2, 0.8];
        let mut gradient = [0.0; 3];
        loss.of(&answers, &truth, None, &mut gradient);
        for index in 0..3 {
            let at = |sign: f32| {
                let mut moved = answers;
                moved[index] += sign * 1e-2;
                loss.of(&moved, &truth, None, &mut [0.0; 3])
            };
            let slope = (at(1.0) - at(-1.0)) / 2e-2;
            assert!((slope - f64::from(gradient[index])).abs() < 1e-4, "{index}");
        }
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "these numbers are exact")]
    fn squared_error_by_hand() {
        let task = Task::Regression { target: "y".into() };
        let mut gradient = [0.0; 2];
        let truth = Answers::Values(vec![1.0, 0.0]);
        let loss = Loss::new(&task, 0.0).of(&[3.0, 1.0], &truth, None, &mut gradient);
        assert!((loss - 2.5).abs() < 1e-12);
        assert_eq!(gradient, [2.0, 1.0]);
    }
}
