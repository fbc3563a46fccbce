//! The commands, one file each.

mod list;
mod profile;
mod progress;
mod resume;
mod search;

use clap::Subcommand;

use crate::failure::Failure;
use crate::output::Output;

/// What can be done.
#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "one command a process")]
pub(crate) enum Command {
    /// Search, train the best fully, test once, export, verify
    Search(search::Arguments),
    /// Go on where a run stopped
    Resume(resume::Arguments),
    /// What one architecture or supernet costs: parameters, MACs, memory, time
    Profile(profile::Arguments),
    /// Spaces, strategies, data and the rest, with their parameters
    List(list::Arguments),
}

impl Command {
    /// Does it.
    ///
    /// # Errors
    /// Why it could not be done, with the exit code.
    pub(crate) fn run(self, output: Output) -> Result<(), Failure> {
        match self {
            Self::Search(arguments) => search::run_command(&arguments, output),
            Self::Resume(arguments) => resume::run_command(&arguments, output),
            Self::Profile(arguments) => profile::run(&arguments, output),
            Self::List(arguments) => list::run(&arguments, output),
        }
    }
}
