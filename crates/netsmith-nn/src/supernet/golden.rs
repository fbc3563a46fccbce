//! Three steps of DARTS and GDAS against PyTorch: the values in
//! `tests/golden/supernet.json` were written by `xtask/torch/golden_supernet.py`,
//! which builds the same supernet from the same integer hash.

use super::run::{Run, Totals};
use super::simplex::hardened;
use super::{Alphas, Draw, Method, Moment, Options, Search, Supernet, named, softmax};
use crate::data::{self, Batch, Column, Contract, LoadOptions, SplitOptions};
use crate::hashed::{hashed, weight};
use crate::module::Weights;
use netsmith::catalogue::Settings;
use netsmith::network::{Network, Shape};
use netsmith::random::{Random, Seed};
use netsmith::space::{Task, build_named};
use serde_json::Value;
use std::collections::BTreeMap;

const SAMPLES: usize = 16;
const SIZE: usize = 8;
const CLASSES: usize = 10;
const STEPS: usize = 3;
const RATE: f64 = 0.025;
const TEMPERATURE: f64 = 2.5;

const MOMENT: Moment = Moment {
    epoch: 0,
    epochs: 1,
};

fn batch(number: usize) -> Batch {
    let labels = (0..SAMPLES).map(|i| ((7 * i + 3 * number + 1) % CLASSES) as u32);
    Batch {
        inputs: vec![hashed(1000 + number as u64, SAMPLES * SIZE * SIZE)],
        targets: vec![Column::index(labels.collect(), 1)],
        weights: None,
        positions: (0..SAMPLES as u32).collect(),
    }
}

/// GDAS whose draws are given.
#[derive(Debug)]
struct Forced {
    options: Options,
}

impl Forced {
    fn draw(alphas: &Alphas, number: usize) -> Draw {
        let noise = hashed(2000 + number as u64, 30);
        let sites = alphas.logits.iter().zip(noise.chunks(5));
        let soft: Vec<Vec<f64>> = sites
            .map(|(logits, noise)| {
                let probabilities = softmax(logits, &[true; 5]);
                let noisy = probabilities.iter().zip(noise);
                let noisy = noisy.map(|(p, g)| (p.ln() + f64::from(*g)) / TEMPERATURE);
                softmax(&noisy.collect::<Vec<_>>(), &[true; 5])
            })
            .collect();
        let rates = |soft: &Vec<f64>| soft.iter().map(|p| p / TEMPERATURE).collect();
        Draw {
            mixture: soft.iter().map(|soft| hardened(soft)).collect(),
            rates: soft.iter().map(rates).collect(),
            soft,
        }
    }
}

impl Method for Forced {
    fn options(&self) -> &Options {
        &self.options
    }

    fn draw(&self, alphas: &Alphas, _moment: Moment, _random: &mut Random) -> Draw {
        Self::draw(alphas, 0)
    }
}

fn method(name: &str, settings: &[(&str, &str)]) -> Box<dyn Method> {
    let given: BTreeMap<String, String> = settings
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let entry = named(name).unwrap();
    (entry.build)(&Settings::new(entry.parameters, &given).unwrap())
}

/// What the steps gave: losses of the weights and of the architecture, and the
/// gradients of its parameters.
#[derive(Default)]
struct Seen {
    weights: Vec<f64>,
    architecture: Vec<f64>,
    gradients: Vec<Vec<Vec<f64>>>,
}

