//! The supernet as a network, and the sites where it is open.
//!
//! ```text
//! space ─► build ─► network and sites       (partial: operations on a part of the channels)
//! weights of the sites ─► mixture           what a step computes; slopes: the way back
//! strengths of the options ─► derivation    an architecture, restraint: of few skips
//! architecture ─► inheritance               its own network's weights
//! ```

mod build;
mod derivation;
mod error;
mod inheritance;
mod memory;
mod mixture;
mod partial;
mod rebuilt;
mod restraint;

pub use derivation::DerivationError;
pub use error::SupernetError;

use crate::module::decision;
use netsmith::network::Network;
use netsmith::space::{DecisionId, RelaxedLoose, RelaxedSelect};

/// All architectures of a space in one network with shared weights.
///
/// What several options compute alike from the same values, such as their
/// rectifiers and pools, is computed once.
#[derive(Clone, Debug)]
pub struct Supernet {
    /// The network, with a mix for every site.
    pub network: Network,
    /// Where it is open.
    pub sites: Vec<Site>,
    selects: Vec<RelaxedSelect>,
    loose: Vec<RelaxedLoose>,
    decisions: usize,
}

/// A place where the supernet is open: some options, of which one is taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// The decision that it relaxes; where it relaxes none, the first of its
    /// choices.
    pub decision: DecisionId,
    /// The decision's name.
    pub name: String,
    /// How its options are those of the decision.
    pub form: SiteForm,
    /// For each option whether it gives nothing but zeros.
    pub zero: Vec<bool>,
    /// For each option whether it passes its input on.
    pub skip: Vec<bool>,
}

/// How the options of a site are those of its decision.
#[derive(Clone, Debug, PartialEq)]
pub enum SiteForm {
    /// One for each option; none: an option that only the supernet has.
    Options(Vec<Option<u32>>),
    /// Whether this candidate of a subset is out or in.
    Gate(usize),
    /// One for each edge that enters a node: no decision, but how much the edges
    /// count beside each other.
    Edges {
        /// What the node's mix names in place of a decision.
        mix: usize,
        /// The choice on each edge.
        choices: Vec<DecisionId>,
    },
}

impl Site {
    /// What its mixes name: its decision, where it is one.
    fn mix(&self) -> usize {
        match self.form {
            SiteForm::Edges { mix, .. } => mix,
            SiteForm::Options(_) | SiteForm::Gate(_) => self.decision.index(),
        }
    }
}

impl Supernet {
    /// Which options may be chosen: all, or all but those that cut an edge.
    ///
    /// # Errors
    /// A site has no option left.
    pub fn open(&self, none: bool) -> Result<Vec<Vec<bool>>, SupernetError> {
        let open = |site: &Site| {
            let open: Vec<bool> = site.zero.iter().map(|zero| none || !zero).collect();
            match open.contains(&true) {
                true => Ok(open),
                false => Err(SupernetError::Closed {
                    decision: site.name.clone(),
                }),
            }
        };
        self.sites.iter().map(open).collect()
    }

    /// Which options of every site pass their input on.
    pub(in crate::supernet) fn skip(&self) -> Vec<Vec<bool>> {
        self.sites.iter().map(|site| site.skip.clone()).collect()
    }
}

/// The inputs of the mixes of a decision.
fn mixes_of(network: &Network, number: usize) -> impl Iterator<Item = &[usize]> {
    network
        .nodes()
        .iter()
        .filter(move |node| decision(&node.operation) == Some(number))
        .map(|node| &node.inputs[..])
}
