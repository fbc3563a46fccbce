//! Costs that must be measured.

mod latency;
#[cfg(feature = "ort")]
mod onnx_runtime;
#[cfg(not(feature = "ort"))]
#[path = "onnx_runtime_absent.rs"]
mod onnx_runtime;

pub use latency::{Effort, Latency, OWN_RUNTIME, measure_latency};
pub use onnx_runtime::{OnnxRuntime, OnnxRuntimeError, OnnxSession};
