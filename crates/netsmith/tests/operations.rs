//! The conformance suite over all operations.

use netsmith::network::Shape;
use netsmith::network::operation::catalogue;
use netsmith::space::{Architecture, DecisionId, Task, file};
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

/// Bounds go through all shapes of three inputs, and hold the networks.
#[test]
fn bounds_hold_attention_of_any_width() {
    let text = r#"
        [values]
        width = [4, 8]
        [network]
        nodes = [
            { name = "tokens", operation = "embedding", tokens = 20, out = "width" },
            { name = "query", operation = "convolution", out = "width", from = "tokens" },
            { name = "key", operation = "convolution", out = "width", from = "tokens" },
            { name = "value", operation = "convolution", out = "width*2", from = "tokens" },
            { operation = "attention", heads = 2, from = ["query", "key", "value"] },
            { operation = "softmax" },
            { operation = "global-pool" },
            { operation = "linear", out = "classes" },
        ]
    "#;
    let task = Task::vector(Shape::sequence(1, 6), 3);
    let space = file::parse("attention.toml", text, &task).unwrap();
    let all = space.bounds(&Architecture::undecided(1)).unwrap();
    for (width, text) in [(4, "width=4"), (8, "width=8")] {
        let architecture = space.parse(text).unwrap();
        let network = space.network(&architecture).unwrap();
        // Three projections, the scores, the sums of values, and the last layer.
        let macs = 6 * width * (4 * width) + 6 * 6 * (3 * width) + 2 * width * 3;
        assert_eq!(network.macs(), macs);
        let bounds = space.bounds(&architecture).unwrap();
        assert_eq!([bounds.macs.low, bounds.macs.high], [macs; 2]);
        assert!((all.macs.low..=all.macs.high).contains(&macs));
        let parameters = network.parameters();
        assert_eq!(
            [bounds.parameters.low, bounds.parameters.high],
            [parameters; 2]
        );
    }
    // Heads divide channels, which no mask expresses: the width stays at its largest.
    let (supernet, refused) = space.open_supernet().unwrap();
    let width = |(decision, _): &(DecisionId, &str)| decision.index() == 0;
    assert!(
        !refused.is_empty() && refused.iter().all(width),
        "{refused:?}"
    );
    let widest = space.network(&space.parse("width=8").unwrap()).unwrap();
    assert_eq!(supernet.answer(), widest.answer());
}

#[test]
fn a_file_is_told_which_inputs_an_operation_takes() {
    let text = "[network]\nnodes = [{ operation = \"attention\" }]";
    let task = Task::vector(Shape::sequence(4, 6), 3);
    let error = file::parse("attention.toml", text, &task).unwrap_err();
    let rule = "`attention` takes 3 to 4 inputs (query, key, value, mask), got 1";
    assert_eq!(error.to_string(), rule);
}
