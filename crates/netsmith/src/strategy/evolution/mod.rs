//! The steps of evolution, each a part that can be swapped: how a population
//! begins, who becomes a parent, how two parents make a child, how a child
//! changes, and who survives.

pub(super) mod colony;
pub(super) mod crossover;
pub(super) mod initialisation;
pub(super) mod mutation;
pub(super) mod population;
pub(super) mod selection;
pub(super) mod survival;

pub(super) use crossover::Crossover;
pub(super) use initialisation::Initialisation;
pub(super) use mutation::Mutation;
pub(super) use population::{Individual, Known, ranking};
pub(super) use selection::Selection;
pub(super) use survival::Survival;

use super::{Ask, Suggestion};
use crate::space::{Architecture, Infeasible, Limits};

/// How often a child that was tried before is made anew; then a stranger comes in its place.
pub(super) const MOST_REPEATS: usize = 100;

/// A proposal of `make` that was not made before; after many repeats an
/// architecture drawn at random, known or not.
pub(super) fn unknown(
    ask: &mut Ask<'_>,
    known: &mut Known,
    mut make: impl FnMut(&mut Ask<'_>) -> Option<Suggestion>,
) -> Result<Suggestion, Infeasible> {
    for _ in 0..MOST_REPEATS {
        if let Some(suggestion) = make(ask)
            && known.insert(&suggestion.architecture)
        {
            return Ok(suggestion);
        }
    }
    stranger(ask, known)
}

/// An architecture drawn at random, one that was not proposed before where one is soon found.
pub(super) fn stranger(ask: &mut Ask<'_>, known: &mut Known) -> Result<Suggestion, Infeasible> {
    let mut architecture = ask.space.sample(ask.limits, ask.random)?;
    for _ in 0..MOST_REPEATS {
        if known.insert(&architecture) {
            break;
        }
        architecture = ask.space.sample(ask.limits, ask.random)?;
    }
    Ok(Suggestion {
        architecture,
        parent: None,
    })
}

/// How many mutants that break a limit are dropped before one is made within it.
const MOST_DROPPED: usize = 8;

/// A child with one decision changed that keeps the limits. It is drawn without
/// them first and dropped where it breaks one, which takes a tenth of the time of
/// steering by bounds.
pub(super) fn mutant(ask: &mut Ask<'_>, parent: &Architecture) -> Option<Architecture> {
    let free = Limits::default();
    for _ in 0..MOST_DROPPED {
        let child = ask.space.mutate(parent, &free, ask.random)?;
        if ask.space.keeps(&child, ask.limits) {
            return Some(child);
        }
    }
    ask.space.mutate(parent, ask.limits, ask.random)
}
