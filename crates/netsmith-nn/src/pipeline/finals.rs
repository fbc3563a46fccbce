//! The final phase: full training of the best, one look at the test part, and
//! the verification.
//!
//! Where no trial gave a result, or none of those that are trained in full does,
//! the smallest network that there is is trained instead: a run ends with a
//! network, unless its time is too short for that.

use super::allotment::{Samples, USED, makespan};
use super::best::{ENTRY, Handover, latency, write_report};
use super::fallback::{smallest, train_smallest};
use super::pace::enough_epochs;
use super::planned::{Planned, cut_short, epoch_seconds, train};
use super::prepare::Prepared;
use super::summary::{Closing, summary};
use super::verify::{Winner, in_words, verify};
use super::{BestRecord, Context, PipelineError, Progress, RunEnd, left_of};
use crate::data::FinalPhase;
use crate::module::Weights;
use netsmith::study::{FIRST_FINAL, Role};
use netsmith::trial::{Fidelity, Trial};

/// Architectures of the search that are trained in full where there is time, at most.
const CANDIDATES: usize = 6;

/// So many where no time is given or a front is trained besides, at most.
const FEW: usize = 4;

/// The network that a run hands over, after its full training.
struct Chosen {
    planned: Planned,
    trial: Trial,
    weights: Weights,
    record: BestRecord,
}

