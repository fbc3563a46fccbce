//! Rule: one file opens the test data. The types keep a search away from them;
//! this keeps the one way in from being taken twice.

use super::tree::{SourceFile, Tree};
use super::{Rule, Violation};

pub(super) const ENTRY: Rule = Rule {
    name: "sealed-test",
    check,
};

/// The call that makes the proof that a search is over, in two pieces so that
/// this file passes its own rule.
const CALL: &str = concat!("FinalPhase", "::begin");

fn check(tree: &Tree) -> Vec<Violation> {
    let mut callers = tree.rust().filter(|file| calls(file));
    let Some(first) = callers.next() else {
        return Vec::new();
    };
    let message = format!("opens the test data, which {} does already", first.path);
    callers
        .map(|file| Violation::of_file(&file.path, message.clone()))
        .collect()
}

fn calls(file: &SourceFile) -> bool {
    let tests = file.lines_before_tests();
    file.code_lines()
        .take_while(|(number, _)| *number <= tests)
        .any(|(_, line)| line.contains(CALL))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_data_are_opened_in_one_place() {
        let call = format!("let phase = {CALL}_now();\n");
        let tested = format!("#[cfg(test)]\nmod tests {{\n{call}}}\n");
        let tree = Tree::of(&[
            ("crates/a/src/final_phase.rs", &call),
            ("crates/a/src/search.rs", &call),
            ("crates/a/src/split.rs", &tested),
            ("crates/a/tests/split.rs", &call),
        ]);
        let message = "opens the test data, which crates/a/src/final_phase.rs does already";
        assert_eq!(
            check(&tree),
            [Violation::of_file("crates/a/src/search.rs", message)]
        );
    }
}
