//! Columns: one kind of value for every sample, whatever it means.
//!
//! Pixels, the cells of a table, a series, the label of a sample, its boxes or a
//! teacher's logits are all columns, so splitting and batching know nothing else.

use sha2::{Digest, Sha256};
use std::ops::Range;

/// A value, or a run of values, for each of some samples.
///
/// # Example
/// ```
/// use netsmith_nn::data::Column;
///
/// let lengths = Column::ragged(vec![1.0, 2.0, 3.0], vec![1, 3]);
/// assert_eq!(lengths.len(), 2);
/// assert_eq!(lengths.gather(&[1]).reals(), [2.0, 3.0]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    values: Values,
    extent: Extent,
}

/// The values of all samples, one sample after the other.
#[derive(Clone, Debug, PartialEq)]
enum Values {
    Bytes(Vec<u8>),
    Reals(Vec<f32>),
    Indices(Vec<u32>),
}

/// Which values belong to a sample.
#[derive(Clone, Debug, PartialEq)]
enum Extent {
    /// As many for each.
    Fixed(usize),
    /// Those of sample `i` end at the `i`-th place.
    Ragged(Vec<usize>),
}

impl Column {
    /// `width` numbers from 0 to 255 for each sample.
    ///
    /// # Panics
    /// When `width` is zero or does not divide the number of values.
    pub fn bytes(values: Vec<u8>, width: usize) -> Self {
        Self::fixed(Values::Bytes(values), width)
    }

    /// `width` real numbers for each sample.
    ///
    /// # Panics
    /// As [`bytes`](Self::bytes).
    pub fn real(values: Vec<f32>, width: usize) -> Self {
        Self::fixed(Values::Reals(values), width)
    }

    /// `width` whole numbers for each sample, such as class numbers.
    ///
    /// # Panics
    /// As [`bytes`](Self::bytes).
    pub fn index(values: Vec<u32>, width: usize) -> Self {
        Self::fixed(Values::Indices(values), width)
    }

    /// Real numbers, those of sample `i` up to the place `ends[i]`.
    ///
    /// # Panics
    /// When the ends do not ascend to the number of values.
    pub fn ragged(values: Vec<f32>, ends: Vec<usize>) -> Self {
        assert!(
            ends.is_sorted() && ends.last().copied().unwrap_or(0) == values.len(),
            "the ends of the samples ascend to the number of values"
        );
        Self {
            values: Values::Reals(values),
            extent: Extent::Ragged(ends),
        }
    }

