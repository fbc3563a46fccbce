//! Data, training, measurement and export.

pub mod cost;
pub mod data;
pub mod export;
pub mod module;
pub mod train;
