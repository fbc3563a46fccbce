//! The model card.

use super::{Summary, mean, shown};
use crate::cost::{Cost, LATENCY, PARAMETERS};

/// The model card, in Markdown: what the network is, how good it is beside what
/// it was compared with, and how to make it again.
pub fn card(summary: &Summary) -> String {
    let mut text = format!(
        "# A network designed by Netsmith\n\nDesigned for {} in the space `{}` with the strategy `{}`.\n",
        summary.data, summary.space, summary.strategy
    );
    if let Some(best) = &summary.best {
        let test = best
            .test
            .map_or_else(|| "not measured".into(), |v| summary.show(v));
        text.push_str(&format!(
            "\n| what | value |\n| --- | --- |\n| architecture | `{}` |\n| {} | {} |\n| {} | {test} |\n",
            cell(&best.architecture),
            summary.metric().replace('_', " "),
            summary.show(best.validation),
            summary.test_metric().replace('_', " "),
        ));
        for cost in Cost::all() {
            let runtime = match best.costs.value(LATENCY) {
                Some(_) if cost == LATENCY => format!(" ({})", best.latency_runtime),
                _ => String::new(),
            };
            let value = shown(cost, &best.costs);
            text.push_str(&format!("| {} | {value}{runtime} |\n", cost.title()));
        }
    }
    text.push_str("\n## Was the search worth it?\n\n");
    for sentence in &summary.verdict {
        text.push_str(&format!("- {sentence}\n"));
    }
    if !summary.baselines.is_empty() {
        text.push_str(
            "\n| compared with | parameters | test, mean | runs |\n| --- | --- | --- | --- |\n",
        );
    }
    for row in &summary.baselines {
        let test = mean(&row.test).map_or_else(|| "none".into(), |v| summary.show(v));
        text.push_str(&format!(
            "| {} | {} | {test} | {} |\n",
            cell(&row.name),
            shown(PARAMETERS, &row.costs),
            row.test.len()
        ));
    }
    for note in summary.penalties_in_words().iter().chain(&summary.notes) {
        text.push_str(&format!("\n{note}\n"));
    }
    text.push_str(&format!(
        "\n## How it was made\n\nNetsmith {}, seed {}, fidelity of the search {}, recipe {}.\n\n```toml\n{}\n```\n",
        summary.version,
        summary.seed,
        summary.fidelity,
        summary.recipe,
        summary.configuration.trim_end()
    ));
    text
}

/// A text that does not end its cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::super::Best;
    use super::*;

    #[test]
    fn an_architecture_stays_in_its_cell() {
        let summary = Summary {
            best: Some(Best {
                architecture: "|skip~0|".into(),
                test: Some(0.5),
                ..Best::default()
            }),
            ..Summary::default()
        };
        let text = card(&summary);
        assert!(text.contains("| architecture | `\\|skip~0\\|` |"), "{text}");
        assert!(text.contains("| test accuracy | 50.00 % |"), "{text}");
    }
}
