//! `image-folder`: pictures in a folder for each class.
//!
//! ```text
//! train/CLASS/*.png|jpg|…   valid/CLASS/*   test/CLASS/*     parts are given
//! CLASS/*.png|jpg|…                                          the data are split
//! ```
//!
//! `training`, `val`, `validation` and `testing` mean parts too. A folder that holds
//! pictures itself is a class whatever it is called, and so are its neighbours. Pictures
//! in deeper folders belong to their class. Names that start with a dot are passed
//! over, and so are files of other kinds, which are counted.

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
    "PNG, JPEG, GIF, WebP, BMP: train|valid|test/CLASS/*, or one tree that is split.",
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
    let Search {
        classes,
        found,
        mut notes,
        ..
    } = Search::of(root)?;
    let files: Vec<PathBuf> = found.iter().map(|picture| picture.path.clone()).collect();
    let size = match options.image_size {
        Some(size) => size,
        None => picture::median_size(&files)?,
    };
    let colour = picture::Colour::GreyIfAllAre;
    let (samples, changes) = picture::read_all(root, &files, size, colour)?;
    notes.extend(changes.notes());
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
        .with_augmentation(augmentation)
        .with_notes(notes);
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
    if path.is_file() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut files = Vec::new();
    walk(path, 0, &mut files)?;
    files.retain(|file| is_picture(file));
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

/// What a tree of folders holds.
#[derive(Default)]
struct Search {
    /// Classes by name.
    classes: Vec<String>,
    /// Pictures by part, class and name.
    found: Vec<Found>,
    notes: Vec<String>,
    /// Pictures that lie deeper than the folder of their class.
    deeper: usize,
    /// Files that are no pictures.
    others: Vec<PathBuf>,
}

impl Search {
    fn of(root: &Path) -> Result<Self, DataError> {
        let mut search = Self::default();
        let (mut parts, mut beside) = (Vec::new(), Vec::new());
        for folder in folders(root)? {
            let direct = has_pictures(&folder)?;
            match part_of(&name_of(&folder)?).filter(|_| !direct) {
                Some(part) => parts.push((part, folder)),
                None => beside.push((folder, direct)),
            }
        }
        parts.sort_unstable();
        let train = parts
            .first()
            .is_some_and(|(part, _)| *part == PartName::Train);
        let has_class = beside.iter().any(|(_, direct)| *direct);
        let are_classes = has_class && parts.len() < 2 || !train && !beside.is_empty();
        if parts.is_empty() || are_classes {
            search.classes = classes_of(root)?;
            search.collect(root, None)?;
        } else {
            search.collect_parts(root, &parts)?;
            let names = beside.iter().map(|(folder, _)| relative(root, folder));
            let passed = |name| {
                format!("the folder `{name}` was passed over: it is none of train, valid and test")
            };
            search.notes.extend(names.map(passed));
        }
        search.note(root);
        Ok(search)
    }

    fn collect_parts(
        &mut self,
        root: &Path,
        parts: &[(PartName, PathBuf)],
    ) -> Result<(), DataError> {
        if let Some(pair) = parts.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let fault = ImageFault::PartTwice {
                one: name_of(&pair[0].1)?,
                other: name_of(&pair[1].1)?,
            };
            return Err(DataError::image(root, fault));
        }
        let (first, folder) = &parts[0];
        if *first != PartName::Train {
            let fault = ImageFault::NoTrain {
                given: name_of(folder)?,
            };
            return Err(DataError::image(root, fault));
        }
        self.classes = classes_of(folder)?;
        for (part, folder) in parts {
            self.collect(folder, Some(*part))?;
        }
        Ok(())
    }

    /// Takes in the classes in a folder.
    fn collect(&mut self, folder: &Path, part: Option<PartName>) -> Result<(), DataError> {
        for class_folder in folders(folder)? {
            let name = name_of(&class_folder)?;
            let Ok(class) = self.classes.binary_search(&name) else {
                return Err(DataError::image(
                    folder,
                    ImageFault::ClassNotInTrain { class: name },
                ));
            };
            let before = self.found.len();
            let mut files = Vec::new();
            walk(&class_folder, 0, &mut files)?;
            for path in files {
                if !is_picture(&path) {
                    self.others.push(path);
                    continue;
                }
                self.deeper += usize::from(path.parent() != Some(&class_folder));
                self.found.push(Found { path, class, part });
            }
            if self.found.len() == before {
                return Err(DataError::image(&class_folder, ImageFault::EmptyClass));
            }
            if self.found.len() > limits::IMAGES {
                let fault = ImageFault::TooMany {
                    what: "pictures",
                    limit: limits::IMAGES as u64,
                };
                return Err(DataError::image(folder, fault));
            }
        }
        Ok(())
    }

    /// Says what a reader would not expect.
    fn note(&mut self, root: &Path) {
        if self.deeper > 0 {
            let (deeper, all) = (self.deeper, self.found.len());
            self.notes.push(format!(
                "{deeper} of {all} pictures lie in deeper folders and belong to the class above them"
            ));
        }
        if let Some(first) = self.others.first() {
            let (count, first) = (self.others.len(), relative(root, first));
            self.notes.push(format!(
                "{count} files are no pictures by their names and were passed over, such as `{first}`"
            ));
        }
    }
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

