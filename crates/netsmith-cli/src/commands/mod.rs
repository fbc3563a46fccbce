//! The commands, one file each.

mod bench;
mod best;
mod doctor;
mod export;
mod facts;
mod list;
mod predict;
mod profile;
mod progress;
mod rank;
mod remove;
mod resume;
mod rows;
mod search;
mod show;
mod tabulate;

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
    /// Strategies side by side on a table of known results
    Bench(bench::Arguments),
    /// How well training-free scores order the networks of a table
    Rank(rank::Arguments),
    /// Train architectures one after the other, and write their learning curves as a table
    Tabulate(tabulate::Arguments),
    /// What happened in a run: best, front, costs, baselines
    Show(show::Arguments),
    /// The best network of a run as ONNX, safetensors and PyTorch source
    Export(export::Arguments),
    /// Answers of the best network of a run to new data
    Predict(predict::Arguments),
    /// Delete what a run left
    Remove(remove::Arguments),
    /// What this machine offers, and what is wrong
    Doctor(doctor::Arguments),
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
            Self::Bench(arguments) => bench::run(&arguments, output),
            Self::Rank(arguments) => rank::run(&arguments, output),
            Self::Tabulate(arguments) => tabulate::run(&arguments, output),
            Self::Show(arguments) => show::run(&arguments, output),
            Self::Export(arguments) => export::run(&arguments, output),
            Self::Predict(arguments) => predict::run(&arguments, output),
            Self::Remove(arguments) => remove::run(&arguments, output),
            Self::Doctor(arguments) => doctor::run(&arguments, output),
            Self::List(arguments) => list::run(&arguments, output),
        }
    }
}
