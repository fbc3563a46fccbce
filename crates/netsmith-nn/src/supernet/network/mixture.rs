//! How much each option counts: from the weights of the sites to the mixture that a
//! module computes, and from the slopes of the mixture back.

use super::rebuilt::masked;
use super::{Site, SiteForm, Supernet};
use crate::module::Mixture;
use netsmith::network::{Network, ShapeError};
use netsmith::space::{Architecture, DecisionId, Space};

impl Supernet {
    /// How the options of every site count, as a module takes it. A loose end
    /// counts as much as the chance that nothing reads it, where every site
    /// chooses on its own.
    pub fn mixture(&self, weights: &[Vec<f64>]) -> Mixture {
        let mut mixture = vec![Vec::new(); self.decisions];
        for (site, weights) in self.sites.iter().zip(weights) {
            let own = weights.iter().map(|weight| *weight as f32);
            match site.form {
                SiteForm::Options(_) => mixture[site.decision.index()].extend(own),
                // The gates of a decision follow each other.
                SiteForm::Gate(_) => mixture[site.decision.index()].push(weights[1] as f32),
                SiteForm::Edges { mix, .. } => put(&mut mixture, mix, own.collect()),
            }
        }
        for loose in &self.loose {
            let chances = loose.chances(&|id, candidate| self.chance(id, candidate, weights));
            let chances = chances.into_iter().map(|chance| chance as f32);
            put(&mut mixture, loose.mix, chances.collect());
        }
        Mixture(mixture)
    }

    /// How much a candidate of a decision counts under these weights of the
    /// sites; nothing where the decision has no site.
    fn chance(&self, decision: DecisionId, candidate: usize, weights: &[Vec<f64>]) -> f64 {
        match self.place(decision, candidate) {
            Some((site, option)) => weights[site][option],
            None => 0.0,
        }
    }

    /// The site and the option there that takes a candidate of a decision.
    fn place(&self, decision: DecisionId, candidate: usize) -> Option<(usize, usize)> {
        let sites = self.sites.iter().enumerate();
        let mut own = sites.filter(|(_, site)| site.decision == decision);
        own.find_map(|(number, site)| match &site.form {
            SiteForm::Options(options) => {
                let known = |option: &Option<u32>| *option == Some(candidate as u32);
                Some((number, options.iter().position(known)?))
            }
            SiteForm::Gate(gated) => (*gated == candidate).then_some((number, 1)),
            SiteForm::Edges { .. } => None,
        })
    }

    /// The gradient of the sites' weights, from what a module gives for the
    /// mixture of these weights.
    pub fn slopes(&self, mixing: &[Vec<f64>], weights: &[Vec<f64>]) -> Vec<Vec<f64>> {
        let sites = self.sites.iter().map(|site| {
            let of = mixing.get(site.mix()).map_or(&[][..], |m| m);
            let at = |at: usize| of.get(at).copied().unwrap_or(0.0);
            match &site.form {
                SiteForm::Gate(candidate) => vec![0.0, at(*candidate)],
                _ => (0..site.zero.len()).map(at).collect(),
            }
        });
        let mut slopes: Vec<Vec<f64>> = sites.collect();
        for loose in &self.loose {
            let ends = mixing.get(loose.mix).map_or(&[][..], |m| m);
            let chance = |id, candidate| self.chance(id, candidate, weights);
            for (decision, candidate, slope) in loose.slopes(ends, &chance) {
                if let Some((site, option)) = self.place(decision, candidate) {
                    slopes[site][option] += slope;
                }
            }
        }
        slopes
    }

    /// The same where what was not drawn counts as if its output were ones:
    /// `ones` is the slope of that, by decision, and `drawn` the hard mixture.
    pub fn slopes_with_ones(
        &self,
        mixing: &[Vec<f64>],
        ones: &[f64],
        drawn: &[Vec<f64>],
    ) -> Vec<Vec<f64>> {
        let mut slopes = self.slopes(mixing, drawn);
        for (site, (slopes, drawn)) in self.sites.iter().zip(slopes.iter_mut().zip(drawn)) {
            let slope = ones.get(site.mix()).copied().unwrap_or(0.0);
            let others = slopes
                .iter_mut()
                .zip(drawn)
                .filter(|(_, drawn)| **drawn < 0.5);
            others.for_each(|(of, _)| *of = slope);
        }
        slopes
    }

    /// One for the options that an architecture takes, zero for the others; by
    /// site.
    pub fn taken(&self, space: &Space, architecture: &Architecture) -> Vec<Vec<f64>> {
        let mixture = self.path(space, architecture).0;
        let of = |site: &Site| {
            let taken = &mixture[site.mix()];
            match site.form {
                SiteForm::Gate(candidate) => vec![0.0, f64::from(taken[candidate])],
                _ => taken.iter().map(|t| f64::from(*t)).collect(),
            }
        };
        self.sites.iter().map(of).collect()
    }

    /// The nodes that a mixture computes, as a network.
    ///
    /// # Errors
    /// Without them the network does not fit together.
    pub fn masked(&self, weights: &[Vec<f64>]) -> Result<Network, ShapeError> {
        masked(&self.network, &self.mixture(weights))
    }

    /// The mixture in which one architecture alone is computed.
    pub fn path(&self, space: &Space, architecture: &Architecture) -> Mixture {
        let mut mixture = vec![Vec::new(); self.decisions];
        for site in &self.sites {
            if let SiteForm::Options(options) = &site.form {
                let taken = architecture.option(site.decision);
                let counts = |option: &Option<u32>| {
                    let is_taken = taken.is_some() && *option == taken;
                    if is_taken { 1.0 } else { 0.0 }
                };
                mixture[site.decision.index()] = options.iter().map(counts).collect();
            }
        }
        for select in &self.selects {
            let mut weights = vec![0.0; select.edges.len()];
            if let Some(option) = architecture.option(select.decision) {
                for member in space.decision(select.decision).members(option) {
                    weights[member] = 1.0;
                }
            }
            mixture[select.decision.index()] = weights;
        }
        for loose in &self.loose {
            put(&mut mixture, loose.mix, loose.weights(space, architecture));
        }
        for site in &self.sites {
            if let SiteForm::Edges { mix, choices } = &site.form {
                // Those that enter count alike.
                let enters = mixture.get(*mix).filter(|row| !row.is_empty()).cloned();
                let enters = enters.unwrap_or_else(|| vec![1.0; choices.len()]);
                let count = enters.iter().sum::<f32>().max(1.0);
                let even = enters.iter().map(|enters| enters / count).collect();
                put(&mut mixture, *mix, even);
            }
        }
        Mixture(mixture)
    }
}

/// Puts the weights of a mix in their place.
fn put(mixture: &mut Vec<Vec<f32>>, mix: usize, weights: Vec<f32>) {
    mixture.resize(mixture.len().max(mix + 1), Vec::new());
    mixture[mix] = weights;
}
