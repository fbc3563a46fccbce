//! The final phase: full training of the best in two rounds, one look at the test
//! part, and the verification.
//!
//! Where no trial gave a result, or none of those that are trained in full does,
//! the smallest network that there is is trained instead: a run ends with a
//! network, unless its time is too short for that.

use super::allotment::Samples;
use super::best::{ENTRY, Handover, write_report};
use super::candidates::train_candidates;
use super::fallback::{smallest, train_smallest};
use super::finalists::{self, Finalist, best_first, finalists, front};
use super::longer::train_longer;
use super::planned::{Planned, cut_short, epoch_seconds};
use super::prepare::Prepared;
use super::summary::{Closing, summary};
use super::verify::{Winner, verify};
use super::{Context, PipelineError, Progress, RunEnd};
use crate::data::FinalPhase;
use netsmith::trial::Trial;

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
    let mut all = finalists(context, &prepared, candidates);
    if all.is_empty() {
        let smallest = smallest(context, &prepared)?;
        notes.push(format!(
            "No trial of the search gave a result: handed over is {}, the smallest network at hand.",
            smallest.name
        ));
        let trained = train_smallest(context, &prepared, smallest, trials, observe)?;
        let Some(trained) = trained else {
            return context.interrupted(&prepared);
        };
        all = finalists(context, &prepared, vec![trained]);
    }
    let Some(longer) = train_longer(context, &prepared, &all, observe)? else {
        return context.interrupted(&prepared);
    };
    let longer = finalists(context, &prepared, longer);
    let (place, chosen) =
        choose(context, &all, longer).ok_or_else(|| PipelineError::nothing_in(trials))?;
    let handed = chosen.as_ref().unwrap_or(&all[place]);
    let fidelity = handed.trial.fidelity;
    notes.extend(cut_short(&handed.trial).map(|after| {
        format!("The full training was cut short by the budget {after}; handed over are the weights of its best epoch.")
    }));

    // The search is over, and the winner is chosen: only now is the test part read.
    let phase = FinalPhase::begin_now_that_the_search_is_over();
    let test = prepared.test.take();
    let test = test.expect("only the final phase takes the test part — this is a bug in netsmith");
    let test = test.open(&phase);
    let front = front(context, &all);
    for (number, finalist) in all.iter_mut().enumerate() {
        if number == place || front.contains(&number) {
            finalist.test(context, &prepared, &test)?;
        }
    }
    finalists::record(context, &all)?;
    let rows = all.iter().enumerate();
    let rows: Vec<_> = rows
        .map(|(number, finalist)| finalist.row(front.contains(&number)))
        .collect();
    let first = all.swap_remove(place);
    drop(all);
    let closing = match chosen {
        None => hand_over(context, &first)?,
        Some(mut longer) => {
            longer.test(context, &prepared, &test)?;
            hand_over(context, &longer)?
        }
    };
    let Finalist { planned, trial, .. } = &first;

    let seconds = config.verify;
    let seconds = seconds.or_else(|| config.seconds.map(|seconds| 0.5 * seconds));
    let winner = Winner {
        epoch_seconds: epoch_of_winner(context, &prepared, planned, trial, trials),
        planned,
        trial,
        handed_over: fidelity,
        test: first.record.test.unwrap_or(f64::NAN),
        finalists: &rows,
    };
    let verified = verify(context, &prepared, &winner, seconds, &test, observe)?;
    let Some(verified) = verified else {
        return context.interrupted(&prepared);
    };
    notes.extend(verified.notes);
    let closing = Closing {
        baselines: verified.baselines,
        verdict: verified.verdict,
        saving: verified.saving,
        finalists: rows,
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

/// The place of what is handed over among those of the first round, and its longer
/// training where the best of these is at least as good.
fn choose(
    context: &Context<'_>,
    all: &[Finalist],
    mut longer: Vec<Finalist>,
) -> Option<(usize, Option<Finalist>)> {
    let place = *best_first(context, all).first()?;
    let score = |finalist: &Finalist| context.objective.score(&finalist.trial);
    let best = best_first(context, &longer).first().copied();
    let better = best.filter(|best| {
        let (longer, first) = (&longer[*best], &all[place]);
        // Measured again, a latency may have come to lie over the limit.
        let allowed = longer.keeps_limit(context) || !first.keeps_limit(context);
        allowed && score(longer) >= score(first)
    });
    let Some(better) = better else {
        return Some((place, None));
    };
    let better = longer.swap_remove(better);
    let trial = better.planned.trial;
    let place = all.iter().position(|first| first.planned.trial == trial)?;
    Some((place, Some(better)))
}

/// Writes `best/` and the study's entry that says how to run the network again.
fn hand_over(context: &Context<'_>, chosen: &Finalist) -> Result<Closing, PipelineError> {
    let Finalist {
        planned,
        weights,
        record,
        ..
    } = chosen;
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
        finalists: Vec::new(),
        saving: None,
        baselines: Vec::new(),
        verdict: Vec::new(),
        notes: Vec::new(),
    })
}
