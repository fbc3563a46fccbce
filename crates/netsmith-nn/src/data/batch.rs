//! A part in batches: in the source's order or shuffled, raw or normalised.

use netsmith::random::{Random, Seed};
use rand::seq::SliceRandom;

use super::{Augmentation, Column, Contract, Part};

/// Some samples, ready for a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Each input of the network; raw samples alone where the batch is raw.
    ///
    /// # Shapes
    /// `[samples, shape of the input]`, row-major, as the modality says.
    pub inputs: Vec<Vec<f32>>,
    /// The targets: as the loss reads them where the batch is normalised, else as the
    /// data have them.
    pub targets: Vec<Column>,
    /// How much each sample counts in the loss; none where all count the same.
    pub weights: Option<Vec<f32>>,
    /// Where the samples are in the part.
    pub positions: Vec<u32>,
}

impl Batch {
    /// The number of samples.
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }
}

/// An iterator over a part in batches.
///
/// By default: raw, in the source's order, with the last batch shorter where
/// the size does not divide the part.
///
/// # Example
/// ```
/// use netsmith::random::Seed;
/// use netsmith_nn::data::{self, Batches, Contract, LoadOptions, SplitOptions};
///
/// let digits = data::load(&"digits".parse()?, &LoadOptions::default())?;
/// let (search, _test) = digits.split(&SplitOptions::default())?;
/// let contract = Contract::fit(&search.train());
/// let epoch = Seed::new(1).child("data").nth(0);
/// let mut batches = Batches::new(&search.train(), 64)
///     .shuffled(&epoch)
///     .normalized(&contract)
///     .augmented(search.augmentation(), &epoch);
/// assert_eq!(batches.len(), 17);
/// let batch = batches.next().expect("there is a batch");
/// assert_eq!((batch.len(), batch.inputs[0].len()), (64, 64 * 8 * 8));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Batches<'a> {
    part: Part,
    order: Vec<u32>,
    size: usize,
    start: usize,
    contract: Option<&'a Contract>,
    augmentation: Option<(Augmentation, Seed)>,
    class_weights: Option<&'a [f32]>,
    raw: Vec<f32>,
}

impl<'a> Batches<'a> {
    /// Batches of `size` samples.
    ///
    /// # Panics
    /// When `size` is zero.
    pub fn new(part: &Part, size: usize) -> Self {
        assert!(size > 0, "a batch has a sample");
        Self {
            part: part.clone(),
            order: (0..part.len() as u32).collect(),
            size,
            start: 0,
            contract: None,
            augmentation: None,
            class_weights: None,
            raw: Vec::new(),
        }
    }

    /// In the order that this seed draws; give each epoch a seed of its own.
    pub fn shuffled(mut self, epoch: &Seed) -> Self {
        self.order.shuffle(&mut epoch.child("order").stream());
        self
    }

    /// Normalised, with targets as the loss reads them.
    pub fn normalized(mut self, contract: &'a Contract) -> Self {
        self.contract = Some(contract);
        self
    }

    /// Changed at random, where the modality has a way; give each epoch a seed of its
    /// own. Every batch draws from a stream of its own, so that it does not matter which
    /// batches were drawn before. Raw batches stay as they are.
    pub fn augmented(mut self, augmentation: Augmentation, epoch: &Seed) -> Self {
        self.augmentation = Some((augmentation, epoch.child("augmentation")));
        self
    }

    /// With a weight for each sample: that of its class.
    ///
    /// # Panics
    /// Batches panic when a class has no weight.
    pub fn class_weights(mut self, weights: &'a [f32]) -> Self {
        self.class_weights = Some(weights);
        self
    }

    /// Without the last batch where it is shorter than the others, unless it is
    /// the only one.
    pub fn whole_only(mut self) -> Self {
        if self.order.len() > self.size {
            self.order
                .truncate(self.order.len() / self.size * self.size);
        }
        self
    }

    /// Leaves out the first `batches`: to go on within an epoch.
    pub fn skip_batches(mut self, batches: usize) -> Self {
        self.start = (batches * self.size).min(self.order.len());
        self
    }

    /// Puts the next batch into `batch`, whose memory is used again; false at
    /// the end, with `batch` as it was.
    pub fn next_into(&mut self, batch: &mut Batch) -> bool {
        let end = (self.start + self.size).min(self.order.len());
        let positions = &self.order[self.start..end];
        if positions.is_empty() {
            return false;
        }
        let number = self.start / self.size;
        self.start = end;

        batch.positions.clear();
        batch.positions.extend_from_slice(positions);
        batch.targets = self.part.targets_at(positions);
        batch.weights = self.class_weights.map(|weights| {
            let classes = batch.targets[0].indices().iter();
            classes.map(|class| weights[*class as usize]).collect()
        });
        self.fill(batch, number as u64);
        true
    }

