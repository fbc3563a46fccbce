//! `netsmith remove RUN`: deletes what a run left, and nothing else.

use std::path::PathBuf;

use clap::Args;
use netsmith::study::remove;

use crate::failure::Failure;
use crate::output::{Output, bytes};

/// The arguments of `netsmith remove`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The run directory
    run: PathBuf,
}

/// Removes a run.
///
/// # Errors
/// The directory holds no study, another process writes it, or a file cannot be
/// deleted.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let removed = remove(&arguments.run)?;
    let object = serde_json::json!({
        "run": arguments.run,
        "files": removed.files,
        "bytes": removed.bytes,
        "left": removed.left,
    });
    output.result(&object, || {
        let mut text = format!(
            "removed {} files of `{}`, {}\n",
            removed.files,
            arguments.run.display(),
            bytes(removed.bytes)
        );
        for path in &removed.left {
            text.push_str(&format!(
                "left `{}`, which netsmith did not write\n",
                path.display()
            ));
        }
        text
    })
}
