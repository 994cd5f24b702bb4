//! What is too much for memory: temporary files.
//!
//! Whoever gathers little never touches the disk; of much, what is held in memory is bounded by a [`Room`]. A file has no name,
//! so that nothing of it is left when the program has ended, however it ends.

mod sorted;
mod table;
mod texts;

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;

pub(crate) use sorted::{Record, Sorter};
pub(crate) use table::Table;
pub(crate) use texts::Texts;

use crate::model::Timestamp;

/// A value that takes the same number of bytes, whichever it is.
pub(crate) trait Fixed: Copy {
    /// How many bytes [`Self::put`] appends, and [`Self::get`] takes.
    const SIZE: usize;

    /// Appends the bytes of the value.
    fn put(&self, out: &mut Vec<u8>);

    /// The value that [`Self::put`] wrote.
    fn get(bytes: &mut Bytes<'_>) -> Self;
}

impl Fixed for Timestamp {
    const SIZE: usize = 8;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.micros().to_le_bytes());
    }

    fn get(bytes: &mut Bytes<'_>) -> Self {
        Timestamp::from_micros(i64::from_le_bytes(bytes.next()))
    }
}

/// Bytes of a value that have not been read yet.
pub(crate) struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    /// The next few.
    pub(crate) fn next<const N: usize>(&mut self) -> [u8; N] {
        let (next, rest) = self.0.split_first_chunk().expect("a value has as many bytes as it says");
        self.0 = rest;
        *next
    }
}

/// Where something is kept that may become too much.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    /// So many bytes of memory, for each kind of values.
    pub(crate) bytes: usize,
    /// The directory of temporary files; `None` for the system's.
    pub(crate) directory: Option<PathBuf>,
}

impl Default for Room {
    fn default() -> Self {
        Room { bytes: 4 << 20, directory: None }
    }
}

/// A temporary file could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error(
    "cannot keep records in a temporary file in {}; free space there, or name another directory with TMPDIR",
    .directory.display()
)]
pub struct SpillError {
    directory: PathBuf,
    #[source]
    source: io::Error,
}

/// A temporary file.
struct Scratch {
    file: File,
    directory: PathBuf,
}

impl Scratch {
    fn new(directory: Option<PathBuf>) -> Result<Self, SpillError> {
        let directory = directory.unwrap_or_else(std::env::temp_dir);
        match tempfile::tempfile_in(&directory) {
            Ok(file) => Ok(Scratch { file, directory }),
            Err(source) => Err(SpillError { directory, source }),
        }
    }

    /// Makes it so many bytes long, of which those that are never written take no place.
    fn extend_to(&self, bytes: u64) -> Result<(), SpillError> {
        self.file.set_len(bytes).map_err(|source| self.failed(source))
    }

    fn append(&self, bytes: &[u8]) -> Result<(), SpillError> {
        (&self.file).write_all(bytes).map_err(|source| self.failed(source))
    }

    fn write(&self, at: u64, bytes: &[u8]) -> Result<(), SpillError> {
        let mut file = &self.file;
        let written = file.seek(SeekFrom::Start(at)).and_then(|_| file.write_all(bytes));
        written.map_err(|source| self.failed(source))
    }

    fn read(&self, at: u64, bytes: &mut [u8]) -> Result<(), SpillError> {
        let mut file = &self.file;
        let read = file.seek(SeekFrom::Start(at)).and_then(|_| file.read_exact(bytes));
        read.map_err(|source| self.failed(source))
    }

    fn failed(&self, source: io::Error) -> SpillError {
        SpillError { directory: self.directory.clone(), source }
    }
}
