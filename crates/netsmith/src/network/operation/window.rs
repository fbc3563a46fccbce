//! Sliding windows: the geometry that convolutions and pools share.

use super::{Attributes, Fault, Misfit, Size, SizeRole};
use std::fmt;

/// A window that slides over height and width.
#[derive(Clone, Debug, PartialEq)]
pub struct Window<S = usize> {
    /// Height and width of the window.
    pub kernel: [S; 2],
    /// Steps between two windows.
    pub stride: [S; 2],
    /// Distance between two taps of the window.
    pub dilation: usize,
    /// What lies beyond the border.
    pub padding: Padding,
}

/// How a window meets the border.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// The output has `ceil(size / stride)` positions. An odd window is centred
    /// (the same padding before and behind); an even one is padded behind only,
    /// and only where the last window would not fit.
    Same,
    /// Windows stay inside.
    Valid,
}

impl<S: Clone> Window<S> {
    /// A square window with `Same` padding and no dilation.
    pub fn square(kernel: impl Into<S>, stride: impl Into<S>) -> Self {
        let (kernel, stride) = (kernel.into(), stride.into());
        Self {
            kernel: [kernel.clone(), kernel],
            stride: [stride.clone(), stride],
            dilation: 1,
            padding: Padding::Same,
        }
    }

    /// A window over one row, for a sequence; with `Same` padding and no dilation.
    pub fn row(kernel: impl Into<S>, stride: impl Into<S>) -> Self
    where
        S: From<usize>,
    {
        Self {
            kernel: [1.into(), kernel.into()],
            stride: [1.into(), stride.into()],
            dilation: 1,
            padding: Padding::Same,
        }
    }

    /// Every size changed by `f`.
    pub(super) fn map<T, E>(&self, f: &mut impl FnMut(&S) -> Result<T, E>) -> Result<Window<T>, E> {
        Ok(Window {
            kernel: [f(&self.kernel[0])?, f(&self.kernel[1])?],
            stride: [f(&self.stride[0])?, f(&self.stride[1])?],
            dilation: self.dilation,
            padding: self.padding,
        })
    }
}

impl Window<Size> {
    /// The window that the attributes of a space file give, not dilated.
    pub(super) fn read(
        attributes: &mut Attributes<'_, '_>,
        kernel: usize,
        stride: usize,
    ) -> Result<Self, Fault> {
        let paddings = [("same", Padding::Same), ("valid", Padding::Valid)];
        Ok(Self {
            kernel: attributes.pair("kernel", kernel)?,
            stride: attributes.pair("stride", stride)?,
            dilation: 1,
            padding: attributes.word("padding", &paddings, Padding::Same)?,
        })
    }
}

impl Window {
    /// Its attributes in a space file, without the dilation.
    pub(super) fn attributes(&self) -> Vec<(&'static str, String)> {
        let padding = match self.padding {
            Padding::Same => "\"same\"",
            Padding::Valid => "\"valid\"",
        };
        vec![
            ("kernel", format!("{:?}", self.kernel)),
            ("stride", format!("{:?}", self.stride)),
            ("padding", padding.to_owned()),
        ]
    }

    /// The parts that its sizes play, in the order of [`Window::map`].
    pub(super) fn sizes(&self) -> [SizeRole; 4] {
        let kernel = match self.padding {
            Padding::Same => SizeRole::Kernel,
            Padding::Valid => SizeRole::InnerKernel,
        };
        [kernel, kernel, SizeRole::Positions, SizeRole::Positions]
    }

    /// Zeros before and behind each axis: `[[top, bottom], [left, right]]`; a
    /// stride of 0 counts as 1.
    pub fn pads(&self, size: [usize; 2]) -> [[usize; 2]; 2] {
        [0, 1].map(|axis| {
            let span = self.span(axis);
            match self.padding {
                Padding::Valid => [0, 0],
                Padding::Same if span % 2 == 1 => [span / 2, span / 2],
                Padding::Same => {
                    let stride = self.stride[axis].max(1);
                    let last = size[axis].saturating_sub(1) / stride * stride;
                    [0, last.saturating_add(span).saturating_sub(size[axis])]
                }
            }
        })
    }

