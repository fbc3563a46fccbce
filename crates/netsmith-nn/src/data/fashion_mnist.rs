//! `fashion-mnist`: 70,000 grey pictures of clothes of 28 x 28 pixels.

use std::io;
use std::path::{Path, PathBuf};

use super::download::fetch;
use super::file::{read_whole, sha256};
use super::idx::{read_images, read_labels};
use super::{
    Augmentation, DataError, DataKind, Dataset, Entry, FileFault, LoadOptions, Origin, PartName,
    PathForm, cache_folder,
};
use crate::data::modality::Images;
use crate::task::Classification;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "fashion-mnist",
    "70,000 grey pictures of clothes of 28 x 28 pixels, ten classes.",
    DataKind {
        path: PathForm::Optional("FOLDER"),
        options: &[],
        licence: "MIT; H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST, 2017, arXiv:1708.07747, \
              Copyright 2017 Zalando SE",
        load,
    },
);

/// Where Debian's package puts the files.
const DEBIAN: &str = "/usr/share/datasets/fashion-mnist";

/// The publisher's server.
const HOST: &str = "fashion-mnist.s3-website.eu-central-1.amazonaws.com";

/// More bytes than any of the files has, packed or not.
const MOST_BYTES: u64 = 100_000_000;

const REMEDY: &str = "on Debian or Ubuntu: `apt-get install dataset-fashion-mnist`; elsewhere \
    download train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz \
    and t10k-labels-idx1-ubyte.gz from \
    http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/ into a folder and write \
    `fashion-mnist:FOLDER`";

const CLASSES: [&str; 10] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];

const SIDE: u32 = 28;

/// The published files: name, and SHA-256 of the unpacked content. The packed
/// content that goes with them has the MD5 sums that the publisher states.
struct Files {
    images: (&'static str, &'static str),
    labels: (&'static str, &'static str),
}

const TRAIN: Files = Files {
    images: (
        "train-images-idx3-ubyte",
        "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
    ),
    labels: (
        "train-labels-idx1-ubyte",
        "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
    ),
};

const TEST: Files = Files {
    images: (
        "t10k-images-idx3-ubyte",
        "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
    ),
    labels: (
        "t10k-labels-idx1-ubyte",
        "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
    ),
};

/// Reads the folder that is given, else Debian's, else the one of what was
/// fetched before, else fetches the published files into that.
fn load(path: Option<&Path>, options: &LoadOptions) -> Result<Dataset, DataError> {
    let debian = Path::new(DEBIAN);
    let kept = cache_folder().filter(|_| path.is_none() && !debian.is_dir());
    let Some(kept) = kept.map(|folder| folder.join(ENTRY.name)) else {
        return read_folder(path.unwrap_or(debian));
    };
    let mut fetched = false;
    if !options.offline {
        for (name, checksum) in [TRAIN.images, TRAIN.labels, TEST.images, TEST.labels] {
            let mut get = |path: &str| fetch(HOST, path, MOST_BYTES);
            fetched |= fetch_file(&kept, name, checksum, &mut get)?;
        }
    }
    let data = read_folder(&kept)?;
    let note = format!(
        "the data were fetched from http://{HOST}/ into `{}`",
        kept.display()
    );
    Ok(data.with_notes(fetched.then_some(note).into_iter().collect()))
}

/// Fetches a file into a folder that does not have it; whether it did so. It has
/// its name only when it is whole and the one that was published.
fn fetch_file(
    folder: &Path,
    name: &str,
    checksum: &str,
    get: &mut dyn FnMut(&str) -> io::Result<Vec<u8>>,
) -> Result<bool, DataError> {
    if find(folder, name).is_ok() {
        return Ok(false);
    }
    let failed = |source| DataError::Fetch {
        kind: ENTRY.name,
        url: format!("http://{HOST}/{name}.gz"),
        source,
        remedy: REMEDY,
    };
    let packed = get(&format!("/{name}.gz")).map_err(failed)?;
    let partial = folder.join(format!("{name}.{}.part", std::process::id()));
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&partial, packed));
    let verified = written.map_err(failed).and_then(|()| {
        let content = read_whole(&partial, MOST_BYTES)?;
        verify(&partial, &content, checksum)
    });
    let named = verified.and_then(|()| {
        let whole = folder.join(format!("{name}.gz"));
        std::fs::rename(&partial, whole).map_err(failed)
    });
    if named.is_err() {
        // What is left of it serves nobody.
        let _ = std::fs::remove_file(&partial);
    }
    named.map(|()| true)
}

fn read_folder(folder: &Path) -> Result<Dataset, DataError> {
    let (mut pixels, mut labels) = read_part(folder, &TRAIN)?;
    let train = labels.len();
    let (test_pixels, test_labels) = read_part(folder, &TEST)?;
    pixels.extend(test_pixels);
    labels.extend(test_labels);
    let mut given = vec![PartName::Train; train];
    given.resize(labels.len(), PartName::Test);

    let samples = Images::samples(pixels, [1, SIDE as usize, SIDE as usize]);
    let names = CLASSES.map(String::from).to_vec();
    let origin = Origin {
        kind: ENTRY.name.into(),
        path: Some(folder.to_path_buf()),
        licence: ENTRY.build.licence.into(),
    };
    // A mirrored coat is a coat; two pixels are what the pictures' margins bear.
    let augmentation = Augmentation {
        pad: 2,
        flip: true,
        cutout: 0,
    };
    Ok(
        Dataset::new(samples, Classification::targets(labels, names), origin)
            .with_given_parts(given)
            .with_augmentation(augmentation),
    )
}

