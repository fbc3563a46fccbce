//! The best division of the bins of one feature.
//!
//! ```text
//! gain = G_L² / (H_L + λ) + G_R² / (H_R + λ) - G² / (H + λ)
//! ```
//!
//! of sums of gradients G and of second derivatives H. Bins of numbers are divided in their
//! order, missing cells with either side. Categories, and the missing as one of them, are
//! divided in the order of `G / (H + 10)`, which has the best division among all sets up to
//! the smoothing (Fisher 1958), and with a larger λ, as LightGBM does: among many there is
//! always one that fits by chance.

use super::bins::{BINS, Kind, MISSING};

/// Sums over the samples of a leaf or of a bin.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sums {
    pub(super) gradient: f64,
    pub(super) curvature: f64,
    pub(super) count: u32,
}

impl Sums {
    pub(super) fn add(&mut self, other: &Self) {
        self.gradient += other.gradient;
        self.curvature += other.curvature;
        self.count += other.count;
    }

    pub(super) fn without(&self, other: &Self) -> Self {
        Self {
            gradient: self.gradient - other.gradient,
            curvature: self.curvature - other.curvature,
            count: self.count - other.count,
        }
    }

    fn score(&self, penalty: f64) -> f64 {
        self.gradient * self.gradient / (self.curvature + penalty)
    }
}

/// A set of bins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BinSet([u64; BINS / 64]);

impl BinSet {
    fn insert(&mut self, bin: usize) {
        self.0[bin / 64] |= 1 << (bin % 64);
    }

    pub(super) fn contains(&self, bin: u8) -> bool {
        self.0[usize::from(bin / 64)] >> (bin % 64) & 1 == 1
    }
}

/// A leaf divided in two.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Split {
    pub(super) feature: usize,
    /// The bins that go left.
    pub(super) left: BinSet,
    /// Of those that go left.
    pub(super) sums: Sums,
    pub(super) gain: f64,
}

/// What a division must keep.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    /// Samples of each side, at least.
    pub(super) least: u32,
    /// λ.
    pub(super) penalty: f64,
}

/// Second derivatives of each side, at least (LightGBM's).
const LEAST_CURVATURE: f64 = 1e-3;

/// What is added to the curvature where categories are put in order, and to λ where there
/// are more than [`FEW_CATEGORIES`] (LightGBM's).
const SMOOTHING: f64 = 10.0;
const FEW_CATEGORIES: usize = 4;

/// The best division of a feature's bins, of all samples `total`; `None` where there is
/// none with a gain.
pub(super) fn best(
    kind: Kind,
    feature: usize,
    bins: &[Sums],
    total: &Sums,
    rule: &Rule,
) -> Option<Split> {
    let (rest, missing) = (0..usize::from(MISSING), usize::from(MISSING));
    let filled = rest.filter(|bin| bins[*bin].count > 0);
    let search = |order: &[usize], rule: &Rule| divide(feature, bins, order, total, rule);
    let split = match kind {
        Kind::Number => {
            let mut order: Vec<usize> = filled.collect();
            let split = if bins[missing].count == 0 {
                search(&order, rule)
            } else {
                order.push(missing);
                let last = search(&order, rule);
                order.rotate_right(1);
                let first = search(&order, rule);
                match (first, last) {
                    (Some(first), Some(last)) if first.gain > last.gain => Some(first),
                    (first, last) => last.or(first),
                }
            };
            split.map(|split| with_empty_bins(split, bins))
        }
        Kind::Category => {
            let mut order: Vec<usize> = filled.collect();
            if bins[missing].count > 0 {
                order.push(missing);
            }
            let slope = |bin: &usize| bins[*bin].gradient / (bins[*bin].curvature + SMOOTHING);
            order.sort_by(|a, b| slope(a).total_cmp(&slope(b)));
            let many = order.len() > FEW_CATEGORIES;
            let penalty = rule.penalty + if many { SMOOTHING } else { 0.0 };
            search(&order, &Rule { penalty, ..*rule })
        }
    };
    let mut split = split?;
    // What is missing, or not known, for the first time goes where most go.
    if bins[missing].count == 0 && 2 * split.sums.count > total.count {
        split.left.insert(missing);
    }
    Some(split)
}

/// Sends the bins of numbers of which the leaf has no sample where those below them go:
/// samples that the tree has not seen fall into them.
fn with_empty_bins(mut split: Split, bins: &[Sums]) -> Split {
    let is_filled = |bin: &u8| bins[usize::from(*bin)].count > 0;
    let mut filled = (0..MISSING).rev().filter(is_filled);
    let last = filled.clone().find(|bin| split.left.contains(*bin));
    let is_all = filled.next() == last;
    let end = match last {
        // Where the missing cells alone are the other side, it has no other.
        Some(_) if is_all => usize::from(MISSING),
        Some(last) => usize::from(last) + 1,
        None => 0,
    };
    (0..end).for_each(|bin| split.left.insert(bin));
    split
}

