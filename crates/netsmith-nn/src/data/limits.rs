//! The most that is ever read: damaged or hostile files end in an error
//! instead of all memory.

/// Bytes of a table's file, unpacked.
pub const TABLE_BYTES: u64 = 4 << 30;

/// Rows of a table.
pub const TABLE_ROWS: usize = 20_000_000;

/// Columns of a table.
pub const TABLE_COLUMNS: usize = 10_000;

/// Cells of a table, rows times columns: 8 GiB as `f32`.
pub const TABLE_CELLS: usize = 2 << 30;

/// Different values of a column of categories: each becomes an input.
pub const CATEGORIES: usize = 1_000;

/// Bytes of a picture's file.
pub const IMAGE_FILE_BYTES: u64 = 64 << 20;

/// Pixels on each side of a picture's file.
pub const IMAGE_SIDE: u32 = 16_384;

/// Pictures in a folder.
pub const IMAGES: usize = 5_000_000;

/// Pixels, times channels, of all pictures after resizing.
pub const IMAGE_BYTES: u64 = 16 << 30;

/// Pixels on each side that pictures are resized to at most where no size is
/// asked for.
pub const DEFAULT_IMAGE_SIDE: usize = 64;

/// Bytes of one file of a published image set, unpacked; the largest has 47
/// million.
pub const PUBLISHED_FILE_BYTES: u64 = 256 << 20;
