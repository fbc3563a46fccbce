//! What the trainings of the verification came to, in numbers and words.

use super::beside::beside;
use super::schedule::Plan;
use super::{Verified, Winner, in_words};
use crate::data::Part;
use crate::pipeline::latency::{costs_of, measured};
use crate::pipeline::planned::{Planned, cut_short};
use crate::pipeline::prepare::Prepared;
use crate::pipeline::{Context, PipelineError};
use netsmith::cost::Direction;
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
    let higher = metric.direction == Direction::Maximize;
    let measured = Measured::of(context, prepared, runs, ended, test)?;
    let (again, compared) = (plan.allotment.again, plan.allotment.fidelity());
    let (compared_words, handed_over) = (in_words(compared), in_words(winner.handed_over));
    let (mut notes, mut own) = (Vec::new(), Vec::new());
    if again {
        notes.push(format!(
            "The trainings of the verification had {compared_words} each, within the time that it may take; \
             the network that is handed over had {handed_over}. So its place in the comparison is taken by \
             further trainings of the winner with the verification's."
        ));
    } else {
        own.push(winner.test);
    }
    own.extend(measured.whole);
    notes.extend(measured.notes);
    let networks = measured.rows;
    let beside = beside(context, prepared, test)?.into_iter();
    let beside = beside.map(|rival| BaselineRow {
        name: rival.name,
        validation: vec![rival.validation],
        test: vec![rival.test],
        test_error: rival.test_error,
        ..BaselineRow::default()
    });
    let rows: Vec<BaselineRow> = networks.iter().cloned().chain(beside).collect();
    let tests = match own.is_empty() {
        true => measured.broken,
        false => own,
    };
    let mut verdict = match rows.is_empty() {
        true => vec!["Not verified: no baseline was trained to a result.".to_owned()],
        false => {
            let errors = [winner.test_error, measured.error].into_iter().flatten();
            verdict(&tests, errors.reduce(f64::max), &rows, higher)
        }
    };
    if (again || compared != winner.handed_over) && !rows.is_empty() {
        verdict.push(format!(
            "Compared are trainings of {compared_words} each, not the one that is handed over, which had \
             {handed_over}."
        ));
    }
    let minimized = &context.objective.minimized;
    let show = |value| metric.quantity(value).to_string();
    // What was trained for another time is no measure of the finalists.
    let saving = match again {
        true => None,
        false => Saving::of(winner.finalists, &networks, higher, minimized),
    };
    if let Some(saving) = &saving {
        verdict.push(saving.in_words(&show));
    } else if !again && !minimized.is_empty() {
        // Without a cost to minimise nobody asked.
        let best = Saving::best_designed(&networks, higher);
        verdict.extend(best.map(|best| Saving::none_in_words(best, &show)));
    }
    Ok(Verified {
        baselines: rows,
        verdict,
        saving,
        notes,
    })
}

/// What the trainings of the verification have on the test part.
#[derive(Default)]
struct Measured {
    /// Whole trainings of the winner.
    whole: Vec<f64>,
    /// Trainings of the winner that were cut short.
    broken: Vec<f64>,
    /// The largest standard error of these.
    error: Option<f64>,
    rows: Vec<BaselineRow>,
    notes: Vec<String>,
}

impl Measured {
    fn of(
        context: &Context<'_>,
        prepared: &Prepared,
        runs: &[Planned],
        ended: &[Trial],
        test: &Part,
    ) -> Result<Self, PipelineError> {
        let metric = &context.objective.metric.name;
        let mut of = Self::default();
        for trial in ended.iter().filter(|trial| !trial.outcome.is_failure()) {
            let planned = runs.iter().find(|planned| planned.number == trial.number);
            let found =
                planned.and_then(|planned| Some((planned, planned.weights(context, trial)?)));
            let Some((planned, weights)) = found else {
                continue;
            };
            let judged = planned.measure(context, prepared, test, &weights)?;
            let value = judged.metric.value;
            let validation = trial.metrics.get(metric).map(|quantity| quantity.value);
            let short = cut_short(trial);
            if let Some(after) = &short {
                let note = format!("The training of {} was cut short {after}.", planned.name);
                of.notes.push(note);
            }
            let short = short.is_some();
            if planned.role == Role::Reseed {
                let own = if short { &mut of.broken } else { &mut of.whole };
                own.push(value);
                of.error = larger(of.error, judged.standard_error);
            } else if let Some(row) = of.rows.iter_mut().find(|row| row.name == planned.name) {
                row.test.push(value);
                row.test_error = larger(row.test_error, judged.standard_error);
                row.validation.extend(validation);
                row.cut_short += usize::from(short);
            } else {
                let measured = measured(context.study, prepared, &planned.network, &weights)?;
                of.rows.push(BaselineRow {
                    name: planned.name.clone(),
                    role: planned.role,
                    costs: costs_of(&planned.network, measured.as_ref()),
                    validation: validation.into_iter().collect(),
                    test: vec![value],
                    test_error: judged.standard_error,
                    cut_short: usize::from(short),
                });
            }
        }
        Ok(of)
    }
}

/// The larger one of two numbers that may be missing.
fn larger(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    [a, b].into_iter().flatten().reduce(f64::max)
}
