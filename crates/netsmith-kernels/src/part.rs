//! Channels as the unit of a thread's work.

use crate::Lane;

/// Some channels in all blocks.
pub(crate) struct Part<'a> {
    /// The first of them.
    pub(crate) first: usize,
    /// How many there are.
    pub(crate) channels: usize,
    /// Their lanes in each block.
    pub(crate) blocks: Vec<&'a mut [Lane]>,
}

/// Cuts blocks of `[channels, plane]` into parts of at most `share` channels.
pub(crate) fn parts(
    target: &mut [Lane],
    channels: usize,
    share: usize,
    plane: usize,
) -> Vec<Part<'_>> {
    let size = channels * plane;
    let number = target.len().checked_div(size).unwrap_or(0);
    let firsts = (0..channels).step_by(share);
    let mut parts: Vec<Part<'_>> = firsts
        .map(|first| Part {
            first,
            channels: share.min(channels - first),
            blocks: Vec::with_capacity(number),
        })
        .collect();
    for block in target.chunks_exact_mut(size.max(1)) {
        for (part, lanes) in parts.iter_mut().zip(block.chunks_mut(share * plane)) {
            part.blocks.push(lanes);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::LANES;

    #[test]
    fn each_part_has_its_channels_of_every_block() {
        let mut lanes: Vec<Lane> = (0..2 * 5 * 3).map(|at| [at as f32; LANES]).collect();
        let parts = parts(&mut lanes, 5, 2, 3);
        let firsts: Vec<usize> = parts.iter().map(|part| part.first).collect();
        assert_eq!(firsts, [0, 2, 4]);
        let channels: Vec<usize> = parts.iter().map(|part| part.channels).collect();
        assert_eq!(channels, [2, 2, 1]);
        let starts = parts[1].blocks.iter().map(|lanes| lanes[0][0].to_bits());
        assert!(starts.eq([6.0_f32, 21.0].map(f32::to_bits)));
        assert_eq!(parts[2].blocks[1].len(), 3);
    }
}
