//! Comparisons as one page that opens without a network connection.

use super::{Comparison, CurveFacts, Point, Scaling, Scores, Spread};
use crate::report::{Mark, STYLE, Series, escape, log_plot, section, table};

/// Differences below this are no more than what seeds do, in fractions: pairs of
/// searches with one seed have little in common.
const LEAST_EFFECT: f64 = 0.000_5;

/// The page of some comparisons, and of how they scale where that was asked for.
///
/// `unit` names what budgets count, such as simulated seconds.
pub fn page(comparisons: &[Comparison], scaling: &[Scaling], unit: &str) -> String {
    let table = comparisons.first().map_or("", |own| own.table.as_str());
    let title = format!("Strategies on {table}");
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>{0}</title><style>{STYLE}</style></head><body>\n<h1>{0}</h1>\n",
        escape(&title)
    );
    for comparison in comparisons {
        page.push_str(&section(
            &format!("Searched on {}", comparison.data),
            &body(comparison, unit),
        ));
    }
    if !scaling.is_empty() {
        page.push_str(&section("Side by side", &scaled(scaling, unit)));
    }
    page.push_str("</body></html>\n");
    page
}

fn body(comparison: &Comparison, unit: &str) -> String {
    let seen = comparison.note.unwrap_or(
        "A search sees validation accuracies only; the answer is what it saw the best of, and is scored \
         by the test accuracy of the full training.",
    );
    let mut text = format!(
        "<p>{} {unit}, {} seeds, {} at a time, a look-up billed at the {}. {seen}</p>\n",
        comparison.budget,
        comparison.seeds,
        comparison.workers,
        escape(&comparison.billing.replace('-', " ")),
    );
    text.push_str(&rows(comparison));
    if let Some(curves) = &comparison.curves {
        text.push_str("<h3>Learning curves</h3>\n");
        text.push_str(&learning_curves(curves));
    }
    let strategies = &comparison.strategies;
    let value = |own: fn(&Point) -> (f64, [f64; 2])| move |scores: &Scores| curve(scores, own);
    let regret = value(|point| (point.validation_regret, point.validation_regret_interval));
    let accuracy = value(|point| (point.test_accuracy, point.test_accuracy_interval));
    text.push_str("<h3>Regret over time</h3>\n");
    text.push_str(&log_plot(
        "Validation regret over time",
        unit,
        "validation regret, percent",
        &strategies.iter().flat_map(regret).collect::<Vec<_>>(),
    ));
    text.push_str("<h3>Test accuracy over time</h3>\n");
    text.push_str(&log_plot(
        "Test accuracy of the answer over time",
        unit,
        "test accuracy, percent",
        &strategies.iter().flat_map(accuracy).collect::<Vec<_>>(),
    ));
    text.push_str(
        "<p class=\"note\">Bands are 95 % intervals of the mean, by bootstrap over seeds.</p>\n",
    );
    if let Some(device) = &comparison.latency_device {
        text.push_str(&format!(
            "<h3>Accuracy against latency on {}</h3>\n",
            escape(device)
        ));
        text.push_str(&fronts(strategies, unit));
    }
    text.push_str("<h3>Against the best mean</h3>\n");
    text.push_str(&differences(comparison));
    text
}

/// A band and its line, in percent.
fn curve(scores: &Scores, value: fn(&Point) -> (f64, [f64; 2])) -> [Series; 2] {
    let of = |point: &Point| (point.seconds, value(point));
    band(&scores.name, scores.curve.iter().map(of).collect())
}

/// Moments, each with a mean and its interval, as a band and its line; in percent.
fn band(name: &str, points: Vec<(f64, (f64, [f64; 2]))>) -> [Series; 2] {
    let low = points.iter().map(|(at, (_, own))| (*at, 100.0 * own[0]));
    let high = points.iter().map(|(at, (_, own))| (*at, 100.0 * own[1]));
    let line = points.iter().map(|(at, (mean, _))| (*at, 100.0 * mean));
    [
        Series {
            name: String::new(),
            mark: Mark::Band,
            points: low.chain(high.rev()).collect(),
        },
        Series {
            name: name.to_owned(),
            mark: Mark::Line,
            points: line.collect(),
        },
    ]
}