    /// Number of window positions along each axis.
    pub(super) fn output(&self, size: [usize; 2]) -> Result<[usize; 2], Misfit> {
        let mut output = [0; 2];
        let pads = self.pads(size);
        for axis in 0..2 {
            if self.stride[axis] == 0 || self.kernel[axis] == 0 || self.dilation == 0 {
                return Err(Misfit::new("kernel, stride and dilation must be positive"));
            }
            if size[axis] == 0 {
                return Err(Misfit::new("takes an image of at least one pixel"));
            }
            let span = self.span(axis);
            if span > LARGEST {
                return Err(Misfit::new(format!(
                    "a window over {span} positions is larger than {LARGEST}"
                )));
            }
            let padded = pads[axis]
                .iter()
                .fold(size[axis], |size, pad| size.saturating_add(*pad));
            if padded < span {
                return Err(Misfit::new(format!(
                    "a window over {span} positions does not fit into {padded}"
                ))
                .hint("take a smaller kernel or dilation, or padding `same`"));
            }
            output[axis] = (padded - span) / self.stride[axis] + 1;
        }
        Ok(output)
    }

    /// Positions between the first and the last tap, both included.
    fn span(&self, axis: usize) -> usize {
        let steps = self.kernel[axis].max(1) - 1;
        steps.saturating_mul(self.dilation).saturating_add(1)
    }
}

/// The positions that a window may reach over: more than any image has.
const LARGEST: usize = 1 << 32;

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.kernel[0], self.kernel[1])?;
        match self.stride {
            [1, 1] => {}
            [y, x] if y == x => write!(f, "/{y}")?,
            [y, x] => write!(f, "/{y}x{x}")?,
        }
        if self.dilation > 1 {
            write!(f, " dilation {}", self.dilation)?;
        }
        if self.padding == Padding::Valid {
            f.write_str(" valid")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_padding_keeps_or_divides() {
        for (kernel, stride, dilation, size, expected, pads) in [
            (3_usize, 1_usize, 1, 7, 7, [1, 1]),
            (3, 2, 1, 7, 4, [1, 1]),
            (5, 1, 2, 9, 9, [4, 4]),
            (2, 2, 1, 8, 4, [0, 0]),
            (2, 2, 1, 7, 4, [0, 1]),
        ] {
            let window = Window::<usize> {
                dilation,
                ..Window::square(kernel, stride)
            };
            assert_eq!(window.output([size, size]), Ok([expected, expected]));
            assert_eq!(window.pads([size, size]), [pads, pads]);
        }
    }

    #[test]
    fn a_row_keeps_its_height() {
        let window = Window::<usize>::row(9_usize, 2_usize);
        assert_eq!(window.output([1, 25]), Ok([1, 13]));
        assert_eq!(window.pads([1, 25]), [[0, 0], [4, 4]]);
        assert_eq!(window.to_string(), "1x9/1x2");
    }

    #[test]
    fn sizes_that_cannot_be_are_told() {
        for kernel in [2_usize, 3] {
            let window = Window::<usize>::square(kernel, 0_usize);
            assert!(window.output([8, 8]).is_err());
            assert!(
                Window::<usize>::square(kernel, 2_usize)
                    .output([0, 8])
                    .is_err()
            );
        }
        let most = Window::<usize> {
            dilation: usize::MAX,
            ..Window::square(usize::MAX, usize::MAX)
        };
        assert!(most.output([usize::MAX, usize::MAX]).is_err());
        let even = Window::<usize>::square(4_usize, usize::MAX);
        assert_eq!(even.output([usize::MAX, 1]), Ok([1, 1]));
    }

    #[test]
    fn a_window_must_fit() {
        let window = Window::<usize> {
            padding: Padding::Valid,
            ..Window::square(5_usize, 1_usize)
        };
        assert!(window.output([4, 8]).is_err());
    }
}
