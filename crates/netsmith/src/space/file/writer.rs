//! From the tables of the file to the graph.

use super::error::Fault;
use super::node::Node;
use super::operation::Piece;
use super::table::{Table, Value, integer, list, text};
use crate::space::{DecisionId, DecisionKind, Decisions, Graph, Port, Rule, Task};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use toml::de::{DeTable, DeValue};

/// How many nodes a space may have with all blocks written out: blocks within
/// blocks multiply.
const MOST_NODES: usize = 20_000;

/// How many values a size may have.
const MOST_VALUES: usize = 64;

/// Which graph is being written, for the names of its decisions.
#[derive(Clone, Default)]
pub(super) struct Scope {
    /// Before the names of values and named decisions.
    pub(super) own: String,
    /// Before the names of nodes that decide something.
    pub(super) here: String,
    /// Where the graph stands in the network, for messages about shapes.
    pub(super) place: String,
}

impl Scope {
    fn node(&self, name: &str) -> String {
        match self.place.is_empty() {
            true => name.to_owned(),
            false => format!("{}.{name}", self.place),
        }
    }

    /// The scope of a block with decisions of its own.
    pub(super) fn owned(&self, name: &str, place: String) -> Self {
        let own = format!("{}{name}.", self.here);
        Self {
            here: own.clone(),
            own,
            place,
        }
    }

    /// The scope of a block that shares its decisions.
    pub(super) fn shared(&self, block: &str, place: String) -> Self {
        Self {
            here: format!("{}{block}.", self.own),
            own: self.own.clone(),
            place,
        }
    }
}

/// The nodes of one graph so far, by name.
#[derive(Default)]
pub(super) struct Names {
    ports: BTreeMap<String, Vec<Port>>,
    last: Option<Port>,
}

impl Names {
    /// The output of a node: `name`, or `name.1` for its second one.
    pub(super) fn port(&self, name: &str, span: &Range<usize>) -> Result<Port, Fault> {
        let (node, output) = match name.split_once('.') {
            Some((node, output)) => (node, output.parse().ok()),
            None => (name, Some(0)),
        };
        let Some(ports) = self.ports.get(node) else {
            let fault = Fault::new(
                span.clone(),
                format!("there is no node `{node}` before this one"),
            );
            return Err(fault.among(node, self.ports.keys().map(String::as_str)));
        };
        let port = output.and_then(|output: usize| ports.get(output).copied());
        port.ok_or_else(|| {
            let count = ports.len();
            Fault::new(
                span.clone(),
                format!("`{name}` is none of the {count} outputs of `{node}`"),
            )
        })
    }
}

/// Writes the graph and collects its decisions.
pub(super) struct Writer<'t> {
    pub(super) decisions: Decisions,
    pub(super) classes: usize,
    /// Where each node stands in the file, by its place in the network.
    pub(super) spans: BTreeMap<String, Range<usize>>,
    blocks: BTreeMap<&'t str, (Range<usize>, Value<'t>)>,
    values: BTreeMap<&'t str, Vec<usize>>,
    common: BTreeSet<&'t str>,
    /// The blocks that are being written, innermost last.
    open: Vec<&'t str>,
    nodes: usize,
    /// The attributes of an operation that is only named.
    nothing: &'t DeTable<'t>,
}

impl<'t> Writer<'t> {
    /// A writer that has read nothing, for a task of this many classes.
    pub(super) fn new(nothing: &'t DeTable<'t>, classes: usize) -> Self {
        Self {
            decisions: Decisions::default(),
            classes,
            spans: BTreeMap::new(),
            blocks: BTreeMap::new(),
            values: BTreeMap::new(),
            common: BTreeSet::new(),
            open: Vec::new(),
            nodes: 0,
            nothing,
        }
    }

