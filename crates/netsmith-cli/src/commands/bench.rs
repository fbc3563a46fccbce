//! `netsmith bench TABLE`: strategies side by side on a table of known results.

use std::ops::Range;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use netsmith::bench::{Bench, Billing, Comparison, Spread};
use netsmith::catalogue::{Settings, find};
use netsmith::evaluate::table;
use netsmith::strategy;

use super::search::seconds;
use crate::exit;
use crate::failure::Failure;
use crate::output::{Output, columns};
use crate::settings::Given;

/// The arguments of `netsmith bench`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The table: `nas-bench-201`
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
    /// Simulated time of one search
    #[arg(long, default_value = "12000s")]
    budget: String,
    /// When a look-up costs its time
    #[arg(long, value_enum, default_value_t = When::First)]
    billing: When,
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
}

/// Compares.
///
/// # Errors
/// An option that cannot be, or a table that cannot be read.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let budget = seconds(&arguments.budget).ok_or_else(|| {
        Failure::usage(format!(
            "budget is `{}`: it is a simulated time",
            arguments.budget
        ))
        .with_hint("write `12000s`")
    })?;
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
    let table = entry
        .open(&folder)
        .map_err(|error| Failure::of(exit::DATA, &error, error.hint()))?;
    let mut bench = Bench::new(&table, &arguments.data, budget, seeds(&arguments.seeds)?)
        .map_err(|error| Failure::of(exit::USAGE, &error, None))?;
    bench.billing = match arguments.billing {
        When::First => Billing::FirstQuery,
        When::Every => Billing::EveryQuery,
    };
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
    output.result(&compared, || shown(&compared))
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

/// A row for each strategy; accuracies in percent, mean and deviation.
fn shown(compared: &Comparison) -> String {
    let percent =
        |spread: &Spread| format!("{:.2} ± {:.2}", 100.0 * spread.mean, 100.0 * spread.std);
    let mut text = format!(
        "{} on {}, {} simulated seconds, {} seeds; test accuracy in percent, mean and deviation\n",
        compared.table, compared.data, compared.budget, compared.seeds
    );
    let names: Vec<&String> = compared
        .strategies
        .iter()
        .flat_map(|s| s.test_accuracy.keys())
        .collect();
    let mut names = names;
    names.sort();
    names.dedup();
    let mut rows = Vec::new();
    for scores in &compared.strategies {
        for name in &names {
            let test = scores
                .test_accuracy
                .get(*name)
                .map_or_else(String::new, percent);
            rows.push([
                scores.name.clone(),
                (*name).clone(),
                test,
                format!("{:.1} evaluations", scores.evaluations),
                format!("{:.2} s", scores.seconds),
            ]);
        }
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
