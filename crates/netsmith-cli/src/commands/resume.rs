//! `netsmith resume RUN`: go on where a run stopped.

use std::path::PathBuf;

use clap::Args;
use netsmith_nn::pipeline::resume;

use super::progress::Terminal;
use super::search::{finish, interruptible};
use crate::failure::Failure;
use crate::output::Output;

/// The arguments of `netsmith resume`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The run directory
    run: PathBuf,
}

/// Goes on.
///
/// # Errors
/// The study, the data, or the run; an interrupted run ends with 130.
pub(crate) fn run_command(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let interrupt = interruptible()?;
    let mut terminal = Terminal::new(output);
    let end = resume(&arguments.run, &interrupt, &mut |progress| {
        terminal.show(&progress)
    })?;
    finish(&end, output)
}
