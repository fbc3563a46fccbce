//! Dividing a data set into training, validation and test parts.
//!
//! ```text
//! test   = the given test part, else a share of all rows
//! valid  = the given validation part, else a share of the rest
//! train  = what is left
//! ```
//!
//! Equal samples stay in one part unless they are asked to be split, or so few are
//! different that nothing could be drawn; what still stands in two parts is counted.
//!
//! Shares are drawn by class, so that every part has the classes in the
//! proportions of the whole; with groups they are drawn group by group, so that
//! no group is divided; where the task has nothing to keep in proportion, as in a
//! regression, they are drawn at random.

use std::collections::BTreeMap;
use std::sync::Arc;

use netsmith::random::Seed;
use rand::seq::SliceRandom;
use sha2::{Digest, Sha256};

use super::dataset::Dataset;
use super::equal::{Equal, FEWEST};
use super::{PartName, SealedTest, SearchData, SplitError};

/// The largest validation part that is cut from a published training part.
///
/// The accuracy on 10,000 samples has a standard error of at most half a
/// percentage point; more samples serve better in training.
const MOST_VALID: usize = 10_000;

/// From this share on the largest class is named: who always says it is right as often.
const MOST_OF_ONE: f64 = 0.8;

/// How a data set is divided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SplitOptions {
    /// The seed of the split, apart from that of the search.
    pub seed: u64,
    /// The share of all rows that becomes the test part where none is given.
    pub test: f64,
    /// The share of rows that becomes the validation part where none is given:
    /// of all rows where no test part is given either, else of the rows that
    /// are not test rows. None stands for 0.2 and for 1/6, at most 10,000 rows.
    pub valid: Option<f64>,
    /// Whether each sample is drawn by itself, also where it stands several times.
    pub split_equal: bool,
}

impl Default for SplitOptions {
    /// 60, 20 and 20 percent, with seed 0.
    fn default() -> Self {
        Self {
            seed: 0,
            test: 0.2,
            valid: None,
            split_equal: false,
        }
    }
}

impl Dataset {
    /// Divides the data into what a search may see and a sealed test part.
    ///
    /// The same data and options give the same parts.
    ///
    /// # Errors
    /// When a share is not within 0 to 1, a part would be empty, or a class
    /// would have no training sample.
    ///
    /// # Example
    /// ```
    /// use netsmith_nn::data::{self, FinalPhase, LoadOptions, SplitOptions};
    ///
    /// let digits = data::load(&"digits".parse()?, &LoadOptions::default())?;
    /// let (search, test) = digits.split(&SplitOptions::default())?;
    /// assert_eq!((search.train().len(), search.valid().len(), test.len()), (1079, 359, 359));
    /// // ... the search runs ...
    /// let phase = FinalPhase::begin_now_that_the_search_is_over();
    /// assert_eq!(test.open(&phase).task().strata_names().len(), 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn split(self, options: &SplitOptions) -> Result<(SearchData, SealedTest), SplitError> {
        let equal = Equal::of(&self);
        let parts = Parts::draw(&self, &equal, options)?;
        let mut notes = parts.notes(&self);
        notes.extend(parts.notes_on_equal(&self, &equal));
        let mut hash = Sha256::new();
        hash.update(self.fingerprint());
        for rows in [&parts.train, &parts.valid, &parts.test] {
            hash.update((rows.len() as u64).to_le_bytes());
            rows.iter().for_each(|row| hash.update(row.to_le_bytes()));
        }
        let fingerprint: String = hash.finalize().iter().map(|b| format!("{b:02x}")).collect();
        let data = Arc::new(self.with_notes(notes));
        let search = SearchData {
            data: Arc::clone(&data),
            train: parts.train.into(),
            valid: parts.valid.into(),
            fingerprint: fingerprint.into(),
        };
        Ok((
            search,
            SealedTest {
                data,
                rows: parts.test.into(),
            },
        ))
    }
}

struct Parts {
    train: Vec<u32>,
    valid: Vec<u32>,
    test: Vec<u32>,
}

