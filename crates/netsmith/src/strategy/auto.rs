//! Everything together: hand-designed networks and a sample first, then what a
//! predictor expects the most of, and the neighbours of the best.
//!
//! ```text
//! try what is given, or the space's families of hand-designed networks in several
//! sizes, the least to compute first; then architectures far from all that were tried;
//! where there are training-free scores, the best of a large sample by them
//! repeat: fit the predictor to all trials
//!         pool <- the best of the pool, children of the best trials, and all
//!                 neighbours of a trial that is the best
//!         try the candidate of the pool with the largest expected improvement;
//!         every k-th time only neighbours of the best count (local search)
//! ```
//!
//! With training-free scores a candidate's worth is its place by the predictor
//! and its place by the scores, weighed `n : t` after `n` trials.

use super::evolution::{Individual, Known, mutant, stranger};
use super::predictor::Acquisition;
use super::predictor::model::{self, Model};
use super::screen::{Screen, places};
use super::{Ask, Entry, Observation, Scorer, Strategy, StrategyError, Suggestion};
use crate::catalogue::{Parameter, ParameterKind, Settings};
use crate::random::Random;
use crate::space::{Architecture, Infeasible, Limits};
use rand::RngExt;
use rand::seq::SliceRandom;
use std::sync::Arc;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new(
    "auto",
    "Hand-designed networks and a diverse sample first; then a predictor steers and local search polishes.",
    build,
)
.parameters(&[
    Parameter {
        name: "initial",
        kind: ParameterKind::Integer(1, 100_000),
        default: "10",
        doc: "Architectures before the predictor steers, hand-designed ones among them.",
    },
    Parameter {
        name: "pool",
        kind: ParameterKind::Integer(1, 100_000),
        default: "100",
        doc: "Candidates that are kept in mind.",
    },
    Parameter {
        name: "fresh",
        kind: ParameterKind::Integer(1, 10_000),
        default: "10",
        doc: "Candidates that join the pool at each proposal.",
    },
    Parameter {
        name: "parents",
        kind: ParameterKind::Integer(1, 20),
        default: "5",
        doc: "The best so many have children that join the pool.",
    },
    Parameter {
        name: "polish",
        kind: ParameterKind::Integer(1, 1_000_000),
        default: "4",
        doc: "Every so many proposals, the neighbour of the best with the highest expectation is tried.",
    },
    model::parameter("gaussian-process"),
    model::encoding("structure"),
    model::scores("yes"),
    Parameter {
        name: "screen",
        kind: ParameterKind::Integer(1, 1_000_000),
        default: "200",
        doc: "Draws of which training-free scores, where there are any, choose those that begin the search.",
    },
    Parameter {
        name: "screened",
        kind: ParameterKind::Integer(1, 100_000),
        default: "5",
        doc: "Architectures before the predictor steers, where training-free scores chose them.",
    },
    Parameter {
        name: "trust",
        kind: ParameterKind::Number(0.0, 1e9),
        default: "30",
        doc: "After so many trials the predictor weighs as much as training-free scores. 0: the scores are only among what it sees.",
    },
]);

/// The share of what comes before the predictor steers that is designed by hand.
const DESIGNED: f64 = 0.7;

/// Of so many draws the one farthest from all others joins the first sample.
const DRAWS: usize = 8;

/// At most so many neighbours of a best trial join the pool, drawn at random.
const MOST_NEIGHBOURS: usize = 48;

/// The recommended strategy: it makes a sample, learns, and climbs.
///
/// With several scores, each fit weighs them anew, so that the whole front is
/// approached.
#[derive(Debug)]
pub struct Auto {
    initial: usize,
    pool_size: usize,
    fresh: usize,
    parents: usize,
    polish: u64,
    draws: usize,
    screened: usize,
    trust: f64,
    takes_scores: bool,
    screen: Option<Screen>,
    model: Model,
    known: Known,
    /// What was proposed in the beginning, to keep away from.
    first: Vec<Architecture>,
    /// What the search begins with; the next is the last. None before they were asked
    /// for.
    waiting: Option<Vec<Architecture>>,
    pool: Vec<Candidate>,
    /// The trials whose neighbours are in the pool already.
    explored: Vec<u64>,
}

#[derive(Clone, Debug)]
struct Candidate {
    architecture: Architecture,
    parent: u64,
    /// Whether it is one of all neighbours of its parent.
    near: bool,
}

fn build(settings: &Settings) -> Result<Box<dyn Strategy>, StrategyError> {
    Ok(Box::new(Auto::of(settings)))
}

impl Auto {
    /// A search that tries these first, in this order, in place of the space's
    /// baselines.
    pub fn beginning_with(mut given: Vec<Architecture>) -> Self {
        given.reverse();
        let usual = Self::of(&Settings::defaults(ENTRY.parameters));
        Self {
            initial: usual.initial.max(given.len()),
            screened: usual.screened + given.len(),
            waiting: Some(given),
            ..usual
        }
    }

