//! `netsmith tabulate`: trains architectures of a space one after the other, and
//! writes their learning curves as a table.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Args;
use netsmith::network::Key;
use netsmith::random::Seed;
use netsmith::space::{Architecture, Limits, Space};
use netsmith_nn::data::{self, Augmentation, Contract, LoadOptions, SearchData, SplitOptions};
use netsmith_nn::pipeline::{Config, space_of};
use netsmith_nn::train::{Decision, Epoch, Recipe, Training};
use serde::Serialize;

use super::rows::Rows;
use super::search::seconds;
use crate::exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Given;

/// The arguments of `netsmith tabulate`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The CSV file; one that is there goes on behind its last row
    file: PathBuf,
    /// `digits`, `fashion-mnist[:FOLDER]`, `cifar-10:FOLDER` or `image-folder:FOLDER`
    #[arg(long, value_name = "KIND[:PATH]")]
    data: String,
    /// Height and width that images are resized to (image-folder)
    #[arg(long, value_name = "PIXELS")]
    image_size: Option<usize>,
    /// The space
    #[arg(long, default_value = "nas-bench-201")]
    space: String,
    /// A parameter of the space, such as `channels=8`; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Architectures in all; the first N of a fixed order without repetition
    #[arg(long, value_name = "N", default_value = "300")]
    architectures: NonZeroUsize,
    /// Train the architectures of this file, one a line, instead of drawing some
    #[arg(long, value_name = "FILE", conflicts_with = "architectures")]
    from: Option<PathBuf>,
    /// Epochs of each training
    #[arg(long, value_name = "N", default_value = "10")]
    epochs: NonZeroUsize,
    /// Share of the training part that is used
    #[arg(long, value_name = "SHARE", default_value = "1")]
    share: f64,
    /// Train equal networks once: an architecture whose network has a row already is left out
    #[arg(long)]
    by_key: bool,
    /// End after this time; the training under way is given up
    #[arg(long, value_name = "TIME")]
    budget: Option<String>,
    /// The seed of architectures and trainings
    #[arg(long, default_value = "0")]
    seed: u64,
    /// Threads; all cores if not given
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

/// What was done.
#[derive(Debug, Serialize)]
struct Tabulated {
    file: String,
    rows: usize,
    added: usize,
    wanted: usize,
    seconds: f64,
}

/// Trains and writes.
///
/// # Errors
/// An option that cannot be, or data that cannot be read.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let begun = Instant::now();
    let budget = match &arguments.budget {
        None => None,
        Some(text) => Some(seconds(text).ok_or_else(|| {
            Failure::usage(format!("budget is `{text}`: it is a time")).with_hint("write `20m`")
        })?),
    };
    if !(arguments.share > 0.0 && arguments.share <= 1.0) {
        let message = format!("share is {}: it is above 0 and at most 1", arguments.share);
        return Err(Failure::usage(message));
    }
    let options = LoadOptions {
        image_size: arguments.image_size.map(|side| [side, side]),
        ..LoadOptions::default()
    };
    let loaded = data::load(&arguments.data.parse()?, &options)?;
    let (data, _test) = loaded.split(&SplitOptions::default())?;
    let contract = Contract::fit(&data.train());
    let given = Given::read(arguments.set.iter().map(String::as_str))?;
    given.without_strategy()?;
    let config = Config {
        space: Some(arguments.space.clone()),
        space_settings: given.space,
        ..Config::default()
    };
    let space = space_of(&config, &contract)?;
    let recipe = Recipe {
        epochs: arguments.epochs.get(),
        fraction: arguments.share,
        ..Recipe::for_data(&data.train())
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(arguments.threads.map_or(0, NonZeroUsize::get))
        .build()
        .map_err(|error| Failure::of(exit::FAILED, &error, None))?;

    let mut rows = Rows::open(&arguments.file, &header(recipe.epochs))?;
    let before = rows.len();
    let seed = Seed::new(arguments.seed).child("tabulate");
    let mut known: BTreeSet<Key> = BTreeSet::new();
    let mut draws = seed.child("architectures").stream();
    let late = || budget.is_some_and(|budget| begun.elapsed().as_secs_f64() >= budget);
    let listed = match &arguments.from {
        Some(path) => Some(listed(path, &space)?),
        None => None,
    };
    let wanted = listed
        .as_ref()
        .map_or(arguments.architectures.get(), Vec::len);
    // A small space may hold fewer than are wanted.
    for number in 0..100 * wanted {
        if known.len() == wanted || late() {
            break;
        }
        let architecture = match &listed {
            None => space.sample(&Limits::default(), &mut draws)?,
            Some(listed) => match listed.get(number) {
                Some(architecture) => architecture.clone(),
                None => break,
            },
        };
        let text = space.text(&architecture);
        let key = match arguments.by_key {
            true => space.key(&architecture)?,
            false => Key::of_text(&text),
        };
        if !known.insert(key) {
            continue;
        }
        if rows.get(&text).is_some() {
            continue;
        }
        let task = Task {
            space: &space,
            data: &data,
            contract: &contract,
            recipe: &recipe,
            seed: seed.child(&text),
        };
        if let Some(numbers) = pool.install(|| task.train(&text, &late))? {
            rows.add(&text, numbers)?;
            output.note(&format!("{} of {wanted}", rows.len()));
        }
    }
    let done = Tabulated {
        file: arguments.file.display().to_string(),
        rows: rows.len(),
        added: rows.len() - before,
        wanted,
        seconds: begun.elapsed().as_secs_f64(),
    };
    output.result(&done, || {
        format!(
            "{}: {} of {} rows, {} of them new",
            done.file, done.rows, done.wanted, done.added
        )
    })
}

