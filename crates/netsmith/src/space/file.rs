//! Spaces of the user's own, from a TOML file.
//!
//! A file lists the nodes of a network; each names what it is and what it
//! reads. What the search may decide stands where it acts: a list of values for
//! a size, a list of options for an operation, a selection among earlier nodes.
//!
//! ```
//! use netsmith::network::Shape;
//! use netsmith::space::{Task, file};
//!
//! let text = r#"
//! [values]
//! width = [8, 16, 32]
//! depth = [1, 2, 3]
//!
//! [block.plain]
//! nodes = [
//!   { operation = "convolution", out = "width", kernel = 3 },
//!   { operation = "batch-norm" },
//!   { operation = "relu" },
//! ]
//!
//! [block.residual]
//! nodes = [
//!   { name = "deep", block = "plain" },
//!   { operation = "add", from = ["deep", "input"] },
//! ]
//!
//! [network]
//! nodes = [
//!   { name = "stem", block = "plain" },
//!   { name = "body", repeat = "residual", times = "depth" },
//!   { name = "last", choice = ["identity", "squeeze-excite", { operation = "avg-pool", kernel = 2, stride = 2 }] },
//!   { operation = "global-pool" },
//!   { operation = "linear", out = "classes" },
//! ]
//! "#;
//! let task = Task::vector(Shape::image(1, 8, 8), 10);
//! let space = file::parse("example.toml", text, &task)?;
//! assert_eq!(space.size(), Some(3 * 3 * 3));
//! let architecture = space.parse("width=16,depth=2,last=identity")?;
//! assert_eq!(space.network(&architecture)?.parameters(), 16 * 9 + 32 + 2 * (16 * 16 * 9 + 32) + 170);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The file
//!
//! | key | what it is |
//! |---|---|
//! | `summary` | a sentence for readers |
//! | `[values]` | `name = [sizes]`: sizes that the search decides |
//! | `[block.NAME]` | a graph that nodes use by its name |
//! | `[network]` | the graph of the whole network; its input is the sample, its last node the answer |
//! | `shared` | names of values and decisions that are one for the whole network, also in blocks with decisions of their own |
//! | `[[rules]]` | `different = [decisions]`: no two take the same option; or `at-most = N`, `option = "name"`, `of = [decisions]` |
//!
//! A graph has `nodes`, and perhaps `inputs` (names; `["input"]` without) and
//! `outputs` (nodes; the last one without).
//!
//! # Nodes
//!
//! Each node is a table with exactly one of the keys below. Besides it may have
//! a `name`, and `from`: the node or list of nodes that it reads, the one before
//! it without. The second output of a node is `node.1`. A node that nothing
//! reads is not built, unless it has `keep = true`.
//!
//! | key | what goes there | further keys |
//! |---|---|---|
//! | `operation = "name"` | one operation | its attributes |
//! | `choice = [steps]` | one of several steps | `decision` |
//! | `select = N` or `"any"` | the sum of N of the nodes in `from`, or of any subset (the first where it is empty) | `merge`, `order`, `again`, `through`, `per`, `decision` |
//! | `repeat = step` | a step several times, one after the other | `times` (a number or value), `own` |
//! | `block = "name"` | a block | `own`, `tie` (instances of one tie share their weights) |
//! | `align = "project"`, `"preprocess"`, `"calibrate"`, `"resize"` or `"pad"` | the node brought to other channels, or to the size of another one | `channels`, `like` |
//! | `loose = "sum"`, `"concat"` or `"padded-concat"` | those of `from` that nothing else reads | `always`, `same-size` |
//! | `unroll = "block"` | the block repeated over the positions of a sequence; `from` is the sequence and the first states | `own` |
//!
//! A step is the name of a block, the name of an operation, or a table
//! `{ operation = "name", name = "option", … }`.
//!
//! In a selection, `merge` is `sum`, `concat` or `padded-concat`; `order = true`
//! tells slots apart; with `again = true` a node may fill several slots; `through`
//! is a step that each selected node passes, with decisions of its own for each
//! candidate or, with `per = "slot"`, for each slot.
//!
//! # Decisions
//!
//! A choice or selection is decided once for its node: all uses of a block share
//! its decisions, as all cells of a network do. With `own = true` this use of the
//! block has decisions of its own. Nodes that name the same `decision` share it.
//!
//! # Sizes
//!
//! A size is a number or a text: terms joined by `*` and `/`. A term is a
//! number, a name of `[values]`, `classes`, `channels` (of what the node reads)
//! or `channels(node)`.
//!
//! # Operations
//!
//! `netsmith list operations` shows all [operations](crate::network::operation)
//! with their attributes. Besides these there are blocks of several operations:
//!
//! | block | attributes |
//! |---|---|
//! | `convolution-norm` | `out`, `kernel` (3), `stride` (1), `activation` |
//! | `relu-convolution-norm` | `out`, `kernel` (3), `stride` (1), `affine` |
//! | `separable` | `kernel` (3), `stride` (1), `affine` |
//! | `dilated` | `kernel` (3), `stride` (1), `dilation` (2), `affine` |
//! | `factorised-reduction` | `out`, `affine` |
//! | `squeeze-excite` | `reduction` (4) |
//!
//! A kernel or stride is one size, or a list of height and width. Sizes go up
//! to 16,384, kernels and strides up to 64; files up to 1 MiB.

mod error;
mod node;
mod operation;
mod size;
mod table;
mod writer;

