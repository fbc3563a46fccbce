//! Training a network from its start, or from a checkpoint, to its end.
//!
//! ```text
//! Training::start() ──┐
//! Checkpoint::load() ─┴► Training::run(checkpoint, observer) ─► Trained
//!
//! for each epoch                        the seed's child `epoch`, numbered
//!     for each batch of the training part, in the epoch's own order
//!         stop if late or told to
//!         loss and gradients            diverged if one is not finite
//!         clip by the global norm, update the weights
//!     judge the validation part
//!     observer.epoch(measurements, checkpoint)   goes on, or stops
//! ```
//!
//! All that an epoch draws comes from the seed and the epoch's number, so a run
//! that goes on from a checkpoint gives the same bits as one that was never
//! interrupted. Run each training in a rayon pool of its own (one thread per
//! worker); with the fused kernels even the number of threads changes nothing.

mod checkpoint;
mod memory;
mod optimizer;
mod predict;
mod recipe;
mod schedule;
mod teacher;
mod timing;
pub(crate) mod weight_file;

pub use checkpoint::{Checkpoint, CheckpointError};
pub(crate) use memory::mixed_step_memory;
pub use memory::{step_memory, training_memory};
pub use optimizer::{Optimizer, OptimizerState};
pub(crate) use predict::largest;
pub use predict::{Measured, Predictor};
pub use recipe::Recipe;
pub use schedule::Schedule;
pub use teacher::Teacher;
pub(crate) use timing::{MOMENTUM, OPTIMIZER, RandomBatch, WARM_UP};
pub use timing::{StepTimes, time_steps};

use crate::data::{Augmentation, Batch, Batches, Contract, Part};
use crate::module::{Kernels, Module, ModuleError, Noise, Step, Weights};
use crate::task::loss::LossOptions;
use crate::task::{Loss, Metric, MetricError};
use netsmith::cost::Quantity;
use netsmith::network::Network;
use netsmith::random::Seed;
pub(crate) use optimizer::clip;
use std::time::Instant;

/// All that decides how a network is trained.
///
/// # Example
/// ```
/// use netsmith::network::{Builder, Operation, Shape, operation::Linear};
/// use netsmith::random::Seed;
/// use netsmith_nn::data::{self, Contract, LoadOptions, SplitOptions};
/// use netsmith_nn::train::{Recipe, Training};
///
/// let digits = data::load(&"digits".parse()?, &LoadOptions::default())?;
/// let (search, _test) = digits.split(&SplitOptions::default())?;
/// let (train, valid) = (search.train(), search.valid());
/// let contract = Contract::fit(&train);
///
/// let mut builder = Builder::new();
/// let x = builder.input("image", Shape::image(1, 8, 8));
/// let x = builder.add("flat", Operation::Flatten, &[x])?;
/// let x = builder.add("head", Operation::Linear(Linear::new(10_usize)), &[x])?;
/// let network = builder.finish(&[x]);
///
/// let recipe = Recipe { epochs: 3, ..Recipe::for_data(&train) };
/// let training = Training::new(&network, &train, &contract, &recipe, Seed::new(1))
///     .validated(&valid);
/// let trained = training.run(training.start(), &mut ())?;
/// assert_eq!(trained.history.len(), 3);
/// assert!(trained.history[2].metric.is_some_and(|accuracy| accuracy.value > 0.8));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Training<'a> {
    /// What is trained.
    pub network: &'a Network,
    /// On what.
    pub train: &'a Part,
    /// On what it is judged after each epoch; none: not at all.
    pub valid: Option<&'a Part>,
    /// How raw samples become inputs, and targets what the loss reads.
    pub contract: &'a Contract,
    /// How training images are changed at random, if the recipe asks for it.
    pub augmentation: Augmentation,
    /// What judges the validation part.
    pub metric: Metric,
    /// How much the samples of each class count in the loss.
    pub class_weights: Option<&'a [f32]>,
    /// From what else than the targets it learns.
    pub teacher: Option<&'a Teacher>,
    /// Epochs, optimiser and the rest.
    pub recipe: &'a Recipe,
    /// Of this all randomness is drawn.
    pub seed: Seed,
    /// What computes.
    pub kernels: Kernels,
    /// When the training must end.
    pub deadline: Option<Instant>,
    /// Whether checkpoints also hold the weights of the best epoch, which is what
    /// a training that is cut short hands over; with a patience they do anyway.
    pub keeps_best: bool,
}

