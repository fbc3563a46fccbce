//! The first layers of an exported network that takes rows of a table.
//!
//! A table becomes, for each value that the network takes, one of three
//! things: a scaled number, a mark that a cell is missing, or a mark that a
//! cell has a certain category. All values of one kind are computed at once,
//! joined, and then brought into the network's order.

use super::{ColumnKind, Encoding, Table};
use crate::data::Scale;
use crate::export::{OnnxGraph, TorchInput, python_list, python_number};
use serde_json::json;

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
    fn gathered(&self, graph: &mut OnnxGraph, raw: &str, name: &str, all: usize) -> String {
        if self.columns.iter().copied().eq(0..all) {
            return raw.to_owned();
        }
        let indices = graph.integers(&format!("{name}.columns"), &self.columns);
        graph.on_axis("Gather", &format!("{name}.raw"), &[raw, &indices], 1)
    }
}

/// The network's input, `[batch, encoded values]`, from raw rows.
pub(super) fn onnx(columns: &[Encoding], graph: &mut OnnxGraph, raw: &str) -> String {
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
        let is_nan = graph.plain("IsNaN", "missing.mark", &[&value]);
        parts.push(graph.as_float("missing.value", &is_nan));
    }
    if !categories.columns.is_empty() {
        let value = categories.gathered(graph, raw, "categories", all);
        parts.push(category_values(&codes, graph, &value));
    }
    let places = [numbers.places, missing.places, categories.places].concat();
    joined(graph, &parts, &places)
}

/// Scaled numbers; a missing one counts as the mean, which scales to zero.
fn number_values(scales: &[Scale], graph: &mut OnnxGraph, value: &str) -> String {
    let means: Vec<f32> = scales.iter().map(|scale| scale.mean).collect();
    let mean = graph.floats("numbers.fill", &[means.len()], &means);
    let is_nan = graph.plain("IsNaN", "numbers.missing", &[value]);
    let filled = graph.plain("Where", "numbers.filled", &[&is_nan, &mean, value]);
    graph.scaled(scales, &[scales.len()], &filled)
}

/// One where a cell's code is nearer to the given one than to any other; a
/// comparison with NaN is false.
fn category_values(codes: &[f32], graph: &mut OnnxGraph, value: &str) -> String {
    let codes = graph.floats("categories.codes", &[codes.len()], codes);
    let half = graph.floats("categories.half", &[1], &[0.5]);
    let apart = graph.plain("Sub", "categories.apart", &[value, &codes]);
    let distance = graph.plain("Abs", "categories.distance", &[&apart]);
    let mark = graph.plain("Less", "categories.mark", &[&distance, &half]);
    graph.as_float("categories.value", &mark)
}

/// All groups behind each other, then in the network's order: `places[i]` is
/// where the `i`-th of the joined values goes.
fn joined(graph: &mut OnnxGraph, parts: &[String], places: &[usize]) -> String {
    let joined = match parts {
        [only] => only.clone(),
        parts => {
            let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
            graph.on_axis("Concat", "normalization.joined", &parts, 1)
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
    graph.on_axis("Gather", "normalization.ordered", &[&joined, &order], 1)
}

pub(super) fn torch(table: &Table) -> TorchInput {
    let mut constants = String::from(
        "\n# What becomes of each column: a number is scaled, NaN is missing; a\n\
         # category is a code, and turns into one mark for each known code.\n\
         COLUMNS = [\n",
    );
    for (encoding, column) in table.encodings.iter().zip(&table.schema) {
        constants += &column_line(&column.name, &column.kind, encoding);
    }
    constants += "]\n";
    TorchInput {
        constants,
        buffers: String::new(),
        normalize: NORMALIZE.to_owned(),
    }
}

fn column_line(name: &str, kind: &ColumnKind, encoding: &Encoding) -> String {
    let name = json!(name);
    match encoding {
        Encoding::Number {
            scale,
            missing_indicator,
        } => format!(
            "    {{\"name\": {name}, \"mean\": {}, \"std\": {}, \"missing\": {}}},\n",
            python_number(scale.mean),
            python_number(scale.std),
            if *missing_indicator { "True" } else { "False" }
        ),
        Encoding::Category { codes } => {
            let names = match kind {
                ColumnKind::Category { names } => python_list(names),
                ColumnKind::Number => "[]".to_owned(),
            };
            format!(
                "    {{\"name\": {name}, \"names\": {names}, \"known\": {}}},\n",
                python_list(codes)
            )
        }
    }
}

const NORMALIZE: &str = r#"
    def normalize(self, raw):
        parts = []
        for index, column in enumerate(COLUMNS):
            value = raw[:, index : index + 1]
            if "known" in column:
                codes = torch.tensor(column["known"], dtype=raw.dtype, device=raw.device)
                parts.append(((value - codes).abs() < 0.5).to(raw.dtype))
                continue
            scaled = (value - column["mean"]) / column["std"]
            parts.append(scaled.masked_fill(value.isnan(), 0))
            if column["missing"]:
                parts.append(value.isnan().to(raw.dtype))
        return torch.cat(parts, 1)
"#;
