//! The commands, one file each.

mod list;
mod profile;

use clap::Subcommand;

use crate::failure::Failure;
use crate::output::Output;

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
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
            Self::Profile(arguments) => profile::run(&arguments, output),
            Self::List(arguments) => list::run(&arguments, output),
        }
    }
}
