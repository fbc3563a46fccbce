//! Training-free scores that stand beside a table.

use super::TableError;
use super::read::Source;
use crate::space::{Architecture, Space};
use crate::strategy::Scorer;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// Where the training-free scores of a table's rows are.
#[derive(Clone, Copy, Debug)]
pub struct ScoreColumns {
    /// Their file inside the data folder; a table without it has none. Its
    /// column `index` has the number of the row in the table, from 0.
    pub file: &'static str,
    /// By data set.
    pub data: &'static [DataScores],
}

/// The columns for one data set.
#[derive(Clone, Copy, Debug)]
pub struct DataScores {
    /// Of each, more should be better. Minus infinity is allowed, and counts
    /// as the least that is finite.
    pub scores: &'static [&'static str],
    /// Seconds that they took, to be added.
    pub seconds: &'static [&'static str],
}

/// The training-free scores of a table on one data set.
///
/// Where scores and seconds are far apart in size, so are networks: a score is
/// given as the logarithm of one more than its amount, with its sign.
#[derive(Clone, Debug)]
pub(super) struct TableScorer {
    rows: Arc<HashMap<Architecture, u32>>,
    scores: Arc<[Vec<f64>]>,
    seconds: Arc<[f64]>,
}

impl TableScorer {
    /// The scores and seconds of these rows.
    pub(super) fn new(
        rows: &Arc<HashMap<Architecture, u32>>,
        scores: Vec<Vec<f64>>,
        seconds: Vec<f64>,
    ) -> Arc<Self> {
        Arc::new(Self {
            rows: Arc::clone(rows),
            scores: scores.into(),
            seconds: seconds.into(),
        })
    }

    /// The columns of scores, and that of seconds.
    pub(super) fn columns(&self) -> (&[Vec<f64>], &[f64]) {
        (&self.scores, &self.seconds)
    }
}

impl Scorer for TableScorer {
    /// An architecture that the table lacks has zeros.
    fn scores(&self, _space: &Space, architecture: &Architecture) -> Vec<f64> {
        let row = self.rows.get(architecture);
        let value = |own: &Vec<f64>| row.map_or(0.0, |&row| own[row as usize]);
        self.scores.iter().map(value).collect()
    }

    fn seconds(&self, _space: &Space, architecture: &Architecture) -> f64 {
        let row = self.rows.get(architecture);
        row.map_or(0.0, |&row| self.seconds[row as usize])
    }
}

/// Reads the scores of a table's rows, for each of its data sets.
///
/// # Errors
/// Those of [`TableError`].
pub(super) fn read(
    path: &Path,
    columns: &ScoreColumns,
    rows: &Arc<HashMap<Architecture, u32>>,
) -> Result<Vec<Arc<TableScorer>>, TableError> {
    let mut source = Source::open(path)?;
    let index_at = source.position("index")?;
    let mut places = Vec::new();
    for set in columns.data {
        let at = |names: &[&'static str]| -> Result<Vec<(&'static str, usize)>, TableError> {
            let place = |name: &&'static str| Ok((*name, source.position(name)?));
            names.iter().map(place).collect()
        };
        places.push((at(set.scores)?, at(set.seconds)?));
    }
    let mut scores: Vec<Vec<Vec<f64>>> = Vec::new();
    let mut seconds: Vec<Vec<f64>> = Vec::new();
    for (own, _) in &places {
        scores.push(vec![Vec::new(); own.len()]);
        seconds.push(Vec::new());
    }
    let found = source.each(|record| {
        record.check_index(index_at)?;
        for ((score_places, second_places), (own, time)) in
            places.iter().zip(scores.iter_mut().zip(&mut seconds))
        {
            for ((name, at), column) in score_places.iter().zip(own) {
                let fits = |own: f64| own < f64::INFINITY;
                let number = record.number(name, *at, fits, || "must be a number".to_owned())?;
                column.push(number.signum() * number.abs().ln_1p());
            }
            let mut sum = 0.0;
            for (name, at) in second_places {
                let fits = |own: f64| (0.0..1e9).contains(&own);
                sum += record.number(name, *at, fits, || "must be seconds".to_owned())?;
            }
            time.push(sum);
        }
        Ok(())
    })?;
    if found != rows.len() {
        return Err(TableError::Rows {
            path: path.into(),
            found,
            wanted: rows.len(),
        });
    }
    scores.iter_mut().flatten().for_each(|own| raise(own));
    let pairs = scores.into_iter().zip(seconds);
    Ok(pairs
        .map(|(scores, seconds)| TableScorer::new(rows, scores, seconds))
        .collect())
}

/// Makes infinities the least number of a column that is finite.
fn raise(column: &mut [f64]) {
    let finite = column.iter().copied().filter(|value| value.is_finite());
    let least = finite.reduce(f64::min).unwrap_or(0.0);
    let infinite = column.iter_mut().filter(|value| !value.is_finite());
    infinite.for_each(|value| *value = least);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn infinities_count_as_the_least() {
        let mut column = [3.0, f64::NEG_INFINITY, -2.0];
        raise(&mut column);
        let near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-12;
        assert!(column.iter().zip(&[3.0, -2.0, -2.0]).all(near));
    }
}
