//! What strategies reached, side by side.

use super::curves::CurveFacts;
use super::front::Front;
use super::{Bench, BenchError, Billing, Search, is_multi_fidelity};
use crate::catalogue::Settings;
use crate::evaluate::table::{Published, Row, Scoring};
use crate::statistics::{Bootstrap, holm, signed_rank};
use crate::strategy::Entry;
use serde::Serialize;
use std::collections::BTreeMap;
use std::time::Instant;

/// Points of a curve over time.
const POINTS: usize = 60;

/// Curves begin at this share of the budget: before, few searches have an answer.
const START: f64 = 0.02;

/// Resamples behind every interval.
const RESAMPLES: usize = 1_000;

/// Resamples behind the band of a curve, which has many points.
const BAND_RESAMPLES: usize = 200;

/// A comparison, as `netsmith bench --json` prints it. Accuracies and regrets
/// are fractions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// The table.
    pub table: String,
    /// The data set that was searched.
    pub data: String,
    /// Simulated seconds of one search.
    pub budget: f64,
    /// How many searches each strategy made.
    pub seeds: u64,
    /// Look-ups side by side.
    pub workers: usize,
    /// The device whose latency is a second objective.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub latency_device: Option<String>,
    /// What to know of the table's columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
    /// What its learning curves tell, where it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curves: Option<CurveFacts>,
    /// When a look-up cost its seconds: `first-query`, `every-query` or `first-key`.
    pub billing: &'static str,
    /// The strategies, in the order asked for.
    pub strategies: Vec<Scores>,
    /// Each strategy against the one with the highest mean test accuracy on the
    /// searched data set, paired by seed.
    pub differences: Vec<Difference>,
    /// What was published for this task.
    pub published: Vec<Published>,
}

/// What one strategy reached.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Scores {
    /// Its name.
    pub name: String,
    /// What to know of its rows, such as that the table holds nothing of what a
    /// multi-fidelity strategy would try for less.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<&'static str>,
    /// Validation accuracy of the answers, on the data set that was searched.
    pub validation_accuracy: Spread,
    /// Test accuracy of the answers by data set.
    pub test_accuracy: BTreeMap<String, Spread>,
    /// 95 % interval of the mean test accuracy on the searched data set.
    pub test_interval: [f64; 2],
    /// By how much the answers miss the best validation accuracy of the table.
    pub validation_regret: Spread,
    /// By how much they miss the best test accuracy on the searched data set.
    pub test_regret: Spread,
    /// The mean validation regret over the logarithm of the time: less is better.
    pub regret_area: f64,
    /// Paid look-ups of one search, on average.
    pub evaluations: f64,
    /// Trainings of one search that a stopping rule ended, on average.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<f64>,
    /// Architectures whose training-free scores a search paid for, on average.
    pub scored: f64,
    /// Real seconds that all searches took.
    pub seconds: f64,
    /// The answers over time.
    pub curve: Vec<Point>,
    /// What was covered of accuracy and latency, where latency counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub front: Option<Front>,
    /// The same with equal networks paid once, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_key: Option<ByKey>,
}

/// What a strategy reached where equal networks are paid once.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ByKey {
    /// Validation accuracy of the answers.
    pub validation_accuracy: Spread,
    /// Test accuracy of the answers by data set.
    pub test_accuracy: BTreeMap<String, Spread>,
    /// Paid look-ups of one search, on average.
    pub evaluations: f64,
}

/// The answers of all searches at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Point {
    /// Simulated seconds.
    pub seconds: f64,
    /// Mean validation regret.
    pub validation_regret: f64,
    /// Its 95 % interval over seeds.
    pub validation_regret_interval: [f64; 2],
    /// Mean test accuracy on the searched data set.
    pub test_accuracy: f64,
    /// Its 95 % interval over seeds.
    pub test_accuracy_interval: [f64; 2],
}

/// One strategy against the leading one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// The strategy.
    pub name: String,
    /// The one with the highest mean.
    pub leader: String,
    /// Mean difference of the test accuracies, the leader's less its own.
    pub mean: f64,
    /// Its 95 % interval.
    pub interval: [f64; 2],
    /// Two-sided p of Wilcoxon's signed-rank test over the seeds, by Holm's
    /// correction for all strategies compared.
    pub p: f64,
}

/// Mean and standard deviation over seeds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The standard deviation of one seed's value, with n − 1 in the
    /// denominator; zero for a single seed.
    pub std: f64,
}

