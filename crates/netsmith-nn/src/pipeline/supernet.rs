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

use super::bound::Bound;
use super::once::known;
use super::prepare::Prepared;
use super::searching::available_memory;
use super::{Context, PipelineError, Progress};
use crate::cost::OperationTable;
use crate::supernet::{
    Decision, End, EpochReport, Found, Method, OptionCosts, Reward, Search, State, Supernet,
};
use netsmith::network::Network;
use netsmith::random::Seed;
use netsmith::search::CHECKPOINTS;
use netsmith::space::{Architecture, Space};
use netsmith::strategy::Strategy;
use netsmith::strategy::auto::Auto;
use netsmith::strategy::multi_fidelity::asha::Asha;
use serde::{Deserialize, Serialize};
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// The factor between two rungs of the ladder on which what was found is trained.
const ETA: usize = 3;

/// How many rungs it has at most.
const RUNGS: usize = 3;

/// The time of a ladder, in times of what it takes until one stands on its highest
/// rung: a ladder too high for its time leaves none for the climb.
const FOOT: f64 = 1.5;

/// The share of the search's time after which the supernet is trained no more.
const TRAINED: f64 = 0.35;

/// The share after which no more random architectures are judged; the rest
/// trains the candidates and neighbours of the best.
const JUDGED: f64 = 0.4;

/// The share that trains candidates and their neighbours by themselves.
pub(super) const ALONE: f64 = 1.0 - JUDGED;

/// Most epochs that a budget is spent on.
const MOST_EPOCHS: f64 = 100.0;

/// Epochs that a budget is spent on at least: where there is no time for so many
/// passes over the data, an epoch is a part of one.
const FEWEST_EPOCHS: f64 = 10.0;

/// Epochs where there is no budget of time.
const USUAL_EPOCHS: f64 = 50.0;

/// Steps that are timed.
const TIMED: usize = 4;

/// Architectures of the random sample under the shared weights.
const SAMPLE: usize = 50;

/// Architectures drawn at random that are trained like the derived one.
const RANDOM: u64 = 2;

/// Draws for each of them, where one may not take longer than the derived one.
const DRAWS: usize = 100;

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

/// An architecture that the gradient search hands to the trials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Candidate {
    /// Where it comes from, for people.
    origin: String,
    architecture: String,
}

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
    let parse = |candidate: &Candidate| {
        let parsed = prepared.space.parse(&candidate.architecture);
        parsed.map_err(|error| PipelineError::Configuration {
            message: error.to_string(),
        })
    };
    listed.iter().map(parse).collect::<Result<_, _>>().map(Some)
}

/// The rungs of the ladder where there is time for so many trainings on the lowest.
pub(super) fn rungs(trainings: f64) -> usize {
    let fits = |rungs: &usize| trainings >= FOOT * f64::from(first_on_top(*rungs));
    (2..=RUNGS).rev().find(fits).unwrap_or(1)
}

/// Trainings on the lowest of so many rungs that take as long as all that is trained
/// until one stands on the highest.
fn first_on_top(rungs: usize) -> u32 {
    let on = |rung: usize| (Asha::one_in(ETA) as u32).pow((rungs - 1 - rung) as u32);
    (0..rungs)
        .map(|rung| on(rung) * times_longer(rung + 1))
        .sum()
}

/// How much longer a training on the highest of so many rungs is than one on the
/// lowest.
pub(super) fn times_longer(rungs: usize) -> u32 {
    (ETA as u32).pow(rungs.saturating_sub(1) as u32)
}

