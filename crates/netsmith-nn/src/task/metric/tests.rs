//! Metrics by numbers that were computed by hand, or by scikit-learn 1.9 on the same
//! predictions.

use super::*;
use crate::task::{Classification, Regression};

/// Logits of which the predicted class is the largest.
fn classes(predicted: &[u32], truth: &[u32]) -> Judged {
    let row = |class: u32| (0..4).map(move |c| f32::from(u8::from(c == class)));
    Judged {
        predictions: Column::real(predicted.iter().copied().flat_map(row).collect(), 4),
        truth: Column::index(truth.to_vec(), 1),
    }
}

#[track_caller]
fn check(name: &str, judged: &Judged, expected: f64) {
    let metric: Metric = name.parse().expect("there is one");
    let value = metric.measure(judged).value;
    assert!((value - expected).abs() < 1e-6, "{name}: {value}");
}

#[test]
fn classes_are_judged_as_computed_by_hand() {
    // Class 0: 3 of 4 right; class 1: 1 of 1 right, claimed twice; class 2
    // neither occurs nor is claimed; class 3 occurs once and is missed.
    let judged = classes(&[0, 0, 0, 1, 1, 0], &[0, 0, 0, 0, 1, 3]);
    check("accuracy", &judged, 4.0 / 6.0);
    check("balanced-accuracy", &judged, (0.75 + 1.0 + 0.0) / 3.0);
    check("macro-f1", &judged, (6.0 / 8.0 + 2.0 / 3.0 + 0.0) / 3.0);
}

fn two_classes() -> Judged {
    // Scores z_1 − z_0: 0.25, −0.5, 1.5, 0.25, −1, 0.75.
    let logits = vec![
        0.0, 0.25, 0.5, 0.0, 0.0, 1.5, 0.125, 0.375, 1.0, 0.0, 0.0, 0.75,
    ];
    Judged {
        predictions: Column::real(logits, 2),
        truth: Column::index(vec![0, 0, 1, 1, 0, 1], 1),
    }
}

#[test]
fn probabilities_are_judged_as_by_hand() {
    // Pairs of class 1 (1.5, 0.25, 0.75) over class 0 (0.25, −0.5, −1): 8 and a tie of 9.
    check("roc-auc", &two_classes(), 8.5 / 9.0);
    let softplus = |x: f64| x.exp().ln_1p();
    // The loss of class 1 with score s is log(1 + exp(−s)), of class 0 log(1 + exp(s)).
    let losses = [0.25, -0.5, -1.5, -0.25, -1.0, -0.75].map(softplus);
    check("log-loss", &two_classes(), losses.iter().sum::<f64>() / 6.0);
}

fn values() -> Judged {
    Judged {
        predictions: Column::real(vec![1.0, 2.0, 7.0], 1),
        truth: Column::real(vec![2.0, 2.0, 3.0], 1),
    }
}

#[test]
fn values_are_judged_as_computed_by_hand() {
    check("rmse", &values(), (17.0_f64 / 3.0).sqrt());
    check("mae", &values(), 5.0 / 3.0);
    // Mean 7/3; squared distances 1/9, 1/9 and 4/9.
    check("r2", &values(), 1.0 - 17.0 / (6.0 / 9.0));
}

#[test]
fn batches_add_up_and_nothing_is_not_a_number() {
    let halves = [
        classes(&[0, 0, 0], &[0, 0, 0]),
        classes(&[1, 1, 0], &[0, 1, 3]),
    ];
    let whole = classes(&[0, 0, 0, 1, 1, 0], &[0, 0, 0, 0, 1, 3]);
    for metric in Metric::all().filter(|metric| metric.0.build.kind == Kind::Classes) {
        if metric.0.build.two_classes {
            continue;
        }
        let mut meter = metric.meter();
        assert!(meter.value().is_nan(), "{metric}");
        halves.iter().for_each(|half| meter.add(half));
        let at_once = metric.measure(&whole).value;
        assert!((meter.value() - at_once).abs() < 1e-12, "{metric}");
    }
}