impl Bench<'_> {
    /// Compares several strategies.
    ///
    /// # Errors
    /// Those of [`Bench::run`].
    pub fn compare<'e>(
        &self,
        strategies: impl IntoIterator<Item = (&'e Entry, Settings)>,
    ) -> Result<Comparison, BenchError> {
        let mut scores = Vec::new();
        let mut tests: Vec<Vec<f64>> = Vec::new();
        for (entry, settings) in strategies {
            let (own, searches) = self.scored(entry, &settings)?;
            scores.push(own);
            tests.push(self.tests(self.data, &searches));
        }
        Ok(Comparison {
            table: self.table.name().to_owned(),
            data: self.data_name().to_owned(),
            budget: self.budget,
            seeds: self.seeds.end - self.seeds.start,
            workers: self.workers,
            latency_device: self.latency.as_ref().map(|own| own.device.clone()),
            note: self.table.note(),
            curves: self.curve_facts(),
            billing: match self.billing {
                Billing::FirstQuery => "first-query",
                Billing::EveryQuery => "every-query",
                Billing::FirstKey => "first-key",
            },
            differences: differences(&scores, &tests),
            strategies: scores,
            // What was published had one objective and one worker.
            published: match self.latency.is_none() && self.workers <= 1 {
                true => self.table.published(self.data, self.budget).to_vec(),
                false => Vec::new(),
            },
        })
    }

    /// Searches once for each seed, and scores the answers.
    ///
    /// # Errors
    /// Settings that do not go together.
    pub fn run(&self, entry: &Entry, settings: &Settings) -> Result<Scores, BenchError> {
        Ok(self.scored(entry, settings)?.0)
    }

    fn scored(
        &self,
        entry: &Entry,
        settings: &Settings,
    ) -> Result<(Scores, Vec<Search>), BenchError> {
        let started = now();
        let searches = self.searches(entry, settings)?;
        let seconds = started.elapsed().as_secs_f64();
        let by_key = match self.by_key {
            true => {
                let mut bench = self.clone();
                (bench.billing, bench.by_key) = (Billing::FirstKey, false);
                let searches = bench.searches(entry, settings)?;
                Some(ByKey {
                    validation_accuracy: self.validations(&searches),
                    test_accuracy: self.all_tests(&searches),
                    evaluations: evaluations(&searches),
                })
            }
            false => None,
        };
        let validation = self.validations(&searches);
        let tests = self.tests(self.data, &searches);
        let test = Spread::of(tests.iter().copied());
        let [best_validation, best_test] = self.optima();
        let miss = |spread: Spread, best: f64| Spread {
            mean: best - spread.mean,
            std: spread.std,
        };
        let curve = self.curve(&searches, best_validation);
        let areas = curve.iter().map(|point| point.validation_regret);
        let scores = Scores {
            name: entry.name.to_owned(),
            note: (is_multi_fidelity(entry) && self.table.epochs() < 2)
                .then_some("the table's full training only"),
            validation_regret: miss(validation, best_validation),
            test_regret: miss(test, best_test),
            validation_accuracy: validation,
            test_accuracy: self.all_tests(&searches),
            test_interval: Bootstrap::new(tests.len(), RESAMPLES).interval(&tests),
            // The points stand at equal steps of the logarithm.
            regret_area: areas.sum::<f64>() / curve.len().max(1) as f64,
            evaluations: evaluations(&searches),
            stopped: self
                .stopping
                .as_ref()
                .map(|_| Spread::of(searches.iter().map(|search| f64::from(search.stopped))).mean),
            scored: Spread::of(searches.iter().map(|search| f64::from(search.scored))).mean,
            seconds,
            front: self.front(&searches),
            curve,
            by_key,
        };
        Ok((scores, searches))
    }

    fn validations(&self, searches: &[Search]) -> Spread {
        let value = |search: &Search| self.table.validation_accuracy(self.data, search.best);
        Spread::of(searches.iter().map(value))
    }

    /// The test accuracies of the answers on one data set, by seed.
    fn tests(&self, data: usize, searches: &[Search]) -> Vec<f64> {
        let scoring = Scoring::of_a_chosen_answer();
        let test = |search: &Search| self.table.test_accuracy(&scoring, data, search.best);
        searches.iter().map(test).collect()
    }

    fn all_tests(&self, searches: &[Search]) -> BTreeMap<String, Spread> {
        let names = self.table.data_sets().enumerate();
        names
            .map(|(data, name)| {
                let tests = self.tests(data, searches);
                (name.to_owned(), Spread::of(tests.iter().copied()))
            })
            .collect()
    }

    /// The best validation and the best test accuracy of the table.
    fn optima(&self) -> [f64; 2] {
        let scoring = Scoring::of_a_chosen_answer();
        let rows = || self.table.rows();
        let validation = rows().map(|row| self.table.validation_accuracy(self.data, row));
        let test = rows().map(|row| self.table.test_accuracy(&scoring, self.data, row));
        [validation.fold(0.0, f64::max), test.fold(0.0, f64::max)]
    }

    /// The answers over time, at equal steps of its logarithm. A search without
    /// an answer yet counts as having its first.
    fn curve(&self, searches: &[Search], best: f64) -> Vec<Point> {
        let scoring = Scoring::of_a_chosen_answer();
        let band = Bootstrap::new(searches.len(), BAND_RESAMPLES);
        let point = |place: usize| {
            let share = START.powf(1.0 - place as f64 / (POINTS - 1) as f64);
            // The last look-up may end a little after the budget.
            let seconds = if place + 1 == POINTS {
                f64::INFINITY
            } else {
                share * self.budget
            };
            let answers: Vec<Row> = searches.iter().map(|own| answer(own, seconds)).collect();
            let regret = |row: &Row| best - self.table.validation_accuracy(self.data, *row);
            let test = |row: &Row| self.table.test_accuracy(&scoring, self.data, *row);
            let regrets: Vec<f64> = answers.iter().map(regret).collect();
            let tests: Vec<f64> = answers.iter().map(test).collect();
            Point {
                seconds: share * self.budget,
                validation_regret: Spread::of(regrets.iter().copied()).mean,
                validation_regret_interval: band.interval(&regrets),
                test_accuracy: Spread::of(tests.iter().copied()).mean,
                test_accuracy_interval: band.interval(&tests),
            }
        };
        (0..POINTS).map(point).collect()
    }
}

