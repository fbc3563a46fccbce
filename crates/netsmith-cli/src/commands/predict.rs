//! `netsmith predict RUN DATA`: the answers of a run's best network, or of another that
//! was trained in full, to new data.

use std::path::PathBuf;

use clap::Args;
use netsmith_nn::data::{Features, Task, read_inputs};
use netsmith_nn::module::Kernels;
use netsmith_nn::train::Predictor;
use serde::Serialize;

use super::best::{self, Which};
use crate::failure::Failure;
use crate::output::{Output, columns};

/// The arguments of `netsmith predict`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The run directory
    run: PathBuf,
    /// A CSV file with the columns of the training data, a picture, or a folder of pictures
    data: PathBuf,
    #[command(flatten)]
    which: Which,
}

/// All answers.
#[derive(Debug, Serialize)]
struct Predictions {
    run: PathBuf,
    predictions: Vec<Prediction>,
}

/// One answer: a class with its probability, or a value.
#[derive(Debug, Serialize)]
struct Prediction {
    /// A picture's file, or a row's number from 1.
    sample: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<String>,
    /// Of the class that is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    probability: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f32>,
}

/// Predicts.
///
/// # Errors
/// The run has no best network, or the data do not have its form.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let best = best::read(&arguments.run, &arguments.which)?;
    let inputs = read_inputs(&arguments.data, &best.record.schema)?;
    let task = best.record.task.clone();
    let normalization = &best.record.normalization;
    let kernels = Kernels::Fused;
    let mut predictor = Predictor::new(&best.network, &best.weights, normalization, task, kernels)?;
    let answers = predictor.predict(&raw(&inputs.features));
    let outputs = best.record.task.outputs();
    let named = inputs.names.into_iter().zip(answers.chunks_exact(outputs));
    let predictions = Predictions {
        run: arguments.run.clone(),
        predictions: named
            .map(|(sample, answer)| Prediction::of(sample, answer, &best.record.task))
            .collect(),
    };
    output.result(&predictions, || human(&predictions.predictions))
}

/// All samples behind each other.
fn raw(features: &Features) -> Vec<f32> {
    let size: usize = features.raw_shape().iter().product();
    let mut raw = vec![0.0; features.len() * size];
    for (row, sample) in raw.chunks_exact_mut(size).enumerate() {
        features.write_row(row, sample);
    }
    raw
}

impl Prediction {
    fn of(sample: String, answer: &[f32], task: &Task) -> Self {
        match task {
            Task::Classification { classes } => {
                let best = answer.iter().zip(classes).max_by(|a, b| a.0.total_cmp(b.0));
                Self {
                    sample,
                    class: best.map(|(_, class)| class.clone()),
                    probability: best.map(|(probability, _)| *probability),
                    value: None,
                }
            }
            Task::Regression { .. } => Self {
                sample,
                class: None,
                probability: None,
                value: answer.first().copied(),
            },
        }
    }
}

fn human(predictions: &[Prediction]) -> String {
    let row = |prediction: &Prediction| {
        let answer = match (&prediction.class, prediction.value) {
            (Some(class), _) => class.clone(),
            (None, value) => value.map_or_else(String::new, |value| value.to_string()),
        };
        let probability = prediction
            .probability
            .map_or_else(String::new, |probability| {
                format!("{:.1} %", probability * 100.0)
            });
        [prediction.sample.clone(), answer, probability]
    };
    columns(&predictions.iter().map(row).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_probable_class_is_the_answer() {
        let task = Task::Classification {
            classes: vec!["cat".into(), "dog".into()],
        };
        let prediction = Prediction::of("a.png".into(), &[0.25, 0.75], &task);
        assert_eq!(prediction.class.as_deref(), Some("dog"));
        assert_eq!(prediction.probability, Some(0.75));
        assert_eq!(human(&[prediction]), "a.png  dog  75.0 %\n");
    }
}
