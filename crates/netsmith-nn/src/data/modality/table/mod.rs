//! Rows of a table: numbers are scaled, categories become one value each.
//!
//! [`Encoding`] has the formulas.

mod encoding;
mod export;
mod rivals;

pub use encoding::Encoding;

use super::{Entry, Modality, NewSamples};
use crate::data::{Column, DataError, Notation, Part, Samples, csv, hash_text};
use crate::export::{OnnxGraph, TorchInput};
use crate::rival;
use crate::train::Recipe;
use netsmith::network::Shape;
use netsmith::space::Input;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// The catalogue's entry.
pub const ENTRY: Entry = Entry::new("table", "Rows of numbers and categories.", |record| {
    let table: Table = serde_json::from_value(record)?;
    Ok(Arc::new(table))
});

/// The code of a category that the data did not have when the schema was
/// made: it equals no known code, so its one-hot encoding is all zeros.
pub const UNKNOWN_CATEGORY: f32 = -1.0;

/// Rows of a table.
///
/// # Shapes
/// One column of real numbers, `[samples, cells]`; a raw sample is `[cells]`, with NaN
/// where a cell is missing, and the input of a network is `[encoded values]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// The input columns in the order in which a raw sample has them.
    pub schema: Vec<TableColumn>,
    /// The encoding of each column.
    pub encodings: Vec<Encoding>,
    /// How the cells of each column are written; none: plainly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notations: Vec<Notation>,
}

/// One input column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableColumn {
    /// The name in the header row.
    pub name: String,
    /// What its values mean.
    pub kind: ColumnKind,
}

/// What the values of a column mean.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnKind {
    /// A quantity; NaN is missing.
    Number,
    /// One of these names: value `i` stands for `names[i]`, NaN is missing and
    /// [`UNKNOWN_CATEGORY`] is a name that is not among them.
    Category {
        /// The names by code.
        names: Vec<String>,
    },
}

impl Table {
    /// Rows of these columns, whose cells are taken as they are.
    pub fn identity(schema: Vec<TableColumn>) -> Self {
        let encodings = vec![Encoding::RAW; schema.len()];
        Self {
            schema,
            encodings,
            notations: Vec::new(),
        }
    }

    /// Rows of so many numbers, whose names are their places.
    pub fn numbers(columns: usize) -> Self {
        let number = |index: usize| TableColumn {
            name: index.to_string(),
            kind: ColumnKind::Number,
        };
        Self::identity((0..columns).map(number).collect())
    }

    /// The samples of a table: `cells[i]` are the cells of `schema[i]`.
    ///
    /// # Panics
    /// When there are not as many columns as in the schema, there is none, or
    /// they differ in length.
    pub fn samples(schema: Vec<TableColumn>, cells: &[Vec<f32>]) -> Samples {
        Self::samples_written(schema, Vec::new(), cells)
    }

    /// The same of columns that are written in these ways; nothing is kept of plain ones.
    ///
    /// # Panics
    /// As [`samples`](Self::samples).
    pub fn samples_written(
        schema: Vec<TableColumn>,
        mut notations: Vec<Notation>,
        cells: &[Vec<f32>],
    ) -> Samples {
        assert_eq!(schema.len(), cells.len(), "every column has its values");
        assert!(!cells.is_empty(), "a table has a column");
        let column = rows_of(cells);
        if notations
            .iter()
            .all(|notation| *notation == Notation::default())
        {
            notations.clear();
        }
        Samples {
            modality: Arc::new(Self {
                notations,
                ..Self::identity(schema)
            }),
            columns: vec![column],
        }
    }
}

/// The cells of several columns, row by row.
///
/// # Panics
/// When the columns differ in length.
fn rows_of(cells: &[Vec<f32>]) -> Column {
    let rows = cells[0].len();
    assert!(
        cells.iter().all(|column| column.len() == rows),
        "columns are equally long"
    );
    let by_row = (0..rows).flat_map(|row| cells.iter().map(move |column| column[row]));
    Column::real(by_row.collect(), cells.len())
}

