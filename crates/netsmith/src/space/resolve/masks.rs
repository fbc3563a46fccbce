//! Which channels of a supernet's nodes count, and the masks that leave them.

use super::super::live::Live;
use super::{Place, Resolver};
use crate::network::operation::{Activation, Masking, Pad, Primitive, Truncate, Zero, Zeros};
use crate::network::{Builder, Operation, Shape, ShapeError};
use std::collections::BTreeMap;

/// How many of a node's first channels count.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Channels {
    pub(super) live: Live,
    /// Whether the others are zeros.
    pub(super) clean: bool,
}

impl Channels {
    pub(super) fn is_certain(&self) -> bool {
        self.live.decision().is_none()
    }
}

impl Resolver<'_> {
    /// How the channels of a new node count.
    pub(super) fn passed(
        &mut self,
        operation: &Operation,
        inputs: &[usize],
        live: Option<Live>,
        node: usize,
    ) -> Channels {
        let entering: Vec<Channels> = inputs.iter().map(|&input| self.channels(input)).collect();
        let shape = self.builder.shape(node);
        let certain = Channels {
            live: Live::First(shape.channels()),
            clean: true,
        };
        let Some(first) = entering.first().cloned() else {
            return certain;
        };
        let decided = live.unwrap_or_else(|| certain.live.clone());
        // Each may count by itself where all have as many channels, as they have
        // in every architecture.
        let alike = |other: &Channels| other.clean && other.live == first.live;
        match operation.ask(Primitive::masking) {
            Masking::Each(zeros) => Channels {
                clean: match zeros {
                    Zeros::Always => true,
                    Zeros::Never => false,
                    Zeros::WhereAll => entering.iter().all(alike),
                    Zeros::WhereAny => entering.iter().any(alike),
                },
                ..first
            },
            Masking::Mixes | Masking::Cuts => Channels {
                live: decided,
                clean: false,
            },
            // Behind rows and columns alone the channels stay as they are.
            Masking::Appends
                if decided == certain.live && shape.channels() == first.live.most() =>
            {
                Channels {
                    clean: true,
                    ..first
                }
            }
            Masking::Appends => Channels {
                live: decided,
                clean: true,
            },
            Masking::Joins => {
                let (last, before) = entering.split_last().unwrap_or((&first, &[]));
                for other in before {
                    self.refuse(&other.live, "widths of what is concatenated");
                }
                let before: usize = before.iter().map(|other| other.live.most()).sum();
                Channels {
                    live: last.live.map(&|size| before + size),
                    clean: last.clean,
                }
            }
            Masking::Unfolds => {
                let positions = shape.channels() / first.live.most().max(1);
                Channels {
                    live: first.live.map(&|size| size * positions),
                    clean: first.clean,
                }
            }
            Masking::Grouped { .. } => {
                for live in entering.iter().map(|other| &other.live).chain([&decided]) {
                    self.refuse(live, "widths of what is divided into groups");
                }
                certain
            }
            Masking::PerWidth => certain,
        }
    }

    pub(super) fn channels(&self, node: usize) -> Channels {
        let known = self.sizes.channels.get(&node).cloned();
        known.unwrap_or_else(|| Channels {
            live: Live::First(self.builder.shape(node).channels()),
            clean: true,
        })
    }

    pub(super) fn know(&mut self, node: usize, channels: Channels) {
        if !channels.is_certain() {
            self.sizes.channels.insert(node, channels);
        }
    }

    /// The same with zeros where channels do not count.
    pub(super) fn clean(&mut self, node: usize) -> Result<usize, ShapeError> {
        let Channels { live, clean } = self.channels(node);
        if clean || live.decision().is_none() {
            return Ok(node);
        }
        if let Some(&known) = self.sizes.cleaned.get(&node) {
            return Ok(known);
        }
        let mask = self.mask(&live, self.builder.shape(node).channels())?;
        let cleaned = self
            .builder
            .add("masked", Operation::Multiply, &[node, mask])?;
        self.know(cleaned, Channels { live, clean: true });
        self.sizes.cleaned.insert(node, cleaned);
        Ok(cleaned)
    }

    /// A vector with ones where channels count.
    fn mask(&mut self, live: &Live, channels: usize) -> Result<usize, ShapeError> {
        let key = (channels, live.clone());
        if let Some(&known) = self.sizes.masks.get(&key) {
            return Ok(known);
        }
        let mask = match live {
            Live::First(size) => {
                let ones = self.ones(*size)?;
                pad(&mut self.builder, ones, channels)?
            }
            Live::By(decision, options) => {
                let masks = options.iter().map(|option| self.mask(option, channels));
                let masks = masks.collect::<Result<Vec<usize>, ShapeError>>()?;
                let decision = decision.decision.0;
                self.builder
                    .add("mask.mix", Operation::Mix { decision }, &masks)?
            }
        };
        self.sizes.masks.insert(key, mask);
        Ok(mask)
    }

    /// A vector of ones, made of zeros: twice the hard sigmoid of zero.
    fn ones(&mut self, size: usize) -> Result<usize, ShapeError> {
        let key = (size, Live::First(size));
        if let Some(&known) = self.sizes.masks.get(&key) {
            return Ok(known);
        }
        let builder = &mut self.builder;
        let mut x = 0;
        if matches!(builder.shape(x), Shape::Image { .. }) {
            x = builder.add("mask.pool", Operation::GlobalPool, &[x])?;
        }
        let first = Operation::Truncate(Truncate::first(1_usize));
        x = builder.add("mask.first", first, &[x])?;
        x = builder.add("mask.zero", Operation::Zero(Zero { stride: [1, 1] }), &[x])?;
        x = pad(builder, x, size)?;
        let half = Operation::Activation(Activation::HardSigmoid);
        x = builder.add("mask.half", half, &[x])?;
        x = builder.add("mask.ones", Operation::Add, &[x, x])?;
        self.sizes.masks.insert(key, x);
        Ok(x)
    }

    /// One operation for each number of channels that may count.
    pub(super) fn per_width(
        &mut self,
        operation: &Operation,
        input: usize,
        place: &Place,
    ) -> Result<usize, ShapeError> {
        let live = self.channels(input).live;
        let mut built = BTreeMap::new();
        let node = self.for_width(operation, input, &live, &mut built, place)?;
        self.know(node, Channels { live, clean: true });
        Ok(node)
    }

    fn for_width(
        &mut self,
        operation: &Operation,
        input: usize,
        live: &Live,
        built: &mut BTreeMap<usize, usize>,
        place: &Place,
    ) -> Result<usize, ShapeError> {
        match live {
            Live::First(size) => {
                if let Some(&node) = built.get(size) {
                    return Ok(node);
                }
                let all = self.builder.shape(input).channels();
                let place = place.within(&size.to_string());
                let cut = self.fitted(input, *size, &place)?;
                let node = self.push(operation.clone(), &[cut], &place)?;
                let node = self.padded(node, all, &place)?;
                built.insert(*size, node);
                Ok(node)
            }
            Live::By(key, options) => {
                let mut inputs = Vec::new();
                for option in options {
                    inputs.push(self.for_width(operation, input, option, built, place)?);
                }
                let decision = key.decision.0;
                self.push(Operation::Mix { decision }, &inputs, &place.within("mix"))
            }
        }
    }

    /// The first channels, or zeros behind them.
    pub(super) fn fitted(
        &mut self,
        node: usize,
        channels: usize,
        place: &Place,
    ) -> Result<usize, ShapeError> {
        if self.builder.shape(node).channels() <= channels {
            return self.padded(node, channels, place);
        }
        let cut = Operation::Truncate(Truncate::first(channels));
        self.push(cut, &[node], &place.within("first"))
    }

    pub(super) fn padded(
        &mut self,
        node: usize,
        channels: usize,
        place: &Place,
    ) -> Result<usize, ShapeError> {
        let shape = self.builder.shape(node);
        if shape.channels() == channels {
            return Ok(node);
        }
        let [height, width] = shape.positions();
        let pad = Operation::Pad(Pad {
            channels,
            height,
            width,
        });
        self.push(pad, &[node], &place.within("pad"))
    }
}