/// The measurements of one epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Its number, from 0.
    pub number: usize,
    /// The mean loss over its training batches, with label smoothing.
    pub train_loss: f64,
    /// The mean loss over the validation part, without label smoothing.
    pub valid_loss: Option<f64>,
    /// The metric on the validation part.
    pub metric: Option<Quantity>,
    /// The standard error of the metric, as its meter says.
    pub standard_error: Option<f64>,
}

/// What an observer wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// To go on.
    Continue,
    /// To end here.
    Stop,
}

/// Is told of every epoch, and may end the training.
pub trait Observer {
    /// An epoch is over. The checkpoint can be saved; a training that goes on
    /// from it continues with the next epoch.
    fn epoch(&mut self, epoch: &Epoch, checkpoint: &Checkpoint) -> Decision;

    /// A batch of the next epoch is done. Stopping here breaks that epoch off:
    /// the training ends as cancelled, with what it was before.
    fn batch(&mut self) -> Decision {
        Decision::Continue
    }

    /// An epoch was broken off; this is the checkpoint of the one before.
    fn broken_off(&mut self, _checkpoint: &Checkpoint) {}
}

impl<F: FnMut(&Epoch, &Checkpoint) -> Decision> Observer for F {
    fn epoch(&mut self, epoch: &Epoch, checkpoint: &Checkpoint) -> Decision {
        self(epoch, checkpoint)
    }
}

/// Lets every training go on.
impl Observer for () {
    fn epoch(&mut self, _: &Epoch, _: &Checkpoint) -> Decision {
        Decision::Continue
    }
}

/// Why a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All epochs are done.
    Finished,
    /// The observer stopped it.
    Stopped,
    /// The metric had not improved for as many epochs as the recipe's patience.
    Patience,
    /// It was cancelled.
    Cancelled,
    /// The deadline passed.
    TimedOut,
    /// A loss or a gradient was not finite.
    Diverged,
}

/// What a training gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Trained {
    /// The weights at the end of the last whole epoch, or with a patience those
    /// of the best one.
    pub weights: Weights,
    /// The epoch of these weights; none where no epoch was finished.
    pub epoch: Option<usize>,
    /// The measurements of all epochs, those before the checkpoint too.
    pub history: Vec<Epoch>,
    /// Why it ended.
    pub end: End,
}

/// Why a training could not start.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// The network cannot be trained.
    #[error(transparent)]
    Module(#[from] ModuleError),
    /// The metric does not fit the task.
    #[error(transparent)]
    Metric(#[from] MetricError),
    /// The network does not take these samples or does not give these answers.
    #[error(
        "the network takes {takes} values and gives {gives}: the data have {inputs} and need {outputs}"
    )]
    Shape {
        /// Values of a sample that the network takes.
        takes: usize,
        /// Values of its answer.
        gives: usize,
        /// Values of a normalised sample.
        inputs: usize,
        /// Values of an answer of the task.
        outputs: usize,
    },
    /// There is nothing to train on.
    #[error("the {part} part is empty: at least one sample is needed")]
    Empty {
        /// Which part.
        part: &'static str,
    },
    /// The checkpoint is that of another network or optimiser.
    #[error("the checkpoint does not fit: it is of another network or another optimiser")]
    Checkpoint,
}

impl<'a> Training<'a> {
    /// A training without validation, augmented as the recipe says with
    /// nothing, by the default metric and the fused kernels; set the other
    /// fields as needed.
    pub fn new(
        network: &'a Network,
        train: &'a Part,
        contract: &'a Contract,
        recipe: &'a Recipe,
        seed: Seed,
    ) -> Self {
        Self {
            network,
            train,
            valid: None,
            contract,
            augmentation: Augmentation::NONE,
            metric: contract.task.default_metric(),
            class_weights: None,
            teacher: None,
            recipe,
            seed,
            kernels: Kernels::default(),
            deadline: None,
            keeps_best: false,
        }
    }

