//! Where the parameters of a policy stand in their one vector.

use super::lstm;
use super::{Design, Policy};
use crate::random::Random;
use crate::space::{DecisionId, DecisionKind, Pick, Space};
use rand::RngExt;
use std::ops::Range;

/// The layout of a policy's parameters for one space, and what the policy must
/// know about the space.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Width of the state, and of everything that enters it; 0 without an LSTM.
    pub(super) width: usize,
    /// LSTM layers, the first one below.
    pub(super) layers: Vec<Range<usize>>,
    /// The input of the first step.
    pub(super) start: Range<usize>,
    /// Shared by all selects.
    pub(super) attention: Option<Attention>,
    /// By decision.
    pub(super) heads: Vec<Head>,
    /// Place of each decision in the order of the space.
    pub(super) position: Vec<usize>,
    /// For each decision that selects, the place of the decision that completes
    /// each candidate; nothing for candidates from outside.
    pub(super) sources: Vec<Vec<Option<usize>>>,
    /// How many parameters there are.
    pub(super) size: usize,
}

/// `score_j = vᵀ tanh(W_prev h_j + W_curr h)`.
#[derive(Clone, Debug)]
pub(super) struct Attention {
    /// `W_prev`, one row for each number of `h_j`.
    pub(super) previous: Range<usize>,
    /// `W_curr`.
    pub(super) current: Range<usize>,
    /// `v`.
    pub(super) direction: Range<usize>,
    /// Stands for `h_j` where candidate j comes from outside: one row for each j.
    pub(super) roots: Range<usize>,
}

/// The parameters that a decision has for itself.
#[derive(Clone, Debug)]
pub(super) enum Head {
    /// None: the attention scores its candidates, or there is but one option.
    Shared,
    /// Logits of each step, without an LSTM: this many for each.
    Table {
        /// All of them.
        logits: Range<usize>,
        /// For one step.
        count: usize,
    },
    /// An affine map from the state to the logits, and an embedding of each
    /// option, the input of the next step.
    Option {
        /// One row for each option.
        weights: Range<usize>,
        /// One number for each option.
        bias: Range<usize>,
        /// One row for each option.
        embedding: Range<usize>,
    },
}

impl Plan {
    pub(super) fn new(space: &Space, design: &Design) -> Self {
        let mut position = vec![0; space.decisions().len()];
        for (place, id) in space.order().iter().enumerate() {
            position[id.index()] = place;
        }
        let mut plan = Self {
            width: 0,
            layers: Vec::new(),
            start: 0..0,
            attention: None,
            heads: Vec::new(),
            position,
            sources: Vec::new(),
            size: 0,
        };
        match design.policy {
            Policy::Independent => plan.tables(space),
            Policy::Lstm { width, layers } => plan.lstm(space, width, layers),
        }
        plan
    }

    fn take(&mut self, count: usize) -> Range<usize> {
        let start = self.size;
        self.size += count;
        start..self.size
    }

    fn tables(&mut self, space: &Space) {
        for decision in space.decisions() {
            let (steps, count) = match decision.kind {
                DecisionKind::Select { candidates, pick } => match pick {
                    Pick::Subset => (1, candidates),
                    Pick::Combination(k) | Pick::Permutation(k) | Pick::Repetition(k) => {
                        (k, candidates)
                    }
                },
                _ => (1, decision.count() as usize),
            };
            let logits = self.take(steps * count);
            self.heads.push(Head::Table { logits, count });
        }
    }

    fn lstm(&mut self, space: &Space, width: usize, layers: usize) {
        self.width = width;
        for _ in 0..layers {
            let layer = self.take(lstm::size(width, width));
            self.layers.push(layer);
        }
        self.start = self.take(width);
        let places = |id: Option<DecisionId>| id.map(|id| self.position[id.index()]);
        let sources = space.sources().into_iter();
        self.sources = sources
            .map(|candidates| candidates.into_iter().map(places).collect())
            .collect();
        let outside = |own: &Vec<Option<usize>>| own.iter().rposition(Option::is_none);
        let roots = self.sources.iter().filter_map(outside).max();
        let selects = |sources: &Vec<Option<usize>>| !sources.is_empty();
        if self.sources.iter().any(selects) {
            self.attention = Some(Attention {
                previous: self.take(width * width),
                current: self.take(width * width),
                direction: self.take(width),
                roots: self.take(roots.map_or(0, |last| last + 1) * width),
            });
        }
        for decision in space.decisions() {
            let count = decision.count() as usize;
            let selects = matches!(decision.kind, DecisionKind::Select { .. });
            let head = match selects || count == 1 {
                true => Head::Shared,
                false => Head::Option {
                    weights: self.take(count * width),
                    bias: self.take(count),
                    embedding: self.take(count * width),
                },
            };
            self.heads.push(head);
        }
    }

    /// The vector that stands for a candidate from outside.
    pub(super) fn root<'a>(&self, theta: &'a [f64], root: usize) -> &'a [f64] {
        &theta[self.root_range(root)]
    }

    /// Where that vector stands.
    pub(super) fn root_range(&self, root: usize) -> Range<usize> {
        let roots = self.attention.as_ref().map_or(0, |own| own.roots.start);
        let from = roots + root * self.width;
        from..from + self.width
    }

    /// Parameters drawn uniformly between −`range` and `range` for an LSTM, and
    /// normally with the deviation `range` for independent logits.
    pub(super) fn initial(&self, range: f64, random: &mut Random) -> Vec<f64> {
        let mut uniform = || 2.0 * random.random::<f64>() - 1.0;
        let draw = || match self.width {
            // Twelve uniform draws make a normal one: their variance is 1/3.
            0 => 0.5 * range * (0..12).map(|_| uniform()).sum::<f64>(),
            _ => range * uniform(),
        };
        std::iter::repeat_with(draw).take(self.size).collect()
    }
}
