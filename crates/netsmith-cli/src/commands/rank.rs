//! `netsmith rank TABLE`: how well training-free scores order the networks of a
//! table of known results.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use netsmith::bench::{agreement, sample_rows};
use netsmith::catalogue::find;
use netsmith::evaluate::table;
use netsmith::random::Seed;
use netsmith::space::{Space, Task, build_named};
use netsmith_nn::data::{self, Contract, LoadOptions, SplitOptions};
use netsmith_nn::score::{CATALOGUE, Entry, ScoreData, Subject};
use serde::Serialize;

use super::profile::within_cores;
use super::rows::Rows;
use crate::exit;
use crate::failure::Failure;
use crate::output::{Output, columns};
use crate::settings::Given;

/// The arguments of `netsmith rank`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The table: `nas-bench-201`
    table: String,
    /// The data set of the table whose test accuracies are compared
    #[arg(long, default_value = "cifar-10")]
    data: String,
    /// The images that networks are scored on: `cifar-10:FOLDER` or `image-folder:FOLDER`
    #[arg(long, value_name = "KIND:PATH")]
    images: String,
    /// Scores, joined by commas; `all` for all of them
    #[arg(long, default_value = "all", value_delimiter = ',')]
    scores: Vec<String>,
    /// Architectures, drawn from the table
    #[arg(long, value_name = "N", default_value = "500")]
    architectures: NonZeroUsize,
    /// Images that each network is scored on
    #[arg(long, value_name = "N", default_value = "64")]
    batch: NonZeroUsize,
    /// The seed of the draw, of the batches and of the first weights
    #[arg(long, default_value = "0")]
    seed: u64,
    /// Threads; all cores if not given
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
    /// A parameter of the space, such as `cells=1`: networks are then scored smaller than they
    /// were trained; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Keep each architecture's scores in this CSV file, and go on where it ends
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Where the tables are; default: NETSMITH_DATA, or `../shared/data`
    #[arg(long, value_name = "FOLDER")]
    tables: Option<PathBuf>,
}

/// How scores and outcomes agree.
#[derive(Debug, Serialize)]
struct Ranking {
    table: String,
    data: String,
    images: String,
    architectures: usize,
    batch: usize,
    seed: u64,
    threads: usize,
    scores: Vec<Agreement>,
}

/// How one score and the outcomes agree.
#[derive(Debug, Serialize)]
struct Agreement {
    name: &'static str,
    /// Spearman's correlation with the test accuracy.
    spearman: Option<f64>,
    /// What was published for NAS-Bench-201.
    published: Option<f64>,
    /// Mean over the architectures, each score on its own.
    seconds_per_architecture: f64,
}

/// Spearman's correlation with the final accuracy on CIFAR-10, as published
/// comparisons give it: the scores those of Abdelfattah et al. 2021
/// (arXiv:2101.08134), the two baselines those of Akhauri et al. 2022 (EZNAS,
/// arXiv:2209.07413). Naswot is absent: of it Kendall's coefficient was found alone.
const PUBLISHED: [(&str, f64); 8] = [
    ("parameters", 0.75),
    ("macs", 0.75),
    ("synflow", 0.74),
    ("jacob_cov", 0.73),
    ("grad_norm", 0.58),
    ("snip", 0.58),
    ("grasp", 0.48),
    ("fisher", 0.36),
];

