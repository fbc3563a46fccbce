//! Tables: results that somebody trained before, to be looked up.
//!
//! A table has the validation accuracy and the training time of every
//! architecture of a space, which a search may see, and test accuracies, which
//! it may not: [`Table::test_accuracy`] wants a [`Scoring`], and only the end of
//! a comparison ([`bench`](crate::bench)) or of a search ([`Table::answer`]) makes one.

mod answer;
mod compact;
mod curves;
mod keys;
mod latency;
mod nas_bench_101;
mod nas_bench_201;
mod published;
mod read;
mod texts;
mod training_free;

pub use answer::{Answer, TestAccuracy};
pub use curves::read_curves;
pub use published::{Measured, Published};
pub use read::TableError;
pub use training_free::{DataScores, ScoreColumns};

use self::curves::Curves;
use self::keys::Keys;
use self::texts::Texts;
use self::training_free::TableScorer;
use super::{Evaluation, Evaluator, Job, Repeatability, Watch};
use crate::space::{Architecture, Space, SpaceError};
use crate::strategy::Scorer;
use crate::trial::{Costs, Metric, Metrics, Outcome};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// A table in the catalogue.
#[derive(Clone, Copy, Debug)]
pub struct TableEntry {
    /// Its name on the command line.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Where it was published.
    pub paper: &'static str,
    /// Its file inside the data folder.
    pub file: &'static str,
    /// The file of latencies by device that may stand beside it.
    pub latencies: Option<&'static str>,
    /// Training-free scores that may stand beside it.
    pub scores: Option<ScoreColumns>,
    /// Its data sets.
    pub data: &'static [&'static str],
    /// Builds its space, as its networks were trained on one of these.
    pub space: fn(data: usize) -> Result<Space, SpaceError>,
    /// Simulated seconds that a search on each data set usually has, where that
    /// one is searched itself; look-ups, of which each costs 1, in a table that
    /// knows no times.
    pub budgets: &'static [f64],
    /// Whether it knows how long its networks trained.
    pub is_timed: bool,
    /// What was published for searches on the table.
    pub published: &'static [Published],
    /// What to know of its columns.
    pub note: Option<&'static str>,
    /// Reads it from its file; the space gives rows their architectures.
    pub read: fn(&Path, Space) -> Result<Table, TableError>,
}

impl TableEntry {
    /// Reads the table from its place in a data folder.
    ///
    /// # Errors
    /// Those of [`TableError`]: the file is missing, damaged or not this table.
    pub fn open(&self, data_folder: &Path) -> Result<Table, TableError> {
        let space = (self.space)(0)?;
        let mut table = (self.read)(&data_folder.join(self.file), space)?;
        if let Some(columns) = &self.scores {
            let path = data_folder.join(columns.file);
            if path.exists() {
                table.scorers = training_free::read(&path, columns, &table.rows)?;
            }
        }
        Ok(self.beside(data_folder, table))
    }

    /// The same in milliseconds: from a compact file in the cache folder, where
    /// one was made from the files that now stand in the data folder. Where there
    /// is none, or it is damaged, of other files or of another edition of
    /// Netsmith, the table is read as by [`TableEntry::open`] and the compact file
    /// made anew; a cache folder that cannot be written costs the time alone.
    ///
    /// # Errors
    /// Those of [`TableEntry::open`]; none that the cache is the cause of.
    pub fn open_cached(
        &self,
        data_folder: &Path,
        cache_folder: &Path,
    ) -> Result<Table, TableError> {
        let Ok(stamp) = compact::Stamp::of(self, data_folder) else {
            return self.open(data_folder);
        };
        let path = cache_folder.join(format!("{}.table", self.name));
        if let Ok(table) = compact::read(&path, self, &stamp) {
            return Ok(self.beside(data_folder, table));
        }
        let table = self.open(data_folder)?;
        compact::write(&path, &table, &stamp).ok();
        Ok(table)
    }

    /// The table with what stands beside it.
    fn beside(&self, data_folder: &Path, table: Table) -> Table {
        Table {
            published: self.published,
            latencies: self.latencies.map(|file| data_folder.join(file)),
            ..table
        }
    }

    /// The position of the data set of this name.
    ///
    /// # Errors
    /// There is none; the error lists those that there are.
    pub fn data_set(&self, name: &str) -> Result<usize, TableError> {
        let found = self.data.iter().position(|data| *data == name);
        found.ok_or_else(|| TableError::UnknownData {
            table: self.name,
            name: name.to_owned(),
            known: self.data.to_vec(),
        })
    }
}

