//! The bytes of a compact file, taken one after the other.

use super::{CompactError, FORMAT, HEAD, MAGIC, checksum, damaged};
use crate::evaluate::table::{DataScores, TableEntry};
use crate::network::Key;
use crate::space::{Architecture, Space};
use std::collections::HashMap;

/// What is still to be read.
pub(super) struct Unread<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Unread<'a> {
    /// What stands behind the head, which must be that of these bytes.
    pub(super) fn checked(bytes: &'a [u8]) -> Result<Self, CompactError> {
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
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], CompactError> {
        let split = self.rest.split_at_checked(count);
        let (taken, rest) = split.ok_or_else(|| damaged("it ends too early"))?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next parts of `N` bytes each.
    pub(super) fn parts<const N: usize>(
        &mut self,
        count: usize,
    ) -> Result<&'a [[u8; N]], CompactError> {
        let length = count.checked_mul(N);
        let length = length.ok_or_else(|| damaged("it ends too early"))?;
        Ok(self.take(length)?.as_chunks().0)
    }

    pub(super) fn u32(&mut self) -> Result<u32, CompactError> {
        Ok(u32::from_le_bytes(self.parts(1)?[0]))
    }

    pub(super) fn u64(&mut self) -> Result<u64, CompactError> {
        Ok(u64::from_le_bytes(self.parts(1)?[0]))
    }

    pub(super) fn count(&mut self) -> Result<usize, CompactError> {
        Ok(self.u32()? as usize)
    }

    pub(super) fn u32s(&mut self, count: usize) -> Result<Vec<u32>, CompactError> {
        let parts = self.parts(count)?.iter();
        Ok(parts.map(|&own| u32::from_le_bytes(own)).collect())
    }

    pub(super) fn keys(&mut self, count: usize) -> Result<Vec<Key>, CompactError> {
        let parts = self.parts(count)?.iter();
        Ok(parts.map(|&own| Key::from_bytes(own)).collect())
    }

    /// The data sets that have scores: all that the entry knows of, or none.
    pub(super) fn sets_of_scores(
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
    pub(super) fn column(&mut self, rows: usize, first: &[f64]) -> Result<Vec<f64>, CompactError> {
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
    pub(super) fn architectures(
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