/// Ranks.
///
/// # Errors
/// An option that cannot be, or data that cannot be read.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let entries = entries(&arguments.scores)?;
    let folder = arguments.tables.clone().unwrap_or_else(|| {
        let named = std::env::var_os("NETSMITH_DATA").map(PathBuf::from);
        named.unwrap_or_else(|| PathBuf::from("../shared/data"))
    });
    let known = table::CATALOGUE.iter();
    let entry = known.clone().find(|entry| entry.name == arguments.table);
    let entry = entry.ok_or_else(|| {
        let names: Vec<&str> = known.map(|entry| entry.name).collect();
        Failure::usage(format!("there is no table `{}`", arguments.table))
            .with_hint(format!("there are: {}", names.join(", ")))
    })?;
    let of_table = |error: table::TableError| Failure::of(exit::DATA, &error, error.hint());
    let table = data::open_table(entry, &folder).map_err(of_table)?;
    let number = table
        .data_set(&arguments.data)
        .map_err(|error| Failure::of(exit::USAGE, &error, error.hint()))?;
    let threads = arguments.threads.map(within_cores).transpose()?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads.unwrap_or(0))
        .build()
        .map_err(|error| Failure::of(exit::FAILED, &error, None))?;
    let seed = Seed::new(arguments.seed).child("rank");
    let samples = samples(arguments, &seed)?;
    let space = space(arguments, table.space())?;

    let header = ["architecture".to_owned()].into_iter();
    let header = header.chain(entries.iter().map(|entry| entry.name.to_owned()));
    let seconds = entries
        .iter()
        .map(|entry| format!("{}_seconds", entry.name));
    let header: Vec<String> = header.chain(seconds).collect();
    let mut file = match &arguments.file {
        Some(path) => Some(Rows::open(path, &header)?),
        None => None,
    };
    let drawn = sample_rows(&table, arguments.architectures.get(), &seed.child("sample"));
    let mut found: Vec<Vec<f64>> = Vec::new();
    for (count, row) in drawn.iter().enumerate() {
        let text = table.text(*row);
        if let Some(known) = file.as_ref().and_then(|file| file.get(text)) {
            found.push(known.to_vec());
            continue;
        }
        let network = space.network(&space.parse(text)?)?.pruned();
        let numbers = pool.install(|| score(&entries, &network, &samples, &seed))?;
        if let Some(file) = &mut file {
            file.add(text, numbers.clone())?;
        }
        found.push(numbers);
        if (count + 1) % 50 == 0 {
            output.note(&format!("{} of {} scored", count + 1, drawn.len()));
        }
    }

    let scores = entries.iter().enumerate().map(|(at, entry)| {
        let column = |at: usize| found.iter().map(|row| row[at]).collect::<Vec<f64>>();
        let seconds = column(entries.len() + at);
        let published = PUBLISHED.iter().find(|(name, _)| *name == entry.name);
        Agreement {
            name: entry.name,
            spearman: agreement(&table, number, &drawn, &column(at)),
            published: published
                .filter(|_| arguments.data == "cifar-10")
                .map(|(_, rho)| *rho),
            seconds_per_architecture: seconds.iter().sum::<f64>() / seconds.len() as f64,
        }
    });
    let ranking = Ranking {
        table: arguments.table.clone(),
        data: arguments.data.clone(),
        images: arguments.images.clone(),
        architectures: drawn.len(),
        batch: arguments.batch.get(),
        seed: arguments.seed,
        threads: pool.current_num_threads(),
        scores: scores.collect(),
    };
    output.result(&ranking, || shown(&ranking))
}

fn entries(names: &[String]) -> Result<Vec<&'static Entry>, Failure> {
    if names.iter().any(|name| name == "all") {
        return Ok(CATALOGUE.iter().collect());
    }
    let named = names.iter().map(|name| find("score", CATALOGUE, name));
    Ok(named.collect::<Result<_, _>>()?)
}

/// Training images; those of a test part are not read.
fn samples(arguments: &Arguments, seed: &Seed) -> Result<ScoreData, Failure> {
    let loaded = data::load(&arguments.images.parse()?, &LoadOptions::default())?;
    let (search, _test) = loaded.split(&SplitOptions::default())?;
    let train = search.train();
    let contract = Contract::fit(&train);
    if let [channels, ..] = contract.modality.raw_shape()[..]
        && channels != 3
    {
        let message = format!(
            "the images have {channels} channel: networks of tables take 3, red, green and blue"
        );
        return Err(
            Failure::new(exit::DATA, message).with_hint("take a folder of coloured pictures")
        );
    }
    let seed = seed.child("samples");
    Ok(ScoreData::draw(
        &train,
        &contract,
        arguments.batch.get(),
        &seed,
    ))
}

/// The table's space, with the parameters that were given.
fn space(arguments: &Arguments, own: &Space) -> Result<Space, Failure> {
    let given = Given::read(arguments.set.iter().map(String::as_str))?;
    given.without_strategy()?;
    if given.space.is_empty() {
        return Ok(own.clone());
    }
    let undecided = own.network(&own.sample(&Default::default(), &mut Seed::new(0).stream())?)?;
    let task = Task::vector(own.inputs()[0], undecided.answer().elements());
    Ok(build_named(own.name(), &task, &given.space)?)
}

/// Each score, and behind them the seconds of each, on a subject of its own.
fn score(
    entries: &[&'static Entry],
    network: &netsmith::network::Network,
    samples: &ScoreData,
    seed: &Seed,
) -> Result<Vec<f64>, Failure> {
    let (mut scores, mut seconds) = (Vec::new(), Vec::new());
    for entry in entries {
        let begun = Instant::now();
        scores.push(Subject::new(network, samples, seed)?.score(entry));
        seconds.push(begun.elapsed().as_secs_f64());
    }
    scores.extend(seconds);
    Ok(scores)
}

fn shown(ranking: &Ranking) -> String {
    let mut text = format!(
        "{} architectures of {}, scored on {} images; Spearman's correlation with the test accuracy on {}\n",
        ranking.architectures, ranking.table, ranking.batch, ranking.data
    );
    let titles = ["score", "correlation", "published", "seconds each"].map(str::to_owned);
    let mut rows = vec![titles];
    let number = |rho: Option<f64>| rho.map_or_else(String::new, |rho| format!("{rho:.3}"));
    for own in &ranking.scores {
        rows.push([
            own.name.to_owned(),
            number(own.spearman),
            number(own.published),
            format!("{:.4}", own.seconds_per_architecture),
        ]);
    }
    text.push_str(&columns(&rows));
    text
}
