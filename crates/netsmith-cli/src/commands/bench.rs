//! `netsmith bench TABLE`: strategies side by side on a table of known results.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use netsmith::bench::{
    Bench, BenchError, Billing, Comparison, CurveFacts, Difference, Scaling, Spread, page,
};
use netsmith::catalogue::{Settings, find};
use netsmith::evaluate::table::{self, TableError, read_curves};
use netsmith::network::Shape;
use netsmith::space::{Task, build_named};
use netsmith::stopping::{Extrapolation, MedianParams, Rule};
use netsmith::strategy;
use netsmith_nn::data::open_table;
use serde::Serialize;

use super::search::seconds;
use crate::exit;
use crate::failure::Failure;
use crate::output::{Output, columns};
use crate::settings::Given;

/// The arguments of `netsmith bench`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The table: `nas-bench-201`, `nas-bench-101`, or a file of learning curves that `netsmith
    /// tabulate` wrote, `FILE.csv` or `FILE.csv.gz`
    table: String,
    /// The data set that is searched [default: the table's first]
    #[arg(long)]
    data: Option<String>,
    /// `transfer`: search one data set, score on all; `native`: search each of the table's data
    /// sets with its own usual budget
    #[arg(long, value_enum, default_value_t = Protocol::Transfer)]
    protocol: Protocol,
    /// Strategies, joined by commas; `all` for all of them
    #[arg(long, default_value = "all", value_delimiter = ',')]
    strategies: Vec<String>,
    /// A parameter of the strategies that have it, or of the space of a file of learning curves;
    /// repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// The space of a file of learning curves
    #[arg(long, default_value = "nas-bench-201")]
    space: String,
    /// The shape of one sample in that space
    #[arg(long, value_name = "CxHxW", default_value = "3x32x32")]
    input: Shape,
    /// The classes of that space
    #[arg(long, value_name = "N", default_value = "10")]
    classes: NonZeroUsize,
    /// Which trainings are not worth their rest, where learning curves are known
    #[arg(long, value_enum, default_value_t = Stopping::Off)]
    stopping: Stopping,
    /// Searches of each strategy: a number, or a range `A..B` of seeds
    #[arg(long, default_value = "500")]
    seeds: String,
    /// Simulated time of one search [default: 12000s]
    #[arg(long)]
    budget: Option<String>,
    /// Look-ups of one search, each a whole training, in a table that knows no times [default: 150]
    #[arg(long, conflicts_with = "budget", value_parser = clap::value_parser!(u32).range(1..))]
    queries: Option<u32>,
    /// When a look-up costs its time
    #[arg(long, value_enum, default_value_t = When::First)]
    billing: When,
    /// Also score each strategy with equal networks paid once
    #[arg(long)]
    by_key: bool,
    /// Look-ups of one search that run side by side in simulated time; with several numbers, such
    /// as `1,10,100,1000`, also how the strategies fare with each
    #[arg(long, default_value = "1", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(1..=1000))]
    workers: Vec<u16>,
    /// `latency:DEVICE`: its milliseconds in the table are a second objective
    #[arg(long, value_name = "COST:DEVICE")]
    minimize: Option<String>,
    /// Whether strategies may use the table's training-free scores, which they pay for
    #[arg(long, value_enum, default_value_t = Scores::Table)]
    scores: Scores,
    /// Also write everything as one page with plots, which opens offline
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Where the tables are; default: NETSMITH_DATA, or `../shared/data`
    #[arg(long, value_name = "FOLDER")]
    tables: Option<PathBuf>,
}

/// What is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Protocol {
    /// One data set
    Transfer,
    /// Each data set, with its usual budget
    Native,
}

/// What ends trainings early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Stopping {
    /// Nothing
    Off,
    /// A best accuracy below the median of the others' averages
    Median,
    /// A curve that will hardly reach the best
    Extrapolation,
}

/// Where training-free scores come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Scores {
    /// Those beside the table
    Table,
    /// There are none
    Off,
}

