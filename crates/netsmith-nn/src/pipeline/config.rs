//! The configuration of a run.

use super::{PipelineError, written_limits};
use crate::supernet;
use netsmith::catalogue::UnknownName;
use netsmith::cost::{Cost, LATENCY, PARAMETERS};
use netsmith::objective::{Objective, PenaltyError};
use netsmith::space::Limits;
use netsmith::trial::Metric;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What should be small where nothing is named.
pub(super) const THRIFT: [Cost; 2] = [LATENCY, PARAMETERS];

/// Everything that decides a run. As TOML it stands in the study; running it
/// again gives the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// What says how good an architecture is: `training`, `score:NAME`,
    /// `command:LINE` or `table:NAME`.
    pub evaluator: String,
    /// Parameters of the evaluator.
    pub evaluator_settings: BTreeMap<String, String>,
    /// `KIND[:PATH]` of the data. A table: one of its data sets, none: the first.
    /// A command: what it is told, as it stands.
    pub data: String,
    /// Shape of one sample (`command`).
    pub input: Option<String>,
    /// Number of classes, or 1 for a regression (`command`).
    pub classes: Option<usize>,
    /// The column to predict (`csv`).
    pub target: Option<String>,
    /// `classification` or `regression` (`csv`); none: as the target looks.
    pub task: Option<String>,
    /// Columns of categories although their values are numbers (`csv`).
    pub categories: Vec<String>,
    /// Columns that are not read (`csv`).
    pub ignore: Vec<String>,
    /// The column whose equal values stay in one part (`csv`).
    pub split_by: Option<String>,
    /// Texts of missing values, beside the empty one (`csv`); none: the usual ones.
    pub missing: Vec<String>,
    /// What stands before decimals, `,` or `.` (`csv`); none: as columns look.
    pub decimal: Option<String>,
    /// What stands between cells (`csv`); none: as the first records look.
    pub delimiter: Option<String>,
    /// The encoding of the text (`csv`); none: UTF-8.
    pub encoding: Option<String>,
    /// Height and width of images (`image-folder`).
    pub image_size: Option<[usize; 2]>,
    /// The seed of the split.
    pub split_seed: u64,
    /// Whether each sample is drawn by itself, also where it stands several times: equal
    /// samples then fall into several parts.
    pub split_equal: bool,
    /// What judges a network; none: accuracy, or the root mean squared error. A
    /// command: a name that it prints, with `:minimize` behind it where less is
    /// better; none: `validation_accuracy`.
    pub metric: Option<String>,
    /// Whether rare classes weigh more in the loss.
    pub class_weights: bool,
    /// The space; none: `chain` for images, `mlp` for tables.
    pub space: Option<String>,
    /// Parameters of the space.
    pub space_settings: BTreeMap<String, String>,
    /// Those that are different in the supernet, which may be smaller than the
    /// networks that are trained by themselves.
    pub proxy_settings: BTreeMap<String, String>,
    /// The strategy.
    pub strategy: String,
    /// Parameters of the strategy.
    pub strategy_settings: BTreeMap<String, String>,
    /// A training-free score that chooses among several proposals which is
    /// evaluated, as `SCORE` or `SCORE:N`; none: all are.
    pub filter: Option<String>,
    /// Training-free scores that help a strategy with a predictor choose; nothing: the
    /// usual ones behind a supernet and where a trial is worth them, `none`: none.
    pub assist: Vec<String>,
    /// Whether the trials of children start from their parents' weights.
    pub inherit_weights: bool,
    /// The most that a network may cost: numbers in the unit of the cost, or texts with
    /// a unit.
    ///
    /// A text that sets none has none: what a study holds is all there is.
    #[serde(default, with = "written_limits")]
    pub limits: Limits,
    /// What ends poor trials early.
    #[serde(default)]
    pub stopping: Stopping,
    /// Whether what is trained in full learns from the best trials of the search too.
    pub distillation: bool,
    /// Costs that should be small too, by their names.
    pub minimize: Vec<String>,
    /// Which of the networks that were trained in full is handed over.
    pub prefer: Prefer,
    /// What lowers the score of costly networks, each as
    /// [`Penalty`](netsmith::objective::Penalty) is written: `parameters=50k:soft`.
    pub penalties: Vec<String>,
    /// Seconds of the search and the full training of what it found; on a table,
    /// simulated seconds of the search.
    ///
    /// A text that does not set it has none.
    #[serde(default)]
    pub seconds: Option<f64>,
    /// Trials of the search.
    pub trials: Option<u64>,
    /// Most seconds of the verification; none: half of the budget; 0: off.
    pub verify: Option<f64>,
    /// The seed of everything random but the split.
    pub seed: u64,
    /// Evaluations at a time.
    pub workers: usize,
    /// Threads of each.
    pub threads: usize,
    /// `fused` or `burn`.
    pub kernels: String,
    /// The run directory; none: a new one in `runs`.
    #[serde(skip)]
    pub run: Option<PathBuf>,
}

