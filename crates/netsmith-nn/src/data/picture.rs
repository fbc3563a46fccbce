//! Decoding pictures and bringing them to one size.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::imageops::{self, FilterType};
use image::{ImageReader, RgbImage};
use rayon::prelude::*;

use super::file::read_whole;
use super::modality::Images;
use super::{DataError, ImageFault, Samples, limits};

/// How many channels pictures are to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colour {
    /// One where every pixel of every picture is grey, else three.
    GreyIfAllAre,
    /// This many: one or three. Colours turn into grey by their brightness.
    Channels(usize),
}

/// The median height and width of the pictures; where one is larger than
/// [`limits::DEFAULT_IMAGE_SIDE`], both are made smaller by one factor.
pub(super) fn median_size(files: &[PathBuf]) -> Result<[usize; 2], DataError> {
    let sizes: Vec<Result<(u32, u32), DataError>> = files.par_iter().map(|f| size_of(f)).collect();
    let sizes: Vec<(u32, u32)> = sizes.into_iter().collect::<Result<_, _>>()?;
    let median = |mut sides: Vec<u32>| {
        sides.sort_unstable();
        sides[sides.len() / 2]
    };
    let width = median(sizes.iter().map(|(width, _)| *width).collect());
    let height = median(sizes.iter().map(|(_, height)| *height).collect());
    Ok(fitted([height, width]))
}

fn fitted(size: [u32; 2]) -> [usize; 2] {
    let most = limits::DEFAULT_IMAGE_SIDE as f64;
    let factor = (most / f64::from(size[0].max(size[1]))).min(1.0);
    size.map(|side| ((f64::from(side) * factor).round() as usize).max(1))
}

/// Decodes pictures and resizes each to `[height, width]` (Catmull-Rom; a
/// smaller picture is averaged over all its pixels). Transparency is dropped
/// and the orientation tag of cameras is not followed.
pub(super) fn read_all(
    root: &Path,
    files: &[PathBuf],
    size: [usize; 2],
    colour: Colour,
) -> Result<Samples, DataError> {
    let [height, width] = size;
    let plane = height * width;
    let bytes = 3 * plane as u64 * files.len() as u64;
    if bytes > limits::IMAGE_BYTES {
        let fault = ImageFault::TooMany {
            what: "bytes of pixels",
            limit: limits::IMAGE_BYTES,
        };
        return Err(DataError::image(root, fault));
    }
    let mut pixels = vec![0; bytes as usize];
    let decoded: Vec<Result<(), DataError>> = files
        .par_iter()
        .zip(pixels.par_chunks_exact_mut(3 * plane))
        .map(|(file, out)| {
            let picture = resized(decode(file)?, size);
            for (position, pixel) in picture.pixels().enumerate() {
                for (channel, value) in pixel.0.iter().enumerate() {
                    out[channel * plane + position] = *value;
                }
            }
            Ok(())
        })
        .collect();
    decoded.into_iter().collect::<Result<(), _>>()?;

    let grey = match colour {
        Colour::Channels(channels) => channels == 1,
        Colour::GreyIfAllAre => pixels.par_chunks_exact(3 * plane).all(|picture| {
            let (red, others) = picture.split_at(plane);
            others.chunks_exact(plane).all(|other| other == red)
        }),
    };
    if grey {
        let pictures = pixels.chunks_exact(3 * plane);
        let brightness = pictures.flat_map(|picture| {
            (0..plane).map(|i| luma(picture[i], picture[plane + i], picture[2 * plane + i]))
        });
        return Ok(Images::samples(brightness.collect(), [1, height, width]));
    }
    Ok(Images::samples(pixels, [3, height, width]))
}

/// The brightness of a pixel (ITU-R BT.601); of a grey one, its value.
fn luma(red: u8, green: u8, blue: u8) -> u8 {
    let sum = 299 * u32::from(red) + 587 * u32::from(green) + 114 * u32::from(blue);
    ((sum + 500) / 1000) as u8
}

fn resized(picture: RgbImage, [height, width]: [usize; 2]) -> RgbImage {
    let (height, width) = (height as u32, width as u32);
    if picture.dimensions() == (width, height) {
        return picture;
    }
    imageops::resize(&picture, width, height, FilterType::CatmullRom)
}

/// Width and height.
fn size_of(file: &Path) -> Result<(u32, u32), DataError> {
    let content = read_whole(file, limits::IMAGE_FILE_BYTES)?;
    checked_size(file, &content)
}

fn checked_size(file: &Path, content: &[u8]) -> Result<(u32, u32), DataError> {
    let fault = |source| DataError::image(file, ImageFault::Decode { source });
    let reader = ImageReader::new(Cursor::new(content)).with_guessed_format();
    let reader = reader.map_err(DataError::read(file))?;
    let (width, height) = reader.into_dimensions().map_err(fault)?;
    if width.max(height) > limits::IMAGE_SIDE {
        let fault = ImageFault::TooLarge {
            width,
            height,
            limit: limits::IMAGE_SIDE,
        };
        return Err(DataError::image(file, fault));
    }
    Ok((width, height))
}

fn decode(file: &Path) -> Result<RgbImage, DataError> {
    let content = read_whole(file, limits::IMAGE_FILE_BYTES)?;
    checked_size(file, &content)?;
    let reader = ImageReader::new(Cursor::new(&content)).with_guessed_format();
    let reader = reader.map_err(DataError::read(file))?;
    let picture = reader.decode();
    let picture =
        picture.map_err(|source| DataError::image(file, ImageFault::Decode { source }))?;
    Ok(picture.to_rgb8())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_medians_shrink_by_one_factor() {
        assert_eq!(fitted([28, 28]), [28, 28]);
        assert_eq!(fitted([480, 640]), [48, 64]);
        assert_eq!(fitted([10, 10_000]), [1, 64]);
    }

    #[test]
    fn brightness_of_grey_is_the_grey() {
        assert!((0..=255).all(|value| luma(value, value, value) == value));
        assert_eq!(luma(255, 0, 0), 76);
    }

    #[test]
    fn a_checkerboard_is_averaged() {
        let board = RgbImage::from_fn(64, 64, |x, y| {
            image::Rgb([if (x + y) % 2 == 0 { 0 } else { 200 }; 3])
        });
        let small = resized(board, [4, 4]);
        assert!(small.pixels().all(|pixel| pixel.0[0].abs_diff(100) <= 2));
    }
}
