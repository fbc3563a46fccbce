//! Training-free scores that stand beside a table.

use super::TableError;
use super::read::{Source, malformed};
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
) -> Result<Vec<Arc<dyn Scorer>>, TableError> {
    let mut source = Source::open(path)?;
    let headers = source.headers()?;
    let position = |column: &'static str| headers.position(column);
    let index_at = position("index")?;
    let mut places = Vec::new();
    for set in columns.data {
        let at = |names: &[&'static str]| -> Result<Vec<(&'static str, usize)>, TableError> {
            let place = |name: &&'static str| Ok((*name, position(name)?));
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
    let mut record = csv::StringRecord::new();
    for expected in 0.. {
        let row = expected as u64 + 2;
        let more = source.reader.read_record(&mut record);
        if !more.map_err(|fault| malformed(path, row, fault))? {
            break;
        }
        let cell = |at: usize| record.get(at).unwrap_or("").trim();
        let fault = |column: &'static str, value: &str, rule: &str| TableError::Cell {
            path: path.into(),
            row,
            column,
            value: value.chars().take(120).collect(),
            rule: rule.to_owned(),
        };
        if cell(index_at).parse() != Ok(expected) {
            let rule = format!("must be {expected}, the rows of the table in order");
            return Err(fault("index", cell(index_at), &rule));
        }
        for ((score_places, second_places), (own, time)) in
            places.iter().zip(scores.iter_mut().zip(&mut seconds))
        {
            for ((name, at), column) in score_places.iter().zip(own) {
                let number = cell(*at).parse::<f64>().ok();
                let fits = number.filter(|n| *n < f64::INFINITY);
                let number = fits.ok_or_else(|| fault(name, cell(*at), "must be a number"))?;
                column.push(number.signum() * number.abs().ln_1p());
            }
            let mut sum = 0.0;
            for (name, at) in second_places {
                let number = cell(*at).parse::<f64>().ok();
                let fits = number.filter(|n| (0.0..1e9).contains(n));
                sum += fits.ok_or_else(|| fault(name, cell(*at), "must be seconds"))?;
            }
            time.push(sum);
        }
    }
    let found = seconds.first().map_or(0, Vec::len);
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
        .map(|(scores, seconds)| -> Arc<dyn Scorer> {
            Arc::new(TableScorer {
                rows: Arc::clone(rows),
                scores: scores.into(),
                seconds: seconds.into(),
            })
        })
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
