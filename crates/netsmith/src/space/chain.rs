//! A chain of stages for images and sequences: plain convolutional networks, small
//! ResNets, MobileNets and fully convolutional networks are points in it.
//!
//! ```text
//! stem      convolution, norm, activation; 3x3 or 5x5 for an image, 1x7 for a sequence
//! stage i   depth × block of one kind, width, kernel ...; the first one may halve the
//!           image, by its stride or by pooling in front of it; without blocks the stage
//!           is left out
//! head      perhaps a 1x1 convolution; global pool, dropout, linear
//! ```
//!
//! All blocks of a stage are alike. Its widths double from stage to stage. The
//! image is halved where a stage begins as long as three positions are left,
//! and earlier where it is large, so that 8x8 digits and 64x64 photographs both
//! meet the head at a few positions. Where it is large enough the stem may halve it
//! once more, which saves most of what a small network costs.
//!
//! An input of height 1 is a sequence: all windows slide along its length alone, with
//! kernels `[1, k]` and strides `[1, s]`, and `k` is of the `sequence-kernels`.

mod axes;
mod baseline;
mod stage;

use super::{
    Choice, DecisionId, Decisions, Entry, Graph, Port, Size, Space, SpaceError, Task, block,
};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::network::operation::Convolution;
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
        default: "4,6,8,12,16,24,32",
        doc: "Channels that the first stage may have; each later stage has twice as many.",
    },
    Parameter {
        name: "depths",
        kind: ParameterKind::Integers(0, 16),
        default: "0,1,2,3",
        doc: "Blocks that a stage may have; 0 leaves it out.",
    },
    Parameter {
        name: "reductions",
        kind: ParameterKind::Words(&stage::REDUCTIONS),
        default: "stride,max-pool",
        doc: "What halves the input where a stage does: the stride of its first block, or pooling in front of it.",
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
        default: "4,6,8,12,16,24",
        doc: "Channels that the stem may have.",
    },
    Parameter {
        name: "stem-kernels",
        kind: ParameterKind::Integers(1, 15),
        default: "3,5",
        doc: "Height and width of the stem's kernel for images, in pixels.",
    },
    Parameter {
        name: "stem-reductions",
        kind: ParameterKind::Integers(1, 4),
        default: "1,2",
        doc: "By how much the stem divides height and width of an image of 24 pixels or more, or the length of a sequence of 24 steps or more, besides what its size asks for.",
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

/// Settings under which all decisions are those that shared weights can leave open: none
/// of them sets the size of the image, and halving takes one form.
pub(super) const HELD: &[(&str, &str)] = &[
    ("depths", "1,2,3"),
    ("reductions", "stride"),
    ("stem-reductions", "1"),
];

/// An image is halved only where at least so many positions are left.
const FEWEST_POSITIONS: usize = 3;

/// The stem halves images that are at least this large.
const LARGE: usize = 48;

/// A first stage halves images that are still larger than this.
const STILL_LARGE: usize = 64;

/// The stem may divide further what has at least so many positions for each of those
/// that it leaves.
const DIVISIBLE: usize = 24;

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
        let stem = Stem { axes, plan: &plan }.convolution(decisions, settings, width);
        let stem = Arc::new(Graph::chain(block::normalised(stem)));
        let x = graph.instance("stem", &stem, &[graph.input(0)]);
        let mut x = act(&mut graph, "stem.activation", x);
        for (index, &stride) in plan.strides.iter().enumerate() {
            let stage = Stage::decide(decisions, settings, axes, [index, stride], activation);
            x = graph.repeat(&format!("stage{index}"), stage.repeat(), x);
        }
        x = widened(&mut graph, decisions, settings, x, act);
        x = task.head.gather(&mut graph, x);
        x = dropped_out(&mut graph, decisions, settings, x);
        x = task.head.answer(&mut graph, x);
        graph.with_output(x)
    })?;
    Ok(space.with_families(baseline::families))
}

/// The first convolution.
struct Stem<'a> {
    axes: Axes,
    plan: &'a Plan,
}

impl Stem<'_> {
    /// A convolution of this width, whose kernel and stride are decided where there is a
    /// choice.
    fn convolution(
        &self,
        decisions: &mut Decisions,
        settings: &Settings,
        width: DecisionId,
    ) -> Convolution<Size> {
        let mut decide = |name: &str, values: Vec<usize>| match values[..] {
            [one] => Size::from(one),
            _ => {
                let decision = decisions.value(name, &values);
                decisions.block(decision, "stem");
                decisions.usual(decision, 0);
                decision.into()
            }
        };
        let kernel = decide("stem.kernel", self.axes.stem_kernels(settings));
        let divisors = settings.integers("stem-reductions");
        let offered = divisors.into_iter().filter(|by| self.plan.allows(*by));
        let strides: Vec<usize> = offered.map(|by| by * self.plan.stem_stride).collect();
        let strides = match strides.is_empty() {
            true => vec![self.plan.stem_stride],
            false => strides,
        };
        let stride = decide("stem.stride", strides);
        self.axes.convolution(width, kernel, stride)
    }
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
    /// Positions along the shorter axis behind the stem.
    side: usize,
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
        let behind_stem = side;
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
            side: behind_stem,
        }
    }

    /// Whether the stem may divide the input by so much besides.
    fn allows(&self, by: usize) -> bool {
        by == 1 || self.side >= DIVISIBLE / 2 * by
    }
}

#[cfg(test)]
mod tests;
