//! ONNX Runtime, loaded from a library that is there when the program runs.
//!
//! It is what an exported network usually runs in, so its latency is the one
//! that counts. PyPI's `onnxruntime` wheel contains the library.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ort::session::Session;
use ort::value::TensorRef;

use super::{Effort, Latency, measure_latency};

/// The environment variable that names the library.
const VARIABLE: &str = "ORT_DYLIB_PATH";

/// A loaded ONNX Runtime.
///
/// A process can load one library only: whichever comes first stays.
#[derive(Clone, Debug)]
pub struct OnnxRuntime {
    environment: ort::environment::Environment,
    path: PathBuf,
    version: String,
}

/// A network in ONNX Runtime, ready to run.
#[derive(Debug)]
pub struct OnnxSession {
    session: Session,
    runtime: String,
}

/// What can go wrong with ONNX Runtime.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxRuntimeError {
    /// There is no library at any of the usual places.
    #[error("no ONNX Runtime library was found")]
    NotFound,
    /// The library at this path cannot be used.
    #[error("`{}` is not a usable ONNX Runtime library", path.display())]
    Load {
        /// Where it should be.
        path: PathBuf,
        /// Why.
        #[source]
        source: ort::LoadDynamicError,
    },
    /// The library does not start.
    #[error("the ONNX Runtime library `{}` does not start", path.display())]
    Start {
        /// Where it is.
        path: PathBuf,
        /// Why.
        #[source]
        source: ort::Error,
    },
    /// The network is not understood.
    #[error("ONNX Runtime refuses the network")]
    Model {
        /// Why.
        #[source]
        source: ort::Error,
    },
    /// The network cannot be run on this input.
    #[error("ONNX Runtime fails on an input of the shape {dims:?}")]
    Run {
        /// Shape of the input.
        dims: Vec<usize>,
        /// Why.
        #[source]
        source: ort::Error,
    },
}

impl OnnxRuntimeError {
    /// What the user can do.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::NotFound | Self::Load { .. } => Some(
                "`pip install onnxruntime`, then set `ORT_DYLIB_PATH` to \
                 `onnxruntime/capi/libonnxruntime.so.*` of that installation",
            ),
            _ => None,
        }
    }
}

impl OnnxRuntime {
    /// Loads the library that `ORT_DYLIB_PATH` names; if it is not set, the
    /// one of the virtual environment that is active, or of a `.python` folder
    /// here or further up.
    ///
    /// # Errors
    /// There is none, or it cannot be used.
    pub fn find() -> Result<Self, OnnxRuntimeError> {
        match std::env::var_os(VARIABLE).filter(|path| !path.is_empty()) {
            Some(path) => Self::load(Path::new(&path)),
            None => Self::load(&usual_place().ok_or(OnnxRuntimeError::NotFound)?),
        }
    }

    /// Loads the library at this path, unless one is loaded already.
    ///
    /// # Errors
    /// It is not there, not ONNX Runtime, or too old.
    pub fn load(path: &Path) -> Result<Self, OnnxRuntimeError> {
        /// The library allows one environment for each process.
        static LOADED: Mutex<Option<OnnxRuntime>> = Mutex::new(None);
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = &*loaded {
            return Ok(runtime.clone());
        }
        // Without a slash the loader would look for a path beside the binary.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let builder = ort::init_from(&path).map_err(|source| OnnxRuntimeError::Load {
            path: path.clone(),
            source,
        })?;
        let environment = builder
            .with_name("netsmith")
            .with_telemetry(false)
            // Its messages would disturb the output; what matters is in errors.
            .with_logger(Arc::new(|_, _, _, _, _| {}))
            .build()
            .map_err(|source| OnnxRuntimeError::Start {
                path: path.clone(),
                source,
            })?;
        let version = version(&path, ort::info());
        let runtime = Self {
            environment,
            path,
            version,
        };
        *loaded = Some(runtime.clone());
        Ok(runtime)
    }

    /// Its version, such as `1.32.0`; empty if it does not tell.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Where the library is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Prepares an ONNX file, given as bytes, for `threads` threads.
    ///
    /// # Errors
    /// The file is damaged, or uses what the library does not know.
    pub fn session(&self, model: &[u8], threads: usize) -> Result<OnnxSession, OnnxRuntimeError> {
        let session = self.commit(model, threads);
        let session = session.map_err(|source| OnnxRuntimeError::Model { source })?;
        let runtime = format!("onnxruntime {}", self.version)
            .trim_end()
            .to_owned();
        Ok(OnnxSession { session, runtime })
    }

    fn commit(&self, model: &[u8], threads: usize) -> ort::Result<Session> {
        let mut builder = Session::builder(&self.environment)?
            .with_intra_threads(threads.max(1))?
            .with_inter_threads(1)?;
        builder.commit_from_memory(model)
    }
}

