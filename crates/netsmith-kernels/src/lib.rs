//! Training kernels on plain slices.
//!
//! A batch lies in memory as blocks of [`LANES`] samples, and each element of a
//! sample's tensor is a [`Lane`]: the values of that element for all samples of
//! the block, side by side. Whatever a window's size, stride or dilation, its
//! sums then run over whole registers, borders cost nothing, and no operation
//! copies its input into another order first.
//!
//! Samples that fill up the last block hold zeros; their gradients are zero, so
//! that they count in no sum.
//!
//! Kernels run on the rayon pool that they are called in. Every sum has a fixed
//! order: results are the same to the bit however many threads there are.

#![expect(
    clippy::needless_range_loop,
    reason = "the same index runs over several arrays of registers, whose loops must be unrolled"
)]

mod allocation;
pub mod batch_norm;
mod block;
mod buffer;
pub mod channels_last;
pub mod convolution;
pub mod linear;
pub mod mix;
pub mod optimizer;
mod part;
mod processor;
#[cfg(test)]
mod properties;
pub mod weight_gradient;
mod window;

pub use allocation::CountingAllocator;
pub use block::{blocks, channel_sums, pack, unpack};
pub use buffer::Buffer;
pub use window::Window;

/// Samples side by side in a block.
pub const LANES: usize = 16;

/// One element of each sample of a block.
pub type Lane = [f32; LANES];
