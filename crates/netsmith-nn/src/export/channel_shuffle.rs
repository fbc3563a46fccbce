//! Channels of several groups interleaved.

use netsmith::network::operation::ChannelShuffle;

use super::ExportError;
use super::exported::Exported;
use super::onnx::{self, AttributeProto};
use super::torch::{self, Form};

impl Exported for ChannelShuffle {
    fn onnx(&self, site: &mut onnx::Site<'_>) -> Result<String, ExportError> {
        let channels = site.shapes[0].channels();
        let [height, width] = site.size();
        // A zero keeps the batch axis.
        let split = [0, self.groups, channels / self.groups, height, width];
        let split = site.integers("split", &split);
        let joined = site.integers("joined", &[0, channels, height, width]);
        let input = site.input();
        let groups = site.step("Reshape", "groups", &[&input, &split], Vec::new());
        let swap = vec![AttributeProto::ints("perm", [0, 2, 1, 3, 4])];
        let swapped = site.step("Transpose", "swapped", &[&groups], swap);
        Ok(site.last("Reshape", &[&swapped, &joined], Vec::new()))
    }

    fn torch(&self, site: &torch::Site<'_>) -> Result<Form, ExportError> {
        let (x, groups) = (site.x(), self.groups);
        Ok(Form::Expression(format!(
            "F.channel_shuffle({x}, {groups})"
        )))
    }
}
