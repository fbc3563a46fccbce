//! Convolution.

use super::{
    Arity, Attributes, BlockKind, Entry, Example, Fault, Form, Masking, Misfit, Operation, Padding,
    Primitive, Saved, Shape, Size, SizeRole, WeightShape, Window, Zeros, attribute, one_image,
    product,
};
use std::fmt;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "convolution",
    "Convolution over height and width, in groups or depthwise, dilated.",
    Form::new(
        &[
            attribute("out", "channels", "Channels of the output."),
            attribute(
                "kernel",
                "1",
                "Sides of the window: one size or a list of two.",
            ),
            attribute(
                "stride",
                "1",
                "Steps between two windows: one size or a list of two.",
            ),
            attribute(
                "padding",
                "same",
                "`same`, or `valid`: windows stay inside.",
            ),
            attribute("dilation", "1", "Distance between two taps of the window."),
            attribute(
                "groups",
                "1",
                "Groups of channels: a number, or `depthwise`.",
            ),
            attribute("bias", "false", "Whether a bias is added."),
        ],
        read,
        examples,
    ),
);

fn read(attributes: &mut Attributes<'_, '_>) -> Result<Operation<Size>, Fault> {
    Ok(Operation::Convolution(Convolution {
        out: attributes.channels("out")?,
        window: Window {
            dilation: attributes.integer("dilation", 1, 1)?,
            ..Window::read(attributes, 1, 1)?
        },
        groups: match attributes.integer_or("groups", ("depthwise", Groups::Depthwise))? {
            Ok(count) => Groups::Count(count),
            Err(depthwise) => depthwise,
        },
        bias: attributes.switch("bias", false)?,
    }))
}

fn examples() -> Vec<Example> {
    let plain = || Convolution::square(6_usize, 3_usize, 1_usize);
    let strided = Convolution {
        window: Window {
            kernel: [3, 5],
            stride: [2, 1],
            ..plain().dilated(2).window
        },
        bias: true,
        ..plain()
    };
    let grouped = Convolution {
        groups: Groups::Count(2),
        ..plain()
    };
    let depthwise = Convolution {
        out: 4,
        ..plain().depthwise()
    };
    let all = [plain(), strided, plain().valid(), grouped, depthwise];
    let of = |convolution| {
        let operation = Operation::Convolution(convolution);
        Example::new(operation, &[Shape::image(4, 9, 8)])
    };
    all.into_iter().map(of).collect()
}

/// A convolution over height and width: any kernel, stride, dilation and
/// number of groups.
///
/// `out[o, y, x] = bias[o] + Σ_{i, dy, dx} weight[o, i, dy, dx] · in[g(o) + i, s·y + d·dy − p, s·x + d·dx − p]`
///
/// # Shapes
/// `[channels, height, width]` to `[out, ⌈height / stride⌉, ⌈width / stride⌉]`
/// with `Same` padding; the weight is `[out, channels / groups, kernel, kernel]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Convolution<S = usize> {
    /// Channels of the output; a depthwise convolution has those of its input.
    pub out: S,
    /// Kernel, stride, dilation and padding.
    pub window: Window<S>,
    /// How the channels are divided.
    pub groups: Groups,
    /// Whether a bias is added.
    pub bias: bool,
}

/// How a convolution divides its channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Groups {
    /// This many groups of equal size; 1 is the ordinary convolution.
    Count(usize),
    /// Every channel is a group of its own, and `out` is the number of channels.
    Depthwise,
}

impl<S: Clone> Convolution<S> {
    /// A square convolution without bias and with `Same` padding.
    pub fn square(out: impl Into<S>, kernel: impl Into<S>, stride: impl Into<S>) -> Self {
        Self {
            out: out.into(),
            window: Window::square(kernel, stride),
            groups: Groups::Count(1),
            bias: false,
        }
    }

    /// A convolution over one row, for a sequence: without bias, with `Same` padding.
    pub fn row(out: impl Into<S>, kernel: impl Into<S>, stride: impl Into<S>) -> Self
    where
        S: From<usize>,
    {
        Self {
            out: out.into(),
            window: Window::row(kernel, stride),
            groups: Groups::Count(1),
            bias: false,
        }
    }

    /// The same with this dilation.
    #[must_use]
    pub fn dilated(mut self, dilation: usize) -> Self {
        self.window.dilation = dilation;
        self
    }

    /// The same with windows that stay inside the image.
    #[must_use]
    pub fn valid(mut self) -> Self {
        self.window.padding = Padding::Valid;
        self
    }

    /// The same with each channel on its own.
    #[must_use]
    pub fn depthwise(mut self) -> Self {
        self.groups = Groups::Depthwise;
        self
    }

    pub(super) fn map<T, E>(
        &self,
        f: &mut impl FnMut(&S) -> Result<T, E>,
    ) -> Result<Convolution<T>, E> {
        Ok(Convolution {
            out: f(&self.out)?,
            window: self.window.map(f)?,
            groups: self.groups,
            bias: self.bias,
        })
    }
}

