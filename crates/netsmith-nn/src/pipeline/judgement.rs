//! Whether a gradient search was worth its time: what it derived against others
//! that were trained alike.
//!
//! ```text
//! the derived architecture goes on            unless another beats it clearly
//! clearly: by more than two standard errors of the difference of two accuracies
//!          on the validation part, or by a twentieth where the metric is another
//! ```
//!
//! A few short epochs rank good networks hardly better than chance does, so the
//! burden of proof lies with the challengers; the more samples judge, the less
//! they need.

use super::{Context, PipelineError};
use netsmith::trial::Trial;
use serde::{Deserialize, Serialize};

/// The study's entry with the judgement.
pub const JUDGEMENT_ENTRY: &str = "supernet-judgement";

/// Standard errors by which a challenger must lead.
const LEAD: f64 = 2.0;

/// The share by which it must lead where the error is not known.
const SHARE: f64 = 0.05;

/// What came of the comparison.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// In a sentence.
    pub words: String,
    /// Whether the derived architecture goes on.
    pub derived: bool,
    /// How much better a challenger had to be.
    pub lead: f64,
    /// The score of each candidate, that which was derived first; none: its
    /// training gave no result.
    pub scores: Vec<Option<f64>>,
}

/// Which trials go on to the final phase: that of number zero, which was
/// derived, or those that beat it clearly.
pub(super) fn judged(
    context: &Context<'_>,
    trials: Vec<Trial>,
    samples: usize,
) -> Result<(Vec<Trial>, Option<Judgement>), PipelineError> {
    let score = |trial: &Trial| context.objective.score(trial);
    let derived = trials.iter().find(|trial| trial.number == 0);
    let others = trials.iter().filter(|trial| trial.number > 0);
    let scores: Vec<Option<f64>> = std::iter::once(derived.and_then(score))
        .chain(others.map(score))
        .collect();
    let accuracy = context.objective.metric.name.ends_with("accuracy");
    let Some(judgement) = judgement(&scores, accuracy.then_some(samples)) else {
        return Ok((trials, None));
    };
    let json = serde_json::to_vec(&judgement).unwrap_or_default();
    context.study.put(JUDGEMENT_ENTRY, json)?;
    let kept = trials.into_iter();
    let kept = kept.filter(|trial| (trial.number == 0) == judgement.derived);
    Ok((kept.collect(), Some(judgement)))
}

/// The judgement on these scores, of which larger ones are better; none where
/// there is nothing to compare.
fn judgement(scores: &[Option<f64>], samples: Option<usize>) -> Option<Judgement> {
    let (first, others) = scores.split_first()?;
    let best = others.iter().flatten().copied().reduce(f64::max)?;
    // The score of a loss is the loss with its sign turned.
    let shown = best.abs();
    let Some(first) = *first else {
        return Some(Judgement {
            words: format!(
                "the derived architecture gave no result when it was trained; the best of the others has {shown:.4}: the search was worth nothing"
            ),
            derived: false,
            lead: 0.0,
            scores: scores.to_vec(),
        });
    };
    let lead = match samples {
        Some(samples) => {
            let variance = |p: f64| p.clamp(0.0, 1.0) * (1.0 - p.clamp(0.0, 1.0));
            LEAD * ((variance(first) + variance(best)) / samples.max(1) as f64).sqrt()
        }
        None => SHARE * first.abs(),
    };
    let derived = best - first <= lead;
    let end = match derived {
        false => ": the search was worth nothing, and the better one is handed over".to_owned(),
        true if best > first => {
            format!(": within what chance does ({lead:.4}), so the derived one stays")
        }
        true => String::new(),
    };
    let own = first.abs();
    Some(Judgement {
        words: format!(
            "trained alike, the derived architecture has {own:.4}, the best of the others {shown:.4}{end}"
        ),
        derived,
        lead,
        scores: scores.to_vec(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn stays(scores: &[Option<f64>], samples: Option<usize>) -> bool {
        judgement(scores, samples).unwrap().derived
    }

    #[test]
    fn a_challenger_must_lead_clearly() {
        // Two errors of a difference of 0.60 and 0.62 on 1,600 samples: 0.0345.
        let few = [Some(0.60), Some(0.63), Some(0.2)];
        assert!(stays(&few, Some(1_600)));
        assert!(!stays(&few, Some(160_000)));
        assert!(!stays(&[Some(0.60), None, Some(0.66)], Some(1_600)));
        // A loss: less is better.
        assert!(stays(&[Some(-1.00), Some(-0.96)], None));
        assert!(!stays(&[Some(-1.00), Some(-0.94)], None));
        assert!(!stays(&[None, Some(0.1)], Some(10)));
    }

    #[test]
    fn without_others_there_is_nothing_to_say() {
        assert_eq!(judgement(&[Some(0.5)], Some(10)), None);
        assert_eq!(judgement(&[Some(0.5), None], Some(10)), None);
        assert_eq!(judgement(&[], Some(10)), None);
    }
}