impl Modality for Table {
    fn name(&self) -> &'static str {
        ENTRY.name
    }

    fn inputs(&self) -> Vec<Input> {
        let width = self.encodings.iter().map(Encoding::width).sum();
        vec![Input::real("input", Shape::vector(width))]
    }

    fn raw_shape(&self) -> Vec<usize> {
        vec![self.schema.len()]
    }

    fn fit(&self, train: &Part) -> Arc<dyn Modality> {
        let columns = self.schema.len();
        let mut cells = vec![0.0; columns * train.len()];
        for (position, row) in cells.chunks_exact_mut(columns).enumerate() {
            train.write_row(position, row);
        }
        let encodings = self.schema.iter().enumerate().map(|(index, column)| {
            let is_category = matches!(column.kind, ColumnKind::Category { .. });
            let cells = cells.iter().skip(index).step_by(columns).copied();
            Encoding::fit(is_category, cells)
        });
        Arc::new(Self {
            schema: self.schema.clone(),
            encodings: encodings.collect(),
            notations: self.notations.clone(),
        })
    }

    fn write_raw(&self, columns: &[Column], row: usize, out: &mut [f32]) {
        columns[0].write(row, out);
    }

    fn normalize(&self, raw: &[f32], inputs: &mut [Vec<f32>]) {
        for row in raw.chunks_exact(self.encodings.len()) {
            for (encoding, value) in self.encodings.iter().zip(row) {
                encoding.write(*value, &mut inputs[0]);
            }
        }
    }

    fn default_space(&self) -> &'static str {
        "mlp"
    }

    fn recipe(&self, samples: usize) -> Recipe {
        Recipe::table(samples)
    }

    fn rivals(&self) -> &'static [rival::Entry] {
        rivals::RIVALS
    }

    fn read(&self, path: &Path) -> Result<NewSamples, DataError> {
        let column = rows_of(&csv::read_cells(path, &self.schema, &self.notations)?);
        Ok(NewSamples {
            names: (1..=column.len()).map(|row| row.to_string()).collect(),
            columns: vec![column],
        })
    }

    /// Column by column, as tables were hashed when they were stored so.
    fn hash(&self, columns: &[Column], hash: &mut Sha256) {
        for (index, column) in self.schema.iter().enumerate() {
            hash_text(&column.name, hash);
            if let ColumnKind::Category { names } = &column.kind {
                names.iter().for_each(|name| hash_text(name, hash));
            }
            let cells = columns[0].reals().iter().skip(index);
            let cells = cells.step_by(self.schema.len());
            cells.for_each(|cell| hash.update(cell.to_le_bytes()));
        }
    }

    fn onnx(&self, graph: &mut OnnxGraph, raw: &str) -> Vec<String> {
        vec![export::onnx(&self.encodings, graph, raw)]
    }

    fn torch(&self) -> TorchInput {
        export::torch(self)
    }

    /// `columns`: a JSON array of `{"name", "kind": "number"}` or `{"name", "kind":
    /// "category", "codes": {NAME: CODE}}`. A number with an `"offset"` is fed without it:
    /// what is left of the 64-bit difference is what 32 bits can hold.
    fn metadata(&self) -> BTreeMap<String, String> {
        let offset = |index: usize| self.notations.get(index).map_or(0.0, |n| n.offset);
        let columns = self.schema.iter().enumerate();
        let columns = columns.map(|(index, column)| match &column.kind {
            ColumnKind::Number if offset(index).abs() > 0.0 => {
                json!({"name": column.name, "kind": "number", "offset": offset(index)})
            }
            ColumnKind::Number => json!({"name": column.name, "kind": "number"}),
            ColumnKind::Category { names } => {
                let codes: BTreeMap<&String, usize> = names
                    .iter()
                    .enumerate()
                    .map(|(code, name)| (name, code))
                    .collect();
                json!({"name": column.name, "kind": "category", "codes": codes})
            }
        });
        let columns = json!(columns.collect::<Vec<_>>()).to_string();
        BTreeMap::from([("columns".to_owned(), columns)])
    }

    fn record(&self) -> Value {
        json!(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::testing::train_part;
    use crate::task::Regression;

    #[test]
    fn a_table_is_encoded_by_hand_computed_numbers() {
        let number = |name: &str| TableColumn {
            name: name.into(),
            kind: ColumnKind::Number,
        };
        let town = TableColumn {
            name: "town".into(),
            kind: ColumnKind::Category {
                names: ["Bonn", "Ulm", "Wien"].map(Into::into).into(),
            },
        };
        let schema = vec![number("age"), number("size"), town];
        let nan = f32::NAN;
        let cells = [
            vec![1.0, 3.0, nan, 500.0, 500.0],
            vec![5.0, 5.0, 5.0, 900.0, 0.0],
            vec![2.0, 0.0, nan, 1.0, 1.0],
        ];
        let samples = Table::samples(schema.clone(), &cells);
        let targets = Regression::targets("y", vec![1.0, 2.0, 6.0, 0.0, 0.0]);
        let fitted = Table::identity(schema).fit(&train_part(samples, targets, 3));
        // Age 1 and 3: mean 2, deviation 1. Size is constant. Ulm is not seen.
        assert_eq!(fitted.inputs()[0].shape, Shape::vector(5));
        let mut inputs = [Vec::new()];
        fitted.normalize(&[3.0, 5.0, 2.0, nan, 6.0, nan, 4.0, nan, 1.0], &mut inputs);
        let rows: Vec<&[f32]> = inputs[0].chunks_exact(5).collect();
        assert_eq!(rows[0], [1.0, 0.0, 0.0, 0.0, 1.0]);
        assert_eq!(rows[1], [0.0, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!(rows[2], [2.0, 0.0, 0.0, 0.0, 0.0]);
    }
}
