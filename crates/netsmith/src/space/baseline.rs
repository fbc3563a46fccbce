//! Hand-designed networks of a space, which a search must beat.

use super::{Architecture, CATALOGUE, DecisionId, DecisionKind, Form, Limits, Space, Task};
use crate::catalogue::Settings;
use crate::network::Network;

/// Gives the families of hand-designed architectures of a space.
pub(super) type Families = fn(&Space) -> Vec<Family>;

/// A hand-designed network of the field in several sizes: what plain scaling gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// What people call it.
    pub name: &'static str,
    /// Its sizes.
    pub members: Vec<Architecture>,
}

/// A hand-designed network of a space of the catalogue.
#[derive(Clone, Debug)]
pub struct HandDesigned {
    /// Its name, with that of the space.
    pub name: String,
    /// Its architecture as that space writes it.
    pub text: String,
    /// Its final form.
    pub network: Network,
}

/// The hand-designed networks that the spaces of the catalogue have for a task,
/// as [`Space::baselines`] picks them: what the networks of a space without any
/// are compared with.
pub fn hand_designed(task: &Task, limits: &Limits) -> Vec<HandDesigned> {
    let mut found = Vec::new();
    for entry in CATALOGUE {
        let Ok(space) = (entry.build)(task, &Settings::defaults(entry.parameters)) else {
            continue;
        };
        for (name, architecture) in space.baselines(limits) {
            if let Ok(network) = space.resolve(&architecture, Form::Final) {
                found.push(HandDesigned {
                    name: format!("{name} of `{}`", entry.name),
                    text: space.text(&architecture),
                    network: network.pruned(),
                });
            }
        }
    }
    found
}

impl Space {
    /// The same space with hand-designed architectures.
    #[must_use]
    pub(super) fn with_families(mut self, families: Families) -> Self {
        self.families = Some(families);
        self
    }

    /// The families of hand-designed architectures with those of their members that keep
    /// the limits, the one with the fewest multiply-accumulate operations first; a family
    /// without such members is left out.
    pub fn families(&self, limits: &Limits) -> Vec<Family> {
        let families = self
            .families
            .map_or_else(Vec::new, |families| families(self));
        let kept = families.into_iter().map(|family| {
            let sized = family.members.into_iter().filter_map(|architecture| {
                let network = self.network(&architecture).ok()?;
                limits.check_network(&network).ok()?;
                Some(((network.macs(), network.parameters()), architecture))
            });
            let mut sized: Vec<_> = sized.collect();
            sized.sort_by_key(|(size, _)| *size);
            sized.dedup_by(|(_, a), (_, b)| a == b);
            Family {
                name: family.name,
                members: sized
                    .into_iter()
                    .map(|(_, architecture)| architecture)
                    .collect(),
            }
        });
        kept.filter(|family| !family.members.is_empty()).collect()
    }

    /// So many hand-designed architectures within the limits, or as many as there are,
    /// those with the fewest multiply-accumulate operations first: of each family as many,
    /// evenly from its smallest to its largest.
    pub fn spread(&self, limits: &Limits, count: usize) -> Vec<Architecture> {
        let families = self.families(limits);
        let mut chosen: Vec<(u64, Architecture)> = Vec::new();
        let mut left = count;
        for (place, family) in families.iter().enumerate() {
            let share = left.div_ceil(families.len() - place);
            let own = evenly(&family.members, share);
            left -= own.len();
            chosen.extend(own.into_iter().map(|architecture| {
                let macs = self
                    .network(architecture)
                    .map_or(0, |network| network.macs());
                (macs, architecture.clone())
            }));
        }
        chosen.sort_by_key(|(macs, _)| *macs);
        chosen.into_iter().map(|(_, own)| own).collect()
    }

    /// Hand-designed architectures of the field, with their names: of each
    /// family the one with the most parameters that keeps the limits, or the one
    /// with the fewest where none does. Empty where the space has none.
    pub fn baselines(&self, limits: &Limits) -> Vec<(&'static str, Architecture)> {
        let families = self
            .families
            .map_or_else(Vec::new, |families| families(self));
        let largest = families
            .into_iter()
            .filter_map(|family| Some((family.name, self.largest_within(limits, family.members)?)));
        largest.collect()
    }

    /// The architecture whose active decisions are wished one by one; where
    /// nothing is wished, the first option.
    pub(super) fn decided_by(
        &self,
        wish: impl Fn(&super::Decision) -> Option<u32>,
    ) -> Architecture {
        let mut architecture = Architecture::undecided(self.decisions().len());
        for &id in self.order() {
            if self.is_active(id, &architecture) {
                let option = wish(self.decision(id)).unwrap_or(0);
                architecture.set(id, Some(option));
            }
        }
        architecture
    }

