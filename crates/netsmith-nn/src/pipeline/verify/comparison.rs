//! What the trainings of the verification came to, in numbers and words.

use super::schedule::Plan;
use super::{Verified, Winner, in_words};
use crate::data::Part;
use crate::pipeline::latency::measured;
use crate::pipeline::planned::{Planned, cut_short};
use crate::pipeline::prepare::Prepared;
use crate::pipeline::{Context, PipelineError};
use netsmith::cost::{Direction, Unit};
use netsmith::report::{BaselineRow, Saving, verdict};
use netsmith::study::Role;
use netsmith::trial::Trial;

/// Test values, rows and words of the runs that gave a result.
pub(super) fn compare(
    context: &Context<'_>,
    prepared: &Prepared,
    winner: &Winner<'_>,
    runs: &[Planned],
    plan: &Plan,
    ended: &[Trial],
    test: &Part,
) -> Result<Verified, PipelineError> {
    let metric = &context.objective.metric;
    let mut notes = Vec::new();
    let mut rows: Vec<BaselineRow> = Vec::new();
    // Whole trainings of the winner, and such as were cut short.
    let mut own = [Vec::new(), Vec::new()];
    if plan.allotment.again {
        notes.push(format!(
            "The trainings of the verification had {} each, within the time that it may take; the network \
             that is handed over had {}. So its place in the comparison is taken by further trainings of \
             the winner with the verification's.",
            in_words(plan.allotment.fidelity()),
            in_words(winner.handed_over)
        ));
    } else {
        own[0].push(winner.test);
    }
    for trial in ended.iter().filter(|trial| !trial.outcome.is_failure()) {
        let planned = runs.iter().find(|planned| planned.number == trial.number);
        let found = planned.and_then(|planned| Some((planned, planned.weights(context, trial)?)));
        let Some((planned, weights)) = found else {
            continue;
        };
        let value = planned.measure(context, prepared, test, &weights)?;
        let validation = trial
            .metrics
            .get(&metric.name)
            .map(|quantity| quantity.value);
        let short = cut_short(trial);
        if let Some(after) = &short {
            notes.push(format!(
                "The training of {} was cut short {after}.",
                planned.name
            ));
        }
        let short = usize::from(short.is_some());
        if planned.role == Role::Reseed {
            own[short].push(value);
        } else if let Some(row) = rows.iter_mut().find(|row| row.name == planned.name) {
            row.test.push(value);
            row.validation.extend(validation);
            row.cut_short += short;
        } else {
            let measured = measured(context.study, prepared, &planned.network, &weights)?;
            rows.push(BaselineRow {
                name: planned.name.clone(),
                parameters: planned.network.parameters(),
                latency_ms: measured.map(|measured| measured.median_ms),
                validation: validation.into_iter().collect(),
                test: vec![value],
                cut_short: short,
            });
        }
    }
    let [whole, broken] = own;
    let tests = if whole.is_empty() { broken } else { whole };
    let higher = metric.direction == Direction::Maximize;
    let mut verdict = match rows.is_empty() {
        true => vec!["Not verified: no baseline was trained to a result.".to_owned()],
        false => {
            let shares_of = (metric.unit == Unit::Fraction).then(|| test.len());
            verdict(&tests, &rows, higher, shares_of)
        }
    };
    let compared = plan.allotment.fidelity();
    if (plan.allotment.again || compared != winner.handed_over) && !rows.is_empty() {
        let words = format!(
            "Compared are trainings of {} each, not the one that is handed over, which had {}.",
            in_words(compared),
            in_words(winner.handed_over)
        );
        verdict.push(words);
    }
    // What was trained for another time is no measure of the finalists.
    let alike = !plan.allotment.again;
    let minimized = &context.objective.minimized;
    let saving = alike.then(|| Saving::of(winner.finalists, &rows, higher, minimized));
    let saving = saving.flatten();
    let show = |value| metric.quantity(value).to_string();
    verdict.extend(saving.iter().map(|saving| saving.in_words(&show)));
    Ok(Verified {
        baselines: rows,
        verdict,
        saving,
        notes,
    })
}
