//! What every task must keep.

use super::*;
use crate::data::modality::Images;
use crate::data::testing::train_part;
use crate::data::{Column, Contract, Samples, Targets};
use netsmith::random::Seed;

const SAMPLES: usize = 12;

/// Targets of each task, with their samples.
fn cases() -> Vec<(Samples, Targets)> {
    let names = || vec!["a".to_owned(), "b".to_owned(), "c".to_owned()];
    let labels = |count: usize| {
        (0..count as u32)
            .map(|i| (7 * i + 1) % 3)
            .collect::<Vec<_>>()
    };
    let mut positions = labels(SAMPLES * 4);
    positions[3] = IGNORED;
    positions[6] = IGNORED;
    let values = (0..SAMPLES).map(|i| 100.0 + (i * i) as f32).collect();
    [
        Classification::targets(labels(SAMPLES), names()),
        Regression::targets("y", values),
        SequenceLabelling::targets(positions, 4, names()),
    ]
    .map(|targets| (Images::samples(vec![0; SAMPLES * 4], [1, 1, 4]), targets))
    .into()
}

/// The contract and the training part of each task.
fn fitted() -> Vec<(Contract, Part)> {
    let fit = |(samples, targets)| {
        let part = train_part(samples, targets, SAMPLES - 2);
        (Contract::fit(&part), part)
    };
    cases().into_iter().map(fit).collect()
}

#[test]
fn the_cases_are_all_tasks() {
    let names: Vec<&str> = fitted()
        .iter()
        .map(|(contract, _)| contract.task.name())
        .collect();
    let all: Vec<&str> = CATALOGUE.iter().map(|entry| entry.name).collect();
    assert_eq!(names, all);
}

#[test]
fn the_gradient_of_the_loss_is_its_slope() {
    for (contract, part) in fitted() {
        let task = &contract.task;
        let size = contract.space_task().head.output().elements();
        let mut targets = part.targets();
        task.encode(&mut targets);
        let loss = task.loss(&LossOptions {
            label_smoothing: 0.1,
        });
        let outputs = crate::module::normal(&mut Seed::new(3).stream(), part.len() * size);
        let weights: Vec<f32> = (0..part.len()).map(|i| 0.5 + i as f32).collect();
        let mut gradient = vec![0.0; outputs.len()];
        loss.of(&outputs, &targets, Some(&weights), &mut gradient);
        for place in 0..outputs.len() {
            let at = |sign: f32| {
                let mut moved = outputs.clone();
                moved[place] += sign * 1e-2;
                loss.of(
                    &moved,
                    &targets,
                    Some(&weights),
                    &mut vec![0.0; outputs.len()],
                )
            };
            let slope = (at(1.0) - at(-1.0)) / 2e-2;
            let apart = (slope - f64::from(gradient[place])).abs();
            assert!(apart < 1e-4, "{} at {place}: {apart}", task.name());
        }
    }
}

#[test]
fn a_record_makes_the_same_task_again() {
    for (contract, _) in fitted() {
        let text = serde_json::to_string(&contract).expect("it is plain data");
        let again: Contract = serde_json::from_str(&text).expect("it was just written");
        assert_eq!(again, contract);
        let mut outputs = vec![0.5; contract.space_task().head.output().elements()];
        outputs[0] = 2.0;
        let mut same = outputs.clone();
        contract.task.decode(&mut outputs);
        again.task.decode(&mut same);
        assert_eq!(contract.task.answer(&outputs), again.task.answer(&same));
    }
}

/// Predictions that are the truth are judged as perfect, by every metric that fits.
#[test]
fn the_truth_is_judged_as_perfect() {
    for (contract, part) in fitted() {
        let task = &contract.task;
        let targets = part.targets();
        let judged = task.judged(truth_as_outputs(&contract, &part), &targets);
        assert_eq!(judged.predictions.len(), judged.truth.len());
        for metric in Metric::all().filter(|metric| metric.fits(&**task)) {
            let perfect = match metric.name() {
                "rmse" | "mae" | "log-loss" => 0.0,
                _ => 1.0,
            };
            let value = metric.measure(&judged).value;
            assert!(
                (value - perfect).abs() < 1e-4,
                "{metric} of {}: {value}",
                task.name()
            );
        }
    }
}

