//! The networks that were trained in full: the front that a user chooses from, and
//! what its cheapest members save beside a hand-designed network.

use super::html::table;
use super::json::put_costs;
use super::plot::{Mark, Series, plot};
use super::{BaselineRow, Summary, mean, shown};
use crate::cost::{Cost, LATENCY, PARAMETERS};
use crate::trial::Costs;
use serde_json::{Value, json};

/// A network of the search after its full training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finalist {
    /// The number of its trial, where a trial of the search found it.
    pub trial: Option<u64>,
    /// The architecture's canonical text.
    pub architecture: String,
    /// The costs of its network.
    pub costs: Costs,
    /// The metric on the validation part.
    pub validation: f64,
    /// The metric on the test part; only of the front.
    pub test: Option<f64>,
    /// Whether no other finalist is at least as good in the metric and in all costs
    /// that should be small, and better in one.
    pub front: bool,
    /// Whether the clock cut its training short.
    pub cut_short: bool,
    /// What a second, longer training came to, where it had one. All else is of its
    /// first, which was like that of the other finalists.
    pub longer: Option<Longer>,
}

/// A second training of a finalist.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Longer {
    /// Its epochs.
    pub epochs: u32,
    /// The metric on the validation part.
    pub validation: f64,
    /// The metric on the test part, where that of its first training was taken.
    pub test: Option<f64>,
}

/// A network of the front beside the best hand-designed one that it is as good as.
#[derive(Clone, Debug, PartialEq)]
pub struct Saving {
    /// The hand-designed network.
    pub baseline: BaselineRow,
    /// The network of the front.
    pub finalist: Finalist,
}

impl Saving {
    /// Of the front's networks that are at least as good on the validation part as the
    /// best hand-designed one, the one that costs the least: of the least latency or the
    /// fewest parameters where only one of these is among the `minimized` costs, else of
    /// the least product of both. An unknown latency does not count. Nothing where it
    /// costs no less than the hand-designed one, or where no hand-designed network was
    /// trained to its end. All must have been trained alike.
    pub fn of(
        finalists: &[Finalist],
        baselines: &[BaselineRow],
        higher_is_better: bool,
        minimized: &[Cost],
    ) -> Option<Self> {
        let sign = if higher_is_better { 1.0 } else { -1.0 };
        let baseline = Self::best_designed(baselines, higher_is_better)?;
        let least = sign * mean(&baseline.validation)?;
        let both = minimized.contains(&LATENCY) == minimized.contains(&PARAMETERS);
        let product = |costs: &Costs| -> f64 {
            let counted = [LATENCY, PARAMETERS].into_iter();
            let counted = counted.filter(|cost| both || minimized.contains(cost));
            counted.filter_map(|cost| costs.value(cost)).product()
        };
        let own_cost = |own: &Finalist| product(&own.costs);
        let finalist = finalists
            .iter()
            .filter(|own| own.front && !own.cut_short && sign * own.validation >= least)
            .min_by(|a, b| own_cost(a).total_cmp(&own_cost(b)))?;
        let theirs = product(&baseline.costs);
        (own_cost(finalist) < theirs).then_some(())?;
        Some(Self {
            baseline: baseline.clone(),
            finalist: finalist.clone(),
        })
    }

    /// The hand-designed network that is the best on the validation part, of those that
    /// were trained to their end.
    pub fn best_designed(
        baselines: &[BaselineRow],
        higher_is_better: bool,
    ) -> Option<&BaselineRow> {
        let sign = if higher_is_better { 1.0 } else { -1.0 };
        let designed = baselines
            .iter()
            .filter(|row| !row.is_random() && row.cut_short == 0);
        designed
            .filter_map(|row| Some((sign * mean(&row.validation)?, row)))
            .max_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, row)| row)
    }

    /// Says that none of the front costs less than `baseline` and is as good; `show`
    /// writes a value of the metric.
    pub fn none_in_words(baseline: &BaselineRow, show: &dyn Fn(f64) -> String) -> String {
        format!(
            "No network of the front is as good as {}, and costs less.",
            best_in_words(baseline, show)
        )
    }

    /// One of its costs in shares of the hand-designed network's; `None` where one of
    /// them is not known or the other network has none.
    pub fn share(&self, cost: Cost) -> Option<f64> {
        let theirs = self.baseline.costs.value(cost).filter(|cost| *cost > 0.0)?;
        Some(self.finalist.costs.value(cost)? / theirs)
    }

    /// In a sentence; `show` writes a value of the metric.
    pub fn in_words(&self, show: &dyn Fn(f64) -> String) -> String {
        let Self { baseline, finalist } = self;
        let times = |cost: Cost| {
            let ratio = self.share(cost)?;
            Some(format!("{ratio:.2} times its {}", cost.title()))
        };
        let ratios = [LATENCY, PARAMETERS].into_iter().filter_map(times);
        let ratios: Vec<String> = ratios.collect();
        let which = finalist.trial.map_or_else(
            || "one network".to_owned(),
            |trial| format!("trial {trial}"),
        );
        let test = match (finalist.test, mean(&baseline.test)) {
            (Some(own), Some(theirs)) => {
                format!("; on the test part {} against {}", show(own), show(theirs))
            }
            _ => String::new(),
        };
        format!(
            "At least as good as {}, is {which} with {}, at {}{test}.",
            best_in_words(baseline, show),
            show(finalist.validation),
            ratios.join(" and "),
        )
    }
}

