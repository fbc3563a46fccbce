//! Normalisation inside the graph.
//!
//! A table becomes, for each value that the network takes, one of three
//! things: a scaled number, a mark that a cell is missing, or a mark that a
//! cell has a certain category. All values of one kind are computed at once,
//! joined, and then brought into the network's order.

use super::graph::Graph;
use super::schema::{AttributeProto, FLOAT};
use crate::data::{Encoding, InputNormalization, Normalization, Scale};

/// Adds what turns raw samples into the network's input; returns its name.
pub(super) fn normalized(normalization: &Normalization, graph: &mut Graph, raw: &str) -> String {
    match &normalization.input {
        InputNormalization::Images { channels, .. } => images(channels, graph, raw),
        InputNormalization::Table { columns } => table(columns, graph, raw),
    }
}

fn images(channels: &[Scale], graph: &mut Graph, raw: &str) -> String {
    scaled(channels, &[1, channels.len(), 1, 1], graph, raw)
}

/// `(x - mean) / std`, with constants of the shape `dims`.
fn scaled(scales: &[Scale], dims: &[usize], graph: &mut Graph, value: &str) -> String {
    let means: Vec<f32> = scales.iter().map(|scale| scale.mean).collect();
    let stds: Vec<f32> = scales.iter().map(|scale| scale.std).collect();
    let mean = graph.floats("normalization.mean", dims, &means);
    let std = graph.floats("normalization.std", dims, &stds);
    let centred = graph.node("Sub", "normalization.centred", &[value, &mean], Vec::new());
    graph.node("Div", "normalization.scaled", &[&centred, &std], Vec::new())
}

/// The values of one kind: which column each reads and where it goes.
#[derive(Default)]
struct Group {
    columns: Vec<usize>,
    places: Vec<usize>,
}

impl Group {
    fn push(&mut self, column: usize, place: &mut usize) {
        self.columns.push(column);
        self.places.push(*place);
        *place += 1;
    }

    /// The columns of the raw table, `[batch, values of this group]`.
    fn gathered(&self, graph: &mut Graph, raw: &str, name: &str, all: usize) -> String {
        if self.columns.iter().copied().eq(0..all) {
            return raw.to_owned();
        }
        let indices = graph.integers(&format!("{name}.columns"), &self.columns);
        let axis = AttributeProto::int("axis", 1);
        graph.node(
            "Gather",
            &format!("{name}.raw"),
            &[raw, &indices],
            vec![axis],
        )
    }
}

fn table(columns: &[Encoding], graph: &mut Graph, raw: &str) -> String {
    let (mut numbers, mut missing, mut categories) =
        (Group::default(), Group::default(), Group::default());
    let (mut scales, mut codes) = (Vec::new(), Vec::new());
    let mut width = 0;
    for (column, encoding) in columns.iter().enumerate() {
        match encoding {
            Encoding::Number {
                scale,
                missing_indicator,
            } => {
                numbers.push(column, &mut width);
                scales.push(*scale);
                if *missing_indicator {
                    missing.push(column, &mut width);
                }
            }
            Encoding::Category { codes: known } => {
                for &code in known {
                    categories.push(column, &mut width);
                    codes.push(code as f32);
                }
            }
        }
    }
    let all = columns.len();
    let mut parts = Vec::new();
    if !numbers.columns.is_empty() {
        let value = numbers.gathered(graph, raw, "numbers", all);
        parts.push(number_values(&scales, graph, &value));
    }
    if !missing.columns.is_empty() {
        let value = missing.gathered(graph, raw, "missing", all);
        let is_nan = graph.node("IsNaN", "missing.mark", &[&value], Vec::new());
        parts.push(as_float(graph, "missing.value", &is_nan));
    }
    if !categories.columns.is_empty() {
        let value = categories.gathered(graph, raw, "categories", all);
        parts.push(category_values(&codes, graph, &value));
    }
    let places = [numbers.places, missing.places, categories.places].concat();
    joined(graph, &parts, &places)
}

/// Scaled numbers; a missing one counts as the mean, which scales to zero.
fn number_values(scales: &[Scale], graph: &mut Graph, value: &str) -> String {
    let means: Vec<f32> = scales.iter().map(|scale| scale.mean).collect();
    let mean = graph.floats("numbers.fill", &[means.len()], &means);
    let is_nan = graph.node("IsNaN", "numbers.missing", &[value], Vec::new());
    let filled = graph.node(
        "Where",
        "numbers.filled",
        &[&is_nan, &mean, value],
        Vec::new(),
    );
    scaled(scales, &[scales.len()], graph, &filled)
}

/// One where a cell's code is nearer to the given one than to any other; a
/// comparison with NaN is false.
fn category_values(codes: &[f32], graph: &mut Graph, value: &str) -> String {
    let codes = graph.floats("categories.codes", &[codes.len()], codes);
    let half = graph.floats("categories.half", &[1], &[0.5]);
    let apart = graph.node("Sub", "categories.apart", &[value, &codes], Vec::new());
    let distance = graph.node("Abs", "categories.distance", &[&apart], Vec::new());
    let mark = graph.node("Less", "categories.mark", &[&distance, &half], Vec::new());
    as_float(graph, "categories.value", &mark)
}

fn as_float(graph: &mut Graph, name: &str, value: &str) -> String {
    graph.node(
        "Cast",
        name,
        &[value],
        vec![AttributeProto::int("to", i64::from(FLOAT))],
    )
}

/// All groups behind each other, then in the network's order: `places[i]` is
/// where the `i`-th of the joined values goes.
fn joined(graph: &mut Graph, parts: &[String], places: &[usize]) -> String {
    let axis = || vec![AttributeProto::int("axis", 1)];
    let joined = match parts {
        [only] => only.clone(),
        parts => {
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            graph.node("Concat", "normalization.joined", &parts, axis())
        }
    };
    if places.is_sorted() {
        return joined;
    }
    let mut order = vec![0; places.len()];
    for (from, &to) in places.iter().enumerate() {
        order[to] = from;
    }
    let order = graph.integers("normalization.order", &order);
    graph.node(
        "Gather",
        "normalization.ordered",
        &[&joined, &order],
        axis(),
    )
}
