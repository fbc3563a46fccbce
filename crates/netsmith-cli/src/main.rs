//! The netsmith command.

mod commands;
mod exit;
mod failure;
mod output;
mod settings;

use std::process::ExitCode;

use clap::Parser;

use commands::Command;
use output::Output;

/// Designs small, fast neural networks for your data and your device.
#[derive(Debug, Parser)]
#[command(
    name = "netsmith",
    version,
    arg_required_else_help = true,
    subcommand_required = true,
    after_help = exit::help()
)]
struct Arguments {
    /// Print one JSON object on stdout, and nothing else there
    #[arg(long, global = true)]
    json: bool,

    /// Print nothing but the result
    #[arg(long, short, global = true)]
    quiet: bool,

    #[command(subcommand)]
    command: Command,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // It goes to stdout where help was asked for, otherwise to stderr.
            let _ = error.print();
            let asked = !error.use_stderr();
            return ExitCode::from(if asked { exit::DONE } else { exit::USAGE });
        }
    };
    let output = Output {
        json: arguments.json,
        quiet: arguments.quiet,
    };
    match arguments.command.run(output) {
        Ok(()) => ExitCode::from(exit::DONE),
        Err(failure) => {
            output::show(&failure);
            ExitCode::from(failure.code)
        }
    }
}
