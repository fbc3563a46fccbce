//! What every modality must keep.

use super::images::Images;
use super::series::Series;
use super::table::{ColumnKind, Table, TableColumn};
use super::*;
use crate::data::testing::train_part;
use crate::data::{Contract, Samples};
use crate::task::Regression;

const SAMPLES: usize = 8;
const TRAIN: usize = 5;

/// Samples of each modality, of which those behind the training part hold `other`.
fn cases(other: u8) -> Vec<Samples> {
    let value = |row: usize, place: usize| match row < TRAIN {
        true => (7 * row + 3 * place + row * place) as u8,
        false => other,
    };
    let row = |row: usize, width: usize| (0..width).map(move |place| f32::from(value(row, place)));
    let pixels = (0..SAMPLES * 8).map(|at| value(at / 8, at % 8));
    let columns = [
        ColumnKind::Number,
        ColumnKind::Category {
            names: (0..=255).map(|code: u8| code.to_string()).collect(),
        },
    ];
    let schema = columns.into_iter().map(|kind| TableColumn {
        name: "column".into(),
        kind,
    });
    let cells: Vec<Vec<f32>> = (0..2)
        .map(|place| {
            (0..SAMPLES)
                .map(|row| f32::from(value(row, place)))
                .collect()
        })
        .collect();
    let series: Vec<Vec<f32>> = (0..SAMPLES)
        .map(|r| row(r, 2 * (1 + r % 4)).collect())
        .collect();
    vec![
        Images::samples(pixels.collect(), [2, 2, 2]),
        Table::samples(schema.collect(), &cells),
        Series::samples(&series, 2),
    ]
}

fn fitted(samples: Samples) -> Contract {
    let values = (0..SAMPLES).map(|value| value as f32).collect();
    Contract::fit(&train_part(
        samples,
        Regression::targets("y", values),
        TRAIN,
    ))
}

#[test]
fn the_cases_are_all_modalities() {
    let names: Vec<&str> = cases(0).iter().map(|case| case.modality.name()).collect();
    let all: Vec<&str> = CATALOGUE.iter().map(|entry| entry.name).collect();
    assert_eq!(names, all);
}

#[test]
fn it_learns_from_the_training_part_alone() {
    for (low, high) in cases(0).into_iter().zip(cases(255)) {
        let [low, high] = [fitted(low), fitted(high)];
        assert_eq!(low, high, "{}", low.modality.name());
    }
}

#[test]
fn a_record_makes_the_same_modality_again() {
    for samples in cases(9) {
        let contract = fitted(samples.clone());
        let text = serde_json::to_string(&contract).expect("it is plain data");
        let again: Contract = serde_json::from_str(&text).expect("it was just written");
        assert_eq!(again, contract);
        let size = contract.modality.raw_shape().iter().product();
        let mut raw = vec![0.0; size];
        for row in 0..SAMPLES {
            samples.write_row(row, &mut raw);
            assert_eq!(again.inputs(&raw), contract.inputs(&raw));
        }
    }
}

#[test]
fn inputs_have_the_shapes_that_are_said() {
    for samples in cases(9) {
        let contract = fitted(samples.clone());
        let size: usize = contract.modality.raw_shape().iter().product();
        let mut raw = vec![0.0; SAMPLES * size];
        for (row, raw) in raw.chunks_exact_mut(size).enumerate() {
            samples.write_row(row, raw);
        }
        let said = contract.modality.inputs();
        let inputs = contract.inputs(&raw);
        assert_eq!(inputs.len(), said.len());
        for (input, said) in inputs.iter().zip(said) {
            assert_eq!(
                input.len(),
                SAMPLES * said.shape.elements(),
                "{}",
                said.name
            );
            assert!(input.iter().all(|value| value.is_finite()), "{}", said.name);
        }
    }
}
