//! `digits`: 1,797 handwritten digits of 8 x 8 pixels, bundled.
//!
//! The pixels are 0 to 16, as published: each counts the black pixels in a
//! square of 4 x 4 of the scan.

use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;

use super::{Augmentation, DataError, DataKind, Dataset, Entry, LoadOptions, Origin, PathForm};
use crate::data::modality::Images;
use crate::task::Classification;

/// The catalogue's entry.
pub(super) const ENTRY: Entry = Entry::new(
    "digits",
    "1,797 handwritten digits of 8 x 8 pixels (0 to 16), ten classes, bundled.",
    DataKind {
        path: PathForm::None,
        options: &[],
        licence: "CC BY 4.0; E. Alpaydin, C. Kaynak: Optical Recognition of Handwritten Digits, UCI \
              Machine Learning Repository, 1998, doi:10.24432/C50P49",
        load,
    },
);

/// Lines of 64 pixels and a label, separated by commas, gzipped.
const FILE: &[u8] = include_bytes!("../../data/digits.csv.gz");

const SIDE: usize = 8;

fn load(_path: Option<&Path>, _options: &LoadOptions) -> Result<Dataset, DataError> {
    let mut text = String::new();
    GzDecoder::new(FILE)
        .read_to_string(&mut text)
        .expect("the bundled digits can be unpacked — this is a bug in netsmith");
    let (mut pixels, mut labels) = (Vec::new(), Vec::new());
    for line in text.lines() {
        let mut cells = line.split(',').map(|cell| {
            cell.parse::<u8>()
                .expect("a bundled digit is numbers — this is a bug in netsmith")
        });
        pixels.extend(cells.by_ref().take(SIDE * SIDE));
        labels.extend(cells.next().map(u32::from));
    }
    let samples = Images::samples(pixels, [1, SIDE, SIDE]);
    let names = (0..10).map(|digit| digit.to_string()).collect();
    let origin = Origin {
        kind: ENTRY.name.into(),
        path: None,
        licence: ENTRY.build.licence.into(),
    };
    // Mirrored digits are other signs, and a pixel is an eighth of the picture.
    let augmentation = Augmentation {
        pad: 1,
        flip: false,
        cutout: 0,
    };
    let data = Dataset::new(samples, Classification::targets(labels, names), origin);
    Ok(data.with_augmentation(augmentation))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_are_those_published() {
        let data = load(None, &LoadOptions::default()).expect("they are bundled");
        assert_eq!(
            (data.len(), data.samples().raw_shape()),
            (1797, vec![1, 8, 8])
        );
        let pixels = data.samples().columns[0].byte_values();
        assert_eq!(
            pixels[..16],
            [0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0]
        );
        assert_eq!(pixels.iter().max(), Some(&16));
        let labels = data.targets().columns[0].indices();
        let names = data.targets().task.strata_names();
        assert_eq!(
            (labels[..11].to_vec(), names.len()),
            (vec![0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0], 10)
        );
        // The class sizes that the publisher states.
        let sizes: Vec<usize> = (0..10)
            .map(|c| labels.iter().filter(|label| **label == c).count())
            .collect();
        assert_eq!(sizes, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    }
}
