//! The recorded logs of the laboratory cluster, out of the repository's fixtures.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use flate2::read::MultiGzDecoder;

/// Where the recording is.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/lab")
}

/// The audit log of each API server, its rotated files put together.
pub fn audit_logs() -> anyhow::Result<Vec<String>> {
    entries(&root().join("audit"))?
        .iter()
        .map(|server| Ok(entries(server)?.iter().map(|path| read(path)).collect::<anyhow::Result<Vec<_>>>()?.concat()))
        .collect()
}

/// The watch of each resource.
pub fn watches() -> anyhow::Result<Vec<String>> {
    entries(&root().join("watch"))?.iter().map(|path| read(path)).collect()
}

/// What is in a directory, by name: rotated files are in the order of time then, and the current one last.
fn entries(directory: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let read = fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    let mut paths = read.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    let file = File::open(path).with_context(|| path.display().to_string())?;
    MultiGzDecoder::new(file).read_to_string(&mut text).with_context(|| path.display().to_string())?;
    Ok(text)
}
