//! Search spaces: networks with choices.
//!
//! A space is written once, as a [`Graph`] in which some things are decisions.
//! From it come sampling, mutation and neighbours, the network of each
//! architecture, the supernet of all, and bounds of their costs.

mod activity;
mod architecture;
mod baseline;
pub mod block;
mod bounds;
pub mod chain;
mod count;
pub mod darts;
mod decision;
pub mod enas_macro;
pub mod enas_micro;
pub mod file;
mod gate;
mod graph;
mod guide;
pub mod head;
mod limit;
mod live;
mod loose;
pub mod mlp;
mod named;
pub mod nas_bench_101;
pub mod nas_bench_201;
pub mod nas_rl_cnn;
mod notation;
mod paths;
mod relaxation;
mod resolve;
mod rule;
mod sample;
mod size;
mod skip;
mod source;
mod task;

pub use architecture::Architecture;
pub use baseline::{Family, HandDesigned, hand_designed};
pub use bounds::{Bounds, Range};
pub use decision::{Decision, DecisionId, DecisionKind, Pick};
pub use file::FileError;
pub use graph::{
    Align, AlignMethod, Choice, Derived, Extremes, Graph, Instance, Loose, Merge, Port, Repeat,
    Select, Through, Unroll, Writer,
};
pub use guide::{Guide, Open};
pub use head::Head;
pub use limit::{Excess, Infeasible, Limits};
pub use loose::RelaxedLoose;
pub use named::{NamedSpaceError, build_named, for_supernet};
pub use notation::{NamedOptions, Notation, NotationError};
pub use relaxation::{Refused, Relaxation, RelaxedChoice, RelaxedSelect};
pub use rule::Rule;
pub use size::Size;
pub use task::{Element, Input, Task};

use crate::catalogue::Settings;
use crate::network::{Key, Network, Shape, ShapeError};
use activity::Activity;
use std::collections::BTreeMap;
use std::sync::Arc;

/// The same space in different stages of a search. Decisions are the same in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A network that is trained for a short while to judge an architecture.
    Candidate,
    /// All architectures in one, with shared weights.
    Supernet,
    /// The network that is trained in full and handed over.
    Final,
}

/// A set of architectures, written as a graph with choices.
#[derive(Clone, Debug)]
pub struct Space {
    name: String,
    decisions: Vec<Decision>,
    rules: Vec<Rule>,
    inputs: Vec<Shape>,
    /// Behind a pointer: what is remembered of its subgraphs goes by their place.
    candidate: Arc<Graph>,
    supernet: Graph,
    last: Graph,
    activity: Activity,
    names: BTreeMap<String, DecisionId>,
    notation: Arc<dyn Notation>,
    canonical: Option<fn(&Space, &Architecture) -> String>,
    families: Option<baseline::Families>,
    /// The number of architectures, where counting them takes long.
    known_size: Option<u128>,
    /// Whether some options do not fit together in shape, or might not.
    may_misfit: bool,
    remembered: bounds::Remembered,
}

/// Collects the decisions of a space while its graph is written.
///
/// The same function writes the graph for each [`Form`]; a decision that is
/// asked for again under its name is the same decision.
#[derive(Debug, Default)]
pub struct Decisions {
    all: Vec<Decision>,
    names: BTreeMap<String, DecisionId>,
    rules: Vec<Rule>,
}

impl Decisions {
    /// One of several named options.
    pub fn choice<'a>(
        &mut self,
        name: &str,
        options: impl IntoIterator<Item = &'a str>,
    ) -> DecisionId {
        let options = options.into_iter().map(str::to_owned).collect();
        self.decide(name, DecisionKind::Choice(options))
    }

    /// One of several sizes.
    pub fn value(&mut self, name: &str, values: &[usize]) -> DecisionId {
        self.decide(name, DecisionKind::Value(values.to_vec()))
    }

    /// Some of several candidates.
    pub fn select(&mut self, name: &str, candidates: usize, pick: Pick) -> DecisionId {
        self.decide(name, DecisionKind::Select { candidates, pick })
    }

    /// Puts a decision into a block: its decisions cross over together.
    pub fn block(&mut self, decision: DecisionId, block: &str) {
        self.all[decision.0].block = block.to_owned();
    }

    /// Sets how often mutation picks a decision, relative to the others.
    pub fn weight(&mut self, decision: DecisionId, weight: f64) {
        self.all[decision.0].weight = weight;
    }

    /// Sets what a text means that does not name a decision: how a decision joins a space
    /// whose texts are known already.
    pub fn usual(&mut self, decision: DecisionId, option: u32) {
        self.all[decision.0].usual = Some(option);
    }

    /// Adds a rule.
    pub fn rule(&mut self, rule: Rule) {
        if !self.rules.contains(&rule) {
            self.rules.push(rule);
        }
    }

    fn decide(&mut self, name: &str, kind: DecisionKind) -> DecisionId {
        if let Some(&known) = self.names.get(name) {
            let same = self.all[known.0].kind == kind;
            assert!(
                same,
                "decision `{name}` has two kinds — this is a bug in the space"
            );
            return known;
        }
        let id = DecisionId(self.all.len());
        self.names.insert(name.to_owned(), id);
        self.all.push(Decision {
            name: name.to_owned(),
            kind,
            block: name.to_owned(),
            weight: 1.0,
            usual: None,
        });
        id
    }
}

