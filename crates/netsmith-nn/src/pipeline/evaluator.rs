//! What says how good an architecture is, by name.

use super::{Config, PipelineError, scoring};
use crate::score;
use netsmith::catalogue::{Entry, Parameter, ParameterKind, Settings, find};
use netsmith::cost::{Direction, Unit};
use netsmith::evaluate::command::words;
use netsmith::evaluate::table::{self, TableEntry};
use netsmith::trial::Metric;

/// A kind of evaluator in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EvaluatorKind {
    /// Netsmith trains.
    Training,
    /// Netsmith scores without training.
    Score,
    /// An outside command does.
    Command,
    /// Somebody did before.
    Table,
}

/// All kinds of evaluators.
pub const EVALUATORS: &[Entry<EvaluatorKind>] = &[
    Entry::new(
        "training",
        "Trains the network for some epochs and judges it on the validation part.",
        EvaluatorKind::Training,
    ),
    Entry::new(
        "score",
        "`score:NAME`: a training-free score of the untrained network, such as `score:naswot`; only \
         the best networks are then trained.",
        EvaluatorKind::Score,
    )
    .parameters(&[Parameter {
        name: "batch",
        kind: ParameterKind::Integer(2, 4_096),
        default: "64",
        doc: "Training samples that networks are scored on.",
    }]),
    Entry::new(
        "command",
        "`command:LINE`: a program of your own evaluates, in any language. It gets one JSON object \
         on standard input and prints one JSON object of metrics a step.",
        EvaluatorKind::Command,
    )
    .parameters(&[
        Parameter {
            name: "epochs",
            kind: ParameterKind::Integer(1, 1_000_000),
            default: "10",
            doc: "Epochs that the command is asked for in each trial.",
        },
        Parameter {
            name: "timeout",
            kind: ParameterKind::Number(0.0, 1e9),
            default: "0",
            doc: "Seconds that a trial may take; 0: no limit.",
        },
        Parameter {
            name: "silence",
            kind: ParameterKind::Number(0.0, 1e9),
            default: "0",
            doc: "Seconds without a line after which a trial is given up; 0: no limit.",
        },
    ]),
    Entry::new(
        "table",
        "`table:NAME`: looks results up that somebody trained before, such as `table:nas-bench-201`. \
         A budget of time then counts simulated seconds.",
        EvaluatorKind::Table,
    )
    .parameters(&[Parameter {
        name: "folder",
        kind: ParameterKind::Path,
        default: "",
        doc: "The folder of the tables; without one, that of NETSMITH_DATA, or `../shared/data`.",
    }]),
];

/// The evaluator of a configuration.
pub(super) enum Chosen {
    /// Training, which needs nothing else.
    Training,
    /// A training-free score on so many samples.
    Score {
        entry: &'static score::Entry,
        batch: usize,
    },
    /// A command.
    Command {
        /// The program and its arguments.
        command: Vec<String>,
        settings: Settings,
    },
    /// A table.
    Table {
        entry: &'static TableEntry,
        settings: Settings,
    },
}

impl Chosen {
    /// Reads what a configuration names.
    pub(super) fn of(config: &Config) -> Result<Self, PipelineError> {
        let text = config.evaluator.as_str();
        let (name, what) = text.split_once(':').unwrap_or((text, ""));
        let entry = find("evaluator", EVALUATORS, name)?;
        let settings = Settings::new(entry.parameters, &config.evaluator_settings);
        let settings = settings.map_err(PipelineError::Settings)?;
        let needs = |missing: bool, form| match missing {
            true => Err(PipelineError::EvaluatorForm {
                given: text.to_owned(),
                form,
            }),
            false => Ok(()),
        };
        match entry.build {
            EvaluatorKind::Training => {
                needs(!what.is_empty(), "training")?;
                refuse_shapes(config, "training")?;
                Ok(Self::Training)
            }
            EvaluatorKind::Score => {
                needs(what.is_empty(), "score:NAME")?;
                refuse_shapes(config, "score")?;
                Ok(Self::Score {
                    entry: scoring::entry(what)?,
                    batch: settings.integer("batch"),
                })
            }
            EvaluatorKind::Command => {
                needs(what.trim().is_empty(), "command:LINE")?;
                let command = words(what)?;
                Ok(Self::Command { command, settings })
            }
            EvaluatorKind::Table => {
                needs(what.is_empty(), "table:NAME")?;
                let known = table::CATALOGUE;
                let entry = known.iter().find(|entry| entry.name == what);
                let unknown = || netsmith::catalogue::UnknownName {
                    kind: "table",
                    name: what.to_owned(),
                    known: known.iter().map(|entry| entry.name.to_owned()).collect(),
                };
                let entry = entry.ok_or_else(unknown)?;
                Ok(Self::Table { entry, settings })
            }
        }
    }
}

