//! Supernets whose operations see a part of the channels, and whose edges have
//! weights of their own.
//!
//! ```text
//! edge       x ─┬─ first C/K channels ─ mix of the operations at C/K channels ─┬─ concat ─ shuffle
//!               └─ the others, a 2x2 maximum where the edge halves the image ──┘
//! node       Σ_j b_j · edge_j                      b: the weights of the incoming edges
//! ```

use super::SupernetError;
use netsmith::network::operation::{ChannelShuffle, Convolution, Pool, Truncate};
use netsmith::network::{Builder, Network, Node, Operation, ShapeError};
use netsmith::space::{DecisionId, DecisionKind, Relaxation, Space};
use std::collections::{BTreeMap, BTreeSet};

/// The edges that enter a node: their weights are those of the inputs of a mix.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Edges {
    /// What the mix names in place of a decision.
    pub(super) mix: usize,
    /// The choice on each edge.
    pub(super) choices: Vec<DecisionId>,
}

/// A supernet with partial channels.
#[derive(Debug)]
pub(super) struct Partial {
    pub(super) network: Network,
    /// The edges of each node that several enter.
    pub(super) edges: Vec<Edges>,
}

/// A mix of operations, with what stands between it and where it reads.
#[derive(Debug)]
struct Edge {
    choice: DecisionId,
    source: usize,
    inside: BTreeSet<usize>,
    /// The node of the first channels of the source, where it is made.
    part: Option<usize>,
}

/// Gives each operation one in `share` of the channels, and each edge a weight;
/// a share of 1 only does the latter.
///
/// # Errors
/// The space decides more than one operation on each edge, or its channels
/// cannot be divided.
pub(super) fn partial(
    space: &Space,
    relaxation: &Relaxation,
    network: &Network,
    share: usize,
) -> Result<Partial, SupernetError> {
    let refuse = |place: &str, rule: &'static str| SupernetError::Partial {
        space: space.name().to_owned(),
        place: place.to_owned(),
        share,
        rule,
    };
    let decides = |id: DecisionId| &space.decision(id).kind;
    for choice in &relaxation.choices {
        if !matches!(decides(choice.decision), DecisionKind::Choice(_)) {
            let name = &space.decision(choice.decision).name;
            return Err(refuse(name, "operations alone may be chosen on an edge"));
        }
    }
    let mut open = relaxation.selects.iter();
    if let Some(select) = open.find(|select| select.edges.iter().any(Vec::is_empty)) {
        let name = &space.decision(select.decision).name;
        return Err(refuse(name, "each input needs an operation on its edge"));
    }
    let mut uses = vec![0_usize; network.weights().len()];
    for node in network.nodes() {
        node.weights.iter().for_each(|&weight| uses[weight] += 1);
        if node.weights.iter().any(|&weight| uses[weight] > 1) {
            return Err(refuse(&node.name, "no two nodes may have the same weights"));
        }
    }
    let mut edges = BTreeMap::new();
    for (index, node) in network.nodes().iter().enumerate() {
        let Operation::Mix { decision } = node.operation else {
            continue;
        };
        let mut choices = relaxation.choices.iter().map(|choice| choice.decision);
        if let Some(choice) = choices.find(|choice| choice.index() == decision) {
            let edge = Edge::of(network, index, choice).map_err(|rule| refuse(&node.name, rule))?;
            let source = network.nodes()[edge.source].shape;
            // Halves of them must be whole numbers too: factorised reductions.
            let parts = if share > 1 { 2 * share } else { 1 };
            if !node.shape.channels().is_multiple_of(parts)
                || !source.channels().is_multiple_of(share)
            {
                return Err(refuse(
                    &node.name,
                    "channels must be a multiple of twice it",
                ));
            }
            edges.insert(index, edge);
        }
    }
    let first = space.decisions().len() + relaxation.loose.len();
    let built = Rebuild {
        network,
        share,
        edges,
        first,
        groups: Vec::new(),
        builder: Builder::new(),
        places: vec![usize::MAX; network.nodes().len()],
    };
    Ok(built.run()?)
}

impl Edge {
    /// The edge that ends in a mix: the nodes of its options have names that
    /// begin like the mix's own.
    fn of(network: &Network, mix: usize, choice: DecisionId) -> Result<Self, &'static str> {
        let nodes = network.nodes();
        let own = nodes[mix].name.rfind('.').map_or(0, |dot| dot + 1);
        let path = &nodes[mix].name[..own];
        let mut inside = BTreeSet::new();
        let mut sources = BTreeSet::new();
        let mut waiting = nodes[mix].inputs.clone();
        while let Some(index) = waiting.pop() {
            if !nodes[index].name.starts_with(path) {
                sources.insert(index);
            } else if matches!(nodes[index].operation, Operation::Mix { .. }) {
                return Err("an operation must not hold further choices");
            } else if inside.insert(index) {
                waiting.extend(&nodes[index].inputs);
            }
        }
        match sources.into_iter().collect::<Vec<_>>()[..] {
            [source] => Ok(Self {
                choice,
                source,
                inside,
                part: None,
            }),
            _ => Err("the operations of an edge must read one state"),
        }
    }
}

