//! The graph with choices.

use super::{DecisionId, Size};
use crate::network::Operation;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// A network graph in which some things are choices.
///
/// A graph has formal inputs and outputs, so that it can stand inside another
/// one: as an option of a choice, as the operation on an edge, as a block that
/// repeats. What no output reads is not built.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    pub(crate) inputs: usize,
    pub(crate) nodes: Vec<GraphNode>,
    pub(crate) outputs: Vec<Port>,
    pub(crate) kept: Vec<Port>,
}

/// An output of a node, or an input of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Port {
    pub(crate) node: usize,
    pub(crate) output: usize,
}

/// A node of a graph with choices.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct GraphNode {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) inputs: Vec<Port>,
}

/// What stands at a node.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    Input(usize),
    Operation(Operation<Size>),
    Choice(Choice),
    Select(Select),
    Loose(Loose),
    Repeat(Repeat),
    Instance(Instance),
    Align(Align),
    Unroll(Unroll),
    Derived(Derived),
}

/// One of several graphs goes here; all read the node's inputs.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// A decision of kind `Choice` or `Value` with as many options.
    pub decision: DecisionId,
    /// One graph for each option of the decision.
    pub options: Vec<Graph>,
    /// Options that only the supernet has, with their place among all: they
    /// take probability mass and enter no architecture.
    pub search_only: Vec<(usize, Graph)>,
}

/// Some of the node's inputs are merged.
#[derive(Clone, Debug, PartialEq)]
pub struct Select {
    /// A decision of kind `Select`.
    pub decision: DecisionId,
    /// The first inputs are no candidates but always merged: this many.
    pub fixed: usize,
    /// What a candidate passes on its way.
    pub through: Through,
    /// How the selected are put together.
    pub merge: Merge,
    /// The candidate that enters where an empty subset leaves nothing to merge.
    pub fallback: usize,
}

/// What the selected candidates of a [`Select`] pass.
#[derive(Clone, Debug, PartialEq)]
pub enum Through {
    /// Nothing.
    Nothing,
    /// The graph of the candidate: operations hang on edges (DARTS), and in a
    /// supernet each candidate has weights of its own. Where all of them name
    /// one choice, a slot takes an operation with its candidate (NASNet, ENAS).
    Edges(Vec<Graph>),
    /// The graph of the slot: in a supernet all candidates share its weights.
    Slots(Vec<Graph>),
}

/// How several tensors become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// Their sum.
    Sum,
    /// Behind each other along the channels.
    Concat,
    /// The same after zeros were appended to the smaller images.
    PaddedConcat,
}

/// The loose ends: those of the inputs that nothing else in this graph reads.
#[derive(Clone, Debug, PartialEq)]
pub struct Loose {
    /// The first inputs are no candidates but always merged: this many.
    pub fixed: usize,
    /// Whether only candidates of the height and width of the first input count.
    pub same_positions: bool,
    /// What each candidate passes on its way; empty: nothing.
    ///
    /// A convolution after a concatenation of varying width is written so, with
    /// one slice of its weights for each candidate, and the merge a sum.
    pub edges: Vec<Graph>,
    /// How they are put together.
    pub merge: Merge,
}

/// The first so many of several graphs, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Repeat {
    /// How many.
    pub count: Size,
    /// Each takes the output of the one before; the first takes the node's input.
    pub bodies: Vec<Graph>,
}

/// A subgraph used again. Its decisions are shared with every other instance
/// that names them; one with decisions of its own is built with others.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// The subgraph.
    pub graph: Arc<Graph>,
    /// Instances of one name share their weights; without a name they are its own.
    pub tie: Option<String>,
}

/// Brings the node's first input to a number of channels, and to the height and
/// width of its second input where there is one.
#[derive(Clone, Debug, PartialEq)]
pub struct Align {
    /// Channels, or features of a vector.
    pub channels: Size,
    /// How.
    pub method: AlignMethod,
}

/// How shapes that meet are aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AlignMethod {
    /// The identity where shapes agree; otherwise a strided 1x1 convolution and
    /// batch norm, or a linear layer without bias.
    Project,
    /// ReLU, 1x1 convolution and batch norm always; a factorised reduction
    /// where the image is larger than it should be (DARTS' preprocessing).
    Preprocess {
        /// Whether the norms have a scale and a bias.
        affine: bool,
    },
    /// The identity where shapes agree; otherwise as `Preprocess` does (ENAS).
    Calibrate,
    /// Nearest neighbour up, maximum down; channels as they are.
    Resize,
    /// Zeros appended; never smaller.
    Pad,
}

