//! Pictures of one size: raw pixels 0 to 255, scaled by channel.
//!
//! ```text
//! input = (pixel - mean of its channel) / standard deviation of its channel
//! ```

mod export;

use super::{Entry, Modality, NewSamples};
use crate::data::image_folder::{pictures_under, relative};
use crate::data::picture::{Colour, read_all};
use crate::data::{Augmentation, Column, DataError, Part, Samples, Scale};
use crate::export::{OnnxGraph, TorchInput};
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
    "images",
    "Pictures of one size, grey or colour.",
    |record| {
        let images: Images = serde_json::from_value(record)?;
        Ok(Arc::new(images))
    },
);

/// Pictures of one size.
///
/// # Shapes
/// One column of bytes, `[samples, channels, height, width]`; a raw sample and the
/// input of a network are `[channels, height, width]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Images {
    /// `[channels, height, width]`: 1 channel for grey, 3 for red, green, blue.
    pub shape: [usize; 3],
    /// One scale for each channel.
    pub channels: Vec<Scale>,
}

impl Images {
    /// Pictures whose pixels are taken as they are.
    pub fn identity(shape: [usize; 3]) -> Self {
        Self {
            shape,
            channels: vec![Scale::IDENTITY; shape[0]],
        }
    }

    /// The samples of these pixels, each of shape `[channels, height, width]`.
    ///
    /// # Panics
    /// When the pixels are not a whole number of such pictures.
    pub fn samples(pixels: Vec<u8>, shape: [usize; 3]) -> Samples {
        Samples {
            modality: Arc::new(Self::identity(shape)),
            columns: vec![Column::bytes(pixels, shape.iter().product())],
        }
    }

    /// What a raw zero becomes in each channel.
    fn black(&self) -> Vec<f32> {
        self.channels.iter().map(|scale| scale.apply(0.0)).collect()
    }
}

impl Modality for Images {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn inputs(&self) -> Vec<Input> {
        let [channels, height, width] = self.shape;
        vec![Input::real("input", Shape::image(channels, height, width))]
    }

    fn raw_shape(&self) -> Vec<usize> {
        self.shape.to_vec()
    }

    fn fit(&self, train: &Part) -> Arc<dyn Modality> {
        let [c, h, w] = self.shape;
        let mut row = vec![0.0; c * h * w];
        // Whole numbers up to 255 squared: the sums are exact in u64.
        let (mut sums, mut squares) = (vec![0_u64; c], vec![0_u64; c]);
        for position in 0..train.len() {
            train.write_row(position, &mut row);
            for (channel, plane) in row.chunks_exact(h * w).enumerate() {
                for pixel in plane {
                    let pixel = *pixel as u64;
                    sums[channel] += pixel;
                    squares[channel] += pixel * pixel;
                }
            }
        }
        let count = (train.len() * h * w).max(1) as f64;
        let scale = |(sum, square): (&u64, &u64)| {
            let mean = *sum as f64 / count;
            Scale::from_moments(mean, (*square as f64 / count - mean * mean).max(0.0))
        };
        Arc::new(Self {
            shape: self.shape,
            channels: sums.iter().zip(&squares).map(scale).collect(),
        })
    }

    fn write_raw(&self, columns: &[Column], row: usize, out: &mut [f32]) {
        columns[0].write(row, out);
    }

    fn normalize(&self, raw: &[f32], inputs: &mut [Vec<f32>]) {
        let [_, h, w] = self.shape;
        let input = &mut inputs[0];
        let planes = raw.chunks_exact(h * w).zip(self.channels.iter().cycle());
        for (plane, scale) in planes {
            input.extend(plane.iter().map(|pixel| scale.apply(*pixel)));
        }
    }

    fn augment(
        &self,
        augmentation: Augmentation,
        inputs: &mut [Vec<f32>],
        _targets: &mut [Column],
        random: &mut Random,
    ) {
        augmentation.apply(&mut inputs[0], self.shape, &self.black(), random);
    }

    fn default_space(&self) -> &'static str {
        "chain"
    }

    fn recipe(&self, samples: usize) -> Recipe {
        Recipe::images(samples)
    }

    fn read(&self, path: &Path) -> Result<NewSamples, DataError> {
        let [channels, height, width] = self.shape;
        let files = pictures_under(path)?;
        let (samples, _) = read_all(path, &files, [height, width], Colour::Channels(channels))?;
        Ok(NewSamples {
            columns: samples.columns,
            names: files.iter().map(|file| relative(path, file)).collect(),
        })
    }

    fn hash(&self, columns: &[Column], hash: &mut Sha256) {
        for size in self.shape {
            hash.update((size as u64).to_le_bytes());
        }
        columns[0].hash(hash);
    }

    fn onnx(&self, graph: &mut OnnxGraph, raw: &str) -> Vec<String> {
        vec![export::onnx(&self.channels, graph, raw)]
    }

    fn torch(&self) -> TorchInput {
        export::torch(&self.channels)
    }

    fn metadata(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
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
    fn pixels_are_scaled_by_channel_of_the_training_part() {
        let pixels = vec![0, 2, 10, 10, 4, 6, 10, 10, 255, 255, 0, 0, 255, 255, 0, 0];
        let samples = Images::samples(pixels, [2, 1, 2]);
        let targets = Classification::targets(vec![0, 1, 0, 1], vec!["a".into(), "b".into()]);
        let fitted = Images::identity([2, 1, 2]).fit(&train_part(samples, targets, 2));
        let fitted: Images = serde_json::from_value(fitted.record()).expect("it was just written");
        // 0, 2, 4, 6: mean 3, variance 5; the second channel is constant.
        assert!((fitted.channels[0].mean - 3.0).abs() < 1e-6);
        assert!((fitted.channels[0].std - 5.0_f32.sqrt()).abs() < 1e-6);
        let constant = Scale {
            mean: 10.0,
            std: 1.0,
        };
        assert_eq!(fitted.channels[1], constant);
        assert_eq!(fitted.black(), vec![-3.0 / 5.0_f32.sqrt(), -10.0]);
        let mut inputs = [vec![7.0]];
        fitted.normalize(&[3.0, 3.0, 11.0, 9.0], &mut inputs);
        assert_eq!(inputs[0], [7.0, 0.0, 0.0, 1.0, -1.0]);
    }
}