/// A vector with zeros behind it.
fn pad(builder: &mut Builder, vector: usize, channels: usize) -> Result<usize, ShapeError> {
    if builder.shape(vector).channels() == channels {
        return Ok(vector);
    }
    let pad = Operation::Pad(Pad {
        channels,
        height: 1,
        width: 1,
    });
    builder.add("mask.pad", pad, &[vector])
}

#[cfg(test)]
mod tests {
    use super::super::{Graph, Port};
    use super::*;
    use crate::network::operation::{Convolution, Example, Linear, SizeRole, catalogue};
    use crate::space::{Architecture, Decision, DecisionId, DecisionKind, Decisions, Size};

    /// An operation on inputs whose width a decision sets: of all where they have
    /// one shape, of the last otherwise.
    struct Case {
        decisions: Vec<Decision>,
        graph: Graph,
        inputs: Vec<Shape>,
    }

    impl Case {
        fn of(Example { operation, inputs }: &Example, widths: [usize; 2]) -> Self {
            let mut decisions = Decisions::default();
            let width = decisions.decide("width", DecisionKind::Value(widths.to_vec()));
            let alike = inputs.iter().all(|shape| *shape == inputs[0]);
            let mut graph = Graph::new(inputs.len());
            let mut ports: Vec<Port> = Vec::new();
            for (index, shape) in inputs.iter().enumerate() {
                let is_decided = alike || index + 1 == inputs.len();
                let out = if is_decided {
                    Size::Decided(width)
                } else {
                    Size::Fixed(shape.channels())
                };
                let layer = match shape {
                    Shape::Image { .. } => Operation::Convolution(Convolution::square(out, 1, 1)),
                    Shape::Vector { .. } => Operation::Linear(Linear::new(out)),
                };
                ports.push(graph.operation("layer", layer, &[graph.input(index)]));
            }
            let masking = operation.ask(|it| it.masking());
            let mut roles = operation.ask(|it| it.sizes()).into_iter();
            let sized = operation.map(&mut |&size| {
                let follows = matches!(masking, Masking::Each(_));
                Ok::<Size, std::convert::Infallible>(match roles.next() {
                    Some(SizeRole::Channels) if follows => Size::Channels,
                    _ => Size::Fixed(size),
                })
            });
            let Ok(sized) = sized;
            let output = graph.operation("output", sized, &ports);
            Self {
                decisions: decisions.all,
                graph: graph.with_output(output),
                inputs: inputs.clone(),
            }
        }

