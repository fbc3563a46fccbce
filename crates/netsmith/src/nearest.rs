//! The name that was probably meant.

/// The candidate most like `given`, if one is like it at all: at most one edit
/// for every three letters, letters' case aside, and never all of its letters.
pub fn nearest<T: AsRef<str>>(given: &str, candidates: impl IntoIterator<Item = T>) -> Option<T> {
    let given: Vec<char> = given.to_lowercase().chars().collect();
    let most = given.len().div_ceil(3).min(given.len().saturating_sub(1));
    let mut best: Option<(usize, T)> = None;
    for candidate in candidates {
        let other: Vec<char> = candidate.as_ref().to_lowercase().chars().collect();
        let distance = edits(&given, &other);
        if distance <= most && best.as_ref().is_none_or(|(least, _)| distance < *least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// What to do about a name that is not among those known: the one that was
/// probably meant, or else all of them.
pub fn remedy<T: AsRef<str>>(given: &str, known: impl IntoIterator<Item = T>) -> String {
    let known: Vec<T> = known.into_iter().collect();
    let known: Vec<&str> = known.iter().map(AsRef::as_ref).collect();
    match nearest(given, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are: {}", known.join(", ")),
    }
}

/// The least number of letters put in, left out or replaced (Levenshtein).
fn edits(from: &[char], to: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_strangers_are_not() {
        let names = ["digits", "fashion-mnist", "cifar-10"];
        assert_eq!(nearest("cifar10", names), Some("cifar-10"));
        assert_eq!(nearest("Digit", names), Some("digits"));
        assert_eq!(nearest("imagenet", names), None);
        assert_eq!(nearest("x", ["a", "X"]), Some("X"));
        assert_eq!(nearest("x", ["a", "b"]), None);
        assert_eq!(remedy("digit", names), "did you mean `digits`?");
        let all = "there are: digits, fashion-mnist, cifar-10";
        assert_eq!(remedy("imagenet", names), all);
    }
}
