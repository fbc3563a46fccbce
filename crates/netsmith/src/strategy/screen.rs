//! Training-free scores as one number, judged against a sample.

use super::{Ask, Scorer};
use crate::random::Random;
use crate::space::{Architecture, Infeasible, Limits, Space};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Says of an architecture how it stands among a first sample: the sum of its
/// scores, each in deviations from the sample's mean.
#[derive(Debug)]
pub(super) struct Screen {
    scorer: Arc<dyn Scorer>,
    /// Mean, and the inverse of the deviation, of each score; none before the
    /// sample was drawn.
    scales: Option<Vec<(f64, f64)>>,
    /// The sample, the best last.
    sample: Vec<Architecture>,
    known: BTreeMap<Architecture, f64>,
}

impl Screen {
    pub(super) fn new(scorer: Arc<dyn Scorer>) -> Self {
        Self {
            scorer,
            scales: None,
            sample: Vec::new(),
            known: BTreeMap::new(),
        }
    }

    /// Takes the best of the sample that is left; the sample has so many draws.
    ///
    /// # Errors
    /// No architecture of the space keeps the limits.
    pub(super) fn next(
        &mut self,
        ask: &mut Ask<'_>,
        draws: usize,
    ) -> Result<Option<Architecture>, Infeasible> {
        if self.scales.is_none() {
            self.draw(ask.space, ask.limits, draws, ask.random)?;
        }
        Ok(self.sample.pop())
    }

    /// How an architecture stands; zero for all before the sample was drawn.
    pub(super) fn standing(&mut self, space: &Space, architecture: &Architecture) -> f64 {
        if let Some(&known) = self.known.get(architecture) {
            return known;
        }
        let Some(scales) = &self.scales else {
            return 0.0;
        };
        let scores = self.scorer.scores(space, architecture);
        let pairs = scores.iter().zip(scales);
        let standing = pairs
            .map(|(score, (mean, inverse))| (score - mean) * inverse)
            .sum();
        self.known.insert(architecture.clone(), standing);
        standing
    }

    fn draw(
        &mut self,
        space: &Space,
        limits: &Limits,
        draws: usize,
        random: &mut Random,
    ) -> Result<(), Infeasible> {
        let sample = (0..draws.max(1)).map(|_| space.sample(limits, random));
        let sample: Vec<Architecture> = sample.collect::<Result<_, _>>()?;
        let rows: Vec<Vec<f64>> = sample
            .iter()
            .map(|own| self.scorer.scores(space, own))
            .collect();
        let width = rows.first().map_or(0, Vec::len);
        let count = rows.len() as f64;
        let scale = |at: usize| {
            let mean = rows.iter().map(|row| row[at]).sum::<f64>() / count;
            let squares: f64 = rows.iter().map(|row| (row[at] - mean).powi(2)).sum();
            let deviation = (squares / count).sqrt();
            let inverse = match deviation > 1e-12 {
                true => 1.0 / deviation,
                false => 0.0,
            };
            (mean, inverse)
        };
        self.scales = Some((0..width).map(scale).collect());
        let mut standings: Vec<(f64, Architecture)> = sample
            .into_iter()
            .map(|own| (self.standing(space, &own), own))
            .collect();
        standings.sort_by(|a, b| a.0.total_cmp(&b.0));
        self.sample = standings.into_iter().map(|(_, own)| own).collect();
        Ok(())
    }
}

/// The place of each value in ascending order, from zero; equals stand in their
/// own order.
pub(super) fn places(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut places = vec![0.0; values.len()];
    for (place, at) in order.into_iter().enumerate() {
        places[at] = place as f64;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Settings;
    use crate::network::Shape;
    use crate::random::Seed;
    use crate::space::{Task, nas_bench_201};

    /// Counts the convolutions of three by three.
    #[derive(Debug)]
    struct Convolutions;

    impl Scorer for Convolutions {
        fn scores(&self, space: &Space, architecture: &Architecture) -> Vec<f64> {
            let count = space.text(architecture).matches("nor_conv_3x3").count();
            vec![count as f64, 7.0]
        }
    }

    /// The best of the sample come first, and a score that is the same for all
    /// says nothing.
    #[test]
    fn the_best_of_the_sample_come_first() {
        let task = Task::vector(Shape::image(3, 32, 32), 10);
        let entry = nas_bench_201::ENTRY;
        let space = (entry.build)(&task, &Settings::defaults(entry.parameters)).unwrap();
        let mut screen = Screen::new(Arc::new(Convolutions));
        let mut random = Seed::new(3).stream();
        let mut ask = Ask {
            space: &space,
            limits: &Limits::default(),
            running: &[],
            number: 0,
            random: &mut random,
        };
        let mut last = f64::INFINITY;
        for _ in 0..50 {
            let next = screen.next(&mut ask, 50).unwrap().unwrap();
            let standing = screen.standing(&space, &next);
            assert!(standing <= last && standing.is_finite());
            last = standing;
        }
        assert_eq!(screen.next(&mut ask, 50).unwrap(), None);
        assert!(last < -0.5);
    }

    #[test]
    fn places_are_those_of_the_order() {
        assert_eq!(places(&[0.5, -1.0, 9.0, 0.5]), [1.0, 0.0, 3.0, 2.0]);
    }
}
