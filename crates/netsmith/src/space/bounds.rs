//! Bounds of the costs of all architectures that some decisions still allow.

use super::graph::{Graph, GraphNode, Kind, Loose, Merge, Port, Repeat, Select, Through};
use super::{Align, AlignMethod, Architecture, Decision, DecisionId, DecisionKind, Pick, Size};
use crate::network::operation::Multiple;
use crate::network::{Operation, Shape, ShapeError};
use std::collections::BTreeSet;

/// Least and greatest value of a cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Range {
    /// No architecture costs less.
    pub low: u64,
    /// No architecture costs more.
    pub high: u64,
}

/// Bounds over a set of architectures.
///
/// They hold for each; they are reached where decisions act independently,
/// as in all spaces of the catalogue but for shapes that depend on each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// Trainable scalars.
    pub parameters: Range,
    /// Multiply-accumulate operations for one sample.
    pub macs: Range,
    /// Peak bytes of inference at batch 1, with the weights.
    pub memory: Range,
}

/// How many combinations of shapes and options one node is examined for;
/// beyond, only the extremes are.
const MOST_COMBINATIONS: usize = 4_096;

/// Shapes that a tensor may have.
type Shapes = Vec<Shape>;

/// Costs of a part of the graph.
#[derive(Clone, Copy, Default)]
struct Part {
    parameters: Range,
    macs: Range,
    /// Elements of all weights and buffers.
    weights: Range,
    /// Low: the largest input and output of one node. High: all outputs.
    activations: Range,
}

impl Part {
    /// This part and another.
    fn and(self, other: Self) -> Self {
        let sum = |a: Range, b: Range| Range {
            low: a.low + b.low,
            high: a.high + b.high,
        };
        Self {
            parameters: sum(self.parameters, other.parameters),
            macs: sum(self.macs, other.macs),
            weights: sum(self.weights, other.weights),
            activations: Range {
                low: self.activations.low.max(other.activations.low),
                high: self.activations.high + other.activations.high,
            },
        }
    }

    /// One part or another.
    fn or(self, other: Self) -> Self {
        self.merged(other, |a, b| Range {
            low: a.low.min(b.low),
            high: a.high.max(b.high),
        })
    }

    /// The part, or nothing.
    fn maybe(self) -> Self {
        self.or(Self::default())
    }

    fn merged(self, other: Self, f: impl Fn(Range, Range) -> Range) -> Self {
        Self {
            parameters: f(self.parameters, other.parameters),
            macs: f(self.macs, other.macs),
            weights: f(self.weights, other.weights),
            activations: f(self.activations, other.activations),
        }
    }
}

/// Walks the graph with sets of shapes in place of shapes.
pub(super) struct Explorer<'a> {
    decisions: &'a [Decision],
    architecture: &'a Architecture,
    ties: BTreeSet<String>,
}

struct Frame<'a> {
    graph: &'a Graph,
    inputs: Vec<Shapes>,
    /// Shapes of the outputs and own cost of each node that was reached.
    done: Vec<Option<(Vec<Shapes>, Part)>>,
    path: String,
}

impl<'a> Explorer<'a> {
    /// Bounds over all completions of an architecture.
    ///
    /// # Errors
    /// A node that fits together under no option.
    pub(super) fn bounds(
        decisions: &'a [Decision],
        architecture: &'a Architecture,
        graph: &Graph,
        inputs: &[Shape],
    ) -> Result<Bounds, ShapeError> {
        let mut explorer = Self {
            decisions,
            architecture,
            ties: BTreeSet::new(),
        };
        let entries = inputs.iter().map(|&shape| vec![shape]).collect();
        let (_, part) = explorer.graph(graph, entries, String::new())?;
        let entering: u64 = inputs.iter().map(|shape| shape.elements() as u64).sum();
        Ok(Bounds {
            parameters: part.parameters,
            macs: part.macs,
            memory: Range {
                low: 4 * (part.weights.low + part.activations.low),
                high: 4 * (part.weights.high + part.activations.high + entering),
            },
        })
    }

