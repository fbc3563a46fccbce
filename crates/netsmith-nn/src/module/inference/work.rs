//! What one step of an inference computes.

use netsmith_kernels::channels_last::{Convolution, Octet};
use std::fmt;

/// The computing of one step; each operation has its kinds in its file.
///
/// # Shapes
/// A value is its positions, each with its channels in octets side by side.
pub(in crate::module) trait Work: fmt::Debug + Send + Sync {
    /// Fills `target` from the sources; `room` is for copies of inputs.
    fn run(&self, sources: &Sources<'_>, room: &mut Vec<Octet>, target: &mut [Octet]);
}

/// The values that a step reads.
#[derive(Debug)]
pub(in crate::module) struct Sources<'a> {
    pub(super) buffers: &'a [Vec<Octet>],
    pub(super) places: &'a [usize],
}

impl<'a> Sources<'a> {
    /// The source `at`.
    pub(in crate::module) fn get(&self, at: usize) -> &'a [Octet] {
        &self.buffers[self.places[at]]
    }

    /// The number of sources.
    pub(in crate::module) fn len(&self) -> usize {
        self.places.len()
    }
}

/// One step: reads some buffers and writes another.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) work: Box<dyn Work>,
    pub(super) sources: Vec<usize>,
    pub(super) target: usize,
}

impl Step {
    pub(super) fn run(&self, buffers: &[Vec<Octet>], room: &mut Vec<Octet>, target: &mut [Octet]) {
        let sources = Sources {
            buffers,
            places: &self.sources,
        };
        self.work.run(&sources, room, target);
    }
}

/// A convolution or linear layer, with what is folded into it.
impl Work for Convolution {
    fn run(&self, sources: &Sources<'_>, room: &mut Vec<Octet>, target: &mut [Octet]) {
        self.run(sources.get(0), room, target);
    }
}
