//! Training-free scores: what an untrained network tells of how good it will be.
//!
//! A [`Subject`] is a network with its first weights and some samples; each file
//! here reads one number off it, within a few passes. Larger is better in all.
//! What cannot be scored, such as a network whose answers do not depend on the
//! sample, scores [`WORST`].
//!
//! Number of parameters and of multiply-accumulate operations stand in the
//! catalogue too: they cost nothing, and a score that ranks networks no better
//! is not worth its time.
//!
//! # Example
//! ```
//! use netsmith::network::{Builder, Operation, Shape, operation::Linear};
//! use netsmith::random::Seed;
//! use netsmith_nn::score::{self, ScoreData, Subject};
//!
//! let mut builder = Builder::new();
//! let x = builder.input("x", Shape::vector(2));
//! let y = builder.add("head", Operation::Linear(Linear::new(3_usize)), &[x])?;
//! let network = builder.finish(&[y]);
//! let data = ScoreData::random(Shape::vector(2), 3, 16, &Seed::new(1));
//! let mut subject = Subject::new(&network, &data, &Seed::new(2))?;
//! let scores: Vec<f64> = score::CATALOGUE.iter().map(|entry| subject.score(entry)).collect();
//! assert_eq!(scores[0], 9.0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod data;
mod fisher;
mod flow;
mod grad_norm;
mod grasp;
mod jacob_cov;
mod logsynflow;
mod macs;
mod matrix;
mod naswot;
mod parameters;
mod rebuilt;
mod snip;
mod subject;
mod synflow;
mod training_free;
mod zen;
mod zico;

pub use data::ScoreData;
pub use subject::Subject;
pub use training_free::TrainingFree;

/// A score in the catalogue: a number without unit, larger is better.
pub type Entry = netsmith::catalogue::Entry<fn(&mut Subject<'_>) -> f64>;

/// The score of what cannot be scored; a finite number below all others.
pub const WORST: f64 = -1e8;

/// All scores; the first two are the baselines that the others must beat.
pub const CATALOGUE: &[Entry] = &[
    parameters::ENTRY,
    macs::ENTRY,
    grad_norm::ENTRY,
    snip::ENTRY,
    grasp::ENTRY,
    fisher::ENTRY,
    synflow::ENTRY,
    logsynflow::ENTRY,
    jacob_cov::ENTRY,
    naswot::ENTRY,
    zen::ENTRY,
    zico::ENTRY,
];

#[cfg(test)]
mod tests;
