//! Cells of NAS-Bench-101: pruned, hashed, and written as a graph.

use super::super::block::convolution_norm;
use super::super::{Graph, Port, paths};
use super::OPERATIONS;
use crate::network::Operation;
use crate::network::operation::{Activation, Pool, Truncate};
use std::sync::Arc;

/// The most vertices of a cell, input and output included.
pub(super) const VERTICES: usize = 7;

/// A cell that was pruned: each vertex lies on a path from input to output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// For each vertex the earlier ones that enter it, as bits. The first vertex
    /// is the input, the last the output.
    pub(super) inputs: Vec<u32>,
    /// For each vertex in between the number of its operation.
    pub(super) operations: Vec<u32>,
}

impl Cell {
    /// The cell of these vertices once those on no path are gone; nothing where
    /// the output is not reached.
    pub(super) fn pruned(inputs: &[u32], operations: &[u32]) -> Option<Self> {
        let between = paths::nodes_between(inputs);
        if between == 0 {
            return None;
        }
        let kept: Vec<usize> = (0..inputs.len())
            .filter(|&at| between >> at & 1 == 1)
            .collect();
        let renumbered = |mask: u32| {
            let bits = kept.iter().enumerate();
            bits.fold(0, |all, (new, &old)| all | (mask >> old & 1) << new)
        };
        Some(Self {
            inputs: kept.iter().map(|&at| renumbered(inputs[at])).collect(),
            operations: kept[1..kept.len() - 1]
                .iter()
                .map(|&at| operations[at - 1])
                .collect(),
        })
    }

    /// Number of vertices.
    pub(super) fn len(&self) -> usize {
        self.inputs.len()
    }

    fn feeds(&self, from: usize, to: usize) -> bool {
        self.inputs[to] >> from & 1 == 1
    }

    /// A hash under which isomorphic cells meet, by the benchmark's own scheme:
    /// each vertex is labelled by its degrees and operation, then as often as
    /// there are vertices by the sorted labels of what enters it and of what it
    /// feeds, and its own; the cell by the sorted labels of all.
    pub(super) fn hash(&self) -> u64 {
        let last = self.len() - 1;
        let outputs = |vertex: usize| (vertex + 1..=last).filter(move |&to| self.feeds(vertex, to));
        let mut labels = [0_u64; VERTICES];
        for (vertex, label) in labels.iter_mut().enumerate().take(last + 1) {
            let operation = match vertex {
                0 => 100,
                _ if vertex == last => 101,
                _ => u64::from(self.operations[vertex - 1]),
            };
            let out = outputs(vertex).count() as u64;
            let into = u64::from(self.inputs[vertex].count_ones());
            *label = mixed([out, into, operation]);
        }
        for _ in 0..=last {
            let before = labels;
            let sorted = |vertices: &mut dyn Iterator<Item = usize>| {
                let (mut found, mut count) = ([0_u64; VERTICES], 0);
                for at in vertices {
                    found[count] = before[at];
                    count += 1;
                }
                found[..count].sort_unstable();
                mixed(found[..count].iter().copied().chain([count as u64]))
            };
            for (vertex, label) in labels.iter_mut().enumerate().take(last + 1) {
                let into = sorted(&mut (0..vertex).filter(|&from| self.feeds(from, vertex)));
                let out = sorted(&mut outputs(vertex));
                *label = mixed([into, out, before[vertex]]);
            }
        }
        labels[..=last].sort_unstable();
        mixed(labels[..=last].iter().copied())
    }

    /// Channels of each vertex, where the cell takes `input` and gives `output`:
    /// those that feed the output share its channels, the first ones one more
    /// where they do not divide; another has as many as the largest that it feeds.
    fn channels(&self, input: usize, output: usize) -> Vec<usize> {
        let last = self.len() - 1;
        let mut channels = vec![0; self.len()];
        (channels[0], channels[last]) = (input, output);
        let ends: Vec<usize> = (1..last)
            .filter(|&vertex| self.feeds(vertex, last))
            .collect();
        for (place, &vertex) in ends.iter().enumerate() {
            let rest = usize::from(place < output % ends.len());
            channels[vertex] = output / ends.len() + rest;
        }
        for vertex in (1..last).rev() {
            if !self.feeds(vertex, last) {
                let fed = (vertex + 1..last).filter(|&to| self.feeds(vertex, to));
                channels[vertex] = fed.map(|to| channels[to]).max().unwrap_or(0);
            }
        }
        channels
    }

    /// The network of the cell.
    pub(super) fn graph(&self, input: usize, output: usize) -> Graph {
        let (last, channels) = (self.len() - 1, self.channels(input, output));
        let mut graph = Graph::new(1);
        let mut vertices: Vec<Port> = vec![graph.input(0)];
        for vertex in 1..last {
            let name = format!("vertex{vertex}");
            let mut entering = Vec::new();
            for from in (1..vertex).filter(|&from| self.feeds(from, vertex)) {
                let port = vertices[from];
                entering.push(match channels[from] == channels[vertex] {
                    true => port,
                    false => {
                        let cut = Operation::Truncate(Truncate::first(channels[vertex]));
                        graph.operation(&format!("{name}.truncate{from}"), cut, &[port])
                    }
                });
            }
            if self.feeds(0, vertex) {
                entering.push(projection(&mut graph, &name, channels[vertex]));
            }
            let sum = match entering[..] {
                [only] => only,
                _ => graph.operation(&format!("{name}.add"), Operation::Add, &entering),
            };
            let operation = operation(self.operations[vertex - 1], channels[vertex]);
            vertices.push(graph.instance(&name, &Arc::new(operation), &[sum]));
        }
        let ends: Vec<Port> = (1..last)
            .filter(|&vertex| self.feeds(vertex, last))
            .map(|vertex| vertices[vertex])
            .collect();
        let joined = match ends[..] {
            [] => None,
            [only] => Some(only),
            _ => Some(graph.operation("concat", Operation::Concat, &ends)),
        };
        let straight = self
            .feeds(0, last)
            .then(|| projection(&mut graph, "output", output));
        let whole = match (joined, straight) {
            (Some(joined), Some(straight)) => {
                graph.operation("output.add", Operation::Add, &[joined, straight])
            }
            (joined, straight) => joined
                .or(straight)
                .expect("a pruned cell feeds its output — this is a bug in netsmith"),
        };
        graph.with_output(whole)
    }
}

/// The input of the cell with other channels.
fn projection(graph: &mut Graph, name: &str, channels: usize) -> Port {
    let projection = convolution_norm(channels.into(), 1, 1, Some(Activation::Relu));
    let input = graph.input(0);
    graph.instance(&format!("{name}.project"), &Arc::new(projection), &[input])
}

fn operation(number: u32, channels: usize) -> Graph {
    let convolution =
        |kernel: usize| convolution_norm(channels.into(), kernel, 1, Some(Activation::Relu));
    match OPERATIONS[number as usize] {
        "conv3x3-bn-relu" => convolution(3),
        "conv1x1-bn-relu" => convolution(1),
        _ => Graph::chain([Operation::MaxPool(Pool::square(3, 1))]),
    }
}

/// Numbers as one. Not against an adversary: with 64 bits, two of all 423,624
/// cells would meet by chance once in a hundred million such schemes.
fn mixed(numbers: impl IntoIterator<Item = u64>) -> u64 {
    let round = |state: u64| {
        let product = state.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        product ^ product >> 29
    };
    let start = 0x243f_6a88_85a3_08d3;
    let taken = numbers.into_iter().fold(start, |state: u64, number| {
        round(round(state.rotate_left(23) ^ number))
    });
    round(taken)
}
