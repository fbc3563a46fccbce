//! Cells as one of a few bins.

use std::collections::BTreeMap;

/// Bins of a feature, that of missing cells among them.
pub(super) const BINS: usize = 256;

/// The bin of missing cells, and of categories that are unknown or too many.
pub(super) const MISSING: u8 = 255;

/// Cells that the borders of bins are chosen by; of more, an even share.
const LOOKED_AT: usize = 200_000;

/// What the values of a feature mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Quantities; NaN is missing.
    Number,
    /// Codes, whole numbers from 0 without an order; NaN is missing, a negative one unknown.
    Category,
}

/// Rows of cells, `[rows, features]`.
#[derive(Clone, Copy, Debug)]
pub struct Cells<'a> {
    /// The cells, row by row.
    pub values: &'a [f32],
    /// What each feature means.
    pub kinds: &'a [Kind],
}

impl Cells<'_> {
    /// The number of rows.
    pub(super) fn rows(&self) -> usize {
        self.values.len() / self.kinds.len().max(1)
    }

    fn feature(&self, feature: usize) -> impl Iterator<Item = f32> + Clone {
        let cells = self.values.iter().skip(feature);
        cells.step_by(self.kinds.len()).copied()
    }
}

/// How the cells of one feature fall into bins.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Bins {
    /// Bin `i` ends with the `i`-th cut.
    Number(Vec<f32>),
    /// Bin `i` is the `i`-th code; they ascend.
    Category(Vec<u32>),
}

impl Bins {
    /// The bins of each feature.
    pub(super) fn all(cells: &Cells<'_>) -> Vec<Self> {
        let features = cells.kinds.iter().enumerate();
        let bins = features.map(|(feature, kind)| match kind {
            Kind::Number => Self::Number(cuts(cells.feature(feature), cells.rows())),
            Kind::Category => Self::Category(codes(cells.feature(feature))),
        });
        bins.collect()
    }

    fn bin(&self, cell: f32) -> u8 {
        if cell.is_nan() {
            return MISSING;
        }
        match self {
            Self::Number(cuts) => cuts.partition_point(|cut| *cut < cell) as u8,
            Self::Category(_) if cell < 0.0 => MISSING,
            Self::Category(codes) => {
                let place = codes.binary_search(&(cell as u32));
                place.map_or(MISSING, |place| place as u8)
            }
        }
    }

    /// The cells as bins, by feature.
    pub(super) fn apply(all: &[Self], cells: &Cells<'_>) -> Vec<Vec<u8>> {
        let features = all.iter().enumerate();
        features
            .map(|(feature, bins)| {
                let cells = cells.feature(feature);
                cells.map(|cell| bins.bin(cell)).collect()
            })
            .collect()
    }
}

/// Between neighbouring values; where these are too many, so that bins hold about as many
/// cells each.
fn cuts(cells: impl Iterator<Item = f32>, rows: usize) -> Vec<f32> {
    let step = rows.div_ceil(LOOKED_AT).max(1);
    let mut values: Vec<f32> = cells.step_by(step).filter(|cell| !cell.is_nan()).collect();
    values.sort_unstable_by(f32::total_cmp);
    let mut steps = vec![];
    for (place, pair) in values.windows(2).enumerate() {
        if pair[0] < pair[1] {
            steps.push((place + 1, between(pair[0], pair[1])));
        }
    }
    let most = BINS - 2;
    if steps.len() <= most {
        return steps.into_iter().map(|(_, cut)| cut).collect();
    }
    shared(&steps, values.len(), most)
}

