//! Which trainings fit into a time, and how much each may spend.
//!
//! ```text
//! e_i      seconds of an epoch over all data of training i, on one worker
//! w        what a training spends, in such epochs: its epochs, each on a share of
//!          the data, its validation included
//! fits     the trainings, begun in order on the workers, end within USED of the time
//! ```
//!
//! For the verification the others come in the order of their worth for the verdict,
//! and all are given the same w. Tried in turn:
//!
//! 1. the w of the winner's full training, which then counts itself, beside a core
//!    of others;
//! 2. a smaller w, at least half of it, for the winner again and as much of the core
//!    as fits, three others at least: a rival, another seed, a random architecture;
//! 3. at least a quarter of it for the winner again and three others, or two;
//! 4. whatever the winner again and one other can have.
//!
//! Then more of the others, as long as they fit.

use super::prepare::Prepared;
use netsmith::trial::Fidelity;
use serde::{Deserialize, Serialize};

/// The share of the time that a plan uses: some is always lost.
pub(super) const USED: f64 = 0.85;

/// A sample that is only judged takes about a third of one that is trained on.
const JUDGED: f64 = 1.0 / 3.0;

/// Where all data are too many for so many epochs, epochs are on a share of them:
/// a training that is cut short then has a result of its own more often.
const FEW: u32 = 4;

/// The least share of the data, as long as it is a batch.
const LEAST_SHARE: f64 = 0.02;

/// Sizes of the parts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Samples {
    pub(super) train: f64,
    pub(super) valid: f64,
    pub(super) batch: f64,
}

impl Samples {
    pub(super) fn of(prepared: &Prepared) -> Self {
        Self {
            train: prepared.data.train().len() as f64,
            valid: prepared.data.valid().len() as f64,
            batch: prepared.recipe.batch_size as f64,
        }
    }

    /// An epoch on a share of the data and its validation, in samples trained on.
    pub(super) fn epoch(&self, share: f64) -> f64 {
        share * self.train + JUDGED * self.valid
    }

    /// What a training spends, in epochs over all data.
    pub(super) fn worth(&self, fidelity: Fidelity) -> f64 {
        f64::from(fidelity.epochs) * self.epoch(fidelity.data) / self.epoch(1.0)
    }

    /// The shortest training that there is.
    pub(super) fn least(&self) -> Fidelity {
        Fidelity::epochs(1).with_data(self.least_share())
    }

    /// The longest training that spends at most so much, and not more than `most`:
    /// epochs over all data, or a few on a share. Nothing where there is none.
    pub(super) fn fidelity(&self, worth: f64, most: Fidelity) -> Option<Fidelity> {
        if worth >= self.worth(most) {
            return Some(most);
        }
        let few = FEW.min(most.epochs);
        if most.data >= 1.0 && worth >= f64::from(few) {
            return Some(Fidelity::epochs(worth as u32));
        }
        (1..=few).rev().find_map(|epochs| {
            let samples = worth * self.epoch(1.0) / f64::from(epochs);
            let share = (samples - JUDGED * self.valid) / self.train;
            // Two digits are enough, and read better.
            let share = ((share * 100.0).floor() / 100.0).min(most.data);
            (share >= self.least_share()).then(|| Fidelity::epochs(epochs).with_data(share))
        })
    }

    fn least_share(&self) -> f64 {
        (self.batch / self.train).clamp(LEAST_SHARE, 1.0)
    }
}

/// When the last of these ends, each begun by the first worker that is free.
pub(super) fn makespan(workers: usize, seconds: impl IntoIterator<Item = f64>) -> f64 {
    let mut free = vec![0.0_f64; workers.max(1)];
    for seconds in seconds {
        let next = free.iter_mut().min_by(|a, b| a.total_cmp(b));
        *next.expect("there is a worker — this is a bug in netsmith") += seconds;
    }
    free.into_iter().fold(0.0, f64::max)
}

/// What could be verified.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    /// Seconds of an epoch over all data of the winner.
    pub(super) winner: f64,
    /// The same of the others, in the order of their worth.
    pub(super) others: &'a [f64],
    /// How many of these a good comparison has.
    pub(super) core: usize,
    /// What the winner's full training could spend.
    pub(super) full: Fidelity,
    /// Whether it ended by itself, and so is comparable.
    pub(super) counts: bool,
    /// What there is.
    pub(super) seconds: f64,
    pub(super) workers: usize,
    pub(super) samples: Samples,
}

/// What is verified.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Allotment {
    /// Epochs of every training.
    pub(super) epochs: u32,
    /// Share of the training data of every training.
    pub(super) data: f64,
    /// Whether the winner is trained again, alike.
    pub(super) again: bool,
    /// How many of the others are trained.
    pub(super) count: usize,
}

impl Allotment {
    /// What every training may spend.
    pub(super) fn fidelity(&self) -> Fidelity {
        Fidelity::epochs(self.epochs).with_data(self.data)
    }
}