/// A step repeated over the positions of a sequence with the same weights.
///
/// The node's inputs are the sequence and the initial states. The body takes
/// the vector of a position and the states, and gives the next states. The
/// outputs are the sequence of the first state and all final states.
#[derive(Clone, Debug, PartialEq)]
pub struct Unroll {
    /// The step.
    pub body: Arc<Graph>,
}

/// A subgraph that is written when all of some decisions are made: for cells in
/// which each decision concerns every node, such as one whose channels depend on
/// which nodes lead on.
///
/// No supernet can hold all of them; in one stands the dearest.
#[derive(Clone, Debug)]
pub struct Derived {
    /// The decisions.
    pub decisions: Vec<DecisionId>,
    /// What writes the subgraph of one input and one output.
    pub writer: Arc<dyn Writer>,
}

/// The ends of what a [`Writer`] may write.
#[derive(Clone, Debug)]
pub struct Extremes {
    /// For each cost a cheapest subgraph is among them.
    pub cheapest: Vec<Graph>,
    /// All others cost no more, whatever is counted.
    pub dearest: Graph,
}

/// Writes the subgraph of a [`Derived`].
pub trait Writer: fmt::Debug + Send + Sync {
    /// The subgraph of these options, which decides nothing any more.
    fn write(&self, options: &[u32]) -> Graph;

    /// The ends of what it may write, all of the same shapes.
    fn extremes(&self) -> Extremes;
}

impl PartialEq for Derived {
    fn eq(&self, other: &Self) -> bool {
        self.decisions == other.decisions && Arc::ptr_eq(&self.writer, &other.writer)
    }
}

impl Select {
    /// Whether a supernet mixes its candidates: they are summed, and nothing
    /// hangs on several slots.
    pub(crate) fn mixes(&self) -> bool {
        let one_way = !matches!(&self.through, Through::Slots(slots) if slots.len() > 1);
        self.merge == Merge::Sum && one_way
    }
}

impl Graph {
    /// A graph with this many inputs.
    pub fn new(inputs: usize) -> Self {
        let input = |index| GraphNode {
            name: format!("input{index}"),
            kind: Kind::Input(index),
            inputs: Vec::new(),
        };
        Self {
            inputs,
            nodes: (0..inputs).map(input).collect(),
            outputs: Vec::new(),
            kept: Vec::new(),
        }
    }

    /// A graph of operations one after the other, named after themselves.
    pub fn chain(operations: impl IntoIterator<Item = Operation<Size>>) -> Self {
        let mut graph = Self::new(1);
        let mut port = graph.input(0);
        for operation in operations {
            port = graph.operation(operation.name(), operation, &[port]);
        }
        graph.with_output(port)
    }

    /// An input.
    pub fn input(&self, index: usize) -> Port {
        assert!(
            index < self.inputs,
            "a graph of {} inputs has no {index}",
            self.inputs
        );
        Port {
            node: index,
            output: 0,
        }
    }

    /// A plain operation.
    pub fn operation(
        &mut self,
        name: &str,
        operation: impl Into<Operation<Size>>,
        inputs: &[Port],
    ) -> Port {
        self.node(name, Kind::Operation(operation.into()), inputs)
    }

    /// One of several graphs.
    pub fn choice(&mut self, name: &str, choice: Choice, inputs: &[Port]) -> Port {
        self.node(name, Kind::Choice(choice), inputs)
    }

    /// Some of the inputs.
    pub fn select(&mut self, name: &str, select: Select, inputs: &[Port]) -> Port {
        self.node(name, Kind::Select(select), inputs)
    }

    /// The loose ends among the inputs.
    pub fn loose(&mut self, name: &str, loose: Loose, inputs: &[Port]) -> Port {
        self.node(name, Kind::Loose(loose), inputs)
    }

    /// The first so many of several graphs.
    pub fn repeat(&mut self, name: &str, repeat: Repeat, input: Port) -> Port {
        self.node(name, Kind::Repeat(repeat), &[input])
    }

    /// A subgraph with weights of its own.
    pub fn instance(&mut self, name: &str, graph: &Arc<Self>, inputs: &[Port]) -> Port {
        self.instances(name, graph, None, inputs)[0]
    }

    /// A subgraph, perhaps with tied weights: all its outputs.
    pub fn instances(
        &mut self,
        name: &str,
        graph: &Arc<Self>,
        tie: Option<&str>,
        inputs: &[Port],
    ) -> Vec<Port> {
        let instance = Instance {
            graph: Arc::clone(graph),
            tie: tie.map(str::to_owned),
        };
        let Port { node, .. } = self.node(name, Kind::Instance(instance), inputs);
        let outputs = 0..graph.outputs.len();
        outputs.map(|output| Port { node, output }).collect()
    }

