//! Selections, loose ends and repetitions on sets of shapes.

use super::super::graph::{
    Choice, Derived, Graph, GraphNode, Loose, Merge, Port, Repeat, Select, Through,
};
use super::super::loose;
use super::super::{DecisionKind, Pick, Size};
use super::Range;
use super::explorer::{Explorer, Path};
use super::part::{Part, finish, some_of};
use super::shapes::{Shapes, combine, concats, smallest, union};
use crate::network::operation::Meeting;
use crate::network::{Shape, ShapeError};

impl<'a> Explorer<'a> {
    pub(super) fn choice(
        &mut self,
        choice: &'a Choice,
        inputs: &[Shapes],
        path: Path<'_>,
    ) -> Result<(Vec<Shapes>, Part), ShapeError> {
        let mut result: Option<(Vec<Shapes>, Part)> = None;
        for option in self.options(choice.decision) {
            let graph = &choice.options[option as usize];
            let (outputs, part) = self.graph(graph, inputs.to_vec(), path)?;
            result = Some(match result {
                None => (outputs, part),
                Some((others, other)) => {
                    let unions = others.into_iter().zip(outputs);
                    (unions.map(|(a, b)| union(a, b)).collect(), other.or(part))
                }
            });
        }
        Ok(result.unwrap_or_default())
    }

    pub(super) fn select(
        &mut self,
        select: &'a Select,
        inputs: &[Shapes],
        path: Path<'_>,
    ) -> Result<(Shapes, Part), ShapeError> {
        let (fixed, candidates) = inputs.split_at(select.fixed);
        let decision = &self.decisions[select.decision.0];
        let DecisionKind::Select { pick, .. } = decision.kind else {
            return Ok(Default::default());
        };
        let mut total = Part::default();
        let mut arrived: Vec<Shapes> = Vec::new();
        if let Some(option) = self.architecture.option(select.decision) {
            let mut members = decision.members(option);
            if members.is_empty() && fixed.is_empty() {
                members.push(select.fallback);
            }
            for (slot, &candidate) in members.iter().enumerate() {
                let (shapes, part) = self.passed(select, slot, candidate, candidates, path)?;
                total = total.and(part);
                arrived.push(shapes);
            }
            arrived.extend(fixed.iter().cloned());
            let (shapes, part) = merged(select.merge, &arrived, path)?;
            return Ok((shapes, total.and(part)));
        }
        // Open: between the cheapest and the dearest so many candidates.
        let slots = match (&select.through, pick) {
            (Through::Slots(slots), _) => slots.len(),
            _ => 1,
        };
        let mut offered: Vec<Shapes> = Vec::new();
        for slot in 0..slots {
            let mut parts = Vec::new();
            for candidate in 0..candidates.len() {
                let (shapes, part) = self.passed(select, slot, candidate, candidates, path)?;
                parts.push(part);
                offered.push(shapes);
            }
            let (least, most) = match (slots, pick) {
                (2.., _) => (1, 1),
                // One may be picked again: the cheapest ones need not be different.
                (_, Pick::Repetition(k)) => (1.min(k), k),
                _ => pick.members_range(candidates.len()),
            };
            total = total.and(some_of(&parts, least, most));
        }
        let any = offered.iter().cloned().reduce(union).unwrap_or_default();
        let shapes = match select.merge {
            Merge::Sum => match fixed.first() {
                Some(first) => first.clone(),
                None => any,
            },
            Merge::Concat | Merge::PaddedConcat => {
                let (least, most) = pick.members_range(candidates.len());
                concats(fixed, &any, least, most)
            }
        };
        let (_, mut part) = finish(shapes.clone(), 0, "select", path)?;
        part.may_misfit = may_misfit(select.merge, fixed.iter().chain(&offered));
        Ok((shapes, total.and(part)))
    }

