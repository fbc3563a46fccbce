//! Records of the best network as studies hold them: those of this version, and those
//! of version 0.1, which had normalisation, form of the samples and task apart.

use super::BestRecord;
use crate::data::Contract;
use serde::Deserialize;
use serde::de::Error;
use serde_json::{Value, json};

/// A record of either form.
#[derive(Deserialize)]
pub(super) struct Saved {
    run: u64,
    trial: Option<u64>,
    architecture: String,
    contract: Option<Contract>,
    normalization: Option<Value>,
    schema: Option<Value>,
    task: Option<Value>,
    #[serde(with = "crate::pipeline::exact")]
    validation: f64,
    #[serde(with = "crate::pipeline::exact::optional")]
    test: Option<f64>,
    #[serde(with = "crate::pipeline::exact::optional", default)]
    test_error: Option<f64>,
    latency_ms: Option<f64>,
    latency_runtime: String,
}

impl TryFrom<Saved> for BestRecord {
    type Error = serde_json::Error;

    fn try_from(saved: Saved) -> Result<Self, serde_json::Error> {
        let contract = match (
            saved.contract,
            saved.normalization,
            saved.schema,
            saved.task,
        ) {
            (Some(contract), ..) => contract,
            (None, Some(normalization), Some(schema), Some(task)) => {
                serde_json::from_value(joined(&normalization, &schema, &task))?
            }
            _ => return Err(serde_json::Error::missing_field("contract")),
        };
        Ok(Self {
            run: saved.run,
            trial: saved.trial,
            architecture: saved.architecture,
            contract,
            validation: saved.validation,
            test: saved.test,
            test_error: saved.test_error,
            latency_ms: saved.latency_ms,
            latency_runtime: saved.latency_runtime,
        })
    }
}

/// The contract, from the three parts of earlier records.
fn joined(normalization: &Value, schema: &Value, task: &Value) -> Value {
    let input = &normalization["input"];
    let modality = match input.get("table") {
        Some(table) => json!({
            "table": {"schema": schema["table"]["columns"], "encodings": table["columns"]},
        }),
        None => input.clone(),
    };
    let task = match task.get("regression") {
        Some(regression) => json!({
            "regression": {"target": regression["target"], "scale": normalization["target"]},
        }),
        None => task.clone(),
    };
    json!({"modality": modality, "task": task})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(normalization: Value, schema: Value, task: Value) -> BestRecord {
        let record = json!({
            "run": 500, "trial": 3, "architecture": "x", "normalization": normalization,
            "schema": schema, "task": task, "validation": "0.5", "test": null,
            "latency_ms": null, "latency_runtime": "",
        });
        serde_json::from_value(record).expect("it was written so")
    }

    #[test]
    fn records_of_version_0_1_are_understood() {
        let images = saved(
            json!({"input": {"images": {"shape": [1, 2, 2], "channels": [{"mean": 1.5, "std": 2.0}]}},
                   "target": null}),
            json!({"images": {"channels": 1, "height": 2, "width": 2}}),
            json!({"classification": {"classes": ["a", "b"]}}),
        );
        assert_eq!(
            images.contract.inputs(&[1.5, 3.5, 1.5, 1.5]),
            [[0.0, 1.0, 0.0, 0.0]]
        );
        assert_eq!(images.contract.outputs(), 2);
        let table = saved(
            json!({"input": {"table": {"columns": [
                       {"number": {"scale": {"mean": 1.0, "std": 2.0}, "missing_indicator": false}}]}},
                   "target": {"mean": 10.0, "std": 5.0}}),
            json!({"table": {"columns": [{"name": "x", "kind": "number"}]}}),
            json!({"regression": {"target": "y"}}),
        );
        assert_eq!(table.contract.inputs(&[3.0]), [[1.0]]);
        let mut answer = [1.0];
        table.contract.task.decode(&mut answer);
        assert!((answer[0] - 15.0).abs() < 1e-6);
        // What is written anew is read again.
        let again = serde_json::to_value(&table).expect("it is plain data");
        assert_eq!(
            serde_json::from_value::<BestRecord>(again).expect("it was just written"),
            table
        );
    }
}