/// All tables.
pub const CATALOGUE: &[TableEntry] = &[nas_bench_201::ENTRY, nas_bench_101::ENTRY];

/// Results of all architectures of a space on some data sets.
#[derive(Debug)]
pub struct Table {
    name: &'static str,
    space: Space,
    texts: Texts,
    rows: Arc<HashMap<Architecture, u32>>,
    /// Of those that have no row of their own.
    keys: Keys,
    /// By data set, where there are training-free scores.
    scorers: Vec<Arc<TableScorer>>,
    /// The file of latencies.
    latencies: Option<PathBuf>,
    columns: Vec<Columns>,
    /// Where each epoch is known.
    curves: Option<Curves>,
    /// What to know of its columns.
    note: Option<&'static str>,
    published: &'static [Published],
    /// For each row the first with the same key; made when it is first needed.
    firsts: OnceLock<Vec<u32>>,
}

/// Where an architecture stands in a [`Table`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row(u32);

impl Row {
    /// Its position, from zero, in the order of the file.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a table knows on one data set, by row.
#[derive(Debug)]
struct Columns {
    data: &'static str,
    /// Fractions.
    validation: Vec<f64>,
    /// Seconds of training that gave the validation accuracy.
    seconds: Vec<f64>,
    /// Fractions; sealed.
    test: Vec<f64>,
}

impl Columns {
    fn empty(data: &'static str) -> Self {
        Self {
            data,
            validation: Vec::new(),
            seconds: Vec::new(),
            test: Vec::new(),
        }
    }
}

/// The proof that a search on a table is over, which opens its test columns.
///
/// ```compile_fail
/// let scoring = netsmith::evaluate::table::Scoring(()); // nobody outside makes one
/// ```
#[derive(Debug)]
pub struct Scoring(());

impl Scoring {
    /// Declares that the answer of a search was chosen.
    pub(crate) fn of_a_chosen_answer() -> Self {
        Self(())
    }
}

impl Table {
    /// A table of these texts and columns, in which nothing is found yet.
    fn new(name: &'static str, space: Space, texts: Texts, columns: Vec<Columns>) -> Self {
        Self {
            name,
            space,
            texts,
            rows: Arc::default(),
            keys: Keys::default(),
            columns,
            curves: None,
            note: None,
            latencies: None,
            scorers: Vec::new(),
            published: &[],
            firsts: OnceLock::new(),
        }
    }

    /// Its name in the catalogue.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The space that it covers.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// Its data sets; others refer to them by position.
    pub fn data_sets(&self) -> impl ExactSizeIterator<Item = &'static str> {
        self.columns.iter().map(|columns| columns.data)
    }

    /// The position of the data set of this name.
    ///
    /// # Errors
    /// There is none; the error lists those that there are.
    pub fn data_set(&self, name: &str) -> Result<usize, TableError> {
        let found = self.data_sets().position(|data| data == name);
        found.ok_or_else(|| TableError::UnknownData {
            table: self.name,
            name: name.to_owned(),
            known: self.data_sets().collect(),
        })
    }

    /// How many architectures it has.
    pub fn len(&self) -> usize {
        self.texts.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.texts.len() == 0
    }

