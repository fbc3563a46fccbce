//! Latencies of a table's architectures, measured on devices.

use super::TableError;
use super::read::{Source, malformed};
use std::path::Path;

/// The milliseconds of one device by row. The file has the number of the row in
/// its column `index`, and one column for each device and batch size.
///
/// # Errors
/// Those of [`TableError`].
pub(super) fn read(
    table: &'static str,
    path: &Path,
    device: &str,
    rows: usize,
) -> Result<Vec<f64>, TableError> {
    let mut source = Source::open(path)?;
    let headers = source.headers()?;
    let index_at = headers.position("index")?;
    let names = || headers.names().filter(|name| *name != "index");
    let at = headers.names().position(|name| name == device);
    let at = at.filter(|at| *at != index_at);
    let at = at.ok_or_else(|| TableError::UnknownDevice {
        table,
        name: device.to_owned(),
        known: names().map(str::to_owned).collect(),
    })?;
    let mut milliseconds: Vec<f64> = Vec::with_capacity(rows);
    let mut record = csv::StringRecord::new();
    loop {
        let row = milliseconds.len() as u64 + 2;
        let more = source.reader.read_record(&mut record);
        if !more.map_err(|fault| malformed(path, row, fault))? {
            break;
        }
        let cell = |at: usize| record.get(at).unwrap_or("").trim();
        let fault = |value: &str, rule: String| TableError::Cell {
            path: path.into(),
            row,
            column: "latency",
            value: value.chars().take(120).collect(),
            rule,
        };
        let expected = milliseconds.len();
        if cell(index_at).parse() != Ok(expected) {
            let rule = format!("must follow row {expected} of the table, in order");
            return Err(fault(cell(index_at), rule));
        }
        let value = cell(at).parse::<f64>().ok();
        let value = value.filter(|own| own.is_finite() && *own > 0.0);
        let rule = || "must be milliseconds, above 0".to_owned();
        milliseconds.push(value.ok_or_else(|| fault(cell(at), rule()))?);
    }
    if milliseconds.len() != rows {
        return Err(TableError::Rows {
            path: path.into(),
            found: milliseconds.len(),
            wanted: rows,
        });
    }
    Ok(milliseconds)
}
