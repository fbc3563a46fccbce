//! Transposed convolution.

use super::{
    Arity, Attributes, BlockKind, Entry, Example, Fault, Form, Masking, Misfit, Operation, Padding,
    Primitive, Role, Saved, Shape, Size, SizeRole, WeightShape, Window, Zeros, attribute,
    one_image, product,
};
use std::fmt;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "transposed-convolution",
    "Convolution turned around: a strided one makes the image larger.",
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
                "How much larger the output is: one size or a list of two.",
            ),
            attribute(
                "padding",
                "same",
                "`same`, or `valid`: every window counts whole.",
            ),
            attribute("dilation", "1", "Distance between two taps of the window."),
            attribute("bias", "false", "Whether a bias is added."),
        ],
        read,
        examples,
    ),
);

fn read(attributes: &mut Attributes<'_, '_>) -> Result<Operation<Size>, Fault> {
    Ok(Operation::TransposedConvolution(TransposedConvolution {
        out: attributes.channels("out")?,
        window: Window {
            dilation: attributes.integer("dilation", 1, 1)?,
            ..Window::read(attributes, 1, 1)?
        },
        bias: attributes.switch("bias", false)?,
    }))
}

fn examples() -> Vec<Example> {
    let plain = || TransposedConvolution::square(6_usize, 3_usize, 2_usize);
    let dilated = TransposedConvolution {
        out: 5,
        window: Window {
            kernel: [3, 2],
            stride: [1, 2],
            dilation: 2,
            padding: Padding::Same,
        },
        bias: true,
    };
    let mut valid = plain();
    valid.window.padding = Padding::Valid;
    let of = |convolution| {
        let operation = Operation::TransposedConvolution(convolution);
        Example::new(operation, &[Shape::image(4, 5, 6)])
    };
    vec![of(plain()), of(dilated), of(valid)]
}

/// The linear map that a convolution's backward pass applies to the gradient of
/// its output: each pixel of the input adds a window to the output.
///
/// `out[o, s·y + d·dy − p, s·x + d·dx − p] += weight[i, o, dy, dx] · in[i, y, x]`,
/// with the padding `p` of the convolution from the output to the input
/// ([`Window::pads`]); what falls outside is left out. The bias is added last.
///
/// # Shapes
/// `[channels, height, width]` to `[out, height · stride, width · stride]` with
/// `Same` padding, and to `(height − 1) · stride + dilation · (kernel − 1) + 1`
/// rows with `Valid`; the weight is `[channels, out, kernel, kernel]`, as in
/// PyTorch and ONNX.
#[derive(Clone, Debug, PartialEq)]
pub struct TransposedConvolution<S = usize> {
    /// Channels of the output.
    pub out: S,
    /// Kernel, stride, dilation and padding of the convolution that is turned
    /// around.
    pub window: Window<S>,
    /// Whether a bias is added.
    pub bias: bool,
}

impl<S: Clone> TransposedConvolution<S> {
    /// One with square windows, without bias and with `Same` padding.
    pub fn square(out: impl Into<S>, kernel: impl Into<S>, stride: impl Into<S>) -> Self {
        Self {
            out: out.into(),
            window: Window::square(kernel, stride),
            bias: false,
        }
    }

    pub(super) fn map<T, E>(
        &self,
        f: &mut impl FnMut(&S) -> Result<T, E>,
    ) -> Result<TransposedConvolution<T>, E> {
        Ok(TransposedConvolution {
            out: f(&self.out)?,
            window: self.window.map(f)?,
            bias: self.bias,
        })
    }
}

