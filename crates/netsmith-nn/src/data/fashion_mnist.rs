//! `fashion-mnist`: 70,000 grey pictures of clothes of 28 x 28 pixels.

use std::path::{Path, PathBuf};

use super::file::sha256;
use super::idx::{read_images, read_labels};
use super::{
    Augmentation, DataError, DataKind, Dataset, Entry, Features, FileFault, Images, LoadOptions,
    Origin, PartName, PathForm, Targets,
};

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

fn load(path: Option<&Path>, _options: &LoadOptions) -> Result<Dataset, DataError> {
    read_folder(path.unwrap_or(Path::new(DEBIAN)))
}

fn read_folder(folder: &Path) -> Result<Dataset, DataError> {
    let (mut pixels, mut labels) = read_part(folder, &TRAIN)?;
    let train = labels.len();
    let (test_pixels, test_labels) = read_part(folder, &TEST)?;
    pixels.extend(test_pixels);
    labels.extend(test_labels);
    let mut given = vec![PartName::Train; train];
    given.resize(labels.len(), PartName::Test);

    let features = Features::Images(Images::new(pixels, [1, SIDE as usize, SIDE as usize]));
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
        Dataset::new(features, Targets::Classes { labels, names }, origin)
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
            (data.len(), data.features().raw_shape()),
            (70_000, vec![1, 28, 28])
        );
        let Targets::Classes { labels, .. } = data.targets() else {
            panic!("they are classes")
        };
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
