//! What a network costs without training it.

mod amount;
mod quantity;

pub use amount::{count, milliseconds};
pub use quantity::{Direction, Quantity, Unit};
