//! A gradient search as the search of a run.
//!
//! ```text
//! supernet, planned memory           refused where it does not fit
//! a few steps are timed              how many epochs the budget allows, once
//! the gradient search                a state after every epoch
//! another one beside it              where the method has a control
//! the candidates                     derived, best of a random sample under the
//!                                    shared weights, random: trials of the study
//! `auto` from these                  while there is budget; whatever is among the
//!                                    best goes on to longer training
//! ```
//!
//! The candidates are trained alike as trials, and a judgement says whether the
//! derived one leads. Shared weights tell good architectures from bad ones, hardly
//! the best from the good; so what time is left, the larger part, goes to networks
//! trained by themselves. A predictor and training-free scores say which: the
//! best of a large sample by the scores, then children and neighbours of the best. A
//! few epochs tell these apart no better than that, so the best climb a ladder of
//! longer trainings (ASHA), and the final phase goes on with those on its highest
//! rung.

mod candidates;
mod epochs;
mod ladder;
mod training;

pub(super) use ladder::{rungs, successor, times_longer};

use super::bound::Bound;
use super::once::known;
use super::prepare::Prepared;
use super::searching::available_memory;
use super::{Context, PipelineError, Progress};
use crate::cost::OperationTable;
use crate::supernet::{Method, OptionCosts, Reward, Search, Supernet, cost_of};
use candidates::{Candidate, add, listed, not_learnt};
use epochs::epochs_of;
use netsmith::cost::LATENCY;
use netsmith::network::Network;
use netsmith::random::Seed;
use netsmith::space::Architecture;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use training::trained;

/// The share of the search's time after which the supernet is trained no more.
const TRAINED: f64 = 0.35;

/// The share after which no more random architectures are judged; the rest
/// trains the candidates and neighbours of the best.
const JUDGED: f64 = 0.4;

/// The share that trains candidates and their neighbours by themselves.
pub(super) const ALONE: f64 = 1.0 - JUDGED;

/// Architectures of the random sample under the shared weights.
const SAMPLE: usize = 50;

/// The study's entry with the reports of all epochs.
pub const EPOCHS_ENTRY: &str = "supernet-epochs";

/// The study's entry with the same of the search that it is held against.
const CONTROL_EPOCHS_ENTRY: &str = "supernet-control-epochs";

/// The study's entry with the random sample and its losses under the shared weights:
/// a list of pairs.
pub const SAMPLE_ENTRY: &str = "supernet-sample";

/// The study's entry with the candidates: a list of objects with `origin` and
/// `architecture`. Trials of the same numbers train them.
pub const CANDIDATES_ENTRY: &str = "supernet-candidates";