    fn graph(
        &mut self,
        graph: &Graph,
        inputs: Vec<Shapes>,
        path: String,
    ) -> Result<(Vec<Shapes>, Part), ShapeError> {
        let mut frame = Frame {
            graph,
            inputs,
            done: vec![None; graph.nodes.len()],
            path,
        };
        for &port in &graph.kept {
            self.port(&mut frame, port)?;
        }
        let outputs = graph
            .outputs
            .iter()
            .map(|&port| self.port(&mut frame, port));
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
            Kind::Loose(loose) if loose.same_positions => node.inputs[..loose.fixed].to_vec(),
            _ => node.inputs.clone(),
        };
        ports
            .iter()
            .for_each(|port| self.mark(graph, port.node, certain));
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
    fn options(&self, decision: DecisionId) -> Vec<u32> {
        match self.architecture.option(decision) {
            Some(option) => vec![option],
            None => (0..self.decisions[decision.0].count()).collect(),
        }
    }

    fn port(&mut self, frame: &mut Frame<'_>, port: Port) -> Result<Shapes, ShapeError> {
        if frame.done[port.node].is_none() {
            let done = self.node(frame, &frame.graph.nodes[port.node])?;
            frame.done[port.node] = Some(done);
        }
        let done = frame.done[port.node].as_ref();
        Ok(done.map_or_else(Vec::new, |(outputs, _)| outputs[port.output].clone()))
    }

    fn ports(&mut self, frame: &mut Frame<'_>, ports: &[Port]) -> Result<Vec<Shapes>, ShapeError> {
        ports.iter().map(|&port| self.port(frame, port)).collect()
    }

    fn node(
        &mut self,
        frame: &mut Frame<'_>,
        node: &GraphNode,
    ) -> Result<(Vec<Shapes>, Part), ShapeError> {
        let path = match frame.path.is_empty() {
            true => node.name.clone(),
            false => format!("{}.{}", frame.path, node.name),
        };
        match &node.kind {
            Kind::Input(index) => Ok((vec![frame.inputs[*index].clone()], Part::default())),
            Kind::Operation(operation) => {
                let inputs = self.ports(frame, &node.inputs)?;
                let (shapes, part) = self.operation(frame, operation, &inputs, &path)?;
                Ok((vec![shapes], part))
            }
            Kind::Choice(choice) => {
                let inputs = self.ports(frame, &node.inputs)?;
                let mut result: Option<(Vec<Shapes>, Part)> = None;
                for option in self.options(choice.decision) {
                    let graph = &choice.options[option as usize];
                    let (outputs, part) = self.graph(graph, inputs.clone(), path.clone())?;
                    result = Some(match result {
                        None => (outputs, part),
                        Some((others, other)) => {
                            let unions = others.into_iter().zip(outputs);
                            (unions.map(|(a, b)| union(a, b)).collect(), other.or(part))
                        }
                    });
                }
                Ok(result.unwrap_or_default())
            }
            Kind::Select(select) => {
                let inputs = self.ports(frame, &node.inputs)?;
                let (shapes, part) = self.select(select, &inputs, &path)?;
                Ok((vec![shapes], part))
            }
            Kind::Loose(loose) => {
                let inputs = self.ports(frame, &node.inputs)?;
                let (shapes, part) = self.loose(loose, &inputs, &path)?;
                Ok((vec![shapes], part))
            }
            Kind::Repeat(repeat) => {
                let input = self.port(frame, node.inputs[0])?;
                let (shapes, part) = self.repeat(repeat, input, &path)?;
                Ok((vec![shapes], part))
            }
            Kind::Instance(instance) => {
                let inputs = self.ports(frame, &node.inputs)?;
                let (outputs, mut part) = self.graph(&instance.graph, inputs, path)?;
                let first = |tie: &String| self.ties.insert(tie.clone());
                if !instance.tie.as_ref().is_none_or(first) {
                    part.parameters = Range::default();
                    part.weights = Range::default();
                }
                Ok((outputs, part))
            }
            Kind::Align(align) => {
                let inputs = self.ports(frame, &node.inputs)?;
                let (shapes, part) = self.align(frame, align, &inputs, &path)?;
                Ok((vec![shapes], part))
            }
            Kind::Unroll(unroll) => {
                let inputs = self.ports(frame, &node.inputs)?;
                self.unroll(&unroll.body, inputs, path)
            }
        }
    }

