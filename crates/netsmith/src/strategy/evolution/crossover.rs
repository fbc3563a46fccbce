//! How two parents make a child.

use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::space::{Architecture, DecisionId, Space};
use crate::strategy::Ask;
use rand::RngExt;

/// Which decisions a child takes from its second parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::strategy) enum Crossover {
    /// Those of each block together, with equal chance: the incoming edges of a
    /// node, the attributes of a layer.
    NodeAligned,
    /// Each by itself, with equal chance.
    Uniform,
    /// Those after a point that is drawn.
    OnePoint,
    /// Those between two points that are drawn.
    TwoPoint,
    /// One decision and those that depend on it.
    Subtree,
}

/// The parameters that name it.
pub(in crate::strategy) const PARAMETERS: [Parameter; 2] = [
    Parameter {
        name: "crossover",
        kind: ParameterKind::Word(&[
            "node-aligned",
            "uniform",
            "one-point",
            "two-point",
            "subtree",
        ]),
        default: "node-aligned",
        doc: "What a child takes from its second parent: whole blocks of decisions, any decisions, those after a point, those between two, or one with those that depend on it.",
    },
    Parameter {
        name: "crossover-rate",
        kind: ParameterKind::Number(0.0, 1.0),
        default: "0.5",
        doc: "The share of the children that have two parents; the others have one.",
    },
];

impl Crossover {
    /// The one that the settings name.
    pub(in crate::strategy) fn of(settings: &Settings) -> Self {
        match settings.text("crossover") {
            "uniform" => Self::Uniform,
            "one-point" => Self::OnePoint,
            "two-point" => Self::TwoPoint,
            "subtree" => Self::Subtree,
            _ => Self::NodeAligned,
        }
    }

    /// A child of two parents, within rules and limits; nothing where none is found.
    pub(in crate::strategy) fn child(
        self,
        ask: &mut Ask<'_>,
        [first, second]: [&Architecture; 2],
    ) -> Option<Architecture> {
        if self == Self::NodeAligned {
            return ask.space.cross([first, second], ask.limits, ask.random);
        }
        let order = ask.space.order();
        let mut from_second = vec![false; order.len()];
        match self {
            Self::NodeAligned | Self::Uniform => {
                from_second
                    .iter_mut()
                    .for_each(|from| *from = ask.random.random());
            }
            Self::OnePoint => {
                let point = ask.random.random_range(0..=order.len());
                from_second[point..].fill(true);
            }
            Self::TwoPoint => {
                let points = [0; 2].map(|_: i32| ask.random.random_range(0..=order.len()));
                from_second[points[0].min(points[1])..points[0].max(points[1])].fill(true);
            }
            Self::Subtree => {
                let of_second = |id: &DecisionId| second.option(*id).is_some();
                let active: Vec<DecisionId> = order.iter().copied().filter(of_second).collect();
                let root = active[ask.random.random_range(0..active.len())];
                from_second = subtree(ask.space, root);
            }
        }
        let mut child = first.clone();
        for (&id, from_second) in order.iter().zip(from_second) {
            if from_second {
                // Where the second parent has nothing, the first may still help.
                child.set(id, second.option(id).or(first.option(id)));
            } else {
                child.set(id, first.option(id).or(second.option(id)));
            }
        }
        ask.space.complete(&child, ask.limits, ask.random)
    }
}

/// Which decisions, in the space's order, are this one or depend on it.
fn subtree(space: &Space, root: DecisionId) -> Vec<bool> {
    let order = space.order();
    let mut within = vec![false; order.len()];
    for (place, &id) in order.iter().enumerate() {
        let inherits = |parent: &DecisionId| {
            let at = order.iter().position(|other| other == parent);
            at.is_some_and(|at| within[at])
        };
        within[place] = id == root || space.depends_on(id).iter().any(inherits);
    }
    within
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Shape;
    use crate::random::Seed;
    use crate::space::{self, Limits, Task};

    /// Every decision of a child without new draws comes from a parent.
    #[test]
    fn children_take_from_their_parents() {
        let entry = &space::nas_bench_201::ENTRY;
        let task = Task::vector(Shape::image(3, 32, 32), 10);
        let settings = Settings::defaults(entry.parameters);
        let space = (entry.build)(&task, &settings).unwrap();
        let limits = Limits::default();
        let mut random = Seed::new(1).stream();
        let first = space.sample(&limits, &mut random).unwrap();
        let mut second = first.clone();
        for &id in space.order() {
            let other = (first.option(id).unwrap() + 1) % 5;
            second.set(id, Some(other));
        }
        for kind in [
            Crossover::NodeAligned,
            Crossover::Uniform,
            Crossover::OnePoint,
            Crossover::TwoPoint,
            Crossover::Subtree,
        ] {
            let mut taken = [0; 2];
            for _ in 0..200 {
                let mut ask = Ask {
                    space: &space,
                    limits: &limits,
                    running: &[],
                    number: 0,
                    random: &mut random,
                };
                let child = kind.child(&mut ask, [&first, &second]).unwrap();
                let from = |parent: &Architecture| {
                    let pairs = parent.options().zip(child.options());
                    pairs.filter(|(a, b)| a == b).count()
                };
                assert_eq!(from(&first) + from(&second), 6, "{kind:?}");
                taken[0] += from(&first);
                taken[1] += from(&second);
            }
            assert!(taken[1] > 150, "{kind:?} {taken:?}");
            if kind == Crossover::Subtree {
                // No edge depends on another: one decision at a time.
                assert_eq!(taken[1], 200);
            }
        }
    }

    #[test]
    fn a_subtree_holds_what_depends_on_its_root() {
        let entry = &space::darts::ENTRY;
        let task = Task::vector(Shape::image(3, 32, 32), 10);
        let space = (entry.build)(&task, &Settings::defaults(entry.parameters)).unwrap();
        let order = space.order();
        let root = order.iter().copied().find(|&id| {
            let depends = |other: &DecisionId| space.depends_on(*other).contains(&id);
            order.iter().any(depends)
        });
        let within = subtree(&space, root.unwrap());
        let count = within.iter().filter(|within| **within).count();
        assert!(count > 1 && count < order.len(), "{count}");
    }
}
