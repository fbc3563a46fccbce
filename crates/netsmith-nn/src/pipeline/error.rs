//! Why a run could not be carried out.

use crate::data::{DataError, SplitError};
use crate::export::ExportError;
use crate::module::ModuleError;
use crate::supernet;
use crate::task::MetricError;
use crate::train::CheckpointError;
use netsmith::catalogue::{SettingError, UnknownName};
use netsmith::evaluate::command::CommandError;
use netsmith::evaluate::table::TableError;
use netsmith::network::{ParseShapeError, ShapeError};
use netsmith::objective::PenaltyError;
use netsmith::search::SearchError;
use netsmith::space::{Infeasible, NamedSpaceError, NotationError};
use netsmith::strategy::StrategyError;
use netsmith::study::StudyError;
use netsmith::trial::Trial;
use std::path::PathBuf;

/// Why a run could not be carried out. A bad candidate is never among these.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// The data cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The data cannot be divided.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// The metric does not fit the task.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// No strategy or cost of this name.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// Settings of a strategy.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Settings(Vec<SettingError>),
    /// Numbers that cannot be.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Values(Vec<super::ValueFault>),
    /// A word that is none of those known.
    #[error("{what} is `{value}`: it is one of {known}")]
    Word {
        /// What it is for.
        what: &'static str,
        /// The word.
        value: String,
        /// Those that there are.
        known: &'static str,
    },
    /// An evaluator without what it needs, or with what it does not take.
    #[error("evaluator is `{given}`: it is of the form {form}")]
    EvaluatorForm {
        /// What was given.
        given: String,
        /// The form.
        form: &'static str,
    },
    /// Classes that a regression does not have should be weighed.
    #[error("option `class-weights`: does not apply to a regression")]
    ClassWeights,
    /// An option of another evaluator.
    #[error("option `{option}`: does not apply to evaluator `{by}`")]
    OptionNotTaken {
        /// The option.
        option: &'static str,
        /// The evaluator.
        by: &'static str,
    },
    /// An option that the evaluator cannot do without.
    #[error("option `{option}` is missing: evaluator `{by}` needs it")]
    OptionMissing {
        /// The option.
        option: &'static str,
        /// The evaluator.
        by: &'static str,
        /// What to write.
        remedy: &'static str,
    },
    /// The command line of an outside command.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// There is no such program.
    #[error("command `{program}` cannot be started: there is no such program")]
    NoProgram {
        /// Its name.
        program: String,
    },
    /// The shape of a sample.
    #[error(transparent)]
    InputShape(#[from] ParseShapeError),
    /// A table.
    #[error(transparent)]
    Table(#[from] TableError),
    /// Another space than that of the table.
    #[error(
        "space is `{given}`: table `{table}` covers the space `{space}` with its default settings"
    )]
    SpaceOfTable {
        /// What was asked for.
        given: String,
        /// The table.
        table: &'static str,
        /// The space of the table.
        space: String,
    },
    /// A smaller space where nothing is searched in it.
    #[error("setting `proxy.{key}`: strategy `{strategy}` has no supernet")]
    NoSupernet {
        /// The first setting.
        key: String,
        /// What was asked for.
        strategy: String,
    },
    /// A filter in front of a strategy that counts on every proposal being trained.
    #[error("filter is `{filter}`: `{strategy}` trains all that it proposes")]
    Filtered {
        /// What was asked for.
        filter: String,
        /// The strategy.
        strategy: String,
    },
    /// Training-free scores for a strategy that has no use for them.
    #[error("assist: strategy `{strategy}` does not choose by training-free scores")]
    NotAssisted {
        /// The strategy.
        strategy: String,
    },
    /// The smaller space of a supernet has other decisions than the space itself.
    #[error("proxy of space `{space}`: it has other decisions than the space itself")]
    OtherDecisions {
        /// The space.
        space: String,
    },
    /// A penalty that is none.
    #[error(transparent)]
    Penalty(#[from] PenaltyError),
    /// There is no such space, or it does not fit the data.
    #[error(transparent)]
    Space(#[from] NamedSpaceError),
    /// An architecture that a study holds is none of its space.
    #[error("an architecture of the study is none of its space")]
    Architecture(#[from] NotationError),
    /// A network of the space does not fit together.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The strategy's settings do not go together.
    #[error(transparent)]
    Strategy(#[from] StrategyError),
    /// No architecture keeps the limits.
    #[error(transparent)]
    Infeasible(#[from] Infeasible),
    /// The study.
    #[error(transparent)]
    Study(#[from] StudyError),
    /// The search.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// What a training left cannot be read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// A network cannot be run.
    #[error(transparent)]
    Module(#[from] ModuleError),
    /// A network cannot be exported.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// Threads cannot be started.
    #[error(transparent)]
    Threads(#[from] rayon::ThreadPoolBuildError),
    /// A file cannot be written or read.
    #[error("cannot {action} `{}`", path.display())]
    File {
        /// What was tried.
        action: &'static str,
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The configuration of a study cannot be read.
    #[error("the configuration of the study cannot be read: {message}")]
    Configuration {
        /// What is wrong.
        message: String,
    },
    /// An entry of the study that this version does not read.
    #[error("entry `{name}` of the study is not as this version writes it: {message}")]
    Entry {
        /// Its name.
        name: &'static str,
        /// What is wrong.
        message: String,
    },
    /// Full trainings of a run were planned in another way than this version's.
    #[error("the full trainings of this run were planned by another version of Netsmith")]
    PlannedOtherwise,
    /// The data are not those of the study.
    #[error("the data have changed since the study was made: {found}, not {recorded}")]
    DataChanged {
        /// Fingerprint now.
        found: String,
        /// Fingerprint then.
        recorded: String,
    },
    /// A gradient search cannot start or go on.
    #[error(transparent)]
    Supernet(#[from] supernet::SearchError),
    /// Its state cannot be written.
    #[error(transparent)]
    State(#[from] supernet::StateError),
    /// The supernet does not fit into memory.
    #[error("a step of the supernet needs {needed} bytes by plan: {available} are free")]
    SupernetMemory {
        /// Planned peak.
        needed: u64,
        /// What there is.
        available: u64,
    },
    /// Not even the smallest network could be trained.
    #[error(
        "budget is {budget:.1} s: the shortest training of the smallest network takes about {needed:.1} s of its own"
    )]
    BudgetTooShort {
        /// What there was, in seconds.
        budget: f64,
        /// What that training takes, in seconds.
        needed: f64,
    },
    /// No trial gave a result.
    #[error("no trial of {trials} gave a result{}", first.as_ref().map_or_else(String::new, |first| format!("; the first: {first}")))]
    NothingFound {
        /// Trials that ended.
        trials: usize,
        /// How the first of them ended.
        first: Option<String>,
    },
}

impl From<supernet::SupernetError> for PipelineError {
    fn from(error: supernet::SupernetError) -> Self {
        Self::Supernet(error.into())
    }
}

impl PipelineError {
    /// None of these trials gave a result.
    pub(super) fn nothing_in(trials: &[Trial]) -> Self {
        Self::NothingFound {
            trials: trials.len(),
            first: trials.first().map(|trial| trial.outcome.to_string()),
        }
    }

    /// The budget leaves no time for a training of so many seconds.
    pub(super) fn too_short(budget: f64, needed: f64) -> Self {
        Self::BudgetTooShort { budget, needed }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Data(error) => error.hint(),
            Self::Split(error) => error.hint().map(Into::into),
            Self::Metric(error) => error.hint(),
            Self::Unknown(error) => Some(error.hint()),
            Self::Space(error) => error.hint(),
            Self::Table(error) => error.hint(),
            Self::EvaluatorForm { .. } => Some("see `netsmith list evaluators`".into()),
            Self::OptionNotTaken { .. } | Self::ClassWeights => {
                Some("leave the option out".into())
            }
            Self::Values(_) => Some("mend the option, or the key of the configuration".into()),
            Self::OptionMissing { remedy, .. } => Some((*remedy).into()),
            Self::NoProgram { .. } => Some("check its name and path; no shell is involved".into()),
            Self::SpaceOfTable { .. } => Some("leave the space and its settings out".into()),
            Self::NoSupernet { .. } => Some(
                "leave it out, or take a strategy with shared weights, see `netsmith list strategies`"
                    .into(),
            ),
            Self::Filtered { .. } => Some(
                "leave it out, or take a strategy without rungs and shared weights, such as `random` or `auto`"
                    .into(),
            ),
            Self::NotAssisted { .. } => Some(
                "take `auto`, or `bananas` or `npenas` with `--set strategy.scores=yes`"
                    .into(),
            ),
            Self::OtherDecisions { .. } => {
                Some("change only what sets sizes, such as `cells` and `channels`".into())
            }
            Self::Penalty(error) => Some(error.hint()),
            Self::Settings(errors) => errors.iter().find_map(SettingError::hint),
            Self::Strategy(error) => Some(error.hint.clone()),
            Self::InputShape(error) => Some(error.hint().into()),
            Self::Shape(error) => error.hint().map(Into::into),
            Self::Infeasible(error) => Some(error.hint()),
            Self::Study(error) => error.hint(),
            Self::Search(error) => error.hint(),
            Self::NothingFound { .. } => {
                Some("raise the budget, or look at the failures with `netsmith show`".into())
            }
            Self::BudgetTooShort { budget, needed } => Some(format!(
                "raise it to `--budget {:.0}s` or more",
                // Four tenths of a budget are for full trainings.
                (4.0 * needed).max(2.0 * budget).ceil()
            )),
            Self::Supernet(supernet::SearchError::Supernet(error)) => error.hint(),
            Self::SupernetMemory { .. } => Some(
                "make the batch smaller with `--set strategy.batch=32`, or the space with `--set channels=8`"
                    .into(),
            ),
            Self::PlannedOtherwise => {
                Some("start a new run; what this one found is in `netsmith show`".into())
            }
            Self::DataChanged { .. } => {
                Some("put the data back as they were, or start a new run".into())
            }
            _ => None,
        }
    }
}
