//! What a run found, as the report takes it.

use super::prepare::Prepared;
use super::{BestRecord, Config, Context, PipelineError, Stopping, toml_of};
use netsmith::cost::LATENCY;
use netsmith::network::Network;
use netsmith::objective::Objective;
use netsmith::report::{BaselineRow, Best, Finalist, Saving, Summary};
use netsmith::space::{Excess, Limits};
use netsmith::stopping::Extrapolation;
use netsmith::trial::{Costs, Trial};
use std::collections::BTreeMap;
use std::path::Path;

/// What the final phase adds.
#[derive(Debug)]
pub(super) struct Closing {
    pub(super) record: BestRecord,
    pub(super) network: Network,
    pub(super) files: BTreeMap<String, String>,
    pub(super) finalists: Vec<Finalist>,
    pub(super) saving: Option<Saving>,
    pub(super) baselines: Vec<BaselineRow>,
    pub(super) verdict: Vec<String>,
    pub(super) notes: Vec<String>,
}

/// The summary; without a final phase the best is a trial of the search.
pub(super) fn summary(
    context: &Context<'_>,
    prepared: &Prepared,
    status: &str,
    closing: Option<&Closing>,
) -> Result<Summary, PipelineError> {
    let known = context.study.view()?.trials()?;
    let (config, objective) = (context.config, &context.objective);
    let searched = &context.search_objective;
    let front = searched.front(&known.completed).into_iter();
    let front = front.map(|trial| trial.number).collect();
    let best = match closing {
        Some(closing) => Some(handed_over(closing, prepared)),
        None => searched
            .best(&known.completed)
            .map(|trial| Best::of_trial(trial, &searched.metric.name)),
    };
    let mut notes = prepared.data.notes().to_vec();
    if prepared.metric.name() != "accuracy" {
        notes.push(format!("The metric is {}.", prepared.metric.name()));
    }
    if config.stopping == Stopping::Extrapolation {
        let metric = &objective.metric.name;
        notes.push(forecasts(metric, &known.completed));
    }
    let handed = best.as_ref().filter(|_| closing.is_some());
    let over = |limits: Limits| -> Vec<Excess> {
        let excesses = handed.map(|best| limits.measured().excesses(&best.costs));
        excesses.unwrap_or_default()
    };
    for Excess { cost, limit, value } in over(prepared.limits) {
        notes.push(format!(
            "No finalist keeps the limit on {cost}: the nearest has {}, not {}.",
            cost.quantity(value),
            cost.quantity(limit)
        ));
    }
    notes.extend(closing.iter().flat_map(|closing| closing.notes.clone()));
    Ok(Summary {
        seconds: context.elapsed().as_secs_f64(),
        exceeded: over(config.limits),
        space: prepared.space.name().to_owned(),
        fidelity: context.pace.low.to_string(),
        recipe: toml::to_string(&prepared.recipe).unwrap_or_default(),
        trials: known.completed,
        finals: known.finals,
        best,
        finalists: closing.map_or_else(Vec::new, |closing| closing.finalists.clone()),
        saving: closing.and_then(|closing| closing.saving.clone()),
        baselines: closing.map_or_else(Vec::new, |closing| closing.baselines.clone()),
        verdict: closing.map_or_else(Vec::new, |closing| closing.verdict.clone()),
        files: closing.map_or_else(BTreeMap::new, |closing| closing.files.clone()),
        front,
        notes,
        ..outline(config, &context.dir, status, objective)?
    })
}

/// How far the forecasts of the stopping rule can be trusted, in words.
fn forecasts(metric: &str, trials: &[Trial]) -> String {
    match Extrapolation::error(metric, trials, 0.5) {
        None => "No learning curve was long enough to be forecast.".to_owned(),
        Some(error) => format!(
            "Forecasts from half of each learning curve missed the end by {:.4} on average (bias \
             {:.4}, {:.0} % within two deviations, {} trials that ran to their end).",
            error.mean_absolute,
            error.bias,
            100.0 * error.covered,
            error.trials
        ),
    }
}

/// What a configuration alone says.
pub(super) fn outline(
    config: &Config,
    dir: &Path,
    status: &str,
    objective: &Objective,
) -> Result<Summary, PipelineError> {
    Ok(Summary {
        run: dir.to_string_lossy().into_owned(),
        status: status.to_owned(),
        seed: config.seed,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        strategy: config.strategy.clone(),
        data: config.data.clone(),
        objective: objective.clone(),
        limits: config.limits,
        configuration: toml_of(config)?,
        ..Summary::default()
    })
}

/// The network in `best/`.
fn handed_over(closing: &Closing, prepared: &Prepared) -> Best {
    let Closing {
        record, network, ..
    } = closing;
    let written = prepared.space.parse(&record.architecture).ok();
    let written = written.and_then(|architecture| prepared.space.network(&architecture).ok());
    let written = written.as_ref().unwrap_or(network);
    let mut costs = Costs::of(network);
    costs.set(LATENCY, record.latency_ms);
    Best {
        trial: record.trial,
        architecture: record.architecture.clone(),
        costs,
        costs_written: Costs::of(written),
        latency_runtime: record.latency_runtime.clone(),
        validation: record.validation,
        test: record.test,
    }
}
