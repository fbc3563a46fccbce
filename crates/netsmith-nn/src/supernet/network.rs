//! The supernet as a network, and the sites where it is open.

use super::Options;
use super::partial::{self, Edges};
use crate::module::Mixture;
use crate::train::{Optimizer, largest, mixed_step_memory};
use netsmith::network::{Builder, Network, Operation, ShapeError};
use netsmith::space::{
    Architecture, DecisionId, Infeasible, Limits, Pick, RelaxedLoose, RelaxedSelect, Space,
};
use std::collections::BTreeMap;

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

/// Why gradient search cannot serve a space.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SupernetError {
    /// The supernet does not fit together.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A decision that no mix expresses.
    #[error("decision `{decision}` of space `{space}`: gradient search cannot learn {what}")]
    Decision {
        /// The space.
        space: String,
        /// The decision.
        decision: String,
        /// What it is.
        what: &'static str,
    },
    /// A place that a part of the channels cannot serve.
    #[error("`{place}` of space `{space}`: one in {share} channels for each operation: {rule}")]
    Partial {
        /// The space.
        space: String,
        /// The decision, or the node of the supernet.
        place: String,
        /// One in so many channels.
        share: usize,
        /// What would have to hold.
        rule: &'static str,
    },
    /// A decision none of whose options may be chosen.
    #[error("decision `{decision}` has no option left: all of them cut the edge")]
    Closed {
        /// The decision.
        decision: String,
    },
}

impl SupernetError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Decision { .. } => Some(
                "give the decision a single value with `--set`, or search with `regularized-evolution`"
                    .into(),
            ),
            Self::Partial { share: 1, .. } => Some("search with `darts`".into()),
            Self::Partial { .. } => Some(
                "take other channels, give the method another share with `--set strategy.partial=2`, or search with `darts`"
                    .into(),
            ),
            Self::Closed { .. } => Some("allow it with `--set strategy.none=true`".into()),
            Self::Shape(error) => error.hint().map(str::to_owned),
        }
    }
}

