//! Steps: what a policy draws for one decision.
//!
//! - A choice or a value is one step: a softmax over its options.
//! - A select of k candidates is k steps: each a softmax over the candidates for
//!   one slot. To its logits the logarithm of the number of ways is added in
//!   which the slots that follow can be filled; equal scores then make all
//!   options equally likely, whatever rules and limits rule out.
//! - A select of any subset is one step: a toss for every candidate.
//!
//! A decision with one option takes no step.

use crate::space::{DecisionId, DecisionKind, Open, Pick, Space};

/// A subset of so many candidates is listed whole where rules or limits act.
const MOST_LISTED: usize = 12;

/// A step that was drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The decision that it belongs to.
    pub decision: DecisionId,
    /// What is drawn.
    pub part: Part,
    /// What is added to the shaped logits: minus infinity masks. Empty for
    /// nothing; a subset has none.
    pub bias: Vec<f64>,
    /// The option, the candidate, or a bit for each member.
    pub pick: u32,
}

/// What a step draws of its decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The option.
    Option,
    /// The candidate of this slot.
    Slot(usize),
    /// All members of a subset.
    Members {
        /// A bit for each candidate that may be a member or not; the others are
        /// as the rules and limits have them.
        open: u32,
    },
}

/// Draws one step: told decision, part and bias, gives the pick.
pub(super) type Draw<'d> = dyn FnMut(DecisionId, Part, Vec<f64>, &mut Bits<'_>) -> u32 + 'd;

/// Asked while a subset is drawn: given the members among the candidates before,
/// whether the next may be none, and whether it may be one.
pub(super) type Bits<'b> = dyn FnMut(u32, usize) -> [bool; 2] + 'b;

/// The option of a decision, drawn step by step; nothing where all are ruled out.
pub(super) fn draw_decision(
    space: &Space,
    open: &mut Open<'_, '_>,
    draw: &mut Draw<'_>,
) -> Option<u32> {
    let id = open.decision();
    let decision = space.decision(id);
    let count = decision.count();
    if count == 1 {
        return Some(0);
    }
    match decision.kind {
        DecisionKind::Select {
            candidates,
            pick: Pick::Subset,
        } => draw_subset(candidates, open, draw),
        DecisionKind::Select { candidates, pick } => draw_slots(candidates, pick, open, draw),
        DecisionKind::Choice(_) | DecisionKind::Value(_) => {
            let bias = match open.is_free() {
                true => Vec::new(),
                false => {
                    let mut bias = vec![f64::NEG_INFINITY; count as usize];
                    let allowed = open.allowed();
                    allowed
                        .iter()
                        .for_each(|&option| bias[option as usize] = 0.0);
                    (!allowed.is_empty()).then_some(bias)?
                }
            };
            Some(draw(id, Part::Option, bias, &mut anything))
        }
    }
}

/// The bias without these options; as it was where nothing else is left.
pub(super) fn masked(bias: Vec<f64>, closed: &[u32], count: u32) -> Vec<f64> {
    let mut masked = match bias.is_empty() {
        true => vec![0.0; count as usize],
        false => bias.clone(),
    };
    closed
        .iter()
        .for_each(|&option| masked[option as usize] = f64::NEG_INFINITY);
    match masked.iter().all(|bias| *bias == f64::NEG_INFINITY) {
        true => bias,
        false => masked,
    }
}

fn anything(_members: u32, _candidate: usize) -> [bool; 2] {
    [true; 2]
}

fn draw_slots(
    candidates: usize,
    pick: Pick,
    open: &mut Open<'_, '_>,
    draw: &mut Draw<'_>,
) -> Option<u32> {
    let slots = match pick {
        Pick::Subset => 0,
        Pick::Combination(k) | Pick::Permutation(k) | Pick::Repetition(k) => k,
    };
    // The members of each option that is left; nothing where all are.
    let mut left: Option<Vec<Vec<usize>>> = match open.is_free() {
        true => None,
        false => {
            let allowed = open.allowed();
            let members = allowed.iter().map(|&o| pick.members(candidates, o));
            Some(members.collect())
        }
    };
    let mut members: Vec<usize> = Vec::with_capacity(slots);
    for slot in 0..slots {
        let ways = |candidate: usize| match &left {
            Some(left) => {
                let fits = left.iter().filter(|own| own[slot] == candidate);
                fits.count() as f64
            }
            None => ways_on(pick, candidates, &members, candidate),
        };
        let bias: Vec<f64> = (0..candidates).map(|c| ways(c).ln()).collect();
        if bias.iter().all(|bias| *bias == f64::NEG_INFINITY) {
            return None;
        }
        let same = bias.iter().all(|own| own.total_cmp(&bias[0]).is_eq());
        let bias = if same { Vec::new() } else { bias };
        let candidate = draw(open.decision(), Part::Slot(slot), bias, &mut anything) as usize;
        if let Some(left) = &mut left {
            left.retain(|own| own[slot] == candidate);
        }
        members.push(candidate);
    }
    pick.option(candidates, &members)
}

/// In how many ways the slots after this candidate can be filled, up to a factor.
fn ways_on(pick: Pick, candidates: usize, members: &[usize], candidate: usize) -> f64 {
    let one = |allowed: bool| f64::from(u8::from(allowed));
    match pick {
        Pick::Combination(k) => {
            let behind = candidates - candidate - 1;
            let wanted = k - members.len() - 1;
            let follows = members.last().is_none_or(|&last| candidate > last);
            if !follows || behind < wanted {
                return 0.0;
            }
            (0..wanted)
                .map(|i| (behind - i) as f64 / (i + 1) as f64)
                .product()
        }
        Pick::Permutation(_) => one(!members.contains(&candidate)),
        Pick::Repetition(_) | Pick::Subset => one(true),
    }
}

fn draw_subset(candidates: usize, open: &mut Open<'_, '_>, draw: &mut Draw<'_>) -> Option<u32> {
    let id = open.decision();
    // `draw` learns which candidates are free as it goes from one to the next.
    let part = Part::Members { open: u32::MAX };
    if open.is_free() {
        return Some(draw(id, part, Vec::new(), &mut anything));
    }
    let mut stuck = false;
    let mut pick = 0;
    let mut check = |may: [bool; 2]| {
        stuck |= may == [false; 2];
        may
    };
    if candidates <= MOST_LISTED {
        let allowed = open.allowed();
        let mut bits = |members: u32, candidate: usize| {
            let below = (1_u32 << candidate) - 1;
            let may = [0, 1].map(|bit| {
                let fits = |own: &&u32| *own & below == members && *own >> candidate & 1 == bit;
                allowed.iter().any(|own| fits(&own))
            });
            check(may)
        };
        if !allowed.is_empty() {
            pick = draw(id, part, Vec::new(), &mut bits);
        }
        return (!allowed.is_empty() && !stuck).then_some(pick);
    }
    // Too many to list: fewer members are taken to cost no more.
    let mut bits = |members: u32, candidate: usize| {
        let none = candidate + 1 < candidates || open.allows(members);
        check([none, open.allows(members | 1 << candidate)])
    };
    pick = draw(id, part, Vec::new(), &mut bits);
    (!stuck).then_some(pick)
}
