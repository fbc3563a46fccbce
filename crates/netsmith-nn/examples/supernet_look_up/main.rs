//! Looks up in the table of NAS-Bench-201 what supernets found, after their
//! searches are over, and prints a row for each and the range of each method.
//!
//! ```text
//! cargo run --release -p netsmith-nn --example supernet_look_up -- RESULT.json ...
//! cargo run --release -p netsmith-nn --example supernet_look_up -- RUN=OUT.json ...
//! ```
//!
//! A `RESULT.json` is that of the example `supernet_search`: a supernet alone. A
//! `RUN` is the folder of a whole `netsmith search`, of which `OUT.json` keeps what
//! counts.

#![expect(clippy::unwrap_used, reason = "a tool that cannot go on stops")]
#![expect(clippy::print_stdout, reason = "it is a table")]

mod run;

use netsmith::evaluate::table::{self, Table};
use netsmith::objective::Objective;
use netsmith::statistics::spearman;
use netsmith::trial::{Costs, Fidelity, Metric, Metrics, Outcome, Trial};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn main() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("NETSMITH_DATA").map_or_else(beside, PathBuf::from);
    let table = table::CATALOGUE[0].open(&folder).unwrap();
    let mut found: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    println!(
        "| method | settings | seed | epochs | seconds | cell | test accuracy, 200 epochs | rank correlation |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for path in std::env::args().skip(1) {
        if let Some((folder, out)) = path.split_once('=') {
            let looked_up = run::look_up(&table, Path::new(folder));
            let text = serde_json::to_string_pretty(&looked_up).unwrap();
            std::fs::write(out, text + "\n").unwrap();
            for (key, accuracy) in run::ends(&looked_up) {
                found.entry(key).or_default().push(accuracy);
            }
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let result: serde_json::Value = serde_json::from_str(&text).unwrap();
        let word = |key: &str| result[key].as_str().unwrap().to_owned();
        let cell = word("architecture");
        let order = serde_json::from_value(result["sample"].clone())
            .ok()
            .and_then(|sample| correlation(&table, sample))
            .unwrap_or(f64::NAN);
        let accuracy = accuracy(&table, &cell);
        println!(
            "| {} | {} | {} | {} | {:.0} | `{}` | {accuracy:.2} | {order:.2} |",
            word("method"),
            result["settings"].to_string().replace('"', ""),
            word("seed"),
            result["epochs"].as_array().unwrap().len(),
            result["seconds"].as_f64().unwrap(),
            cell.replace('|', "¦"),
        );
        let key = format!("{} {}", word("method"), result["settings"]);
        found.entry(key).or_default().push(accuracy);
    }
    for (method, accuracies) in found {
        let count = accuracies.len();
        let mean = accuracies.iter().sum::<f64>() / count as f64;
        let least = accuracies.iter().copied().fold(f64::INFINITY, f64::min);
        let most = accuracies.iter().copied().fold(0.0, f64::max);
        println!("{method}: mean {mean:.2}, from {least:.2} to {most:.2}, {count} seeds");
    }
}

/// How far the losses of a sample order it as the table does.
fn correlation(table: &Table, sample: Vec<(String, f64)>) -> Option<f64> {
    let (cells, losses): (Vec<String>, Vec<f64>) = sample.into_iter().unzip();
    let accuracies: Vec<f64> = cells.iter().map(|cell| accuracy(table, cell)).collect();
    let goodness: Vec<f64> = losses.iter().map(|loss| -loss).collect();
    spearman(&goodness, &accuracies)
}

/// The test accuracy of a cell after 200 epochs, in percent: the table tells it
/// of the answer of a search, so this is one of one trial.
fn accuracy(table: &Table, cell: &str) -> f64 {
    let data = table.data_set("cifar-10").unwrap();
    let objective = Objective::new(Metric::validation_accuracy());
    let mut metrics = Metrics::new();
    metrics.set(Metric::validation_accuracy(), 1.0);
    let alone = Trial {
        number: 0,
        architecture: cell.to_owned(),
        key: String::new(),
        fidelity: Fidelity::epochs(1),
        seed: 0,
        parent: None,
        outcome: Outcome::Finished,
        duplicate_of: None,
        metrics,
        curves: Vec::new(),
        costs: Costs::default(),
        seconds: 0.0,
        ended: 0.0,
    };
    let answer = table.answer(&objective, vec![alone]).unwrap();
    (10_000.0 * answer.test[data].answer).round() / 100.0
}
