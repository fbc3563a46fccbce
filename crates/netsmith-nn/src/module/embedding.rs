//! Embedding: the row of a table for each token.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft, Sources, Work, side_by_side};
use super::inheritance::{Channels, Inheritance};
use super::trainable::{Sharing, Trainable};
use super::value::{Value, dims};
use netsmith::network::Saved;
use netsmith::network::operation::Embedding;
use netsmith_kernels::Lane;
use netsmith_kernels::channels_last::{Octet, octets};
use rayon::prelude::*;

impl Trainable for Embedding {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        let tokens = site.first().tensor.clone();
        let [samples, _, height, width] = tokens.dims();
        let positions = height * width;
        let tokens = tokens.reshape([samples * positions]);
        let tokens = tokens.clamp(0.0, (self.tokens - 1) as f32).int();
        let table = site.weights[0].clone().reshape([self.tokens, self.out]);
        let rows = table.select(0, tokens);
        let rows = rows.reshape([samples, positions, self.out, 1]);
        Value::new(rows.swap_dims(1, 2).reshape(dims(site.node.shape, samples)))
    }

    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        let table = pass.kernel(node);
        let mut value = pass.take(node);
        value.edit(|output| {
            let positions = pass.from(node).elements();
            let tokens = pass.read(pass.first(node)).par_chunks_exact(positions);
            let blocks = tokens.zip(output.par_chunks_exact_mut(positions * self.out));
            blocks.for_each(|(tokens, output)| look_up(self, table, tokens, output));
        });
        value
    }

    fn backward(&self, pass: &mut Pass<'_>, node: usize, gradient: Slot) {
        let first = pass.first(node);
        pass.train_with(node, 0..1, |pass, sums| {
            let positions = pass.from(node).elements();
            let tokens = pass.read(first).chunks_exact(positions);
            let gradients = gradient.lanes().chunks_exact(positions * self.out);
            for (tokens, gradient) in tokens.zip(gradients) {
                sum_up(self, tokens, gradient, &mut sums[0]);
            }
        });
        pass.give(gradient);
    }

    fn saved(&self) -> Saved {
        Saved::Inputs
    }

    fn sharing(&self) -> Sharing {
        Sharing::Never
    }

    fn inheritance(&self) -> Inheritance {
        Inheritance::new(Channels::Fixed)
    }

    fn compile(&self, compiler: &mut Compiler<'_>, node: usize) -> Option<Draft> {
        compiler.in_order(node)?;
        let table = &compiler.weights.0[compiler.node(node).weights[0]];
        let rows = table.chunks_exact(self.out).flat_map(side_by_side);
        let work = Table {
            rows: rows.collect(),
            embedding: self.clone(),
        };
        Some(compiler.draft(node, work))
    }
}

/// The row of a token; one that is out of range has the nearest row.
fn row(embedding: &Embedding, token: f32) -> usize {
    // The conversion takes what is below zero, and what is no number, to zero.
    (token as usize).min(embedding.tokens - 1)
}

/// Writes the rows of the tokens of one block, `[out, positions]`.
fn look_up(embedding: &Embedding, table: &[f32], tokens: &[Lane], output: &mut [Lane]) {
    for (position, lanes) in tokens.iter().enumerate() {
        for (lane, &token) in lanes.iter().enumerate() {
            let values = &table[row(embedding, token) * embedding.out..][..embedding.out];
            for (channel, &value) in values.iter().enumerate() {
                output[channel * tokens.len() + position][lane] = value;
            }
        }
    }
}

/// Adds the gradients of one block, `[out, positions]`, to those of the rows.
fn sum_up(embedding: &Embedding, tokens: &[Lane], gradient: &[Lane], sums: &mut [f32]) {
    for (position, lanes) in tokens.iter().enumerate() {
        for (lane, &token) in lanes.iter().enumerate() {
            let sums = &mut sums[row(embedding, token) * embedding.out..][..embedding.out];
            for (channel, sum) in sums.iter_mut().enumerate() {
                *sum += gradient[channel * tokens.len() + position][lane];
            }
        }
    }
}

/// The rows for single samples.
#[derive(Debug)]
struct Table {
    embedding: Embedding,
    /// One for each token, in octets.
    rows: Vec<Octet>,
}

impl Work for Table {
    fn run(&self, sources: &Sources<'_>, _room: &mut Vec<Octet>, target: &mut [Octet]) {
        let width = octets(self.embedding.out);
        let positions = sources.get(0).iter().zip(target.chunks_exact_mut(width));
        for (token, target) in positions {
            let row = row(&self.embedding, token[0]);
            target.copy_from_slice(&self.rows[row * width..][..width]);
        }
    }
}
