//! Average pooling.

use super::pool;
use super::{
    Arity, BlockKind, Entry, Form, Masking, Misfit, Operation, Pool, Primitive, Saved, Shape,
    SizeRole, WeightShape, Zeros,
};
use std::fmt;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "avg-pool",
    "Mean of each window; padding is not counted.",
    Form::new(
        pool::ATTRIBUTES,
        |attributes| pool::read(attributes).map(Operation::AvgPool),
        || pool::examples(Operation::AvgPool),
    ),
);

/// The mean of each window of a pool.
#[derive(Debug)]
pub(super) struct AvgPool(pub(super) Pool);

impl Primitive for AvgPool {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::One
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        self.0.output(inputs)
    }

    fn weights(&self, _inputs: &[Shape]) -> Vec<WeightShape> {
        Vec::new()
    }

    fn macs(&self, _inputs: &[Shape], _output: Shape) -> u64 {
        0
    }

    fn saved(&self) -> Saved {
        Saved::Inputs
    }

    fn zeros(&self) -> Zeros {
        Zeros::WhereAll
    }

    fn masking(&self) -> Masking {
        Masking::Each(Zeros::WhereAll)
    }

    fn block(&self) -> BlockKind {
        BlockKind::Pool
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        self.0.window.attributes()
    }

    fn text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " {}", self.0.window)
    }

    fn sizes(&self) -> Vec<SizeRole> {
        self.0.window.sizes().to_vec()
    }
}
