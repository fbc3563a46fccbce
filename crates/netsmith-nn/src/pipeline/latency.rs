//! How long the networks of a run take to answer: one sample, one thread.
//!
//! What is handed over runs in ONNX Runtime, so that is what times it where its library
//! is found: the finalists with their weights, and each network that a search proposes
//! with weights that were never trained, which takes some hundredths of a second. The
//! times of single operations, added up, would not do: a runtime joins convolutions,
//! normalisations and activations, so that a network of many small ones is several
//! times as fast as its parts. They serve where there is no ONNX Runtime.

use super::PipelineError;
use super::once::once;
use super::prepare::Prepared;
use crate::cost::{
    Effort, Latency, OWN_RUNTIME, OnnxRuntime, OnnxSession, OperationTable, measure_latency,
};
use crate::data::Contract;
use crate::export::{TrainedNetwork, onnx};
use crate::module::{Kernels, Weights};
use crate::train::Predictor;
use netsmith::cost::LATENCY;
use netsmith::network::{Key, Network};
use netsmith::random::Seed;
use netsmith::space::{Limits, Space};
use netsmith::study::Study;
use netsmith::trial::Costs;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long a network of the search is timed.
const EFFORT: Effort = Effort {
    warm_up_runs: 10,
    warm_up_time: Duration::from_millis(50),
    runs: 50,
    least_time: Duration::from_millis(20),
    most_time: Duration::from_millis(500),
};

/// What is recorded of a network that ONNX Runtime does not run.
const NOT_TIMED: f64 = -1.0;

/// Networks whose operations are timed before the search begins.
const TIMED: u64 = 30;

/// What an exported network says of its data.
#[derive(Clone, Debug)]
pub(super) struct Interface(Contract);

impl Interface {
    pub(super) fn of(prepared: &Prepared) -> Self {
        Self(prepared.contract.clone())
    }

    /// A sample as the data have it.
    fn sample(&self) -> (Vec<f32>, Vec<usize>) {
        let dims = self.0.modality.raw_shape();
        let sample = vec![1.0; dims.iter().product()];
        (sample, std::iter::once(1).chain(dims).collect())
    }

    fn session(
        &self,
        runtime: &OnnxRuntime,
        network: &Network,
        weights: &Weights,
    ) -> Option<OnnxSession> {
        let trained = TrainedNetwork {
            network,
            weights: &weights.0,
            contract: &self.0,
            provenance: &BTreeMap::new(),
        };
        runtime.session(&onnx(&trained).ok()?, 1).ok()
    }

    fn in_onnx_runtime(
        &self,
        runtime: &OnnxRuntime,
        network: &Network,
        weights: &Weights,
        effort: &Effort,
    ) -> Option<Latency> {
        let mut session = self.session(runtime, network, weights)?;
        let (sample, dims) = self.sample();
        session.latency(&sample, &dims, effort).ok()
    }
}

/// What a trained network was measured at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Measured {
    /// Median milliseconds of inference at batch 1 on one thread.
    #[serde(with = "super::exact")]
    pub(super) median_ms: f64,
    /// What ran it.
    pub(super) runtime: String,
}

/// The latency of the exported network in ONNX Runtime, or else of our own inference:
/// measured once in the life of a study, so that what is chosen by it stays chosen after
/// a resume. Weights do not change it. Nothing where it cannot be measured.
pub(super) fn measured(
    study: &Study,
    prepared: &Prepared,
    network: &Network,
    weights: &Weights,
) -> Result<Option<Measured>, PipelineError> {
    let name = format!("full-latency/{}", Key::of(network));
    once(study, &name, || {
        let latency = latency(prepared, network, weights);
        Ok(latency.map(|latency| Measured {
            median_ms: latency.median_ms,
            runtime: latency.runtime,
        }))
    })
}

/// The costs of a network with the latency that it was measured at.
pub(super) fn costs_of(network: &Network, measured: Option<&Measured>) -> Costs {
    let mut costs = Costs::of(network);
    costs.set(LATENCY, measured.map(|measured| measured.median_ms));
    costs
}

