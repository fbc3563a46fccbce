//! The column that is predicted.

use super::super::cell::Notation;
use super::super::columns::Meaning;
use crate::data::Targets;
use crate::task::{Classification, Regression};
use std::collections::BTreeMap;

/// The targets of the rows that were read so far.
pub(super) struct TargetFiller {
    notation: Notation,
    filled: Filled,
}

enum Filled {
    Classes {
        names: Vec<String>,
        codes: BTreeMap<String, u32>,
        labels: Vec<u32>,
    },
    Values(Vec<f32>),
}

impl TargetFiller {
    pub(super) fn new(meaning: Meaning, notation: Notation) -> Self {
        let filled = match meaning {
            Meaning::Values => Filled::Values(Vec::new()),
            Meaning::Classes { names } => {
                let codes = names.iter().cloned().zip(0..).collect();
                Filled::Classes {
                    names,
                    codes,
                    labels: Vec::new(),
                }
            }
        };
        Self { notation, filled }
    }

    /// Adds the target of a row; none where it is missing.
    pub(super) fn push(&mut self, cell: &str) -> Option<()> {
        match &mut self.filled {
            Filled::Values(values) => values.push(self.notation.kept(cell)?),
            Filled::Classes { codes, labels, .. } => labels.push(*codes.get(cell)?),
        }
        Some(())
    }

    pub(super) fn finish(self, name: &str) -> Targets {
        match self.filled {
            Filled::Classes { names, labels, .. } => Classification::targets(labels, names),
            Filled::Values(values) => Regression::targets_less(name, values, self.notation.offset),
        }
    }
}
