//! Tables in a form that is opened in milliseconds.
//!
//! A compact file holds what was made of a table's files: nothing in it is parsed,
//! and what a search looks up by is in order already. It is read in one go, since
//! what it saves is the parsing, and since a mapping into memory would be unchecked code
//! for a copy that takes less time than the checksum. All numbers are little-endian.
//!
//! ```text
//! "NASTABLE"  format u32  checksum u32  length u64      checksum: CRC-32 of all behind it
//! stamp: for the table and its scores the length u64 and the CRC-32 u32 of the file
//! rows u32  decisions u32
//! texts: bytes u32, the end of each text u32, all texts in UTF-8
//! rows by architecture: rows x decisions options u32, where decisions is not 0
//! rows by key: keys u32, keys of 16 bytes in ascending order, the row of each u32
//! columns of each data set: validation, seconds, test
//! scores: data sets u32; of each the number u32, a column of each score, then seconds
//! column: 0u8 and rows x f64, or 1u8 and one f64 for all, or 2u8 for the first of the data set
//! ```

use super::keys::Keys;
use super::texts::Texts;
use super::training_free::TableScorer;
use super::{Columns, DataScores, Table, TableEntry};
use crate::network::Key;
use crate::space::{Architecture, Space};
use flate2::Crc;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

const MAGIC: &[u8; 8] = b"NASTABLE";

/// Counts up with every change of the file's content, and with every change of a
/// space that gives a table's rows other texts, options or keys.
const FORMAT: u32 = 1;

/// The most bytes of a compact file or of one that it is made of: NAS-Bench-101's
/// takes 21 million.
const MOST_BYTES: u64 = 1 << 28;

/// Bytes before those that the checksum is of.
const HEAD: usize = 16;

/// Which files a compact file was made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp([Content; 2]);

/// The length in bytes and the CRC-32 of a file; zeros where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Content {
    length: u64,
    checksum: u32,
}

impl Stamp {
    /// That of the files which now stand in a data folder.
    ///
    /// # Errors
    /// The table's own cannot be read.
    pub(super) fn of(entry: &TableEntry, data_folder: &Path) -> io::Result<Self> {
        let table = content(&data_folder.join(entry.file))?;
        let scores = entry.scores.map(|own| content(&data_folder.join(own.file)));
        // Scores that cannot be read are told of where the table itself is read.
        let scores = scores.and_then(Result::ok).unwrap_or_default();
        Ok(Self([table, scores]))
    }
}

fn content(path: &Path) -> io::Result<Content> {
    let bytes = whole(path)?;
    Ok(Content {
        length: bytes.len() as u64,
        checksum: checksum(&bytes),
    })
}

/// A file's bytes, within the bound.
fn whole(path: &Path) -> io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    if length > MOST_BYTES {
        let rule = format!("has {length} bytes, at most {MOST_BYTES}");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, rule));
    }
    let mut bytes = Vec::with_capacity(length as usize + 1);
    file.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}

