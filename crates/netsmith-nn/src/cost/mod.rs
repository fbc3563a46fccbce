//! Costs that must be measured.

mod latency;
#[cfg(feature = "ort")]
mod onnx_runtime;
#[cfg(not(feature = "ort"))]
mod onnx_runtime_absent;
mod operation_table;
mod resident;

pub use latency::{Effort, Latency, OWN_RUNTIME, measure_latency};
#[cfg(feature = "ort")]
pub use onnx_runtime::{OnnxRuntime, OnnxRuntimeError, OnnxSession};
#[cfg(not(feature = "ort"))]
pub use onnx_runtime_absent::{OnnxRuntime, OnnxRuntimeError, OnnxSession};
pub use operation_table::OperationTable;
pub use resident::{ResidentMemory, resident_memory_of};
