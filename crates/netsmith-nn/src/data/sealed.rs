//! What a search may see, and what only the final phase may open.

use std::fmt;
use std::sync::Arc;

use super::dataset::Dataset;
use super::modality::Modality;
use super::{Augmentation, Origin, Part, PartName};
use crate::task::Task;

/// The data of a search: a training and a validation part, and no way to the
/// test part.
///
/// It is cheap to clone: the samples are shared.
///
/// ```compile_fail
/// # fn search(data: netsmith_nn::data::SearchData) {
/// data.test(); // there is no such method
/// # }
/// ```
#[derive(Clone)]
pub struct SearchData {
    pub(super) data: Arc<Dataset>,
    pub(super) train: Arc<[u32]>,
    pub(super) valid: Arc<[u32]>,
    pub(super) fingerprint: Arc<str>,
}

/// The test part, closed until the search is over.
///
/// It tells how many samples it has and which rows of the source they are, for
/// the record; the samples themselves come out only when the final phase
/// [opens](Self::open) it, once: opening consumes it, and it cannot be cloned.
///
/// ```compile_fail
/// # fn evaluate(test: netsmith_nn::data::SealedTest) {
/// test.targets(); // a sealed test part shows no sample and no target
/// # }
/// ```
///
/// ```compile_fail
/// # use netsmith_nn::data::{FinalPhase, SealedTest};
/// # fn finish(test: SealedTest, phase: FinalPhase) {
/// test.open(&phase);
/// test.open(&phase); // it was opened already
/// # }
/// ```
pub struct SealedTest {
    pub(super) data: Arc<Dataset>,
    pub(super) rows: Arc<[u32]>,
}

/// The proof that the search is over, which opens a [`SealedTest`].
///
/// Only the final phase of a run makes one. Evaluators, strategies and
/// training take [`SearchData`] or a [`Part`] and never this.
#[derive(Debug)]
pub struct FinalPhase(());

impl FinalPhase {
    /// Declares that every decision of the search has been made: nothing that
    /// is seen from here on may change which network is chosen.
    pub fn begin_now_that_the_search_is_over() -> Self {
        Self(())
    }
}

impl SearchData {
    /// The part on which weights, and everything else, are learnt.
    pub fn train(&self) -> Part {
        Part::new(
            Arc::clone(&self.data),
            Arc::clone(&self.train),
            PartName::Train,
        )
    }

    /// The part on which architectures are compared.
    pub fn valid(&self) -> Part {
        Part::new(
            Arc::clone(&self.data),
            Arc::clone(&self.valid),
            PartName::Valid,
        )
    }

    /// What reads the targets, before it has learnt from them.
    pub fn task(&self) -> &Arc<dyn Task> {
        &self.data.targets.task
    }

    /// What reads the samples, before it has learnt from them.
    pub fn modality(&self) -> &Arc<dyn Modality> {
        &self.data.samples.modality
    }

    /// Where the data come from.
    pub fn origin(&self) -> &Origin {
        &self.data.origin
    }

    /// The augmentation that suits the data.
    pub fn augmentation(&self) -> Augmentation {
        self.data.augmentation
    }

    /// Remarks that the user should read, such as columns that were left out.
    pub fn notes(&self) -> &[String] {
        &self.data.notes
    }

    /// A hash (hexadecimal SHA-256) of the data and the way they were split:
    /// a study that goes on later compares it.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

impl SealedTest {
    /// The number of test samples.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no test sample.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The rows of the source that are test samples, ascending; see
    /// [`Part::indices`].
    pub fn indices(&self) -> &[u32] {
        &self.rows
    }

    /// Opens the test part, once, for the phase after the search.
    pub fn open(self, _phase: &FinalPhase) -> Part {
        Part::new(self.data, self.rows, PartName::Test)
    }
}

impl fmt::Debug for SearchData {
    /// Says how many samples there are, without printing them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SearchData")
            .field("train", &self.train.len())
            .field("valid", &self.valid.len())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SealedTest {
    /// Says how many samples there are, without printing them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealedTest")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
