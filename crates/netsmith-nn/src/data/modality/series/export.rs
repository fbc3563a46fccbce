//! The first layers of an exported network that takes series.

use super::Series;
use crate::export::{OnnxGraph, TorchInput};

/// The network's input, `[batch, channels, 1, length]`, from `[batch, channels, length]`.
pub(super) fn onnx(series: &Series, graph: &mut OnnxGraph, raw: &str) -> String {
    let axes = graph.integers("series.axes", &[2]);
    let images = graph.plain("Unsqueeze", "series.images", &[raw, &axes]);
    let missing = graph.plain("IsNaN", "series.missing", &[&images]);
    let dims = [1, series.channels.len(), 1, 1];
    let scaled = graph.scaled(&series.channels, &dims, &images);
    let zero = graph.floats("series.zero", &[1], &[0.0]);
    let filled = graph.plain("Where", "series.filled", &[&missing, &zero, &scaled]);
    if !series.masked {
        return filled;
    }
    let missing = graph.as_float("series.missing.value", &missing);
    let any = graph.largest_on_axis("series.missing.any", &missing, 1);
    let one = graph.floats("series.one", &[1], &[1.0]);
    let mask = graph.plain("Sub", "series.mask", &[&one, &any]);
    graph.on_axis("Concat", "series.masked", &[&filled, &mask], 1)
}

pub(super) fn torch(series: &Series) -> TorchInput {
    let answer = if series.masked { MASKED } else { FILLED };
    TorchInput::scaled(&series.channels, "-1, 1", format!("{NORMALIZE}{answer}"))
}

const NORMALIZE: &str = "
    def normalize(self, raw):
        missing = raw.isnan()
        filled = ((raw - self.mean) / self.std).masked_fill(missing, 0)
";

const FILLED: &str = "        return filled.unsqueeze(2)
";

const MASKED: &str = "        mask = 1 - missing.any(1, keepdim=True).to(raw.dtype)
        return torch.cat([filled, mask], 1).unsqueeze(2)
";
