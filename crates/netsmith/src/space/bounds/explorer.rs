//! The walk through the graph with sets of shapes in place of shapes.

use super::super::graph::{Graph, GraphNode, Kind, Port, Select};
use super::super::{Architecture, Decision, DecisionId};
use super::memory::{Memory, Remembered, Visit};
use super::part::Part;
use super::shapes::Shapes;
use super::{Bounds, Range};
use crate::network::{Shape, ShapeError};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

/// Walks the graph with sets of shapes in place of shapes.
///
/// It remembers what each subgraph, choice and selection came to under the options
/// that it reads, so that bounds of architectures that differ in little are cheap;
/// what it has learnt it leaves to the next explorer of the same graph.
pub(in super::super) struct Explorer<'a> {
    pub(super) decisions: &'a [Decision],
    graph: &'a Graph,
    inputs: &'a [Shape],
    pub(super) architecture: Architecture,
    /// Whether a decision is open.
    open: bool,
    ties: BTreeSet<String>,
    pub(super) memory: Memory,
    heirs: Option<&'a Remembered>,
}

/// Bounds, and whether shapes may meet within them that do not fit together.
#[derive(Clone, Copy)]
pub(in super::super) struct Explored {
    pub(in super::super) bounds: Bounds,
    pub(in super::super) may_misfit: bool,
}

/// The subgraph that is being explored.
pub(super) struct Frame<'a> {
    graph: &'a Graph,
    inputs: Vec<Shapes>,
    /// Shapes of the outputs and own cost of each node that was reached.
    done: Vec<Option<(Vec<Shapes>, Part)>>,
}

/// Where the walk stands, for messages.
#[derive(Clone, Copy)]
pub(super) struct Path<'p> {
    parent: Option<&'p Path<'p>>,
    name: &'p str,
    index: Option<usize>,
}

impl<'p> Path<'p> {
    pub(super) const ROOT: Path<'static> = Path {
        parent: None,
        name: "",
        index: None,
    };

    fn node(&'p self, name: &'p str) -> Self {
        Self {
            parent: Some(self),
            name,
            index: None,
        }
    }

    pub(super) fn repetition(self, index: usize) -> Self {
        Self {
            index: Some(index),
            ..self
        }
    }
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parent {
            Some(parent) if parent.parent.is_some() => write!(f, "{parent}.{}", self.name)?,
            _ => f.write_str(self.name)?,
        }
        self.index.map_or(Ok(()), |index| write!(f, ".{index}"))
    }
}

impl Frame<'_> {
    /// The shapes of a node of this graph that was reached already.
    pub(super) fn shapes(&self, port: Port) -> &[Shape] {
        let done = self.done[port.node].as_ref();
        done.map_or(&[], |(outputs, _)| &outputs[port.output])
    }
}

impl<'a> Explorer<'a> {
    /// An explorer of `graph`; what it learns goes to `heirs`, which must be of
    /// this graph alone.
    pub(in super::super) fn new(
        decisions: &'a [Decision],
        graph: &'a Graph,
        inputs: &'a [Shape],
        heirs: Option<&'a Remembered>,
    ) -> Self {
        Self {
            decisions,
            graph,
            inputs,
            architecture: Architecture::undecided(decisions.len()),
            open: true,
            ties: BTreeSet::new(),
            memory: heirs.map_or_else(Memory::default, Remembered::take),
            heirs,
        }
    }

    /// Bounds over all completions of an architecture.
    ///
    /// # Errors
    /// A node that fits together under no option.
    pub(in super::super) fn bounds(
        &mut self,
        architecture: &Architecture,
    ) -> Result<Explored, ShapeError> {
        self.architecture.clone_from(architecture);
        self.open = architecture.options().any(|option| option.is_none());
        self.ties.clear();
        let entries = self.inputs.iter().map(|&shape| vec![shape]).collect();
        let (_, part) = self.explored(self.graph, entries, Path::ROOT)?;
        let entering = self.inputs.iter().map(|shape| shape.elements() as u64);
        let entering = entering.fold(0, u64::saturating_add);
        let bounds = Bounds {
            parameters: part.parameters,
            macs: part.macs,
            weights: part.weights,
            activations: Range {
                low: part.activations.low,
                high: part.activations.high.saturating_add(entering),
            },
        };
        Ok(Explored {
            bounds,
            may_misfit: part.may_misfit,
        })
    }

    /// Shapes and cost of a subgraph, from memory where it was here before.
    pub(super) fn graph(
        &mut self,
        graph: &'a Graph,
        inputs: Vec<Shapes>,
        path: Path<'_>,
    ) -> Result<(Vec<Shapes>, Part), ShapeError> {
        let part = std::ptr::from_ref(graph).addr();
        let reads = || (!graph.has_ties()).then(|| graph.decisions());
        let reads = self.memory.reads(part, reads);
        self.remembered((part, reads), inputs, |own, inputs| {
            own.explored(graph, inputs, path)
        })
    }

