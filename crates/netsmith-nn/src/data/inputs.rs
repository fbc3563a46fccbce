//! New data for a trained network: samples without answers.

use std::path::Path;

use super::image_folder::{pictures_under, relative};
use super::picture::{Colour, read_all};
use super::{DataError, Features, InputSchema, csv};

/// Samples to predict, and what each is called.
#[derive(Clone, Debug, PartialEq)]
pub struct Inputs {
    /// The samples, raw.
    pub features: Features,
    /// A picture's file; a row's number, from 1.
    pub names: Vec<String>,
}

/// Reads new data of a known form: a table whose header names the input
/// columns (in any order, others beside them), or a picture or a folder of
/// pictures, which are resized.
///
/// # Errors
/// [`DataError`], which names the file, the row and the remedy.
pub fn read_inputs(path: &Path, schema: &InputSchema) -> Result<Inputs, DataError> {
    match schema {
        InputSchema::Table { columns } => {
            let table = csv::read_inputs(path, columns)?;
            let names = (1..=table.len()).map(|row| row.to_string()).collect();
            Ok(Inputs {
                features: Features::Table(table),
                names,
            })
        }
        InputSchema::Images {
            channels,
            height,
            width,
        } => {
            let files = pictures_under(path)?;
            let colour = Colour::Channels(*channels);
            let images = read_all(path, &files, [*height, *width], colour)?;
            let names = files.iter().map(|file| relative(path, file)).collect();
            Ok(Inputs {
                features: Features::Images(images),
                names,
            })
        }
    }
}
