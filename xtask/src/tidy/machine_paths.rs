//! Rule: no file speaks of the machine it was written on.

use super::tree::Tree;
use super::{Rule, Violation};

pub(super) const ENTRY: Rule = Rule {
    name: "machine-paths",
    check,
};

/// Folders that only one machine has, in two pieces each so that this file
/// passes its own rule.
const FOLDERS: &[&str] = &[
    concat!("/ho", "me/"),
    concat!("/ro", "ot/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
    concat!("C:\\Us", "ers\\"),
];

fn check(tree: &Tree) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in tree.files() {
        for (index, line) in file.text.lines().enumerate() {
            if let Some(folder) = FOLDERS.iter().find(|folder| is_absolute(line, folder)) {
                let message = format!("`{folder}…` is a path of one machine");
                violations.push(Violation::at(&file.path, index + 1, message));
            }
        }
    }
    violations
}

/// Whether the folder begins a path in the line, rather than going on one.
fn is_absolute(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(start, _)| {
        let before = line[..start].chars().last();
        !before.is_some_and(|letter| letter.is_alphanumeric() || "_-.~}>*/".contains(letter))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_one_machine_is_found() {
        let path = concat!("/ho", "me/ann/netsmith");
        let text = format!("a\ndata = \"{path}\"\nhttps://example.org{path}\n");
        let tree = Tree::of(&[("notes.md", &text)]);
        let message = format!("`{}…` is a path of one machine", concat!("/ho", "me/"));
        assert_eq!(check(&tree), [Violation::at("notes.md", 2, message)]);
    }
}