/// Makes the steps, each by `step` on two batches.
fn seen(method: &dyn Method, mut step: impl FnMut(&mut Run<'_>, usize, &mut Seen)) -> Seen {
    let task = Task::vector(Shape::image(1, SIZE, SIZE), CLASSES);
    let settings = [("channels", "4"), ("cells", "1")];
    let settings = settings.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let space = build_named("nas-bench-201", &task, &settings.into()).unwrap();
    let supernet = Supernet::of(&space).unwrap();
    let digits = data::load(&"digits".parse().unwrap(), &LoadOptions::default()).unwrap();
    let (data, _test) = digits.split(&SplitOptions::default()).unwrap();
    let (train, valid) = (data.train(), data.valid());
    let contract = Contract::fit(&train);
    let search = Search {
        seed: Seed::new(1),
        ..Search::new(&space, &supernet, method, [&train, &valid], &contract)
    };
    let mut state = search.start();
    state.weights = start(&supernet.network);
    let logits = hashed(500, 30);
    state.logits = logits
        .chunks(5)
        .map(|of| of.iter().map(|v| f64::from(*v)).collect())
        .collect();
    let mut run = search.begin(state).unwrap();
    let mut seen = Seen::default();
    for number in 0..STEPS {
        step(&mut run, number, &mut seen);
    }
    seen
}

/// Weights from the hash, which numbers them as the script does.
fn start(network: &Network) -> Weights {
    let mut weights = vec![Vec::new(); network.weights().len()];
    for (number, place) in in_order_of_the_script(network).into_iter().enumerate() {
        weights[place] = weight(network, place, number + 1);
    }
    Weights(weights)
}

/// The places of the weights in the order in which the script makes them: the
/// network has the edges of a cell in the order in which its output reaches
/// them, the script in that of their numbers.
fn in_order_of_the_script(network: &Network) -> Vec<usize> {
    let names: Vec<&str> = network.weights().iter().map(|w| w.name.as_str()).collect();
    let key = |place: usize| match names[place].split_once(".edge") {
        Some((cell, edge)) => {
            let first = names.iter().position(|name| name.starts_with(cell));
            (first.unwrap(), edge.split_once('.').unwrap().0)
        }
        None => (place, ""),
    };
    let mut places: Vec<usize> = (0..names.len()).collect();
    // Stable: the weights of an edge stay in their order.
    places.sort_by_key(|&place| key(place));
    places
}

fn weights_step(run: &mut Run<'_>, draw: &Draw, number: usize, seen: &mut Seen) {
    let mixture = run.search.supernet.mixture(&draw.mixture);
    let mut totals = Totals::default();
    run.step_on(&mixture, &batch(number), RATE, &mut totals)
        .unwrap();
    seen.weights.push(totals.losses[0]);
}

#[track_caller]
fn agree(seen: &Seen, name: &str) {
    let golden: Value =
        serde_json::from_str(include_str!("../../tests/golden/supernet.json")).unwrap();
    let golden = &golden[name];
    let number = |value: &Value| value.as_f64().unwrap();
    for step in 0..STEPS {
        for (found, expected) in [
            (seen.weights[step], &golden["weight_losses"][step]),
            (
                seen.architecture[step],
                &golden["architecture_losses"][step],
            ),
        ] {
            let expected = number(expected);
            assert!(
                (found - expected).abs() < 1e-5,
                "{name} {step}: {found} {expected}"
            );
        }
        let (mut errors, mut squares) = (0.0, 0.0);
        for (site, slopes) in seen.gradients[step].iter().enumerate() {
            for (k, found) in slopes.iter().enumerate() {
                let expected = number(&golden["gradients"][step][site][k]);
                errors += (found - expected).powi(2);
                squares += expected.powi(2);
            }
        }
        assert!(
            errors.sqrt() < 1e-3 * squares.sqrt(),
            "{name} {step}: {errors} of {squares}"
        );
    }
}

fn darts(second_order: &str) -> Seen {
    let settings = [("second-order", second_order), ("none", "true")];
    let method = method("darts", &settings);
    seen(method.as_ref(), |run, number, seen| {
        let [train, valid] = [batch(2 * number), batch(2 * number + 1)];
        let draw = run.draw(MOMENT, &Seed::new(0));
        let (loss, gradient) = match second_order {
            "true" => run.second_order(&draw, [&train, &valid], MOMENT, RATE),
            _ => run.first_order(&draw, &valid, MOMENT),
        };
        run.adam(&gradient);
        seen.architecture.push(loss);
        seen.gradients.push(gradient);
        let draw = run.draw(MOMENT, &Seed::new(0));
        weights_step(run, &draw, 2 * number, seen);
    })
}

#[test]
fn darts_of_both_orders_is_that_of_pytorch() {
    agree(&darts("false"), "darts");
    agree(&darts("true"), "darts_second_order");
}

#[test]
fn gdas_of_both_forms_is_that_of_pytorch() {
    for (left_out, name) in [("nothing", "gdas"), ("ones", "gdas_ones")] {
        let gdas = method("gdas", &[("left-out", left_out), ("none", "true")]);
        let forced = Forced {
            options: *gdas.options(),
        };
        let seen = seen(&forced, |run, number, seen| {
            let draw = Forced::draw(&run.alphas(), 2 * number);
            weights_step(run, &draw, 2 * number, seen);
            let draw = Forced::draw(&run.alphas(), 2 * number + 1);
            let (loss, gradient) = run.first_order(&draw, &batch(2 * number + 1), MOMENT);
            run.adam(&gradient);
            seen.architecture.push(loss);
            seen.gradients.push(gradient);
        });
        agree(&seen, name);
    }
}
