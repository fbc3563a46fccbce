//! What a study holds about trials.

use super::recover::ALONE_AT_WORK;
use crate::trial::{Curve, Proposal, Trial};

/// All trials of a study at one moment, each list by number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trials {
    /// The search's completed trials.
    pub completed: Vec<Trial>,
    /// The search's trials that were proposed and have no outcome yet.
    pub pending: Vec<Pending>,
    /// The final phase's completed runs.
    pub finals: Vec<FinalRun<Trial>>,
    /// The final phase's runs that have no outcome yet.
    pub pending_finals: Vec<FinalRun<Pending>>,
}

/// A trial without an outcome, and what is there to go on from.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// What was proposed.
    pub proposal: Proposal,
    /// Whether a process says that it runs it. Never so in a study that was just
    /// opened for writing.
    pub running: bool,
    /// How often the process died in the trial before a part of its work was
    /// done, since its last new step.
    pub deaths: u32,
    /// How often the process died while the trial was at work, since its last
    /// new step.
    pub deaths_at_work: u32,
    /// What was measured so far.
    pub curves: Vec<Curve>,
    /// The latest checkpoint.
    pub checkpoint: Option<Checkpoint>,
}

/// What a trial is suspected of, by the deaths of earlier processes.
///
/// Trials run side by side, and a process that dies does not say by which. A
/// suspect is therefore told apart from the others before it is blamed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Suspicion {
    /// Nothing.
    #[default]
    None,
    /// To bring the process down at once: while it begins, nothing else does.
    AtStart,
    /// To bring it down in time: it runs alone until its next step.
    AtWork,
}

impl Pending {
    /// What this trial is suspected of.
    pub fn suspicion(&self) -> Suspicion {
        match (self.deaths, self.deaths_at_work) {
            (_, ALONE_AT_WORK..) => Suspicion::AtWork,
            (1.., _) => Suspicion::AtStart,
            (0, _) => Suspicion::None,
        }
    }
}

/// A run of the final phase: an ordinary trial with a role and a name. Its
/// number is [`FIRST_FINAL`](super::FIRST_FINAL) or more.
#[derive(Clone, Debug, PartialEq)]
pub struct FinalRun<T> {
    /// What the run is for.
    pub role: Role,
    /// The name to show, such as a baseline's.
    pub name: String,
    /// The run itself.
    pub trial: T,
}

/// What a run of the final phase is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Full training of one of the best architectures of the search.
    Candidate,
    /// The winner again with another seed.
    Reseed,
    /// A network designed by hand.
    Baseline,
    /// A random architecture of the space.
    Random,
}

impl Role {
    /// All roles.
    pub const ALL: [Self; 4] = [Self::Candidate, Self::Reseed, Self::Baseline, Self::Random];

    /// The stable name that JSON and the study use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Candidate => "candidate",
            Self::Reseed => "reseed",
            Self::Baseline => "baseline",
            Self::Random => "random",
        }
    }

    /// The role with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// A file with the state of a trial after a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The trial.
    pub trial: u64,
    /// The step after which it was written.
    pub step: u64,
    /// The file, relative to the run directory, with forward slashes.
    pub file: String,
    /// Its length in bytes.
    pub bytes: u64,
}
