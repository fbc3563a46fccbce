//! The folder `best/`: the network that a run hands over.

mod earlier;

use super::{Config, PipelineError};
use crate::data::Contract;
use crate::export::{TrainedNetwork, onnx, safetensors, torch};
use crate::module::Weights;
use crate::train::weight_file::replace;
use netsmith::network::Network;
use netsmith::report::{Summary, card, html, json};
use netsmith::study::Study;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Name of the folder in a run directory.
pub const BEST: &str = "best";

/// What is needed besides the weights to run the best network again; the
/// study's entry of this name holds it as JSON.
pub const ENTRY: &str = "best";

/// What is needed besides the weights to run the best network again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "earlier::Saved")]
pub struct BestRecord {
    /// Number of the run of the final phase.
    pub run: u64,
    /// Number of the trial of the search that found it; none where none did.
    pub trial: Option<u64>,
    /// Its architecture.
    pub architecture: String,
    /// What turns raw samples into inputs, and outputs into answers.
    pub contract: Contract,
    /// Value of the metric on the validation part.
    #[serde(with = "super::exact")]
    pub validation: f64,
    /// Value of the metric on the test part, read once.
    #[serde(with = "super::exact::optional")]
    pub test: Option<f64>,
    /// The standard error of that value which the test samples leave.
    #[serde(with = "super::exact::optional", default)]
    pub test_error: Option<f64>,
    /// Median milliseconds of inference at batch 1 on one thread.
    pub latency_ms: Option<f64>,
    /// What ran it for that measurement.
    pub latency_runtime: String,
}

/// The study's entry with what a finished run found, as JSON: what
/// [`netsmith::report::json`] gives without the history.
pub const REPORT: &str = "report";

impl BestRecord {
    /// What the files of `best/` say about where they come from.
    pub fn provenance(&self, run: &Path, config: &Config) -> BTreeMap<String, String> {
        let facts = [
            ("netsmith", env!("CARGO_PKG_VERSION").to_owned()),
            ("run", run.to_string_lossy().into_owned()),
            ("architecture", self.architecture.clone()),
            ("data", config.data.clone()),
            ("seed", config.seed.to_string()),
            ("validation", self.validation.to_string()),
            (
                "test",
                self.test.map_or_else(String::new, |test| test.to_string()),
            ),
        ];
        facts
            .into_iter()
            .map(|(name, fact)| (name.to_owned(), fact))
            .collect()
    }
}

/// A network with its weights and all that its files say.
#[derive(Debug)]
pub(super) struct Handover<'a> {
    pub(super) network: &'a Network,
    pub(super) weights: &'a Weights,
    pub(super) record: &'a BestRecord,
    pub(super) provenance: &'a BTreeMap<String, String>,
}

impl Handover<'_> {
    fn trained(&self) -> TrainedNetwork<'_> {
        TrainedNetwork {
            network: self.network,
            weights: &self.weights.0,
            contract: &self.record.contract,
            provenance: self.provenance,
        }
    }

    /// Writes architecture, ONNX, weights, PyTorch source and drawing; returns
    /// the names and paths of the files, relative to the run's parent as given.
    pub(super) fn write(&self, run: &Path) -> Result<BTreeMap<String, String>, PipelineError> {
        let trained = self.trained();
        let files: [(&str, &str, Vec<u8>); 5] = [
            (
                "architecture",
                "architecture.txt",
                format!("{}\n", self.record.architecture).into(),
            ),
            ("onnx", "model.onnx", onnx(&trained)?),
            ("safetensors", "model.safetensors", safetensors(&trained)?),
            ("torch", "model.py", torch(&trained)?.into()),
            (
                "drawing",
                "network.svg",
                self.network.drawing(&self.record.architecture).into(),
            ),
        ];
        let folder = run.join(BEST);
        let mut written = BTreeMap::new();
        for (name, file, bytes) in files {
            let path = folder.join(file);
            write_file(&path, &bytes)?;
            written.insert(name.to_owned(), path.to_string_lossy().into_owned());
        }
        Ok(written)
    }
}

/// Writes the report in all its forms, and what `show` reads into the study.
pub(super) fn write_report(
    study: &Study,
    summary: &Summary,
    network: &Network,
) -> Result<(), PipelineError> {
    let dir = study.dir();
    let whole = serde_json::to_vec_pretty(&json(summary, true)).unwrap_or_default();
    write_file(&dir.join("report.json"), &whole)?;
    let facts = serde_json::to_vec(&json(summary, false)).unwrap_or_default();
    study.put(REPORT, facts)?;
    let page = html(summary, Some(network));
    write_file(&dir.join("report.html"), page.as_bytes())?;
    write_file(&dir.join(BEST).join("card.md"), card(summary).as_bytes())
}

/// Writes a file whole or not at all, and its folder if need be.
///
/// # Errors
/// [`PipelineError::File`].
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), PipelineError> {
    let failed = |action| {
        let path = path.to_path_buf();
        move |source| PipelineError::File {
            action,
            path,
            source,
        }
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed("make the folder of"))?;
    }
    replace(path, bytes).map_err(failed("write"))
}