fn spread(own: &Spread) -> String {
    format!("{:.2} ± {:.2}", 100.0 * own.mean, 100.0 * own.std)
}

fn rows(comparison: &Comparison) -> String {
    let first = comparison.strategies.first();
    let names = first.map_or_else(Vec::new, |own| own.test_accuracy.keys().cloned().collect());
    let tests = |at: usize, scores: &Scores| {
        let found = names
            .get(at)
            .and_then(|name| scores.test_accuracy.get(name));
        found.map_or_else(String::new, spread)
    };
    let title = |at: usize| names.get(at).map_or("", String::as_str);
    let head = [
        "strategy",
        "validation",
        title(0),
        title(1),
        title(2),
        "95 % interval",
        "look-ups",
        "scored",
        "regret",
        "regret area",
        "seconds",
    ];
    let own = comparison.strategies.iter().map(|own| {
        let [low, high] = own.test_interval.map(|end| 100.0 * end);
        [
            match own.note {
                Some(note) => format!("{} ({note})", own.name),
                None => own.name.clone(),
            },
            spread(&own.validation_accuracy),
            tests(0, own),
            tests(1, own),
            tests(2, own),
            format!("{low:.2} to {high:.2}"),
            format!("{:.1}", own.evaluations),
            format!("{:.1}", own.scored),
            spread(&own.validation_regret),
            format!("{:.3}", 100.0 * own.regret_area),
            format!("{:.1}", own.seconds),
        ]
    });
    let by_key = comparison.strategies.iter().filter_map(|own| {
        let by_key = own.by_key.as_ref()?;
        let tests = |at: usize| {
            let found = names
                .get(at)
                .and_then(|name| by_key.test_accuracy.get(name));
            found.map_or_else(String::new, spread)
        };
        Some([
            format!("{}, equal networks paid once", own.name),
            spread(&by_key.validation_accuracy),
            tests(0),
            tests(1),
            tests(2),
            String::new(),
            format!("{:.1}", by_key.evaluations),
            String::new(),
            String::new(),
            String::new(),
            String::new(),
        ])
    });
    let published = comparison.published.iter().map(|own| {
        let [a, b, c] = own
            .test_accuracy
            .map(|own| format!("{:.2} ± {:.2}", 100.0 * own.mean, 100.0 * own.std));
        let none = String::new;
        let name = format!("{}, as published", own.name);
        [
            name,
            none(),
            a,
            b,
            c,
            none(),
            none(),
            none(),
            none(),
            none(),
            none(),
        ]
    });
    let mut text = String::from(
        "<p>Accuracies in percent, mean and deviation of one search; the interval is of the mean test \
         accuracy on the searched data. Regret: by how much the answer misses the table's best validation \
         accuracy. Regret area: its mean over the logarithm of the time. Scored: architectures whose training-free scores were paid for.</p>\n",
    );
    text.push_str(&table(&head, own.chain(by_key).chain(published)));
    text
}

/// How well early epochs tell the last one.
fn learning_curves(curves: &CurveFacts) -> String {
    let rows = (1..).zip(&curves.agreement).map(|(epoch, rho)| {
        let rho = rho.map_or_else(String::new, |rho| format!("{rho:.3}"));
        [epoch.to_string(), rho]
    });
    let head = ["after epoch", "correlation with the last"];
    let mut text = table(&head, rows);
    text.push_str(&format!(
        "<p class=\"note\">Spearman's correlation over the whole table; {} epochs in all. A look-up of fewer \
         epochs sees the beginning of the whole training's schedule, and each look-up is paid from its \
         first epoch. Stopping rule: {}.",
        curves.epochs, curves.stopping
    ));
    if let Some(own) = &curves.forecast {
        text.push_str(&format!(
            " Ends forecast from the first {:.0} % of each curve miss by {:.2} points on average \
             (forecast less truth {:+.2}); {:.0} % of the ends lie within two deviations.",
            100.0 * own.from,
            100.0 * own.mean_absolute,
            100.0 * own.bias,
            100.0 * own.covered
        ));
    }
    text.push_str("</p>\n");
    text
}

