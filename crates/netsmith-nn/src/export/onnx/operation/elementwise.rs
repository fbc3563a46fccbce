//! Sums, products and zero.

use netsmith::network::Shape;
use netsmith::network::operation::Zero;

use super::Site;

pub(super) fn add(site: &mut Site<'_>) -> String {
    let inputs = site.inputs.clone();
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    match inputs.len() {
        1 => inputs[0].to_owned(),
        2 => site.last("Add", &inputs, Vec::new()),
        _ => site.last("Sum", &inputs, Vec::new()),
    }
}

pub(super) fn multiply(site: &mut Site<'_>) -> String {
    let [a, mut b] = [0, 1].map(|place| site.inputs[place].clone());
    if matches!(
        (site.shapes[0], site.shapes[1]),
        (Shape::Image { .. }, Shape::Vector { .. })
    ) {
        let axes = site.integers("axes", &[2, 3]);
        b = site.step("Unsqueeze", "factors", &[&b, &axes], Vec::new());
    }
    site.last("Mul", &[&a, &b], Vec::new())
}

/// Zeros where nothing is chosen, whatever the input holds: a product with
/// zero would let infinities through.
pub(super) fn zero(site: &mut Site<'_>, zero: &Zero) -> String {
    let mut value = site.input();
    if zero.stride != [1, 1] {
        let starts = site.integers("starts", &[0, 0]);
        let ends = site.integers("ends", &site.size());
        let axes = site.integers("axes", &[2, 3]);
        let steps = site.integers("steps", &zero.stride);
        let inputs = [&value, &starts, &ends, &axes, &steps].map(String::as_str);
        value = site.step("Slice", "strided", &inputs, Vec::new());
    }
    let never = site.graph.boolean(&site.part("never"), false);
    let zero = site.graph.floats(&site.part("zero"), &[], &[0.0]);
    site.last("Where", &[&never, &value, &zero], Vec::new())
}
