//! The idx format of MNIST and its successors.
//!
//! Big-endian: two zero bytes, the element type (8 is unsigned byte), the
//! number of dimensions, the size of each as 32 bits, then the elements.

use std::path::Path;

use super::file::read_whole;
use super::{DataError, FileFault, limits};

/// Pictures of unsigned bytes: three dimensions.
const IMAGES_MAGIC: u32 = 0x0803;

/// Labels of unsigned bytes: one dimension.
const LABELS_MAGIC: u32 = 0x0801;

/// Reads pictures that must be of `[height, width]`: the whole file, and where
/// its pixels start.
pub(super) fn read_images(path: &Path, size: [u32; 2]) -> Result<(Vec<u8>, usize), DataError> {
    let content = read_whole(path, limits::PUBLISHED_FILE_BYTES)?;
    let [count, height, width] = dimensions(path, &content, "an idx file of images", IMAGES_MAGIC)?;
    if [height, width] != size {
        let fault = FileFault::WrongImageSize {
            expected: size,
            found: [height, width],
        };
        return Err(DataError::file(path, fault));
    }
    let pixels = u64::from(count) * u64::from(height) * u64::from(width);
    check_length(path, &content, 16 + pixels)?;
    Ok((content, 16))
}

/// Reads labels, each below `classes`: the whole file, and where its labels
/// start.
pub(super) fn read_labels(path: &Path, classes: u32) -> Result<(Vec<u8>, usize), DataError> {
    let content = read_whole(path, limits::PUBLISHED_FILE_BYTES)?;
    let [count] = dimensions(path, &content, "an idx file of labels", LABELS_MAGIC)?;
    check_length(path, &content, 8 + u64::from(count))?;
    let wrong = content[8..]
        .iter()
        .position(|label| u32::from(*label) >= classes);
    if let Some(record) = wrong {
        let label = u32::from(content[8 + record]);
        let fault = FileFault::Label {
            record,
            label,
            most: classes - 1,
        };
        return Err(DataError::file(path, fault));
    }
    Ok((content, 8))
}

fn dimensions<const N: usize>(
    path: &Path,
    content: &[u8],
    what: &'static str,
    expected: u32,
) -> Result<[u32; N], DataError> {
    let number = |at: usize| -> Result<u32, DataError> {
        let bytes = content
            .get(4 * at..4 * at + 4)
            .and_then(|bytes| bytes.try_into().ok());
        bytes.map(u32::from_be_bytes).ok_or_else(|| {
            let header = 4 * (N as u64 + 1);
            let fault = FileFault::EndsEarly {
                expected: header,
                found: content.len() as u64,
            };
            DataError::file(path, fault)
        })
    };
    let found = number(0)?;
    if found != expected {
        return Err(DataError::file(
            path,
            FileFault::WrongMagic {
                what,
                expected,
                found,
            },
        ));
    }
    let mut sizes = [0; N];
    for (index, size) in sizes.iter_mut().enumerate() {
        *size = number(index + 1)?;
    }
    Ok(sizes)
}

/// Confirms that a file has exactly `expected` bytes.
pub(super) fn check_length(path: &Path, content: &[u8], expected: u64) -> Result<(), DataError> {
    let found = content.len() as u64;
    match found.cmp(&expected) {
        std::cmp::Ordering::Less => Err(DataError::file(
            path,
            FileFault::EndsEarly { expected, found },
        )),
        std::cmp::Ordering::Equal => Ok(()),
        std::cmp::Ordering::Greater => Err(DataError::file(path, FileFault::TooLong { expected })),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idx(magic: u32, sizes: &[u32], elements: &[u8]) -> Vec<u8> {
        let mut file = magic.to_be_bytes().to_vec();
        sizes
            .iter()
            .for_each(|size| file.extend(size.to_be_bytes()));
        file.extend(elements);
        file
    }

    #[track_caller]
    fn check<T>(
        content: &[u8],
        read: impl Fn(&Path) -> Result<T, DataError>,
        expected: Result<(), &str>,
    ) {
        let folder = tempfile::tempdir().expect("there is room");
        let path = folder.path().join("file");
        std::fs::write(&path, content).expect("there is room");
        let found = read(&path).map(|_| ()).map_err(|error| error.to_string());
        let expected = expected.map_err(|fault| format!("`{}`: {fault}", path.display()));
        assert_eq!(found, expected);
    }

    #[test]
    fn damaged_images_are_refused() {
        let read = |path: &Path| read_images(path, [2, 1]);
        let good = idx(IMAGES_MAGIC, &[2, 2, 1], &[1, 2, 3, 4]);
        check(&good, read, Ok(()));
        check(&good[..19], read, Err("ends after 19 of 20 bytes"));
        check(&good[..6], read, Err("ends after 6 of 16 bytes"));
        check(
            &[&good[..], &[0]].concat(),
            read,
            Err("goes on after its 20 bytes"),
        );
        let labels = idx(LABELS_MAGIC, &[1], &[0]);
        let magic = "starts with 0x00000801, but an idx file of images starts with 0x00000803";
        check(&labels, read, Err(magic));
        let huge = idx(IMAGES_MAGIC, &[u32::MAX, u32::MAX, 7], &[]);
        let size = "holds images of 4294967295 x 7 pixels, but they should have 2 x 1";
        check(&huge, read, Err(size));
        let many = idx(IMAGES_MAGIC, &[u32::MAX, 2, 1], &[]);
        check(&many, read, Err("ends after 16 of 8589934606 bytes"));
    }

    #[test]
    fn damaged_labels_are_refused() {
        let read = |path: &Path| read_labels(path, 10);
        check(&idx(LABELS_MAGIC, &[3], &[0, 9, 1]), read, Ok(()));
        let wrong = "record 1 has label 10, but classes are 0 to 9";
        check(&idx(LABELS_MAGIC, &[3], &[0, 10, 1]), read, Err(wrong));
        check(
            &idx(LABELS_MAGIC, &[3], &[0, 1]),
            read,
            Err("ends after 10 of 11 bytes"),
        );
    }
}
