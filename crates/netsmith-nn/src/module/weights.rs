//! The values of a network's weights and running statistics.

use netsmith::network::Network;
use netsmith::network::operation::Role;
use netsmith::random::{Random, Seed};
use rand::RngExt;

/// The values of all tensors that a network owns, parallel to
/// [`Network::weights`], row-major.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weights(pub Vec<Vec<f32>>);

impl Weights {
    /// The values with which training starts.
    ///
    /// Kernels are drawn from a normal distribution of variance
    /// `2 / fan_in` (He et al. 2015, for rectifiers); the kernels of the last
    /// layer, whose output nothing rectifies, from one of variance
    /// `1 / fan_in`. Scales and running variances are one, biases and running
    /// means zero. Each tensor draws from a stream named after it, so that its
    /// start does not depend on what else is in the network.
    pub fn init(network: &Network, seed: &Seed) -> Self {
        let outputs = network.outputs().iter();
        let last: Vec<usize> = outputs
            .flat_map(|&output| network.nodes()[output].weights.iter().copied())
            .collect();
        let weights = network.weights().iter().enumerate();
        Self(
            weights
                .map(|(index, weight)| {
                    let size = weight.shape.elements();
                    match weight.shape.role {
                        Role::Kernel { fan_in } => {
                            let gain = if last.contains(&index) { 1.0 } else { 2.0 };
                            let deviation = (gain / fan_in.max(1) as f32).sqrt();
                            let mut random = seed.child(&weight.name).stream();
                            let draws = normal(&mut random, size);
                            draws.into_iter().map(|value| value * deviation).collect()
                        }
                        Role::Scale | Role::RunningVariance => vec![1.0; size],
                        Role::Bias | Role::RunningMean => vec![0.0; size],
                    }
                })
                .collect(),
        )
    }

    /// Whether every value is a number and none is infinite.
    pub fn all_finite(&self) -> bool {
        self.0.iter().flatten().all(|value| value.is_finite())
    }

    /// # Panics
    /// When these are not the weights of the network.
    pub(crate) fn check(&self, network: &Network) {
        let sizes = network.weights().iter().map(|w| w.shape.elements());
        assert!(
            sizes.eq(self.0.iter().map(Vec::len)),
            "the weights are those of the network"
        );
    }
}

/// Standard normal draws, two from each pair of uniform ones (Box and Muller 1958).
pub(crate) fn normal(random: &mut Random, size: usize) -> Vec<f32> {
    let mut draws = Vec::with_capacity(size + 1);
    while draws.len() < size {
        // One minus a draw from [0, 1) is never zero.
        let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
        let angle = std::f64::consts::TAU * random.random::<f64>();
        draws.push((radius * angle.cos()) as f32);
        draws.push((radius * angle.sin()) as f32);
    }
    draws.truncate(size);
    draws
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsmith::network::operation::{BatchNorm, Linear};
    use netsmith::network::{Builder, Operation, Shape};

    fn network(name: &str) -> Network {
        let mut builder = Builder::new();
        let x = builder.input("x", Shape::vector(200));
        let wide = Operation::Linear(Linear::new(500_usize));
        let y = builder.add(name, wide, &[x]).unwrap();
        let norm = Operation::BatchNorm(BatchNorm { affine: true });
        let y = builder.add("norm", norm, &[y]).unwrap();
        let y = builder
            .add("head", Operation::Linear(Linear::new(3_usize)), &[y])
            .unwrap();
        builder.finish(&[y])
    }

    #[test]
    #[expect(clippy::float_cmp, reason = "these numbers are exact")]
    fn the_start_has_the_variance_that_it_should() {
        let weights = Weights::init(&network("hidden"), &Seed::new(1)).0;
        let variance = weights[0].iter().map(|w| w * w).sum::<f32>() / 100_000.0;
        // Four standard deviations of the estimate: 0.01 · 4 · √(2 / 100,000).
        assert!((variance - 0.01).abs() < 1.8e-4, "{variance}");
        assert!(weights[1].iter().all(|bias| *bias == 0.0));
        assert!(weights[2].iter().all(|scale| *scale == 1.0));
    }

    #[test]
    fn a_tensor_starts_alike_whatever_surrounds_it() {
        let (a, b) = (network("a"), network("b"));
        let (a, b) = (
            Weights::init(&a, &Seed::new(1)),
            Weights::init(&b, &Seed::new(1)),
        );
        assert_ne!(a.0[0], b.0[0]);
        assert_eq!(a.0[6], b.0[6]);
    }
}
