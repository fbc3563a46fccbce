//! The kinds of node that a file may have.

use super::error::Fault;
use super::operation::Piece;
use super::table::{Table, Value, integer, list, text};
use super::writer::{Names, Scope, Writer, check_name};
use crate::network::operation::{Arity, Primitive};
use crate::space::{
    Align, AlignMethod, Choice, DecisionId, DecisionKind, Graph, Loose, Merge, Pick, Port, Repeat,
    Select, Size, Through,
};
use std::ops::Range;
use std::sync::Arc;

/// How many options a decision may have.
const MOST_OPTIONS: u128 = 1_000_000;

/// How often a block may be repeated.
const MOST_REPETITIONS: usize = 256;

/// The words for merges.
const MERGES: [(&str, Merge); 3] = [
    ("sum", Merge::Sum),
    ("concat", Merge::Concat),
    ("padded-concat", Merge::PaddedConcat),
];

/// One node of the file.
pub(super) struct Node<'w, 't> {
    pub(super) table: &'w Table<'t>,
    pub(super) name: &'w str,
    /// The value of the key that says what it is.
    pub(super) value: Value<'t>,
    pub(super) inputs: Vec<Port>,
    pub(super) scope: &'w Scope,
}

impl Node<'_, '_> {
    fn check_inputs(&self, inner: &Graph, span: &Range<usize>) -> Result<(), Fault> {
        check_input_count(inner, self.inputs.len(), span)
    }
}

fn check_input_count(inner: &Graph, given: usize, span: &Range<usize>) -> Result<(), Fault> {
    match inner.inputs == given {
        true => Ok(()),
        false => {
            let rule = format!("this takes {} inputs, got {given}", inner.inputs);
            Err(Fault::new(span.clone(), rule))
        }
    }
}

impl<'t> Writer<'t> {
    pub(super) fn operation_node(
        &mut self,
        node: &Node<'_, 't>,
        graph: &mut Graph,
        names: &Names,
    ) -> Result<Vec<Port>, Fault> {
        let (name, span) = text(node.value)?;
        let piece = self.operation(name, span.clone(), node.table, node.scope, names)?;
        let arity = match &piece {
            Piece::Operation(operation) => operation.ask_unsized(Primitive::arity),
            Piece::Graph(_) => Arity::One,
        };
        if let Some(misfit) = arity.misfit(node.inputs.len()) {
            return Err(Fault::new(span, format!("`{name}` {misfit}")));
        }
        Ok(vec![match piece {
            Piece::Operation(operation) => graph.operation(node.name, operation, &node.inputs),
            Piece::Graph(inner) => graph.instance(node.name, &Arc::new(inner), &node.inputs),
        }])
    }

    pub(super) fn choice_node(
        &mut self,
        node: &Node<'_, 't>,
        graph: &mut Graph,
    ) -> Result<Vec<Port>, Fault> {
        let mut steps = Vec::new();
        for option in list(node.value)? {
            let (name, inner) = self.step(option, node.scope, None)?;
            check_name(&name, &option.span())?;
            if steps.iter().any(|(known, _)| *known == name) {
                let rule = format!("option `{name}` is there twice");
                return Err(Fault::new(option.span(), rule));
            }
            node.check_inputs(&inner, &option.span())?;
            steps.push((name, inner));
        }
        if steps.is_empty() {
            return Err(Fault::new(node.value.span(), "a choice needs an option"));
        }
        let (options, graphs): (Vec<String>, Vec<Graph>) = steps.into_iter().unzip();
        let decision = self.node_decision(node, DecisionKind::Choice(options))?;
        let choice = Choice {
            decision,
            options: graphs,
            search_only: Vec::new(),
        };
        Ok(vec![graph.choice(node.name, choice, &node.inputs)])
    }

    /// The decision of a node: named by `decision`, or after the node.
    fn node_decision(
        &mut self,
        node: &Node<'_, 't>,
        kind: DecisionKind,
    ) -> Result<DecisionId, Fault> {
        let (name, span) = match node.table.text("decision")? {
            Some((name, span)) => {
                check_name(name, &span)?;
                (self.named(name, node.scope), span)
            }
            None => (
                format!("{}{}", node.scope.here, node.name),
                node.table.span.clone(),
            ),
        };
        self.decide(name, kind, &span, node.scope)
    }

