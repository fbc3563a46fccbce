//! Evaluators that train.

mod training;

pub use training::TrainingEvaluator;
