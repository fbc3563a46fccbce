//! Stopping rules: which running trials are not worth their rest.
//!
//! A rule is told completed trials and gives a [`Bar`]: the values that a trial
//! has to reach, step by step. The bar is fixed when the trial is proposed, so
//! every stopping decision of a trial reads exactly the trials that its proposal
//! could read, however many run beside it and however fast.

mod median;
mod running_median;

pub use median::{Bar, Median, MedianParams, StoppingError};
