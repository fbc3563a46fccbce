//! `cargo xtask check`: every stage that a change must pass, in order.

use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::process::{cargo, run as run_command};
use crate::repository::Repository;
use crate::{readme, tests_command, tidy};

/// One stage: its name on the command line and what it does.
struct Stage {
    name: &'static str,
    run: fn(&Repository) -> Result<()>,
}

/// All stages, the quick ones first where the order is free.
const STAGES: &[Stage] = &[
    Stage {
        name: "fmt",
        run: format,
    },
    Stage {
        name: "clippy",
        run: clippy,
    },
    Stage {
        name: "test",
        run: tests_command::run,
    },
    Stage {
        name: "doctest",
        run: tests_command::doctests,
    },
    Stage {
        name: "doc",
        run: documentation,
    },
    Stage {
        name: "tidy",
        run: tidy::run,
    },
    Stage {
        name: "readme",
        run: readme::run,
    },
];

/// Which stages to run.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    only: Vec<String>,
    skip: Vec<String>,
}

impl Selection {
    /// Reads `--only STAGE` and `--skip STAGE`, each any number of times.
    ///
    /// # Errors
    ///
    /// For an unknown option, an unknown stage, or a selection without a stage.
    pub(crate) fn parse(options: &[&str]) -> Result<Self> {
        let mut selection = Self::default();
        let mut options = options.iter();
        while let Some(&option) = options.next() {
            let list = match option {
                "--only" => &mut selection.only,
                "--skip" => &mut selection.skip,
                _ => bail!("unknown option `{option}`: must be `--only STAGE` or `--skip STAGE`"),
            };
            let name = options
                .next()
                .with_context(|| format!("`{option}` needs a stage"))?;
            if !STAGES.iter().any(|stage| stage.name == *name) {
                let known: Vec<_> = STAGES.iter().map(|stage| stage.name).collect();
                bail!(
                    "unknown stage `{name}`: must be one of {}",
                    known.join(", ")
                );
            }
            list.push((*name).to_owned());
        }
        if selection.stages().next().is_none() {
            bail!("no stage is left to run");
        }
        Ok(selection)
    }

    fn stages(&self) -> impl Iterator<Item = &'static Stage> {
        STAGES.iter().filter(|stage| {
            let named = |list: &[String]| list.iter().any(|name| name == stage.name);
            (self.only.is_empty() || named(&self.only)) && !named(&self.skip)
        })
    }
}

/// Runs the selected stages and stops at the first that fails.
///
/// # Errors
///
/// When a stage fails; the message names it.
pub(crate) fn run(repository: &Repository, selection: &Selection) -> Result<()> {
    let mut passed = Vec::new();
    for stage in selection.stages() {
        println!("\n==> {}", stage.name);
        let start = Instant::now();
        let outcome = (stage.run)(repository);
        let seconds = start.elapsed().as_secs_f64();
        if let Err(error) = outcome {
            println!("\n==> {} failed after {seconds:.1} s", stage.name);
            println!("stages: {} passed, 1 failed", passed.len());
            return Err(error.context(format!("stage `{}` failed", stage.name)));
        }
        println!("==> {} passed in {seconds:.1} s", stage.name);
        passed.push((stage.name, seconds));
    }
    println!();
    for (name, seconds) in &passed {
        println!("{name:>8} {seconds:7.1} s");
    }
    println!("stages: {} passed, 0 failed", passed.len());
    Ok(())
}

fn format(repository: &Repository) -> Result<()> {
    run_command(cargo(repository).args(["fmt", "--all", "--check"]))
}

fn clippy(repository: &Repository) -> Result<()> {
    run_command(
        cargo(repository)
            .args(["clippy", "--release", "--workspace", "--all-targets"])
            .args(["--", "--deny", "warnings"]),
    )?;
    // The library must also build for a machine without ONNX Runtime.
    run_command(
        cargo(repository)
            .args([
                "clippy",
                "--release",
                "--package",
                "netsmith-nn",
                "--no-default-features",
            ])
            .args(["--", "--deny", "warnings"]),
    )
}

fn documentation(repository: &Repository) -> Result<()> {
    run_command(
        cargo(repository)
            .args([
                "doc",
                "--release",
                "--workspace",
                "--no-deps",
                "--document-private-items",
            ])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(options: &[&str]) -> Vec<&'static str> {
        Selection::parse(options)
            .unwrap()
            .stages()
            .map(|stage| stage.name)
            .collect()
    }

    #[test]
    fn everything_runs_in_order_by_default() {
        assert_eq!(
            names(&[]),
            ["fmt", "clippy", "test", "doctest", "doc", "tidy", "readme"]
        );
    }

    #[test]
    fn stages_can_be_picked_and_left_out() {
        assert_eq!(names(&["--only", "tidy", "--only", "fmt"]), ["fmt", "tidy"]);
        assert_eq!(
            names(&["--skip", "test", "--skip", "clippy", "--skip", "doc"]),
            ["fmt", "doctest", "tidy", "readme"]
        );
    }

    #[test]
    fn a_wrong_selection_is_refused() {
        let message = |options: &[&str]| Selection::parse(options).unwrap_err().to_string();
        assert_eq!(
            message(&["--fast"]),
            "unknown option `--fast`: must be `--only STAGE` or `--skip STAGE`"
        );
        assert!(
            message(&["--only", "lint"])
                .starts_with("unknown stage `lint`: must be one of fmt, clippy")
        );
        assert_eq!(message(&["--only"]), "`--only` needs a stage");
        assert_eq!(
            message(&["--only", "fmt", "--skip", "fmt"]),
            "no stage is left to run"
        );
    }
}
