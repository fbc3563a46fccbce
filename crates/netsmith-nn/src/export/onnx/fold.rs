//! Batch norm of inference is a scale and a shift for each channel, which the
//! layer before it can take over.

use netsmith::network::Node;
use netsmith::network::operation::BatchNorm;

use crate::export::TrainedNetwork;
use crate::export::exported::exported;

/// `y = scale · x + shift` for each channel.
#[derive(Clone, Debug)]
pub(in crate::export) struct Affine {
    /// One factor for each channel.
    pub(super) scale: Vec<f64>,
    /// One term for each channel.
    pub(super) shift: Vec<f64>,
}

/// Which batch norms are merged into which layers.
#[derive(Debug)]
pub(super) struct Folds {
    /// For each layer the norm that it takes over.
    norms: Vec<Option<Affine>>,
    folded: Vec<bool>,
}

impl Folds {
    /// Merges every batch norm that alone reads a layer which takes it over.
    pub(super) fn new(trained: &TrainedNetwork<'_>, needed: &[bool]) -> Self {
        let nodes = trained.network.nodes();
        let mut readers = vec![0; nodes.len()];
        readers[trained.answer()] += 1;
        for (node, _) in nodes.iter().zip(needed).filter(|(_, needed)| **needed) {
            node.inputs.iter().for_each(|&input| readers[input] += 1);
        }
        let mut folds = Self {
            norms: vec![None; nodes.len()],
            folded: vec![false; nodes.len()],
        };
        for (index, node) in nodes.iter().enumerate().filter(|(index, _)| needed[*index]) {
            let operation = exported(&node.operation);
            let (Some(norm), [layer]) = (operation.norm(), &node.inputs[..]) else {
                continue;
            };
            let takes = exported(&nodes[*layer].operation).takes_norm();
            if takes && readers[*layer] == 1 {
                folds.norms[*layer] = Some(Affine::of(*norm, node, trained.weights));
                folds.folded[index] = true;
            }
        }
        folds
    }

    /// Whether a node is a batch norm that its layer has taken over.
    pub(super) fn is_folded(&self, node: usize) -> bool {
        self.folded[node]
    }

    /// The norm that a layer takes over.
    pub(super) fn norm_of(&self, node: usize) -> Option<&Affine> {
        self.norms[node].as_ref()
    }
}

impl Affine {
    fn of(norm: BatchNorm, node: &Node, weights: &[Vec<f32>]) -> Self {
        let tensors: Vec<&Vec<f32>> = node.weights.iter().map(|&w| &weights[w]).collect();
        let channels = node.shape.channels();
        let (ones, zeros) = (vec![1.0; channels], vec![0.0; channels]);
        let [weight, bias, mean, variance] = match (norm.affine, &tensors[..]) {
            (true, &[weight, bias, mean, variance]) => [weight, bias, mean, variance],
            (false, &[mean, variance]) => [&ones, &zeros, mean, variance],
            _ => unreachable!("batch norm has two or four tensors — this is a bug in netsmith"),
        };
        let mut affine = Self {
            scale: Vec::new(),
            shift: Vec::new(),
        };
        for channel in 0..channels {
            let [weight, bias, mean, variance] =
                [weight, bias, mean, variance].map(|tensor| f64::from(tensor[channel]));
            let scale = weight / (variance + BatchNorm::EPSILON).sqrt();
            affine.scale.push(scale);
            affine.shift.push(bias - mean * scale);
        }
        affine
    }

    /// A layer's weight, whose first axis is the channels of its output, with
    /// the norm taken over.
    pub(super) fn weight(&self, weight: &[f32]) -> Vec<f32> {
        let row = weight.len() / self.scale.len().max(1);
        let rows = weight.chunks(row.max(1)).zip(&self.scale);
        rows.flat_map(|(row, scale)| row.iter().map(move |&w| (f64::from(w) * scale) as f32))
            .collect()
    }

    /// A layer's bias, absent or not, with the norm taken over.
    pub(super) fn bias(&self, bias: Option<&[f32]>) -> Vec<f32> {
        let channels = self.scale.iter().zip(&self.shift).enumerate();
        let own = |channel: usize| bias.map_or(0.0, |bias| f64::from(bias[channel]));
        channels
            .map(|(c, (scale, shift))| (own(c) * scale + shift) as f32)
            .collect()
    }
}