    /// One operation on every combination of shapes and options.
    fn operation(
        &self,
        frame: &Frame<'_>,
        operation: &Operation<Size>,
        inputs: &[Shapes],
        path: &str,
    ) -> Result<(Shapes, Part), ShapeError> {
        let combined = operation
            .multiple()
            .map(|multiple| combine(multiple, inputs));
        if let Some(shapes) = combined {
            let entering: u64 = inputs.iter().map(|shapes| smallest(shapes)).sum();
            return finish(shapes, entering, operation.name(), path);
        }
        let mut decisions: Vec<DecisionId> = Vec::new();
        let mut others: Vec<Port> = Vec::new();
        let mapped: Result<_, ()> = operation.map(&mut |size| {
            size.leaves(&mut |leaf| match leaf {
                Size::ChannelsOf(port) => others.push(*port),
                Size::Decided(id) | Size::Table(id, _) if !decisions.contains(id) => {
                    decisions.push(*id);
                }
                _ => {}
            });
            Ok(0_usize)
        });
        debug_assert!(mapped.is_ok());
        let mut axes: Vec<Vec<usize>> = Vec::new();
        for &id in &decisions {
            axes.push(
                self.options(id)
                    .iter()
                    .map(|&option| option as usize)
                    .collect(),
            );
        }
        for port in &others {
            let shapes = frame.done[port.node]
                .as_ref()
                .map(|(outputs, _)| &outputs[port.output]);
            let channels = shapes.into_iter().flatten().map(|shape| shape.channels());
            axes.push(channels.collect::<BTreeSet<_>>().into_iter().collect());
        }
        let entering = inputs.first().cloned().unwrap_or_default();
        axes.push((0..entering.len()).collect());

        let (mut shapes, mut part, mut misfit) = (Vec::new(), None::<Part>, None);
        for combination in combinations(&axes) {
            let input = entering.get(combination[axes.len() - 1]).copied();
            let value = |leaf: &Size| match leaf {
                Size::Channels => input.map_or(0, Shape::channels),
                Size::ChannelsOf(port) => {
                    let place = others.iter().position(|other| other == port).unwrap_or(0);
                    combination[decisions.len() + place]
                }
                Size::Decided(id) | Size::Table(id, _) => {
                    let place = decisions.iter().position(|other| other == id).unwrap_or(0);
                    let option = combination[place];
                    match (leaf, &self.decisions[id.0].kind) {
                        (Size::Table(_, values), _) | (_, DecisionKind::Value(values)) => {
                            values[option]
                        }
                        _ => 0,
                    }
                }
                _ => 0,
            };
            let mut value = value;
            let concrete: Result<Operation, ()> =
                operation.map(&mut |size| Ok(size.value(&mut value)));
            let Ok(concrete) = concrete else { continue };
            let input: Vec<Shape> = input.into_iter().collect();
            match concrete.output(&input) {
                Ok(shape) => {
                    let own = cost(&concrete, &input, shape);
                    part = Some(part.map_or(own, |part| part.or(own)));
                    shapes.push(shape);
                }
                Err(error) => misfit = Some((concrete.to_string(), error.0)),
            }
        }
        shapes.sort_unstable();
        shapes.dedup();
        match (part, misfit) {
            (Some(part), _) => Ok((shapes, part)),
            (None, misfit) => {
                let (operation, rule) =
                    misfit.unwrap_or((operation.name().into(), "has no input".into()));
                Err(ShapeError {
                    node: path.to_owned(),
                    operation,
                    rule,
                })
            }
        }
    }

