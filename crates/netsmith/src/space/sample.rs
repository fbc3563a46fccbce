//! Drawing, changing and crossing architectures.
//!
//! All of it goes through one gate, so that whatever comes out keeps
//! the rules and the limits.

use super::gate::Gate;
use super::{Architecture, Decision, DecisionId, DecisionKind, Excess, Infeasible, Limits, Space};
use crate::random::{Random, Seed};
use rand::RngExt;

/// How often a random completion may end over a limit before giving up; the
/// bounds are then too loose to steer by.
const MOST_TRIES: usize = 200;

/// From so many options of one decision on, as a subset of many candidates has.
const MANY_OPTIONS: u32 = 4_096;

/// Up to so many options of each decision are looked at for what an error tells.
const FEW_OPTIONS: u32 = 256;

impl Space {
    /// The options that a decision may take, given those already made: those
    /// with which the rules can be kept and the limits may be.
    pub fn allowed(
        &self,
        architecture: &Architecture,
        decision: DecisionId,
        limits: &Limits,
    ) -> Vec<u32> {
        let mut partial = architecture.clone();
        Gate::new(self, limits).allowed(&mut partial, decision)
    }

    /// Whether the network of a complete architecture keeps the limits and its
    /// shapes fit.
    pub fn keeps(&self, architecture: &Architecture, limits: &Limits) -> bool {
        limits.is_free() && !self.may_misfit
            || self
                .network(architecture)
                .is_ok_and(|network| limits.check_network(&network).is_ok())
    }

    /// An architecture in which every active decision is drawn uniformly from
    /// the options that it may still take.
    ///
    /// # Errors
    /// The limit that no architecture keeps, with the nearest bound.
    pub fn sample(&self, limits: &Limits, random: &mut Random) -> Result<Architecture, Infeasible> {
        let mut gate = Gate::new(self, limits);
        gate.check().map_err(|excess| self.infeasible(&excess))?;
        let undecided = Architecture::undecided(self.decisions().len());
        for _ in 0..MOST_TRIES {
            if let Some(architecture) = self.drawn(&mut gate, &undecided, random) {
                return Ok(architecture);
            }
        }
        let smallest = self.smallest(limits);
        match self.network(&smallest) {
            Ok(network) => limits.check_network(&network)?,
            Err(_) => return Ok(smallest),
        }
        Ok(smallest)
    }

    /// The architecture that grants these wishes as far as rules and limits allow:
    /// what is open or not allowed is drawn, what is inactive is cleared.
    ///
    /// Returns nothing where the draws end over a limit.
    pub fn complete(
        &self,
        wishes: &Architecture,
        limits: &Limits,
        random: &mut Random,
    ) -> Option<Architecture> {
        self.drawn(&mut Gate::new(self, limits), wishes, random)
    }

    /// Whether the bounds leave room for the limits. Where bounds are not tight there may
    /// be no architecture all the same, as [`find_within`](Self::find_within) says.
    ///
    /// # Errors
    /// The limit that no architecture keeps, with the lower bound of its cost.
    pub fn check_limits(&self, limits: &Limits) -> Result<(), Infeasible> {
        let checked = Gate::new(self, limits).check();
        checked.map_err(|excess| self.infeasible(&excess))
    }

    /// Whether an architecture that keeps the limits is found.
    ///
    /// # Errors
    /// The limit that no architecture keeps, or none that was found.
    pub fn find_within(&self, limits: &Limits) -> Result<(), Infeasible> {
        if limits.is_free() {
            return Ok(());
        }
        let mut random = Seed::new(0).child("limits").stream();
        self.sample(limits, &mut random).map(|_| ())
    }

    /// What is told of a limit below the lower bound of its cost: the bound, and the
    /// least cost of a network that is found, where no decision has so many options that
    /// looking at each would take long.
    pub(super) fn infeasible(&self, excess: &Excess) -> Infeasible {
        let Excess { cost, limit, value } = *excess;
        let counts = self.decisions().iter().map(Decision::count);
        let few = counts.max().is_none_or(|most| most <= FEW_OPTIONS);
        let smallest = || self.smallest(&Limits::FREE.with(cost, f64::INFINITY));
        let network = few.then(smallest);
        let network = network.and_then(|smallest| self.network(&smallest).ok());
        let reached = network.and_then(|network| cost.count(&network));
        Infeasible {
            cost,
            limit,
            least: value,
            reached: reached.map(|count| count as f64),
        }
    }

