//! The commands that the README shows, executed.
//!
//! A fenced `sh` block after a line `<!-- run -->` is run by `sh -eu` with the
//! release build of `netsmith` on the path. All blocks of the page share one
//! temporary folder, so a later one finds what an earlier one left.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::{cargo, run as run_command};
use crate::python::Environment;
use crate::repository::Repository;

const MARK: &str = "<!-- run -->";

/// Runs every marked block of `README.md`.
///
/// # Errors
///
/// When a mark is not followed by an `sh` block, the build fails, or a command fails.
pub(crate) fn run(repository: &Repository) -> Result<()> {
    let text = fs::read_to_string(repository.path("README.md")).context("cannot read README.md")?;
    let blocks = marked_blocks(&text)?;
    let path = path_with_netsmith(repository)?;
    let variables = Environment::for_tests(repository)?.variables()?;
    let folder = TemporaryFolder::new()?;
    for block in &blocks {
        println!("README.md:{}\n{}", block.line, block.text.trim_end());
        run_command(
            Command::new("sh")
                .args(["-eu", "-c", &block.text])
                .current_dir(&folder.0)
                .env("PATH", &path)
                .envs(variables.iter().map(|(name, value)| (name, value))),
        )
        .with_context(|| format!("README.md:{}", block.line))?;
    }
    println!("{} marked blocks", blocks.len());
    Ok(())
}

/// The value of `PATH` with the release build of `netsmith` in front, built first.
///
/// # Errors
///
/// When the build fails.
pub(crate) fn path_with_netsmith(repository: &Repository) -> Result<OsString> {
    run_command(cargo(repository).args(["build", "--release", "--package", "netsmith-cli"]))?;
    // Cargo puts every binary of a profile into one folder, this one included.
    let own = env::current_exe().context("cannot find the folder of the build")?;
    let folder = own
        .parent()
        .context("the binary lies in no folder")?
        .to_owned();
    let inherited = env::var_os("PATH").unwrap_or_default();
    env::join_paths(std::iter::once(folder).chain(env::split_paths(&inherited)))
        .context("the folder of the build cannot stand in PATH")
}

/// One block of commands and the line of its fence, counted from 1.
#[derive(Debug, PartialEq, Eq)]
struct Block {
    line: usize,
    text: String,
}

fn marked_blocks(page: &str) -> Result<Vec<Block>> {
    let mut blocks = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((mark, line)) = lines.next() {
        if line.trim() != MARK {
            continue;
        }
        let fence = lines.next();
        if fence.is_none_or(|(_, line)| line.trim_end() != "```sh") {
            bail!(
                "README.md:{}: `{MARK}` must stand right above a ```sh block",
                mark + 1
            );
        }
        let text: String = lines
            .by_ref()
            .map(|(_, line)| line)
            .take_while(|line| !line.starts_with("```"))
            .flat_map(|line| [line, "\n"])
            .collect();
        blocks.push(Block {
            line: mark + 2,
            text,
        });
    }
    Ok(blocks)
}

/// A folder of this process, removed in the end.
struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    fn new() -> Result<Self> {
        let path = env::temp_dir().join(format!("netsmith-readme-{}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("warning: cannot remove {}: {error}", self.0.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_marked_blocks_are_run() {
        let page = "# A\n\n```sh\nrm -r all\n```\n\n<!-- run -->\n```sh\nnetsmith list spaces\nnetsmith doctor\n```\n";
        let expected = Block {
            line: 8,
            text: "netsmith list spaces\nnetsmith doctor\n".to_owned(),
        };
        assert_eq!(marked_blocks(page).unwrap(), [expected]);
    }

    #[test]
    fn a_mark_without_a_block_is_refused() {
        let message = marked_blocks("text\n<!-- run -->\n\n```sh\nls\n```\n")
            .unwrap_err()
            .to_string();
        assert_eq!(
            message,
            "README.md:2: `<!-- run -->` must stand right above a ```sh block"
        );
    }
}
