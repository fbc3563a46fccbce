//! `cargo xtask tidy`: the rules of the tree that no compiler checks.
//!
//! A rule is a function from the [`Tree`] to its [`Violation`]s, in a file of
//! its own, and a line in [`CATALOGUE`].

mod catalogue;
mod changelog;
mod file_names;
mod file_sizes;
mod forbidden_text;
mod layers;
mod machine_paths;
mod modules;
mod operation_rooms;
mod sealed_test;
mod task_rooms;
mod tree;
mod unsafe_code;

use std::fmt;

use anyhow::{Result, bail};

use crate::repository::Repository;
use tree::Tree;

/// A rule: what it is called and what it finds.
struct Rule {
    name: &'static str,
    check: fn(&Tree) -> Vec<Violation>,
}

const CATALOGUE: &[Rule] = &[
    layers::ENTRY,
    file_sizes::ENTRY,
    file_names::ENTRY,
    forbidden_text::ENTRY,
    unsafe_code::ENTRY,
    modules::ENTRY,
    catalogue::ENTRY,
    operation_rooms::ENTRY,
    sealed_test::ENTRY,
    task_rooms::ENTRY,
    machine_paths::ENTRY,
    changelog::ENTRY,
];

/// One place where a rule does not hold.
#[derive(Debug, PartialEq, Eq)]
struct Violation {
    path: String,
    /// Counted from 1; none where the whole file is meant.
    line: Option<usize>,
    message: String,
}

impl Violation {
    fn of_file(path: &str, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: None,
            message: message.into(),
        }
    }

    fn at(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            line: Some(line),
            ..Self::of_file(path, message)
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.path, self.message),
            None => write!(f, "{}: {}", self.path, self.message),
        }
    }
}

/// Checks every rule and reports all violations at once.
///
/// # Errors
///
/// When the tree cannot be read or a rule does not hold.
pub(crate) fn run(repository: &Repository) -> Result<()> {
    let tree = Tree::read(repository)?;
    let mut count = 0;
    for rule in CATALOGUE {
        for violation in (rule.check)(&tree) {
            println!("{violation} [{}]", rule.name);
            count += 1;
        }
    }
    if count > 0 {
        bail!("{count} places break a rule of the tree");
    }
    println!("{} files, {} rules", tree.files().len(), CATALOGUE.len());
    Ok(())
}