/// Names the best hand-designed network and its validation result.
fn best_in_words(baseline: &BaselineRow, show: &dyn Fn(f64) -> String) -> String {
    format!(
        "the best hand-designed network on the validation part, {} with {}",
        baseline.name,
        show(mean(&baseline.validation).unwrap_or(f64::NAN)),
    )
}

/// All of them for machines.
pub(super) fn finalists(summary: &Summary) -> Value {
    let all = summary.finalists.iter().map(|own| {
        let mut object = json!({
            "trial": own.trial,
            "architecture": own.architecture,
            "front": own.front,
            "cut_short": own.cut_short,
            "longer": own.longer.as_ref().map(|longer| {
                let mut object = json!({"epochs": longer.epochs});
                summary.put_results(&mut object, Some(longer.validation), longer.test);
                object
            }),
        });
        put_costs(&mut object, &own.costs);
        summary.put_results(&mut object, Some(own.validation), own.test);
        object
    });
    Value::Array(all.collect())
}

/// The saving for machines, or null.
pub(super) fn saving(summary: &Summary) -> Value {
    summary.saving.as_ref().map_or(Value::Null, |saving| {
        let mut object = json!({
            "baseline": saving.baseline.name,
            "trial": saving.finalist.trial,
        });
        for cost in Cost::all() {
            object[cost.name()] = json!(saving.share(cost));
        }
        object
    })
}

