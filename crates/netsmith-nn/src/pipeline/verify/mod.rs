//! The verification: was the search worth it?
//!
//! More seeds of the winner, hand-designed networks and random architectures are
//! trained alike, as many and as long as the time allows, and compared on the
//! test part.

mod beside;
mod comparison;
mod rivals;
mod schedule;

use super::once::once;
use super::planned::{Planned, train};
use super::prepare::Prepared;
use super::{Context, PipelineError, Progress};
use crate::data::Part;
use comparison::compare;
use netsmith::report::{BaselineRow, Finalist, Saving};
use netsmith::trial::{Fidelity, Trial};
use rivals::others;
use schedule::{LEFT_OUT, plan, runs};

/// The study's entry with what is verified.
const ALLOTMENT: &str = "verification";

/// The network that is verified.
pub(super) struct Winner<'a> {
    pub(super) planned: &'a Planned,
    /// Its full training, that of the first round.
    pub(super) trial: &'a Trial,
    /// How long what is handed over was trained.
    pub(super) handed_over: Fidelity,
    /// Seconds of an epoch over all data.
    pub(super) epoch_seconds: f64,
    /// The metric on the test part after its full training.
    pub(super) test: f64,
    /// Its standard error.
    pub(super) test_error: Option<f64>,
    /// All that the first round trained, as long as the winner.
    pub(super) finalists: &'a [Finalist],
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Verified {
    pub(super) baselines: Vec<BaselineRow>,
    pub(super) verdict: Vec<String>,
    pub(super) saving: Option<Saving>,
    pub(super) notes: Vec<String>,
}

/// Verifies within so many seconds; nothing where it was interrupted.
pub(super) fn verify(
    context: &Context<'_>,
    prepared: &Prepared,
    winner: &Winner<'_>,
    seconds: Option<f64>,
    test: &Part,
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<Option<Verified>, PipelineError> {
    let not = |why: &str| Verified {
        verdict: vec![format!("Not verified: {why}.")],
        ..Verified::default()
    };
    if seconds.is_some_and(|seconds| seconds <= 0.0) {
        return Ok(Some(not("it was switched off")));
    }
    let begun = context.elapsed();
    let (others, itself) = others(context, prepared, winner.planned)?;
    let plan = || Ok(plan(context, prepared, winner, &others, seconds));
    let Some(plan) = once(context.study, ALLOTMENT, plan)? else {
        return Ok(Some(not("the time allows no training of a baseline")));
    };
    let (runs, mut out) = runs(context, prepared, winner, others, &plan)?;
    let fidelity = plan.allotment.fidelity();
    let spent = (context.elapsed() - begun).as_secs_f64();
    let left = seconds.map(|seconds| (seconds - spent).max(0.0));
    observe(Progress::Phase {
        what: format!(
            "verifying: {} more trainings of {} for comparison",
            runs.len(),
            in_words(fidelity)
        ),
        seconds: left,
    });
    let needed = 1 + usize::from(plan.allotment.again);
    let Some(end) = train(context, &runs, fidelity, needed, left, observe)? else {
        return Ok(None);
    };
    if !end.left_out.is_empty() {
        out.extend(end.left_out);
        let json = serde_json::to_vec(&out).unwrap_or_default();
        context.study.put(LEFT_OUT, json)?;
    }
    let mut verified = compare(context, prepared, winner, &runs, &plan, &end.trials, test)?;
    verified.verdict.extend(itself.map(|name| {
        format!(
            "The network that is handed over is {name} itself, designed by hand: the search found none that \
             is as good and costs less."
        )
    }));
    if !out.is_empty() {
        let trainings = match out.len() {
            1 => "One further training of the verification was".to_owned(),
            count => format!("{count} further trainings of the verification were"),
        };
        verified.notes.push(format!(
            "{trainings} left out: the machine was slower than planned."
        ));
    }
    Ok(Some(verified))
}

/// Such as `8 epochs`, or `4 epochs on 52 % of the training data`.
pub(super) fn in_words(fidelity: Fidelity) -> String {
    let Fidelity { epochs, data, .. } = fidelity;
    let plural = if epochs == 1 { "" } else { "s" };
    match data < 1.0 {
        true => format!(
            "{epochs} epoch{plural} on {:.0} % of the training data",
            data * 100.0
        ),
        false => format!("{epochs} epoch{plural}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fidelities_in_words() {
        assert_eq!(in_words(Fidelity::epochs(1)), "1 epoch");
        let part = Fidelity::epochs(4).with_data(0.52);
        assert_eq!(in_words(part), "4 epochs on 52 % of the training data");
    }
}
