//! What the numbers of a configuration may be, whether they come from options or a file.

use super::{Config, PipelineError};
use netsmith::cost::Cost;
use std::fmt;
use std::thread::available_parallelism;

/// A number of a configuration that cannot be.
#[derive(Clone, Debug, PartialEq)]
pub struct ValueFault {
    /// The key of the configuration.
    pub key: String,
    /// What was given.
    pub given: String,
    /// What it may be.
    pub rule: String,
}

impl fmt::Display for ValueFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}: it is {}", self.key, self.given, self.rule)
    }
}

/// More workers than this are a slip of the pen.
const MOST_WORKERS: usize = 256;

/// Seconds of a hundred years, longer than anything that is asked for.
const MOST_SECONDS: f64 = 3.2e9;

impl Config {
    /// Refuses numbers that cannot be, all at once.
    ///
    /// # Errors
    /// [`PipelineError::Values`].
    pub fn check_values(&self) -> Result<(), PipelineError> {
        let cores = available_parallelism().map_or(1, usize::from);
        let faults = self.value_faults(cores);
        if faults.is_empty() {
            Ok(())
        } else {
            Err(PipelineError::Values(faults))
        }
    }

    fn value_faults(&self, cores: usize) -> Vec<ValueFault> {
        let mut faults = Vec::new();
        let mut check = |holds: bool, key: &str, given: String, rule: String| {
            if !holds {
                let key = key.to_owned();
                faults.push(ValueFault { key, given, rule });
            }
        };
        let positive = || "a number of seconds above 0".to_owned();
        if let Some(seconds) = self.seconds {
            let holds = seconds > 0.0 && seconds <= MOST_SECONDS;
            check(holds, "seconds", seconds.to_string(), positive());
        }
        if let Some(seconds) = self.verify {
            let holds = (0.0..=MOST_SECONDS).contains(&seconds);
            let rule = "a number of seconds, or 0 for none".to_owned();
            check(holds, "verify", seconds.to_string(), rule);
        }
        if let Some(trials) = self.trials {
            check(trials > 0, "trials", trials.to_string(), "1 or more".into());
        }
        for cost in Cost::all() {
            if let Some(limit) = self.limits.get(cost) {
                let holds = limit > 0.0 && limit.is_finite();
                let key = format!("limits.{cost}");
                check(holds, &key, limit.to_string(), "a number above 0".into());
            }
        }
        let rule = format!("1 to {MOST_WORKERS}");
        let holds = (1..=MOST_WORKERS).contains(&self.workers);
        check(holds, "workers", self.workers.to_string(), rule);
        let rule = format!("1 to {cores}, the cores of this machine");
        let holds = (1..=cores).contains(&self.threads);
        check(holds, "threads", self.threads.to_string(), rule);
        faults
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsmith::cost::LATENCY;
    use netsmith::space::Limits;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let config = Config::read(text).expect("it is a configuration");
        let faults = config.value_faults(4);
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(faults, expected, "{text}");
    }

    #[test]
    fn numbers_of_a_file_are_checked_as_options_are() {
        check("seconds = 60", &[]);
        check("verify = 0", &[]);
        let seconds = "it is a number of seconds above 0";
        check("seconds = nan", &[&format!("seconds is NaN: {seconds}")]);
        check("seconds = -1", &[&format!("seconds is -1: {seconds}")]);
        check("seconds = inf", &[&format!("seconds is inf: {seconds}")]);
        check("trials = 0", &["trials is 0: it is 1 or more"]);
        let threads = "threads is 5000: it is 1 to 4, the cores of this machine";
        check(
            "workers = 0\nthreads = 5000",
            &["workers is 0: it is 1 to 256", threads],
        );
        // Limits have units, and are refused where they are read.
        assert!(Config::read("[limits]\nlatency = -1.0").is_err());
        let config = Config {
            limits: Limits::FREE.with(LATENCY, -1.0),
            ..Config::default()
        };
        let faults = config.value_faults(4);
        assert!(faults.iter().any(|fault| fault.key == "limits.latency"));
        check(
            "verify = -1",
            &["verify is -1: it is a number of seconds, or 0 for none"],
        );
    }
}
