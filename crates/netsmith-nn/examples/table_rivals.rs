//! What rivals that are no networks reach on tables.
//!
//! `cargo run --release -p netsmith-nn --example table_rivals -- FILE.csv TARGET [FOLDER]`
//!
//! Prints for each rival the metrics on the validation part and the seconds that fitting
//! and predicting took. With a folder, both parts are written there for
//! `table_rivals.py`, which says what scikit-learn reaches on them.

#![expect(clippy::print_stdout, reason = "an example prints what it finds")]

use netsmith::random::Seed;
use netsmith_nn::data::{self, LoadOptions, Part, SplitOptions};
use netsmith_nn::rival::Problem;
use netsmith_nn::task::{Judged, Metric};
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, target, folder @ ..] = &arguments[..] else {
        return Err("FILE.csv and TARGET are needed".into());
    };
    let options = LoadOptions {
        target: Some(target.clone()),
        ..LoadOptions::default()
    };
    let data = data::load(&format!("csv:{file}").parse()?, &options)?;
    let (search, _) = data.split(&SplitOptions::default())?;
    let (train, valid) = (search.train(), search.valid());
    if let [folder] = folder {
        for (name, part) in [("train", &train), ("valid", &valid)] {
            write(part, &Path::new(folder).join(name).with_extension("csv"))?;
        }
    }
    let task = train.task();
    let metrics: Vec<Metric> = Metric::all()
        .filter(|metric| metric.fits(&**task))
        .collect();
    println!("{} and {} rows", train.len(), valid.len());
    for entry in train.modality().rivals() {
        let start = Instant::now();
        let problem = Problem {
            train: &train,
            parts: &[&valid],
        };
        let predictions = (entry.build)(&problem, &Seed::new(1)).swap_remove(0);
        let seconds = start.elapsed().as_secs_f64();
        print!("{:<24} {seconds:>6.2} s", entry.name);
        for metric in &metrics {
            let mut meter = metric.meter();
            meter.add(&Judged {
                predictions: predictions.clone(),
                truth: valid.targets().swap_remove(0),
            });
            print!("  {} {:.4}", metric.name(), meter.value());
        }
        println!();
    }
    Ok(())
}

/// A header that says which columns are categories, then the cells and the target of each
/// row.
fn write(part: &Part, path: &Path) -> Result<(), Box<dyn Error>> {
    let mut out = BufWriter::new(File::create(path)?);
    let columns = part.modality().metadata();
    let columns: serde_json::Value = serde_json::from_str(&columns["columns"])?;
    let kinds = columns.as_array().into_iter().flatten();
    for (place, column) in kinds.enumerate() {
        write!(out, "{} {place},", column["kind"].as_str().unwrap_or(""))?;
    }
    writeln!(out, "target")?;
    let targets = part.targets().swap_remove(0);
    let mut row = vec![0.0; part.modality().raw_shape().iter().product()];
    for position in 0..part.len() {
        part.write_row(position, &mut row);
        for cell in &row {
            write!(out, "{cell},")?;
        }
        match targets.indices().get(position) {
            Some(class) => writeln!(out, "{class}")?,
            None => writeln!(out, "{}", targets.reals()[position])?,
        }
    }
    Ok(())
}
