//! What every exported file says about itself.

use std::collections::BTreeMap;

use serde_json::json;

use super::TrainedNetwork;
use crate::data::{ColumnKind, InputSchema, Task};

/// Provenance, and under names of their own:
///
/// - `task`: `classification` or `regression`;
/// - `classes`: a JSON array of the class names, by number;
/// - `target`: the name of what a regression predicts;
/// - `columns`: a JSON array of a table's columns, each `{"name", "kind":
///   "number"}` or `{"name", "kind": "category", "codes": {NAME: CODE}}`.
pub(super) fn metadata(trained: &TrainedNetwork<'_>) -> BTreeMap<String, String> {
    let mut entries: BTreeMap<String, String> = trained.provenance.clone();
    let mut say = |key: &str, value: String| entries.insert(key.to_owned(), value);
    match trained.task {
        Task::Classification { classes } => {
            say("task", "classification".to_owned());
            say("classes", json!(classes).to_string());
        }
        Task::Regression { target } => {
            say("task", "regression".to_owned());
            say("target", target.clone());
        }
    }
    if let InputSchema::Table { columns } = trained.schema {
        let columns = columns.iter().map(|column| match &column.kind {
            ColumnKind::Number => json!({"name": column.name, "kind": "number"}),
            ColumnKind::Category { names } => {
                let codes: BTreeMap<&String, usize> = names
                    .iter()
                    .enumerate()
                    .map(|(code, name)| (name, code))
                    .collect();
                json!({"name": column.name, "kind": "category", "codes": codes})
            }
        });
        say("columns", json!(columns.collect::<Vec<_>>()).to_string());
    }
    entries
}