    fn select(
        &mut self,
        select: &Select,
        inputs: &[Shapes],
        path: &str,
    ) -> Result<(Shapes, Part), ShapeError> {
        let (fixed, candidates) = inputs.split_at(select.fixed);
        let decision = &self.decisions[select.decision.0];
        let DecisionKind::Select { pick, .. } = decision.kind else {
            return Ok(Default::default());
        };
        let mut total = Part::default();
        let mut arrived: Vec<Shapes> = Vec::new();
        if let Some(option) = self.architecture.option(select.decision) {
            let mut members = decision.members(option);
            if members.is_empty() && fixed.is_empty() {
                members.push(select.fallback);
            }
            for (slot, &candidate) in members.iter().enumerate() {
                let (shapes, part) = self.passed(select, slot, candidate, candidates, path)?;
                total = total.and(part);
                arrived.push(shapes);
            }
            arrived.extend(fixed.iter().cloned());
            let (shapes, part) = merged(select.merge, &arrived, path)?;
            return Ok((shapes, total.and(part)));
        }
        // Open: between the cheapest and the dearest so many candidates.
        let slots = match (&select.through, pick) {
            (Through::Slots(slots), _) => slots.len(),
            _ => 1,
        };
        let mut offered: Vec<Shapes> = Vec::new();
        for slot in 0..slots {
            let mut parts = Vec::new();
            for candidate in 0..candidates.len() {
                let (shapes, part) = self.passed(select, slot, candidate, candidates, path)?;
                parts.push(part);
                offered.push(shapes);
            }
            let (least, most) = match (slots, pick) {
                (2.., _) => (1, 1),
                (_, Pick::Subset) => (0, candidates.len()),
                (_, Pick::Combination(k) | Pick::Permutation(k)) => (k, k),
                (_, Pick::Repetition(k)) => (1.min(k), k),
            };
            total = total.and(some_of(&parts, least, most));
        }
        let any = offered.iter().cloned().reduce(union).unwrap_or_default();
        let shapes = match select.merge {
            Merge::Sum => match fixed.first() {
                Some(first) => first.clone(),
                None => any,
            },
            Merge::Concat | Merge::PaddedConcat => {
                let (least, most) = match pick {
                    Pick::Subset => (0, candidates.len()),
                    Pick::Combination(k) | Pick::Permutation(k) | Pick::Repetition(k) => (k, k),
                };
                concats(fixed, &any, least, most)
            }
        };
        let (_, part) = finish(shapes.clone(), 0, "select", path)?;
        Ok((shapes, total.and(part)))
    }

    /// A candidate after what it passes on its way.
    fn passed(
        &mut self,
        select: &Select,
        slot: usize,
        candidate: usize,
        candidates: &[Shapes],
        path: &str,
    ) -> Result<(Shapes, Part), ShapeError> {
        let input = candidates[candidate].clone();
        let graph = match &select.through {
            Through::Nothing => return Ok((input, Part::default())),
            Through::Edges(edges) => &edges[candidate],
            Through::Slots(slots) => &slots[slot],
        };
        let (mut outputs, part) = self.graph(graph, vec![input], path.to_owned())?;
        Ok((outputs.swap_remove(0), part))
    }

    fn loose(
        &mut self,
        loose: &Loose,
        inputs: &[Shapes],
        path: &str,
    ) -> Result<(Shapes, Part), ShapeError> {
        let (fixed, candidates) = inputs.split_at(loose.fixed);
        let any = candidates.iter().cloned().reduce(union).unwrap_or_default();
        let least = usize::from(fixed.is_empty());
        let shapes = match loose.merge {
            Merge::Sum => fixed.first().cloned().unwrap_or(any),
            Merge::Concat | Merge::PaddedConcat => concats(fixed, &any, least, candidates.len()),
        };
        finish(shapes, 0, "loose", path)
    }

