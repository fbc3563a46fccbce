//! What turns raw samples into a network's input: learnt on the training part
//! only, applied everywhere, and written into the exported network.
//!
//! ```text
//! pixel     (x - mean of its channel) / standard deviation of its channel
//! number    (x - mean of its column) / standard deviation of its column,
//!           0 where missing; where cells were missing in training, a second
//!           value: 1 if missing, else 0
//! category  one value for each category of the training part: 1 if it is the
//!           cell's, else 0; all 0 where missing or unknown
//! target    (y - mean) / standard deviation, in a regression
//! ```
//!
//! Standard deviations divide by the number of values; one that is zero counts
//! as one, so that a constant turns into zeros.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Answers, InputSchema, Part};

/// Everything learnt from the training part before training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Normalization {
    /// What is done to the raw input.
    pub input: InputNormalization,
    /// What the network predicts in a regression; none in a classification.
    pub target: Option<Scale>,
}

/// What is done to the raw input.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputNormalization {
    /// Pixels are scaled by channel.
    Images {
        /// `[channels, height, width]`.
        shape: [usize; 3],
        /// One scale for each channel.
        channels: Vec<Scale>,
    },
    /// Columns are scaled or encoded, one after the other.
    Table {
        /// The encoding of each raw column.
        columns: Vec<Encoding>,
    },
}

/// A shift and a stretch: `(x - mean) / std`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scale {
    /// The mean of the training part.
    pub mean: f32,
    /// The standard deviation of the training part; never zero.
    pub std: f32,
}

/// What becomes of one raw column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// A number: its scaled value, 0 if missing; then, with an indicator, 1 if
    /// missing and 0 if not.
    Number {
        /// How it is scaled.
        scale: Scale,
        /// Whether a second value says that the cell is missing.
        missing_indicator: bool,
    },
    /// A category: for each of these codes, 1 if the cell has it and 0 if not.
    Category {
        /// The codes seen in training, ascending.
        codes: Vec<u32>,
    },
}

impl Scale {
    /// The scale that leaves everything as it is.
    pub const IDENTITY: Self = Self {
        mean: 0.0,
        std: 1.0,
    };

    /// Mean and standard deviation of the values that are not NaN; the
    /// identity where there is none.
    pub fn fit(values: impl Iterator<Item = f32> + Clone) -> Self {
        let present = values.map(f64::from).filter(|v| !v.is_nan());
        let (mut count, mut sum) = (0.0_f64, 0.0_f64);
        for value in present.clone() {
            count += 1.0;
            sum += value;
        }
        if count < 1.0 {
            return Self::IDENTITY;
        }
        let mean = sum / count;
        let variance = present.map(|v| (v - mean).powi(2)).sum::<f64>() / count;
        Self::from_moments(mean, variance)
    }

    /// `(x - mean) / std`.
    pub fn apply(&self, value: f32) -> f32 {
        (value - self.mean) / self.std
    }

    /// The value whose scaled form is `scaled`.
    pub fn invert(&self, scaled: f32) -> f32 {
        scaled * self.std + self.mean
    }

    fn from_moments(mean: f64, variance: f64) -> Self {
        let std = variance.sqrt() as f32;
        // A spread below the resolution of f32 around the mean is noise.
        let least = (mean.abs() as f32) * f32::EPSILON;
        let std = if std.is_finite() && std > least {
            std
        } else {
            1.0
        };
        Self {
            mean: mean as f32,
            std,
        }
    }
}

impl Encoding {
    /// How many input values the column becomes.
    pub fn width(&self) -> usize {
        match self {
            Self::Number {
                missing_indicator, ..
            } => 1 + usize::from(*missing_indicator),
            Self::Category { codes } => codes.len(),
        }
    }

    fn write(&self, value: f32, out: &mut Vec<f32>) {
        match self {
            Self::Number {
                scale,
                missing_indicator,
            } => {
                out.push(if value.is_nan() {
                    0.0
                } else {
                    scale.apply(value)
                });
                if *missing_indicator {
                    out.push(f32::from(u8::from(value.is_nan())));
                }
            }
            Self::Category { codes } => {
                // Codes are small whole numbers, which f32 holds exactly; NaN
                // and the unknown category equal none of them.
                out.extend(
                    codes
                        .iter()
                        .map(|c| f32::from(u8::from((value - *c as f32).abs() < 0.5))),
                );
            }
        }
    }
}

