//! A command line as its words.

use super::CommandError;

/// The program and its arguments. White space separates words; `'…'` and `"…"`
/// keep it, and a backslash takes the next character as it is, except in `'…'`.
/// No shell is involved: there are no variables, patterns or pipes.
///
/// ```
/// use netsmith::evaluate::command::words;
///
/// let command = words("python3 'my trainer.py' --rate 0.1")?;
/// assert_eq!(command, ["python3", "my trainer.py", "--rate", "0.1"]);
/// # Ok::<(), netsmith::evaluate::command::CommandError>(())
/// ```
///
/// # Errors
/// [`CommandError::Empty`], and [`CommandError::Open`] where a quote does not
/// end.
pub fn words(line: &str) -> Result<Vec<String>, CommandError> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (letter, quote) {
            (end, Some(open)) if end == open => quote = None,
            ('\'' | '"', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            ('\\', None | Some('"')) => word.get_or_insert_default().extend(letters.next()),
            (space, None) if space.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    match quote {
        Some(quote) => Err(CommandError::Open {
            line: line.to_owned(),
            quote,
        }),
        None if words.iter().all(String::is_empty) => Err(CommandError::Empty),
        None => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_white_space() {
        let split = |line| words(line).unwrap();
        assert_eq!(split("  a\tb "), ["a", "b"]);
        assert_eq!(
            split(r#"a 'b c'd "e \" f" g\ h '\'"#),
            ["a", "b cd", "e \" f", "g h", "\\"]
        );
        assert_eq!(split("a ''"), ["a", ""]);
    }

    #[test]
    fn what_is_no_command_is_refused() {
        for line in ["", "  ", "''"] {
            assert_eq!(words(line), Err(CommandError::Empty));
        }
        let open = words("python 'train.py").unwrap_err();
        assert_eq!(
            open.to_string(),
            "command `python 'train.py`: the quote ' has no end"
        );
    }
}
