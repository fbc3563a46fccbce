//! Few skip connections in what is derived.
//!
//! ```text
//! derive
//! while a cell has more skip connections than a quarter of its operations, and
//! more than one:
//!     the weakest of them counts nothing
//!     derive anew
//! ```
//!
//! The early end of a search says nothing where skip connections lead from the
//! first epoch on, as they do in small cells: this does.

use super::{DerivationError, Site, SiteForm, Supernet};
use netsmith::space::{Architecture, Limits, Space};

impl Supernet {
    /// The architecture of these strengths with few skip connections in each cell,
    /// as far as limits leave something else.
    ///
    /// # Errors
    /// As [`derive`](Self::derive).
    ///
    /// # Paper
    /// Chen et al. 2019 (P-DARTS), arXiv:1904.12760, section 3.3.2: the two strongest
    /// of eight operations may be skip connections. Deviation: a share of the
    /// operations and not two, so that it holds for any cell.
    pub fn derive_restrained(
        &self,
        space: &Space,
        strengths: &[Vec<f64>],
        limits: &Limits,
    ) -> Result<Architecture, DerivationError> {
        let mut strengths = strengths.to_vec();
        let mut derived = self.derive(space, &strengths, limits)?;
        while let Some((site, place)) = self.weakest_of_many(&derived, &strengths) {
            strengths[site][place] = f64::NEG_INFINITY;
            match self.derive(space, &strengths, limits) {
                Ok(fewer) => derived = fewer,
                // Where nothing is derived without it, it stays.
                Err(DerivationError::Loose) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(derived)
    }

    /// Site and place of the weakest skip connection that still counts, in cells
    /// that have too many.
    fn weakest_of_many(
        &self,
        architecture: &Architecture,
        strengths: &[Vec<f64>],
    ) -> Option<(usize, usize)> {
        let groups = self.skips(architecture);
        let sites = self.sites.iter().enumerate();
        let taken = sites.filter_map(|(at, site)| {
            let SiteForm::Options(options) = &site.form else {
                return None;
            };
            let option = architecture.option(site.decision)?;
            let place = options.iter().position(|known| *known == Some(option))?;
            let counts = site.skip[place] && strengths[at][place].is_finite();
            let [skips, active] = groups.get(site.group())?;
            let many = *skips > (active / 4).max(1);
            (counts && many).then_some((at, place))
        });
        taken.min_by(|a, b| strengths[a.0][a.1].total_cmp(&strengths[b.0][b.1]))
    }
}

impl Site {
    /// The first part of its name, which the sites of a cell share.
    pub(super) fn group(&self) -> &str {
        self.name.split_once('.').map_or("", |(group, _)| group)
    }
}
