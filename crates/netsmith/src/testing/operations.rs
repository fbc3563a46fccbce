//! What must hold for every operation of the catalogue.

use crate::network::operation::{Arity, Buffer, Entry, Example, Masking, Meeting, SizeRole, Zeros};
use crate::network::{Builder, Key, MemoryPlan, Operation, Shape};
use std::convert::Infallible;

/// Holds an operation to what it says of itself, on its examples.
///
/// # Panics
/// Something does not hold; the message names the example.
pub fn check_operation(entry: &Entry) {
    let examples = (entry.build.examples)();
    assert!(
        !examples.is_empty(),
        "{}: there are no examples",
        entry.name
    );
    for example in &examples {
        let operation = &example.operation;
        assert_eq!(operation.name(), entry.name);
        check_inputs(example);
        check_writing(entry, operation);
        check_sizes(example);
        check_channels(example);
        check_rules(example);
        check_network(example);
    }
    for (index, Example { operation, .. }) in examples.iter().enumerate() {
        for other in &examples[..index] {
            let same = operation.to_string() == other.operation.to_string();
            assert_eq!(same, *operation == other.operation, "{operation}");
        }
    }
    check_attributes(entry, &examples);
}

/// The inputs fit; other numbers of them do not.
fn check_inputs(Example { operation, inputs }: &Example) {
    assert_eq!(operation.output(inputs).err(), None, "{operation}");
    let arity = operation.ask(|it| it.arity());
    assert_eq!(arity.misfit(inputs.len()), None, "{operation}");
    for count in 0..=inputs.len() + 2 {
        let first = inputs.first().copied().unwrap_or(Shape::vector(1));
        let mut given = inputs.clone();
        given.resize(count, first);
        if arity.misfit(count).is_some() {
            assert!(operation.output(&given).is_err(), "{operation}: {count}");
        }
    }
}

/// What is written in TOML is read back; each attribute is documented.
fn check_writing(entry: &Entry, operation: &Operation) {
    let Some(text) = operation.to_toml() else {
        assert!(entry.build.read.is_none() && entry.build.attributes.is_empty());
        return;
    };
    assert_eq!(
        Operation::from_toml(&text).as_ref(),
        Ok(operation),
        "{text}"
    );
    let written = operation.ask(|it| it.attributes());
    let written = written.iter().map(|(key, _)| *key);
    let documented = entry.build.attributes.iter();
    assert!(written.eq(documented.map(|it| it.name)), "{text}");
}

/// The examples differ in each attribute, so that none is written or hashed
/// without effect.
fn check_attributes(entry: &Entry, examples: &[Example]) {
    for attribute in entry.build.attributes {
        let values = examples.iter().map(|example| {
            let mut attributes = example.operation.ask(|it| it.attributes()).into_iter();
            attributes.find(|(key, _)| *key == attribute.name)
        });
        let mut values: Vec<_> = values.collect();
        values.sort_unstable();
        values.dedup();
        let (operation, attribute) = (entry.name, attribute.name);
        assert!(
            values.len() > 1,
            "{operation}: no examples vary {attribute}"
        );
    }
}

/// Every attribute that a decision may set has a role, which it plays.
fn check_sizes(Example { operation, inputs }: &Example) {
    let same = operation.map(&mut |&size| Ok::<usize, Infallible>(size));
    assert_eq!(same.as_ref(), Ok(operation));
    let roles = operation.ask(|it| it.sizes());
    let mut count = 0;
    operation.for_each_size(&mut |_| count += 1);
    assert_eq!(count, roles.len(), "{operation}: a role for each size");
    let shape = operation.output(inputs);
    for kernel in [1, 3, 5] {
        let mut roles = roles.iter();
        let other = operation.with_sizes(&mut |&size| match roles.next() {
            Some(SizeRole::Kernel) => kernel,
            _ => size,
        });
        // An even kernel is not centred, but its output has the same size.
        assert_eq!(other.output(inputs), shape, "{other}");
    }
}

/// The rule for masks agrees with the channels of the output.
fn check_channels(Example { operation, inputs }: &Example) {
    let Ok(output) = operation.output(inputs) else {
        return;
    };
    let mut roles = operation.ask(|it| it.sizes()).into_iter();
    let mut decided = None;
    operation.for_each_size(&mut |&size| {
        if roles.next() == Some(SizeRole::Channels) {
            decided = Some(size);
        }
    });
    let Some(first) = inputs.first() else {
        return;
    };
    let expected = match operation.ask(|it| it.masking()) {
        Masking::Each(_) | Masking::PerWidth => Some(first.channels()),
        Masking::Mixes | Masking::Cuts | Masking::Appends => decided.or(Some(0)),
        Masking::Joins => Some(inputs.iter().map(|shape| shape.channels()).sum()),
        Masking::Unfolds => Some(first.elements()),
        Masking::Grouped { .. } => None,
    };
    if let Some(expected) = expected {
        assert_eq!(output.channels(), expected, "{operation}");
    }
}

/// The rules do not contradict each other.
fn check_rules(Example { operation, inputs }: &Example) {
    operation.ask(|it| {
        let (arity, zeros) = (it.arity(), it.zeros());
        let output = it.output(inputs);
        let unchanged = inputs.len() == 1 && output.as_ref() == Ok(&inputs[0]);
        let free = it.weights(inputs).is_empty();
        if it.is_identity() {
            assert!(unchanged && free && zeros == Zeros::WhereAll, "{operation}");
        }
        if it.is_sum() {
            let many = arity == Arity::Many(Meeting::Same);
            assert!(many && free && zeros == Zeros::WhereAll, "{operation}");
        }
        if let Buffer::Input | Buffer::Noise(_) = it.buffer() {
            let elements = output.map(Shape::elements);
            assert_eq!(elements, Ok(inputs[0].elements()), "{operation}");
        }
        if arity == Arity::Source {
            assert_eq!(zeros, Zeros::Never, "{operation}");
        }
        // What keeps zeros in a mask keeps them in a pruned network too.
        if let Masking::Each(exactly) = it.masking() {
            assert!(exactly == Zeros::Never || exactly == zeros, "{operation}");
        }
        for weight in it.weights(inputs) {
            assert!(weight.elements() > 0, "{operation}: {}", weight.name);
        }
    });
}

/// A network of it is drawn, planned, pruned and hashed.
fn check_network(Example { operation, inputs }: &Example) {
    let mut builder = Builder::new();
    let shapes = inputs.iter();
    let entries: Vec<usize> = shapes.map(|shape| builder.input("x", *shape)).collect();
    let output = builder.add("output", operation.clone(), &entries);
    let output = match output {
        Ok(output) => output,
        Err(error) => panic!("{error}"),
    };
    let network = builder.finish(&[output]);
    let plan = MemoryPlan::of(&network, 2);
    assert!(plan.training(1) >= plan.inference(), "{operation}");
    assert!(network.drawing("one operation").contains(operation.name()));
    let pruned = network.pruned();
    assert_eq!(Key::of(&pruned), Key::of(&pruned.pruned()), "{operation}");
}