impl Parts {
    fn draw(data: &Dataset, equal: &Equal, options: &SplitOptions) -> Result<Self, SplitError> {
        let together = !options.split_equal && !equal.are_none() && equal.different() >= FEWEST;
        if together && let Ok(parts) = Self::draw_from(data, Some(equal), options) {
            return Ok(parts);
        }
        Self::draw_from(data, None, options)
    }

    /// Draws the parts that are not given, with equal samples together where they are
    /// named.
    fn draw_from(
        data: &Dataset,
        equal: Option<&Equal>,
        options: &SplitOptions,
    ) -> Result<Self, SplitError> {
        for share in [Some(options.test), options.valid].into_iter().flatten() {
            if !(share > 0.0 && share < 1.0) {
                return Err(SplitError::Share { share });
            }
        }
        let seed = Seed::new(options.seed).child("split");
        let given = |part: PartName| -> Vec<u32> {
            let parts = data.given.iter().flatten().zip(0..);
            parts
                .filter(|(p, _)| **p == part)
                .map(|(_, row)| row)
                .collect()
        };
        let all = || (0..data.len() as u32).collect();
        let mut train = if data.given.is_some() {
            given(PartName::Train)
        } else {
            all()
        };
        let mut valid = given(PartName::Valid);
        let mut test = given(PartName::Test);

        let test_given = !test.is_empty();
        let rows = train.len();
        if !test_given {
            let count = (options.test * rows as f64).round() as usize;
            (test, train) = draw(
                data,
                equal,
                &train,
                count,
                PartName::Test,
                &seed.child("test"),
            )?;
        }
        if valid.is_empty() {
            let count = match options.valid {
                Some(share) => (share * rows as f64).round() as usize,
                None if test_given => (rows / 6).min(MOST_VALID),
                None => (0.2 * rows as f64).round() as usize,
            };
            (valid, train) = draw(
                data,
                equal,
                &train,
                count,
                PartName::Valid,
                &seed.child("valid"),
            )?;
        }
        let parts = Self { train, valid, test };
        parts.check(data)?;
        Ok(parts)
    }

    /// What a reader of the results should know: classes that are not tested.
    fn notes(&self, data: &Dataset) -> Vec<String> {
        let Some(Strata { labels, names }) = Strata::of(data) else {
            return Vec::new();
        };
        let parts = [(&self.valid, "validation"), (&self.test, "test")];
        let of_part = parts.into_iter().filter_map(|(rows, part)| {
            let mut seen = vec![false; names.len()];
            for row in rows {
                seen[labels[*row as usize] as usize] = true;
            }
            let absent = names.iter().zip(seen).filter(|(_, seen)| !seen);
            let absent: Vec<&str> = absent.map(|(name, _)| name.as_str()).collect();
            let first = absent.first()?;
            Some(match absent.len() {
                1 => format!("class `{first}` has no sample in the {part} part"),
                count => format!(
                    "{count} classes have no sample in the {part} part, the first is `{first}`"
                ),
            })
        });
        let mut notes: Vec<String> = of_part.collect();
        let mut counts = vec![0_usize; names.len()];
        labels.iter().for_each(|label| counts[*label as usize] += 1);
        let largest = counts.iter().zip(names).max_by_key(|(count, _)| **count);
        if let Some((count, name)) = largest
            && *count as f64 >= MOST_OF_ONE * labels.len() as f64
        {
            let share = 100.0 * *count as f64 / labels.len() as f64;
            notes.push(format!(
                "{share:.1} % of the samples are of class `{name}`: an accuracy is to be held against \
                 that; `--metric balanced-accuracy` counts all classes alike"
            ));
        }
        notes
    }

    /// What a reader should know of samples that stand several times.
    fn notes_on_equal(&self, data: &Dataset, equal: &Equal) -> Vec<String> {
        if equal.are_none() {
            return Vec::new();
        }
        let (rows, different) = (data.len(), equal.different());
        let mut notes = Vec::new();
        let of_test = equal.shared(&self.test, &[&self.train, &self.valid]);
        let of_valid = equal.shared(&self.valid, &[&self.train]);
        if of_test + of_valid == 0 {
            notes.push(format!(
                "{different} of {rows} samples are different: equal ones are kept in one part"
            ));
        } else {
            notes.push(format!(
                "{different} of {rows} samples are different: {of_test} of {} test samples and {of_valid} \
                 of {} validation samples stand in an earlier part too, so results on them are \
                 partly memory",
                self.test.len(),
                self.valid.len()
            ));
        }
        let conflicts = equal.conflicts(data);
        if conflicts > 0 {
            notes.push(format!(
                "{conflicts} samples have another target than an equal one: no network can be right on both"
            ));
        }
        notes
    }

