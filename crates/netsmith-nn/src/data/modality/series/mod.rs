//! Series of numbers: one or more channels over time, scaled by channel.
//!
//! ```text
//! input = (value - mean of its channel) / standard deviation of its channel, 0 where missing
//! mask  = 1 where a position has a value in every channel, else 0
//! ```
//!
//! Shorter series are filled up at their end with missing values. Where the training
//! part has a missing value, the mask is one more channel of the input.

mod augment;
mod export;

use super::{Entry, Modality, NewSamples};
use crate::data::{Augmentation, Column, DataError, Part, Samples, Scale, series};
use crate::export::{OnnxGraph, TorchInput};
use crate::rival;
use crate::train::Recipe;
use netsmith::network::Shape;
use netsmith::random::Random;
use netsmith::space::Input;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "series",
    "Series of numbers over time, of one or more channels and of any length.",
    |record| {
        let series: Series = serde_json::from_value(record)?;
        Ok(Arc::new(series))
    },
);

/// Series of numbers.
///
/// # Shapes
/// One ragged column, each sample `[channels, positions of its own]`; a raw sample is
/// `[channels, length]`, with NaN where a value is missing or the series has ended, and
/// the input of a network `[channels, 1, length]`, or one channel more with the mask.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Positions of the longest series.
    pub length: usize,
    /// One scale for each channel.
    pub channels: Vec<Scale>,
    /// Whether the mask is a channel of the input.
    pub masked: bool,
}

impl Series {
    /// Series whose values are taken as they are.
    pub fn identity(channels: usize, length: usize) -> Self {
        Self {
            length,
            channels: vec![Scale::IDENTITY; channels],
            masked: false,
        }
    }

    /// The samples of these series, each `[channels, positions of its own]`.
    ///
    /// # Panics
    /// When there is no channel, or a series is not as long in each.
    pub fn samples(series: &[Vec<f32>], channels: usize) -> Samples {
        let column = column_of(series, channels);
        let lengths = series.iter().map(|values| values.len() / channels);
        let length = lengths.max().unwrap_or(0);
        Samples {
            modality: Arc::new(Self::identity(channels, length)),
            columns: vec![column],
        }
    }

    /// Channels of the input.
    fn inputs_channels(&self) -> usize {
        self.channels.len() + usize::from(self.masked)
    }
}

/// All series, one after the other.
fn column_of(series: &[Vec<f32>], channels: usize) -> Column {
    let ends = series.iter().scan(0, |end, values| {
        assert!(
            values.len().is_multiple_of(channels),
            "a series is equally long in each channel"
        );
        *end += values.len();
        Some(*end)
    });
    Column::ragged(series.concat(), ends.collect())
}

impl Modality for Series {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn inputs(&self) -> Vec<Input> {
        let shape = Shape::sequence(self.inputs_channels(), self.length);
        vec![Input::real("input", shape)]
    }

    fn raw_shape(&self) -> Vec<usize> {
        vec![self.channels.len(), self.length]
    }

    fn fit(&self, train: &Part) -> Arc<dyn Modality> {
        let channels = self.channels.len();
        let mut raw = vec![0.0; train.len() * channels * self.length];
        for (position, row) in raw.chunks_exact_mut(channels * self.length).enumerate() {
            train.write_row(position, row);
        }
        let of_channel = |channel: usize| {
            let rows = raw.chunks_exact(self.length).skip(channel);
            rows.step_by(channels).flatten().copied()
        };
        Arc::new(Self {
            length: self.length,
            channels: (0..channels).map(|c| Scale::fit(of_channel(c))).collect(),
            masked: raw.iter().any(|value| value.is_nan()),
        })
    }

    fn write_raw(&self, columns: &[Column], row: usize, out: &mut [f32]) {
        out.fill(f32::NAN);
        let values = &columns[0].reals()[columns[0].range(row)];
        let length = values.len() / self.channels.len();
        if length == 0 {
            return;
        }
        let lines = out.chunks_exact_mut(self.length);
        for (line, values) in lines.zip(values.chunks_exact(length)) {
            line[..length].copy_from_slice(values);
        }
    }

