//! From the graph with choices to a network.

mod align;
mod masks;
mod merge;
mod place;
mod sizes;

pub(super) use align::aligning;

use super::graph::{Choice, Graph, GraphNode, Kind, Port, Repeat};
use super::loose::{self, RelaxedLoose};
use super::{Architecture, Decision, DecisionId, DecisionKind, Refused, Size};
use crate::network::operation::Slice;
use crate::network::{Builder, Network, Operation, Shape, ShapeError};
use place::Place;
use sizes::Sizes;

/// Builds the network of an architecture or, without one, the supernet.
///
/// In a supernet every option of a choice is built and their outputs are mixed;
/// all candidates of a select are mixed where they are summed, and merged
/// otherwise, and so are loose ends; a repetition is mixed over its
/// possible lengths; a size is the largest of its values, and what the others
/// lack is masked.
pub(super) struct Resolver<'a> {
    decisions: &'a [Decision],
    architecture: Option<&'a Architecture>,
    builder: Builder,
    /// The loose ends that are mixed in a supernet.
    loose: Vec<RelaxedLoose>,
    /// What a supernet knows of its sizes.
    sizes: Sizes,
}

/// The resolved nodes of one graph.
struct Frame<'a> {
    graph: &'a Graph,
    inputs: Vec<usize>,
    done: Vec<Option<Vec<usize>>>,
    place: Place,
}

impl<'a> Resolver<'a> {
    /// The network of an architecture.
    pub(super) fn network(
        decisions: &'a [Decision],
        architecture: &'a Architecture,
        graph: &'a Graph,
        inputs: &[Shape],
    ) -> Result<Network, ShapeError> {
        let resolver = Self {
            decisions,
            architecture: Some(architecture),
            builder: Builder::new(),
            loose: Vec::new(),
            sizes: Sizes::default(),
        };
        Ok(resolver.run(graph, inputs)?.0)
    }

    /// The supernet of a space whose decisions come in this order, with those that
    /// it cannot leave open and what they decide.
    pub(super) fn supernet(
        decisions: &'a [Decision],
        order: &[DecisionId],
        graph: &'a Graph,
        inputs: &[Shape],
    ) -> Result<(Network, Refused), ShapeError> {
        let mut ranks = vec![0; decisions.len()];
        for (rank, decision) in order.iter().enumerate() {
            ranks[decision.0] = rank;
        }
        let resolver = Self {
            decisions,
            architecture: None,
            builder: Builder::new(),
            loose: loose::relaxed(graph, decisions.len()),
            sizes: Sizes::new(ranks),
        };
        resolver.run(graph, inputs)
    }

    fn run(mut self, graph: &Graph, inputs: &[Shape]) -> Result<(Network, Refused), ShapeError> {
        let name = |i| {
            if i == 0 {
                "input".into()
            } else {
                format!("input{i}")
            }
        };
        let entries = inputs.iter().enumerate();
        let entries = entries.map(|(i, &shape)| self.builder.input(&name(i), shape));
        let entries: Vec<usize> = entries.collect();
        let place = Place {
            path: String::new(),
            tie: None,
        };
        let outputs = self.graph(graph, &entries, place)?;
        Ok((self.builder.finish(&outputs), self.sizes.refused))
    }

    fn graph(
        &mut self,
        graph: &Graph,
        inputs: &[usize],
        place: Place,
    ) -> Result<Vec<usize>, ShapeError> {
        let mut frame = Frame {
            graph,
            inputs: inputs.to_vec(),
            done: vec![None; graph.nodes.len()],
            place,
        };
        for &port in &graph.kept {
            self.port(&mut frame, port)?;
        }
        graph
            .outputs
            .iter()
            .map(|&port| self.port(&mut frame, port))
            .collect()
    }

    fn port(&mut self, frame: &mut Frame<'_>, port: Port) -> Result<usize, ShapeError> {
        if frame.done[port.node].is_none() {
            let outputs = self.node(frame, &frame.graph.nodes[port.node])?;
            frame.done[port.node] = Some(outputs);
        }
        Ok(frame.done[port.node]
            .as_ref()
            .map_or(0, |outputs| outputs[port.output]))
    }