impl Convolution {
    /// Number of groups for an input of this many channels.
    pub fn group_count(&self, channels: usize) -> usize {
        match self.groups {
            Groups::Count(count) => count,
            Groups::Depthwise => channels,
        }
    }

    fn fan_in(&self, channels: usize) -> usize {
        let [height, width] = self.window.kernel;
        product([channels / self.group_count(channels), height, width])
    }
}

impl Primitive for Convolution {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::One
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        let [channels, height, width] = one_image(inputs)?;
        let groups = self.group_count(channels);
        if self.out == 0 {
            return Err(Misfit::new("needs at least one output channel"));
        }
        if groups == 0 || !channels.is_multiple_of(groups) || !self.out.is_multiple_of(groups) {
            return Err(Misfit::new(format!(
                "{channels} input and {} output channels are not multiples of {groups} groups",
                self.out
            )));
        }
        let [height, width] = self.window.output([height, width])?;
        Ok(Shape::image(self.out, height, width))
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<WeightShape> {
        let channels = inputs[0].channels();
        let [height, width] = self.window.kernel;
        let inside = channels / self.group_count(channels);
        let dims = vec![self.out, inside, height, width];
        WeightShape::kernel(dims, self.fan_in(channels), self.bias)
    }

    fn macs(&self, inputs: &[Shape], output: Shape) -> u64 {
        product([output.elements(), self.fan_in(inputs[0].channels())]) as u64
    }

    fn saved(&self) -> Saved {
        Saved::Inputs
    }

    fn zeros(&self) -> Zeros {
        // A bias could learn a constant, but what is pruned is what is trained.
        Zeros::WhereAll
    }

    fn masking(&self) -> Masking {
        match self.groups {
            Groups::Count(1) => Masking::Mixes,
            Groups::Count(_) => Masking::Grouped { mixes: true },
            // In an architecture its output has as many channels as its input.
            Groups::Depthwise if self.bias => Masking::Each(Zeros::Never),
            Groups::Depthwise => Masking::Each(Zeros::WhereAll),
        }
    }

    fn block(&self) -> BlockKind {
        BlockKind::Convolution
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut attributes = vec![("out", self.out.to_string())];
        attributes.extend(self.window.attributes());
        attributes.push(("dilation", self.window.dilation.to_string()));
        let groups = match self.groups {
            Groups::Count(count) => count.to_string(),
            Groups::Depthwise => "\"depthwise\"".to_owned(),
        };
        attributes.push(("groups", groups));
        attributes.push(("bias", self.bias.to_string()));
        attributes
    }

    fn text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, " {} -> {}", self.window, self.out)?;
        match self.groups {
            Groups::Count(1) => {}
            Groups::Count(count) => write!(f, " groups {count}")?,
            Groups::Depthwise => f.write_str(" depthwise")?,
        }
        f.write_str(if self.bias { " bias" } else { "" })
    }

    fn sizes(&self) -> Vec<SizeRole> {
        let mut sizes = vec![SizeRole::Channels];
        sizes.extend(self.window.sizes());
        sizes
    }

    /// Depthwise ones cost little beside the memory that they take.
    fn is_cheap(&self, input: Shape) -> bool {
        let channels = input.channels();
        self.group_count(channels) == channels && self.out == channels
    }

    fn reads_recomputed(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_a_resnet_convolution() {
        let convolution = Convolution::<usize>::square(16_usize, 3_usize, 1_usize);
        let input = [Shape::image(16, 32, 32)];
        let output = convolution.output(&input).unwrap();
        assert_eq!(output, Shape::image(16, 32, 32));
        assert_eq!(convolution.weights(&input)[0].elements(), 2_304);
        assert_eq!(convolution.macs(&input, output), 2_359_296);
    }

    #[test]
    fn depthwise_counts_each_channel_once() {
        let convolution = Convolution::<usize>::square(8_usize, 5_usize, 2_usize).depthwise();
        let input = [Shape::image(8, 9, 9)];
        assert_eq!(convolution.output(&input), Ok(Shape::image(8, 5, 5)));
        assert_eq!(convolution.weights(&input)[0].dims, [8, 1, 5, 5]);
    }

    #[test]
    fn a_row_has_weights_along_the_length_alone() {
        let convolution = Convolution::<usize>::row(16_usize, 5_usize, 2_usize);
        let input = [Shape::sequence(12, 29)];
        assert_eq!(convolution.output(&input), Ok(Shape::sequence(16, 15)));
        assert_eq!(convolution.weights(&input)[0].dims, [16, 12, 1, 5]);
        assert_eq!(
            convolution.macs(&input, Shape::sequence(16, 15)),
            16 * 15 * 12 * 5
        );
    }

    #[test]
    fn channels_must_divide_into_groups() {
        let mut convolution = Convolution::<usize>::square(8_usize, 3_usize, 1_usize);
        convolution.groups = Groups::Count(3);
        assert!(convolution.output(&[Shape::image(8, 4, 4)]).is_err());
    }
}
