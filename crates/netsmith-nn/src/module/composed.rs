//! A network composed of burn's operations, with burn's automatic differentiation.

mod mixed;
mod site;

pub(super) use site::Composition;

use super::trainable::trainable;
use super::value::{Value, dims};
use super::{BatchStatistics, Noise, Step, Weights, answer};
use burn::tensor::{DType, Device, Gradients, Tensor, TensorData};
use mixed::Mixed;
use netsmith::network::{Network, Shape};

/// The devices on which burn computes.
#[derive(Debug)]
pub(super) struct Composed {
    training: Device,
    inference: Device,
}

/// One pass over a network.
struct Pass<'a> {
    network: &'a Network,
    noise: Option<&'a Noise>,
    samples: usize,
    weights: Vec<Tensor<1>>,
    statistics: Vec<(usize, [Tensor<1>; 2])>,
    /// How the options of a supernet count.
    mixed: Option<Mixed<'a>>,
}

impl Composed {
    pub(super) fn new() -> Self {
        Self {
            training: Device::flex().autodiff(),
            inference: Device::flex(),
        }
    }

    pub(super) fn step(
        &mut self,
        network: &Network,
        weights: &Weights,
        inputs: &[f32],
        samples: usize,
        noise: &Noise,
        mut loss: impl FnMut(&[f32], &mut [f32]) -> f64,
    ) -> (Step, Vec<BatchStatistics>) {
        let mut pass = Pass {
            network,
            noise: Some(noise),
            samples,
            weights: leaves(network, weights, |_| true, &self.training),
            statistics: Vec::new(),
            mixed: None,
        };
        let enter = |shape| narrow(inputs, shape, samples, &self.training);
        let output = pass.run(&enter, &self.training);
        let answers = values(output.clone().inner());
        let mut gradient = vec![0.0; answers.len()];
        let loss = loss(&answers, &mut gradient);
        let gradients = self.backward(output, gradient);
        let step = Step {
            loss,
            gradients: trained(&pass.weights, &gradients),
        };
        let statistics = pass.statistics.into_iter().map(|(node, [mean, variance])| {
            let [height, width] = network.nodes()[node].shape.positions();
            BatchStatistics {
                node,
                mean: values(mean.inner()),
                variance: values(variance.inner()),
                count: samples * height * width,
            }
        });
        (step, statistics.collect())
    }

    /// All gradients, from that of the answers.
    fn backward(&self, answers: Tensor<4>, gradient: Vec<f32>) -> Gradients {
        let gradient = TensorData::new(gradient, answers.dims());
        let gradient = Tensor::<4>::from_data(gradient, &self.training);
        (answers * gradient).sum().backward()
    }

    /// The gradients of the sum of all answers, in 64 bits and with running
    /// statistics.
    pub(super) fn wide_gradients(
        &self,
        network: &Network,
        weights: &[Vec<f64>],
        inputs: &[f64],
        samples: usize,
    ) -> Vec<Vec<f64>> {
        let leaves = weights
            .iter()
            .zip(network.weights())
            .map(|(values, weight)| {
                let tensor = wide(values.clone(), [values.len()], &self.training);
                if weight.shape.role.trains() {
                    tensor.require_grad()
                } else {
                    tensor
                }
            });
        let mut pass = Pass {
            network,
            noise: None,
            samples,
            weights: leaves.collect(),
            statistics: Vec::new(),
            mixed: None,
        };
        let enter = |shape| wide(inputs.to_vec(), dims(shape, samples), &self.training);
        let gradients = pass.run(&enter, &self.training).sum().backward();
        let of = |(leaf, weight): (&Tensor<1>, &netsmith::network::Weight)| {
            if !weight.shape.role.trains() {
                return Vec::new();
            }
            let values = |tensor: Tensor<1>| tensor.into_data().try_to_vec::<f64>();
            let gradient = leaf.grad(&gradients).map(values);
            let gradient = gradient.unwrap_or_else(|| Ok(vec![0.0; weight.shape.elements()]));
            gradient.expect("these tensors hold 64-bit floats — this is a bug in netsmith")
        };
        pass.weights.iter().zip(network.weights()).map(of).collect()
    }

