//! `cifar-10`: 60,000 colour pictures of 32 x 32 pixels, in the folder of the
//! binary version.
//!
//! Each file holds 10,000 records: a label byte, then 1,024 red, 1,024 green
//! and 1,024 blue bytes, row by row.

use std::path::Path;

use super::file::read_whole;
use super::idx::check_length;
use super::{
    Augmentation, DataError, DataKind, Dataset, Entry, FileFault, LoadOptions, Origin, PartName,
    PathForm, limits,
};
use crate::data::modality::Images;
use crate::task::Classification;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "cifar-10",
    "60,000 colour pictures of 32 x 32 pixels, ten classes (binary version).",
    DataKind {
        path: PathForm::Required("FOLDER"),
        options: &[],
        licence: "for research; A. Krizhevsky: Learning Multiple Layers of Features from Tiny \
              Images, 2009",
        load,
    },
);

const REMEDY: &str = "download cifar-10-binary.tar.gz from \
    https://www.cs.toronto.edu/~kriz/cifar.html, unpack it and write \
    `cifar-10:cifar-10-batches-bin`";

const TRAIN: [&str; 5] = [
    "data_batch_1.bin",
    "data_batch_2.bin",
    "data_batch_3.bin",
    "data_batch_4.bin",
    "data_batch_5.bin",
];
const TEST: &str = "test_batch.bin";
const NAMES: &str = "batches.meta.txt";

const CLASSES: usize = 10;
const SHAPE: [usize; 3] = [3, 32, 32];
const PIXELS: usize = 3 * 32 * 32;
const RECORDS: usize = 10_000;

fn load(path: Option<&Path>, _options: &LoadOptions) -> Result<Dataset, DataError> {
    let given = path.unwrap_or(Path::new("."));
    let unpacked = given.join("cifar-10-batches-bin");
    let folder = if unpacked.is_dir() {
        unpacked.as_path()
    } else {
        given
    };
    read_folder(folder, RECORDS)
}

/// Reads the folder, whose files hold `records` pictures each.
fn read_folder(folder: &Path, records: usize) -> Result<Dataset, DataError> {
    let names = read_names(folder)?;
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for name in TRAIN {
        read_batch(folder, name, records, &mut pixels, &mut labels)?;
    }
    let mut given = vec![PartName::Train; labels.len()];
    read_batch(folder, TEST, records, &mut pixels, &mut labels)?;
    given.resize(labels.len(), PartName::Test);

    let samples = Images::samples(pixels, SHAPE);
    let origin = Origin {
        kind: ENTRY.name.into(),
        path: Some(folder.to_path_buf()),
        licence: ENTRY.build.licence.into(),
    };
    // The augmentation of DARTS and NAS-Bench-201 on these data.
    let augmentation = Augmentation {
        pad: 4,
        flip: true,
        cutout: 0,
    };
    Ok(
        Dataset::new(samples, Classification::targets(labels, names), origin)
            .with_given_parts(given)
            .with_augmentation(augmentation),
    )
}

fn read_batch(
    folder: &Path,
    name: &str,
    records: usize,
    pixels: &mut Vec<u8>,
    labels: &mut Vec<u32>,
) -> Result<(), DataError> {
    let path = folder.join(name);
    let content = read_existing(&path)?;
    check_length(&path, &content, (records * (1 + PIXELS)) as u64)?;
    for (record, bytes) in content.chunks_exact(1 + PIXELS).enumerate() {
        let label = u32::from(bytes[0]);
        if label as usize >= CLASSES {
            let fault = FileFault::Label {
                record,
                label,
                most: CLASSES as u32 - 1,
            };
            return Err(DataError::file(&path, fault));
        }
        labels.push(label);
        pixels.extend_from_slice(&bytes[1..]);
    }
    Ok(())
}

fn read_names(folder: &Path) -> Result<Vec<String>, DataError> {
    let path = folder.join(NAMES);
    let content = read_existing(&path)?;
    let text = String::from_utf8_lossy(&content);
    let names: Vec<String> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(String::from)
        .collect();
    if names.len() == CLASSES {
        return Ok(names);
    }
    let fault = FileFault::ClassNames {
        expected: CLASSES,
        found: names.len(),
    };
    Err(DataError::file(&path, fault))
}

fn read_existing(path: &Path) -> Result<Vec<u8>, DataError> {
    if path.is_file() {
        return read_whole(path, limits::PUBLISHED_FILE_BYTES);
    }
    let tried = vec![path.to_path_buf()];
    Err(DataError::NotFound {
        kind: ENTRY.name,
        tried,
        remedy: REMEDY,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder of two records a file, of which every label is `label`.
    fn folder(label: u8) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("there is room");
        let names = "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n";
        std::fs::write(folder.path().join(NAMES), names).expect("there is room");
        for (index, name) in TRAIN.iter().chain([&TEST]).enumerate() {
            let mut record = vec![label];
            record.resize(1 + PIXELS, index as u8);
            record[1 + 1024] = 200;
            std::fs::write(folder.path().join(name), record.repeat(2)).expect("there is room");
        }
        folder
    }

    #[track_caller]
    fn check(folder: &Path, expected: &str) {
        let error = read_folder(folder, 2).expect_err("the folder is damaged");
        assert!(error.to_string().ends_with(expected), "{error}");
        assert!(error.hint().is_some());
    }

    #[test]
    fn records_are_label_and_planes() {
        let folder = folder(3);
        let data = read_folder(folder.path(), 2).expect("the folder is whole");
        assert_eq!(
            (data.len(), data.samples().raw_shape()),
            (12, vec![3, 32, 32])
        );
        let pixels = data.samples().columns[0].byte_values();
        let row = |row: usize| &pixels[row * 3072..][..3072];
        assert_eq!((row(4)[0], row(4)[1024], row(11)[3071]), (2, 200, 5));
        let labels = data.targets().columns[0].indices();
        let names = data.targets().task.strata_names();
        assert_eq!((labels[7], names[3].as_str()), (3, "cat"));
        let given = data.given_parts().expect("they are given");
        assert_eq!(
            given[9..],
            [PartName::Train, PartName::Test, PartName::Test]
        );
    }

    #[test]
    fn damaged_folders_are_refused() {
        check(
            folder(10).path(),
            "data_batch_1.bin`: record 0 has label 10, but classes are 0 to 9",
        );
        let cut = folder(0);
        let path = cut.path().join(TEST);
        std::fs::write(&path, vec![0; 3072]).expect("there is room");
        check(cut.path(), "test_batch.bin`: ends after 3072 of 6146 bytes");
        std::fs::remove_file(&path).expect("it is there");
        check(cut.path(), "test_batch.bin`");
        std::fs::write(cut.path().join(NAMES), "cat\ndog\n").expect("there is room");
        check(
            cut.path(),
            "batches.meta.txt`: names 2 classes, but there are 10",
        );
    }
}
