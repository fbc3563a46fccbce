//! Reading a file whole, up to a limit.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use super::{DataError, FileFault};

/// The content of a file, unpacked where it is gzipped.
///
/// # Errors
/// When it cannot be read, is no whole gzip file though it starts as one, or
/// has more than `limit` bytes unpacked.
pub(super) fn read_whole(path: &Path, limit: u64) -> Result<Vec<u8>, DataError> {
    let mut file = File::open(path).map_err(DataError::read(path))?;
    let mut start = Vec::new();
    file.by_ref()
        .take(2)
        .read_to_end(&mut start)
        .map_err(DataError::read(path))?;
    let packed = start == [0x1f, 0x8b];
    let whole = io::Cursor::new(start).chain(file);
    let (content, read) = if packed {
        read_up_to(MultiGzDecoder::new(whole), limit)
    } else {
        read_up_to(whole, limit)
    };
    match read {
        Err(source) if packed => Err(DataError::file(path, FileFault::Gzip { source })),
        Err(source) => Err(DataError::read(path)(source)),
        Ok(()) if content.len() as u64 > limit => {
            Err(DataError::file(path, FileFault::TooLarge { limit }))
        }
        Ok(()) => Ok(content),
    }
}

/// Reads at most one byte more than the limit.
fn read_up_to(from: impl Read, limit: u64) -> (Vec<u8>, io::Result<()>) {
    let mut content = Vec::new();
    let read = from.take(limit + 1).read_to_end(&mut content).map(|_| ());
    (content, read)
}

/// The SHA-256 in hexadecimal.
pub(super) fn sha256(content: &[u8]) -> String {
    Sha256::digest(content)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn packed(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    }

    #[track_caller]
    fn check(content: &[u8], limit: u64, expected: Result<&[u8], &str>) {
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("file");
        std::fs::write(&path, content).expect("there is room");
        match (read_whole(&path, limit), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected),
            (Err(error), Err(expected)) => {
                assert_eq!(
                    error.to_string(),
                    format!("`{}`: {expected}", path.display())
                );
            }
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn files_are_unpacked_and_bounded() {
        check(b"plain", 5, Ok(b"plain"));
        check(b"p", 5, Ok(b"p"));
        check(b"plain", 4, Err("is larger than 4 bytes"));
        check(&packed(b"text"), 4, Ok(b"text"));
        check(
            &packed(&[0; 10_000]),
            9_999,
            Err("is larger than 9999 bytes"),
        );
        let cut = packed(b"a text of some length");
        check(&cut[..cut.len() - 9], 100, Err("is not a whole gzip file"));
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = read_whole(Path::new("no/such.csv"), 1).expect_err("it does not exist");
        assert_eq!(error.to_string(), "`no/such.csv`: cannot be read");
        assert!(
            error
                .hint()
                .expect("there is a remedy")
                .starts_with("check the path")
        );
    }
}