    /// Writes the whole file.
    pub(super) fn write(
        file: &Table<'t>,
        nothing: &'t DeTable<'t>,
        task: &Task,
    ) -> Result<(Self, Graph), Fault> {
        let mut writer = Self::new(nothing, task.head.values());
        let shared = file.texts("shared")?.unwrap_or_default();
        writer.common = shared.into_iter().map(|(name, _)| name).collect();
        file.text("summary")?;
        if let Some(values) = file.get("values") {
            for (name, span, value) in Table::of(values)?.entries() {
                check_name(name, &span)?;
                let sizes: Result<Vec<usize>, Fault> = list(value)?
                    .map(|v| integer(v, 0, super::size::LARGEST))
                    .collect();
                writer.values.insert(name, sizes?);
                let count = writer.values[name].len();
                if !(1..=MOST_VALUES).contains(&count) {
                    let rule = format!("`{name}` has {count} values: expected 1 to {MOST_VALUES}");
                    return Err(Fault::new(value.span(), rule));
                }
            }
        }
        if let Some(blocks) = file.get("block") {
            for (name, span, value) in Table::of(blocks)?.entries() {
                check_name(name, &span)?;
                if super::operation::names().any(|known| known == name) {
                    return Err(Fault::new(
                        span,
                        format!("`{name}` is the name of an operation"),
                    ));
                }
                writer.blocks.insert(name, (span, value));
            }
        }
        let network = file.get("network");
        let rules = file.get("rules");
        file.finish()?;
        let network = network.ok_or_else(|| {
            Fault::new(0..0, "there is no [network]").hint("add [network] with its nodes")
        })?;
        let graph = writer.graph(&Table::of(network)?, &Scope::default())?;
        if graph.inputs != 1 {
            return Err(Fault::new(network.span(), "the network has one input"));
        }
        if let Some(rules) = rules {
            for rule in list(rules)? {
                writer.rule(&Table::of(rule)?)?;
            }
        }
        Ok((writer, graph))
    }

