//! Virtual environments of Python inside the repository, made once and kept
//! until their requirements change.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process::run as run_command;
use crate::repository::Repository;

/// A virtual environment that holds what its requirements file pins.
#[derive(Debug)]
pub(crate) struct Environment {
    folder: PathBuf,
}

impl Environment {
    /// The environment of the tests: NumPy, ONNX, ONNX Runtime, scikit-learn
    /// and safetensors, in `.python/`.
    ///
    /// # Errors
    ///
    /// When Python 3 or its `venv` is missing, or a package cannot be had.
    pub(crate) fn for_tests(repository: &Repository) -> Result<Self> {
        Self::prepare(
            repository.path(".python"),
            &repository.path("xtask/python-requirements.txt"),
        )
    }

    /// Makes the environment unless it is there already with these requirements;
    /// then nothing is run and no network is needed.
    ///
    /// # Errors
    ///
    /// As [`Environment::for_tests`].
    pub(crate) fn prepare(folder: PathBuf, requirements: &Path) -> Result<Self> {
        let environment = Self { folder };
        let wanted = fs::read_to_string(requirements)
            .with_context(|| format!("cannot read {}", requirements.display()))?;
        // The stamp is a copy of the requirements, written when all else is done.
        let stamp = environment.folder.join("installed-requirements.txt");
        if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted)
            && environment.python().exists()
        {
            return Ok(environment);
        }
        println!(
            "installing {} into {}",
            requirements.display(),
            environment.folder.display()
        );
        environment.create()?;
        run_command(
            Command::new(environment.python())
                .args([
                    "-m",
                    "pip",
                    "install",
                    "--quiet",
                    "--disable-pip-version-check",
                ])
                .arg("--requirement")
                .arg(requirements),
        )
        .context("cannot install the Python packages of the tests: this needs a network once")?;
        fs::write(&stamp, wanted).with_context(|| format!("cannot write {}", stamp.display()))?;
        Ok(environment)
    }

    fn create(&self) -> Result<()> {
        let python = std::env::var_os("PYTHON")
            .unwrap_or_else(|| if cfg!(windows) { "python" } else { "python3" }.into());
        run_command(
            Command::new(python)
                .args(["-m", "venv", "--clear"])
                .arg(&self.folder),
        )
        .context(
            "cannot make a virtual environment: Python 3.11 or newer with its `venv` is needed \
             (Debian: python3-venv); `PYTHON` names another interpreter",
        )
    }

    /// Its interpreter.
    pub(crate) fn python(&self) -> PathBuf {
        self.folder.join(if cfg!(windows) {
            "Scripts/python.exe"
        } else {
            "bin/python"
        })
    }

    /// What tests are told: `NETSMITH_PYTHON`, the interpreter, and
    /// `ORT_DYLIB_PATH`, the ONNX Runtime library inside its wheel. A value that
    /// the caller has set already stands.
    ///
    /// # Errors
    ///
    /// When the wheel holds no such library.
    pub(crate) fn variables(&self) -> Result<Vec<(&'static str, PathBuf)>> {
        let mut variables = vec![
            ("NETSMITH_PYTHON", self.python()),
            ("ORT_DYLIB_PATH", self.onnx_runtime()?),
        ];
        variables.retain(|(name, _)| std::env::var_os(name).is_none());
        Ok(variables)
    }

    fn onnx_runtime(&self) -> Result<PathBuf> {
        let mut places = vec![self.folder.join("Lib/site-packages")];
        for entry in fs::read_dir(self.folder.join("lib")).into_iter().flatten() {
            places.push(entry?.path().join("site-packages"));
        }
        for place in &places {
            let folder = place.join("onnxruntime").join("capi");
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry?.path();
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                if name.starts_with("libonnxruntime.") || name == "onnxruntime.dll" {
                    return Ok(path);
                }
            }
        }
        bail!(
            "{} holds no ONNX Runtime library: remove the folder and try again",
            self.folder.display()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with what an environment leaves behind, made without Python.
    fn pretended(name: &str, requirements: &str) -> (PathBuf, PathBuf) {
        let folder =
            std::env::temp_dir().join(format!("netsmith-xtask-{name}-{}", std::process::id()));
        let library = folder.join("lib/python3.11/site-packages/onnxruntime/capi");
        fs::create_dir_all(&library).unwrap();
        fs::create_dir_all(folder.join("bin")).unwrap();
        fs::create_dir_all(folder.join("Scripts")).unwrap();
        fs::write(folder.join("bin/python"), "").unwrap();
        fs::write(folder.join("Scripts/python.exe"), "").unwrap();
        fs::write(library.join("libonnxruntime_providers_shared.so"), "").unwrap();
        fs::write(library.join("libonnxruntime.so.1.32.0"), "").unwrap();
        fs::write(folder.join("installed-requirements.txt"), requirements).unwrap();
        let file = folder.join("requirements.txt");
        fs::write(&file, "numpy==2\n").unwrap();
        (folder, file)
    }

    #[test]
    fn an_environment_with_the_same_requirements_is_taken_as_it_is() {
        let (folder, file) = pretended("same", "numpy==2\n");
        let environment = Environment::prepare(folder.clone(), &file).unwrap();
        let library = environment.onnx_runtime().unwrap();
        assert_eq!(library.file_name().unwrap(), "libonnxruntime.so.1.32.0");
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_missing_library_is_named() {
        let (folder, file) = pretended("missing", "numpy==2\n");
        fs::remove_dir_all(folder.join("lib/python3.11/site-packages/onnxruntime")).unwrap();
        let environment = Environment::prepare(folder.clone(), &file).unwrap();
        let message = environment.onnx_runtime().unwrap_err().to_string();
        assert!(
            message.contains("holds no ONNX Runtime library"),
            "{message}"
        );
        fs::remove_dir_all(folder).unwrap();
    }
}
