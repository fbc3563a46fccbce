//! Compact files that come back whole, and such as are refused.

use super::super::{CATALOGUE, Scoring};
use super::*;
use std::path::PathBuf;

/// A data folder with small tables of both kinds, and a cache folder.
struct Folders(tempfile::TempDir);

impl Folders {
    fn new() -> Self {
        let own = Self(tempfile::tempdir().unwrap());
        for folder in ["nas-bench-201", "nas-bench-101"] {
            fs::create_dir_all(own.data().join(folder)).unwrap();
        }
        own.write(
                0,
                "arch_str,c10_val_12,c100_val_12,in16_val_12,c10_cost_12_s,c10_test_200,c100_test_200,in16_test_200\n\
                 |none~0|+|none~0|none~1|+|none~0|none~1|none~2|,80,50,40,60,90,70,45\n\
                 |none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|,81,52,43,65,91,73,47\n",
            );
        own.write(
            1,
            "v,adj,ops,params,test_acc_108\n2,1,,0,0.5\n3,5,2,0,0.6\n",
        );
        own
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn cache(&self) -> PathBuf {
        self.0.path().join("cache")
    }

    fn write(&self, table: usize, text: &str) {
        self.write_file(CATALOGUE[table].file, text);
    }

    fn write_file(&self, name: &str, text: &str) {
        let file = File::create(self.data().join(name)).unwrap();
        let mut encoder = flate2::write::GzEncoder::new(file, Default::default());
        io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
        encoder.finish().unwrap();
    }

    fn compact(&self, table: usize) -> PathBuf {
        self.cache()
            .join(format!("{}.table", CATALOGUE[table].name))
    }

    fn open(&self, table: usize) -> Table {
        let entry = &CATALOGUE[table];
        entry.open_cached(&self.data(), &self.cache()).unwrap()
    }

    fn read(&self, table: usize) -> Result<Table, CompactError> {
        let stamp = Stamp::of(&CATALOGUE[table], &self.data()).unwrap();
        read(&self.compact(table), &CATALOGUE[table], &stamp)
    }
}

/// All that is asked of a table.
fn told(table: &Table) -> Vec<String> {
    let proof = Scoring::of_a_chosen_answer();
    let row = |row| {
        let architecture = table.space().parse(table.text(row)).unwrap();
        assert_eq!(table.row(&architecture), Some(row));
        let numbers = (0..table.columns.len()).map(|data| {
            let scorer = table.scorer(data);
            (
                table.validation_accuracy(data, row),
                table.seconds(data, row),
                table.test_accuracy(&proof, data, row),
                scorer.map(|own| {
                    let scores = own.scores(table.space(), &architecture);
                    (scores, own.seconds(table.space(), &architecture))
                }),
            )
        });
        format!("{} {:?}", table.text(row), numbers.collect::<Vec<_>>())
    };
    table.rows().map(row).collect()
}

#[test]
fn a_compact_table_tells_the_same() {
    let folders = Folders::new();
    let scores = CATALOGUE[0].scores.unwrap();
    let columns = scores.data.iter().flat_map(|own| [own.scores, own.seconds]);
    let columns: Vec<&str> = columns.flatten().copied().collect();
    let row = |index: usize| format!("{index}{}\n", ",1.5".repeat(columns.len()));
    let text = format!("index,{}\n{}{}", columns.join(","), row(0), row(1));
    folders.write_file(scores.file, &text);
    for (table, entry) in CATALOGUE.iter().enumerate().take(2) {
        let slow = entry.open(&folders.data()).unwrap();
        let first = folders.open(table);
        let compact = folders.read(table).unwrap();
        assert_eq!(told(&slow), told(&first));
        assert_eq!(told(&slow), told(&compact));
        assert_eq!(slow.note(), compact.note());
        assert_eq!(compact.scorer(0).is_some(), table == 0);
    }
}

#[test]
fn other_files_make_it_anew() {
    let folders = Folders::new();
    folders.open(1);
    folders.write(1, "v,adj,ops,params,test_acc_108\n2,1,,0,0.25\n");
    assert!(matches!(folders.read(1), Err(CompactError::Outdated)));
    assert_eq!(folders.open(1).len(), 1);
    assert!(folders.read(1).is_ok());
}

#[test]
fn no_damage_goes_unseen() {
    for table in 0..2 {
        let folders = Folders::new();
        let expected = told(&folders.open(table));
        let whole = fs::read(folders.compact(table)).unwrap();
        for length in 0..whole.len() {
            fs::write(folders.compact(table), &whole[..length]).unwrap();
            folders.read(table).unwrap_err();
        }
        for at in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x40;
            fs::write(folders.compact(table), bytes).unwrap();
            folders.read(table).unwrap_err();
        }
        fs::write(folders.compact(table), [&whole[..], b"x"].concat()).unwrap();
        folders.read(table).unwrap_err();
        // The damaged file is replaced.
        assert_eq!(told(&folders.open(table)), expected);
        assert_eq!(told(&folders.read(table).unwrap()), expected);
    }
}

