//! Counts of true and predicted classes, which several metrics read.

use super::Judged;
use crate::train::largest;
use std::collections::BTreeMap;

/// How often each class was predicted for each.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Confusion {
    /// By true and predicted class.
    cells: BTreeMap<(u32, u32), f64>,
}

impl Confusion {
    pub(super) fn add(&mut self, judged: &Judged) {
        let classes = judged.predictions.width().unwrap_or(1);
        let rows = judged.predictions.reals().chunks_exact(classes);
        for (row, truth) in rows.zip(judged.truth.indices()) {
            let predicted = largest(row) as u32;
            *self.cells.entry((*truth, predicted)).or_default() += 1.0;
        }
    }

    /// The number of samples.
    pub(super) fn count(&self) -> f64 {
        self.cells.values().sum()
    }

    /// Of each class that occurs or is predicted: how often it is right, occurs and is
    /// predicted; by class number.
    pub(super) fn classes(&self) -> Vec<ClassCounts> {
        let mut classes: BTreeMap<u32, ClassCounts> = BTreeMap::new();
        for ((truth, predicted), count) in &self.cells {
            classes.entry(*truth).or_default().occurs += count;
            classes.entry(*predicted).or_default().predicted += count;
            if truth == predicted {
                classes.entry(*truth).or_default().right += count;
            }
        }
        classes.into_values().collect()
    }

    /// The jackknife's standard error of a function of the counts: what leaving out one
    /// sample changes, all samples of a cell alike (Efron and Stein 1981).
    pub(super) fn jackknife(&self, of: impl Fn(&Self) -> f64) -> Option<f64> {
        let count = self.count();
        if count < 2.0 {
            return None;
        }
        let mut without = Vec::new();
        for (cell, weight) in &self.cells {
            let mut less = self.clone();
            let left = less.cells.entry(*cell).or_default();
            *left -= 1.0;
            less.cells.retain(|_, count| *count > 0.0);
            without.push((*weight, of(&less)));
        }
        let mean = without.iter().map(|(w, v)| w * v).sum::<f64>() / count;
        let squares: f64 = without.iter().map(|(w, v)| w * (v - mean).powi(2)).sum();
        Some((squares * (count - 1.0) / count).sqrt())
    }
}

/// Counts of one class.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct ClassCounts {
    pub(super) right: f64,
    pub(super) occurs: f64,
    pub(super) predicted: f64,
}

/// The mean; NaN of none.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (count, sum) = values.fold((0.0, 0.0), |(count, sum), v| (count + 1.0, sum + v));
    sum / count
}