/// The architectures of a file.
fn listed(path: &Path, space: &Space) -> Result<Vec<Architecture>, Failure> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::usage(format!("`{}`: {error}", path.display())))?;
    let lines = text.lines().enumerate();
    let filled = lines.filter(|(_, line)| !line.trim().is_empty());
    filled
        .map(|(number, line)| {
            space.parse(line.trim()).map_err(|error| {
                let place = format!("`{}`, line {}", path.display(), number + 1);
                Failure::usage(format!("{place}: {error}"))
            })
        })
        .collect()
}

/// The columns: accuracies and losses of the validation part after each epoch.
fn header(epochs: usize) -> Vec<String> {
    let fixed = ["architecture", "parameters", "macs", "seconds"];
    let fixed = fixed.into_iter().map(str::to_owned);
    let curve = |name: &'static str| (1..=epochs).map(move |epoch| format!("{name}_{epoch}"));
    let curves = curve("validation_accuracy").chain(curve("validation_loss"));
    fixed.chain(curves).collect()
}

/// One training.
struct Task<'a> {
    space: &'a Space,
    data: &'a SearchData,
    contract: &'a Contract,
    recipe: &'a Recipe,
    seed: Seed,
}

impl Task<'_> {
    /// The row without its text; nothing where time is up. What a training that
    /// diverged did not reach is NaN.
    fn train(&self, text: &str, late: &dyn Fn() -> bool) -> Result<Option<Vec<f64>>, Failure> {
        let network = self.space.network(&self.space.parse(text)?)?;
        let pruned = network.pruned();
        let (train, valid) = (self.data.train(), self.data.valid());
        let augmentation = match self.recipe.augmentation {
            true => self.data.augmentation(),
            false => Augmentation::NONE,
        };
        let training = Training::new(&pruned, &train, self.contract, self.recipe, self.seed)
            .validated(&valid)
            .augmented(augmentation);
        let begun = Instant::now();
        let mut given_up = false;
        let mut observer = |_: &Epoch, _: &netsmith_nn::train::Checkpoint| {
            given_up = late();
            match given_up {
                true => Decision::Stop,
                false => Decision::Continue,
            }
        };
        let trained = training.run(training.start(), &mut observer)?;
        let epochs = self.recipe.epochs;
        if given_up && trained.history.len() < epochs {
            return Ok(None);
        }
        let seconds = begun.elapsed().as_secs_f64();
        let mut row = vec![network.parameters() as f64, network.macs() as f64, seconds];
        let accuracy = |epoch: &Epoch| epoch.metric.map_or(f64::NAN, |metric| metric.value);
        let loss = |epoch: &Epoch| epoch.valid_loss.unwrap_or(f64::NAN);
        for of in [&accuracy as &dyn Fn(&Epoch) -> f64, &loss] {
            let missing = std::iter::repeat(f64::NAN);
            row.extend(trained.history.iter().map(of).chain(missing).take(epochs));
        }
        Ok(Some(row))
    }
}
