//! Tensors of other channels and positions are brought to those that are asked for.

use super::Resolver;
use super::place::Place;
use crate::network::operation::{BatchNorm, Convolution, Linear, Pad, Resize};
use crate::network::{Operation, Shape, ShapeError};
use crate::space::Size;
use crate::space::graph::{AlignMethod, Graph};
use crate::space::live::Live;
use std::sync::Arc;

impl Resolver<'_> {
    pub(super) fn align(
        &mut self,
        method: AlignMethod,
        channels: usize,
        inputs: &[usize],
        place: &Place,
    ) -> Result<usize, ShapeError> {
        let shape = self.builder.shape(inputs[0]);
        let positions = inputs
            .get(1)
            .map_or(shape.positions(), |&i| self.builder.shape(i).positions());
        match aligning(method, shape, channels, positions) {
            None => Ok(inputs[0]),
            Some(graph) => Ok(self.graph(&graph, &inputs[..1], place.clone())?[0]),
        }
    }

    /// The same in a supernet, whose channels may be decided.
    pub(super) fn align_open(
        &mut self,
        method: AlignMethod,
        channels: &Live,
        inputs: &[usize],
        place: &Place,
    ) -> Result<usize, ShapeError> {
        let (input, live) = (inputs[0], self.live(inputs[0]));
        if live.decision().is_none() && channels.decision().is_none() {
            return self.align(method, channels.most(), inputs, place);
        }
        let most = channels.most();
        let shape = self.builder.shape(input);
        let positions = inputs
            .get(1)
            .map_or(shape.positions(), |&i| self.builder.shape(i).positions());
        let larger = shape.positions() != positions;
        match method {
            AlignMethod::Resize => return self.align(method, most, inputs, place),
            AlignMethod::Preprocess { .. } | AlignMethod::Calibrate if larger => {
                self.refuse(channels, "the width behind a factorised reduction");
            }
            _ => {}
        }
        let same = live.combine(channels, &|a, b| usize::from(a == b));
        let keeps = !larger && !matches!(method, AlignMethod::Preprocess { .. });
        if keeps && same == Live::First(1) {
            return Ok(input);
        }
        if let AlignMethod::Pad = method {
            let input = self.clean(input)?;
            let [height, width] = positions;
            let pad = Operation::Pad(Pad {
                channels: most,
                height,
                width,
            });
            return self.place(pad, &[input], Some(channels.clone()), place);
        }
        let Some(graph) = aligned_always(method, shape, most, positions) else {
            return Ok(input);
        };
        let aligned = self.graph(&graph, &[input], place.clone())?[0];
        self.decide(aligned, channels.clone());
        if !keeps {
            return Ok(aligned);
        }
        // Where channels agree an architecture has the input itself.
        let own = self.fitted(input, most, place)?;
        self.either(&same, [own, aligned], channels, place)
    }
}

/// What brings a tensor to these channels and positions; nothing where it fits.
pub(in crate::space) fn aligning(
    method: AlignMethod,
    shape: Shape,
    channels: usize,
    positions: [usize; 2],
) -> Option<Graph> {
    let larger = shape.positions() != positions;
    let same = channels == shape.channels() && !larger;
    match method {
        AlignMethod::Project | AlignMethod::Pad | AlignMethod::Calibrate if same => None,
        AlignMethod::Resize if !larger => None,
        _ => aligned_always(method, shape, channels, positions),
    }
}

/// The same where it may fit already.
fn aligned_always(
    method: AlignMethod,
    shape: Shape,
    channels: usize,
    positions: [usize; 2],
) -> Option<Graph> {
    let [height, width] = positions;
    let [h, w] = shape.positions();
    let stride = [h.div_ceil(height.max(1)), w.div_ceil(width.max(1))];
    let halvings = stride[0].max(stride[1]).next_power_of_two().ilog2();
    Some(match method {
        AlignMethod::Project if matches!(shape, Shape::Vector { .. }) => {
            Graph::chain([Operation::Linear(Linear {
                out: channels.into(),
                bias: false,
            })])
        }
        AlignMethod::Project => {
            let mut convolution = Convolution::<Size>::square(channels, 1, 1);
            convolution.window.stride = stride.map(Size::from);
            Graph::chain([
                Operation::Convolution(convolution),
                Operation::BatchNorm(BatchNorm { affine: true }),
            ])
        }
        AlignMethod::Preprocess { affine } => preprocess(channels, halvings, affine),
        AlignMethod::Calibrate => preprocess(channels, halvings, true),
        AlignMethod::Resize => Graph::chain([Operation::Resize(Resize {
            height: height.into(),
            width: width.into(),
        })]),
        AlignMethod::Pad => Graph::chain([Operation::Pad(Pad {
            channels: channels.into(),
            height: height.into(),
            width: width.into(),
        })]),
    })
}

/// A convolution of one position, or as many factorised reductions as it takes.
fn preprocess(channels: usize, halvings: u32, affine: bool) -> Graph {
    let reduction = || crate::space::block::factorised_reduction(channels.into(), affine);
    match halvings {
        0 => crate::space::block::relu_convolution_norm(channels.into(), 1, 1, affine),
        1 => reduction(),
        more => {
            let mut graph = Graph::new(1);
            let before = Arc::new(preprocess(channels, more - 1, affine));
            let x = graph.instance("before", &before, &[graph.input(0)]);
            let x = graph.instance("last", &Arc::new(reduction()), &[x]);
            graph.with_output(x)
        }
    }
}