    fn repeat(
        &mut self,
        repeat: &Repeat,
        input: Shapes,
        path: &str,
    ) -> Result<(Shapes, Part), ShapeError> {
        let mut counts: Vec<usize> = match repeat.count.decisions()[..] {
            [] => vec![repeat.count.value(&mut |_| 0)],
            [id, ..] => {
                let values = |option: u32| {
                    repeat
                        .count
                        .value(&mut |leaf| match (leaf, &self.decisions[id.0].kind) {
                            (Size::Table(_, values), _) | (_, DecisionKind::Value(values)) => {
                                values[option as usize]
                            }
                            _ => 0,
                        })
                };
                self.options(id).into_iter().map(values).collect()
            }
        };
        counts.sort_unstable();
        let most = counts.last().copied().unwrap_or(0).min(repeat.bodies.len());
        let (mut shapes, mut part) = (input, Part::default());
        let mut result: Option<(Shapes, Part)> = None;
        for count in 0..=most {
            if count > 0 {
                let path = format!("{path}.{}", count - 1);
                let body = &repeat.bodies[count - 1];
                let (mut outputs, own) = self.graph(body, vec![shapes], path)?;
                shapes = outputs.swap_remove(0);
                part = part.and(own);
            }
            if counts.contains(&count) || (count == most && result.is_none()) {
                result = Some(match result {
                    None => (shapes.clone(), part),
                    Some((others, other)) => (union(others, shapes.clone()), other.or(part)),
                });
            }
        }
        Ok(result.unwrap_or((shapes, part)))
    }

    fn align(
        &mut self,
        frame: &Frame<'_>,
        align: &Align,
        inputs: &[Shapes],
        path: &str,
    ) -> Result<(Shapes, Part), ShapeError> {
        let mut positions: Vec<[usize; 2]> = inputs.get(1).map_or_else(Vec::new, |shapes| {
            shapes.iter().map(|shape| shape.positions()).collect()
        });
        positions.sort_unstable();
        positions.dedup();
        // The size of a probe tells the channels under every option.
        let probe = Operation::Linear(crate::network::operation::Linear {
            out: align.channels.clone(),
            bias: false,
        });
        let channels: Vec<Shapes> = vec![
            inputs[0]
                .iter()
                .map(|shape| Shape::vector(shape.channels()))
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
        ];
        let (channels, _) = self.operation(frame, &probe, &channels, path)?;
        let (mut shapes, mut part) = (Vec::new(), None::<Part>);
        for &input in &inputs[0] {
            let own = [input.positions()];
            let targets = if positions.is_empty() {
                &own[..]
            } else {
                &positions
            };
            for &target in targets {
                for channels in channels.iter().map(|shape| shape.channels()) {
                    let Some((shape, cost)) = aligned(align.method, input, channels, target) else {
                        continue;
                    };
                    shapes.push(shape);
                    part = Some(part.map_or(cost, |part| part.or(cost)));
                }
            }
        }
        shapes.sort_unstable();
        shapes.dedup();
        part.map(|part| (shapes, part)).ok_or_else(|| ShapeError {
            node: path.to_owned(),
            operation: "align".into(),
            rule: "no option brings the shapes together".into(),
        })
    }

    fn unroll(
        &mut self,
        body: &Graph,
        inputs: Vec<Shapes>,
        path: String,
    ) -> Result<(Vec<Shapes>, Part), ShapeError> {
        let [_, length] = inputs[0].first().map_or([1, 1], |shape| shape.positions());
        let position = inputs[0]
            .iter()
            .map(|shape| Shape::vector(shape.channels()))
            .collect();
        let mut entries = vec![position];
        entries.extend(inputs.into_iter().skip(1));
        let (outputs, part) = self.graph(body, entries, path)?;
        let repeated = |range: Range| Range {
            low: range.low * length as u64,
            high: range.high * length as u64,
        };
        let sequence = outputs[0].iter();
        let sequence = sequence
            .map(|shape| Shape::sequence(shape.channels(), length))
            .collect();
        let part = Part {
            macs: repeated(part.macs),
            activations: Range {
                low: part.activations.low,
                high: part.activations.high * length as u64,
            },
            ..part
        };
        Ok((std::iter::once(sequence).chain(outputs).collect(), part))
    }
}

