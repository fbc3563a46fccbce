//! Sizes that a supernet leaves open.
//!
//! ```text
//! width n_i      the largest layer; what mixes channels reads x · Σ_i p_i mask_i, with
//!                ones in the first n_i places of mask_i (Wan et al. 2020,
//!                arXiv:2004.05565, there right behind the layer)
//! kernel k_i     Σ_i p_i · layer_i, with weights of its own for each kernel
//! depth d_i      all blocks of the deepest, Σ_i p_i · (value behind d_i of them)
//! ```
//!
//! Where one option counts, a mask leaves the channels that the narrower network
//! has, with the first slices of the shared weights, and zeros. What acts on each
//! channel alone need not see them, so that a mask stands only before what mixes
//! channels, and a sum of blocks is not masked again and again. A layer norm mixes
//! channels in a way that zeros disturb: there is one for each width, on the
//! channels cut off.

use super::super::live::{Live, Ranked};
use super::super::{DecisionId, DecisionKind, Repeat, Size};
use super::masks::Channels;
use super::{Frame, Place, Resolver};
use crate::network::operation::{Masking, Primitive, SizeRole};
use crate::network::{Operation, Shape, ShapeError};
use std::collections::BTreeMap;

/// A size has at most so many cases.
const MOST_CASES: usize = 4_096;

/// What a supernet knows of its nodes, and what it cannot relax.
#[derive(Default)]
pub(super) struct Sizes {
    /// For each decision its place in their order.
    ranks: Vec<usize>,
    pub(super) refused: Vec<(DecisionId, &'static str)>,
    /// By node; nothing where all channels count.
    pub(super) channels: BTreeMap<usize, Channels>,
    /// By node, the same with zeros where channels do not count.
    pub(super) cleaned: BTreeMap<usize, usize>,
    /// The vectors of so many features with ones where a size says so.
    pub(super) masks: BTreeMap<(usize, Live), usize>,
}

impl Sizes {
    pub(super) fn new(ranks: Vec<usize>) -> Self {
        Self {
            ranks,
            ..Self::default()
        }
    }
}

impl Resolver<'_> {
    /// An operation of a supernet, whose sizes may be decided.
    pub(super) fn sized(
        &mut self,
        frame: &mut Frame<'_>,
        operation: &Operation<Size>,
        inputs: &[usize],
        place: &Place,
    ) -> Result<usize, ShapeError> {
        let mut trees = Vec::new();
        let largest = operation.map(&mut |size| {
            let tree = self.tree(frame, size, inputs)?;
            let most = tree.most();
            trees.push(tree);
            Ok(most)
        })?;
        let roles = largest.ask(Primitive::sizes);
        let of = |role: SizeRole| {
            let trees = roles.iter().zip(&trees);
            trees.filter_map(move |(other, tree)| (*other == role).then_some(tree))
        };
        for tree in of(SizeRole::Positions) {
            self.refuse(tree, "strides, heights and widths of images");
        }
        for tree in of(SizeRole::InnerKernel) {
            self.refuse(tree, "kernels whose windows stay inside the image");
        }
        let live = of(SizeRole::Channels).next().cloned();
        let kernels: Vec<&Live> = of(SizeRole::Kernel).collect();
        match kernels[..] {
            [height, width] => self.windows(&largest, [height, width], inputs, live, place),
            _ => self.place(largest, inputs, live, place),
        }
    }

    /// One layer for each kernel that may be decided.
    fn windows(
        &mut self,
        operation: &Operation,
        kernel: [&Live; 2],
        inputs: &[usize],
        live: Option<Live>,
        place: &Place,
    ) -> Result<usize, ShapeError> {
        let asked = kernel.iter().filter_map(|tree| tree.asks());
        let Some((key, count)) = asked.min() else {
            let operation = with_kernel(operation, kernel.map(Live::most));
            return self.place(operation, inputs, live, place);
        };
        let mut outputs = Vec::new();
        for option in 0..count {
            let [height, width] = kernel.map(|tree| tree.given(key, option));
            let name = self.decisions[key.decision.0].option_name(option as u32);
            let place = place.within(&name);
            let kernel = [&height, &width];
            outputs.push(self.windows(operation, kernel, inputs, live.clone(), &place)?);
        }
        self.mix(key.decision, &outputs, place)
    }

