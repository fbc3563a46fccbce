//! The conformance suite over all operations.

use netsmith::network::operation::catalogue;
use netsmith::testing::check_operation;
use std::collections::BTreeSet;

#[test]
fn every_operation_is_as_it_says() {
    catalogue().for_each(check_operation);
}

#[test]
fn names_are_different() {
    let names: BTreeSet<&str> = catalogue().map(|entry| entry.name).collect();
    assert_eq!(names.len(), catalogue().count());
    for entry in catalogue() {
        assert!(entry.summary.ends_with('.'), "{}", entry.name);
    }
}
