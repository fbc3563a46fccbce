//! What must hold for every strategy on every space.

use crate::catalogue::Settings;
use crate::random::Seed;
use crate::space::{Infeasible, Limits, Space};
use crate::strategy::{Ask, Entry, Observation, Strategy, StrategyError};
use rand::RngExt;
use std::collections::VecDeque;

/// How many proposals each check asks for.
const PROPOSALS: u64 = 60;

/// A promise that a strategy breaks.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Broken {
    /// The default settings are refused.
    #[error(transparent)]
    Settings(#[from] StrategyError),
    /// It finds nothing that keeps limits which the space can keep.
    #[error(transparent)]
    Infeasible(#[from] Infeasible),
    /// A proposal that is no architecture of the space.
    #[error("strategy `{strategy}`, proposal {number}: {rule}")]
    Invalid {
        /// The strategy.
        strategy: &'static str,
        /// The number of the proposal.
        number: u64,
        /// What is wrong.
        rule: String,
    },
    /// A proposal that breaks a limit.
    #[error("strategy `{strategy}`, proposal {number}: over a limit")]
    OverLimit {
        /// The strategy.
        strategy: &'static str,
        /// The number of the proposal.
        number: u64,
    },
    /// Two runs of one seed that differ.
    #[error("strategy `{strategy}`, proposal {number}: another one when repeated")]
    NotRepeated {
        /// The strategy.
        strategy: &'static str,
        /// The number of the proposal.
        number: u64,
    },
    /// All seeds give the same.
    #[error("strategy `{strategy}` proposes the same under two seeds")]
    Seedless {
        /// The strategy.
        strategy: &'static str,
    },
    /// A parent that was not told before.
    #[error("strategy `{strategy}`, proposal {number}: parent {parent} had not ended")]
    Parent {
        /// The strategy.
        strategy: &'static str,
        /// The number of the proposal.
        number: u64,
        /// The parent that it names.
        parent: u64,
    },
}

/// What the trials of a check come to.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// Scores drawn at random.
    Scored,
    /// All the same score.
    Equal,
    /// A third fails.
    Mixed,
    /// All fail.
    Failed,
}

/// Holds a strategy to its promises on one space, under these limits as well:
/// only valid architectures, the same ones for the same seed, limits kept,
/// parents that had ended, and all of it whatever comes of the trials.
///
/// # Errors
/// The first promise that is broken.
pub fn check_strategy(
    entry: &Entry,
    settings: &Settings,
    space: &Space,
    limits: &Limits,
) -> Result<(), Broken> {
    let strategy = entry.name;
    for fate in [Fate::Scored, Fate::Equal, Fate::Mixed, Fate::Failed] {
        for window in [1, 8] {
            let run = |seed| drive(entry, settings, space, limits, Drive { seed, fate, window });
            let (first, again) = (run(1)?, run(1)?);
            let differs = first.iter().zip(&again).position(|(a, b)| a != b);
            if let Some(number) = differs {
                let number = number as u64;
                return Err(Broken::NotRepeated { strategy, number });
            }
            let is_large = space.size().is_none_or(|size| size > 1_000);
            // Whatever comes of the trials: one other seed shows that they are used.
            let looks = window == 1 && matches!(fate, Fate::Scored);
            if looks && is_large && first == run(2)? {
                return Err(Broken::Seedless { strategy });
            }
        }
    }
    Ok(())
}

/// The texts of the first proposals of a strategy, trials being scored at
/// random: compare them between processes, machines and versions.
///
/// # Errors
/// The first promise that is broken.
pub fn proposals(
    entry: &Entry,
    settings: &Settings,
    space: &Space,
    seed: u64,
) -> Result<Vec<String>, Broken> {
    let drive_so = Drive {
        seed,
        fate: Fate::Mixed,
        window: 8,
    };
    drive(entry, settings, space, &Limits::default(), drive_so)
}

#[derive(Clone, Copy)]
struct Drive {
    seed: u64,
    fate: Fate,
    window: usize,
}

/// Asks and tells as a search with this window does, and checks each proposal.
fn drive(
    entry: &Entry,
    settings: &Settings,
    space: &Space,
    limits: &Limits,
    Drive { seed, fate, window }: Drive,
) -> Result<Vec<String>, Broken> {
    let name = entry.name;
    let mut strategy: Box<dyn Strategy> = (entry.build)(settings)?;
    let seed = Seed::new(seed);
    let mut outcomes = seed.child("outcomes").stream();
    let mut running = VecDeque::new();
    let mut texts = Vec::new();
    for number in 0..PROPOSALS {
        if running.len() >= window
            && let Some((number, architecture)) = running.pop_front()
        {
            let score: f64 = outcomes.random();
            strategy.tell(Observation {
                number,
                architecture,
                scores: match fate {
                    Fate::Scored => Some(vec![score]),
                    Fate::Equal => Some(vec![0.5]),
                    Fate::Mixed => (number % 3 != 0).then(|| vec![score]),
                    Fate::Failed => None,
                },
                progress: vec![0.5 * score, score],
            });
        }
        let mut random = seed.child("proposal").nth(number).stream();
        let suggestion = strategy.ask(&mut Ask {
            space,
            limits,
            running: running.make_contiguous(),
            number,
            random: &mut random,
        })?;
        let architecture = suggestion.architecture;
        space.check(&architecture).map_err(|rule| Broken::Invalid {
            strategy: name,
            number,
            rule,
        })?;
        if !space.keeps(&architecture, limits) {
            return Err(Broken::OverLimit {
                strategy: name,
                number,
            });
        }
        let told = number.saturating_sub(window as u64 - 1);
        if let Some(parent) = suggestion.parent.filter(|parent| *parent >= told) {
            return Err(Broken::Parent {
                strategy: name,
                number,
                parent,
            });
        }
        texts.push(space.text(&architecture));
        running.push_back((number, architecture));
    }
    Ok(texts)
}
