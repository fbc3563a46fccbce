//! What becomes of one column of a table.
//!
//! ```text
//! number    (x - mean of its column) / standard deviation of its column,
//!           0 where missing; where cells were missing in training, a second
//!           value: 1 if missing, else 0
//! category  one value for each category of the training part: 1 if it is the
//!           cell's, else 0; all 0 where missing or unknown
//! ```

use crate::data::Scale;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

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

impl Encoding {
    /// The encoding of a number that is taken as it is.
    pub(super) const RAW: Self = Self::Number {
        scale: Scale::IDENTITY,
        missing_indicator: false,
    };

    /// Learns from the cells of a column of the training part.
    pub(super) fn fit(is_category: bool, cells: impl Iterator<Item = f32> + Clone) -> Self {
        if is_category {
            let codes: BTreeSet<u32> = cells.filter(|v| *v >= 0.0).map(|v| v as u32).collect();
            Self::Category {
                codes: codes.into_iter().collect(),
            }
        } else {
            Self::Number {
                missing_indicator: cells.clone().any(f32::is_nan),
                scale: Scale::fit(cells),
            }
        }
    }

    /// How many input values the column becomes.
    pub fn width(&self) -> usize {
        match self {
            Self::Number {
                missing_indicator, ..
            } => 1 + usize::from(*missing_indicator),
            Self::Category { codes } => codes.len(),
        }
    }

    pub(super) fn write(&self, value: f32, out: &mut Vec<f32>) {
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
