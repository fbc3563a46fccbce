//! Why a space has no supernet.

use netsmith::network::ShapeError;

/// Why gradient search cannot serve a space.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SupernetError {
    /// The supernet does not fit together.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A decision that no mix expresses.
    #[error("decision `{decision}` of space `{space}`: gradient search cannot learn {what}")]
    Decision {
        /// The space.
        space: String,
        /// The decision.
        decision: String,
        /// What it is.
        what: &'static str,
    },
    /// A place that a part of the channels cannot serve.
    #[error("`{place}` of space `{space}`: one in {share} channels for each operation: {rule}")]
    Partial {
        /// The space.
        space: String,
        /// The decision, or the node of the supernet.
        place: String,
        /// One in so many channels.
        share: usize,
        /// What would have to hold.
        rule: &'static str,
    },
    /// A decision none of whose options may be chosen.
    #[error("decision `{decision}` has no option left: all of them cut the edge")]
    Closed {
        /// The decision.
        decision: String,
    },
}

impl SupernetError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Decision { .. } => Some(
                "give the decision a single value with `--set`, or search with `regularized-evolution`"
                    .into(),
            ),
            Self::Partial { share: 1, .. } => Some("search with `darts`".into()),
            Self::Partial { .. } => Some(
                "take other channels, give the method another share with `--set strategy.partial=2`, or search with `darts`"
                    .into(),
            ),
            Self::Closed { .. } => Some("allow it with `--set strategy.none=true`".into()),
            Self::Shape(error) => error.hint().map(str::to_owned),
        }
    }
}
