//! Rows by the keys of their networks.

use crate::network::Key;

/// The first row of each key, found by halving.
#[derive(Clone, Debug, Default)]
pub(super) struct Keys {
    keys: Vec<Key>,
    rows: Vec<u32>,
}

impl Keys {
    /// The rows of keys given in the order of the rows; a key that comes again
    /// stays with its first row. The second value is the first row whose key came
    /// before, and that earlier row.
    pub(super) fn of(keys: &[Key]) -> (Self, Option<(u32, u32)>) {
        let mut pairs: Vec<(Key, u32)> = keys.iter().copied().zip(0..).collect();
        pairs.sort_unstable();
        let mut own = Self::default();
        let mut again: Option<(u32, u32)> = None;
        for (key, row) in pairs {
            match (own.keys.last(), own.rows.last()) {
                (Some(last), Some(&first)) if *last == key => {
                    let earlier = again.is_none_or(|(second, _)| row < second);
                    again = if earlier { Some((row, first)) } else { again };
                }
                _ => {
                    own.keys.push(key);
                    own.rows.push(row);
                }
            }
        }
        (own, again)
    }

    /// From keys in ascending order and the row of each; nothing where the order
    /// is another or a row is none of the table's.
    pub(super) fn from_parts(keys: Vec<Key>, rows: Vec<u32>, table: usize) -> Option<Self> {
        let ascending = keys.is_sorted_by(|a, b| a < b) && keys.len() == rows.len();
        let known = rows.iter().all(|row| (*row as usize) < table);
        (ascending && known).then_some(Self { keys, rows })
    }

    /// The keys in ascending order, and the row of each.
    pub(super) fn parts(&self) -> (&[Key], &[u32]) {
        (&self.keys, &self.rows)
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The row of a key.
    pub(super) fn get(&self, key: &Key) -> Option<u32> {
        let at = self.keys.binary_search(key).ok()?;
        Some(self.rows[at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_row_of_a_key_answers() {
        let [a, b, c] = ["a", "b", "c"].map(Key::of_text);
        let (keys, again) = Keys::of(&[a, b, a, b]);
        assert_eq!(again, Some((2, 0)));
        assert_eq!(
            [a, b, c].map(|key| keys.get(&key)),
            [Some(0), Some(1), None]
        );
        assert_eq!(Keys::of(&[c, a]).1, None);
    }
}
