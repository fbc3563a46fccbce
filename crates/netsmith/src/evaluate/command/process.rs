//! A process that is listened to line by line, within bounds.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The longest line in bytes.
const LONGEST_LINE: usize = 1 << 20;

/// The longest line of standard error that is kept, in bytes.
const LONGEST_WORD: usize = 500;

/// How many last lines of standard error a crash is told with.
const LAST_WORDS: usize = 5;

/// How often somebody who waits looks up: whether the search ends is asked so
/// often.
const LOOK_UP: Duration = Duration::from_millis(20);

/// How long a process may take to end after it closed its output.
const GRACE: Duration = Duration::from_secs(5);

/// A running command, killed with all that it started when it is dropped.
#[derive(Debug)]
pub(super) struct Process {
    child: Child,
    lines: Receiver<Found>,
    errors: Option<JoinHandle<VecDeque<String>>>,
    started: Instant,
    heard: Instant,
}

/// What the reading thread found in the output.
#[derive(Debug)]
enum Found {
    Line(Vec<u8>),
    TooLong,
}

/// What came of listening.
#[derive(Debug)]
pub(super) enum Heard {
    /// Nothing yet.
    Nothing,
    /// A line, without its end.
    Line(Vec<u8>),
    /// A line of more bytes than this.
    TooLong(usize),
    /// This time limit has passed.
    TimeIsUp(Duration),
    /// The output has ended.
    End,
}

impl Process {
    /// Starts a command in a process group of its own and writes `input` to it.
    pub(super) fn start(command: &[String], input: String) -> std::io::Result<Self> {
        let mut builder = Command::new(&command[0]);
        builder
            .args(&command[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut builder, 0);
        let mut child = builder.spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that does not read its input may still answer. Beside
            // the reading, so that neither side waits for the other.
            std::thread::spawn(move || {
                let _ = stdin.write_all(input.as_bytes());
                let _ = stdin.write_all(b"\n");
            });
        }
        let (sender, lines) = sync_channel(64);
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || read_lines(stdout, &sender));
        }
        let stderr = child.stderr.take();
        let errors = stderr.map(|stderr| std::thread::spawn(move || last_words(stderr)));
        let now = now();
        Ok(Self {
            child,
            lines,
            errors,
            started: now,
            heard: now,
        })
    }

    /// Waits a moment for the next line.
    pub(super) fn hear(&mut self, timeout: Option<Duration>, silence: Option<Duration>) -> Heard {
        let now = now();
        let limits = [(timeout, self.started), (silence, self.heard)];
        let over = limits
            .into_iter()
            .find_map(|(limit, since)| limit.filter(|&limit| now.duration_since(since) >= limit));
        if let Some(limit) = over {
            return Heard::TimeIsUp(limit);
        }
        match self.lines.recv_timeout(LOOK_UP) {
            Ok(Found::Line(line)) => {
                self.heard = now;
                Heard::Line(line)
            }
            Ok(Found::TooLong) => Heard::TooLong(LONGEST_LINE),
            Err(RecvTimeoutError::Timeout) => Heard::Nothing,
            Err(RecvTimeoutError::Disconnected) => Heard::End,
        }
    }

    /// Waits for the end of a process whose output has ended.
    ///
    /// # Errors
    /// How it failed, with its last words.
    pub(super) fn exit(&mut self) -> Result<(), String> {
        let end = now() + GRACE;
        let status = loop {
            match self.child.try_wait() {
                Ok(Some(status)) => break status,
                Ok(None) if now() >= end => {
                    return Err("it closed its output and did not end".to_owned());
                }
                Ok(None) => std::thread::sleep(Duration::from_millis(1)),
                Err(error) => return Err(error.to_string()),
            }
        };
        if status.success() {
            return Ok(());
        }
        // What it started may still hold standard error open.
        self.kill_group();
        let words = self.errors.take().and_then(|thread| thread.join().ok());
        let words: Vec<String> = words.unwrap_or_default().into();
        let mut message = status.to_string();
        if !words.is_empty() {
            message = format!("{message}: {}", words.join(" | "));
        }
        Err(message)
    }

    /// Kills the process and everything in its group.
    fn kill_group(&mut self) {
        #[cfg(unix)]
        {
            // The core has no unsafe code, and the standard library kills single
            // processes only; a negative number is a group.
            let group = format!("-{}", self.child.id());
            let killer = Command::new("kill")
                .args(["-KILL", "--", &group])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status();
            drop(killer);
        }
        let _ = self.child.kill();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill_group();
        let _ = self.child.wait();
    }
}

/// Sends each line until the output ends or nobody listens.
fn read_lines(output: impl Read, sender: &SyncSender<Found>) {
    let mut output = BufReader::new(output);
    loop {
        let mut line = Vec::new();
        let limited = output.by_ref().take(LONGEST_LINE as u64);
        let count = { limited }.read_until(b'\n', &mut line).unwrap_or(0);
        let whole = line.last() == Some(&b'\n');
        let sent = match count {
            0 => return,
            LONGEST_LINE if !whole => sender.send(Found::TooLong),
            _ => sender.send(Found::Line(line)),
        };
        if sent.is_err() {
            return;
        }
    }
}

/// Reads all of standard error and keeps the last lines.
fn last_words(errors: impl Read) -> VecDeque<String> {
    let mut errors = BufReader::new(errors);
    let mut words = VecDeque::new();
    loop {
        let mut line = Vec::new();
        let limited = errors.by_ref().take(LONGEST_WORD as u64);
        match { limited }.read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return words,
            Ok(_) => {
                let line = String::from_utf8_lossy(&line).trim().to_owned();
                if !line.is_empty() {
                    words.push_back(line);
                }
                if words.len() > LAST_WORDS {
                    words.pop_front();
                }
            }
        }
    }
}

/// The clock of time limits.
#[expect(
    clippy::disallowed_methods,
    reason = "an outside command may hang; its timeout is recorded as the outcome"
)]
fn now() -> Instant {
    Instant::now()
}