/// Which of the networks that were trained in full is handed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Prefer {
    /// Of those that are as good as the best within the error of a comparison the one
    /// that costs the least: of `minimize`, or else of latency and parameters, which the
    /// search then keeps small too.
    #[default]
    Efficiency,
    /// The best.
    Accuracy,
}

/// What ends poor trials early.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stopping {
    /// The median, where nothing else should be small, which would end what is small and
    /// good for its size, and where the strategy has no rungs of epochs: whatever has
    /// them ends what is poor by itself.
    #[default]
    Auto,
    /// Worse than the median of the others at the same step.
    Median,
    /// Not likely to end better than the best, as its curve goes.
    Extrapolation,
    /// Nothing.
    Off,
}

impl Default for Config {
    /// The bundled digits, sixty seconds, at most 20,000 parameters.
    fn default() -> Self {
        Self {
            evaluator: "training".into(),
            evaluator_settings: BTreeMap::new(),
            input: None,
            classes: None,
            data: "digits".into(),
            target: None,
            task: None,
            categories: Vec::new(),
            ignore: Vec::new(),
            split_by: None,
            missing: Vec::new(),
            decimal: None,
            delimiter: None,
            encoding: None,
            image_size: None,
            split_seed: 0,
            split_equal: false,
            metric: None,
            class_weights: false,
            space: None,
            space_settings: BTreeMap::new(),
            proxy_settings: BTreeMap::new(),
            strategy: "auto".into(),
            strategy_settings: BTreeMap::new(),
            filter: None,
            assist: Vec::new(),
            inherit_weights: false,
            limits: Limits::FREE.with(PARAMETERS, 20_000.0),
            stopping: Stopping::default(),
            distillation: true,
            minimize: Vec::new(),
            prefer: Prefer::default(),
            penalties: Vec::new(),
            seconds: Some(60.0),
            trials: None,
            verify: None,
            seed: 1,
            workers: 2,
            threads: 1,
            kernels: "fused".into(),
            run: None,
        }
    }
}

impl Config {
    /// The configuration that a TOML text describes: of a file, or of a study, also of
    /// one from before there was a table of limits.
    ///
    /// # Errors
    /// The text is no TOML, or sets what there is not.
    pub fn read(text: &str) -> Result<Self, toml::de::Error> {
        let mut table: toml::Table = toml::from_str(text)?;
        if written_limits::gather(&mut table) {
            table.try_into()
        } else {
            // Errors name their line only where the text itself is read.
            toml::from_str(text)
        }
    }

    /// As [`Config::read`], from a study: one of a version that knew no preference and no
    /// distillation goes on as it would have.
    ///
    /// # Errors
    /// As [`Config::read`].
    pub fn recorded(text: &str) -> Result<Self, toml::de::Error> {
        let table: toml::Table = toml::from_str(text)?;
        let config = Self::read(text)?;
        Ok(match table.contains_key("prefer") {
            true => config,
            false => Self {
                prefer: Prefer::Accuracy,
                distillation: false,
                ..config
            },
        })
    }

