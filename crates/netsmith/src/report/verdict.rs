//! Whether the search was worth it, in sentences.

use super::{BaselineRow, mean};

/// A difference counts as clear from so many times the spread over seeds.
const CLEAR: f64 = 2.0;

/// Compares the winner's test values, one for each seed, with each baseline and
/// with the average of the random networks.
///
/// The spread is the sample standard deviation over the seeds: the larger of the
/// winner's and the baseline's. Random networks differ in more than the seed, so
/// against their average the winner's spread counts alone. The spread is at least what
/// the choice of the test samples makes, the larger standard error of the two (`error`
/// is the winner's): two networks err on much the same samples, so that their
/// difference varies about as much as one value. A difference of less than twice the spread is not
/// called a difference, and neither is one to trainings of which the clock cut some
/// short. Rows without test values are left out.
pub fn verdict(
    best_tests: &[f64],
    error: Option<f64>,
    baselines: &[BaselineRow],
    higher_is_better: bool,
) -> Vec<String> {
    let Some(own) = mean(best_tests) else {
        return vec!["The winner has no test result, so nothing is compared.".into()];
    };
    let rivals = rivals(baselines);
    if rivals.is_empty() {
        return vec!["There is no baseline with a test result, so nothing is compared.".into()];
    }
    let mut sentences = Vec::new();
    let mut unbeaten = Vec::new();
    for rival in &rivals {
        let theirs = rival.mean;
        let gain = if higher_is_better {
            own - theirs
        } else {
            theirs - own
        };
        let spread = [deviation(best_tests), rival.spread]
            .into_iter()
            .flatten()
            .reduce(f64::max);
        let (word, aside) = match rival.cut_short {
            0 => {
                let errors = [error, rival.error].into_iter().flatten();
                judge(gain, spread, errors.fold(0.0, f64::max))
            }
            _ => unjudged(gain, "to a training that was cut short"),
        };
        if word != "clearly better than" {
            unbeaten.push(rival.name.as_str());
        }
        sentences.push(format!(
            "The designed network is {word} {}: {own:.4} against {theirs:.4} on the test part, {aside}.",
            rival.name
        ));
    }
    let first = if unbeaten.is_empty() {
        "The search found a network that is clearly better than everything it was compared with."
            .to_owned()
    } else {
        format!("The search did not clearly beat {}.", unbeaten.join(", "))
    };
    sentences.insert(0, first);
    sentences
}

/// Differences of scores below this are rounding.
const ROUNDING: f64 = 1e-12;

/// The word for a gain, and how it compares with the spread over seeds or, where that
/// is larger, with that of the test samples.
fn judge(gain: f64, spread: Option<f64>, sampling: f64) -> (&'static str, String) {
    // What rounding alone makes of equal values is no spread and no gain.
    let exact = |value: f64| if value.abs() < ROUNDING { 0.0 } else { value };
    let (gain, spread) = (exact(gain), spread.map(exact));
    let amount = gain.abs();
    match spread {
        None => unjudged(gain, "from one seed each, so its spread is unknown"),
        Some(seeds) => {
            let spread = seeds.max(sampling);
            let word = if amount <= CLEAR * spread {
                "not clearly different from"
            } else if gain > 0.0 {
                "clearly better than"
            } else if gain < 0.0 {
                "clearly worse than"
            } else {
                "level with"
            };
            let times = if spread > 0.0 {
                let whose = match seeds < sampling {
                    true => "that the number of test samples leaves",
                    false => "over seeds",
                };
                format!(
                    "{:.1} times the spread {whose} ({spread:.4})",
                    amount / spread
                )
            } else {
                "with no spread over seeds".to_owned()
            };
            (word, format!("a difference of {amount:.4}, {times}"))
        }
    }
}

/// The word for a gain of which nothing can be claimed, and why.
fn unjudged(gain: f64, why: &str) -> (&'static str, String) {
    let word = if gain > ROUNDING {
        "ahead of"
    } else if gain < -ROUNDING {
        "behind"
    } else {
        "level with"
    };
    (word, format!("a difference of {:.4} {why}", gain.abs()))
}

struct Rival {
    name: String,
    mean: f64,
    spread: Option<f64>,
    /// The standard error that the test samples leave.
    error: Option<f64>,
    cut_short: usize,
}

/// The baselines one by one, then all random networks as one.
fn rivals(baselines: &[BaselineRow]) -> Vec<Rival> {
    let (random, designed): (Vec<_>, Vec<_>) = baselines.iter().partition(|row| row.is_random());
    let mut rivals: Vec<Rival> = designed
        .into_iter()
        .filter_map(|row| {
            Some(Rival {
                name: row.name.clone(),
                mean: mean(&row.test)?,
                spread: deviation(&row.test),
                error: row.test_error,
                cut_short: row.cut_short,
            })
        })
        .collect();
    let tests: Vec<f64> = random.iter().flat_map(|row| row.test.clone()).collect();
    rivals.extend(mean(&tests).map(|mean| {
        Rival {
            name: match tests.len() {
                1 => "one random network".to_owned(),
                count => format!("the average of {count} random networks"),
            },
            mean,
            spread: None,
            error: random
                .iter()
                .filter_map(|row| row.test_error)
                .reduce(f64::max),
            cut_short: random.iter().map(|row| row.cut_short).sum(),
        }
    }));
    rivals
}

