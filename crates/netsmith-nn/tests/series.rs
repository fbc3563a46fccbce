//! The real series through the reader and the rivals.

mod archive;

use archive::{real_data, unpack};
use netsmith::random::Seed;
use netsmith_nn::data::PartName;
use netsmith_nn::data::series::{self, Series};
use netsmith_nn::rival::{Sample, nearest_neighbour, rocket};

/// Unpacks the six sets; nothing where they are not there.
fn sets() -> Option<tempfile::TempDir> {
    let archive = real_data("series/ucr_uea_6.tar.gz")?;
    let folder = tempfile::tempdir().expect("there is room");
    unpack(&archive, folder.path());
    Some(folder)
}

fn read(sets: &tempfile::TempDir, name: &str) -> Series {
    let folder = sets.path().join("series").join(name);
    series::read(&folder, None, None).expect("the published files are sound")
}

/// What a set holds: training and test samples, channels, shortest and longest, classes.
#[track_caller]
fn check(sets: &tempfile::TempDir, name: &str, expected: [usize; 6]) {
    let series = read(sets, name);
    let count = |part: PartName| {
        series
            .parts
            .iter()
            .filter(|own| **own == Some(part))
            .count()
    };
    let classes = series.classes().expect("they are classes");
    let most = classes.iter().max().expect("there are samples");
    let lengths = series.lengths.iter();
    assert_eq!(
        [
            count(PartName::Train),
            count(PartName::Test),
            series.channels,
            *lengths.clone().min().expect("there are samples"),
            *lengths.max().expect("there are samples"),
            *most as usize + 1,
        ],
        expected,
        "{name}"
    );
    let sizes = series.values.iter().zip(&series.lengths);
    for (values, length) in sizes {
        assert_eq!(values.len(), series.channels * length);
        assert!(values.iter().all(|value| value.is_finite()));
    }
}

#[test]
fn the_sets_hold_what_their_files_say() {
    let Some(sets) = sets() else { return };
    check(&sets, "ArrowHead", [36, 175, 1, 251, 251, 3]);
    check(&sets, "GunPoint", [50, 150, 1, 150, 150, 2]);
    check(&sets, "ItalyPowerDemand", [67, 1_029, 1, 24, 24, 2]);
    check(&sets, "BasicMotions", [40, 40, 6, 100, 100, 4]);
    check(&sets, "JapaneseVowels", [270, 370, 12, 7, 29, 9]);
    check(&sets, "PickupGestureWiimoteZ", [50, 50, 1, 29, 361, 10]);
    let vowels = read(&sets, "JapaneseVowels");
    assert_eq!(vowels.labels[0], "1");
    assert_eq!(vowels.lengths[..3], [20, 26, 22]);
    assert_eq!(vowels.values[0][..2], [1.860_936, 1.891_651]);
}

/// The samples of one part, and their classes.
fn part(series: &Series, part: PartName) -> (Vec<Sample<'_>>, Vec<u32>) {
    let classes = series.classes().expect("they are classes");
    let rows = (0..classes.len()).filter(|row| series.parts[*row] == Some(part));
    rows.map(|row| {
        let sample = Sample::new(&series.values[row], series.lengths[row]);
        (sample, classes[row])
    })
    .unzip()
}

fn accuracy(predicted: &[u32], expected: &[u32]) -> f64 {
    let right = predicted.iter().zip(expected).filter(|(a, b)| a == b);
    right.count() as f64 / expected.len() as f64
}

/// The UCR archive publishes the accuracy of this classifier on this split: it has no
/// chance in it, so three digits agree.
#[test]
fn nearest_neighbours_are_as_good_as_published() {
    let Some(sets) = sets() else { return };
    for (name, published) in [
        ("ArrowHead", 0.800),
        ("GunPoint", 0.913),
        ("ItalyPowerDemand", 0.955),
    ] {
        let series = read(&sets, name);
        let (train, labels) = part(&series, PartName::Train);
        let (test, expected) = part(&series, PartName::Test);
        let nearest = nearest_neighbour::nearest(&train, &test, 0.0);
        let predicted: Vec<u32> = nearest.into_iter().map(|place| labels[place]).collect();
        let accuracy = accuracy(&predicted, &expected);
        assert!((accuracy - published).abs() < 6e-4, "{name}: {accuracy}");
    }
}

/// A tenth of the paper's kernels is within a few hundredths of what all of them reach.
#[test]
fn random_convolutions_are_nearly_as_good_as_published() {
    let Some(sets) = sets() else { return };
    for (name, least) in [
        ("ArrowHead", 0.74),
        ("GunPoint", 0.96),
        ("ItalyPowerDemand", 0.94),
    ] {
        let series = read(&sets, name);
        let (train, labels) = part(&series, PartName::Train);
        let (test, expected) = part(&series, PartName::Test);
        let seed = Seed::new(1);
        let classes = 1 + *labels.iter().max().expect("there are samples") as usize;
        let predicted = rocket::classify(&train, &labels, classes, &test, 1_000, &seed);
        let accuracy = accuracy(&predicted, &expected);
        assert!(accuracy >= least, "{name}: {accuracy}");
    }
}
