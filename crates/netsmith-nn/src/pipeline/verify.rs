//! The verification: was the search worth it?
//!
//! More seeds of the winner, hand-designed networks and random architectures are
//! trained alike, as many and as long as the time allows, and compared on the
//! test part.

use super::allotment::{Allotment, Samples, Wanted};
use super::latency::measured;
use super::once::{known, once};
use super::planned::{Planned, cut_short, train};
use super::prepare::Prepared;
use super::{Context, PipelineError, Progress};
use crate::data::Part;
use crate::train::time_steps;
use netsmith::cost::{Direction, Unit};
use netsmith::network::Network;
use netsmith::random::Seed;
use netsmith::report::{BaselineRow, Finalist, Saving, verdict};
use netsmith::space::{Limits, Task, hand_designed};
use netsmith::study::{FIRST_FINAL, Role};
use netsmith::trial::{Fidelity, Trial};
use rand::Rng;
use serde::{Deserialize, Serialize};

/// Numbers of the verification's runs start here, behind those of the candidates.
const VERIFICATION: u64 = FIRST_FINAL + 1_000;

/// The study's entry with what is verified.
const ALLOTMENT: &str = "verification";

/// The study's entry with the numbers of the runs that were left out.
const LEFT_OUT: &str = "verification-left-out";

/// Seeds of the winner, and random architectures.
const EACH: u64 = 2;

/// Steps that are timed.
const TIMED: usize = 5;

/// The share of the time that may go into timing.
const TIMING: f64 = 0.05;

/// The network that is verified.
pub(super) struct Winner<'a> {
    pub(super) planned: &'a Planned,
    /// Its full training, that of the first round.
    pub(super) trial: &'a Trial,
    /// How long what is handed over was trained.
    pub(super) handed_over: Fidelity,
    /// Seconds of an epoch over all data.
    pub(super) epoch_seconds: f64,
    /// The metric on the test part after its full training.
    pub(super) test: f64,
    /// All that the first round trained, as long as the winner.
    pub(super) finalists: &'a [Finalist],
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Verified {
    pub(super) baselines: Vec<BaselineRow>,
    pub(super) verdict: Vec<String>,
    pub(super) saving: Option<Saving>,
    pub(super) notes: Vec<String>,
}

/// What is verified, as the study holds it.
#[derive(Debug, Serialize, Deserialize)]
struct Plan {
    allotment: Allotment,
    /// Seconds of an epoch over all data of the winner and of the others.
    epoch_seconds: Vec<f64>,
}