    pub(super) fn select_node(
        &mut self,
        node: &Node<'_, 't>,
        graph: &mut Graph,
    ) -> Result<Vec<Port>, Fault> {
        let (span, candidates) = (node.value.span(), node.inputs.len());
        let (ordered, again) = (node.table.switch("order")?, node.table.switch("again")?);
        let pick = match text(node.value) {
            Ok(("any", _)) => Pick::Subset,
            Ok((other, span)) => {
                let fault = Fault::new(span, format!("select is `{other}`"));
                return Err(fault.hint("it is a number, or \"any\" for any subset"));
            }
            Err(_) => {
                let count = integer(node.value, 1, 31)?;
                match (ordered.unwrap_or(false), again.unwrap_or(false)) {
                    (_, true) => Pick::Repetition(count),
                    (true, false) => Pick::Permutation(count),
                    (false, false) => Pick::Combination(count),
                }
            }
        };
        let options = count_of(pick, candidates);
        if candidates == 0 || candidates > 31 || options == 0 || options > MOST_OPTIONS {
            let rule = format!("there are {options} ways to select these of {candidates} nodes");
            let fault = Fault::new(span, rule);
            return Err(fault.hint(format!(
                "select from 1 to 31 nodes, with at most {MOST_OPTIONS} ways to do so"
            )));
        }
        let decision = self.node_decision(node, DecisionKind::Select { candidates, pick })?;
        let per = [("candidate", false), ("slot", true)];
        let slots = node.table.word("per", &per, false)?;
        let through = match node.table.get("through") {
            None => Through::Nothing,
            Some(value) => {
                let (kind, count) = match (slots, pick) {
                    (false, _) => ("from", candidates),
                    (true, pick) => ("slot", pick.members_range(candidates).1),
                };
                let graphs: Result<Vec<Graph>, Fault> = (0..count)
                    .map(|index| {
                        let own = format!("{}.{kind}{index}", node.name);
                        let (_, inner) = self.step(value, node.scope, Some(&own))?;
                        check_input_count(&inner, 1, &value.span())?;
                        Ok(inner)
                    })
                    .collect();
                match slots {
                    true => Through::Slots(graphs?),
                    false => Through::Edges(graphs?),
                }
            }
        };
        let select = Select {
            decision,
            fixed: 0,
            through,
            merge: node.table.word("merge", &MERGES, Merge::Sum)?,
            fallback: 0,
        };
        Ok(vec![graph.select(node.name, select, &node.inputs)])
    }

    pub(super) fn loose_node(
        &mut self,
        node: &Node<'_, 't>,
        graph: &mut Graph,
        names: &Names,
    ) -> Result<Vec<Port>, Fault> {
        let (word, span) = text(node.value)?;
        let merge = MERGES.iter().find(|(name, _)| *name == word);
        let Some(&(_, merge)) = merge else {
            let fault = Fault::new(span, format!("loose is `{word}`"));
            return Err(fault.hint("it is the way to merge: sum, concat or padded-concat"));
        };
        let mut inputs = Vec::new();
        for (name, span) in node.table.texts("always")?.unwrap_or_default() {
            inputs.push(names.port(name, &span)?);
        }
        let fixed = inputs.len();
        inputs.extend(&node.inputs);
        let loose = Loose {
            fixed,
            same_positions: node.table.switch("same-size")?.unwrap_or(false),
            edges: Vec::new(),
            merge,
        };
        Ok(vec![graph.loose(node.name, loose, &inputs)])
    }

    pub(super) fn repeat_node(
        &mut self,
        node: &Node<'_, 't>,
        graph: &mut Graph,
        names: &Names,
    ) -> Result<Vec<Port>, Fault> {
        let Some(times) = node.table.get("times") else {
            return Err(Fault::new(node.value.span(), "`times` is missing"));
        };
        let count = self.size(times, node.scope, names)?;
        let most = match &count {
            Size::Fixed(count) => *count,
            Size::Decided(id) => match &self.decisions.all[id.index()].kind {
                DecisionKind::Value(values) => values.iter().copied().max().unwrap_or(0),
                _ => 0,
            },
            _ => {
                let rule = "times is a number or the name of a value";
                return Err(Fault::new(times.span(), rule));
            }
        };
        if most > MOST_REPETITIONS {
            let rule = format!("{most} times are more than {MOST_REPETITIONS}");
            return Err(Fault::new(times.span(), rule));
        }
        let own = node.table.switch("own")?.unwrap_or(false);
        let mut bodies = Vec::new();
        for index in 0..most {
            let scope = Scope {
                place: format!("{}.{index}", node.scope.place),
                ..node.scope.clone()
            };
            let name = own.then(|| format!("{}{index}", node.name));
            let (_, body) = self.step(node.value, &scope, name.as_deref())?;
            check_input_count(&body, 1, &node.value.span())?;
            bodies.push(body);
        }
        let Some(&input) = node.inputs.first().filter(|_| node.inputs.len() == 1) else {
            return Err(Fault::new(
                node.table.span.clone(),
                "a repeat takes 1 input",
            ));
        };
        Ok(vec![graph.repeat(
            node.name,
            Repeat { count, bodies },
            input,
        )])
    }