    /// The address of a node that looks at every option, and so is worth a memory of
    /// its own, and what it reads.
    fn looked_up(&mut self, node: &GraphNode) -> (usize, Option<Arc<[DecisionId]>>) {
        let part = std::ptr::from_ref(node).addr();
        let reads = || (!node.has_ties()).then(|| node.decisions());
        (part, self.memory.reads(part, reads))
    }

    /// Shapes and cost of a part, known by its address, that reads these
    /// decisions: from memory where it was here before.
    fn remembered(
        &mut self,
        (part, reads): (usize, Option<Arc<[DecisionId]>>),
        inputs: Vec<Shapes>,
        explore: impl FnOnce(&mut Self, Vec<Shapes>) -> Result<(Vec<Shapes>, Part), ShapeError>,
    ) -> Result<(Vec<Shapes>, Part), ShapeError> {
        let Some(reads) = reads else {
            return explore(self, inputs);
        };
        let options = reads.iter().map(|&id| self.architecture.option(id));
        let visit = Visit {
            part,
            options: options.collect(),
            inputs,
        };
        if let Some(known) = self.memory.find(&visit) {
            return Ok(known.clone());
        }
        let found = explore(self, visit.inputs.clone())?;
        self.memory.keep(visit, found.clone());
        Ok(found)
    }

    fn explored(
        &mut self,
        graph: &'a Graph,
        inputs: Vec<Shapes>,
        path: Path<'_>,
    ) -> Result<(Vec<Shapes>, Part), ShapeError> {
        let mut frame = Frame {
            graph,
            inputs,
            done: vec![None; graph.nodes.len()],
        };
        for &port in &graph.kept {
            self.port(&mut frame, port, path)?;
        }
        let outputs = graph
            .outputs
            .iter()
            .map(|&port| self.port(&mut frame, port, path));
        let outputs = outputs.collect::<Result<Vec<_>, _>>()?;
        let mut certain = vec![false; graph.nodes.len()];
        let ends = graph.kept.iter().chain(&graph.outputs);
        ends.for_each(|port| self.mark(graph, port.node, &mut certain));
        let mut total = Part::default();
        for (done, certain) in frame.done.iter().zip(certain) {
            if let Some((_, part)) = done {
                total = total.and(if certain { *part } else { part.maybe() });
            }
        }
        Ok((outputs, total))
    }

    /// Marks what is built under every option.
    fn mark(&self, graph: &Graph, index: usize, certain: &mut [bool]) {
        if std::mem::replace(&mut certain[index], true) {
            return;
        }
        let node = &graph.nodes[index];
        let read = |graph: &Graph| -> Vec<Port> {
            let ports = node.inputs.iter().enumerate();
            ports
                .filter(|(i, _)| graph.reads_input(*i))
                .map(|(_, &port)| port)
                .collect()
        };
        let ports: Vec<Port> = match &node.kind {
            Kind::Choice(choice) => {
                let options = self.options(choice.decision);
                let mut options = options.iter().map(|&o| read(&choice.options[o as usize]));
                let first = options.next().unwrap_or_default();
                options.fold(first, |common, other| {
                    common
                        .into_iter()
                        .filter(|port| other.contains(port))
                        .collect()
                })
            }
            Kind::Instance(instance) => read(&instance.graph),
            Kind::Select(select) => {
                let (fixed, candidates) = node.inputs.split_at(select.fixed);
                let (least, _) = self.picked(select, candidates.len());
                fixed
                    .iter()
                    .copied()
                    .chain(least.iter().map(|&c| candidates[c]))
                    .collect()
            }
            Kind::Loose(loose) => {
                let (fixed, candidates) = node.inputs.split_at(loose.fixed);
                fixed
                    .iter()
                    .for_each(|port| self.mark(graph, port.node, certain));
                if !loose.same_positions {
                    self.mark_ends(graph, index, candidates, certain);
                }
                return;
            }
            _ => node.inputs.clone(),
        };
        ports
            .iter()
            .for_each(|port| self.mark(graph, port.node, certain));
    }

    /// Marks candidates for loose ends: one is built under every option where
    /// all that may read it in place of the search is, last ones first.
    fn mark_ends(&self, graph: &Graph, search: usize, candidates: &[Port], certain: &mut [bool]) {
        let mut ends: Vec<usize> = candidates.iter().map(|port| port.node).collect();
        ends.sort_unstable();
        for end in ends.into_iter().rev() {
            let reads = |node: &GraphNode| node.inputs.iter().any(|port| port.node == end);
            let mut readers = graph.nodes.iter().enumerate();
            if readers.all(|(reader, node)| reader == search || certain[reader] || !reads(node)) {
                self.mark(graph, end, certain);
            }
        }
    }