/// The best division into the first and the last of these bins.
fn divide(
    feature: usize,
    bins: &[Sums],
    order: &[usize],
    total: &Sums,
    rule: &Rule,
) -> Option<Split> {
    let whole = total.score(rule.penalty);
    let (mut left, mut best): (Sums, Option<(usize, Sums, f64)>) = (Sums::default(), None);
    for (place, bin) in order.iter().enumerate() {
        left.add(&bins[*bin]);
        if left.count < rule.least || left.curvature < LEAST_CURVATURE {
            continue;
        }
        let right = total.without(&left);
        if right.count < rule.least.max(1) || right.curvature < LEAST_CURVATURE {
            break;
        }
        let gain = left.score(rule.penalty) + right.score(rule.penalty) - whole;
        // What is left of nothing is rounding.
        if gain > best.map_or(1e-9 * whole.max(1e-9), |(_, _, gain)| gain) {
            best = Some((place, left, gain));
        }
    }
    let (last, sums, gain) = best?;
    let mut left = BinSet::default();
    order[..=last].iter().for_each(|bin| left.insert(*bin));
    Some(Split {
        feature,
        left,
        sums,
        gain,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: Rule = Rule {
        least: 1,
        penalty: 0.0,
    };

    /// Bins of some samples, each with these gradients of curvature 1.
    fn bins(gradients: &[(u8, &[f64])]) -> (Vec<Sums>, Sums) {
        let (mut bins, mut total) = (vec![Sums::default(); BINS], Sums::default());
        for (bin, gradients) in gradients {
            for gradient in *gradients {
                let sample = Sums {
                    gradient: *gradient,
                    curvature: 1.0,
                    count: 1,
                };
                bins[usize::from(*bin)].add(&sample);
                total.add(&sample);
            }
        }
        (bins, total)
    }

    #[track_caller]
    fn check(kind: Kind, gradients: &[(u8, &[f64])], rule: Rule, left: &[u8], gain: f64) {
        let (bins, total) = bins(gradients);
        let split = best(kind, 0, &bins, &total, &rule).expect("there is a division");
        let named = gradients.iter().map(|(bin, _)| *bin);
        let found: Vec<u8> = named.filter(|bin| split.left.contains(*bin)).collect();
        assert_eq!(found, left);
        assert!((split.gain - gain).abs() < 1e-12, "{}", split.gain);
    }

    #[test]
    fn numbers_are_divided_in_order() {
        // (-2)² / 2 + 4² / 2 - 2² / 4.
        let three: [(u8, &[f64]); 3] = [(0, &[-1.0, -1.0]), (4, &[2.0]), (9, &[2.0])];
        check(Kind::Number, &three, RULE, &[0], 9.0);
        // Three samples on each side are too many.
        let rule = Rule { least: 3, ..RULE };
        let (bins, total) = bins(&three);
        assert_eq!(best(Kind::Number, 0, &bins, &total, &rule), None);
        // Missing cells go with either side: (-3)² / 3 + 4² / 2 - 1 / 5.
        let low: [(u8, &[f64]); 3] = [(0, &[-1.0, -1.0]), (4, &[2.0, 2.0]), (MISSING, &[-1.0])];
        check(Kind::Number, &low, RULE, &[0, MISSING], 10.8);
        let high: [(u8, &[f64]); 3] = [(0, &[-1.0, -1.0]), (4, &[2.0, 2.0]), (MISSING, &[2.0])];
        check(Kind::Number, &high, RULE, &[0], 2.0 + 12.0 - 16.0 / 5.0);
        // Alone it is a side, too.
        let alone: [(u8, &[f64]); 3] = [(0, &[0.0]), (4, &[0.0]), (MISSING, &[3.0])];
        check(Kind::Number, &alone, RULE, &[0, 4], 9.0 - 3.0);
    }

    #[test]
    fn empty_bins_go_with_those_below_them() {
        let kept = |gradients: &[(u8, &[f64])], asked: [u8; 4]| {
            let (bins, total) = bins(gradients);
            let split = best(Kind::Number, 0, &bins, &total, &RULE).expect("there is a division");
            asked.map(|bin| split.left.contains(bin))
        };
        let plain: [(u8, &[f64]); 3] = [(2, &[-1.0]), (5, &[-1.0]), (9, &[2.0])];
        assert_eq!(kept(&plain, [0, 3, 6, 200]), [true, true, false, false]);
        // All numbers are on one side, known or not.
        let missing: [(u8, &[f64]); 2] = [(4, &[0.0, 0.0]), (MISSING, &[3.0])];
        assert_eq!(
            kept(&missing, [0, 4, 200, MISSING]),
            [true, true, true, false]
        );
    }

    #[test]
    fn categories_are_divided_by_their_gradients() {
        let three: [(u8, &[f64]); 3] = [(0, &[-1.0]), (1, &[2.0]), (2, &[-1.0])];
        check(Kind::Category, &three, RULE, &[0, 2], 6.0);
    }

    #[test]
    fn alike_samples_are_not_divided() {
        let (bins, total) = bins(&[(0, &[0.1, 0.1]), (1, &[0.1])]);
        assert_eq!(best(Kind::Number, 0, &bins, &total, &RULE), None);
    }
}
