//! A chain of stages for images and sequences: small ResNets, MobileNets and fully
//! convolutional networks are points in it.
//!
//! ```text
//! stem      convolution, norm, activation; 3x3 for an image, 1x7 for a sequence
//! stage i   depth × block of one kind, width, kernel ...; the first one may halve the image
//! head      perhaps a 1x1 convolution; global pool, dropout, linear
//! ```
//!
//! All blocks of a stage are alike. Its widths double from stage to stage. The
//! image is halved where a stage begins as long as three positions are left,
//! and earlier where it is large, so that 8x8 digits and 64x64 photographs both
//! meet the head at a few positions.
//!
//! An input of height 1 is a sequence: all windows slide along its length alone, with
//! kernels `[1, k]` and strides `[1, s]`, and `k` is of the `sequence-kernels`.

mod axes;
mod baseline;
mod stage;

use super::{Choice, DecisionId, Decisions, Entry, Graph, Port, Space, SpaceError, Task, block};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::network::{Operation, Shape};
use axes::Axes;
use stage::Stage;
use std::sync::Arc;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "chain",
    "A chain of stages for images and sequences: depth, width, kernel, kind of block, expansion, squeeze-excite, skip.",
    build,
)
.parameters(&[
    Parameter {
        name: "stages",
        kind: ParameterKind::Integer(0, 6),
        default: "0",
        doc: "Stages; 0 takes as many as the input is large enough for, at most 4, or 3 for a sequence.",
    },
    Parameter {
        name: "widths",
        kind: ParameterKind::Integers(1, 1024),
        default: "8,12,16,24,32",
        doc: "Channels that the first stage may have; each later stage has twice as many.",
    },
    Parameter {
        name: "depths",
        kind: ParameterKind::Integers(1, 16),
        default: "1,2,3",
        doc: "Blocks that a stage may have.",
    },
    Parameter {
        name: "kernels",
        kind: ParameterKind::Integers(1, 15),
        default: "3,5",
        doc: "Height and width of a stage's kernels for images, in pixels.",
    },
    // 3 and 5 are also those of the FCN; its 8 has no centre, so 9 stands for it, which
    // has as many weights as 3x3.
    Parameter {
        name: "sequence-kernels",
        kind: ParameterKind::Integers(1, 127),
        default: "3,5,9",
        doc: "Length of a stage's kernels for sequences, in time steps.",
    },
    Parameter {
        name: "kinds",
        kind: ParameterKind::Words(&stage::KINDS),
        default: "convolution,residual,separable,mbconv",
        doc: "Blocks that a stage may consist of.",
    },
    Parameter {
        name: "expansions",
        kind: ParameterKind::Integers(1, 16),
        default: "2,4,6",
        doc: "Channels inside an mbconv block, in multiples of those that enter it.",
    },
    Parameter {
        name: "stem-widths",
        kind: ParameterKind::Integers(1, 1024),
        default: "8,16,24",
        doc: "Channels that the stem may have.",
    },
    Parameter {
        name: "head-widths",
        kind: ParameterKind::Integers(1, 4096),
        default: "64,128,256",
        doc: "Channels that the 1x1 convolution before the global pool may have.",
    },
    Parameter {
        name: "activations",
        kind: ParameterKind::Words(&["relu", "relu6", "hard-swish", "silu", "gelu"]),
        default: "relu,hard-swish",
        doc: "Activations, one for the whole network.",
    },
    Parameter {
        name: "dropouts",
        kind: ParameterKind::Words(&["0", "0.1", "0.2", "0.3", "0.5"]),
        default: "0,0.2",
        doc: "Rates of dropout before the last layer.",
    },
]);

/// An image is halved only where at least so many positions are left.
const FEWEST_POSITIONS: usize = 3;

/// The stem halves images that are at least this large.
const LARGE: usize = 48;

/// A first stage halves images that are still larger than this.
const STILL_LARGE: usize = 64;

