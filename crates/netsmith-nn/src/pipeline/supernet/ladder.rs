//! What comes behind the supernet: a climb, and a ladder of longer trainings.

use netsmith::space::Architecture;
use netsmith::strategy::Strategy;
use netsmith::strategy::auto::Auto;
use netsmith::strategy::multi_fidelity::asha::Asha;

/// The factor between two rungs of the ladder on which what was found is trained.
const ETA: usize = 3;

/// How many rungs it has at most.
const RUNGS: usize = 3;

/// The time of a ladder, in times of what it takes until one stands on its highest
/// rung: a ladder too high for its time leaves none for the climb.
const FOOT: f64 = 1.5;

/// The rungs of the ladder where there is time for so many trainings on the lowest.
pub(in crate::pipeline) fn rungs(trainings: f64) -> usize {
    let fits = |rungs: &usize| trainings >= FOOT * f64::from(first_on_top(*rungs));
    (2..=RUNGS).rev().find(fits).unwrap_or(1)
}

/// Trainings on the lowest of so many rungs that take as long as all that is trained
/// until one stands on the highest.
fn first_on_top(rungs: usize) -> u32 {
    let on = |rung: usize| (Asha::one_in(ETA) as u32).pow((rungs - 1 - rung) as u32);
    (0..rungs)
        .map(|rung| on(rung) * times_longer(rung + 1))
        .sum()
}

/// How much longer a training on the highest of so many rungs is than one on the
/// lowest.
pub(in crate::pipeline) fn times_longer(rungs: usize) -> u32 {
    (ETA as u32).pow(rungs.saturating_sub(1) as u32)
}

/// What searches behind the supernet: `auto` from the candidates, each network
/// trained by itself, and the best of them again for longer.
pub(in crate::pipeline) fn successor(
    candidates: Vec<Architecture>,
    rungs: usize,
) -> Box<dyn Strategy> {
    // The best of fewer are the best by chance.
    let opening = candidates.len().max(ETA * ETA);
    let climb = Box::new(Auto::beginning_with(candidates));
    Box::new(Asha::above(climb, ETA, rungs, opening))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ladder_is_as_high_as_its_time_allows() {
        let heights = [0.0, 17.9, 18.0, 175.4, 175.5, 1e6].map(rungs);
        assert_eq!(heights, [1, 1, 2, 2, 3, 3]);
        assert_eq!([1, 2, 3].map(times_longer), [1, 3, 9]);
    }
}