/// What searches behind the supernet: `auto` from the candidates, each network
/// trained by itself, and the best of them again for longer.
pub(super) fn successor(candidates: Vec<Architecture>, rungs: usize) -> Box<dyn Strategy> {
    // The best of fewer are the best by chance.
    let opening = candidates.len().max(ETA * ETA);
    let climb = Box::new(Auto::beginning_with(candidates));
    Box::new(Asha::above(climb, ETA, rungs, opening))
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
        move |network: &Network| efficiency.of(latency, network)
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
            latency: context.objective.weighs("latency_ms").then_some(&latency),
        }),
        augmentation: prepared.data.augmentation(),
        seed: Seed::new(context.config.seed).child("supernet"),
        cancel: Some(context.interrupt),
        ..Search::new(
            &prepared.space,
            &supernet,
            method,
            [&train, &valid],
            &prepared.normalization,
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
    let bound = match no_time(&search, &found) {
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

/// Trains a supernet from its last state, which is kept in a file; its reports
/// are kept in an entry of the study. Nothing where it was interrupted.
fn trained(
    context: &Context<'_>,
    search: &Search<'_>,
    [file, entry]: [&str; 2],
    pool: &rayon::ThreadPool,
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<Option<Found>, PipelineError> {
    let network = &search.supernet.network;
    let path = context.dir.join(CHECKPOINTS).join(file);
    let state = match State::load(network, &path) {
        Ok(state) => state,
        Err(error) => {
            if path.exists() {
                let what = format!(
                    "{error} ({}): the supernet is trained from the start again",
                    path.display()
                );
                observe(Progress::Phase {
                    what,
                    seconds: None,
                });
            }
            search.start()
        }
    };
    let mut failed = None;
    let mut tell = |report: &EpochReport, state: &State| {
        observe(Progress::Supernet(report));
        let reports = serde_json::to_vec(&state.history).unwrap_or_default();
        let saved = state.save(network, &path).err();
        let put = context.study.put(entry, reports).err();
        failed = saved
            .map(PipelineError::from)
            .or(put.map(PipelineError::from));
        match failed {
            Some(_) => Decision::Stop,
            None => Decision::Continue,
        }
    };
    let found = on(pool, search, state, &mut tell)?;
    if let Some(error) = failed {
        return Err(error);
    }
    Ok((found.end != End::Cancelled).then_some(found))
}

/// Runs a search on a pool, and tells of its epochs here.
fn on(
    pool: &rayon::ThreadPool,
    search: &Search<'_>,
    state: State,
    tell: &mut dyn FnMut(&EpochReport, &State) -> Decision,
) -> Result<Found, PipelineError> {
    std::thread::scope(|scope| {
        let (report, reports) = mpsc::channel();
        let (answer, answers) = mpsc::channel();
        let worker = scope.spawn(move || {
            pool.install(move || {
                search.run(state, &mut |epoch, state| {
                    let sent = report.send((epoch.clone(), state.clone()));
                    let answer = sent.ok().and_then(|()| answers.recv().ok());
                    answer.unwrap_or(Decision::Stop)
                })
            })
        });
        for (epoch, state) in reports {
            // A search that has ended asks for nothing more.
            let _ = answer.send(tell(&epoch, &state));
        }
        match worker.join() {
            Ok(found) => Ok(found?),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// How many epochs the time allows, and how many steps they have where it allows
/// few, reckoned once in the life of a study.
fn epochs_of(
    context: &Context<'_>,
    search: &Search<'_>,
    pool: &rayon::ThreadPool,
) -> Result<(usize, Option<usize>), PipelineError> {
    let Some(deadline) = search.deadline else {
        return Ok((USUAL_EPOCHS as usize, None));
    };
    // All epochs but those of the warm-up learn the architecture too.
    let timed = Search {
        epochs: 1,
        ..*search
    };
    let seconds = |steps: usize| {
        let begun = Instant::now();
        pool.install(|| timed.rehearse(steps))
            .map(|()| begun.elapsed().as_secs_f64())
    };
    // The first one pays for what is made once.
    seconds(1)?;
    let (short, long) = (seconds(1)?, seconds(1 + TIMED)?);
    // Their difference is a rough measure of short steps.
    let least = 0.1 * long / (1 + TIMED) as f64;
    let step = ((long - short) / TIMED as f64).max(least).max(1e-6);
    let left = deadline.saturating_duration_since(Instant::now());
    let plan = planned(
        0.9 * left.as_secs_f64(),
        step,
        (short - step).max(0.0),
        search.steps(),
    );
    let study = context.study;
    let most = study.recorded("supernet-epoch-steps", || plan[1])?;
    let epochs = study.recorded("supernet-epochs", || plan[0])?;
    let most = most as usize;
    Ok((
        epochs as usize,
        Some(most).filter(|&most| most < search.steps()),
    ))
}

/// How many epochs and steps of each, at most a pass over the data, fit into some
/// seconds, where every epoch takes some besides its steps.
fn planned(seconds: f64, step: f64, besides: f64, pass: usize) -> [f64; 2] {
    let steps = (seconds / FEWEST_EPOCHS - besides) / step;
    let steps = steps.floor().clamp(1.0, pass as f64);
    let epochs = seconds / (steps * step + besides);
    [epochs.floor().clamp(FEWEST_EPOCHS, MOST_EPOCHS), steps]
}

/// What is trained as trials: the derived architecture, the best of a random
/// sample under the shared weights, and random ones.
fn listed(
    search: &Search<'_>,
    found: &Found,
    sample: &[(Architecture, f64)],
    keeps: &dyn Fn(&Network) -> bool,
    seed: u64,
) -> Result<Vec<Candidate>, PipelineError> {
    let space = search.space;
    let learnt = || match found.end {
        _ if !search.method.options().learns => "the best that was found under the shared weights",
        End::Sharp { .. } => "derived before the minimum became sharp",
        End::SkipsDominate { .. } => "derived in the last epoch before skip connections took over",
        End::Diverged => "derived from the last healthy epoch before losses were no numbers",
        _ => "derived",
    };
    let why = no_time(search, found).unwrap_or_else(learnt);
    let mut listed = vec![Candidate {
        origin: why.to_owned(),
        architecture: space.text(&found.architecture),
    }];
    let cheap = |architecture: &Architecture| {
        let network = space.network(architecture);
        network.is_ok_and(|network| keeps(&network))
    };
    let mut sample = sample.iter().map(|(architecture, _)| architecture);
    if let Some(architecture) = sample.find(|it| cheap(it)) {
        let origin = "best of a random sample under the shared weights";
        add(&mut listed, space, origin, architecture);
    }
    let seed = Seed::new(seed).child("supernet-random");
    for number in 0..RANDOM {
        let mut random = seed.nth(number).stream();
        for _ in 0..DRAWS {
            let drawn = space.sample(&search.limits, &mut random)?;
            if cheap(&drawn) {
                add(&mut listed, space, "random", &drawn);
                break;
            }
        }
    }
    Ok(listed)
}

/// Why nothing was learnt, where the search had no time for it.
fn no_time(search: &Search<'_>, found: &Found) -> Option<&'static str> {
    let options = search.method.options();
    let done = found.state.history.len();
    if found.end == End::Stopped && done == 0 {
        let why =
            "there was no time for an epoch of the supernet, so this is as good as drawn at random";
        return Some(why);
    }
    let warming_up = options.learns && done <= options.warm_up_epochs(search.epochs);
    warming_up.then_some(
        "there was no time to learn the architecture, so this is as good as drawn at random",
    )
}

/// Adds a candidate, unless its architecture is one already.
fn add(listed: &mut Vec<Candidate>, space: &Space, origin: &str, architecture: &Architecture) {
    let architecture = space.text(architecture);
    let known = |candidate: &Candidate| candidate.architecture == architecture;
    if !listed.iter().any(known) {
        listed.push(Candidate {
            origin: origin.to_owned(),
            architecture,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_budgets_have_short_epochs() {
        for (seconds, besides, expected) in [
            (500.0, 0.0, [50.0, 100.0]),
            (2_000.0, 0.0, [100.0, 100.0]),
            (45.0, 0.0, [10.0, 45.0]),
            // What an epoch takes besides is no reason for short ones.
            (100.0, 5.0, [10.0, 50.0]),
            (500.0, 10.0, [25.0, 100.0]),
            (0.2, 0.0, [10.0, 1.0]),
            (2.0, 9.0, [10.0, 1.0]),
        ] {
            let plan = planned(seconds, 0.1, besides, 100);
            assert!(
                plan.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9),
                "{seconds} {besides}: {plan:?}"
            );
        }
    }

    #[test]
    fn a_ladder_is_as_high_as_its_time_allows() {
        let heights = [0.0, 17.9, 18.0, 175.4, 175.5, 1e6].map(rungs);
        assert_eq!(heights, [1, 1, 2, 2, 3, 3]);
        assert_eq!([1, 2, 3].map(times_longer), [1, 3, 9]);
    }

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
