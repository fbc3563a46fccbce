//! Rule: in a folder whose `mod.rs` has a `CATALOGUE`, the files with an
//! `ENTRY` and the entries listed are the same.

use std::collections::BTreeSet;

use super::tree::{SourceFile, Tree};
use super::{Rule, Violation};

pub(super) const ENTRY: Rule = Rule {
    name: "catalogue",
    check,
};

fn check(tree: &Tree) -> Vec<Violation> {
    let catalogues = tree
        .rust()
        .filter(|file| file.stem() == "mod" && declares(file, "CATALOGUE"));
    catalogues
        .flat_map(|catalogue| check_catalogue(tree, catalogue))
        .collect()
}

fn check_catalogue(tree: &Tree, catalogue: &SourceFile) -> Vec<Violation> {
    let listed = listed_entries(catalogue);
    let present = entries_in(tree, catalogue.folder());
    let missing = present
        .difference(&listed)
        .map(|name| format!("does not list `{name}::ENTRY`"));
    let dangling = listed
        .difference(&present)
        .map(|name| format!("lists `{name}::ENTRY`, but no file beside it has it"));
    missing
        .chain(dangling)
        .map(|message| Violation::of_file(&catalogue.path, message))
        .collect()
}

/// The names before `::ENTRY` in the code of a file.
fn listed_entries(file: &SourceFile) -> BTreeSet<&str> {
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_';
    file.code_lines()
        .flat_map(|(_, line)| {
            line.match_indices("::ENTRY")
                .map(move |(end, _)| &line[..end])
        })
        .map(|before| {
            before
                .rsplit(|letter| !is_name(letter))
                .next()
                .unwrap_or(before)
        })
        .collect()
}

/// The modules below a folder that have an `ENTRY`: those right below it, and those
/// in a folder of it that is neither an entry nor a catalogue itself.
fn entries_in<'a>(tree: &'a Tree, folder: &str) -> BTreeSet<&'a str> {
    let groups = |name: &str| {
        let path = format!("{folder}/{name}/mod.rs");
        let module = tree.rust().find(|file| file.path == path);
        module.is_some_and(|file| !declares(file, "ENTRY") && !declares(file, "CATALOGUE"))
    };
    tree.rust()
        .filter(|file| declares(file, "ENTRY"))
        .filter_map(|file| {
            let inside = file.path.strip_prefix(folder)?.strip_prefix('/')?;
            let module = inside
                .strip_suffix("/mod.rs")
                .or_else(|| inside.strip_suffix(".rs"))?;
            match module.split_once('/') {
                None => Some(module),
                Some((group, name)) => (!name.contains('/') && groups(group)).then_some(name),
            }
        })
        .collect()
}

/// Whether a file has a constant or static of this name at its top level.
fn declares(file: &SourceFile, name: &str) -> bool {
    file.text.lines().any(|line| {
        let declaration = ["const ", "static "].iter().find_map(|kind| {
            let (before, after) = line.split_once(kind)?;
            (before.is_empty() || before.starts_with("pub")).then_some(after)
        });
        declaration.is_some_and(|rest| rest.strip_prefix(name).is_some_and(|r| r.starts_with(':')))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY_LINE: &str = "pub(crate) const ENTRY: Entry = Entry::new();\n";

    #[test]
    fn a_catalogue_lists_what_is_there() {
        let tree = Tree::of(&[
            (
                "a/src/s/mod.rs",
                "pub const CATALOGUE: &[Entry] = &[one::ENTRY, &two::ENTRY, group::four::ENTRY];\n",
            ),
            ("a/src/s/one.rs", ENTRY_LINE),
            ("a/src/s/two/mod.rs", ENTRY_LINE),
            ("a/src/s/two/part.rs", ENTRY_LINE),
            ("a/src/s/parameters.rs", "struct A;\n"),
            ("a/src/s/group/mod.rs", "pub mod four;\n"),
            ("a/src/s/group/four.rs", ENTRY_LINE),
            ("a/src/other/mod.rs", "mod three;\n"),
            ("a/src/other/three.rs", ENTRY_LINE),
        ]);
        assert_eq!(check(&tree), []);
    }

    #[test]
    fn what_is_missing_on_either_side_is_told() {
        let tree = Tree::of(&[
            (
                "a/src/s/mod.rs",
                "// gone::ENTRY\npub static CATALOGUE: &[Entry] = &[two::ENTRY];\n",
            ),
            ("a/src/s/one.rs", ENTRY_LINE),
        ]);
        let expected = [
            Violation::of_file("a/src/s/mod.rs", "does not list `one::ENTRY`"),
            Violation::of_file(
                "a/src/s/mod.rs",
                "lists `two::ENTRY`, but no file beside it has it",
            ),
        ];
        assert_eq!(check(&tree), expected);
    }
}
