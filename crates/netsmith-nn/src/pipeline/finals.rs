//! The final phase: full training of the best, one look at the test part, and
//! the verification.

use super::best::{ENTRY, Handover, latency, write_report};
use super::pace::{USED, enough_epochs, epoch_samples};
use super::prepare::Prepared;
use super::summary::{Closing, summary};
use super::{BestRecord, Context, PipelineError, Progress, RunEnd, left_of};
use crate::data::{FinalPhase, Part};
use crate::module::Weights;
use crate::train::{Checkpoint, Predictor};
use netsmith::network::{Key, Network};
use netsmith::random::Seed;
use netsmith::report::{BaselineRow, verdict};
use netsmith::search::{FinalJob, checkpoint_path, run_finals};
use netsmith::space::{Architecture, Form};
use netsmith::study::{FIRST_FINAL, Role};
use netsmith::trial::{Fidelity, Proposal, Trial};
use rand::Rng;

/// Architectures of the search that are trained in full, at most.
const CANDIDATES: usize = 4;

/// Numbers of the verification's runs start here, behind those of the candidates.
const VERIFICATION: u64 = FIRST_FINAL + 1_000;

/// A run of the final phase with its network.
struct Planned {
    role: Role,
    name: String,
    architecture: Option<Architecture>,
    text: String,
    network: Network,
    seed: u64,
    /// The trial of the search from which it comes.
    trial: u64,
}

