//! How long one call takes, measured robustly.
//!
//! Single timings of a machine that does other things too are worth little: the
//! caches must be warm, and the middle of many timings is what repeats.

use std::time::{Duration, Instant};

use netsmith::cost::{Quantity, Unit};

/// What [`Latency::runtime`] says of Netsmith's own inference.
pub const OWN_RUNTIME: &str = "netsmith";

/// How long to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Calls before the first timed one; they end early after
    /// [`Effort::warm_up_time`].
    pub warm_up_runs: usize,
    /// The most time for the calls before the first timed one.
    pub warm_up_time: Duration,
    /// Timed calls at least, unless [`Effort::most_time`] runs out.
    pub runs: usize,
    /// Timing goes on at least so long.
    pub least_time: Duration,
    /// Timing ends after this time, if a tenth of [`Effort::runs`] is done.
    pub most_time: Duration,
}

impl Default for Effort {
    /// 20 calls or one second to warm up; then at least 100 calls and 0.2
    /// seconds, and not more than 2 seconds.
    fn default() -> Self {
        Self {
            warm_up_runs: 20,
            warm_up_time: Duration::from_secs(1),
            runs: 100,
            least_time: Duration::from_millis(200),
            most_time: Duration::from_secs(2),
        }
    }
}

/// The distribution of a call's time.
#[derive(Clone, Debug, PartialEq)]
pub struct Latency {
    /// Half of the calls were faster; milliseconds.
    pub median_ms: f64,
    /// Distance between the first and the third quartile; milliseconds.
    pub iqr_ms: f64,
    /// 95 of 100 calls were faster; milliseconds.
    pub p95_ms: f64,
    /// Timed calls.
    pub runs: usize,
    /// What ran the network: `onnxruntime 1.32.0` or [`OWN_RUNTIME`].
    pub runtime: String,
}

impl Latency {
    /// The spread above which a measurement should be doubted: another program
    /// was probably running.
    pub const DOUBTFUL_SPREAD: f64 = 0.05;

    /// The median with its unit.
    pub fn median(&self) -> Quantity {
        Quantity::new(self.median_ms, Unit::Milliseconds)
    }

    /// Whether the quartiles lie too far apart to trust small differences.
    pub fn is_doubtful(&self) -> bool {
        self.iqr_ms > Self::DOUBTFUL_SPREAD * self.median_ms
    }

    /// The summary of timings, of which there must be one at least.
    fn of(runtime: &str, mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self {
            median_ms: quantile(&times, 0.5),
            iqr_ms: quantile(&times, 0.75) - quantile(&times, 0.25),
            p95_ms: quantile(&times, 0.95),
            runs: times.len(),
            runtime: runtime.to_owned(),
        }
    }
}

/// Times `run`, which `runtime` carries out.
///
/// The caller decides about threads and batch: for a latency that others can
/// repeat, one sample at a time on a stated number of threads, with nothing
/// else running.
///
/// # Errors
/// The first error of `run`.
pub fn measure_latency<E>(
    runtime: &str,
    effort: &Effort,
    mut run: impl FnMut() -> Result<(), E>,
) -> Result<Latency, E> {
    let start = Instant::now();
    for _ in 0..effort.warm_up_runs.max(1) {
        run()?;
        if start.elapsed() >= effort.warm_up_time {
            break;
        }
    }
    let start = Instant::now();
    let mut times = Vec::new();
    loop {
        let before = Instant::now();
        run()?;
        times.push(before.elapsed());
        let spent = start.elapsed();
        let enough = times.len() >= effort.runs && spent >= effort.least_time;
        if enough || (spent >= effort.most_time && times.len() >= effort.runs / 10) {
            return Ok(Latency::of(runtime, times));
        }
    }
}

/// The value below which `share` of the sorted times lie, in milliseconds;
/// between two times in proportion.
fn quantile(sorted: &[Duration], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (low, high) = (place.floor() as usize, place.ceil() as usize);
    let [low_ms, high_ms] = [low, high].map(|index| sorted[index].as_secs_f64() * 1e3);
    low_ms + (high_ms - low_ms) * (place - low as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_by_hand() {
        let times = [5, 1, 3, 2, 4].map(Duration::from_millis).to_vec();
        let latency = Latency::of(OWN_RUNTIME, times);
        assert!((latency.median_ms - 3.0).abs() < 1e-9);
        assert!((latency.iqr_ms - 2.0).abs() < 1e-9);
        assert!((latency.p95_ms - 4.8).abs() < 1e-9);
        assert!(latency.is_doubtful());
        assert_eq!(latency.runs, 5);
    }

    #[test]
    fn it_warms_up_and_counts_only_what_it_times() {
        let effort = Effort {
            warm_up_runs: 3,
            runs: 7,
            least_time: Duration::ZERO,
            warm_up_time: Duration::from_secs(60),
            most_time: Duration::from_secs(60),
        };
        let mut calls = 0;
        let latency = measure_latency::<()>(OWN_RUNTIME, &effort, || {
            calls += 1;
            Ok(())
        });
        assert_eq!(latency.expect("it never fails").runs, 7);
        assert_eq!(calls, 10);
    }

    #[test]
    fn the_first_error_ends_it() {
        let mut calls = 0;
        let result = measure_latency(OWN_RUNTIME, &Effort::default(), || {
            calls += 1;
            if calls == 2 { Err("broken") } else { Ok(()) }
        });
        assert_eq!((result, calls), (Err("broken"), 2));
    }
}
