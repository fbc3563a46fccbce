//! `netsmith search`: from a data set and limits to a trained network.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use netsmith::cost::{self, Cost, PARAMETERS};
use netsmith::report::json;
use netsmith::space::FileError;
use netsmith_nn::pipeline::{Config, Prefer, RunEnd, Stopping, run};

use super::facts::table as facts_table;
use super::progress::Terminal;
use super::show;
use crate::exit;
use crate::failure::Failure;
use crate::output::Output;
use crate::settings::Given;

const DATA: &str = "Data";
const GOAL: &str = "Goal";
const METHOD: &str = "Method";
const OUTSIDE: &str = "Other evaluators";
const MACHINE: &str = "Machine";

/// The arguments of `netsmith search`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// A TOML file of a configuration; other options win over it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// What says how good an architecture is: `training`, `score:NAME`, `command:LINE` or
    /// `table:NAME`
    ///
    /// `command:python3 train.py` starts the program once for each trial; no shell is involved.
    /// It gets one JSON object on standard input: `architecture`, `decisions` (the option of each),
    /// `fidelity` (`epochs`, `data`), `seed`, `checkpoint` (a path to read and write),
    /// `inputs` (shapes), `input` (`classes`, `data`), `trial`, `key`, `space`, `worker`. It prints
    /// a line for each step, such as `{"step": 1, "validation_accuracy": 0.61}`, and may end with
    /// `{"done": true}`. Anything else goes to standard error. A crash, silence (`--set
    /// evaluator.silence=60`, seconds), a NaN or garbage is the outcome of the trial. Needs
    /// `--input` and `--classes`; `--metric` names what counts.
    ///
    /// `table:nas-bench-201` looks up what somebody trained before; `--budget 12000s` then counts
    /// simulated seconds, and `--data` is one of the table's data sets.
    #[arg(long, value_name = "NAME[:WHAT]", help_heading = OUTSIDE)]
    evaluator: Option<String>,
    /// The shape of one sample, CHANNELSxHEIGHTxWIDTH or FEATURES (evaluator `command`)
    #[arg(long, value_name = "SHAPE", help_heading = OUTSIDE)]
    input: Option<String>,
    /// Number of classes, or 1 for a regression (evaluator `command`)
    #[arg(long, value_name = "N", help_heading = OUTSIDE)]
    classes: Option<usize>,
    /// `digits`, `fashion-mnist[:FOLDER]`, `cifar-10:FOLDER`, `image-folder:FOLDER` or `csv:FILE`
    #[arg(long, value_name = "KIND[:PATH]", help_heading = DATA)]
    data: Option<String>,
    /// The column to predict (csv)
    #[arg(long, value_name = "COLUMN", help_heading = DATA)]
    target: Option<String>,
    /// `classification` or `regression` (csv); default: classification where the target is text or
    /// has few whole numbers
    #[arg(long, value_name = "KIND", help_heading = DATA)]
    task: Option<String>,
    /// A column of categories although its values are numbers (csv); repeatable
    #[arg(long, value_name = "COLUMN", help_heading = DATA)]
    categories: Vec<String>,
    /// A column that is not read (csv); repeatable
    #[arg(long, value_name = "COLUMN", help_heading = DATA)]
    ignore: Vec<String>,
    /// Rows with equal values in this column stay in one part (csv)
    #[arg(long, value_name = "COLUMN", help_heading = DATA)]
    split_by: Option<String>,
    /// A text that stands for a missing value (csv), in place of the usual ones; repeatable
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, help_heading = DATA)]
    missing: Vec<String>,
    /// What stands before decimals, `,` or `.` (csv); default: as each column looks
    #[arg(long, value_name = "MARK", help_heading = DATA)]
    decimal: Option<String>,
    /// What stands between cells: one character, or `tab` (csv); default: as the first rows look
    #[arg(long, value_name = "MARK", help_heading = DATA)]
    delimiter: Option<String>,
    /// `utf-8`, `utf-16`, `latin-1` or `windows-1252` (csv)
    #[arg(long, value_name = "NAME", help_heading = DATA)]
    encoding: Option<String>,
    /// Draw each sample by itself, also where it stands several times; default: equal samples
    /// stay in one part
    #[arg(long, help_heading = DATA)]
    split_equal: bool,
    /// Height and width that images are resized to (image-folder)
    #[arg(long, value_name = "PIXELS", help_heading = DATA)]
    image_size: Option<usize>,
    /// The search space; default: `chain` for images, `mlp` for tables
    #[arg(long, help_heading = METHOD)]
    space: Option<String>,
    /// What proposes architectures, see `netsmith list strategies`; default: `auto`
    #[arg(long, help_heading = METHOD)]
    strategy: Option<String>,
    /// A training-free score that chooses which of N proposals is trained (default 4), see
    /// `netsmith list scores`; not with rungs or shared weights
    #[arg(long, value_name = "SCORE[:N]", help_heading = METHOD)]
    filter: Option<String>,
    /// Training-free scores that help a strategy with a predictor choose, joined by commas, or `none`;
    /// default: `naswot,logsynflow` for `auto`, where a trial is long enough to be worth them
    #[arg(long, value_name = "SCORES", value_delimiter = ',', help_heading = METHOD)]
    assist: Vec<String>,
    /// Let the trials of children start from their parents' weights (evolution and its kin)
    #[arg(long, help_heading = METHOD)]
    inherit_weights: bool,
    /// How long the search and the full training may take: `60s`, `20m`, `2h` or `200trials`
    #[arg(long, help_heading = GOAL)]
    budget: Option<String>,
    /// A limit on one of `netsmith list costs`: `parameters<=50k`, `memory<=64kB`,
    /// `latency<=2.5ms`; repeatable
    #[arg(long, value_name = "COST<=VALUE", help_heading = GOAL)]
    limit: Vec<String>,
    /// One of `netsmith list costs` that should be small too; repeatable
    #[arg(long, value_name = "COST", help_heading = GOAL)]
    minimize: Vec<String>,
    /// `efficiency`: of the networks as good as the best within the error of a comparison the
    /// cheapest is handed over; `accuracy`: the best; default: `efficiency`
    #[arg(long, value_name = "WHAT", help_heading = GOAL)]
    prefer: Option<String>,
    /// `off`: what is trained in full does not learn from the best trials of the search too
    #[arg(long, value_name = "off", help_heading = METHOD)]
    distillation: Option<String>,
    /// Networks over a target cost score less: `parameters=50k:soft`, `latency=5ms:hard`,
    /// `macs=2M:linear=0.1` or `memory=1M:power=0/-0.5`; repeatable
    #[arg(long, value_name = "COST=TARGET[:HOW]", help_heading = GOAL)]
    penalty: Vec<String>,
    /// accuracy, balanced-accuracy, macro-f1, rmse or mae; evaluator `command`: a name that it
    /// prints, with `:minimize` behind it where less is better
    #[arg(long, help_heading = DATA)]
    metric: Option<String>,
    /// `balanced`: rare classes weigh more in the loss
    #[arg(long, value_name = "HOW", help_heading = DATA)]
    class_weights: Option<String>,
    /// A parameter of the space, strategy or evaluator; a bare KEY is the space's; repeatable
    ///
    /// `proxy.KEY=VALUE` is a parameter of the space in the supernet alone: with `--set cells=5
    /// --set proxy.cells=1` shared weights are trained in a smaller network, and what is found in
    /// one of full size.
    #[arg(long, value_name = "[space.|proxy.|strategy.|evaluator.]KEY=VALUE", help_heading = METHOD)]
    set: Vec<String>,
    /// `fused` or `burn`
    #[arg(long, help_heading = MACHINE)]
    kernels: Option<String>,
    /// The seed of everything random but the split
    #[arg(long, help_heading = METHOD)]
    seed: Option<u64>,
    /// The seed of the split
    #[arg(long, help_heading = DATA)]
    split_seed: Option<u64>,
    /// Trainings at a time; default: the number of cores
    #[arg(long, help_heading = MACHINE)]
    workers: Option<usize>,
    /// Threads of each training
    #[arg(long, help_heading = MACHINE)]
    threads: Option<usize>,
    /// Most time of the verification, or `off`; default: half of the budget
    #[arg(long, value_name = "TIME|off", help_heading = METHOD)]
    verify: Option<String>,
    /// What ends poor trials early: `median` of the others, `extrapolation` of the learning
    /// curve, or `off`; default: `auto`, the median where nothing
    /// but accuracy counts and the strategy has no rungs of epochs
    #[arg(long, value_name = "RULE", help_heading = METHOD)]
    stopping: Option<String>,
    /// The run directory; default: a new one in `runs`
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
}