    fn of(settings: &Settings) -> Self {
        Self {
            initial: settings.integer("initial"),
            pool_size: settings.integer("pool"),
            fresh: settings.integer("fresh"),
            parents: settings.integer("parents"),
            polish: settings.integer("polish") as u64,
            draws: settings.integer("screen"),
            screened: settings.integer("screened"),
            trust: settings.number("trust"),
            takes_scores: settings.text("scores") == "yes",
            screen: None,
            model: Model::of(settings),
            known: Known::default(),
            first: Vec::new(),
            waiting: None,
            pool: Vec::new(),
            explored: Vec::new(),
        }
    }
}

impl Strategy for Auto {
    fn ask(&mut self, ask: &mut Ask<'_>) -> Result<Suggestion, Infeasible> {
        let initial = match &self.screen {
            Some(_) if !self.model.has_several_scores() => self.screened,
            _ => self.initial,
        };
        if self.model.told() < initial {
            return self.begin(ask);
        }
        self.model.learn(ask.space, 1, ask.random);
        self.refill(ask);
        match self.choose(ask) {
            Some(suggestion) => Ok(suggestion),
            None => stranger(ask, &mut self.known),
        }
    }

    fn tell(&mut self, observation: Observation) {
        self.known.insert(&observation.architecture);
        self.model.tell(observation);
    }

    fn assist(&mut self, scorer: Arc<dyn Scorer>) -> bool {
        self.screen = self.takes_scores.then(|| Screen::new(Arc::clone(&scorer)));
        self.model.assist(scorer)
    }
}

impl Auto {
    /// What is given and was not proposed, the best of the screened sample, or the
    /// draw farthest from what was proposed. Training-free scores say nothing of
    /// second objectives: with those, every other one is such a draw.
    fn begin(&mut self, ask: &mut Ask<'_>) -> Result<Suggestion, Infeasible> {
        let waiting = self.waiting.get_or_insert_with(|| {
            let count = (DESIGNED * self.initial as f64) as usize;
            let mut all = ask.space.spread(ask.limits, count);
            all.reverse();
            all
        });
        while let Some(architecture) = waiting.pop() {
            if self.known.insert(&architecture) {
                self.first.push(architecture.clone());
                return Ok(Suggestion {
                    architecture,
                    parent: None,
                });
            }
        }
        let draws_far = self.model.has_several_scores() && ask.number.is_multiple_of(2);
        if let Some(screen) = self.screen.as_mut().filter(|_| !draws_far) {
            while let Some(architecture) = screen.next(ask, self.draws)? {
                if self.known.insert(&architecture) {
                    self.first.push(architecture.clone());
                    return Ok(Suggestion {
                        architecture,
                        parent: None,
                    });
                }
            }
        }
        let mut farthest: Option<(usize, Architecture)> = None;
        for _ in 0..DRAWS {
            let drawn = ask.space.sample(ask.limits, ask.random)?;
            let distances = self.first.iter().map(|other| distance(&drawn, other));
            let distance = distances.min().unwrap_or(0);
            let is_new = !self.known.contains(&drawn);
            if is_new && farthest.as_ref().is_none_or(|(most, _)| distance > *most) {
                farthest = Some((distance, drawn));
            }
        }
        let Some((_, architecture)) = farthest else {
            return stranger(ask, &mut self.known);
        };
        self.known.insert(&architecture);
        self.first.push(architecture.clone());
        Ok(Suggestion {
            architecture,
            parent: None,
        })
    }

    /// Takes out what was tried, and adds children and neighbours of the best.
    fn refill(&mut self, ask: &mut Ask<'_>) {
        let known = &self.known;
        self.pool.retain(|own| !known.contains(&own.architecture));
        let best = self.model.best();
        let parents = &best[..self.parents.min(best.len())];
        let mut fresh = Vec::new();
        if let Some(first) = best.first()
            && !self.explored.contains(&first.number)
        {
            self.explored.push(first.number);
            let mut near = ask
                .space
                .neighbours(&first.architecture, &Limits::default());
            near.retain(|own| ask.space.keeps(own, ask.limits));
            near.shuffle(ask.random);
            near.truncate(MOST_NEIGHBOURS);
            fresh.extend(near.into_iter().map(|architecture| Candidate {
                architecture,
                parent: first.number,
                near: true,
            }));
        }
        for _ in 0..self.fresh {
            let Some(child) = child(ask, parents) else {
                continue;
            };
            fresh.push(child);
        }
        for candidate in fresh {
            let same = |own: &Candidate| own.architecture == candidate.architecture;
            if !self.known.contains(&candidate.architecture) && !self.pool.iter().any(same) {
                self.pool.push(candidate);
            }
        }
    }

