//! Multi-head attention.

use netsmith::network::operation::Attention;

use super::ExportError;
use super::exported::Exported;
use super::onnx::{self, AttributeProto};
use super::torch::{self, Form};

impl Exported for Attention {
    /// Each head as a matrix product; a mask is applied before the softmax and
    /// behind it, so that a query for which no key counts gets zeros.
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        let turned = || vec![AttributeProto::ints("perm", [0, 1, 3, 2])];
        let query = split(self.heads, site, 0, "query");
        let query = site.step("Transpose", "queries", &[&query], turned());
        let key = split(self.heads, site, 1, "key");
        let value = split(self.heads, site, 2, "value");
        let value = site.step("Transpose", "values", &[&value], turned());
        let width = site.shapes[0].channels() / self.heads;
        let scale = scalar(site, "scale", 1.0 / (width as f32).sqrt());
        let products = site.step("MatMul", "products", &[&query, &key], Vec::new());
        let scores = site.step("Mul", "scores", &[&products, &scale], Vec::new());
        let axis = vec![AttributeProto::int("axis", -1)];
        let shares = match site.inputs.get(3).cloned() {
            None => site.step("Softmax", "shares", &[&scores], axis),
            Some(mask) => {
                let truth = vec![AttributeProto::int("to", onnx::BOOL.into())];
                let counts = site.step("Cast", "counts", &[&mask], truth);
                let [hidden, zero] = [("hidden", -1e9), ("zero", 0.0)]
                    .map(|(name, value)| scalar(site, name, value));
                let seen = [&counts, &scores, &hidden].map(String::as_str);
                let seen = site.step("Where", "seen", &seen, Vec::new());
                let all = site.step("Softmax", "all", &[&seen], axis);
                let shares = [&counts, &all, &zero].map(String::as_str);
                site.step("Where", "shares", &shares, Vec::new())
            }
        };
        let means = site.step("MatMul", "means", &[&shares, &value], Vec::new());
        let means = site.step("Transpose", "turned", &[&means], turned());
        let mut dims = site.node.shape.dims();
        // A zero keeps the batch axis.
        dims.insert(0, 0);
        let shape = site.integers("shape", &dims);
        Ok(site.last("Reshape", &[&means, &shape], Vec::new()))
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        let inputs = site.inputs.join(", ");
        let text = format!("attend({}, {inputs})", self.heads);
        Ok(Form::Expression(text))
    }

    fn definition(&self, _site: &torch::Site<'_>) -> Option<&'static str> {
        Some(ATTEND)
    }
}

/// An input with its channels split into heads, `[batch, heads, channels of one,
/// positions]`.
fn split(heads: usize, site: &mut onnx::Site<'_>, input: usize, name: &str) -> String {
    let shape = site.shapes[input];
    let positions = shape.positions().iter().product();
    let dims = [0, heads, shape.channels() / heads, positions];
    let dims = site.integers(&format!("{name}.split"), &dims);
    let value = site.inputs[input].clone();
    site.step("Reshape", name, &[&value, &dims], Vec::new())
}

/// A constant without axes.
fn scalar(site: &mut onnx::Site<'_>, name: &str, value: f32) -> String {
    site.graph.floats(&site.part(name), &[], &[value])
}

const ATTEND: &str = r#"

def attend(heads, query, key, value, mask=None):
    """Means of the values, weighted by how well their keys fit each query."""
    shape = (query.shape[0], value.shape[1], *query.shape[2:])
    query, key, value = (
        x.unflatten(1, (heads, -1)).flatten(3).mT for x in (query, key, value)
    )
    scores = query @ key.mT / query.shape[-1] ** 0.5
    if mask is None:
        return (scores.softmax(-1) @ value).mT.reshape(shape)
    shares = scores.masked_fill(mask == 0, -1e9).softmax(-1)
    return (shares.masked_fill(mask == 0, 0) @ value).mT.reshape(shape)
"#;
