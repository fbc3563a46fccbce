//! The methods, one file each: how options are mixed in a step, and how that is
//! learnt.

mod beta_darts;
mod darts;
mod darts_minus;
mod darts_pt;
mod dirichlet;
mod draw;
mod drnas;
mod enas;
mod fair_darts;
mod gdas;
mod pc_darts;
mod single_path;

pub use draw::{Alphas, Draw, Moment};

use super::{Options, PolicyOptions};
use netsmith::catalogue::Settings;
use netsmith::random::Random;

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

/// The method of this name; nothing where the strategy is not one with shared weights.
pub fn named(name: &str) -> Option<&'static Entry> {
    CATALOGUE.iter().find(|entry| entry.name == name)
}
