//! Updates of weights, each in one pass over weight, gradient and moments, and
//! the norm of gradients.
//!
//! A thread takes some [`PIECE`] of the values; a sum adds those of the pieces in
//! their order, however many threads there are.

use crate::LANES;
use crate::processor::{Kernel, Processor, dispatch};
use rayon::prelude::*;

/// Values that one call of a kernel goes over.
pub const PIECE: usize = 1 << 13;

/// Pieces that a thread takes at the least: fewer are done before another thread
/// has woken.
const GRAIN: usize = 4;

/// Momentum's constants for one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Momentum {
    /// Share of the last step that is kept; zero in the first step.
    pub kept: f32,
    /// Momentum by which the gradient looks ahead; none: it does not (Nesterov).
    pub ahead: Option<f32>,
    /// How far a step goes.
    pub learning_rate: f32,
}

/// Adam's constants for one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// Decay of the first moment.
    pub beta1: f32,
    /// Decay of the second moment.
    pub beta2: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
    /// How far a step goes.
    pub learning_rate: f32,
    /// The learning rate over the first moment's correction.
    pub rate: f32,
    /// The root of the second moment's correction.
    pub root: f32,
}

/// One tensor in an update.
#[derive(Debug)]
pub struct Tensor<'a, const MOMENTS: usize> {
    /// Its values.
    pub values: &'a mut [f32],
    /// Their gradient.
    pub gradient: &'a [f32],
    /// What the optimiser gathers.
    pub moments: [&'a mut [f32]; MOMENTS],
    /// Decay of its values.
    pub decay: f32,
}

impl<'a, const MOMENTS: usize> Tensor<'a, MOMENTS> {
    /// Cuts the tensor into pieces.
    fn pieces(self, pieces: &mut Vec<Self>) {
        let Self {
            mut values,
            mut gradient,
            mut moments,
            decay,
        } = self;
        while !values.is_empty() {
            let size = values.len().min(PIECE);
            let (own_values, rest) = values.split_at_mut(size);
            values = rest;
            let (own_gradient, rest) = gradient.split_at(size);
            gradient = rest;
            let own_moments = moments.each_mut().map(|moment| {
                let (own, rest) = std::mem::take(moment).split_at_mut(size);
                *moment = rest;
                own
            });
            pieces.push(Self {
                values: own_values,
                gradient: own_gradient,
                moments: own_moments,
                decay,
            });
        }
    }
}

fn each_piece<'a, const MOMENTS: usize>(
    tensors: impl IntoIterator<Item = Tensor<'a, MOMENTS>>,
    update: impl Fn(Tensor<'a, MOMENTS>) + Sync + Send,
) {
    let mut pieces = Vec::new();
    for tensor in tensors {
        tensor.pieces(&mut pieces);
    }
    pieces.into_par_iter().with_min_len(GRAIN).for_each(update);
}

/// `g ← ∇ + λ w; m ← kept · m + g; w ← w − η · step`, where the step is `m`, or
/// `g + μ m` for one that looks ahead.
pub fn momentum<'a>(tensors: impl IntoIterator<Item = Tensor<'a, 1>>, constants: &Momentum) {
    each_piece(tensors, |tensor| {
        dispatch(MomentumStep { tensor, constants });
    });
}

/// Adam with decoupled weight decay.
///
/// ```text
/// w ← w − η λ w;  m ← β1 m + (1 − β1) ∇;  v ← β2 v + (1 − β2) ∇²
/// w ← w − rate · m / (√v / root + ε)
/// ```
pub fn adam<'a>(tensors: impl IntoIterator<Item = Tensor<'a, 2>>, constants: &Adam) {
    each_piece(tensors, |tensor| dispatch(AdamStep { tensor, constants }));
}

/// The root of the sum of the squares of all values.
pub fn norm<'a>(tensors: impl IntoIterator<Item = &'a [f32]>) -> f64 {
    let pieces = tensors.into_iter().flat_map(|tensor| tensor.chunks(PIECE));
    let pieces: Vec<&[f32]> = pieces.collect();
    let squares = pieces.into_par_iter().with_min_len(GRAIN);
    let squares: Vec<f64> = squares.map(|piece| dispatch(Squares(piece))).collect();
    squares.iter().sum::<f64>().sqrt()
}

struct MomentumStep<'a, 'b> {
    tensor: Tensor<'a, 1>,
    constants: &'b Momentum,
}

impl Kernel for MomentumStep<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Processor>(self, _: P) {
        let Momentum {
            kept,
            ahead,
            learning_rate,
        } = *self.constants;
        let Tensor {
            values,
            gradient,
            moments: [moment],
            decay,
        } = self.tensor;
        let all = values.iter_mut().zip(gradient).zip(moment);
        if let Some(ahead) = ahead {
            for ((value, gradient), moment) in all {
                let gradient = gradient + decay * *value;
                *moment = kept * *moment + gradient;
                *value -= learning_rate * (gradient + ahead * *moment);
            }
        } else {
            for ((value, gradient), moment) in all {
                *moment = kept * *moment + (gradient + decay * *value);
                *value -= learning_rate * *moment;
            }
        }
    }
}

struct AdamStep<'a, 'b> {
    tensor: Tensor<'a, 2>,
    constants: &'b Adam,
}