    /// The first input aligned, to the positions of the second if there is one.
    pub fn align(&mut self, name: &str, align: Align, inputs: &[Port]) -> Port {
        self.node(name, Kind::Align(align), inputs)
    }

    /// A step over a sequence: the sequence of the first state, and the final states.
    pub fn unroll(&mut self, name: &str, body: &Arc<Self>, inputs: &[Port]) -> Vec<Port> {
        let outputs = body.outputs.len() + 1;
        let body = Arc::clone(body);
        let Port { node, .. } = self.node(name, Kind::Unroll(Unroll { body }), inputs);
        (0..outputs).map(|output| Port { node, output }).collect()
    }

    /// A subgraph that is written when its decisions are made.
    pub fn derived(&mut self, name: &str, derived: Derived, input: Port) -> Port {
        self.node(name, Kind::Derived(derived), &[input])
    }

    /// Builds this node even where nothing reads it, as published code does:
    /// it then counts in the costs of the graph as written.
    pub fn keep(&mut self, port: Port) {
        self.kept.push(port);
    }

    /// The graph with one more output.
    #[must_use]
    pub fn with_output(mut self, port: Port) -> Self {
        self.outputs.push(port);
        self
    }

    /// Whether any node or output reads this input.
    pub(crate) fn reads_input(&self, index: usize) -> bool {
        let is_it = |port: &Port| port.node == index;
        self.outputs.iter().any(is_it)
            || self.nodes.iter().any(|node| node.inputs.iter().any(is_it))
    }

    /// The graphs that stand inside this one.
    pub(crate) fn subgraphs(&self) -> Vec<&Self> {
        self.nodes.iter().flat_map(GraphNode::subgraphs).collect()
    }

    /// Whether instances in it share weights by name.
    pub(crate) fn has_ties(&self) -> bool {
        self.nodes.iter().any(GraphNode::has_ties)
    }

    /// All decisions that it or a graph inside it reads.
    pub(crate) fn decisions(&self) -> BTreeSet<DecisionId> {
        self.nodes.iter().flat_map(GraphNode::decisions).collect()
    }

    fn node(&mut self, name: &str, kind: Kind, inputs: &[Port]) -> Port {
        let node = self.nodes.len();
        for input in inputs {
            assert!(
                input.node < node,
                "node `{name}` reads a node of another graph"
            );
        }
        self.nodes.push(GraphNode {
            name: name.to_owned(),
            kind,
            inputs: inputs.to_vec(),
        });
        Port { node, output: 0 }
    }
}

impl GraphNode {
    /// The graphs that stand inside this node.
    pub(crate) fn subgraphs(&self) -> Vec<&Graph> {
        match &self.kind {
            Kind::Choice(choice) => {
                let search_only = choice.search_only.iter().map(|(_, graph)| graph);
                choice.options.iter().chain(search_only).collect()
            }
            Kind::Select(select) => match &select.through {
                Through::Edges(graphs) | Through::Slots(graphs) => graphs.iter().collect(),
                Through::Nothing => Vec::new(),
            },
            Kind::Repeat(repeat) => repeat.bodies.iter().collect(),
            Kind::Instance(instance) => vec![&instance.graph],
            Kind::Unroll(unroll) => vec![&unroll.body],
            Kind::Loose(loose) => loose.edges.iter().collect(),
            Kind::Input(_) | Kind::Operation(_) | Kind::Align(_) | Kind::Derived(_) => Vec::new(),
        }
    }

    /// Whether instances in it share weights by name.
    pub(crate) fn has_ties(&self) -> bool {
        let tied = matches!(&self.kind, Kind::Instance(instance) if instance.tie.is_some());
        tied || self.subgraphs().into_iter().any(Graph::has_ties)
    }

    /// All decisions that it or a graph inside it reads; those that tell which
    /// candidates for loose ends are read are not among them.
    pub(crate) fn decisions(&self) -> BTreeSet<DecisionId> {
        let inside = self.subgraphs().into_iter().flat_map(Graph::decisions);
        let mut found: BTreeSet<DecisionId> = inside.collect();
        match &self.kind {
            Kind::Choice(choice) => found.extend([choice.decision]),
            Kind::Select(select) => found.extend([select.decision]),
            Kind::Repeat(repeat) => found.extend(repeat.count.decisions()),
            Kind::Align(align) => found.extend(align.channels.decisions()),
            Kind::Derived(derived) => found.extend(&derived.decisions),
            Kind::Operation(operation) => {
                operation.for_each_size(&mut |size| {
                    found.extend(size.decisions());
                });
            }
            Kind::Input(_) | Kind::Loose(_) | Kind::Instance(_) | Kind::Unroll(_) => {}
        }
        found
    }
}
