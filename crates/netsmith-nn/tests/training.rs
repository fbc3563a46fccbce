//! Training on the bundled digits: how well it goes, and that it repeats.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use netsmith::network::operation::{Activation, BatchNorm, Convolution, Dropout, Linear, Pool};
use netsmith::network::{Builder, Network, Operation, Shape};
use netsmith::random::Seed;
use netsmith_nn::data::{self, Contract, LoadOptions, Part, SplitOptions};
use netsmith_nn::module::{Kernels, Weights};
use netsmith_nn::train::{
    Checkpoint, Decision, End, Epoch, Observer, Optimizer, Predictor, Recipe, TrainError, Trained,
    Training,
};
use std::time::Instant;

struct Digits {
    train: Part,
    valid: Part,
    contract: Contract,
}

fn digits() -> Digits {
    let data = data::load(&"digits".parse().unwrap(), &LoadOptions::default()).unwrap();
    let (search, _test) = data.split(&SplitOptions::default()).unwrap();
    let (train, valid) = (search.train(), search.valid());
    let contract = Contract::fit(&train);
    Digits {
        train,
        valid,
        contract,
    }
}

/// Two convolutions with normalisation, some dropout, and a head.
fn network(classes: usize) -> Network {
    let mut builder = Builder::new();
    let mut x = builder.input("image", Shape::image(1, 8, 8));
    for (block, out) in [16_usize, 32].into_iter().enumerate() {
        let convolution = Operation::Convolution(Convolution::square(out, 3_usize, 1_usize));
        let norm = Operation::BatchNorm(BatchNorm { affine: true });
        let relu = Operation::Activation(Activation::Relu);
        let pool = Operation::MaxPool(Pool::square(2_usize, 2_usize));
        for (name, operation) in [
            ("convolution", convolution),
            ("norm", norm),
            ("relu", relu),
            ("pool", pool),
        ] {
            x = builder
                .add(&format!("block{block}.{name}"), operation, &[x])
                .unwrap();
        }
    }
    let x = builder.add("pool", Operation::GlobalPool, &[x]).unwrap();
    let x = builder
        .add("dropout", Operation::Dropout(Dropout { rate: 0.1 }), &[x])
        .unwrap();
    let x = builder
        .add("head", Operation::Linear(Linear::new(classes)), &[x])
        .unwrap();
    builder.finish(&[x])
}

fn recipe(epochs: usize) -> Recipe {
    Recipe {
        epochs,
        batch_size: 64,
        ..Recipe::images(1_000)
    }
}

fn go_on(_: &Epoch, _: &Checkpoint) -> Decision {
    Decision::Continue
}

fn run(training: &Training<'_>) -> Trained {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    pool.install(|| training.run(training.start(), &mut go_on).unwrap())
}

#[test]
fn digits_are_learnt_in_seconds() {
    let (data, network, recipe) = (digits(), network(10), recipe(12));
    let training = Training::new(&network, &data.train, &data.contract, &recipe, Seed::new(1));
    let trained = run(&training.validated(&data.valid));
    assert_eq!((trained.end, trained.epoch), (End::Finished, Some(11)));
    let accuracy = trained.history[11].metric.unwrap().value;
    assert!(accuracy > 0.95, "{accuracy}");

    // The predictor takes raw pixels and says the same.
    let mut predictor =
        Predictor::new(&network, &trained.weights, &data.contract, Kernels::Burn).unwrap();
    let measured = predictor.measure(&data.valid, data.contract.task.default_metric());
    assert!((measured.metric.value - accuracy).abs() < 0.01);
    let mut raw = vec![0.0; 2 * 64];
    raw.chunks_mut(64)
        .enumerate()
        .for_each(|(at, row)| data.valid.write_row(at, row));
    let probabilities = predictor.predict(&raw);
    assert_eq!(probabilities.len(), 20);
    assert!((probabilities[..10].iter().sum::<f32>() - 1.0).abs() < 1e-5);
}

#[test]
fn a_resumed_training_gives_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.safetensors");
    let (data, network) = (digits(), network(10));
    for optimizer in [Optimizer::SGD, Optimizer::ADAM_W] {
        let recipe = Recipe {
            optimizer,
            learning_rate: 0.01,
            patience: Some(3),
            fraction: 0.5,
            ..recipe(4)
        };
        let training = Training {
            augmentation: data::Augmentation {
                pad: 1,
                ..data::Augmentation::NONE
            },
            ..Training::new(&network, &data.train, &data.contract, &recipe, Seed::new(2))
        };
        let training = training.validated(&data.valid);
        let whole = run(&training);
        let mut stop = |epoch: &Epoch, checkpoint: &Checkpoint| {
            if epoch.number == 1 {
                checkpoint.save(&network, &path).unwrap();
                return Decision::Stop;
            }
            Decision::Continue
        };
        let part = training.run(training.start(), &mut stop).unwrap();
        assert_eq!(part.end, End::Stopped);
        let checkpoint = Checkpoint::load(&network, &path).unwrap();
        assert_eq!(checkpoint.epochs(), 2);
        let resumed = training.run(checkpoint, &mut go_on).unwrap();
        assert_eq!(resumed, whole);
    }
}

