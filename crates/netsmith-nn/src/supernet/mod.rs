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
//! is found enters a study as trials.

mod beta_darts;
mod checkpoint;
mod darts;
mod darts_minus;
mod fair_darts;
mod gdas;
mod health;
mod network;
mod options;
mod search;
mod simplex;
mod single_path;
mod timing;

pub use checkpoint::{State, StateError};
pub use health::{RobustRule, dominant_eigenvalue, skips_dominate};
pub use network::{Site, SiteForm, Supernet, SupernetError};
pub use options::{Options, Order};
pub use search::{Decision, End, EpochReport, Found, Search, SearchError};
pub use simplex::{entropy, gumbel, gumbel_pull, softmax, softmax_pull};
pub use timing::{TimingError, time_steps};

use netsmith::catalogue::Settings;
use netsmith::random::Random;

/// A family of gradient search: how options are mixed, and how that is learnt.
pub trait Method: std::fmt::Debug + Send + Sync {
    /// Rates, schedules and the rest that the loop asks for.
    fn options(&self) -> &Options;

    /// How the options of each site count in the next pass: all of them, by
    /// their strengths, by default.
    fn draw(&self, alphas: &Alphas, _moment: Moment, _random: &mut Random) -> Draw {
        let soft = self.strengths(alphas);
        Draw {
            mixture: soft.clone(),
            soft,
        }
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
        softmax_pulls(draw, slopes)
    }

    /// How strong each option is where an architecture is derived: its
    /// probability, by default.
    fn strengths(&self, alphas: &Alphas) -> Vec<Vec<f64>> {
        alphas.probabilities()
    }
}

/// The gradient through the softmax of every site.
fn softmax_pulls(draw: &Draw, slopes: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let sites = draw.soft.iter().zip(slopes);
    sites
        .map(|(soft, slopes)| softmax_pull(soft, slopes))
        .collect()
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
}

/// A method in the catalogue.
pub type Entry = netsmith::catalogue::Entry<fn(&Settings) -> Box<dyn Method>>;

/// All methods.
pub const CATALOGUE: &[Entry] = &[
    gdas::ENTRY,
    darts::ENTRY,
    beta_darts::ENTRY,
    darts_minus::ENTRY,
    fair_darts::ENTRY,
    single_path::ENTRY,
];
