//! The text files of the repository, read once for all rules.

use std::fs;

use anyhow::{Context, Result};

use crate::repository::Repository;

/// Every text file that git tracks or would add.
pub(super) struct Tree {
    files: Vec<SourceFile>,
}

/// One file: its path from the root, with `/` between the parts, and its text.
pub(super) struct SourceFile {
    pub(super) path: String,
    pub(super) text: String,
}

impl Tree {
    /// Reads the tree; files that are no UTF-8 text are left out.
    ///
    /// # Errors
    ///
    /// When git is missing or a file cannot be read.
    pub(super) fn read(repository: &Repository) -> Result<Self> {
        let mut files = Vec::new();
        for path in repository.files()? {
            let full = repository.path(&path);
            // A tracked file may be deleted in the checkout.
            if !full.is_file() {
                continue;
            }
            let bytes = fs::read(&full).with_context(|| format!("cannot read {path}"))?;
            if let Ok(text) = String::from_utf8(bytes) {
                files.push(SourceFile { path, text });
            }
        }
        Ok(Self { files })
    }

    /// All files, in git's order.
    pub(super) fn files(&self) -> &[SourceFile] {
        &self.files
    }

    /// All Rust sources.
    pub(super) fn rust(&self) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().filter(|file| file.path.ends_with(".rs"))
    }

    /// The file with this path.
    pub(super) fn find(&self, path: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// A tree of these paths and texts.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let file = |&(path, text): &(&str, &str)| SourceFile {
            path: path.to_owned(),
            text: text.to_owned(),
        };
        Self {
            files: files.iter().map(file).collect(),
        }
    }
}

impl SourceFile {
    /// The folder, without the last `/`; empty at the root.
    pub(super) fn folder(&self) -> &str {
        self.path.rsplit_once('/').map_or("", |(folder, _)| folder)
    }

    /// The file's name without folder and extension.
    pub(super) fn stem(&self) -> &str {
        let name = self.path.rsplit('/').next().unwrap_or(&self.path);
        name.split_once('.').map_or(name, |(stem, _)| stem)
    }

    /// Whether the whole file serves tests or benchmarks.
    fn is_test(&self) -> bool {
        let mut parts = self.path.split('/');
        parts.any(|part| matches!(part, "tests" | "benches" | "tests.rs"))
    }

    /// How many lines come before the first module of tests; none in a file of
    /// tests.
    pub(super) fn lines_before_tests(&self) -> usize {
        if self.is_test() {
            return 0;
        }
        let lines: Vec<&str> = self.text.lines().map(str::trim).collect();
        lines
            .windows(2)
            .position(|pair| pair[0] == "#[cfg(test)]" && is_module(pair[1]))
            .unwrap_or(lines.len())
    }

    /// The lines that are no comment, with their numbers counted from 1.
    pub(super) fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let numbered = self
            .text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line));
        numbered.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

fn is_module(line: &str) -> bool {
    line.split_whitespace().any(|word| word == "mod")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile {
            path: path.to_owned(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn a_path_has_a_folder_and_a_stem() {
        let deep = file("crates/a/src/tree.test.rs", "");
        assert_eq!((deep.folder(), deep.stem()), ("crates/a/src", "tree"));
        let top = file("README.md", "");
        assert_eq!((top.folder(), top.stem()), ("", "README"));
    }

    #[test]
    fn lines_are_counted_up_to_the_module_of_tests() {
        let text = "//! A.\n#[cfg(test)]\nuse a;\nfn f() {}\n\n#[cfg(test)]\nmod tests {\n}\n";
        assert_eq!(file("a.rs", text).lines_before_tests(), 5);
        assert_eq!(file("a.rs", "a\nb\n").lines_before_tests(), 2);
        for path in ["a/src/b/tests.rs", "a/tests/b.rs", "a/benches/b.rs"] {
            assert_eq!(file(path, "a\nb\n").lines_before_tests(), 0);
        }
    }

    #[test]
    fn comments_are_no_code() {
        let source = file("a.rs", "//! A.\nfn f() {} // f\n    // No.\n}\n");
        let lines: Vec<_> = source.code_lines().collect();
        assert_eq!(lines, [(2, "fn f() {} // f"), (4, "}")]);
    }
}
