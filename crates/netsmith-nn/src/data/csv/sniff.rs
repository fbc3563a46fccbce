//! What the bytes of a table say of its form: encoding, delimiter, open quotes.

use super::super::TableFault;

/// What may stand between cells, the usual first.
const DELIMITERS: [u8; 4] = *b",;\t|";

/// Records that a delimiter is guessed from.
const RECORDS: usize = 50;

/// The text as UTF-8, from the encoding that is named or that a byte order mark tells.
pub(super) fn decoded(content: Vec<u8>, encoding: Option<&str>) -> Result<Vec<u8>, TableFault> {
    let units = |of: fn([u8; 2]) -> u16, bytes: &[u8]| {
        let units = bytes.chunks_exact(2).map(|pair| of([pair[0], pair[1]]));
        let text: Result<String, _> = char::decode_utf16(units).collect();
        text.map(String::into_bytes)
            .map_err(|_| TableFault::Encoding)
    };
    match (encoding, content.as_slice()) {
        (None | Some("utf-16"), [0xff, 0xfe, rest @ ..]) => units(u16::from_le_bytes, rest),
        (None | Some("utf-16"), [0xfe, 0xff, rest @ ..]) => units(u16::from_be_bytes, rest),
        (Some("utf-16"), rest) => units(u16::from_le_bytes, rest),
        (Some("latin-1" | "windows-1252"), bytes) => {
            let text: String = bytes.iter().map(|byte| of_windows(*byte)).collect();
            Ok(text.into_bytes())
        }
        _ => Ok(content),
    }
}

/// A character of Windows-1252, which has more than Latin-1 from 0x80 to 0x9f.
fn of_windows(byte: u8) -> char {
    const MORE: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž',
        '\u{8f}', '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}',
        'ž', 'Ÿ',
    ];
    match byte {
        0x80..=0x9f => MORE[usize::from(byte - 0x80)],
        _ => char::from(byte),
    }
}

/// The delimiter that a first line `sep=;` names, and where the table begins.
pub(super) fn named_delimiter(content: &[u8]) -> Option<(u8, usize)> {
    let text = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    let rest = text.strip_prefix(b"sep=")?;
    let (&delimiter, rest) = rest.split_first()?;
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    rest[..end]
        .iter()
        .all(|byte| *byte == b'\r')
        .then(|| (delimiter, content.len() - rest.len() + end + 1))
}

/// The delimiter that most of the first records have equally often, and of these the one
/// that they have most of.
pub(super) fn delimiter(content: &[u8]) -> u8 {
    let judged = DELIMITERS.map(|delimiter| {
        let mut reader = ::csv::ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .from_reader(content);
        let records = reader.byte_records().take(RECORDS).map_while(Result::ok);
        let widths: Vec<usize> = records.map(|record| record.len()).collect();
        let width = widths.first().copied().unwrap_or(0);
        let alike = widths.iter().filter(|other| **other == width).count();
        let share = alike * 100 / widths.len().max(1);
        (width > 1, share, width)
    });
    let most = judged.iter().max().copied().unwrap_or_default();
    let at = judged.iter().position(|other| *other == most);
    at.map_or(b',', |at| DELIMITERS[at])
}

/// The line on which a quote opens that nothing closes.
pub(super) fn open_quote(content: &[u8], delimiter: u8) -> Option<u64> {
    let (mut line, mut opened) = (1, None);
    let mut at_start = true;
    let content = content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content);
    for byte in content {
        match (byte, opened) {
            // A doubled quote closes and opens again.
            (b'"', Some(_)) => (opened, at_start) = (None, true),
            (b'"', None) if at_start => opened = Some(line),
            (_, None) => at_start = *byte == delimiter || matches!(byte, b'\n' | b'\r'),
            _ => {}
        }
        line += u64::from(*byte == b'\n');
    }
    opened
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delimiter_is_that_of_several_records() {
        let check = |text: &str, expected: u8| assert_eq!(delimiter(text.as_bytes()), expected);
        check("\"temp\n(C)\";hum;y\n9,1;0,4;u\n7,7;0,8;u\n", b';');
        check("a|b|y\n1|2|u\n", b'|');
        check("last, first;y\nDoe, Jo;1\nLi;2\n", b';');
        check("y\na\n", b',');
        assert_eq!(named_delimiter(b"sep=;\r\na;b\n"), Some((b';', 7)));
        assert_eq!(named_delimiter(b"sep,y\n"), None);
    }

    #[test]
    fn the_line_of_an_open_quote_is_found() {
        assert_eq!(
            open_quote(b"a,b\n1,\"x \"\"y\"\" z\"\n2,6\" pipe\n", b','),
            None
        );
        assert_eq!(open_quote(b"a,b\n1,x\n2,\"y\n3,z\n", b','), Some(3));
    }

    #[test]
    fn encodings_become_utf_8() {
        let check = |bytes: &[u8], encoding| decoded(bytes.to_vec(), encoding).expect("it is text");
        assert_eq!(check(b"M\xfcll \x80", Some("latin-1")), "Müll €".as_bytes());
        assert_eq!(check(b"\xff\xfea\0\xfc\0", None), "aü".as_bytes());
    }
}
