//! How long a training step of a supernet takes.

use super::{Alphas, Draw, Method, Moment, Supernet, SupernetError};
use crate::module::{Goal, Kernels, Module, ModuleError, Weights};
use crate::train::{MOMENTUM, OPTIMIZER, OptimizerState, RandomBatch, StepTimes, WARM_UP};
use netsmith::random::Seed;
use std::time::Instant;

/// Why the steps of a supernet cannot be timed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TimingError {
    /// The method has nothing to choose from.
    #[error(transparent)]
    Supernet(#[from] SupernetError),
    /// The supernet cannot be run.
    #[error(transparent)]
    Module(#[from] ModuleError),
}

/// Times training steps of a supernet under a method on random samples, after
/// two steps of warm-up.
///
/// A step draws a mixture as the method does, or any path where a policy would draw
/// one, makes one forward and backward
/// pass of the cross-entropy that gives the gradients of the weights and of the
/// architecture's parameters together, and moves both by SGD with momentum 0.9.
/// A [`Search`](super::Search) takes the two gradients in passes of their own,
/// on different halves of the data, and a second-order method more of them: a
/// pass for each is what its step costs.
///
/// # Errors
/// The method has nothing to choose from, or the supernet cannot be run.
pub fn time_steps(
    supernet: &Supernet,
    method: &dyn Method,
    kernels: Kernels,
    batch: usize,
    steps: usize,
) -> Result<StepTimes, TimingError> {
    let options = *method.options();
    let network = &supernet.network;
    let mut module = Module::supernet(network, kernels)?;
    let seed = Seed::new(0);
    let mut weights = Weights::init(network, &seed);
    let mut state = OptimizerState::new(network, OPTIMIZER);
    let zeros = || supernet.sites.iter().map(|site| vec![0.0; site.zero.len()]);
    let mut alphas = Alphas {
        logits: zeros().collect(),
        open: supernet.open(options.none)?,
        skip: supernet.skip(),
    };
    let mut moments: Vec<Vec<f64>> = zeros().collect();
    let RandomBatch {
        inputs,
        targets,
        loss,
    } = RandomBatch::new(&module, batch, &seed);
    let learns = options.learns && method.policy().is_none();
    let goal = match learns {
        true => Goal::Both,
        false => Goal::Weights,
    };
    let moment = Moment {
        epoch: 0,
        epochs: 1,
    };
    let rate = options.learning_rate;
    let mut times = StepTimes::default();
    for number in 0..WARM_UP + steps {
        let start = Instant::now();
        let mut draws = seed.child("draws").nth(number as u64).stream();
        let draw = match method.policy() {
            Some(_) => Draw::uniform(&alphas.open, &mut draws),
            None => method.draw(&alphas, moment, &mut draws),
        };
        let mixture = supernet.mixture(&draw.mixture);
        let step = module.mixed_step(
            &weights,
            &mixture,
            &inputs,
            Some(goal),
            |output, gradient| loss.of(output, &targets, None, gradient),
        );
        state.update(network, &mut weights, &step.gradients, rate as f32, 0.0);
        if learns {
            let slopes = supernet.slopes(&step.mixing, &draw.mixture);
            let pull = method.pull(&alphas, &draw, &slopes, moment);
            for ((logits, moments), pull) in alphas.logits.iter_mut().zip(&mut moments).zip(pull) {
                for ((logit, moment), pull) in logits.iter_mut().zip(moments).zip(pull) {
                    *moment = f64::from(MOMENTUM) * *moment + pull;
                    *logit -= rate * *moment;
                }
            }
        }
        if number >= WARM_UP {
            times.steps.push(start.elapsed());
            times.losses.push(step.loss);
        }
    }
    Ok(times)
}