impl Normalization {
    /// Learns from a part, which must be the training part.
    pub fn fit(train: &Part) -> Self {
        let target = match train.answers() {
            Answers::Classes(_) => None,
            Answers::Values(values) => Some(Scale::fit(values.iter().copied())),
        };
        let input = match train.schema() {
            InputSchema::Images {
                channels,
                height,
                width,
            } => fit_images(train, [channels, height, width]),
            InputSchema::Table { columns } => fit_table(train, columns.len(), |index| {
                matches!(columns[index].kind, super::ColumnKind::Category { .. })
            }),
        };
        Self { input, target }
    }

    /// The normalisation that leaves images of this shape as they are.
    pub fn identity([c, h, w]: [usize; 3]) -> Self {
        let channels = vec![Scale::IDENTITY; c];
        Self {
            input: InputNormalization::Images {
                shape: [c, h, w],
                channels,
            },
            target: None,
        }
    }

    /// The shape of a network's input for one sample: `[channels, height,
    /// width]` or `[columns after encoding]`.
    pub fn input_shape(&self) -> Vec<usize> {
        match &self.input {
            InputNormalization::Images { shape, .. } => shape.to_vec(),
            InputNormalization::Table { columns } => {
                vec![columns.iter().map(Encoding::width).sum()]
            }
        }
    }

    /// The shape of one raw sample: `[channels, height, width]` or `[columns]`.
    pub fn raw_shape(&self) -> Vec<usize> {
        match &self.input {
            InputNormalization::Images { shape, .. } => shape.to_vec(),
            InputNormalization::Table { columns } => vec![columns.len()],
        }
    }

    /// Appends to `out` the network's input for a batch of raw samples.
    ///
    /// # Shapes
    /// `raw` is `[samples, raw shape]`; `[samples, input shape]` is appended.
    ///
    /// # Panics
    /// When `raw` is not a whole number of samples.
    pub fn transform(&self, raw: &[f32], out: &mut Vec<f32>) {
        let size: usize = self.raw_shape().iter().product();
        assert!(raw.len().is_multiple_of(size), "a batch is whole samples");
        match &self.input {
            InputNormalization::Images { .. } => {
                let start = out.len();
                out.extend_from_slice(raw);
                self.scale_images(&mut out[start..]);
            }
            InputNormalization::Table { columns } => {
                for row in raw.chunks_exact(size) {
                    for (encoding, value) in columns.iter().zip(row) {
                        encoding.write(*value, out);
                    }
                }
            }
        }
    }

    /// Normalises a batch of raw images in place; a table is left as it is.
    pub(super) fn scale_images(&self, batch: &mut [f32]) {
        if let InputNormalization::Images {
            shape: [_, h, w],
            channels,
        } = &self.input
        {
            for (plane, scale) in batch.chunks_exact_mut(h * w).zip(channels.iter().cycle()) {
                plane.iter_mut().for_each(|x| *x = scale.apply(*x));
            }
        }
    }

    /// What a raw zero becomes in each channel; empty for tables.
    pub fn black(&self) -> Vec<f32> {
        match &self.input {
            InputNormalization::Images { channels, .. } => {
                channels.iter().map(|scale| scale.apply(0.0)).collect()
            }
            InputNormalization::Table { .. } => Vec::new(),
        }
    }
}

fn fit_images(train: &Part, shape: [usize; 3]) -> InputNormalization {
    let [c, h, w] = shape;
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
    let channels = sums.iter().zip(&squares).map(scale).collect();
    InputNormalization::Images { shape, channels }
}

