//! Random changes to training series that leave the class as it is.
//!
//! ```text
//! for each series of a batch
//!     s ~ U{-pad .. pad}      move all channels and the mask by s positions
//!     a ~ exp(N(0, 0.1))      stretch the values
//!     x += N(0, 0.05)         at each position that has a value
//! ```
//!
//! The batch is already normalised, so that amplitudes are shares of a standard
//! deviation. Positions that come in at a border have the value there. The strengths are
//! those of Um et al. 2017 (arXiv:1706.00527), jitter and scaling; their rotations and
//! warps are left out, since some classes differ in nothing else.

use crate::module::normal;
use netsmith::random::Random;
use rand::RngExt;

/// Standard deviation of the logarithm of the stretch.
const STRETCH: f32 = 0.1;

/// Standard deviation of what is added.
const JITTER: f32 = 0.05;

/// Changes a batch of inputs, `[samples, lines, length]`, in place; where `masked`, the
/// last line of each is the mask.
pub(super) fn augment(
    input: &mut [f32],
    [lines, length]: [usize; 2],
    masked: bool,
    pad: usize,
    random: &mut Random,
) {
    let values = (lines - usize::from(masked)) * length;
    for sample in input.chunks_exact_mut(lines * length) {
        let shift = random.random_range(0..=2 * pad) as isize - pad as isize;
        for line in sample.chunks_exact_mut(length) {
            moved(line, shift);
        }
        let stretch = (STRETCH * normal(random, 1)[0]).exp();
        let noise = normal(random, values);
        let (values, mask) = sample.split_at_mut(values);
        for (place, (value, noise)) in values.iter_mut().zip(noise).enumerate() {
            if !masked || mask[place % length] > 0.0 {
                *value = *value * stretch + JITTER * noise;
            }
        }
    }
}

/// Moves a line by some positions; what comes in repeats the border.
fn moved(line: &mut [f32], by: isize) {
    let old = line.to_vec();
    let last = line.len() as isize - 1;
    for (place, value) in line.iter_mut().enumerate() {
        let from = (place as isize - by).clamp(0, last);
        *value = old[from as usize];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use netsmith::random::Seed;

    #[test]
    fn a_line_moves_and_its_border_is_repeated() {
        let mut line = [1.0, 2.0, 3.0, 4.0];
        moved(&mut line, 1);
        assert_eq!(line.to_vec(), vec![1.0, 1.0, 2.0, 3.0]);
        moved(&mut line, -2);
        assert_eq!(line.to_vec(), vec![2.0, 3.0, 3.0, 3.0]);
    }

    #[test]
    fn what_is_masked_stays_nothing() {
        let mut input = [2.0, 0.0, 0.0, 1.0, 0.0, 0.0].repeat(50);
        augment(&mut input, [2, 3], true, 0, &mut Seed::new(1).stream());
        for sample in input.chunks_exact(6) {
            assert!((1.2..3.0).contains(&sample[0]), "{sample:?}");
            assert_eq!(sample[1..], [0.0, 0.0, 1.0, 0.0, 0.0]);
        }
    }
}