/// Several comparisons, and how strategies fare side by side.
#[derive(Serialize)]
struct Several<'a> {
    comparisons: &'a [Comparison],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    scaling: &'a [Scaling],
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
    let given = Given::read(arguments.set.iter().map(String::as_str))?;
    let of_table = |error: TableError| Failure::of(exit::DATA, &error, error.hint());
    let (table, usual, is_timed) = match arguments.is_file() {
        true => {
            let task = Task::vector(arguments.input, arguments.classes.get());
            let space = build_named(&arguments.space, &task, &given.space)?;
            let table = read_curves(arguments.table.as_ref(), space).map_err(of_table)?;
            (table, vec![150.0], false)
        }
        false => {
            given.without_space()?;
            let mut entries = table::CATALOGUE.iter();
            let entry = entries.find(|entry| entry.name == arguments.table);
            let entry = entry.ok_or_else(|| unknown(&arguments.table))?;
            let table = open_table(entry, &folder).map_err(of_table)?;
            (table, entry.budgets.to_vec(), entry.is_timed)
        }
    };
    if arguments.stopping != Stopping::Off && table.epochs() < 2 {
        return Err(Failure::usage(format!(
            "table `{}` knows only how each training ended, so none can be stopped",
            arguments.table
        ))
        .with_hint("leave out `--stopping`, or give a file of learning curves"));
    }
    let budget = budget(arguments, is_timed)?;
    let first = table.data_sets().next().unwrap_or_default();
    let mut searched = vec![(arguments.data.as_deref().unwrap_or(first), budget)];
    if arguments.protocol == Protocol::Native {
        searched = table.data_sets().zip(usual).collect();
    }
    let given = given.strategy;
    let mut wanted = Vec::new();
    for entry in strategy::CATALOGUE {
        // On a table of full trainings only the sampler of one multi-fidelity
        // strategy differs from what else is there.
        let only_proposes =
            table.epochs() < 2 && entry.parameters.iter().any(|own| own.name == "proposer");
        let named = arguments
            .strategies
            .iter()
            .any(|name| name == "all" && !only_proposes || name == entry.name);
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
    let unit = match (is_timed, table.epochs()) {
        (true, _) => "simulated seconds",
        (false, 1) => "look-ups",
        (false, _) => "whole trainings",
    };
    let failed = |error: BenchError| Failure::of(exit::USAGE, &error, error.hint());
    let (mut comparisons, mut scaling) = (Vec::new(), Vec::new());
    for (data, budget) in searched {
        let bench = Bench::new(&table, data, budget, seeds(&arguments.seeds)?);
        let bench = arguments.task(bench.map_err(failed)?).map_err(failed)?;
        comparisons.push(bench.compare(wanted.iter().cloned()).map_err(failed)?);
        if scaling.is_empty() && arguments.workers.len() > 1 {
            let workers: Vec<usize> = arguments.workers.iter().map(|own| (*own).into()).collect();
            scaling = bench.scaling(&wanted, &workers).map_err(failed)?;
        }
    }
    if let Some(path) = &arguments.html {
        std::fs::write(path, page(&comparisons, &scaling, unit)).map_err(|error| {
            Failure::new(
                exit::FAILED,
                format!("`{}` cannot be written: {error}", path.display()),
            )
        })?;
    }
    let all = || {
        let texts = comparisons.iter().map(|own| shown(own, unit));
        let mut text = texts.collect::<Vec<_>>().join("\n");
        text.push_str(&scaled(&scaling));
        text
    };
    match (&comparisons[..], scaling.is_empty()) {
        ([one], true) => output.result(one, all),
        _ => {
            let several = Several {
                comparisons: &comparisons,
                scaling: &scaling,
            };
            output.result(&several, all)
        }
    }
}

fn unknown(table: &str) -> Failure {
    let known = table::CATALOGUE.iter().map(|entry| entry.name);
    let known: Vec<&str> = known.chain(["FILE.csv", "FILE.csv.gz"]).collect();
    Failure::usage(format!("there is no table `{table}`"))
        .with_hint(format!("there are: {}", known.join(", ")))
}

impl Arguments {
    /// Whether the table is a file of learning curves.
    fn is_file(&self) -> bool {
        self.table.ends_with(".csv") || self.table.ends_with(".csv.gz")
    }

    /// The comparison with the options that concern it.
    fn task<'a>(&self, mut bench: Bench<'a>) -> Result<Bench<'a>, BenchError> {
        bench.billing = match self.billing {
            When::First => Billing::FirstQuery,
            When::Every => Billing::EveryQuery,
            When::Key => Billing::FirstKey,
        };
        bench.by_key = self.by_key;
        let metric = "validation_accuracy";
        bench.stopping = match self.stopping {
            Stopping::Off => None,
            Stopping::Median => MedianParams::default().check(metric).ok().map(Rule::from),
            Stopping::Extrapolation => Some(Rule::Extrapolation(Extrapolation::new(metric))),
        };
        bench.workers = self.workers.first().copied().unwrap_or(1).into();
        if self.scores == Scores::Off {
            bench.scorer = None;
        }
        match &self.minimize {
            None => Ok(bench),
            Some(text) => bench.minimizing(text.strip_prefix("latency:").unwrap_or(text)),
        }
    }
}