/// Pixels and labels of the training or the test files.
fn read_part(folder: &Path, files: &Files) -> Result<(Vec<u8>, Vec<u32>), DataError> {
    let images_path = find(folder, files.images.0)?;
    let labels_path = find(folder, files.labels.0)?;
    let (mut images, start) = read_images(&images_path, [SIDE, SIDE])?;
    let (labels, labels_start) = read_labels(&labels_path, CLASSES.len() as u32)?;
    let count = (images.len() - start) / (SIDE * SIDE) as usize;
    if labels.len() - labels_start != count {
        let fault = FileFault::LabelCount {
            images: count,
            labels: labels.len() - labels_start,
        };
        return Err(DataError::file(&labels_path, fault));
    }
    verify(&images_path, &images, files.images.1)?;
    verify(&labels_path, &labels, files.labels.1)?;
    images.drain(..start);
    Ok((
        images,
        labels[labels_start..]
            .iter()
            .map(|label| u32::from(*label))
            .collect(),
    ))
}

fn verify(path: &Path, content: &[u8], expected: &str) -> Result<(), DataError> {
    let found = sha256(content);
    if found == expected {
        Ok(())
    } else {
        Err(DataError::file(path, FileFault::Checksum { found }))
    }
}

/// The file as it was published or unpacked.
fn find(folder: &Path, name: &str) -> Result<PathBuf, DataError> {
    let tried = [folder.join(format!("{name}.gz")), folder.join(name)];
    match tried.iter().find(|path| path.is_file()) {
        Some(path) => Ok(path.clone()),
        None => Err(DataError::NotFound {
            kind: ENTRY.name,
            tried: tried.to_vec(),
            remedy: REMEDY,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_files_are_read() {
        if !Path::new(DEBIAN).is_dir() {
            eprintln!("skipped: Debian's dataset-fashion-mnist is not installed");
            return;
        }
        let data = load(None, &LoadOptions::default()).expect("it is installed");
        assert_eq!(
            (data.len(), data.samples().raw_shape()),
            (70_000, vec![1, 28, 28])
        );
        let labels = data.targets().columns[0].indices();
        // The publisher's first training label is an ankle boot, and each class
        // is a tenth of both parts.
        assert_eq!(labels[0], 9);
        assert!((0..10).all(|c| labels[60_000..].iter().filter(|l| **l == c).count() == 1_000));
        let (search, test) = data.split(&Default::default()).expect("it is large enough");
        let sizes = (search.train().len(), search.valid().len(), test.len());
        assert_eq!(sizes, (50_000, 10_000, 10_000));
        assert_eq!(test.indices()[0], 60_000);
    }

    #[test]
    fn a_fetched_file_is_kept_when_it_is_the_published_one() {
        let folder = tempfile::tempdir().expect("there is room");
        let folder = folder.path().join("netsmith");
        let content = b"the published content".to_vec();
        let checksum = sha256(&content);
        let mut asked = Vec::new();
        let mut get = |path: &str| {
            asked.push(path.to_owned());
            Ok(content.clone())
        };
        let mut fetched = || fetch_file(&folder, "labels", &checksum, &mut get);
        assert!(fetched().expect("it is the published one"));
        assert!(!fetched().expect("it is there"));
        assert_eq!(asked, ["/labels.gz"]);
        assert!(folder.join("labels.gz").is_file());

        let other = fetch_file(&folder, "images", &checksum, &mut |_| Ok(b"other".into()));
        let other = other.expect_err("it is another file").to_string();
        assert!(other.contains("is not the published file"), "{other}");
        let unreachable = |_: &str| Err(io::Error::other("no network"));
        let error = fetch_file(&folder, "images", &checksum, &mut unreachable.clone());
        let error = error.expect_err("there is no network");
        assert_eq!(
            error.to_string(),
            format!("data `fashion-mnist`: `http://{HOST}/images.gz` cannot be fetched")
        );
        assert_eq!(error.hint().as_deref(), Some(REMEDY));
        let left = std::fs::read_dir(&folder).expect("it is there").count();
        assert_eq!(left, 1);
    }

    #[test]
    fn absent_files_are_answered_with_how_to_get_them() {
        let folder = tempfile::tempdir().expect("there is room");
        let error = read_folder(folder.path()).expect_err("the folder is empty");
        assert!(
            error
                .to_string()
                .contains("train-images-idx3-ubyte.gz` or `"),
            "{error}"
        );
        assert!(
            error
                .hint()
                .expect("there is a remedy")
                .contains("apt-get install")
        );
    }

    #[test]
    fn other_data_in_the_same_format_are_refused() {
        let folder = tempfile::tempdir().expect("there is room");
        let header = |numbers: &[u32]| -> Vec<u8> {
            numbers
                .iter()
                .flat_map(|number| number.to_be_bytes())
                .collect()
        };
        let mut images = header(&[0x0803, 1, 28, 28]);
        images.resize(16 + 784, 7);
        let mut labels = header(&[0x0801, 2]);
        labels.extend([1, 2]);
        std::fs::write(folder.path().join(TRAIN.images.0), &images).expect("there is room");
        std::fs::write(folder.path().join(TRAIN.labels.0), &labels).expect("there is room");
        let error = read_folder(folder.path()).expect_err("there are too many labels");
        assert!(
            error.to_string().ends_with("holds 2 labels for 1 images"),
            "{error}"
        );
        labels = header(&[0x0801, 1]);
        labels.push(1);
        std::fs::write(folder.path().join(TRAIN.labels.0), &labels).expect("there is room");
        let error = read_folder(folder.path()).expect_err("it is not Fashion-MNIST");
        assert!(
            error.to_string().contains("is not the published file"),
            "{error}"
        );
    }
}
