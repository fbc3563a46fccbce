//! What a network costs without training it.

mod quantity;

pub use quantity::{Direction, Quantity, Unit};