    fn ports(&mut self, frame: &mut Frame<'_>, ports: &[Port]) -> Result<Vec<usize>, ShapeError> {
        ports.iter().map(|&port| self.port(frame, port)).collect()
    }

    /// The ports that a subgraph reads; the others are not built for it.
    fn read_ports(
        &mut self,
        frame: &mut Frame<'_>,
        graph: &Graph,
        ports: &[Port],
    ) -> Result<Vec<usize>, ShapeError> {
        let ports = ports.iter().enumerate();
        ports
            .map(|(index, &port)| match graph.reads_input(index) {
                true => self.port(frame, port),
                false => Ok(usize::MAX),
            })
            .collect()
    }

    fn node(&mut self, frame: &mut Frame<'_>, node: &GraphNode) -> Result<Vec<usize>, ShapeError> {
        let place = frame.place.within(&node.name);
        match &node.kind {
            Kind::Input(index) => Ok(vec![frame.inputs[*index]]),
            Kind::Operation(operation) => {
                let inputs = self.ports(frame, &node.inputs)?;
                if self.architecture.is_none() {
                    let output = self.sized(frame, operation, &inputs, &place)?;
                    return Ok(vec![output]);
                }
                let operation = operation.map(&mut |size| self.size(frame, size, &inputs))?;
                self.add(operation, &inputs, &place)
                    .map(|output| vec![output])
            }
            Kind::Choice(choice) => self.choice(frame, node, choice, &place),
            Kind::Select(select) => self.select(frame, node, select, &place).map(|o| vec![o]),
            Kind::Loose(loose) => self.loose(frame, node, loose, &place).map(|o| vec![o]),
            Kind::Repeat(repeat) => {
                let input = self.port(frame, node.inputs[0])?;
                let output = match self.architecture {
                    Some(_) => {
                        let count = self.size(frame, &repeat.count, &[input])?;
                        self.repeat(repeat, count, input, &place)?
                    }
                    None => {
                        let count = self.tree(frame, &repeat.count, &[input])?;
                        self.lengths(repeat, &count, input, &place)?
                    }
                };
                Ok(vec![output])
            }
            Kind::Instance(instance) => {
                let inputs = self.read_ports(frame, &instance.graph, &node.inputs)?;
                let place = match &instance.tie {
                    Some(tie) => place.tied(tie),
                    None => place,
                };
                self.graph(&instance.graph, &inputs, place)
            }
            Kind::Align(align) => {
                let inputs = self.ports(frame, &node.inputs)?;
                let output = match self.architecture {
                    Some(_) => {
                        let channels = self.size(frame, &align.channels, &inputs)?;
                        self.align(align.method, channels, &inputs, &place)?
                    }
                    None => {
                        let channels = self.tree(frame, &align.channels, &inputs)?;
                        self.align_open(align.method, &channels, &inputs, &place)?
                    }
                };
                Ok(vec![output])
            }
            Kind::Derived(derived) => {
                let inputs = self.ports(frame, &node.inputs)?;
                let options = derived.decisions.iter().map(|&id| self.option(id));
                let graph = match options.collect::<Option<Vec<u32>>>() {
                    Some(options) => derived.writer.write(&options),
                    None => derived.writer.extremes().dearest,
                };
                self.graph(&graph, &inputs, place)
            }
            Kind::Unroll(unroll) => {
                let inputs = self.ports(frame, &node.inputs)?;
                self.unroll(&unroll.body, &inputs, &place)
            }
        }
    }

    /// Adds a node; in a supernet with what its sizes ask for.
    fn add(
        &mut self,
        operation: Operation,
        inputs: &[usize],
        place: &Place,
    ) -> Result<usize, ShapeError> {
        match self.architecture {
            Some(_) => self.push(operation, inputs, place),
            None => self.place(operation, inputs, None, place),
        }
    }

    fn push(
        &mut self,
        operation: Operation,
        inputs: &[usize],
        place: &Place,
    ) -> Result<usize, ShapeError> {
        match &place.tie {
            Some((tie, start)) => {
                let tie = format!("{tie}{}", &place.path[*start..]);
                self.builder.add_tied(&place.path, operation, inputs, &tie)
            }
            None => self.builder.add(&place.path, operation, inputs),
        }
    }

