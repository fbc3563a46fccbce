//! What scores cost a search.

use crate::space::{Architecture, Space};
use crate::strategy::Scorer;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A scorer that counts the seconds of what it was asked for, each architecture
/// once.
#[derive(Debug)]
pub(super) struct Meter {
    scorer: Arc<dyn Scorer>,
    used: Mutex<Used>,
}

#[derive(Debug, Default)]
struct Used {
    known: BTreeMap<Architecture, Vec<f64>>,
    /// Seconds that nobody took yet.
    seconds: f64,
}

impl Meter {
    pub(super) fn new(scorer: Arc<dyn Scorer>) -> Self {
        Self {
            scorer,
            used: Mutex::default(),
        }
    }

    /// The seconds since the last time.
    pub(super) fn take(&self) -> f64 {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut used.seconds)
    }

    /// How many architectures were scored.
    pub(super) fn scored(&self) -> usize {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.known.len()
    }
}

impl Scorer for Meter {
    fn scores(&self, space: &Space, architecture: &Architecture) -> Vec<f64> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = used.known.get(architecture) {
            return known.clone();
        }
        used.seconds += self.scorer.seconds(space, architecture);
        let scores = self.scorer.scores(space, architecture);
        used.known.insert(architecture.clone(), scores.clone());
        scores
    }

    fn seconds(&self, space: &Space, architecture: &Architecture) -> f64 {
        self.scorer.seconds(space, architecture)
    }
}