/// Shapes come from the data, unless somebody outside reads those.
fn refuse_shapes(config: &Config, by: &'static str) -> Result<(), PipelineError> {
    for (option, given) in [
        ("input", config.input.is_some()),
        ("classes", config.classes.is_some()),
    ] {
        if given {
            return Err(PipelineError::OptionNotTaken { option, by });
        }
    }
    Ok(())
}

impl Config {
    /// The metric that an outside command is judged by; nothing where another
    /// evaluator is chosen.
    pub fn command_metric(&self) -> Option<Metric> {
        self.evaluator.starts_with("command:").then(|| {
            let text = self.metric.as_deref().unwrap_or("validation_accuracy");
            match text.strip_suffix(":minimize") {
                Some(name) => Metric::new(name, Unit::Plain, Direction::Minimize),
                None if text == "validation_accuracy" => Metric::validation_accuracy(),
                None => {
                    let smaller = text.ends_with("_error") || text.ends_with("_loss");
                    let direction = match smaller {
                        true => Direction::Minimize,
                        false => Direction::Maximize,
                    };
                    Metric::new(text, Unit::Plain, direction)
                }
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(evaluator: &str) -> Config {
        Config {
            evaluator: evaluator.into(),
            ..Config::default()
        }
    }

    #[track_caller]
    fn refused(config: &Config, message: &str, hint: &str) {
        let error = Chosen::of(config).map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(error.hint().as_deref(), Some(hint));
    }

    #[test]
    fn names_and_forms() {
        assert!(matches!(
            Chosen::of(&Config::default()),
            Ok(Chosen::Training)
        ));
        let chosen = Chosen::of(&config("command:python 'a b.py'"));
        let Ok(Chosen::Command { command, .. }) = chosen else {
            panic!("it is a command");
        };
        assert_eq!(command, ["python", "a b.py"]);
        let chosen = Chosen::of(&config("table:nas-bench-201"));
        assert!(matches!(chosen, Ok(Chosen::Table { .. })));
        refused(
            &config("comand:x"),
            "there is no evaluator `comand`",
            "did you mean `command`?",
        );
        refused(
            &config("command"),
            "evaluator is `command`: it is of the form command:LINE",
            "see `netsmith list evaluators`",
        );
        refused(
            &config("table:nas-bench-202"),
            "there is no table `nas-bench-202`",
            "did you mean `nas-bench-201`?",
        );
    }

    #[test]
    fn options_of_others_are_refused() {
        let training = Config {
            input: Some("3x8x8".into()),
            ..Config::default()
        };
        refused(
            &training,
            "option `input`: does not apply to evaluator `training`",
            "leave the option out",
        );
        let mut command = config("command:x");
        let settings = [("silence".to_owned(), "-1".to_owned())];
        command.evaluator_settings = settings.into();
        let error = Chosen::of(&command).map(|_| ()).unwrap_err();
        assert!(error.to_string().starts_with("silence is `-1`"), "{error}");
    }

    #[test]
    fn a_command_names_its_metric() {
        let metric = |name: &str| {
            let mut config = config("command:x");
            config.metric = Some(name.into());
            config.command_metric().unwrap()
        };
        assert_eq!(metric("bleu").direction, Direction::Maximize);
        assert_eq!(metric("validation_error").direction, Direction::Minimize);
        let own = metric("seconds:minimize");
        assert_eq!(
            (&*own.name, own.direction),
            ("seconds", Direction::Minimize)
        );
        assert_eq!(metric("validation_accuracy"), Metric::validation_accuracy());
        assert_eq!(Config::default().command_metric(), None);
    }
}
