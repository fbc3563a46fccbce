//! Memory for lanes, each in a cache line of its own.

use crate::{LANES, Lane};
use pulp::bytemuck::{Pod, Zeroable, cast_slice, cast_slice_mut};
use std::ops::{Deref, DerefMut};

/// A slice of lanes that begins at a cache line's border: half of all register
/// loads would else reach into two lines, which costs up to a third of a
/// convolution's speed.
#[derive(Clone, Debug, Default)]
pub struct Buffer(Vec<Line>);

/// A lane where a cache line begins.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug)]
struct Line([f32; LANES]);

// SAFETY: sixteen floats of four bytes fill the sixty-four bytes of a line, so
// that there is no padding, and any bits are valid floats.
#[expect(
    unsafe_code,
    reason = "the layout of a line cannot be said in safe code"
)]
unsafe impl Zeroable for Line {}
// SAFETY: as above.
#[expect(
    unsafe_code,
    reason = "the layout of a line cannot be said in safe code"
)]
unsafe impl Pod for Line {}

impl Buffer {
    /// Lanes of zeros.
    pub fn zeroed(lanes: usize) -> Self {
        Self(vec![Line::zeroed(); lanes])
    }
}

impl Deref for Buffer {
    type Target = [Lane];

    fn deref(&self) -> &[Lane] {
        cast_slice(&self.0)
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [Lane] {
        cast_slice_mut(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lane_begins_a_cache_line() {
        let mut buffer = Buffer::zeroed(5);
        buffer[4][15] = 2.0;
        assert_eq!(buffer.len(), 5);
        assert_eq!(
            buffer.clone()[4].map(f32::to_bits)[14..],
            [0, 2.0_f32.to_bits()]
        );
        assert_eq!(buffer.as_ptr().addr() % 64, 0);
        assert!(Buffer::default().is_empty());
    }
}
