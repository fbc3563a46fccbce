//! The tests of the workspace, with the Python that some of them talk to.

use std::process::Command;

use anyhow::Result;

use crate::process::{cargo, run as run_command, succeeds};
use crate::python::Environment;
use crate::repository::Repository;

/// Unit and integration tests: through nextest where it is installed, else
/// through cargo's own runner.
///
/// # Errors
///
/// When Python cannot be prepared or a test fails.
pub(crate) fn run(repository: &Repository) -> Result<()> {
    run_command(&mut command(repository)?)
}

/// As [`run`], and accepts every snapshot as it is now.
///
/// # Errors
///
/// As [`run`].
pub(crate) fn bless(repository: &Repository) -> Result<()> {
    run_command(command(repository)?.env("INSTA_UPDATE", "always"))
}

/// The examples in the documentation of the libraries.
///
/// # Errors
///
/// When Python cannot be prepared or an example fails.
pub(crate) fn doctests(repository: &Repository) -> Result<()> {
    let python = Environment::for_tests(repository)?;
    run_command(
        cargo(repository)
            .args(["test", "--release", "--workspace", "--doc"])
            .envs(python.variables()?),
    )
}

fn command(repository: &Repository) -> Result<Command> {
    let python = Environment::for_tests(repository)?;
    let mut command = cargo(repository);
    if succeeds(cargo(repository).args(["nextest", "--version"])) {
        command.args(["nextest", "run", "--release", "--workspace"]);
    } else {
        // Benchmarks are left out: their timings belong to `cargo bench`.
        command
            .args(["test", "--release", "--workspace", "--no-fail-fast"])
            .args(["--lib", "--bins", "--tests"]);
    }
    command.envs(python.variables()?);
    Ok(command)
}