/// Searches.
///
/// # Errors
/// The options, the data, or the run; an interrupted run ends with 130.
pub(crate) fn run_command(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let config = arguments.configuration()?;
    let interrupt = interruptible()?;
    let mut terminal = Terminal::new(output);
    let end = run(&config, &interrupt, &mut |progress| {
        terminal.show(&progress)
    })?;
    finish(&end, output)
}

/// Prints the result of a run.
pub(super) fn finish(end: &RunEnd, output: Output) -> Result<(), Failure> {
    let summary = &end.summary;
    let mut facts = json(summary, false);
    facts["files"] = show::files(Path::new(&summary.run));
    output.result(&facts, || facts_table(&facts))?;
    if end.interrupted {
        let message = format!("interrupted; everything is saved in `{}`", summary.run);
        let hint = format!("go on with `netsmith resume {}`", summary.run);
        return Err(Failure::new(exit::INTERRUPTED, message).with_hint(hint));
    }
    let Some(excess) = summary.exceeded.first() else {
        return Ok(());
    };
    let message = format!("no network keeps the limit: the nearest is in `best`, its {excess}");
    Err(Failure::new(exit::FAILED, message)
        .with_hint("raise the limit, or search a space with smaller networks"))
}

/// What ending the commands outside takes at most.
const ENDING: Duration = Duration::from_millis(150);

