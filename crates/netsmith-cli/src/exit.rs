//! Exit codes: what a shell script learns of how a command ended.

/// Done; or help or the version was asked for.
pub(crate) const DONE: u8 = 0;

/// The run failed: the machine, a file that cannot be written, a study that
/// cannot be used, a training that nothing came of, or a limit on what is measured that
/// no network keeps.
pub(crate) const FAILED: u8 = 1;

/// The command line or the configuration cannot be: nothing was started.
pub(crate) const USAGE: u8 = 2;

/// The data cannot be read, or are not what the command needs.
pub(crate) const DATA: u8 = 3;

/// Interrupted, with everything saved: 128 and the number of SIGINT.
pub(crate) const INTERRUPTED: u8 = 130;

/// All of them in one sentence, for the help.
pub(crate) fn help() -> String {
    format!(
        "Exit codes: {DONE} done, {FAILED} the run failed, {USAGE} usage or configuration, \
         {DATA} data, {INTERRUPTED} interrupted with everything saved."
    )
}
