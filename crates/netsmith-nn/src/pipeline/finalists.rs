//! What was trained in full: networks with the results of their trainings.

use super::allotment::Samples;
use super::choice::Choice;
use super::latency::{costs_of, measured};
use super::planned::{Planned, cut_short, epoch_seconds};
use super::prepare::Prepared;
use super::{BestRecord, Context, PipelineError};
use crate::data::Part;
use crate::module::Weights;
use crate::train::Checkpoint;
use netsmith::cost::LATENCY;
use netsmith::network::Network;
use netsmith::report;
use netsmith::search::checkpoint_file;
use netsmith::study::View;
use netsmith::trial::{Outcome, Trial};

/// The study's entry with the records of all finalists, as JSON.
const ENTRY: &str = "finalists";

/// A network that was trained in full.
pub(super) struct Finalist {
    pub(super) planned: Planned,
    /// Its training in the first round, like that of the others.
    pub(super) first: Training,
    /// Its training in the second round, where it had one.
    pub(super) longer: Option<Training>,
    /// Seconds of an epoch over all data.
    pub(super) epoch_seconds: f64,
}

/// A full training that gave a result.
pub(super) struct Training {
    /// With the latency that the network was measured at.
    pub(super) trial: Trial,
    pub(super) weights: Weights,
    pub(super) record: BestRecord,
}

/// Those of these runs that gave a result, after the search had these trials.
pub(super) fn finalists(
    context: &Context<'_>,
    prepared: &Prepared,
    runs: Vec<(Planned, Trial)>,
    searched: &[Trial],
) -> Result<Vec<Finalist>, PipelineError> {
    let mut finalists = Vec::with_capacity(runs.len());
    for (planned, trial) in runs {
        let epoch_seconds = epoch_of(context, prepared, &planned, &trial, searched);
        if let Some(first) = Training::of(context, prepared, &planned, trial)? {
            finalists.push(Finalist {
                planned,
                first,
                longer: None,
                epoch_seconds,
            });
        }
    }
    Ok(finalists)
}

/// Seconds of an epoch of a network: as its full training took them. After a resume
/// that counts only its last process, so the trial of the search has a say.
fn epoch_of(
    context: &Context<'_>,
    prepared: &Prepared,
    planned: &Planned,
    full: &Trial,
    searched: &[Trial],
) -> f64 {
    let samples = Samples::of(prepared);
    let found = searched
        .iter()
        .find(|trial| Some(trial.number) == planned.trial);
    let before = found.and_then(|trial| epoch_seconds(&samples, trial));
    let before = before.unwrap_or(0.0);
    let own = epoch_seconds(&samples, full);
    let own = own.unwrap_or(before.max(context.pace.epoch_seconds));
    own.max(0.5 * before).max(1e-6)
}

impl Training {
    /// What a run left; nothing where it gave no result.
    pub(super) fn of(
        context: &Context<'_>,
        prepared: &Prepared,
        planned: &Planned,
        mut trial: Trial,
    ) -> Result<Option<Self>, PipelineError> {
        if trial.outcome.is_failure() {
            return Ok(None);
        }
        let Some(weights) = planned.weights(context, &trial) else {
            return Ok(None);
        };
        let measured = measured(context.study, prepared, &planned.network, &weights)?;
        // What counts is what the network was measured at, not the search's estimate.
        trial.costs = costs_of(&planned.network, measured.as_ref());
        let value = trial.metrics.get(&context.objective.metric.name);
        let value = value.map(|quantity| quantity.value);
        let scored = value.filter(|_| context.objective.score(&trial).is_some());
        Ok(scored.map(|validation| {
            let record = BestRecord {
                run: trial.number,
                trial: planned.trial,
                architecture: planned.text.clone(),
                contract: prepared.contract.clone(),
                validation,
                test: None,
                test_error: None,
                latency_ms: trial.costs.value(LATENCY),
                latency_runtime: measured.map_or_else(String::new, |measured| measured.runtime),
            };
            Self {
                trial,
                weights,
                record,
            }
        }))
    }