fn build(task: &Task, settings: &Settings) -> Result<Space, SpaceError> {
    let axes = Axes::of(task.input());
    let plan = Plan::of(task.input(), settings.integer("stages"));
    let space = Space::new(ENTRY.name, &task.shapes(), |_, decisions| {
        let activation = decisions.choice("activation", settings.words("activations"));
        let act = |graph: &mut Graph, name: &str, x| {
            graph.choice(name, activations(activation, settings), &[x])
        };
        let width = decisions.value("stem.width", &settings.integers("stem-widths"));
        decisions.block(width, "stem");
        decisions.block(activation, "stem");
        let mut graph = Graph::new(1);
        let stem = axes.convolution(width, axes.stem_kernel(), plan.stem_stride);
        let stem = Arc::new(Graph::chain(block::normalised(stem)));
        let x = graph.instance("stem", &stem, &[graph.input(0)]);
        let mut x = act(&mut graph, "stem.activation", x);
        for (index, &stride) in plan.strides.iter().enumerate() {
            let stage = Stage::decide(decisions, settings, axes, index, stride, activation);
            x = graph.repeat(&format!("stage{index}"), stage.repeat(), x);
        }
        x = widened(&mut graph, decisions, settings, x, act);
        x = task.head.gather(&mut graph, x);
        x = dropped_out(&mut graph, decisions, settings, x);
        x = task.head.answer(&mut graph, x);
        graph.with_output(x)
    })?;
    Ok(space.with_baselines(baseline::baselines))
}

/// The last feature map, perhaps widened by a 1x1 convolution.
fn widened(
    graph: &mut Graph,
    decisions: &mut Decisions,
    settings: &Settings,
    x: Port,
    act: impl Fn(&mut Graph, &str, Port) -> Port,
) -> Port {
    let kind = decisions.choice("head", ["direct", "convolution"]);
    let width = decisions.value("head.width", &settings.integers("head-widths"));
    for decision in [kind, width] {
        decisions.block(decision, "head");
    }
    let mut wide = Graph::new(1);
    let convolution = Arc::new(block::convolution_norm(width.into(), 1, 1, None));
    let y = wide.instance("convolution", &convolution, &[wide.input(0)]);
    let y = act(&mut wide, "activation", y);
    let choice = Choice {
        decision: kind,
        options: vec![Graph::chain([Operation::Identity]), wide.with_output(y)],
        search_only: Vec::new(),
    };
    graph.choice("last", choice, &[x])
}

/// Dropout in front of the last layer.
fn dropped_out(graph: &mut Graph, decisions: &mut Decisions, settings: &Settings, x: Port) -> Port {
    let dropout = decisions.choice("dropout", settings.words("dropouts"));
    decisions.block(dropout, "head");
    let rates = Choice {
        decision: dropout,
        options: settings
            .words("dropouts")
            .into_iter()
            .map(block::dropout)
            .collect(),
        search_only: Vec::new(),
    };
    graph.choice("dropout", rates, &[x])
}

/// A choice among the activations of the settings.
fn activations(decision: DecisionId, settings: &Settings) -> Choice {
    let names = settings.words("activations");
    Choice {
        decision,
        options: names.into_iter().map(block::activation).collect(),
        search_only: Vec::new(),
    }
}

/// Where the image is halved.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    stem_stride: usize,
    /// The stride of the first block of each stage.
    strides: Vec<usize>,
}

impl Plan {
    fn of(input: Shape, stages: usize) -> Self {
        // A sequence has one row, which says nothing about its length.
        let mut side = match input.positions() {
            [1, length] | [length, 1] => length,
            [height, width] => height.min(width),
        };
        let stages = match (stages, side) {
            (1.., _) => stages,
            (0, ..6) => 1,
            (0, ..12) => 2,
            (0, ..112) => 3,
            _ => Axes::of(input).most_stages(),
        };
        let stem_stride = if side >= LARGE { 2 } else { 1 };
        side = side.div_ceil(stem_stride);
        let strides = (0..stages).map(|stage| {
            let wanted = stage > 0 || side >= STILL_LARGE;
            let stride = if wanted && side.div_ceil(2) >= FEWEST_POSITIONS {
                2
            } else {
                1
            };
            side = side.div_ceil(stride);
            stride
        });
        let strides = strides.collect();
        Self {
            stem_stride,
            strides,
        }
    }
}

#[cfg(test)]
mod tests;
