//! From a configuration to data, a space and a recipe.

use super::{Config, PipelineError};
use crate::data::{
    InputSchema, LoadOptions, Metric, Normalization, SealedTest, SearchData, SplitOptions, Task,
    load,
};
use crate::module::Kernels;
use crate::supernet::{self, Method};
use crate::train::Recipe;
use netsmith::catalogue::{Settings, find};
use netsmith::network::Shape;
use netsmith::space::{self, Limits, Space};
use netsmith::strategy::{self, Strategy};

/// What a configuration stands for.
pub(super) struct Prepared {
    pub(super) data: SearchData,
    /// Taken and opened by the final phase, once.
    pub(super) test: Option<SealedTest>,
    pub(super) normalization: Normalization,
    pub(super) metric: Metric,
    pub(super) space: Space,
    /// What proposes trials; a gradient search puts its candidates here.
    pub(super) strategy: Box<dyn Strategy>,
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
        ignore: config.ignore.clone(),
        split_by: config.split_by.clone(),
        image_size: config.image_size,
        ..LoadOptions::default()
    };
    let split = SplitOptions {
        seed: config.split_seed,
        ..SplitOptions::default()
    };
    let (data, test) = load(&source, &options)?.split(&split)?;
    let train = data.train();
    let normalization = Normalization::fit(&train);
    let metric = metric(config, &data.task())?;
    let space = build_space(config, &data, &normalization)?;
    let (strategy, method) = searcher(config)?;
    let kernels = match config.kernels.as_str() {
        "fused" => Kernels::Fused,
        "burn" => Kernels::Burn,
        other => {
            return Err(PipelineError::Word {
                what: "kernels",
                value: other.to_owned(),
                known: "fused, burn",
            });
        }
    };
    for word in &config.minimize {
        if !["parameters", "macs", "memory", "latency"].contains(&word.as_str()) {
            return Err(PipelineError::Word {
                what: "minimize",
                value: word.clone(),
                known: "parameters, macs, memory, latency",
            });
        }
    }
    Ok(Prepared {
        strategy,
        method,
        limits: Limits {
            parameters: config.limit_parameters,
            macs: config.limit_macs,
            memory: config.limit_memory,
        },
        recipe: Recipe::for_data(&train),
        kernels,
        data,
        test: Some(test),
        normalization,
        metric,
        space,
    })
}

/// The strategy of this name, or the gradient search with a strategy that is
/// replaced once it has found something.
#[expect(clippy::type_complexity, reason = "one of two, and only here")]
fn searcher(
    config: &Config,
) -> Result<(Box<dyn Strategy>, Option<Box<dyn Method>>), PipelineError> {
    let named = |entry: &&supernet::Entry| entry.name == config.strategy;
    if let Some(entry) = supernet::CATALOGUE.iter().find(named) {
        let settings = Settings::new(entry.parameters, &config.strategy_settings);
        let method = (entry.build)(&settings.map_err(PipelineError::Settings)?);
        let random = strategy::random::ENTRY;
        let settings = Settings::defaults(random.parameters);
        return Ok(((random.build)(&settings)?, Some(method)));
    }
    let entry = find("strategy", strategy::CATALOGUE, &config.strategy);
    let entry = entry.map_err(|mut unknown| {
        let methods = supernet::CATALOGUE.iter();
        unknown
            .known
            .extend(methods.map(|entry| entry.name.to_owned()));
        unknown
    })?;
    let settings = Settings::new(entry.parameters, &config.strategy_settings);
    let settings = settings.map_err(PipelineError::Settings)?;
    Ok(((entry.build)(&settings)?, None))
}

fn metric(config: &Config, task: &Task) -> Result<Metric, PipelineError> {
    let Some(name) = &config.metric else {
        return Ok(Metric::default_for(task));
    };
    let named = Metric::ALL.into_iter().find(|metric| metric.name() == name);
    let metric = named.ok_or_else(|| PipelineError::Word {
        what: "metric",
        value: name.clone(),
        known: "accuracy, balanced-accuracy, macro-f1, rmse, mae",
    })?;
    metric.check(task)?;
    Ok(metric)
}

fn build_space(
    config: &Config,
    data: &SearchData,
    normalization: &Normalization,
) -> Result<Space, PipelineError> {
    let usual = match data.schema() {
        InputSchema::Images { .. } => "chain",
        InputSchema::Table { .. } => "mlp",
    };
    let input = match normalization.input_shape()[..] {
        [channels, height, width] => Shape::image(channels, height, width),
        ref dims => Shape::vector(dims.iter().product()),
    };
    let task = space::Task {
        input,
        outputs: data.task().outputs(),
    };
    let name = config.space.as_deref().unwrap_or(usual);
    let entry = find("space", space::CATALOGUE, name)?;
    let settings = Settings::new(entry.parameters, &config.space_settings);
    let settings = settings.map_err(PipelineError::Settings)?;
    Ok((entry.build)(&task, &settings)?)
}