    fn check(&self, data: &Dataset) -> Result<(), SplitError> {
        let parts = [
            (PartName::Train, &self.train),
            (PartName::Valid, &self.valid),
            (PartName::Test, &self.test),
        ];
        if let Some((part, _)) = parts.iter().find(|(_, rows)| rows.is_empty()) {
            return Err(SplitError::Empty {
                part: *part,
                rows: data.len(),
            });
        }
        if let Some(Strata { labels, names }) = Strata::of(data) {
            let mut seen = vec![false; names.len()];
            self.train
                .iter()
                .for_each(|row| seen[labels[*row as usize] as usize] = true);
            if let Some(class) = seen.iter().position(|seen| !seen) {
                return Err(SplitError::ClassNotInTrain {
                    class: names[class].clone(),
                });
            }
        }
        if let Some(groups) = &data.groups {
            let mut owner = BTreeMap::new();
            for (part, rows) in parts {
                for row in rows {
                    let group = groups[*row as usize];
                    if *owner.entry(group).or_insert(part) != part {
                        return Err(SplitError::GroupGivenTwice { row: *row });
                    }
                }
            }
        }
        Ok(())
    }
}

/// Draws about `count` of the rows: those drawn, and the rest.
fn draw(
    data: &Dataset,
    equal: Option<&Equal>,
    rows: &[u32],
    count: usize,
    part: PartName,
    seed: &Seed,
) -> Result<(Vec<u32>, Vec<u32>), SplitError> {
    if let Some(groups) = &data.groups {
        let joined = equal.map(|equal| equal.joined(groups));
        let groups = joined.as_ref().unwrap_or(groups);
        return by_group(rows, groups, count, seed).ok_or(SplitError::TooFewGroups { part });
    }
    let labels = data.targets.task.strata(&data.targets.columns);
    if let Some(equal) = equal {
        return Ok(together(rows, labels.as_deref(), equal, count, seed));
    }
    Ok(stratified(rows, labels.as_deref(), count, seed))
}

/// What each sample counts to, where its task keeps proportions.
struct Strata<'a> {
    labels: Vec<u32>,
    names: &'a [String],
}

impl<'a> Strata<'a> {
    fn of(data: &'a Dataset) -> Option<Self> {
        let task = &data.targets.task;
        let labels = task.strata(&data.targets.columns)?;
        Some(Self {
            labels,
            names: task.strata_names(),
        })
    }
}

/// Draws `count` of the rows in the proportions of their classes, fewer only
/// where the last row of a class would go: those drawn, and the rest, both
/// ascending.
///
/// Each class gives the whole part of its due; what is then missing comes from
/// the classes with the largest remainders, the lower class first among equals.
pub(super) fn stratified(
    rows: &[u32],
    labels: Option<&[u32]>,
    count: usize,
    seed: &Seed,
) -> (Vec<u32>, Vec<u32>) {
    let mut classes: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for row in rows {
        let class = labels.map_or(0, |labels| labels[*row as usize]);
        classes.entry(class).or_default().push(*row);
    }
    let mut take: Vec<usize> = Vec::new();
    let mut remainders: Vec<(usize, usize)> = Vec::new();
    for (index, members) in classes.values().enumerate() {
        let due = count * members.len();
        take.push((due / rows.len()).min(members.len() - 1));
        remainders.push((due % rows.len(), index));
    }
    remainders.sort_by_key(|(remainder, index)| (usize::MAX - remainder, *index));
    let sizes: Vec<usize> = classes.values().map(Vec::len).collect();
    let mut missing = count.saturating_sub(take.iter().sum());
    // One round gives what rounding took; more are needed only where classes
    // are so small that they may give nothing.
    while missing > 0 && take.iter().zip(&sizes).any(|(take, size)| take + 1 < *size) {
        for (_, index) in &remainders {
            if missing > 0 && take[*index] + 1 < sizes[*index] {
                take[*index] += 1;
                missing -= 1;
            }
        }
    }
    let (mut drawn, mut left) = (Vec::with_capacity(count), Vec::with_capacity(rows.len()));
    for ((class, members), take) in classes.iter_mut().zip(take) {
        members.shuffle(&mut seed.nth(u64::from(*class)).stream());
        drawn.extend_from_slice(&members[..take]);
        left.extend_from_slice(&members[take..]);
    }
    drawn.sort_unstable();
    left.sort_unstable();
    (drawn, left)
}

