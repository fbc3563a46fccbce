//! A node on its way to a value of burn.

use super::mixed::Mixed;
use crate::module::Noise;
use crate::module::value::{Value, dims};
use burn::tensor::{Device, Tensor};
use netsmith::network::{Network, Node, Shape};

/// What an operation may read while it composes a node's value.
pub(in crate::module) struct Composition<'p> {
    pub(super) network: &'p Network,
    pub(super) index: usize,
    pub(in crate::module) node: &'p Node,
    /// The values so far; `None` for nodes that do not run, and for those whose
    /// readers are done.
    pub(super) values: &'p [Option<Value>],
    /// The node's tensors, flat.
    pub(in crate::module) weights: Vec<Tensor<1>>,
    /// `None` in inference.
    pub(in crate::module) noise: Option<&'p Noise>,
    pub(in crate::module) samples: usize,
    pub(super) device: &'p Device,
    pub(super) enter: &'p dyn Fn(Shape) -> Tensor<4>,
    /// The weights of the options of a supernet.
    pub(super) mixed: Option<&'p Mixed<'p>>,
    /// Mean and biased variance of the batch, as a norm notes them here.
    pub(in crate::module) statistics: Option<[Tensor<1>; 2]>,
}

impl<'p> Composition<'p> {
    /// The value of the input `at`.
    pub(in crate::module) fn input(&self, at: usize) -> &'p Value {
        self.value(self.node.inputs[at])
    }

    /// The value of the first input.
    pub(in crate::module) fn first(&self) -> &'p Value {
        self.input(0)
    }

    /// The values of all inputs.
    pub(in crate::module) fn inputs(&self) -> impl Iterator<Item = &'p Value> {
        let inputs = self.node.inputs.iter();
        inputs.map(|&input| self.value(input))
    }

    /// The samples that enter, as a tensor of this shape.
    pub(in crate::module) fn enter(&self, shape: Shape) -> Value {
        Value::new((self.enter)(shape))
    }

    /// Zeros of the node's shape.
    pub(in crate::module) fn zeros(&self) -> Value {
        let dims = dims(self.node.shape, self.samples);
        Value::new(Tensor::zeros(dims, self.device))
    }

    /// The value of a mix of this decision: the sum of its inputs where there are
    /// no weights.
    pub(in crate::module) fn mixed(&self, decision: usize) -> Value {
        if let Some(mixed) = self.mixed {
            let zeros = || self.zeros();
            let read = |input| self.value(input);
            return mixed.value(self.network, self.index, decision, zeros, read);
        }
        let tensors = self.inputs().map(|value| value.tensor.clone());
        let sum = tensors.reduce(|sum, tensor| sum + tensor);
        Value::new(sum.expect("a mix has an input — this is a bug in netsmith"))
    }

    fn value(&self, input: usize) -> &'p Value {
        let value = self.values[input].as_ref();
        value.expect("its readers keep a value — this is a bug in netsmith")
    }
}