impl Kernel for AdamStep<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<P: Processor>(self, _: P) {
        let Adam {
            beta1,
            beta2,
            epsilon,
            learning_rate,
            rate,
            root,
        } = *self.constants;
        let Tensor {
            values,
            gradient,
            moments: [first, second],
            decay,
        } = self.tensor;
        let moments = first.iter_mut().zip(second);
        for ((value, gradient), (first, second)) in values.iter_mut().zip(gradient).zip(moments) {
            *value -= learning_rate * decay * *value;
            *first = beta1 * *first + (1.0 - beta1) * gradient;
            *second = beta2 * *second + (1.0 - beta2) * gradient * gradient;
            *value -= rate * *first / (second.sqrt() / root + epsilon);
        }
    }
}

/// The sum of the squares of a piece, by lanes: it stays exact enough in 32 bits.
struct Squares<'a>(&'a [f32]);

impl Kernel for Squares<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<P: Processor>(self, _: P) -> f64 {
        let mut sums = [[0.0_f32; LANES]; 4];
        let (groups, rest) = self.0.as_chunks::<{ 4 * LANES }>();
        for group in groups {
            let (lanes, _) = group.as_chunks::<LANES>();
            for part in 0..4 {
                for lane in 0..LANES {
                    sums[part][lane] += lanes[part][lane] * lanes[part][lane];
                }
            }
        }
        let rest: f32 = rest.iter().map(|value| value * value).sum();
        let sums = sums.as_flattened().iter();
        sums.map(|sum| f64::from(*sum)).sum::<f64>() + f64::from(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::processor::choice::everywhere;

    fn numbers(count: usize, salt: usize) -> Vec<f32> {
        let number = |index| ((index * 7919 + salt) * 104_729 % 2003) as f32 / 1000.0 - 1.0;
        (0..count).map(number).collect()
    }

    /// Sizes with and without a rest, the largest of several pieces.
    const SIZES: [usize; 3] = [5, 700, 5 * PIECE + 3];

    #[track_caller]
    fn assert_close(found: &[f32], expected: &[f64]) {
        for (found, expected) in found.iter().zip(expected) {
            let apart = (f64::from(*found) - expected).abs();
            assert!(apart < 1e-5, "{found}, not {expected}");
        }
    }

    #[test]
    fn momentum_is_its_formula() {
        for ahead in [None, Some(0.9)] {
            everywhere(|| {
                let mut values = SIZES.map(|size| numbers(size, 1));
                let gradients = SIZES.map(|size| numbers(size, 2));
                let mut moments = SIZES.map(|size| numbers(size, 3));
                let constants = Momentum {
                    kept: 0.9,
                    ahead,
                    learning_rate: 0.1,
                };
                let all = values.iter_mut().zip(&gradients).zip(&mut moments);
                let tensors = all.map(|((values, gradient), moment)| Tensor {
                    values,
                    gradient,
                    moments: [moment],
                    decay: 0.3,
                });
                momentum(tensors, &constants);
                for (at, size) in SIZES.into_iter().enumerate() {
                    let all = numbers(size, 1).into_iter().zip(numbers(size, 2));
                    let expected = all.zip(numbers(size, 3)).map(|((w, g), m)| {
                        let [w, g, m] = [w, g, m].map(f64::from);
                        let g = g + 0.3 * w;
                        let m = 0.9 * m + g;
                        let step = ahead.map_or(m, |ahead| g + f64::from(ahead) * m);
                        (w - 0.1 * step, m)
                    });
                    let (weights, kept): (Vec<f64>, Vec<f64>) = expected.unzip();
                    assert_close(&values[at], &weights);
                    assert_close(&moments[at], &kept);
                }
                (values, moments)
            });
        }
    }

    #[test]
    fn adam_is_its_formula() {
        everywhere(|| {
            let mut values = SIZES.map(|size| numbers(size, 1));
            let gradients = SIZES.map(|size| numbers(size, 2));
            let mut first = SIZES.map(|size| numbers(size, 3));
            let mut second = SIZES.map(|size| numbers(size, 4).iter().map(|v| v + 1.5).collect());
            let constants = Adam {
                beta1: 0.9,
                beta2: 0.99,
                epsilon: 1e-3,
                learning_rate: 0.1,
                rate: 0.2,
                root: 0.5,
            };
            let moments = first.iter_mut().zip::<&mut [Vec<f32>; 3]>(&mut second);
            let all = values.iter_mut().zip(&gradients).zip(moments);
            let tensors = all.map(|((values, gradient), (first, second))| Tensor {
                values,
                gradient,
                moments: [&mut first[..], &mut second[..]],
                decay: 0.3,
            });
            adam(tensors, &constants);
            for (at, size) in SIZES.into_iter().enumerate() {
                let all = numbers(size, 1).into_iter().zip(numbers(size, 2));
                let moments = numbers(size, 3).into_iter().zip(numbers(size, 4));
                let expected = all.zip(moments).map(|((w, g), (m, v))| {
                    let [w, g, m, v] = [w, g, m, v + 1.5].map(f64::from);
                    let (m, v) = (0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g * g);
                    w - 0.03 * w - 0.2 * m / (v.sqrt() / 0.5 + 1e-3)
                });
                assert_close(&values[at], &expected.collect::<Vec<f64>>());
            }
            (values, first, second)
        });
    }

    #[test]
    fn the_norm_is_that_of_all_values() {
        everywhere(|| {
            let tensors = SIZES.map(|size| numbers(size, 9));
            let squares = tensors.iter().flatten().map(|v| f64::from(*v).powi(2));
            let expected = squares.sum::<f64>().sqrt();
            let found = norm(tensors.iter().map(|tensor| &tensor[..]));
            assert!((found / expected - 1.0).abs() < 1e-6, "{found}, {expected}");
            found.to_bits()
        });
    }
}
