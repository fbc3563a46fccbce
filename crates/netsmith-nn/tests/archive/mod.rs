//! Real data, packed in archives.

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;

/// A file of the real data, where it is there.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
pub(crate) fn real_data(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("NETSMITH_DATA").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let path = folder.join(name);
    if path.is_file() {
        return Some(path);
    }
    eprintln!("skipped: {} is not there", path.display());
    None
}

/// Unpacks the plain files of a gzipped tar archive.
pub(crate) fn unpack(archive: &Path, into: &Path) {
    const BLOCK: usize = 512;
    let mut tar = Vec::new();
    let file = fs::File::open(archive).expect("the archive can be opened");
    GzDecoder::new(file)
        .read_to_end(&mut tar)
        .expect("the archive is whole");
    let text = |bytes: &[u8]| {
        let end = bytes
            .iter()
            .position(|byte| *byte == 0)
            .unwrap_or(bytes.len());
        String::from_utf8_lossy(&bytes[..end]).into_owned()
    };
    let mut at = 0;
    while tar[at] != 0 {
        let header = &tar[at..at + BLOCK];
        let size = usize::from_str_radix(text(&header[124..136]).trim(), 8).expect("it is octal");
        if header[156] == b'0' {
            let path = into.join(text(&header[..100]));
            fs::create_dir_all(path.parent().expect("it has one")).expect("there is room");
            fs::write(path, &tar[at + BLOCK..][..size]).expect("there is room");
        }
        at += BLOCK + size.next_multiple_of(BLOCK);
    }
}
