//! The cost of the derived network inside the loss.
//!
//! ```text
//! c_sk             what option k of site s costs: the supernet with it less without it;
//!                  where sizes are learnt, networks with it less those with the
//!                  cheapest option of the site, on average over some that are drawn
//! E = Σ_s Σ_k m_sk c_sk                                  m: the mixture of the pass
//! L_val + weight · E / Ē     Ē: E where all options of a site count alike
//! ```
//!
//! With a target the term counts only while the derived network is above it. As
//! a function of the mixture the term goes through whatever relaxation a method
//! has, so it serves all of them. Sizes multiply each other's costs, so for them the
//! sum is a slope around the average network; the target is held against the
//! derived network itself.

use super::{SiteForm, Supernet};
use netsmith::cost::Cost;
use netsmith::network::Network;
use netsmith::random::Seed;
use netsmith::space::{Architecture, Limits, Space};
use std::fmt;

/// Networks that are drawn to see what sizes cost.
const DRAWN: u64 = 16;

/// Gives the cost of a network.
pub type NetworkCost<'a> = &'a (dyn Fn(&Network) -> f64 + Sync);

/// A cost of a network, where `measured` gives what its graph does not decide.
pub fn cost_of(cost: Cost, measured: NetworkCost<'_>, network: &Network) -> f64 {
    let count = cost.count(network);
    count.map_or_else(|| measured(network), |count| count as f64)
}

/// What the options of a supernet cost, and how much that counts.
#[derive(Clone)]
pub struct OptionCosts<'a> {
    /// The cost of each option of each site.
    pub costs: Vec<Vec<f64>>,
    /// What the rest of the network costs.
    pub rest: f64,
    /// The weight of the term in the loss.
    pub weight: f64,
    /// The cost that the derived network may have; none: the less the better.
    pub target: Option<f64>,
    /// The cost of a whole network, where its options do not add up to it.
    pub whole: Option<NetworkCost<'a>>,
}

impl fmt::Debug for OptionCosts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OptionCosts")
            .field("costs", &self.costs)
            .field("rest", &self.rest)
            .field("weight", &self.weight)
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

impl<'a> OptionCosts<'a> {
    /// The costs of all options of a space's supernet.
    pub fn of(supernet: &Supernet, space: &Space, cost: NetworkCost<'a>) -> Self {
        let sizes = space.relaxation().sizes.into_iter();
        let (costs, whole, exact) = match sizes.map(|id| space.decision(id).count()).max() {
            Some(2..) => {
                let (costs, mean) = of_drawn(supernet, space, cost);
                (costs, mean, Some(cost))
            }
            _ => {
                let (costs, whole) = of_masks(supernet, cost);
                (costs, whole, None)
            }
        };
        // What is drawn has one option of each site, the supernet has them all.
        let share = |costs: &Vec<f64>| match exact {
            Some(_) => mean(costs),
            None => costs.iter().sum(),
        };
        Self {
            rest: (whole - costs.iter().map(share).sum::<f64>()).max(0.0),
            costs,
            weight: 1.0,
            target: None,
            whole: exact,
        }
    }

    /// The cost of an architecture: of its network where sizes are learnt, otherwise
    /// the rest and its options.
    pub fn total(&self, supernet: &Supernet, space: &Space, architecture: &Architecture) -> f64 {
        if let Some(whole) = self.whole
            && let Ok(network) = space.network(architecture)
        {
            return whole(&network);
        }
        let taken = supernet.taken(space, architecture);
        let sites = self.costs.iter().zip(&taken);
        let options = sites.map(|(costs, taken)| costs.iter().zip(taken).map(|(c, t)| c * t));
        self.rest + options.flatten().sum::<f64>()
    }

