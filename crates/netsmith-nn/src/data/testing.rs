//! Small data sets for tests.

use super::{Dataset, Origin, Part, PartName, Samples, SplitOptions, Targets};

/// Where made data come from.
pub(crate) fn origin() -> Origin {
    Origin {
        kind: "made".into(),
        path: None,
        licence: String::new(),
    }
}

/// The first `train` samples as the training part, the last as the test part.
pub(crate) fn train_part(samples: Samples, targets: Targets, train: usize) -> Part {
    let mut given = vec![PartName::Train; train];
    given.resize(samples.len() - 1, PartName::Valid);
    given.push(PartName::Test);
    let data = Dataset::new(samples, targets, origin()).with_given_parts(given);
    let split = data.split(&SplitOptions::default());
    split.expect("the parts are given").0.train()
}
