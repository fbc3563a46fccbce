//! From a configuration to data, a space and a recipe.

use super::{Config, PipelineError, scoring};
use crate::data::{Contract, LoadOptions, SealedTest, SearchData, SplitOptions, TextFormat, load};
use crate::module::Kernels;
use crate::score;
use crate::supernet::{self, Method};
use crate::task::{Metric, Task};
use crate::train::Recipe;
use netsmith::catalogue::{Settings, find};
use netsmith::objective::Objective;
use netsmith::space::{Limits, NamedSpaceError, Space, build_named, for_supernet};
use netsmith::strategy::{self, Strategy};

/// What a configuration stands for.
pub(super) struct Prepared {
    pub(super) data: SearchData,
    /// Taken and opened by the final phase, once.
    pub(super) test: Option<SealedTest>,
    pub(super) contract: Contract,
    pub(super) metric: Metric,
    pub(super) objective: Objective,
    pub(super) space: Space,
    /// The space of the supernet, where it is another.
    pub(super) proxy: Option<Space>,
    /// What proposes trials; a gradient search puts its candidates here.
    pub(super) strategy: Box<dyn Strategy>,
    /// The training-free scores that are asked for; nothing where the configuration
    /// is silent.
    pub(super) scores: Option<Vec<&'static score::Entry>>,
    /// The names of those that help the strategy choose.
    pub(super) steering: Vec<&'static str>,
    /// The gradient search, where the strategy is one.
    pub(super) method: Option<Box<dyn Method>>,
    pub(super) limits: Limits,
    pub(super) recipe: Recipe,
    pub(super) kernels: Kernels,
}

pub(super) fn prepare(config: &Config) -> Result<Prepared, PipelineError> {
    let source = config.data.parse()?;
    let options = LoadOptions {
        target: config.target.clone(),
        task: config.task.as_deref().map(str::parse).transpose()?,
        categories: config.categories.clone(),
        ignore: config.ignore.clone(),
        split_by: config.split_by.clone(),
        image_size: config.image_size,
        text: TextFormat {
            missing: config.missing.clone(),
            decimal: config.decimal.clone(),
            delimiter: config.delimiter.clone(),
            encoding: config.encoding.clone(),
        },
        ..LoadOptions::default()
    };
    let split = SplitOptions {
        seed: config.split_seed,
        split_equal: config.split_equal,
        ..SplitOptions::default()
    };
    let (data, test) = load(&source, &options)?.split(&split)?;
    if config.class_weights && data.task().strata_names().is_empty() {
        return Err(PipelineError::ClassWeights);
    }
    let train = data.train();
    let contract = Contract::fit(&train);
    let metric = metric(config, &*contract.task)?;
    let space = space_of(config, &contract)?;
    let (strategy, method) = searcher(config)?;
    if method.is_none() {
        refuse_proxy(config)?;
    }
    let proxy = match config.proxy_settings.is_empty() {
        true => None,
        false => Some(space_of(&config.proxy(), &contract)?),
    };
    if proxy
        .as_ref()
        .is_some_and(|proxy| proxy.decisions() != space.decisions())
    {
        return Err(PipelineError::OtherDecisions {
            space: space.name().to_owned(),
        });
    }
    // Candidates of a supernet are all trained, and rungs all climbed.
    let counts_on_all = method.is_some() || strategy.mean_share() < 1.0;
    let strategy = scoring::filtered(config, &data, &contract, strategy, counts_on_all)?;
    let kernels = kernels(config)?;
    let objective = config.objective(metric.recorded())?;
    let mut prepared = Prepared {
        scores: scoring::asked(config)?,
        steering: Vec::new(),
        strategy,
        method,
        limits: config.limits,
        recipe: Recipe::for_data(&train),
        kernels,
        data,
        test: Some(test),
        contract,
        metric,
        objective,
        space,
        proxy,
    };
    // What is trained behind a supernet has its scores later.
    if prepared.method.is_none()
        && let Some(asked) = prepared.scores.clone().filter(|asked| !asked.is_empty())
        && !scoring::assist(config, &mut prepared, asked)
    {
        return Err(PipelineError::NotAssisted {
            strategy: config.strategy.clone(),
        });
    }
    Ok(prepared)
}

/// Refuses settings of a supernet where there is none.
pub(super) fn refuse_proxy(config: &Config) -> Result<(), PipelineError> {
    match config.proxy_settings.keys().next() {
        None => Ok(()),
        Some(key) => Err(PipelineError::NoSupernet {
            key: key.clone(),
            strategy: config.strategy.clone(),
        }),
    }
}

/// The strategy of this name, or the gradient search with a strategy that is
/// replaced once it has found something.
#[expect(clippy::type_complexity, reason = "one of two, and only here")]
fn searcher(
    config: &Config,
) -> Result<(Box<dyn Strategy>, Option<Box<dyn Method>>), PipelineError> {
    if let Some(entry) = supernet::named(&config.strategy) {
        let settings = Settings::new(entry.parameters, &config.strategy_settings);
        let method = (entry.build)(&settings.map_err(PipelineError::Settings)?);
        let random = strategy::random::ENTRY;
        let settings = Settings::defaults(random.parameters);
        return Ok(((random.build)(&settings)?, Some(method)));
    }
    Ok((strategy(config)?, None))
}

pub(super) fn strategy(config: &Config) -> Result<Box<dyn Strategy>, PipelineError> {
    let entry = find("strategy", strategy::CATALOGUE, &config.strategy);
    let entry = entry.map_err(|mut unknown| {
        let methods = supernet::CATALOGUE.iter();
        unknown
            .known
            .extend(methods.map(|entry| entry.name.to_owned()));
        unknown
    })?;
    let settings = Settings::new(entry.parameters, &config.strategy_settings);
    Ok((entry.build)(&settings.map_err(PipelineError::Settings)?)?)
}

pub(super) fn kernels(config: &Config) -> Result<Kernels, PipelineError> {
    match config.kernels.as_str() {
        "fused" => Ok(Kernels::Fused),
        "burn" => Ok(Kernels::Burn),
        other => Err(PipelineError::Word {
            what: "kernels",
            value: other.to_owned(),
            known: "fused, burn",
        }),
    }
}

fn metric(config: &Config, task: &dyn Task) -> Result<Metric, PipelineError> {
    let Some(name) = &config.metric else {
        return Ok(task.default_metric());
    };
    let metric: Metric = name.parse()?;
    metric.check(task)?;
    Ok(metric)
}

/// The space of a configuration for networks with this contract.
///
/// # Errors
/// There is no such space, or it does not take these settings or samples.
pub fn space_of(config: &Config, contract: &Contract) -> Result<Space, NamedSpaceError> {
    let usual = contract.modality.default_space();
    let name = config.space.as_deref().unwrap_or(usual);
    let settings = match supernet::named(&config.strategy) {
        Some(_) => &for_supernet(name, &config.space_settings),
        None => &config.space_settings,
    };
    build_named(name, &contract.space_task(), settings)
}