fn fit_table(
    train: &Part,
    columns: usize,
    is_category: impl Fn(usize) -> bool,
) -> InputNormalization {
    let mut cells = vec![0.0; columns * train.len()];
    for (position, row) in cells.chunks_exact_mut(columns).enumerate() {
        train.write_row(position, row);
    }
    let encode = |index: usize| {
        let column = cells.iter().skip(index).step_by(columns).copied();
        if is_category(index) {
            let codes: BTreeSet<u32> = column.filter(|v| *v >= 0.0).map(|v| v as u32).collect();
            Encoding::Category {
                codes: codes.into_iter().collect(),
            }
        } else {
            let missing_indicator = column.clone().any(f32::is_nan);
            Encoding::Number {
                scale: Scale::fit(column),
                missing_indicator,
            }
        }
    };
    InputNormalization::Table {
        columns: (0..columns).map(encode).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::{
        Column, ColumnKind, Dataset, Features, Images, Origin, PartName, SplitOptions, Table,
        Targets,
    };

    fn train(features: Features, targets: Targets, train: usize) -> Part {
        let origin = Origin {
            kind: "made".into(),
            path: None,
            licence: String::new(),
        };
        let mut given = vec![PartName::Train; train];
        given.resize(features.len() - 1, PartName::Valid);
        given.push(PartName::Test);
        let data = Dataset::new(features, targets, origin).with_given_parts(given);
        data.split(&SplitOptions::default())
            .expect("the parts are given")
            .0
            .train()
    }

    #[test]
    fn a_table_is_encoded_by_hand_computed_numbers() {
        let schema = vec![
            Column {
                name: "age".into(),
                kind: ColumnKind::Number,
            },
            Column {
                name: "size".into(),
                kind: ColumnKind::Number,
            },
            Column {
                name: "town".into(),
                kind: ColumnKind::Category {
                    names: ["Bonn", "Ulm", "Wien"].map(Into::into).into(),
                },
            },
        ];
        let nan = f32::NAN;
        let columns = vec![
            vec![1.0, 3.0, nan, 500.0, 500.0],
            vec![5.0, 5.0, 5.0, 900.0, 0.0],
            vec![2.0, 0.0, nan, 1.0, 1.0],
        ];
        let targets = Targets::Values {
            name: "y".into(),
            values: vec![1.0, 2.0, 6.0, 0.0, 0.0],
        };
        let part = train(Features::Table(Table::new(schema, columns)), targets, 3);
        let learnt = Normalization::fit(&part);
        // Age 1 and 3: mean 2, deviation 1. Size is constant. Ulm is not seen.
        assert_eq!(learnt.input_shape(), vec![5]);
        let mut out = Vec::new();
        learnt.transform(&[3.0, 5.0, 2.0, nan, 6.0, nan, 4.0, nan, 1.0], &mut out);
        let rows: Vec<&[f32]> = out.chunks_exact(5).collect();
        assert_eq!(rows[0], [1.0, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!(rows[1], [0.0, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!(rows[2], [2.0, 0.0, 0.0, 0.0, 0.0]);
        let target = learnt.target.expect("it is a regression");
        assert!((target.mean - 3.0).abs() < 1e-6);
        // Squared distances 4, 1 and 9 have the mean 14 / 3.
        assert!((target.std - (14.0_f32 / 3.0).sqrt()).abs() < 1e-6);
        assert!((target.invert(target.apply(6.0)) - 6.0).abs() < 1e-6);
    }

    #[test]
    fn images_are_scaled_by_channel_of_the_training_part() {
        let pixels = vec![0, 2, 10, 10, 4, 6, 10, 10, 255, 255, 0, 0, 255, 255, 0, 0];
        let images = Images::new(pixels, [2, 1, 2]);
        let targets = Targets::Classes {
            labels: vec![0, 1, 0, 1],
            names: vec!["a".into(), "b".into()],
        };
        let learnt = Normalization::fit(&train(Features::Images(images), targets, 2));
        let InputNormalization::Images { channels, shape } = &learnt.input else {
            panic!("images stay images");
        };
        // 0, 2, 4, 6: mean 3, variance 5; the second channel is constant.
        assert_eq!((channels[0].mean, *shape), (3.0, [2, 1, 2]));
        assert!((channels[0].std - 5.0_f32.sqrt()).abs() < 1e-6);
        assert_eq!(
            channels[1],
            Scale {
                mean: 10.0,
                std: 1.0
            }
        );
        assert_eq!(learnt.black(), vec![-3.0 / 5.0_f32.sqrt(), -10.0]);
        let mut out = vec![7.0];
        learnt.transform(&[3.0, 3.0, 11.0, 9.0], &mut out);
        assert_eq!(out, [7.0, 0.0, 0.0, 1.0, -1.0]);
    }

    #[test]
    fn it_survives_json() {
        let learnt = Normalization {
            input: InputNormalization::Table {
                columns: vec![
                    Encoding::Number {
                        scale: Scale {
                            mean: 0.1,
                            std: 3.0,
                        },
                        missing_indicator: true,
                    },
                    Encoding::Category { codes: vec![0, 7] },
                ],
            },
            target: Some(Scale::IDENTITY),
        };
        let json = serde_json::to_string(&learnt).expect("it is plain data");
        assert_eq!(
            serde_json::from_str::<Normalization>(&json).expect("it was just written"),
            learnt
        );
    }
}
