//! The search loop: the same history with any number of workers, after
//! interruptions and after kills; bad candidates are outcomes; nothing is
//! evaluated twice.

mod kills;

use netsmith::catalogue::Settings;
use netsmith::cost::PARAMETERS;
use netsmith::evaluate::{Evaluation, Evaluator, Job, Repeatability, Watch};
use netsmith::network::{Network, Shape};
use netsmith::objective::Objective;
use netsmith::random::Seed;
use netsmith::search::{Budget, End, Event, Search, SearchError};
use netsmith::space::{self, Limits, Space, Task};
use netsmith::stopping::MedianParams;
use netsmith::strategy::{self, Ask, Observation, Strategy, Suggestion};
use netsmith::study::{Header, Study, View};
use netsmith::testing::{Record, Toy};
use netsmith::trial::{Fidelity, Metric, Metrics, Outcome, Trial};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A small space: few cells, so that resolving is fast.
fn space() -> Space {
    let entry = &space::nas_bench_201::ENTRY;
    let given = [("cells", "1"), ("channels", "2")];
    let given = given.map(|(k, v)| (k.to_owned(), v.to_owned()));
    let task = Task::vector(Shape::image(1, 8, 8), 10);
    let settings = Settings::new(entry.parameters, &given.into()).expect("settings");
    (entry.build)(&task, &settings).expect("a space")
}

fn build(name: &str) -> Box<dyn Strategy> {
    let entry = strategy::CATALOGUE.iter().find(|entry| entry.name == name);
    let entry = entry.expect("a strategy of the catalogue");
    (entry.build)(&Settings::defaults(entry.parameters)).expect("a strategy")
}

fn study(dir: &Path) -> Study {
    if View::open(dir).is_ok() {
        return Study::open(dir).expect("a study");
    }
    Study::create(dir, &Header::new("", 7, 0)).expect("a new study")
}

/// What the tests vary; the rest is the same for all.
struct Case<'a> {
    dir: &'a Path,
    space: &'a Space,
    workers: usize,
    window: u64,
    trials: u64,
    simulated: Option<f64>,
    limits: Limits,
    memory: Option<u64>,
    interrupt: &'a AtomicBool,
}

static NEVER: AtomicBool = AtomicBool::new(false);

impl<'a> Case<'a> {
    fn new(dir: &'a Path, space: &'a Space, trials: u64) -> Self {
        Self {
            dir,
            space,
            workers: 4,
            window: 8,
            trials,
            simulated: None,
            limits: Limits::default(),
            memory: None,
            interrupt: &NEVER,
        }
    }

