//! `netsmith bench TABLE`: strategies side by side on a table of known results.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use netsmith::bench::{Bench, Billing, Comparison, Spread};
use netsmith::catalogue::{Settings, find};
use netsmith::evaluate::table::{self, TableEntry};
use netsmith::strategy;

use super::search::seconds;
use crate::exit;
use crate::failure::Failure;
use crate::output::{Output, columns};
use crate::settings::Given;

/// The arguments of `netsmith bench`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The table: `nas-bench-201` or `nas-bench-101`
    table: String,
    /// The data set that is searched
    #[arg(long, default_value = "cifar-10")]
    data: String,
    /// Strategies, joined by commas; `all` for all of them
    #[arg(long, default_value = "all", value_delimiter = ',')]
    strategies: Vec<String>,
    /// A parameter of the strategies that have it; repeatable
    #[arg(long, value_name = "strategy.KEY=VALUE")]
    set: Vec<String>,
    /// Searches of each strategy: a number, or a range `A..B` of seeds
    #[arg(long, default_value = "500")]
    seeds: String,
    /// Simulated time of one search [default: 12000s]
    #[arg(long)]
    budget: Option<String>,
    /// Look-ups of one search, in a table that knows no times [default: 150]
    #[arg(long, conflicts_with = "budget", value_parser = clap::value_parser!(u32).range(1..))]
    queries: Option<u32>,
    /// When a look-up costs its time
    #[arg(long, value_enum, default_value_t = When::First)]
    billing: When,
    /// Also score each strategy with equal networks paid once
    #[arg(long)]
    by_key: bool,
    /// Look-ups of one search that run side by side in simulated time
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    workers: u16,
    /// Where the tables are; default: NETSMITH_DATA, or `../shared/data`
    #[arg(long, value_name = "FOLDER")]
    tables: Option<PathBuf>,
}

/// When a look-up costs its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum When {
    /// When an architecture is first asked for
    First,
    /// Always, as in the benchmark's own scripts
    Every,
    /// When a network is first asked for, under whatever architecture
    Key,
}

/// Compares.
///
/// # Errors
/// An option that cannot be, or a table that cannot be read.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let folder = arguments.tables.clone().unwrap_or_else(|| {
        let named = std::env::var_os("NETSMITH_DATA").map(PathBuf::from);
        named.unwrap_or_else(|| PathBuf::from("../shared/data"))
    });
    let entry = table::CATALOGUE
        .iter()
        .find(|entry| entry.name == arguments.table);
    let entry = entry.ok_or_else(|| {
        let known: Vec<&str> = table::CATALOGUE.iter().map(|entry| entry.name).collect();
        Failure::usage(format!("there is no table `{}`", arguments.table))
            .with_hint(format!("there are: {}", known.join(", ")))
    })?;
    let budget = budget(arguments, entry)?;
    let table = entry
        .open(&folder)
        .map_err(|error| Failure::of(exit::DATA, &error, error.hint()))?;
    let mut bench = Bench::new(&table, &arguments.data, budget, seeds(&arguments.seeds)?)
        .map_err(|error| Failure::of(exit::USAGE, &error, None))?;
    bench.billing = match arguments.billing {
        When::First => Billing::FirstQuery,
        When::Every => Billing::EveryQuery,
        When::Key => Billing::FirstKey,
    };
    bench.by_key = arguments.by_key;
    bench.workers = arguments.workers.into();
    let given = Given::read(arguments.set.iter().map(String::as_str))?.strategy;
    let mut wanted = Vec::new();
    for entry in strategy::CATALOGUE {
        let named = arguments
            .strategies
            .iter()
            .any(|name| name == "all" || name == entry.name);
        if named {
            let takes = |key: &str| entry.parameters.iter().any(|known| known.name == key);
            let own = given.iter().filter(|(key, _)| takes(key));
            let own = own
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect();
            wanted.push((entry, Settings::new(entry.parameters, &own)?));
        }
    }
    for name in arguments.strategies.iter().filter(|name| *name != "all") {
        find("strategy", strategy::CATALOGUE, name)?;
    }
    let compared = bench
        .compare(wanted)
        .map_err(|error| Failure::of(exit::USAGE, &error, None))?;
    let unit = if entry.is_timed {
        "simulated seconds"
    } else {
        "look-ups"
    };
    output.result(&compared, || shown(&compared, unit))
}

