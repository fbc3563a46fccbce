//! The report as one page that opens without a network connection: no scripts,
//! no links to other hosts.

use super::finalist::page as finalists;
use super::plot::{Mark, Series, escape, plot};
use super::{Summary, mean, shown};
use crate::cost::{Cost, LATENCY, PARAMETERS};
use crate::network::Network;
use crate::trial::Trial;
use std::collections::BTreeMap;

pub(crate) const STYLE: &str = include_str!("style.css");
/// So many operations are in the table of costs.
const OPERATIONS: usize = 15;

/// The report; with the network its drawing and its costs by operation.
pub fn html(summary: &Summary, network: Option<&Network>) -> String {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>Netsmith: {0}</title><style>{STYLE}</style></head><body>\n<h1>{0}</h1>\n",
        escape(&summary.run)
    );
    page.push_str(&header(summary));
    page.push_str(&section("The best network", &best(summary)));
    page.push_str(&section("Against the baselines", &baselines(summary)));
    page.push_str(&section("Trained in full", &finalists(summary)));
    page.push_str(&section("Results and size", &scatter(summary)));
    page.push_str(&section("Progress of the search", &progress(summary)));
    page.push_str(&section("Curves of the full trainings", &curves(summary)));
    if let Some(network) = network {
        let drawing = network.drawing("The best network");
        // A prolog of XML has no place inside a page.
        let start = drawing.find("<svg").unwrap_or(0);
        let picture = format!("<div class=\"drawing\">{}</div>", &drawing[start..]);
        page.push_str(&section("The network", &picture));
        page.push_str(&section("Costs by operation", &operations(network)));
    }
    page.push_str(&section("Outcomes", &outcomes(summary)));
    page.push_str(&section("To do it again", &repeat(summary)));
    page.push_str("</body></html>\n");
    page
}

pub(crate) fn section(title: &str, body: &str) -> String {
    format!("<section><h2>{}</h2>\n{body}</section>\n", escape(title))
}

fn header(summary: &Summary) -> String {
    let mut text = format!(
        "<p>{} after {:.1} s: {} trials of {} with {} on {}.</p>\n",
        escape(&summary.status),
        summary.seconds,
        summary.trials.len(),
        escape(&summary.space),
        escape(&summary.strategy),
        escape(&summary.data)
    );
    for (index, sentence) in summary.verdict.iter().enumerate() {
        let class = if index == 0 { " class=\"verdict\"" } else { "" };
        text.push_str(&format!("<p{class}>{}</p>\n", escape(sentence)));
    }
    for note in summary.penalties_in_words().iter().chain(&summary.notes) {
        text.push_str(&format!("<p class=\"note\">{}</p>\n", escape(note)));
    }
    text
}

fn best(summary: &Summary) -> String {
    let Some(best) = &summary.best else {
        return "<p>There is none yet.</p>".into();
    };
    let none = || "not measured".to_owned();
    let facts = [
        ["architecture".into(), best.architecture.clone()],
        [
            "trial".into(),
            best.trial
                .map_or_else(|| "none".into(), |trial| trial.to_string()),
        ],
        [
            summary.metric().replace('_', " "),
            summary.show(best.validation),
        ],
        [
            summary.test_metric().replace('_', " "),
            best.test.map_or_else(none, |value| summary.show(value)),
        ],
    ];
    let costs = Cost::all().map(|cost| {
        let value = shown(cost, &best.costs);
        let aside = match (best.costs_written.get(cost), best.costs.get(cost)) {
            (Some(_), _) => format!(" ({} as written)", shown(cost, &best.costs_written)),
            (None, Some(_)) if cost == LATENCY => {
                format!(" at batch 1 ({})", best.latency_runtime)
            }
            (None, _) => String::new(),
        };
        [cost.title().to_owned(), value + &aside]
    });
    table(&["what", "value"], facts.into_iter().chain(costs))
}

fn baselines(summary: &Summary) -> String {
    let values = |values: &[f64]| match mean(values) {
        None => "none".to_owned(),
        Some(mean) => {
            let all: Vec<_> = values.iter().map(|v| summary.show(*v)).collect();
            format!("{} ({})", summary.show(mean), all.join(", "))
        }
    };
    let rows = summary.baselines.iter().map(|row| {
        let cut = match row.cut_short {
            0 => String::new(),
            count => format!(" (cut short: {count})"),
        };
        let mut cells = vec![row.name.clone() + &cut];
        cells.extend(Cost::all().map(|cost| shown(cost, &row.costs)));
        cells.extend([values(&row.validation), values(&row.test)]);
        cells
    });
    if summary.baselines.is_empty() {
        return "<p>Nothing was compared.</p>".into();
    }
    let mut head = vec!["name"];
    head.extend(Cost::all().map(Cost::title));
    head.extend(["validation: mean (each)", "test: mean (each)"]);
    table(&head, rows)
}

fn scatter(summary: &Summary) -> String {
    let point = |trial: &Trial| Some((trial.costs.value(PARAMETERS)?, summary.result(trial)?));
    let (front, others): (Vec<_>, Vec<_>) = summary
        .trials
        .iter()
        .partition(|trial| summary.front.contains(&trial.number));
    let dots = |name: &str, trials: Vec<&Trial>| Series {
        name: name.into(),
        mark: Mark::Dots,
        points: trials.into_iter().filter_map(point).collect(),
    };
    let series = [
        dots("trials", others),
        dots("front: no trial dominates these", front),
    ];
    plot(
        "Result against parameters",
        "parameters",
        summary.metric(),
        &series,
    )
}

