//! The column that is predicted.

use super::super::columns::{Content, Meaning, number};
use crate::data::Targets;
use crate::task::{Classification, Regression};
use std::collections::BTreeMap;

/// The targets of the rows that were read so far.
pub(super) enum TargetFiller {
    Classes {
        names: Vec<String>,
        numeric: bool,
        codes: BTreeMap<String, u32>,
        labels: Vec<u32>,
    },
    Values(Vec<f32>),
}

impl TargetFiller {
    pub(super) fn new(meaning: Meaning) -> Self {
        match meaning {
            Meaning::Values => Self::Values(Vec::new()),
            Meaning::Classes { names, numeric } => {
                let codes = names.iter().cloned().zip(0..).collect();
                Self::Classes {
                    names,
                    numeric,
                    codes,
                    labels: Vec::new(),
                }
            }
        }
    }

    /// Adds the target of a row; none where it is missing.
    pub(super) fn push(&mut self, cell: &str) -> Option<()> {
        match self {
            Self::Values(values) => values.push(number(cell)?),
            Self::Classes {
                numeric,
                codes,
                labels,
                ..
            } => {
                let name = Content::class_name(cell, *numeric)?;
                labels.push(*codes.get(&name)?);
            }
        }
        Some(())
    }

    pub(super) fn finish(self, name: &str) -> Targets {
        match self {
            Self::Classes { names, labels, .. } => Classification::targets(labels, names),
            Self::Values(values) => Regression::targets(name, values),
        }
    }
}
