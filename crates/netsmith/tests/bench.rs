//! Comparisons on the table of NAS-Bench-201.

use netsmith::bench::{Bench, Billing, Spread};
use netsmith::catalogue::Settings;
use netsmith::evaluate::table::{self, Table};
use netsmith::strategy::{self, Entry};
use std::path::{Path, PathBuf};

const BUDGET: f64 = 12_000.0;

/// The table, or nothing where the data are missing.
#[expect(clippy::print_stderr, reason = "a test that skips says so")]
fn nas_bench_201() -> Option<Table> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("NETSMITH_DATA").map_or_else(beside, PathBuf::from);
    let entry = &table::CATALOGUE[0];
    if !folder.join(entry.file).exists() {
        eprintln!(
            "skipped: {} is not there",
            folder.join(entry.file).display()
        );
        return None;
    }
    Some(entry.open(&folder).expect("a whole table"))
}

fn entry(name: &str) -> &'static Entry {
    let found = strategy::CATALOGUE.iter().find(|entry| entry.name == name);
    found.expect("a strategy of the catalogue")
}

fn settings(entry: &Entry) -> Settings {
    Settings::defaults(entry.parameters)
}

#[test]
fn random_and_evolution_are_in_their_published_bands() {
    let Some(table) = nas_bench_201() else { return };
    let mut bench = Bench::new(&table, "cifar-10", BUDGET, 0..500).unwrap();
    for billing in [Billing::FirstQuery, Billing::EveryQuery] {
        bench.billing = billing;
        for (name, mean, std) in [
            ("random", 0.9370..=0.9386, 0.0024..=0.0042),
            ("regularized-evolution", 0.9385..=0.9408, 0.0024..=0.0046),
        ] {
            let entry = entry(name);
            let scores = bench.run(entry, &settings(entry)).unwrap();
            let test = scores.test_accuracy["cifar-10"];
            assert!(mean.contains(&test.mean), "{name} {billing:?} {scores:?}");
            assert!(std.contains(&test.std), "{name} {billing:?} {scores:?}");
        }
    }
}

/// With the settings of NATS-Bench's script: logits for each edge, one trial an
/// update. The published mean is 93.85 and the deviation 0.37, where random search
/// has 93.70; here random search has 93.76.
#[test]
fn reinforce_is_in_its_published_band() {
    let Some(table) = nas_bench_201() else { return };
    let mut bench = Bench::new(&table, "cifar-10", BUDGET, 0..500).unwrap();
    let entry = entry("nas-rl");
    let given = [
        ("policy", "independent"),
        ("batch", "1"),
        ("power", "1"),
        ("baseline-decay", "0.9"),
        ("baseline-order", "before"),
        ("initial-range", "0.1"),
    ];
    let given = given.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let settings = Settings::new(entry.parameters, &given.into()).unwrap();
    for billing in [Billing::FirstQuery, Billing::EveryQuery] {
        bench.billing = billing;
        let test = bench.run(entry, &settings).unwrap().test_accuracy["cifar-10"];
        assert!((0.9370..=0.9390).contains(&test.mean), "{test:?}");
        assert!((0.0024..=0.0044).contains(&test.std), "{test:?}");
    }
}

/// With the training-free scores of the table, paid for by their true seconds, on
/// seeds that nothing was tuned on.
#[test]
fn auto_is_above_everything_published() {
    let Some(table) = nas_bench_201() else { return };
    let bench = Bench::new(&table, "cifar-10", BUDGET, 10_000..10_012).unwrap();
    let entry = entry("auto");
    let scores = bench.run(entry, &settings(entry)).unwrap();
    let least = [
        ("cifar-10", 0.9420),
        ("cifar-100", 0.7184),
        ("imagenet16-120", 0.4554),
    ];
    for (data, least) in least {
        assert!(
            scores.test_accuracy[data].mean >= least,
            "{data} {scores:?}"
        );
    }
    assert!(scores.scored >= 200.0, "{scores:?}");
}

/// One-sided z-test of the difference of means at 0.001.
#[test]
fn evolution_beats_random() {
    let Some(table) = nas_bench_201() else { return };
    let bench = Bench::new(&table, "cifar-10", BUDGET, 0..500).unwrap();
    let accuracy = |name| {
        let entry = entry(name);
        bench.run(entry, &settings(entry)).unwrap().test_accuracy["cifar-10"]
    };
    let (evolution, random) = (accuracy("regularized-evolution"), accuracy("random"));
    let error = ((evolution.std.powi(2) + random.std.powi(2)) / 500.0).sqrt();
    assert!(
        (evolution.mean - random.mean) / error > 3.09,
        "{evolution:?} {random:?}"
    );
}