fn fronts(strategies: &[Scores], unit: &str) -> String {
    let found = strategies
        .iter()
        .filter_map(|own| Some((own, own.front.as_ref()?)));
    let found: Vec<_> = found.collect();
    let series = found.iter().flat_map(|(own, front)| {
        let points = front.curve.iter();
        let points = points.map(|point| (point.seconds, (point.hypervolume, point.interval)));
        band(&own.name, points.collect())
    });
    let mut text = log_plot(
        "Hypervolume over time",
        unit,
        "hypervolume, percent of the table's",
        &series.collect::<Vec<_>>(),
    );
    let rows = found.iter().map(|(own, front)| {
        let [low, high] = front.interval.map(|end| 100.0 * end);
        [
            own.name.clone(),
            spread(&front.hypervolume),
            format!("{low:.2} to {high:.2}"),
        ]
    });
    text.push_str(&table(
        &["strategy", "hypervolume, percent", "95 % interval"],
        rows,
    ));
    text.push_str(
        "<p class=\"note\">The hypervolume of validation accuracy and latency over all that a search \
         looked up, from the table's median accuracy and longest latency; the whole table is 100 %.</p>\n",
    );
    text
}

fn differences(comparison: &Comparison) -> String {
    let rows = comparison.differences.iter().map(|own| {
        let [low, high] = own.interval.map(|end| 100.0 * end);
        [
            own.name.clone(),
            format!("{:.3}", 100.0 * own.mean),
            format!("{low:.3} to {high:.3}"),
            own.p_text(),
            match own.p < 0.05 && own.mean >= LEAST_EFFECT {
                true => "yes".to_owned(),
                false => "no".to_owned(),
            },
        ]
    });
    let leader = comparison.differences.first();
    let Some(leader) = leader.map(|own| own.leader.clone()) else {
        return "<p>There is nothing to compare.</p>\n".to_owned();
    };
    let behind = format!("points behind {leader}");
    let head = ["strategy", behind.as_str(), "95 % interval", "p", "clear"];
    let mut text = table(&head, rows);
    text.push_str(&format!(
        "<p class=\"note\">p: Wilcoxon's signed-rank test over the seeds, two-sided, by Holm's correction \
         for all rows. Clear: p below 0.05 and at least {} points.</p>\n",
        100.0 * LEAST_EFFECT
    ));
    text
}

/// How the answers fare where look-ups run side by side.
fn scaled(scaling: &[Scaling], unit: &str) -> String {
    let names: Vec<&str> = scaling.first().map_or_else(Vec::new, |first| {
        first
            .strategies
            .iter()
            .map(|own| own.name.as_str())
            .collect()
    });
    let series: Vec<Series> = names
        .iter()
        .enumerate()
        .map(|(at, name)| Series {
            name: (*name).to_owned(),
            mark: Mark::Line,
            points: scaling
                .iter()
                .filter_map(|own| Some((own.workers as f64, own.strategies.get(at)?)))
                .map(|(workers, own)| (workers, 100.0 * own.test_accuracy.mean))
                .collect(),
        })
        .collect();
    let mut text = format!(
        "<p>Each search has {} {unit}, whatever its workers.</p>\n",
        scaling.first().map_or(0.0, |own| own.budget)
    );
    text.push_str(&log_plot(
        "Test accuracy by workers",
        "look-ups side by side",
        "test accuracy, percent",
        &series,
    ));
    let rows = scaling.iter().flat_map(|own| {
        own.strategies.iter().map(|scores| {
            [
                own.workers.to_string(),
                scores.name.clone(),
                spread(&scores.test_accuracy),
                format!("{:.1}", scores.evaluations),
            ]
        })
    });
    text.push_str(&table(
        &["workers", "strategy", "test accuracy", "look-ups"],
        rows,
    ));
    text
}