/// Shape and cost of one aligned tensor, or nothing where it cannot be done.
fn aligned(
    method: AlignMethod,
    input: Shape,
    channels: usize,
    positions: [usize; 2],
) -> Option<(Shape, Part)> {
    use super::resolve::aligning;
    let graph = match aligning(method, input, channels, positions) {
        None => return Some((input, Part::default())),
        Some(graph) => graph,
    };
    let nothing = Architecture::undecided(0);
    let mut explorer = Explorer {
        decisions: &[],
        architecture: &nothing,
        ties: BTreeSet::new(),
    };
    let (outputs, part) = explorer
        .graph(&graph, vec![vec![input]], String::new())
        .ok()?;
    let shape = *outputs.first()?.first()?;
    (shape.positions() == positions).then_some((shape, part))
}

/// What an operation costs.
fn cost(operation: &Operation, inputs: &[Shape], output: Shape) -> Part {
    let exactly = |value: u64| Range {
        low: value,
        high: value,
    };
    let weights = operation.weights(inputs);
    let count = |trained_only: bool| {
        let counted = weights.iter().filter(|w| !trained_only || w.role.trains());
        counted.map(|weight| weight.elements() as u64).sum::<u64>()
    };
    let entering: usize = inputs.iter().map(|shape| shape.elements()).sum();
    // What passes its buffer on needs none of its own.
    let passes_on = matches!(
        operation,
        Operation::Identity | Operation::Flatten | Operation::Dropout(_) | Operation::DropPath
    );
    let own = if passes_on {
        0
    } else {
        output.elements() as u64
    };
    Part {
        parameters: exactly(count(true)),
        macs: exactly(operation.macs(inputs, output)),
        weights: exactly(count(false)),
        activations: Range {
            low: entering as u64 + own,
            high: own,
        },
    }
}

/// The part of a node without weights: its shapes, and what it reads and writes.
fn finish(
    shapes: Shapes,
    entering: u64,
    operation: &str,
    path: &str,
) -> Result<(Shapes, Part), ShapeError> {
    let Some(largest) = shapes.iter().map(|shape| shape.elements() as u64).max() else {
        return Err(ShapeError {
            node: path.to_owned(),
            operation: operation.to_owned(),
            rule: "its inputs agree in shape under no option".into(),
        });
    };
    let activations = Range {
        low: entering,
        high: largest,
    };
    let part = Part {
        activations,
        ..Part::default()
    };
    Ok((shapes, part))
}

fn merged(merge: Merge, inputs: &[Shapes], path: &str) -> Result<(Shapes, Part), ShapeError> {
    if let [only] = inputs {
        return Ok((only.clone(), Part::default()));
    }
    let entering = inputs.iter().map(|shapes| smallest(shapes)).sum();
    let shapes = match merge {
        Merge::Sum => combine(Multiple::Same, inputs),
        Merge::Concat => combine(Multiple::Concat, inputs),
        Merge::PaddedConcat => concats(inputs, &Vec::new(), 0, 0),
    };
    finish(shapes, entering, "merge", path)
}

fn smallest(shapes: &[Shape]) -> u64 {
    shapes
        .iter()
        .map(|shape| shape.elements() as u64)
        .min()
        .unwrap_or(0)
}

/// Shapes of an operation on several inputs.
fn combine(multiple: Multiple, inputs: &[Shapes]) -> Shapes {
    let Some((first, rest)) = inputs.split_first() else {
        return Vec::new();
    };
    match multiple {
        Multiple::Same => {
            let common = first
                .iter()
                .filter(|shape| rest.iter().all(|set| set.contains(shape)));
            common.copied().collect()
        }
        Multiple::Scale => {
            let scales = |image: &Shape| {
                let mut factors = rest.iter().flatten();
                factors.any(|factor| factor == image || factor.channels() == image.channels())
            };
            first.iter().copied().filter(scales).collect()
        }
        Multiple::Concat => rest.iter().fold(first.clone(), |sums, set| {
            let sums = sums.iter().flat_map(|sum| {
                let fits = set
                    .iter()
                    .filter(|shape| shape.positions() == sum.positions());
                fits.map(|shape| sum.with_channels(sum.channels() + shape.channels()))
            });
            sums.collect::<BTreeSet<_>>().into_iter().collect()
        }),
        Multiple::Stack => {
            let length = inputs.len();
            first
                .iter()
                .map(|shape| Shape::sequence(shape.channels(), length))
                .collect()
        }
    }
}

