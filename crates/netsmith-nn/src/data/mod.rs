//! Data sets: loaded whole, split once, and shown to a search without its test
//! part.
//!
//! ```text
//! Source ─ load ─► Dataset ─ split ─┬► SearchData ─► train, valid: Part ─► Batches
//! KIND[:PATH]                       └► SealedTest ── open(FinalPhase) ─► Part
//! ```
//!
//! - A [`Source`] names a kind of the [`CATALOGUE`] and a path; [`load`] reads
//!   it into a [`Dataset`] or says which file and row is at fault. Nothing is
//!   half-loaded, and reading is bounded (see [`limits`]).
//! - [`Dataset::split`] consumes the data. What it gives a search has no way to
//!   the test part: a [`SealedTest`] shows nothing but its size and its rows'
//!   numbers until the final phase opens it, once.
//! - Samples and targets are [`Column`]s. A [`modality`] knows what the samples mean,
//!   a [`task`](crate::task) what the targets do; nothing else matches on either.
//! - Samples are raw: pixels 0 to 255, columns unscaled, NaN for a missing
//!   cell. A [`Contract`] is learnt on the training part only; it turns raw samples
//!   into a network's inputs and is written into the exported network, which
//!   therefore takes raw samples.
//! - [`Batches`] gives a part in batches of plain `f32`, shuffled by seed,
//!   normalised and with an [`Augmentation`] where asked.

mod augmentation;
mod batch;
mod cache;
mod cell;
mod cifar_10;
mod class_weights;
mod column;
mod columns;
mod contract;
mod csv;
mod dataset;
mod digits;
mod download;
mod equal;
mod error;
mod fashion_mnist;
mod file;
mod idx;
mod image_folder;
pub mod limits;
pub mod modality;
mod part;
mod picture;
mod samples;
mod scale;
mod sealed;
pub mod series;
mod source;
mod split;
#[cfg(test)]
pub(crate) mod testing;

pub use augmentation::Augmentation;
pub use batch::{Batch, Batches};
use cache::cache_folder;
pub use cache::open_table;
pub use cell::Notation;
pub use class_weights::balanced_class_weights;
pub use column::Column;
pub(crate) use column::hash_text;
pub use contract::Contract;
pub use dataset::{Dataset, Origin, PartName};
pub use error::{DataError, FileFault, ImageFault, SplitError, TableFault};
pub use part::Part;
pub use samples::{Samples, Targets};
pub use scale::Scale;
pub use sealed::{FinalPhase, SealedTest, SearchData};
pub use source::Source;
pub use split::SplitOptions;

use netsmith::catalogue;
use std::path::Path;

/// How data are to be read; what an option does not apply to refuses it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// The column to predict (`csv`).
    pub target: Option<String>,
    /// What to learn from the target (`csv`); none: classification where the
    /// target is text or has few whole numbers, else regression.
    pub task: Option<TaskKind>,
    /// Columns that are not read (`csv`).
    pub ignore: Vec<String>,
    /// Columns of categories although their values are numbers (`csv`).
    pub categories: Vec<String>,
    /// The column whose equal values stay in one part (`csv`).
    pub split_by: Option<String>,
    /// Height and width that images are resized to (`image-folder`); none:
    /// the median of the pictures, at most 64.
    pub image_size: Option<[usize; 2]>,
    /// How the text of a table is written (`csv`).
    pub text: TextFormat,
    /// Whether published data that are not on this machine are an error instead
    /// of being fetched.
    pub offline: bool,
}

/// How the text of a table is written; what is not said is as the table looks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextFormat {
    /// Texts of missing values, beside the empty one; none: the usual ones.
    pub missing: Vec<String>,
    /// What stands before decimals: `,` or `.`.
    pub decimal: Option<String>,
    /// What stands between cells: one character, or `tab`.
    pub delimiter: Option<String>,
    /// `utf-8`, `utf-16`, `latin-1` or `windows-1252`.
    pub encoding: Option<String>,
}

impl TextFormat {
    fn missing_texts(&self) -> Option<Vec<String>> {
        (!self.missing.is_empty()).then(|| self.missing.clone())
    }

    fn decimal_mark(&self) -> Option<char> {
        self.decimal.as_ref()?.chars().next()
    }

    fn delimiter_byte(&self) -> Option<u8> {
        match self.delimiter.as_deref()? {
            "tab" | "\\t" => Some(b'\t'),
            text => text.bytes().next(),
        }
    }

    /// Refuses what stands for nothing.
    fn check(&self) -> Result<(), DataError> {
        let marks = |text: &str| [",", "."].contains(&text);
        let one = |text: &str| {
            ["tab", "\\t"].contains(&text) || text.len() == 1 && !["\"", "\n", "\r"].contains(&text)
        };
        let names = |text: &str| ["utf-8", "utf-16", "latin-1", "windows-1252"].contains(&text);
        type Rule<'a> = &'a dyn Fn(&str) -> bool;
        let rules: [(&'static str, &Option<String>, Rule<'_>, &'static str); 3] = [
            ("decimal", &self.decimal, &marks, "`,` or `.`"),
            (
                "delimiter",
                &self.delimiter,
                &one,
                "one character, such as `;` or `|`, or `tab`",
            ),
            (
                "encoding",
                &self.encoding,
                &names,
                "`utf-8`, `utf-16`, `latin-1` or `windows-1252`",
            ),
        ];
        for (option, given, holds, rule) in rules {
            if let Some(given) = given.as_ref().filter(|given| !holds(given)) {
                let given = given.clone();
                return Err(DataError::OptionValue {
                    option,
                    given,
                    rule,
                });
            }
        }
        Ok(())
    }
}

/// What to learn from a target column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskKind {
    /// Its values are classes.
    Classification,
    /// Its values are numbers to predict.
    Regression,
}

