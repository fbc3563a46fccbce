//! Data, training, measurement and export.

pub mod cost;
pub mod data;
pub mod evaluate;
#[cfg(test)]
#[path = "../tests/gradients/examples.rs"]
mod examples;
pub mod export;
#[cfg(test)]
#[path = "../tests/golden/hashed.rs"]
mod hashed;
pub mod module;
pub mod morphism;
pub mod pipeline;
pub mod rival;
pub mod score;
pub mod supernet;
pub mod task;
pub mod train;
