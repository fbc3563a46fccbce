//! Python names.

use std::collections::BTreeSet;

/// What no attribute of the model may be called: Python's keywords, and the
/// attributes that `torch.nn.Module` or the file itself uses.
const TAKEN: &[&str] = &[
    "False",
    "None",
    "True",
    "and",
    "as",
    "assert",
    "async",
    "await",
    "break",
    "class",
    "continue",
    "def",
    "del",
    "elif",
    "else",
    "except",
    "finally",
    "for",
    "from",
    "global",
    "if",
    "import",
    "in",
    "is",
    "lambda",
    "nonlocal",
    "not",
    "or",
    "pass",
    "raise",
    "return",
    "try",
    "while",
    "with",
    "yield",
    "add_module",
    "apply",
    "bfloat16",
    "buffers",
    "children",
    "compile",
    "cpu",
    "cuda",
    "double",
    "dump_patches",
    "eval",
    "float",
    "forward",
    "half",
    "load_state_dict",
    "modules",
    "parameters",
    "to",
    "train",
    "training",
    "type",
    "zero_grad",
    "normalize",
    "logits",
    "answer",
    "mean",
    "std",
    "ipu",
    "xpu",
    "mtia",
    "state_dict",
    "share_memory",
    "register_buffer",
    "named_parameters",
    "named_modules",
    "named_buffers",
    "named_children",
    "extra_repr",
    "call_super_init",
    "to_empty",
];

/// Gives every node a name of its own.
#[derive(Debug)]
pub(super) struct Names(BTreeSet<String>);

impl Names {
    pub(super) fn new() -> Self {
        Self(TAKEN.iter().map(|&name| name.to_owned()).collect())
    }

    /// The node's path with underscores: `stage0.block1.pool` becomes
    /// `stage0_block1_pool`.
    pub(super) fn of(&mut self, path: &str) -> String {
        let letter = |c: char| {
            if c.is_ascii_alphanumeric() {
                c.to_ascii_lowercase()
            } else {
                '_'
            }
        };
        let mut name: String = path.chars().map(letter).collect();
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            name.insert_str(0, "layer");
        }
        let mut free = name.clone();
        let mut number = 2;
        while !self.0.insert(free.clone()) {
            free = format!("{name}_{number}");
            number += 1;
        }
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_valid_and_differ() {
        let mut names = Names::new();
        let paths = ["stage0.block-1", "stage0.block_1", "3x3", "train", "_x"];
        let named = paths.map(|path| names.of(path));
        let expected = [
            "stage0_block_1",
            "stage0_block_1_2",
            "layer3x3",
            "train_2",
            "layer_x",
        ];
        assert_eq!(named, expected);
    }
}
