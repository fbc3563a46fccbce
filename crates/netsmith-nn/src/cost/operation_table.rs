//! An estimate of latency: the sum of the times of single operations.

use super::{Effort, measure_latency};
use crate::module::{Inference, Kernels, Module, Weights};
use netsmith::network::{Builder, Network, Operation};
use netsmith::random::Seed;
use netsmith::study::Study;
use std::convert::Infallible;
use std::time::Duration;

/// How long one operation is timed.
const EFFORT: Effort = Effort {
    warm_up_runs: 5,
    warm_up_time: Duration::from_millis(20),
    runs: 30,
    least_time: Duration::from_millis(5),
    most_time: Duration::from_millis(100),
};

/// Milliseconds of each operation at its shapes, on one thread at batch 1,
/// measured once in the life of a study.
///
/// The estimate of a network is the sum over its nodes. It leaves out what
/// fusing operations saves, so it ranks networks and errs on the high side;
/// finalists are measured whole.
#[derive(Debug)]
pub struct OperationTable<'a> {
    study: &'a Study,
    kernels: Kernels,
}

impl<'a> OperationTable<'a> {
    /// A table that is kept in a study.
    pub fn new(study: &'a Study, kernels: Kernels) -> Self {
        Self { study, kernels }
    }

    /// Estimated milliseconds of inference at batch 1.
    pub fn estimate(&self, network: &Network) -> f64 {
        let nodes = 0..network.nodes().len();
        nodes.map(|node| self.node(network, node)).sum()
    }

    fn node(&self, network: &Network, index: usize) -> f64 {
        let node = &network.nodes()[index];
        if matches!(node.operation, Operation::Input(_) | Operation::Identity) {
            return 0.0;
        }
        let shapes = network.input_shapes(index);
        let texts: Vec<String> = shapes.iter().map(ToString::to_string).collect();
        let name = format!("latency/{}@{}", node.operation, texts.join(","));
        let measured = self.study.recorded(&name, || self.measure(network, index));
        measured.unwrap_or(0.0)
    }

    /// A network of one operation, whose further inputs are copies of the first.
    fn measure(&self, network: &Network, index: usize) -> f64 {
        let node = &network.nodes()[index];
        let shapes = network.input_shapes(index);
        let mut builder = Builder::new();
        let Some(&first) = shapes.first() else {
            return 0.0;
        };
        let entry = builder.input("input", first);
        let mut inputs = vec![entry];
        for shape in &shapes[1..] {
            inputs.push(if *shape == first {
                entry
            } else {
                // A vector that scales an image comes from pooling it.
                match builder.add("pool", Operation::GlobalPool, &[entry]) {
                    Ok(pool) if builder.shape(pool) == *shape => pool,
                    _ => return 0.0,
                }
            });
        }
        let Ok(output) = builder.add("operation", node.operation.clone(), &inputs) else {
            return 0.0;
        };
        let single = builder.finish(&[output]);
        let Ok(mut module) = Module::new(&single, self.kernels) else {
            return 0.0;
        };
        let weights = Weights::init(&single, &Seed::new(0));
        let sample = vec![0.5; first.elements()];
        let mut finished = match self.kernels {
            Kernels::Fused => Inference::new(&single, &weights),
            Kernels::Burn => None,
        };
        let timed = measure_latency("netsmith", &EFFORT, || {
            std::hint::black_box(match &mut finished {
                Some(finished) => finished.run(&sample),
                None => module.infer(&weights, &sample),
            });
            Ok::<(), Infallible>(())
        });
        timed.map_or(0.0, |latency| latency.median_ms)
    }
}