/// A graph with choices that is no space.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpaceError {
    /// A node fits together under no option.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A decision without options, or with more than can be counted.
    #[error("decision `{name}`: {rule}")]
    Decision {
        /// Its name.
        name: String,
        /// What is wrong.
        rule: String,
    },
    /// A file that gives no space.
    #[error(transparent)]
    File(Box<FileError>),
    /// Decisions that each stand inside an option of another.
    #[error("decisions {} wait for each other", .names.join(", "))]
    Circle {
        /// Their names.
        names: Vec<String>,
    },
}

impl SpaceError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Shape(error) => error.hint().map(str::to_owned),
            Self::File(error) => error.hint().map(str::to_owned),
            Self::Decision { .. } => None,
            Self::Circle { .. } => {
                Some("let no option of a decision hold what decides it in turn".into())
            }
        }
    }
}

impl Space {
    /// A space whose graph `write` gives for each form.
    ///
    /// # Errors
    /// The graph does not fit together.
    pub fn new(
        name: &str,
        inputs: &[Shape],
        mut write: impl FnMut(Form, &mut Decisions) -> Graph,
    ) -> Result<Self, SpaceError> {
        let mut decisions = Decisions::default();
        let candidate = write(Form::Candidate, &mut decisions);
        let supernet = write(Form::Supernet, &mut decisions);
        let last = write(Form::Final, &mut decisions);
        for decision in &decisions.all {
            let error = |rule: &str| SpaceError::Decision {
                name: decision.name.clone(),
                rule: rule.to_owned(),
            };
            if let DecisionKind::Select {
                candidates: 32.., ..
            } = decision.kind
            {
                return Err(error("a select has at most 31 candidates"));
            }
            if decision.count() == 0 {
                return Err(error("it has no options"));
            }
        }
        let activity = Activity::of(&candidate, &decisions.all)
            .map_err(|names| SpaceError::Circle { names })?;
        let mut space = Self {
            name: name.to_owned(),
            decisions: decisions.all,
            rules: decisions.rules,
            inputs: inputs.to_vec(),
            candidate: Arc::new(candidate),
            supernet,
            last,
            activity,
            names: decisions.names,
            notation: Arc::new(NamedOptions),
            canonical: None,
            families: None,
            known_size: None,
            may_misfit: false,
            remembered: bounds::Remembered::default(),
        };
        let undecided = Architecture::undecided(space.decisions.len());
        let may_misfit = space.explorer().bounds(&undecided)?.may_misfit;
        space.may_misfit = may_misfit;
        Ok(space)
    }

    /// The same space with another notation for its architectures.
    #[must_use]
    pub fn with_notation(mut self, notation: impl Notation + 'static) -> Self {
        self.notation = Arc::new(notation);
        self
    }

    /// The same space with another rule for which architectures are equal:
    /// those of one canonical text.
    #[must_use]
    pub fn with_canonical(mut self, canonical: fn(&Self, &Architecture) -> String) -> Self {
        self.canonical = Some(canonical);
        self
    }

    /// The same space with a number of architectures that is known.
    #[must_use]
    fn with_size(mut self, size: u128) -> Self {
        self.known_size = Some(size);
        self
    }

    /// Its name in the catalogue.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The shapes of the samples that its networks take.
    pub fn inputs(&self) -> &[Shape] {
        &self.inputs
    }

    /// All decisions.
    pub fn decisions(&self) -> &[Decision] {
        &self.decisions
    }

    /// The ids of all decisions, each after those on which it depends.
    pub fn order(&self) -> &[DecisionId] {
        self.activity.order()
    }

    /// The rules that relate decisions.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// One decision.
    pub fn decision(&self, id: DecisionId) -> &Decision {
        &self.decisions[id.0]
    }

    /// The decision of this name.
    pub fn decision_named(&self, name: &str) -> Option<DecisionId> {
        self.names.get(name).copied()
    }

    /// Whether a decision is active, given those before it.
    pub fn is_active(&self, id: DecisionId, architecture: &Architecture) -> bool {
        self.activity.is_active(id, architecture, &self.decisions)
    }

    /// The decisions that say whether this one is active.
    pub fn depends_on(&self, id: DecisionId) -> Vec<DecisionId> {
        self.activity.parents(id)
    }