    /// Adds a node whose channels count as `live` says, where it decides them.
    pub(super) fn place(
        &mut self,
        operation: Operation,
        inputs: &[usize],
        live: Option<Live>,
        place: &Place,
    ) -> Result<usize, ShapeError> {
        let mut inputs = inputs.to_vec();
        let masking = operation.ask(Primitive::masking);
        let reads_all = match masking {
            Masking::Mixes | Masking::Appends => true,
            Masking::Grouped { mixes } => mixes,
            Masking::Each(_)
            | Masking::Cuts
            | Masking::Joins
            | Masking::Unfolds
            | Masking::PerWidth => false,
        };
        if reads_all {
            for input in &mut inputs {
                *input = self.clean(*input)?;
            }
        }
        if let (Masking::PerWidth, &[input]) = (masking, &inputs[..])
            && !self.channels(input).is_certain()
        {
            return self.per_width(&operation, input, place);
        }
        let node = self.push(operation.clone(), &inputs, place)?;
        let channels = self.passed(&operation, &inputs, live, node);
        self.know(node, channels);
        Ok(node)
    }

    /// The options of a decision, mixed. Narrower ones count as if zeros followed.
    pub(super) fn mix(
        &mut self,
        decision: DecisionId,
        outputs: &[usize],
        place: &Place,
    ) -> Result<usize, ShapeError> {
        let mix = Operation::Mix {
            decision: decision.0,
        };
        let place = place.within("mix");
        let lives = outputs.iter().map(|&output| self.channels(output).live);
        let lives: Vec<Live> = lives.collect();
        if lives.iter().all(|live| *live == lives[0]) {
            return self.place(mix, outputs, None, &place);
        }
        let most = lives.iter().map(Live::most).max().unwrap_or(0);
        let mut inputs = Vec::new();
        for &output in outputs {
            let output = self.clean(output)?;
            inputs.push(self.padded(output, most, &place)?);
        }
        let node = self.push(mix, &inputs, &place)?;
        let key = self.key(decision);
        let live = match Live::cases(key, &lives) > MOST_CASES {
            true => {
                self.sizes.refused.push((decision, "so many sizes at once"));
                Live::First(most)
            }
            false => Live::select(key, &lives),
        };
        self.know(node, Channels { live, clean: true });
        Ok(node)
    }

    /// The blocks of a repetition, mixed over its lengths.
    pub(super) fn lengths(
        &mut self,
        repeat: &Repeat,
        count: &Live,
        input: usize,
        place: &Place,
    ) -> Result<usize, ShapeError> {
        let mut outputs = vec![input];
        let most = count.most().min(repeat.bodies.len());
        for (index, body) in repeat.bodies[..most].iter().enumerate() {
            let place = place.within(&index.to_string());
            let before = outputs[index];
            outputs.push(self.graph(body, &[before], place)?[0]);
        }
        let Some((key, options)) = count.asks() else {
            return Ok(outputs[most]);
        };
        let lengths = (0..options).map(|option| count.given(key, option));
        let lengths: Vec<Live> = lengths.collect();
        if let Some(other) = lengths.iter().find(|length| length.decision().is_some()) {
            self.refuse(other, "a number of blocks that several decisions set");
            return Ok(outputs[most]);
        }
        let ends = lengths
            .iter()
            .map(|length| outputs[length.most().min(most)]);
        let ends: Vec<usize> = ends.collect();
        let kind = |node: usize| {
            let shape = self.builder.shape(node);
            (matches!(shape, Shape::Vector { .. }), shape.positions())
        };
        if ends.iter().any(|&end| kind(end) != kind(ends[0])) {
            self.refuse(count, "a number of blocks that sets the size of the image");
            return Ok(outputs[most]);
        }
        self.mix(key.decision, &ends, place)
    }

