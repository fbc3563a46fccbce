//! `image-folder`: PNG and JPEG pictures in a folder for each class.
//!
//! ```text
//! train/CLASS/*.png|jpg   valid/CLASS/*   test/CLASS/*     parts are given
//! CLASS/*.png|jpg                                          the data are split
//! ```
//!
//! `val` and `validation` are `valid` too. Names that start with a dot and
//! files of other kinds are passed over.

use std::fs;
use std::path::{Path, PathBuf};

use super::picture;
use super::{
    Augmentation, DataError, DataKind, Dataset, Entry, ImageFault, LoadOptions, Origin, PartName,
    PathForm, limits,
};
use crate::task::Classification;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "image-folder",
    "PNG and JPEG pictures: train|valid|test/CLASS/*.png|jpg, or one tree that is split.",
    DataKind {
        path: PathForm::Required("FOLDER"),
        options: &["image-size"],
        licence: "",
        load,
    },
);

/// One picture of the folder.
struct Found {
    path: PathBuf,
    class: usize,
    part: Option<PartName>,
}

fn load(path: Option<&Path>, options: &LoadOptions) -> Result<Dataset, DataError> {
    let root = path.unwrap_or(Path::new("."));
    let (classes, found) = search(root)?;
    let files: Vec<PathBuf> = found.iter().map(|picture| picture.path.clone()).collect();
    let size = match options.image_size {
        Some(size) => size,
        None => picture::median_size(&files)?,
    };
    let samples = picture::read_all(root, &files, size, picture::Colour::GreyIfAllAre)?;
    let side = size[0].min(size[1]);

    let labels = found.iter().map(|picture| picture.class as u32).collect();
    let origin = Origin {
        kind: ENTRY.name.into(),
        path: Some(root.to_path_buf()),
        licence: ENTRY.build.licence.into(),
    };
    // An eighth of the side, as four of 32 pixels in the papers on CIFAR-10.
    let augmentation = Augmentation {
        pad: side / 8,
        flip: true,
        cutout: 0,
    };
    let names = files.iter().map(|file| relative(root, file)).collect();
    let targets = Classification::targets(labels, classes);
    let data = Dataset::new(samples, targets, origin)
        .with_row_names(names)
        .with_augmentation(augmentation);
    Ok(
        match found
            .iter()
            .map(|picture| picture.part)
            .collect::<Option<Vec<PartName>>>()
        {
            Some(given) => data.with_given_parts(given),
            None => data,
        },
    )
}

/// All pictures under a file or folder, at any depth up to eight, by name.
pub(super) fn pictures_under(path: &Path) -> Result<Vec<PathBuf>, DataError> {
    fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), DataError> {
        for entry in entries(folder)? {
            if entry.is_dir() && depth < 8 {
                walk(&entry, depth + 1, files)?;
            } else if is_picture(&entry) {
                files.push(entry);
            }
        }
        Ok(())
    }
    if path.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files = Vec::new();
    walk(path, 0, &mut files)?;
    if files.is_empty() {
        return Err(DataError::image(path, ImageFault::EmptyClass));
    }
    Ok(files)
}

/// The file's path from the root on, with `/` on every system.
pub(super) fn relative(root: &Path, file: &Path) -> String {
    let path = file.strip_prefix(root).unwrap_or(file);
    let names: Vec<_> = path
        .components()
        .map(|c| c.as_os_str().to_string_lossy())
        .collect();
    if names.is_empty() {
        file.to_string_lossy().into_owned()
    } else {
        names.join("/")
    }
}

/// The classes by name, and the pictures by part, class and name.
fn search(root: &Path) -> Result<(Vec<String>, Vec<Found>), DataError> {
    let mut parts: Vec<(PartName, PathBuf)> = Vec::new();
    for folder in folders(root)? {
        let Some(part) = part_of(&name_of(&folder)?) else {
            continue;
        };
        if let Some((_, other)) = parts.iter().find(|(other, _)| *other == part) {
            let fault = ImageFault::PartTwice {
                one: name_of(other)?,
                other: name_of(&folder)?,
            };
            return Err(DataError::image(root, fault));
        }
        parts.push((part, folder));
    }
    let mut found = Vec::new();
    let Some((first, folder)) = parts.iter().min() else {
        let classes = classes_of(root)?;
        collect(root, None, &classes, &mut found)?;
        return Ok((classes, found));
    };
    if *first != PartName::Train {
        let fault = ImageFault::NoTrain {
            given: name_of(folder)?,
        };
        return Err(DataError::image(root, fault));
    }
    let classes = classes_of(folder)?;
    parts.sort_unstable();
    for (part, folder) in &parts {
        collect(folder, Some(*part), &classes, &mut found)?;
    }
    Ok((classes, found))
}

