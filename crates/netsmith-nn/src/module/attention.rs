//! Attention: each query takes of the values by how well it meets their keys.

use super::composed::Composition;
use super::fused::{Pass, Slot};
use super::inference::{Compiler, Draft, Sources, Work};
use super::inheritance::{Channels, Inheritance};
use super::trainable::{Sharing, Trainable};
use super::value::{Value, dims};
use burn::tensor::{Tensor, activation};
use netsmith::network::operation::Attention;
use netsmith::network::{Saved, Shape};
use netsmith_kernels::channels_last::{Octet, octets};
use netsmith_kernels::{LANES, Lane};
use rayon::prelude::*;

/// The score of a key that does not count: beside one that does its share is zero.
const HIDDEN: f32 = -1e9;

impl Trainable for Attention {
    fn compose(&self, site: &mut Composition<'_>) -> Value {
        let heads = |at: usize| {
            let x = site.input(at).tensor.clone();
            let [samples, channels, height, width] = x.dims();
            let each = channels / self.heads;
            let x: Tensor<4> = x.reshape([samples, self.heads, each, height * width]);
            x.swap_dims(2, 3)
        };
        let [query, key, value] = [0, 1, 2].map(heads);
        let scale = scale(query.dims()[3]);
        let mut scores = query.matmul(key.swap_dims(2, 3)) * scale;
        let hidden = (site.node.inputs.len() > MASK).then(|| {
            let mask = site.input(MASK).tensor.clone();
            mask.expand(scores.dims()).equal_elem(0.0)
        });
        if let Some(hidden) = &hidden {
            scores = scores.mask_fill(hidden.clone(), HIDDEN);
        }
        let mut shares = activation::softmax(scores, 3);
        if let Some(hidden) = hidden {
            shares = shares.mask_fill(hidden, 0.0);
        }
        let answers = shares.matmul(value);
        let dims = dims(site.node.shape, site.samples);
        Value::new(answers.swap_dims(2, 3).reshape(dims))
    }

    fn forward(&self, pass: &mut Pass<'_>, node: usize) -> Slot {
        let mut answers = pass.take(node);
        answers.edit(|answers| {
            let sizes = Sizes::of(self, pass, node);
            let [query, key, value, mask] = read(pass, node);
            let heads = answers.par_chunks_exact_mut(sizes.answer());
            let heads = heads
                .zip(query.par_chunks_exact(sizes.query()))
                .zip(key.par_chunks_exact(sizes.key()))
                .zip(value.par_chunks_exact(sizes.value()));
            heads
                .enumerate()
                .for_each(|(at, (((answers, query), key), value))| {
                    let shares = sizes.shares(query, key, sizes.mask_of(mask, at));
                    let [queries, keys] = sizes.lengths;
                    for (answers, value) in answers
                        .chunks_exact_mut(queries)
                        .zip(value.chunks_exact(keys))
                    {
                        weigh(&shares, value, answers);
                    }
                });
        });
        answers
    }

    fn backward(&self, pass: &mut Pass<'_>, node: usize, gradient: Slot) {
        let inputs = &pass.node(node).inputs[..MASK];
        let mut targets = [0, 1, 2].map(|at| pass.take(inputs[at]));
        let [to_query, to_key, to_value] = &mut targets;
        to_query.edit(|query| {
            to_key.edit(|key| {
                to_value.edit(|value| {
                    let sizes = Sizes::of(self, pass, node);
                    pull(
                        &sizes,
                        read(pass, node),
                        gradient.lanes(),
                        [query, key, value],
                    );
                });
            });
        });
        for (&input, target) in inputs.iter().zip(targets) {
            pass.deliver(input, target);
        }
        pass.give(gradient);
    }

    /// The shares are computed again.
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
        let inputs = &compiler.node(node).inputs;
        let shapes = inputs.iter().map(|&input| compiler.layout(input));
        let single = Single {
            sizes: Sizes::new(self, shapes),
            channels: [0, 1, 2].map(|at| compiler.layout(inputs[at]).channels()),
        };
        Some(compiler.draft(node, single))
    }
}

/// The place of the mask among the inputs.
const MASK: usize = 3;

/// What products of this many channels are multiplied with.
fn scale(channels: usize) -> f32 {
    1.0 / (channels as f32).sqrt()
}

/// Query, key, value, and the mask, which is empty where there is none.
fn read<'p>(pass: &'p Pass<'_>, node: usize) -> [&'p [Lane]; 4] {
    let inputs = &pass.node(node).inputs;
    [0, 1, 2, MASK].map(|at| inputs.get(at).map_or(&[][..], |&input| pass.read(input)))
}

/// The sizes of one head.
#[derive(Clone, Copy, Debug)]
struct Sizes {
    heads: usize,
    /// Rows of the mask; 0 where there is none.
    mask_rows: usize,
    /// Positions of the queries and of the keys.
    lengths: [usize; 2],
    /// Channels of a query and of a value.
    widths: [usize; 2],
}