/// Of these borders, each with the number of values below it, at most `most`: a value as
/// frequent as a bin is one, and the others share what is left, as in LightGBM.
fn shared(steps: &[(usize, f32)], total: usize, most: usize) -> Vec<f32> {
    let ends = steps.iter().map(|(end, _)| *end);
    let begins = std::iter::once(0).chain(ends.clone());
    let ends = ends.chain([total]);
    let counts: Vec<usize> = ends.zip(begins).map(|(end, begin)| end - begin).collect();
    let bins = most + 1;
    let is_frequent = |count: usize| count * bins >= total;
    let (frequent, rest): (Vec<usize>, Vec<usize>) =
        counts.iter().partition(|count| is_frequent(**count));
    let (mut rest, mut rest_bins) = (rest.iter().sum::<usize>(), bins - frequent.len());
    let mut due = rest as f64 / rest_bins as f64;
    let mut cuts = Vec::with_capacity(most);
    let mut filled = 0;
    for (pair, (_, cut)) in counts.windows(2).zip(steps) {
        filled += pair[0];
        let is_alone = is_frequent(pair[0]);
        if !is_alone {
            rest -= pair[0];
        }
        let is_full = filled as f64 >= due || is_frequent(pair[1]) && filled as f64 >= due / 2.0;
        if (is_alone || is_full) && cuts.len() < most {
            cuts.push(*cut);
            filled = 0;
            if !is_alone {
                rest_bins = (rest_bins - 1).max(1);
                due = rest as f64 / rest_bins as f64;
            }
        }
    }
    cuts
}

/// A number that is not below `low` and is below `high`.
fn between(low: f32, high: f32) -> f32 {
    let middle = ((f64::from(low) + f64::from(high)) / 2.0) as f32;
    if low <= middle && middle < high {
        middle
    } else {
        low
    }
}

/// The most frequent codes, ascending.
fn codes(cells: impl Iterator<Item = f32>) -> Vec<u32> {
    let mut counts: BTreeMap<u32, usize> = BTreeMap::new();
    for cell in cells.filter(|cell| *cell >= 0.0) {
        *counts.entry(cell as u32).or_default() += 1;
    }
    let mut ranked: Vec<(u32, usize)> = counts.into_iter().collect();
    ranked.sort_by_key(|(_, count)| usize::MAX - count);
    ranked.truncate(BINS - 1);
    let mut codes: Vec<u32> = ranked.into_iter().map(|(code, _)| code).collect();
    codes.sort_unstable();
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: Kind, cells: &[f32], other: f32, expected: &[u8], of_other: u8) {
        let kinds = [kind];
        let bins = Bins::all(&Cells {
            values: cells,
            kinds: &kinds,
        });
        let binned: Vec<u8> = cells.iter().map(|cell| bins[0].bin(*cell)).collect();
        assert_eq!(binned, expected);
        assert_eq!(bins[0].bin(other), of_other);
    }

    #[test]
    fn cells_fall_into_bins() {
        let no = f32::NAN;
        check(Kind::Number, &[3.0, no, 1.0, 1.0], 1.9, &[1, 255, 0, 0], 0);
        check(Kind::Number, &[3.0, no, 1.0, 1.0], 2.1, &[1, 255, 0, 0], 1);
        let endless = f32::INFINITY;
        check(Kind::Number, &[-endless, 0.0, endless], 9e9, &[0, 1, 2], 2);
        check(
            Kind::Category,
            &[7.0, no, 2.0, -1.0],
            5.0,
            &[1, 255, 0, 255],
            255,
        );
        check(Kind::Number, &[no, no], 1.0, &[255, 255], 0);
    }

    #[test]
    fn many_values_share_bins_and_frequent_ones_keep_theirs() {
        let mut values: Vec<f32> = (0..10_000).map(|value| value as f32).collect();
        values.extend([20_000.0; 10_000]);
        let cuts = cuts(values.iter().copied(), values.len());
        assert!((200..=BINS - 2).contains(&cuts.len()), "{}", cuts.len());
        let last = cuts.last().copied().unwrap_or(0.0);
        assert!(last > 9_000.0, "{last}");
        let many: Vec<f32> = (0..1_000).map(|code| code as f32).chain([999.0]).collect();
        let codes = codes(many.into_iter());
        assert_eq!(codes.len(), BINS - 1);
        assert_eq!(codes.last(), Some(&999));
    }
}