fn classes_of(folder: &Path) -> Result<Vec<String>, DataError> {
    let classes: Vec<String> = folders(folder)?
        .iter()
        .map(|class| name_of(class))
        .collect::<Result<_, _>>()?;
    match classes.as_slice() {
        [] => Err(DataError::image(folder, ImageFault::NoClasses)),
        [class] => {
            let fault = ImageFault::OneClass {
                class: class.clone(),
            };
            Err(DataError::image(folder, fault))
        }
        _ => Ok(classes),
    }
}

fn collect(
    folder: &Path,
    part: Option<PartName>,
    classes: &[String],
    found: &mut Vec<Found>,
) -> Result<(), DataError> {
    for class_folder in folders(folder)? {
        let name = name_of(&class_folder)?;
        let Ok(class) = classes.binary_search(&name) else {
            return Err(DataError::image(
                folder,
                ImageFault::ClassNotInTrain { class: name },
            ));
        };
        let before = found.len();
        let pictures = entries(&class_folder)?
            .into_iter()
            .filter(|path| is_picture(path));
        found.extend(pictures.map(|path| Found { path, class, part }));
        if found.len() == before {
            return Err(DataError::image(&class_folder, ImageFault::EmptyClass));
        }
        if found.len() > limits::IMAGES {
            let fault = ImageFault::TooMany {
                what: "pictures",
                limit: limits::IMAGES as u64,
            };
            return Err(DataError::image(folder, fault));
        }
    }
    Ok(())
}

fn part_of(name: &str) -> Option<PartName> {
    match name.to_lowercase().as_str() {
        "train" => Some(PartName::Train),
        "valid" | "val" | "validation" => Some(PartName::Valid),
        "test" => Some(PartName::Test),
        _ => None,
    }
}

fn is_picture(path: &Path) -> bool {
    let extension = path
        .extension()
        .map(|extension| extension.to_string_lossy().to_lowercase());
    matches!(extension.as_deref(), Some("png" | "jpg" | "jpeg")) && path.is_file()
}

fn folders(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    Ok(entries(folder)?
        .into_iter()
        .filter(|path| path.is_dir())
        .collect())
}

/// What is in a folder, by name, without names that start with a dot.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(DataError::read(folder))? {
        let entry = entry.map_err(DataError::read(folder))?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
    }
    paths.sort_unstable();
    Ok(paths)
}

fn name_of(path: &Path) -> Result<String, DataError> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.map(String::from)
        .ok_or_else(|| DataError::image(path, ImageFault::Name))
}

#[cfg(test)]
mod tests {
    use image::{GrayImage, RgbImage};

    use super::*;

    struct Tree(tempfile::TempDir);

    impl Tree {
        fn new() -> Self {
            Self(tempfile::tempdir().expect("there is room"))
        }

        fn path(&self, name: &str) -> PathBuf {
            let path = self.0.path().join(name);
            fs::create_dir_all(path.parent().expect("it has one")).expect("there is room");
            path
        }

        fn grey(&self, name: &str, [width, height]: [u32; 2], value: u8) {
            let picture = GrayImage::from_pixel(width, height, image::Luma([value]));
            picture.save(self.path(name)).expect("there is room");
        }

        fn load(&self) -> Result<Dataset, DataError> {
            load(Some(self.0.path()), &LoadOptions::default())
        }

        #[track_caller]
        fn check_error(&self, at: &str, fault: &str) {
            let error = self.load().expect_err("the tree is at fault");
            let at = if at.is_empty() {
                self.0.path().to_path_buf()
            } else {
                self.0.path().join(at)
            };
            assert_eq!(error.to_string(), format!("`{}`: {fault}", at.display()));
            assert!(error.hint().is_some());
        }
    }

