//! What the loop asks of every method.

use netsmith::catalogue::{Parameter, ParameterKind, Settings};

/// Which parameters move first in a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The weights, then the architecture (NAS-Bench-201's own code, GDAS).
    WeightsFirst,
    /// The architecture, then the weights (DARTS).
    ArchitectureFirst,
}

/// Rates, schedules and switches of a gradient search.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// Epochs; none: as many as the budget allows.
    pub epochs: Option<usize>,
    /// Samples of a batch of either half.
    pub batch: usize,
    /// The first learning rate of the weights; it falls along a cosine.
    pub learning_rate: f64,
    /// The last learning rate of the weights.
    pub last_learning_rate: f64,
    /// The pull of the weights towards zero, on kernels.
    pub weight_decay: f64,
    /// The largest norm of the weights' gradients together.
    pub clip: f64,
    /// Whether the weights' momentum is Nesterov's.
    pub nesterov: bool,
    /// The learning rate of the architecture's parameters.
    pub architecture_rate: f64,
    /// The pull of the architecture's parameters towards zero, added to their
    /// gradient.
    pub architecture_decay: f64,
    /// Share of the epochs in which only the weights are trained.
    pub warm_up: f64,
    /// Share of the training part on which the architecture is learnt.
    pub share: f64,
    /// Whether the option that cuts an edge may be chosen.
    pub none: bool,
    /// Whether the rules of health may end the search before its last epoch.
    pub watch: bool,
    /// What moves first.
    pub order: Order,
    /// Whether the architecture's gradient looks one step of the weights ahead.
    pub second_order: bool,
    /// Whether there are architecture parameters to learn at all.
    pub learns: bool,
    /// Whether every pass computes exactly one option of each site.
    pub hard: bool,
}

/// The parameters that every method has.
const SHARED: [Parameter; 10] = [
    Parameter {
        name: "epochs",
        kind: ParameterKind::Integer(0, 10_000),
        default: "0",
        doc: "Epochs of the supernet; 0: as many as the budget allows.",
    },
    Parameter {
        name: "batch",
        kind: ParameterKind::Integer(1, 4_096),
        default: "64",
        doc: "Samples of a batch.",
    },
    Parameter {
        name: "learning-rate",
        kind: ParameterKind::Number(0.0, 10.0),
        default: "0.025",
        doc: "First learning rate of the shared weights; it falls along a cosine to a 25th.",
    },
    Parameter {
        name: "weight-decay",
        kind: ParameterKind::Number(0.0, 1.0),
        default: "0.0005",
        doc: "Pull of the shared weights towards zero.",
    },
    Parameter {
        name: "architecture-rate",
        kind: ParameterKind::Number(0.0, 10.0),
        default: "0.01",
        doc: "Learning rate of the architecture parameters (published: 0.0003, over 50 to 250 epochs of 25,000 images).",
    },
    Parameter {
        name: "architecture-decay",
        kind: ParameterKind::Number(0.0, 1.0),
        default: "0.001",
        doc: "Pull of the architecture parameters towards zero.",
    },
    Parameter {
        name: "warm-up",
        kind: ParameterKind::Number(0.0, 0.9),
        default: "0.2",
        doc: "Share of the epochs in which only the weights are trained.",
    },
    Parameter {
        name: "share",
        kind: ParameterKind::Number(0.05, 0.95),
        default: "0.5",
        doc: "Share of the training part on which the architecture is learnt.",
    },
    Parameter {
        name: "none",
        kind: ParameterKind::Switch,
        default: "false",
        doc: "Whether the option that cuts an edge may be chosen.",
    },
    Parameter {
        name: "watch",
        kind: ParameterKind::Switch,
        default: "true",
        doc: "Whether the search ends before skip connections take over.",
    },
];

/// A method's own parameters behind those that all have; `ALL` is their number.
pub(super) const fn with_shared<const OWN: usize, const ALL: usize>(
    own: [Parameter; OWN],
) -> [Parameter; ALL] {
    let mut all = [SHARED[0]; ALL];
    let mut at = 0;
    while at < ALL {
        all[at] = if at < SHARED.len() {
            SHARED[at]
        } else {
            own[at - SHARED.len()]
        };
        at += 1;
    }
    all
}

/// How many parameters all methods have.
pub(super) const SHARED_COUNT: usize = SHARED.len();

impl Options {
    /// From the parameters that all methods have; a soft, first-order method.
    pub(super) fn of(settings: &Settings) -> Self {
        let epochs = settings.integer("epochs");
        let learning_rate = settings.number("learning-rate");
        Self {
            epochs: (epochs > 0).then_some(epochs),
            batch: settings.integer("batch"),
            learning_rate,
            last_learning_rate: learning_rate / 25.0,
            weight_decay: settings.number("weight-decay"),
            clip: 5.0,
            nesterov: true,
            architecture_rate: settings.number("architecture-rate"),
            architecture_decay: settings.number("architecture-decay"),
            warm_up: settings.number("warm-up"),
            share: settings.number("share"),
            none: settings.switch("none"),
            watch: settings.switch("watch"),
            order: Order::WeightsFirst,
            second_order: false,
            learns: true,
            hard: false,
        }
    }

    /// The learning rate of the weights in an epoch, along a cosine.
    pub fn learning_rate_at(&self, epoch: usize, epochs: usize) -> f64 {
        let passed = epoch as f64 / epochs.max(1) as f64;
        let share = 0.5 * (1.0 + (std::f64::consts::PI * passed).cos());
        self.last_learning_rate + (self.learning_rate - self.last_learning_rate) * share
    }

    /// How many epochs train the weights alone.
    pub fn warm_up_epochs(&self, epochs: usize) -> usize {
        (self.warm_up * epochs as f64).round() as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cosine_of_the_darts_paper() {
        let settings = Settings::defaults(&SHARED);
        let options = Options::of(&settings);
        for (epoch, rate) in [(0, 0.025), (25, 0.013), (49, 0.001_023_68)] {
            assert!((options.learning_rate_at(epoch, 50) - rate).abs() < 1e-8);
        }
        assert_eq!(options.warm_up_epochs(50), 10);
    }
}
