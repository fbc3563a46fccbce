//! Evaluators that train, or score without training.

mod inheritance;
mod kept;
mod score;
mod taught;
mod training;

pub use inheritance::Inheritance;
pub use kept::Kept;
pub use score::ScoreEvaluator;
pub use taught::Taught;
pub use training::TrainingEvaluator;
