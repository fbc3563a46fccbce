//! Sizes of a supernet: how many of a node's channels count, by decision.
//!
//! A supernet is built at the largest sizes. Which part of them an architecture
//! has is a tree over decisions. Its decisions stand in one order and no branch
//! asks what makes no difference, so that equal sizes have equal trees.

use super::DecisionId;

/// A size, or how many of the first channels count, as the decisions have it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Live {
    /// This many.
    First(usize),
    /// One for each input of the mixes of a decision.
    By(Ranked, Vec<Self>),
}

/// A decision behind its place in the order of decisions: one that decides
/// whether another is active stands above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ranked {
    pub(super) rank: usize,
    pub(super) decision: DecisionId,
}

impl Live {
    /// The sizes of a decision's options.
    pub(super) fn values(key: Ranked, values: &[usize]) -> Self {
        Self::node(
            key,
            values.iter().map(|&value| Self::First(value)).collect(),
        )
    }

    /// What one of several trees says, as a decision picks among them.
    pub(super) fn select(key: Ranked, options: &[Self]) -> Self {
        let tops = options.iter().filter_map(Self::top);
        match tops.min().filter(|&top| top < key) {
            Some(top) => Self::split(top, options, |options| Self::select(key, options)),
            None => {
                let options = options.iter().enumerate();
                Self::node(
                    key,
                    options.map(|(at, option)| option.given(key, at)).collect(),
                )
            }
        }
    }

    /// Two trees, put together leaf by leaf.
    pub(super) fn combine(&self, other: &Self, f: &impl Fn(usize, usize) -> usize) -> Self {
        let both = [self.clone(), other.clone()];
        match both.iter().filter_map(Self::top).min() {
            Some(top) => Self::split(top, &both, |both| both[0].combine(&both[1], f)),
            None => Self::First(f(self.most(), other.most())),
        }
    }

    /// The same with other leaves.
    pub(super) fn map(&self, f: &impl Fn(usize) -> usize) -> Self {
        match self {
            Self::First(size) => Self::First(f(*size)),
            Self::By(key, options) => {
                Self::node(*key, options.iter().map(|option| option.map(f)).collect())
            }
        }
    }

    /// The largest size.
    pub(super) fn most(&self) -> usize {
        match self {
            Self::First(size) => *size,
            Self::By(_, options) => options.iter().map(Self::most).max().unwrap_or(0),
        }
    }

    /// The first decision that it asks; none where the size is certain.
    pub(super) fn decision(&self) -> Option<DecisionId> {
        self.top().map(|key| key.decision)
    }

    /// That decision, with the number of its options.
    pub(super) fn asks(&self) -> Option<(Ranked, usize)> {
        match self {
            Self::First(_) => None,
            Self::By(key, options) => Some((*key, options.len())),
        }
    }

    /// Leaves that what a decision picks among these trees may have at most.
    pub(super) fn cases(key: Ranked, options: &[Self]) -> usize {
        let leaves = options.iter().map(Self::leaves);
        // Where the decision comes first, each of its branches is one of the trees.
        match options.iter().filter_map(Self::top).all(|top| top > key) {
            true => leaves.fold(0, usize::saturating_add),
            false => leaves.fold(1, usize::saturating_mul),
        }
    }

    fn leaves(&self) -> usize {
        match self {
            Self::First(_) => 1,
            Self::By(_, options) => options.iter().map(Self::leaves).sum(),
        }
    }

    /// What is left of it where a decision picks this place.
    pub(super) fn given(&self, key: Ranked, at: usize) -> Self {
        match self {
            Self::By(own, options) if *own == key => options[at].clone(),
            Self::By(own, options) if *own < key => Self::node(
                *own,
                options.iter().map(|option| option.given(key, at)).collect(),
            ),
            _ => self.clone(),
        }
    }

    fn top(&self) -> Option<Ranked> {
        match self {
            Self::First(_) => None,
            Self::By(key, _) => Some(*key),
        }
    }

    /// Asks a decision first that some of these trees ask first.
    fn split(top: Ranked, trees: &[Self], of: impl Fn(&[Self]) -> Self) -> Self {
        let counts = trees.iter().map(|tree| match tree {
            Self::By(key, options) if *key == top => options.len(),
            _ => 0,
        });
        let branch = |at| {
            let trees: Vec<Self> = trees.iter().map(|tree| tree.given(top, at)).collect();
            of(&trees)
        };
        Self::node(top, (0..counts.max().unwrap_or(0)).map(branch).collect())
    }

    fn node(key: Ranked, options: Vec<Self>) -> Self {
        match options.split_first() {
            Some((first, others)) if others.iter().all(|other| other == first) => first.clone(),
            _ => Self::By(key, options),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(rank: usize) -> Ranked {
        Ranked {
            rank,
            decision: DecisionId(rank),
        }
    }

    #[test]
    fn equal_sizes_have_equal_trees() {
        let [a, b] = [(1, [2, 4]), (2, [3, 5])].map(|(rank, v)| Live::values(key(rank), &v));
        let product = a.combine(&b, &|a, b| a * b);
        assert_eq!(product, b.combine(&a, &|b, a| a * b));
        assert_eq!((product.most(), product.leaves()), (20, 4));
        assert_eq!(product.given(key(2), 0), Live::values(key(1), &[6, 12]));
        assert_eq!(product.given(key(1), 1), Live::values(key(2), &[12, 20]));
        assert_eq!(a.combine(&a, &|a, b| usize::from(a == b)), Live::First(1));
        assert_eq!(Live::values(key(0), &[7, 7]), Live::First(7));
    }

    #[test]
    fn what_decides_stands_above() {
        let inner = Live::values(key(3), &[2, 4]);
        let both = [Live::First(9), inner.clone()];
        let cases = [1, 5].map(|rank| Live::cases(key(rank), &both));
        assert_eq!(cases, [3, 2]);
        let depth = Live::select(key(1), &both);
        assert_eq!(depth, Live::By(key(1), vec![Live::First(9), inner.clone()]));
        // Where the rank is the other way around, so is the tree.
        let turned = Live::select(key(5), &[Live::First(9), inner]);
        assert_eq!(turned.decision(), Some(DecisionId(3)));
        assert_eq!(turned.given(key(5), 0), Live::First(9));
        assert_eq!(turned.given(key(3), 1), Live::values(key(5), &[9, 4]));
    }
}
