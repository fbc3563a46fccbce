//! Whether a gradient search was worth its time: what it derived against others
//! that were trained alike.
//!
//! ```text
//! the best of them goes on    first, whether it was derived or not
//! clearly better              by more than two standard errors of the difference of
//!                             two results on the validation part, or by a
//!                             twentieth where these are not known
//! ```
//!
//! A few short epochs rank good networks roughly, so the words say whether a
//! lead is more than what chance does; the better measured one is handed over
//! all the same, for nothing speaks for another.

use super::{Context, PipelineError};
use netsmith::trial::{Metric, Trial};
use serde::{Deserialize, Serialize};

/// The study's entry with the judgement.
pub const JUDGEMENT_ENTRY: &str = "supernet-judgement";

/// Standard errors of a lead that is clear.
const LEAD: f64 = 2.0;

/// The share that a clear lead has where the error is not known.
const SHARE: f64 = 0.05;

/// What came of the comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// In a sentence.
    pub words: String,
    /// Whether no other has a better score than the derived architecture.
    pub derived: bool,
    /// Whether the better one leads by more than chance does.
    #[serde(default)]
    pub clear: bool,
    /// The lead from which on it is clear.
    pub lead: f64,
    /// The score of each candidate, that which was derived first; none: its
    /// training gave no result.
    pub scores: Vec<Option<f64>>,
}

/// What the trials say of the search; that of number zero was derived. The
/// final phase takes them by their scores, as those of any other search.
pub(super) fn judged(
    context: &Context<'_>,
    trials: &[Trial],
) -> Result<Option<Judgement>, PipelineError> {
    let score = |trial: &Trial| {
        let error = trial.metrics.get(Metric::STANDARD_ERROR);
        Some(Scored {
            score: context.search_objective.score(trial)?,
            error: error.map(|error| error.value),
        })
    };
    let derived = trials.iter().find(|trial| trial.number == 0);
    let others = trials.iter().filter(|trial| trial.number > 0);
    let scores: Vec<Option<Scored>> = std::iter::once(derived.and_then(score))
        .chain(others.map(score))
        .collect();
    let judgement = judgement(&scores);
    if let Some(judgement) = &judgement {
        let json = serde_json::to_vec(judgement).unwrap_or_default();
        context.study.put(JUDGEMENT_ENTRY, json)?;
    }
    Ok(judgement)
}

/// The score of a trial with the standard error of its metric.
#[derive(Clone, Copy, Debug)]
struct Scored {
    score: f64,
    error: Option<f64>,
}

/// What the search from the candidates found, in a sentence; nothing
/// where there was no time for it.
pub(super) fn climb(context: &Context<'_>, listed: &[Trial], climbed: &[Trial]) -> Option<String> {
    let best = |trials: &[Trial]| {
        let scores = trials
            .iter()
            .filter_map(|trial| context.search_objective.score(trial));
        scores.reduce(f64::max)
    };
    let least = listed.iter().map(|trial| trial.fidelity).min()?;
    let (new, again): (Vec<_>, Vec<_>) = climbed
        .iter()
        .cloned()
        .partition(|trial| trial.fidelity <= least);
    let mut words = Vec::new();
    if let (Some(before), Some(after)) = (best(listed), best(&new)) {
        let end = match after > before {
            true => format!("the best of them has {:.4}", after.abs()),
            false => format!("none was better than {:.4}", before.abs()),
        };
        let count = new.len();
        words.push(format!(
            "the search from the candidates trained {count} more: {end}"
        ));
    }
    if let Some(longest) = again.iter().map(|trial| trial.fidelity).max()
        && let Some(best) = best(&again)
    {
        let count = again.len();
        words.push(format!(
            "{count} trainings went on for longer, up to {longest}: the best has {:.4}",
            best.abs()
        ));
    }
    (!words.is_empty()).then(|| words.join("; "))
}

