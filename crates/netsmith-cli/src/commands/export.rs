//! `netsmith export RUN`: the best network, or another that was trained in full, as
//! ONNX, safetensors and PyTorch source.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use netsmith_nn::export::{TrainedNetwork, onnx, safetensors, torch};
use netsmith_nn::pipeline::{BEST, write_file};

use super::best::{self, Which};
use crate::failure::Failure;
use crate::output::{Output, columns};

/// The arguments of `netsmith export`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The run directory
    run: PathBuf,
    #[command(flatten)]
    which: Which,
    /// Only this format; repeatable; all if not given
    #[arg(long, value_enum)]
    format: Vec<Format>,
    /// The folder to write to; default: `best` in the run directory, or `trial-NUMBER`
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
}

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// model.onnx
    Onnx,
    /// model.safetensors
    Safetensors,
    /// model.py, which reads model.safetensors
    Torch,
    /// network.svg
    Drawing,
}

impl Format {
    fn file(self) -> &'static str {
        match self {
            Self::Onnx => "model.onnx",
            Self::Safetensors => "model.safetensors",
            Self::Torch => "model.py",
            Self::Drawing => "network.svg",
        }
    }
}

/// Exports.
///
/// # Errors
/// The run has no best network, or a file cannot be written.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let best = best::read(&arguments.run, &arguments.which)?;
    let usual = arguments.run.join(match arguments.which.trial {
        None => BEST.to_owned(),
        Some(trial) => format!("trial-{trial}"),
    });
    let folder = arguments.to.as_deref().unwrap_or(&usual);
    let provenance = best.record.provenance(&arguments.run, &best.config);
    let trained = TrainedNetwork {
        network: &best.network,
        weights: &best.weights.0,
        contract: &best.record.contract,
        provenance: &provenance,
    };
    let formats = match &arguments.format[..] {
        [] => Format::value_variants(),
        given => given,
    };
    let mut files: BTreeMap<String, PathBuf> = BTreeMap::new();
    for &format in formats {
        let bytes = match format {
            Format::Onnx => onnx(&trained)?,
            Format::Safetensors => safetensors(&trained)?,
            Format::Torch => torch(&trained)?.into_bytes(),
            Format::Drawing => best.network.drawing(&best.record.architecture).into_bytes(),
        };
        let path = folder.join(format.file());
        write_file(&path, &bytes)?;
        let name = format.to_possible_value();
        let name = name.map_or_else(String::new, |name| name.get_name().to_owned());
        files.insert(name, path);
    }
    let object = serde_json::json!({ "run": arguments.run, "files": files });
    output.result(&object, || {
        let rows = files
            .iter()
            .map(|(name, path)| [name.clone(), path.display().to_string()]);
        columns(&rows.collect::<Vec<_>>())
    })
}
