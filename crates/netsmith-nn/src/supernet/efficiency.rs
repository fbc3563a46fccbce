//! The cost of the derived network inside the loss.
//!
//! ```text
//! c_sk             what option k of site s costs: the supernet with it less without it
//! E = Σ_s Σ_k m_sk c_sk                                  m: the mixture of the pass
//! L_val + weight · E / Ē     Ē: E where all options of a site count alike
//! ```
//!
//! With a target the term counts only while the derived network is above it. As
//! a function of the mixture the term goes through whatever relaxation a method
//! has, so it serves all of them.

use super::{SiteForm, Supernet};
use netsmith::network::Network;
use netsmith::space::{Architecture, Space};

/// What the options of a supernet cost, and how much that counts.
#[derive(Clone, Debug, PartialEq)]
pub struct OptionCosts {
    /// The cost of each option of each site.
    pub costs: Vec<Vec<f64>>,
    /// What the rest of the network costs.
    pub rest: f64,
    /// The weight of the term in the loss.
    pub weight: f64,
    /// The cost that the derived network may have; none: the less the better.
    pub target: Option<f64>,
}

impl OptionCosts {
    /// Takes the costs of all options, each from two networks: the supernet with
    /// and without it.
    pub fn of(supernet: &Supernet, cost: impl Fn(&Network) -> f64) -> Self {
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
        let costs: Vec<Vec<f64>> = ones
            .iter()
            .enumerate()
            .map(|(site, options)| (0..options.len()).map(|k| option(site, k)).collect())
            .collect();
        Self {
            rest: (whole - costs.iter().flatten().sum::<f64>()).max(0.0),
            costs,
            weight: 1.0,
            target: None,
        }
    }

    /// The cost of an architecture: the rest and its options.
    pub fn total(&self, supernet: &Supernet, space: &Space, architecture: &Architecture) -> f64 {
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
        let mean = |costs: &Vec<f64>| costs.iter().sum::<f64>() / costs.len().max(1) as f64;
        let usual: f64 = self.costs.iter().map(mean).sum();
        let share = self.weight / usual.max(f64::MIN_POSITIVE);
        let site = |costs: &Vec<f64>| costs.iter().map(|cost| share * cost).collect();
        Pressure(self.costs.iter().map(site).collect())
    }
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
