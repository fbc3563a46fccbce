//! `netsmith predict RUN DATA`: the answers of a run's best network, or of another that
//! was trained in full, to new data.

use std::path::PathBuf;

use clap::Args;
use netsmith_nn::data::Contract;
use netsmith_nn::data::modality::NewSamples;
use netsmith_nn::module::Kernels;
use netsmith_nn::task::Answer;
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

/// One answer: a class with its probability, a value, or a class for each position.
#[derive(Debug, Default, Serialize)]
struct Prediction {
    /// A picture's file, or a row's number from 1.
    sample: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<String>,
    /// Of the class that is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    probability: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    classes: Option<Vec<String>>,
}

/// Predicts.
///
/// # Errors
/// The run has no best network, or the data do not have its form.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let best = best::read(&arguments.run, &arguments.which)?;
    let contract = &best.record.contract;
    let samples = contract.modality.read(&arguments.data)?;
    let mut predictor = Predictor::new(&best.network, &best.weights, contract, Kernels::Fused)?;
    let answers = predictor.predict(&raw(contract, &samples));
    let size = answers.len() / samples.len();
    let named = samples.names.into_iter().zip(answers.chunks_exact(size));
    let predictions = Predictions {
        run: arguments.run.clone(),
        predictions: named
            .map(|(sample, answer)| Prediction::of(sample, contract.task.answer(answer)))
            .collect(),
    };
    output.result(&predictions, || human(&predictions.predictions))
}

/// All samples, one after the other.
fn raw(contract: &Contract, samples: &NewSamples) -> Vec<f32> {
    let size: usize = contract.modality.raw_shape().iter().product();
    let mut raw = vec![0.0; samples.len() * size];
    for (row, sample) in raw.chunks_exact_mut(size).enumerate() {
        contract.modality.write_raw(&samples.columns, row, sample);
    }
    raw
}

impl Prediction {
    fn of(sample: String, answer: Answer) -> Self {
        let mut prediction = Self {
            sample,
            ..Self::default()
        };
        match answer {
            Answer::Class { class, probability } => {
                prediction.class = Some(class);
                prediction.probability = Some(probability);
            }
            Answer::Value(value) => prediction.value = Some(value),
            Answer::Classes(classes) => prediction.classes = Some(classes),
        }
        prediction
    }
}

fn human(predictions: &[Prediction]) -> String {
    let row = |prediction: &Prediction| {
        let value = prediction.value.map(|value| value.to_string());
        let classes = prediction.classes.as_ref().map(|classes| classes.join(" "));
        let answer = prediction.class.clone().or(value).or(classes);
        let answer = answer.unwrap_or_default();
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
    use netsmith_nn::task::{Classification, Task};

    #[test]
    fn the_most_probable_class_is_the_answer() {
        let task = Classification {
            classes: vec!["cat".into(), "dog".into()],
        };
        let prediction = Prediction::of("a.png".into(), task.answer(&[0.25, 0.75]));
        assert_eq!(prediction.class.as_deref(), Some("dog"));
        assert_eq!(prediction.probability, Some(0.75));
        assert_eq!(human(&[prediction]), "a.png  dog  75.0 %\n");
    }
}
