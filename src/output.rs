//! Where results and messages go.
//!
//! A result goes to stdout or to a file. A file is opened before the long work, so that a mistake shows at once, and is
//! replaced whole at the end: what is written goes to a temporary file beside it, which takes its place on
//! [`commit`](Output::commit) and disappears otherwise. A run that fails leaves the old file as it was. Devices and pipes are
//! written directly, for they cannot be replaced.
//!
//! Messages and the progress bar go to stderr. Only this module looks at terminals, and only it knows `indicatif`.

use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::path::Path;

mod messages;
mod progress;
mod replace;
mod table;

pub use messages::{Color, Harmless, Messages, Styles, Verbosity};
pub use progress::Progress;
pub use table::Table;

use replace::{Replacement, Target};

/// Large enough that a trace of many small pieces is written in few calls.
const BUFFER: usize = 128 << 10;

/// What kind of bytes are written, which decides whether a terminal may have them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Lines that a terminal can show.
    Text,
    /// Bytes that would garble it.
    Binary,
}

/// Why a result could not be written.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// Binary to a terminal. A mistake in the arguments, not a failure.
    #[error("a binary trace is not for a terminal: give -o FILE, redirect with > FILE, or choose -f yaml")]
    Terminal,
    /// The destination is a directory.
    #[error("{0}: is a directory; -o takes the name of a file")]
    Directory(String),
    /// The file cannot be written.
    #[error("cannot write {destination}")]
    Open {
        /// The file, as given.
        destination: String,
        /// Why.
        source: io::Error,
    },
    /// No file can be made in its directory.
    #[error("cannot write {destination}: no temporary file can be made in {directory}")]
    Temporary {
        /// The file, as given.
        destination: String,
        /// Its directory.
        directory: String,
        /// Why.
        source: io::Error,
    },
    /// Writing failed half-way, or at the end: a full disk, a closed pipe.
    #[error("cannot write to {destination}")]
    Write {
        /// The file as given, or `stdout`.
        destination: String,
        /// Why.
        source: io::Error,
    },
}

/// An open destination. What was written counts only after [`commit`](Output::commit).
#[derive(Debug)]
pub struct Output {
    /// How messages call it.
    name: String,
    /// `None` only while being taken apart.
    writer: Option<BufWriter<Sink>>,
    /// For a file that is replaced.
    replacement: Option<Replacement>,
    /// The error that made a write fail, kept because serialisers hide it.
    failure: Option<io::Error>,
}

#[derive(Debug)]
enum Sink {
    Stdout(Stdout),
    File(File),
}

impl Sink {
    fn is_terminal(&self) -> bool {
        match self {
            Sink::Stdout(stdout) => stdout.is_terminal(),
            Sink::File(file) => file.is_terminal(),
        }
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Sink::Stdout(stdout) => stdout.write(bytes),
            Sink::File(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Sink::Stdout(stdout) => stdout.flush(),
            Sink::File(file) => file.flush(),
        }
    }
}

impl Output {
    /// Opens a file, or stdout for `None` and `-`.
    pub fn open(path: Option<&Path>, content: Content) -> Result<Output, OutputError> {
        let (name, sink, replacement) = match path.filter(|path| !means_stdout(path)) {
            None => ("stdout".to_owned(), Sink::Stdout(io::stdout()), None),
            Some(path) => {
                let (file, replacement) = match replace::open(path)? {
                    Target::Direct(file) => (file, None),
                    Target::Replaced(file, replacement) => (file, Some(replacement)),
                };
                (path.display().to_string(), Sink::File(file), replacement)
            }
        };
        if content == Content::Binary && sink.is_terminal() {
            return Err(OutputError::Terminal);
        }
        Ok(Output { name, writer: Some(BufWriter::with_capacity(BUFFER, sink)), replacement, failure: None })
    }

    /// How wide the terminal is that this goes to, in columns; `None` where it goes elsewhere, and nothing is cut.
    pub fn width(&self) -> Option<usize> {
        let size = match self.writer.as_ref()?.get_ref() {
            Sink::Stdout(stdout) => terminal_size::terminal_size_of(stdout),
            Sink::File(file) => terminal_size::terminal_size_of(file),
        };
        size.map(|(width, _)| usize::from(width.0)).filter(|width| *width > 0)
    }

    /// The looks of what is written here.
    pub fn styles(&self, color: Color) -> Styles {
        Styles::of(color, self.writer.as_ref().is_some_and(|writer| writer.get_ref().is_terminal()))
    }

    /// Writes what is still held back, and puts a file in its place.
    pub fn commit(mut self) -> Result<(), OutputError> {
        let result = self.finish();
        result.map_err(|source| OutputError::Write { destination: self.name.clone(), source })
    }

    fn finish(&mut self) -> io::Result<()> {
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        let Some(mut writer) = self.writer.take() else { return Ok(()) };
        let flushed = writer.flush();
        let (sink, _discarded) = writer.into_parts();
        flushed?;
        match (sink, self.replacement.take()) {
            (Sink::File(file), Some(replacement)) => replacement.commit(file),
            _ => Ok(()),
        }
    }

    /// The error that a failed writing step is to be reported as: the destination's own where that was the cause, else the
    /// given one. Serialisers wrap an [`io::Error`] in ways from which a closed pipe cannot be told any more.
    pub fn blame(&mut self, error: impl Into<anyhow::Error>) -> anyhow::Error {
        match self.failure.take() {
            Some(source) => OutputError::Write { destination: self.name.clone(), source }.into(),
            None => error.into(),
        }
    }

    fn attempt<T>(&mut self, step: impl FnOnce(&mut BufWriter<Sink>) -> io::Result<T>) -> io::Result<T> {
        let Some(writer) = &mut self.writer else { return Err(io::ErrorKind::NotConnected.into()) };
        step(writer).map_err(|error| {
            let kind = error.kind();
            if kind != io::ErrorKind::Interrupted {
                self.failure = Some(error);
            }
            kind.into()
        })
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.attempt(|writer| writer.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.attempt(|writer| writer.flush())
    }
}

impl Drop for Output {
    /// What is held back is not written: the run failed.
    fn drop(&mut self) {
        if let Some(writer) = self.writer.take() {
            let _discarded = writer.into_parts();
        }
    }
}

/// `-`, and the name that the system gives stdout: opened anew it would be written from its start.
fn means_stdout(path: &Path) -> bool {
    path == Path::new("-") || path == Path::new("/dev/stdout")
}

/// Whether two arguments name one file, as far as can be told without touching it.
pub fn same_file(one: &Path, other: &Path) -> bool {
    let real =
        |path: &Path| path.canonicalize().or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned());
    !means_stdout(one) && real(one) == real(other)
}

/// Whether stdin is a terminal, where reading would wait for someone to type a log.
pub fn stdin_is_terminal() -> bool {
    io::stdin().is_terminal()
}

#[cfg(test)]
mod tests;
