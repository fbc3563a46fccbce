//! `cargo xtask torch`: golden values and checks that need PyTorch.
//!
//! PyTorch takes gigabytes, so it is no part of the test command: the tests
//! compare with values that the scripts here have written before.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::run as run_command;
use crate::python::Environment;
use crate::repository::Repository;

/// The environment variable that names an interpreter with PyTorch.
const VARIABLE: &str = "NETSMITH_TORCH_PYTHON";

/// Runs every script of `xtask/torch/` in the order of their names, in the root
/// of the repository, with the `netsmith` binary of the release build on the
/// path: by the interpreter that is given, else by the one that
/// `NETSMITH_TORCH_PYTHON` names, else by one in `.python-torch/`, into which
/// PyTorch is installed.
///
/// # Errors
///
/// When PyTorch cannot be installed, the build fails or a script fails.
pub(crate) fn run(repository: &Repository, python: Option<PathBuf>) -> Result<()> {
    let scripts = scripts(repository)?;
    let given = python.or_else(|| env::var_os(VARIABLE).map(PathBuf::from));
    let python = match given {
        Some(python) => python,
        None => {
            let requirements = repository.path("xtask/torch/requirements.txt");
            Environment::prepare(repository.path(".python-torch"), &requirements)?.python()
        }
    };
    let path = crate::readme::path_with_netsmith(repository)?;
    for script in &scripts {
        println!("==> {}", script.display());
        run_command(
            Command::new(&python)
                .arg(script)
                .current_dir(repository.root())
                .env("PATH", &path),
        )?;
    }
    println!("scripts: {} passed, 0 failed", scripts.len());
    Ok(())
}

fn scripts(repository: &Repository) -> Result<Vec<PathBuf>> {
    let folder = repository.path("xtask/torch");
    let mut scripts = Vec::new();
    let entries =
        fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "py") {
            scripts.push(path);
        }
    }
    if scripts.is_empty() {
        bail!("{} holds no script", folder.display());
    }
    scripts.sort();
    Ok(scripts)
}