/// A flag that Ctrl-C sets; a second Ctrl-C ends the process at once.
pub(super) fn interruptible() -> Result<Arc<AtomicBool>, Failure> {
    let flag = Arc::new(AtomicBool::new(false));
    let shared = Arc::clone(&flag);
    let handled = ctrlc::set_handler(move || {
        if shared.swap(true, Ordering::Relaxed) {
            // The first one has asked for the end of commands outside, which are
            // in groups of their own: it is under way, and nobody would else.
            std::thread::sleep(ENDING);
            #[expect(
                clippy::exit,
                reason = "a second Ctrl-C asks for it; the study survives"
            )]
            std::process::exit(i32::from(exit::INTERRUPTED));
        }
    });
    handled
        .map_err(|error| Failure::new(exit::FAILED, format!("Ctrl-C cannot be caught: {error}")))?;
    Ok(flag)
}

impl Arguments {
    /// The configuration: defaults, then the file, then the options.
    fn configuration(&self) -> Result<Config, Failure> {
        let mut names_data = self.data.is_some();
        let mut config = match &self.config {
            None => Config {
                workers: std::thread::available_parallelism().map_or(1, usize::from),
                ..Config::default()
            },
            Some(path) => {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| Failure::usage(unreadable(path, &error)))?;
                let keys: Result<toml::Table, _> = toml::from_str(&text);
                names_data |= keys.is_ok_and(|keys| keys.contains_key("data"));
                Config::read(&text)
                    .map_err(|error| FileError::of_toml(&path.to_string_lossy(), &text, &error))?
            }
        };
        if let Some(evaluator) = &self.evaluator {
            config.evaluator.clone_from(evaluator);
        }
        if config.evaluator != "training" && !names_data {
            // The digits and their limit are for training.
            config.data.clear();
            if self.config.is_none() {
                config.limits = config.limits.without(PARAMETERS);
            }
        }
        config.input = self.input.clone().or(config.input);
        config.classes = self.classes.or(config.classes);
        if let Some(data) = &self.data {
            // The limit of the bundled digits is theirs alone.
            if data != "digits" && self.config.is_none() {
                config.limits = config.limits.without(PARAMETERS);
            }
            config.data.clone_from(data);
        }
        let set = |field: &mut Option<String>, value: &Option<String>| {
            if value.is_some() {
                field.clone_from(value);
            }
        };
        set(&mut config.target, &self.target);
        set(&mut config.task, &self.task);
        set(&mut config.split_by, &self.split_by);
        set(&mut config.decimal, &self.decimal);
        set(&mut config.delimiter, &self.delimiter);
        set(&mut config.encoding, &self.encoding);
        config.split_equal |= self.split_equal;
        config.missing.extend(self.missing.iter().cloned());
        set(&mut config.space, &self.space);
        set(&mut config.metric, &self.metric);
        config.categories.extend(self.categories.iter().cloned());
        set(&mut config.filter, &self.filter);
        config.inherit_weights |= self.inherit_weights;
        config.assist.extend(self.assist.iter().cloned());
        config.ignore.extend(self.ignore.iter().cloned());
        config.minimize.extend(self.minimize.iter().cloned());
        config.penalties.extend(self.penalty.iter().cloned());
        config.image_size = self
            .image_size
            .map(|side| [side, side])
            .or(config.image_size);
        config.seed = self.seed.unwrap_or(config.seed);
        config.split_seed = self.split_seed.unwrap_or(config.split_seed);
        config.workers = self.workers.unwrap_or(config.workers);
        config.threads = self.threads.unwrap_or(config.threads);
        if let Some(strategy) = &self.strategy {
            config.strategy.clone_from(strategy);
        }
        if let Some(kernels) = &self.kernels {
            config.kernels.clone_from(kernels);
        }
        match self.class_weights.as_deref() {
            None => {}
            Some("balanced") => config.class_weights = true,
            Some(other) => {
                return Err(Failure::usage(format!(
                    "class-weights is `{other}`: it is `balanced`"
                )));
            }
        }
        config.prefer = match self.prefer.as_deref() {
            None => config.prefer,
            Some("efficiency") => Prefer::Efficiency,
            Some("accuracy") => Prefer::Accuracy,
            Some(other) => {
                return Err(Failure::usage(format!(
                    "prefer is `{other}`: it is `efficiency` or `accuracy`"
                )));
            }
        };
        match self.distillation.as_deref() {
            None => {}
            Some("on") => config.distillation = true,
            Some("off") => config.distillation = false,
            Some(other) => {
                return Err(Failure::usage(format!(
                    "distillation is `{other}`: it is `on` or `off`"
                )));
            }
        }
        config.stopping = match self.stopping.as_deref() {
            None => config.stopping,
            Some("auto") => Stopping::Auto,
            Some("median") => Stopping::Median,
            Some("extrapolation") => Stopping::Extrapolation,
            Some("off") => Stopping::Off,
            Some(other) => {
                return Err(Failure::usage(format!(
                    "stopping is `{other}`: it is `auto`, `median`, `extrapolation` or `off`"
                )));
            }
        };
        if let Some(budget) = &self.budget {
            (config.seconds, config.trials) = match budget.strip_suffix("trials") {
                Some(count) => {
                    let count = count.trim().parse().ok().filter(|&count| count > 0);
                    (None, Some(count.ok_or_else(|| not_a_budget(budget))?))
                }
                None => (
                    Some(seconds(budget).ok_or_else(|| not_a_budget(budget))?),
                    None,
                ),
            };
        }
        if (config.seconds, config.trials) == (None, None) {
            config.seconds = Config::default().seconds;
        }
        config.verify = match self.verify.as_deref() {
            None => config.verify,
            Some("off") => Some(0.0),
            Some(time) => Some(seconds(time).ok_or_else(|| not_a_budget(time))?),
        };
        for limit in &self.limit {
            apply_limit(&mut config, limit)?;
        }
        let given = Given::read(self.set.iter().map(String::as_str))?;
        config.space_settings.extend(given.space);
        config.proxy_settings.extend(given.proxy);
        config.strategy_settings.extend(given.strategy);
        config.evaluator_settings.extend(given.evaluator);
        config.run.clone_from(&self.run);
        Ok(config)
    }
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    format!("configuration `{}` cannot be read: {error}", path.display())
}

