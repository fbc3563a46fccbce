//! Decoding pictures and bringing them to one size.

use std::io::Cursor;
use std::path::{Path, PathBuf};

use image::imageops::{self, FilterType};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader, Rgb, RgbImage, RgbaImage};
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

/// What was done to pictures beside decoding them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Turned as the orientation tag of a camera says.
    turned: usize,
    /// Laid over white, or over black where they are of one bright colour.
    transparent: usize,
    /// Of 16 bits, of which so few were used that the range was stretched.
    stretched: usize,
}

impl Changes {
    fn plus(self, other: Self) -> Self {
        Self {
            turned: self.turned + other.turned,
            transparent: self.transparent + other.transparent,
            stretched: self.stretched + other.stretched,
        }
    }

    /// What a reader should know.
    pub(super) fn notes(self) -> Vec<String> {
        let note =
            |count: usize, what: &str| (count > 0).then(|| format!("{count} pictures {what}"));
        let notes = [
            note(self.turned, "were turned as their orientation tag says"),
            note(
                self.transparent,
                "are transparent in parts and were laid over white",
            ),
            note(
                self.stretched,
                "use little of their 16 bits: from its darkest to its brightest value each was \
                 stretched to 0 to 255",
            ),
        ];
        notes.into_iter().flatten().collect()
    }
}

/// Decodes pictures and resizes each to `[height, width]` (Catmull-Rom; a
/// smaller picture is averaged over all its pixels).
pub(super) fn read_all(
    root: &Path,
    files: &[PathBuf],
    size: [usize; 2],
    colour: Colour,
) -> Result<(Samples, Changes), DataError> {
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
    let decoded: Vec<Result<Changes, DataError>> = files
        .par_iter()
        .zip(pixels.par_chunks_exact_mut(3 * plane))
        .map(|(file, out)| {
            let (picture, changes) = decode(file)?;
            let picture = resized(picture, size);
            for (position, pixel) in picture.pixels().enumerate() {
                for (channel, value) in pixel.0.iter().enumerate() {
                    out[channel * plane + position] = *value;
                }
            }
            Ok(changes)
        })
        .collect();
    let mut changes = Changes::default();
    for picture in decoded {
        changes = changes.plus(picture?);
    }

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
        let samples = Images::samples(brightness.collect(), [1, height, width]);
        return Ok((samples, changes));
    }
    Ok((Images::samples(pixels, [3, height, width]), changes))
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

/// Width and height of the picture as it is shown.
fn size_of(file: &Path) -> Result<(u32, u32), DataError> {
    let content = read_whole(file, limits::IMAGE_FILE_BYTES)?;
    let mut decoder = decoder(file, &content)?;
    let (width, height) = decoder.dimensions();
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let lies = matches!(
        orientation,
        Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH
    );
    Ok(if lies {
        (height, width)
    } else {
        (width, height)
    })
}

/// What decodes a picture whose size is within the limits.
fn decoder<'a>(file: &Path, content: &'a [u8]) -> Result<impl ImageDecoder + 'a, DataError> {
    let fault = |source| DataError::image(file, ImageFault::Decode { source });
    let reader = ImageReader::new(Cursor::new(content)).with_guessed_format();
    let mut reader = reader.map_err(DataError::read(file))?;
    let mut memory = image::Limits::default();
    memory.max_alloc = Some(PICTURE_BYTES);
    reader.limits(memory);
    let decoder = reader.into_decoder().map_err(fault)?;
    let (width, height) = decoder.dimensions();
    if width.max(height) > limits::IMAGE_SIDE {
        let fault = ImageFault::TooLarge {
            width,
            height,
            limit: limits::IMAGE_SIDE,
        };
        return Err(DataError::image(file, fault));
    }
    Ok(decoder)
}

/// Bytes of the largest picture that is decoded: four channels of 16 bits, and as much
/// again for the decoder.
const PICTURE_BYTES: u64 = 16 * (limits::IMAGE_SIDE as u64) * (limits::IMAGE_SIDE as u64);

