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

#[cfg(test)]
mod tests;
mod unread;

use super::keys::Keys;
use super::texts::Texts;
use super::training_free::TableScorer;
use super::{Columns, Table, TableEntry};
use flate2::Crc;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use unread::Unread;

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