/// Sets the limit that a text such as `parameters<=50k` gives.
fn apply_limit(config: &mut Config, text: &str) -> Result<(), Failure> {
    let (cost, amount) = text.split_once("<=").ok_or_else(|| {
        Failure::usage(format!("limit `{text}`: it is of the form COST<=VALUE")).with_hint(format!(
            "COST is {}: `parameters<=50k`, `latency<=5ms`",
            cost::NAMES.join(", ")
        ))
    })?;
    let wrong = |fault: String, hint: String| {
        Failure::usage(format!("limit `{text}`: {fault}")).with_hint(hint)
    };
    let cost = Cost::named(cost.trim()).map_err(|error| wrong(error.to_string(), error.hint()))?;
    let limit = cost
        .parse(amount)
        .map_err(|error| wrong(error.to_string(), error.hint()))?;
    config.limits = config.limits.with(cost, limit);
    Ok(())
}

/// Seconds of `60s`, `20m` or `2h`.
pub(super) fn seconds(text: &str) -> Option<f64> {
    let (digits, factor) = match text.trim().char_indices().last()? {
        (at, 's') => (&text.trim()[..at], 1.0),
        (at, 'm') => (&text.trim()[..at], 60.0),
        (at, 'h') => (&text.trim()[..at], 3600.0),
        _ => return None,
    };
    let number: f64 = digits.parse().ok()?;
    (number > 0.0 && number.is_finite()).then_some(number * factor)
}

