//! A score in front of the evaluation: of several proposals only the best is tried.

use super::{Ask, Observation, Scorer, Strategy, Suggestion};
use crate::space::Infeasible;
use std::sync::Arc;

/// Asks another strategy several times for each proposal and hands on the one
/// with the highest first score; the first among equals. The strategy is told
/// of what was tried alone.
///
/// # Example
/// ```
/// use netsmith::catalogue::Settings;
/// use netsmith::space::{Architecture, Space};
/// use netsmith::strategy::{Filtered, Scorer, random};
/// use std::sync::Arc;
///
/// /// Prefers small networks.
/// #[derive(Debug)]
/// struct Small;
///
/// impl Scorer for Small {
///     fn scores(&self, space: &Space, architecture: &Architecture) -> Vec<f64> {
///         let network = space.network(architecture);
///         vec![-network.map_or(0.0, |network| network.parameters() as f64)]
///     }
/// }
///
/// let inner = (random::ENTRY.build)(&Settings::defaults(random::ENTRY.parameters))?;
/// let strategy = Filtered::new(inner, Arc::new(Small), 4);
/// # let _ = strategy;
/// # Ok::<(), netsmith::strategy::StrategyError>(())
/// ```
#[derive(Debug)]
pub struct Filtered {
    inner: Box<dyn Strategy>,
    scorer: Arc<dyn Scorer>,
    of: usize,
}

impl Filtered {
    /// The best of `of` proposals of a strategy, at least one.
    pub fn new(inner: Box<dyn Strategy>, scorer: Arc<dyn Scorer>, of: usize) -> Self {
        Self {
            inner,
            scorer,
            of: of.max(1),
        }
    }
}

impl Strategy for Filtered {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Result<Suggestion, Infeasible> {
        let mut best: Option<(f64, Suggestion)> = None;
        for _ in 0..self.of {
            let suggestion = self.inner.ask(ask)?;
            let scores = self.scorer.scores(ask.space, &suggestion.architecture);
            let score = scores.first().copied().unwrap_or(f64::NEG_INFINITY);
            if best.as_ref().is_none_or(|(most, _)| score > *most) {
                best = Some((score, suggestion));
            }
        }
        let (_, suggestion) =
            best.expect("at least one proposal was asked for — this is a bug in netsmith");
        Ok(suggestion)
    }

    fn tell(&mut self, observation: Observation) {
        self.inner.tell(observation);
    }

    fn assist(&mut self, scorer: Arc<dyn Scorer>) -> bool {
        self.inner.assist(scorer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Settings;
    use crate::network::Shape;
    use crate::random::Seed;
    use crate::space::{Architecture, Limits, Space, Task, nas_bench_201};
    use crate::strategy::random;

    #[derive(Debug)]
    struct Parameters;

    impl Scorer for Parameters {
        fn scores(&self, space: &Space, architecture: &Architecture) -> Vec<f64> {
            let network = space.network(architecture).unwrap();
            vec![network.parameters() as f64]
        }
    }

    /// The mean score of what is proposed.
    fn mean(of: usize) -> f64 {
        let task = Task::vector(Shape::image(3, 8, 8), 10);
        let settings = Settings::defaults(nas_bench_201::ENTRY.parameters);
        let space = (nas_bench_201::ENTRY.build)(&task, &settings).unwrap();
        let inner = (random::ENTRY.build)(&Settings::defaults(random::ENTRY.parameters)).unwrap();
        let mut strategy = Filtered::new(inner, Arc::new(Parameters), of);
        let scores = (0..40).map(|number| {
            let suggestion = strategy.ask(&mut Ask {
                space: &space,
                limits: &Limits::default(),
                running: &[],
                number,
                random: &mut Seed::new(1).nth(number).stream(),
            });
            Parameters.scores(&space, &suggestion.unwrap().architecture)[0]
        });
        scores.sum::<f64>() / 40.0
    }

    #[test]
    fn the_best_by_the_score_goes_on() {
        assert!(mean(4) > 1.3 * mean(1));
    }
}