/// All of them as a table, and as a picture beside the hand-designed networks where
/// their latency is known.
pub(super) fn page(summary: &Summary) -> String {
    if summary.finalists.is_empty() {
        return "<p>There is none yet.</p>".into();
    }
    let none = || "not measured".to_owned();
    let rows = summary.finalists.iter().map(|own| {
        let cut = if own.cut_short { " (cut short)" } else { "" };
        let mut row = vec![
            own.trial
                .map_or_else(|| "none".into(), |trial| trial.to_string())
                + cut,
            summary.show(own.validation),
            own.test.map_or_else(none, |value| summary.show(value)),
        ];
        row.extend(Cost::all().map(|cost| shown(cost, &own.costs)));
        row.extend([
            if own.front { "yes" } else { "" }.to_owned(),
            own.longer.as_ref().map_or_else(String::new, |longer| {
                let test = longer
                    .test
                    .map(|value| format!(", test {}", summary.show(value)));
                format!(
                    "{} epochs: {}{}",
                    longer.epochs,
                    summary.show(longer.validation),
                    test.unwrap_or_default()
                )
            }),
        ]);
        row
    });
    let mut head = vec!["trial", "validation", "test"];
    head.extend(Cost::all().map(Cost::title));
    head.extend(["front", "trained again, for longer"]);
    let dots = |name: &str, points: Vec<(f64, f64)>| Series {
        name: name.into(),
        mark: Mark::Dots,
        points,
    };
    let own = |front: bool| {
        let those = summary.finalists.iter().filter(|own| own.front == front);
        let points = those.filter_map(|own| Some((own.costs.value(LATENCY)?, own.validation)));
        points.collect()
    };
    let others = summary.baselines.iter();
    let others = others.filter_map(|row| Some((row.costs.value(LATENCY)?, mean(&row.validation)?)));
    let series = [
        dots("others", own(false)),
        dots("front: no finalist is better and costs less", own(true)),
        dots("what it is compared with", others.collect()),
    ];
    table(&head, rows)
        + &plot(
            "Result against latency, trained in full",
            "latency in ms",
            summary.metric(),
            &series,
        )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::MACS;
    use crate::study::Role;

    fn costs(parameters: f64, latency: f64) -> Costs {
        let costs = Costs::default().with(PARAMETERS, parameters.trunc());
        costs.with(LATENCY, latency)
    }

    fn finalist(trial: u64, validation: f64, latency: f64) -> Finalist {
        Finalist {
            trial: Some(trial),
            costs: costs(1000.0 * latency, latency),
            validation,
            test: Some(validation - 0.01),
            front: true,
            ..Finalist::default()
        }
    }

    fn row(name: &str, validation: f64) -> BaselineRow {
        BaselineRow {
            name: name.into(),
            costs: costs(8_000.0, 4.0),
            validation: vec![validation],
            test: vec![validation - 0.02],
            ..BaselineRow::default()
        }
    }

    #[test]
    fn the_cheapest_that_is_as_good_as_the_best_designed_one() {
        let finalists = [
            finalist(1, 0.95, 5.0),
            finalist(2, 0.90, 1.0),
            finalist(3, 0.87, 0.5),
        ];
        let mut rows = vec![row("small", 0.80), row("large", 0.88), row("any", 0.99)];
        rows[2].role = Role::Random;
        let saving = Saving::of(&finalists, &rows, true, &[]).unwrap();
        assert_eq!(saving.finalist.trial, Some(2));
        assert_eq!(
            saving.in_words(&|value| format!("{value:.3}")),
            "At least as good as the best hand-designed network on the validation part, large with 0.880, is \
             trial 2 with 0.900, at 0.25 times its latency and 0.12 times its parameters; on the test part 0.890 \
             against 0.860."
        );
        // One that the clock cut short is no measure.
        rows[1].cut_short = 1;
        let saving = Saving::of(&finalists, &rows, true, &[]).unwrap();
        assert_eq!(saving.finalist.trial, Some(3));
        assert_eq!(saving.baseline.name, "small");
        assert_eq!(
            Saving::of(&finalists, &[row("best", 0.96)], true, &[]),
            None
        );
        assert_eq!(Saving::of(&finalists, &rows[2..], true, &[]), None);
        assert_eq!(Saving::best_designed(&rows[2..], true), None);
        // What costs more is no saving.
        let cheap = BaselineRow {
            costs: costs(500.0, 1.0),
            ..row("cheap", 0.9)
        };
        let rows = [row("small", 0.8), cheap];
        assert_eq!(Saving::of(&finalists[..2], &rows, true, &[]), None);
        let best = Saving::best_designed(&rows, true).unwrap();
        assert_eq!(
            Saving::none_in_words(best, &|value| format!("{value:.3}")),
            "No network of the front is as good as the best hand-designed network on the validation part, cheap \
             with 0.900, and costs less."
        );
        assert_eq!(Saving::best_designed(&rows, false).unwrap().name, "small");
    }

    #[test]
    fn what_should_be_small_says_which_one_is_named() {
        let quick = Finalist {
            costs: costs(7_000.0, 1.0),
            ..finalist(1, 0.95, 1.0)
        };
        let small = Finalist {
            costs: costs(2_000.0, 3.9),
            ..finalist(2, 0.95, 3.9)
        };
        let both = [small, quick];
        let check = |minimized: &[Cost], expected: Option<u64>| {
            let saving = Saving::of(&both, &[row("designed", 0.9)], true, minimized);
            assert_eq!(saving.and_then(|saving| saving.finalist.trial), expected);
        };
        check(&[LATENCY], Some(1));
        check(&[PARAMETERS], Some(2));
        check(&[LATENCY, PARAMETERS], Some(1));
        check(&[MACS], Some(1));
    }

    #[test]
    fn an_error_is_better_when_lower_and_only_the_front_counts() {
        let mut finalists = [finalist(1, 0.1, 5.0), finalist(2, 0.2, 1.0)];
        let rows = [row("designed", 0.25)];
        let found = |own: &[Finalist]| {
            let saving = Saving::of(own, &rows, false, &[]);
            saving.and_then(|saving| saving.finalist.trial)
        };
        assert_eq!(found(&finalists), Some(2));
        finalists[1].front = false;
        assert_eq!(found(&finalists), Some(1));
        finalists[0].cut_short = true;
        assert_eq!(found(&finalists), None);
    }
}