/// The sample standard deviation; `None` of fewer than two values.
fn deviation(values: &[f64]) -> Option<f64> {
    let centre = mean(values).filter(|_| values.len() > 1)?;
    let squares: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
    Some((squares / (values.len() - 1) as f64).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::Role;

    fn row(name: &str, test: &[f64]) -> BaselineRow {
        BaselineRow {
            name: name.into(),
            test: test.to_vec(),
            ..BaselineRow::default()
        }
    }

    /// Mean 0.95 and standard deviation 0.01 by hand.
    const OWN: [f64; 3] = [0.94, 0.95, 0.96];

    #[test]
    fn clearly_better() {
        let sentences = verdict(&OWN, None, &[row("lenet", &[0.90])], true);
        assert_eq!(
            sentences,
            [
                "The search found a network that is clearly better than everything it was compared with.",
                "The designed network is clearly better than lenet: 0.9500 against 0.9000 on the test part, \
                 a difference of 0.0500, 5.0 times the spread over seeds (0.0100)."
            ]
        );
    }

    #[test]
    fn rounding_is_no_spread() {
        let own = [0.1 + 0.2, 0.3, 0.3];
        let sentences = verdict(&own, None, &[row("lenet", &[0.2])], true);
        assert!(!sentences[1].contains("times the spread"), "{sentences:?}");
    }

    #[test]
    fn few_test_samples_tell_no_small_differences() {
        // Both seeds got 358 of 359 right: one sample less is no difference.
        let share = |right: f64| right / 359.0;
        let own = [share(358.0); 2];
        let error = |share: f64| Some((share * (1.0 - share) / 359.0).sqrt());
        let rows = [("lenet", 357.0), ("linear", 320.0)].map(|(name, right)| BaselineRow {
            test_error: error(share(right)),
            ..row(name, &[share(right)])
        });
        let sentences = verdict(&own, error(own[0]), &rows, true);
        assert_eq!(sentences[0], "The search did not clearly beat lenet.");
        assert!(
            sentences[1]
                .contains("0.7 times the spread that the number of test samples leaves (0.0039)"),
            "{sentences:?}"
        );
        assert!(sentences[2].contains("clearly better than linear"));
    }

    #[test]
    fn within_the_spread_is_not_called_a_difference() {
        let sentences = verdict(&OWN, None, &[row("lenet", &[0.935])], true);
        assert_eq!(sentences[0], "The search did not clearly beat lenet.");
        assert!(sentences[1].contains("is not clearly different from lenet"));
        assert!(sentences[1].contains("1.5 times the spread"));
    }

    #[test]
    fn nothing_is_claimed_against_a_training_that_was_cut_short() {
        let short = BaselineRow {
            cut_short: 1,
            ..row("lenet", &[0.5])
        };
        let sentences = verdict(&OWN, None, &[short, row("other", &[0.5])], true);
        assert_eq!(sentences[0], "The search did not clearly beat lenet.");
        assert!(
            sentences[1].contains("is ahead of lenet") && sentences[1].contains("cut short"),
            "{sentences:?}"
        );
        assert!(sentences[2].contains("clearly better than other"));
    }

    #[test]
    fn worse_is_said_and_random_networks_are_averaged() {
        let random = |test| BaselineRow {
            role: Role::Random,
            ..row("drawn", test)
        };
        let rows = [random(&[0.99]), random(&[0.97])];
        let sentences = verdict(&OWN, None, &rows, true);
        assert_eq!(
            sentences[1],
            "The designed network is clearly worse than the average of 2 random networks: 0.9500 against 0.9800 \
             on the test part, a difference of 0.0300, 3.0 times the spread over seeds (0.0100)."
        );
    }

    #[test]
    fn errors_are_better_when_lower_and_one_seed_proves_nothing() {
        let lower = verdict(&[1.0, 1.2], None, &[row("ridge", &[3.0])], false);
        assert!(lower[1].contains("clearly better than ridge"), "{lower:?}");
        let single = verdict(&[0.9], None, &[row("lenet", &[0.8])], true);
        assert_eq!(single[0], "The search did not clearly beat lenet.");
        assert!(single[1].contains("is ahead of lenet") && single[1].contains("unknown"));
        assert_eq!(verdict(&[], None, &[row("lenet", &[0.8])], true).len(), 1);
    }
}
