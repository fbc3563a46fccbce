//! The same node on the same inputs: it takes the parent's weights.

use super::Morphism;
use super::copy::{Kernel, gathered};
use crate::module::Channels;
use netsmith::network::Shape;
use netsmith::network::operation::Convolution;

/// What a node of the child gives.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum State {
    /// The value of a node of the parent.
    Carries(Carry),
    /// Nothing but zeros.
    Zero,
    /// Something new.
    Fresh,
}

/// The value of a node of the parent under a map of channels.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Carry {
    /// The node of the parent.
    pub(super) node: usize,
    /// For each channel of the child that of the parent.
    pub(super) map: Vec<usize>,
}

impl Carry {
    /// How often each channel of the parent is there.
    pub(super) fn counts(&self) -> Vec<f32> {
        let most = self.map.iter().max().map_or(0, |most| most + 1);
        let mut counts = vec![0.0; most];
        self.map.iter().for_each(|&old| counts[old] += 1.0);
        counts
    }

    fn in_order(&self, channels: usize) -> bool {
        self.map.iter().copied().eq(0..channels)
    }
}

impl Morphism<'_> {
    /// What a node carries that has the parent's name, kind and inputs; its
    /// weights are set.
    pub(super) fn follow(&mut self, node: usize, old: usize) -> Option<Carry> {
        let (it, was) = (&self.child.nodes()[node], &self.parent.nodes()[old]);
        if it.inputs.len() != was.inputs.len() {
            return None;
        }
        let mut inputs = Vec::new();
        for (&new, &old) in it.inputs.iter().zip(&was.inputs) {
            match &self.states[new] {
                State::Carries(carry) if carry.node == self.holder(old) => {
                    inputs.push(carry.clone());
                }
                _ => return None,
            }
        }
        let map = self.mapped(node, old, &inputs)?;
        Some(Carry {
            node: self.holder(old),
            map,
        })
    }

    fn mapped(&mut self, node: usize, old: usize, inputs: &[Carry]) -> Option<Vec<usize>> {
        let (it, was) = (&self.child.nodes()[node], &self.parent.nodes()[old]);
        let from = self.parent.nodes()[*was.inputs.first()?].shape;
        let first = inputs.first()?;
        let alike = inputs.iter().all(|other| other.map == first.map);
        let same = it.operation == was.operation;
        match (self.of_child(node).channels, self.of_parent(old).channels) {
            (Channels::Mixed(Some(new)), Channels::Mixed(Some(before))) => {
                self.convolved(node, old, (&new, &before), first)
            }
            (Channels::Mixed(None), Channels::Mixed(None)) => {
                let map = self.spread(was.shape.channels(), it.shape.channels())?;
                self.widen(node, old, &map, first)?;
                Some(map)
            }
            (Channels::Normed { together }, Channels::Normed { .. }) if same => {
                // Mean and variance stay only where every channel counts alike.
                if together && !is_even(&first.counts()) {
                    return None;
                }
                self.gather(node, old, &first.map);
                Some(first.map.clone())
            }
            (Channels::Joined, Channels::Joined) => {
                let mut offset = 0;
                let mut map = Vec::new();
                for (carry, &input) in inputs.iter().zip(&was.inputs) {
                    map.extend(carry.map.iter().map(|old| offset + old));
                    offset += self.parent.nodes()[input].shape.channels();
                }
                Some(map)
            }
            (Channels::Unfolded, Channels::Unfolded) => {
                let plane: usize = from.positions().iter().product();
                let positions = |&channel: &usize| channel * plane..(channel + 1) * plane;
                Some(first.map.iter().flat_map(positions).collect())
            }
            (Channels::Each, Channels::Each) if same && alike => Some(first.map.clone()),
            (
                Channels::Passed
                | Channels::Mixed(_)
                | Channels::Normed { .. }
                | Channels::Each
                | Channels::Joined
                | Channels::Unfolded
                | Channels::Fixed,
                _,
            ) => {
                let ordered = inputs.iter().zip(&was.inputs).all(|(carry, &input)| {
                    carry.in_order(self.parent.nodes()[input].shape.channels())
                });
                let repeats = same && it.weights.is_empty() && ordered;
                repeats.then(|| (0..was.shape.channels()).collect())
            }
        }
    }

    fn convolved(
        &mut self,
        node: usize,
        old: usize,
        (new, before): (&Convolution, &Convolution),
        input: &Carry,
    ) -> Option<Vec<usize>> {
        let from = self.parent.nodes()[*self.parent.nodes()[old].inputs.first()?].shape;
        let (wide, narrow) = (input.map.len(), from.channels());
        if !(grows(new, before) && new.window.stride == before.window.stride) {
            return None;
        }
        let groups = [new.group_count(wide), before.group_count(narrow)];
        if groups == [1, 1] {
            let map = self.spread(before.out, new.out)?;
            self.widen(node, old, &map, input)?;
            return Some(map);
        }
        // Depthwise: one kernel for each channel.
        let depthwise = groups == [wide, narrow] && [new.out, before.out] == [wide, narrow];
        let unchanged = groups[0] == groups[1] && new.out == before.out && input.in_order(narrow);
        let map = match (depthwise, unchanged) {
            (true, _) => input.map.clone(),
            (false, true) => (0..before.out).collect(),
            (false, false) => return None,
        };
        let alone = Carry {
            node: input.node,
            map: match depthwise {
                true => vec![0],
                false => (0..narrow / groups[1]).collect(),
            },
        };
        self.widen(node, old, &map, &alone)?;
        Some(map)
    }

    /// Sets kernel and bias: rows as mapped, columns shared out among the copies
    /// of a channel.
    fn widen(&mut self, node: usize, old: usize, rows: &[usize], input: &Carry) -> Option<()> {
        let (it, was) = (&self.child.nodes()[node], &self.parent.nodes()[old]);
        if it.weights.len() != was.weights.len() {
            return None;
        }
        let (new, before) = (it.weights[0], was.weights[0]);
        let shapes = [
            &self.child.weights()[new].shape.dims,
            &self.parent.weights()[before].shape.dims,
        ];
        let kernel = Kernel::new(shapes[0], shapes[1])?;
        let counts = input.counts();
        let mut values = vec![0.0; self.new.0[new].len()];
        for (row, &from) in rows.iter().enumerate() {
            // The first of each channel is the original.
            let copied = rows[..row].contains(&from);
            let factors = match copied {
                true => self.factors(new, row, kernel.row()),
                false => vec![1.0; kernel.row()],
            };
            for (column, &source) in input.map.iter().enumerate() {
                let share = 1.0 / counts[source];
                kernel.place(
                    [row, column],
                    [from, source],
                    &self.old.0[before],
                    |at, value| {
                        values[at] = value * share * factors[at % kernel.row()];
                    },
                );
            }
        }
        self.new.0[new] = values;
        if let (Some(&bias), Some(&before)) = (it.weights.get(1), was.weights.get(1)) {
            self.new.0[bias] = gathered(&self.old.0[before], rows);
        }
        Some(())
    }

    /// Takes tensors of one number for each channel.
    fn gather(&mut self, node: usize, old: usize, map: &[usize]) {
        let pairs = self.child.nodes()[node].weights.iter();
        for (&new, &before) in pairs.zip(&self.parent.nodes()[old].weights) {
            self.new.0[new] = gathered(&self.old.0[before], map);
        }
    }
}

/// Whether every channel is there equally often.
fn is_even(counts: &[f32]) -> bool {
    let mut pairs = counts.windows(2);
    pairs.all(|pair| (pair[0] - pair[1]).abs() < 0.5)
}

/// Whether the kernel only grows, by as much on both sides, and gives an output
/// of the same size.
fn grows(new: &Convolution, before: &Convolution) -> bool {
    let (new, before) = (&new.window, &before.window);
    let pairs = new.kernel.iter().zip(&before.kernel);
    let even = pairs
        .into_iter()
        .all(|(new, before)| new >= before && (new - before).is_multiple_of(2));
    let probe = Shape::image(1, 31, 31).positions();
    let shift = |axis: usize| (new.kernel[axis] - before.kernel[axis]) / 2 * new.dilation;
    even && new.dilation == before.dilation
        && (0..2).all(|axis| new.pads(probe)[axis][0] == before.pads(probe)[axis][0] + shift(axis))
}
