//! Data, training, measurement and export.
