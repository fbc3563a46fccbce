//! `netsmith list KIND`: what there is to choose from, with its parameters.

use clap::{Args, ValueEnum};
use netsmith::catalogue::Entry;
use netsmith::network::operation;
use netsmith_nn::data::{self, PathForm};
use netsmith_nn::pipeline::EVALUATORS;
use netsmith_nn::task::{self, Metric};
use netsmith_nn::{data::modality, score};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{Output, columns};

/// The arguments of `netsmith list`.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// What to list; none lists everything by name
    kind: Option<Kind>,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    /// What may be built
    Spaces,
    /// What proposes architectures
    Strategies,
    /// What networks are trained on
    Data,
    /// What networks are made of
    Operations,
    /// What networks cost
    Costs,
    /// What says how good an architecture is
    Evaluators,
    /// What judges predictions
    Metrics,
    /// Kinds of samples
    Modalities,
    /// What can be learnt
    Tasks,
    /// What untrained networks tell
    Scores,
}

/// One thing in a list.
#[derive(Debug, PartialEq, Serialize)]
struct Item {
    name: String,
    summary: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    paper: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    parameters: Vec<Parameter>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attributes: Vec<Attribute>,
}

/// Something that a space file may say of an operation.
#[derive(Debug, PartialEq, Serialize)]
struct Attribute {
    name: &'static str,
    default: &'static str,
    doc: &'static str,
}

/// Something that can be set.
#[derive(Debug, PartialEq, Serialize)]
struct Parameter {
    name: &'static str,
    default: &'static str,
    takes: String,
    doc: &'static str,
}

/// One list.
#[derive(Debug, Serialize)]
struct List {
    kind: Kind,
    items: Vec<Item>,
}

/// Lists.
///
/// # Errors
/// stdout cannot be written.
pub(crate) fn run(arguments: &Arguments, output: Output) -> Result<(), Failure> {
    match arguments.kind {
        Some(kind) => {
            let list = List::of(kind);
            output.result(&list, || in_full(&list))
        }
        None => {
            let lists: Vec<List> = Kind::value_variants()
                .iter()
                .copied()
                .map(List::of)
                .collect();
            output.result(&serde_json::json!({ "lists": lists }), || overview(&lists))
        }
    }
}

impl List {
    fn of(kind: Kind) -> Self {
        let items = match kind {
            Kind::Spaces => entries(netsmith::space::CATALOGUE),
            Kind::Strategies => {
                let mut items = entries(netsmith::strategy::CATALOGUE);
                items.extend(entries(netsmith_nn::supernet::CATALOGUE));
                items
            }
            Kind::Data => data::CATALOGUE.iter().map(of_data).collect(),
            Kind::Operations => operation::catalogue().map(of_operation).collect(),
            Kind::Costs => entries(netsmith::cost::CATALOGUE),
            Kind::Evaluators => entries(EVALUATORS),
            Kind::Metrics => Metric::all().map(of_metric).collect(),
            Kind::Modalities => entries(modality::CATALOGUE),
            Kind::Tasks => entries(task::CATALOGUE),
            Kind::Scores => entries(score::CATALOGUE),
        };
        Self { kind, items }
    }
}

fn entries<B>(catalogue: &[Entry<B>]) -> Vec<Item> {
    let of_entry = |entry: &Entry<B>| Item {
        name: entry.name.to_owned(),
        summary: entry.summary.to_owned(),
        paper: entry.paper,
        parameters: entry
            .parameters
            .iter()
            .map(|parameter| Parameter {
                name: parameter.name,
                default: parameter.default,
                takes: parameter.kind.to_string(),
                doc: parameter.doc,
            })
            .collect(),
        attributes: Vec::new(),
    };
    catalogue.iter().map(of_entry).collect()
}

fn of_data(entry: &data::Entry) -> Item {
    let kind = &entry.build;
    let name = match kind.path {
        PathForm::None => entry.name.to_owned(),
        PathForm::Optional(path) => format!("{}[:{path}]", entry.name),
        PathForm::Required(path) => format!("{}:{path}", entry.name),
    };
    let mut summary = entry.summary.to_owned();
    if !kind.options.is_empty() {
        let options: Vec<String> = kind.options.iter().map(|o| format!("--{o}")).collect();
        summary.push_str(&format!(" Options: {}.", options.join(", ")));
    }
    if !kind.licence.is_empty() {
        summary.push_str(&format!(
            " Licence: {}.",
            kind.licence.trim_end_matches('.')
        ));
    }
    item(&name, &summary)
}

fn of_metric(metric: Metric) -> Item {
    let direction = match metric.direction() {
        netsmith::cost::Direction::Minimize => "Smaller is better.",
        netsmith::cost::Direction::Maximize => "Larger is better.",
    };
    item(metric.name(), &format!("{} {direction}", metric.summary()))
}

fn of_operation(entry: &operation::Entry) -> Item {
    let of_attribute = |attribute: &operation::Attribute| Attribute {
        name: attribute.name,
        default: attribute.default,
        doc: attribute.doc,
    };
    Item {
        attributes: entry.build.attributes.iter().map(of_attribute).collect(),
        ..item(entry.name, entry.summary)
    }
}

fn item(name: &str, summary: &str) -> Item {
    Item {
        name: name.to_owned(),
        summary: summary.to_owned(),
        paper: None,
        parameters: Vec::new(),
        attributes: Vec::new(),
    }
}

/// Everything about each thing.
fn in_full(list: &List) -> String {
    let mut text = String::new();
    for item in &list.items {
        text.push_str(&format!("{}\n    {}\n", item.name, item.summary));
        if let Some(paper) = item.paper {
            text.push_str(&format!("    {paper}\n"));
        }
        for parameter in &item.parameters {
            let Parameter {
                name,
                default,
                takes,
                doc,
            } = parameter;
            text.push_str(&format!("    --set {name}={default}\n        {doc}\n"));
            text.push_str(&format!("        It takes {takes}.\n"));
        }
        for Attribute { name, default, doc } in &item.attributes {
            let default = if default.is_empty() {
                "must be given".to_owned()
            } else {
                format!("default {default}")
            };
            text.push_str(&format!("    {name} ({default})\n        {doc}\n"));
        }
        text.push('\n');
    }
    text
}

/// A line for each thing.
fn overview(lists: &[List]) -> String {
    let mut text = String::new();
    for List { kind, items } in lists {
        let name = kind
            .to_possible_value()
            .map(|value| value.get_name().to_owned());
        text.push_str(&format!("{}\n", name.unwrap_or_default()));
        let row = |item: &Item| {
            let summary = item.summary.split(". ").next().unwrap_or_default();
            [
                format!("  {}", item.name),
                format!("{}.", summary.trim_end_matches('.')),
            ]
        };
        let rows: Vec<[String; 2]> = items.iter().map(row).collect();
        text.push_str(&columns(&rows));
        text.push('\n');
    }
    text
}