/// Draws about `count` of the rows in the proportions of their classes, equal samples
/// together under the class of the first: those drawn, and the rest. One sample of each
/// class is left at least.
fn together(
    rows: &[u32],
    labels: Option<&[u32]>,
    equal: &Equal,
    count: usize,
    seed: &Seed,
) -> (Vec<u32>, Vec<u32>) {
    let mut classes: BTreeMap<u32, BTreeMap<u32, Vec<u32>>> = BTreeMap::new();
    for row in rows {
        let first = equal.firsts()[*row as usize];
        let class = labels.map_or(0, |labels| labels[first as usize]);
        let units = classes.entry(class).or_default();
        units.entry(first).or_default().push(*row);
    }
    let (mut drawn, mut left) = (Vec::new(), Vec::new());
    let (mut seen, mut due) = (0, 0);
    for (class, units) in classes {
        let mut units: Vec<Vec<u32>> = units.into_values().collect();
        units.shuffle(&mut seed.nth(u64::from(class)).stream());
        seen += units.iter().map(Vec::len).sum::<usize>();
        // What earlier classes gave too little or too much, this one makes up for.
        let target = count * seen / rows.len();
        let kept = units.pop().unwrap_or_default();
        left.extend(kept);
        for unit in units {
            if (due + unit.len()).abs_diff(target) < usize::abs_diff(due, target) {
                due += unit.len();
                drawn.extend(unit);
            } else {
                left.extend(unit);
            }
        }
    }
    drawn.sort_unstable();
    left.sort_unstable();
    (drawn, left)
}