/// The answer of a search at a moment.
fn answer(search: &Search, seconds: f64) -> Row {
    let found = search
        .improvements
        .partition_point(|(at, _)| *at <= seconds);
    search.improvements[found.max(1) - 1].1
}

fn evaluations(searches: &[Search]) -> f64 {
    Spread::of(searches.iter().map(|search| f64::from(search.evaluations))).mean
}

/// All strategies but the leading one against it.
fn differences(scores: &[Scores], tests: &[Vec<f64>]) -> Vec<Difference> {
    let mean = |at: usize| Spread::of(tests[at].iter().copied()).mean;
    let leader = (0..tests.len()).reduce(|best, other| match mean(other) > mean(best) {
        true => other,
        false => best,
    });
    let Some(leader) = leader else {
        return Vec::new();
    };
    let bootstrap = Bootstrap::new(tests[leader].len(), RESAMPLES);
    let others = (0..tests.len()).filter(|&own| own != leader);
    let mut all: Vec<Difference> = others
        .map(|own| {
            let pairs = tests[leader].iter().zip(&tests[own]);
            let differences: Vec<f64> = pairs.map(|(lead, own)| lead - own).collect();
            Difference {
                name: scores[own].name.clone(),
                leader: scores[leader].name.clone(),
                mean: Spread::of(differences.iter().copied()).mean,
                interval: bootstrap.interval(&differences),
                p: signed_rank(&differences),
            }
        })
        .collect();
    let values: Vec<f64> = all.iter().map(|difference| difference.p).collect();
    for (difference, corrected) in all.iter_mut().zip(holm(&values)) {
        difference.p = corrected;
    }
    all
}

impl Difference {
    /// The p as it is to be read: none is nothing at all.
    pub fn p_text(&self) -> String {
        match self.p < 1e-4 {
            true => "< 0.0001".to_owned(),
            false => format!("{:.4}", self.p),
        }
    }
}

impl Spread {
    /// Mean and deviation of some values; zeros for none.
    pub fn of(values: impl ExactSizeIterator<Item = f64> + Clone) -> Self {
        let count = values.len().max(1) as f64;
        let mean = values.clone().sum::<f64>() / count;
        let squares: f64 = values.map(|value| (value - mean).powi(2)).sum();
        let std = (squares / (count - 1.0).max(1.0)).sqrt();
        Self { mean, std }
    }
}

/// The clock, for the time that a comparison took; no search reads it.
#[expect(
    clippy::disallowed_methods,
    reason = "how long a comparison took is reported, and decides nothing"
)]
fn now() -> Instant {
    Instant::now()
}
