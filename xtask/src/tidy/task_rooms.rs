//! Rule: what is known of one task or one modality lies in its room. Elsewhere a
//! crate asks all alike and names none, so that a new one is added in one place.

use super::tree::{SourceFile, Tree};
use super::{Rule, Violation};

pub(super) const ENTRY: Rule = Rule {
    name: "task-rooms",
    check,
};

/// Where tasks are, one file each.
const TASKS: &str = "crates/netsmith-nn/src/task/";

/// Where sources are, which make targets and samples; and modalities, a folder each.
const DATA: &str = "crates/netsmith-nn/src/data/";

/// Where none is named.
const ASKING: &[&str] = &["crates/netsmith-nn/src/", "crates/netsmith-cli/src/"];

fn check(tree: &Tree) -> Vec<Violation> {
    let names = names(tree);
    if names.is_empty() {
        return vec![Violation::of_file(TASKS, "has no task")];
    }
    let asking = tree.rust().filter(|file| {
        let is_room = file.path.starts_with(TASKS) || file.path.starts_with(DATA);
        !is_room && ASKING.iter().any(|folder| file.path.starts_with(folder))
    });
    asking
        .flat_map(|file| {
            named_in(file, &names).into_iter().map(|(line, name)| {
                let message = format!("names `{name}`: ask all tasks and modalities alike");
                Violation::at(&file.path, line, message)
            })
        })
        .collect()
}

/// What tasks and modalities are called in code.
fn names(tree: &Tree) -> Vec<String> {
    let modalities = format!("{DATA}modality/");
    let mut names: Vec<String> = Vec::new();
    for file in tree.rust() {
        let task = file.path.strip_prefix(TASKS);
        let task = task.and_then(|name| name.strip_suffix(".rs"));
        if let Some(task) =
            task.filter(|name| !["mod", "tests"].contains(name) && !name.contains('/'))
        {
            names.push(camel_case(task));
        }
        let modality = file.path.strip_prefix(&modalities);
        if let Some(modality) = modality.and_then(|name| name.strip_suffix("/mod.rs")) {
            names.push(format!("modality::{}", camel_case(modality)));
            names.push(format!("modality::{modality}::"));
        }
    }
    names
}

/// `sequence_labelling` as `SequenceLabelling`.
fn camel_case(name: &str) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at(word.len().min(1));
        first.to_uppercase() + rest
    };
    name.split('_').map(capital).collect()
}

/// The lines of a file before its tests that name one.
fn named_in<'a>(file: &SourceFile, names: &'a [String]) -> Vec<(usize, &'a str)> {
    let end = file.lines_before_tests();
    let lines = file.code_lines().take_while(|(number, _)| *number <= end);
    let lines = lines.filter(|(_, line)| !file.path.ends_with("/tests.rs") && !line.is_empty());
    lines
        .filter_map(|(number, line)| {
            let name = names.iter().find(|name| has_word(line, name))?;
            Some((number, name.as_str()))
        })
        .collect()
}

/// Whether a line has this text, not inside a longer name.
fn has_word(line: &str, text: &str) -> bool {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.match_indices(text).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + text.len()..].chars().next();
        let ends = text.ends_with(':') || !after.is_some_and(is_name);
        !before.is_some_and(is_name) && ends
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn found(path: &str, text: &str) -> Vec<Option<usize>> {
        let tree = Tree::of(&[
            ("crates/netsmith-nn/src/task/mod.rs", "trait Task {}\n"),
            ("crates/netsmith-nn/src/task/sequence_labelling.rs", "\n"),
            ("crates/netsmith-nn/src/data/modality/images/mod.rs", "\n"),
            (path, text),
        ]);
        check(&tree).into_iter().map(|it| it.line).collect()
    }

    #[test]
    fn a_file_outside_the_rooms_names_no_task_and_no_modality() {
        let text = "use crate::task::SequenceLabelling;\nlet task: &dyn Task;\n\
            use crate::data::modality::{Modality, NewSamples};\nlet x = modality::Images::identity();\n\
            // SequenceLabelling\nlet y = modality::images::ENTRY;\nlet z = SequenceLabellings;\n";
        let path = "crates/netsmith-nn/src/train/mod.rs";
        assert_eq!(found(path, text), [Some(1), Some(4), Some(6)]);
        assert_eq!(found("crates/netsmith-cli/src/main.rs", text).len(), 3);
    }

    #[test]
    fn rooms_and_tests_may() {
        let text = "use crate::task::SequenceLabelling;\n";
        for path in [
            "crates/netsmith-nn/src/data/digits.rs",
            "crates/netsmith-nn/src/task/metric/mod.rs",
            "crates/netsmith-nn/src/score/tests.rs",
            "crates/netsmith-nn/tests/data.rs",
        ] {
            assert_eq!(found(path, text), [], "{path}");
        }
        let tested = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{text}}}\n");
        assert_eq!(found("crates/netsmith-nn/src/train/mod.rs", &tested), []);
    }
}
