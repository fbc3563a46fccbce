//! Tables of learning curves, as `netsmith tabulate` writes them.
//!
//! A file has a row for each architecture, or one for all architectures with equal
//! networks, with the validation accuracy after each epoch. That one accuracy is
//! searched as well as scored: an answer is worth what its network reaches in the
//! last epoch. The seconds of the file are those of whatever else its machine did;
//! a look-up costs the share of a full training that its epochs are.

use super::keys::Keys;
use super::read::{Listed, Source};
use super::{Columns, Table, TableError};
use crate::space::Space;
use std::path::Path;
use std::sync::Arc;

/// Validation accuracies by row and epoch.
#[derive(Debug)]
pub(super) struct Curves {
    pub(super) epochs: usize,
    /// Fractions, row by row.
    values: Vec<f64>,
}

impl Curves {
    /// The accuracies of a row, epoch by epoch.
    pub(super) fn of(&self, row: usize) -> &[f64] {
        &self.values[row * self.epochs..(row + 1) * self.epochs]
    }
}

/// Reads a table of learning curves over a space; an accuracy that a diverged
/// training lacks counts as none at all.
///
/// # Errors
/// Those of [`TableError`].
pub fn read_curves(path: &Path, space: Space) -> Result<Table, TableError> {
    let mut source = Source::open(path)?;
    let text_at = source.position("architecture")?;
    let first = source.position("validation_accuracy_1")?;
    let epochs = source
        .names()
        .filter(|name| name.starts_with("validation_accuracy_"))
        .count();
    let (mut listed, mut keys, mut values) = (Listed::default(), Vec::new(), Vec::new());
    source.each(|record| {
        let architecture = record.architecture(&space, "architecture", text_at)?;
        let key = space.key(&architecture);
        keys.push(key.map_err(|error| {
            record.fault("architecture", record.cell(text_at), error.to_string())
        })?);
        for at in first..first + epochs {
            let fits = |own: f64| own.is_nan() || (0.0..=1.0).contains(&own);
            let rule = || "must be a fraction from 0 to 1, or NaN".to_owned();
            let number = record.number("validation_accuracy", at, fits, rule)?;
            values.push(if number.is_nan() { 0.0 } else { number });
        }
        listed.add(record, &space, architecture)
    })?;
    let curves = Curves { epochs, values };
    let last = |row| curves.of(row)[epochs - 1];
    let ends: Vec<f64> = (0..keys.len()).map(last).collect();
    let columns = Columns {
        data: "validation",
        validation: ends.clone(),
        seconds: vec![1.0; ends.len()],
        test: ends,
    };
    Ok(Table {
        rows: Arc::new(listed.rows),
        keys: Keys::of(&keys).0,
        curves: Some(curves),
        note: Some(
            "The table has validation accuracies alone: what is searched is the accuracy of the epochs \
             that were paid, and an answer is scored by that of the last epoch. What the table lacks fails \
             at once and costs nothing.",
        ),
        ..Table::new("curves", space, listed.texts, vec![columns])
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Settings;
    use crate::network::Shape;
    use crate::space::{Task, nas_bench_201};

    const HEADER: &str = "architecture,parameters,validation_accuracy_1,validation_accuracy_2,validation_loss_1,validation_loss_2\n";

    fn read(rows: &str) -> Result<Table, TableError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("curves.csv");
        std::fs::write(&path, format!("{HEADER}{rows}")).unwrap();
        let entry = nas_bench_201::ENTRY;
        let task = Task::vector(Shape::image(3, 16, 16), 10);
        let space = (entry.build)(&task, &Settings::defaults(entry.parameters)).unwrap();
        read_curves(&path, space)
    }

    #[test]
    fn a_row_answers_for_equal_networks() {
        let table = read(
            "|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|,9,0.25,0.5,2,1\n\
             |none~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|,9,0.125,NaN,2,1\n",
        )
        .unwrap();
        assert_eq!((table.len(), table.epochs()), (2, 2));
        // Without the way around, the same network.
        let equal = "|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|";
        let row = table.row(&table.space().parse(equal).unwrap()).unwrap();
        assert_eq!(row.index(), 0);
        let values = [1, 2].map(|epoch| table.accuracy_after(0, row, epoch));
        assert!((values[0] - 0.25).abs() < 1e-12 && (values[1] - 0.5).abs() < 1e-12);
        let diverged = table.rows().nth(1).unwrap();
        assert!(table.validation_accuracy(0, diverged).abs() < 1e-12);
        let absent = "|none~0|+|none~0|none~1|+|avg_pool_3x3~0|none~1|none~2|";
        assert_eq!(table.row(&table.space().parse(absent).unwrap()), None);
    }

    #[test]
    fn faults_name_their_row() {
        let cell = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|";
        let message = |rows: String| read(&rows).unwrap_err().to_string();
        let high = message(format!("{cell},9,0.1,1.5,2,1\n"));
        assert!(
            high.ends_with(
                "row 2: validation_accuracy is `1.5`: must be a fraction from 0 to 1, or NaN"
            ),
            "{high}"
        );
        let twice = message(format!("{cell},9,0.1,0.2,2,1\n").repeat(2));
        assert!(
            twice.ends_with("row 3: the architecture of row 2 comes again"),
            "{twice}"
        );
    }
}