fn latency(prepared: &Prepared, network: &Network, weights: &Weights) -> Option<Latency> {
    let interface = Interface::of(prepared);
    let effort = Effort::default();
    let exported = OnnxRuntime::find()
        .ok()
        .and_then(|runtime| interface.in_onnx_runtime(&runtime, network, weights, &effort));
    exported.or_else(|| {
        let kernels = prepared.kernels;
        let mut predictor = Predictor::new(network, weights, &interface.0, kernels).ok()?;
        let (sample, _) = interface.sample();
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .ok()?;
        pool.install(|| {
            measure_latency(OWN_RUNTIME, &effort, || {
                predictor.predict(&sample);
                Ok::<(), std::convert::Infallible>(())
            })
            .ok()
        })
    })
}

/// The latencies of the networks of a search, each measured once in the life of a study.
#[derive(Debug)]
pub(super) struct Latencies<'a> {
    study: &'a Study,
    /// What runs an exported network.
    runtime: Option<(OnnxRuntime, Interface)>,
    table: OperationTable<'a>,
}

impl<'a> Latencies<'a> {
    /// Of networks with this interface; without one, from their operations.
    pub(super) fn new(study: &'a Study, kernels: Kernels, interface: Option<Interface>) -> Self {
        let runtime = interface.and_then(|interface| Some((OnnxRuntime::find().ok()?, interface)));
        Self {
            study,
            runtime,
            table: OperationTable::new(study, kernels),
        }
    }

    /// Times most operations of a space, where that is how networks are timed: before
    /// any worker disturbs.
    pub(super) fn prepare(
        &self,
        space: &Space,
        limits: &Limits,
        seed: Seed,
    ) -> Result<(), PipelineError> {
        if self.runtime.is_some() {
            return Ok(());
        }
        for number in 0..TIMED {
            let mut random = seed.nth(number).stream();
            let drawn = space.sample(limits, &mut random)?;
            self.table.estimate(&space.network(&drawn)?);
        }
        Ok(())
    }

    /// Milliseconds of inference at batch 1.
    pub(super) fn of(&self, network: &Network) -> f64 {
        let Some((runtime, interface)) = &self.runtime else {
            return self.table.estimate(network);
        };
        let network = network.pruned();
        let whole = || {
            let weights = Weights::init(&network, &Seed::new(0));
            let timed = interface.in_onnx_runtime(runtime, &network, &weights, &EFFORT);
            timed.map_or(NOT_TIMED, |timed| timed.median_ms)
        };
        let name = format!("latency-of/{}", Key::of(&network));
        // The table records too, so it must not be asked while this is recorded.
        match self.study.recorded(&name, whole) {
            Ok(timed) if timed >= 0.0 => timed,
            _ => self.table.estimate(&network),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{Config, prepare::prepare};
    use netsmith::study::Header;

    #[test]
    fn a_network_is_timed_once_in_the_life_of_a_study() {
        let prepared = prepare(&Config::default()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let study = Study::create(&folder.path().join("run"), &Header::new("", 1, 0)).unwrap();
        let mut random = Seed::new(1).stream();
        let drawn = prepared.space.sample(&Limits::default(), &mut random);
        let network = prepared.space.network(&drawn.unwrap()).unwrap();
        let table = Latencies::new(&study, prepared.kernels, None);
        // The same bits each time.
        let sum = table.of(&network);
        assert!(sum > 0.0);
        assert_eq!(table.of(&network).to_bits(), sum.to_bits());
        let whole = Latencies::new(&study, prepared.kernels, Some(Interface::of(&prepared)));
        let first = whole.of(&network);
        assert!(first > 0.0);
        assert_eq!(whole.of(&network).to_bits(), first.to_bits());
        // What cannot be timed whole is estimated from its operations.
        let other = prepared.space.baselines(&Limits::default()).remove(0).1;
        let other = prepared.space.network(&other).unwrap().pruned();
        let failed = format!("latency-of/{}", Key::of(&other));
        study.recorded(&failed, || NOT_TIMED).unwrap();
        assert_eq!(whole.of(&other).to_bits(), table.of(&other).to_bits());
        let recorded = study.view().unwrap().recorded().unwrap();
        let name = format!("latency-of/{}", Key::of(&network.pruned()));
        match OnnxRuntime::find() {
            Ok(_) => assert_eq!(recorded.get(&name), Some(&first)),
            Err(_) => assert_eq!(first.to_bits(), sum.to_bits()),
        }
    }
}
