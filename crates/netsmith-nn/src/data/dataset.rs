//! A data set in memory, before it is split.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Augmentation, Samples, Targets};

/// All samples of a data set, test samples too.
///
/// It is not [`Clone`]: [`split`](Self::split) consumes it, and from then on
/// nothing but a [`SealedTest`](super::SealedTest) leads to the test samples.
#[derive(Debug)]
pub struct Dataset {
    pub(super) samples: Samples,
    pub(super) targets: Targets,
    pub(super) origin: Origin,
    pub(super) given: Option<Vec<PartName>>,
    pub(super) groups: Option<Vec<u32>>,
    pub(super) row_names: Option<Vec<String>>,
    pub(super) augmentation: Augmentation,
    pub(super) notes: Vec<String>,
}

/// Where a data set comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The kind of data, as `--data` names it.
    pub kind: String,
    /// The file or folder that was read; none for bundled data.
    pub path: Option<PathBuf>,
    /// Licence and source in one line; empty for data of the user's own.
    pub licence: String,
}

/// A part of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PartName {
    /// Weights are learnt on it.
    Train,
    /// Architectures are compared on it.
    Valid,
    /// The final network is judged on it, once.
    Test,
}

impl PartName {
    /// `train`, `valid` or `test`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Valid => "valid",
            Self::Test => "test",
        }
    }
}

impl std::fmt::Display for PartName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl Dataset {
    /// A data set without given parts, groups, row names and augmentation.
    ///
    /// # Panics
    /// When a column has not one entry for each sample.
    pub fn new(samples: Samples, targets: Targets, origin: Origin) -> Self {
        let columns = samples.columns.iter().chain(&targets.columns);
        for column in columns {
            assert_eq!(column.len(), samples.len(), "every sample has its target");
        }
        Self {
            samples,
            targets,
            origin,
            given: None,
            groups: None,
            row_names: None,
            augmentation: Augmentation::NONE,
            notes: Vec::new(),
        }
    }

    /// The same with the part that each sample was published in.
    ///
    /// # Panics
    /// When there is not one for each sample.
    pub fn with_given_parts(mut self, given: Vec<PartName>) -> Self {
        assert_eq!(given.len(), self.len(), "every sample has its part");
        self.given = Some(given);
        self
    }

    /// The same with a group for each sample: a split never divides a group.
    ///
    /// # Panics
    /// When there is not one for each sample.
    pub fn with_groups(mut self, groups: Vec<u32>) -> Self {
        assert_eq!(groups.len(), self.len(), "every sample has its group");
        self.groups = Some(groups);
        self
    }

    /// The same with a name for each sample, such as its file.
    ///
    /// # Panics
    /// When there is not one for each sample.
    pub fn with_row_names(mut self, names: Vec<String>) -> Self {
        assert_eq!(names.len(), self.len(), "every sample has its name");
        self.row_names = Some(names);
        self
    }

    /// The same with the augmentation that suits it.
    pub fn with_augmentation(mut self, augmentation: Augmentation) -> Self {
        self.augmentation = augmentation;
        self
    }

    /// The same with remarks that its user should read.
    pub fn with_notes(mut self, notes: Vec<String>) -> Self {
        self.notes.extend(notes);
        self
    }

    /// The number of samples.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// Whether there is no sample.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// The raw samples.
    pub fn samples(&self) -> &Samples {
        &self.samples
    }

    /// What is to be predicted.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }

    /// Where it comes from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The part that each sample was published in, where the source says.
    pub fn given_parts(&self) -> Option<&[PartName]> {
        self.given.as_deref()
    }

    /// The group of each sample, where the source says.
    pub fn groups(&self) -> Option<&[u32]> {
        self.groups.as_deref()
    }

    /// The augmentation that suits it.
    pub fn augmentation(&self) -> Augmentation {
        self.augmentation
    }

    /// Remarks that its user should read, such as columns that were left out.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// A hash (hexadecimal SHA-256) of all samples, targets, given parts and
    /// groups: equal data have an equal one wherever they lie.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        let (samples, targets) = (&self.samples, &self.targets);
        samples.modality.hash(&samples.columns, &mut hash);
        targets.task.hash(&targets.columns, &mut hash);
        for part in self.given.iter().flatten() {
            hash.update([*part as u8]);
        }
        for group in self.groups.iter().flatten() {
            hash.update(group.to_le_bytes());
        }
        hash.finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}