    /// The architecture with open decisions drawn and inactive ones cleared;
    /// options that are no longer allowed are drawn anew.
    fn drawn(
        &self,
        gate: &mut Gate<'_>,
        partial: &Architecture,
        random: &mut Random,
    ) -> Option<Architecture> {
        self.granted(gate, partial, |count| random.random_range(0..count))
    }

    /// The architecture in which each active decision has the wished option
    /// where it may, and otherwise the first allowed one in the order that `pick`
    /// makes: it is told how many options are left and says which comes next.
    fn granted(
        &self,
        gate: &mut Gate<'_>,
        wishes: &Architecture,
        mut pick: impl FnMut(u32) -> u32,
    ) -> Option<Architecture> {
        gate.reset();
        // Where the wishes make a whole that is kept, each of them would be granted.
        if let Some(whole) = self.whole(wishes)
            && gate.keeps(&whole)
        {
            return Some(whole);
        }
        let mut architecture = Architecture::undecided(self.decisions().len());
        // Wishes are granted in order: each is looked at with the others still open.
        for &decision in self.order() {
            if !self.is_active(decision, &architecture) {
                continue;
            }
            let wish = wishes.option(decision);
            let option = match wish {
                Some(wish) if gate.allows(&mut architecture, decision, wish) => wish,
                _ if gate.is_open() => pick(self.decision(decision).count()),
                _ => {
                    // The first allowed one in a random order is a uniform draw
                    // among all that are allowed, most of which need no look.
                    // Where there are very many, the order is not written down
                    // before some draws from all of them have failed.
                    let count = self.decision(decision).count();
                    let tries = if count > MANY_OPTIONS { MOST_TRIES } else { 0 };
                    let mut draws = (0..tries).map(|_| pick(count));
                    let found =
                        draws.find(|&option| gate.allows(&mut architecture, decision, option));
                    if let Some(option) = found {
                        architecture.set(decision, Some(option));
                        gate.settle(&architecture);
                        continue;
                    }
                    let mut rest: Vec<u32> = (0..self.decision(decision).count()).collect();
                    loop {
                        if rest.is_empty() {
                            return None;
                        }
                        let option = rest.remove(pick(rest.len() as u32) as usize);
                        if gate.allows(&mut architecture, decision, option) {
                            break option;
                        }
                    }
                }
            };
            architecture.set(decision, Some(option));
            gate.settle(&architecture);
        }
        gate.keeps(&architecture).then_some(architecture)
    }

    /// The wishes for active decisions, where they leave none open and keep the rules.
    fn whole(&self, wishes: &Architecture) -> Option<Architecture> {
        // Nothing is wished where all is to be drawn.
        self.order()
            .first()
            .and_then(|&first| wishes.option(first))?;
        let mut whole = Architecture::undecided(self.decisions().len());
        for &decision in self.order() {
            if self.is_active(decision, &whole) {
                whole.set(decision, Some(wishes.option(decision)?));
            }
        }
        let mut rules = self.rules().iter();
        let kept = rules.all(|rule| rule.can_hold(&whole, self.decisions()));
        kept.then_some(whole)
    }

    /// Towards the smallest: every decision takes the option of the least bound
    /// of the first limited cost. The last resort where drawing fails.
    fn smallest(&self, limits: &Limits) -> Architecture {
        let mut counted = limits.iter().filter(|(cost, _)| !cost.is_measured());
        let first = counted.next().map(|(cost, _)| cost);
        let mut architecture = Architecture::undecided(self.decisions().len());
        let (mut gate, mut explorer) = (Gate::new(self, limits), self.explorer());
        for &decision in self.order() {
            if !self.is_active(decision, &architecture) {
                continue;
            }
            let allowed = gate.allowed(&mut architecture, decision);
            let least = |option: &u32| {
                let trial = architecture.clone().with(decision, *option);
                explorer.bounds(&trial).map_or(u64::MAX, |explored| {
                    let range = first.and_then(|cost| cost.bounds(&explored.bounds));
                    range.map_or(0, |range| range.low)
                })
            };
            let option = allowed.into_iter().min_by_key(least).unwrap_or(0);
            architecture.set(decision, Some(option));
        }
        architecture
    }