    /// The canonical text of an architecture.
    pub fn text(&self, architecture: &Architecture) -> String {
        self.notation.write(self, architecture)
    }

    /// The architecture of a text.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(&self, text: &str) -> Result<Architecture, NotationError> {
        self.notation.read(self, text)
    }

    /// Whether every active decision, and no other, has an option, and the
    /// rules are kept.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(&self, architecture: &Architecture) -> Result<(), String> {
        for &id in self.order() {
            let Decision { name, .. } = self.decision(id);
            match (self.is_active(id, architecture), architecture.option(id)) {
                (true, None) => return Err(format!("`{name}` is not decided")),
                (false, Some(_)) => {
                    return Err(format!(
                        "`{name}` is decided, but nothing depends on it here"
                    ));
                }
                (true, Some(option)) if option >= self.decision(id).count() => {
                    return Err(format!("`{name}` has no option {option}"));
                }
                _ => {}
            }
        }
        match self
            .rules
            .iter()
            .find(|rule| !rule.can_hold(architecture, &self.decisions))
        {
            None => Ok(()),
            Some(rule) => {
                let names = rule
                    .decisions()
                    .iter()
                    .map(|&id| self.decision(id).name.as_str());
                Err(format!(
                    "a rule on {} is broken",
                    names.collect::<Vec<_>>().join(", ")
                ))
            }
        }
    }

    /// The network of an architecture as written, in candidate form.
    ///
    /// # Errors
    /// Shapes that do not fit together under these options.
    pub fn network(&self, architecture: &Architecture) -> Result<Network, ShapeError> {
        self.resolve(architecture, Form::Candidate)
    }

    /// The network of an architecture in the given form; in supernet form, what
    /// the candidate would be.
    ///
    /// # Errors
    /// Shapes that do not fit together under these options.
    pub fn resolve(&self, architecture: &Architecture, form: Form) -> Result<Network, ShapeError> {
        let graph = match form {
            Form::Candidate => &self.candidate,
            Form::Supernet => &self.supernet,
            Form::Final => &self.last,
        };
        resolve::Resolver::network(&self.decisions, architecture, graph, &self.inputs)
    }

    /// All architectures in one network: options mixed, sizes the largest, and
    /// masks where they may be smaller.
    ///
    /// # Errors
    /// Options whose shapes differ where they meet.
    pub fn supernet(&self) -> Result<Network, ShapeError> {
        Ok(self.open_supernet()?.0)
    }

    /// The supernet, with the decisions that it cannot leave open and what they
    /// decide: sizes that no mix and no mask expresses, such as strides. They
    /// have the largest of their values.
    ///
    /// # Errors
    /// As [`supernet`](Self::supernet).
    pub fn open_supernet(&self) -> Result<(Network, Refused), ShapeError> {
        let order = self.order();
        resolve::Resolver::supernet(&self.decisions, order, &self.supernet, &self.inputs)
    }

    /// Bounds of the costs of all architectures that complete this one.
    ///
    /// # Errors
    /// A node that fits together under no option.
    pub fn bounds(&self, architecture: &Architecture) -> Result<Bounds, ShapeError> {
        let explored = self.explorer().bounds(architecture)?;
        Ok(explored.bounds)
    }

    /// What finds bounds; it remembers what it met, so one should serve many
    /// architectures that differ in little.
    fn explorer(&self) -> bounds::Explorer<'_> {
        let heirs = Some(&self.remembered);
        bounds::Explorer::new(&self.decisions, &self.candidate, &self.inputs, heirs)
    }

    /// The key under which equal networks meet: of the space's canonical text
    /// if it has one, otherwise of the pruned network.
    ///
    /// # Errors
    /// Shapes that do not fit together under these options.
    pub fn key(&self, architecture: &Architecture) -> Result<Key, ShapeError> {
        match self.canonical {
            Some(canonical) => Ok(Key::of_text(&canonical(self, architecture))),
            None => Ok(Key::of(&self.network(architecture)?.pruned())),
        }
    }

    /// The key of an architecture whose network is there already.
    pub(crate) fn key_of(&self, architecture: &Architecture, network: &Network) -> Key {
        match self.canonical {
            Some(canonical) => Key::of_text(&canonical(self, architecture)),
            None => Key::of(&network.pruned()),
        }
    }
}

/// A space in the catalogue.
pub type Entry = crate::catalogue::Entry<fn(&Task, &Settings) -> Result<Space, SpaceError>>;

/// All spaces.
pub const CATALOGUE: &[Entry] = &[
    chain::ENTRY,
    mlp::ENTRY,
    nas_bench_201::ENTRY,
    nas_bench_101::ENTRY,
    darts::ENTRY,
    enas_micro::ENTRY,
    enas_macro::ENTRY,
    nas_rl_cnn::ENTRY,
    file::ENTRY,
];
