//! How a population begins.

use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::space::{Architecture, Infeasible};
use crate::strategy::Ask;

/// So many architectures are drawn, and the smallest or the largest is taken.
const DRAWS: usize = 8;

/// How the first architectures are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::strategy) enum Initialisation {
    /// Drawn at random.
    Random,
    /// Small: of several draws the one with the fewest parameters.
    Trivial,
    /// Large: of several draws the one with the most parameters.
    Rich,
    /// The space's hand-designed architectures that keep the limits, then drawn at random.
    Baselines,
}

/// The parameter that names it.
pub(in crate::strategy) const PARAMETER: Parameter = Parameter {
    name: "initialisation",
    kind: ParameterKind::Word(&["random", "trivial", "rich", "baselines"]),
    default: "random",
    doc: "How the population begins: drawn at random, the smallest or the largest of 8 draws each, or the space's hand-designed architectures first.",
};

impl Initialisation {
    /// The one that the settings name.
    pub(in crate::strategy) fn of(settings: &Settings) -> Self {
        match settings.text(PARAMETER.name) {
            "trivial" => Self::Trivial,
            "rich" => Self::Rich,
            "baselines" => Self::Baselines,
            _ => Self::Random,
        }
    }

    /// The architecture that begins the `place`th of the first individuals.
    ///
    /// # Errors
    /// No architecture of the space keeps the limits.
    pub(in crate::strategy) fn first(
        self,
        ask: &mut Ask<'_>,
        place: usize,
    ) -> Result<Architecture, Infeasible> {
        let drawn = ask.space.sample(ask.limits, ask.random)?;
        match self {
            Self::Random => Ok(drawn),
            Self::Baselines => Ok(baselines(ask).into_iter().nth(place).unwrap_or(drawn)),
            Self::Trivial | Self::Rich => {
                let parameters = |own: &Architecture| {
                    let network = ask.space.network(own);
                    network.map_or(0, |network| network.parameters())
                };
                let mut best = (parameters(&drawn), drawn);
                for _ in 1..DRAWS {
                    let other = ask.space.sample(ask.limits, ask.random)?;
                    let count = parameters(&other);
                    if (count < best.0) == (self == Self::Trivial) && count != best.0 {
                        best = (count, other);
                    }
                }
                Ok(best.1)
            }
        }
    }
}

/// The space's hand-designed architectures that keep the limits, each once.
pub(in crate::strategy) fn baselines(ask: &Ask<'_>) -> Vec<Architecture> {
    let mut found: Vec<Architecture> = Vec::new();
    for (_, architecture) in ask.space.baselines(ask.limits) {
        let fits =
            ask.space.check(&architecture).is_ok() && ask.space.keeps(&architecture, ask.limits);
        if fits && !found.contains(&architecture) {
            found.push(architecture);
        }
    }
    found
}