    /// All rows, in the order of the file.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row> {
        (0..self.texts.len() as u32).map(Row)
    }

    /// The row of an architecture of [`Table::space`].
    pub fn row(&self, architecture: &Architecture) -> Option<Row> {
        let row = self.rows.get(architecture).copied();
        let row = row.or_else(|| match self.keys.is_empty() {
            true => None,
            false => self.keys.get(&self.space.key(architecture).ok()?),
        });
        row.map(Row)
    }

    /// The first row whose network equals this one's; a row without a key stands
    /// alone.
    pub fn first_of_key(&self, row: Row) -> Row {
        let firsts = self.firsts.get_or_init(|| {
            let mut known = BTreeMap::new();
            // Rows that are found by their keys alone are different networks.
            if self.rows.is_empty() {
                return (0..self.texts.len() as u32).collect();
            }
            let first = |(index, text): (u32, &str)| {
                let own = self.space.parse(text).ok();
                let key = own.and_then(|own| self.space.key(&own).ok());
                key.map_or(index, |key| *known.entry(key).or_insert(index))
            };
            (0..).zip(self.texts.iter()).map(first).collect()
        });
        Row(firsts[row.index()])
    }

    /// What was published for searches of this data set with this budget, in
    /// simulated seconds.
    pub fn published(&self, data: usize, budget: f64) -> &'static [Published] {
        let same = |own: &Published| own.data == data && (own.budget - budget).abs() < 0.5;
        match self.published.iter().all(same) {
            true => self.published,
            false => &[],
        }
    }

    /// The milliseconds of each row on a device, read now.
    ///
    /// # Errors
    /// There are none of such a device, or their file is damaged.
    pub fn latencies(&self, device: &str) -> Result<Vec<f64>, TableError> {
        let path = self.latencies.as_ref();
        let path = path.ok_or_else(|| TableError::UnknownDevice {
            table: self.name,
            name: device.to_owned(),
            known: Vec::new(),
        })?;
        latency::read(self.name, path, device, self.len())
    }

    /// The training-free scores of its architectures on a data set, where they
    /// stand beside it.
    pub fn scorer(&self, data: usize) -> Option<Arc<dyn Scorer>> {
        let own = self.scorers.get(data).cloned();
        own.map(|own| own as Arc<dyn Scorer>)
    }

    /// A text of a row; the canonical one where each architecture has its own row.
    pub fn text(&self, row: Row) -> &str {
        self.texts.get(row.index())
    }

    /// The validation accuracy that a search sees, as a fraction.
    pub fn validation_accuracy(&self, data: usize, row: Row) -> f64 {
        self.columns[data].validation[row.index()]
    }

    /// Epochs whose accuracies it knows: 1 where it knows only how each training
    /// ended.
    pub fn epochs(&self) -> u32 {
        self.curves
            .as_ref()
            .map_or(1, |curves| curves.epochs as u32)
    }

    /// The validation accuracy after so many epochs, from 1, as a fraction.
    pub fn accuracy_after(&self, data: usize, row: Row, epochs: u32) -> f64 {
        match &self.curves {
            None => self.validation_accuracy(data, row),
            Some(curves) => {
                let at = epochs.clamp(1, curves.epochs as u32) - 1;
                curves.of(row.index())[at as usize]
            }
        }
    }

    /// Whether it is to have every architecture of its space; one of our own may
    /// have a part.
    pub fn is_whole(&self) -> bool {
        self.curves.is_none()
    }

    /// What a reader of a comparison on it must know of its columns.
    pub fn note(&self) -> Option<&'static str> {
        self.note
    }

    /// The simulated seconds that one look at the validation accuracy costs.
    pub fn seconds(&self, data: usize, row: Row) -> f64 {
        self.columns[data].seconds[row.index()]
    }

    /// The test accuracy of the network trained in full, as a fraction.
    pub fn test_accuracy(&self, _proof: &Scoring, data: usize, row: Row) -> f64 {
        self.columns[data].test[row.index()]
    }
}

/// Looks results up instead of training.
///
/// The trial's seconds are the simulated ones of the table. An architecture that
/// the table lacks is a crashed trial.
#[derive(Clone, Debug)]
pub struct TableEvaluator {
    table: Arc<Table>,
    data: usize,
    metric: Metric,
}

impl TableEvaluator {
    /// Looks up the results on one of the table's data sets.
    ///
    /// # Errors
    /// The table has no such data set.
    pub fn new(table: Arc<Table>, data: &str) -> Result<Self, TableError> {
        Ok(Self {
            data: table.data_set(data)?,
            table,
            metric: Metric::validation_accuracy(),
        })
    }
}

impl Evaluator for TableEvaluator {
    fn evaluate(&self, job: &Job<'_>, _watch: &mut dyn Watch) -> Evaluation {
        let row = match job.architecture {
            Some(architecture) => self.table.row(architecture),
            None => {
                let parsed = self.table.space.parse(&job.proposal.architecture);
                parsed.ok().and_then(|own| self.table.row(&own))
            }
        };
        let Some(row) = row else {
            let message = format!("table `{}` lacks this architecture", self.table.name);
            return Evaluation::ended(Outcome::Crashed { message }, Metrics::new());
        };
        let mut metrics = Metrics::new();
        let accuracy = self.table.validation_accuracy(self.data, row);
        metrics.set(self.metric.clone(), accuracy);
        Evaluation::Ended {
            outcome: Outcome::Finished,
            metrics,
            costs: Costs::default(),
            simulated_seconds: Some(self.table.seconds(self.data, row)),
        }
    }

    fn repeatability(&self) -> Repeatability {
        Repeatability::Exact
    }

    fn goes_by_text(&self) -> bool {
        true
    }
}
