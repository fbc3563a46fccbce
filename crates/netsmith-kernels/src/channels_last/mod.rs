//! Kernels for the answer to a single sample.
//!
//! One sample has no others to stand beside, so here the channels of a position
//! stand side by side, in [`Octet`]s that are filled up with zeros:
//! `[height, width, octets]`. Batch norms are folded into the convolutions
//! before them, and rectifiers are applied while values are read or written.

mod convolution;
mod pool;

pub use convolution::Convolution;
pub use pool::{average_pool, global_pool, max_pool};

/// Channels of one position that lie side by side.
pub type Octet = [f32; 8];

/// Octets that hold so many channels.
pub fn octets(channels: usize) -> usize {
    channels.div_ceil(8)
}

/// One sample, `[channels, positions]`, with its channels side by side.
pub fn interleave(values: &[f32], channels: usize, target: &mut [Octet]) {
    let positions = values.len() / channels.max(1);
    let width = octets(channels);
    target.fill([0.0; 8]);
    for (channel, values) in values.chunks_exact(positions).enumerate() {
        for (target, value) in target.chunks_exact_mut(width).zip(values) {
            target[channel / 8][channel % 8] = *value;
        }
    }
}

/// What [`interleave`] made, as it was.
pub fn separate(source: &[Octet], channels: usize) -> Vec<f32> {
    let width = octets(channels);
    let channel = |channel: usize| {
        source
            .chunks_exact(width)
            .map(move |at| at[channel / 8][channel % 8])
    };
    (0..channels).flat_map(channel).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_comes_back_as_it_was() {
        for channels in [1, 7, 8, 9, 20] {
            let values: Vec<f32> = (0..channels * 6).map(|value| value as f32).collect();
            let mut octets_of = vec![[5.0; 8]; 6 * octets(channels)];
            interleave(&values, channels, &mut octets_of);
            assert_eq!(separate(&octets_of, channels), values);
        }
    }
}