    pub(super) fn infer(
        &self,
        network: &Network,
        weights: &Weights,
        inputs: &[f32],
        samples: usize,
    ) -> Vec<f32> {
        let tensors = weights
            .0
            .iter()
            .map(|values| vector(values, &self.inference));
        let mut pass = Pass {
            network,
            noise: None,
            samples,
            weights: tensors.collect(),
            statistics: Vec::new(),
            mixed: None,
        };
        let enter = |shape| narrow(inputs, shape, samples, &self.inference);
        values(pass.run(&enter, &self.inference))
    }
}

impl Pass<'_> {
    /// The network's answers. A value is dropped behind its last reader.
    fn run(&mut self, enter: &dyn Fn(Shape) -> Tensor<4>, device: &Device) -> Tensor<4> {
        let network = self.network;
        let consumers = network.consumers();
        let answer = answer(network);
        let mut values: Vec<Option<Value>> = Vec::new();
        for (index, node) in network.nodes().iter().enumerate() {
            let runs = self.mixed.as_ref().is_none_or(|mixed| mixed.runs(index));
            let value = runs.then(|| self.value(index, &values, enter, device));
            values.push(value);
            for &input in &node.inputs {
                if input != answer && consumers[input].last() == Some(&index) {
                    values[input] = None;
                }
            }
        }
        let value = values.swap_remove(answer);
        value
            .expect("the answer is kept — this is a bug in netsmith")
            .tensor
    }

    fn value(
        &mut self,
        index: usize,
        values: &[Option<Value>],
        enter: &dyn Fn(Shape) -> Tensor<4>,
        device: &Device,
    ) -> Value {
        let node = &self.network.nodes()[index];
        let weights = node.weights.iter().map(|&w| self.weights[w].clone());
        let mut site = Composition {
            network: self.network,
            index,
            node,
            values,
            weights: weights.collect(),
            noise: self.noise,
            samples: self.samples,
            device,
            enter,
            mixed: self.mixed.as_ref(),
            statistics: None,
        };
        let value = trainable(&node.operation).compose(&mut site);
        let statistics = site.statistics.map(|batch| (index, batch));
        self.statistics.extend(statistics);
        value
    }
}

/// The values of all weights as tensors; those that train and are wanted have
/// gradients.
fn leaves(
    network: &Network,
    weights: &Weights,
    wanted: impl Fn(usize) -> bool,
    device: &Device,
) -> Vec<Tensor<1>> {
    let weights = weights.0.iter().zip(network.weights()).enumerate();
    let leaf = |(index, (values, weight)): (usize, (&Vec<f32>, &netsmith::network::Weight))| {
        let tensor = vector(values, device);
        match weight.shape.role.trains() && wanted(index) {
            true => tensor.require_grad(),
            false => tensor,
        }
    };
    weights.map(leaf).collect()
}

/// The gradients of the leaves; empty where none was wanted.
fn trained(leaves: &[Tensor<1>], gradients: &Gradients) -> Vec<Vec<f32>> {
    let of = |leaf: &Tensor<1>| {
        if !leaf.is_require_grad() {
            return Vec::new();
        }
        let gradient = leaf.grad(gradients);
        // A weight that nothing on the way to the answer reads.
        gradient.map_or_else(|| vec![0.0; leaf.dims()[0]], values)
    };
    leaves.iter().map(of).collect()
}

/// The samples as a tensor.
fn narrow(inputs: &[f32], shape: Shape, samples: usize, device: &Device) -> Tensor<4> {
    Tensor::from_data(
        TensorData::new(inputs.to_vec(), dims(shape, samples)),
        device,
    )
}

/// 64-bit values as a tensor of 64 bits.
fn wide<const D: usize>(values: Vec<f64>, dims: [usize; D], device: &Device) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values, dims), (device, DType::F64))
}

fn vector(values: &[f32], device: &Device) -> Tensor<1> {
    Tensor::from_data(TensorData::new(values.to_vec(), [values.len()]), device)
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    let values = tensor.into_data().try_to_vec::<f32>();
    values.expect("all tensors hold 32-bit floats — this is a bug in netsmith")
}