/// The new network in the making.
struct Rebuild<'a> {
    network: &'a Network,
    share: usize,
    /// By the node that mixes its operations.
    edges: BTreeMap<usize, Edge>,
    /// The first number that no decision and no other mix has.
    first: usize,
    groups: Vec<Edges>,
    builder: Builder,
    places: Vec<usize>,
}

impl Rebuild<'_> {
    fn run(mut self) -> Result<Partial, ShapeError> {
        let network = self.network;
        let mut owners: BTreeMap<usize, usize> = BTreeMap::new();
        for (&mix, edge) in &self.edges {
            owners.extend(edge.inside.iter().map(|&inside| (inside, mix)));
        }
        for (index, node) in network.nodes().iter().enumerate() {
            self.places[index] = match owners.get(&index) {
                Some(&mix) => {
                    let inputs = self.read(mix, &node.inputs)?;
                    let operation = narrowed(&node.operation, self.share);
                    self.builder.add(&node.name, operation, &inputs)?
                }
                None if self.edges.contains_key(&index) => self.edge(index, node)?,
                None => self.plain(node)?,
            };
        }
        let outputs = network.outputs().iter().map(|&o| self.places[o]);
        let outputs: Vec<usize> = outputs.collect();
        Ok(Partial {
            network: self.builder.finish(&outputs),
            edges: self.groups,
        })
    }

    /// What a node of the edge that ends in `mix` reads.
    fn read(&mut self, mix: usize, inputs: &[usize]) -> Result<Vec<usize>, ShapeError> {
        let source = self.edges[&mix].source;
        let mut read = Vec::new();
        for &input in inputs {
            read.push(match input == source {
                true => self.part(mix)?,
                false => self.places[input],
            });
        }
        Ok(read)
    }

    /// The first channels of an edge's source.
    fn part(&mut self, mix: usize) -> Result<usize, ShapeError> {
        let Edge { source, part, .. } = self.edges[&mix];
        if let Some(part) = part {
            return Ok(part);
        }
        let mut made = self.places[source];
        if self.share > 1 {
            let channels = self.builder.shape(made).channels() / self.share;
            let cut = Operation::Truncate(Truncate::first(channels));
            made = self.builder.add(&self.name(mix, "part"), cut, &[made])?;
        }
        if let Some(edge) = self.edges.get_mut(&mix) {
            edge.part = Some(made);
        }
        Ok(made)
    }

    /// The mix of an edge with the channels that passed it by.
    fn edge(&mut self, mix: usize, node: &Node) -> Result<usize, ShapeError> {
        let inputs = self.read(mix, &node.inputs)?;
        let mixed = self
            .builder
            .add(&node.name, node.operation.clone(), &inputs)?;
        if self.share == 1 {
            return Ok(mixed);
        }
        let source = self.places[self.edges[&mix].source];
        let shape = self.builder.shape(source);
        let from = shape.channels() / self.share;
        let rest = Operation::Truncate(Truncate {
            channels: shape.channels() - from,
            from,
        });
        let mut rest = self.builder.add(&self.name(mix, "rest"), rest, &[source])?;
        if shape.positions() != self.builder.shape(mixed).positions() {
            let halved = Operation::MaxPool(Pool::square(2_usize, 2_usize));
            rest = self
                .builder
                .add(&self.name(mix, "rest.pool"), halved, &[rest])?;
        }
        let whole = self.name(mix, "whole");
        let whole = self
            .builder
            .add(&whole, Operation::Concat, &[mixed, rest])?;
        let shuffle = Operation::ChannelShuffle(ChannelShuffle { groups: self.share });
        self.builder
            .add(&self.name(mix, "shuffle"), shuffle, &[whole])
    }

    /// A node that stands on no edge; a sum of edges becomes a mix.
    fn plain(&mut self, node: &Node) -> Result<usize, ShapeError> {
        if let Operation::Input(shape) = node.operation {
            return Ok(self.builder.input(&node.name, shape));
        }
        let inputs: Vec<usize> = node.inputs.iter().map(|&i| self.places[i]).collect();
        let edges = node.inputs.iter().map(|input| self.edges.get(input));
        let choices: Option<Vec<DecisionId>> = edges.map(|e| e.map(|e| e.choice)).collect();
        let operation = match (&node.operation, choices) {
            (Operation::Add | Operation::Mix { .. }, Some(choices)) if choices.len() > 1 => {
                let known = self.groups.iter().find(|group| group.choices == choices);
                let mix = match (known, &node.operation) {
                    (Some(group), _) => group.mix,
                    (None, Operation::Mix { decision }) => *decision,
                    (None, _) => self.first + self.groups.len(),
                };
                if known.is_none() {
                    self.groups.push(Edges { mix, choices });
                }
                Operation::Mix { decision: mix }
            }
            _ => node.operation.clone(),
        };
        self.builder.add(&node.name, operation, &inputs)
    }

    /// A name beside those of an edge's options.
    fn name(&self, mix: usize, part: &str) -> String {
        let name = &self.network.nodes()[mix].name;
        let own = name.rfind('.').map_or(0, |dot| dot + 1);
        format!("{}{part}", &name[..own])
    }
}

/// An operation on a part of the channels.
fn narrowed(operation: &Operation, share: usize) -> Operation {
    match operation {
        Operation::Convolution(convolution) => Operation::Convolution(Convolution {
            out: convolution.out / share,
            ..convolution.clone()
        }),
        other => other.clone(),
    }
}