/// Outputs of a network that is always right and sure.
fn truth_as_outputs(contract: &Contract, part: &Part) -> Vec<f32> {
    let mut targets = part.targets();
    contract.task.encode(&mut targets);
    let column: &Column = &targets[0];
    if !column.reals().is_empty() {
        return column.reals().to_vec();
    }
    let [classes, positions] = {
        let output = contract.space_task().head.output();
        [output.channels(), output.elements() / output.channels()]
    };
    let mut outputs = vec![0.0; column.len() * classes * positions];
    for (place, class) in column.indices().iter().enumerate() {
        if *class != IGNORED {
            let (sample, position) = (place / positions, place % positions);
            outputs[(sample * classes + *class as usize) * positions + position] = 20.0;
        }
    }
    outputs
}

#[test]
fn drawn_targets_are_targets() {
    for (contract, _) in fitted() {
        let drawn = contract.task.random(5, &mut Seed::new(1).stream());
        let size = contract.space_task().head.output().elements();
        let mut gradient = vec![0.0; 5 * size];
        let loss = contract.task.loss(&LossOptions::default());
        let value = loss.of(&vec![0.0; 5 * size], &drawn, None, &mut gradient);
        assert!(value.is_finite() && value > 0.0, "{}", contract.task.name());
    }
}

/// A network with a head for each position learns to label sequences: class 1 where the
/// sequence is high.
#[test]
fn sequences_are_labelled() {
    use crate::data::{Dataset, SplitOptions};
    use crate::module::Kernels;
    use crate::train::{Predictor, Recipe, Training};
    use netsmith::catalogue::Settings;
    use netsmith::network::Shape;
    use netsmith::space::{Form, Limits};

    const LENGTH: usize = 8;
    const COUNT: usize = 200;
    let pixels: Vec<u8> = (0..COUNT * LENGTH)
        .map(|i| ((i * 2_654_435_761) >> 7) as u8)
        .collect();
    let labels = pixels.iter().map(|pixel| u32::from(*pixel > 127)).collect();
    let samples = Images::samples(pixels, [1, 1, LENGTH]);
    let names = vec!["low".into(), "high".into()];
    let targets = SequenceLabelling::targets(labels, LENGTH, names);
    let data = Dataset::new(samples, targets, crate::data::testing::origin());
    let (search, _test) = data
        .split(&SplitOptions::default())
        .expect("it is large enough");
    let (train, valid) = (search.train(), search.valid());
    let contract = Contract::fit(&train);
    let task = contract.space_task();
    assert_eq!(task.head.output(), Shape::image(2, 1, LENGTH));

    let entry = netsmith::space::CATALOGUE
        .iter()
        .find(|entry| entry.name == "chain");
    let entry = entry.expect("there is one");
    let space = (entry.build)(&task, &Settings::defaults(entry.parameters)).expect("it fits");
    let drawn = space.sample(&Limits::default(), &mut Seed::new(2).stream());
    let network = space
        .resolve(&drawn.expect("there is one"), Form::Final)
        .expect("it fits");
    let recipe = Recipe {
        epochs: 12,
        augmentation: false,
        ..Recipe::images(train.len())
    };
    let training = Training::new(&network, &train, &contract, &recipe, Seed::new(1));
    let trained = training
        .run(training.start(), &mut ())
        .expect("it can be trained");
    let kernels = Kernels::Fused;
    let predictor = Predictor::new(&network, &trained.weights, &contract, kernels);
    let metric = contract.task.default_metric();
    let measured = predictor.expect("it runs").measure(&valid, metric);
    // The features are half as long as the sequence in some architectures, so that
    // neighbours share what is known of them.
    assert!(measured.metric.value > 0.8, "{measured:?}");
}
