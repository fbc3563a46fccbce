//! Limits on costs.

use crate::cost::{self, Bounds, Cost, Quantity};
use crate::network::Network;
use crate::trial::Costs;

/// Upper limits on costs, each in the unit of its cost.
///
/// What a graph decides is held down while an architecture is made; what is measured,
/// such as latency, is held against a network once it was.
///
/// ```
/// use netsmith::cost::{LATENCY, PARAMETERS};
/// use netsmith::space::Limits;
///
/// let limits = Limits::FREE.with(PARAMETERS, 50_000.0).with(LATENCY, 2.5);
/// assert_eq!(limits.get(LATENCY), Some(2.5));
/// assert_eq!(limits.to_string(), "parameters<=50000, latency<=2.5");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Limits([Option<f64>; cost::COUNT]);

/// A cost over its limit.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{cost} is {}, over the limit of {}", .cost.quantity(*.value), .cost.quantity(*.limit))]
pub struct Excess {
    /// Which cost.
    pub cost: Cost,
    /// The limit, in the unit of the cost.
    pub limit: f64,
    /// The value.
    pub value: f64,
}

/// A limit that no architecture keeps, or none that could be found.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("{cost}<={limit} cannot be met: {}", self.reason())]
pub struct Infeasible {
    /// Which cost.
    pub cost: Cost,
    /// The limit, in the unit of the cost.
    pub limit: f64,
    /// A lower bound: no architecture costs less, and perhaps none so little.
    pub least: f64,
    /// The least cost of a network that was found.
    pub reached: Option<f64>,
}

impl Infeasible {
    fn reason(&self) -> String {
        let least = self.cost.quantity(self.least);
        match self.reached {
            Some(reached) if self.least <= self.limit => format!(
                "the smallest network that was found has {}",
                self.cost.quantity(reached)
            ),
            _ => format!("no network of this space is below {least}"),
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        let Self {
            cost,
            least,
            reached,
            ..
        } = self;
        match reached {
            Some(reached) => {
                format!("raise the limit to {cost}<={reached} or more, or make the space smaller")
            }
            None => format!(
                "raise the limit above {cost}<={least}, a lower bound that perhaps no network \
                 reaches, or make the space smaller"
            ),
        }
    }
}

impl From<Excess> for Infeasible {
    /// Of a network that is over a limit although it is as small as could be found.
    fn from(Excess { cost, limit, value }: Excess) -> Self {
        Self {
            cost,
            limit,
            least: 0.0,
            reached: Some(value),
        }
    }
}

impl Limits {
    /// No limit at all.
    pub const FREE: Self = Self([None; cost::COUNT]);

    /// The same with this limit on a cost, in the unit of the cost.
    #[must_use]
    pub const fn with(mut self, cost: Cost, limit: f64) -> Self {
        self.0[cost.index()] = Some(limit);
        self
    }

    /// The same with the lower of this limit and the one that there is.
    #[must_use]
    pub fn tightened(self, cost: Cost, limit: f64) -> Self {
        let limit = self.get(cost).map_or(limit, |present| present.min(limit));
        self.with(cost, limit)
    }

    /// The same without a limit on this cost.
    #[must_use]
    pub const fn without(mut self, cost: Cost) -> Self {
        self.0[cost.index()] = None;
        self
    }

    /// The limit on a cost, in the unit of the cost.
    pub const fn get(&self, cost: Cost) -> Option<f64> {
        self.0[cost.index()]
    }

    /// All limits, in the order of the catalogue.
    pub fn iter(&self) -> impl Iterator<Item = (Cost, f64)> {
        let limits = *self;
        Cost::all().filter_map(move |cost| Some((cost, limits.get(cost)?)))
    }

    /// Whether there is no limit on what a graph decides, so that all architectures
    /// may be made.
    pub fn is_free(&self) -> bool {
        self.iter().all(|(cost, _)| cost.is_measured())
    }

    /// Those of them that are on what is measured.
    #[must_use]
    pub fn measured(mut self) -> Self {
        for cost in Cost::all().filter(|cost| !cost.is_measured()) {
            self.0[cost.index()] = None;
        }
        self
    }

    /// The costs that are over their limits.
    pub fn excesses(&self, costs: &Costs) -> Vec<Excess> {
        let over = self.iter().filter_map(|(cost, limit)| {
            let value = costs.value(cost).filter(|value| *value > limit)?;
            Some(Excess { cost, limit, value })
        });
        over.collect()
    }

    /// The first limit that no architecture within these bounds keeps, as the cost, the
    /// limit and the lower bound.
    ///
    /// # Errors
    /// There is such a limit.
    pub fn check_bounds(&self, bounds: &Bounds) -> Result<(), Excess> {
        self.check(|cost| cost.bounds(bounds).map(|range| range.low as f64))
    }

    /// Whether every architecture within these bounds keeps all limits that a graph
    /// decides.
    pub(super) fn includes(&self, bounds: &Bounds) -> bool {
        let high = |cost: Cost| cost.bounds(bounds).map(|range| range.high as f64);
        self.check(high).is_ok()
    }

    /// Whether a network keeps all limits that its graph decides.
    ///
    /// # Errors
    /// The first cost over its limit.
    pub fn check_network(&self, network: &Network) -> Result<(), Excess> {
        self.check(|cost| cost.count(network).map(|count| count as f64))
    }

    /// Whether these costs keep all limits; a cost that is not known keeps its own.
    ///
    /// # Errors
    /// The first cost over its limit.
    pub fn check_costs(&self, costs: &Costs) -> Result<(), Excess> {
        self.check(|cost| costs.value(cost))
    }

    fn check(&self, value: impl Fn(Cost) -> Option<f64>) -> Result<(), Excess> {
        for (cost, limit) in self.iter() {
            if let Some(value) = value(cost).filter(|value| *value > limit) {
                return Err(Excess { cost, limit, value });
            }
        }
        Ok(())
    }
}

impl Excess {
    /// The value with its unit.
    pub fn quantity(&self) -> Quantity {
        self.cost.quantity(self.value)
    }
}

impl std::fmt::Display for Limits {
    /// Each limit as it is written on the command line, joined by commas.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (place, (cost, limit)) in self.iter().enumerate() {
            let comma = if place > 0 { ", " } else { "" };
            write!(f, "{comma}{cost}<={limit}")?;
        }
        Ok(())
    }
}