    /// Fills the inputs of a batch, and changes its targets with them.
    fn fill(&mut self, batch: &mut Batch, number: u64) {
        let size: usize = self.part.modality().raw_shape().iter().product();
        let Some(contract) = self.contract else {
            batch.inputs.resize(1, Vec::new());
            write_raw(&self.part, size, &batch.positions, &mut batch.inputs[0]);
            return;
        };
        write_raw(&self.part, size, &batch.positions, &mut self.raw);
        batch
            .inputs
            .resize(contract.modality.inputs().len(), Vec::new());
        batch.inputs.iter_mut().for_each(Vec::clear);
        contract.modality.normalize(&self.raw, &mut batch.inputs);
        contract.task.encode(&mut batch.targets);
        if let Some((augmentation, seed)) = &self.augmentation {
            let mut random: Random = seed.nth(number).stream();
            let (inputs, targets) = (&mut batch.inputs, &mut batch.targets);
            contract
                .modality
                .augment(*augmentation, inputs, targets, &mut random);
        }
    }
}

/// Writes raw samples of `size` values each.
fn write_raw(part: &Part, size: usize, positions: &[u32], raw: &mut Vec<f32>) {
    raw.resize(size * positions.len(), 0.0);
    for (position, row) in positions.iter().zip(raw.chunks_exact_mut(size)) {
        part.write_row(*position as usize, row);
    }
}

impl Iterator for Batches<'_> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let mut batch = Batch {
            inputs: Vec::new(),
            targets: Vec::new(),
            weights: None,
            positions: Vec::new(),
        };
        self.next_into(&mut batch).then_some(batch)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = (self.order.len() - self.start).div_ceil(self.size);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Batches<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::modality::table::{ColumnKind, TableColumn};
    use crate::data::modality::{Images, Table};
    use crate::data::testing::train_part;
    use crate::task::{Classification, Regression};

    fn images() -> Part {
        let samples = Images::samples((0..28).collect(), [1, 2, 2]);
        let labels = vec![0, 1, 0, 1, 1, 0, 1];
        let targets = Classification::targets(labels, vec!["a".into(), "b".into()]);
        train_part(samples, targets, 5)
    }

    #[test]
    fn raw_batches_are_in_the_order_of_the_source() {
        let batches: Vec<Batch> = Batches::new(&images(), 2)
            .class_weights(&[0.5, 2.0])
            .collect();
        assert_eq!(batches.len(), 3);
        assert_eq!(
            batches[1].inputs[0],
            (8..16).map(|v| v as f32).collect::<Vec<f32>>()
        );
        assert_eq!(batches[1].targets[0].indices(), [0, 1]);
        assert_eq!(batches[1].weights, Some(vec![0.5, 2.0]));
        assert_eq!(batches[2].len(), 1);
        assert_eq!(Batches::new(&images(), 2).whole_only().len(), 2);
        assert_eq!(Batches::new(&images(), 9).whole_only().len(), 1);
    }

    #[test]
    fn an_epoch_visits_every_sample_once_and_can_be_entered_in_the_middle() {
        let part = images();
        let contract = Contract::fit(&part);
        let seed = Seed::new(5);
        let augmentation = Augmentation {
            pad: 1,
            flip: true,
            cutout: 1,
        };
        let epoch = || {
            Batches::new(&part, 2)
                .shuffled(&seed)
                .augmented(augmentation, &seed)
                .normalized(&contract)
        };
        let whole: Vec<Batch> = epoch().collect();
        let mut seen: Vec<u32> = whole.iter().flat_map(|b| b.positions.clone()).collect();
        assert_ne!(seen, vec![0, 1, 2, 3, 4]);
        seen.sort_unstable();
        assert_eq!(seen, vec![0, 1, 2, 3, 4]);
        assert_eq!(epoch().skip_batches(1).collect::<Vec<Batch>>(), whole[1..]);
    }

    #[test]
    fn a_normalised_table_scales_its_target_too() {
        let schema = vec![TableColumn {
            name: "x".into(),
            kind: ColumnKind::Number,
        }];
        let samples = Table::samples(schema, &[vec![1.0, 3.0, 0.0, 0.0]]);
        let targets = Regression::targets("y", vec![10.0, 30.0, 0.0, 0.0]);
        let part = train_part(samples, targets, 2);
        let contract = Contract::fit(&part);
        let mut batches = Batches::new(&part, 8).normalized(&contract);
        let mut batch = batches.next().expect("there is one");
        assert_eq!(batch.inputs, [vec![-1.0, 1.0]]);
        assert_eq!(batch.targets[0].reals(), [-1.0, 1.0]);
        assert!(!batches.next_into(&mut batch));
        let raw = Batches::new(&part, 8).next().expect("there is one");
        assert_eq!(raw.targets[0].reals(), [10.0, 30.0]);
    }
}
