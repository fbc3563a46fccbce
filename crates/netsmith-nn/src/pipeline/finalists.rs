//! What was trained in full: which network is handed over, and which are the front.

use super::latency::latency;
use super::planned::{Planned, cut_short};
use super::prepare::Prepared;
use super::{BestRecord, Context, PipelineError};
use crate::data::Part;
use crate::module::Weights;
use crate::train::Checkpoint;
use netsmith::network::Network;
use netsmith::report;
use netsmith::search::checkpoint_file;
use netsmith::study::View;
use netsmith::trial::{Outcome, Trial};

/// The study's entry with the records of all finalists, as JSON.
const ENTRY: &str = "finalists";

/// A network after its full training.
pub(super) struct Finalist {
    pub(super) planned: Planned,
    pub(super) trial: Trial,
    pub(super) weights: Weights,
    pub(super) record: BestRecord,
}

/// Those of these runs that gave a result, with the latency that they were measured at.
pub(super) fn finalists(
    context: &Context<'_>,
    prepared: &Prepared,
    runs: Vec<(Planned, Trial)>,
) -> Vec<Finalist> {
    let metric = &context.objective.metric.name;
    let finalist = |(planned, mut trial): (Planned, Trial)| {
        if trial.outcome.is_failure() {
            return None;
        }
        let weights = planned.weights(context, &trial)?;
        let measured = latency(prepared, &planned.network, &weights);
        let latency_ms = measured.as_ref().map(|latency| latency.median_ms);
        if context.objective.weighs("latency_ms") {
            // What weighs is what the finalists were measured at, not the estimate.
            trial.costs.latency_ms = latency_ms;
        }
        context.objective.score(&trial)?;
        let record = BestRecord {
            run: trial.number,
            trial: planned.trial,
            architecture: planned.text.clone(),
            normalization: prepared.normalization.clone(),
            schema: prepared.data.schema(),
            task: prepared.data.task(),
            validation: trial.metrics.get(metric)?.value,
            test: None,
            latency_ms,
            latency_runtime: measured.map_or_else(String::new, |latency| latency.runtime),
        };
        Some(Finalist {
            planned,
            trial,
            weights,
            record,
        })
    };
    runs.into_iter().filter_map(finalist).collect()
}

/// The places of all: those whose measured latency keeps the limit before the others,
/// and the best validation result first.
pub(super) fn best_first(context: &Context<'_>, finalists: &[Finalist]) -> Vec<usize> {
    let keeps = |place: &usize| finalists[*place].keeps_limit(context);
    let ranked = context.objective.ranked(trials(finalists)).into_iter();
    let places = ranked.filter_map(|trial| place(finalists, trial.number));
    let (mut keeping, over): (Vec<usize>, Vec<usize>) = places.partition(keeps);
    keeping.extend(over);
    keeping
}

/// The places of those that no other one dominates.
pub(super) fn front(context: &Context<'_>, finalists: &[Finalist]) -> Vec<usize> {
    let front = context.objective.front(trials(finalists)).into_iter();
    let places = front.filter_map(|trial| place(finalists, trial.number));
    places.collect()
}

fn trials(finalists: &[Finalist]) -> impl Iterator<Item = &Trial> {
    finalists.iter().map(|finalist| &finalist.trial)
}

fn place(finalists: &[Finalist], number: u64) -> Option<usize> {
    let mut all = finalists.iter();
    all.position(|finalist| finalist.trial.number == number)
}

impl Finalist {
    /// Whether its measured latency is not over the limit.
    pub(super) fn keeps_limit(&self, context: &Context<'_>) -> bool {
        let over = context.config.limit_latency.zip(self.record.latency_ms);
        !over.is_some_and(|(limit, latency)| latency > limit)
    }

    /// Sets the value of the metric on the test part.
    pub(super) fn test(
        &mut self,
        context: &Context<'_>,
        prepared: &Prepared,
        test: &Part,
    ) -> Result<(), PipelineError> {
        let value = self
            .planned
            .measure(context, prepared, test, &self.weights)?;
        self.record.test = Some(value);
        Ok(())
    }

    /// As the report takes it.
    pub(super) fn row(&self, front: bool) -> report::Finalist {
        report::Finalist {
            trial: self.record.trial,
            architecture: self.record.architecture.clone(),
            parameters: self.planned.network.parameters(),
            macs: self.planned.network.macs(),
            latency_ms: self.record.latency_ms,
            validation: self.record.validation,
            test: self.record.test,
            front,
            cut_short: cut_short(&self.trial).is_some(),
        }
    }
}

/// Writes what is needed to run each of them again.
pub(super) fn record(context: &Context<'_>, finalists: &[Finalist]) -> Result<(), PipelineError> {
    let records: Vec<&BestRecord> = finalists.iter().map(|own| &own.record).collect();
    let json = serde_json::to_vec(&records).unwrap_or_default();
    Ok(context.study.put(ENTRY, json)?)
}

/// What is needed besides the weights to run the networks again that a run trained in
/// full; none before its final phase.
///
/// # Errors
/// The study cannot be read.
pub fn finalist_records(view: &View) -> Result<Vec<BestRecord>, PipelineError> {
    let json = view.entry(ENTRY)?;
    let records = json.and_then(|json| serde_json::from_slice(&json).ok());
    Ok(records.unwrap_or_default())
}

/// The weights that this run of the final phase ended with, for its network.
///
/// # Errors
/// The study has no such run, or its checkpoint is gone or damaged.
pub fn finalist_weights(
    view: &View,
    run: u64,
    network: &Network,
) -> Result<Weights, PipelineError> {
    let finals = view.trials()?.finals;
    let found = finals.iter().find(|known| known.trial.number == run);
    let outcome = found.map(|known| known.trial.outcome.clone());
    let path = view.dir().join(checkpoint_file(run));
    let checkpoint = Checkpoint::load(network, &path)?;
    Ok(trained(&checkpoint, outcome.as_ref()).clone())
}

/// The weights of a training that ended so: the results of one that was cut short are
/// those of its best epoch.
pub(super) fn trained<'a>(checkpoint: &'a Checkpoint, outcome: Option<&Outcome>) -> &'a Weights {
    match outcome {
        Some(Outcome::CutShort { .. }) => checkpoint.best_weights(),
        _ => checkpoint.weights(),
    }
}