    fn fixed(values: Values, width: usize) -> Self {
        assert!(
            width > 0 && values.len().is_multiple_of(width),
            "a column has {width} values for each sample"
        );
        Self {
            values,
            extent: Extent::Fixed(width),
        }
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        match &self.extent {
            Extent::Fixed(width) => self.values.len() / width,
            Extent::Ragged(ends) => ends.len(),
        }
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of values of each sample; `None` where samples differ.
    pub fn width(&self) -> Option<usize> {
        match self.extent {
            Extent::Fixed(width) => Some(width),
            Extent::Ragged(_) => None,
        }
    }

    /// Where the values of a sample are.
    ///
    /// # Panics
    /// When there is no such sample.
    pub fn range(&self, row: usize) -> Range<usize> {
        assert!(row < self.len(), "sample {row} of {}", self.len());
        match &self.extent {
            Extent::Fixed(width) => row * width..(row + 1) * width,
            Extent::Ragged(ends) => row.checked_sub(1).map_or(0, |before| ends[before])..ends[row],
        }
    }

    /// All values, where they are bytes; empty otherwise.
    pub fn byte_values(&self) -> &[u8] {
        match &self.values {
            Values::Bytes(values) => values,
            Values::Reals(_) | Values::Indices(_) => &[],
        }
    }

    /// All values, where they are real numbers; empty otherwise.
    pub fn reals(&self) -> &[f32] {
        match &self.values {
            Values::Reals(values) => values,
            Values::Bytes(_) | Values::Indices(_) => &[],
        }
    }

    /// All values to be changed, where they are real numbers; empty otherwise.
    pub fn reals_mut(&mut self) -> &mut [f32] {
        match &mut self.values {
            Values::Reals(values) => values,
            Values::Bytes(_) | Values::Indices(_) => &mut [],
        }
    }

    /// All values, where they are whole numbers; empty otherwise.
    pub fn indices(&self) -> &[u32] {
        match &self.values {
            Values::Indices(values) => values,
            Values::Bytes(_) | Values::Reals(_) => &[],
        }
    }

    /// Writes a sample of bytes or real numbers as real numbers.
    ///
    /// # Panics
    /// When `out` has not the length of the sample.
    pub fn write(&self, row: usize, out: &mut [f32]) {
        let range = self.range(row);
        match &self.values {
            Values::Bytes(values) => {
                let from = &values[range];
                assert_eq!(out.len(), from.len(), "the buffer holds exactly one sample");
                for (to, from) in out.iter_mut().zip(from) {
                    *to = f32::from(*from);
                }
            }
            Values::Reals(values) => out.copy_from_slice(&values[range]),
            Values::Indices(values) => {
                for (to, from) in out.iter_mut().zip(&values[range]) {
                    *to = *from as f32;
                }
            }
        }
    }

    /// These samples, in this order.
    ///
    /// # Panics
    /// When there is no such sample.
    #[must_use]
    pub fn gather(&self, rows: &[u32]) -> Self {
        let ranges = rows.iter().map(|row| self.range(*row as usize));
        let extent = match &self.extent {
            Extent::Fixed(width) => Extent::Fixed(*width),
            Extent::Ragged(_) => {
                let ends = ranges.clone().scan(0, |end, range| {
                    *end += range.len();
                    Some(*end)
                });
                Extent::Ragged(ends.collect())
            }
        };
        let values = match &self.values {
            Values::Bytes(all) => Values::Bytes(gathered(all, ranges)),
            Values::Reals(all) => Values::Reals(gathered(all, ranges)),
            Values::Indices(all) => Values::Indices(gathered(all, ranges)),
        };
        Self { values, extent }
    }

    /// Adds all values to a hash, little-endian.
    pub(crate) fn hash(&self, hash: &mut Sha256) {
        match &self.values {
            Values::Bytes(values) => hash.update(values),
            Values::Reals(values) => values.iter().for_each(|v| hash.update(v.to_le_bytes())),
            Values::Indices(values) => values.iter().for_each(|v| hash.update(v.to_le_bytes())),
        }
        if let Extent::Ragged(ends) = &self.extent {
            ends.iter()
                .for_each(|end| hash.update((*end as u64).to_le_bytes()));
        }
    }
}

/// Adds a text to a hash, with its length, so that two texts are not their join.
pub(crate) fn hash_text(text: &str, hash: &mut Sha256) {
    hash.update((text.len() as u64).to_le_bytes());
    hash.update(text);
}

impl Values {
    fn len(&self) -> usize {
        match self {
            Self::Bytes(values) => values.len(),
            Self::Reals(values) => values.len(),
            Self::Indices(values) => values.len(),
        }
    }
}

fn gathered<T: Copy>(all: &[T], ranges: impl Iterator<Item = Range<usize>>) -> Vec<T> {
    ranges
        .flat_map(|range| all[range].iter().copied())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_out_in_the_order_that_was_asked_for() {
        let labels = Column::index(vec![4, 5, 6, 7], 2);
        assert_eq!(labels.gather(&[1, 0]).indices(), [6, 7, 4, 5]);
        let pixels = Column::bytes(vec![0, 1, 2, 255], 2);
        let mut out = [0.0; 2];
        pixels.write(1, &mut out);
        assert_eq!(out.to_vec(), [2.0, 255.0]);
    }

    #[test]
    fn ragged_samples_keep_their_lengths() {
        let series = Column::ragged(vec![1.0, 2.0, 3.0, 4.0], vec![3, 3, 4]);
        assert_eq!((series.len(), series.width()), (3, None));
        let both = series.gather(&[2, 0]);
        assert_eq!(both, Column::ragged(vec![4.0, 1.0, 2.0, 3.0], vec![1, 4]));
        assert_eq!(series.range(1), 3..3);
    }

    #[test]
    fn equal_columns_have_equal_hashes() {
        let hash = |column: &Column| {
            let mut hash = Sha256::new();
            column.hash(&mut hash);
            hash.finalize()
        };
        let series = Column::ragged(vec![1.0, 2.0], vec![1, 2]);
        assert_eq!(hash(&series), hash(&series.clone()));
        let other = Column::ragged(vec![1.0, 2.0], vec![0, 2]);
        assert_ne!(hash(&series), hash(&other));
    }
}