/// The judgement on these scores, of which larger ones are better; none where
/// there is nothing to compare.
fn judgement(scored: &[Option<Scored>]) -> Option<Judgement> {
    let (first, others) = scored.split_first()?;
    let others = others.iter().flatten().copied();
    let best_other = others.reduce(|a, b| if b.score > a.score { b } else { a })?;
    let best = best_other.score;
    let scores: Vec<Option<f64>> = scored.iter().map(|one| one.map(|one| one.score)).collect();
    // The score of a loss is the loss with its sign turned.
    let shown = best.abs();
    let Some(Scored {
        score: first,
        error,
    }) = *first
    else {
        return Some(Judgement {
            words: format!(
                "the derived architecture gave no result when it was trained; the best of the others has {shown:.4}: the search was worth nothing"
            ),
            derived: false,
            clear: true,
            lead: 0.0,
            scores: scores.clone(),
        });
    };
    let lead = match (error, best_other.error) {
        (Some(a), Some(b)) => LEAD * a.hypot(b),
        _ => SHARE * first.abs(),
    };
    let derived = best <= first;
    let clear = (best - first).abs() > lead;
    let end = match (derived, clear) {
        (true, true) => "the search was worth its time".to_owned(),
        (true, false) => {
            format!("no more than what chance does ({lead:.4}), so its worth is not shown")
        }
        (false, true) => "the search was worth nothing, and the better one goes on".to_owned(),
        (false, false) => format!(
            "the search was worth nothing that shows, and the better one goes on, though its lead is no more than what chance does ({lead:.4})"
        ),
    };
    let own = first.abs();
    Some(Judgement {
        words: format!(
            "trained alike, the derived architecture has {own:.4}, the best of the others {shown:.4}: {end}"
        ),
        derived,
        clear,
        lead,
        scores: scores.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Accuracies on so many samples; of a loss none.
    fn judged(scores: &[Option<f64>], samples: Option<usize>) -> Option<Judgement> {
        let scored = scores.iter().map(|score| {
            score.map(|score| Scored {
                score,
                error: samples.map(|n| (score * (1.0 - score) / n as f64).sqrt()),
            })
        });
        judgement(&scored.collect::<Vec<_>>())
    }

    /// Whether the derived architecture leads, whether the lead is clear, and
    /// whether the words say that chance may have made it.
    #[track_caller]
    fn check(scores: &[Option<f64>], samples: Option<usize>, expected: [bool; 2]) {
        let judgement = judged(scores, samples).unwrap();
        assert_eq!([judgement.derived, judgement.clear], expected);
        let words = &judgement.words;
        let chance = words.contains("chance");
        assert_eq!(chance, !judgement.clear, "{words}");
        assert_eq!(
            words.contains("worth nothing"),
            !judgement.derived,
            "{words}"
        );
    }

    #[test]
    fn the_better_one_leads_whether_clearly_or_not() {
        // Two errors of a difference of 0.60 and 0.63 on 1,600 samples: 0.0344.
        let few = [Some(0.60), Some(0.63), Some(0.2)];
        check(&few, Some(1_600), [false, false]);
        check(&few, Some(160_000), [false, true]);
        check(&[Some(0.60), None, Some(0.66)], Some(1_600), [false, true]);
        check(&[Some(0.63), Some(0.60)], Some(1_600), [true, false]);
        check(&[Some(0.66), Some(0.60)], Some(1_600), [true, true]);
        // What is as good as the others was as good as drawn at random.
        check(&[Some(0.60), Some(0.60)], Some(1_600), [true, false]);
        // A loss: less is better.
        check(&[Some(-1.00), Some(-0.96)], None, [false, false]);
        check(&[Some(-1.00), Some(-0.94)], None, [false, true]);
        check(&[None, Some(0.1)], Some(10), [false, true]);
    }

    #[test]
    fn a_small_lead_on_a_small_part_hands_over_the_better_one() {
        // Two errors of 0.9749 and 0.9916 on 359 samples: 0.0191.
        let judgement = judged(&[Some(0.9749), Some(0.9916)], Some(359)).unwrap();
        assert!(!judgement.derived && !judgement.clear, "{judgement:?}");
        assert!((judgement.lead - 0.019_117).abs() < 1e-5, "{judgement:?}");
        assert!(judgement.words.contains("0.9749"), "{judgement:?}");
        assert!(
            judgement.words.contains("the better one goes on"),
            "{judgement:?}"
        );
    }

    #[test]
    fn without_others_there_is_nothing_to_say() {
        assert_eq!(judged(&[Some(0.5)], Some(10)), None);
        assert_eq!(judged(&[Some(0.5), None], Some(10)), None);
        assert_eq!(judged(&[], Some(10)), None);
    }
}
