//! What the loop asks of every method.

use super::Selection;
use netsmith::catalogue::{Parameter, ParameterKind, Settings};
use netsmith::cost::{self, Cost};

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
    /// Whether the rules of health may end the search before its last epoch, and
    /// leave few skip connections in what is derived in the end.
    pub watch: bool,
    /// Whether the search ends where the minimum becomes sharp (RobustDARTS).
    pub robust: bool,
    /// The cost added to the loss. `None`: no cost term. Latency is the sum of single
    /// operations.
    pub efficiency: Option<Cost>,
    /// How much, beside a cross-entropy in nats.
    pub efficiency_weight: f64,
    /// The cost that a network may have before it counts; none: it always does.
    pub efficiency_target: Option<f64>,
    /// How an architecture is taken from the trained supernet.
    pub selection: Selection,
    /// What moves first.
    pub order: Order,
    /// Whether the architecture's gradient looks one step of the weights ahead.
    pub second_order: bool,
    /// Whether there are architecture parameters to learn at all.
    pub learns: bool,
    /// Whether every pass computes exactly one option of each site.
    pub hard: bool,
    /// Operations see one in so many channels, and edges have weights; none: all
    /// channels, and edges count alike.
    pub partial: Option<usize>,
    /// Whether the options that a hard pass leaves out count in the gradient as
    /// if their outputs were ones.
    pub ones: bool,
}

/// The words for the cost in the loss.
const EFFICIENCIES: [&str; cost::COUNT + 1] = {
    let mut words = ["off"; cost::COUNT + 1];
    let mut place = 0;
    while place < cost::COUNT {
        words[place + 1] = cost::NAMES[place];
        place += 1;
    }
    words
};

/// The parameters that every method has.
const SHARED: [Parameter; 14] = [
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
        doc: "Whether the search ends before skip connections take over, and a quarter of a cell's operations at most (one at least) may be some.",
    },
    Parameter {
        name: "robust",
        kind: ParameterKind::Switch,
        default: "false",
        doc: "Whether the search ends where the dominant eigenvalue of the architecture's Hessian rises.",
    },
    Parameter {
        name: "efficiency",
        kind: ParameterKind::Word(&EFFICIENCIES),
        default: "off",
        doc: "The cost of the network that counts in the loss of the architecture; no network behind the supernet may cost more than the derived one.",
    },
    Parameter {
        name: "efficiency-weight",
        kind: ParameterKind::Number(0.0, 1_000.0),
        default: "0.2",
        doc: "How much the cost counts: nats of cross-entropy for that of a supernet whose options count alike.",
    },
    Parameter {
        name: "efficiency-target",
        kind: ParameterKind::Number(0.0, 1e15),
        default: "0",
        doc: "The cost that counts nothing any more (in its own unit: scalars, operations, bytes, milliseconds); 0: it always counts.",
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

/// The same parameters, some with another default and text: each with its name.
pub(super) const fn with_defaults<const ALL: usize, const NEW: usize>(
    mut all: [Parameter; ALL],
    new: [(&str, &'static str, &'static str); NEW],
) -> [Parameter; ALL] {
    let mut at = 0;
    while at < NEW {
        let (name, default, doc) = new[at];
        let (mut place, mut found) = (0, false);
        while place < ALL {
            if same(all[place].name, name) {
                (all[place].default, all[place].doc, found) = (default, doc, true);
            }
            place += 1;
        }
        assert!(found, "a parameter of this name");
        at += 1;
    }
    all
}

/// Whether two names are the same, where constants are made.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut at = 0;
    while at < a.len() && at < b.len() && a[at] == b[at] {
        at += 1;
    }
    at == a.len() && at == b.len()
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
            robust: settings.switch("robust"),
            efficiency: Cost::named(settings.text("efficiency")).ok(),
            efficiency_weight: settings.number("efficiency-weight"),
            efficiency_target: Some(settings.number("efficiency-target")).filter(|t| *t > 0.0),
            selection: Selection::Strongest,
            order: Order::WeightsFirst,
            second_order: false,
            learns: true,
            hard: false,
            partial: None,
            ones: false,
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
