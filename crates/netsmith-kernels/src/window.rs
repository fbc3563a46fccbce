//! The geometry of a sliding window.

/// A window that slides over height and width; see
/// [`ConvolutionShape`](crate::convolution::ConvolutionShape) for what slides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// Steps between two windows.
    pub stride: [usize; 2],
    /// Distance between two taps.
    pub dilation: usize,
    /// Padding before the first row and the first column.
    pub before: [usize; 2],
    /// Height and width of what it slides over.
    pub input: [usize; 2],
    /// Number of window positions along height and width.
    pub output: [usize; 2],
}

/// Which way values flow through a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the input to the output.
    Forward,
    /// From the output's gradient to the input's.
    Backward,
}

impl Window {
    /// Number of taps.
    pub fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Positions of an input plane.
    pub fn input_plane(&self) -> usize {
        self.input[0] * self.input[1]
    }

    /// Positions of an output plane.
    pub fn output_plane(&self) -> usize {
        self.output[0] * self.output[1]
    }

    /// The plane that is read in this direction.
    pub(crate) fn source(&self, direction: Direction) -> [usize; 2] {
        match direction {
            Direction::Forward => self.input,
            Direction::Backward => self.output,
        }
    }

    /// The plane that is written in this direction.
    pub(crate) fn target(&self, direction: Direction) -> [usize; 2] {
        match direction {
            Direction::Forward => self.output,
            Direction::Backward => self.input,
        }
    }

    /// For each position along an axis of the written plane, the pairs of a tap and
    /// the position along the read plane that it meets there, both upwards. Backward
    /// the taps are numbered from the last one.
    pub(crate) fn axis(&self, axis: usize, direction: Direction) -> Vec<Vec<(usize, usize)>> {
        let (stride, before, taps) = (self.stride[axis], self.before[axis], self.kernel[axis]);
        let limit = self.source(direction)[axis];
        let meets = |target: usize, tap: usize| match direction {
            Direction::Forward => (target * stride + tap * self.dilation).checked_sub(before),
            Direction::Backward => (target + before)
                .checked_sub((taps - 1 - tap) * self.dilation)
                .filter(|distance| distance.is_multiple_of(stride))
                .map(|distance| distance / stride),
        };
        let met = |target: usize| {
            let pairs = (0..taps).filter_map(|tap| Some((tap, meets(target, tap)?)));
            pairs.filter(|(_, source)| *source < limit).collect()
        };
        (0..self.target(direction)[axis]).map(met).collect()
    }
}
