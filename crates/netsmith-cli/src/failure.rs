//! Why a command ended without doing what it was asked: an exit code, a
//! message and, where there is one, a remedy.

use std::error::Error;
use std::fmt;

use netsmith::catalogue::{SettingError, UnknownName};
use netsmith::evaluate::table::TableError;
use netsmith::network::{ParseShapeError, ShapeError};
use netsmith::search::SearchError;
use netsmith::space::{FileError, Infeasible, NamedSpaceError, NotationError};
use netsmith::strategy::StrategyError;
use netsmith::study::StudyError;
use netsmith_nn::cost::OnnxRuntimeError;
use netsmith_nn::data::{DataError, SplitError};
use netsmith_nn::export::{ExportError, WeightsError};
use netsmith_nn::module::ModuleError;
use netsmith_nn::pipeline::PipelineError;
use netsmith_nn::supernet::{SupernetError, TimingError};
use netsmith_nn::task::MetricError;
use netsmith_nn::train::TrainError;

use crate::exit;

/// What is shown as `error: message`, an empty line and `hint: remedy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// One of [`exit`]'s.
    pub(crate) code: u8,
    /// What is wrong: a lowercase fragment, value first, then the rule. Several
    /// faults are several lines.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

impl Failure {
    /// A failure without a hint.
    pub(crate) fn new(code: u8, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
        }
    }

    /// A command line or a configuration that cannot be.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(exit::USAGE, message)
    }

    /// The same with a remedy.
    #[must_use]
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// A failure that tells an error and all that caused it.
    pub(crate) fn of(code: u8, error: &dyn Error, hint: Option<String>) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message.push_str(": ");
            message.push_str(&cause.to_string());
            source = cause.source();
        }
        Self {
            code,
            message,
            hint,
        }
    }

    /// A file that cannot be read or written.
    pub(crate) fn file(action: &str, path: &std::path::Path, source: &std::io::Error) -> Self {
        let message = format!("cannot {action} `{}`: {source}", path.display());
        Self::new(exit::FAILED, message)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Failure {}

/// A failure in the middle of a chain keeps its code and hint; any other error
/// means that the run failed.
impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(failure) => failure,
            Err(error) => Self::new(exit::FAILED, format!("{error:#}")),
        }
    }
}

/// Errors whose exit code is always the same; the hint is given as a function
/// from the error.
macro_rules! always {
    ($($error:ty => $code:expr, $hint:expr;)*) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                let hint: fn(&$error) -> Option<String> = $hint;
                Self::of($code, &error, hint(&error))
            }
        }
    )*};
}

always! {
    UnknownName => exit::USAGE, |error| Some(error.hint());
    ParseShapeError => exit::USAGE, |error| Some(error.hint().into());
    ShapeError => exit::USAGE, |error| error.hint().map(Into::into);
    NotationError => exit::USAGE, |_| None;
    Infeasible => exit::USAGE, |error| Some(error.hint());
    StrategyError => exit::USAGE, |error| Some(error.hint.clone());
    MetricError => exit::USAGE, MetricError::hint;
    SplitError => exit::DATA, |error| error.hint().map(Into::into);
    StudyError => exit::FAILED, StudyError::hint;
    ModuleError => exit::FAILED, |_| None;
    SupernetError => exit::USAGE, SupernetError::hint;
    TrainError => exit::FAILED, |_| None;
    ExportError => exit::FAILED, |_| None;
    WeightsError => exit::FAILED, |_| None;
    OnnxRuntimeError => exit::FAILED, |error| error.hint().map(Into::into);
}

/// A data option that is misspelt is a matter of the command line; all else of
/// the data.
impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        let code = match error {
            DataError::UnknownKind { .. }
            | DataError::PathMissing { .. }
            | DataError::PathNotTaken { .. }
            | DataError::OptionNotTaken { .. }
            | DataError::OptionValue { .. } => exit::USAGE,
            _ => exit::DATA,
        };
        Self::of(code, &error, error.hint())
    }
}