/// Simulated seconds of one search, or its look-ups where the table knows no times.
fn budget(arguments: &Arguments, entry: &TableEntry) -> Result<f64, Failure> {
    let name = entry.name;
    match (&arguments.budget, arguments.queries, entry.is_timed) {
        (Some(text), _, true) => seconds(text).ok_or_else(|| {
            Failure::usage(format!("budget is `{text}`: it is a simulated time"))
                .with_hint("write `12000s`")
        }),
        (None, None, true) => Ok(12_000.0),
        (_, Some(queries), true) => Err(Failure::usage(format!(
            "queries is {queries}: a search on `{name}` pays the time of training"
        ))
        .with_hint("give `--budget 12000s`")),
        (Some(text), _, false) => Err(Failure::usage(format!(
            "budget is `{text}`: table `{name}` knows no times"
        ))
        .with_hint("give `--queries 150`")),
        (None, queries, false) => Ok(queries.map_or(150.0, f64::from)),
    }
}

/// `500` or `10000..10500`.
fn seeds(text: &str) -> Result<Range<u64>, Failure> {
    let range = match text.split_once("..") {
        Some((from, to)) => from.trim().parse().ok().zip(to.trim().parse().ok()),
        None => text.trim().parse().ok().map(|count| (0, count)),
    };
    match range {
        Some((from, to)) if from < to => Ok(from..to),
        _ => Err(
            Failure::usage(format!("seeds is `{text}`: it is a number or a range"))
                .with_hint("write `500` or `10000..10500`"),
        ),
    }
}

/// A row for each strategy and each published one; accuracies in percent, mean
/// and deviation.
fn shown(compared: &Comparison, unit: &str) -> String {
    let percent = |mean: f64, std: f64| format!("{:.2} ± {:.2}", 100.0 * mean, 100.0 * std);
    let spread = |spread: &Spread| percent(spread.mean, spread.std);
    let mut text = format!(
        "{} on {}, {} {unit}, {} seeds, {} at a time, billed at the {}; test accuracy in percent, mean and deviation\n",
        compared.table,
        compared.data,
        compared.budget,
        compared.seeds,
        compared.workers,
        compared.billing.replace('-', " "),
    );
    let first = compared.strategies.first();
    let names: Vec<&String> = first.map_or_else(Vec::new, |s| s.test_accuracy.keys().collect());
    let row = |name: &str, tests: [String; 3], rest: [String; 4]| {
        let [a, b, c] = tests;
        let [evaluations, area, p, seconds] = rest;
        [name.to_owned(), a, b, c, evaluations, area, p, seconds]
    };
    let title = |at: usize| {
        names
            .get(at)
            .map_or_else(String::new, |name| (*name).clone())
    };
    let titles = ["evaluations", "regret area", "p", "seconds"].map(str::to_owned);
    let mut rows = vec![row("strategy", [0, 1, 2].map(title), titles)];
    for scores in &compared.strategies {
        let tests = |all: &BTreeMap<String, Spread>| {
            [0, 1, 2].map(|at| {
                names
                    .get(at)
                    .and_then(|name| all.get(*name))
                    .map_or_else(String::new, spread)
            })
        };
        let difference = compared
            .differences
            .iter()
            .find(|own| own.name == scores.name);
        let p = difference.map_or_else(|| "leads".to_owned(), |own| format!("{:.4}", own.p));
        rows.push(row(
            &scores.name,
            tests(&scores.test_accuracy),
            [
                format!("{:.1}", scores.evaluations),
                format!("{:.3}", 100.0 * scores.regret_area),
                p,
                format!("{:.2}", scores.seconds),
            ],
        ));
        if let Some(by_key) = &scores.by_key {
            let name = format!("{}, by key", scores.name);
            let evaluations = format!("{:.1}", by_key.evaluations);
            let rest = [evaluations, String::new(), String::new(), String::new()];
            rows.push(row(&name, tests(&by_key.test_accuracy), rest));
        }
    }
    for published in &compared.published {
        let tests = published
            .test_accuracy
            .map(|own| percent(own.mean, own.std));
        let name = format!("{}, published", published.name);
        rows.push(row(&name, tests, [const { String::new() }; 4]));
    }
    text.push_str(&columns(&rows));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_a_number_or_a_range() {
        assert_eq!(seeds("500").unwrap(), 0..500);
        assert_eq!(seeds("10000..10500").unwrap(), 10_000..10_500);
        assert_eq!(seeds("5..5").unwrap_err().code, exit::USAGE);
    }
}