    /// A child with one decision changed: the decision is drawn by weight among
    /// the active ones, its new option uniformly among the others; a select
    /// replaces one member. Decisions that become active are drawn.
    ///
    /// Returns nothing where no change keeps the limits.
    pub fn mutate(
        &self,
        parent: &Architecture,
        limits: &Limits,
        random: &mut Random,
    ) -> Option<Architecture> {
        let active = self
            .order()
            .iter()
            .filter(|&&id| parent.option(id).is_some());
        let open: Vec<DecisionId> = active
            .copied()
            .filter(|&id| self.decision(id).count() > 1 && self.decision(id).weight > 0.0)
            .collect();
        let mut gate = Gate::new(self, limits);
        let total: f64 = open.iter().map(|&id| self.decision(id).weight).sum();
        for _ in 0..MOST_TRIES {
            let mut rest = random.random::<f64>() * total;
            let decision = open.iter().copied().find(|&id| {
                rest -= self.decision(id).weight;
                rest < 0.0
            });
            let decision = decision.or(open.last().copied())?;
            let current = parent.option(decision)?;
            let option = self.other_option(decision, current, random)?;
            let changed = parent.clone().with(decision, option);
            let child = self.drawn(&mut gate, &changed, random);
            if let Some(child) = child.filter(|child| child != parent) {
                return Some(child);
            }
        }
        None
    }

    /// Another option of a decision.
    fn other_option(&self, id: DecisionId, current: u32, random: &mut Random) -> Option<u32> {
        let decision = self.decision(id);
        if let DecisionKind::Select { candidates, pick } = decision.kind {
            let near = near_options(pick, candidates, current);
            if !near.is_empty() {
                return Some(near[random.random_range(0..near.len())]);
            }
        }
        let count = decision.count();
        if count < 2 {
            return None;
        }
        let option = random.random_range(0..count - 1);
        Some(option + u32::from(option >= current))
    }

    /// All architectures that differ in one decision and keep the limits, in a
    /// fixed order. Decisions that become active take their first allowed option.
    pub fn neighbours(&self, architecture: &Architecture, limits: &Limits) -> Vec<Architecture> {
        let mut gate = Gate::new(self, limits);
        let mut neighbours = Vec::new();
        for &decision in self.order() {
            let Some(current) = architecture.option(decision) else {
                continue;
            };
            let options: Vec<u32> = match self.decision(decision).kind {
                DecisionKind::Select { candidates, pick } => {
                    near_options(pick, candidates, current)
                }
                _ => (0..self.decision(decision).count())
                    .filter(|&o| o != current)
                    .collect(),
            };
            for option in options {
                let changed = architecture.clone().with(decision, option);
                let neighbour = self.granted(&mut gate, &changed, |_| 0);
                if let Some(neighbour) = neighbour.filter(|other| other != architecture) {
                    neighbours.push(neighbour);
                }
            }
        }
        neighbours.sort();
        neighbours.dedup();
        neighbours
    }

    /// A child that takes each block of decisions whole from one parent or the
    /// other, with equal chance.
    pub fn cross(
        &self,
        parents: [&Architecture; 2],
        limits: &Limits,
        random: &mut Random,
    ) -> Option<Architecture> {
        let mut child = Architecture::undecided(self.decisions().len());
        let mut sides: Vec<(&str, usize)> = Vec::new();
        for &decision in self.order() {
            let block = self.decision(decision).block.as_str();
            let known = sides.iter().find(|(name, _)| *name == block);
            let side = match known {
                Some(&(_, side)) => side,
                None => {
                    let side = random.random_range(0..2);
                    sides.push((block, side));
                    side
                }
            };
            let own = parents[side].option(decision);
            child.set(decision, own.or(parents[1 - side].option(decision)));
        }
        self.drawn(&mut Gate::new(self, limits), &child, random)
    }
}

/// The options of a select that differ in one member: added, left out or
/// replaced.
fn near_options(pick: super::Pick, candidates: usize, current: u32) -> Vec<u32> {
    use super::Pick;
    let members = pick.members(candidates, current);
    let mut near = Vec::new();
    match pick {
        Pick::Subset => near.extend((0..candidates).map(|c| current ^ 1 << c)),
        Pick::Combination(_) | Pick::Permutation(_) | Pick::Repetition(_) => {
            for slot in 0..members.len() {
                for candidate in 0..candidates {
                    let mut changed = members.clone();
                    changed[slot] = candidate;
                    if matches!(pick, Pick::Combination(_)) {
                        changed.sort_unstable();
                    }
                    near.extend(pick.option(candidates, &changed).filter(|&o| o != current));
                }
            }
        }
    }
    near.sort_unstable();
    near.dedup();
    near
}