impl std::str::FromStr for TaskKind {
    type Err = catalogue::UnknownName;

    fn from_str(text: &str) -> Result<Self, catalogue::UnknownName> {
        match text {
            "classification" => Ok(Self::Classification),
            "regression" => Ok(Self::Regression),
            _ => Err(catalogue::UnknownName {
                kind: "task",
                name: text.to_owned(),
                known: ["classification", "regression"].map(str::to_owned).into(),
            }),
        }
    }
}

/// A kind of data in the catalogue.
pub type Entry = catalogue::Entry<DataKind>;

/// What lists, helps and loaders need to know of a kind of data.
#[derive(Clone, Copy, Debug)]
pub struct DataKind {
    /// Whether a path is given, and what it leads to.
    pub path: PathForm,
    /// The names of the [`LoadOptions`] that apply to it.
    pub options: &'static [&'static str],
    /// Licence and source in one line; empty for data of the user's own.
    pub licence: &'static str,
    load: fn(Option<&Path>, &LoadOptions) -> Result<Dataset, DataError>,
}

/// Whether a kind of data takes a path: `KIND:PATH`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathForm {
    /// It is bundled.
    None,
    /// A path may be given; there are usual places.
    Optional(&'static str),
    /// A path must be given.
    Required(&'static str),
}

/// All kinds of data, in the order in which they are listed.
pub const CATALOGUE: &[Entry] = &[
    digits::ENTRY,
    fashion_mnist::ENTRY,
    cifar_10::ENTRY,
    image_folder::ENTRY,
    csv::ENTRY,
    series::source::ENTRY,
];

/// Loads the data that a source names.
///
/// # Errors
/// [`DataError`], which names the file, the row and the remedy.
pub fn load(source: &Source, options: &LoadOptions) -> Result<Dataset, DataError> {
    let entry = source.entry();
    options.check(entry)?;
    (entry.build.load)(source.path.as_deref(), options)
}

impl LoadOptions {
    fn check(&self, entry: &Entry) -> Result<(), DataError> {
        let given = [
            ("target", self.target.is_some()),
            ("task", self.task.is_some()),
            ("ignore", !self.ignore.is_empty()),
            ("categories", !self.categories.is_empty()),
            ("split-by", self.split_by.is_some()),
            ("image-size", self.image_size.is_some()),
            ("missing", !self.text.missing.is_empty()),
            ("decimal", self.text.decimal.is_some()),
            ("delimiter", self.text.delimiter.is_some()),
            ("encoding", self.text.encoding.is_some()),
        ];
        self.text.check()?;
        let most = limits::IMAGE_SIDE as usize;
        if let Some([height, width]) = self.image_size
            && !((1..=most).contains(&height) && (1..=most).contains(&width))
        {
            return Err(DataError::OptionValue {
                option: "image-size",
                given: format!("{height}x{width}"),
                rule: "1 to 16384 pixels on each side",
            });
        }
        match given
            .iter()
            .find(|(name, given)| *given && !entry.build.options.contains(name))
        {
            Some((option, _)) => Err(DataError::OptionNotTaken {
                option,
                kind: entry.name,
            }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_that_does_not_apply_is_refused() {
        let digits: Source = "digits".parse().expect("it is bundled");
        let options = LoadOptions {
            target: Some("y".into()),
            ..LoadOptions::default()
        };
        let error = load(&digits, &options).expect_err("digits have no columns");
        assert_eq!(
            error.to_string(),
            "option `target`: does not apply to data `digits`"
        );
    }

    #[test]
    fn values_of_options_are_checked() {
        let check = |options: LoadOptions, fault: &str| {
            let source: Source = "image-folder:none".parse().expect("it is a kind");
            let error = load(&source, &options).expect_err("the option is at fault");
            assert_eq!(error.to_string(), fault);
        };
        for side in [0, 3_000_000_000] {
            let options = LoadOptions {
                image_size: Some([side, side]),
                ..LoadOptions::default()
            };
            let rule = "it is 1 to 16384 pixels on each side";
            check(
                options,
                &format!("option `image-size` is `{side}x{side}`: {rule}"),
            );
        }
        let mut options = LoadOptions::default();
        options.text.decimal = Some(";".into());
        check(options, "option `decimal` is `;`: it is `,` or `.`");
    }

    #[test]
    fn names_in_the_catalogue_differ() {
        let mut names: Vec<&str> = CATALOGUE.iter().map(|entry| entry.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), CATALOGUE.len());
    }
}
