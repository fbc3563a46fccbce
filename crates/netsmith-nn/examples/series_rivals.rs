//! What rivals that are no networks reach on series with a published split.
//!
//! `cargo run --release -p netsmith-nn --example series_rivals -- FOLDER...`
//!
//! Prints for each data set the accuracy on its test part and the seconds that fitting and
//! predicting took, for ROCKET and for the nearest neighbour.

#![expect(clippy::print_stdout, reason = "an example prints what it finds")]

use netsmith::random::Seed;
use netsmith_nn::data::PartName;
use netsmith_nn::data::series::{self, Series};
use netsmith_nn::rival::{Sample, nearest_neighbour, rocket};
use std::error::Error;
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    println!("{:<40} {:>8} {:>8}", "", "accuracy", "seconds");
    for folder in std::env::args().skip(1) {
        let series = series::read(Path::new(&folder), None, None)?;
        let Some(classes) = series.classes() else {
            println!("{folder}: labels are numbers");
            continue;
        };
        let (train, labels) = part(&series, &classes, PartName::Train);
        let (test, expected) = part(&series, &classes, PartName::Test);
        if train.is_empty() || test.is_empty() {
            println!("{folder}: has no published split");
            continue;
        }
        let class_count = 1 + classes.iter().max().copied().unwrap_or(0) as usize;
        let print = |name: &str, predict: &dyn Fn() -> Vec<u32>| {
            let start = Instant::now();
            let predicted = predict();
            let seconds = start.elapsed().as_secs_f64();
            let right = predicted.iter().zip(&expected).filter(|(a, b)| a == b);
            let accuracy = right.count() as f64 / expected.len() as f64;
            let set = Path::new(&folder).file_name().unwrap_or_default();
            let title = format!("{} {name}", set.to_string_lossy());
            println!("{title:<40} {accuracy:>8.3} {seconds:>8.2}");
        };
        for seed in 1..=3 {
            print(&format!("ROCKET seed {seed}"), &|| {
                let seed = Seed::new(seed);
                rocket::classify(&train, &labels, class_count, &test, rocket::KERNELS, &seed)
            });
        }
        for window in [0.0, nearest_neighbour::WINDOW, 1.0] {
            print(&format!("1-NN window {window}"), &|| {
                let nearest = nearest_neighbour::nearest(&train, &test, window);
                nearest.into_iter().map(|place| labels[place]).collect()
            });
        }
    }
    Ok(())
}

/// The samples of one part, and their classes.
fn part<'a>(series: &'a Series, classes: &[u32], part: PartName) -> (Vec<Sample<'a>>, Vec<u32>) {
    let rows = (0..classes.len()).filter(|row| series.parts[*row] == Some(part));
    rows.map(|row| {
        let sample = Sample::new(&series.values[row], series.lengths[row]);
        (sample, classes[row])
    })
    .unzip()
}