    /// The same, judged on this part after each epoch.
    #[must_use]
    pub fn validated(mut self, valid: &'a Part) -> Self {
        self.valid = Some(valid);
        self
    }

    /// The same, with training images changed at random.
    #[must_use]
    pub fn augmented(mut self, augmentation: Augmentation) -> Self {
        self.augmentation = augmentation;
        self
    }

    /// The checkpoint before the first epoch: weights drawn from the seed.
    pub fn start(&self) -> Checkpoint {
        self.start_from(Weights::init(self.network, &self.seed.child("weights")))
    }

    /// The checkpoint before the first epoch with given weights.
    pub fn start_from(&self, weights: Weights) -> Checkpoint {
        Checkpoint::start(self.network, self.recipe.optimizer, weights)
    }

    /// Trains from a checkpoint to the end.
    ///
    /// # Errors
    /// [`TrainError`]: nothing was trained, since the parts do not fit together.
    pub fn run(
        &self,
        checkpoint: Checkpoint,
        observer: &mut dyn Observer,
    ) -> Result<Trained, TrainError> {
        let module = self.check(&checkpoint)?;
        // A share of the data is drawn once for all epochs.
        let part = self
            .train
            .fraction(self.recipe.fraction, &self.seed.child("fraction"));
        let run = Run {
            training: self,
            part,
            module,
            checkpoint,
            loss: self.loss(),
        };
        Ok(run.run(observer))
    }

    /// The loss of the task, shared with a teacher's answers, which follow the targets.
    fn loss(&self) -> Loss {
        let task = &self.contract.task;
        let loss = task.loss(&LossOptions {
            label_smoothing: self.recipe.label_smoothing,
        });
        let columns = self.train.targets_at(&[]).len();
        let taught = self
            .teacher
            .and_then(|teacher| Some((teacher.share(), task.distillation(columns)?)));
        match taught {
            Some((share, term)) => loss.sharing(share, term),
            None => loss,
        }
    }

    fn check(&self, checkpoint: &Checkpoint) -> Result<Module, TrainError> {
        let module = Module::new(self.network, self.kernels)?;
        self.metric.check(&*self.contract.task)?;
        for (part, name) in [(Some(self.train), "training"), (self.valid, "validation")] {
            if part.is_some_and(Part::is_empty) {
                return Err(TrainError::Empty { part: name });
            }
        }
        let (takes, gives) = (module.input().elements(), module.output().elements());
        let task = self.contract.space_task();
        let inputs = task.input().elements();
        let outputs = task.head.output().elements();
        if (takes, gives) != (inputs, outputs) {
            return Err(TrainError::Shape {
                takes,
                gives,
                inputs,
                outputs,
            });
        }
        if !checkpoint.fits(self.network, self.recipe.optimizer) {
            return Err(TrainError::Checkpoint);
        }
        Ok(module)
    }
}

/// A training under way.
struct Run<'a> {
    training: &'a Training<'a>,
    part: Part,
    module: Module,
    checkpoint: Checkpoint,
    loss: Loss,
}