impl From<TimingError> for Failure {
    fn from(error: TimingError) -> Self {
        match error {
            TimingError::Supernet(error) => error.into(),
            TimingError::Module(error) => error.into(),
            other => Self::of(exit::FAILED, &other, None),
        }
    }
}

impl From<SearchError> for Failure {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Study(error) => error.into(),
            SearchError::Infeasible(error) => error.into(),
            SearchError::Strategy(error) => error.into(),
            SearchError::Shape(error) => error.into(),
            other => Self::of(exit::FAILED, &other, None),
        }
    }
}

impl From<PipelineError> for Failure {
    fn from(error: PipelineError) -> Self {
        match error {
            PipelineError::Data(error) => error.into(),
            PipelineError::Split(error) => error.into(),
            PipelineError::Settings(errors) => errors.into(),
            PipelineError::Space(error) => error.into(),
            PipelineError::Search(error) => error.into(),
            PipelineError::Table(TableError::UnknownData { .. }) => {
                Self::of(exit::USAGE, &error, error.hint())
            }
            PipelineError::Table(_) => Self::of(exit::DATA, &error, error.hint()),
            PipelineError::DataChanged { .. } => Self::of(exit::DATA, &error, error.hint()),
            PipelineError::Unknown(_)
            | PipelineError::Metric(_)
            | PipelineError::Word { .. }
            | PipelineError::Values(_)
            | PipelineError::Penalty(_)
            | PipelineError::EvaluatorForm { .. }
            | PipelineError::OptionNotTaken { .. }
            | PipelineError::OptionMissing { .. }
            | PipelineError::ClassWeights
            | PipelineError::Command(_)
            | PipelineError::NoProgram { .. }
            | PipelineError::InputShape(_)
            | PipelineError::SpaceOfTable { .. }
            | PipelineError::NoSupernet { .. }
            | PipelineError::OtherDecisions { .. }
            | PipelineError::Strategy(_)
            | PipelineError::Infeasible(_) => Self::of(exit::USAGE, &error, error.hint()),
            _ => Self::of(exit::FAILED, &error, error.hint()),
        }
    }
}

/// The fault is underlined in its line.
impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let mut failure = Self::of(exit::USAGE, &error, error.hint().map(Into::into));
        if let Some(excerpt) = error.excerpt() {
            failure.message = format!("{}\n{excerpt}", failure.message);
        }
        failure
    }
}

impl From<NamedSpaceError> for Failure {
    fn from(error: NamedSpaceError) -> Self {
        match error {
            NamedSpaceError::File(error) => error.into(),
            NamedSpaceError::Settings { errors } => errors.into(),
            other => Self::of(exit::USAGE, &other, other.hint()),
        }
    }
}

/// All faults at once, a line each.
impl From<Vec<SettingError>> for Failure {
    fn from(errors: Vec<SettingError>) -> Self {
        let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
        let mut hints: Vec<String> = errors.iter().filter_map(SettingError::hint).collect();
        hints.dedup();
        Self {
            code: exit::USAGE,
            message: lines.join("\nerror: "),
            hint: (!hints.is_empty()).then(|| hints.join("; ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_are_told_and_codes_survive_a_chain() {
        let missing = std::io::Error::from(std::io::ErrorKind::NotFound);
        let error = StudyError::File {
            action: "read",
            path: "runs/a".into(),
            source: missing,
        };
        let failure = Failure::from(error);
        assert_eq!(failure.code, exit::FAILED);
        assert!(failure.message.starts_with("cannot read `runs/a`: "));

        let usage = Failure::usage("budget is `x`: it takes a time").with_hint("write `60s`");
        let chain = anyhow::Error::from(usage.clone()).context("reading the configuration");
        assert_eq!(Failure::from(chain), usage);
        assert_eq!(Failure::from(anyhow::anyhow!("no")).code, exit::FAILED);
    }

    #[test]
    fn a_misspelt_kind_of_data_is_a_matter_of_usage() {
        let error = "digit".parse::<netsmith_nn::data::Source>().unwrap_err();
        let failure = Failure::from(error);
        assert_eq!(failure.code, exit::USAGE);
        assert_eq!(failure.hint.as_deref(), Some("did you mean `digits`?"));
    }
}