fn progress(summary: &Summary) -> String {
    let so_far = |place: fn(&Trial) -> f64| {
        let mut trials: Vec<&Trial> = summary.trials.iter().collect();
        trials.sort_by(|a, b| place(a).total_cmp(&place(b)));
        let mut best: Option<f64> = None;
        let mut points = Vec::new();
        for trial in trials {
            let Some(value) = summary.result(trial) else {
                continue;
            };
            let held = *best.get_or_insert(value);
            let better = summary.objective.metric.direction.better(value, held);
            let next = if better { value } else { held };
            // A step, not a slope: the earlier best held until now.
            points.extend([(place(trial), held), (place(trial), next)]);
            best = Some(next);
        }
        [Series {
            name: "best so far".into(),
            mark: Mark::Line,
            points,
        }]
    };
    let by_trial = so_far(|trial| trial.number as f64);
    let by_time = so_far(|trial| trial.ended);
    plot("Best so far by trial", "trial", summary.metric(), &by_trial)
        + &plot("Best so far by time", "seconds", summary.metric(), &by_time)
}

fn curves(summary: &Summary) -> String {
    let series: Vec<Series> = summary
        .finals
        .iter()
        .filter_map(|run| {
            let curve = run.trial.curve(summary.metric())?;
            Some(Series {
                name: format!("{} ({})", run.name, run.role.name()),
                mark: Mark::Line,
                points: curve.points.iter().map(|p| (p.0 as f64, p.1)).collect(),
            })
        })
        .collect();
    plot("Learning curves", "epoch", summary.metric(), &series)
}

fn operations(network: &Network) -> String {
    let mut order: Vec<usize> = (0..network.nodes().len()).collect();
    order.sort_by_key(|node| std::cmp::Reverse(network.node_macs(*node)));
    let rows = order.into_iter().take(OPERATIONS).map(|index| {
        let node = &network.nodes()[index];
        [
            node.name.clone(),
            node.operation.name().to_owned(),
            node.shape.to_string(),
            network.node_macs(index).to_string(),
            network.node_parameters(index).to_string(),
        ]
    });
    table(&["name", "operation", "output", "MACs", "parameters"], rows)
}

fn outcomes(summary: &Summary) -> String {
    let mut seen: BTreeMap<&str, (usize, String)> = BTreeMap::new();
    for trial in &summary.trials {
        let entry = seen.entry(trial.outcome.name());
        entry.or_insert_with(|| (0, trial.outcome.to_string())).0 += 1;
    }
    let rows = seen
        .into_iter()
        .map(|(name, (count, first))| [name.to_owned(), count.to_string(), first]);
    table(&["outcome", "trials", "the first of them"], rows)
}

fn repeat(summary: &Summary) -> String {
    let facts = [
        ["version".to_owned(), summary.version.clone()],
        ["seed".to_owned(), summary.seed.to_string()],
        ["limits".to_owned(), summary.limits.to_string()],
        ["penalties".to_owned(), summary.penalties().join(", ")],
        [
            "fidelity of the search".to_owned(),
            summary.fidelity.clone(),
        ],
        ["recipe".to_owned(), summary.recipe.clone()],
    ];
    let files = summary.files.iter();
    let files = files.map(|(kind, path)| [kind.clone(), path.clone()]);
    let rows = facts.into_iter().chain(files);
    format!(
        "{}<pre>{}</pre>",
        table(&["what", "value"], rows),
        escape(&summary.configuration)
    )
}

/// A table; each row has a cell for each column of the head.
pub(crate) fn table<R: AsRef<[String]>>(
    head: &[&str],
    rows: impl IntoIterator<Item = R>,
) -> String {
    let line = |cells: &[String], tag: &str| {
        let cells = cells
            .iter()
            .map(|cell| format!("<{tag}>{}</{tag}>", escape(cell)));
        format!("<tr>{}</tr>\n", cells.collect::<String>())
    };
    let rows = rows.into_iter();
    let body: String = rows.map(|row| line(row.as_ref(), "td")).collect();
    let head: Vec<String> = head.iter().map(|cell| (*cell).to_owned()).collect();
    let head = line(&head, "th");
    format!("<div class=\"wide\"><table>{head}{body}</table></div>\n")
}

#[cfg(test)]
mod tests {
    use super::super::Best;
    use super::*;
    use crate::trial::{Fidelity, Metric, Outcome, Proposal};

    #[test]
    fn a_page_escapes_its_texts_and_needs_nothing_from_outside() {
        let evil = "<script>alert(1)</script>";
        let proposal = Proposal {
            number: 0,
            architecture: evil.into(),
            key: "k".into(),
            fidelity: Fidelity::epochs(1),
            seed: 1,
            parent: None,
        };
        let mut trial = proposal.clone().complete(Outcome::Finished);
        trial.metrics.set(Metric::validation_accuracy(), 0.5);
        trial.costs.set(PARAMETERS, Some(10.0));
        let crash = proposal.complete(Outcome::Crashed {
            message: evil.into(),
        });
        let summary = Summary {
            run: evil.into(),
            trials: vec![trial, crash],
            front: vec![0],
            verdict: vec![evil.into()],
            notes: vec![evil.into()],
            configuration: evil.into(),
            best: Some(Best {
                architecture: evil.into(),
                ..Best::default()
            }),
            ..Summary::default()
        };
        let page = html(&summary, None);
        assert!(!page.contains("<script"));
        assert!(!page.contains("http:") && !page.contains("https:"));
        assert_eq!(page.matches("alert(1)").count(), 7);
        assert!(page.contains("<circle"));
    }
}
