//! One step of an LSTM layer, forward and backward.
//!
//! ```text
//! (i, f, g, o) = (σ, σ, tanh, σ)(Wᵀx + Uᵀh' + b)
//! c = f·c' + i·g        h = o·tanh(c)
//! ```
//!
//! Primes mark the step before. The four gates of a width w stand one after the
//! other, so `W` and `U` have 4w columns.

use super::matrix::{add, add_outer, add_product, add_transposed};
use super::squash::{logistic, tanh};

/// `W`, `U` and `b` of a layer, as slices of the parameters or their gradient.
pub(super) struct Weights<T> {
    /// `W`: one row of 4w for each input.
    pub(super) input: T,
    /// `U`: w rows of 4w.
    pub(super) state: T,
    /// `b`: 4w.
    pub(super) bias: T,
}

/// Numbers of a layer of this width over inputs of that size.
pub(super) fn size(input: usize, width: usize) -> usize {
    4 * width * (input + width + 1)
}

impl<'a> Weights<&'a [f64]> {
    /// Cuts the parameters of a layer apart.
    pub(super) fn of(all: &'a [f64], input: usize, width: usize) -> Self {
        let (first, rest) = all.split_at(4 * width * input);
        let (state, bias) = rest.split_at(4 * width * width);
        Self {
            input: first,
            state,
            bias,
        }
    }
}

impl<'a> Weights<&'a mut [f64]> {
    /// Cuts the gradient of a layer apart.
    pub(super) fn of_mut(all: &'a mut [f64], input: usize, width: usize) -> Self {
        let (first, rest) = all.split_at_mut(4 * width * input);
        let (state, bias) = rest.split_at_mut(4 * width * width);
        Self {
            input: first,
            state,
            bias,
        }
    }
}

/// What a step leaves for the backward pass; slices of the width, gates of four.
pub(super) struct Trace<T> {
    /// `(i, f, g, o)`.
    pub(super) gates: T,
    /// `c`.
    pub(super) cell: T,
    /// `tanh(c)`.
    pub(super) squashed: T,
    /// `h`.
    pub(super) hidden: T,
}

/// The step before: `c'` and `h'`; zeros at the first step.
#[derive(Clone, Copy)]
pub(super) struct Before<'a> {
    pub(super) cell: &'a [f64],
    pub(super) hidden: &'a [f64],
}

/// Fills the trace of a step.
pub(super) fn forward(
    weights: &Weights<&[f64]>,
    x: &[f64],
    before: Before<'_>,
    trace: Trace<&mut [f64]>,
) {
    let width = trace.cell.len();
    trace.gates.copy_from_slice(weights.bias);
    add_product(trace.gates, x, weights.input);
    add_product(trace.gates, before.hidden, weights.state);
    logistic(&mut trace.gates[..2 * width]);
    tanh(&mut trace.gates[2 * width..3 * width]);
    logistic(&mut trace.gates[3 * width..]);
    let (i, rest) = trace.gates.split_at(width);
    let (f, rest) = rest.split_at(width);
    let (g, o) = rest.split_at(width);
    for k in 0..width {
        trace.cell[k] = f[k] * before.cell[k] + i[k] * g[k];
    }
    trace.squashed.copy_from_slice(trace.cell);
    tanh(trace.squashed);
    for ((hidden, o), squashed) in trace.hidden.iter_mut().zip(o).zip(&*trace.squashed) {
        *hidden = o * squashed;
    }
}

/// Gradients that travel back through a step; `hidden` and `cell` come in as
/// those of this step and leave as those of the step before.
pub(super) struct Flow<'a> {
    /// Of `h`, then of `h'`.
    pub(super) hidden: &'a mut [f64],
    /// Of `c` from later steps, then of `c'`.
    pub(super) cell: &'a mut [f64],
    /// Of `x`: is added to.
    pub(super) input: &'a mut [f64],
    /// Room for the four gates.
    pub(super) gates: &'a mut [f64],
}

/// Adds to the gradient of the weights, and passes on that of inputs and state.
pub(super) fn backward(
    weights: &Weights<&[f64]>,
    x: &[f64],
    before: Before<'_>,
    trace: &Trace<&[f64]>,
    flow: Flow<'_>,
    gradient: Weights<&mut [f64]>,
) {
    let width = trace.cell.len();
    let (i, rest) = trace.gates.split_at(width);
    let (f, rest) = rest.split_at(width);
    let (g, o) = rest.split_at(width);
    let (di, rest) = flow.gates.split_at_mut(width);
    let (df, rest) = rest.split_at_mut(width);
    let (dg, d_o) = rest.split_at_mut(width);
    for k in 0..width {
        let (dh, t) = (flow.hidden[k], trace.squashed[k]);
        let dc = flow.cell[k] + dh * o[k] * (1.0 - t * t);
        d_o[k] = dh * t * o[k] * (1.0 - o[k]);
        di[k] = dc * g[k] * i[k] * (1.0 - i[k]);
        df[k] = dc * before.cell[k] * f[k] * (1.0 - f[k]);
        dg[k] = dc * i[k] * (1.0 - g[k] * g[k]);
        flow.cell[k] = dc * f[k];
    }
    add(gradient.bias, flow.gates);
    add_outer(gradient.input, x, flow.gates);
    add_outer(gradient.state, before.hidden, flow.gates);
    add_transposed(flow.input, weights.input, flow.gates);
    flow.hidden.fill(0.0);
    add_transposed(flow.hidden, weights.state, flow.gates);
}
