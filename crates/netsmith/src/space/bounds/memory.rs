//! What explorers of one graph have learnt.

use super::super::DecisionId;
use super::super::graph::AlignMethod;
use super::part::Part;
use super::shapes::Shapes;
use crate::network::Shape;
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// How many parts are remembered before all is forgotten: some 20 megabytes.
const MOST: usize = 1 << 16;

/// What explorers of one graph have learnt, between two of them.
///
/// An explorer takes it all and gives it back in the end; one that works at the
/// same time begins with nothing.
#[derive(Default)]
pub(in super::super) struct Remembered(Mutex<Memory>);

/// What was learnt about the parts of one graph, its subgraphs and some of their
/// nodes, which are known by their addresses: the graph must stay where it is.
#[derive(Default)]
pub(super) struct Memory {
    reads: HashMap<usize, Option<Arc<[DecisionId]>>>,
    known: HashMap<Visit, (Vec<Shapes>, Part)>,
    aligned: HashMap<Alignment, Option<(Shape, Part)>>,
}

/// One tensor that is to have so many channels and these positions.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Alignment {
    pub(super) method: AlignMethod,
    pub(super) input: Shape,
    pub(super) channels: usize,
    pub(super) positions: [usize; 2],
}

/// A part of the graph with everything that its bounds depend on.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Visit {
    pub(super) part: usize,
    /// Options of the decisions that it reads.
    pub(super) options: Vec<Option<u32>>,
    /// Shapes that enter.
    pub(super) inputs: Vec<Shapes>,
}

impl Remembered {
    pub(super) fn take(&self) -> Memory {
        let mut memory = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut memory)
    }

    pub(super) fn give_back(&self, memory: Memory) {
        let mut own = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if memory.known.len() > own.known.len() {
            *own = memory;
        }
    }
}

/// A copy is of another graph and begins with nothing.
impl Clone for Remembered {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl fmt::Debug for Remembered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Remembered")
    }
}

impl Memory {
    /// The decisions that a part of the graph reads, which `find` lists when the
    /// part is met first; nothing where its bounds depend on more: tied weights
    /// count where they are met first.
    pub(super) fn reads(
        &mut self,
        part: usize,
        find: impl FnOnce() -> Option<BTreeSet<DecisionId>>,
    ) -> Option<Arc<[DecisionId]>> {
        let reads = self.reads.entry(part);
        let reads = reads.or_insert_with(|| Some(find()?.into_iter().collect()));
        reads.clone()
    }

    pub(super) fn find(&self, visit: &Visit) -> Option<&(Vec<Shapes>, Part)> {
        self.known.get(visit)
    }

    pub(super) fn keep(&mut self, visit: Visit, found: (Vec<Shapes>, Part)) {
        if self.known.len() >= MOST {
            self.known.clear();
        }
        self.known.insert(visit, found);
    }

    /// Shape and cost of an aligned tensor, found by `find` when it is asked first.
    pub(super) fn aligned(
        &mut self,
        alignment: Alignment,
        find: impl FnOnce(Alignment) -> Option<(Shape, Part)>,
    ) -> Option<(Shape, Part)> {
        if self.aligned.len() >= MOST {
            self.aligned.clear();
        }
        *self
            .aligned
            .entry(alignment)
            .or_insert_with(|| find(alignment))
    }
}