/// The mean of the best of n draws with replacement is
/// `sum v_(i) ((i/N)^n - ((i-1)/N)^n)`, averaged over the n of the searches,
/// since the clock makes n vary.
#[test]
fn random_search_meets_its_closed_form() {
    let Some(table) = nas_bench_201() else { return };
    let mut bench = Bench::new(&table, "cifar-10", BUDGET, 0..2_000).unwrap();
    bench.billing = Billing::EveryQuery;
    let random = entry("random");
    let searches = bench.searches(random, &settings(random)).unwrap();
    let values = |data| {
        let rows = table.rows();
        let mut values: Vec<f64> = rows
            .map(|row| table.validation_accuracy(data, row))
            .collect();
        values.sort_by(f64::total_cmp);
        values
    };
    let sorted = values(0);
    let total = sorted.len() as f64;
    let expected_best = |n: u32| -> f64 {
        let share = |i: usize| (i as f64 / total).powi(n as i32);
        let terms = sorted.iter().enumerate();
        terms
            .map(|(i, value)| value * (share(i + 1) - share(i)))
            .sum()
    };
    let expected = Spread::of(searches.iter().map(|search| expected_best(search.queries)));
    let best = searches.iter();
    let found = Spread::of(best.map(|search| table.validation_accuracy(0, search.best)));
    let error = found.std / (searches.len() as f64).sqrt();
    let apart = (found.mean - expected.mean).abs();
    assert!(apart < 3.0 * error, "{found:?} {expected:?}");
}

#[test]
fn the_clock_stops_at_the_first_look_up_beyond_the_budget() {
    let Some(table) = nas_bench_201() else { return };
    let dearest = |data| {
        let rows = table.rows();
        rows.map(|row| table.seconds(data, row)).fold(0.0, f64::max)
    };
    for (data, name) in table.data_sets().enumerate() {
        let bench = Bench::new(&table, name, 20_000.0, 0..2).unwrap();
        for entry in strategy::CATALOGUE {
            for search in bench.searches(entry, &settings(entry)).unwrap() {
                assert!(search.clock < 20_000.0 + dearest(data), "{}", entry.name);
                // A policy that always asks for the same ends before its budget.
                let converged = search.queries - search.evaluations >= 1_000;
                assert!(search.clock >= 20_000.0 || converged, "{}", entry.name);
                assert!(search.evaluations <= search.queries);
            }
        }
    }
}

#[test]
fn results_do_not_depend_on_threads() {
    let Some(table) = nas_bench_201() else { return };
    let mut bench = Bench::new(&table, "cifar-100", BUDGET / 2.0, 40..46).unwrap();
    for entry in strategy::CATALOGUE {
        let searches = [1, 3, 50].map(|threads| {
            bench.threads = threads;
            bench.searches(entry, &settings(entry)).unwrap()
        });
        assert!(searches[0] == searches[1] && searches[0] == searches[2]);
    }
}

#[test]
fn texts_lead_back_to_their_rows() {
    let Some(table) = nas_bench_201() else { return };
    assert_eq!(table.len(), 15_625);
    for row in table.rows().step_by(611) {
        let parsed = table.space().parse(table.text(row)).unwrap();
        assert_eq!(table.row(&parsed), Some(row));
    }
}

/// A thousand workers look up the whole table long before the time is over; with
/// ten, ten times as much is looked up as with one.
#[test]
fn workers_multiply_what_is_looked_up() {
    let Some(table) = nas_bench_201() else { return };
    let mut bench = Bench::new(&table, "cifar-10", BUDGET, 0..3).unwrap();
    let looked_up = [1, 10, 1_000].map(|workers| {
        bench.workers = workers;
        let random = entry("random");
        let searches = bench.searches(random, &settings(random)).unwrap();
        let paid = searches.iter().map(|own| f64::from(own.evaluations));
        paid.sum::<f64>() / 3.0
    });
    let times = looked_up[1] / looked_up[0];
    assert!((9.0..11.0).contains(&times), "{looked_up:?}");
    assert!(looked_up[2] > 15_000.0, "{looked_up:?}");
}
