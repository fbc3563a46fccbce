//! Amounts as people write them: `50k`, `2.5M`, `5ms`.

/// A whole number with `k`, `M` or `G` (powers of a thousand) behind it or
/// nothing; fractions of one are cut off. Nothing for any other text.
///
/// ```
/// use netsmith::cost::count;
///
/// assert_eq!(count("1.5M"), Some(1_500_000));
/// assert_eq!(count("many"), None);
/// ```
pub fn count(text: &str) -> Option<u64> {
    let text = text.trim();
    let (digits, factor) = match text.char_indices().last()? {
        (at, 'k' | 'K') => (&text[..at], 1e3),
        (at, 'M') => (&text[..at], 1e6),
        (at, 'G') => (&text[..at], 1e9),
        _ => (text, 1.0),
    };
    let number: f64 = digits.trim().parse().ok()?;
    (number >= 0.0 && number.is_finite()).then_some((number * factor) as u64)
}

/// Milliseconds above zero of `5ms` or `5`. Nothing for any other text.
pub fn milliseconds(text: &str) -> Option<f64> {
    let text = text.trim();
    let number = text.strip_suffix("ms").unwrap_or(text).trim();
    let number: f64 = number.parse().ok()?;
    (number > 0.0 && number.is_finite()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_units() {
        assert_eq!(count("50k"), Some(50_000));
        assert_eq!(count(" 2 G"), Some(2_000_000_000));
        assert_eq!(count("-1"), None);
        assert_eq!(count("inf"), None);
        assert_eq!(count(""), None);
        assert_eq!(milliseconds("2.5ms"), Some(2.5));
        assert_eq!(milliseconds("5"), Some(5.0));
        assert_eq!(milliseconds("0ms"), None);
        assert_eq!(milliseconds("5msms"), None);
    }
}
