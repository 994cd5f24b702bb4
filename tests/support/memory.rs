//! How much memory a run takes at its peak.

use std::io::{self, Write};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What became of a run.
pub struct Watched {
    pub code: i32,
    pub stderr: String,
    /// In kB.
    pub peak: u64,
}

/// Runs the program with what `feed` writes as its stdin, so that no more of it need be in the memory of the test either.
pub fn watch(args: &[&str], feed: impl FnOnce(&mut ChildStdin) -> io::Result<()>) -> Watched {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tracer"));
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let ended = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut most = 0;
            while !ended.load(Ordering::Relaxed) {
                let status = std::fs::read_to_string(&status).unwrap_or_default();
                let peak = status
                    .lines()
                    .find_map(|line| line.strip_prefix("VmHWM:")?.strip_suffix(" kB")?.trim().parse().ok());
                most = most.max(peak.unwrap_or(0));
                std::thread::sleep(Duration::from_millis(2));
            }
            most
        });
        // A run that ends early closes the pipe.
        drop(feed(&mut pipe));
        drop(pipe);
        let output = child.wait_with_output().unwrap();
        ended.store(true, Ordering::Relaxed);
        let stderr = String::from_utf8(output.stderr).unwrap();
        Watched { code: output.status.code().unwrap(), stderr, peak: watcher.join().unwrap() }
    })
}

/// Counts what goes through.
pub struct Counting<W> {
    pub inner: W,
    pub bytes: u64,
}

impl<W: Write> Write for Counting<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let count = self.inner.write(buffer)?;
        self.bytes += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