        /// How many channels of the output count under each option; nothing
        /// where the supernet cannot leave the width open.
        fn live(&self) -> Option<[usize; 2]> {
            let mut resolver = Resolver {
                decisions: &self.decisions,
                architecture: None,
                builder: Builder::new(),
                loose: Vec::new(),
                sizes: super::super::Sizes::new(vec![0]),
            };
            let shapes = self.inputs.iter();
            let entries: Vec<usize> = shapes.map(|s| resolver.builder.input("x", *s)).collect();
            let place = Place {
                path: String::new(),
                tie: None,
            };
            let outputs = resolver.graph(&self.graph, &entries, place).unwrap();
            let live = resolver.live(outputs[0]);
            let key = resolver.key(DecisionId(0));
            let refused = !resolver.sizes.refused.is_empty();
            (!refused).then(|| [0, 1].map(|option| live.given(key, option).most()))
        }

        /// The channels of the output in the network of an option.
        fn channels(&self, option: u32) -> Option<usize> {
            let mut architecture = Architecture::undecided(1);
            architecture.set(DecisionId(0), Some(option));
            let inputs = &self.inputs;
            let network = Resolver::network(&self.decisions, &architecture, &self.graph, inputs);
            network.ok().map(|network| network.answer().channels())
        }
    }

    /// In a supernet as many channels count as each architecture has.
    #[test]
    fn masks_leave_what_architectures_have() {
        let mut checked = 0;
        for entry in catalogue() {
            for example in (entry.build.examples)() {
                let Some(last) = example.inputs.last() else {
                    continue;
                };
                let most = last.channels();
                for least in 1..most {
                    let case = Case::of(&example, [least, most]);
                    let networks = [case.channels(0), case.channels(1)];
                    if let ([Some(narrow), Some(wide)], Some(live)) = (networks, case.live()) {
                        assert_eq!(live, [narrow, wide], "{} {least}", example.operation);
                        checked += 1;
                    }
                }
            }
        }
        assert!(checked > 100, "{checked} cases");
    }
}
