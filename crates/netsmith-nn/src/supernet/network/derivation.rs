//! The architecture that the strengths of the options stand for.

use super::{Site, SiteForm, Supernet};
use crate::train::largest;
use netsmith::space::{Architecture, DecisionId, Infeasible, Limits, Space};
use std::collections::BTreeMap;

/// Why no architecture is derived.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DerivationError {
    /// No architecture keeps the limits.
    #[error(transparent)]
    Infeasible(#[from] Infeasible),
    /// Each decision left room for the limits, and all of them together break one: the
    /// bounds of the costs are not tight in this space.
    #[error("the strongest options within the bounds end over a limit")]
    Loose,
}

impl Supernet {
    /// The architecture of the strongest options that keeps the limits.
    ///
    /// Each decision takes its strongest option; a select the candidates whose
    /// edges have the strongest option each, never one that only the supernet
    /// has (DARTS' rule). Under limits each decision in turn takes the strongest
    /// of those with which they can still be kept.
    ///
    /// # Errors
    /// The limits cannot be kept, or the bounds are too loose to steer by.
    pub fn derive(
        &self,
        space: &Space,
        strengths: &[Vec<f64>],
        limits: &Limits,
    ) -> Result<Architecture, DerivationError> {
        space.check_limits(limits)?;
        let mut architecture = Architecture::undecided(self.decisions);
        for &decision in space.order() {
            if !space.is_active(decision, &architecture) {
                continue;
            }
            let allowed = space.allowed(&architecture, decision, limits);
            let scores = allowed.iter();
            let scores = scores.map(|&option| self.strength(space, decision, option, strengths));
            let best = largest(&scores.collect::<Vec<f64>>());
            architecture.set(decision, allowed.get(best).copied());
        }
        if space.check(&architecture).is_ok() && space.keeps(&architecture, limits) {
            Ok(architecture)
        } else {
            Err(DerivationError::Loose)
        }
    }

    fn strength(
        &self,
        space: &Space,
        decision: DecisionId,
        option: u32,
        strengths: &[Vec<f64>],
    ) -> f64 {
        let mut gates = 0.0;
        for (site, strengths) in self.sites.iter().zip(strengths) {
            if site.decision != decision {
                continue;
            }
            match &site.form {
                SiteForm::Options(options) => {
                    let place = options.iter().position(|known| *known == Some(option));
                    return place.map_or(0.0, |place| strengths[place]);
                }
                SiteForm::Gate(candidate) => {
                    let members = space.decision(decision).members(option);
                    gates += strengths[usize::from(members.contains(candidate))];
                }
                SiteForm::Edges { .. } => {}
            }
        }
        let Some(select) = self.selects.iter().find(|s| s.decision == decision) else {
            return 0.0;
        };
        let of_edge = |member: usize| {
            let edges = select.edges[member].iter();
            let strongest = edges.map(|choice| {
                self.strongest(*choice, strengths) * self.edge_weight(*choice, strengths)
            });
            strongest.fold(0.0, f64::max)
        };
        let members = space.decision(decision).members(option);
        gates + members.into_iter().map(of_edge).sum::<f64>()
    }

    /// The strength of the strongest option that an architecture may have.
    fn strongest(&self, choice: DecisionId, strengths: &[Vec<f64>]) -> f64 {
        let mut sites = self.sites.iter().zip(strengths);
        let site = sites.find(|(site, _)| site.decision == choice);
        let Some((
            Site {
                form: SiteForm::Options(options),
                ..
            },
            strengths,
        )) = site
        else {
            return 0.0;
        };
        let real = options
            .iter()
            .zip(strengths)
            .filter(|(option, _)| option.is_some());
        real.fold(0.0, |most, (_, strength)| most.max(*strength))
    }

    /// How much the edge of a choice counts beside the others of its node; 1 where
    /// edges have no weights.
    fn edge_weight(&self, choice: DecisionId, strengths: &[Vec<f64>]) -> f64 {
        let mut sites = self.sites.iter().zip(strengths);
        let weight = sites.find_map(|(site, strengths)| match &site.form {
            SiteForm::Edges { choices, .. } => {
                let place = choices.iter().position(|known| *known == choice)?;
                Some(strengths[place])
            }
            _ => None,
        });
        weight.unwrap_or(1.0)
    }

    /// How many skip connections an architecture has in each of its groups of
    /// sites (a cell's share the first part of their names), with the number of
    /// active sites there.
    pub fn skips(&self, architecture: &Architecture) -> BTreeMap<String, [usize; 2]> {
        let mut groups: BTreeMap<String, [usize; 2]> = BTreeMap::new();
        for site in &self.sites {
            let (SiteForm::Options(options), Some(taken)) =
                (&site.form, architecture.option(site.decision))
            else {
                continue;
            };
            let place = options.iter().position(|option| *option == Some(taken));
            let skips = place.is_some_and(|place| site.skip[place]);
            let counts = groups.entry(site.group().to_owned()).or_default();
            counts[0] += usize::from(skips);
            counts[1] += 1;
        }
        groups
    }
}