/// Every standard error is near the spread of the metric over draws of the samples.
#[test]
fn standard_errors_are_the_spread_over_draws() {
    use netsmith::random::{Random, Seed};
    use rand::RngExt;

    const SAMPLES: usize = 400;
    const DRAWS: u64 = 200;
    let draw = |kind: Kind, random: &mut Random| {
        let noise: Vec<f32> = crate::module::normal(random, 2 * SAMPLES);
        match kind {
            Kind::Classes => {
                let labels: Vec<u32> = (0..SAMPLES)
                    .map(|_| u32::from(random.random_bool(0.3)))
                    .collect();
                let rows = labels.iter().zip(&noise);
                let logits = rows.flat_map(|(label, noise)| [0.0, *label as f32 + noise - 0.5]);
                Judged {
                    predictions: Column::real(logits.collect(), 2),
                    truth: Column::index(labels, 1),
                }
            }
            Kind::Values => {
                let (truth, errors) = noise.split_at(SAMPLES);
                let predicted = truth.iter().zip(errors).map(|(t, e)| t + 0.5 * e);
                Judged {
                    predictions: Column::real(predicted.collect(), 1),
                    truth: Column::real(truth.to_vec(), 1),
                }
            }
        }
    };
    for metric in Metric::all() {
        let mut values = Moments::default();
        let mut errors = Moments::default();
        for number in 0..DRAWS {
            let mut random = Seed::new(7).nth(number).stream();
            let mut meter = metric.meter();
            meter.add(&draw(metric.0.build.kind, &mut random));
            values.add(meter.value());
            errors.add(meter.standard_error().expect("there are enough"));
        }
        let spread = values.standard_error().expect("there are draws") * (DRAWS as f64).sqrt();
        let ratio = errors.mean() / spread;
        // The spread of 200 draws is known to about 5 %.
        assert!((0.8..1.25).contains(&ratio), "{metric}: {ratio}");
    }
}

#[test]
fn a_metric_must_fit_the_task() {
    let regression = Regression::targets("price", vec![1.0]).task;
    let macro_f1: Metric = "macro-f1".parse().expect("there is one");
    let error = macro_f1.check(&*regression).expect_err("it has no classes");
    assert_eq!(
        error.to_string(),
        "metric `macro-f1`: does not fit a regression"
    );
    assert_eq!(error.hint().as_deref(), Some("choose one of rmse, mae, r2"));
    assert!(regression.default_metric().check(&*regression).is_ok());
    let auc: Metric = "roc-auc".parse().expect("there is one");
    assert!(auc.fits(&Classification::numbered(2)));
    assert!(!auc.fits(&Classification::numbered(3)));
}

#[test]
fn names_round_trip_and_slips_are_answered() {
    for metric in Metric::all() {
        assert_eq!(metric.name().parse(), Ok(metric));
    }
    let error = "acuracy".parse::<Metric>().expect_err("it is misspelt");
    assert_eq!(error.hint().as_deref(), Some("did you mean `accuracy`?"));
}

/// `tests/golden/metrics.py` asks scikit-learn about the same predictions.
#[test]
fn scikit_learn_says_the_same() {
    let golden: serde_json::Value =
        serde_json::from_str(include_str!("../../../tests/golden/metrics.json"))
            .expect("it is JSON");
    let numbers = |value: &serde_json::Value| -> Vec<f32> {
        let all = value.as_array().into_iter().flatten();
        all.filter_map(|number| Some(number.as_f64()? as f32))
            .collect()
    };
    let mut count = 0;
    for case in golden.as_array().expect("it is a list") {
        let predictions = numbers(&case["predictions"]);
        let truth = match case.get("classes") {
            Some(classes) => Column::index(numbers(classes).iter().map(|c| *c as u32).collect(), 1),
            None => Column::real(numbers(&case["numbers"]), 1),
        };
        let width = predictions.len() / truth.len();
        let judged = Judged {
            predictions: Column::real(predictions, width),
            truth,
        };
        for (name, value) in case["values"].as_object().expect("it is a map") {
            check(name, &judged, value.as_f64().expect("it is a number"));
            count += 1;
        }
    }
    assert_eq!(count, 12);
}
