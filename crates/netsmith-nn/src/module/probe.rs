//! A look at what a network computes, node by node.

/// Writes the gradient of a loss with respect to the answers, and gives the loss.
pub(crate) type LossFunction<'a> = &'a mut dyn FnMut(&[f32], &mut [f32]) -> f64;

/// Is shown values and gradients of a pass as they are computed.
///
/// # Shapes
/// Values and gradients are `[samples, elements of the node]`, row-major.
pub(crate) trait Probe {
    /// Whether it wants to see the value of a node.
    fn wants_value(&self, _node: usize) -> bool {
        false
    }

    /// The value of a node, on the way forward.
    fn value(&mut self, _node: usize, _value: Vec<f32>) {}

    /// Whether it wants to see the gradient of a node.
    fn wants_gradient(&self, _node: usize) -> bool {
        false
    }

    /// The gradient of the loss with respect to a node's value, on the way back.
    fn gradient(&mut self, _node: usize, _gradient: Vec<f32>) {}
}

/// Looks at nothing.
impl Probe for () {}