impl Sizes {
    fn of(attention: &Attention, pass: &Pass<'_>, node: usize) -> Self {
        let shapes = pass.node(node).inputs.iter();
        Self::new(attention, shapes.map(|&input| pass.shape(input)))
    }

    /// From the shapes of the inputs, of which there are three or four.
    fn new(attention: &Attention, shapes: impl Iterator<Item = Shape>) -> Self {
        let shapes: Vec<Shape> = shapes.collect();
        let positions = |at: usize| shapes[at].positions().iter().product();
        let width = |at: usize| shapes[at].channels() / attention.heads;
        Self {
            heads: attention.heads,
            mask_rows: shapes.get(MASK).map_or(0, |mask| mask.positions()[0]),
            lengths: [positions(0), positions(1)],
            widths: [width(0), width(2)],
        }
    }

    fn query(&self) -> usize {
        self.widths[0] * self.lengths[0]
    }

    fn key(&self) -> usize {
        self.widths[0] * self.lengths[1]
    }

    fn value(&self) -> usize {
        self.widths[1] * self.lengths[1]
    }

    fn answer(&self) -> usize {
        self.widths[1] * self.lengths[0]
    }

    /// The mask of one head of one block; empty where there is none.
    fn mask_of<'m>(&self, mask: &'m [Lane], head: usize) -> &'m [Lane] {
        let size = self.mask_rows * self.lengths[1];
        let block = head / self.heads;
        &mask[block * size..(block + 1) * size]
    }

    /// The row of a mask for a query; empty where there is none.
    fn mask_row<'m>(&self, mask: &'m [Lane], query: usize) -> &'m [Lane] {
        let keys = self.lengths[1];
        let row = query.min(self.mask_rows.saturating_sub(1));
        mask.get(row * keys..(row + 1) * keys).unwrap_or_default()
    }

    /// The share of each key in the answer to each query, `[queries, keys]`.
    fn shares(&self, query: &[Lane], key: &[Lane], mask: &[Lane]) -> Vec<Lane> {
        let mut shares = self.products(query, key);
        let rows = shares.chunks_exact_mut(self.lengths[1]).enumerate();
        for (query, shares) in rows {
            share_out(scale(self.widths[0]), self.mask_row(mask, query), shares);
        }
        shares
    }

    /// For each query and key the sum over the channels of their products.
    fn products(&self, query: &[Lane], key: &[Lane]) -> Vec<Lane> {
        let [queries, keys] = self.lengths;
        let mut sums = vec![[0.0; LANES]; queries * keys];
        for (query, key) in query.chunks_exact(queries).zip(key.chunks_exact(keys)) {
            for (query, sums) in query.iter().zip(sums.chunks_exact_mut(keys)) {
                for (key, sum) in key.iter().zip(sums) {
                    add_product(query, key, sum);
                }
            }
        }
        sums
    }
}

/// The gradients of query, key and value.
fn pull(
    sizes: &Sizes,
    [query, key, value, mask]: [&[Lane]; 4],
    gradient: &[Lane],
    [to_query, to_key, to_value]: [&mut [Lane]; 3],
) {
    let inputs = query
        .par_chunks_exact(sizes.query())
        .zip(key.par_chunks_exact(sizes.key()))
        .zip(value.par_chunks_exact(sizes.value()))
        .zip(gradient.par_chunks_exact(sizes.answer()));
    let targets = to_query
        .par_chunks_exact_mut(sizes.query())
        .zip(to_key.par_chunks_exact_mut(sizes.key()))
        .zip(to_value.par_chunks_exact_mut(sizes.value()));
    let heads = inputs.zip(targets).enumerate();
    heads.for_each(
        |(at, ((((query, key), value), gradient), ((to_query, to_key), to_value)))| {
            let [queries, keys] = sizes.lengths;
            let shares = sizes.shares(query, key, sizes.mask_of(mask, at));
            let gradients = gradient.chunks_exact(queries);
            for (target, gradient) in to_value.chunks_exact_mut(keys).zip(gradients) {
                weigh_turned(&shares, gradient, target);
            }
            let mut slopes = sizes.products(gradient, value);
            let scale = scale(sizes.widths[0]);
            for (shares, slopes) in shares.chunks_exact(keys).zip(slopes.chunks_exact_mut(keys)) {
                slope_of_products(scale, shares, slopes);
            }
            for (target, key) in to_query
                .chunks_exact_mut(queries)
                .zip(key.chunks_exact(keys))
            {
                weigh(&slopes, key, target);
            }
            for (target, query) in to_key
                .chunks_exact_mut(keys)
                .zip(query.chunks_exact(queries))
            {
                weigh_turned(&slopes, query, target);
            }
        },
    );
}

