//! Comparisons on a table of learning curves: what cheaper evaluations are worth.

use netsmith::bench::{Bench, Scores};
use netsmith::catalogue::Settings;
use netsmith::evaluate::table::{Table, read_curves};
use netsmith::network::Shape;
use netsmith::random::Seed;
use netsmith::space::{Limits, Space, Task, build_named};
use netsmith::stopping::{Extrapolation, Rule};
use netsmith::strategy::{self, Entry};
use rand::RngExt;
use std::collections::BTreeSet;
use std::fmt::Write;

const EPOCHS: u32 = 9;

fn space() -> Space {
    let task = Task::vector(Shape::image(3, 16, 16), 10);
    let operations = "none,nor_conv_1x1,nor_conv_3x3".to_owned();
    let settings = [("operations".to_owned(), operations)].into();
    build_named("nas-bench-201", &task, &settings).expect("a space")
}

/// Curves that rise to what the convolutions of a cell are worth, those of early
/// epochs with more noise: one for all cells with equal networks.
fn table() -> Table {
    part(729)
}

/// The same with the networks of so many different cells, in the order of a draw.
fn part(cells: usize) -> Table {
    let space = space();
    let mut file = String::from("architecture");
    for epoch in 1..=EPOCHS {
        write!(file, ",validation_accuracy_{epoch}").expect("a text");
    }
    file.push('\n');
    let (mut texts, mut keys) = (BTreeSet::new(), BTreeSet::new());
    let mut draws = Seed::new(1).stream();
    while texts.len() < cells {
        let drawn = space
            .sample(&Limits::default(), &mut draws)
            .expect("a cell");
        if !texts.insert(space.text(&drawn)) || !keys.insert(space.key(&drawn).expect("a key")) {
            continue;
        }
        let text = space.text(&drawn);
        let worth = |operation| text.matches(operation).count() as f64;
        let end = 0.3 + 0.07 * worth("3x3") + 0.03 * worth("1x1");
        let mut noise = Seed::new(2).child(&text).stream();
        file.push_str(&text);
        for epoch in 1..=EPOCHS {
            let epoch = f64::from(epoch);
            let scatter = noise.random_range(-0.03..0.03) / epoch;
            let value: f64 = end * (1.0 - (-epoch / 2.0).exp()) + scatter;
            write!(file, ",{:.4}", value.clamp(0.0, 1.0)).expect("a text");
        }
        file.push('\n');
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("curves.csv");
    std::fs::write(&path, file).expect("a file");
    read_curves(&path, space).expect("a table")
}

fn entry(name: &str) -> &'static Entry {
    let found = strategy::CATALOGUE.iter().find(|entry| entry.name == name);
    found.expect("a strategy of the catalogue")
}

fn run(bench: &Bench<'_>, name: &str) -> Scores {
    let entry = entry(name);
    let settings = Settings::defaults(entry.parameters);
    bench.run(entry, &settings).expect("a whole table")
}

/// A budget counts whole trainings, of which a look-up of fewer epochs is a part.
#[test]
fn look_ups_cost_their_epochs() {
    let table = table();
    assert_eq!((table.len(), table.epochs()), (321, EPOCHS));
    let bench = Bench::new(&table, "validation", 20.0, 0..4).unwrap();
    for name in ["random", "hyperband", "asha", "bohb", "successive-halving"] {
        let entry = entry(name);
        let settings = Settings::defaults(entry.parameters);
        for search in bench.searches(entry, &settings).unwrap() {
            assert!(
                (20.0 - 1e-9..21.0).contains(&search.clock),
                "{name} {search:?}"
            );
            // Equal networks are paid again, so that only whole trainings are 20.
            let whole = name == "random";
            assert_eq!(search.evaluations == 20, whole, "{name} {search:?}");
        }
    }
}

/// One-sided z-tests of the differences of means at 0.001.
#[test]
fn cheap_first_looks_are_worth_it() {
    let table = table();
    let bench = Bench::new(&table, "validation", 12.0, 0..150).unwrap();
    let random = run(&bench, "random").validation_accuracy;
    for name in ["hyperband", "asha", "bohb", "successive-halving"] {
        let scores = run(&bench, name);
        assert_eq!(scores.note, None);
        let own = scores.validation_accuracy;
        let error = ((own.std.powi(2) + random.std.powi(2)) / 150.0).sqrt();
        assert!((own.mean - random.mean) / error > 3.09, "{name} {own:?}");
    }
}

#[test]
fn trainings_that_end_early_leave_time_for_others() {
    let table = table();
    let mut bench = Bench::new(&table, "validation", 30.0, 0..60).unwrap();
    let whole = run(&bench, "random");
    bench.stopping = Some(Rule::Extrapolation(Extrapolation::new(
        "validation_accuracy",
    )));
    let stopped = run(&bench, "random");
    assert_eq!(whole.stopped, None);
    assert!(stopped.stopped.is_some_and(|count| count > 10.0));
    assert!(stopped.evaluations > 1.2 * whole.evaluations);
    let [whole, stopped] = [whole, stopped].map(|own| own.validation_accuracy);
    assert!(stopped.mean > whole.mean, "{stopped:?} {whole:?}");
}

#[test]
fn a_comparison_tells_what_its_curves_are_worth() {
    let table = table();
    let bench = Bench::new(&table, "validation", 5.0, 0..2).unwrap();
    let random = entry("random");
    let compared = bench.compare([(random, Settings::defaults(random.parameters))]);
    let curves = compared.unwrap().curves.unwrap();
    assert_eq!((curves.epochs, curves.stopping), (EPOCHS, "off"));
    let agreement: Vec<f64> = curves.agreement.iter().flatten().copied().collect();
    assert_eq!(agreement.len(), EPOCHS as usize - 1);
    assert!(
        agreement[0] < agreement[7] && agreement[7] > 0.95,
        "{agreement:?}"
    );
    let forecast = curves.forecast.unwrap();
    assert!(forecast.mean_absolute < 0.1, "{forecast:?}");
}

/// What a part of a space lacks fails at once: nobody pays for it, and the answer
/// is one of what there is.
#[test]
fn a_part_of_a_space_can_be_searched() {
    let table = part(200);
    assert!((50..200).contains(&table.len()));
    let bench = Bench::new(&table, "validation", 10.0, 0..8).unwrap();
    for name in ["random", "local-search", "regularized-evolution", "asha"] {
        let entry = entry(name);
        let settings = Settings::defaults(entry.parameters);
        for search in bench.searches(entry, &settings).unwrap() {
            assert!(search.missing > 0 && search.evaluations >= 10, "{search:?}");
            assert!((10.0 - 1e-9..11.0).contains(&search.clock), "{search:?}");
        }
    }
}