fn not_a_budget(text: &str) -> Failure {
    Failure::usage(format!(
        "`{text}` is no budget: it is a time or a number of trials"
    ))
    .with_hint("write `60s`, `20m`, `2h` or `200trials`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_units() {
        assert_eq!(seconds("20m"), Some(1_200.0));
        assert_eq!(seconds("20"), None);
    }

    #[test]
    fn limits_name_their_form() {
        let mut config = Config::default();
        apply_limit(&mut config, "parameters<=50k").unwrap();
        apply_limit(&mut config, "latency<=2.5ms").unwrap();
        apply_limit(&mut config, "memory <= 64kB").unwrap();
        apply_limit(&mut config, "size<=1MiB").unwrap();
        assert_eq!(
            config.limits.to_string(),
            "parameters<=50000, memory<=64000, latency<=2.5, size<=1048576"
        );
        for (text, message, hint) in [
            ("size", "it is of the form COST<=VALUE", "latency, size"),
            (
                "speed<=3",
                "there is no cost `speed`",
                "there are: parameters",
            ),
            (
                "latency<=3kB",
                "latency `3kB`: it is a number above 0 and a unit",
                "us, ms, s",
            ),
        ] {
            let failure = apply_limit(&mut config, text).unwrap_err();
            assert_eq!(failure.code, exit::USAGE);
            assert_eq!(failure.message, format!("limit `{text}`: {message}"));
            let told = failure.hint.unwrap_or_default();
            assert!(told.contains(hint), "{told}");
        }
    }
}
