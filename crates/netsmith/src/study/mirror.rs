//! The words that a study stores for the core's own types.
//!
//! They belong to the format: the core may rename its types, these stay.

use super::fault::Fault;
use crate::cost::{Cost, Direction, LATENCY, MACS, MEMORY, PARAMETERS, Quantity, Unit};
use crate::trial::{Metric, Outcome};

/// What the column `width` of a trial holds. Format 1 has it for networks trained at a
/// part of their width, which nothing does.
pub(super) const FULL_WIDTH: f64 = 1.0;

/// The costs with columns of their own in `trial`.
const COLUMNS: [Cost; 4] = [PARAMETERS, MACS, MEMORY, LATENCY];

/// The metric under which a cost without a column stands among the results; nothing for
/// a cost that has one.
pub(super) fn cost_metric(cost: Cost) -> Option<Metric> {
    let stands = !COLUMNS.contains(&cost);
    stands.then(|| Metric::new(cost.field(), cost.unit(), cost.direction()))
}

/// The cost that a metric among the results stands for.
pub(super) fn cost_of(metric: &Metric) -> Option<Cost> {
    let cost = Cost::from_field(&metric.name)?;
    (cost_metric(cost).as_ref() == Some(metric)).then_some(cost)
}

pub(super) fn unit_name(unit: Unit) -> &'static str {
    match unit {
        Unit::Parameters => "parameters",
        Unit::Macs => "macs",
        Unit::Bytes => "bytes",
        Unit::Milliseconds => "ms",
        Unit::Seconds => "s",
        Unit::Fraction => "fraction",
        Unit::Target => "target",
        Unit::Plain => "plain",
    }
}

pub(super) fn unit(name: &str) -> Option<Unit> {
    Some(match name {
        "parameters" => Unit::Parameters,
        "macs" => Unit::Macs,
        "bytes" => Unit::Bytes,
        "ms" => Unit::Milliseconds,
        "s" => Unit::Seconds,
        "fraction" => Unit::Fraction,
        "target" => Unit::Target,
        "plain" => Unit::Plain,
        _ => return None,
    })
}

pub(super) fn direction_name(direction: Direction) -> &'static str {
    match direction {
        Direction::Minimize => "minimize",
        Direction::Maximize => "maximize",
    }
}

pub(super) fn direction(name: &str) -> Option<Direction> {
    Some(match name {
        "minimize" => Direction::Minimize,
        "maximize" => Direction::Maximize,
        _ => return None,
    })
}

/// An outcome as columns of `trial`.
#[derive(Debug, Default)]
pub(super) struct OutcomeColumns<'a> {
    pub state: &'a str,
    pub detail: Option<&'a str>,
    pub unit: Option<&'a str>,
    pub value: Option<f64>,
    pub limit: Option<f64>,
    pub needed: Option<u64>,
    pub available: Option<u64>,
}

impl<'a> OutcomeColumns<'a> {
    pub(super) fn of(outcome: &'a Outcome) -> Self {
        let plain = Self {
            state: outcome.name(),
            ..Self::default()
        };
        match outcome {
            Outcome::Finished | Outcome::Stopped => plain,
            Outcome::Diverged { reason: text } | Outcome::Crashed { message: text } => Self {
                detail: Some(text),
                ..plain
            },
            Outcome::OutOfMemory { needed, available } => Self {
                needed: Some(*needed),
                available: Some(*available),
                ..plain
            },
            Outcome::OverLimit { what, value, limit } => Self {
                detail: Some(what),
                unit: Some(unit_name(value.unit)),
                value: Some(value.value),
                limit: Some(limit.value),
                ..plain
            },
            Outcome::CutShort { steps } => Self {
                value: Some(*steps as f64),
                ..plain
            },
            Outcome::TimedOut { limit_seconds } => Self {
                limit: Some(*limit_seconds),
                ..plain
            },
        }
    }

    /// The outcome, if the columns that it needs are there. A missing number is
    /// a NaN.
    pub(super) fn outcome(&self, number: u64) -> Result<Outcome, Fault> {
        let missing = |rule| Fault::new("trial", number, rule);
        let detail = || {
            self.detail
                .map(str::to_owned)
                .ok_or_else(|| missing("its state needs a detail"))
        };
        Ok(match self.state {
            "finished" => Outcome::Finished,
            "stopped" => Outcome::Stopped,
            "diverged" => Outcome::Diverged { reason: detail()? },
            "crashed" => Outcome::Crashed { message: detail()? },
            "out-of-memory" => Outcome::OutOfMemory {
                needed: self
                    .needed
                    .ok_or_else(|| missing("out-of-memory needs bytes"))?,
                available: self
                    .available
                    .ok_or_else(|| missing("out-of-memory needs bytes"))?,
            },
            "over-limit" => {
                let unit = self
                    .unit
                    .and_then(unit)
                    .ok_or_else(|| missing("over-limit needs a known unit"))?;
                let quantity = |value: Option<f64>| Quantity::new(value.unwrap_or(f64::NAN), unit);
                Outcome::OverLimit {
                    what: detail()?,
                    value: quantity(self.value),
                    limit: quantity(self.limit),
                }
            }
            "cut-short" => Outcome::CutShort {
                steps: self
                    .value
                    .filter(|steps| *steps >= 0.0)
                    .ok_or_else(|| missing("cut-short needs its steps"))?
                    as u64,
            },
            "timed-out" => Outcome::TimedOut {
                limit_seconds: self.limit.unwrap_or(f64::NAN),
            },
            _ => return Err(missing("its state must be a known word")),
        })
    }
}
