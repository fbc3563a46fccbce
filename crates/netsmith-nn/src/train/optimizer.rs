//! What turns gradients into steps.
//!
//! ```text
//! SGD    g ← ∇ + λ w;  m ← μ m + g (first: m = g);  Nesterov: g ← g + μ m, else g ← m;  w ← w − η g
//! AdamW  w ← w − η λ w;  m ← β1 m + (1 − β1) ∇;  v ← β2 v + (1 − β2) ∇²
//!        w ← w − η · (m / (1 − β1^t)) / (√(v / (1 − β2^t)) + ε)
//! ```
//!
//! Both as in PyTorch. The decay λ is on kernels alone.

use crate::module::Weights;
use netsmith::network::Network;
use netsmith::network::operation::Role;
use netsmith_kernels::optimizer::{self, Tensor};
use serde::{Deserialize, Serialize};

/// What turns gradients into steps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Optimizer {
    /// Stochastic gradient descent.
    Sgd {
        /// Share of the last step that is kept.
        momentum: f32,
        /// Whether the gradient is taken as if that share were already made.
        nesterov: bool,
    },
    /// Adam with decoupled weight decay (Loshchilov and Hutter 2019).
    AdamW {
        /// Decay of the first moment.
        beta1: f32,
        /// Decay of the second moment.
        beta2: f32,
        /// Added to the root of the second moment.
        epsilon: f32,
    },
}

impl Optimizer {
    /// SGD with Nesterov momentum 0.9.
    pub const SGD: Self = Self::Sgd {
        momentum: 0.9,
        nesterov: true,
    };

    /// AdamW with its usual constants.
    pub const ADAM_W: Self = Self::AdamW {
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
    };

    /// Values that it keeps for each weight.
    pub fn moments(self) -> usize {
        match self {
            Self::Sgd { .. } => 1,
            Self::AdamW { .. } => 2,
        }
    }
}

/// What an optimiser has gathered.
#[derive(Clone, Debug, PartialEq)]
pub struct OptimizerState {
    pub(crate) optimizer: Optimizer,
    pub(crate) steps: u64,
    /// The moments, each parallel to the weights; empty for running statistics.
    pub(crate) moments: Vec<Vec<Vec<f32>>>,
}

impl OptimizerState {
    /// Before the first step.
    pub fn new(network: &Network, optimizer: Optimizer) -> Self {
        let weights = network.weights().iter();
        let zeros: Vec<Vec<f32>> = weights
            .map(|weight| match weight.shape.role.trains() {
                true => vec![0.0; weight.shape.elements()],
                false => Vec::new(),
            })
            .collect();
        Self {
            optimizer,
            steps: 0,
            moments: vec![zeros; optimizer.moments()],
        }
    }

    /// Moves the weights by one step.
    pub fn update(
        &mut self,
        network: &Network,
        weights: &mut Weights,
        gradients: &[Vec<f32>],
        learning_rate: f32,
        weight_decay: f32,
    ) {
        self.steps += 1;
        let decays = network
            .weights()
            .iter()
            .map(|weight| match weight.shape.role {
                Role::Kernel { .. } => weight_decay,
                _ => 0.0,
            });
        let trains = network.weights().iter();
        let trains = trains.map(|weight| weight.shape.role.trains());
        let all = weights.0.iter_mut().zip(gradients).zip(decays).zip(trains);
        // What did not run in a step has no gradient and stays as it is.
        let all = all.map(|(all, trains)| (trains && !all.0.1.is_empty()).then_some(all));
        match (self.optimizer, &mut self.moments[..]) {
            (Optimizer::Sgd { momentum, nesterov }, [moments]) => {
                let tensors = all.zip(moments).filter_map(|(all, moment)| {
                    let ((values, gradient), decay) = all?;
                    Some(Tensor {
                        values,
                        gradient,
                        moments: [moment],
                        decay,
                    })
                });
                let constants = optimizer::Momentum {
                    kept: if self.steps == 1 { 0.0 } else { momentum },
                    ahead: nesterov.then_some(momentum),
                    learning_rate,
                };
                optimizer::momentum(tensors, &constants);
            }
            (
                Optimizer::AdamW {
                    beta1,
                    beta2,
                    epsilon,
                },
                [first, second],
            ) => {
                let moments = first.iter_mut().zip(second);
                let tensors = all.zip(moments).filter_map(|(all, (first, second))| {
                    let ((values, gradient), decay) = all?;
                    Some(Tensor {
                        values,
                        gradient,
                        moments: [first, second],
                        decay,
                    })
                });
                let correction = |beta: f32| 1.0 - f64::from(beta).powf(self.steps as f64);
                let constants = optimizer::Adam {
                    beta1,
                    beta2,
                    epsilon,
                    learning_rate,
                    rate: (f64::from(learning_rate) / correction(beta1)) as f32,
                    root: correction(beta2).sqrt() as f32,
                };
                optimizer::adam(tensors, &constants);
            }
            _ => {}
        }
    }
}