/// Runs the gradient search, or goes on with it; nothing where it was
/// interrupted.
pub(super) fn candidates(
    context: &Context<'_>,
    prepared: &Prepared,
    method: &dyn Method,
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<Option<Vec<Architecture>>, PipelineError> {
    let listed = match known(&context.study.view()?, CANDIDATES_ENTRY)? {
        Some(listed) => listed,
        None => match search(context, prepared, method, observe)? {
            Some(listed) => listed,
            None => return Ok(None),
        },
    };
    let parse = |candidate: &Candidate| Ok(prepared.space.parse(&candidate.architecture)?);
    listed.iter().map(parse).collect::<Result<_, _>>().map(Some)
}

fn search(
    context: &Context<'_>,
    prepared: &Prepared,
    method: &dyn Method,
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<Option<Vec<Candidate>>, PipelineError> {
    // Decisions are the same in both, and so are limits: those of the full size.
    let space = prepared.proxy.as_ref().unwrap_or(&prepared.space);
    let supernet = Supernet::for_options(space, method.options())?;
    let options = *method.options();
    let needed = supernet.planned_memory(options.batch, options.hard);
    check_memory(needed, available_memory())?;
    let (train, valid) = (prepared.data.train(), prepared.data.valid());
    let threads = context.config.workers.max(1) * context.config.threads.max(1);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()?;
    let table = OperationTable::new(context.study, prepared.kernels);
    let latency = |network: &Network| table.estimate(network);
    let cost = options.efficiency.map(|efficiency| {
        let latency = &latency;
        move |network: &Network| cost_of(efficiency, latency, network)
    });
    let costs = cost.as_ref().map(|cost| OptionCosts {
        weight: options.efficiency_weight,
        target: options.efficiency_target,
        ..OptionCosts::of(&supernet, &prepared.space, cost)
    });
    let mut search = Search {
        kernels: prepared.kernels,
        limits: prepared.limits,
        costs: costs.as_ref(),
        reward: Some(Reward {
            objective: &context.objective,
            latency: context.objective.weighs(LATENCY).then_some(&latency),
        }),
        augmentation: prepared.data.augmentation(),
        seed: Seed::new(context.config.seed).child("supernet"),
        cancel: Some(context.interrupt),
        ..Search::new(
            &prepared.space,
            &supernet,
            method,
            [&train, &valid],
            &prepared.contract,
        )
    };
    let (begun, seconds) = (Instant::now(), context.search_seconds_left());
    let after =
        |share: f64| seconds.map(|seconds| begun + Duration::from_secs_f64(share * seconds));
    // A machine that has become slower ends the search, not the budget.
    let is_timed = options.epochs.is_none();
    // A method with a control has half the time.
    let share = if method.control().is_some() { 0.5 } else { 1.0 };
    search.deadline = after(share * TRAINED).filter(|_| is_timed);
    search.judging_deadline = after(share * JUDGED);
    (search.epochs, search.epoch_steps) = match options.epochs {
        Some(epochs) => (epochs, None),
        None => epochs_of(context, &search, &pool)?,
    };
    let length = search.epoch_steps.map(|steps| format!(" of {steps} steps"));
    observe(Progress::Phase {
        what: format!(
            "supernet of `{}` with {}: {} parameters, {} sites, {} epochs{}; a step needs {:.0} MB at most, by plan",
            prepared.space.name(),
            context.config.strategy,
            supernet.network.parameters(),
            supernet.sites.len(),
            search.epochs,
            length.unwrap_or_default(),
            needed as f64 / 1e6,
        ),
        seconds: seconds.map(|seconds| share * TRAINED * seconds),
    });
    let place = ["supernet.safetensors", EPOCHS_ENTRY];
    let Some(found) = trained(context, &search, place, &pool, observe)? else {
        return Ok(None);
    };
    let sample = pool.install(|| search.judge_sample(&found.state, SAMPLE))?;
    let judged = sample.iter();
    let judged = judged.map(|(architecture, loss)| (prepared.space.text(architecture), loss));
    let json = serde_json::to_vec(&judged.collect::<Vec<_>>()).unwrap_or_default();
    context.study.put(SAMPLE_ENTRY, json)?;
    let bound = match not_learnt(&search, &found) {
        None if !found.state.history.is_empty() => Bound::set(
            context.study,
            &prepared.space,
            &options,
            &latency,
            &found.architecture,
        )?,
        _ => None,
    };
    let keeps = |network: &Network| bound.is_none_or(|bound| bound.keeps(&latency, network));
    if let Some(bound) = bound {
        observe(Progress::Phase {
            what: format!("from here on networks of at most {bound}, as the derived one has"),
            seconds: None,
        });
        search.limits = bound.within(search.limits);
    }
    let mut listed = listed(&search, &found, &sample, &keeps, context.config.seed)?;
    if let Some(method) = method.control() {
        observe(Progress::Phase {
            what: "random search with shared weights, with as many epochs".to_owned(),
            seconds: None,
        });
        let control = Search {
            method,
            seed: search.seed.child("control"),
            deadline: after(TRAINED).filter(|_| is_timed),
            judging_deadline: after(JUDGED),
            ..search
        };
        let place = ["supernet-control.safetensors", CONTROL_EPOCHS_ENTRY];
        let Some(found) = trained(context, &control, place, &pool, observe)? else {
            return Ok(None);
        };
        let architecture = &found.architecture;
        let origin = "random search with shared weights, with as many epochs";
        add(&mut listed, &prepared.space, origin, architecture);
    }
    if context.interrupt.load(Ordering::Relaxed) {
        // The judging may have been broken off.
        return Ok(None);
    }
    let json = serde_json::to_vec(&listed).unwrap_or_default();
    context.study.put(CANDIDATES_ENTRY, json)?;
    for candidate in &listed {
        let what = format!(
            "candidate ({}): {}",
            candidate.origin, candidate.architecture
        );
        observe(Progress::Phase {
            what,
            seconds: None,
        });
    }
    Ok(Some(listed))
}

/// Refuses a supernet that does not fit into the memory at hand, where that is
/// known.
fn check_memory(needed: u64, available: Option<u64>) -> Result<(), PipelineError> {
    match available.filter(|&available| available < needed) {
        Some(available) => Err(PipelineError::SupernetMemory { needed, available }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_supernet_beyond_the_memory_is_refused_with_a_remedy() {
        for available in [None, Some(1_000), Some(1_001)] {
            assert!(check_memory(1_000, available).is_ok());
        }
        let error = check_memory(1_000, Some(999)).unwrap_err();
        assert!(
            matches!(
                error,
                PipelineError::SupernetMemory {
                    needed: 1_000,
                    available: 999
                }
            ),
            "{error}"
        );
        assert!(error.hint().is_some());
    }
}