    /// What the term adds to the slopes of the mixture while this architecture
    /// is derived.
    pub fn pressure(&self, supernet: &Supernet, space: &Space, derived: &Architecture) -> Pressure {
        let above = self
            .target
            .is_none_or(|target| self.total(supernet, space, derived) > target);
        if !above {
            return Pressure::default();
        }
        let usual: f64 = self.costs.iter().map(|costs| mean(costs)).sum();
        let share = self.weight / usual.max(f64::MIN_POSITIVE);
        let site = |costs: &Vec<f64>| costs.iter().map(|cost| share * cost).collect();
        Pressure(self.costs.iter().map(site).collect())
    }
}

/// Each option from two networks, the supernet with and without it; and what the
/// supernet costs.
fn of_masks(supernet: &Supernet, cost: NetworkCost<'_>) -> (Vec<Vec<f64>>, f64) {
    let ones: Vec<Vec<f64>> = supernet
        .sites
        .iter()
        .map(|site| vec![1.0; site.zero.len()])
        .collect();
    // What cannot be built costs nothing that could be told apart.
    let of = |mixture: &[Vec<f64>]| supernet.masked(mixture).map_or(0.0, |n| cost(&n));
    let whole = of(&ones);
    let option = |site: usize, k: usize| {
        if let SiteForm::Edges { .. } = supernet.sites[site].form {
            // What an edge costs its operations do.
            return 0.0;
        }
        let mut without = ones.clone();
        without[site][k] = 0.0;
        (whole - of(&without)).max(0.0)
    };
    let options = ones.iter().enumerate();
    let costs = options.map(|(site, own)| (0..own.len()).map(|k| option(site, k)).collect());
    (costs.collect(), whole)
}

/// Each option from networks that are drawn, with it and with the cheapest option of
/// its site, and otherwise as alike as the space allows; and what these cost on
/// average. What is no option of a decision costs nothing that could be told apart.
fn of_drawn(supernet: &Supernet, space: &Space, cost: NetworkCost<'_>) -> (Vec<Vec<f64>>, f64) {
    let (limits, seed) = (Limits::default(), Seed::new(0).child("costs"));
    let drawn: Vec<(u64, Architecture)> = (0..DRAWN)
        .filter_map(|number| {
            let sample = space.sample(&limits, &mut seed.nth(number).stream());
            Some((number, sample.ok()?))
        })
        .collect();
    let of = |own: &Architecture| space.network(own).map_or(0.0, |network| cost(&network));
    let with = |decision, option: u32| {
        let costs = drawn.iter().filter_map(|(number, own)| {
            let wishes = own.clone().with(decision, option);
            let mut random = seed.child("rest").nth(*number).stream();
            Some(of(&space.complete(&wishes, &limits, &mut random)?))
        });
        mean(&costs.collect::<Vec<_>>())
    };
    let costs = supernet.sites.iter().map(|site| {
        let SiteForm::Options(options) = &site.form else {
            return vec![0.0; site.zero.len()];
        };
        let own: Vec<Option<f64>> = options
            .iter()
            .map(|option| option.map(|option| with(site.decision, option)))
            .collect();
        let least = own.iter().flatten().copied().fold(f64::INFINITY, f64::min);
        let above = own.iter().map(|own| own.map_or(0.0, |own| own - least));
        above.collect()
    });
    let costs = costs.collect();
    let all: Vec<f64> = drawn.iter().map(|(_, own)| of(own)).collect();
    (costs, mean(&all))
}

fn mean(costs: &[f64]) -> f64 {
    costs.iter().sum::<f64>() / costs.len().max(1) as f64
}

/// What the slopes of the mixture are raised by; empty: nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pressure(Vec<Vec<f64>>);

impl Pressure {
    /// Adds it to the slopes.
    pub fn add_to(&self, slopes: &mut [Vec<f64>]) {
        for (slopes, pressure) in slopes.iter_mut().zip(&self.0) {
            for (slope, pressure) in slopes.iter_mut().zip(pressure) {
                *slope += pressure;
            }
        }
    }
}
