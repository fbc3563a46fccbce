//! A space's unresolved graph as a network, and the sites where it is open.

use super::partial::{self, Edges};
use super::rebuilt::shared;
use super::{Site, SiteForm, Supernet, SupernetError, mixes_of};
use crate::module::is_zero;
use crate::supernet::Options;
use netsmith::network::Network;
use netsmith::space::{DecisionId, Pick, RelaxedChoice, RelaxedSelect, Space};

impl Supernet {
    /// The supernet of a space.
    ///
    /// # Errors
    /// A decision with several options that no mix expresses, such as a stride.
    pub fn of(space: &Space) -> Result<Self, SupernetError> {
        Self::with(space, None)
    }

    /// The supernet of a space as a method with these options needs it.
    ///
    /// # Errors
    /// As [`of`](Self::of); the method gives operations a part of the channels,
    /// and the space does not allow that.
    pub fn for_options(space: &Space, options: &Options) -> Result<Self, SupernetError> {
        Self::with(space, options.partial)
    }

    fn with(space: &Space, share: Option<usize>) -> Result<Self, SupernetError> {
        let relaxation = space.relaxation();
        let refuse = |id: DecisionId, what| SupernetError::Decision {
            space: space.name().to_owned(),
            decision: space.decision(id).name.clone(),
            what,
        };
        let several = |id: &&DecisionId| space.decision(**id).count() > 1;
        if let Some(&id) = relaxation.fixed.iter().find(several) {
            return Err(refuse(
                id,
                "inputs that enter several slots, are concatenated or decide a whole at once",
            ));
        }
        let (network, refused) = space.open_supernet()?;
        if let Some(&(id, what)) = refused.first() {
            return Err(refuse(id, what));
        }
        let (network, edges) = match share {
            None => (network, Vec::new()),
            Some(share) => {
                let built = partial::partial(space, &relaxation, &network, share)?;
                (built.network, built.edges)
            }
        };
        let network = shared(&network)?;
        let choices = relaxation.choices.iter();
        let mut sites = choices
            .map(|choice| {
                choice_site(space, &network, choice).map_err(|what| refuse(choice.decision, what))
            })
            .collect::<Result<Vec<Site>, _>>()?;
        for select in &relaxation.selects {
            sites.extend(gates(space, select).map_err(|what| refuse(select.decision, what))?);
        }
        sites.extend(edges.into_iter().map(|edges| edge_site(space, edges)));
        Ok(Self {
            network,
            sites,
            selects: relaxation.selects,
            loose: relaxation.loose,
            decisions: space.decisions().len(),
        })
    }
}

/// The options of a choice as a site, or what about it cannot be learnt.
fn choice_site(
    space: &Space,
    network: &Network,
    choice: &RelaxedChoice,
) -> Result<Site, &'static str> {
    let decision = space.decision(choice.decision);
    let mixes: Vec<&[usize]> = mixes_of(network, choice.decision.index()).collect();
    let count = choice.options.len();
    if mixes.iter().any(|inputs| inputs.len() != count) {
        return Err("sizes where its options are others in the supernet");
    }
    let is_zero = |at: usize| {
        let mut inputs = mixes.iter().filter_map(|inputs| inputs.get(at));
        inputs.any(|&input| is_zero(&network.nodes()[input].operation))
    };
    Ok(Site {
        decision: choice.decision,
        name: decision.name.clone(),
        form: SiteForm::Options(choice.options.clone()),
        zero: (0..count).map(is_zero).collect(),
        skip: choice.skips.clone(),
    })
}

/// The candidates of a select as sites, where nothing hangs on its edges; or what
/// about it cannot be learnt.
fn gates(space: &Space, select: &RelaxedSelect) -> Result<Vec<Site>, &'static str> {
    if select.edges.iter().all(|edge| !edge.is_empty()) {
        return Ok(Vec::new());
    }
    if select.pick != Pick::Subset {
        return Err("which inputs enter, where nothing hangs on them");
    }
    let gate = |candidate: usize| Site {
        decision: select.decision,
        name: format!("{}.{candidate}", space.decision(select.decision).name),
        form: SiteForm::Gate(candidate),
        zero: vec![false; 2],
        skip: vec![false; 2],
    };
    Ok((0..select.edges.len()).map(gate).collect())
}

/// The weights of the edges that enter a node, as a site.
fn edge_site(space: &Space, Edges { mix, choices }: Edges) -> Site {
    let first = choices[0];
    let name = &space.decision(first).block;
    Site {
        decision: first,
        name: format!("{name}.edges"),
        zero: vec![false; choices.len()],
        skip: vec![false; choices.len()],
        form: SiteForm::Edges { mix, choices },
    }
}
