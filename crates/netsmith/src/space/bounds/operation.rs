//! Operations and alignments on sets of shapes.

use super::super::graph::{Align, Port};
use super::super::resolve::aligning;
use super::super::{DecisionId, DecisionKind, Size};
use super::explorer::{Explorer, Frame, Path};
use super::memory::Alignment;
use super::part::{Part, cost, finish};
use super::shapes::{Shapes, combinations, combine, smallest};
use crate::network::operation::{Arity, Primitive};
use crate::network::{Operation, Shape, ShapeError};
use std::collections::BTreeSet;

impl Explorer<'_> {
    /// One operation on every combination of shapes and options.
    pub(super) fn operation(
        &mut self,
        frame: &Frame<'_>,
        operation: &Operation<Size>,
        inputs: &[Shapes],
        path: Path<'_>,
    ) -> Result<(Shapes, Part), ShapeError> {
        if let Arity::Many(meeting) = operation.ask_unsized(Primitive::arity) {
            let shapes = combine(meeting, inputs);
            let entering = inputs.iter().map(|shapes| smallest(shapes));
            let entering = entering.fold(0, u64::saturating_add);
            let (shapes, mut part) = finish(shapes, entering, operation.name(), path)?;
            part.may_misfit = inputs.iter().any(|shapes| shapes.len() > 1);
            return Ok((shapes, part));
        }
        let mut decisions: Vec<DecisionId> = Vec::new();
        let mut others: Vec<Port> = Vec::new();
        operation.for_each_size(&mut |size| {
            size.leaves(&mut |leaf| match leaf {
                Size::ChannelsOf(port) => others.push(*port),
                Size::Decided(id) | Size::Table(id, _) if !decisions.contains(id) => {
                    decisions.push(*id);
                }
                _ => {}
            });
        });
        let mut axes: Vec<Vec<usize>> = Vec::new();
        for &id in &decisions {
            axes.push(
                self.options(id)
                    .iter()
                    .map(|&option| option as usize)
                    .collect(),
            );
        }
        for port in &others {
            let channels = frame.shapes(*port).iter().map(|shape| shape.channels());
            axes.push(channels.collect::<BTreeSet<_>>().into_iter().collect());
        }
        let first_input = axes.len();
        axes.extend(inputs.iter().map(|shapes| (0..shapes.len()).collect()));

        let (mut shapes, mut part, mut misfit) = (Vec::new(), None::<Part>, None);
        for combination in combinations(&axes) {
            let picked = inputs.iter().zip(&combination[first_input..]);
            let entering: Vec<Shape> = picked.map(|(shapes, &at)| shapes[at]).collect();
            let mut value = |leaf: &Size| match leaf {
                Size::Channels => entering.first().map_or(0, |shape| shape.channels()),
                Size::ChannelsOf(port) => {
                    let place = others.iter().position(|other| other == port).unwrap_or(0);
                    combination[decisions.len() + place]
                }
                Size::Decided(id) | Size::Table(id, _) => {
                    let place = decisions.iter().position(|other| other == id).unwrap_or(0);
                    let option = combination[place];
                    match (leaf, &self.decisions[id.0].kind) {
                        (Size::Table(_, values), _) | (_, DecisionKind::Value(values)) => {
                            values[option]
                        }
                        _ => 0,
                    }
                }
                _ => 0,
            };
            let concrete = operation.with_sizes(&mut |size| size.value(&mut value));
            match concrete.output(&entering) {
                Ok(shape) => {
                    let cost = cost(&concrete, &entering, shape);
                    part = Some(part.map_or(cost, |part| part.or(cost)));
                    shapes.push(shape);
                }
                Err(error) => {
                    misfit = Some(ShapeError::of(path.to_string(), &concrete, error));
                }
            }
        }
        shapes.sort_unstable();
        shapes.dedup();
        match (part, misfit) {
            (Some(mut part), misfit) => {
                part.may_misfit |= misfit.is_some();
                Ok((shapes, part))
            }
            (None, Some(misfit)) => Err(misfit),
            (None, None) => {
                let (node, name) = (path.to_string(), operation.name());
                Err(ShapeError::new(node, name, "has no input"))
            }
        }
    }

    pub(super) fn align(
        &mut self,
        frame: &Frame<'_>,
        align: &Align,
        inputs: &[Shapes],
        path: Path<'_>,
    ) -> Result<(Shapes, Part), ShapeError> {
        let mut positions: Vec<[usize; 2]> = inputs.get(1).map_or_else(Vec::new, |shapes| {
            shapes.iter().map(|shape| shape.positions()).collect()
        });
        positions.sort_unstable();
        positions.dedup();
        // The size of a probe tells the channels under every option.
        let probe = Operation::Linear(crate::network::operation::Linear {
            out: align.channels.clone(),
            bias: false,
        });
        let channels: Vec<Shapes> = vec![
            inputs[0]
                .iter()
                .map(|shape| Shape::vector(shape.channels()))
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
        ];
        let (channels, _) = self.operation(frame, &probe, &channels, path)?;
        let (mut shapes, mut part, mut may_misfit) = (Vec::new(), None::<Part>, false);
        for &input in &inputs[0] {
            let own = [input.positions()];
            let targets = if positions.is_empty() {
                &own[..]
            } else {
                &positions
            };
            for &target in targets {
                for channels in channels.iter().map(|shape| shape.channels()) {
                    let alignment = Alignment {
                        method: align.method,
                        input,
                        channels,
                        positions: target,
                    };
                    let Some((shape, cost)) = self.memory.aligned(alignment, aligned) else {
                        may_misfit = true;
                        continue;
                    };
                    shapes.push(shape);
                    part = Some(part.map_or(cost, |part| part.or(cost)));
                }
            }
        }
        shapes.sort_unstable();
        shapes.dedup();
        let part = part.map(|part| Part { may_misfit, ..part });
        part.map(|part| (shapes, part)).ok_or_else(|| {
            let rule = "no option brings the shapes together";
            ShapeError::new(path.to_string(), "align", rule)
        })
    }
}

/// Shape and cost of one aligned tensor, or nothing where it cannot be done.
fn aligned(alignment: Alignment) -> Option<(Shape, Part)> {
    let Alignment {
        method,
        input,
        channels,
        positions,
    } = alignment;
    let graph = match aligning(method, input, channels, positions) {
        None => return Some((input, Part::default())),
        Some(graph) => graph,
    };
    let mut explorer = Explorer::new(&[], &graph, &[], None);
    let (outputs, part) = explorer.graph(&graph, vec![vec![input]], Path::ROOT).ok()?;
    let shape = *outputs.first()?.first()?;
    (shape.positions() == positions).then_some((shape, part))
}
