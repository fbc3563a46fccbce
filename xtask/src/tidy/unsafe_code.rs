//! Rule: unchecked code stands in the crate of kernels, or under an explicit
//! expectation that gives its reason.

use super::tree::Tree;
use super::{Rule, Violation};

pub(super) const ENTRY: Rule = Rule {
    name: "unsafe-code",
    check,
};

/// The crate that exists to hold it.
const HOME: &str = "crates/netsmith-kernels/";

/// In two pieces so that this file passes its own rule.
const WORD: &str = concat!("un", "safe");

fn check(tree: &Tree) -> Vec<Violation> {
    tree.rust()
        .filter(|file| !file.path.starts_with(HOME))
        .filter(|file| !file.text.contains("expect(unsafe_code"))
        .flat_map(|file| {
            file.code_lines().filter(|(_, line)| opens_unchecked_code(line)).map(|(number, _)| {
                let message = format!("`{WORD}` belongs in {HOME}, or under `#[expect(unsafe_code, reason = \"…\")]`");
                Violation::at(&file.path, number, message)
            })
        })
        .collect()
}

/// Whether the keyword stands before what it can open, or inside an attribute.
fn opens_unchecked_code(line: &str) -> bool {
    const OPENED: [&str; 6] = ["{", "fn", "impl", "trait", "extern", "("];
    line.match_indices(WORD).any(|(start, _)| {
        let before = line[..start].chars().last();
        let after = &line[start + WORD.len()..];
        !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_' || letter == '"')
            && OPENED
                .iter()
                .any(|opened| after.trim_start().starts_with(opened))
            && !after.starts_with(char::is_alphanumeric)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keyword_is_told_from_the_word() {
        let line = |rest: &str| format!("{WORD}{rest}");
        assert!(opens_unchecked_code(&line(" { f() }")));
        assert!(opens_unchecked_code(&format!("pub {}", line(" fn f() {}"))));
        assert!(opens_unchecked_code(&format!("#[{}]", line("(no_mangle)"))));
        assert!(!opens_unchecked_code(&line("_code = \"deny\"")));
        assert!(!opens_unchecked_code(&format!("not_{}", line(" {"))));
    }

    #[test]
    fn it_has_one_home() {
        let text = format!("fn f() {{ {WORD} {{ g() }} }}\n");
        let expected = format!("#[expect(unsafe_code, reason = \"it must\")]\n{text}");
        let tree = Tree::of(&[
            ("crates/netsmith-kernels/src/lib.rs", &text),
            ("crates/netsmith-nn/src/a.rs", &expected),
            ("crates/netsmith-nn/src/b.rs", &text),
        ]);
        let found: Vec<_> = check(&tree).into_iter().map(|v| (v.path, v.line)).collect();
        assert_eq!(found, [("crates/netsmith-nn/src/b.rs".to_owned(), Some(1))]);
    }
}
