//! The configuration of a run.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Everything that decides a run. As TOML it stands in the study; running it
/// again gives the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// `KIND[:PATH]` of the data.
    pub data: String,
    /// The column to predict (`csv`).
    pub target: Option<String>,
    /// Columns that are not read (`csv`).
    pub ignore: Vec<String>,
    /// The column whose equal values stay in one part (`csv`).
    pub split_by: Option<String>,
    /// Height and width of images (`image-folder`).
    pub image_size: Option<[usize; 2]>,
    /// The seed of the split.
    pub split_seed: u64,
    /// What judges a network; none: accuracy, or the root mean squared error.
    pub metric: Option<String>,
    /// Whether rare classes weigh more in the loss.
    pub class_weights: bool,
    /// The space; none: `chain` for images, `mlp` for tables.
    pub space: Option<String>,
    /// Parameters of the space.
    pub space_settings: BTreeMap<String, String>,
    /// The strategy.
    pub strategy: String,
    /// Parameters of the strategy.
    pub strategy_settings: BTreeMap<String, String>,
    /// Most trainable scalars.
    ///
    /// A text that does not set it has none: what a study holds is all there is.
    #[serde(default)]
    pub limit_parameters: Option<u64>,
    /// Most multiply-accumulate operations for one sample.
    pub limit_macs: Option<u64>,
    /// Most bytes of inference at batch 1.
    pub limit_memory: Option<u64>,
    /// Most milliseconds of inference at batch 1 on one thread.
    pub limit_latency: Option<f64>,
    /// Costs that should be small too: `parameters`, `macs`, `memory`, `latency`.
    pub minimize: Vec<String>,
    /// Seconds of the search and the full training of what it found.
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

impl Default for Config {
    /// The bundled digits, sixty seconds, at most 20,000 parameters.
    fn default() -> Self {
        Self {
            data: "digits".into(),
            target: None,
            ignore: Vec::new(),
            split_by: None,
            image_size: None,
            split_seed: 0,
            metric: None,
            class_weights: false,
            space: None,
            space_settings: BTreeMap::new(),
            strategy: "regularized-evolution".into(),
            strategy_settings: BTreeMap::new(),
            limit_parameters: Some(20_000),
            limit_macs: None,
            limit_memory: None,
            limit_latency: None,
            minimize: Vec::new(),
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
    /// The share of a budget of time that the search gets; the rest trains what
    /// it found.
    const SEARCH_SHARE: f64 = 0.6;

    /// Seconds of the search.
    pub(super) fn search_seconds(&self) -> Option<f64> {
        self.seconds.map(|seconds| seconds * Self::SEARCH_SHARE)
    }

    /// The names of [`Costs`](netsmith::trial::Costs) that should be small.
    pub(super) fn minimized(&self) -> Vec<String> {
        let name = |word: &String| match word.as_str() {
            "memory" => "peak_memory_bytes".to_owned(),
            "latency" => "latency_ms".to_owned(),
            other => other.to_owned(),
        };
        self.minimize.iter().map(name).collect()
    }

    /// Whether latency matters in the search.
    pub(super) fn needs_latency(&self) -> bool {
        self.limit_latency.is_some() || self.minimize.iter().any(|word| word == "latency")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_set_comes_back_unset() {
        let mut config = Config {
            seconds: None,
            trials: Some(40),
            limit_parameters: None,
            ..Config::default()
        };
        for _ in 0..2 {
            let text = toml::to_string(&config).unwrap();
            assert_eq!(toml::from_str::<Config>(&text).unwrap(), config);
            config = Config::default();
        }
    }
}
