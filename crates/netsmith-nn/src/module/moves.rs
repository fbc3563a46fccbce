//! Fused operations that only move values.

use super::fused::{Pass, Slot};
use netsmith_kernels::{LANES, Lane};

/// From where each position of the output comes, and nowhere where it is zero:
/// what the fused kernels need to know of an operation that only moves values.
#[derive(Debug)]
pub(super) struct Moves {
    /// Size of a sample before.
    input: usize,
    /// For each position of a sample behind.
    from: Vec<Option<usize>>,
}

impl Moves {
    /// From the size of a sample before, and where each position behind comes
    /// from.
    pub(super) fn new(input: usize, from: impl Iterator<Item = Option<usize>>) -> Self {
        Self {
            input,
            from: from.collect(),
        }
    }

    /// Moves the values.
    fn forward(&self, source: &[Lane], target: &mut [Lane]) {
        let blocks = source.chunks_exact(self.input);
        for (source, target) in blocks.zip(target.chunks_exact_mut(self.from.len())) {
            for (from, target) in self.from.iter().zip(target) {
                *target = from.map_or([0.0; LANES], |from| source[from]);
            }
        }
    }

    /// Moves the gradients back.
    fn backward(&self, gradient: &[Lane], target: &mut [Lane]) {
        target.fill([0.0; LANES]);
        let blocks = gradient.chunks_exact(self.from.len());
        for (gradient, target) in blocks.zip(target.chunks_exact_mut(self.input)) {
            for (from, gradient) in self.from.iter().zip(gradient) {
                if let Some(from) = from {
                    target[*from] = *gradient;
                }
            }
        }
    }
}

/// The value of a node that moves the values of its only input.
pub(super) fn value(pass: &mut Pass<'_>, node: usize, moves: impl FnOnce() -> Moves) -> Slot {
    let mut value = pass.take(node);
    value.edit(|output| moves().forward(pass.read(pass.first(node)), output));
    value
}

/// Takes the gradient of such a node to its input.
pub(super) fn pull(
    pass: &mut Pass<'_>,
    node: usize,
    gradient: Slot,
    moves: impl FnOnce() -> Moves,
) {
    pass.deliver_moved(pass.first(node), gradient, |gradient, target| {
        moves().backward(gradient, target);
    });
}