    #[test]
    fn given_parts_are_kept_and_grey_stays_one_channel() {
        let tree = Tree::new();
        tree.grey("train/b/2.png", [6, 4], 20);
        tree.grey("train/a/1.png", [6, 4], 10);
        tree.grey("val/a/3.png", [9, 9], 30);
        tree.grey("test/b/4.PNG", [6, 4], 40);
        tree.grey("test/b/._4.png", [1, 1], 0);
        fs::write(tree.path("train/a/notes.txt"), "none").expect("there is room");
        let data = tree.load().expect("the tree is sound");
        assert_eq!(data.samples().raw_shape(), vec![1, 4, 6]);
        let pixels = data.samples().columns[0].byte_values();
        let first: Vec<u8> = pixels.iter().copied().step_by(24).collect();
        assert_eq!(first, [10, 20, 30, 40]);
        let parts = [
            PartName::Train,
            PartName::Train,
            PartName::Valid,
            PartName::Test,
        ];
        assert_eq!(data.given_parts(), Some(&parts[..]));
        assert_eq!(
            data.row_names.as_ref().expect("files have names")[3],
            "test/b/4.PNG"
        );
        assert_eq!(data.targets().task.strata_names(), ["a", "b"]);
    }

    #[test]
    fn one_colour_makes_three_channels() {
        let tree = Tree::new();
        tree.grey("a/1.png", [2, 2], 10);
        let colour = RgbImage::from_pixel(2, 2, image::Rgb([1, 2, 3]));
        colour.save(tree.path("b/2.png")).expect("there is room");
        let data = tree.load().expect("the tree is sound");
        let pixels = data.samples().columns[0].byte_values();
        assert_eq!(pixels[12..], [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
        assert!(data.given_parts().is_none());
        let options = LoadOptions {
            image_size: Some([3, 5]),
            ..LoadOptions::default()
        };
        let data = load(Some(tree.0.path()), &options).expect("the tree is sound");
        assert_eq!(data.samples().raw_shape(), vec![3, 3, 5]);
    }

    #[test]
    fn faulty_trees_are_refused() {
        let tree = Tree::new();
        tree.check_error("", "holds no folders of classes");
        tree.grey("train/a/1.png", [2, 2], 1);
        tree.check_error("train", "holds only one class, `a`");
        fs::create_dir(tree.path("train/b")).expect("there is room");
        tree.check_error("train/b", "holds no PNG or JPEG picture");
        tree.grey("train/b/2.png", [2, 2], 1);
        tree.grey("test/c/3.png", [2, 2], 1);
        let fault = "holds class `c`, which the folder `train` does not have";
        tree.check_error("test", fault);
        fs::rename(tree.path("test"), tree.path("val")).expect("it is there");
        fs::create_dir(tree.path("valid")).expect("there is room");
        let fault = "has the folders `val` and `valid`, which mean the same part";
        tree.check_error("", fault);
        let tree = Tree::new();
        tree.grey("test/a/1.png", [2, 2], 1);
        tree.check_error("", "has a folder `test` but no folder `train`");
    }

    #[test]
    fn faulty_pictures_are_named() {
        let tree = Tree::new();
        tree.grey("a/1.png", [8, 8], 1);
        tree.grey("b/2.png", [8, 8], 1);
        let whole = fs::read(tree.path("b/2.png")).expect("it was written");
        fs::write(tree.path("b/2.png"), &whole[..whole.len() / 2]).expect("there is room");
        tree.check_error("b/2.png", "is not a whole PNG or JPEG picture");
        fs::write(tree.path("b/2.png"), "text").expect("there is room");
        tree.check_error("b/2.png", "is not a whole PNG or JPEG picture");
        // The header of a PNG says 20,000 x 1 pixels; its checksum is right.
        let wide = GrayImage::from_pixel(20_000, 1, image::Luma([0]));
        wide.save(tree.path("b/2.png")).expect("there is room");
        tree.check_error("b/2.png", "has 20000 x 1 pixels, more than 16384 on a side");
    }

    #[test]
    fn pictures_to_predict_are_found_at_any_depth() {
        let tree = Tree::new();
        tree.grey("x/y/2.png", [2, 2], 1);
        tree.grey("1.png", [2, 2], 1);
        let root = tree.0.path();
        let files = pictures_under(root).expect("there are two");
        let names: Vec<String> = files.iter().map(|file| relative(root, file)).collect();
        assert_eq!(names, ["1.png", "x/y/2.png"]);
        assert_eq!(pictures_under(&files[0]).expect("it is one"), files[..1]);
    }
}
