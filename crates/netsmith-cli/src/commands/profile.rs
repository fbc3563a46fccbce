//! `netsmith profile`: what one architecture or supernet costs.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::num::NonZeroUsize;

use clap::{Args, ValueEnum};
use netsmith::catalogue::{Settings, find};
use netsmith::cost::{Cost, Unit};
use netsmith::network::Network;
use netsmith::random::Seed;
use netsmith::space::{Space, Task, build_named, for_supernet};
use netsmith_nn::cost::{
    Effort, Latency, OWN_RUNTIME, OnnxRuntime, measure_latency, resident_memory_of,
};
use netsmith_nn::data::Contract;
use netsmith_nn::export::{TrainedNetwork, onnx};
use netsmith_nn::module::{Inference, Kernels, Module, Weights};
use netsmith_nn::score::{self, ScoreData, Subject};
use netsmith_nn::supernet::{self, Method, Site, SiteForm, Supernet};
use netsmith_nn::train::{Optimizer, StepTimes, step_memory, time_steps};
use serde::Serialize;

use crate::exit;
use crate::failure::Failure;
use crate::output::{Output, bytes, columns, grouped};
use crate::settings::Given;

/// The arguments of `netsmith profile`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The space, see `netsmith list spaces`; or the path of a TOML file of your own
    #[arg(long)]
    space: String,

    /// The architecture, as the space writes it
    #[arg(long, value_name = "TEXT", required_unless_present = "supernet")]
    architecture: Option<String>,

    /// All architectures of the space in one network with shared weights
    #[arg(long, conflicts_with = "architecture")]
    supernet: bool,

    /// How the supernet's options are mixed in a training step, see
    /// `netsmith list strategies`; `darts` computes them all
    #[arg(long, value_name = "NAME", requires = "supernet")]
    method: Option<String>,

    /// The shape of one sample: CHANNELSxHEIGHTxWIDTH, or FEATURES
    #[arg(long, value_name = "SHAPE", default_value = "3x32x32")]
    input: String,

    /// Number of classes
    #[arg(long, value_name = "N", default_value = "10")]
    classes: NonZeroUsize,

    /// Samples of one training step
    #[arg(long, value_name = "N", default_value = "64")]
    batch: NonZeroUsize,

    /// Threads of inference and training; all cores if not given
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,

    /// A parameter of the space, such as `channels=16`, or of the method, such
    /// as `strategy.temperature=5`; repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,

    /// Time so many training steps after warm-up
    #[arg(long, value_name = "N")]
    train_step: Option<NonZeroUsize>,

    /// Score the untrained network, on random samples; see `netsmith list scores`
    #[arg(long, conflicts_with = "supernet")]
    scores: bool,

    /// What computes the training steps
    #[arg(long, value_enum, default_value = "fused")]
    kernels: KernelsName,
}

/// What computes a training step.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum KernelsName {
    /// Our own kernels
    Fused,
    /// burn's operations
    Burn,
}

impl KernelsName {
    fn get(self) -> Kernels {
        match self {
            Self::Fused => Kernels::Fused,
            Self::Burn => Kernels::Burn,
        }
    }
}

/// What a network costs; fields that are not known are null.
#[derive(Debug, Serialize)]
struct Profile {
    space: String,
    architecture: Option<String>,
    method: Option<String>,
    /// What its graph decides, by the names of the costs in JSON.
    #[serde(flatten)]
    costs: BTreeMap<&'static str, u64>,
    architecture_parameters: Option<u64>,
    /// What a training step takes by plan.
    training_memory_bytes: u64,
    /// What the timed steps took of the machine's memory on top of the process
    /// as it was before.
    training_resident_bytes: Option<u64>,
    /// The most that the whole process held while the steps ran; where none
    /// were asked for, while it inferred.
    process_peak_bytes: Option<u64>,
    inference_ms: Option<f64>,
    inference_runtime: Option<String>,
    train_step_ms: Option<f64>,
    train_kernels: Option<&'static str>,
    threads: usize,
    batch: usize,
    /// Training-free scores by name, larger is better.
    #[serde(skip_serializing_if = "Option::is_none")]
    scores: Option<BTreeMap<&'static str, f64>>,
}

/// Profiles one network.
///
/// # Errors
/// No such space, setting, architecture or method; or the network cannot be run.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let threads = arguments.threads.map(within_cores).transpose()?;
    let threads = threads.unwrap_or_else(cores);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .map_err(|error| Failure::of(exit::FAILED, &error, None))?;
    let given = Given::read(arguments.set.iter().map(String::as_str))?;
    let space = space_of(arguments, &given)?;
    let method = method_of(arguments, &given)?;
    let profile = match &arguments.architecture {
        Some(text) => of_architecture(arguments, &space, text, &pool)?,
        None => of_supernet(arguments, &space, method, &pool)?,
    };
    output.result(&profile, || human(&profile))
}

