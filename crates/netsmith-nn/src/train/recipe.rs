//! How a network is trained.

use super::{Optimizer, Schedule};
use crate::data::Part;
use serde::{Deserialize, Serialize};

/// A training of so many epochs is long enough to learn samples by heart.
///
/// On 6,000 training pictures of Fashion-MNIST, with and without changes: networks of 3,778
/// to 6,402 parameters are at 86.7 and 87.0 % after 40 epochs; one of 19,258 has 87.5 and
/// 86.9 %; after 10 to 15 epochs a change costs 0.3 to 1.7 points for all of them.
const LONG: usize = 20;

/// How a network is trained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Passes over the training part.
    pub epochs: usize,
    /// Samples of one step; a last batch that is smaller is left out, other
    /// samples each epoch.
    pub batch_size: usize,
    /// What turns gradients into steps.
    pub optimizer: Optimizer,
    /// The highest learning rate.
    pub learning_rate: f32,
    /// Pull towards zero, on the kernels of convolutions and linear layers
    /// alone.
    pub weight_decay: f32,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// Share of the training in which the learning rate rises, in `[0, 1)`.
    pub warm_up: f64,
    /// Share of the target that goes to all classes alike, in `[0, 1)`.
    pub label_smoothing: f32,
    /// The largest norm of all gradients together; none: they are not clipped.
    pub clip: Option<f32>,
    /// Whether training samples are changed at random, where that pays
    /// ([`Recipe::augments`]).
    pub augmentation: bool,
    /// The rate that drop-path reaches at the end; it grows with the epochs.
    pub drop_path: f32,
    /// Epochs without improvement after which training ends, with the weights
    /// of the best epoch; none: all epochs, with the last weights.
    pub patience: Option<usize>,
    /// Share of the training part that is used, in `(0, 1]`.
    pub fraction: f64,
}

impl Recipe {
    /// What suits this kind and number of samples.
    ///
    /// Images: SGD with Nesterov momentum and one cycle of the learning rate,
    /// which reaches a good network in few epochs. Tables: AdamW, whose steps
    /// do not depend on the scale of the gradients, with cosine annealing.
    pub fn for_data(train: &Part) -> Self {
        train.modality().recipe(train.len())
    }

    /// The recipe for images.
    pub fn images(samples: usize) -> Self {
        Self {
            // About 10,000 steps at most; small data need more passes.
            epochs: (300_000 / samples.max(1)).clamp(8, 40),
            batch_size: if samples < 5_000 { 32 } else { 64 },
            optimizer: Optimizer::SGD,
            learning_rate: 0.4,
            weight_decay: 5e-4,
            schedule: Schedule::OneCycle,
            warm_up: 0.2,
            label_smoothing: 0.0,
            clip: Some(5.0),
            augmentation: true,
            drop_path: 0.0,
            patience: None,
            fraction: 1.0,
        }
    }

    /// The recipe for tables.
    pub fn table(samples: usize) -> Self {
        Self {
            epochs: (400_000 / samples.max(1)).clamp(20, 100),
            // About a hundred steps an epoch, in whole blocks of lanes.
            batch_size: (samples / 100).next_multiple_of(16).clamp(16, 256),
            optimizer: Optimizer::ADAM_W,
            learning_rate: 3e-3,
            weight_decay: 1e-2,
            schedule: Schedule::Cosine,
            warm_up: 0.05,
            label_smoothing: 0.0,
            clip: Some(1.0),
            augmentation: false,
            drop_path: 0.0,
            patience: None,
            fraction: 1.0,
        }
    }

    /// The recipe for series.
    ///
    /// Most data sets have some tens or hundreds of series, so that epochs are many and
    /// batches small. AdamW with one cycle needs no tuning between them.
    pub fn series(samples: usize) -> Self {
        Self {
            epochs: (60_000 / samples.max(1)).clamp(40, 300),
            batch_size: (samples / 10).next_multiple_of(8).clamp(8, 64),
            optimizer: Optimizer::ADAM_W,
            learning_rate: 5e-3,
            weight_decay: 1e-2,
            schedule: Schedule::OneCycle,
            warm_up: 0.2,
            label_smoothing: 0.0,
            clip: Some(1.0),
            augmentation: true,
            drop_path: 0.0,
            patience: None,
            fraction: 1.0,
        }
    }

    /// Whether training samples are changed at random in the training of a network with
    /// so many parameters on so many samples.
    ///
    /// A short training does not learn even the samples as they are, and a small network
    /// never does: changing them then costs accuracy.
    pub fn augments(&self, parameters: u64, samples: usize) -> bool {
        self.augmentation && self.epochs >= LONG && parameters > samples as u64
    }

    /// The learning rate at a share of the training between 0 and 1.
    pub fn learning_rate_at(&self, progress: f64) -> f32 {
        self.learning_rate * self.schedule.factor(progress, self.warm_up) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_changed_only_where_they_could_be_learnt_by_heart() {
        let recipe = Recipe::images(6_000);
        assert!(recipe.augments(20_000, 6_000));
        assert!(!recipe.augments(4_000, 6_000));
        let short = Recipe {
            epochs: 12,
            ..recipe.clone()
        };
        assert!(!short.augments(20_000, 6_000));
        assert!(!Recipe::table(6_000).augments(20_000, 6_000));
        let plain = Recipe {
            augmentation: false,
            ..recipe
        };
        assert!(!plain.augments(20_000, 6_000));
    }
}