pub(super) fn finish(
    context: &Context<'_>,
    mut prepared: Prepared,
    trials: &[Trial],
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<RunEnd, PipelineError> {
    let config = context.config;
    let mut notes = Vec::new();
    let Some(candidates) = train_candidates(context, &prepared, trials, observe)? else {
        return context.interrupted(&prepared);
    };
    let chosen = match choose(context, &prepared, candidates)? {
        Some(chosen) => chosen,
        None => {
            let smallest = smallest(context, &prepared)?;
            notes.push(format!(
                "No trial of the search gave a result: handed over is {}, the smallest network at hand.",
                smallest.name
            ));
            let trained = train_smallest(context, &prepared, smallest, trials, observe)?;
            let Some(trained) = trained else {
                return context.interrupted(&prepared);
            };
            let chosen = choose(context, &prepared, vec![trained])?;
            chosen.ok_or_else(|| PipelineError::nothing_in(trials))?
        }
    };
    notes.extend(cut_short(&chosen.trial).map(|after| {
        format!("The full training was cut short by the budget {after}; handed over are the weights of its best epoch.")
    }));

    // The search is over, and the winner is chosen: only now is the test part read.
    let phase = FinalPhase::begin_now_that_the_search_is_over();
    let test = prepared.test.take();
    let test = test.expect("only the final phase takes the test part — this is a bug in netsmith");
    let test = test.open(&phase);
    let Chosen {
        planned,
        trial,
        weights,
        mut record,
    } = chosen;
    let value = planned.measure(context, &prepared, &test, &weights)?;
    record.test = Some(value);
    let closing = hand_over(context, &planned, &weights, &record)?;

    let seconds = config.verify;
    let seconds = seconds.or_else(|| config.seconds.map(|seconds| 0.5 * seconds));
    let winner = Winner {
        epoch_seconds: epoch_of_winner(context, &prepared, &planned, &trial, trials),
        planned: &planned,
        trial: &trial,
        test: value,
    };
    let verified = verify(context, &prepared, &winner, seconds, &test, observe)?;
    let Some(verified) = verified else {
        return context.interrupted(&prepared);
    };
    notes.extend(verified.notes);
    let closing = Closing {
        baselines: verified.baselines,
        verdict: verified.verdict,
        notes,
        ..closing
    };
    let summary = summary(context, &prepared, "finished", Some(&closing))?;
    write_report(context.study, &summary, &planned.network)?;
    Ok(RunEnd {
        summary,
        interrupted: false,
    })
}

/// Trains the best of the search in full; nothing where it was interrupted.
fn train_candidates(
    context: &Context<'_>,
    prepared: &Prepared,
    trials: &[Trial],
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<Option<Vec<(Planned, Trial)>>, PipelineError> {
    let elapsed = context.elapsed().as_secs_f64();
    let left = context.config.seconds;
    let left = left.map(|seconds| left_of(seconds, elapsed));
    let mut candidates = candidates(context, prepared, trials, left)?;
    if candidates.is_empty() {
        return Ok(Some(Vec::new()));
    }
    let (count, fidelity) = plan(context, prepared, &candidates, left)?;
    candidates.truncate(count);
    let worth = Samples::of(prepared).worth(fidelity);
    for candidate in &mut candidates {
        candidate.expected = candidate.expected.map(|epoch| worth * epoch);
    }
    observe(Progress::Phase {
        what: format!(
            "training the best {count} in full, {} each",
            in_words(fidelity)
        ),
        seconds: left,
    });
    let end = train(context, &candidates, fidelity, 1, left, observe)?;
    Ok(end.map(|end| pairs(candidates, end.trials)))
}

/// Runs with their trials.
pub(super) fn pairs(planned: Vec<Planned>, trials: Vec<Trial>) -> Vec<(Planned, Trial)> {
    let trial = |planned: Planned| {
        let trial = trials.iter().find(|trial| trial.number == planned.number)?;
        Some((planned, trial.clone()))
    };
    planned.into_iter().filter_map(trial).collect()
}

/// The best architectures of the search, different networks each, and the
/// front, with the seconds of an epoch in place of what is expected. What the
/// time left cannot train in enough epochs is passed over, for it would end
/// half-trained, unless nothing else is there.
fn candidates(
    context: &Context<'_>,
    prepared: &Prepared,
    trials: &[Trial],
    left: Option<f64>,
) -> Result<Vec<Planned>, PipelineError> {
    let samples = Samples::of(prepared);
    let epoch = |trial: &Trial| {
        let known = epoch_seconds(&samples, trial);
        known.unwrap_or(context.pace.epoch_seconds.max(1e-6))
    };
    let mut ranked = context.search_objective.ranked(trials);
    if let Some(left) = left {
        let most = USED * left / enough_epochs(prepared.recipe.epochs);
        let most = context.study.recorded("finalist-epoch-seconds", || most)?;
        let trainable = ranked.iter().copied();
        let trainable: Vec<&Trial> = trainable.filter(|trial| epoch(trial) <= most).collect();
        if !trainable.is_empty() {
            ranked = trainable;
        }
    }
    let mut chosen: Vec<&Trial> = Vec::new();
    let front = match context.objective.minimized.is_empty() {
        true => Vec::new(),
        false => context.search_objective.front(trials),
    };
    let most = match left.is_some() && front.is_empty() {
        true => CANDIDATES,
        false => FEW.min(context.config.workers.max(1) + 1),
    };
    for (trials, most) in [(ranked, most), (front, 2 * FEW)] {
        for trial in trials {
            if chosen.len() < most && chosen.iter().all(|other| other.key != trial.key) {
                chosen.push(trial);
            }
        }
    }
    let planned = (FIRST_FINAL..).zip(chosen).map(|(number, trial)| {
        let architecture = prepared.space.parse(&trial.architecture).map_err(|error| {
            PipelineError::Configuration {
                message: error.to_string(),
            }
        })?;
        let name = format!("trial {}", trial.number);
        let role = Role::Candidate;
        let planned = Planned::new(prepared, role, name, architecture, trial.seed)?;
        Ok(Planned {
            number,
            trial: Some(trial.number),
            expected: Some(epoch(trial)),
            ..planned
        })
    });
    planned.collect()
}

/// How many candidates are trained and how long: as many as the time left allows
/// with what the recipe asks for; where these are fewer than workers, one for each
/// worker, for as long as there is time. Reckoned from the seconds that their trials
/// took, once in the life of a study.
fn plan(
    context: &Context<'_>,
    prepared: &Prepared,
    candidates: &[Planned],
    left: Option<f64>,
) -> Result<(usize, Fidelity), PipelineError> {
    let samples = Samples::of(prepared);
    let workers = context.config.workers.max(1);
    let most = Fidelity::epochs(prepared.recipe.epochs as u32);
    // In epochs over all data of each.
    let affordable = |count: usize| {
        let epochs = candidates[..count].iter();
        let epochs = epochs.map(|candidate| candidate.expected.unwrap_or(0.0));
        let span = makespan(workers, epochs).max(1e-6);
        left.map_or(f64::INFINITY, |left| USED * left / span)
    };
    let study = context.study;
    let count = study.recorded("finalists", || {
        let all = candidates.len();
        let least = match context.objective.minimized.is_empty() {
            true => all.min(workers),
            false => all,
        };
        let whole = |count: &usize| affordable(*count) >= samples.worth(most);
        (least..=all).rev().find(whole).unwrap_or(least) as f64
    })?;
    let count = (count as usize).min(candidates.len());
    let fidelity = samples.fidelity(affordable(count), most);
    let fidelity = fidelity.unwrap_or(samples.least());
    let epochs = study.recorded("full-epochs", || f64::from(fidelity.epochs))?;
    let share = study.recorded("full-share", || fidelity.data)?;
    Ok((count, Fidelity::epochs(epochs as u32).with_data(share)))
}

/// The run with the best validation result whose measured latency keeps the
/// limit, with its weights; nothing where none gave a result.
fn choose(
    context: &Context<'_>,
    prepared: &Prepared,
    runs: Vec<(Planned, Trial)>,
) -> Result<Option<Chosen>, PipelineError> {
    let metric = &context.objective.metric.name;
    let mut usable: Vec<Chosen> = Vec::new();
    for (planned, mut trial) in runs {
        if trial.outcome.is_failure() {
            continue;
        }
        let Some(weights) = planned.weights(context, &trial) else {
            continue;
        };
        let measured = latency(prepared, &planned.network, &weights);
        if context.objective.weighs("latency_ms") {
            // A penalty on latency goes by what the finalists were measured at.
            trial.costs.latency_ms = measured.as_ref().map(|latency| latency.median_ms);
        }
        let validation = trial.metrics.get(metric);
        let record = BestRecord {
            run: trial.number,
            trial: planned.trial,
            architecture: planned.text.clone(),
            normalization: prepared.normalization.clone(),
            schema: prepared.data.schema(),
            task: prepared.data.task(),
            validation: validation.map_or(f64::NAN, |quantity| quantity.value),
            test: None,
            latency_ms: measured.as_ref().map(|latency| latency.median_ms),
            latency_runtime: measured.map_or_else(String::new, |latency| latency.runtime),
        };
        usable.push(Chosen {
            planned,
            trial,
            weights,
            record,
        });
    }
    let ranked = context
        .objective
        .ranked(usable.iter().map(|chosen| &chosen.trial));
    let ranked: Vec<u64> = ranked.iter().map(|trial| trial.number).collect();
    let keeps = |chosen: &Chosen| {
        let limit = context.config.limit_latency;
        let over = limit.zip(chosen.record.latency_ms);
        !over.is_some_and(|(limit, latency)| latency > limit)
    };
    let place = |number: &u64| {
        usable
            .iter()
            .position(|chosen| chosen.trial.number == *number)
    };
    let mut places = ranked.iter().filter_map(place);
    // Where all are over the limit it is the best of them, and the report says so.
    let best = places.clone().find(|place| keeps(&usable[*place]));
    let best = best.or_else(|| places.next());
    Ok(best.map(|place| usable.swap_remove(place)))
}

/// Seconds of an epoch of the winner: as its full training took them. After a
/// resume that counts only its last process, so the trial of the search has a say.
fn epoch_of_winner(
    context: &Context<'_>,
    prepared: &Prepared,
    winner: &Planned,
    full: &Trial,
    trials: &[Trial],
) -> f64 {
    let samples = Samples::of(prepared);
    let own = epoch_seconds(&samples, full);
    let found = trials
        .iter()
        .find(|trial| Some(trial.number) == winner.trial);
    let before = found.and_then(|trial| epoch_seconds(&samples, trial));
    let before = before.unwrap_or(0.0);
    let own = own.unwrap_or(before.max(context.pace.epoch_seconds));
    own.max(0.5 * before).max(1e-6)
}

/// Writes `best/` and the study's entry that says how to run the network again.
fn hand_over(
    context: &Context<'_>,
    planned: &Planned,
    weights: &Weights,
    record: &BestRecord,
) -> Result<Closing, PipelineError> {
    let provenance = record.provenance(&context.dir, context.config);
    let handover = Handover {
        network: &planned.network,
        weights,
        record,
        provenance: &provenance,
    };
    let files = handover.write(&context.dir)?;
    let json = serde_json::to_vec(record).unwrap_or_default();
    context.study.put(ENTRY, json)?;
    Ok(Closing {
        record: record.clone(),
        network: planned.network.clone(),
        files,
        baselines: Vec::new(),
        verdict: Vec::new(),
        notes: Vec::new(),
    })
}