    /// The candidates that are picked in any case, and those that may be.
    fn picked(&self, select: &Select, candidates: usize) -> (Vec<usize>, Vec<usize>) {
        match self.architecture.option(select.decision) {
            Some(option) => {
                let mut members = self.decisions[select.decision.0].members(option);
                if members.is_empty() && select.fixed == 0 {
                    members.push(select.fallback);
                }
                (members.clone(), members)
            }
            None => (Vec::new(), (0..candidates).collect()),
        }
    }

    /// The options that a decision may still take.
    pub(super) fn options(&self, decision: DecisionId) -> Vec<u32> {
        match self.architecture.option(decision) {
            Some(option) => vec![option],
            None => (0..self.decisions[decision.0].count()).collect(),
        }
    }

    fn port(
        &mut self,
        frame: &mut Frame<'a>,
        port: Port,
        path: Path<'_>,
    ) -> Result<Shapes, ShapeError> {
        if frame.done[port.node].is_none() {
            let done = self.node(frame, &frame.graph.nodes[port.node], path)?;
            frame.done[port.node] = Some(done);
        }
        let done = frame.done[port.node].as_ref();
        Ok(done.map_or_else(Vec::new, |(outputs, _)| outputs[port.output].clone()))
    }

    fn ports(
        &mut self,
        frame: &mut Frame<'a>,
        ports: &[Port],
        path: Path<'_>,
    ) -> Result<Vec<Shapes>, ShapeError> {
        ports
            .iter()
            .map(|&port| self.port(frame, port, path))
            .collect()
    }

    fn node(
        &mut self,
        frame: &mut Frame<'a>,
        node: &'a GraphNode,
        parent: Path<'_>,
    ) -> Result<(Vec<Shapes>, Part), ShapeError> {
        let path = parent.node(&node.name);
        match &node.kind {
            Kind::Input(index) => Ok((vec![frame.inputs[*index].clone()], Part::default())),
            Kind::Operation(operation) => {
                let inputs = self.ports(frame, &node.inputs, parent)?;
                let mut named: Vec<Port> = Vec::new();
                operation.for_each_size(&mut |size| {
                    named.extend(size.ports());
                });
                self.ports(frame, &named, parent)?;
                let (shapes, part) = self.operation(frame, operation, &inputs, path)?;
                Ok((vec![shapes], part))
            }
            Kind::Choice(choice) => {
                let inputs = self.ports(frame, &node.inputs, parent)?;
                let known = self.looked_up(node);
                self.remembered(known, inputs, |own, inputs| {
                    own.choice(choice, &inputs, path)
                })
            }
            Kind::Select(select) => {
                let inputs = self.ports(frame, &node.inputs, parent)?;
                let known = self.looked_up(node);
                self.remembered(known, inputs, |own, inputs| {
                    let (shapes, part) = own.select(select, &inputs, path)?;
                    Ok((vec![shapes], part))
                })
            }
            Kind::Loose(loose) => {
                let inputs = self.ports(frame, &node.inputs, parent)?;
                let (shapes, part) = self.loose(loose, frame.graph, node, &inputs, path)?;
                Ok((vec![shapes], part))
            }
            Kind::Repeat(repeat) => {
                let input = self.port(frame, node.inputs[0], parent)?;
                let (shapes, part) = self.repeat(repeat, input, path)?;
                Ok((vec![shapes], part))
            }
            Kind::Instance(instance) => {
                let inputs = self.ports(frame, &node.inputs, parent)?;
                let (outputs, mut part) = self.graph(&instance.graph, inputs, path)?;
                let first = |tie: &String| self.ties.insert(tie.clone());
                if !instance.tie.as_ref().is_none_or(first) {
                    // The first may stand under an option that is not taken.
                    for range in [&mut part.parameters, &mut part.weights] {
                        range.low = 0;
                        range.high = if self.open { range.high } else { 0 };
                    }
                }
                Ok((outputs, part))
            }
            Kind::Align(align) => {
                let inputs = self.ports(frame, &node.inputs, parent)?;
                self.ports(frame, &align.channels.ports(), parent)?;
                let (shapes, part) = self.align(frame, align, &inputs, path)?;
                Ok((vec![shapes], part))
            }
            Kind::Derived(derived) => {
                let inputs = self.ports(frame, &node.inputs, parent)?;
                self.derived(derived, &inputs, path)
            }
            Kind::Unroll(unroll) => {
                let inputs = self.ports(frame, &node.inputs, parent)?;
                self.unroll(&unroll.body, inputs, path)
            }
        }
    }
}

impl Drop for Explorer<'_> {
    fn drop(&mut self) {
        if let Some(heirs) = self.heirs {
            heirs.give_back(std::mem::take(&mut self.memory));
        }
    }
}