#[test]
fn a_checkpoint_of_another_network_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.safetensors");
    let (data, recipe) = (digits(), recipe(1));
    let (ten, nine) = (network(10), network(9));
    let training = Training::new(&ten, &data.train, &data.contract, &recipe, Seed::new(1));
    training.start().save(&ten, &path).unwrap();
    let error = Checkpoint::load(&nine, &path).unwrap_err();
    assert!(error.to_string().contains("another network"), "{error}");
    std::fs::write(&path, b"nonsense").unwrap();
    assert!(Checkpoint::load(&ten, &path).is_err());
    let wrong = Training {
        network: &nine,
        ..training.clone()
    };
    let error = wrong.run(wrong.start(), &mut go_on).unwrap_err();
    assert_eq!(
        error,
        TrainError::Shape {
            takes: 64,
            gives: 9,
            inputs: 64,
            outputs: 10
        }
    );
}

#[test]
fn a_training_ends_when_it_must() {
    let (data, network) = (digits(), network(10));
    let wild = Recipe {
        learning_rate: 1e30,
        clip: None,
        ..recipe(3)
    };
    let training = Training::new(&network, &data.train, &data.contract, &wild, Seed::new(1));
    let trained = run(&training);
    assert_eq!((trained.end, trained.epoch), (End::Diverged, None));
    assert!(trained.weights.all_finite());

    let recipe = recipe(3);
    let training = Training {
        recipe: &recipe,
        ..training
    };
    let mut broken = Broken::default();
    let trained = training.run(training.start(), &mut broken).unwrap();
    assert_eq!((trained.end, trained.epoch), (End::Cancelled, Some(0)));
    assert_eq!(broken.kept, Some(1));
    let late = Training {
        deadline: Some(Instant::now()),
        ..training
    };
    assert_eq!(run(&late).end, End::TimedOut);
}

#[test]
fn checkpoints_keep_the_weights_of_the_best_epoch() {
    let (data, network, recipe) = (digits(), network(10), recipe(5));
    let training = Training {
        keeps_best: true,
        ..Training::new(&network, &data.train, &data.contract, &recipe, Seed::new(3))
    };
    let training = training.validated(&data.valid);
    let mut best: Option<(f64, Weights)> = None;
    let path = tempfile::tempdir().unwrap();
    let path = path.path().join("checkpoint");
    let mut follow = |epoch: &Epoch, checkpoint: &Checkpoint| {
        let value = epoch.metric.unwrap().value;
        if best.as_ref().is_none_or(|(best, _)| value > *best) {
            best = Some((value, checkpoint.weights().clone()));
        }
        checkpoint.save(&network, &path).unwrap();
        let read = Checkpoint::load(&network, &path).unwrap();
        assert_eq!(read.best_weights(), &best.as_ref().unwrap().1);
        Decision::Continue
    };
    let trained = training.run(training.start(), &mut follow).unwrap();
    // One that ends by itself still hands over its last epoch.
    assert_eq!((trained.end, trained.epoch), (End::Finished, Some(4)));
}

/// Breaks the second epoch off after its third batch.
#[derive(Default)]
struct Broken {
    epochs: usize,
    batches: usize,
    kept: Option<usize>,
}

impl Observer for Broken {
    fn epoch(&mut self, _: &Epoch, _: &Checkpoint) -> Decision {
        self.epochs += 1;
        self.batches = 0;
        Decision::Continue
    }

    fn batch(&mut self) -> Decision {
        self.batches += 1;
        match (self.epochs, self.batches) {
            (1, 3) => Decision::Stop,
            _ => Decision::Continue,
        }
    }

    fn broken_off(&mut self, checkpoint: &Checkpoint) {
        self.kept = Some(checkpoint.epochs());
    }
}

#[test]
fn both_kernels_train_alike() {
    let (data, network) = (digits(), network(10));
    let recipe = Recipe {
        fraction: 0.3,
        learning_rate: 0.02,
        ..recipe(1)
    };
    let training = Training::new(&network, &data.train, &data.contract, &recipe, Seed::new(4));
    let losses = [Kernels::Fused, Kernels::Burn].map(|kernels| {
        run(&Training {
            kernels,
            ..training.clone()
        })
        .history[0]
            .train_loss
    });
    assert!((losses[0] - losses[1]).abs() < 1e-4, "{losses:?}");
}

#[test]
fn weights_given_are_taken() {
    let (data, network, recipe) = (digits(), network(10), recipe(0));
    let training = Training::new(&network, &data.train, &data.contract, &recipe, Seed::new(1));
    let weights = Weights::init(&network, &Seed::new(77));
    let trained = training
        .run(training.start_from(weights.clone()), &mut go_on)
        .unwrap();
    assert_eq!(trained.weights, weights);
}
