//! Bounds of the costs of all architectures that some decisions still allow.

mod explorer;
mod memory;
mod merge;
mod operation;
mod part;
mod shapes;

pub use crate::cost::{Bounds, Range};
pub(super) use explorer::{Explored, Explorer};
pub(super) use memory::Remembered;
