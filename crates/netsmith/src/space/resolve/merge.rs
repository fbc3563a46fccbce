//! What is selected, what is loose, and how tensors become one.

use super::place::Place;
use super::{Frame, Resolver};
use crate::network::operation::Pad;
use crate::network::{Operation, ShapeError};
use crate::space::graph::{GraphNode, Loose, Merge, Select, Through};
use crate::space::{DecisionKind, loose};

impl Resolver<'_> {
    pub(super) fn select(
        &mut self,
        frame: &mut Frame<'_>,
        node: &GraphNode,
        select: &Select,
        place: &Place,
    ) -> Result<usize, ShapeError> {
        let (fixed, candidates) = node.inputs.split_at(select.fixed);
        let mut merged = self.ports(frame, fixed)?;
        let mut picked: Vec<(usize, usize)> = match self.option(select.decision) {
            Some(option) => {
                let members = self.decisions[select.decision.0].members(option);
                members.into_iter().enumerate().collect()
            }
            None => match &select.through {
                Through::Slots(slots) => {
                    let all = |slot| (0..candidates.len()).map(move |candidate| (slot, candidate));
                    (0..slots.len()).flat_map(all).collect()
                }
                _ => (0..candidates.len())
                    .map(|candidate| (0, candidate))
                    .collect(),
            },
        };
        if picked.is_empty() && merged.is_empty() {
            picked.push((0, select.fallback));
        }
        let mut selected = Vec::new();
        for (slot, candidate) in picked {
            let input = self.port(frame, candidates[candidate])?;
            let within = |kind: &str, i: usize| place.within(&format!("{kind}{i}"));
            selected.push(match &select.through {
                Through::Nothing => input,
                Through::Edges(edges) => {
                    self.graph(&edges[candidate], &[input], within("from", candidate))?[0]
                }
                Through::Slots(slots) => {
                    let place = within("slot", slot);
                    let place = match self.architecture {
                        Some(_) => place,
                        None => place.shared(&format!("from{candidate}")),
                    };
                    self.graph(&slots[slot], &[input], place)?[0]
                }
            });
        }
        if self.architecture.is_none() && select.mixes() {
            let decision = select.decision;
            selected = vec![match self.decisions[decision.0].kind {
                DecisionKind::Select { pick, .. } if pick.is_one() => {
                    self.mix(decision, &selected, place)?
                }
                _ => {
                    let mix = Operation::Mix {
                        decision: decision.0,
                    };
                    self.add(mix, &selected, &place.within("mix"))?
                }
            }];
        }
        merged.extend(selected);
        self.merge(select.merge, merged, place)
    }

    pub(super) fn loose(
        &mut self,
        frame: &mut Frame<'_>,
        node: &GraphNode,
        loose: &Loose,
        place: &Place,
    ) -> Result<usize, ShapeError> {
        let (fixed, candidates) = node.inputs.split_at(loose.fixed);
        let mut merged = self.ports(frame, fixed)?;
        let open = loose::candidates(frame.graph, candidates);
        let positions = |resolver: &Self, node: usize| resolver.builder.shape(node).positions();
        let mut ends = Vec::new();
        for (index, readers) in &open {
            if let Some(architecture) = self.architecture
                && readers.read(self.decisions, |id| architecture.option(id)) == Some(true)
            {
                continue;
            }
            let end = self.port(frame, candidates[*index])?;
            let fits = merged
                .first()
                .is_none_or(|&first| positions(self, first) == positions(self, end));
            if fits || !loose.same_positions {
                ends.push(match loose.edges.get(*index) {
                    Some(edge) => {
                        self.graph(edge, &[end], place.within(&format!("from{index}")))?[0]
                    }
                    None => end,
                });
            }
        }
        if let Some(decision) = loose::mix_of(&self.loose, &open) {
            ends = vec![self.add(Operation::Mix { decision }, &ends, &place.within("mix"))?];
        }
        merged.extend(ends);
        self.merge(loose.merge, merged, place)
    }

    fn merge(
        &mut self,
        merge: Merge,
        mut inputs: Vec<usize>,
        place: &Place,
    ) -> Result<usize, ShapeError> {
        if let [only] = inputs[..] {
            return Ok(only);
        }
        if merge == Merge::PaddedConcat {
            let shapes = inputs
                .iter()
                .map(|&input| self.builder.shape(input).positions());
            let [height, width] = shapes.fold([0, 0], |a, b| [a[0].max(b[0]), a[1].max(b[1])]);
            for input in &mut inputs {
                let shape = self.builder.shape(*input);
                if shape.positions() != [height, width] {
                    let pad = Operation::Pad(Pad {
                        channels: shape.channels(),
                        height,
                        width,
                    });
                    *input = self.add(pad, &[*input], &place.within("pad"))?;
                }
            }
        }
        let operation = match merge {
            Merge::Sum => Operation::Add,
            Merge::Concat | Merge::PaddedConcat => Operation::Concat,
        };
        let name = operation.name();
        self.add(operation, &inputs, &place.within(name))
    }
}