fn decode(file: &Path) -> Result<(RgbImage, Changes), DataError> {
    let content = read_whole(file, limits::IMAGE_FILE_BYTES)?;
    let fault = |source| DataError::image(file, ImageFault::Decode { source });
    let mut decoder = decoder(file, &content)?;
    // The decoder fills what is missing with grey.
    if content.starts_with(&[0xff, 0xd8]) && !ends_as_jpeg(&content) {
        return Err(DataError::image(file, ImageFault::CutOff));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(fault)?;
    picture.apply_orientation(orientation);
    let (picture, mut changes) = plain(picture);
    changes.turned = usize::from(orientation != Orientation::NoTransforms);
    Ok((picture, changes))
}

/// Whether a JPEG file has the marker of its end behind its last scan.
///
/// Segments say their length; in a scan, 0xff stands before 0 or the number of a
/// restart (ITU-T T.81, B.1).
fn ends_as_jpeg(content: &[u8]) -> bool {
    let mut at = 2;
    let mut scanned = false;
    while let Some(&byte) = content.get(at) {
        if byte != 0xff {
            at += 1;
            continue;
        }
        match content.get(at + 1) {
            None => return false,
            Some(0xd9) => return scanned,
            Some(0xff) => at += 1,
            Some(0x00 | 0x01 | 0xd0..=0xd8) => at += 2,
            Some(marker) => {
                scanned |= *marker == 0xda;
                let length = content.get(at + 2..at + 4);
                let Some(&[high, low]) = length else {
                    return false;
                };
                at += 2 + usize::from(u16::from_be_bytes([high, low])).max(2);
            }
        }
    }
    false
}

/// A picture in 8 bits and without transparency.
fn plain(picture: DynamicImage) -> (RgbImage, Changes) {
    let mut changes = Changes::default();
    let colour = picture.color();
    let is_deep = colour.bytes_per_pixel() > colour.channel_count();
    if !is_deep && !colour.has_alpha() {
        return (picture.into_rgb8(), changes);
    }
    let stretched = if is_deep { stretched(&picture) } else { None };
    changes.stretched = usize::from(stretched.is_some());
    let picture = stretched.unwrap_or_else(|| picture.into_rgba8());
    if picture.pixels().all(|pixel| pixel.0[3] == 255) {
        return (DynamicImage::ImageRgba8(picture).into_rgb8(), changes);
    }
    changes.transparent = 1;
    (composed(&picture), changes)
}

/// A picture of 16 bits that uses less than a sixteenth of their range, from its darkest to
/// its brightest value.
fn stretched(picture: &DynamicImage) -> Option<RgbaImage> {
    let deep = picture.to_rgba16();
    let colours = || deep.pixels().flat_map(|pixel| pixel.0[..3].iter().copied());
    let (least, most) = (colours().min()?, colours().max()?);
    let range = u32::from(most - least);
    if range == 0 || range >= u32::from(u16::MAX) / 16 {
        return None;
    }
    let scaled = |value: u16| ((u32::from(value - least) * 255 + range / 2) / range) as u8;
    Some(RgbaImage::from_fn(deep.width(), deep.height(), |x, y| {
        let [red, green, blue, alpha] = deep.get_pixel(x, y).0;
        let alpha = (alpha >> 8) as u8;
        image::Rgba([scaled(red), scaled(green), scaled(blue), alpha])
    }))
}

/// A transparent picture over white; over black where its only colour is bright, so that
/// a shape that transparency alone draws is seen.
fn composed(picture: &RgbaImage) -> RgbImage {
    let mut colours = picture
        .pixels()
        .map(|pixel| [pixel.0[0], pixel.0[1], pixel.0[2]]);
    let first = colours.next().unwrap_or_default();
    let is_bright = luma(first[0], first[1], first[2]) > 127;
    let ground = if is_bright && colours.all(|colour| colour == first) {
        0
    } else {
        255
    };
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0;
        let over = |value: u8| {
            let alpha = u32::from(alpha);
            ((u32::from(value) * alpha + ground * (255 - alpha) + 127) / 255) as u8
        };
        Rgb([over(red), over(green), over(blue)])
    })
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
    fn transparency_is_laid_over_what_shows_it() {
        let shape = |value: u8| {
            let alpha = RgbaImage::from_fn(2, 1, |x, _| {
                image::Rgba([value, value, value, if x == 0 { 255 } else { 0 }])
            });
            let (picture, changes) = plain(DynamicImage::ImageRgba8(alpha));
            assert_eq!(changes.transparent, 1);
            [picture.get_pixel(0, 0).0[0], picture.get_pixel(1, 0).0[0]]
        };
        assert_eq!(shape(0), [0, 255]);
        assert_eq!(shape(255), [255, 0]);
    }

    #[test]
    fn few_of_sixteen_bits_are_stretched() {
        let deep = |values: [u16; 3]| {
            let picture =
                image::ImageBuffer::from_fn(3, 1, |x, _| image::Luma([values[x as usize]]));
            let (picture, changes) = plain(DynamicImage::ImageLuma16(picture));
            (
                picture
                    .pixels()
                    .map(|pixel| pixel.0[0])
                    .collect::<Vec<u8>>(),
                changes.stretched,
            )
        };
        assert_eq!(deep([100, 600, 1100]), (vec![0, 128, 255], 1));
        assert_eq!(deep([0, 0x8080, 0xffff]), (vec![0, 128, 255], 0));
    }

    #[test]
    fn a_jpeg_that_is_cut_off_is_refused() {
        let folder = tempfile::tempdir().expect("there is room");
        let file = folder.path().join("a.jpg");
        let board = RgbImage::from_fn(32, 32, |x, y| Rgb([(x * 8) as u8, (y * 8) as u8, 0]));
        board.save(&file).expect("there is room");
        assert!(decode(&file).is_ok());
        let whole = std::fs::read(&file).expect("it was written");
        let scan = whole.windows(2).position(|pair| pair == [0xff, 0xda]);
        let scan = scan.expect("it has a scan");
        for end in [scan + 14, whole.len() / 2 + scan / 2, whole.len() - 2] {
            std::fs::write(&file, &whole[..end]).expect("there is room");
            let error = decode(&file).expect_err("it is cut off");
            assert!(matches!(
                error,
                DataError::Image {
                    fault: ImageFault::CutOff | ImageFault::Decode { .. },
                    ..
                }
            ));
        }
    }

    #[test]
    fn the_orientation_tag_is_followed() {
        let folder = tempfile::tempdir().expect("there is room");
        let file = folder.path().join("a.jpg");
        let halves = RgbImage::from_fn(32, 16, |x, _| Rgb([if x < 16 { 0 } else { 255 }; 3]));
        halves.save(&file).expect("there is room");
        let whole = std::fs::read(&file).expect("it was written");
        // An Exif segment that says: turn by a quarter to the right (6).
        let mut tagged = whole[..2].to_vec();
        tagged.extend(b"\xff\xe1\0\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01");
        tagged.extend(b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0");
        tagged.extend(&whole[2..]);
        std::fs::write(&file, tagged).expect("there is room");
        assert_eq!(size_of(&file).expect("it is sound"), (16, 32));
        let (picture, changes) = decode(&file).expect("it is sound");
        assert_eq!((picture.dimensions(), changes.turned), ((16, 32), 1));
        assert!(picture.get_pixel(8, 4).0[0] < 50 && picture.get_pixel(8, 28).0[0] > 200);
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
