//! The median of numbers that come one by one.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// The numbers so far, split at their median; a new one costs the logarithm of
/// their count.
#[derive(Clone, Debug, Default)]
pub(super) struct RunningMedian {
    /// The smaller half, greatest first; as many as the other half, or one more.
    low: BinaryHeap<Number>,
    /// The greater half, smallest first.
    high: BinaryHeap<Reverse<Number>>,
}

impl RunningMedian {
    pub(super) fn add(&mut self, value: f64) {
        let value = Number(value);
        match self.low.peek() {
            Some(middle) if value > *middle => self.high.push(Reverse(value)),
            _ => self.low.push(value),
        }
        if self.low.len() > self.high.len() + 1 {
            self.high.extend(self.low.pop().map(Reverse));
        } else if self.high.len() > self.low.len() {
            self.low
                .extend(self.high.pop().map(|Reverse(number)| number));
        }
    }

    pub(super) fn len(&self) -> usize {
        self.low.len() + self.high.len()
    }

    /// The middle number, or the mean of the middle two.
    pub(super) fn median(&self) -> Option<f64> {
        let low = self.low.peek()?.0;
        Some(match self.high.peek() {
            Some(Reverse(high)) if self.high.len() == self.low.len() => low / 2.0 + high.0 / 2.0,
            _ => low,
        })
    }
}

/// A number in its total order.
#[derive(Clone, Copy, Debug)]
struct Number(f64);

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_median_of_the_sorted_numbers(
            values in prop::collection::vec(-1e3..1e3f64, 1..40),
        ) {
            let mut running = RunningMedian::default();
            for count in 1..=values.len() {
                running.add(values[count - 1]);
                let mut sorted = values[..count].to_vec();
                sorted.sort_by(f64::total_cmp);
                let middle = count / 2;
                let expected = if count % 2 == 1 {
                    sorted[middle]
                } else {
                    sorted[middle - 1] / 2.0 + sorted[middle] / 2.0
                };
                prop_assert_eq!(running.median().map(f64::to_bits), Some(expected.to_bits()));
                prop_assert_eq!(running.len(), count);
            }
        }
    }
}
