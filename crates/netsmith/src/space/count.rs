//! The number of architectures of a space.

use super::{Architecture, DecisionId, Space};

/// How many combinations are looked at one by one before giving up.
const MOST_COMBINATIONS: u64 = 5_000_000;

impl Space {
    /// The number of architectures: different values of the active decisions
    /// that keep the rules.
    ///
    /// Decisions that never meet in a condition or a rule are counted apart and
    /// multiplied. Returns nothing where the number exceeds 128 bits, or where
    /// too many decisions depend on each other to be counted.
    pub fn size(&self) -> Option<u128> {
        if self.known_size.is_some() {
            return self.known_size;
        }
        let mut total: u128 = 1;
        for part in self.independent_parts() {
            let mut architecture = Architecture::undecided(self.decisions().len());
            let mut steps = 0;
            let count = self.count(&part, 0, &mut architecture, &mut steps)?;
            total = total.checked_mul(count)?;
        }
        Some(total)
    }

    /// Counts the options of `part[from..]`; only decisions that others look at
    /// are tried one by one.
    fn count(
        &self,
        part: &[DecisionId],
        from: usize,
        architecture: &mut Architecture,
        steps: &mut u64,
    ) -> Option<u128> {
        *steps += 1;
        if *steps > MOST_COMBINATIONS {
            return None;
        }
        let Some(&id) = part.get(from) else {
            let kept = |rule: &super::Rule| {
                !part.contains(&rule.decisions()[0])
                    || rule.can_hold(architecture, self.decisions())
            };
            return Some(u128::from(self.rules().iter().all(kept)));
        };
        if !self.is_active(id, architecture) {
            return self.count(part, from + 1, architecture, steps);
        }
        let count = self.decision(id).count();
        let looked_at = part
            .iter()
            .any(|&other| self.activity.parents(other).contains(&id))
            || self
                .rules()
                .iter()
                .any(|rule| rule.decisions().contains(&id));
        if !looked_at {
            let rest = self.count(part, from + 1, architecture, steps)?;
            return rest.checked_mul(u128::from(count));
        }
        let mut total: u128 = 0;
        for option in 0..count {
            architecture.set(id, Some(option));
            let rest = self.count(part, from + 1, architecture, steps)?;
            total = total.checked_add(rest)?;
        }
        architecture.set(id, None);
        Some(total)
    }

    /// The decisions, divided so that no condition or rule joins two parts;
    /// each part in the order of [`Space::order`].
    fn independent_parts(&self) -> Vec<Vec<DecisionId>> {
        let mut part: Vec<usize> = (0..self.decisions().len()).collect();
        let mut join = |ids: &[DecisionId]| {
            for pair in ids.windows(2) {
                let (from, to) = (part[pair[0].0], part[pair[1].0]);
                part.iter_mut()
                    .filter(|p| **p == from)
                    .for_each(|p| *p = to);
            }
        };
        for &id in self.order() {
            let mut ids = self.activity.parents(id);
            ids.push(id);
            join(&ids);
        }
        self.rules().iter().for_each(|rule| join(rule.decisions()));
        let mut parts: Vec<Vec<DecisionId>> = vec![Vec::new(); self.decisions().len()];
        self.order()
            .iter()
            .for_each(|&id| parts[part[id.0]].push(id));
        parts.retain(|part| !part.is_empty());
        parts
    }
}
