//! Samples that stand several times in a data set, exactly as they were decoded.
//!
//! Where equal samples fall into several parts, a network that remembers the training
//! part is right on the test part too, and its result says nothing of new samples.

use super::dataset::Dataset;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher};

/// With fewer different samples equal ones are no copies but all that there is, as in a
/// table of a few categories, and cannot be kept together.
pub(super) const FEWEST: usize = 20;

/// For each sample the first one that it equals.
#[derive(Debug)]
pub(super) struct Equal {
    first: Vec<u32>,
}

impl Equal {
    pub(super) fn of(data: &Dataset) -> Self {
        let size: usize = data.samples.raw_shape().iter().product();
        let read = |row: u32, out: &mut Vec<f32>| {
            data.samples.write_row(row as usize, out);
            // Zeros of both signs are equal, and so are all missing values.
            out.iter_mut().for_each(|value| {
                *value = if value.is_nan() {
                    f32::NAN
                } else {
                    *value + 0.0
                };
            });
        };
        let hashes: Vec<u64> = (0..data.len() as u32)
            .into_par_iter()
            .map_init(
                || vec![0.0; size],
                |values, row| {
                    read(row, values);
                    let mut hash = DefaultHasher::new();
                    values
                        .iter()
                        .for_each(|value| hash.write_u32(value.to_bits()));
                    hash.finish()
                },
            )
            .collect();
        let mut by_hash: BTreeMap<u64, Vec<u32>> = BTreeMap::new();
        let (mut one, mut other) = (vec![0.0; size], vec![0.0; size]);
        let mut equal = |a: u32, b: u32| {
            read(a, &mut one);
            read(b, &mut other);
            one.iter()
                .zip(&other)
                .all(|(a, b)| a.to_bits() == b.to_bits())
        };
        let mut first = Vec::with_capacity(hashes.len());
        for (hash, row) in hashes.iter().zip(0..) {
            let firsts = by_hash.entry(*hash).or_default();
            match firsts.iter().find(|earlier| equal(**earlier, row)) {
                Some(earlier) => first.push(*earlier),
                None => {
                    firsts.push(row);
                    first.push(row);
                }
            }
        }
        Self { first }
    }

    /// For each sample the number of those that are equal to it.
    pub(super) fn firsts(&self) -> &[u32] {
        &self.first
    }

    /// How many samples are different.
    pub(super) fn different(&self) -> usize {
        self.first
            .iter()
            .zip(0..)
            .filter(|(first, row)| **first == *row)
            .count()
    }

    /// Whether every sample stands once.
    pub(super) fn are_none(&self) -> bool {
        self.different() == self.first.len()
    }

    /// How many of `rows` stand among the `others` too.
    pub(super) fn shared(&self, rows: &[u32], others: &[&[u32]]) -> usize {
        let others = others.iter().copied().flatten();
        let known: BTreeSet<u32> = others.map(|row| self.first[*row as usize]).collect();
        let of = |row: &&u32| known.contains(&self.first[**row as usize]);
        rows.iter().filter(of).count()
    }

    /// How many samples have another target than the first one that they equal.
    pub(super) fn conflicts(&self, data: &Dataset) -> usize {
        let pairs = self
            .first
            .iter()
            .zip(0..)
            .filter(|(first, row)| **first != *row);
        let differ = |(first, row): &(&u32, u32)| {
            let mut columns = data.targets.columns.iter();
            columns.any(|column| column.gather(&[**first]) != column.gather(&[*row]))
        };
        pairs.filter(differ).count()
    }

    /// Groups that divide neither equal samples nor the groups that are given.
    pub(super) fn joined(&self, groups: &[u32]) -> Vec<u32> {
        fn root(of: &mut [u32], mut row: u32) -> u32 {
            while of[row as usize] != row {
                of[row as usize] = of[of[row as usize] as usize];
                row = of[row as usize];
            }
            row
        }
        let mut parents: Vec<u32> = (0..self.first.len() as u32).collect();
        let mut leaders: BTreeMap<u32, u32> = BTreeMap::new();
        for (row, (first, group)) in (0..).zip(self.first.iter().zip(groups)) {
            let leader = *leaders.entry(*group).or_insert(row);
            for other in [*first, leader] {
                let (a, b) = (root(&mut parents, row), root(&mut parents, other));
                parents[a.max(b) as usize] = a.min(b);
            }
        }
        (0..self.first.len() as u32)
            .map(|row| root(&mut parents, row))
            .collect()
    }
}
