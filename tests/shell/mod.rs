//! The binary as a shell runs it: command lines in a directory of their own, pipes, terminals.

#![allow(dead_code, reason = "each test binary uses its own part of this")]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// What a command line left.
#[derive(Debug)]
pub struct Ended {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ended {
    /// Fails the test with all there is to know, unless the command line ended so.
    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }
}

/// A directory with a copy of `fixtures/incident`, for commands to run in.
pub fn incident() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/incident"), dir.path());
    dir
}

/// Copies what is in a directory into another.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (from, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        if from.is_dir() {
            copy(&from, &to.join(name));
        } else {
            fs::copy(from, to.join(name)).unwrap();
        }
    }
}

/// bash with `tracer` in its path and nothing on stdin. `pipefail` stays off, as in a user's shell.
pub fn bash(script: &str, dir: &Path) -> Command {
    let mut bash = Command::new("bash");
    bash.args(["-c", script]).current_dir(dir).stdin(Stdio::null()).env_remove("NO_COLOR");
    let bin = Path::new(env!("CARGO_BIN_EXE_tracer")).parent().unwrap();
    bash.env("PATH", format!("{}:{}", bin.display(), std::env::var("PATH").unwrap_or_default()));
    bash
}

/// Runs a script in a directory.
pub fn run(script: &str, dir: &Path) -> Ended {
    ended(&mut bash(script, dir))
}

/// Runs a script in a directory, with a terminal for stdin, stdout and stderr. What it shows is the `stdout`, with `\n` line
/// ends. A redirection inside of the script takes a stream off the terminal again.
pub fn run_in_terminal(script: &str, dir: &Path) -> Ended {
    // util-linux has `script`; where it is missing, Python can do the same.
    let quoted = format!("bash -c {}", quote(script));
    let via_script = format!("exec script -qec {} /dev/null", quote(&quoted));
    let via_python = format!(
        "exec python3 -c 'import os, pty, sys\nsys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' bash -c {}",
        quote(script)
    );
    let whole = format!(
        "if command -v script > /dev/null; then {via_script}; elif command -v python3 > /dev/null; then {via_python}; \
         else echo 'no terminal to be had: install util-linux or python3' >&2; exit 99; fi"
    );
    // Without a TERM, or with a dumb one, a terminal is taken to show no progress bar.
    let mut ended = ended(bash(&whole, dir).env("TERM", "xterm"));
    assert_ne!(ended.code, 99, "{}", ended.stderr);
    ended.stdout = ended.stdout.replace("\r\n", "\n");
    ended
}

fn ended(command: &mut Command) -> Ended {
    let output = command.output().unwrap();
    Ended {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A text as one word of a shell.
fn quote(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