/// All files under a folder, eight folders deep at most, by name.
fn walk(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), DataError> {
    for entry in entries(folder)? {
        if entry.is_dir() {
            if depth < 8 {
                walk(&entry, depth + 1, files)?;
            }
        } else {
            files.push(entry);
        }
    }
    Ok(())
}

fn has_pictures(folder: &Path) -> Result<bool, DataError> {
    Ok(entries(folder)?.iter().any(|path| is_picture(path)))
}

fn part_of(name: &str) -> Option<PartName> {
    match name.to_lowercase().as_str() {
        "train" | "training" => Some(PartName::Train),
        "valid" | "val" | "validation" => Some(PartName::Valid),
        "test" | "testing" => Some(PartName::Test),
        _ => None,
    }
}

fn is_picture(path: &Path) -> bool {
    let extension = path
        .extension()
        .map(|extension| extension.to_string_lossy().to_lowercase());
    let known = ["png", "jpg", "jpeg", "gif", "webp", "bmp"];
    extension.is_some_and(|extension| known.contains(&extension.as_str())) && path.is_file()
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
        tree.check_error("train/b", "holds no picture");
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
        tree.check_error("b/2.png", "is not a whole picture that can be read");
        fs::write(tree.path("b/2.png"), "text").expect("there is room");
        tree.check_error("b/2.png", "is not a whole picture that can be read");
        // The header of a PNG says 20,000 x 1 pixels; its checksum is right.
        let wide = GrayImage::from_pixel(20_000, 1, image::Luma([0]));
        wide.save(tree.path("b/2.png")).expect("there is room");
        tree.check_error("b/2.png", "has 20000 x 1 pixels, more than 16384 on a side");
    }

    #[test]
    fn folders_that_hold_pictures_are_classes() {
        let classes = |names: &[&str]| {
            let tree = Tree::new();
            names
                .iter()
                .zip(1..)
                .for_each(|(name, value)| tree.grey(name, [2, 2], value));
            let data = tree.load().expect("the tree is sound");
            (
                data.targets().task.strata_names().join(" "),
                data.len(),
                data.notes().join(" "),
            )
        };
        let (names, count, _) = classes(&["valid/1.png", "invalid/2.png"]);
        assert_eq!((names.as_str(), count), ("invalid valid", 2));
        let nested = [
            "bus/1.png",
            "car/2.png",
            "train/day1/3.png",
            "train/day2/4.png",
        ];
        let (names, count, notes) = classes(&nested);
        assert_eq!((names.as_str(), count), ("bus car train", 4));
        assert_eq!(
            notes,
            "2 of 4 pictures lie in deeper folders and belong to the class above them"
        );
        let parts = [
            "train/a/1.png",
            "train/b/2.webp",
            "testing/b/3.bmp",
            "more/4.png",
        ];
        let (names, count, _) = classes(&parts[..3]);
        assert_eq!((names.as_str(), count), ("a b", 3));
        let (names, count, notes) = classes(&parts);
        assert_eq!((names.as_str(), count), ("a b", 3));
        assert!(
            notes.starts_with("the folder `more` was passed over"),
            "{notes}"
        );
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