fn of_architecture(
    arguments: &Arguments,
    space: &Space,
    text: &str,
    pool: &rayon::ThreadPool,
) -> Result<Profile, Failure> {
    let kernels = arguments.kernels.get();
    let architecture = space.parse(text)?;
    let network = space.network(&architecture)?;
    let batch = arguments.batch.get();
    let mut profile = Profile {
        architecture: Some(space.text(&architecture)),
        ..plan_of(space, &network, arguments, pool)
    };
    // The steps come first: what an inference leaves behind would hide in the
    // memory that they take.
    if let Some(steps) = arguments.train_step {
        let timed = || pool.install(|| time_steps(&network, kernels, batch, steps.get()));
        profile.add_steps(kernels, timed)?;
    }
    let inferred = || pool.install(|| inference(&network, pool.current_num_threads()));
    let (latency, memory) = resident_memory_of(inferred);
    let latency = latency?;
    if arguments.train_step.is_none() {
        profile.process_peak_bytes = memory.map(|memory| memory.peak);
    }
    profile.inference_ms = Some(latency.median_ms);
    profile.inference_runtime = Some(latency.runtime);
    if arguments.scores {
        let scores = pool.install(|| scores_of(&network, batch));
        profile.scores = Some(scores?);
    }
    Ok(profile)
}

/// All training-free scores on random samples, with random first weights.
fn scores_of(network: &Network, batch: usize) -> Result<BTreeMap<&'static str, f64>, Failure> {
    let seed = Seed::new(0);
    let outputs = network.answer().elements();
    let shape = Module::new(network, Kernels::Fused)?.input();
    let data = ScoreData::random(shape, outputs, batch, &seed.child("samples"));
    let mut subject = Subject::new(network, &data, &seed)?;
    let scores = score::CATALOGUE.iter();
    Ok(scores
        .map(|entry| (entry.name, subject.score(entry)))
        .collect())
}

fn of_supernet(
    arguments: &Arguments,
    space: &Space,
    method: Option<NamedMethod>,
    pool: &rayon::ThreadPool,
) -> Result<Profile, Failure> {
    let network = space.supernet()?;
    let mut profile = Profile {
        architecture_parameters: Some(architecture_parameters(space)),
        ..plan_of(space, &network, arguments, pool)
    };
    let Some((name, method)) = method else {
        return Ok(profile);
    };
    let supernet = Supernet::for_options(space, method.options())?;
    let of_edges = |site: &Site| match &site.form {
        SiteForm::Edges { choices, .. } => choices.len() as u64,
        SiteForm::Options(_) | SiteForm::Gate(_) => 0,
    };
    let edges: u64 = supernet.sites.iter().map(of_edges).sum();
    let counted = profile.architecture_parameters.map(|own| own + edges);
    profile.architecture_parameters = counted;
    let (batch, hard) = (arguments.batch.get(), method.options().hard);
    profile.method = Some(name);
    profile.training_memory_bytes = supernet.planned_memory(batch, hard);
    if let Some(steps) = arguments.train_step {
        let method = method.as_ref();
        let kernels = arguments.kernels.get();
        let timed = || supernet::time_steps(&supernet, method, kernels, batch, steps.get());
        profile.add_steps(kernels, || pool.install(timed))?;
    }
    Ok(profile)
}

/// What is known of a network without running it.
fn plan_of(
    space: &Space,
    network: &Network,
    arguments: &Arguments,
    pool: &rayon::ThreadPool,
) -> Profile {
    let batch = arguments.batch.get();
    Profile {
        space: space.name().to_owned(),
        architecture: None,
        method: None,
        costs: Cost::all()
            .filter_map(|cost| Some((cost.field(), cost.count(network)?)))
            .collect(),
        architecture_parameters: None,
        training_memory_bytes: step_memory(network, batch, Optimizer::SGD),
        training_resident_bytes: None,
        process_peak_bytes: None,
        inference_ms: None,
        inference_runtime: None,
        train_step_ms: None,
        train_kernels: None,
        threads: pool.current_num_threads(),
        batch,
        scores: None,
    }
}

impl Profile {
    /// Times the steps and watches the memory that they take.
    fn add_steps<E>(
        &mut self,
        kernels: Kernels,
        timed: impl FnOnce() -> Result<StepTimes, E>,
    ) -> Result<(), E> {
        let (times, memory) = resident_memory_of(timed);
        self.train_step_ms = Some(times?.median().as_secs_f64() * 1e3);
        self.train_kernels = Some(kernels.name());
        self.training_resident_bytes = memory.map(|memory| memory.taken());
        self.process_peak_bytes = memory.map(|memory| memory.peak);
        Ok(())
    }
}

fn space_of(arguments: &Arguments, given: &Given) -> Result<Space, Failure> {
    let task = Task::vector(arguments.input.parse()?, arguments.classes.get());
    let settings = match arguments.supernet {
        true => &for_supernet(&arguments.space, &given.space),
        false => &given.space,
    };
    Ok(build_named(&arguments.space, &task, settings)?)
}

