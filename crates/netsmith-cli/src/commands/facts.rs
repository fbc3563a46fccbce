//! What a run found, as a table for people.

use serde_json::Value;

use crate::output::{bytes, columns, grouped};

/// The facts that [`netsmith::report::json`] gives, a line each, and below them
/// the comparison in words and the remarks.
pub(super) fn table(facts: &Value) -> String {
    let text = |name: &str| shown(name, &facts[name]);
    let mut rows = vec![
        ["run".to_owned(), text("run")],
        [
            "status".to_owned(),
            format!("{} after {}", text("status"), text("seconds")),
        ],
        ["seed".to_owned(), text("seed")],
    ];
    let counts = ["finished", "failed", "stopped"];
    let counts = counts.map(|name| format!("{} {name}", shown(name, &facts["trials"][name])));
    rows.push(["trials".to_owned(), counts.join(", ")]);
    for penalty in facts["penalties"].as_array().into_iter().flatten() {
        rows.push(["penalty".to_owned(), shown("penalty", penalty)]);
    }
    for (name, value) in facts["best"].as_object().into_iter().flatten() {
        let as_written = name.strip_suffix("_as_written");
        let repeats = as_written.is_some_and(|name| facts["best"][name] == *value);
        let value = shown(name, value);
        if !value.is_empty() && !repeats {
            rows.push([format!("best {}", name.replace('_', " ")), value]);
        }
    }
    let finalists = facts["finalists"].as_array().into_iter().flatten();
    let front = finalists.filter(|own| own["front"] == true && own["trial"].is_number());
    let front: Vec<&Value> = front.collect();
    // A front of one is the best, which stands above.
    for own in front.iter().filter(|_| front.len() > 1) {
        rows.push([
            format!("front: trial {}", shown("trial", &own["trial"])),
            compared(own),
        ]);
    }
    for baseline in facts["baselines"].as_array().into_iter().flatten() {
        rows.push([
            format!("beside it: {}", shown("name", &baseline["name"])),
            compared(baseline),
        ]);
    }
    for (name, path) in facts["files"].as_object().into_iter().flatten() {
        rows.push([format!("file {name}"), shown("file", path)]);
    }
    let mut text = columns(&rows);
    for list in ["verdict", "notes"] {
        for sentence in facts[list].as_array().into_iter().flatten() {
            text.push_str(&shown("sentence", sentence));
            text.push('\n');
        }
    }
    text
}

/// What is known of something that the best network was compared with.
fn compared(row: &Value) -> String {
    let known = row.as_object().into_iter().flatten();
    let known = known.filter(|(_, value)| value.is_number());
    let known = known.filter(|(name, _)| *name != "trial");
    let known = known.map(|(name, value)| {
        let (value, name) = (shown(name, value), name.replace('_', " "));
        let unit = [" ms", " bytes"].into_iter();
        let name = unit.fold(name.as_str(), |name, unit| name.trim_end_matches(unit));
        format!("{value} {name}")
    });
    known.collect::<Vec<_>>().join(", ")
}

/// A value in the unit that its name tells; nothing for one that is not known.
fn shown(name: &str, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) => match (number.as_u64(), number.as_f64().unwrap_or(f64::NAN)) {
            (_, value) if name.ends_with("_accuracy") => format!("{:.2} %", value * 100.0),
            (_, value) if name.ends_with("_ms") => format!("{value:.3} ms"),
            (_, value) if name == "seconds" => format!("{value:.1} s"),
            (Some(count), _) if name.ends_with("_bytes") => bytes(count),
            (Some(count), _) => grouped(count),
            (None, value) => format!("{value:.4}"),
        },
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn facts_are_read_easily() {
        let facts = json!({
            "run": "runs/a", "status": "finished", "seconds": 61.23, "seed": 1,
            "trials": {"finished": 4, "failed": 1, "stopped": 0},
            "penalties": ["parameters=50000:soft"],
            "best": {"parameters": 9210, "parameters_as_written": 9210, "latency_ms": null,
                     "peak_memory_bytes": 2048, "test_accuracy": 0.975},
            "finalists": [{"trial": 7, "architecture": "a", "parameters": 900, "latency_ms": 0.125,
                           "front": true, "test_accuracy": 0.95, "cut_short": false},
                          {"trial": 8, "parameters": 990, "front": false},
                          {"trial": 9, "parameters": 9210, "front": true}],
            "baselines": [{"name": "lenet", "parameters": 61706, "latency_ms": 0.25, "size_bytes": 2048,
                           "validation_accuracy": null, "test_accuracy": 0.9}],
            "files": {"onnx": "runs/a/best/model.onnx"},
            "verdict": ["It was worth it."], "notes": ["A remark."],
        });
        let expected = "\
run                     runs/a
status                  finished after 61.2 s
seed                    1
trials                  4 finished, 1 failed, 0 stopped
penalty                 parameters=50000:soft
best parameters         9,210
best peak memory bytes  2.0 KiB
best test accuracy      97.50 %
front: trial 7          0.125 ms latency, 900 parameters, 95.00 % test accuracy
front: trial 9          9,210 parameters
beside it: lenet        0.250 ms latency, 61,706 parameters, 2.0 KiB size, 90.00 % test accuracy
file onnx               runs/a/best/model.onnx
It was worth it.
A remark.
";
        assert_eq!(table(&facts), expected);
    }
}
