//! Latencies of a table's architectures, measured on devices.

use super::TableError;
use super::read::Source;
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
    let index_at = source.position("index")?;
    let at = source.names().position(|name| name == device);
    let at = at.filter(|at| *at != index_at);
    let at = at.ok_or_else(|| TableError::UnknownDevice {
        table,
        name: device.to_owned(),
        known: source
            .names()
            .filter(|name| *name != "index")
            .map(str::to_owned)
            .collect(),
    })?;
    let mut milliseconds: Vec<f64> = Vec::with_capacity(rows);
    source.each(|record| {
        record.check_index(index_at)?;
        let fits = |own: f64| own.is_finite() && own > 0.0;
        let rule = || "must be milliseconds, above 0".to_owned();
        milliseconds.push(record.number("latency", at, fits, rule)?);
        Ok(())
    })?;
    if milliseconds.len() != rows {
        return Err(TableError::Rows {
            path: path.into(),
            found: milliseconds.len(),
            wanted: rows,
        });
    }
    Ok(milliseconds)
}
