//! Drawings are well-formed XML, their boxes lie apart, and their lines join
//! them.

use std::fs;

use crate::{cases, python};

#[test]
fn drawings_are_well_formed_and_orderly() {
    let Some(interpreter) = python::interpreter() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder can be made");
    for case in &cases::all() {
        let path = folder.path().join(format!("{}.svg", case.name));
        fs::write(path, case.network.drawing(&case.name)).expect("a file can be written");
    }
    python::run(&interpreter, "check_svg.py", folder.path());
}
