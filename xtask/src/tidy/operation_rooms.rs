//! Rule: what is known of one operation lies in its file. Elsewhere a crate asks
//! all operations alike and names none, so that a new one is added in one place.

use std::collections::BTreeSet;

use super::tree::{SourceFile, Tree};
use super::{Rule, Violation};

pub(super) const ENTRY: Rule = Rule {
    name: "operation-rooms",
    check,
};

/// A crate, and where in it operations may be named.
struct Rooms {
    sources: &'static str,
    /// Folders and files: rooms of operations, and what builds networks of them.
    may_name: &'static [&'static str],
}

const ROOMS: &[Rooms] = &[
    Rooms {
        sources: "crates/netsmith/src/",
        may_name: &["network/operation/", "space/"],
    },
    Rooms {
        sources: "crates/netsmith-nn/src/",
        may_name: &[
            "export/",
            "module/",
            // Not asked of the rooms yet.
            "cost/operation_table.rs",
            "morphism/carry.rs",
            "morphism/fresh.rs",
            "score/flow.rs",
            "score/grasp.rs",
            "score/zen.rs",
            "supernet/network/partial.rs",
            "supernet/statistics.rs",
        ],
    },
];

/// The file with the enum of all operations.
const OPERATIONS: &str = "crates/netsmith/src/network/operation/mod.rs";

/// Where the variants begin.
const ENUM: &str = "pub enum Operation<";

fn check(tree: &Tree) -> Vec<Violation> {
    let Some(operations) = tree.find(OPERATIONS) else {
        return vec![Violation::of_file(OPERATIONS, "is missing")];
    };
    let names = Names::of(operations);
    if names.variants.is_empty() {
        let message = format!("has no variants behind `{ENUM}`");
        return vec![Violation::of_file(OPERATIONS, message)];
    }
    let mut violations = Vec::new();
    for file in tree.rust() {
        let inside = ROOMS.iter().find_map(|rooms| {
            let inside = file.path.strip_prefix(rooms.sources)?;
            Some((inside, rooms))
        });
        let Some((inside, rooms)) = inside else {
            continue;
        };
        if rooms.may_name.iter().any(|room| inside.starts_with(room)) {
            continue;
        }
        let named = names.named_in(file).into_iter();
        violations.extend(named.map(|(line, name)| {
            let message = format!("names the operation `{name}`: ask all operations alike");
            Violation::at(&file.path, line, message)
        }));
    }
    violations
}

/// What operations are called in code.
struct Names<'a> {
    variants: BTreeSet<&'a str>,
    /// The types that hold their attributes.
    types: BTreeSet<&'a str>,
}

impl<'a> Names<'a> {
    fn of(operations: &'a SourceFile) -> Self {
        let lines = operations.code_lines().map(|(_, line)| line);
        let variants = lines
            .skip_while(|line| !line.starts_with(ENUM))
            .skip(1)
            .take_while(|line| *line != "}");
        let mut names = Self {
            variants: BTreeSet::new(),
            types: BTreeSet::new(),
        };
        for line in variants {
            // Fields of a variant stand further inside.
            let Some(variant) = line.strip_prefix("    ").filter(|it| starts_name(it)) else {
                continue;
            };
            let mut words = words(variant);
            names.variants.extend(words.next());
            // Every operation has shapes.
            names.types.extend(words.next().filter(|it| *it != "Shape"));
        }
        names
    }

    /// The lines of a file before its tests that name an operation.
    fn named_in(&self, file: &'a SourceFile) -> Vec<(usize, &'a str)> {
        let end = file.lines_before_tests();
        let mut named = Vec::new();
        let mut imports = false;
        for (number, line) in file.code_lines().take_while(|(number, _)| *number <= end) {
            let mut paths = line.split("Operation::").skip(1);
            named.extend(paths.find_map(|path| {
                let variant = words(path).next()?;
                let is_next = path.starts_with(variant) && self.variants.contains(variant);
                is_next.then_some((number, variant))
            }));
            imports |= line.contains("operation::");
            if imports {
                let types = words(line).filter(|word| self.types.contains(word));
                named.extend(types.map(|name| (number, name)));
            }
            // What is imported may go over several lines.
            imports &= !line.contains(';');
        }
        named.dedup();
        named
    }
}

fn starts_name(text: &str) -> bool {
    text.starts_with(|letter: char| letter.is_ascii_uppercase())
}

/// The words of a line that begin with a capital letter.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.split(move |letter| !is_name(letter))
        .filter(|word| starts_name(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENUM_TEXT: &str = "pub enum Operation<S = usize> {\n    /// Enters.\n    Input(Shape),\n    \
        Linear(Linear<S>),\n    MaxPool(Pool<S>),\n    Mix {\n        decision: usize,\n    },\n}\n\n\
        pub struct Form;\n";

    #[track_caller]
    fn found(path: &str, text: &str) -> Vec<(Option<usize>, String)> {
        let tree = Tree::of(&[(OPERATIONS, ENUM_TEXT), (path, text)]);
        let violations = check(&tree).into_iter();
        violations.map(|it| (it.line, it.message)).collect()
    }

    #[track_caller]
    fn names(path: &str, text: &str) -> Vec<(usize, String)> {
        let found = found(path, text).into_iter();
        let name = |message: String| message.split('`').nth(1).unwrap_or_default().to_owned();
        found
            .map(|(line, message)| (line.unwrap_or(0), name(message)))
            .collect()
    }

    fn named(line: usize, name: &str) -> (usize, String) {
        (line, name.to_owned())
    }

    #[test]
    fn a_file_outside_the_rooms_names_no_operation() {
        let text = "use crate::network::operation::{\n    Linear, Saved,\n};\n\
            let mix = Operation::Mix { decision: 0 };\n// Operation::Linear\n\
            let shape = Shape::vector(3);\nlet input = Operation::input(shape);\n\
            let pool = operation::Pool::square(2, 2);\n";
        let expected = [named(2, "Linear"), named(4, "Mix"), named(8, "Pool")];
        assert_eq!(names("crates/netsmith/src/network/key.rs", text), expected);
        assert_eq!(
            names("crates/netsmith-nn/src/pipeline/a.rs", text),
            expected
        );
    }

    #[test]
    fn rooms_and_tests_may() {
        let text = "let linear = Operation::Linear(Linear::new(3));\n";
        for path in [
            "crates/netsmith/src/space/chain.rs",
            "crates/netsmith/src/network/operation/linear.rs",
            "crates/netsmith-nn/src/module/fused.rs",
            "crates/netsmith-nn/src/pipeline/tests.rs",
            "crates/netsmith-cli/src/main.rs",
        ] {
            assert_eq!(names(path, text), [], "{path}");
        }
        let tested = format!("fn f() {{}}\n#[cfg(test)]\nmod tests {{\n{text}}}\n");
        assert_eq!(names("crates/netsmith/src/network/key.rs", &tested), []);
    }

    #[test]
    fn the_operations_must_be_there() {
        assert_eq!(check(&Tree::of(&[])).len(), 1);
        assert_eq!(check(&Tree::of(&[(OPERATIONS, "struct A;\n")])).len(), 1);
    }
}