impl Run<'_> {
    fn run(mut self, observer: &mut dyn Observer) -> Trained {
        let recipe = self.training.recipe;
        let patient = recipe.patience.is_some();
        let mut end = End::Finished;
        for number in self.checkpoint.epochs()..recipe.epochs {
            // Asked here, so that a training that goes on from its last checkpoint
            // ends where it would have ended.
            if self.is_out_of_patience() {
                end = End::Patience;
                break;
            }
            // An epoch that is broken off leaves the one before as it was.
            let before = self.checkpoint.clone();
            match self.epoch(number, observer) {
                Ok(epoch) => {
                    let keeps_best = patient || self.training.keeps_best;
                    let direction = self.training.metric.direction();
                    self.checkpoint.finish(epoch, keeps_best, direction);
                }
                Err(broken) => {
                    self.checkpoint = before;
                    observer.broken_off(&self.checkpoint);
                    end = broken;
                    break;
                }
            }
            let epoch = self.checkpoint.history[number];
            if observer.epoch(&epoch, &self.checkpoint) == Decision::Stop {
                end = End::Stopped;
                break;
            }
        }
        self.checkpoint.into_trained(end, patient)
    }

    /// Whether the metric has not improved for as many epochs as the patience.
    fn is_out_of_patience(&self) -> bool {
        let patience = self.training.recipe.patience;
        let last = self.checkpoint.epochs().checked_sub(1);
        patience.zip(last).is_some_and(|(patience, last)| {
            last - self.checkpoint.best_epoch().unwrap_or(last) >= patience
        })
    }

    /// Trains one epoch and judges it.
    fn epoch(&mut self, number: usize, observer: &mut dyn Observer) -> Result<Epoch, End> {
        let Training {
            train: _,
            valid,
            contract,
            recipe,
            seed,
            ..
        } = *self.training;
        let seed = seed.child("epoch").nth(number as u64);
        let part = self.part.clone();
        let mut batches = Batches::new(&part, recipe.batch_size)
            .shuffled(&seed)
            .normalized(contract)
            .whole_only();
        if recipe.augmentation {
            batches = batches.augmented(self.training.augmentation, &seed);
        }
        if let Some(weights) = self.training.class_weights {
            batches = batches.class_weights(weights);
        }
        let steps = batches.len();
        let drop_path = recipe.drop_path * number as f32 / recipe.epochs.max(1) as f32;
        let mut total = 0.0;
        for (step, mut batch) in batches.enumerate() {
            if self.is_late() {
                return Err(End::TimedOut);
            }
            if let Some(teacher) = self.training.teacher {
                let rows = batch.positions.iter();
                let rows = rows.map(|position| part.indices()[*position as usize]);
                batch.targets.push(teacher.answers(rows));
            }
            let noise = Noise::new(seed.child("noise").nth(step as u64), drop_path);
            let progress = (number * steps + step) as f64 / (recipe.epochs * steps) as f64;
            total += self.step(&batch, &noise, recipe.learning_rate_at(progress))?;
            if observer.batch() == Decision::Stop {
                return Err(End::Cancelled);
            }
        }
        let measured = valid.map(|valid| {
            let mut judge = predict::Judge {
                module: &mut self.module,
                weights: &self.checkpoint.weights,
                contract,
            };
            judge.measure(valid, self.training.metric)
        });
        if measured
            .as_ref()
            .is_some_and(|measured| !measured.loss.is_finite())
        {
            return Err(End::Diverged);
        }
        Ok(Epoch {
            number,
            train_loss: total / steps as f64,
            valid_loss: measured.map(|measured| measured.loss),
            metric: measured.map(|measured| measured.metric),
            standard_error: measured.and_then(|measured| measured.standard_error),
        })
    }

    /// One update of the weights; the loss.
    fn step(&mut self, batch: &Batch, noise: &Noise, learning_rate: f32) -> Result<f64, End> {
        let (loss, recipe) = (&self.loss, self.training.recipe);
        let Step {
            loss,
            mut gradients,
        } = self.module.step(
            &mut self.checkpoint.weights,
            &batch.inputs[0],
            noise,
            |output, gradient| loss.of(output, &batch.targets, batch.weights.as_deref(), gradient),
        );
        let norm = optimizer::clip(&mut gradients, recipe.clip);
        if !loss.is_finite() || !norm.is_finite() {
            return Err(End::Diverged);
        }
        self.checkpoint.optimizer.update(
            self.training.network,
            &mut self.checkpoint.weights,
            &gradients,
            learning_rate,
            recipe.weight_decay,
        );
        Ok(loss)
    }

    fn is_late(&self) -> bool {
        let deadline = self.training.deadline;
        deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }
}
