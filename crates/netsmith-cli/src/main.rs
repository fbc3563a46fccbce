//! The netsmith command.
fn main() {}
