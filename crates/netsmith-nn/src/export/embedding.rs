//! Embedding: the row of a table for each token.

use netsmith::network::operation::Embedding;

use super::ExportError;
use super::exported::Exported;
use super::onnx::{self, AttributeProto};
use super::torch::{self, Form};

impl Exported for Embedding {
    /// A token that is out of range has the nearest row, as when it was trained.
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        let last = (self.tokens - 1) as f32;
        let [least, most] = [("least", 0.0), ("most", last)]
            .map(|(name, value)| site.graph.floats(&site.part(name), &[], &[value]));
        let input = site.input();
        let tokens = site.step("Clip", "clipped", &[&input, &least, &most], Vec::new());
        let whole = vec![AttributeProto::int("to", onnx::INT64.into())];
        let tokens = site.step("Cast", "tokens", &[&tokens], whole);
        let axes = site.integers("axes", &[1]);
        let tokens = site.step("Squeeze", "positions", &[&tokens, &axes], Vec::new());
        let table = site.weight(0);
        let rows = vec![AttributeProto::int("axis", 0)];
        let rows = site.step("Gather", "rows", &[&table, &tokens], rows);
        let forward = vec![AttributeProto::ints("perm", [0, 3, 1, 2])];
        Ok(site.last("Transpose", &[&rows], forward))
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        Ok(Form::Layer {
            make: format!("nn.Embedding({}, {})", self.tokens, self.out),
            argument: format!("{}[:, 0].clamp(0, {}).long()", site.x(), self.tokens - 1),
            after: ".permute(0, 3, 1, 2)".to_owned(),
        })
    }
}
