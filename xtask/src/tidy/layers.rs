//! Rule: a crate depends only on the layers below it, and the core stays free
//! of tensors and sockets. Every crate takes the lints of the workspace.

use toml::Table;

use super::tree::{SourceFile, Tree};
use super::{Rule, Violation};

pub(super) const ENTRY: Rule = Rule {
    name: "layers",
    check,
};

/// What one crate of the workspace may depend on.
struct Layer {
    name: &'static str,
    /// Crates of the workspace that it may use.
    may_use: &'static [&'static str],
    /// Crates from outside that it may not use; those named `NAME-…` neither.
    never: &'static [&'static str],
}

const LAYERS: &[Layer] = &[
    Layer {
        name: "netsmith",
        may_use: &[],
        never: &["burn", "ort", "axum", "tokio", "anyhow"],
    },
    Layer {
        name: "netsmith-kernels",
        may_use: &[],
        never: &["burn", "axum", "tokio", "anyhow"],
    },
    Layer {
        name: "netsmith-nn",
        may_use: &["netsmith", "netsmith-kernels"],
        never: &["axum", "tokio", "anyhow"],
    },
    Layer {
        name: "netsmith-cli",
        may_use: &["netsmith", "netsmith-nn"],
        never: &[],
    },
    Layer {
        name: "xtask",
        may_use: &[],
        never: &[],
    },
];

fn check(tree: &Tree) -> Vec<Violation> {
    let manifests = tree
        .files()
        .iter()
        .filter(|file| file.path.ends_with("/Cargo.toml"));
    manifests.flat_map(check_manifest).collect()
}

fn check_manifest(file: &SourceFile) -> Vec<Violation> {
    let violation = |message: String| Violation::of_file(&file.path, message);
    let manifest: Table = match file.text.parse() {
        Ok(manifest) => manifest,
        Err(error) => return vec![violation(format!("is no TOML: {error}"))],
    };
    let name = manifest
        .get("package")
        .and_then(|package| package.get("name")?.as_str());
    let Some(layer) = LAYERS.iter().find(|layer| Some(layer.name) == name) else {
        let name = name.unwrap_or("without a name");
        return vec![violation(format!(
            "crate {name} has no line in the layer table of xtask"
        ))];
    };
    let mut violations = Vec::new();
    for dependency in dependencies(&manifest) {
        let ours = LAYERS.iter().any(|layer| layer.name == dependency);
        let excluded = layer
            .never
            .iter()
            .any(|never| is_of_family(&dependency, never));
        if excluded || (ours && !layer.may_use.contains(&dependency.as_str())) {
            violations.push(violation(format!(
                "{} may not depend on {dependency}",
                layer.name
            )));
        }
    }
    if !manifest
        .get("lints")
        .is_some_and(|lints| lints.get("workspace") == Some(&true.into()))
    {
        violations.push(violation("must say `[lints] workspace = true`".to_owned()));
    }
    violations
}

/// All that a manifest depends on, of every kind and for every target, by the
/// package's own name.
fn dependencies(manifest: &Table) -> Vec<String> {
    const KINDS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];
    let targets = manifest
        .get("target")
        .and_then(|targets| targets.as_table());
    let tables = std::iter::once(manifest).chain(
        targets
            .into_iter()
            .flat_map(|targets| targets.values())
            .filter_map(|t| t.as_table()),
    );
    tables
        .flat_map(|table| KINDS.iter().filter_map(|kind| table.get(*kind)?.as_table()))
        .flatten()
        .map(|(key, value)| {
            let renamed = value.get("package").and_then(|package| package.as_str());
            renamed.unwrap_or(key).to_owned()
        })
        .collect()
}

fn is_of_family(dependency: &str, family: &str) -> bool {
    dependency
        .strip_prefix(family)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn messages(manifest: &str) -> Vec<String> {
        let path = "crates/a/Cargo.toml";
        let tree = Tree::of(&[(path, manifest)]);
        check(&tree)
            .into_iter()
            .map(|violation| violation.message)
            .collect()
    }

    const LINTS: &str = "[lints]\nworkspace = true\n";

    #[test]
    fn the_layers_below_may_be_used() {
        let manifest =
            "[package]\nname = \"netsmith-nn\"\n[dependencies]\nnetsmith = {}\nburn = \"1\"\n";
        assert_eq!(messages(&format!("{manifest}{LINTS}")), [""; 0]);
    }

    #[test]
    fn the_layers_above_may_not() {
        let manifest =
            "[package]\nname = \"netsmith\"\n[dev-dependencies]\nnetsmith-nn.workspace = true\n";
        let expected = ["netsmith may not depend on netsmith-nn"];
        assert_eq!(messages(&format!("{manifest}{LINTS}")), expected);
    }

    #[test]
    fn the_core_uses_no_tensors_under_any_name_or_target() {
        let manifest = "[package]\nname = \"netsmith\"\n\
                        [target.'cfg(unix)'.dependencies]\nt = { package = \"burn-flex\", version = \"1\" }\n\
                        [build-dependencies]\nburning = \"1\"\n";
        let expected = ["netsmith may not depend on burn-flex"];
        assert_eq!(messages(&format!("{manifest}{LINTS}")), expected);
    }

    #[test]
    fn a_new_crate_needs_its_line() {
        let expected = ["crate netsmith-web has no line in the layer table of xtask"];
        assert_eq!(messages("[package]\nname = \"netsmith-web\"\n"), expected);
    }

    #[test]
    fn the_lints_of_the_workspace_hold_everywhere() {
        let expected = ["must say `[lints] workspace = true`"];
        assert_eq!(messages("[package]\nname = \"xtask\"\n"), expected);
    }
}
