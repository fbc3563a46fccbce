//! What the learning curves of a table tell of cheaper evaluations.

use super::Bench;
use crate::statistics::spearman;
use crate::stopping::{Extrapolation, Rule};
use crate::trial::{Fidelity, Metric, Outcome, Proposal, Trial};
use serde::Serialize;

/// Forecasts are judged from this share of each curve.
const FORECAST_FROM: f64 = 0.5;

/// How well the first epochs of a table's trainings tell their ends.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CurveFacts {
    /// Epochs of a whole training.
    pub epochs: u32,
    /// What ended trainings early: `off`, `median` or `extrapolation`.
    pub stopping: &'static str,
    /// By epoch, from the first to the last but one: Spearman's correlation of
    /// the accuracies after it with those after the last.
    pub agreement: Vec<Option<f64>>,
    /// How far forecasts of the ends missed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forecast: Option<ForecastFacts>,
}

/// Forecasts of the ends of all curves of a table.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ForecastFacts {
    /// The share of each curve that was known.
    pub from: f64,
    /// The mean absolute error, as a fraction.
    pub mean_absolute: f64,
    /// The mean of forecast less truth, as a fraction.
    pub bias: f64,
    /// The share of the truths within two deviations of their forecast.
    pub covered: f64,
}

impl Bench<'_> {
    /// Nothing where the table knows only how its trainings ended.
    pub(super) fn curve_facts(&self) -> Option<CurveFacts> {
        let epochs = self.table.epochs();
        if epochs < 2 {
            return None;
        }
        let after = |epoch| -> Vec<f64> {
            let rows = self.table.rows();
            rows.map(|row| self.table.accuracy_after(self.data, row, epoch))
                .collect()
        };
        let last = after(epochs);
        let trials = self.table.rows().map(|row| {
            let proposal = Proposal {
                number: row.index() as u64,
                architecture: String::new(),
                key: String::new(),
                fidelity: Fidelity::epochs(epochs),
                seed: 0,
                parent: None,
            };
            Trial {
                curves: self.curves(row, epochs),
                ..proposal.complete(Outcome::Finished)
            }
        });
        let trials: Vec<Trial> = trials.collect();
        let metric = Metric::validation_accuracy();
        let forecast = Extrapolation::error(&metric.name, &trials, FORECAST_FROM);
        Some(CurveFacts {
            epochs,
            stopping: match &self.stopping {
                None => "off",
                Some(Rule::Median(_)) => "median",
                Some(Rule::Extrapolation(_)) => "extrapolation",
            },
            agreement: (1..epochs)
                .map(|epoch| spearman(&after(epoch), &last))
                .collect(),
            forecast: forecast.map(|own| ForecastFacts {
                from: FORECAST_FROM,
                mean_absolute: own.mean_absolute,
                bias: own.bias,
                covered: own.covered,
            }),
        })
    }
}
