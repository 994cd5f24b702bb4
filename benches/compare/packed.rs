//! Corpora as archives keep them: compressed, or cut into files that were rotated.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};

use super::audit::stage_moment;
use super::corpus::Corpus;

/// A file compressed by a command that writes to its stdout.
pub fn compressed(corpus: &Corpus, command: &[&str], extension: &str) -> anyhow::Result<PathBuf> {
    let path = PathBuf::from(format!("{}.{extension}", corpus.path.display()));
    if !is_newer(&path, &corpus.path) {
        pack(File::open(&corpus.path)?, command, &path)?;
    }
    Ok(path)
}

/// An audit log in so many files of one directory, named and compressed as after rotations.
pub fn rotated(corpus: &Corpus, files: u64) -> anyhow::Result<PathBuf> {
    let directory = PathBuf::from(format!("{}-rotated", corpus.path.with_extension("").display()));
    if is_newer(&directory, &corpus.path) {
        return Ok(directory);
    }
    let unfinished = directory.with_extension("unfinished");
    drop(fs::remove_dir_all(&unfinished));
    drop(fs::remove_dir_all(&directory));
    fs::create_dir(&unfinished)?;
    let mut start = 0;
    for number in 1..=files {
        let (end, name) = cut(&corpus.path, start, corpus.about.bytes * number / files)?;
        let mut file = File::open(&corpus.path)?;
        file.seek(SeekFrom::Start(start))?;
        pack(file.take(end - start), &["gzip", "-6"], &unfinished.join(name))?;
        start = end;
    }
    fs::rename(unfinished, &directory)?;
    Ok(directory)
}

/// Where the line ends in which a file is to be cut, and how the part before is named: after its last event.
fn cut(path: &Path, start: u64, at: u64) -> anyhow::Result<(u64, String)> {
    let mut file = BufReader::new(File::open(path)?);
    // Of the line before, the end is enough to find the line.
    let mut line = String::new();
    let mut end = start.max(at.saturating_sub(1 << 20));
    file.seek(SeekFrom::Start(end))?;
    if end > start {
        let mut rest = Vec::new();
        end += file.read_until(b'\n', &mut rest)? as u64;
    }
    while end < at {
        line.clear();
        end += file.read_line(&mut line)? as u64;
    }
    let moment = stage_moment(&line);
    let millis = moment.get(..23).with_context(|| format!("{}: no line before byte {at}", path.display()))?;
    Ok((end, format!("audit-{}.log.gz", millis.replace(':', "-"))))
}

fn pack(mut from: impl std::io::Read, command: &[&str], to: &Path) -> anyhow::Result<()> {
    let unfinished = PathBuf::from(format!("{}.unfinished", to.display()));
    let mut packer = Command::new(command[0])
        .args(&command[1..])
        .stdin(Stdio::piped())
        .stdout(File::create(&unfinished)?)
        .spawn()
        .with_context(|| command[0].to_owned())?;
    let mut input = packer.stdin.take().context("no stdin")?;
    std::io::copy(&mut from, &mut input)?;
    drop(input);
    let status = packer.wait()?;
    ensure!(status.success(), "{}: {status}", command[0]);
    fs::rename(unfinished, to)?;
    Ok(())
}

fn is_newer(path: &Path, than: &Path) -> bool {
    let modified = |path: &Path| fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
    modified(path).is_some_and(|made| Some(made) >= modified(than))
}
