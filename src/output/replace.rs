//! A file that is replaced whole, and the files that cannot be.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::OutputError;

/// As many links in a row as Linux follows.
const MAX_LINKS: usize = 40;
/// How often a name for a temporary file is tried; one that is taken was left by a run that was killed.
const MAX_NAMES: usize = 1_000;

/// What a path turned out to be.
#[derive(Debug)]
pub(super) enum Target {
    /// A device or a pipe: what is written is out.
    Direct(File),
    /// A regular file, or none yet: the temporary file, and the plan to put it in place.
    Replaced(File, Replacement),
}

/// A temporary file and where it belongs. Dropped, it removes the temporary file.
#[derive(Debug)]
pub(super) struct Replacement {
    temporary: PathBuf,
    target: PathBuf,
}

impl Replacement {
    /// Makes the file durable and puts it in place.
    pub(super) fn commit(self, file: File) -> io::Result<()> {
        file.sync_data()?;
        drop(file);
        fs::rename(&self.temporary, &self.target)
    }
}

impl Drop for Replacement {
    /// After a commit there is nothing left to remove. Of an error nobody could be told more than that a file was left.
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.temporary);
    }
}

/// Opens what a path names.
pub(super) fn open(path: &Path) -> Result<Target, OutputError> {
    let destination = || path.display().to_string();
    let failed = |source| OutputError::Open { destination: destination(), source };
    let metadata = match fs::metadata(path) {
        Ok(metadata) => Some(metadata),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(error)),
    };
    let ends_in_slash = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    if metadata.as_ref().is_some_and(fs::Metadata::is_dir) || ends_in_slash {
        return Err(OutputError::Directory(destination()));
    }
    if let Some(metadata) = &metadata {
        // A rename would replace a file that its owner has made read-only: whether it may be written, opening it tells.
        let file = OpenOptions::new().write(true).open(path).map_err(failed)?;
        if !metadata.is_file() || is_descriptor(path) {
            return Ok(Target::Direct(file));
        }
    }
    let target = follow_links(path).map_err(failed)?;
    let mode = metadata.map(|metadata| metadata.permissions());
    let (file, temporary) = create_beside(&target, mode).map_err(|source| OutputError::Temporary {
        destination: destination(),
        directory: directory_of(&target).display().to_string(),
        source,
    })?;
    Ok(Target::Replaced(file, Replacement { temporary, target }))
}

/// Whether this is one of the process's own open files under another name. What it names cannot be replaced from here.
fn is_descriptor(path: &Path) -> bool {
    ["/dev/fd", "/dev/stderr", "/proc"].iter().any(|prefix| path.starts_with(prefix))
}

/// The file that a chain of links ends at, whether it is there or not: the links are kept.
fn follow_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MAX_LINKS {
        match fs::read_link(&path) {
            Ok(target) => path = directory_of(&path).join(target),
            // Not a link, or nothing there.
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("too many levels of symbolic links"))
}

/// The directory that a file is in; of a bare name, the current one.
fn directory_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Makes a new file in the directory of another, with its mode where it has one. Never opens what is already there.
fn create_beside(target: &Path, mode: Option<Permissions>) -> io::Result<(File, PathBuf)> {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    for _ in 0..MAX_NAMES {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = OsString::from(format!(".tracer-{}-{number}.tmp", std::process::id()));
        let temporary = directory_of(target).join(name);
        match OpenOptions::new().write(true).create_new(true).open(&temporary) {
            Ok(file) => {
                if let Some(mode) = mode {
                    // At once, so that what a private file will hold is never open to others. Where the file system has no
                    // modes there is nothing to keep.
                    let _ = file.set_permissions(mode);
                }
                return Ok((file, temporary));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}
