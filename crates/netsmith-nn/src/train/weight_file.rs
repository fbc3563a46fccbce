//! Weights and what belongs to them in one safetensors file.
//!
//! Tensors are named `GROUP/WEIGHT`, one group for the weights and one for each
//! moment of the optimiser; all else is one JSON object in the metadata.

use ::safetensors::tensor::{Metadata, TensorView};
use ::safetensors::{Dtype, SafeTensorError, SafeTensors};
use netsmith::network::{Network, Weight};
use std::collections::HashMap;
use std::path::Path;
use std::{fs, io};

/// The file's bytes: groups of values in the order of the network's weights, and
/// a record under a key of the metadata.
pub(crate) fn to_bytes(
    network: &Network,
    groups: &[(String, &Vec<Vec<f32>>)],
    (key, record): (&str, String),
) -> Result<Vec<u8>, SafeTensorError> {
    let mut tensors = Vec::new();
    for (group, values) in groups {
        for (weight, values) in network.weights().iter().zip(*values) {
            let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            tensors.push((format!("{group}/{}", weight.name), values.len(), bytes));
        }
    }
    let views = tensors.iter().map(|(name, size, bytes)| {
        let view = TensorView::new(Dtype::F32, vec![*size], bytes)?;
        Ok((name.as_str(), view))
    });
    let views = views.collect::<Result<Vec<_>, SafeTensorError>>()?;
    let metadata = HashMap::from([(key.to_owned(), record)]);
    ::safetensors::serialize(views, Some(metadata))
}

/// Writes a file beside its place and then renames it, so that a file that is
/// there is whole, and one that cannot be written leaves the old one.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    fs::write(&part, bytes)?;
    fs::rename(&part, path)
}

/// A file that was read.
pub(crate) struct WeightFile<'a> {
    metadata: Metadata,
    tensors: SafeTensors<'a>,
}

/// A tensor that is not there, or not of the weight's size.
pub(crate) struct Misfit {
    pub(crate) tensor: String,
}

impl<'a> WeightFile<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Result<Self, SafeTensorError> {
        let (_, metadata) = SafeTensors::read_metadata(bytes)?;
        let tensors = SafeTensors::deserialize(bytes)?;
        Ok(Self { metadata, tensors })
    }

    /// The record under this key.
    pub(crate) fn record(&self, key: &str) -> Option<&String> {
        self.metadata.metadata().as_ref()?.get(key)
    }

    /// A group with values for all weights, or only for those that are trained.
    pub(crate) fn group(
        &self,
        network: &Network,
        group: &str,
        all: bool,
    ) -> Result<Vec<Vec<f32>>, Misfit> {
        let of = |weight: &Weight| {
            let size = match all || weight.shape.role.trains() {
                true => weight.shape.elements(),
                false => 0,
            };
            self.values(format!("{group}/{}", weight.name), size)
        };
        network.weights().iter().map(of).collect()
    }

    fn values(&self, name: String, size: usize) -> Result<Vec<f32>, Misfit> {
        let fits =
            |tensor: &TensorView<'_>| tensor.dtype() == Dtype::F32 && tensor.shape() == [size];
        let tensor = self.tensors.tensor(&name).ok().filter(fits);
        let tensor = tensor.ok_or(Misfit { tensor: name })?;
        let (values, _) = tensor.data().as_chunks();
        Ok(values
            .iter()
            .map(|&bytes| f32::from_le_bytes(bytes))
            .collect())
    }
}