    fn run(
        self,
        strategy: &mut dyn Strategy,
        evaluator: &dyn Evaluator,
        observe: &mut dyn FnMut(Event<'_>),
    ) -> Result<(End, Vec<Trial>), SearchError> {
        let study = study(self.dir);
        let stopping = MedianParams {
            warm_up: 1,
            minimum: 3,
        };
        // The lowest rung of a ladder has as many epochs as other trials.
        let epochs = if strategy.mean_share() < 1.0 { 36 } else { 4 };
        let search = Search {
            space: self.space,
            strategy,
            evaluator,
            study: &study,
            objective: &Objective::new(Metric::validation_accuracy()),
            limits: self.limits,
            latency: None,
            fidelity: Fidelity::epochs(epochs),
            stopping: Some(
                stopping
                    .check("validation_accuracy")
                    .expect("a rule")
                    .into(),
            ),
            budget: Budget {
                trials: Some(self.trials),
                simulated: self.simulated,
                ..Budget::default()
            },
            workers: self.workers,
            window: self.window,
            memory: self.memory,
            seed: Seed::new(7),
            interrupt: self.interrupt,
        };
        let result = search.run(observe);
        study.close().expect("a whole study");
        result
    }
}

/// The history that the study holds.
fn history(dir: &Path) -> Vec<Record> {
    let trials = View::open(dir).expect("a study").trials().expect("trials");
    assert!(trials.pending.is_empty(), "{:?}", trials.pending);
    trials.completed.iter().map(Record::of).collect()
}

fn toy() -> Toy {
    Toy {
        failures: 0.4,
        pause: Duration::ZERO,
    }
}

fn uninterrupted(name: &str, workers: usize, trials: u64) -> Vec<Record> {
    let dir = tempfile::tempdir().expect("a directory");
    let space = space();
    let mut case = Case::new(dir.path(), &space, trials);
    case.workers = workers;
    let ended = case.run(build(name).as_mut(), &toy(), &mut |_| {});
    assert_eq!(ended.expect("a search").0, End::Budget);
    history(dir.path())
}

#[test]
fn workers_do_not_change_the_history() {
    for entry in strategy::CATALOGUE {
        let alone = uninterrupted(entry.name, 1, 120);
        assert_eq!(alone.len(), 120);
        for workers in [3, 4, 8] {
            assert!(
                alone == uninterrupted(entry.name, workers, 120),
                "{}",
                entry.name
            );
        }
        let spent: BTreeSet<String> = alone.iter().map(|own| own.fidelity.clone()).collect();
        let climbs = build(entry.name).mean_share() < 1.0;
        assert_eq!(
            spent.len(),
            if climbs { 3 } else { 1 },
            "{}: {spent:?}",
            entry.name
        );
        // The toy does everything, or the comparison says little.
        let outcomes: Vec<&str> = alone.iter().map(|record| record.outcome).collect();
        for outcome in ["finished", "stopped", "diverged", "crashed"] {
            assert!(outcomes.contains(&outcome), "{outcome}: {outcomes:?}");
        }
    }
}

#[test]
fn an_interrupted_search_goes_on_to_the_same_history() {
    for entry in strategy::CATALOGUE {
        let whole = uninterrupted(entry.name, 4, 60);
        let dir = tempfile::tempdir().unwrap();
        let space = space();
        let slow = Toy {
            pause: Duration::from_micros(300),
            ..toy()
        };
        let mut ends = Vec::new();
        for round in 1..=40 {
            let interrupt = AtomicBool::new(false);
            let mut case = Case::new(dir.path(), &space, 60);
            case.interrupt = &interrupt;
            let mut started = 0;
            let (end, _) = case
                .run(build(entry.name).as_mut(), &slow, &mut |event| {
                    started += usize::from(matches!(event, Event::Started(_)));
                    interrupt.fetch_or(started > 2 + round % 5, Ordering::Relaxed);
                })
                .unwrap();
            ends.push(end);
            if end != End::Interrupted {
                break;
            }
        }
        assert_eq!(ends.last(), Some(&End::Budget));
        assert!(ends.len() > 5, "{ends:?}");
        assert!(history(dir.path()) == whole, "{}", entry.name);
    }
}

/// Counts evaluations by key or by text.
#[derive(Debug, Default)]
struct Counter {
    by_text: bool,
    pause: Duration,
    counts: Mutex<BTreeMap<String, u32>>,
}

impl Evaluator for Counter {
    fn evaluate(&self, job: &Job<'_>, _watch: &mut dyn Watch) -> Evaluation {
        let identity = if self.by_text {
            &job.proposal.architecture
        } else {
            &job.proposal.key
        };
        let mut counts = self.counts.lock().expect("no panic");
        *counts.entry(identity.clone()).or_default() += 1;
        drop(counts);
        std::thread::sleep(self.pause);
        let mut metrics = Metrics::new();
        metrics.set(Metric::validation_accuracy(), 0.5);
        Evaluation::ended(Outcome::Finished, metrics)
    }

    fn repeatability(&self) -> Repeatability {
        Repeatability::Exact
    }

    fn goes_by_text(&self) -> bool {
        self.by_text
    }

    fn memory(&self, network: &Network) -> u64 {
        network.parameters()
    }
}

/// Proposes the same few architectures again and again.
#[derive(Debug)]
struct Stubborn(u64);

impl Strategy for Stubborn {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Result<Suggestion, space::Infeasible> {
        let mut random = Seed::new(ask.number % self.0).stream();
        Ok(Suggestion {
            architecture: ask.space.sample(ask.limits, &mut random)?,
            parent: None,
        })
    }

    fn tell(&mut self, _: Observation) {}
}

#[test]
fn duplicates_share_one_evaluation_also_of_running_trials() {
    let space = space();
    for by_text in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let counter = Counter {
            by_text,
            // Long enough for the duplicates of running trials to come up.
            pause: Duration::from_millis(5),
            ..Counter::default()
        };
        let case = Case::new(dir.path(), &space, 50);
        case.run(&mut Stubborn(3), &counter, &mut |_| {}).unwrap();
        let counts = counter.counts.into_inner().unwrap();
        assert_eq!(counts.values().collect::<Vec<_>>(), [&1, &1, &1]);
        let history = history(dir.path());
        assert_eq!(history.len(), 50);
        for record in &history[3..] {
            assert_eq!(record.duplicate_of, Some(record.number % 3));
            assert_eq!(record.outcome, "finished");
            assert!(record.validation_accuracy.is_some());
        }
    }
}

#[test]
fn a_space_with_nothing_new_ends_the_search() {
    let space = space();
    let dir = tempfile::tempdir().unwrap();
    let case = Case::new(dir.path(), &space, 100_000);
    let ended = case.run(&mut Stubborn(3), &Counter::default(), &mut |_| {});
    let (end, trials) = ended.unwrap();
    assert_eq!(end, End::Exhausted);
    assert_eq!(trials.len(), 1_003);
}

#[test]
fn the_budget_of_trials_is_exact() {
    let space = space();
    for trials in [1, 2, 7, 16] {
        let dir = tempfile::tempdir().unwrap();
        let case = Case::new(dir.path(), &space, trials);
        case.run(build("random").as_mut(), &toy(), &mut |_| {})
            .unwrap();
        let numbers: Vec<u64> = history(dir.path()).iter().map(|r| r.number).collect();
        assert_eq!(numbers, (0..trials).collect::<Vec<_>>());
    }
}

