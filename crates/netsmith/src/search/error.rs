//! Why a search could not go on.

use crate::network::ShapeError;
use crate::space::Infeasible;
use crate::strategy::StrategyError;
use crate::study::StudyError;

/// Why a search could not go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SearchError {
    /// The study could not be written.
    #[error(transparent)]
    Study(#[from] StudyError),
    /// No architecture keeps the limits.
    #[error(transparent)]
    Infeasible(#[from] Infeasible),
    /// The strategy's settings do not go together.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// A network of the space does not fit together.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// Replaying the study gave another proposal than was recorded.
    #[error("trial {number} was proposed as `{recorded}`, and now as `{replayed}`")]
    Replay {
        /// The trial.
        number: u64,
        /// The recorded architecture.
        recorded: String,
        /// What this build proposes.
        replayed: String,
    },
}

impl SearchError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Study(error) => error.hint(),
            Self::Infeasible(error) => Some(error.hint()),
            Self::Strategy(error) => Some(error.hint.clone()),
            Self::Shape(error) => error.hint().map(str::to_owned),
            Self::Replay { .. } => {
                Some("go on with the version of netsmith that the run was begun with".into())
            }
        }
    }
}
