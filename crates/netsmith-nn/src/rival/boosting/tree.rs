//! A tree that is grown leaf by leaf, the one with the greatest gain first.

use super::bins::{BINS, Kind};
use super::split::{BinSet, Rule, Split, Sums, best};
use rayon::prelude::*;
use std::ops::Range;

/// A tree of divisions by bins.
#[derive(Clone, Debug)]
pub(super) struct Tree(Vec<Node>);

#[derive(Clone, Debug)]
enum Node {
    Leaf(f64),
    Split {
        feature: usize,
        left: BinSet,
        children: [usize; 2],
    },
}

impl Tree {
    /// The value of the leaf into which a sample falls.
    pub(super) fn value(&self, binned: &[Vec<u8>], row: usize) -> f64 {
        let mut node = 0;
        loop {
            match &self.0[node] {
                Node::Leaf(value) => return *value,
                Node::Split {
                    feature,
                    left,
                    children,
                } => {
                    let goes_left = left.contains(binned[*feature][row]);
                    node = children[usize::from(!goes_left)];
                }
            }
        }
    }
}

/// What a tree is grown from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Soil<'a> {
    pub(super) kinds: &'a [Kind],
    /// By feature, by sample.
    pub(super) binned: &'a [Vec<u8>],
    /// By sample: the gradient of its loss and the second derivative.
    pub(super) slopes: &'a [[f32; 2]],
    pub(super) rule: Rule,
    /// Leaves, at most.
    pub(super) leaves: usize,
    /// The share of a step that is taken.
    pub(super) learning_rate: f64,
}

/// A leaf, for the time being.
struct Leaf {
    node: usize,
    /// Its samples, as places in the order.
    rows: Range<usize>,
    sums: Sums,
    /// By feature, by bin; empty where it is not to be divided.
    histogram: Vec<Sums>,
    split: Option<Split>,
}

/// Steps below which a second thread would cost more than it saves.
const GRAIN: usize = 1 << 15;

/// Grows a tree, and gives for each sample the value of its leaf.
pub(super) fn grow(soil: &Soil<'_>) -> (Tree, Vec<f64>) {
    let samples = soil.slopes.len();
    let mut order: Vec<u32> = (0..samples as u32).collect();
    let mut sums = Sums::default();
    for slopes in soil.slopes {
        sums.add(&sums_of(slopes));
    }
    let mut root = soil.leaf(0, 0..samples, sums);
    if soil.divisible(&root) {
        root.histogram = soil.histogram(&order);
        root.split = soil.best(&root);
    }
    let mut nodes = vec![Node::Leaf(soil.value(&sums))];
    let mut leaves = vec![root];
    while leaves.len() < soil.leaves {
        let gains = leaves.iter().enumerate();
        let gains = gains.filter_map(|(place, leaf)| Some((place, leaf.split?)));
        let greatest = gains.reduce(|a, b| if b.1.gain > a.1.gain { b } else { a });
        let Some((place, split)) = greatest else {
            break;
        };
        let leaf = leaves.swap_remove(place);
        let children = soil.divide(leaf, &split, &mut order, nodes.len());
        let node = children[0].0;
        nodes[node] = Node::Split {
            feature: split.feature,
            left: split.left,
            children: children.each_ref().map(|(_, child)| child.node),
        };
        for (_, child) in children {
            nodes.push(Node::Leaf(soil.value(&child.sums)));
            leaves.push(child);
        }
    }
    let mut values = vec![0.0; samples];
    for leaf in &leaves {
        let value = soil.value(&leaf.sums);
        for row in &order[leaf.rows.clone()] {
            values[*row as usize] = value;
        }
    }
    (Tree(nodes), values)
}

fn sums_of(slopes: &[f32; 2]) -> Sums {
    Sums {
        gradient: f64::from(slopes[0]),
        curvature: f64::from(slopes[1]),
        count: 1,
    }
}

impl Soil<'_> {
    fn leaf(&self, node: usize, rows: Range<usize>, sums: Sums) -> Leaf {
        Leaf {
            node,
            rows,
            sums,
            histogram: Vec::new(),
            split: None,
        }
    }

    fn value(&self, sums: &Sums) -> f64 {
        -self.learning_rate * sums.gradient / (sums.curvature + self.rule.penalty).max(1e-12)
    }

    fn divisible(&self, leaf: &Leaf) -> bool {
        leaf.sums.count >= 2 * self.rule.least.max(1)
    }

    /// The two halves of a leaf, each with the node that they are born of; the first of
    /// them becomes node `next`.
    fn divide(
        &self,
        leaf: Leaf,
        split: &Split,
        order: &mut [u32],
        next: usize,
    ) -> [(usize, Leaf); 2] {
        let bins = &self.binned[split.feature];
        let rows = &mut order[leaf.rows.clone()];
        let goes_left = |row: &u32| split.left.contains(bins[*row as usize]);
        let (left, right): (Vec<u32>, Vec<u32>) = rows.iter().partition(|row| goes_left(row));
        rows[..left.len()].copy_from_slice(&left);
        rows[left.len()..].copy_from_slice(&right);
        let border = leaf.rows.start + left.len();
        let mut first = self.leaf(next, leaf.rows.start..border, split.sums);
        let rest = leaf.sums.without(&split.sums);
        let mut second = self.leaf(next + 1, border..leaf.rows.end, rest);
        if self.divisible(&first) || self.divisible(&second) {
            // The histogram of the larger half is what the smaller one leaves of the whole.
            let (small, large, rows) = if left.len() <= right.len() {
                (&mut first, &mut second, left)
            } else {
                (&mut second, &mut first, right)
            };
            small.histogram = self.histogram(&rows);
            large.histogram = leaf.histogram;
            let pairs = large.histogram.iter_mut().zip(&small.histogram);
            pairs.for_each(|(whole, part)| *whole = whole.without(part));
            for half in [&mut first, &mut second] {
                if self.divisible(half) {
                    half.split = self.best(half);
                }
            }
        }
        [(leaf.node, first), (leaf.node, second)]
    }

    /// The sums of each bin of each feature.
    fn histogram(&self, rows: &[u32]) -> Vec<Sums> {
        let slopes: Vec<Sums> = rows
            .iter()
            .map(|row| sums_of(&self.slopes[*row as usize]))
            .collect();
        let mut histogram = vec![Sums::default(); self.binned.len() * BINS];
        let features = histogram.par_chunks_exact_mut(BINS).zip(self.binned);
        let features = features.with_min_len(GRAIN.div_ceil(rows.len().max(1)));
        features.for_each(|(histogram, bins)| {
            for (row, sums) in rows.iter().zip(&slopes) {
                histogram[usize::from(bins[*row as usize])].add(sums);
            }
        });
        histogram
    }

    fn best(&self, leaf: &Leaf) -> Option<Split> {
        let features = leaf.histogram.par_chunks_exact(BINS).enumerate();
        let features = features.with_min_len(GRAIN.div_ceil(BINS));
        let splits: Vec<Option<Split>> = features
            .map(|(feature, bins)| best(self.kinds[feature], feature, bins, &leaf.sums, &self.rule))
            .collect();
        let splits = splits.into_iter().flatten();
        splits.reduce(|a, b| if b.gain > a.gain { b } else { a })
    }
}
