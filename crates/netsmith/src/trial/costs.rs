//! What a trial's network costs.

use crate::cost::{Quantity, Unit};
use crate::network::{MemoryPlan, Network};

/// The costs of one network; `None` where a cost is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Costs {
    /// Trainable scalars of the network as written.
    pub parameters: Option<u64>,
    /// Multiply-accumulate operations of one sample.
    pub macs: Option<u64>,
    /// Peak memory of inference at batch 1, weights included, in bytes.
    pub peak_memory_bytes: Option<u64>,
    /// Latency of inference at batch 1, in milliseconds.
    pub latency_ms: Option<f64>,
}

impl Costs {
    /// The names of all costs, as [`Costs::get`] takes them.
    pub const NAMES: [&'static str; 4] = ["parameters", "macs", "peak_memory_bytes", "latency_ms"];

    /// The words for the costs on the command line and in configurations, in the
    /// order of [`Costs::NAMES`].
    pub const WORDS: [&'static str; 4] = ["parameters", "macs", "memory", "latency"];

    /// The costs of a network that need no measurement.
    pub fn of(network: &Network) -> Self {
        Self {
            parameters: Some(network.parameters()),
            macs: Some(network.macs()),
            peak_memory_bytes: Some(MemoryPlan::of(network, 1).inference()),
            latency_ms: None,
        }
    }

    /// The name of the cost that a word of [`Costs::WORDS`] stands for.
    pub fn name_of(word: &str) -> Option<&'static str> {
        let at = Self::WORDS.iter().position(|known| *known == word)?;
        Some(Self::NAMES[at])
    }

    /// The word for the cost with this name, one of [`Costs::NAMES`].
    pub fn word_of(name: &str) -> Option<&'static str> {
        let at = Self::NAMES.iter().position(|known| *known == name)?;
        Some(Self::WORDS[at])
    }

    /// The cost with this name, one of [`Costs::NAMES`].
    pub fn get(&self, name: &str) -> Option<Quantity> {
        let count = |value: Option<u64>, unit| value.map(|v| Quantity::new(v as f64, unit));
        match name {
            "parameters" => count(self.parameters, Unit::Parameters),
            "macs" => count(self.macs, Unit::Macs),
            "peak_memory_bytes" => count(self.peak_memory_bytes, Unit::Bytes),
            "latency_ms" => self
                .latency_ms
                .map(|v| Quantity::new(v, Unit::Milliseconds)),
            _ => None,
        }
    }
}