/// Proposes without a look at the limits.
#[derive(Debug)]
struct Careless;

impl Strategy for Careless {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Result<Suggestion, space::Infeasible> {
        Ok(Suggestion {
            architecture: ask.space.sample(&Limits::default(), ask.random)?,
            parent: None,
        })
    }

    fn tell(&mut self, _: Observation) {}
}

#[test]
fn what_is_over_a_limit_or_too_large_is_never_evaluated() {
    let space = space();
    let trials = |limits, memory| {
        let dir = tempfile::tempdir().unwrap();
        let counter = Counter::default();
        let mut case = Case::new(dir.path(), &space, 40);
        (case.limits, case.memory) = (limits, memory);
        let ended = case.run(&mut Careless, &counter, &mut |_| {});
        let evaluated = counter.counts.into_inner().unwrap().len();
        (ended.unwrap().1, evaluated)
    };
    let middle = 1_600;
    let limits = Limits::FREE.with(PARAMETERS, middle as f64);
    for (limits, memory, outcome) in [
        (limits, None, "over-limit"),
        (Limits::default(), Some(middle), "out-of-memory"),
    ] {
        let (trials, evaluated) = trials(limits, memory);
        assert_eq!(trials.len(), 40);
        let mut refused = 0;
        for trial in &trials {
            let over = trial.costs.value(PARAMETERS).unwrap() > middle as f64;
            refused += u32::from(over);
            let expected = if over { outcome } else { "finished" };
            assert_eq!(trial.outcome.name(), expected);
        }
        assert!(refused > 3 && evaluated > 3, "{refused} {evaluated}");
    }
}

#[test]
fn a_panic_is_an_outcome_and_the_search_goes_on() {
    #[derive(Debug)]
    struct Panics;
    impl Evaluator for Panics {
        fn evaluate(&self, job: &Job<'_>, _: &mut dyn Watch) -> Evaluation {
            panic!("trial {}", job.proposal.number)
        }
        fn repeatability(&self) -> Repeatability {
            Repeatability::Exact
        }
    }
    let space = space();
    let dir = tempfile::tempdir().unwrap();
    let case = Case::new(dir.path(), &space, 20);
    let ended = case.run(
        build("regularized-evolution").as_mut(),
        &Panics,
        &mut |_| {},
    );
    let (end, trials) = ended.unwrap();
    assert_eq!((end, trials.len()), (End::Budget, 20));
    for trial in trials {
        let original = trial.duplicate_of.unwrap_or(trial.number);
        let message = format!("trial {original}");
        assert_eq!(trial.outcome, Outcome::Crashed { message });
    }
}

#[test]
fn limits_that_nothing_keeps_end_the_search_before_it_begins() {
    let space = space();
    let dir = tempfile::tempdir().unwrap();
    let mut case = Case::new(dir.path(), &space, 20);
    case.limits = Limits::FREE.with(PARAMETERS, 10.0);
    let error = case
        .run(build("random").as_mut(), &toy(), &mut |_| {})
        .unwrap_err();
    assert!(matches!(error, SearchError::Infeasible(_)), "{error}");
}

#[test]
fn another_strategy_cannot_go_on_with_a_study() {
    let space = space();
    let dir = tempfile::tempdir().unwrap();
    let case = Case::new(dir.path(), &space, 20);
    case.run(build("random").as_mut(), &toy(), &mut |_| {})
        .unwrap();
    let case = Case::new(dir.path(), &space, 30);
    let error = case.run(&mut Stubborn(3), &toy(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, SearchError::Replay { .. }), "{error}");
}

/// Looks nothing up, and says that it took ten seconds.
#[derive(Debug)]
struct TenSeconds;

impl Evaluator for TenSeconds {
    fn evaluate(&self, _job: &Job<'_>, _watch: &mut dyn Watch) -> Evaluation {
        let mut metrics = Metrics::new();
        metrics.set(Metric::validation_accuracy(), 0.5);
        Evaluation::Ended {
            outcome: Outcome::Finished,
            metrics,
            costs: Default::default(),
            simulated_seconds: Some(10.0),
        }
    }

    fn repeatability(&self) -> Repeatability {
        Repeatability::Exact
    }

    fn goes_by_text(&self) -> bool {
        true
    }
}

/// A proposal is made while the trials that it sees took less than the budget;
/// a repeated text takes nothing.
#[test]
fn simulated_seconds_end_a_search_whatever_the_workers() {
    let space = space();
    for (workers, window, paid) in [(1, 1, 10), (2, 4, 13), (4, 4, 13)] {
        let dir = tempfile::tempdir().expect("a directory");
        let mut case = Case::new(dir.path(), &space, 1_000);
        (case.workers, case.window, case.simulated) = (workers, window, Some(95.0));
        let ended = case.run(build("random").as_mut(), &TenSeconds, &mut |_| {});
        let (end, trials) = ended.expect("a search");
        assert_eq!(end, End::Budget);
        let original = trials.iter().filter(|trial| trial.duplicate_of.is_none());
        assert_eq!(original.count(), paid);
    }
}