impl OnnxSession {
    /// The first output for this input, which has the shape `dims`, batch
    /// axis first; both row-major.
    ///
    /// # Errors
    /// Shape and values do not fit together or to the network.
    pub fn run(&mut self, input: &[f32], dims: &[usize]) -> Result<Vec<f32>, OnnxRuntimeError> {
        self.outputs(input, dims)
            .map_err(|source| OnnxRuntimeError::Run {
                dims: dims.to_vec(),
                source,
            })
    }

    /// The time of one run on this input.
    ///
    /// # Errors
    /// As [`OnnxSession::run`].
    pub fn latency(
        &mut self,
        input: &[f32],
        dims: &[usize],
        effort: &Effort,
    ) -> Result<Latency, OnnxRuntimeError> {
        let runtime = self.runtime.clone();
        measure_latency(&runtime, effort, || self.run(input, dims).map(drop))
    }

    /// What runs the network: `onnxruntime 1.32.0`.
    pub fn runtime(&self) -> &str {
        &self.runtime
    }

    fn outputs(&mut self, input: &[f32], dims: &[usize]) -> ort::Result<Vec<f32>> {
        let input = TensorRef::from_array_view((dims.to_vec(), input))?;
        let outputs = self.session.run(ort::inputs![input])?;
        let (_, values) = outputs[0].try_extract_tensor::<f32>()?;
        Ok(values.to_vec())
    }
}

/// The library in the active virtual environment, or in a `.python` folder
/// here or further up.
fn usual_place() -> Option<PathBuf> {
    let active = std::env::var_os("VIRTUAL_ENV").map(PathBuf::from);
    let here = std::env::current_dir().unwrap_or_default();
    let above = here.ancestors().map(|folder| folder.join(".python"));
    active
        .into_iter()
        .chain(above)
        .find_map(|environment| in_environment(&environment))
}

/// The library in a virtual environment of Python.
fn in_environment(environment: &Path) -> Option<PathBuf> {
    let mut places = vec![environment.join("Lib/site-packages")];
    places.extend(sorted(&environment.join("lib")).map(|path| path.join("site-packages")));
    let libraries =
        |place: PathBuf| sorted(&place.join("onnxruntime/capi")).find(|path| is_library(path));
    places.into_iter().find_map(libraries)
}

fn is_library(path: &Path) -> bool {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    name.starts_with("libonnxruntime.") || name == "onnxruntime.dll"
}

/// What a folder holds, by name; nothing if it cannot be read.
fn sorted(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter()
}

/// The version by the file's name (`libonnxruntime.so.1.32.0`), or by the
/// branch that the library was built from (`git-branch=rel-1.32.0`).
fn version(path: &Path, build: &str) -> String {
    let name = path.file_name().and_then(OsStr::to_str).unwrap_or_default();
    let by_name = name.split_once(".so.").map(|(_, version)| version);
    let branch = build.split_once("git-branch=rel-").map(|(_, rest)| rest);
    let by_branch = branch.and_then(|rest| rest.split([',', ' ']).next());
    by_name.or(by_branch).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_in_the_name_or_in_the_build() {
        let linux = Path::new("/opt/libonnxruntime.so.1.32.0");
        assert_eq!(version(linux, ""), "1.32.0");
        let windows = Path::new("onnxruntime.dll");
        let build = "ORT Build Info: git-branch=rel-1.31.1, git-commit-id=0";
        assert_eq!(version(windows, build), "1.31.1");
        assert_eq!(version(windows, ""), "");
    }

    #[test]
    fn the_library_is_found_in_a_virtual_environment() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let capi = folder
            .path()
            .join("lib/python3.13/site-packages/onnxruntime/capi");
        fs::create_dir_all(&capi).expect("a folder can be made");
        assert_eq!(in_environment(folder.path()), None);
        for name in [
            "libonnxruntime_providers_shared.so",
            "libonnxruntime.so.1.32.0",
        ] {
            fs::write(capi.join(name), "").expect("a file can be written");
        }
        let found = in_environment(folder.path()).expect("it is there");
        assert!(found.ends_with("capi/libonnxruntime.so.1.32.0"));
    }
}