impl Site {
    /// What its mixes name: its decision, where it is one.
    pub(super) fn mix(&self) -> usize {
        match self.form {
            SiteForm::Edges { mix, .. } => mix,
            SiteForm::Options(_) | SiteForm::Gate(_) => self.decision.index(),
        }
    }
}

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
        let mut sites = Vec::new();
        for choice in &relaxation.choices {
            let decision = space.decision(choice.decision);
            let mixes: Vec<&[usize]> = mixes_of(&network, choice.decision.index()).collect();
            if mixes
                .iter()
                .any(|inputs| inputs.len() != choice.options.len())
            {
                return Err(refuse(
                    choice.decision,
                    "sizes where its options are others in the supernet",
                ));
            }
            let is = |test: &dyn Fn(&Operation) -> bool, at: usize| {
                let mut inputs = mixes.iter().filter_map(|inputs| inputs.get(at));
                inputs.any(|&input| test(&network.nodes()[input].operation))
            };
            let options = 0..choice.options.len();
            let named_skip = |at: usize| {
                choice.options[at].is_some_and(|o| decision.option_name(o).contains("skip"))
            };
            sites.push(Site {
                decision: choice.decision,
                name: decision.name.clone(),
                form: SiteForm::Options(choice.options.clone()),
                zero: options
                    .clone()
                    .map(|at| is(&|operation| matches!(operation, Operation::Zero(_)), at))
                    .collect(),
                skip: options.map(named_skip).collect(),
            });
        }
        for select in &relaxation.selects {
            if select.edges.iter().all(|edge| !edge.is_empty()) {
                continue;
            }
            if select.pick != Pick::Subset {
                return Err(refuse(
                    select.decision,
                    "which inputs enter, where nothing hangs on them",
                ));
            }
            for candidate in 0..select.edges.len() {
                sites.push(Site {
                    decision: select.decision,
                    name: format!("{}.{candidate}", space.decision(select.decision).name),
                    form: SiteForm::Gate(candidate),
                    zero: vec![false; 2],
                    skip: vec![false; 2],
                });
            }
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
    pub(super) fn skip(&self) -> Vec<Vec<bool>> {
        self.sites.iter().map(|site| site.skip.clone()).collect()
    }

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

    /// The architecture of the strongest options that keeps the limits.
    ///
    /// Each decision takes its strongest option; a select the candidates whose
    /// edges have the strongest option each, never one that only the supernet
    /// has (DARTS' rule). Under limits each decision in turn takes the strongest
    /// of those with which they can still be kept.
    ///
    /// # Errors
    /// The limits cannot be kept.
    pub fn derive(
        &self,
        space: &Space,
        strengths: &[Vec<f64>],
        limits: &Limits,
    ) -> Result<Architecture, Infeasible> {
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
        match space.check(&architecture).is_ok() && space.keeps(&architecture, limits) {
            true => Ok(architecture),
            // The bounds were too loose to steer by.
            false => space.sample(limits, &mut netsmith::random::Seed::new(0).stream()),
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

    /// Peak bytes of a step on so many samples, by plan: weights, gradients,
    /// momentum, activations and their gradients. A hard step computes one
    /// option of each site; its plan is that of the largest ones.
    pub fn planned_memory(&self, batch: usize, hard: bool) -> u64 {
        let mixture = match hard {
            true => self.largest_path(),
            false => {
                let sites = self.sites.iter();
                let even = sites.map(|site| vec![0.5; site.zero.len()]);
                self.mixture(&even.collect::<Vec<_>>())
            }
        };
        mixed_step_memory(&self.network, batch, Optimizer::SGD, Some(&mixture))
    }

    /// The mixture that computes the largest option of each site.
    fn largest_path(&self) -> Mixture {
        let consumers = self.network.consumers();
        let size_of = |input: usize| {
            let (mut at, mut size) = (input, 0);
            while let node = &self.network.nodes()[at]
                && consumers[at].len() == 1
            {
                size += node.shape.elements();
                match node.inputs[..] {
                    [before] => at = before,
                    _ => break,
                }
            }
            size
        };
        let weights = self.sites.iter().map(|site| match site.form {
            SiteForm::Gate(_) => vec![0.0, 1.0],
            SiteForm::Edges { .. } => vec![1.0; site.zero.len()],
            SiteForm::Options(_) => {
                let mut mixes = mixes_of(&self.network, site.decision.index());
                let inputs = mixes.next().unwrap_or_default();
                let sizes: Vec<f64> = inputs.iter().map(|&i| size_of(i) as f64).collect();
                let most = if sizes.is_empty() { 0 } else { largest(&sizes) };
                (0..site.zero.len()).map(|k| f64::from(k == most)).collect()
            }
        });
        self.mixture(&weights.collect::<Vec<_>>())
    }
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

/// Puts the weights of a mix in their place.
fn put(mixture: &mut Vec<Vec<f32>>, mix: usize, weights: Vec<f32>) {
    mixture.resize(mixture.len().max(mix + 1), Vec::new());
    mixture[mix] = weights;
}

/// The inputs of the mixes of a decision.
fn mixes_of(network: &Network, number: usize) -> impl Iterator<Item = &[usize]> {
    network
        .nodes()
        .iter()
        .filter_map(move |node| match node.operation {
            Operation::Mix { decision } if decision == number => Some(&node.inputs[..]),
            _ => None,
        })
}

/// The nodes that a mixture computes, as a network.
fn masked(network: &Network, mixture: &Mixture) -> Result<Network, ShapeError> {
    let needed = mixture.needed(network);
    rebuilt(
        network,
        |index, _| needed[index],
        |index, at| mixture.reads(network, index, at),
    )
}

/// The same network in which nodes without trained weights that compute the
/// same of the same are one.
fn shared(network: &Network) -> Result<Network, ShapeError> {
    rebuilt(network, |_, _| true, |_, _| true)
}

/// A network of the nodes and inputs that are kept, with equal ones as one.
fn rebuilt(
    network: &Network,
    keeps: impl Fn(usize, &Operation) -> bool,
    reads: impl Fn(usize, usize) -> bool,
) -> Result<Network, ShapeError> {
    let mut builder = Builder::new();
    let mut known: BTreeMap<(String, Vec<usize>), usize> = BTreeMap::new();
    let mut uses = vec![0_usize; network.weights().len()];
    for node in network.nodes() {
        node.weights.iter().for_each(|&weight| uses[weight] += 1);
    }
    let mut places = vec![usize::MAX; network.nodes().len()];
    for (index, node) in network.nodes().iter().enumerate() {
        if !keeps(index, &node.operation) {
            continue;
        }
        if let Operation::Input(shape) = node.operation {
            places[index] = builder.input(&node.name, shape);
            continue;
        }
        let inputs = node.inputs.iter().enumerate();
        let read = inputs.filter(|&(at, &input)| reads(index, at) && places[input] != usize::MAX);
        let inputs: Vec<usize> = read.map(|(_, &input)| places[input]).collect();
        if inputs.is_empty() {
            continue;
        }
        let plain = node
            .weights
            .iter()
            .all(|&weight| uses[weight] == 1 && !network.weights()[weight].shape.role.trains());
        let draws = matches!(
            node.operation,
            Operation::Dropout(_) | Operation::DropPath | Operation::Mix { .. }
        );
        let identity = (format!("{:?}", node.operation), inputs.clone());
        if plain
            && !draws
            && let Some(&same) = known.get(&identity)
        {
            places[index] = same;
            continue;
        }
        let operation = node.operation.clone();
        let tied = node.weights.first().filter(|&&weight| uses[weight] > 1);
        places[index] = match tied {
            Some(&weight) => {
                let tie = &network.weights()[weight].name;
                builder.add_tied(&node.name, operation, &inputs, tie)?
            }
            None => builder.add(&node.name, operation, &inputs)?,
        };
        known.insert(identity, places[index]);
    }
    let outputs: Vec<usize> = network.outputs().iter().map(|&o| places[o]).collect();
    Ok(builder.finish(&outputs))
}