    /// The value of a size by decision.
    pub(super) fn tree(
        &mut self,
        frame: &mut Frame<'_>,
        size: &Size,
        inputs: &[usize],
    ) -> Result<Live, ShapeError> {
        for port in size.ports() {
            self.port(frame, port)?;
        }
        Ok(self.leaf(frame, size, inputs))
    }

    fn leaf(&self, frame: &Frame<'_>, size: &Size, inputs: &[usize]) -> Live {
        let values = |decision: DecisionId, values| Live::values(self.key(decision), values);
        match size {
            Size::Fixed(size) => Live::First(*size),
            Size::Decided(decision) => values(*decision, self.values(*decision)),
            Size::Table(decision, table) => match self.decisions[decision.0].kind {
                DecisionKind::Select { .. } => {
                    Live::First(table.iter().copied().max().unwrap_or(0))
                }
                _ => values(*decision, table),
            },
            Size::Channels => match inputs.first() {
                Some(&input) => self.channels(input).live,
                None => Live::First(0),
            },
            Size::ChannelsOf(port) => match &frame.done[port.node] {
                Some(outputs) => self.channels(outputs[port.output]).live,
                None => Live::First(0),
            },
            Size::Times(a, b) => {
                let [a, b] = [a, b].map(|size| self.leaf(frame, size, inputs));
                a.combine(&b, &|a, b| {
                    a.saturating_mul(b).min(super::super::size::MOST)
                })
            }
            Size::Over(size, divisor) => {
                let whole = self.leaf(frame, size, inputs);
                whole.map(&|size| (size / divisor).max(1))
            }
        }
    }

    /// Either of two nodes, as a tree of zeros (`otherwise`) and ones (`where_one`)
    /// says; its channels count as `live` says.
    pub(super) fn either(
        &mut self,
        tree: &Live,
        [where_one, otherwise]: [usize; 2],
        live: &Live,
        place: &Place,
    ) -> Result<usize, ShapeError> {
        let Some((key, count)) = tree.asks() else {
            return Ok(if tree.most() == 1 {
                where_one
            } else {
                otherwise
            });
        };
        let mut inputs = Vec::new();
        for option in 0..count {
            let tree = tree.given(key, option);
            inputs.push(self.either(&tree, [where_one, otherwise], live, place)?);
        }
        let mix = Operation::Mix {
            decision: key.decision.0,
        };
        let node = self.push(mix, &inputs, &place.within("mix"))?;
        self.decide(node, live.clone());
        Ok(node)
    }

    /// Says how the channels of a node count, of which the others may be anything.
    pub(super) fn decide(&mut self, node: usize, live: Live) {
        self.know(node, Channels { live, clean: false });
    }

    /// How many of the channels of a node count.
    pub(super) fn live(&self, node: usize) -> Live {
        self.channels(node).live
    }

    pub(super) fn refuse(&mut self, tree: &Live, what: &'static str) {
        self.sizes
            .refused
            .extend(tree.decision().map(|decision| (decision, what)));
    }

    pub(super) fn key(&self, decision: DecisionId) -> Ranked {
        Ranked {
            rank: self.sizes.ranks[decision.0],
            decision,
        }
    }
}

/// The operation with another kernel.
fn with_kernel(operation: &Operation, kernel: [usize; 2]) -> Operation {
    let mut roles = operation.ask(Primitive::sizes).into_iter();
    let mut sides = kernel.into_iter();
    operation.with_sizes(&mut |&size| match roles.next() {
        Some(SizeRole::Kernel) => sides.next().unwrap_or(size),
        _ => size,
    })
}
