//! What every exported file says about itself.

use super::TrainedNetwork;
use std::collections::BTreeMap;

/// Provenance, and what the task and the modality say of themselves: `task`,
/// `classes`, `target`, `columns` and the like.
pub(super) fn metadata(trained: &TrainedNetwork<'_>) -> BTreeMap<String, String> {
    let mut entries: BTreeMap<String, String> = trained.provenance.clone();
    entries.extend(trained.contract.task.metadata());
    entries.extend(trained.contract.modality.metadata());
    entries
}