    /// Number of options of the decision of this name; 0 without one.
    pub(super) fn options_named(&self, name: &str) -> u32 {
        let count = |id: DecisionId| self.decision(id).count();
        self.decision_named(name).map_or(0, count)
    }

    /// The values of the decision of this name; empty where it has none.
    pub(super) fn values_of(&self, name: &str) -> Vec<usize> {
        let decision = self.decision_named(name).map(|id| self.decision(id));
        match decision.map(|decision| &decision.kind) {
            Some(DecisionKind::Value(values)) => values.clone(),
            Some(DecisionKind::Choice(_) | DecisionKind::Select { .. }) | None => Vec::new(),
        }
    }

    /// The options of the decision of this name, by number; empty without one.
    pub(super) fn numbers_of(&self, name: &str) -> std::ops::Range<u32> {
        0..self.options_named(name)
    }

    /// Whether there is a decision of this name with this option.
    pub(super) fn offers(&self, name: &str, option: &str) -> bool {
        self.decision_named(name)
            .is_some_and(|id| self.decision(id).option_from_name(option).is_some())
    }

    /// The one with the most parameters among those that keep the limits, or the
    /// one with the fewest.
    pub(super) fn largest_within(
        &self,
        limits: &Limits,
        architectures: impl IntoIterator<Item = Architecture>,
    ) -> Option<Architecture> {
        let counted = architectures.into_iter().filter_map(|architecture| {
            let network = self.network(&architecture).ok()?;
            let count = network.parameters();
            let rank = match limits.check_network(&network) {
                Ok(()) => (1, count),
                Err(_) => (0, u64::MAX - count),
            };
            Some((rank, architecture))
        });
        let best = counted.max_by_key(|(rank, _)| *rank);
        best.map(|(_, architecture)| architecture)
    }
}

/// So many of these, evenly from the first to the last; of one, that in the middle.
fn evenly<T>(all: &[T], count: usize) -> Vec<&T> {
    match count {
        0 => Vec::new(),
        1 => all.get(all.len() / 2).into_iter().collect(),
        _ if count >= all.len() => all.iter().collect(),
        _ => {
            let place = |number: usize| number * (all.len() - 1) / (count - 1);
            (0..count).map(|number| &all[place(number)]).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cost::PARAMETERS;
    use crate::network::Shape;

    #[test]
    fn a_spread_of_families_goes_from_small_to_large() {
        let numbers: Vec<usize> = (0..9).collect();
        assert_eq!(evenly(&numbers, 3), [&0, &4, &8]);
        assert_eq!(evenly(&numbers, 1), [&4]);
        assert_eq!(evenly(&numbers[..2], 3), [&0, &1]);
        assert!(evenly(&numbers, 0).is_empty() && evenly(&numbers[..0], 2).is_empty());

        let task = Task::vector(Shape::image(1, 28, 28), 10);
        let entry = CATALOGUE
            .iter()
            .find(|entry| entry.name == "chain")
            .unwrap();
        let space = (entry.build)(&task, &Settings::defaults(entry.parameters)).unwrap();
        let limits = Limits::FREE.with(PARAMETERS, 20_000.0);
        let spread = space.spread(&limits, 7);
        let networks = spread.iter().map(|own| space.network(own).unwrap());
        let networks: Vec<Network> = networks.collect();
        assert_eq!(networks.len(), 7);
        assert!(networks.is_sorted_by_key(Network::macs));
        assert!(networks.iter().all(|own| own.parameters() <= 20_000));
        // A plain network is the smallest of all.
        let families = space.families(&limits);
        assert_eq!(families[0].name, "plain CNN");
        assert_eq!(spread[0], families[0].members[0]);
        assert_eq!(space.spread(&limits, 500).len(), {
            families.iter().map(|own| own.members.len()).sum::<usize>()
        });
    }

    #[test]
    fn every_kind_of_input_has_hand_designed_networks() {
        for (input, expected) in [
            (Shape::image(1, 8, 8), "small ResNet of `chain`"),
            (Shape::sequence(1, 24), "FCN of `chain`"),
            (Shape::vector(12), "plain MLP of `mlp`"),
        ] {
            let task = Task::vector(input, 3);
            let found = hand_designed(&task, &Limits::FREE.with(PARAMETERS, 2_000.0));
            assert!(found.iter().any(|own| own.name == expected), "{found:?}");
            for own in found {
                let last = own.network.outputs()[0];
                let shape = own.network.nodes()[last].shape;
                assert_eq!(shape, Shape::vector(3), "{}", own.name);
            }
        }
    }
}