impl Primitive for TransposedConvolution {
    fn entry(&self) -> &'static Entry {
        &ENTRY
    }

    fn arity(&self) -> Arity {
        Arity::One
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, Misfit> {
        let [_, height, width] = one_image(inputs)?;
        if self.out == 0 {
            return Err(Misfit::new("needs at least one output channel"));
        }
        let Window {
            kernel,
            stride,
            dilation,
            padding,
        } = self.window;
        let side = |axis: usize, size: usize| match padding {
            Padding::Same => size.saturating_mul(stride[axis]),
            Padding::Valid => {
                let steps = size.saturating_sub(1).saturating_mul(stride[axis]);
                let span = kernel[axis].saturating_sub(1).saturating_mul(dilation);
                steps.saturating_add(span).saturating_add(1)
            }
        };
        let output = [side(0, height), side(1, width)];
        // The convolution back must be one, and must lead to the input.
        let back = self.window.output(output)?;
        if back != [height, width] {
            return Err(Misfit::new(format!(
                "its windows lead from {}x{} back to {}x{}",
                output[0], output[1], back[0], back[1]
            )));
        }
        Ok(Shape::image(self.out, output[0], output[1]))
    }

    fn weights(&self, inputs: &[Shape]) -> Vec<WeightShape> {
        let channels = inputs[0].channels();
        let Window { kernel, stride, .. } = self.window;
        // One pixel of the output lies in every stride-th window along an axis.
        let taps = [0, 1].map(|axis| kernel[axis].div_ceil(stride[axis].max(1)));
        let mut weights = vec![WeightShape {
            name: "weight",
            dims: vec![channels, self.out, kernel[0], kernel[1]],
            role: Role::Kernel {
                fan_in: product([channels, taps[0], taps[1]]),
            },
        }];
        if self.bias {
            weights.push(WeightShape::of("bias", self.out, Role::Bias));
        }
        weights
    }

    fn macs(&self, inputs: &[Shape], _output: Shape) -> u64 {
        let [height, width] = self.window.kernel;
        product([inputs[0].elements(), self.out, height, width]) as u64
    }

    fn saved(&self) -> Saved {
        Saved::Inputs
    }

    fn zeros(&self) -> Zeros {
        // A bias could learn a constant, but what is pruned is what is trained.
        Zeros::WhereAll
    }

    fn masking(&self) -> Masking {
        Masking::Mixes
    }

    fn block(&self) -> BlockKind {
        BlockKind::Convolution
    }

    fn attributes(&self) -> Vec<(&'static str, String)> {
        let mut attributes = vec![("out", self.out.to_string())];
        attributes.extend(self.window.attributes());
        attributes.push(("dilation", self.window.dilation.to_string()));
        attributes.push(("bias", self.bias.to_string()));
        attributes
    }

    fn text(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bias = if self.bias { " bias" } else { "" };
        write!(f, " {} -> {}{bias}", self.window, self.out)
    }

    fn sizes(&self) -> Vec<SizeRole> {
        let mut sizes = vec![SizeRole::Channels];
        sizes.extend(self.window.sizes());
        sizes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_strided_one_makes_the_image_larger() {
        let input = [Shape::image(4, 5, 6)];
        let same = TransposedConvolution::<usize>::square(8_usize, 3_usize, 2_usize);
        assert_eq!(same.output(&input), Ok(Shape::image(8, 10, 12)));
        assert_eq!(same.weights(&input)[0].dims, [4, 8, 3, 3]);
        // A pixel of the output lies in two windows of three along each axis.
        let fan_in = Role::Kernel { fan_in: 4 * 2 * 2 };
        assert_eq!(same.weights(&input)[0].role, fan_in);
        assert_eq!(same.macs(&input, Shape::image(8, 10, 12)), 4 * 30 * 8 * 9);
        let text = Operation::TransposedConvolution(same.clone()).to_string();
        assert_eq!(text, "transposed-convolution 3x3/2 -> 8");

        let mut valid = same;
        valid.window.padding = Padding::Valid;
        assert_eq!(valid.output(&input), Ok(Shape::image(8, 11, 13)));
    }

    #[test]
    fn sizes_that_cannot_be_are_told() {
        let input = [Shape::image(4, 5, 6)];
        let none = TransposedConvolution::<usize>::square(8_usize, 3_usize, 0_usize);
        assert!(none.output(&input).is_err());
        let out = TransposedConvolution::<usize>::square(0_usize, 3_usize, 2_usize);
        assert!(out.output(&input).is_err());
    }
}
