//! Rule: a file or folder is named after what it holds.

use super::tree::Tree;
use super::{Rule, Violation};

pub(super) const ENTRY: Rule = Rule {
    name: "file-names",
    check,
};

/// Names that say nothing of what is inside.
const VAGUE: &[&str] = &[
    "base", "common", "helper", "helpers", "imp", "misc", "types", "util", "utils",
];

fn check(tree: &Tree) -> Vec<Violation> {
    let sources = tree.files().iter().filter(|file| {
        [".rs", ".py", ".sh"]
            .iter()
            .any(|extension| file.path.ends_with(extension))
    });
    sources
        .filter_map(|file| {
            let mut names = file.folder().split('/').chain([file.stem()]);
            let name = names.find(|name| is_vague(name))?;
            Some(Violation::of_file(
                &file.path,
                format!("`{name}` does not say what is inside"),
            ))
        })
        .collect()
}

/// A word of the list, or a second edition of another name (`parser2`).
fn is_vague(name: &str) -> bool {
    let second = name
        .strip_suffix('2')
        .and_then(|first| first.chars().last());
    VAGUE.contains(&name) || second.is_some_and(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vague_names_are_refused() {
        let tree = Tree::of(&[
            ("a/src/utils.rs", ""),
            ("a/src/common/mod.rs", ""),
            ("a/src/parser2.rs", ""),
            ("a/src/database.rs", ""),
            ("a/src/level_12.rs", ""),
            ("docs/common.md", ""),
        ]);
        let expected = [
            Violation::of_file("a/src/utils.rs", "`utils` does not say what is inside"),
            Violation::of_file(
                "a/src/common/mod.rs",
                "`common` does not say what is inside",
            ),
            Violation::of_file("a/src/parser2.rs", "`parser2` does not say what is inside"),
        ];
        assert_eq!(check(&tree), expected);
    }
}