    pub(super) fn block_names(&self) -> impl Iterator<Item = &'t str> {
        self.blocks.keys().copied()
    }

    /// The decision on a named value.
    pub(super) fn value(
        &mut self,
        name: &str,
        span: &Range<usize>,
        scope: &Scope,
    ) -> Result<DecisionId, Fault> {
        let Some(values) = self.values.get(name).cloned() else {
            let fault = Fault::new(span.clone(), format!("there is no value `{name}`"));
            let known = ["channels", "classes"]
                .into_iter()
                .chain(self.values.keys().copied());
            return Err(fault.among(name, known));
        };
        let path = self.named(name, scope);
        self.decide(path, DecisionKind::Value(values), span, scope)
    }

    pub(super) fn named(&self, name: &str, scope: &Scope) -> String {
        match self.common.contains(name) {
            true => name.to_owned(),
            false => format!("{}{name}", scope.own),
        }
    }

    pub(super) fn decide(
        &mut self,
        name: String,
        kind: DecisionKind,
        span: &Range<usize>,
        scope: &Scope,
    ) -> Result<DecisionId, Fault> {
        if let Some(&known) = self.decisions.names.get(&name) {
            if self.decisions.all[known.index()].kind == kind {
                return Ok(known);
            }
            let rule = format!("decision `{name}` has other options elsewhere");
            return Err(Fault::new(span.clone(), rule));
        }
        let block = scope.here.trim_end_matches('.');
        let id = self.decisions.decide(&name, kind);
        self.decisions
            .block(id, if block.is_empty() { &name } else { block });
        Ok(id)
    }

    fn rule(&mut self, table: &Table<'t>) -> Result<(), Fault> {
        let different = table.texts("different")?;
        let at_most = table
            .get("at-most")
            .map(|v| integer(v, 0, 10_000))
            .transpose()?;
        let (of, option) = (table.texts("of")?, table.text("option")?);
        table.finish()?;
        let ids = |names: Vec<(&str, Range<usize>)>| -> Result<Vec<DecisionId>, Fault> {
            let id = |(name, span): (&str, Range<usize>)| {
                let known = self.decisions.names.get(name).copied();
                known.ok_or_else(|| {
                    let fault = Fault::new(span, format!("there is no decision `{name}`"));
                    fault.among(name, self.decisions.names.keys().map(String::as_str))
                })
            };
            names.into_iter().map(id).collect()
        };
        let rule = match (different, at_most, of, option) {
            (Some(names), None, None, None) => Rule::AllDifferent(ids(names)?),
            (None, Some(count), Some(names), Some((option, span))) => {
                let decisions = ids(names)?;
                let all = &self.decisions.all;
                let options = decisions
                    .iter()
                    .map(|id| all[id.index()].option_from_name(option));
                let options: Option<BTreeSet<u32>> = options.collect();
                match options
                    .map(|options| options.into_iter().collect::<Vec<u32>>())
                    .as_deref()
                {
                    Some(&[option]) => Rule::AtMost {
                        decisions,
                        option,
                        count,
                    },
                    _ => {
                        let rule =
                            format!("`{option}` is not the same option of all these decisions");
                        return Err(Fault::new(span, rule));
                    }
                }
            }
            _ => {
                let fault = Fault::new(table.span.clone(), "this is no rule");
                return Err(fault.hint(
                    "write different = [decisions], or at-most = 1 with option = \"name\" and of = [decisions]",
                ));
            }
        };
        self.decisions.rule(rule);
        Ok(())
    }

    /// The graph of a block or of the network.
    fn graph(&mut self, table: &Table<'t>, scope: &Scope) -> Result<Graph, Fault> {
        let inputs = table.texts("inputs")?;
        let inputs = inputs.unwrap_or_else(|| vec![("input", table.span.clone())]);
        let outputs = table.texts("outputs")?;
        let nodes = table.get("nodes");
        table.finish()?;
        let Some(nodes) = nodes else {
            return Err(Fault::new(table.span.clone(), "`nodes` are missing"));
        };
        let mut graph = Graph::new(inputs.len());
        let mut names = Names::default();
        for (index, (name, span)) in inputs.iter().enumerate() {
            check_name(name, span)?;
            let port = graph.input(index);
            names.last.get_or_insert(port);
            if names.ports.insert((*name).to_owned(), vec![port]).is_some() {
                return Err(Fault::new(span.clone(), format!("`{name}` is there twice")));
            }
        }
        for node in list(nodes)? {
            self.node(&Table::of(node)?, scope, &mut graph, &mut names)?;
        }
        match outputs {
            None => graph.outputs.extend(names.last),
            Some(outputs) => {
                for (name, span) in outputs {
                    graph.outputs.push(names.port(name, &span)?);
                }
            }
        }
        Ok(graph)
    }

    /// A block by name: its graph in this scope.
    pub(super) fn block(
        &mut self,
        name: &str,
        span: &Range<usize>,
        scope: &Scope,
    ) -> Result<Graph, Fault> {
        let Some((&name, (_, value))) = self.blocks.get_key_value(name) else {
            let fault = Fault::new(span.clone(), format!("there is no block `{name}`"));
            return Err(fault.among(name, self.block_names()));
        };
        let table = Table::of(value)?;
        if self.open.contains(&name) {
            let path = self.open.join(" → ");
            return Err(Fault::new(
                span.clone(),
                format!("block `{name}` contains itself: {path} → {name}"),
            ));
        }
        self.open.push(name);
        let graph = self.graph(&table, scope);
        self.open.pop();
        graph
    }

    /// What a step names: a block, an operation without attributes, or a table
    /// of an operation. Returns its name too.
    pub(super) fn step(
        &mut self,
        value: Value<'t>,
        scope: &Scope,
        own: Option<&str>,
    ) -> Result<(String, Graph), Fault> {
        let place = scope.place.clone();
        if let DeValue::Table(_) = value.get_ref() {
            let table = Table::of(value)?;
            let Some((operation, span)) = table.text("operation")? else {
                return Err(Fault::new(value.span(), "`operation` is missing"));
            };
            let name = table.text("name")?.map_or(operation, |(name, _)| name);
            let piece = self.operation(operation, span, &table, scope, &Names::default())?;
            table.finish()?;
            self.count(1, &value.span())?;
            return Ok((name.to_owned(), whole(piece)));
        }
        let (name, span) = text(value)?;
        let graph = if self.blocks.contains_key(name) {
            let scope = match own {
                Some(own) => scope.owned(own, place),
                None => scope.shared(name, place),
            };
            self.block(name, &span, &scope)?
        } else {
            let table = Table::new(self.nothing, span.clone());
            let piece = self.operation(name, span.clone(), &table, scope, &Names::default());
            let piece = piece.map_err(|fault| match fault.hint {
                Some(_) => fault,
                None => fault.hint("write it as a table: { operation = \"…\", … }"),
            })?;
            self.count(1, &span)?;
            whole(piece)
        };
        Ok((name.to_owned(), graph))
    }

    fn count(&mut self, nodes: usize, span: &Range<usize>) -> Result<(), Fault> {
        self.nodes += nodes;
        match self.nodes <= MOST_NODES {
            true => Ok(()),
            false => {
                let rule =
                    format!("with all blocks written out there are more than {MOST_NODES} nodes");
                Err(Fault::new(span.clone(), rule))
            }
        }
    }

    fn node(
        &mut self,
        table: &Table<'t>,
        scope: &Scope,
        graph: &mut Graph,
        names: &mut Names,
    ) -> Result<(), Fault> {
        self.count(1, &table.span)?;
        let kinds = [
            "operation",
            "choice",
            "select",
            "loose",
            "repeat",
            "block",
            "align",
            "unroll",
        ];
        let mut given = kinds
            .into_iter()
            .filter_map(|kind| Some((kind, table.get(kind)?)));
        let (Some((kind, value)), None) = (given.next(), given.next()) else {
            let fault = Fault::new(table.span.clone(), "a node is exactly one thing");
            return Err(fault.hint(format!("give one of {}", kinds.join(", "))));
        };
        let default = match text(value) {
            Ok((name, _)) if kind == "operation" || kind == "block" => name,
            _ => kind,
        };
        let name = match table.text("name")? {
            Some((name, span)) => {
                check_name(name, &span)?;
                if names.ports.contains_key(name) {
                    return Err(Fault::new(span, format!("`{name}` is there twice")));
                }
                name.to_owned()
            }
            None => free_name(default, names),
        };
        let inputs: Vec<Port> = match table.texts("from")? {
            Some(from) => {
                let ports = from.iter().map(|(name, span)| names.port(name, span));
                ports.collect::<Result<_, _>>()?
            }
            None => names.last.into_iter().collect(),
        };
        let place = scope.node(&name);
        self.spans.insert(place.clone(), table.span.clone());
        let inside = Scope {
            place,
            ..scope.clone()
        };
        let node = Node {
            table,
            name: &name,
            value,
            inputs,
            scope: &inside,
        };
        let keep = table.switch("keep")?.unwrap_or(false);
        let ports = match kind {
            "operation" => self.operation_node(&node, graph, names)?,
            "choice" => self.choice_node(&node, graph)?,
            "select" => self.select_node(&node, graph)?,
            "loose" => self.loose_node(&node, graph, names)?,
            "repeat" => self.repeat_node(&node, graph, names)?,
            "block" => self.block_node(&node, graph)?,
            "align" => self.align_node(&node, graph, names)?,
            _ => self.unroll_node(&node, graph)?,
        };
        table.finish()?;
        if keep {
            ports.iter().for_each(|&port| graph.keep(port));
        }
        names.last = ports.first().copied();
        names.ports.insert(name, ports);
        Ok(())
    }
}

/// The piece as a graph.
fn whole(piece: Piece) -> Graph {
    match piece {
        Piece::Graph(graph) => graph,
        Piece::Operation(operation) => Graph::chain([operation]),
    }
}

pub(super) fn check_name(name: &str, span: &Range<usize>) -> Result<(), Fault> {
    let fits = |letter: char| letter.is_ascii_alphanumeric() || "-_".contains(letter);
    match !name.is_empty() && name.len() <= 64 && name.chars().all(fits) {
        true => Ok(()),
        false => {
            let fault = Fault::new(span.clone(), format!("`{name}` cannot be a name"));
            Err(fault.hint("names have 1 to 64 letters, digits, hyphens and underscores"))
        }
    }
}

/// A name that no node has yet: `relu`, `relu2`, ...
fn free_name(wanted: &str, names: &Names) -> String {
    let mut name = wanted.to_owned();
    let mut number = 2;
    while names.ports.contains_key(&name) {
        name = format!("{wanted}{number}");
        number += 1;
    }
    name
}
