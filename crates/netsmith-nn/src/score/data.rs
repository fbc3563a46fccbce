//! The samples that networks are scored on.

use crate::data::{Batch, Batches, Contract, Part};
use crate::task::Loss;
use crate::task::loss::LossOptions;
use netsmith::network::Shape;
use netsmith::random::{Random, Seed};

/// Two batches of samples with their answers, the same for all networks.
///
/// Most scores read the first batch alone.
#[derive(Clone, Debug)]
pub struct ScoreData {
    pub(super) batches: [Batch; 2],
    pub(super) loss: Loss,
}

impl ScoreData {
    /// The size of a batch that the published scores were measured with.
    pub const BATCH: usize = 64;

    /// Two batches of `size` training samples, drawn without repetition; smaller
    /// ones where there are not so many.
    ///
    /// # Panics
    /// The part is empty, or `size` is zero.
    pub fn draw(part: &Part, contract: &Contract, size: usize, seed: &Seed) -> Self {
        let size = size.min((part.len() / 2).max(1));
        let mut batches = Batches::new(part, size).shuffled(seed).normalized(contract);
        let first = batches
            .next()
            .expect("a part has a sample, so there is a batch — this is a bug in netsmith");
        let second = batches.next().unwrap_or_else(|| first.clone());
        Self {
            batches: [first, second],
            loss: contract.task.loss(&LossOptions::default()),
        }
    }

    /// Two batches of `size` samples of normally distributed numbers with random
    /// classes, or with values to predict where there is one output: for
    /// networks without data.
    ///
    /// # Panics
    /// `outputs` is zero.
    pub fn random(input: Shape, outputs: usize, size: usize, seed: &Seed) -> Self {
        let task = Contract::without_data(input, outputs).task;
        let batch = |number: u64| {
            let mut random: Random = seed.nth(number).stream();
            Batch {
                inputs: vec![crate::module::normal(&mut random, size * input.elements())],
                targets: task.random(size, &mut random),
                weights: None,
                positions: (0..size as u32).collect(),
            }
        };
        Self {
            batches: [batch(0), batch(1)],
            loss: task.loss(&LossOptions::default()),
        }
    }
}
