//! One cost of the catalogue, and what is told of it.

use super::amount::{AmountError, amount};
use super::{Bounds, CATALOGUE, COUNT, Direction, NAMES, Quantity, Range, Unit};
use crate::catalogue::UnknownName;
use crate::network::Network;
use std::fmt;

/// A cost as the catalogue holds it; its name is the word of the command line and of
/// configurations.
pub type Entry = crate::catalogue::Entry<Facts>;

/// What is told of a cost besides its name.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// Its name in JSON and in studies, such as `latency_ms`.
    pub field: &'static str,
    /// Its name in tables for people, such as `peak memory`.
    pub title: &'static str,
    /// The unit of its values.
    pub unit: Unit,
    /// Which way is better.
    pub direction: Direction,
    /// Where its values come from.
    pub source: Source,
}

/// Where the values of a cost come from.
#[derive(Clone, Copy, Debug)]
pub enum Source {
    /// The graph alone decides it.
    Graph {
        /// The value of a network.
        count: fn(&Network) -> u64,
        /// The least and the greatest value of the networks within bounds.
        bounds: fn(&Bounds) -> Range,
    },
    /// It is measured on a machine, so a value may be unknown.
    Measured,
}

/// A cost of the catalogue.
///
/// ```
/// use netsmith::cost::{Cost, MEMORY};
///
/// assert_eq!(Cost::named("memory")?, MEMORY);
/// assert_eq!(MEMORY.parse("64kB")?, 64_000.0);
/// assert_eq!(MEMORY.quantity(64_000.0).to_string(), "64.0 kB");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cost(usize);

impl Cost {
    /// The cost of this entry.
    ///
    /// # Panics
    /// The catalogue does not hold it; for a constant, when it is compiled.
    pub const fn of(entry: &Entry) -> Self {
        let mut place = 0;
        while place < COUNT {
            if same(CATALOGUE[place].name, entry.name) {
                return Self(place);
            }
            place += 1;
        }
        panic!("a cost that the catalogue does not hold — this is a bug in netsmith")
    }

    /// All costs, in the order of the catalogue.
    pub fn all() -> impl ExactSizeIterator<Item = Self> {
        (0..COUNT).map(Self)
    }

    /// The cost of this name, such as `memory`.
    ///
    /// # Errors
    /// There is none; the error lists those that there are.
    pub fn named(name: &str) -> Result<Self, UnknownName> {
        let mut all = Self::all();
        all.find(|cost| cost.name() == name)
            .ok_or_else(|| UnknownName {
                kind: "cost",
                name: name.to_owned(),
                known: NAMES.map(str::to_owned).into(),
            })
    }

    /// The cost with this name in JSON, such as `peak_memory_bytes`.
    pub fn from_field(field: &str) -> Option<Self> {
        Self::all().find(|cost| cost.field() == field)
    }

    /// Its place in the catalogue.
    pub const fn index(self) -> usize {
        self.0
    }

    fn facts(self) -> &'static Facts {
        &CATALOGUE[self.0].build
    }

    /// Its name on the command line and in configurations.
    pub fn name(self) -> &'static str {
        CATALOGUE[self.0].name
    }

    /// Its name in JSON and in studies.
    pub fn field(self) -> &'static str {
        self.facts().field
    }

    /// Its name in tables for people.
    pub fn title(self) -> &'static str {
        self.facts().title
    }

    /// The unit of its values.
    pub fn unit(self) -> Unit {
        self.facts().unit
    }

    /// Which way is better.
    pub fn direction(self) -> Direction {
        self.facts().direction
    }

    /// A value with its unit.
    pub fn quantity(self, value: f64) -> Quantity {
        Quantity::new(value, self.unit())
    }

    /// Whether it is measured, and not decided by the graph.
    pub fn is_measured(self) -> bool {
        matches!(self.facts().source, Source::Measured)
    }

    /// The value of a network; `None` where it must be measured.
    pub fn count(self, network: &Network) -> Option<u64> {
        match self.facts().source {
            Source::Graph { count, .. } => Some(count(network)),
            Source::Measured => None,
        }
    }

    /// The least and the greatest value within bounds; `None` where it must be
    /// measured.
    pub fn bounds(self, bounds: &Bounds) -> Option<Range> {
        match self.facts().source {
            Source::Graph { bounds: range, .. } => Some(range(bounds)),
            Source::Measured => None,
        }
    }

    /// The value of a text with a unit, such as `50k`, `64kB` or `2.5ms`, in
    /// [`unit`](Self::unit).
    ///
    /// # Errors
    /// The text is no amount of this cost; the error lists the units.
    pub fn parse(self, text: &str) -> Result<f64, AmountError> {
        amount(self, text)
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether two texts are equal, for constants.
const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut place = 0;
    while place < a.len() && place < b.len() && a[place] == b[place] {
        place += 1;
    }
    place == a.len() && place == b.len()
}

#[cfg(test)]
mod tests {
    use super::super::{LATENCY, MACS};
    use super::*;

    #[test]
    fn names_are_one_of_a_kind_and_lead_back() {
        for cost in Cost::all() {
            assert_eq!(Cost::named(cost.name()), Ok(cost));
            assert_eq!(Cost::from_field(cost.field()), Some(cost));
            assert_eq!(Cost::of(&CATALOGUE[cost.index()]), cost);
        }
        assert!(LATENCY.is_measured() && !MACS.is_measured());
    }

    #[test]
    fn an_unknown_name_has_a_remedy() {
        let error = Cost::named("latncy").unwrap_err();
        assert_eq!(error.to_string(), "there is no cost `latncy`");
        assert_eq!(error.hint(), "did you mean `latency`?");
    }
}
