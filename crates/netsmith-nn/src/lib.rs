//! Data, training, measurement and export.

pub mod cost;
pub mod data;
pub mod evaluate;
pub mod export;
pub mod module;
pub mod pipeline;
pub mod supernet;
pub mod train;