    /// A candidate after what it passes on its way.
    fn passed(
        &mut self,
        select: &'a Select,
        slot: usize,
        candidate: usize,
        candidates: &[Shapes],
        path: Path<'_>,
    ) -> Result<(Shapes, Part), ShapeError> {
        let input = candidates[candidate].clone();
        let graph = match &select.through {
            Through::Nothing => return Ok((input, Part::default())),
            Through::Edges(edges) => &edges[candidate],
            Through::Slots(slots) => &slots[slot],
        };
        let (mut outputs, part) = self.graph(graph, vec![input], path)?;
        Ok((outputs.swap_remove(0), part))
    }

    pub(super) fn loose(
        &mut self,
        loose: &'a Loose,
        graph: &Graph,
        node: &GraphNode,
        inputs: &[Shapes],
        path: Path<'_>,
    ) -> Result<(Shapes, Part), ShapeError> {
        let (fixed, candidates) = inputs.split_at(loose.fixed);
        let ports = &node.inputs[loose.fixed..];
        let mut total = Part::default();
        // What is a loose end in any case, and what may be one.
        let (mut ends, mut open, mut parts) = (fixed.to_vec(), Vec::new(), Vec::new());
        let mut undecided: Vec<Port> = Vec::new();
        for (index, shapes) in candidates.iter().enumerate() {
            let option = |id| self.architecture.option(id);
            let read = loose::readers(graph, ports[index]).read(self.decisions, option);
            if read == Some(true) {
                continue;
            }
            let (shapes, part) = match loose.edges.get(index) {
                Some(edge) => {
                    let (mut outputs, part) = self.graph(edge, vec![shapes.clone()], path)?;
                    (outputs.swap_remove(0), part)
                }
                None => (shapes.clone(), Part::default()),
            };
            if read == Some(false) && !loose.same_positions {
                total = total.and(part);
                ends.push(shapes);
            } else {
                parts.push(part);
                open.push(shapes);
                if !undecided.contains(&ports[index]) {
                    undecided.push(ports[index]);
                }
            }
        }
        if open.is_empty() {
            let (shapes, part) = merged(loose.merge, &ends, path)?;
            return Ok((shapes, total.and(part)));
        }
        // The decisions that are left read so many at most; the others stay ends.
        let left = match loose.same_positions {
            true => 0,
            false => {
                let option = |id| self.architecture.option(id);
                let read = loose::most_read(graph, &undecided, self.decisions, option);
                undecided.len().saturating_sub(read)
            }
        };
        total = total.and(some_of(&parts, left, open.len()));
        let any = open.iter().cloned().reduce(union).unwrap_or_default();
        let least = left.max(usize::from(ends.is_empty()));
        let shapes = match loose.merge {
            Merge::Sum => ends.first().cloned().unwrap_or(any),
            Merge::Concat | Merge::PaddedConcat => concats(&ends, &any, least, open.len()),
        };
        let (shapes, mut part) = finish(shapes, 0, "loose", path)?;
        part.may_misfit =
            !loose.same_positions && may_misfit(loose.merge, ends.iter().chain(&open));
        Ok((shapes, total.and(part)))
    }

    pub(super) fn repeat(
        &mut self,
        repeat: &'a Repeat,
        input: Shapes,
        path: Path<'_>,
    ) -> Result<(Shapes, Part), ShapeError> {
        let mut counts: Vec<usize> = match repeat.count.decisions()[..] {
            [] => vec![repeat.count.value(&mut |_| 0)],
            [id, ..] => {
                let values = |option: u32| {
                    repeat
                        .count
                        .value(&mut |leaf| match (leaf, &self.decisions[id.0].kind) {
                            (Size::Table(_, values), _) | (_, DecisionKind::Value(values)) => {
                                values[option as usize]
                            }
                            _ => 0,
                        })
                };
                self.options(id).into_iter().map(values).collect()
            }
        };
        counts.sort_unstable();
        let most = counts.last().copied().unwrap_or(0).min(repeat.bodies.len());
        let (mut shapes, mut part) = (input, Part::default());
        let mut result: Option<(Shapes, Part)> = None;
        for count in 0..=most {
            if count > 0 {
                let path = path.repetition(count - 1);
                let body = &repeat.bodies[count - 1];
                let (mut outputs, own) = self.graph(body, vec![shapes], path)?;
                shapes = outputs.swap_remove(0);
                part = part.and(own);
            }
            if counts.contains(&count) || (count == most && result.is_none()) {
                result = Some(match result {
                    None => (shapes.clone(), part),
                    Some((others, other)) => (union(others, shapes.clone()), other.or(part)),
                });
            }
        }
        Ok(result.unwrap_or((shapes, part)))
    }

