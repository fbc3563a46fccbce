//! Rule: the changelog has a place for what comes next.

use super::tree::Tree;
use super::{Rule, Violation};

pub(super) const ENTRY: Rule = Rule {
    name: "changelog",
    check,
};

const FILE: &str = "CHANGELOG.md";
const HEADING: &str = "## Unreleased";

fn check(tree: &Tree) -> Vec<Violation> {
    let ready = tree
        .find(FILE)
        .is_some_and(|file| file.text.lines().any(|line| line.trim_end() == HEADING));
    if ready {
        vec![]
    } else {
        vec![Violation::of_file(
            FILE,
            format!("must have a section `{HEADING}`"),
        )]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_for_the_next_release_is_asked_for() {
        let check_text = |text| check(&Tree::of(&[(FILE, text)]));
        assert_eq!(check_text("# Changelog\n\n## Unreleased\n"), []);
        assert_eq!(check_text("# Changelog\n\n## 0.1.0\n").len(), 1);
        assert_eq!(check(&Tree::of(&[])).len(), 1);
    }
}