pub(super) fn finish(
    context: &Context<'_>,
    mut prepared: Prepared,
    trials: &[Trial],
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<RunEnd, PipelineError> {
    let config = context.config;
    let elapsed = context.elapsed().as_secs_f64();
    let left = config.seconds.map(|seconds| left_of(seconds, elapsed));
    let mut candidates = candidates(context, &prepared, trials, left)?;
    if candidates.is_empty() {
        return Err(PipelineError::nothing_in(trials));
    }
    let (count, epochs) = plan_of_finals(context, &prepared, trials, &candidates, left)?;
    candidates.truncate(count);
    observe(Progress::Phase {
        what: format!(
            "training the best {} in full, {epochs} epochs each",
            candidates.len()
        ),
        seconds: left,
    });
    let jobs = jobs(&candidates, FIRST_FINAL, epochs);
    let ended = run_finals(
        context.study,
        &context.evaluator,
        config.workers,
        jobs,
        left,
        context.interrupt,
        &mut |event| observe(Progress::Event(&event)),
    )?;
    let Some(ended) = ended else {
        return context.interrupted(&prepared);
    };
    let (winner, network, weights, mut record) = winner(context, &prepared, &candidates, &ended)?;

    // The search is over, and the winner is chosen: only now is the test part read.
    let phase = FinalPhase::begin_now_that_the_search_is_over();
    let test = prepared.test.take();
    let test = test.expect("only the final phase takes the test part — this is a bug in netsmith");
    let test = test.open(&phase);
    record.test = Some(measure(context, &prepared, &test, &network, &weights)?);
    let closing = hand_over(context, &network, &weights, &record)?;

    let budget = match (config.verify, config.seconds) {
        (Some(seconds), _) => Some(seconds),
        (None, Some(seconds)) => Some(0.5 * seconds),
        (None, None) => None,
    };
    let winning = &candidates[winner];
    let checked = verify(context, &prepared, winning, epochs, budget, &test, observe)?;
    let Some((reseeds, baselines)) = checked else {
        return context.interrupted(&prepared);
    };
    let mut tests: Vec<f64> = record.test.into_iter().collect();
    tests.extend(reseeds);
    let higher = context.objective.metric.direction == netsmith::cost::Direction::Maximize;
    let words = match baselines.is_empty() {
        true => vec!["Not verified: no baseline was trained.".to_owned()],
        false => verdict(&tests, &baselines, higher),
    };
    let closing = Closing {
        baselines,
        verdict: words,
        ..closing
    };
    let summary = summary(context, &prepared, "finished", Some(&closing))?;
    write_report(context.study, &summary, &network)?;
    Ok(RunEnd {
        summary,
        interrupted: false,
    })
}

/// The best architectures of the search, different networks each, and the
/// front. What the time left cannot train in enough epochs is passed over, for
/// it would end half-trained, unless nothing else is there.
fn candidates(
    context: &Context<'_>,
    prepared: &Prepared,
    trials: &[Trial],
    left: Option<f64>,
) -> Result<Vec<Planned>, PipelineError> {
    let mut ranked = context.objective.ranked(trials);
    if let Some(left) = left {
        let most = USED * left / enough_epochs(prepared.recipe.epochs);
        let most = context.study.recorded("finalist-epoch-seconds", || most)?;
        let trainable = ranked.iter().copied();
        let trainable: Vec<&Trial> = trainable
            .filter(|trial| epoch_of(context, prepared, trial) <= most)
            .collect();
        if !trainable.is_empty() {
            ranked = trainable;
        }
    }
    let mut chosen: Vec<&Trial> = Vec::new();
    let most = CANDIDATES.min(context.config.workers.max(1) + 1);
    let front = match context.objective.minimized.is_empty() {
        true => Vec::new(),
        false => context.objective.front(trials),
    };
    for (trials, most) in [(ranked, most), (front, 2 * CANDIDATES)] {
        for trial in trials {
            if chosen.len() < most && chosen.iter().all(|other| other.key != trial.key) {
                chosen.push(trial);
            }
        }
    }
    let planned = chosen.into_iter().map(|trial| {
        let architecture = prepared.space.parse(&trial.architecture).map_err(|error| {
            PipelineError::Configuration {
                message: error.to_string(),
            }
        })?;
        let name = format!("trial {}", trial.number);
        let planned = plan(prepared, Role::Candidate, name, architecture, trial.seed)?;
        Ok(Planned {
            trial: trial.number,
            ..planned
        })
    });
    planned.collect()
}

fn plan(
    prepared: &Prepared,
    role: Role,
    name: String,
    architecture: Architecture,
    seed: u64,
) -> Result<Planned, PipelineError> {
    let network = prepared.space.resolve(&architecture, Form::Final)?.pruned();
    Ok(Planned {
        role,
        name,
        text: prepared.space.text(&architecture),
        architecture: Some(architecture),
        network,
        seed,
        trial: 0,
    })
}

fn jobs(planned: &[Planned], first: u64, epochs: u32) -> Vec<FinalJob> {
    let numbered = (first..).zip(planned);
    let job = |(number, planned): (u64, &Planned)| FinalJob {
        role: planned.role,
        name: planned.name.clone(),
        proposal: Proposal {
            number,
            architecture: planned.text.clone(),
            key: Key::of(&planned.network).to_string(),
            fidelity: Fidelity::epochs(epochs),
            seed: planned.seed,
            parent: None,
        },
        architecture: planned.architecture.clone(),
        network: planned.network.clone(),
    };
    numbered.map(job).collect()
}

/// How many candidates are trained for how many epochs: all of them if the time
/// left allows what the recipe asks for, otherwise only one for each worker, for
/// as many epochs as there is time. Reckoned from the seconds that their trials
/// took, once in the life of a study.
fn plan_of_finals(
    context: &Context<'_>,
    prepared: &Prepared,
    trials: &[Trial],
    candidates: &[Planned],
    left: Option<f64>,
) -> Result<(usize, u32), PipelineError> {
    let wanted = prepared.recipe.epochs as f64;
    let workers = context.config.workers.max(1);
    let slowest = |count: usize| {
        let of = |planned: &Planned| trials.iter().find(|trial| trial.number == planned.trial);
        let chosen = candidates[..count].iter().filter_map(of);
        let epochs = chosen.map(|trial| epoch_of(context, prepared, trial));
        epochs.fold(1e-6, f64::max)
    };
    let affordable = |count: usize| {
        let Some(left) = left else { return wanted };
        let epoch = slowest(count);
        let rounds = count.div_ceil(workers) as f64;
        (USED * left / (rounds * epoch)).floor().clamp(1.0, wanted)
    };
    let study = context.study;
    let count = study.recorded("finalists", || {
        let most = candidates.len();
        let all = affordable(most) >= wanted || !context.objective.minimized.is_empty();
        (if all { most } else { most.min(workers) }) as f64
    })?;
    let count = (count as usize).min(candidates.len());
    let epochs = study.recorded("full-epochs", || affordable(count))?;
    Ok((count, epochs as u32))
}

/// Seconds of one epoch over all data, reckoned from what a trial took.
fn epoch_of(context: &Context<'_>, prepared: &Prepared, trial: &Trial) -> f64 {
    let low = context.pace.low;
    let done = f64::from(low.epochs) * epoch_samples(prepared, low.data);
    match trial.is_finished() && trial.seconds > 0.0 {
        true => trial.seconds * epoch_samples(prepared, 1.0) / done,
        false => context.pace.epoch_seconds.max(1e-6),
    }
}

/// The candidate with the best validation result whose measured latency keeps
/// the limit, with its weights.
fn winner(
    context: &Context<'_>,
    prepared: &Prepared,
    candidates: &[Planned],
    ended: &[Trial],
) -> Result<(usize, Network, Weights, BestRecord), PipelineError> {
    let finished = ended.iter().filter(|trial| trial.is_finished());
    let mut finished: Vec<Trial> = finished.cloned().collect();
    if context.objective.weighs("latency_ms") {
        // A penalty on latency goes by what the finalists were measured at.
        for trial in &mut finished {
            let index = (trial.number - FIRST_FINAL) as usize;
            trial.costs.latency_ms = candidates.get(index).and_then(|planned| {
                let weights = weights_of(context, trial.number, &planned.network)?;
                Some(latency(prepared, &planned.network, &weights)?.median_ms)
            });
        }
    }
    let ranked = context.objective.ranked(&finished);
    let mut fallback = None;
    for trial in ranked {
        let index = (trial.proposal().number - FIRST_FINAL) as usize;
        let Some(planned) = candidates.get(index) else {
            continue;
        };
        let Some(weights) = weights_of(context, trial.number, &planned.network) else {
            continue;
        };
        let validation = trial.metrics.get(&context.objective.metric.name);
        let mut record = BestRecord {
            run: trial.number,
            trial: planned.trial,
            architecture: planned.text.clone(),
            normalization: prepared.normalization.clone(),
            schema: prepared.data.schema(),
            task: prepared.data.task(),
            validation: validation.map_or(f64::NAN, |quantity| quantity.value),
            test: None,
            latency_ms: None,
            latency_runtime: String::new(),
        };
        if let Some(latency) = latency(prepared, &planned.network, &weights) {
            record.latency_ms = Some(latency.median_ms);
            record.latency_runtime = latency.runtime;
        }
        let limit = context.config.limit_latency;
        let over = limit
            .zip(record.latency_ms)
            .is_some_and(|(limit, latency)| latency > limit);
        let found = (index, planned.network.clone(), weights, record);
        if !over {
            return Ok(found);
        }
        fallback = fallback.or(Some(found));
    }
    // All are over the limit: the best of them, and the report says so.
    fallback.ok_or_else(|| PipelineError::nothing_in(ended))
}

fn weights_of(context: &Context<'_>, number: u64, network: &Network) -> Option<Weights> {
    let checkpoint = Checkpoint::load(network, &checkpoint_path(context.study, number)).ok()?;
    Some(checkpoint.weights().clone())
}

/// The metric on the test part.
fn measure(
    context: &Context<'_>,
    prepared: &Prepared,
    test: &Part,
    network: &Network,
    weights: &Weights,
) -> Result<f64, PipelineError> {
    let task = prepared.data.task();
    let (normalization, metric) = (&prepared.normalization, prepared.metric);
    let mut predictor = Predictor::new(network, weights, normalization, task, prepared.kernels)?;
    let threads = context.config.workers.max(1) * context.config.threads.max(1);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()?;
    Ok(pool
        .install(|| predictor.measure(test, metric))
        .metric
        .value)
}

/// Writes `best/` and the study's entry that says how to run the network again.
fn hand_over(
    context: &Context<'_>,
    network: &Network,
    weights: &Weights,
    record: &BestRecord,
) -> Result<Closing, PipelineError> {
    let provenance = record.provenance(&context.dir, context.config);
    let handover = Handover {
        network,
        weights,
        record,
        provenance: &provenance,
    };
    let files = handover.write(&context.dir)?;
    let json = serde_json::to_vec(record).unwrap_or_default();
    context.study.put(ENTRY, json)?;
    Ok(Closing {
        record: record.clone(),
        network: network.clone(),
        files,
        baselines: Vec::new(),
        verdict: Vec::new(),
    })
}

/// More seeds of the winner, hand-designed networks and random architectures,
/// trained alike; their results on the test part. Nothing where interrupted.
#[expect(
    clippy::type_complexity,
    reason = "test values of the reseeds, and the rows"
)]
fn verify(
    context: &Context<'_>,
    prepared: &Prepared,
    winner: &Planned,
    epochs: u32,
    budget: Option<f64>,
    test: &Part,
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<Option<(Vec<f64>, Vec<BaselineRow>)>, PipelineError> {
    if budget.is_some_and(|seconds| seconds <= 0.0) {
        return Ok(Some((Vec::new(), Vec::new())));
    }
    let seed = Seed::new(context.config.seed).child("verification");
    let seeded = |name: &str, number: u64| seed.child(name).nth(number).stream().next_u64() >> 1;
    let mut planned = Vec::new();
    for (name, architecture) in prepared.space.baselines(winner.network.parameters()) {
        let drawn = seeded(name, 0);
        planned.push(plan(
            prepared,
            Role::Baseline,
            name.to_owned(),
            architecture,
            drawn,
        )?);
    }
    for number in 0..2 {
        let mut random = seed.child("random").nth(number).stream();
        let architecture = prepared.space.sample(&prepared.limits, &mut random)?;
        let drawn = seeded("random", number);
        planned.push(plan(
            prepared,
            Role::Random,
            "random architectures".into(),
            architecture,
            drawn,
        )?);
        planned.push(Planned {
            role: Role::Reseed,
            name: format!("winner, seed {}", number + 2),
            architecture: winner.architecture.clone(),
            text: winner.text.clone(),
            network: winner.network.clone(),
            seed: seeded("reseed", number),
            trial: winner.trial,
        });
    }
    observe(Progress::Phase {
        what: format!("verifying: {} more trainings for comparison", planned.len()),
        seconds: budget,
    });
    let ended = run_finals(
        context.study,
        &context.evaluator,
        context.config.workers,
        jobs(&planned, VERIFICATION, epochs),
        budget,
        context.interrupt,
        &mut |event| observe(Progress::Event(&event)),
    )?;
    let Some(ended) = ended else { return Ok(None) };
    let (mut reseeds, mut rows): (Vec<f64>, Vec<BaselineRow>) = (Vec::new(), Vec::new());
    for trial in ended.iter().filter(|trial| trial.is_finished()) {
        let planned = &planned[(trial.number - VERIFICATION) as usize];
        let Some(weights) = weights_of(context, trial.number, &planned.network) else {
            continue;
        };
        let value = measure(context, prepared, test, &planned.network, &weights)?;
        let validation = trial.metrics.get(&context.objective.metric.name);
        let validation = validation.map(|quantity| quantity.value);
        if planned.role == Role::Reseed {
            reseeds.push(value);
        } else if let Some(row) = rows.iter_mut().find(|row| row.name == planned.name) {
            row.test.push(value);
            row.validation.extend(validation);
        } else {
            let latency_ms =
                latency(prepared, &planned.network, &weights).map(|latency| latency.median_ms);
            rows.push(BaselineRow {
                name: planned.name.clone(),
                parameters: planned.network.parameters(),
                latency_ms,
                validation: validation.into_iter().collect(),
                test: vec![value],
            });
        }
    }
    Ok(Some((reseeds, rows)))
}
