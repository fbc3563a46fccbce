//! What people use on tables instead of a network.

use super::{ColumnKind, Table};
use crate::data::Column;
use crate::rival::boosting::Kind;
use crate::rival::{Entry, Problem, tabular};
use netsmith::random::Seed;

/// The rivals of networks on tables.
pub(super) const RIVALS: &[Entry] = &[
    Entry::new(
        "gradient-boosted trees",
        "Trees of 31 leaves, as many as a held-out share asks for.",
        boosted_trees,
    )
    .paper("Friedman 2001; Ke et al. 2017 (LightGBM)"),
    Entry::new(
        "linear",
        "Logistic or ridge regression at its minimum, the penalty chosen on held-out rows.",
        tabular::linear,
    ),
    Entry::new(
        "nearest neighbours",
        "The mean of the nearest rows, their number chosen on held-out rows.",
        tabular::nearest,
    ),
];

fn boosted_trees(problem: &Problem<'_>, seed: &Seed) -> Vec<Column> {
    let kinds = kinds(problem);
    tabular::boosted_trees(problem, &kinds, seed)
}

/// What the cells of each column mean.
fn kinds(problem: &Problem<'_>) -> Vec<Kind> {
    let record = problem.train.modality().record();
    let table: Table =
        serde_json::from_value(record).expect("rows are a table's — this is a bug in netsmith");
    let columns = table.schema.iter().map(|column| match column.kind {
        ColumnKind::Number => Kind::Number,
        ColumnKind::Category { .. } => Kind::Category,
    });
    columns.collect()
}
