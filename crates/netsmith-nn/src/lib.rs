//! Data, training, measurement and export.

pub mod data;
