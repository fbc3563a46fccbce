//! Checks and chores of the repository: `cargo xtask COMMAND`.
//!
//! `check` is the test command of the README and of continuous integration.
//! Everything here needs only a Rust toolchain, a C compiler and Python 3.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool talks on its standard streams"
)]

mod check;
mod peers;
mod process;
mod python;
mod readme;
mod repository;
mod tests_command;
mod tidy;
mod torch;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::repository::Repository;

const USAGE: &str = "\
usage: cargo xtask COMMAND

commands:
  check [--only STAGE]... [--skip STAGE]...   all that a change must pass, in order
  tidy                                        the rules of the tree alone
  bless                                       run the tests and accept every snapshot
  torch [--python FILE]                       regenerate and check what comes from PyTorch
  peers [--python FILE] [WORK]...             time Netsmith beside PyTorch";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    let repository = Repository::find()?;
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["check", options @ ..] => check::run(&repository, &check::Selection::parse(options)?),
        ["tidy"] => tidy::run(&repository),
        ["bless"] => tests_command::bless(&repository),
        ["torch"] => torch::run(&repository, None),
        ["torch", "--python", python] => torch::run(&repository, Some(python.into())),
        ["peers", options @ ..] => peers::run(&repository, options),
        [] | ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        unknown => bail!("unknown command `{}`\n\n{USAGE}", unknown.join(" ")),
    }
}
