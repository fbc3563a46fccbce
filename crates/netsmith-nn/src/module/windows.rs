//! Sums and maxima over windows of a plane.

use netsmith::network::Shape;
use netsmith::network::operation::Pool;
use netsmith_kernels::{LANES, Lane};
use rayon::prelude::*;

/// The padding of a pool over a plane of this height and width, as burn takes it.
pub(super) fn padding(pool: &Pool, size: [usize; 2]) -> [(usize, usize); 2] {
    let pads = pool.window.pads(size);
    pads.map(|[before, behind]| (before, behind))
}

/// For each position of an output plane the rows and columns of the input
/// plane under its window.
#[derive(Debug)]
pub(super) struct Windows {
    /// Height and width of the input.
    pub(super) input: [usize; 2],
    /// For each row of the output the rows of the input, one run each.
    pub(super) rows: Vec<std::ops::Range<usize>>,
    /// The same of the columns.
    pub(super) columns: Vec<std::ops::Range<usize>>,
}

impl Windows {
    /// Those of a pool; padding is left out.
    pub(super) fn of(pool: &Pool, input: Shape, output: Shape) -> Self {
        let (input, output) = (input.positions(), output.positions());
        let pads = pool.window.pads(input);
        let axis = |axis: usize| {
            let runs = (0..output[axis]).map(|position| {
                let start = position * pool.window.stride[axis];
                let end = (start + pool.window.kernel[axis]).saturating_sub(pads[axis][0]);
                start.saturating_sub(pads[axis][0])..end.min(input[axis])
            });
            runs.collect()
        };
        Self {
            input,
            rows: axis(0),
            columns: axis(1),
        }
    }

    fn input_plane(&self) -> usize {
        self.input[0] * self.input[1]
    }

    fn output_plane(&self) -> usize {
        self.rows.len() * self.columns.len()
    }

    /// The planes of the input, each with that of the output.
    fn planes<'a>(
        &self,
        input: &'a [Lane],
        output: &'a mut [Lane],
    ) -> impl IndexedParallelIterator<Item = (&'a [Lane], &'a mut [Lane])> + use<'a> {
        let planes = input.par_chunks_exact(self.input_plane());
        planes.zip(output.par_chunks_exact_mut(self.output_plane()))
    }

    /// Calls `visit` with each output position and the input positions under it.
    fn each(&self, mut visit: impl FnMut(usize, &[usize])) {
        let mut under = Vec::new();
        let mut position = 0;
        for rows in &self.rows {
            for columns in &self.columns {
                under.clear();
                for y in rows.clone() {
                    under.extend(columns.clone().map(|x| y * self.input[1] + x));
                }
                visit(position, &under);
                position += 1;
            }
        }
    }

    /// The largest value of each window.
    pub(super) fn max(&self, input: &[Lane], output: &mut [Lane]) {
        self.planes(input, output).for_each(|(input, output)| {
            self.each(|position, under| {
                let mut best = input[under[0]];
                for &at in &under[1..] {
                    for lane in 0..LANES {
                        let value = input[at][lane];
                        best[lane] = if value > best[lane] {
                            value
                        } else {
                            best[lane]
                        };
                    }
                }
                output[position] = best;
            });
        });
    }

    /// The gradient goes to the first of the largest values.
    pub(super) fn max_backward(&self, input: &[Lane], gradient: &[Lane], target: &mut [Lane]) {
        let planes = input.par_chunks_exact(self.input_plane());
        let gradients = gradient.par_chunks_exact(self.output_plane());
        let targets = target.par_chunks_exact_mut(self.input_plane());
        let planes = planes.zip(gradients).zip(targets);
        planes.for_each(|((input, gradient), target)| {
            target.as_flattened_mut().fill(0.0);
            self.each(|position, under| {
                let mut best = input[under[0]];
                let mut place = [0_u32; LANES];
                for (number, &at) in under.iter().enumerate().skip(1) {
                    for lane in 0..LANES {
                        let larger = input[at][lane] > best[lane];
                        best[lane] = if larger { input[at][lane] } else { best[lane] };
                        place[lane] = if larger { number as u32 } else { place[lane] };
                    }
                }
                let gradient = &gradient[position];
                for (number, &at) in under.iter().enumerate() {
                    for lane in 0..LANES {
                        let share = if place[lane] == number as u32 {
                            gradient[lane]
                        } else {
                            0.0
                        };
                        target[at][lane] += share;
                    }
                }
            });
        });
    }

    /// The mean of each window.
    pub(super) fn average(&self, input: &[Lane], output: &mut [Lane]) {
        self.planes(input, output).for_each(|(input, output)| {
            self.each(|position, under| {
                let mut sums = [0.0; LANES];
                for &at in under {
                    for lane in 0..LANES {
                        sums[lane] += input[at][lane];
                    }
                }
                let share = 1.0 / under.len() as f32;
                output[position] = sums.map(|sum| sum * share);
            });
        });
    }

    /// The gradient goes to all values of the window alike.
    pub(super) fn average_backward(&self, gradient: &[Lane], target: &mut [Lane]) {
        let gradients = gradient.par_chunks_exact(self.output_plane());
        let planes = gradients.zip(target.par_chunks_exact_mut(self.input_plane()));
        planes.for_each(|(gradient, target)| {
            target.as_flattened_mut().fill(0.0);
            self.each(|position, under| {
                let share = 1.0 / under.len() as f32;
                let shares = gradient[position].map(|gradient| gradient * share);
                for &at in under {
                    for lane in 0..LANES {
                        target[at][lane] += shares[lane];
                    }
                }
            });
        });
    }
}
