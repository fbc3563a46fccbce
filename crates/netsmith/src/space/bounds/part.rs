//! Costs of a part of the graph.

use super::Range;
use super::explorer::Path;
use super::shapes::Shapes;
use crate::network::operation::{Buffer, Primitive};
use crate::network::{Operation, Shape, ShapeError};

/// Costs of a part of the graph.
#[derive(Clone, Copy, Default)]
pub(super) struct Part {
    pub(super) parameters: Range,
    pub(super) macs: Range,
    /// Elements of all weights and buffers.
    pub(super) weights: Range,
    /// Low: the largest input and output of one node. High: all outputs.
    pub(super) activations: Range,
    /// Whether shapes may meet that do not fit together.
    pub(super) may_misfit: bool,
}

impl Part {
    /// This part and another.
    pub(super) fn and(self, other: Self) -> Self {
        let sum = |a: Range, b: Range| Range {
            low: a.low.saturating_add(b.low),
            high: a.high.saturating_add(b.high),
        };
        Self {
            parameters: sum(self.parameters, other.parameters),
            macs: sum(self.macs, other.macs),
            weights: sum(self.weights, other.weights),
            activations: Range {
                low: self.activations.low.max(other.activations.low),
                high: self.activations.high.saturating_add(other.activations.high),
            },
            may_misfit: self.may_misfit || other.may_misfit,
        }
    }

    /// One part or another.
    pub(super) fn or(self, other: Self) -> Self {
        self.merged(other, |a, b| Range {
            low: a.low.min(b.low),
            high: a.high.max(b.high),
        })
    }

    /// The part, or nothing.
    pub(super) fn maybe(self) -> Self {
        self.or(Self::default())
    }

    fn merged(self, other: Self, f: impl Fn(Range, Range) -> Range) -> Self {
        Self {
            parameters: f(self.parameters, other.parameters),
            macs: f(self.macs, other.macs),
            weights: f(self.weights, other.weights),
            activations: f(self.activations, other.activations),
            may_misfit: self.may_misfit || other.may_misfit,
        }
    }
}

/// What an operation costs.
pub(super) fn cost(operation: &Operation, inputs: &[Shape], output: Shape) -> Part {
    let exactly = |value: u64| Range {
        low: value,
        high: value,
    };
    let weights = operation.weights(inputs);
    let count = |trained_only: bool| {
        let counted = weights.iter().filter(|w| !trained_only || w.role.trains());
        counted
            .map(|weight| weight.elements() as u64)
            .fold(0, u64::saturating_add)
    };
    let entering = inputs
        .iter()
        .map(|shape| shape.elements() as u64)
        .fold(0, u64::saturating_add);
    // What passes its buffer on needs none of its own.
    let own = match operation.ask(Primitive::buffer) {
        Buffer::Input | Buffer::Noise(_) => 0,
        Buffer::New => output.elements() as u64,
    };
    Part {
        parameters: exactly(count(true)),
        macs: exactly(operation.macs(inputs, output)),
        weights: exactly(count(false)),
        activations: Range {
            low: entering.saturating_add(own),
            high: own,
        },
        may_misfit: false,
    }
}

/// The part of a node without weights: its shapes, and what it reads and writes.
pub(super) fn finish(
    shapes: Shapes,
    entering: u64,
    operation: &str,
    path: Path<'_>,
) -> Result<(Shapes, Part), ShapeError> {
    let Some(largest) = shapes.iter().map(|shape| shape.elements() as u64).max() else {
        let rule = "its inputs agree in shape under no option";
        return Err(ShapeError::new(path.to_string(), operation, rule));
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

/// Between the `least` cheapest and the `most` dearest of several parts.
pub(super) fn some_of(parts: &[Part], least: usize, most: usize) -> Part {
    let range = |of: fn(&Part) -> Range| {
        let mut lows: Vec<u64> = parts.iter().map(|part| of(part).low).collect();
        let mut highs: Vec<u64> = parts.iter().map(|part| of(part).high).collect();
        lows.sort_unstable();
        highs.sort_unstable();
        // With repetition the dearest may be picked more often than it is there.
        let dearest = highs.last().copied().unwrap_or(0);
        let spare = dearest.saturating_mul(most.saturating_sub(highs.len()) as u64);
        let sum = |sum: u64, &part: &u64| sum.saturating_add(part);
        Range {
            low: lows.iter().take(least).fold(0, sum),
            high: highs.iter().rev().take(most).fold(spare, sum),
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
        may_misfit: parts.iter().any(|part| part.may_misfit),
    }
}
