//! A run of the final phase: its network before the training, and its weights
//! after it.

use super::allotment::Samples;
use super::finalists::trained;
use super::prepare::Prepared;
use super::teaching::learns;
use super::{Context, PipelineError};
use crate::data::Part;
use crate::evaluate::Taught;
use crate::module::Weights;
use crate::train::{Checkpoint, Measured, Predictor};
use netsmith::network::{Key, Network};
use netsmith::search::{FinalJob, Finals, FinalsEnd, checkpoint_path};
use netsmith::space::{Architecture, Form, HandDesigned};
use netsmith::study::Role;
use netsmith::trial::{Fidelity, Outcome, Proposal, Trial};

/// A run of the final phase with its network.
pub(super) struct Planned {
    /// Its number among all runs.
    pub(super) number: u64,
    pub(super) role: Role,
    pub(super) name: String,
    pub(super) architecture: Option<Architecture>,
    pub(super) text: String,
    pub(super) network: Network,
    pub(super) seed: u64,
    /// The trial of the search from which it comes, where it comes from one.
    pub(super) trial: Option<u64>,
    /// Seconds that it will take by plan.
    pub(super) expected: Option<f64>,
}

impl Planned {
    /// The final form of an architecture.
    pub(super) fn new(
        prepared: &Prepared,
        role: Role,
        name: impl Into<String>,
        architecture: Architecture,
        seed: u64,
    ) -> Result<Self, PipelineError> {
        let network = prepared.space.resolve(&architecture, Form::Final)?.pruned();
        Ok(Self {
            number: 0,
            role,
            name: name.into(),
            text: prepared.space.text(&architecture),
            architecture: Some(architecture),
            network,
            seed,
            trial: None,
            expected: None,
        })
    }

    /// Another training of the same network.
    pub(super) fn again(&self, role: Role, name: String, seed: u64) -> Self {
        Self {
            number: 0,
            role,
            name,
            architecture: self.architecture.clone(),
            text: self.text.clone(),
            network: self.network.clone(),
            seed,
            trial: self.trial,
            expected: None,
        }
    }

    /// A hand-designed network of another space.
    pub(super) fn outside(own: HandDesigned, seed: u64) -> Self {
        Self {
            number: 0,
            role: Role::Baseline,
            seed,
            name: own.name,
            architecture: None,
            text: own.text,
            network: own.network,
            trial: None,
            expected: None,
        }
    }

    /// Its results by these weights, or nothing where it left none.
    pub(super) fn weights(&self, context: &Context<'_>, trial: &Trial) -> Option<Weights> {
        let path = checkpoint_path(context.study, self.number);
        let checkpoint = Checkpoint::load(&self.network, &path).ok()?;
        Some(trained(&checkpoint, &trial.outcome).clone())
    }

    /// The metric on a part with these weights.
    pub(super) fn measure(
        &self,
        context: &Context<'_>,
        prepared: &Prepared,
        part: &Part,
        weights: &Weights,
    ) -> Result<Measured, PipelineError> {
        let mut predictor = self.predictor(prepared, weights)?;
        let metric = prepared.metric;
        let pool = context.all_threads()?;
        Ok(pool.install(|| predictor.measure(part, metric)))
    }

    /// The network with these weights.
    pub(super) fn predictor<'a>(
        &self,
        prepared: &'a Prepared,
        weights: &'a Weights,
    ) -> Result<Predictor<'a>, PipelineError> {
        let (contract, kernels) = (&prepared.contract, prepared.kernels);
        Ok(Predictor::new(&self.network, weights, contract, kernels)?)
    }

    fn job(&self, fidelity: Fidelity, optional: bool) -> FinalJob {
        FinalJob {
            role: self.role,
            name: self.name.clone(),
            proposal: Proposal {
                number: self.number,
                architecture: self.text.clone(),
                key: Key::of(&self.network).to_string(),
                fidelity,
                seed: self.seed,
                parent: None,
            },
            architecture: self.architecture.clone(),
            network: self.network.clone(),
            expected: self.expected,
            optional,
        }
    }
}

/// Trains all in their order, the first so many in any case and the others as
/// long as they are expected to end in time; nothing where it was interrupted.
pub(super) fn train(
    context: &Context<'_>,
    planned: &[Planned],
    fidelity: Fidelity,
    needed: usize,
    seconds: Option<f64>,
    observe: &mut dyn FnMut(super::Progress<'_>),
) -> Result<Option<FinalsEnd>, PipelineError> {
    let jobs = planned.iter().enumerate();
    let jobs = jobs.map(|(place, planned)| planned.job(fidelity, place >= needed));
    let pupils = planned.iter().filter(|own| learns(own.role));
    let evaluator = Taught {
        evaluator: &context.evaluator,
        teacher: context.teacher.as_ref(),
        pupils: pupils.map(|own| own.number).collect(),
    };
    let finals = Finals {
        study: context.study,
        evaluator: &evaluator,
        workers: context.config.workers,
        metric: &context.objective.metric,
        deadline: seconds,
        clock: None,
        interrupt: context.interrupt,
    };
    let mut observe = |event: netsmith::search::Event<'_>| {
        observe(super::Progress::Event(&event));
    };
    Ok(finals.run(jobs.collect(), &mut observe)?)
}

/// Seconds of an epoch over all data, as a trial took them; nothing where it has
/// not finished one.
pub(super) fn epoch_seconds(samples: &Samples, trial: &Trial) -> Option<f64> {
    let done = trial.curves.iter().filter_map(|curve| curve.points.last());
    let done = done.map(|(step, _)| *step).max()? as u32;
    let done = samples.worth(Fidelity {
        epochs: done,
        ..trial.fidelity
    });
    (done > 0.0 && trial.seconds > 0.0).then(|| trial.seconds / done)
}

/// That a run was cut short, and after how many of its epochs.
pub(super) fn cut_short(trial: &Trial) -> Option<String> {
    match trial.outcome {
        Outcome::CutShort { steps } => {
            Some(format!("after {steps} of {} epochs", trial.fidelity.epochs))
        }
        _ => None,
    }
}
