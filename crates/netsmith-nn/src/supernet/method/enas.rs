//! ENAS: a policy draws architectures; shared weights and policy are trained in
//! turn.
//!
//! ```text
//! for each epoch
//!     for each batch of the training half       shared weights
//!         a ~ π(θ);  w <- SGD(w, ∇ CE of a)
//!     repeat                                    controller
//!         for each of some a ~ π(θ):  R <- accuracy of a on one validation batch
//!                                     R <- R + λ·H;  b <- 0.99 b + 0.01 R
//!         θ <- Adam(θ, mean of (R − b) ∇ log π(a) − 0.8 ∇ KL of the skips)
//! draw some a ~ π(θ), score each, the best is the answer; it is trained anew
//! ```
//!
//! Batch norms take the statistics of the batch in both phases: running averages
//! over networks that differ in every step describe none of them, and made this
//! method end in cells without weights where they were used.

use crate::supernet::options::{SHARED_COUNT, with_defaults, with_shared};
use crate::supernet::policy::{Bonus, PolicyOptions};
use crate::supernet::{Alphas, Draw, Entry, Method, Moment, Options};
use netsmith::catalogue::{Parameter, ParameterKind, Settings};
use netsmith::strategy::controller::{Design, OptimizerKind, Policy, SkipChance, SkipTarget};

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "enas",
    "A recurrent policy draws architectures; it and the weights that they share are trained in turn.",
    build,
)
.paper("Pham et al. 2018, arXiv:1802.03268")
.parameters(&PARAMETERS);

const PARAMETERS: [Parameter; SHARED_COUNT + 19] = with_defaults(
    with_shared([
        Parameter {
            name: "width",
            kind: ParameterKind::Integer(1, 1_024),
            default: "64",
            doc: "Units of an LSTM layer of the controller; 64 in the paper.",
        },
        Parameter {
            name: "layers",
            kind: ParameterKind::Integer(1, 8),
            default: "1",
            doc: "LSTM layers; 1 in the paper, 2 of 32 units in NAS-Bench-201's code.",
        },
        Parameter {
            name: "initial-range",
            kind: ParameterKind::Number(0.0, 10.0),
            default: "0.1",
            doc: "Initial parameters of the controller are uniform between plus and minus this.",
        },
        Parameter {
            name: "temperature",
            kind: ParameterKind::Number(0.01, 1_000.0),
            default: "1",
            doc: "Logits are divided by it; 5 in NAS-Bench-201's code.",
        },
        Parameter {
            name: "operation-clip",
            kind: ParameterKind::Number(0.0, 1_000.0),
            default: "1.5",
            doc: "c of c·tanh(logit) for operations; 0: none. 1.5 for whole networks, 0.44 for cells, 2.5 in NAS-Bench-201's code.",
        },
        Parameter {
            name: "input-clip",
            kind: ParameterKind::Number(0.0, 1_000.0),
            default: "1.5",
            doc: "The same for inputs and skips; 1.1 for cells.",
        },
        Parameter {
            name: "updates",
            kind: ParameterKind::Integer(0, 100_000),
            default: "0",
            doc: "Updates of the controller after each epoch; 0: so many that as many batches are scored as the weights are trained on. Published: 50 of 20 architectures for whole networks, 30 of 10 for cells.",
        },
        Parameter {
            name: "aggregate",
            kind: ParameterKind::Integer(1, 10_000),
            default: "10",
            doc: "Architectures of one update.",
        },
        Parameter {
            name: "reward-batch",
            kind: ParameterKind::Integer(1, 100_000),
            default: "128",
            doc: "Validation samples on which one of them is scored; 128 and 160 in the paper.",
        },
        Parameter {
            name: "entropy",
            kind: ParameterKind::Number(0.0, 100.0),
            default: "0.0001",
            doc: "Weight of the entropy, a bonus on the reward.",
        },
        Parameter {
            name: "entropy-of",
            kind: ParameterKind::Word(BONUSES),
            default: "step",
            doc: "`step`: the entropy of each step's distribution; `pick`: −p log p of what was picked alone, as the official code has it for whole networks.",
        },
        Parameter {
            name: "baseline-decay",
            kind: ParameterKind::Number(0.0, 0.999_999),
            default: "0.99",
            doc: "How much the average of rewards remembers.",
        },
        Parameter {
            name: "baseline-correction",
            kind: ParameterKind::Switch,
            default: "true",
            doc: "Whether the average forgets that it began at zero; the official code's does not, which thousands of updates outlast.",
        },
        Parameter {
            name: "skip-weight",
            kind: ParameterKind::Number(0.0, 100.0),
            default: "0.8",
            doc: "Weight of the term that holds the rate of skips, where the space has any; 0: none.",
        },
        Parameter {
            name: "skip-target",
            kind: ParameterKind::Number(0.01, 0.99),
            default: "0.4",
            doc: "The rate of skips.",
        },
        Parameter {
            name: "skip-chance",
            kind: ParameterKind::Word(CHANCES),
            default: "drawn",
            doc: "`drawn`: the chance with which a skip is drawn is held near the target; `half`: σ(q) in place of σ(2q), as the official code has it, which ends at 4/13 for the target 0.4.",
        },
        Parameter {
            name: "clip-weights",
            kind: ParameterKind::Switch,
            default: "true",
            doc: "Whether gradients of the shared weights are cut to the norm 5, as published; the official code cuts them and then uses those before.",
        },
        Parameter {
            name: "samples",
            kind: ParameterKind::Integer(1, 100_000),
            default: "100",
            doc: "Architectures that are drawn in the end, of which the best is the answer; 10 in the paper, 100 in NAS-Bench-201's code.",
        },
        Parameter {
            name: "control",
            kind: ParameterKind::Switch,
            default: "true",
            doc: "Whether random search with shared weights runs beside it with as many epochs, which halves them; what it finds is a candidate too.",
        },
    ]),
    [
        (
            "architecture-rate",
            "0.01",
            "Learning rate of the controller, for hundreds of updates (published: 0.001 and 0.0035, for thousands).",
        ),
        (
            "architecture-decay",
            "0",
            "Not used: a controller has no such pull.",
        ),
        (
            "share",
            "0.2",
            "Share of the training part on which rewards are measured; a tenth in the paper.",
        ),
        (
            "watch",
            "false",
            "Whether the search ends before skip connections take over.",
        ),
    ],
);