/// Scales all gradients where their global norm is larger than `limit`; the
/// norm before.
pub(crate) fn clip(gradients: &mut [Vec<f32>], limit: Option<f32>) -> f64 {
    let norm = optimizer::norm(gradients.iter().map(|gradient| &gradient[..]));
    if let Some(limit) = limit.filter(|limit| norm > f64::from(*limit)) {
        let factor = (f64::from(limit) / (norm + 1e-6)) as f32;
        gradients
            .iter_mut()
            .flatten()
            .for_each(|value| *value *= factor);
    }
    norm
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsmith::network::operation::Linear;
    use netsmith::network::{Builder, Operation, Shape};

    /// One weight and one bias, three steps with the gradient 1 and 2.
    fn three_steps(optimizer: Optimizer) -> Vec<Vec<f32>> {
        let mut builder = Builder::new();
        let x = builder.input("x", Shape::vector(1));
        let y = builder
            .add("y", Operation::Linear(Linear::new(1_usize)), &[x])
            .unwrap();
        let network = builder.finish(&[y]);
        let mut weights = Weights(vec![vec![1.0], vec![1.0]]);
        let mut state = OptimizerState::new(&network, optimizer);
        for _ in 0..3 {
            state.update(&network, &mut weights, &[vec![1.0], vec![2.0]], 0.1, 0.5);
        }
        weights.0
    }

    #[track_caller]
    fn check(optimizer: Optimizer, weight: f32, bias: f32) {
        let found = three_steps(optimizer);
        assert!((found[0][0] - weight).abs() < 1e-6, "{found:?}");
        assert!((found[1][0] - bias).abs() < 1e-6, "{found:?}");
    }

    #[test]
    fn nesterov_momentum_by_hand() {
        // Weight: g 1.5, m 1.5, w 0.715; g 1.3575, m 2.7075, w 0.335575;
        // g 1.1677875, m 3.6045375, w -0.10561. Bias: m 2, 3.8, 5.42.
        check(Optimizer::SGD, -0.105_612_13, 1.0 - 0.38 - 0.542 - 0.6878);
    }

    #[test]
    fn plain_momentum_by_hand() {
        let plain = Optimizer::Sgd {
            momentum: 0.9,
            nesterov: false,
        };
        // Weight: m 1.5, w 0.85; m 2.775, w 0.5725; m 3.78375, w 0.194125.
        check(plain, 0.194_125, 1.0 - 0.2 - 0.38 - 0.542);
    }

    #[test]
    fn adam_moves_by_the_learning_rate_under_a_constant_gradient() {
        // Each step: w ← 0.95 w − 0.1.
        check(
            Optimizer::ADAM_W,
            ((0.95 - 0.1) * 0.95 - 0.1) * 0.95 - 0.1,
            0.7,
        );
    }

    #[test]
    fn clipping_keeps_the_direction() {
        let mut gradients = vec![vec![3.0; 1], vec![4.0; 1]];
        assert!((clip(&mut gradients, Some(1.0)) - 5.0).abs() < 1e-9);
        assert!((gradients[0][0] - 0.6).abs() < 1e-6 && (gradients[1][0] - 0.8).abs() < 1e-6);
        assert!((clip(&mut gradients, Some(1.0)) - 1.0).abs() < 1e-6);
    }
}