/// Turns the products of one query with all keys into their shares: the softmax of
/// those that count, and zeros where none does.
fn share_out(scale: f32, mask: &[Lane], products: &mut [Lane]) {
    let hidden = |key: usize, lane: usize| mask.get(key).is_some_and(|mask| mask[lane] == 0.0);
    let mut most = [HIDDEN; LANES];
    for (key, product) in products.iter_mut().enumerate() {
        for lane in 0..LANES {
            product[lane] *= scale;
            if !hidden(key, lane) {
                most[lane] = most[lane].max(product[lane]);
            }
        }
    }
    let mut sums = [0.0; LANES];
    for (key, share) in products.iter_mut().enumerate() {
        for lane in 0..LANES {
            let power = (share[lane] - most[lane]).exp();
            share[lane] = if hidden(key, lane) { 0.0 } else { power };
            sums[lane] += share[lane];
        }
    }
    for share in products {
        for lane in 0..LANES {
            share[lane] /= if sums[lane] > 0.0 { sums[lane] } else { 1.0 };
        }
    }
}

/// Turns the slopes of one query's shares into those of its products. What does not
/// count has no share, and so no slope.
fn slope_of_products(scale: f32, shares: &[Lane], slopes: &mut [Lane]) {
    let mut mean = [0.0; LANES];
    for (share, slope) in shares.iter().zip(&*slopes) {
        add_product(share, slope, &mut mean);
    }
    for (share, slope) in shares.iter().zip(slopes) {
        for lane in 0..LANES {
            slope[lane] = scale * share[lane] * (slope[lane] - mean[lane]);
        }
    }
}

/// `target[i] = Σ_j table[i, j] · values[j]`.
fn weigh(table: &[Lane], values: &[Lane], target: &mut [Lane]) {
    for (row, target) in table.chunks_exact(values.len()).zip(target) {
        *target = [0.0; LANES];
        for (weight, value) in row.iter().zip(values) {
            add_product(weight, value, target);
        }
    }
}

/// `target[j] = Σ_i table[i, j] · values[i]`.
fn weigh_turned(table: &[Lane], values: &[Lane], target: &mut [Lane]) {
    target.fill([0.0; LANES]);
    for (row, value) in table.chunks_exact(target.len()).zip(values) {
        for (weight, target) in row.iter().zip(&mut *target) {
            add_product(weight, value, target);
        }
    }
}

fn add_product(a: &Lane, b: &Lane, sum: &mut Lane) {
    for lane in 0..LANES {
        sum[lane] += a[lane] * b[lane];
    }
}

/// Attention over single samples.
#[derive(Debug)]
struct Single {
    sizes: Sizes,
    /// Channels of query, key and value.
    channels: [usize; 3],
}

impl Work for Single {
    fn run(&self, sources: &Sources<'_>, room: &mut Vec<Octet>, target: &mut [Octet]) {
        let [queries, keys] = self.sizes.lengths;
        let stride = octets(self.channels[2]) * 8;
        let width = self.sizes.widths[1];
        target.fill([0.0; 8]);
        room.resize(room.len().max(octets(keys)), [0.0; 8]);
        for query in 0..queries {
            for head in 0..self.sizes.heads {
                let shares = &mut room.as_flattened_mut()[..keys];
                self.share_out(sources, [query, head], shares);
                let start = query * stride + head * width;
                let answer = &mut target.as_flattened_mut()[start..start + width];
                for (at, share) in shares.iter().enumerate() {
                    let value = self.row(sources, 2, at, [head, width]);
                    let pairs = answer.iter_mut().zip(value);
                    pairs.for_each(|(answer, value)| *answer += share * value);
                }
            }
        }
    }
}

impl Single {
    /// The share of each key in the answer to a query for one head.
    fn share_out(&self, sources: &Sources<'_>, [query, head]: [usize; 2], shares: &mut [f32]) {
        let (rows, keys) = (self.sizes.mask_rows, self.sizes.lengths[1]);
        let hidden = |key: usize| {
            let row = query.min(rows.saturating_sub(1));
            rows > 0 && sources.get(MASK)[row * keys + key][0] == 0.0
        };
        let width = self.sizes.widths[0];
        let from = self.row(sources, 0, query, [head, width]);
        let mut most = HIDDEN;
        for (at, share) in shares.iter_mut().enumerate() {
            let key = self.row(sources, 1, at, [head, width]);
            let product: f32 = from.iter().zip(key).map(|(a, b)| a * b).sum();
            *share = product * scale(width);
            if !hidden(at) {
                most = most.max(*share);
            }
        }
        let mut sum = 0.0;
        for (at, share) in shares.iter_mut().enumerate() {
            let power = (*share - most).exp();
            *share = if hidden(at) { 0.0 } else { power };
            sum += *share;
        }
        let sum = if sum > 0.0 { sum } else { 1.0 };
        shares.iter_mut().for_each(|share| *share /= sum);
    }

    /// The channels of one head of an input at one position.
    fn row<'s>(
        &self,
        sources: &Sources<'s>,
        input: usize,
        position: usize,
        [head, width]: [usize; 2],
    ) -> &'s [f32] {
        let start = position * octets(self.channels[input]) * 8 + head * width;
        &sources.get(input).as_flattened()[start..start + width]
    }
}