const BONUSES: &[&str] = &["step", "pick"];
const CHANCES: &[&str] = &["drawn", "half"];

/// Pham and others' alternation.
///
/// # Paper
/// arXiv:1802.03268, sections 2.2 and 2.3. Deviations: an option is scored
/// straight from the state, without the constant preference of the official code
/// for convolutions; the answer is the best on several validation batches where
/// the paper takes one, and is trained beside other candidates.
#[derive(Debug)]
struct Enas {
    options: Options,
    policy: PolicyOptions,
    control: Option<Box<dyn Method>>,
}

/// Random search with shared weights that are trained alike.
fn control(settings: &Settings) -> Option<Box<dyn Method>> {
    let entry = super::single_path::ENTRY;
    let has = |name: &str| entry.parameters.iter().any(|known| known.name == name);
    let shared = settings.values().filter(|(name, _)| has(name));
    let shared = shared.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let shared = Settings::new(entry.parameters, &shared.collect()).ok()?;
    settings.switch("control").then(|| (entry.build)(&shared))
}

fn build(settings: &Settings) -> Box<dyn Method> {
    let updates = settings.integer("updates");
    let skip = SkipTarget {
        rate: settings.number("skip-target"),
        chance: match settings.text("skip-chance") {
            "half" => SkipChance::Half,
            _ => SkipChance::Drawn,
        },
    };
    let weight = settings.number("skip-weight");
    let mut options = Options {
        hard: true,
        ..Options::of(settings)
    };
    if !settings.switch("clip-weights") {
        options.clip = f64::INFINITY;
    }
    Box::new(Enas {
        policy: PolicyOptions {
            design: Design {
                policy: Policy::Lstm {
                    width: settings.integer("width"),
                    layers: settings.integer("layers"),
                },
                initial_range: settings.number("initial-range"),
                temperature: settings.number("temperature"),
                option_clip: settings.number("operation-clip"),
                select_clip: settings.number("input-clip"),
            },
            optimizer: OptimizerKind::ENAS,
            rate: options.architecture_rate,
            updates: (updates > 0).then_some(updates),
            aggregate: settings.integer("aggregate"),
            batch: settings.integer("reward-batch"),
            entropy: settings.number("entropy"),
            bonus: match settings.text("entropy-of") {
                "pick" => Bonus::Picked,
                _ => Bonus::Whole,
            },
            decay: settings.number("baseline-decay"),
            corrected: settings.switch("baseline-correction"),
            skip: (weight > 0.0).then_some((weight, skip)),
            samples: settings.integer("samples"),
        },
        control: control(settings),
        options,
    })
}

impl Method for Enas {
    fn options(&self) -> &Options {
        &self.options
    }

    fn policy(&self) -> Option<&PolicyOptions> {
        Some(&self.policy)
    }

    fn control(&self) -> Option<&dyn Method> {
        self.control.as_deref()
    }

    fn pull(&self, alphas: &Alphas, _: &Draw, _: &[Vec<f64>], _: Moment) -> Vec<Vec<f64>> {
        let zeros = |logits: &Vec<f64>| vec![0.0; logits.len()];
        alphas.logits.iter().map(zeros).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[track_caller]
    fn check(given: &[(&str, &str)], expected: impl Fn(&Options, &PolicyOptions) -> bool) {
        let pairs = given.iter();
        let given: BTreeMap<String, String> = pairs
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let method = build(&Settings::new(&PARAMETERS, &given).unwrap());
        let policy = method.policy().unwrap();
        assert!(expected(method.options(), policy), "{given:?}: {policy:?}");
    }

    /// The paper by default, the official code where it is asked for.
    #[test]
    fn paper_and_code() {
        check(&[], |options, policy| {
            let skip = policy.skip == Some((0.8, SkipTarget::ENAS));
            let own = policy.bonus == Bonus::Whole && policy.updates.is_none();
            skip && own && options.clip < 6.0 && !options.watch && options.share < 0.3
        });
        let given = BTreeMap::from([("learning-rate".to_owned(), "0.1".to_owned())]);
        let method = build(&Settings::new(&PARAMETERS, &given).unwrap());
        let control = *method.control().unwrap().options();
        assert!(!control.learns && (control.learning_rate - 0.1).abs() < 1e-12);
        let code = [
            ("skip-chance", "half"),
            ("entropy-of", "pick"),
            ("clip-weights", "false"),
            ("updates", "50"),
            ("aggregate", "20"),
        ];
        check(&code, |options, policy| {
            let half = policy.skip.is_some_and(|s| s.1.chance == SkipChance::Half);
            let many = policy.updates == Some(50) && policy.aggregate == 20;
            half && many && policy.bonus == Bonus::Picked && options.clip.is_infinite()
        });
        check(&[("skip-weight", "0")], |_, policy| policy.skip.is_none());
    }
}