/// Numbers of all sizes anywhere, behind a checksum that fits: an error or a
/// table, without panic and without memory that the file does not have.
#[test]
fn huge_numbers_are_refused() {
    for table in 0..2 {
        let folders = Folders::new();
        folders.open(table);
        let whole = fs::read(folders.compact(table)).unwrap();
        for at in HEAD + 8..whole.len() {
            for value in [u32::MAX, u32::MAX / 2, 1 << 28, 3] {
                let mut content = whole[HEAD + 8..].to_vec();
                let begin = at - HEAD - 8;
                let end = content.len().min(begin + 4);
                content[begin..end].copy_from_slice(&value.to_le_bytes()[..end - begin]);
                fs::write(folders.compact(table), sealed(&content)).unwrap();
                if let Ok(read) = folders.read(table) {
                    let lengths = read.rows().map(|row| read.text(row).len());
                    assert!(lengths.sum::<usize>() < whole.len());
                }
            }
        }
    }
}

#[test]
fn other_formats_and_foreign_files_are_named() {
    let folders = Folders::new();
    folders.open(1);
    let mut bytes = fs::read(folders.compact(1)).unwrap();
    bytes[8] = 9;
    fs::write(folders.compact(1), &bytes).unwrap();
    let message = folders.read(1).unwrap_err().to_string();
    assert_eq!(message, "has format 9: this build reads 1");
    fs::write(folders.compact(1), b"index,architecture,accuracy\n").unwrap();
    assert!(matches!(folders.read(1), Err(CompactError::Foreign)));
    // A folder in the file's place cannot be written over.
    fs::remove_file(folders.compact(1)).unwrap();
    fs::create_dir(folders.compact(1)).unwrap();
    assert_eq!(folders.open(1).len(), 2);
    let rest = fs::read_dir(folders.cache()).unwrap().count();
    assert_eq!(rest, 1);
}

/// The tables as they are published, where they are at hand.
#[test]
fn whole_tables_come_back() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let data = std::env::var_os("NETSMITH_DATA").map_or_else(beside, PathBuf::from);
    let cache = tempfile::tempdir().unwrap();
    for entry in CATALOGUE {
        if !data.join(entry.file).exists() {
            eprintln!("skipped: {} is not there", data.join(entry.file).display());
            continue;
        }
        let slow = entry.open_cached(&data, cache.path()).unwrap();
        let stamp = Stamp::of(entry, &data).unwrap();
        let path = cache.path().join(format!("{}.table", entry.name));
        let compact = read(&path, entry, &stamp).unwrap();
        assert!(slow.texts == compact.texts && slow.rows == compact.rows);
        assert_eq!(slow.keys.parts(), compact.keys.parts());
        for (a, b) in slow.columns.iter().zip(&compact.columns) {
            let bits = |own: &[f64]| own.iter().map(|own| own.to_bits()).collect::<Vec<_>>();
            assert!(bits(&a.validation) == bits(&b.validation));
            assert!(bits(&a.seconds) == bits(&b.seconds) && bits(&a.test) == bits(&b.test));
        }
    }
}
