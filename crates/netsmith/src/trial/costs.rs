//! What a trial's network costs.

use crate::cost::{self, Cost, Quantity};
use crate::network::Network;

/// The costs of one network, each in the unit of its cost; `None` where one is not
/// known.
///
/// Counts are held as floating-point numbers, exact up to 2⁵³.
///
/// ```
/// use netsmith::cost::{LATENCY, MACS};
/// use netsmith::trial::Costs;
///
/// let costs = Costs::default().with(LATENCY, 0.25);
/// assert_eq!(costs.get(LATENCY).map(|cost| cost.to_string()), Some("0.250 ms".into()));
/// assert_eq!(costs.value(MACS), None);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Costs([Option<f64>; cost::COUNT]);

impl Costs {
    /// The costs of a network that its graph decides.
    pub fn of(network: &Network) -> Self {
        let mut costs = Self::default();
        for cost in Cost::all() {
            costs.set(cost, cost.count(network).map(|count| count as f64));
        }
        costs
    }

    /// Sets one cost, or makes it unknown.
    pub fn set(&mut self, cost: Cost, value: Option<f64>) {
        self.0[cost.index()] = value;
    }

    /// The same with this value of a cost.
    #[must_use]
    pub fn with(mut self, cost: Cost, value: f64) -> Self {
        self.set(cost, Some(value));
        self
    }

    /// The same, and where a cost is not known that of `other`.
    #[must_use]
    pub fn or(mut self, other: &Self) -> Self {
        for cost in Cost::all() {
            self.set(cost, self.value(cost).or(other.value(cost)));
        }
        self
    }

    /// The value of a cost.
    pub fn value(&self, cost: Cost) -> Option<f64> {
        self.0[cost.index()]
    }

    /// The value of a cost with its unit.
    pub fn get(&self, cost: Cost) -> Option<Quantity> {
        self.value(cost).map(|value| cost.quantity(value))
    }
}
