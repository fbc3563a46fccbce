//! Rule: a file holds one idea, so it has at most [`MAX_LINES`] lines before
//! its tests.

use super::tree::Tree;
use super::{Rule, Violation};

pub(super) const ENTRY: Rule = Rule {
    name: "file-sizes",
    check,
};

const MAX_LINES: usize = 800;

fn check(tree: &Tree) -> Vec<Violation> {
    tree.rust()
        .map(|file| (file, file.lines_before_tests()))
        .filter(|(_, lines)| *lines > MAX_LINES)
        .map(|(file, lines)| {
            let message =
                format!("has {lines} lines before its tests: at most {MAX_LINES} are allowed");
            Violation::of_file(&file.path, message)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lines_before_the_tests_count() {
        let code = "a;\n".repeat(800);
        let tests = format!("{code}#[cfg(test)]\nmod tests {{\n{code}}}\n");
        let long = format!("{code}b;\n");
        let tree = Tree::of(&[("a.rs", &tests), ("b.rs", &long), ("a/tests/c.rs", &long)]);
        let expected = "has 801 lines before its tests: at most 800 are allowed";
        assert_eq!(check(&tree), [Violation::of_file("b.rs", expected)]);
    }
}
