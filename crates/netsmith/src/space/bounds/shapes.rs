//! Sets of shapes that a tensor may have.

use crate::network::Shape;
use crate::network::operation::Meeting;
use std::collections::BTreeSet;

/// Shapes that a tensor may have, ascending.
pub(super) type Shapes = Vec<Shape>;

/// How many combinations of shapes and options one node is examined for;
/// beyond, only the extremes are.
const MOST_COMBINATIONS: usize = 4_096;

/// Shapes of an operation on several inputs.
pub(super) fn combine(meeting: Meeting, inputs: &[Shapes]) -> Shapes {
    let Some((first, rest)) = inputs.split_first() else {
        return Vec::new();
    };
    match meeting {
        Meeting::Same => {
            let common = first
                .iter()
                .filter(|shape| rest.iter().all(|set| set.contains(shape)));
            common.copied().collect()
        }
        Meeting::Scale => {
            let scales = |image: &Shape| {
                let mut factors = rest.iter().flatten();
                factors.any(|factor| factor == image || factor.channels() == image.channels())
            };
            first.iter().copied().filter(scales).collect()
        }
        Meeting::Concat => rest.iter().fold(first.clone(), |sums, set| {
            let sums = sums.iter().flat_map(|sum| {
                let fits = set
                    .iter()
                    .filter(|shape| shape.positions() == sum.positions());
                fits.map(|shape| sum.with_channels(joined(sum.channels(), shape.channels())))
            });
            sums.collect::<BTreeSet<_>>().into_iter().collect()
        }),
        Meeting::Stack => {
            let length = inputs.len();
            first
                .iter()
                .map(|shape| Shape::sequence(shape.channels(), length))
                .collect()
        }
    }
}

/// Channels of a concatenation; what has more than 2^40 is counted no further.
fn joined(a: usize, b: usize) -> usize {
    a.saturating_add(b).min(1 << 40)
}

/// Shapes of a concatenation of all `fixed` and between `least` and `most` of
/// `any`, images padded to the largest.
pub(super) fn concats(fixed: &[Shapes], any: &Shapes, least: usize, most: usize) -> Shapes {
    let mut sums: BTreeSet<Shape> = BTreeSet::new();
    let mut level: BTreeSet<Option<Shape>> = BTreeSet::from([None]);
    let add = |sum: Option<Shape>, shape: Shape| match sum {
        None => shape,
        Some(sum) => {
            let ([a, b], [h, w]) = (sum.positions(), shape.positions());
            match shape {
                Shape::Vector { features } => Shape::vector(joined(sum.channels(), features)),
                Shape::Image { channels, .. } => {
                    Shape::image(joined(sum.channels(), channels), a.max(h), b.max(w))
                }
            }
        }
    };
    for set in fixed {
        let sums = level
            .iter()
            .flat_map(|&sum| set.iter().map(move |&s| Some(add(sum, s))));
        level = sums.collect();
    }
    for count in 0..=most {
        if count > 0 {
            let sums = level
                .iter()
                .flat_map(|&sum| any.iter().map(move |&s| Some(add(sum, s))));
            level = sums.collect();
        }
        if count >= least {
            sums.extend(level.iter().flatten());
        }
    }
    sums.into_iter().collect()
}

pub(super) fn smallest(shapes: &[Shape]) -> u64 {
    shapes
        .iter()
        .map(|shape| shape.elements() as u64)
        .min()
        .unwrap_or(0)
}

pub(super) fn union(mut a: Shapes, b: Shapes) -> Shapes {
    a.extend(b);
    a.sort_unstable();
    a.dedup();
    a
}

/// All combinations of one entry of each axis; where there are too many, only
/// the first and the last entry of each axis.
pub(super) fn combinations(axes: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let extremes: Vec<Vec<usize>>;
    let mut axes = axes;
    if axes.iter().map(Vec::len).product::<usize>() > MOST_COMBINATIONS {
        let ends = |axis: &Vec<usize>| match axis[..] {
            [first, .., last] => vec![first, last],
            _ => axis.clone(),
        };
        extremes = axes.iter().map(ends).collect();
        axes = &extremes;
    }
    axes.iter().fold(vec![Vec::new()], |prefixes, axis| {
        let longer = prefixes.iter().flat_map(|prefix| {
            axis.iter().map(move |&entry| {
                let mut longer = prefix.clone();
                longer.push(entry);
                longer
            })
        });
        longer.collect()
    })
}
