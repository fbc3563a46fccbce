//! What people use instead of a network, on the same parts.

use crate::data::Part;
use crate::pipeline::once::once;
use crate::pipeline::prepare::Prepared;
use crate::pipeline::{Context, PipelineError};
use crate::rival::Problem;
use crate::task::Judged;
use netsmith::random::Seed;
use serde::{Deserialize, Serialize};

/// The study's entry with their results.
const ENTRY: &str = "rivals";

/// What one of them came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Beside {
    /// Its name.
    pub(super) name: String,
    /// The metric on the validation and on the test part.
    #[serde(with = "crate::pipeline::exact")]
    pub(super) validation: f64,
    #[serde(with = "crate::pipeline::exact")]
    pub(super) test: f64,
    /// The standard error of the latter.
    #[serde(with = "crate::pipeline::exact::optional")]
    pub(super) test_error: Option<f64>,
}

/// The rivals of the data's modality that give a finite value of the metric.
pub(super) fn beside(
    context: &Context<'_>,
    prepared: &Prepared,
    test: &Part,
) -> Result<Vec<Beside>, PipelineError> {
    let rivals = prepared.contract.modality.rivals();
    if rivals.is_empty() {
        return Ok(Vec::new());
    }
    once(context.study, ENTRY, || {
        let pool = context.all_threads()?;
        let (data, metric) = (&prepared.data, prepared.metric);
        let (train, valid) = (data.train(), data.valid());
        let seed = Seed::new(context.config.seed).child("rivals");
        let all = rivals.iter().map(|entry| {
            let problem = Problem {
                train: &train,
                parts: &[&valid, test],
            };
            let predicted = pool.install(|| (entry.build)(&problem, &seed.child(entry.name)));
            let mut meters = predicted
                .into_iter()
                .zip(problem.parts)
                .map(|(predictions, part)| {
                    let mut meter = metric.meter();
                    meter.add(&Judged {
                        predictions,
                        truth: part.targets().swap_remove(0),
                    });
                    (meter.value(), meter.standard_error())
                });
            let (validation, _) = meters.next()?;
            let (test, test_error) = meters.next()?;
            Some(Beside {
                name: entry.name.to_owned(),
                validation,
                test,
                test_error,
            })
        });
        let all = all.flatten().filter(|rival| rival.test.is_finite());
        Ok(all.collect())
    })
}