/// Draws whole groups until `count` rows are reached as nearly as may be;
/// none where no group could be drawn or none would be left.
fn by_group(
    rows: &[u32],
    groups: &[u32],
    count: usize,
    seed: &Seed,
) -> Option<(Vec<u32>, Vec<u32>)> {
    let mut members: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for row in rows {
        members.entry(groups[*row as usize]).or_default().push(*row);
    }
    let mut order: Vec<Vec<u32>> = members.into_values().collect();
    if order.len() < 2 {
        return None;
    }
    order.shuffle(&mut seed.stream());
    let (mut drawn, mut left): (Vec<u32>, Vec<u32>) = (Vec::new(), Vec::new());
    for group in order {
        let nearer = (drawn.len() + group.len()).abs_diff(count) < drawn.len().abs_diff(count);
        if nearer {
            drawn.extend(group)
        } else {
            left.extend(group)
        }
    }
    drawn.sort_unstable();
    left.sort_unstable();
    (!drawn.is_empty() && !left.is_empty()).then_some((drawn, left))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::data::modality::Images;
    use crate::data::testing::origin;
    use crate::data::{FinalPhase, Samples};
    use crate::task::{Classification, Regression};

    fn pictures(count: usize) -> Samples {
        Images::samples(vec![0; count], [1, 1, 1])
    }

    fn classes(labels: Vec<u32>) -> Dataset {
        let names = (0..=labels.iter().max().copied().unwrap_or(0)).map(|c| format!("c{c}"));
        let images = pictures(labels.len());
        Dataset::new(
            images,
            Classification::targets(labels, names.collect()),
            origin(),
        )
    }

    fn values(rows: usize) -> Dataset {
        let values = (0..rows).map(|v| v as f32).collect();
        Dataset::new(pictures(rows), Regression::targets("v", values), origin())
    }

    fn rows(data: Dataset, options: &SplitOptions) -> [Vec<u32>; 3] {
        let (search, test) = data.split(options).expect("it can be split");
        let indices = test.indices().to_vec();
        let opened = test.open(&FinalPhase::begin_now_that_the_search_is_over());
        assert_eq!(
            (opened.name(), opened.indices()),
            (PartName::Test, indices.as_slice())
        );
        [
            search.train().indices().to_vec(),
            search.valid().indices().to_vec(),
            indices,
        ]
    }

    /// Forty different pictures, each of which stands four times, and coins for classes.
    fn copies() -> Dataset {
        let images = Images::samples((0..160).map(|row| row % 40).collect(), [1, 1, 1]);
        let labels = (0..160).map(|row| (row * row / 7) % 2).collect();
        let names = vec!["u".into(), "v".into()];
        Dataset::new(images, Classification::targets(labels, names), origin())
    }

    #[test]
    fn equal_samples_stay_in_one_part() {
        let (search, _) = copies().split(&SplitOptions::default()).unwrap();
        let note = "40 of 160 samples are different: equal ones are kept in one part";
        assert_eq!(search.notes()[0], note);
        assert!(search.notes()[1].contains("have another target than an equal one"));
        let parts = rows(copies(), &SplitOptions::default());
        assert_eq!(parts.each_ref().map(Vec::len), [96, 32, 32]);
        let different = |rows: &[u32]| -> Vec<u32> {
            let all: std::collections::BTreeSet<u32> = rows.iter().map(|row| row % 40).collect();
            all.into_iter().collect()
        };
        let counts = parts.each_ref().map(|rows| different(rows).len());
        assert_eq!(counts, [24, 8, 8]);
    }

    #[test]
    fn equal_samples_in_several_parts_are_counted() {
        let options = SplitOptions {
            split_equal: true,
            ..SplitOptions::default()
        };
        let (search, _) = copies().split(&options).unwrap();
        assert!(
            search.notes()[0].contains("of 32 test samples"),
            "{:?}",
            search.notes()
        );
        let mut given = vec![PartName::Train; 100];
        given.extend([PartName::Test; 60]);
        let (search, _) = copies()
            .with_given_parts(given)
            .split(&SplitOptions::default())
            .unwrap();
        assert!(
            search.notes()[0].contains("60 of 60 test samples"),
            "{:?}",
            search.notes()
        );
    }

    #[test]
    fn equal_samples_join_groups() {
        let groups = (0..160).map(|row| row / 2).collect();
        let data = copies().with_groups(groups);
        let joined = Equal::of(&data).joined(data.groups().unwrap());
        // Pictures 0 and 1 stand in rows 0 and 1, 40 and 41, 80 and 81, 120 and 121.
        assert_eq!([joined[0], joined[1], joined[80], joined[121]], [0; 4]);
        assert_ne!(joined[0], joined[2]);
    }

    #[test]
    fn classes_keep_their_proportions() {
        let labels: Vec<u32> = (0..100).map(|i| u32::from(i % 10 == 0)).collect();
        let parts = rows(classes(labels.clone()), &SplitOptions::default());
        let counts = parts.map(|rows| {
            let ones = rows.iter().filter(|r| labels[**r as usize] == 1).count();
            (rows.len(), ones)
        });
        assert_eq!(counts, [(60, 6), (20, 2), (20, 2)]);
    }

    #[test]
    fn the_seed_of_the_split_decides() {
        let seeded = |seed| {
            rows(
                values(50),
                &SplitOptions {
                    seed,
                    ..SplitOptions::default()
                },
            )
        };
        assert_eq!(seeded(1), seeded(1));
        assert_ne!(seeded(1), seeded(2));
    }

    #[test]
    fn a_given_test_part_stays() {
        let mut given = vec![PartName::Train; 60];
        given.extend([PartName::Test; 10]);
        let labels = (0..70).map(|i| i % 5).collect();
        let parts = rows(
            classes(labels).with_given_parts(given),
            &SplitOptions::default(),
        );
        assert_eq!(parts[2], (60..70).collect::<Vec<u32>>());
        assert_eq!((parts[0].len(), parts[1].len()), (50, 10));
    }

    #[test]
    fn a_given_validation_part_stays() {
        let mut given = vec![PartName::Valid; 10];
        given.extend([PartName::Train; 40]);
        let parts = rows(values(50).with_given_parts(given), &SplitOptions::default());
        assert_eq!(parts[1], (0..10).collect::<Vec<u32>>());
        assert_eq!((parts[0].len(), parts[2].len()), (32, 8));
    }

    #[test]
    fn a_class_with_one_row_goes_to_training() {
        let mut labels = vec![0; 20];
        labels.push(1);
        let parts = rows(classes(labels), &SplitOptions::default());
        assert!(parts[0].contains(&20));
    }

    #[test]
    fn classes_that_are_not_judged_are_told_of() {
        let mut labels = vec![0; 40];
        labels.push(1);
        let (search, _) = classes(labels.clone())
            .split(&SplitOptions::default())
            .expect("it can be split");
        assert_eq!(
            search.notes()[..2],
            [
                "class `c1` has no sample in the validation part",
                "class `c1` has no sample in the test part"
            ]
        );
        labels.push(2);
        let (search, _) = classes(labels)
            .split(&SplitOptions::default())
            .expect("it can be split");
        let note = "2 classes have no sample in the test part, the first is `c1`";
        assert_eq!(search.notes()[1], note);
        let share = "95.2 % of the samples are of class `c0`";
        assert!(search.notes()[2].starts_with(share), "{:?}", search.notes());
    }

    #[test]
    fn what_cannot_be_split_is_an_error() {
        let options = SplitOptions::default();
        let error = values(2)
            .split(&options)
            .expect_err("two rows do not make three parts");
        assert!(matches!(error, SplitError::Empty { .. }), "{error}");
        let groups = values(6).with_groups(vec![0, 0, 0, 1, 1, 1]);
        let error = groups
            .split(&options)
            .expect_err("two groups do not make three parts");
        assert!(matches!(error, SplitError::TooFewGroups { .. }), "{error}");
        let share = SplitOptions {
            test: 1.5,
            ..options
        };
        let error = values(9).split(&share).expect_err("a share is below one");
        assert!(matches!(error, SplitError::Share { .. }), "{error}");
        let given = vec![
            PartName::Train,
            PartName::Train,
            PartName::Valid,
            PartName::Test,
        ];
        let data = classes(vec![0, 0, 0, 1]).with_given_parts(given);
        let error = data.split(&options).expect_err("class c1 is only tested");
        assert_eq!(error.to_string(), "class `c1`: has no training sample");
    }

    proptest! {
        #[test]
        fn every_row_is_in_one_part(labels in prop::collection::vec(0u32..3, 30..90), seed: u64) {
            let n = labels.len() as u32;
            let mut labels = labels;
            // Every class is there at least once.
            (0..3).for_each(|class| labels[class as usize] = class);
            let names = vec!["a".into(), "b".into(), "c".into()];
            let targets = Classification::targets(labels, names);
            let data = Dataset::new(pictures(n as usize), targets, origin());
            let parts = rows(data, &SplitOptions { seed, ..SplitOptions::default() });
            let fifth = (0.2 * f64::from(n)).round() as usize;
            prop_assert_eq!((parts[1].len(), parts[2].len()), (fifth, fifth));
            let mut all = parts.concat();
            all.sort_unstable();
            prop_assert_eq!(all, (0..n).collect::<Vec<u32>>());
        }

        #[test]
        fn no_group_is_divided(groups in prop::collection::vec(0u32..12, 60..120), seed: u64) {
            let data = values(groups.len()).with_groups(groups.clone());
            let parts = rows(data, &SplitOptions { seed, ..SplitOptions::default() });
            let owners = parts.map(|rows| {
                rows.iter().map(|r| groups[*r as usize]).collect::<std::collections::BTreeSet<_>>()
            });
            prop_assert!(owners[0].is_disjoint(&owners[1]));
            prop_assert!(owners[0].is_disjoint(&owners[2]));
            prop_assert!(owners[1].is_disjoint(&owners[2]));
        }
    }
}