    /// The candidate of the largest worth; the best of the others stay.
    fn choose(&mut self, ask: &mut Ask<'_>) -> Option<Suggestion> {
        let polishes = (ask.number + 1).is_multiple_of(self.polish);
        let acquisition = if polishes {
            Acquisition::Mean
        } else {
            Acquisition::ExpectedImprovement
        };
        let mut worths: Vec<(f64, Candidate)> = std::mem::take(&mut self.pool)
            .into_iter()
            .map(|own| {
                let architecture = &own.architecture;
                let worth = self
                    .model
                    .worth(ask.space, architecture, acquisition, ask.random);
                (worth, own)
            })
            .collect();
        self.weigh(ask, &mut worths);
        worths.sort_by(|a, b| b.0.total_cmp(&a.0));
        worths.truncate(self.pool_size);
        let incumbent = self.model.best().first().map(|best| best.number);
        let near = |own: &(f64, Candidate)| own.1.near && Some(own.1.parent) == incumbent;
        let at = if polishes {
            worths.iter().position(near).unwrap_or(0)
        } else {
            0
        };
        let chosen = (at < worths.len()).then(|| worths.remove(at).1);
        self.pool = worths.into_iter().map(|(_, own)| own).collect();
        let chosen = chosen?;
        self.known.insert(&chosen.architecture);
        Some(Suggestion {
            architecture: chosen.architecture,
            parent: Some(chosen.parent),
        })
    }
}

impl Auto {
    /// Turns worths into places, those by training-free scores among them, where
    /// these are to be trusted.
    fn weigh(&mut self, ask: &Ask<'_>, worths: &mut [(f64, Candidate)]) {
        let Some(screen) = &mut self.screen else {
            return;
        };
        // Scores know one objective, a predictor all.
        if self.trust <= 0.0 || self.model.has_several_scores() {
            return;
        }
        let told = self.model.told() as f64;
        let share = told / (told + self.trust);
        let model: Vec<f64> = worths.iter().map(|(worth, _)| *worth).collect();
        let standings = worths.iter();
        let standings: Vec<f64> = standings
            .map(|(_, own)| screen.standing(ask.space, &own.architecture))
            .collect();
        let pairs = places(&model).into_iter().zip(places(&standings));
        for ((worth, _), (model, standing)) in worths.iter_mut().zip(pairs) {
            *worth = share * model + (1.0 - share) * standing;
        }
    }
}

/// A child of one of the parents, one or two steps away, or of two of them.
fn child(ask: &mut Ask<'_>, parents: &[Individual]) -> Option<Candidate> {
    if parents.is_empty() {
        return None;
    }
    let draw = |random: &mut Random| random.random_range(0..parents.len());
    let (first, second) = (draw(ask.random), draw(ask.random));
    let parent = &parents[first];
    let architecture = if first == second {
        let near = mutant(ask, &parent.architecture)?;
        mutant(ask, &near)?
    } else if ask.random.random() {
        let pair = [&parent.architecture, &parents[second].architecture];
        ask.space.cross(pair, ask.limits, ask.random)?
    } else {
        mutant(ask, &parent.architecture)?
    };
    Some(Candidate {
        architecture,
        parent: parent.number,
        near: false,
    })
}

/// In how many decisions two architectures differ.
fn distance(a: &Architecture, b: &Architecture) -> usize {
    a.options().zip(b.options()).filter(|(a, b)| a != b).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Shape;
    use crate::random::Seed;
    use crate::space::{Limits, Task, build_named};
    use std::collections::BTreeMap;

    #[test]
    fn what_is_given_is_tried_first_and_in_its_order() {
        let task = Task::vector(Shape::image(3, 8, 8), 10);
        let space = build_named("nas-bench-201", &task, &BTreeMap::new()).unwrap();
        let limits = Limits::default();
        let mut random = Seed::new(3).stream();
        let mut draw = || space.sample(&limits, &mut random).unwrap();
        let given: Vec<Architecture> = (0..12).map(|_| draw()).collect();
        let mut search = Auto::beginning_with(given.clone());
        let mut proposed = Vec::new();
        for number in 0..14 {
            let mut random = Seed::new(4).nth(number).stream();
            let mut ask = Ask {
                space: &space,
                limits: &limits,
                running: &[],
                number,
                random: &mut random,
            };
            let architecture = search.ask(&mut ask).unwrap().architecture;
            proposed.push(architecture.clone());
            search.tell(Observation {
                number,
                architecture,
                scores: Some(vec![number as f64]),
                progress: Vec::new(),
            });
        }
        assert_eq!(proposed[..12], given);
        assert!(!given.contains(&proposed[12]) && !given.contains(&proposed[13]));
    }
}