    pub(super) fn block_node(
        &mut self,
        node: &Node<'_, 't>,
        graph: &mut Graph,
    ) -> Result<Vec<Port>, Fault> {
        let (block, span) = text(node.value)?;
        let inner = self.block_of(node, block, &span)?;
        node.check_inputs(&inner, &span)?;
        let tie = node.table.text("tie")?.map(|(tie, _)| tie);
        Ok(graph.instances(node.name, &Arc::new(inner), tie, &node.inputs))
    }

    pub(super) fn unroll_node(
        &mut self,
        node: &Node<'_, 't>,
        graph: &mut Graph,
    ) -> Result<Vec<Port>, Fault> {
        let (block, span) = text(node.value)?;
        let body = self.block_of(node, block, &span)?;
        node.check_inputs(&body, &span)?;
        if body.outputs.len() + 1 != body.inputs {
            let rule = format!(
                "`{block}` has {} inputs and {} outputs: it takes a position and each state, and gives each state",
                body.inputs,
                body.outputs.len()
            );
            return Err(Fault::new(span, rule));
        }
        Ok(graph.unroll(node.name, &Arc::new(body), &node.inputs))
    }

    fn block_of(
        &mut self,
        node: &Node<'_, 't>,
        block: &str,
        span: &Range<usize>,
    ) -> Result<Graph, Fault> {
        let place = node.scope.place.clone();
        let scope = match node.table.switch("own")? {
            Some(true) => node.scope.owned(node.name, place),
            _ => node.scope.shared(block, place),
        };
        self.block(block, span, &scope)
    }

    pub(super) fn align_node(
        &mut self,
        node: &Node<'_, 't>,
        graph: &mut Graph,
        names: &Names,
    ) -> Result<Vec<Port>, Fault> {
        let (word, span) = text(node.value)?;
        let method = match word {
            "project" => AlignMethod::Project,
            "preprocess" => AlignMethod::Preprocess { affine: true },
            "calibrate" => AlignMethod::Calibrate,
            "resize" => AlignMethod::Resize,
            "pad" => AlignMethod::Pad,
            _ => {
                let fault = Fault::new(span, format!("align is `{word}`"));
                return Err(fault.hint("it is one of project, preprocess, calibrate, resize, pad"));
            }
        };
        let mut inputs = node.inputs.clone();
        if inputs.len() != 1 {
            return Err(Fault::new(span, "align takes 1 input"));
        }
        let like = node.table.text("like")?;
        let like = like
            .map(|(name, span)| names.port(name, &span))
            .transpose()?;
        inputs.extend(like);
        let channels = match node.table.get("channels") {
            Some(value) => self.size(value, node.scope, names)?,
            None => like.map_or(Size::Channels, Size::ChannelsOf),
        };
        Ok(vec![graph.align(
            node.name,
            Align { channels, method },
            &inputs,
        )])
    }
}

/// Number of ways to pick, without overflow.
fn count_of(pick: Pick, candidates: usize) -> u128 {
    let n = candidates as u128;
    match pick {
        Pick::Subset => 1_u128 << candidates.min(100),
        Pick::Repetition(k) => n.saturating_pow(k as u32),
        Pick::Permutation(k) => (0..k as u128).fold(1, |product: u128, i| {
            product.saturating_mul(n.saturating_sub(i))
        }),
        Pick::Combination(k) if k > candidates => 0,
        Pick::Combination(k) => (0..k as u128).fold(1, |product, i| product * (n - i) / (i + 1)),
    }
}