/// Why a compact file is not used.
#[derive(Debug, thiserror::Error)]
pub(super) enum CompactError {
    /// It cannot be read.
    #[error("cannot be read")]
    File(#[from] io::Error),
    /// It is no compact table.
    #[error("begins otherwise than a compact table")]
    Foreign,
    /// It was written by another edition.
    #[error("has format {found}: this build reads {FORMAT}")]
    Format { found: u32 },
    /// Its bytes are not those that were written, or do not make a table.
    #[error("is damaged: {rule}")]
    Damaged { rule: &'static str },
    /// The table's files are others now.
    #[error("is of other files")]
    Outdated,
}

fn damaged(rule: &'static str) -> CompactError {
    CompactError::Damaged { rule }
}

/// Reads the table of an entry from a compact file that was made of the files of
/// this stamp.
///
/// # Errors
/// See [`CompactError`].
pub(super) fn read(path: &Path, entry: &TableEntry, stamp: &Stamp) -> Result<Table, CompactError> {
    let bytes = whole(path)?;
    let mut content = Unread::checked(&bytes)?;
    for own in &stamp.0 {
        if (content.u64()?, content.u32()?) != (own.length, own.checksum) {
            return Err(CompactError::Outdated);
        }
    }
    let space = (entry.space)(0).map_err(|_| damaged("its space cannot be built"))?;
    let (rows, decisions) = (content.count()?, content.count()?);
    let length = content.count()?;
    let ends = content.u32s(rows)?;
    let all = content.take(length)?;
    let all = std::str::from_utf8(all).map_err(|_| damaged("texts are not UTF-8"))?;
    let texts = Texts::from_parts(all.to_owned(), ends);
    let texts = texts.ok_or_else(|| damaged("texts end out of order"))?;
    let architectures = content.architectures(&space, rows, decisions)?;
    let count = content.count()?;
    let keys = content.keys(count)?;
    let keys = Keys::from_parts(keys, content.u32s(count)?, rows);
    let keys = keys.ok_or_else(|| damaged("keys are not in order"))?;
    let mut columns = Vec::new();
    for data in entry.data {
        let validation = content.column(rows, &[])?;
        columns.push(Columns {
            data,
            seconds: content.column(rows, &[])?,
            test: content.column(rows, &validation)?,
            validation,
        });
    }
    let architectures = Arc::new(architectures);
    let mut scorers = Vec::new();
    for own in content.sets_of_scores(entry)? {
        if content.count()? != own.scores.len() {
            return Err(damaged("a data set has other scores"));
        }
        let mut scores = Vec::new();
        for _ in own.scores {
            scores.push(content.column(rows, &[])?);
        }
        let seconds = content.column(rows, &[])?;
        scorers.push(TableScorer::new(&architectures, scores, seconds));
    }
    match content.rest.is_empty() {
        true => Ok(Table {
            rows: architectures,
            keys,
            scorers,
            note: entry.note,
            ..Table::new(entry.name, space, texts, columns)
        }),
        false => Err(damaged("bytes are left over")),
    }
}

/// What is still to be read.
struct Unread<'a> {
    rest: &'a [u8],
}

impl<'a> Unread<'a> {
    /// What stands behind the head, which must be that of these bytes.
    fn checked(bytes: &'a [u8]) -> Result<Self, CompactError> {
        let mut head = Self { rest: bytes };
        if bytes.len() < HEAD + 8 || head.take(8)? != MAGIC {
            return Err(CompactError::Foreign);
        }
        let found = head.u32()?;
        if found != FORMAT {
            return Err(CompactError::Format { found });
        }
        let written = head.u32()?;
        if checksum(head.rest) != written {
            return Err(damaged("its checksum is another"));
        }
        match head.u64()? == bytes.len() as u64 {
            true => Ok(head),
            false => Err(damaged("its length is another")),
        }
    }

    /// The next bytes. All is read through here, and what repeats is as often
    /// there as the entry says: no number in a file makes it take much more
    /// memory than it has bytes.
    fn take(&mut self, count: usize) -> Result<&'a [u8], CompactError> {
        let split = self.rest.split_at_checked(count);
        let (taken, rest) = split.ok_or_else(|| damaged("it ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next parts of `N` bytes each.
    fn parts<const N: usize>(&mut self, count: usize) -> Result<&'a [[u8; N]], CompactError> {
        let length = count.checked_mul(N);
        let length = length.ok_or_else(|| damaged("it ends too early"))?;
        Ok(self.take(length)?.as_chunks().0)
    }

    fn u32(&mut self) -> Result<u32, CompactError> {
        Ok(u32::from_le_bytes(self.parts(1)?[0]))
    }

    fn u64(&mut self) -> Result<u64, CompactError> {
        Ok(u64::from_le_bytes(self.parts(1)?[0]))
    }

    fn count(&mut self) -> Result<usize, CompactError> {
        Ok(self.u32()? as usize)
    }

    fn u32s(&mut self, count: usize) -> Result<Vec<u32>, CompactError> {
        let parts = self.parts(count)?.iter();
        Ok(parts.map(|&own| u32::from_le_bytes(own)).collect())
    }

    fn keys(&mut self, count: usize) -> Result<Vec<Key>, CompactError> {
        let parts = self.parts(count)?.iter();
        Ok(parts.map(|&own| Key::from_bytes(own)).collect())
    }

    /// The data sets that have scores: all that the entry knows of, or none.
    fn sets_of_scores(
        &mut self,
        entry: &TableEntry,
    ) -> Result<&'static [DataScores], CompactError> {
        let known = entry.scores.map_or(&[][..], |own| own.data);
        match self.count()? {
            0 => Ok(&[]),
            count if count == known.len() => Ok(known),
            _ => Err(damaged("scores are of other data sets")),
        }
    }

    /// A column; `first` is what it may be the same as.
    fn column(&mut self, rows: usize, first: &[f64]) -> Result<Vec<f64>, CompactError> {
        match self.take(1)? {
            [0] => {
                let parts = self.parts(rows)?.iter();
                Ok(parts.map(|&own| f64::from_le_bytes(own)).collect())
            }
            [1] => Ok(vec![f64::from_le_bytes(self.parts(1)?[0]); rows]),
            [2] if first.len() == rows => Ok(first.to_vec()),
            _ => Err(damaged("a column is of no known kind")),
        }
    }