    fn normalize(&self, raw: &[f32], inputs: &mut [Vec<f32>]) {
        let input = &mut inputs[0];
        for sample in raw.chunks_exact(self.channels.len() * self.length) {
            for (line, scale) in sample.chunks_exact(self.length).zip(&self.channels) {
                let scaled = line.iter().map(|value| match value.is_nan() {
                    true => 0.0,
                    false => scale.apply(*value),
                });
                input.extend(scaled);
            }
            if self.masked {
                let is_whole = |position: usize| {
                    let mut lines = sample.chunks_exact(self.length);
                    lines.all(|line| !line[position].is_nan())
                };
                input.extend((0..self.length).map(|at| f32::from(u8::from(is_whole(at)))));
            }
        }
    }

    fn augment(
        &self,
        augmentation: Augmentation,
        inputs: &mut [Vec<f32>],
        _targets: &mut [Column],
        random: &mut Random,
    ) {
        let lines = [self.inputs_channels(), self.length];
        let input = &mut inputs[0];
        augment::augment(input, lines, self.masked, augmentation.pad, random);
    }

    fn default_space(&self) -> &'static str {
        "chain"
    }

    fn recipe(&self, samples: usize) -> Recipe {
        Recipe::series(samples)
    }

    fn rivals(&self) -> &'static [rival::Entry] {
        rival::SERIES
    }

    fn read(&self, path: &Path) -> Result<NewSamples, DataError> {
        let series = series::read_new(path, self.channels.len(), self.length)?;
        Ok(NewSamples {
            names: (1..=series.len()).map(|row| row.to_string()).collect(),
            columns: vec![column_of(&series, self.channels.len())],
        })
    }

    fn hash(&self, columns: &[Column], hash: &mut Sha256) {
        for size in [self.channels.len(), self.length] {
            hash.update((size as u64).to_le_bytes());
        }
        columns[0].hash(hash);
    }

    fn onnx(&self, graph: &mut OnnxGraph, raw: &str) -> Vec<String> {
        vec![export::onnx(self, graph, raw)]
    }

    fn torch(&self) -> TorchInput {
        export::torch(self)
    }

    /// `channels` and `length` of a raw sample.
    fn metadata(&self) -> BTreeMap<String, String> {
        BTreeMap::from([
            ("channels".to_owned(), self.channels.len().to_string()),
            ("length".to_owned(), self.length.to_string()),
        ])
    }

    fn record(&self) -> Value {
        json!(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::testing::train_part;
    use crate::task::Classification;

    #[test]
    fn series_are_scaled_by_channel_and_masked_beyond_their_end() {
        let series = [
            vec![1.0, 3.0, 10.0, 10.0],
            vec![5.0, 10.0],
            vec![0.0; 6],
            vec![0.0; 6],
        ];
        let samples = Series::samples(&series, 2);
        let targets = Classification::targets(vec![0, 1, 0, 1], vec!["a".into(), "b".into()]);
        let fitted = Series::identity(2, 3).fit(&train_part(samples.clone(), targets, 2));
        assert_eq!(fitted.inputs()[0].shape, Shape::sequence(3, 3));
        let mut raw = [0.0; 6];
        fitted.write_raw(&samples.columns, 1, &mut raw);
        assert!(raw[1].is_nan() && raw[2].is_nan() && raw[4].is_nan());
        let mut inputs = [Vec::new()];
        fitted.normalize(&raw, &mut inputs);
        // 1, 3 and 5: mean 3, variance 8/3. The second channel is constant.
        let two = 2.0 / (8.0_f32 / 3.0).sqrt();
        assert!((inputs[0][0] - two).abs() < 1e-6);
        assert_eq!(inputs[0][1..], [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    }
}
