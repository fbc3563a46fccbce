//! The samples that networks are scored on.

use crate::data::{Answers, Batch, Batches, Normalization, Part, Task};
use crate::train::Loss;
use netsmith::network::Shape;
use netsmith::random::{Random, Seed};
use rand::RngExt;

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
    pub fn draw(part: &Part, normalization: &Normalization, size: usize, seed: &Seed) -> Self {
        let size = size.min((part.len() / 2).max(1));
        let mut batches = Batches::new(part, size)
            .shuffled(seed)
            .normalized(normalization);
        let first = batches
            .next()
            .expect("a part has a sample, so there is a batch — this is a bug in netsmith");
        let second = batches.next().unwrap_or_else(|| first.clone());
        Self {
            batches: [first, second],
            loss: Loss::new(&part.task(), 0.0),
        }
    }

    /// Two batches of `size` samples of normally distributed numbers with random
    /// classes, or with values to predict where there is one output: for
    /// networks without data.
    ///
    /// # Panics
    /// `outputs` is zero.
    pub fn random(input: Shape, outputs: usize, size: usize, seed: &Seed) -> Self {
        let task = match outputs {
            1 => Task::Regression {
                target: "value".into(),
            },
            _ => Task::Classification {
                classes: (0..outputs).map(|class| class.to_string()).collect(),
            },
        };
        let batch = |number: u64| {
            let mut random: Random = seed.nth(number).stream();
            let inputs = crate::module::normal(&mut random, size * input.elements());
            let answers = match outputs {
                1 => Answers::Values(crate::module::normal(&mut random, size)),
                _ => {
                    let classes = 0..size;
                    let draw = |_| random.random_range(0..outputs as u32);
                    Answers::Classes(classes.map(draw).collect())
                }
            };
            Batch {
                inputs,
                shape: vec![size, input.elements()],
                answers,
                weights: None,
                positions: (0..size as u32).collect(),
            }
        };
        Self {
            batches: [batch(0), batch(1)],
            loss: Loss::new(&task, 0.0),
        }
    }
}