    /// The rows of architectures; none where they have no decisions.
    fn architectures(
        &mut self,
        space: &Space,
        rows: usize,
        decisions: usize,
    ) -> Result<HashMap<Architecture, u32>, CompactError> {
        if decisions == 0 {
            return Ok(HashMap::new());
        }
        if decisions != space.decisions().len() {
            return Err(damaged("its space has other decisions"));
        }
        let length = rows.checked_mul(decisions);
        let options = self.u32s(length.ok_or_else(|| damaged("it ends too early"))?)?;
        let mut found = HashMap::with_capacity(rows);
        for (row, options) in (0..).zip(options.chunks_exact(decisions)) {
            found.insert(Architecture::from_raw(options.to_vec()), row);
        }
        match found.len() == rows {
            true => Ok(found),
            false => Err(damaged("an architecture comes twice")),
        }
    }
}

/// Writes the table as a compact file that was made of the files of this stamp.
/// Whoever reads at the same time finds the former file or the new one.
///
/// # Errors
/// It cannot be written.
pub(super) fn write(path: &Path, table: &Table, stamp: &Stamp) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let part = path.with_extension(format!("{}.part", std::process::id()));
    let written = fs::write(&part, bytes(table, stamp)).and_then(|()| fs::rename(&part, path));
    if written.is_err() {
        // Whether or not it goes, the cause is the error before.
        fs::remove_file(&part).ok();
    }
    written
}

fn bytes(table: &Table, stamp: &Stamp) -> Vec<u8> {
    let mut content = Vec::new();
    for own in &stamp.0 {
        content.extend(own.length.to_le_bytes());
        content.extend(own.checksum.to_le_bytes());
    }
    let decisions = match table.rows.is_empty() {
        true => 0,
        false => table.space.decisions().len(),
    };
    let (all, ends) = table.texts.parts();
    put(&mut content, [ends.len(), decisions, all.len()]);
    put(&mut content, ends.iter().map(|&end| end as usize));
    content.extend(all.as_bytes());
    let mut options = vec![0; table.rows.len() * decisions];
    #[expect(
        clippy::iter_over_hash_type,
        reason = "each goes to the place of its row, whatever the order"
    )]
    for (architecture, &row) in table.rows.as_ref() {
        let at = row as usize * decisions;
        options[at..at + decisions].copy_from_slice(architecture.raw());
    }
    put(&mut content, options.iter().map(|&own| own as usize));
    let (keys, rows) = table.keys.parts();
    put(&mut content, [keys.len()]);
    keys.iter().for_each(|key| content.extend(key.bytes()));
    put(&mut content, rows.iter().map(|&row| row as usize));
    for own in &table.columns {
        put_column(&mut content, &own.validation, &[]);
        put_column(&mut content, &own.seconds, &[]);
        put_column(&mut content, &own.test, &own.validation);
    }
    put(&mut content, [table.scorers.len()]);
    for scorer in &table.scorers {
        let (scores, seconds) = scorer.columns();
        put(&mut content, [scores.len()]);
        let columns = scores.iter().map(Vec::as_slice).chain([seconds]);
        columns.for_each(|own| put_column(&mut content, own, &[]));
    }
    sealed(&content)
}

/// The content behind its head.
fn sealed(content: &[u8]) -> Vec<u8> {
    let length = (HEAD + 8 + content.len()) as u64;
    let mut crc = Crc::new();
    crc.update(&length.to_le_bytes());
    crc.update(content);
    let mut bytes = MAGIC.to_vec();
    bytes.extend(FORMAT.to_le_bytes());
    bytes.extend(crc.sum().to_le_bytes());
    bytes.extend(length.to_le_bytes());
    bytes.extend(content);
    bytes
}

fn put(content: &mut Vec<u8>, numbers: impl IntoIterator<Item = usize>) {
    let numbers = numbers.into_iter();
    content.extend(numbers.flat_map(|own| (own as u32).to_le_bytes()));
}

fn put_column(content: &mut Vec<u8>, column: &[f64], first: &[f64]) {
    let same = |a: &f64, b: &f64| a.to_bits() == b.to_bits();
    let begin = column.first().copied().unwrap_or(0.0);
    if column.iter().all(|own| same(own, &begin)) {
        content.push(1);
        content.extend(begin.to_le_bytes());
    } else if column.len() == first.len() && column.iter().zip(first).all(|(a, b)| same(a, b)) {
        content.push(2);
    } else {
        content.push(0);
        content.extend(column.iter().flat_map(|own| own.to_le_bytes()));
    }
}

#[cfg(test)]
mod tests {
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
}
