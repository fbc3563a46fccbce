//! Many short texts in one.

/// The texts of a table's rows, one behind the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Texts {
    all: String,
    /// Where each ends.
    ends: Vec<u32>,
}

impl Texts {
    /// From one text and the bytes at which each part ends; nothing where those
    /// are not in order, or inside a character.
    pub(super) fn from_parts(all: String, ends: Vec<u32>) -> Option<Self> {
        let in_order = ends.is_sorted() && ends.last().copied().unwrap_or(0) as usize == all.len();
        let whole = |end: &u32| all.is_char_boundary(*end as usize);
        (in_order && ends.iter().all(whole)).then_some(Self { all, ends })
    }

    /// The one text, and the bytes at which each part ends.
    pub(super) fn parts(&self) -> (&str, &[u32]) {
        (&self.all, &self.ends)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Adds one behind the last.
    pub(super) fn push(&mut self, text: &str) {
        self.all.push_str(text);
        self.ends.push(self.all.len() as u32);
    }

    /// The text of this position.
    pub(super) fn get(&self, at: usize) -> &str {
        let begin = at.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.all[begin as usize..self.ends[at] as usize]
    }

    /// All of them, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|at| self.get(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back_and_wrong_ends_do_not() {
        let mut texts = Texts::default();
        ["ab", "", "é"].iter().for_each(|text| texts.push(text));
        assert_eq!(texts.iter().collect::<Vec<_>>(), ["ab", "", "é"]);
        let of = |ends: &[u32]| Texts::from_parts("abé".to_owned(), ends.to_vec());
        assert_eq!(of(&[2, 2, 4]), Some(texts));
        for wrong in [&[2, 1, 4][..], &[2, 3], &[2, 3, 4], &[2, 5], &[]] {
            assert_eq!(of(wrong), None, "{wrong:?}");
        }
    }
}
