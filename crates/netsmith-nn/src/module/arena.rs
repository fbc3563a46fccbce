//! Buffers that are used again.

use netsmith_kernels::Buffer;
use std::collections::BTreeMap;

/// Buffers that no node needs at the moment, by size.
///
/// After the first step all buffers come from here: nothing is allocated and
/// nothing is cleared.
#[derive(Debug, Default)]
pub(super) struct Arena {
    free: BTreeMap<usize, Vec<Buffer>>,
    /// Lanes of all buffers, those in use too.
    #[cfg(test)]
    lanes: usize,
}

impl Arena {
    /// A buffer of this size; what it holds is not defined.
    pub(super) fn take(&mut self, size: usize) -> Buffer {
        let free = self.free.get_mut(&size).and_then(Vec::pop);
        free.unwrap_or_else(|| {
            #[cfg(test)]
            {
                self.lanes += size;
            }
            Buffer::zeroed(size)
        })
    }

    /// Bytes of all buffers.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> u64 {
        (self.lanes * size_of::<netsmith_kernels::Lane>()) as u64
    }

    /// A buffer that is no longer needed.
    pub(super) fn give(&mut self, buffer: Buffer) {
        self.free.entry(buffer.len()).or_default().push(buffer);
    }
}
