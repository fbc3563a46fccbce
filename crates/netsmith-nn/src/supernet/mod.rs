//! Gradient search: all architectures of a space in one network with shared
//! weights, whose choices are learnt.
//!
//! ```text
//! space ─► Supernet       its unresolved graph as one network, and its sites
//! for each epoch          Search, the only loop
//!     for each batch of both halves of the training part
//!         weights          Method::draw, a pass on one half, SGD
//!         architecture     Method::draw, a pass on the other half,
//!                          Method::pull, Adam   (not during the warm-up)
//!     derive, judge, watch the health          the report of the epoch
//! ```
//!
//! A [`Method`] says how the options are mixed and how the gradient of the
//! mixture becomes that of the architecture's parameters, one file each. What
//! is found enters a study as trials. Where a [`Method`] has a policy, the steps
//! of the architecture are its updates, after the weights' steps of the epoch.

mod alternation;
mod beta_darts;
mod bilevel;
mod checkpoint;
mod darts;
mod darts_minus;
mod darts_pt;
mod dirichlet;
mod drnas;
mod efficiency;
mod enas;
mod fair_darts;
mod gdas;
#[cfg(test)]
mod golden;
mod health;
mod inherit;
mod judging;
mod network;
mod options;
mod partial;
mod pc_darts;
mod policy;
mod restraint;
mod reward;
mod run;
mod search;
mod selection;
mod simplex;
mod single_path;
mod statistics;
mod timing;

pub use bilevel::{Half, LossAndGradients, look_ahead};
pub use checkpoint::{State, StateError};
pub use efficiency::{NetworkCost, OptionCosts, Pressure};
pub use health::{RobustRule, dominant_eigenvalue, skips_dominate, taken_over};
pub use network::{Site, SiteForm, Supernet, SupernetError};
pub use options::{Efficiency, Options, Order};
pub use policy::{Bonus, PolicyOptions, PolicyState};
pub use reward::Reward;
pub use search::{Decision, End, EpochReport, Found, Search, SearchError};
pub use selection::Selection;
pub use simplex::{entropy, gumbel, softmax};
pub use timing::{TimingError, time_steps};

use netsmith::catalogue::Settings;
use netsmith::random::Random;
use rand::RngExt;

/// A family of gradient search: how options are mixed, and how that is learnt.
pub trait Method: std::fmt::Debug + Send + Sync {
    /// Rates, schedules and the rest that the loop asks for.
    fn options(&self) -> &Options;

    /// How the policy is made that draws whole architectures, where the method
    /// has one in place of a logit for each option.
    fn policy(&self) -> Option<&PolicyOptions> {
        None
    }

    /// Another method that a run also gives as many epochs, so that this one is
    /// held against it: random search with shared weights beside a policy.
    fn control(&self) -> Option<&dyn Method> {
        None
    }

    /// How the options of each site count in the next pass: all of them, by
    /// their strengths, by default.
    fn draw(&self, alphas: &Alphas, _moment: Moment, _random: &mut Random) -> Draw {
        self.mean(alphas)
    }

    /// The mixture without chance: all options by their strengths.
    fn mean(&self, alphas: &Alphas) -> Draw {
        Draw::of(self.strengths(alphas))
    }

    /// The gradient of the loss with respect to the architecture's parameters,
    /// from that with respect to the mixture; what the method adds to the loss
    /// is included. By default the gradient through the softmax of every site.
    fn pull(
        &self,
        _alphas: &Alphas,
        draw: &Draw,
        slopes: &[Vec<f64>],
        _moment: Moment,
    ) -> Vec<Vec<f64>> {
        draw.pull(slopes)
    }

    /// How strong each option is where an architecture is derived: its
    /// probability, by default.
    fn strengths(&self, alphas: &Alphas) -> Vec<Vec<f64>> {
        alphas.probabilities()
    }
}

/// The parameters of the architecture, by site, and which options they may take.
#[derive(Clone, Debug, PartialEq)]
pub struct Alphas {
    /// One logit for each option.
    pub logits: Vec<Vec<f64>>,
    /// Which options are open; the others count nothing.
    pub open: Vec<Vec<bool>>,
    /// Which options pass their input on.
    pub skip: Vec<Vec<bool>>,
}

impl Alphas {
    /// The probabilities of the options of each site.
    pub fn probabilities(&self) -> Vec<Vec<f64>> {
        let sites = self.logits.iter().zip(&self.open);
        sites.map(|(logits, open)| softmax(logits, open)).collect()
    }
}

/// Where a search stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The epoch, from zero.
    pub epoch: usize,
    /// All epochs.
    pub epochs: usize,
}

impl Moment {
    /// The share of the epochs that have begun before this one: 0 in the first,
    /// 1 in the last.
    pub fn progress(self) -> f64 {
        self.epoch as f64 / self.epochs.saturating_sub(1).max(1) as f64
    }
}

/// How the options count in one pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Draw {
    /// The weight of each option of each site; zero: it is not computed.
    pub mixture: Vec<Vec<f64>>,
    /// The relaxed probabilities through which the gradient goes.
    pub soft: Vec<Vec<f64>>,
    /// How much of each option before it was normalised a unit of its parameter
    /// adds, as a share of all options of the site: the probability itself for
    /// a softmax.
    pub rates: Vec<Vec<f64>>,
}

impl Draw {
    /// All options by the probabilities of a softmax.
    pub fn of(soft: Vec<Vec<f64>>) -> Self {
        Self {
            mixture: soft.clone(),
            rates: soft.clone(),
            soft,
        }
    }

    /// One of the open options of each site, all equally likely.
    pub fn uniform(open: &[Vec<bool>], random: &mut Random) -> Self {
        let pick = |open: &Vec<bool>| {
            let places: Vec<usize> = (0..open.len()).filter(|&k| open[k]).collect();
            let picked = places[random.random_range(0..places.len())];
            (0..open.len()).map(|k| f64::from(k == picked)).collect()
        };
        Self::of(open.iter().map(pick).collect())
    }

    /// The gradient of the parameters from that of the mixture:
    /// `r_k (u_k − Σ_j p_j u_j)` with rates `r` and probabilities `p`.
    pub fn pull(&self, slopes: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let sites = self.soft.iter().zip(&self.rates).zip(slopes);
        sites
            .map(|((soft, rates), slopes)| {
                let mean: f64 = soft.iter().zip(slopes).map(|(p, u)| p * u).sum();
                let pairs = rates.iter().zip(slopes);
                pairs.map(|(rate, slope)| rate * (slope - mean)).collect()
            })
            .collect()
    }
}

/// A method in the catalogue.
pub type Entry = netsmith::catalogue::Entry<fn(&Settings) -> Box<dyn Method>>;

/// All methods.
pub const CATALOGUE: &[Entry] = &[
    drnas::ENTRY,
    gdas::ENTRY,
    darts::ENTRY,
    pc_darts::ENTRY,
    beta_darts::ENTRY,
    darts_minus::ENTRY,
    darts_pt::ENTRY,
    fair_darts::ENTRY,
    single_path::ENTRY,
    enas::ENTRY,
];
