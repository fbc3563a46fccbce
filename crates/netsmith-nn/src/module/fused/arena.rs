//! Buffers that are used again, or that are only counted.

use netsmith_kernels::{Buffer, Lane};
use std::collections::BTreeMap;

/// A buffer of some lanes; where a pass only plans, the number of its lanes.
#[derive(Debug)]
pub(in crate::module) struct Slot {
    size: usize,
    lanes: Option<Buffer>,
}

impl Slot {
    /// How many lanes it has.
    pub(in crate::module) fn len(&self) -> usize {
        self.size
    }

    /// Its lanes.
    ///
    /// # Panics
    /// It is only counted: lanes are read within [`edit`](Self::edit) alone.
    pub(in crate::module) fn lanes(&self) -> &[Lane] {
        let lanes = self.lanes.as_deref();
        lanes.expect("what is only counted is not read — this is a bug in netsmith")
    }

    /// Lets `write` fill its lanes; nothing is called where it is only counted.
    pub(in crate::module) fn edit(&mut self, write: impl FnOnce(&mut [Lane])) {
        if let Some(lanes) = &mut self.lanes {
            write(lanes);
        }
    }
}

/// Buffers that no node needs at the moment, by size.
///
/// After the first step all buffers come from here: nothing is allocated and
/// nothing is cleared. An arena that only counts makes buffers without memory,
/// so that the same pass tells how much it would take.
#[derive(Debug)]
pub(in crate::module) struct Arena {
    free: BTreeMap<usize, Vec<Slot>>,
    counts_only: bool,
    /// Lanes of all buffers, those in use too.
    lanes: u64,
}

impl Arena {
    /// An arena of buffers in memory.
    pub(super) fn of_buffers() -> Self {
        Self {
            free: BTreeMap::new(),
            counts_only: false,
            lanes: 0,
        }
    }

    /// An arena that only counts.
    pub(super) fn of_counts() -> Self {
        Self {
            counts_only: true,
            ..Self::of_buffers()
        }
    }

    /// Whether its buffers have no memory.
    pub(super) fn counts_only(&self) -> bool {
        self.counts_only
    }

    /// A buffer of this size; what it holds is not defined.
    pub(super) fn take(&mut self, size: usize) -> Slot {
        if let Some(slot) = self.free.get_mut(&size).and_then(Vec::pop) {
            return slot;
        }
        self.lanes = self.lanes.saturating_add(size as u64);
        Slot {
            size,
            lanes: (!self.counts_only).then(|| Buffer::zeroed(size)),
        }
    }

    /// A buffer that is no longer needed.
    pub(super) fn give(&mut self, slot: Slot) {
        self.free.entry(slot.size).or_default().push(slot);
    }

    /// Bytes of all buffers.
    pub(super) fn bytes(&self) -> u64 {
        self.lanes.saturating_mul(size_of::<Lane>() as u64)
    }
}
