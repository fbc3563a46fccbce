//! What an outside command says in one line.

use serde_json::Value;
use std::collections::BTreeMap;

/// The most metrics of one step.
const MOST_METRICS: usize = 100;

/// A line that was understood.
#[derive(Debug, PartialEq)]
pub(super) enum Line {
    /// Only white space.
    Empty,
    /// Nothing more will come.
    Done,
    /// A checkpoint stands, written after this step.
    Saved(u64),
    /// Metrics by name.
    Step {
        step: u64,
        values: BTreeMap<String, f64>,
    },
}

/// A line that was not.
#[derive(Debug, PartialEq, thiserror::Error)]
pub(super) enum LineError {
    #[error("a line is no JSON object: `{start}`")]
    NotJson { start: String },
    #[error("a line has no step that is a whole number from 1: `{start}`")]
    NoStep { start: String },
    #[error("{name} is not a number at step {step}")]
    NotANumber { name: String, step: u64 },
    #[error("{name} is not finite at step {step}")]
    NotFinite { name: String, step: u64 },
    #[error("step {step} has no metrics")]
    NoMetrics { step: u64 },
    #[error("step {step} has more than {MOST_METRICS} metrics")]
    TooMany { step: u64 },
}

/// Reads one line.
pub(super) fn parse(line: &[u8]) -> Result<Line, LineError> {
    let text = String::from_utf8_lossy(line);
    let text = text.trim();
    let start = || text.chars().take(80).collect::<String>();
    if text.is_empty() {
        return Ok(Line::Empty);
    }
    let object = match serde_json::from_str(&without_nan(text)) {
        Ok(Value::Object(object)) => object,
        _ => return Err(LineError::NotJson { start: start() }),
    };
    if object.get("done") == Some(&Value::Bool(true)) {
        return Ok(Line::Done);
    }
    if let Some(step) = object.get("saved").and_then(Value::as_u64) {
        return Ok(Line::Saved(step));
    }
    let step = object.get("step").and_then(Value::as_u64);
    // Steps are stored as signed numbers.
    let step = step.filter(|step| (1..=i64::MAX as u64).contains(step));
    let step = step.ok_or_else(|| LineError::NoStep { start: start() })?;
    let mut values = BTreeMap::new();
    for (name, value) in object.into_iter().filter(|(name, _)| name != "step") {
        let value = match value {
            Value::Number(number) => number.as_f64(),
            Value::Null => Some(f64::NAN),
            _ => None,
        };
        match value {
            None => return Err(LineError::NotANumber { name, step }),
            Some(value) if !value.is_finite() => return Err(LineError::NotFinite { name, step }),
            Some(value) => values.insert(name, value),
        };
    }
    match values.len() {
        0 => Err(LineError::NoMetrics { step }),
        1..=MOST_METRICS => Ok(Line::Step { step, values }),
        _ => Err(LineError::TooMany { step }),
    }
}

/// JSON has no NaN, but Python's `json` prints them; as `null` they are read.
fn without_nan(text: &str) -> String {
    let mut clean = text.to_owned();
    for word in ["-Infinity", "Infinity", "NaN"] {
        for before in [": ", ":"] {
            clean = clean.replace(&format!("{before}{word}"), ":null");
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(line: &str, message: &str) {
        assert_eq!(parse(line.as_bytes()).unwrap_err().to_string(), message);
    }

    #[test]
    fn lines_are_understood() {
        let step = parse(br#" {"step": 2, "validation_accuracy": 0.5, "loss": 1e-3} "#).unwrap();
        let values = [("loss", 0.001), ("validation_accuracy", 0.5)];
        let values = values.map(|(name, value)| (name.to_owned(), value)).into();
        assert_eq!(step, Line::Step { step: 2, values });
        assert_eq!(parse(b"{\"done\": true}"), Ok(Line::Done));
        assert_eq!(parse(b"{\"saved\": 3}"), Ok(Line::Saved(3)));
        assert_eq!(parse(b"  "), Ok(Line::Empty));
    }

    #[test]
    fn garbage_is_refused() {
        refused("epoch 1", "a line is no JSON object: `epoch 1`");
        refused("[1]", "a line is no JSON object: `[1]`");
        refused(
            r#"{"step": 0, "a": 1}"#,
            "a line has no step that is a whole number from 1: `{\"step\": 0, \"a\": 1}`",
        );
        refused(r#"{"step": 1}"#, "step 1 has no metrics");
        refused(r#"{"step": 1, "a": "b"}"#, "a is not a number at step 1");
        refused(r#"{"step": 1, "a": NaN}"#, "a is not finite at step 1");
        refused(r#"{"step": 1, "a":-Infinity}"#, "a is not finite at step 1");
        assert!(parse(b"\xff\xfe{").is_err());
    }
}
