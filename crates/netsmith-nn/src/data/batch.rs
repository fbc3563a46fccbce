//! A part in batches: in the source's order or shuffled, raw or normalised.

use netsmith::random::{Random, Seed};
use rand::seq::SliceRandom;

use super::{Answers, Augmentation, Normalization, Part};

/// Some samples, ready for a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The inputs, row-major.
    ///
    /// # Shapes
    /// As [`shape`](Self::shape) says.
    pub inputs: Vec<f32>,
    /// `[samples, channels, height, width]` or `[samples, columns]`.
    pub shape: Vec<usize>,
    /// The truth: class numbers, or values (scaled by
    /// [`Normalization::target`] where the batch is normalised).
    pub answers: Answers,
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
/// use netsmith_nn::data::{self, Batches, LoadOptions, Normalization, SplitOptions};
///
/// let digits = data::load(&"digits".parse()?, &LoadOptions::default())?;
/// let (search, _test) = digits.split(&SplitOptions::default())?;
/// let normalization = Normalization::fit(&search.train());
/// let epoch = Seed::new(1).child("data").nth(0);
/// let mut batches = Batches::new(&search.train(), 64)
///     .shuffled(&epoch)
///     .normalized(&normalization)
///     .augmented(search.augmentation(), &epoch);
/// assert_eq!(batches.len(), 17);
/// let batch = batches.next().expect("there is a batch");
/// assert_eq!(batch.shape, vec![64, 1, 8, 8]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Batches<'a> {
    part: Part,
    order: Vec<u32>,
    size: usize,
    start: usize,
    normalization: Option<&'a Normalization>,
    augmentation: Option<(Augmentation, Seed, Vec<f32>)>,
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
            normalization: None,
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

    /// Normalised, values of a regression too.
    pub fn normalized(mut self, normalization: &'a Normalization) -> Self {
        self.normalization = Some(normalization);
        self.augmentation = self
            .augmentation
            .map(|(augmentation, seed, _)| (augmentation, seed, normalization.black()));
        self
    }

    /// Images changed at random; give each epoch a seed of its own. Every batch
    /// draws from a stream of its own, so that it does not matter which batches
    /// were drawn before. Tables stay as they are, and so do raw batches.
    pub fn augmented(mut self, augmentation: Augmentation, epoch: &Seed) -> Self {
        let black = self
            .normalization
            .map(Normalization::black)
            .unwrap_or_default();
        self.augmentation = Some((augmentation, epoch.child("augmentation"), black));
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
        batch.answers = self.part.answers_at(positions);
        batch.weights = self.class_weights.map(|weights| {
            batch
                .answers
                .classes()
                .iter()
                .map(|class| weights[*class as usize])
                .collect()
        });
        self.fill_inputs(batch);
        if let Some((augmentation, seed, black)) = &self.augmentation
            && let ([_, c, h, w], false) = (batch.shape.as_slice(), black.is_empty())
        {
            let mut random: Random = seed.nth(number as u64).stream();
            augmentation.apply(&mut batch.inputs, [*c, *h, *w], black, &mut random);
        }
        true
    }

    fn fill_inputs(&mut self, batch: &mut Batch) {
        let raw_shape = self.part.raw_shape();
        let size: usize = raw_shape.iter().product();
        let is_image = raw_shape.len() == 3;
        // Images are normalised where they lie; rows of tables change length.
        let direct = is_image || self.normalization.is_none();
        let raw = if direct {
            &mut batch.inputs
        } else {
            &mut self.raw
        };
        raw.resize(size * batch.positions.len(), 0.0);
        for (position, row) in batch.positions.iter().zip(raw.chunks_exact_mut(size)) {
            self.part.write_row(*position as usize, row);
        }
        batch.shape.clear();
        batch.shape.push(batch.positions.len());
        let Some(normalization) = self.normalization else {
            batch.shape.extend(raw_shape);
            return;
        };
        batch.shape.extend(normalization.input_shape());
        if is_image {
            normalization.scale_images(&mut batch.inputs);
        } else {
            batch.inputs.clear();
            normalization.transform(&self.raw, &mut batch.inputs);
        }
        if let (Answers::Values(values), Some(scale)) = (&mut batch.answers, normalization.target) {
            values
                .iter_mut()
                .for_each(|value| *value = scale.apply(*value));
        }
    }
}

impl Iterator for Batches<'_> {
    type Item = Batch;

    fn next(&mut self) -> Option<Batch> {
        let mut batch = Batch {
            inputs: Vec::new(),
            shape: Vec::new(),
            answers: Answers::Classes(Vec::new()),
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
    use crate::data::{
        Column, ColumnKind, Dataset, Features, Images, Origin, PartName, SplitOptions, Table,
        Targets,
    };

    fn parts(features: Features, targets: Targets) -> Part {
        let origin = Origin {
            kind: "made".into(),
            path: None,
            licence: String::new(),
        };
        let mut given = vec![PartName::Train; features.len() - 2];
        given.extend([PartName::Valid, PartName::Test]);
        let data = Dataset::new(features, targets, origin).with_given_parts(given);
        data.split(&SplitOptions::default())
            .expect("the parts are given")
            .0
            .train()
    }

    fn images() -> Part {
        let pixels = (0..28).collect();
        let labels = vec![0, 1, 0, 1, 1, 0, 1];
        let targets = Targets::Classes {
            labels,
            names: vec!["a".into(), "b".into()],
        };
        parts(Features::Images(Images::new(pixels, [1, 2, 2])), targets)
    }

    #[test]
    fn raw_batches_are_in_the_order_of_the_source() {
        let batches: Vec<Batch> = Batches::new(&images(), 2)
            .class_weights(&[0.5, 2.0])
            .collect();
        assert_eq!(batches.len(), 3);
        assert_eq!(
            batches[1].inputs,
            (8..16).map(|v| v as f32).collect::<Vec<f32>>()
        );
        assert_eq!(batches[1].shape, vec![2, 1, 2, 2]);
        assert_eq!(batches[1].answers, Answers::Classes(vec![0, 1]));
        assert_eq!(batches[1].weights, Some(vec![0.5, 2.0]));
        assert_eq!((batches[2].len(), batches[2].shape[0]), (1, 1));
        assert_eq!(Batches::new(&images(), 2).whole_only().len(), 2);
        assert_eq!(Batches::new(&images(), 9).whole_only().len(), 1);
    }

    #[test]
    fn an_epoch_visits_every_sample_once_and_can_be_entered_in_the_middle() {
        let part = images();
        let normalization = Normalization::fit(&part);
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
                .normalized(&normalization)
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
        let schema = vec![Column {
            name: "x".into(),
            kind: ColumnKind::Number,
        }];
        let table = Table::new(schema, vec![vec![1.0, 3.0, 0.0, 0.0]]);
        let targets = Targets::Values {
            name: "y".into(),
            values: vec![10.0, 30.0, 0.0, 0.0],
        };
        let part = parts(Features::Table(table), targets);
        let normalization = Normalization::fit(&part);
        let mut batches = Batches::new(&part, 8).normalized(&normalization);
        let mut batch = batches.next().expect("there is one");
        assert_eq!(
            (batch.inputs.as_slice(), batch.shape.as_slice()),
            (&[-1.0, 1.0][..], &[2, 1][..])
        );
        assert_eq!(batch.answers, Answers::Values(vec![-1.0, 1.0]));
        assert!(!batches.next_into(&mut batch));
        let raw = Batches::new(&part, 8).next().expect("there is one");
        assert_eq!(raw.answers, Answers::Values(vec![10.0, 30.0]));
    }
}