pub(crate) use error::Fault;
pub use error::FileError;
pub(crate) use operation::Attributes;

use super::{Architecture, Entry, Space, SpaceError, Task};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::cost::Cost;
use crate::network::Operation;
use std::path::Path;
use table::Table;
use toml::de::DeTable;
use writer::Writer;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "toml",
    "A space of your own: a TOML file that lists operations and connections.",
    build,
)
.parameters(&[Parameter {
    name: "file",
    kind: ParameterKind::Path,
    default: "",
    doc: "The file; without one, the example `residual-stages.toml`.",
}]);

/// The largest file that is read, in bytes.
const MOST_BYTES: u64 = 1 << 20;

/// More parameters, MACs or bytes than any network of a space may have.
const MOST_COST: u64 = 1 << 45;

fn build(task: &Task, settings: &Settings) -> Result<Space, SpaceError> {
    let space = match settings.text("file") {
        "" => parse(
            "residual-stages.toml",
            include_str!("../../../../examples/spaces/residual-stages.toml"),
            task,
        ),
        path => read(Path::new(path), task),
    };
    space.map_err(|error| SpaceError::File(Box::new(error)))
}

/// The space that a file writes.
///
/// # Errors
/// The file cannot be read, or what is wrong with it and where.
pub fn read(path: &Path, task: &Task) -> Result<Space, FileError> {
    let name = path.display().to_string();
    let unreadable = |error: std::io::Error| FileError::Read {
        path: name.clone(),
        reason: error.to_string(),
    };
    let bytes = std::fs::metadata(path).map_err(unreadable)?.len();
    if bytes > MOST_BYTES {
        return Err(FileError::TooLarge {
            path: name,
            bytes,
            most: MOST_BYTES,
        });
    }
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    parse(&name, &text, task)
}

/// The space that a text writes; `name` stands for the text in messages.
///
/// # Errors
/// What is wrong with the text, and where.
pub fn parse(name: &str, text: &str, task: &Task) -> Result<Space, FileError> {
    written(text, task).map_err(|fault| fault.of_file(name, text))
}

/// The operation that an inline table writes, such as `{ operation = "relu" }`,
/// whose sizes are numbers.
///
/// # Errors
/// What is wrong with the text, and where.
pub(crate) fn operation(text: &str) -> Result<Operation, FileError> {
    /// The value of a document's one key stands here.
    const KEY: &str = "node = ";
    let document = [KEY, text].concat();
    lone(&document).map_err(|mut fault| {
        let range = [fault.span.start, fault.span.end];
        let [start, end] = range.map(|place| place.saturating_sub(KEY.len()));
        fault.span = start..end;
        fault.of_file("operation", text)
    })
}

fn lone(document: &str) -> Result<Operation, Fault> {
    let document = DeTable::parse(document).map_err(|error| of_toml(&error))?;
    let nothing = DeTable::default();
    let table = Table::new(document.get_ref(), 0..0);
    let Some(node) = table.get("node") else {
        return Err(Fault::new(0..0, "`operation` is missing"));
    };
    operation::alone(&mut Writer::new(&nothing, 0), &Table::of(node)?)
}

fn of_toml(error: &toml::de::Error) -> Fault {
    let span = error.span().unwrap_or(0..0);
    Fault::new(span, error.message().trim().replace('\n', ", "))
}

fn written(text: &str, task: &Task) -> Result<Space, Fault> {
    let document = DeTable::parse(text).map_err(|error| of_toml(&error))?;
    let nothing = DeTable::default();
    let table = Table::new(document.get_ref(), 0..0);
    let (writer, graph) = Writer::write(&table, &nothing, task)?;
    let Writer {
        decisions, spans, ..
    } = writer;
    let mut collected = Some(decisions);
    let space = Space::new(ENTRY.name, &task.shapes(), |_, all| {
        if let Some(decisions) = collected.take() {
            *all = decisions;
        }
        graph.clone()
    });
    let space = space.map_err(|error| match error {
        SpaceError::Shape(error) => {
            let rule = format!("{}: {}", error.operation, error.rule);
            let fault = Fault::new(place_of(&error.node, &spans), rule);
            match error.hint() {
                Some(hint) => fault.hint(hint),
                None => fault,
            }
        }
        other => Fault::new(0..0, other.to_string()),
    })?;
    check_costs(&space)?;
    Ok(space)
}

/// The place of the innermost node on this path that the file tells of.
fn place_of(
    path: &str,
    spans: &std::collections::BTreeMap<String, std::ops::Range<usize>>,
) -> std::ops::Range<usize> {
    let mut path = path;
    loop {
        match (spans.get(path), path.rsplit_once('.')) {
            (Some(span), _) => return span.clone(),
            (None, Some((outer, _))) => path = outer,
            (None, None) => return 0..0,
        }
    }
}

/// Whether the largest network could be counted and built at all.
fn check_costs(space: &Space) -> Result<(), Fault> {
    let undecided = Architecture::undecided(space.decisions().len());
    let Ok(bounds) = space.bounds(&undecided) else {
        return Ok(());
    };
    let mut ranges = Cost::all().filter_map(|cost| cost.bounds(&bounds));
    match ranges.any(|range| range.high > MOST_COST) {
        true => {
            let rule = "a network of this space would have more parameters, MACs or bytes than can be counted";
            Err(Fault::new(0..0, rule))
        }
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests;