    pub(super) fn derived(
        &self,
        derived: &Derived,
        inputs: &[Shapes],
        path: Path<'_>,
    ) -> Result<(Vec<Shapes>, Part), ShapeError> {
        let options = derived.decisions.iter();
        let options = options.map(|&id| self.architecture.option(id));
        let graphs = match options.collect::<Option<Vec<u32>>>() {
            Some(options) => vec![derived.writer.write(&options)],
            None => {
                let extremes = derived.writer.extremes();
                let mut graphs = extremes.cheapest;
                graphs.push(extremes.dearest);
                graphs
            }
        };
        let mut result: Option<(Vec<Shapes>, Part)> = None;
        for graph in &graphs {
            let mut explorer = Explorer::new(&[], graph, &[], None);
            let (outputs, part) = explorer.graph(graph, inputs.to_vec(), path)?;
            result = Some(match result {
                None => (outputs, part),
                Some((others, other)) => (others, other.or(part)),
            });
        }
        Ok(result.unwrap_or_default())
    }

    pub(super) fn unroll(
        &mut self,
        body: &'a Graph,
        inputs: Vec<Shapes>,
        path: Path<'_>,
    ) -> Result<(Vec<Shapes>, Part), ShapeError> {
        let [_, length] = inputs[0].first().map_or([1, 1], |shape| shape.positions());
        let position = inputs[0]
            .iter()
            .map(|shape| Shape::vector(shape.channels()))
            .collect();
        let mut entries = vec![position];
        entries.extend(inputs.into_iter().skip(1));
        let (outputs, part) = self.graph(body, entries, path)?;
        let repeated = |range: Range| Range {
            low: range.low.saturating_mul(length as u64),
            high: range.high.saturating_mul(length as u64),
        };
        let sequence = outputs[0].iter();
        let sequence = sequence
            .map(|shape| Shape::sequence(shape.channels(), length))
            .collect();
        let part = Part {
            macs: repeated(part.macs),
            activations: Range {
                low: part.activations.low,
                high: part.activations.high.saturating_mul(length as u64),
            },
            ..part
        };
        Ok((std::iter::once(sequence).chain(outputs).collect(), part))
    }
}

fn merged(merge: Merge, inputs: &[Shapes], path: Path<'_>) -> Result<(Shapes, Part), ShapeError> {
    if let [only] = inputs {
        return Ok((only.clone(), Part::default()));
    }
    let entering = inputs.iter().map(|shapes| smallest(shapes));
    let entering = entering.fold(0, u64::saturating_add);
    let shapes = match merge {
        Merge::Sum => combine(Meeting::Same, inputs),
        Merge::Concat => combine(Meeting::Concat, inputs),
        Merge::PaddedConcat => concats(inputs, &Vec::new(), 0, 0),
    };
    let (shapes, mut part) = finish(shapes, entering, "merge", path)?;
    part.may_misfit = may_misfit(merge, inputs);
    Ok((shapes, part))
}

/// Whether some of the shapes that these tensors may have cannot be merged.
fn may_misfit<'s>(merge: Merge, inputs: impl IntoIterator<Item = &'s Shapes>) -> bool {
    let mut shapes = inputs.into_iter().flatten();
    let Some(first) = shapes.next() else {
        return false;
    };
    match merge {
        Merge::Sum => shapes.any(|shape| shape != first),
        Merge::Concat => shapes.any(|shape| shape.positions() != first.positions()),
        Merge::PaddedConcat => false,
    }
}
