//! What an exported network says elsewhere, against the formulas of its
//! operations.

mod cases;
mod drawing;
mod onnx;
#[cfg(feature = "ort")]
mod onnx_runtime;
mod oracle;
mod own_inference;
mod python;
mod safetensors;
mod torch;
