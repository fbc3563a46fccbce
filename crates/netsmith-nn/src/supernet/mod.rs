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
mod bilevel;
mod checkpoint;
mod efficiency;
#[cfg(test)]
mod golden;
mod health;
mod judging;
mod method;
mod network;
mod options;
mod policy;
mod reward;
mod run;
mod search;
mod selection;
mod simplex;
mod statistics;
mod timing;

pub use bilevel::{Half, LossAndGradients, look_ahead};
pub use checkpoint::{State, StateError};
pub use efficiency::{NetworkCost, OptionCosts, Pressure, cost_of};
pub use health::{RobustRule, dominant_eigenvalue, skips_dominate, taken_over};
pub use method::{Alphas, CATALOGUE, Draw, Entry, Method, Moment, named};
pub use network::{DerivationError, Site, SiteForm, Supernet, SupernetError};
pub use options::{Options, Order};
pub use policy::{Bonus, PolicyOptions, PolicyState};
pub use reward::Reward;
pub use search::{Decision, Derived, End, EpochReport, Found, Search, SearchError};
pub use selection::Selection;
pub use simplex::{entropy, gumbel, softmax};
pub use timing::{TimingError, time_steps};