    /// The value of a size at a node of this frame with these inputs.
    fn size(
        &mut self,
        frame: &mut Frame<'_>,
        size: &Size,
        inputs: &[usize],
    ) -> Result<usize, ShapeError> {
        let mut others = Vec::new();
        size.leaves(&mut |leaf| {
            if let Size::ChannelsOf(port) = leaf {
                others.push(*port);
            }
        });
        for port in others {
            self.port(frame, port)?;
        }
        Ok(size.value(&mut |leaf| match leaf {
            Size::Channels => inputs
                .first()
                .map_or(0, |&i| self.builder.shape(i).channels()),
            Size::ChannelsOf(port) => frame.done[port.node].as_ref().map_or(0, |outputs| {
                self.builder.shape(outputs[port.output]).channels()
            }),
            Size::Decided(decision) => self.pick(*decision, self.values(*decision)),
            Size::Table(decision, values) => self.pick(*decision, values),
            Size::Fixed(_) | Size::Times(..) | Size::Over(..) => 0,
        }))
    }

    /// The value of the decided option, or the largest in a supernet.
    fn pick(&self, decision: DecisionId, values: &[usize]) -> usize {
        let value = match self.option(decision) {
            Some(option) => values.get(option as usize),
            None => values.iter().max(),
        };
        value.copied().unwrap_or(0)
    }

    fn values(&self, decision: DecisionId) -> &[usize] {
        match &self.decisions[decision.0].kind {
            DecisionKind::Value(values) => values,
            _ => &[],
        }
    }

    fn option(&self, decision: DecisionId) -> Option<u32> {
        self.architecture.map(|architecture| {
            architecture.option(decision).unwrap_or_else(|| {
                let name = &self.decisions[decision.0].name;
                panic!("decision `{name}` is open — this is a bug in netsmith")
            })
        })
    }

    fn choice(
        &mut self,
        frame: &mut Frame<'_>,
        node: &GraphNode,
        choice: &Choice,
        place: &Place,
    ) -> Result<Vec<usize>, ShapeError> {
        let kind = &self.decisions[choice.decision.0];
        let name = |option: usize| kind.option_name(option as u32);
        if let Some(option) = self.option(choice.decision) {
            let graph = &choice.options[option as usize];
            let inputs = self.read_ports(frame, graph, &node.inputs)?;
            return self.graph(graph, &inputs, place.within(&name(option as usize)));
        }
        let inputs = self.ports(frame, &node.inputs)?;
        let mut options: Vec<(String, &Graph)> = Vec::new();
        for (index, graph) in choice.options.iter().enumerate() {
            options.push((name(index), graph));
        }
        for (place, graph) in &choice.search_only {
            options.insert(*place, (format!("search-only{place}"), graph));
        }
        let mut outputs = Vec::new();
        for (name, graph) in options {
            outputs.push(self.graph(graph, &inputs, place.within(&name))?[0]);
        }
        self.mix(choice.decision, &outputs, place).map(|o| vec![o])
    }

    fn repeat(
        &mut self,
        repeat: &Repeat,
        count: usize,
        input: usize,
        place: &Place,
    ) -> Result<usize, ShapeError> {
        let mut output = input;
        for (index, body) in repeat.bodies.iter().take(count).enumerate() {
            output = self.graph(body, &[output], place.within(&index.to_string()))?[0];
        }
        Ok(output)
    }

    fn unroll(
        &mut self,
        body: &Graph,
        inputs: &[usize],
        place: &Place,
    ) -> Result<Vec<usize>, ShapeError> {
        let [_, length] = self.builder.shape(inputs[0]).positions();
        let mut states = inputs[1..].to_vec();
        let mut sequence = Vec::new();
        for position in 0..length {
            let slice = Operation::Slice(Slice { position });
            let step = place.within(&position.to_string());
            let mut entries = vec![self.add(slice, &inputs[..1], &step.within("slice"))?];
            entries.extend(&states);
            states = self.graph(body, &entries, step.tied(&place.path))?;
            sequence.push(states[0]);
        }
        let mut outputs = vec![self.add(Operation::Stack, &sequence, &place.within("stack"))?];
        outputs.extend(states);
        Ok(outputs)
    }
}