/// A method of gradient search with its name.
type NamedMethod = (String, Box<dyn Method>);

/// The method that was named, or DARTS where steps are to be timed without one.
fn method_of(arguments: &Arguments, given: &Given) -> Result<Option<NamedMethod>, Failure> {
    let usual = || (arguments.supernet && arguments.train_step.is_some()).then_some("darts");
    let Some(name) = arguments.method.as_deref().or_else(usual) else {
        given.without_strategy()?;
        return Ok(None);
    };
    let entry = find("method", supernet::CATALOGUE, name)?;
    let settings = Settings::new(entry.parameters, &given.strategy)?;
    Ok(Some((name.to_owned(), (entry.build)(&settings))))
}

/// A number of threads that this machine runs at a time.
pub(super) fn within_cores(threads: NonZeroUsize) -> Result<usize, Failure> {
    if threads.get() > cores() {
        let message = format!(
            "threads is {threads}: it is 1 to {}, the cores of this machine",
            cores()
        );
        return Err(Failure::usage(message));
    }
    Ok(threads.get())
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}

/// One for each option of each decision whose options mix, search-only ones
/// too; nodes that share a decision share its parameters.
fn architecture_parameters(space: &Space) -> u64 {
    let choices = space.relaxation().choices;
    choices
        .iter()
        .map(|choice| choice.options.len() as u64)
        .sum()
}

/// One inference of one sample: in ONNX Runtime where it is found and takes the
/// network, otherwise in our own. Weights are drawn at random.
fn inference(network: &Network, threads: usize) -> Result<Latency, Failure> {
    let weights = Weights::init(network, &Seed::new(0));
    if let Some(latency) = in_onnx_runtime(network, &weights, threads) {
        return Ok(latency);
    }
    let mut module = Module::new(network, Kernels::Fused)?;
    let mut finished = Inference::new(network, &weights);
    let sample = vec![0.5; module.input().elements()];
    let measured = measure_latency(OWN_RUNTIME, &Effort::default(), || {
        std::hint::black_box(match &mut finished {
            Some(finished) => finished.run(&sample),
            None => module.infer(&weights, &sample),
        });
        Ok::<(), Infallible>(())
    });
    match measured {
        Ok(latency) => Ok(latency),
        Err(never) => match never {},
    }
}

fn in_onnx_runtime(network: &Network, weights: &Weights, threads: usize) -> Option<Latency> {
    let runtime = OnnxRuntime::find().ok()?;
    let input = network.inputs().next()?;
    let contract = Contract::without_data(input, network.answer().elements());
    let trained = TrainedNetwork {
        network,
        weights: &weights.0,
        contract: &contract,
        provenance: &std::collections::BTreeMap::new(),
    };
    let mut session = runtime.session(&onnx(&trained).ok()?, threads).ok()?;
    let sample = vec![0.5; input.elements()];
    let dims: Vec<usize> = std::iter::once(1).chain(input.dims()).collect();
    session.latency(&sample, &dims, &Effort::default()).ok()
}

fn human(profile: &Profile) -> String {
    let mut rows: Vec<[String; 2]> = Vec::new();
    let mut row = |name: &str, value: String| rows.push([name.to_owned(), value]);
    row("space", profile.space.clone());
    match &profile.architecture {
        Some(text) => row("architecture", text.clone()),
        None => row("architecture", "all in one supernet".to_owned()),
    }
    if let Some(method) = &profile.method {
        row("method", method.clone());
    }
    for cost in Cost::all() {
        if let Some(&count) = profile.costs.get(cost.field()) {
            let value = match cost.unit() {
                Unit::Bytes => bytes(count),
                _ => grouped(count),
            };
            row(cost.title(), value);
        }
    }
    if let Some(count) = profile.architecture_parameters {
        row("architecture parameters", grouped(count));
    }
    let name = format!("training memory, batch {}", profile.batch);
    row(
        &name,
        format!("{} by plan", bytes(profile.training_memory_bytes)),
    );
    if let (Some(taken), Some(peak)) = (profile.training_resident_bytes, profile.process_peak_bytes)
    {
        let measured = format!("{} ({} with the whole process)", bytes(taken), bytes(peak));
        row("training memory, measured", measured);
    }
    let threads = match profile.threads {
        1 => "1 thread".to_owned(),
        threads => format!("{threads} threads"),
    };
    if let (Some(time), Some(runtime)) = (profile.inference_ms, &profile.inference_runtime) {
        row(
            "inference, batch 1",
            format!("{time:.3} ms ({runtime}, {threads})"),
        );
    }
    if let (Some(time), Some(kernels)) = (profile.train_step_ms, profile.train_kernels) {
        let name = format!("training step, batch {}", profile.batch);
        row(
            &name,
            format!("{time:.1} ms ({kernels} kernels, {threads})"),
        );
    }
    for (name, score) in profile.scores.iter().flatten() {
        row(name, format!("{score:.6}"));
    }
    columns(&rows)
}
