//! What the winner is compared with.

use crate::pipeline::planned::Planned;
use crate::pipeline::prepare::Prepared;
use crate::pipeline::{Context, PipelineError};
use netsmith::cost::PARAMETERS;
use netsmith::network::Key;
use netsmith::random::Seed;
use netsmith::space::hand_designed;
use netsmith::study::Role;
use rand::Rng;

/// Seeds of the winner, and random architectures.
const EACH: u64 = 2;

/// What the winner is compared with, and more seeds of it, in the order of their
/// worth for the verdict; and the name of the hand-designed network that the winner is,
/// where it is one: that one is no rival.
pub(super) fn others(
    context: &Context<'_>,
    prepared: &Prepared,
    winner: &Planned,
) -> Result<(Vec<Planned>, Option<String>), PipelineError> {
    let seed = Seed::new(context.config.seed).child("verification");
    let seeded = |name: &str, number: u64| seed.child(name).nth(number).stream().next_u64() >> 1;
    let baselines = baselines(prepared, winner.network.parameters(), &|name| {
        seeded(name, 0)
    })?;
    let own = Key::of(&winner.network);
    let (itself, baselines): (Vec<Planned>, Vec<Planned>) = baselines
        .into_iter()
        .partition(|other| Key::of(&other.network) == own);
    let itself = itself.into_iter().next().map(|own| own.name);
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
    Ok((ordered, itself))
}

/// The hand-designed networks of the space that keep the limits of the search and have
/// at most so many parameters, or where it has none those that other spaces have for
/// the same data; each with the seed of its name.
fn baselines(
    prepared: &Prepared,
    parameters: u64,
    seed: &dyn Fn(&str) -> u64,
) -> Result<Vec<Planned>, PipelineError> {
    let limits = prepared.limits.with(PARAMETERS, parameters as f64);
    let own = prepared.space.baselines(&limits);
    if own.is_empty() {
        let borrowed = hand_designed(&prepared.contract.space_task(), &limits).into_iter();
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
