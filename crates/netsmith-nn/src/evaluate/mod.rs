//! Evaluators that train, or score without training.

mod inheritance;
mod score;
mod training;

pub use inheritance::Inheritance;
pub use score::ScoreEvaluator;
pub use training::TrainingEvaluator;
