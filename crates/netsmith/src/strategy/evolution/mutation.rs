//! How a child changes.

use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::space::{Architecture, DecisionId, DecisionKind};
use crate::strategy::Ask;
use rand::RngExt;

/// The factors by which an adaptive rate follows success: the rate is steady where one child in
/// five is better than its parent, as in Rechenberg's rule.
const RISE: f64 = 1.22;
const FALL: f64 = 0.951_5;

/// How an architecture becomes another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::strategy) enum Mutation {
    /// One decision, drawn by the space's weights.
    One,
    /// Each decision by itself, so many on average.
    Each(f64),
    /// Each decision by itself, more while many children are better than their
    /// parents, and fewer while few are.
    Adaptive(f64),
    /// Either an input or an operation, with equal chance where a space has both.
    HiddenStateOrOperation,
}

/// The parameters that name it.
pub(in crate::strategy) const PARAMETERS: [Parameter; 2] = [
    Parameter {
        name: "mutation",
        kind: ParameterKind::Word(&["one", "each", "adaptive", "hidden-state-or-operation"]),
        default: "one",
        doc: "What changes in a child: one decision, each by itself, each at a rate that adapts to success, or one that is an input or an operation with equal chance.",
    },
    Parameter {
        name: "mutation-rate",
        kind: ParameterKind::Number(0.01, 100.0),
        default: "1",
        doc: "Decisions that change in a child on average, where each changes by itself.",
    },
];

impl Mutation {
    /// The one that the settings name.
    pub(in crate::strategy) fn of(settings: &Settings) -> Self {
        let rate = settings.number("mutation-rate");
        match settings.text("mutation") {
            "each" => Self::Each(rate),
            "adaptive" => Self::Adaptive(rate),
            "hidden-state-or-operation" => Self::HiddenStateOrOperation,
            _ => Self::One,
        }
    }

    /// Another architecture near this one; nothing where none is found.
    pub(in crate::strategy) fn child(
        self,
        ask: &mut Ask<'_>,
        parent: &Architecture,
    ) -> Option<Architecture> {
        match self {
            Self::One => ask.space.mutate(parent, ask.limits, ask.random),
            Self::Each(rate) | Self::Adaptive(rate) => self.each(ask, parent, rate),
            Self::HiddenStateOrOperation => {
                let is_input = |id: &DecisionId| {
                    let kind = &ask.space.decision(*id).kind;
                    matches!(kind, DecisionKind::Select { .. })
                };
                let (inputs, others): (Vec<_>, Vec<_>) =
                    open(ask, parent).into_iter().partition(is_input);
                let from = match ask.random.random() {
                    _ if others.is_empty() => inputs,
                    true if !inputs.is_empty() => inputs,
                    _ => others,
                };
                if from.is_empty() {
                    return None;
                }
                let id = from[ask.random.random_range(0..from.len())];
                let changed = redrawn(ask, parent.clone(), id);
                let child = ask.space.complete(&changed, ask.limits, ask.random)?;
                (child != *parent).then_some(child)
            }
        }
    }

    fn each(self, ask: &mut Ask<'_>, parent: &Architecture, rate: f64) -> Option<Architecture> {
        let open = open(ask, parent);
        if open.is_empty() {
            return None;
        }
        let chance = (rate / open.len() as f64).clamp(0.0, 1.0);
        let mut child = parent.clone();
        while child == *parent {
            for &id in &open {
                if ask.random.random_bool(chance) {
                    child = redrawn(ask, child, id);
                }
            }
        }
        let child = ask.space.complete(&child, ask.limits, ask.random)?;
        (child != *parent).then_some(child)
    }

    /// Learns whether a child was better than its parent.
    pub(in crate::strategy) fn learn(&mut self, better: bool) {
        if let Self::Adaptive(rate) = self {
            let factor = if better { RISE } else { FALL };
            *rate = (*rate * factor).clamp(0.5, 8.0);
        }
    }
}

/// The decisions of an architecture that have more than one option.
fn open(ask: &Ask<'_>, architecture: &Architecture) -> Vec<DecisionId> {
    let order = ask.space.order().iter().copied();
    let open = |id: &DecisionId| {
        let decision = ask.space.decision(*id);
        architecture.option(*id).is_some() && decision.count() > 1 && decision.weight > 0.0
    };
    order.filter(open).collect()
}

/// The same with another option of one decision.
fn redrawn(ask: &mut Ask<'_>, architecture: Architecture, id: DecisionId) -> Architecture {
    let Some(current) = architecture.option(id) else {
        return architecture;
    };
    let others = ask.space.decision(id).count() - 1;
    let option = ask.random.random_range(0..others.max(1));
    architecture.with(id, option + u32::from(option >= current))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One better child in five leaves the rate where it is.
    #[test]
    fn the_rate_follows_success() {
        let mut mutation = Mutation::Adaptive(1.0);
        for round in 0..50 {
            (0..5).for_each(|child| mutation.learn(child == round % 5));
        }
        assert!(matches!(mutation, Mutation::Adaptive(rate) if (0.9..1.1).contains(&rate)));
        (0..10).for_each(|_| mutation.learn(true));
        assert!(matches!(mutation, Mutation::Adaptive(rate) if rate > 6.0));
    }
}
