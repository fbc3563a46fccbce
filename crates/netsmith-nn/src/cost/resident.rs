//! How much memory the process really holds.

/// Resident memory of the process around some work, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResidentMemory {
    /// Just before it.
    pub before: u64,
    /// The most while it went on.
    pub peak: u64,
}

impl ResidentMemory {
    /// What the work took on top of what was there.
    pub fn taken(self) -> u64 {
        self.peak.saturating_sub(self.before)
    }
}

/// Does some work and tells what memory the process held meanwhile; nothing
/// where the system does not say (it is asked of Linux alone).
///
/// Memory that earlier work has given back and the allocator has kept is taken
/// again unseen: measure in a young process.
pub fn resident_memory_of<T>(work: impl FnOnce() -> T) -> (T, Option<ResidentMemory>) {
    // Where the peak cannot be reset it is that of the whole life of the
    // process: no less than the one that is looked for.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before = of_status("VmRSS:");
    let done = work();
    let peak = of_status("VmHWM:");
    let memory = before.zip(peak);
    (
        done,
        memory.map(|(before, peak)| ResidentMemory { before, peak }),
    )
}

/// A line of the kernel's account of this process, in bytes.
fn of_status(name: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_seen() {
        let size = 64 << 20;
        let (sum, memory) = resident_memory_of(|| {
            let pages = vec![1_u8; size];
            pages.iter().map(|&byte| u64::from(byte)).sum::<u64>()
        });
        assert_eq!(sum, size as u64);
        let taken = memory.expect("Linux tells").taken();
        // Other tests of the process may take and give back theirs.
        assert!(taken > size as u64 / 2, "{taken}");
    }
}
