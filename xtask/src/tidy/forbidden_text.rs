//! Rule: some texts have no place in Rust sources, or none in the core.

use super::tree::{SourceFile, Tree};
use super::{Rule, Violation};

pub(super) const ENTRY: Rule = Rule {
    name: "forbidden-text",
    check,
};

/// A text, what is wrong with it, and where it is looked for.
struct Ban {
    text: &'static str,
    because: &'static str,
    place: Place,
}

#[derive(PartialEq, Eq)]
enum Place {
    /// Code of every crate, tests too.
    Code,
    /// Comments of documentation.
    Documentation,
    /// Code of the core crate before its tests.
    Core,
}

/// The texts are written in two pieces so that this file passes its own rule.
const BANS: &[Ban] = &[
    Ban {
        text: concat!("#[", "allow("),
        because: "use `#[expect(…, reason = \"…\")]`, which tells when it is no longer needed",
        place: Place::Code,
    },
    Ban {
        text: concat!("#![", "allow("),
        because: "use `#![expect(…, reason = \"…\")]`, which tells when it is no longer needed",
        place: Place::Code,
    },
    Ban {
        text: concat!("todo", "!("),
        because: "what is committed is finished",
        place: Place::Code,
    },
    Ban {
        text: concat!("unimplemented", "!("),
        because: "what is committed is finished",
        place: Place::Code,
    },
    Ban {
        text: concat!("#[", "ignore"),
        because: "a test that does not run is no test",
        place: Place::Code,
    },
    Ban {
        text: concat!("```", "ignore"),
        because: "an example that is not compiled rots: use `no_run` or hidden lines",
        place: Place::Documentation,
    },
    Ban {
        text: concat!("```rust,", "ignore"),
        because: "an example that is not compiled rots: use `no_run` or hidden lines",
        place: Place::Documentation,
    },
    Ban {
        text: concat!("env", "::var"),
        because: "the core reads no environment: take the value as an argument",
        place: Place::Core,
    },
];

fn check(tree: &Tree) -> Vec<Violation> {
    tree.rust()
        .flat_map(|file| BANS.iter().flat_map(move |ban| find(file, ban)))
        .collect()
}

fn find<'a>(file: &'a SourceFile, ban: &'a Ban) -> impl Iterator<Item = Violation> + 'a {
    let end = match ban.place {
        Place::Core if file.path.starts_with("crates/netsmith/src/") => file.lines_before_tests(),
        Place::Core => 0,
        Place::Code | Place::Documentation => usize::MAX,
    };
    let lines = file.text.lines().enumerate().take(end);
    lines
        .filter(|(_, line)| {
            let is_comment = line.trim_start().starts_with("//");
            line.contains(ban.text) && is_comment == (ban.place == Place::Documentation)
        })
        .map(|(index, _)| {
            Violation::at(
                &file.path,
                index + 1,
                format!("`{}`: {}", ban.text, ban.because),
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check(&Tree::of(&[(path, text)]))
            .into_iter()
            .filter_map(|violation| violation.line)
            .collect()
    }

    #[test]
    fn banned_texts_are_found_in_code() {
        let text = format!(
            "//! No {0}, {1}, {2}.\n    {0}\n    {1}\n    {2}\n    {3}\n",
            concat!("#[", "allow(dead_code)]"),
            concat!("todo", "!()"),
            concat!("#[", "ignore]"),
            concat!("unimplemented", "!()"),
        );
        assert_eq!(lines("a/src/a.rs", &text), [2, 3, 5, 4]);
    }

    #[test]
    fn examples_must_compile() {
        let text = format!("//! {}\n//! ```\n", concat!("```rust,", "ignore"));
        assert_eq!(lines("a/src/a.rs", &text), [1]);
    }

    #[test]
    fn only_the_core_may_not_read_the_environment() {
        let call = concat!("std::env", "::var(\"A\");\n");
        let text = format!("{call}#[cfg(test)]\nmod tests {{\n{call}}}\n");
        assert_eq!(lines("crates/netsmith/src/a.rs", &text), [1]);
        assert_eq!(lines("crates/netsmith-nn/src/a.rs", &text), [0; 0]);
        assert_eq!(lines("crates/netsmith/tests/a.rs", &text), [0; 0]);
    }
}
