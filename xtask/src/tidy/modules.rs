//! Rule: every source belongs to its crate, and says in a `//!` header what it
//! is for. The compiler passes over a file that no `mod` line names.

use super::tree::{SourceFile, Tree};
use super::{Rule, Violation};

pub(super) const ENTRY: Rule = Rule {
    name: "modules",
    check,
};

fn check(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in tree.rust() {
        if !file.text.starts_with("//!") {
            violations.push(Violation::at(
                &file.path,
                1,
                "must start with a `//!` header",
            ));
        }
        if file.path.contains("/src/") && !is_root(file) && !is_declared(tree, file) {
            violations.push(Violation::of_file(&file.path, "no `mod` line names it"));
        }
    }
    violations
}

/// Whether cargo finds the file by its place.
fn is_root(file: &SourceFile) -> bool {
    let folder = file.folder();
    folder.ends_with("/src/bin")
        || (folder.ends_with("/src") && matches!(file.stem(), "lib" | "main"))
}

fn is_declared(tree: &Tree, file: &SourceFile) -> bool {
    let (folder, name) = if file.stem() == "mod" {
        file.folder()
            .rsplit_once('/')
            .unwrap_or(("", file.folder()))
    } else {
        (file.folder(), file.stem())
    };
    let parents = ["lib.rs", "main.rs", "mod.rs"].map(|parent| format!("{folder}/{parent}"));
    let declaration = format!("mod {name};");
    parents
        .iter()
        .chain([&format!("{folder}.rs")])
        .any(|parent| {
            tree.find(parent).is_some_and(|parent| {
                parent
                    .code_lines()
                    .any(|(_, line)| line.trim_end().ends_with(&declaration))
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_orphan_is_found() {
        let tree = Tree::of(&[
            ("a/src/lib.rs", "//! A.\nmod b;\npub(crate) mod c;\n"),
            ("a/src/b.rs", "//! B.\n"),
            ("a/src/c/mod.rs", "//! C.\nmod d;\n"),
            ("a/src/c/d.rs", "//! D.\n"),
            ("a/src/c/e.rs", "//! E.\n"),
            ("a/src/f/mod.rs", "//! F.\n"),
            ("a/tests/g.rs", "//! G.\n"),
        ]);
        let found: Vec<_> = check(&tree)
            .into_iter()
            .map(|violation| violation.path)
            .collect();
        assert_eq!(found, ["a/src/c/e.rs", "a/src/f/mod.rs"]);
    }

    #[test]
    fn a_header_is_asked_for() {
        let tree = Tree::of(&[("a/src/main.rs", "fn main() {}\n")]);
        let expected = Violation::at("a/src/main.rs", 1, "must start with a `//!` header");
        assert_eq!(check(&tree), [expected]);
    }
}
