//! What the samples look like before anything is learnt from them: raw pixels
//! and raw columns.

use serde::{Deserialize, Serialize};

/// The code of a category that the data did not have when the schema was
/// made: it equals no known code, so its one-hot encoding is all zeros.
pub const UNKNOWN_CATEGORY: f32 = -1.0;

/// The inputs of all samples of a data set.
#[derive(Clone, Debug, PartialEq)]
pub enum Features {
    /// Pictures of one size.
    Images(Images),
    /// Rows of numbers and categories.
    Table(Table),
}

/// Pictures of one size, as raw pixels 0 to 255 in one buffer.
///
/// # Shapes
/// `[samples, channels, height, width]`, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct Images {
    pixels: Vec<u8>,
    shape: [usize; 3],
}

/// Rows of numbers and categories, stored by column.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    schema: Vec<Column>,
    values: Vec<Vec<f32>>,
}

/// One input column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// The name in the header row.
    pub name: String,
    /// What its values mean.
    pub kind: ColumnKind,
}

/// What the values of a column mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnKind {
    /// A quantity; NaN is missing.
    Number,
    /// One of these names: value `i` stands for `names[i]`, NaN is missing and
    /// [`UNKNOWN_CATEGORY`] is a name that is not among them.
    Category {
        /// The names by code.
        names: Vec<String>,
    },
}

/// The form of one raw sample: all that is needed to read new data for the
/// same network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InputSchema {
    /// Pixels 0 to 255.
    Images {
        /// 1 for grey, 3 for red, green, blue.
        channels: usize,
        /// Pixels from top to bottom.
        height: usize,
        /// Pixels from left to right.
        width: usize,
    },
    /// A row of a table.
    Table {
        /// The input columns in the order in which a network takes them.
        columns: Vec<Column>,
    },
}

impl InputSchema {
    /// The shape of one raw sample: `[channels, height, width]` or `[columns]`.
    pub fn raw_shape(&self) -> Vec<usize> {
        match self {
            Self::Images {
                channels,
                height,
                width,
            } => vec![*channels, *height, *width],
            Self::Table { columns } => vec![columns.len()],
        }
    }
}

impl Features {
    /// The number of samples.
    pub fn len(&self) -> usize {
        match self {
            Self::Images(images) => images.len(),
            Self::Table(table) => table.len(),
        }
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The form of one sample.
    pub fn schema(&self) -> InputSchema {
        match self {
            Self::Images(images) => {
                let [channels, height, width] = images.shape;
                InputSchema::Images {
                    channels,
                    height,
                    width,
                }
            }
            Self::Table(table) => InputSchema::Table {
                columns: table.schema.clone(),
            },
        }
    }

    /// The shape of one raw sample: `[channels, height, width]` or `[columns]`.
    pub fn raw_shape(&self) -> Vec<usize> {
        match self {
            Self::Images(images) => images.shape.to_vec(),
            Self::Table(table) => vec![table.schema.len()],
        }
    }

    /// Writes sample `row` as raw values: pixels 0 to 255, columns unscaled,
    /// NaN where a cell is missing.
    ///
    /// # Panics
    /// When there is no such row or `out` has not the length of one sample.
    pub fn write_row(&self, row: usize, out: &mut [f32]) {
        match self {
            Self::Images(images) => {
                let pixels = images.row(row);
                assert_eq!(
                    out.len(),
                    pixels.len(),
                    "the buffer holds exactly one image"
                );
                for (to, from) in out.iter_mut().zip(pixels) {
                    *to = f32::from(*from);
                }
            }
            Self::Table(table) => {
                assert_eq!(
                    out.len(),
                    table.values.len(),
                    "the buffer holds exactly one table row"
                );
                for (to, column) in out.iter_mut().zip(&table.values) {
                    *to = column[row];
                }
            }
        }
    }
}

impl Images {
    /// Pictures from their pixels, each of shape `[channels, height, width]`.
    ///
    /// # Panics
    /// When the pixels are not a whole number of such pictures.
    pub fn new(pixels: Vec<u8>, shape: [usize; 3]) -> Self {
        let size: usize = shape.iter().product();
        assert!(
            size > 0 && pixels.len().is_multiple_of(size),
            "pixels are whole images"
        );
        Self { pixels, shape }
    }

    /// The number of pictures.
    pub fn len(&self) -> usize {
        self.pixels.len() / self.shape.iter().product::<usize>()
    }

    /// Whether there is no picture.
    pub fn is_empty(&self) -> bool {
        self.pixels.is_empty()
    }

    /// `[channels, height, width]` of each picture.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// All pixels, `[samples, channels, height, width]`.
    pub fn pixels(&self) -> &[u8] {
        &self.pixels
    }

    /// The pixels of one picture, `[channels, height, width]`.
    pub fn row(&self, row: usize) -> &[u8] {
        let size: usize = self.shape.iter().product();
        &self.pixels[row * size..(row + 1) * size]
    }
}

impl Table {
    /// A table from its columns: `values[i]` are the cells of `schema[i]`.
    ///
    /// # Panics
    /// When there are not as many columns as in the schema, there is none, or
    /// they differ in length.
    pub fn new(schema: Vec<Column>, values: Vec<Vec<f32>>) -> Self {
        assert_eq!(schema.len(), values.len(), "every column has its values");
        assert!(!values.is_empty(), "a table has a column");
        assert!(
            values.iter().all(|v| v.len() == values[0].len()),
            "columns are equally long"
        );
        Self { schema, values }
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.values[0].len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Names and kinds of the columns.
    pub fn schema(&self) -> &[Column] {
        &self.schema
    }

    /// The cells of one column from the first row to the last.
    pub fn column(&self, index: usize) -> &[f32] {
        &self.values[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_out_raw() {
        let images = Features::Images(Images::new(vec![0, 1, 2, 255, 4, 5, 6, 7], [1, 2, 2]));
        let mut out = [0.0; 4];
        images.write_row(0, &mut out);
        assert_eq!(out.to_vec(), vec![0.0, 1.0, 2.0, 255.0]);
        assert_eq!((images.len(), images.raw_shape()), (2, vec![1, 2, 2]));

        let schema = vec![
            Column {
                name: "age".into(),
                kind: ColumnKind::Number,
            },
            Column {
                name: "town".into(),
                kind: ColumnKind::Category {
                    names: vec!["Ulm".into()],
                },
            },
        ];
        let table = Features::Table(Table::new(
            schema,
            vec![vec![40.0, f32::NAN], vec![0.0, 0.0]],
        ));
        let mut out = [9.0; 2];
        table.write_row(1, &mut out);
        assert!(out[0].is_nan() && out[1] == 0.0);
        assert_eq!(table.schema().raw_shape(), vec![2]);
    }
}
