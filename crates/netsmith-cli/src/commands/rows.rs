//! A CSV file that grows row by row and survives the end of the process.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::exit;
use crate::failure::Failure;

/// Rows whose first cell is a text of its own, and whose others are numbers.
#[derive(Debug)]
pub(crate) struct Rows {
    path: PathBuf,
    file: File,
    known: BTreeMap<String, Vec<f64>>,
}

impl Rows {
    /// Opens a file or begins it. A last row that was not written to its end is
    /// cut off.
    ///
    /// # Errors
    /// The file cannot be read or written, or holds other columns.
    pub(crate) fn open(path: &Path, header: &[String]) -> Result<Self, Failure> {
        let header = header.join(",");
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(Failure::file("read", path, &error)),
        };
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        let mut lines = whole.lines();
        let mut known = BTreeMap::new();
        if let Some(first) = lines.next() {
            if first != header {
                return Err(Failure::new(
                    exit::USAGE,
                    format!("`{}` has other columns: `{first}`", path.display()),
                )
                .with_hint("name another file, or give the options that it was begun with"));
            }
            for line in lines {
                let (text, numbers) = read(line).ok_or_else(|| {
                    Failure::new(
                        exit::DATA,
                        format!("`{}`: cannot be read: `{line}`", path.display()),
                    )
                })?;
                known.insert(text, numbers);
            }
        }
        let write = |error: std::io::Error| Failure::file("write", path, &error);
        let file = OpenOptions::new().create(true).append(true).open(path);
        let mut file = file.map_err(write)?;
        file.set_len(whole.len() as u64).map_err(write)?;
        if whole.is_empty() {
            writeln!(file, "{header}").map_err(write)?;
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            known,
        })
    }

    /// The numbers of a row that is there.
    pub(crate) fn get(&self, text: &str) -> Option<&[f64]> {
        self.known.get(text).map(|numbers| &numbers[..])
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// Appends a row.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(crate) fn add(&mut self, text: &str, numbers: Vec<f64>) -> Result<(), Failure> {
        let cells: Vec<String> = numbers.iter().map(f64::to_string).collect();
        let quote = if text.contains(',') { "\"" } else { "" };
        let line = format!("{quote}{text}{quote},{}\n", cells.join(","));
        let written = self.file.write_all(line.as_bytes());
        written.map_err(|error| Failure::file("write", &self.path, &error))?;
        self.known.insert(text.to_owned(), numbers);
        Ok(())
    }
}

/// Text and numbers of a line.
fn read(line: &str) -> Option<(String, Vec<f64>)> {
    let (text, rest) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once("\",")?,
        None => line.split_once(',')?,
    };
    let numbers = rest.split(',').map(|cell| cell.parse().ok());
    Some((text.to_owned(), numbers.collect::<Option<_>>()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_goes_on_behind_its_last_whole_row() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.csv");
        let header = ["architecture", "a", "b"].map(str::to_owned);
        let mut rows = Rows::open(&path, &header).unwrap();
        rows.add("x=1,y=2", vec![0.5, f64::NAN]).unwrap();
        rows.add("|conv~0|", vec![2.0, 1e-9]).unwrap();
        drop(rows);
        let torn = format!("{}|skip~0|,3.0", fs::read_to_string(&path).unwrap());
        fs::write(&path, torn).unwrap();
        let mut rows = Rows::open(&path, &header).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows.get("|conv~0|"), Some(&[2.0, 1e-9][..]));
        assert!(rows.get("x=1,y=2").is_some_and(|row| row[1].is_nan()));
        assert_eq!(rows.get("|skip~0|"), None);
        rows.add("|skip~0|", vec![3.0, 4.0]).unwrap();
        assert_eq!(Rows::open(&path, &header).unwrap().len(), 3);
        let other = Rows::open(&path, &header[..2]).unwrap_err();
        assert!(other.message.contains("has other columns"), "{other}");
    }
}