/// Simulated seconds of one search, or its look-ups where the table knows no times.
fn budget(arguments: &Arguments, is_timed: bool) -> Result<f64, Failure> {
    let name = &arguments.table;
    match (&arguments.budget, arguments.queries, is_timed) {
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

/// A row for each number of workers, where several were asked for; test accuracy
/// in percent.
fn scaled(scaling: &[Scaling]) -> String {
    let Some(first) = scaling.first() else {
        return String::new();
    };
    let mut head = vec!["workers".to_owned()];
    head.extend(first.strategies.iter().map(|own| own.name.clone()));
    let mut text = String::from("\ntest accuracy in percent by workers\n");
    let rows = scaling.iter().map(|own| {
        let strategies = own.strategies.iter();
        let cells = strategies.map(|own| format!("{:.2}", 100.0 * own.test_accuracy.mean));
        let mut row = vec![own.workers.to_string()];
        row.extend(cells);
        row
    });
    let all: Vec<Vec<String>> = std::iter::once(head).chain(rows).collect();
    text.push_str(&columns(&all));
    text
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
        "{} on {}, {} {unit}, {} seeds, {} at a time, billed at the {}; {} in percent, mean and deviation\n",
        compared.table,
        compared.data,
        compared.budget,
        compared.seeds,
        compared.workers,
        compared.billing.replace('-', " "),
        match compared.note {
            None => "test accuracy",
            Some(_) => "accuracy",
        },
    );
    let first = compared.strategies.first();
    let names: Vec<&String> = first.map_or_else(Vec::new, |s| s.test_accuracy.keys().collect());
    let row = |name: &str, tests: [String; 3], rest: [String; 6]| {
        let all = std::iter::once(name.to_owned()).chain(tests);
        let all: Vec<String> = all.take(1 + names.len()).chain(rest).collect();
        all
    };
    let none = || [const { String::new() }; 6];
    let title = |at: usize| {
        names
            .get(at)
            .map_or_else(String::new, |name| (*name).clone())
    };
    let titles = [
        "95 % interval",
        "evaluations",
        "regret area",
        "behind the best",
        "p",
        "seconds",
    ];
    let titles = titles.map(str::to_owned);
    let mut rows = vec![row("strategy", [0, 1, 2].map(title), titles)];
    let interval = |[low, high]: [f64; 2]| format!("{:.2} to {:.2}", 100.0 * low, 100.0 * high);
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
        let behind = difference.map_or_else(
            || "-".to_owned(),
            |own| format!("{:.2}, {}", 100.0 * own.mean, interval(own.interval)),
        );
        let p = difference.map_or_else(|| "-".to_owned(), Difference::p_text);
        let mut name = match scores.note {
            Some(note) => format!("{} ({note})", scores.name),
            None => scores.name.clone(),
        };
        if let Some(stopped) = scores.stopped {
            name.push_str(&format!(", {stopped:.1} stopped"));
        }
        rows.push(row(
            &name,
            tests(&scores.test_accuracy),
            [
                interval(scores.test_interval),
                format!("{:.1}", scores.evaluations),
                format!("{:.3}", 100.0 * scores.regret_area),
                behind,
                p,
                format!("{:.2}", scores.seconds),
            ],
        ));
        if let Some(front) = &scores.front {
            let name = format!("{}, hypervolume", scores.name);
            let first = [spread(&front.hypervolume), String::new(), String::new()];
            let mut rest = none();
            rest[0] = interval(front.interval);
            rows.push(row(&name, first, rest));
        }
        if let Some(by_key) = &scores.by_key {
            let name = format!("{}, by key", scores.name);
            let mut rest = none();
            rest[1] = format!("{:.1}", by_key.evaluations);
            rows.push(row(&name, tests(&by_key.test_accuracy), rest));
        }
    }
    for published in &compared.published {
        let tests = published
            .test_accuracy
            .map(|own| percent(own.mean, own.std));
        let name = format!("{}, published", published.name);
        rows.push(row(&name, tests, none()));
    }
    text.push_str(&columns(&rows));
    if let Some(note) = compared.note {
        text.push_str(&format!("{note}\n"));
    }
    if let Some(curves) = &compared.curves {
        text.push_str(&told_by_curves(curves));
    }
    text
}

/// How well early epochs tell the last one, and how well forecasts do.
fn told_by_curves(curves: &CurveFacts) -> String {
    let agreement = curves.agreement.iter();
    let agreement =
        agreement.map(|rho| rho.map_or_else(|| "-".to_owned(), |rho| format!("{rho:.2}")));
    let mut text = format!(
        "Rank correlation with epoch {}, by epoch: {}\n",
        curves.epochs,
        agreement.collect::<Vec<_>>().join(" ")
    );
    if let Some(own) = &curves.forecast {
        text.push_str(&format!(
            "Forecasts from the first {:.0} % of each curve miss its end by {:.2} points on average; {:.0} % of the ends lie within two deviations\n",
            100.0 * own.from,
            100.0 * own.mean_absolute,
            100.0 * own.covered
        ));
    }
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
