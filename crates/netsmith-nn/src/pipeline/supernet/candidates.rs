//! What a gradient search hands to the trials.

use crate::pipeline::PipelineError;
use crate::supernet::{End, Found, Search};
use netsmith::network::Network;
use netsmith::random::Seed;
use netsmith::space::{Architecture, Space};
use serde::{Deserialize, Serialize};

/// Architectures drawn at random that are trained like the derived one.
const RANDOM: u64 = 2;

/// Draws for each of them, where one may not take longer than the derived one.
const DRAWS: usize = 100;

/// An architecture that the gradient search hands to the trials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Candidate {
    /// Where it comes from, for people.
    pub(super) origin: String,
    pub(super) architecture: String,
}

/// What is trained as trials: the derived architecture, the best of a random
/// sample under the shared weights, and random ones.
pub(super) fn listed(
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
    let why = not_learnt(search, found).unwrap_or_else(learnt);
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

/// Why what the search found was not learnt, where it had no time for it or where
/// nothing could be derived.
pub(super) fn not_learnt(search: &Search<'_>, found: &Found) -> Option<&'static str> {
    let options = search.method.options();
    let done = found.state.history.len();
    if found.end == End::Stopped && done == 0 {
        let why =
            "there was no time for an epoch of the supernet, so this is as good as drawn at random";
        return Some(why);
    }
    if found.drawn {
        return Some(
            "the bounds of the costs were too loose to derive an architecture within the limits, so this is drawn at \
             random",
        );
    }
    let warming_up = options.learns && done <= options.warm_up_epochs(search.epochs);
    warming_up.then_some(
        "there was no time to learn the architecture, so this is as good as drawn at random",
    )
}

/// Adds a candidate, unless its architecture is one already.
pub(super) fn add(
    listed: &mut Vec<Candidate>,
    space: &Space,
    origin: &str,
    architecture: &Architecture,
) {
    let architecture = space.text(architecture);
    let known = |candidate: &Candidate| candidate.architecture == architecture;
    if !listed.iter().any(known) {
        listed.push(Candidate {
            origin: origin.to_owned(),
            architecture,
        });
    }
}
