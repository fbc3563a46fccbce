//! Random changes to training images that leave the class as it is.
//!
//! ```text
//! for each image of a batch
//!     y, x ~ U{0 .. 2 pad}           crop the padded image at (y, x)
//!     with probability 1/2           mirror left and right
//!     cy ~ U{0 .. h-1}, cx ~ U{0 .. w-1}
//!     zero [cy - L/2, cy + L/2) x [cx - L/2, cx + L/2), clipped
//! ```
//!
//! The batch is already normalised: padding is black (the normalised value of
//! a raw zero), while cutout fills with zero, the mean of the training part,
//! as in DARTS' training of CIFAR-10.

use netsmith::random::Random;
use rand::RngExt;
use serde::{Deserialize, Serialize};

/// Which changes are made.
///
/// # Units
/// Pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Augmentation {
    /// Pad each side by so much, then crop to the old size at random; 0 is off.
    pub pad: usize,
    /// Mirror left and right with probability one half.
    pub flip: bool,
    /// Side of the square that is blanked; 0 is off.
    pub cutout: usize,
}

impl Augmentation {
    /// No change at all.
    pub const NONE: Self = Self {
        pad: 0,
        flip: false,
        cutout: 0,
    };

    /// Whether nothing is changed.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// Changes a normalised batch in place.
    ///
    /// `black` is the normalised value of a raw zero in each channel.
    ///
    /// # Shapes
    /// `batch` is `[samples, channels, height, width]` with `shape` its last
    /// three sizes.
    ///
    /// # Panics
    /// When the batch is not a whole number of images, or `black` has not one
    /// value for each channel.
    pub fn apply(&self, batch: &mut [f32], shape: [usize; 3], black: &[f32], random: &mut Random) {
        if self.is_none() {
            return;
        }
        let size: usize = shape.iter().product();
        assert!(batch.len().is_multiple_of(size), "a batch is whole images");
        assert_eq!(black.len(), shape[0], "black has a value for each channel");
        let mut scratch = vec![0.0; shape[1] * shape[2]];
        for image in batch.chunks_exact_mut(size) {
            if self.pad > 0 {
                let shift = |random: &mut Random| {
                    random.random_range(0..=2 * self.pad) as isize - self.pad as isize
                };
                let (down, right) = (shift(random), shift(random));
                crop(image, shape, black, [down, right], &mut scratch);
            }
            if self.flip && random.random_bool(0.5) {
                image.chunks_exact_mut(shape[2]).for_each(<[f32]>::reverse);
            }
            if self.cutout > 0 {
                let centre = [
                    random.random_range(0..shape[1]),
                    random.random_range(0..shape[2]),
                ];
                cut(image, shape, centre, self.cutout);
            }
        }
    }
}

/// Moves the window by `[down, right]` pixels over the padded image.
fn crop(image: &mut [f32], [_, h, w]: [usize; 3], black: &[f32], by: [isize; 2], old: &mut [f32]) {
    if by == [0, 0] {
        return;
    }
    for (plane, black) in image.chunks_exact_mut(h * w).zip(black) {
        old.copy_from_slice(plane);
        plane.fill(*black);
        let (rows, from_row, to_row) = overlap(h, by[0]);
        let (columns, from, to) = overlap(w, by[1]);
        for row in 0..rows {
            let source = &old[(from_row + row) * w + from..][..columns];
            plane[(to_row + row) * w + to..][..columns].copy_from_slice(source);
        }
    }
}

/// How many lines of `size` a window moved by `by` still sees, where they
/// start in the old image and where in the new one.
fn overlap(size: usize, by: isize) -> (usize, usize, usize) {
    let distance = by.unsigned_abs().min(size);
    let start = if distance == size { 0 } else { distance };
    if by >= 0 {
        (size - distance, start, 0)
    } else {
        (size - distance, 0, start)
    }
}

/// Zeroes a square around `centre`, clipped to the image.
fn cut(image: &mut [f32], [_, h, w]: [usize; 3], centre: [usize; 2], length: usize) {
    let half = length / 2;
    let span = |centre: usize, size: usize| {
        centre.saturating_sub(half)..(centre + length - half).min(size)
    };
    for plane in image.chunks_exact_mut(h * w) {
        for row in span(centre[0], h) {
            plane[row * w..][..w][span(centre[1], w)].fill(0.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use netsmith::random::Seed;

    use super::*;

    const SHAPE: [usize; 3] = [1, 3, 3];

    fn image() -> Vec<f32> {
        (1..=9).map(|v| v as f32).collect()
    }

    #[test]
    fn a_moved_window_sees_black_outside() {
        let mut moved = image();
        crop(&mut moved, SHAPE, &[-1.0], [1, -1], &mut [0.0; 9]);
        assert_eq!(moved, [-1.0, 4.0, 5.0, -1.0, 7.0, 8.0, -1.0, -1.0, -1.0]);
        let mut gone = image();
        crop(&mut gone, SHAPE, &[-1.0], [5, 0], &mut [0.0; 9]);
        assert_eq!(gone, [-1.0; 9]);
    }

    #[test]
    fn cutout_is_clipped_at_the_border() {
        let mut corner = image();
        cut(&mut corner, SHAPE, [0, 0], 2);
        assert_eq!(corner, [0.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
        let mut middle = image();
        cut(&mut middle, SHAPE, [1, 1], 2);
        assert_eq!(middle, [0.0, 0.0, 3.0, 0.0, 0.0, 6.0, 7.0, 8.0, 9.0]);
    }

    #[test]
    fn the_seed_decides_everything() {
        let all = Augmentation {
            pad: 2,
            flip: true,
            cutout: 1,
        };
        let once = |seed| {
            let mut batch = image().repeat(8);
            all.apply(&mut batch, SHAPE, &[0.0], &mut Seed::new(seed).stream());
            batch
        };
        assert_eq!(once(1), once(1));
        assert_ne!(once(1), once(2));
    }

    #[test]
    fn half_of_the_images_are_mirrored() {
        let flip = Augmentation {
            flip: true,
            ..Augmentation::NONE
        };
        let mut batch = image().repeat(1000);
        flip.apply(&mut batch, SHAPE, &[0.0], &mut Seed::new(3).stream());
        let mirrored = batch.chunks_exact(9).filter(|i| i[0] > 2.0).count();
        // Four standard deviations of a fair coin thrown a thousand times.
        assert!(
            (437..=563).contains(&mirrored),
            "{mirrored} of 1000 were mirrored"
        );
    }
}