/// Verifies within so many seconds; nothing where it was interrupted.
pub(super) fn verify(
    context: &Context<'_>,
    prepared: &Prepared,
    winner: &Winner<'_>,
    seconds: Option<f64>,
    test: &Part,
    observe: &mut dyn FnMut(Progress<'_>),
) -> Result<Option<Verified>, PipelineError> {
    let not = |why: &str| Verified {
        verdict: vec![format!("Not verified: {why}.")],
        ..Verified::default()
    };
    if seconds.is_some_and(|seconds| seconds <= 0.0) {
        return Ok(Some(not("it was switched off")));
    }
    let begun = context.elapsed();
    let others = others(context, prepared, winner.planned)?;
    let plan = || Ok(plan(context, prepared, winner, &others, seconds));
    let Some(plan) = once(context.study, ALLOTMENT, plan)? else {
        return Ok(Some(not("the time allows no training of a baseline")));
    };
    let (runs, mut out) = runs(context, prepared, winner, others, &plan)?;
    let fidelity = plan.allotment.fidelity();
    let spent = (context.elapsed() - begun).as_secs_f64();
    let left = seconds.map(|seconds| (seconds - spent).max(0.0));
    observe(Progress::Phase {
        what: format!(
            "verifying: {} more trainings of {} for comparison",
            runs.len(),
            in_words(fidelity)
        ),
        seconds: left,
    });
    let needed = 1 + usize::from(plan.allotment.again);
    let Some(end) = train(context, &runs, fidelity, needed, left, observe)? else {
        return Ok(None);
    };
    if !end.left_out.is_empty() {
        out.extend(end.left_out);
        let json = serde_json::to_vec(&out).unwrap_or_default();
        context.study.put(LEFT_OUT, json)?;
    }
    let mut verified = compare(context, prepared, winner, &runs, &plan, &end.trials, test)?;
    if !out.is_empty() {
        let trainings = match out.len() {
            1 => "One further training of the verification was".to_owned(),
            count => format!("{count} further trainings of the verification were"),
        };
        verified.notes.push(format!(
            "{trainings} left out: the machine was slower than planned."
        ));
    }
    Ok(Some(verified))
}

/// What the winner is compared with, and more seeds of it, in the order of their
/// worth for the verdict.
fn others(
    context: &Context<'_>,
    prepared: &Prepared,
    winner: &Planned,
) -> Result<Vec<Planned>, PipelineError> {
    let seed = Seed::new(context.config.seed).child("verification");
    let seeded = |name: &str, number: u64| seed.child(name).nth(number).stream().next_u64() >> 1;
    let baselines = baselines(prepared, winner.network.parameters(), &|name| {
        seeded(name, 0)
    })?;
    let (mut reseeds, mut random) = (Vec::new(), Vec::new());
    for number in 0..EACH {
        let name = format!("winner, seed {}", number + 2);
        reseeds.push(winner.again(Role::Reseed, name, seeded("reseed", number)));
        let mut stream = seed.child("random").nth(number).stream();
        let architecture = prepared.space.sample(&prepared.limits, &mut stream)?;
        let drawn = seeded("random", number);
        let name = "random architectures";
        random.push(Planned::new(
            prepared,
            Role::Random,
            name,
            architecture,
            drawn,
        )?);
    }
    // A verdict needs a rival, then the spread over seeds, then one of either kind.
    let (mut baselines, mut random) = (baselines.into_iter(), random.into_iter());
    let mut reseeds = reseeds.into_iter();
    let first = baselines.next().or_else(|| random.next());
    let mut ordered: Vec<Planned> = first.into_iter().chain(reseeds.next()).collect();
    let last = random.next_back();
    ordered.extend(random.chain(baselines).chain(reseeds).chain(last));
    Ok(ordered)
}

/// The hand-designed networks of the space that keep the limits of the search and have
/// at most so many parameters, or where it has none those that other spaces have for
/// the same data; each with the seed of its name.
fn baselines(
    prepared: &Prepared,
    parameters: u64,
    seed: &dyn Fn(&str) -> u64,
) -> Result<Vec<Planned>, PipelineError> {
    let limits = Limits {
        parameters: Some(parameters),
        ..prepared.limits
    };
    let own = prepared.space.baselines(&limits);
    if own.is_empty() {
        let task = Task {
            input: prepared.space.inputs()[0],
            outputs: prepared.data.task().outputs(),
        };
        let borrowed = hand_designed(&task, &limits).into_iter();
        let planned = borrowed.map(|own| {
            let drawn = seed(&own.name);
            Planned::outside(own, drawn)
        });
        return Ok(planned.collect());
    }
    let planned = own.into_iter().map(|(name, architecture)| {
        Planned::new(prepared, Role::Baseline, name, architecture, seed(name))
    });
    planned.collect()
}

/// How many are trained and how long.
fn plan(
    context: &Context<'_>,
    prepared: &Prepared,
    winner: &Winner<'_>,
    others: &[Planned],
    seconds: Option<f64>,
) -> Option<Plan> {
    let begun = context.elapsed();
    let epoch_seconds = epochs_of(context, prepared, winner, others, seconds);
    let spent = (context.elapsed() - begun).as_secs_f64();
    let rivals = others.iter().filter(|other| other.role != Role::Reseed);
    let wanted = Wanted {
        winner: epoch_seconds[0],
        others: &epoch_seconds[1..],
        // All rivals but one random architecture, and one more seed.
        core: rivals.count().max(1),
        full: winner.trial.fidelity,
        counts: winner.trial.is_finished(),
        seconds: seconds.map_or(f64::INFINITY, |seconds| seconds - spent),
        workers: context.config.workers,
        samples: Samples::of(prepared),
    };
    wanted.allot().map(|allotment| Plan {
        allotment,
        epoch_seconds,
    })
}

/// Seconds of an epoch of the winner and of each other: as the winner took them,
/// times what a step of the other takes beside a step of the winner.
fn epochs_of(
    context: &Context<'_>,
    prepared: &Prepared,
    winner: &Winner<'_>,
    others: &[Planned],
    seconds: Option<f64>,
) -> Vec<f64> {
    let own = winner.epoch_seconds;
    let samples = Samples::of(prepared);
    let steps = ((TIMED + 2) * (others.len() + 1)) as f64;
    let timing = steps * own * samples.batch / samples.epoch(1.0);
    let affordable = seconds.is_none_or(|seconds| timing <= TIMING * seconds);
    let time = |network: &Network| {
        affordable
            .then(|| step_seconds(context, prepared, network))
            .flatten()
    };
    let of_winner = time(&winner.planned.network);
    let macs = |network: &Network| network.macs().max(1) as f64;
    let other = |other: &Planned| {
        if other.role == Role::Reseed {
            return own;
        }
        let measured = of_winner.zip(time(&other.network));
        let ratio = measured.map(|(winner, other)| other / winner);
        own * ratio.unwrap_or_else(|| macs(&other.network) / macs(&winner.planned.network))
    };
    std::iter::once(own)
        .chain(others.iter().map(other))
        .collect()
}

/// The quickest of a few training steps, the one least disturbed by others.
fn step_seconds(context: &Context<'_>, prepared: &Prepared, network: &Network) -> Option<f64> {
    let threads = context.config.threads.max(1);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    let (kernels, batch) = (prepared.kernels, prepared.recipe.batch_size);
    let timed = pool
        .build()
        .ok()?
        .install(|| time_steps(network, kernels, batch, TIMED))
        .ok()?;
    let quickest = timed.steps.iter().min()?.as_secs_f64();
    (quickest > 0.0).then_some(quickest)
}

/// The runs of a plan with their numbers, and the numbers of those that an earlier
/// process left out.
fn runs(
    context: &Context<'_>,
    prepared: &Prepared,
    winner: &Winner<'_>,
    others: Vec<Planned>,
    plan: &Plan,
) -> Result<(Vec<Planned>, Vec<u64>), PipelineError> {
    let Allotment {
        again: twice,
        count,
        ..
    } = plan.allotment;
    let worth = Samples::of(prepared).worth(plan.allotment.fidelity());
    let own = winner.planned;
    let first = || own.again(Role::Reseed, "winner, seed 1".to_owned(), own.seed);
    let all = twice
        .then(first)
        .into_iter()
        .chain(others.into_iter().take(count));
    let epochs = plan.epoch_seconds.iter().skip(usize::from(!twice));
    let numbered = (VERIFICATION..).zip(all.zip(epochs));
    let numbered = numbered.map(|(number, (planned, epoch))| Planned {
        number,
        expected: Some(worth * epoch),
        ..planned
    });
    let out: Option<Vec<u64>> = known(&context.study.view()?, LEFT_OUT)?;
    let out = out.unwrap_or_default();
    let runs = numbered.filter(|planned| !out.contains(&planned.number));
    Ok((runs.collect(), out))
}

/// Test values, rows and words of the runs that gave a result.
fn compare(
    context: &Context<'_>,
    prepared: &Prepared,
    winner: &Winner<'_>,
    runs: &[Planned],
    plan: &Plan,
    ended: &[Trial],
    test: &Part,
) -> Result<Verified, PipelineError> {
    let metric = &context.objective.metric;
    let mut notes = Vec::new();
    let mut rows: Vec<BaselineRow> = Vec::new();
    // Whole trainings of the winner, and such as were cut short.
    let mut own = [Vec::new(), Vec::new()];
    if plan.allotment.again {
        notes.push(format!(
            "The trainings of the verification had {} each, within the time that it may take; the network \
             that is handed over had {}. So its place in the comparison is taken by further trainings of \
             the winner with the verification's.",
            in_words(plan.allotment.fidelity()),
            in_words(winner.handed_over)
        ));
    } else {
        own[0].push(winner.test);
    }
    for trial in ended.iter().filter(|trial| !trial.outcome.is_failure()) {
        let planned = runs.iter().find(|planned| planned.number == trial.number);
        let found = planned.and_then(|planned| Some((planned, planned.weights(context, trial)?)));
        let Some((planned, weights)) = found else {
            continue;
        };
        let value = planned.measure(context, prepared, test, &weights)?;
        let validation = trial
            .metrics
            .get(&metric.name)
            .map(|quantity| quantity.value);
        let short = cut_short(trial);
        if let Some(after) = &short {
            notes.push(format!(
                "The training of {} was cut short {after}.",
                planned.name
            ));
        }
        let short = usize::from(short.is_some());
        if planned.role == Role::Reseed {
            own[short].push(value);
        } else if let Some(row) = rows.iter_mut().find(|row| row.name == planned.name) {
            row.test.push(value);
            row.validation.extend(validation);
            row.cut_short += short;
        } else {
            let measured = measured(context.study, prepared, &planned.network, &weights)?;
            rows.push(BaselineRow {
                name: planned.name.clone(),
                parameters: planned.network.parameters(),
                latency_ms: measured.map(|measured| measured.median_ms),
                validation: validation.into_iter().collect(),
                test: vec![value],
                cut_short: short,
            });
        }
    }
    let [whole, broken] = own;
    let tests = if whole.is_empty() { broken } else { whole };
    let higher = metric.direction == Direction::Maximize;
    let mut verdict = match rows.is_empty() {
        true => vec!["Not verified: no baseline was trained to a result.".to_owned()],
        false => {
            let shares_of = (metric.unit == Unit::Fraction).then(|| test.len());
            verdict(&tests, &rows, higher, shares_of)
        }
    };
    let compared = plan.allotment.fidelity();
    if (plan.allotment.again || compared != winner.handed_over) && !rows.is_empty() {
        let words = format!(
            "Compared are trainings of {} each, not the one that is handed over, which had {}.",
            in_words(compared),
            in_words(winner.handed_over)
        );
        verdict.push(words);
    }
    // What was trained for another time is no measure of the finalists.
    let alike = !plan.allotment.again;
    let minimized = &context.objective.minimized;
    let saving = alike.then(|| Saving::of(winner.finalists, &rows, higher, minimized));
    let saving = saving.flatten();
    let show = |value| metric.quantity(value).to_string();
    verdict.extend(saving.iter().map(|saving| saving.in_words(&show)));
    Ok(Verified {
        baselines: rows,
        verdict,
        saving,
        notes,
    })
}

/// Such as `8 epochs`, or `4 epochs on 52 % of the training data`.
pub(super) fn in_words(fidelity: Fidelity) -> String {
    let Fidelity { epochs, data, .. } = fidelity;
    let plural = if epochs == 1 { "" } else { "s" };
    match data < 1.0 {
        true => format!(
            "{epochs} epoch{plural} on {:.0} % of the training data",
            data * 100.0
        ),
        false => format!("{epochs} epoch{plural}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fidelities_in_words() {
        assert_eq!(in_words(Fidelity::epochs(1)), "1 epoch");
        let part = Fidelity::epochs(4).with_data(0.52);
        assert_eq!(in_words(part), "4 epochs on 52 % of the training data");
    }
}
