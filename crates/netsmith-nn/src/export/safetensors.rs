//! Weights as a safetensors file: a length, a JSON header, and the values.

use ::safetensors::{Dtype, SafeTensorError, SafeTensors};
use netsmith::network::Network;
use serde_json::{Map, Value, json};

use super::metadata::metadata;
use super::{ExportError, TrainedNetwork};

/// The header is filled up with spaces to a multiple of this, so that the
/// values behind it are aligned.
const ALIGNMENT: usize = 8;

/// The bytes of a safetensors file with all weights and running statistics
/// under their names, as 32-bit floats.
///
/// Its metadata are the same as those of the ONNX file. Equal networks give
/// equal bytes.
///
/// # Errors
/// The parts do not fit together.
pub fn safetensors(trained: &TrainedNetwork<'_>) -> Result<Vec<u8>, ExportError> {
    trained.check()?;
    let mut header = Map::new();
    header.insert("__metadata__".to_owned(), json!(metadata(trained)));
    let mut end = 0;
    for weight in trained.network.weights() {
        let start = end;
        end += weight.shape.elements() * size_of::<f32>();
        let entry =
            json!({"dtype": "F32", "shape": weight.shape.dims, "data_offsets": [start, end]});
        header.insert(weight.name.clone(), entry);
    }
    let mut header = Value::Object(header).to_string();
    let padded = header.len().next_multiple_of(ALIGNMENT);
    header.extend(std::iter::repeat_n(' ', padded - header.len()));
    let mut bytes = Vec::with_capacity(size_of::<u64>() + header.len() + end);
    bytes.extend((header.len() as u64).to_le_bytes());
    bytes.extend(header.as_bytes());
    for values in trained.weights {
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    }
    Ok(bytes)
}

/// The weights of a network from the bytes of a safetensors file, parallel to
/// [`Network::weights`].
///
/// Nothing is reserved beyond the size of `bytes`, whatever their header says.
///
/// # Errors
/// The bytes are no safetensors file, or its tensors are not exactly those of
/// the network.
pub fn read_safetensors(network: &Network, bytes: &[u8]) -> Result<Vec<Vec<f32>>, WeightsError> {
    let file = SafeTensors::deserialize(bytes).map_err(|source| WeightsError::Format { source })?;
    let weights = network.weights();
    let of = |weight: &netsmith::network::Weight| {
        let name = || weight.name.clone();
        let tensor = file.tensor(&weight.name);
        let tensor = tensor.map_err(|_| WeightsError::Missing { weight: name() })?;
        if tensor.dtype() != Dtype::F32 {
            return Err(WeightsError::Kind {
                weight: name(),
                found: tensor.dtype(),
            });
        }
        if tensor.shape() != weight.shape.dims {
            return Err(WeightsError::Shape {
                weight: name(),
                expected: weight.shape.dims.clone(),
                found: tensor.shape().to_vec(),
            });
        }
        let (values, _) = tensor.data().as_chunks();
        Ok(values
            .iter()
            .map(|&bytes| f32::from_le_bytes(bytes))
            .collect())
    };
    let values = weights
        .iter()
        .map(of)
        .collect::<Result<Vec<Vec<f32>>, _>>()?;
    let mut names = file.names();
    if names.len() > weights.len() {
        names.sort_unstable();
        let unknown = names
            .iter()
            .find(|name| !weights.iter().any(|w| w.name == **name));
        let weight = unknown.map(|name| (*name).to_owned()).unwrap_or_default();
        return Err(WeightsError::Unknown { weight });
    }
    Ok(values)
}

/// Weights that cannot be taken from a file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WeightsError {
    /// The file is damaged or of another kind.
    #[error("the weights are not a safetensors file")]
    Format {
        /// Why.
        #[source]
        source: SafeTensorError,
    },
    /// A weight of the network is not in the file.
    #[error("weight `{weight}` is missing: the file belongs to another network")]
    Missing {
        /// Its name.
        weight: String,
    },
    /// The file holds more than the network needs.
    #[error("weight `{weight}` is not of this network: the file belongs to another one")]
    Unknown {
        /// Its name.
        weight: String,
    },
    /// A weight has another shape.
    #[error("weight `{weight}` has the shape {found:?}: the network needs {expected:?}")]
    Shape {
        /// Its name.
        weight: String,
        /// Shape in the network.
        expected: Vec<usize>,
        /// Shape in the file.
        found: Vec<usize>,
    },
    /// A weight holds something else than 32-bit floats.
    #[error("weight `{weight}` is of kind {found:?}: 32-bit floats (F32) are needed")]
    Kind {
        /// Its name.
        weight: String,
        /// Kind in the file.
        found: Dtype,
    },
}