impl Wanted<'_> {
    /// What fits; nothing where not even one other does.
    pub(super) fn allot(&self) -> Option<Allotment> {
        let core = self.core.min(self.others.len());
        if core == 0 {
            return None;
        }
        let [two, three] = [2, 3].map(|count: usize| count.min(core));
        let full = |count: usize| {
            let span = self.span(false, count) * self.samples.worth(self.full);
            (self.counts && span <= self.time()).then_some((self.full, false, count))
        };
        let half = 0.5 * self.samples.worth(self.full);
        let reduced = |count: usize, least: f64| {
            let worth = self.time() / self.span(true, count);
            let fidelity = self.samples.fidelity(worth, self.full)?;
            (self.samples.worth(fidelity) >= least).then_some((fidelity, true, count))
        };
        let chosen = full(core)
            .or_else(|| (three..=core).rev().find_map(|count| reduced(count, half)))
            .or_else(|| {
                (two..=three)
                    .rev()
                    .find_map(|count| reduced(count, 0.5 * half))
            })
            .or_else(|| reduced(1, 0.0));
        let (fidelity, again, count) = chosen?;
        let worth = self.samples.worth(fidelity);
        let fits = |count: &usize| self.span(again, *count) * worth <= self.time();
        let more = (count + 1..=self.others.len()).take_while(fits).last();
        Some(Allotment {
            epochs: fidelity.epochs,
            data: fidelity.data,
            again,
            count: more.unwrap_or(count),
        })
    }

    fn time(&self) -> f64 {
        USED * self.seconds
    }

    /// Seconds for one epoch of each.
    fn span(&self, again: bool, count: usize) -> f64 {
        let winner = again.then_some(self.winner).into_iter();
        makespan(
            self.workers,
            winner.chain(self.others[..count].iter().copied()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLES: Samples = Samples {
        train: 54_000.0,
        valid: 6_000.0,
        batch: 64.0,
    };

    fn wanted(seconds: f64, others: &[f64]) -> Wanted<'_> {
        Wanted {
            winner: 60.0,
            others,
            core: 4,
            full: Fidelity::epochs(8),
            counts: true,
            seconds,
            workers: 2,
            samples: SAMPLES,
        }
    }

    #[track_caller]
    fn check(wanted: &Wanted<'_>, expected: (f64, f64, bool, usize)) {
        let allotment = wanted.allot().unwrap();
        let Allotment {
            epochs,
            data,
            again,
            count,
        } = allotment;
        let found = (f64::from(epochs), data, again, count);
        assert_eq!(format!("{found:?}"), format!("{expected:?}"));
    }

    #[test]
    fn the_winner_is_trained_again_only_where_it_must() {
        let others = [60.0; 6];
        // 480 seconds each, two at a time: all six end after 1,440 seconds.
        check(&wanted(1_700.0, &others), (8.0, 1.0, false, 6));
        check(&wanted(1_150.0, &others), (8.0, 1.0, false, 4));
        // Three rounds of 300 seconds hold the winner and five others.
        check(&wanted(1_100.0, &others), (5.0, 1.0, true, 5));
        // Two rounds of 300 seconds hold the winner and three others.
        check(&wanted(750.0, &others), (5.0, 1.0, true, 3));
        check(&wanted(570.0, &others), (4.0, 1.0, true, 3));
        check(&wanted(300.0, &others), (4.0, 0.51, true, 3));
        // One at a time: shorter for three others, of which one is random.
        let alone = |seconds: f64| Wanted {
            workers: 1,
            ..wanted(seconds, &others)
        };
        check(&alone(1_200.0), (4.0, 1.0, true, 3));
        check(&alone(600.0), (4.0, 0.51, true, 3));
        check(&alone(500.0), (4.0, 0.57, true, 2));
        check(&wanted(20.0, &others), (4.0, 0.03, true, 1));
    }

    #[test]
    fn a_winner_that_was_cut_short_is_trained_again() {
        let others = [60.0; 6];
        let wanted = Wanted {
            counts: false,
            ..wanted(10_000.0, &others)
        };
        check(&wanted, (8.0, 1.0, true, 6));
    }

    #[test]
    fn whatever_the_speed_all_that_is_planned_ends() {
        let others = [20.0, 60.0, 50.0, 300.0, 60.0, 10.0];
        let mut planned = 0;
        for tenth in 1..400_u32 {
            for workers in [1, 2, 4] {
                let wanted = Wanted {
                    workers,
                    ..wanted(f64::from(tenth * tenth) / 10.0, &others)
                };
                let Some(allotment) = wanted.allot() else {
                    continue;
                };
                planned += 1;
                let worth = SAMPLES.worth(allotment.fidelity());
                let again = allotment.again.then_some(60.0).into_iter();
                let all = again.chain(others[..allotment.count].iter().copied());
                let end = makespan(workers, all.map(|epoch| epoch * worth));
                assert!(end <= USED * wanted.seconds + 1e-6, "{allotment:?}");
                assert!(allotment.count >= 1 && (allotment.again || allotment.epochs == 8));
            }
        }
        assert!(planned > 1_000, "{planned}");
        assert_eq!(wanted(1.0, &others).allot(), None);
        assert_eq!(wanted(1_000.0, &[]).allot(), None);
    }

    #[test]
    fn a_training_is_as_long_as_its_time() {
        let most = Fidelity::epochs(8);
        for worth in [0.06, 0.3, 1.0, 3.9, 4.0, 7.9, 8.0, 90.0] {
            let fidelity = SAMPLES.fidelity(worth, most).unwrap();
            let spent = SAMPLES.worth(fidelity);
            assert!(spent <= worth + 1e-9, "{worth}: {fidelity}");
            assert!(
                spent >= (0.75 * worth - 0.04).min(8.0),
                "{worth}: {fidelity}"
            );
        }
        assert_eq!(SAMPLES.fidelity(0.01, most), None);
        let small = Samples {
            train: 100.0,
            valid: 20.0,
            batch: 32.0,
        };
        assert_eq!(small.least(), Fidelity::epochs(1).with_data(0.32));
        assert_eq!(small.fidelity(0.3, most), None);
        assert!(small.fidelity(0.5, most).is_some());
    }

    #[test]
    fn workers_take_the_next_when_they_are_free() {
        let makespans = [1, 2, 3].map(|workers| makespan(workers, [3.0, 1.0, 1.0, 2.0]));
        assert_eq!(format!("{makespans:?}"), "[7.0, 4.0, 3.0]");
        assert!(makespan(2, []).abs() < 1e-9);
    }
}
