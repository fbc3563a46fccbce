//! What explorers of one graph have learnt.

use super::super::DecisionId;
use super::super::graph::Graph;
use super::part::Part;
use super::shapes::Shapes;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// How many subgraphs are remembered before all is forgotten: some 20 megabytes.
const MOST: usize = 1 << 16;

/// What explorers of one graph have learnt, between two of them.
///
/// An explorer takes it all and gives it back in the end; one that works at the
/// same time begins with nothing.
#[derive(Default)]
pub(in super::super) struct Remembered(Mutex<Memory>);

/// What was learnt about the subgraphs of one graph, which are known by their
/// addresses: the graph must stay where it is.
#[derive(Default)]
pub(super) struct Memory {
    reads: HashMap<usize, Option<Arc<[DecisionId]>>>,
    known: HashMap<Visit, (Vec<Shapes>, Part)>,
}

/// A subgraph with everything that its bounds depend on.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Visit {
    pub(super) graph: usize,
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
    /// The decisions that a subgraph reads; nothing where its bounds depend on
    /// more: tied weights count where they are met first.
    pub(super) fn reads(&mut self, graph: &Graph) -> Option<Arc<[DecisionId]>> {
        let address = std::ptr::from_ref(graph).addr();
        let reads = self.reads.entry(address);
        let reads = reads.or_insert_with(|| match graph.has_ties() {
            true => None,
            false => Some(graph.decisions().into_iter().collect()),
        });
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
}
