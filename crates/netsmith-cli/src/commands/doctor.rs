//! `netsmith doctor`: what this machine offers, and what is wrong.

use std::path::{Path, PathBuf};

use clap::Args;
use netsmith_nn::cost::OnnxRuntime;
use netsmith_nn::data::{self, LoadOptions, Source};
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{Output, bytes, columns};

/// The arguments of `netsmith doctor`: there are none.
#[derive(Debug, Args)]
pub(crate) struct Arguments {}

/// The folder that holds runs unless a search is told otherwise.
const RUNS: &str = "runs";

/// What was found.
#[derive(Debug, Serialize)]
struct Diagnosis {
    netsmith: &'static str,
    cores: usize,
    vector_instructions: Vec<&'static str>,
    memory_bytes: Option<u64>,
    available_memory_bytes: Option<u64>,
    onnx_runtime: Option<Library>,
    data: Vec<Found>,
    runs: Folder,
    /// What to do, each in a sentence; empty where nothing is wrong.
    advice: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Library {
    version: String,
    path: PathBuf,
}

/// Data that need no path, or those of a folder.
#[derive(Debug, Serialize)]
struct Found {
    name: String,
    found: bool,
}

#[derive(Debug, Serialize)]
struct Folder {
    path: PathBuf,
    writable: bool,
}

/// Looks around.
///
/// # Errors
/// stdout cannot be written; what is wrong with the machine is the result.
pub(crate) fn run(_arguments: &Arguments, output: Output) -> Result<(), Failure> {
    let diagnosis = Diagnosis::take();
    output.result(&diagnosis, || diagnosis.human())
}

impl Diagnosis {
    fn take() -> Self {
        let mut advice = Vec::new();
        let vector_instructions = vector_instructions();
        if !vector_instructions.contains(&"avx2") {
            advice.push("training is slow on a processor without AVX2 and FMA".to_owned());
        }
        let onnx_runtime = match OnnxRuntime::find() {
            Ok(runtime) => Some(Library {
                version: runtime.version().to_owned(),
                path: runtime.path().to_owned(),
            }),
            Err(error) => {
                let hint = error
                    .hint()
                    .unwrap_or("latency is then that of netsmith itself");
                advice.push(format!("{error}: {hint}"));
                None
            }
        };
        let mut data = vec![
            with_name("digits", None),
            with_name("fashion-mnist", Some(&mut advice)),
        ];
        if let Some(folder) = std::env::var_os("NETSMITH_DATA").map(PathBuf::from) {
            let found = folder.is_dir();
            if !found {
                advice.push(format!(
                    "NETSMITH_DATA is `{}`: no such folder",
                    folder.display()
                ));
            }
            let name = format!("NETSMITH_DATA={}", folder.display());
            data.push(Found { name, found });
        }
        let runs = Folder {
            path: RUNS.into(),
            writable: is_writable(Path::new(RUNS)),
        };
        if !runs.writable {
            advice.push("`runs` cannot be written here: name a folder with `--run`".to_owned());
        }
        Self {
            netsmith: env!("CARGO_PKG_VERSION"),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            vector_instructions,
            memory_bytes: memory("MemTotal:"),
            available_memory_bytes: memory("MemAvailable:"),
            onnx_runtime,
            data,
            runs,
            advice,
        }
    }

    fn human(&self) -> String {
        let size = |value: Option<u64>| value.map_or_else(|| "unknown".to_owned(), bytes);
        let mut rows = vec![
            ["netsmith".to_owned(), self.netsmith.to_owned()],
            ["cores".to_owned(), self.cores.to_string()],
            [
                "vector instructions".to_owned(),
                self.vector_instructions.join(", "),
            ],
            [
                "memory".to_owned(),
                format!(
                    "{}, {} free",
                    size(self.memory_bytes),
                    size(self.available_memory_bytes)
                ),
            ],
            [
                "ONNX Runtime".to_owned(),
                self.onnx_runtime.as_ref().map_or_else(
                    || "not found".to_owned(),
                    |library| format!("{} ({})", library.version, library.path.display()),
                ),
            ],
        ];
        for Found { name, found } in &self.data {
            let state = if *found { "found" } else { "not found" };
            rows.push([format!("data {name}"), state.to_owned()]);
        }
        let state = if self.runs.writable {
            "writable"
        } else {
            "not writable"
        };
        rows.push([
            format!("folder {}", self.runs.path.display()),
            state.to_owned(),
        ]);
        let mut text = columns(&rows);
        for advice in &self.advice {
            text.push_str(&format!("\nhint: {advice}\n"));
        }
        text
    }
}

/// Loads data by name, so that damaged files count as not found; the remedy goes
/// to the advice.
fn with_name(name: &str, advice: Option<&mut Vec<String>>) -> Found {
    let offline = LoadOptions {
        offline: true,
        ..LoadOptions::default()
    };
    let loaded = name
        .parse::<Source>()
        .and_then(|source| data::load(&source, &offline));
    if let (Err(error), Some(advice)) = (&loaded, advice) {
        let hint = error.hint().map(|hint| format!("; {hint}"));
        advice.push(format!("{error}{}", hint.unwrap_or_default()));
    }
    Found {
        name: name.to_owned(),
        found: loaded.is_ok(),
    }
}

/// Those of the extensions that matter here that the processor has.
fn vector_instructions() -> Vec<&'static str> {
    #[cfg(target_arch = "x86_64")]
    let known = [
        ("avx2", std::arch::is_x86_feature_detected!("avx2")),
        ("fma", std::arch::is_x86_feature_detected!("fma")),
        ("avx512f", std::arch::is_x86_feature_detected!("avx512f")),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    let known: [(&str, bool); 0] = [];
    known
        .into_iter()
        .filter(|(_, has)| *has)
        .map(|(name, _)| name)
        .collect()
}

/// A line of the kernel's account of the memory, in bytes; nothing where there
/// is none.
fn memory(line: &str) -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find(|found| found.starts_with(line))?;
    let kibibytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kibibytes * 1024)
}

/// Whether a file can be made in the folder, or the folder itself where it is not
/// there. Nothing stays.
fn is_writable(folder: &Path) -> bool {
    let place = if folder.is_dir() {
        folder
    } else {
        Path::new(".")
    };
    let probe = place.join(format!(".netsmith-doctor-{}", std::process::id()));
    let written = std::fs::write(&probe, []).is_ok();
    written && std::fs::remove_file(&probe).is_ok()
}
