//! The table of NAS-Bench-101: the 423,624 different cells on CIFAR-10.
//!
//! The file has the mean test accuracy at 108 epochs and nothing else, so that
//! column is searched as well as scored: strategies can be compared with each
//! other, and not with published numbers. There are no training times either: a
//! look-up costs 1, and a budget is a number of look-ups.

use super::keys::Keys;
use super::read::{Source, twice};
use super::texts::Texts;
use super::{Columns, Table, TableEntry, TableError};
use crate::catalogue::Settings;
use crate::network::{Key, Shape};
use crate::space::{Space, SpaceError, Task, nas_bench_101};
use std::path::Path;

/// The catalogue's entry.
pub(super) const ENTRY: TableEntry = TableEntry {
    name: "nas-bench-101",
    summary: "All 423,624 cells of NAS-Bench-101 on CIFAR-10; budgets are look-ups.",
    paper: "Ying et al. 2019, arXiv:1902.09635",
    file: "nas-bench-101/nb101_test108.csv.gz",
    latencies: None,
    scores: None,
    data: &["cifar-10"],
    space,
    budgets: &[150.0],
    is_timed: false,
    published: &[],
    note: Some(NOTE),
    read: read_table,
};

/// What a comparison on it says of itself.
const NOTE: &str = "The table has mean test accuracies alone, so the same column is searched and \
                    scored: strategies compare with each other, and not with published numbers.";

fn space(_data: usize) -> Result<Space, SpaceError> {
    let entry = &nas_bench_101::ENTRY;
    let task = Task::vector(Shape::image(3, 32, 32), 10);
    (entry.build)(&task, &Settings::defaults(entry.parameters))
}

fn read_table(path: &Path, space: Space) -> Result<Table, TableError> {
    let mut source = Source::open(path)?;
    let (edges_at, operations_at) = (source.position("adj")?, source.position("ops")?);
    let accuracy_at = source.position("test_acc_108")?;
    let (mut texts, mut keys, mut accuracies) = (Texts::default(), Vec::new(), Vec::new());
    source.each(|record| {
        let (edges, operations) = (record.cell(edges_at), record.cell(operations_at));
        let text = format!("{edges}:{operations}");
        let rule = || "must be a cell with a path from input to output".to_owned();
        let key = key_of(edges, operations).ok_or_else(|| record.fault("adj", &text, rule()))?;
        let fits = |own: f64| (0.0..=1.0).contains(&own);
        let rule = || "must be a fraction from 0 to 1".to_owned();
        accuracies.push(record.number("test_acc_108", accuracy_at, fits, rule)?);
        texts.push(&text);
        keys.push(key);
        Ok(())
    })?;
    let (keys, again) = Keys::of(&keys);
    if let Some((index, first)) = again {
        return Err(twice(path, index, first));
    }
    let columns = Columns {
        data: ENTRY.data[0],
        validation: accuracies.clone(),
        seconds: vec![1.0; accuracies.len()],
        test: accuracies,
    };
    Ok(Table {
        keys,
        note: ENTRY.note,
        ..Table::new(ENTRY.name, space, texts, vec![columns])
    })
}

fn key_of(edges: &str, operations: &str) -> Option<Key> {
    let edges = u32::from_str_radix(edges, 16).ok()?;
    let digits = operations.chars().map(|digit| digit.to_digit(3));
    let digits: Vec<u32> = digits.collect::<Option<_>>()?;
    let bits = (digits.len() + 2) * (digits.len() + 1) / 2;
    let fits = digits.len() <= 5 && edges >> bits == 0;
    fits.then(|| nas_bench_101::key_of(edges, &digits))
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::super::Scoring;
    use super::super::read::Record;
    use super::*;
    use std::io::Write;
    use std::path::PathBuf;

    fn table(rows: &str) -> Result<Table, TableError> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.csv");
        let mut file = std::fs::File::create(&path).unwrap();
        write!(file, "v,adj,ops,params,test_acc_108\n{rows}").unwrap();
        read_table(&path, space(0).unwrap())
    }

    #[test]
    fn isomorphic_cells_are_one_row() {
        let table = table("2,1,,0,0.5\n3,5,2,0,0.6\n").unwrap();
        let row = |text: &str| {
            let architecture = table.space().parse(text).unwrap();
            table
                .row(&architecture)
                .map(|row| table.validation_accuracy(0, row))
        };
        // input -> pool -> output as the third of five vertices.
        assert_eq!(row("040008:00200"), Some(0.6));
        // Straight from input to output; the dead vertices do not count.
        assert_eq!(row("008000:12012"), Some(0.5));
        assert_eq!(row("040008:00000"), None);
    }

    #[test]
    fn faults_name_their_row() {
        let fails = |rows: &str| table(rows).unwrap_err().to_string();
        assert!(fails("").ends_with("has no rows"));
        let twice = fails("3,5,2,0,0.6\n4,25,20,0,0.6\n3,5,2,0,0.6\n");
        assert!(
            twice.contains("row 4: the architecture of row 2"),
            "{twice}"
        );
        assert!(fails("3,2a,2,0,0.6\n").contains("row 2: adj is `2a:2`"));
        assert!(fails("3,5,2,0,93.1\n").contains("must be a fraction"));
    }

    /// The numbers of cells by vertices, of parameters, and the published optimum.
    #[test]
    fn the_whole_table() {
        let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
        let folder = std::env::var_os("NETSMITH_DATA").map_or_else(beside, PathBuf::from);
        let path = folder.join(ENTRY.file);
        if !path.exists() {
            eprintln!("skipped: {} is not there", path.display());
            return;
        }
        // Keys of all rows differ, or they would not be read.
        let table = ENTRY.open(&folder).unwrap();
        assert_eq!(table.len(), 423_624);
        let mut counts = [0; 8];
        for row in table.rows() {
            let (_, operations) = table.text(row).split_once(':').unwrap();
            counts[operations.len() + 2] += 1;
        }
        assert_eq!(counts[2..], [1, 6, 84, 2_441, 62_010, 359_082]);
        let proof = Scoring::of_a_chosen_answer();
        let test = |row| table.test_accuracy(&proof, 0, row);
        let best = table.rows().map(test).fold(0.0, f64::max);
        assert!((best - 0.943_176).abs() < 1e-6, "{best}");
        // The parameters of some cells of all kinds.
        let mut source = Source::open(&path).unwrap();
        let at = source.position("params").unwrap();
        let check = |record: &Record<'_>| {
            if record.index().is_multiple_of(409) {
                let row = table.rows().nth(record.index()).unwrap();
                let architecture = table.space().parse(table.text(row)).unwrap();
                assert_eq!(table.row(&architecture), Some(row));
                let bounds = table.space().bounds(&architecture).unwrap();
                let written: u64 = record.cell(at).parse().unwrap();
                let own = [bounds.parameters.low, bounds.parameters.high];
                assert_eq!(own, [written; 2], "{}", table.text(row));
            }
            Ok(())
        };
        assert_eq!(source.each(check).unwrap(), table.len());
    }
}