    /// Sets the value of the metric on the test part.
    fn test(
        &mut self,
        context: &Context<'_>,
        prepared: &Prepared,
        planned: &Planned,
        test: &Part,
    ) -> Result<(), PipelineError> {
        let measured = planned.measure(context, prepared, test, &self.weights)?;
        self.record.test = Some(measured.metric.value);
        self.record.test_error = measured.standard_error;
        Ok(())
    }
}

impl Finalist {
    /// The better one of its trainings.
    pub(super) fn best(&self, choice: Choice<'_>) -> &Training {
        let longer = self.longer.as_ref();
        let longer = longer.filter(|longer| choice.improves(&longer.trial, &self.first.trial));
        longer.unwrap_or(&self.first)
    }

    /// Sets the values of the metric on the test part.
    pub(super) fn test(
        &mut self,
        context: &Context<'_>,
        prepared: &Prepared,
        test: &Part,
    ) -> Result<(), PipelineError> {
        let Self {
            planned,
            first,
            longer,
            ..
        } = self;
        for training in std::iter::once(first).chain(longer) {
            training.test(context, prepared, planned, test)?;
        }
        Ok(())
    }

    /// As the report takes it.
    pub(super) fn row(&self, front: bool) -> report::Finalist {
        let record = &self.first.record;
        report::Finalist {
            trial: record.trial,
            architecture: record.architecture.clone(),
            costs: self.first.trial.costs,
            validation: record.validation,
            test: record.test,
            front,
            cut_short: cut_short(&self.first.trial).is_some(),
            longer: self.longer.as_ref().map(|longer| report::Longer {
                epochs: longer.trial.fidelity.epochs,
                validation: longer.record.validation,
                test: longer.record.test,
            }),
        }
    }
}

/// Writes what is needed to run each of them again, by the better one of its trainings.
pub(super) fn record(
    context: &Context<'_>,
    choice: Choice<'_>,
    finalists: &[Finalist],
) -> Result<(), PipelineError> {
    let records = finalists.iter().map(|own| &own.best(choice).record);
    let json = serde_json::to_vec(&records.collect::<Vec<_>>()).unwrap_or_default();
    Ok(context.study.put(ENTRY, json)?)
}

/// What is needed besides the weights to run the networks again that a run trained in
/// full; none before its final phase.
///
/// # Errors
/// The study cannot be read, or describes them as another version does.
pub fn finalist_records(view: &View) -> Result<Vec<BestRecord>, PipelineError> {
    let Some(json) = view.entry(ENTRY)? else {
        return Ok(Vec::new());
    };
    serde_json::from_slice(&json).map_err(|error| PipelineError::Entry {
        name: ENTRY,
        message: error.to_string(),
    })
}

/// The weights that this run of the final phase ended with, for its network.
///
/// # Errors
/// The study has no such run that ended, or its checkpoint is gone or damaged.
pub fn finalist_weights(
    view: &View,
    run: u64,
    network: &Network,
) -> Result<Weights, PipelineError> {
    let mut finals = view.trials()?.finals.into_iter();
    let found = finals.find(|known| known.trial.number == run);
    let found = found.ok_or_else(|| PipelineError::Entry {
        name: ENTRY,
        message: format!("there is no run {run}"),
    })?;
    let path = view.dir().join(checkpoint_file(run));
    let checkpoint = Checkpoint::load(network, &path)?;
    Ok(trained(&checkpoint, &found.trial.outcome).clone())
}

/// The weights of a training that ended so: the results of one that was cut short are
/// those of its best epoch.
pub(super) fn trained<'a>(checkpoint: &'a Checkpoint, outcome: &Outcome) -> &'a Weights {
    match outcome {
        Outcome::CutShort { .. } => checkpoint.best_weights(),
        _ => checkpoint.weights(),
    }
}
