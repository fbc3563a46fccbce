//! Which channels of a supernet's nodes count, and the masks that leave them.

use super::super::live::Live;
use super::{Place, Resolver};
use crate::network::operation::{Activation, Groups, LayerNorm, Pad, Truncate, Zero};
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
        let known: Vec<Channels> = inputs.iter().map(|&input| self.channels(input)).collect();
        let shape = self.builder.shape(node);
        let certain = Channels {
            live: Live::First(shape.channels()),
            clean: true,
        };
        let Some(first) = known.first().cloned() else {
            return certain;
        };
        let own = live.unwrap_or_else(|| certain.live.clone());
        let decided = |clean| Channels {
            live: own.clone(),
            clean,
        };
        match operation {
            Operation::Linear(_) | Operation::Truncate(_) => decided(false),
            // Behind rows and columns alone the channels stay as they are.
            Operation::Pad(_) if own == certain.live && shape.channels() == first.live.most() => {
                Channels {
                    clean: true,
                    ..first
                }
            }
            Operation::Pad(_) => decided(true),
            Operation::Convolution(it) => match it.groups {
                Groups::Count(1) => decided(false),
                // In an architecture its output has as many channels as its input.
                Groups::Depthwise => Channels {
                    clean: first.clean && !it.bias,
                    ..first
                },
                Groups::Count(_) => {
                    for tree in [&first.live, &own] {
                        self.refuse(tree, "widths of what is divided into groups");
                    }
                    certain
                }
            },
            Operation::ChannelShuffle(_) => {
                self.refuse(&first.live, "widths of what is divided into groups");
                certain
            }
            Operation::BatchNorm(norm) => Channels {
                clean: first.clean && !norm.affine,
                ..first
            },
            Operation::Activation(kind) => Channels {
                clean: first.clean && keeps_zero(*kind),
                ..first
            },
            // In an architecture all of them have as many channels.
            Operation::Add | Operation::Mix { .. } | Operation::Stack => Channels {
                clean: known
                    .iter()
                    .all(|other| other.clean && other.live == first.live),
                ..first
            },
            Operation::Multiply => Channels {
                clean: known
                    .iter()
                    .any(|other| other.clean && other.live == first.live),
                ..first
            },
            Operation::Concat => {
                let (last, before) = known.split_last().unwrap_or((&first, &[]));
                for other in before {
                    self.refuse(&other.live, "widths of what is concatenated");
                }
                let before: usize = before.iter().map(|other| other.live.most()).sum();
                Channels {
                    live: last.live.map(&|size| before + size),
                    clean: last.clean,
                }
            }
            Operation::Flatten => {
                let positions = shape.channels() / first.live.most().max(1);
                Channels {
                    live: first.live.map(&|size| size * positions),
                    clean: first.clean,
                }
            }
            Operation::Zero(_) => Channels {
                clean: true,
                ..first
            },
            Operation::Input(_) | Operation::LayerNorm(_) => certain,
            Operation::MaxPool(_)
            | Operation::AvgPool(_)
            | Operation::GlobalPool
            | Operation::Identity
            | Operation::Shift
            | Operation::Dropout(_)
            | Operation::DropPath
            | Operation::Resize(_)
            | Operation::Slice(_) => first,
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

    /// One layer norm for each number of channels that may count.
    pub(super) fn layer_norms(
        &mut self,
        norm: LayerNorm,
        input: usize,
        place: &Place,
    ) -> Result<usize, ShapeError> {
        let live = self.channels(input).live;
        let mut known = BTreeMap::new();
        let node = self.layer_norm(norm, input, &live, &mut known, place)?;
        self.know(node, Channels { live, clean: true });
        Ok(node)
    }

    fn layer_norm(
        &mut self,
        norm: LayerNorm,
        input: usize,
        live: &Live,
        known: &mut BTreeMap<usize, usize>,
        place: &Place,
    ) -> Result<usize, ShapeError> {
        match live {
            Live::First(size) => {
                if let Some(&known) = known.get(size) {
                    return Ok(known);
                }
                let all = self.builder.shape(input).channels();
                let place = place.within(&size.to_string());
                let cut = self.fitted(input, *size, &place)?;
                let own = self.push(Operation::LayerNorm(norm), &[cut], &place)?;
                let own = self.padded(own, all, &place)?;
                known.insert(*size, own);
                Ok(own)
            }
            Live::By(key, options) => {
                let mut inputs = Vec::new();
                for option in options {
                    inputs.push(self.layer_norm(norm, input, option, known, place)?);
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

fn keeps_zero(activation: Activation) -> bool {
    match activation {
        Activation::Relu
        | Activation::Relu6
        | Activation::HardSwish
        | Activation::Silu
        | Activation::Gelu
        | Activation::Tanh => true,
        Activation::HardSigmoid | Activation::Sigmoid | Activation::Complement => false,
    }
}
