//! The numbers that the golden scripts are made of, as `xtask/torch/shared/hashed.py`
//! makes them.

use netsmith::network::{Network, Role};

/// Numbers in [-1, 1) that are the same in every language.
pub(crate) fn hashed(key: u64, count: usize) -> Vec<f32> {
    let mask = 0xffff_ffff_u64;
    let numbers = (0..count as u64).map(|i| {
        let start = key * 40_503 * 65_537 + 12_345;
        let mut v = (i * 2_654_435_761 + start) & mask;
        v ^= v >> 15;
        v = (v * 2_246_822_519) & mask;
        v ^= v >> 13;
        v = (v * 3_266_489_917) & mask;
        v ^= v >> 16;
        (v as f64 / 2_147_483_648.0 - 1.0) as f32
    });
    numbers.collect()
}

/// The values with which weight `index` of a network begins, from key `number`.
pub(crate) fn weight(network: &Network, index: usize, number: usize) -> Vec<f32> {
    let shape = &network.weights()[index].shape;
    let of = |value: f32| match shape.role {
        Role::Kernel { fan_in } => value * (fan_in as f64).powf(-0.5) as f32,
        Role::Scale => 1.0 + 0.1 * value,
        Role::Bias => 0.1 * value,
        Role::RunningMean => 0.0,
        Role::RunningVariance => 1.0,
    };
    let values = hashed(number as u64, shape.elements()).into_iter();
    values.map(of).collect()
}

/// All of them, in their order.
pub(crate) fn weights(network: &Network) -> Vec<Vec<f32>> {
    let indices = 0..network.weights().len();
    indices
        .map(|index| weight(network, index, index + 1))
        .collect()
}
