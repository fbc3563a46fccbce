//! Evaluation by training, some networks with a teacher.

use super::TrainingEvaluator;
use crate::train::Teacher;
use netsmith::evaluate::{Evaluation, Evaluator, Job, Repeatability, Watch};
use netsmith::network::Network;

/// Trains as another evaluator does, and these of its jobs on what a teacher answers too.
#[derive(Debug)]
pub struct Taught<'a> {
    /// What trains.
    pub evaluator: &'a TrainingEvaluator,
    /// From what they learn; none: from the targets alone.
    pub teacher: Option<&'a Teacher>,
    /// The numbers of those who do.
    pub pupils: Vec<u64>,
}

impl Evaluator for Taught<'_> {
    fn evaluate(&self, job: &Job<'_>, watch: &mut dyn Watch) -> Evaluation {
        let is_pupil = self.pupils.contains(&job.proposal.number);
        let teacher = self.teacher.filter(|_| is_pupil);
        self.evaluator.learn(job, watch, teacher)
    }

    fn repeatability(&self) -> Repeatability {
        self.evaluator.repeatability()
    }

    fn memory(&self, network: &Network) -> u64 {
        self.evaluator.memory(network)
    }
}
