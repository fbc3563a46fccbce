//! The final phase: full training of the best in two rounds, one look at the test
//! part, and the verification.
//!
//! Where no trial gave a result, or none of those that are trained in full does,
//! the smallest network that there is is trained instead: a run ends with a
//! network, unless its time is too short for that.

use super::best::{ENTRY, Handover, write_report};
use super::candidates::train_candidates;
use super::choice::Choice;
use super::config::THRIFT;
use super::fallback::{smallest, train_smallest};
use super::finalists::{self, Finalist, Training, finalists};
use super::longer::train_longer;
use super::one_standard_error::{Contender, cheapest, ratio};
use super::planned::{Planned, cut_short};
use super::prepare::Prepared;
use super::summary::{Closing, summary};
use super::verify::{Winner, verify};
use super::{Context, PipelineError, Prefer, Progress, RunEnd};
use crate::data::FinalPhase;
use netsmith::report;
use netsmith::trial::Trial;

/// Why the winner's value on the test part is known.
const TESTED: &str = "the winner was tested — this is a bug in netsmith";

pub(super) fn finish(
    context: &Context<'_>,
    mut prepared: Prepared,
    trials: &[Trial],
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<RunEnd, PipelineError> {
    let config = context.config;
    let mut notes = Vec::new();
    let first_round = first_round(context, &prepared, trials, &mut notes, observe)?;
    let Some(mut all) = first_round else {
        return context.interrupted(&prepared);
    };
    if !train_longer(context, &prepared, &mut all, observe)? {
        return context.interrupted(&prepared);
    }
    let choice = Choice::of(context, &prepared);
    let best: Vec<&Trial> = all.iter().map(|own| &own.best(choice).trial).collect();
    let order = choice.best_first(&best);
    let place = order.first().copied();
    let place = place.ok_or_else(|| PipelineError::nothing_in(trials))?;
    let (place, why) = match config.prefer {
        Prefer::Accuracy => (place, None),
        Prefer::Efficiency => thriftiest(context, &prepared, choice, &all, &order)?,
    };
    notes.extend(why);
    let first: Vec<&Trial> = all.iter().map(|own| &own.first.trial).collect();
    let front = match context.objective.minimized.is_empty() {
        true => vec![place],
        false => choice.front(&first),
    };

    // The search is over, and the winner is chosen: only now is the test part read.
    let phase = FinalPhase::begin_now_that_the_search_is_over();
    let test = prepared.test.take();
    let test = test.expect("only the final phase takes the test part — this is a bug in netsmith");
    let test = test.open(&phase);
    for (number, finalist) in all.iter_mut().enumerate() {
        if number == place || front.contains(&number) {
            finalist.test(context, &prepared, &test)?;
        }
    }
    finalists::record(context, choice, &all)?;
    let rows = all.iter().enumerate();
    let rows = rows.map(|(number, own)| own.row(front.contains(&number)));
    let rows: Vec<report::Finalist> = rows.collect();
    let finalist = all.swap_remove(place);
    drop(all);
    let handed = finalist.best(choice);
    let fidelity = handed.trial.fidelity;
    notes.extend(cut_short(&handed.trial).map(|after| {
        format!("The full training was cut short by the budget {after}; handed over are the weights of its best epoch.")
    }));
    let closing = hand_over(context, &finalist.planned, handed)?;

    let seconds = config.verify;
    let seconds = seconds.or_else(|| config.seconds.map(|seconds| 0.5 * seconds));
    let first = &finalist.first;
    let winner = Winner {
        epoch_seconds: finalist.epoch_seconds,
        planned: &finalist.planned,
        trial: &first.trial,
        handed_over: fidelity,
        test: first.record.test.expect(TESTED),
        test_error: first.record.test_error,
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
    write_report(context.study, &summary, &finalist.planned.network)?;
    Ok(RunEnd {
        summary,
        interrupted: false,
    })
}

/// The best of the search trained in full, or the smallest network where none of them
/// gives a result; nothing where it was interrupted.
fn first_round(
    context: &Context<'_>,
    prepared: &Prepared,
    trials: &[Trial],
    notes: &mut Vec<String>,
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<Option<Vec<Finalist>>, PipelineError> {
    let Some(trained) = train_candidates(context, prepared, trials, observe)? else {
        return Ok(None);
    };
    let what = match trained.is_empty() {
        true => "No trial of the search",
        false => "No full training of the best of the search",
    };
    let all = finalists(context, prepared, trained, trials)?;
    if !all.is_empty() {
        return Ok(Some(all));
    }
    let smallest = smallest(context, prepared)?;
    notes.push(format!(
        "{what} gave a result: handed over is {}, the smallest network at hand.",
        smallest.name
    ));
    match train_smallest(context, prepared, smallest, trials, observe)? {
        None => Ok(None),
        Some(trained) => finalists(context, prepared, vec![trained], trials).map(Some),
    }
}

/// The place of the network that is handed over, of those as good as the best within the
/// error of the comparison the cheapest, and why it is that one where it is not the best.
fn thriftiest(
    context: &Context<'_>,
    prepared: &Prepared,
    choice: Choice<'_>,
    all: &[Finalist],
    order: &[usize],
) -> Result<(usize, Option<String>), PipelineError> {
    let trial = |place: usize| &all[place].best(choice).trial;
    let best = order[0];
    let level = order.iter().copied();
    let level = level.filter(|place| choice.is_level(trial(*place), trial(best)));
    let level: Vec<usize> = level.collect();
    let (pool, valid) = (context.all_threads()?, prepared.data.valid());
    let contenders = level.iter().map(|place| {
        let (own, training) = (&all[*place], all[*place].best(choice));
        let mut predictor = own.planned.predictor(prepared, &training.weights)?;
        Ok(Contender {
            judged: pool.install(|| predictor.judged(&valid)),
            costs: training.trial.costs,
        })
    });
    let contenders = contenders.collect::<Result<Vec<_>, PipelineError>>()?;
    let costs = match &*context.objective.minimized {
        [] => &THRIFT,
        named => named,
    };
    let Some((chosen, difference)) = cheapest(prepared.metric, costs, &contenders) else {
        return Ok((best, None));
    };
    let [own, other] = [level[chosen], best].map(|place| &all[place].best(choice).record);
    let show = |value| context.objective.metric.quantity(value).to_string();
    let shares = costs.iter().filter_map(|cost| {
        let share = ratio(&[*cost], &contenders[chosen].costs, &contenders[0].costs)?;
        Some(format!("{share:.2} times its {}", cost.title()))
    });
    let why = format!(
        "Handed over is a network that is as good as the best of the finalists within the error of the \
         comparison ({} against {} on the validation part, an error of {} for the difference) at {}. \
         `--prefer accuracy` hands over the best.",
        show(own.validation),
        show(other.validation),
        show(difference.error),
        shares.collect::<Vec<_>>().join(" and "),
    );
    Ok((level[chosen], Some(why)))
}

/// Writes `best/` and the study's entry that says how to run the network again.
fn hand_over(
    context: &Context<'_>,
    planned: &Planned,
    training: &Training,
) -> Result<Closing, PipelineError> {
    let Training {
        weights, record, ..
    } = training;
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