/// Shapes of a concatenation of all `fixed` and between `least` and `most` of
/// `any`, images padded to the largest.
fn concats(fixed: &[Shapes], any: &Shapes, least: usize, most: usize) -> Shapes {
    let mut sums: BTreeSet<Shape> = BTreeSet::new();
    let mut level: BTreeSet<Option<Shape>> = BTreeSet::from([None]);
    let add = |sum: Option<Shape>, shape: Shape| match sum {
        None => shape,
        Some(sum) => {
            let ([a, b], [h, w]) = (sum.positions(), shape.positions());
            match shape {
                Shape::Vector { features } => Shape::vector(sum.channels() + features),
                Shape::Image { channels, .. } => {
                    Shape::image(sum.channels() + channels, a.max(h), b.max(w))
                }
            }
        }
    };
    for set in fixed {
        let sums = level
            .iter()
            .flat_map(|&sum| set.iter().map(move |&s| Some(add(sum, s))));
        level = sums.collect();
    }
    for count in 0..=most {
        if count > 0 {
            let sums = level
                .iter()
                .flat_map(|&sum| any.iter().map(move |&s| Some(add(sum, s))));
            level = sums.collect();
        }
        if count >= least {
            sums.extend(level.iter().flatten());
        }
    }
    sums.into_iter().collect()
}

/// Between the `least` cheapest and the `most` dearest of several parts.
fn some_of(parts: &[Part], least: usize, most: usize) -> Part {
    let range = |of: fn(&Part) -> Range| {
        let mut lows: Vec<u64> = parts.iter().map(|part| of(part).low).collect();
        let mut highs: Vec<u64> = parts.iter().map(|part| of(part).high).collect();
        lows.sort_unstable();
        highs.sort_unstable();
        // With repetition the dearest may be picked more often than it is there.
        let dearest = highs.last().copied().unwrap_or(0);
        let spare = most.saturating_sub(highs.len()) as u64 * dearest;
        Range {
            low: lows.iter().take(least).sum(),
            high: highs.iter().rev().take(most).sum::<u64>() + spare,
        }
    };
    let lows = parts.iter().map(|part| part.activations.low).min();
    Part {
        parameters: range(|part| part.parameters),
        macs: range(|part| part.macs),
        weights: range(|part| part.weights),
        activations: Range {
            low: if least == 0 { 0 } else { lows.unwrap_or(0) },
            high: range(|part| part.activations).high,
        },
    }
}

fn union(mut a: Shapes, b: Shapes) -> Shapes {
    a.extend(b);
    a.sort_unstable();
    a.dedup();
    a
}

/// All combinations of one entry of each axis; where there are too many, only
/// the first and the last entry of each axis.
fn combinations(axes: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let extremes: Vec<Vec<usize>>;
    let mut axes = axes;
    if axes.iter().map(Vec::len).product::<usize>() > MOST_COMBINATIONS {
        let ends = |axis: &Vec<usize>| match axis[..] {
            [first, .., last] => vec![first, last],
            _ => axis.clone(),
        };
        extremes = axes.iter().map(ends).collect();
        axes = &extremes;
    }
    axes.iter().fold(vec![Vec::new()], |prefixes, axis| {
        let longer = prefixes.iter().flat_map(|prefix| {
            axis.iter().map(move |&entry| {
                let mut longer = prefix.clone();
                longer.push(entry);
                longer
            })
        });
        longer.collect()
    })
}
