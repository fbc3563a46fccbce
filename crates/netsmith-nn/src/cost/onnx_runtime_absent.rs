//! What stands for ONNX Runtime in a build without the feature `ort`: it is
//! never there.

use std::convert::Infallible;
use std::path::Path;

use super::{Effort, Latency};

/// A loaded ONNX Runtime; there is none in this build.
#[derive(Clone, Debug)]
pub struct OnnxRuntime(Infallible);

/// A network in ONNX Runtime; there is none in this build.
#[derive(Debug)]
pub struct OnnxSession(Infallible);

/// Why there is no ONNX Runtime.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxRuntimeError {
    /// The feature `ort` is off.
    #[error("this build has no support for ONNX Runtime")]
    NotBuilt,
}

impl OnnxRuntimeError {
    /// What the user can do.
    pub fn hint(&self) -> Option<&'static str> {
        Some("build with the feature `ort`")
    }
}

impl OnnxRuntime {
    /// Fails.
    ///
    /// # Errors
    /// Always.
    pub fn find() -> Result<Self, OnnxRuntimeError> {
        Err(OnnxRuntimeError::NotBuilt)
    }

    /// Fails.
    ///
    /// # Errors
    /// Always.
    pub fn load(_path: &Path) -> Result<Self, OnnxRuntimeError> {
        Err(OnnxRuntimeError::NotBuilt)
    }

    /// Its version.
    pub fn version(&self) -> &str {
        match self.0 {}
    }

    /// Where the library is.
    pub fn path(&self) -> &Path {
        match self.0 {}
    }

    /// Prepares an ONNX file for `threads` threads.
    ///
    /// # Errors
    /// Cannot be reached.
    pub fn session(&self, _model: &[u8], _threads: usize) -> Result<OnnxSession, OnnxRuntimeError> {
        match self.0 {}
    }
}

impl OnnxSession {
    /// The first output for this input.
    ///
    /// # Errors
    /// Cannot be reached.
    pub fn run(&mut self, _input: &[f32], _dims: &[usize]) -> Result<Vec<f32>, OnnxRuntimeError> {
        match self.0 {}
    }

    /// The time of one run on this input.
    ///
    /// # Errors
    /// Cannot be reached.
    pub fn latency(
        &mut self,
        _input: &[f32],
        _dims: &[usize],
        _effort: &Effort,
    ) -> Result<Latency, OnnxRuntimeError> {
        match self.0 {}
    }

    /// What runs the network.
    pub fn runtime(&self) -> &str {
        match self.0 {}
    }
}
