//! The flow through a network of positive weights: what both kinds of SynFlow
//! read.

use super::Subject;
use super::rebuilt::rebuilt;
use super::subject::kernels;
use crate::module::{Kernels, Module, Weights, is_norm};
use netsmith::network::{Network, Operation};

/// A weight and the slope of the flow with respect to it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Share {
    pub(super) weight: f64,
    pub(super) slope: f64,
}

/// The shares of all weights of convolutions and linear layers.
///
/// Every weight is replaced by its absolute value and every normalisation is
/// passed by; a sample of ones goes in, and the flow is the sum of the answers.
/// It grows with the depth beyond what 32 bits hold, so 64 are used.
pub(super) fn shares(subject: &Subject<'_>) -> Vec<Share> {
    let network = unnormalized(subject.network());
    let Ok(module) = Module::new(&network, Kernels::Burn) else {
        return Vec::new();
    };
    let weights = positive(&network, subject);
    let sample = vec![1.0; module.input().elements()];
    let slopes = module.wide_gradients(&weights, &sample);
    let of = |kernel: usize| {
        let pairs = weights[kernel].iter().zip(&slopes[kernel]);
        pairs.map(|(&weight, &slope)| Share { weight, slope })
    };
    kernels(&network).into_iter().flat_map(of).collect()
}

/// The same network, with the identity in place of each normalisation.
fn unnormalized(network: &Network) -> Network {
    rebuilt(network, |node| match is_norm(&node.operation) {
        true => Operation::Identity,
        false => node.operation.clone(),
    })
}

/// The subject's weights by their names, as absolute values.
fn positive(network: &Network, subject: &Subject<'_>) -> Vec<Vec<f64>> {
    let (all, Weights(values)) = (subject.network().weights(), subject.weights());
    let own = |weight: &netsmith::network::Weight| {
        let at = all.iter().position(|other| other.name == weight.name);
        let at = at.expect("a weight keeps its name — this is a bug in netsmith");
        values[at].iter().map(|w| f64::from(w.abs())).collect()
    };
    network.weights().iter().map(own).collect()
}