    /// The share of a budget of time that the search gets; the rest trains what
    /// it found.
    const SEARCH_SHARE: f64 = 0.6;

    /// Seconds of the search.
    pub(super) fn search_seconds(&self) -> Option<f64> {
        self.seconds.map(|seconds| seconds * Self::SEARCH_SHARE)
    }

    /// The same with the supernet's space in place of the space.
    pub(super) fn proxy(&self) -> Self {
        let mut proxy = self.clone();
        proxy.space_settings.extend(self.proxy_settings.clone());
        proxy
    }

    /// What the search is after, with a metric of the validation part.
    ///
    /// # Errors
    /// A penalty that is none, or no such cost to minimise.
    pub fn objective(&self, metric: Metric) -> Result<Objective, PipelineError> {
        let penalties = self.penalties.iter().map(|text| text.parse());
        let minimized = self.minimize.iter().map(|name| Cost::named(name));
        let mut objective = Objective {
            metric,
            penalties: penalties.collect::<Result<_, PenaltyError>>()?,
            minimized: minimized.collect::<Result<_, UnknownName>>()?,
        };
        if self.seeks_efficiency() {
            objective.minimized = THRIFT.to_vec();
        }
        Ok(objective)
    }

    /// Whether the search looks for networks of all sizes although no cost was named:
    /// trials are trained one by one, and no penalty says what a cost is worth.
    pub(super) fn seeks_efficiency(&self) -> bool {
        self.prefer == Prefer::Efficiency
            && self.evaluator == "training"
            && self.minimize.is_empty()
            && self.penalties.is_empty()
            && supernet::named(&self.strategy).is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsmith::cost::{MACS, MEMORY};

    #[test]
    fn a_study_without_a_preference_hands_over_the_best() {
        let text = "data = \"digits\"\nseconds = 5.0\n";
        assert_eq!(Config::read(text).unwrap().prefer, Prefer::Efficiency);
        assert_eq!(Config::recorded(text).unwrap().prefer, Prefer::Accuracy);
        let ours = toml::to_string(&Config::default()).unwrap();
        assert_eq!(Config::recorded(&ours).unwrap(), Config::default());
    }

    #[test]
    fn networks_of_all_sizes_unless_something_else_is_said() {
        let minimized = |config: Config| {
            let objective = config.objective(Metric::validation_accuracy());
            objective.unwrap().minimized
        };
        let usual = Config::default;
        assert_eq!(minimized(usual()), THRIFT);
        let named = Config {
            minimize: vec!["macs".into()],
            ..usual()
        };
        assert_eq!(minimized(named), [MACS]);
        let best = Config {
            prefer: Prefer::Accuracy,
            ..usual()
        };
        let penalised = Config {
            penalties: vec!["parameters=50k:soft".into()],
            ..usual()
        };
        let shared = Config {
            strategy: "gdas".into(),
            ..usual()
        };
        for other in [best, penalised, shared] {
            assert_eq!(minimized(other), []);
        }
    }

    #[test]
    fn the_objective_is_what_was_asked_for() {
        let mut config = Config {
            minimize: vec!["memory".into()],
            penalties: vec!["latency=5ms:hard".into()],
            ..Config::default()
        };
        let objective = config.objective(Metric::validation_accuracy()).unwrap();
        assert!(objective.weighs(LATENCY) && objective.weighs(MEMORY));
        assert!(!objective.weighs(MACS));
        config.minimize = vec!["latncy".into()];
        let error = config.objective(Metric::validation_accuracy()).unwrap_err();
        assert_eq!(error.to_string(), "there is no cost `latncy`");
        assert_eq!(error.hint().unwrap(), "did you mean `latency`?");
    }

    #[test]
    fn what_is_not_set_comes_back_unset() {
        let mut config = Config {
            seconds: None,
            trials: Some(40),
            limits: Limits::FREE,
            ..Config::default()
        };
        for _ in 0..2 {
            let text = toml::to_string(&config).unwrap();
            assert_eq!(Config::read(&text).unwrap(), config);
            config = Config::default();
        }
    }
}
