//! Corpora of any size out of templates, kept from run to run.

use std::fs::{self, File};
use std::io::{BufWriter, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};

use super::template::{Copy, Filling, Template};

/// Increased when what is made changes, so that nothing old is used.
const MAKER: u32 = 2;
/// How far a line may be older than one before it: servers log responses, whose moments were taken a little earlier.
const DISORDER: i64 = 2_000_000;

/// What is known of a corpus; kept in a file beside it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// The maker's version.
    pub maker: u32,
    /// Length of the file.
    pub bytes: u64,
    /// Lines in it.
    pub lines: u64,
    /// Bytes that an export has to look into.
    pub bytes_that_matter: u64,
    /// Lines that it has to.
    pub lines_that_matter: u64,
    /// The first and last moment of its lines, in microseconds.
    pub span: (i64, i64),
    /// The first moment of the copy in the middle, in Unix seconds.
    pub middle: i64,
    /// Seconds from one copy to the next.
    pub period: i64,
}

/// A file to measure with.
#[derive(Clone, Debug)]
pub struct Corpus {
    /// The file.
    pub path: PathBuf,
    /// What is known of it.
    pub about: About,
}

/// Which corpus.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Bytes; the file ends with the line that reaches them.
    pub size: u64,
    /// Clusters side by side.
    pub clusters: u64,
    /// Seconds from one copy to the next.
    pub period: i64,
}

/// The corpus at `path`, made if it is not there yet.
pub fn of_template(template: &Template, shape: Shape, path: PathBuf) -> anyhow::Result<Corpus> {
    cached(path, |out| write(template, shape, out))
}

/// What `make` writes to `path`, unless it did so before.
pub fn cached(path: PathBuf, make: impl FnOnce(&mut File) -> anyhow::Result<About>) -> anyhow::Result<Corpus> {
    let beside = path.with_extension("about.json");
    let known = fs::read(&beside).ok().and_then(|text| serde_json::from_slice::<About>(&text).ok());
    let length = fs::metadata(&path).map(|metadata| metadata.len()).ok();
    if let Some(about) = known.filter(|about| about.maker == MAKER && Some(about.bytes) == length) {
        return Ok(Corpus { path, about });
    }
    let unfinished = path.with_extension("unfinished");
    let mut file = File::create(&unfinished).with_context(|| unfinished.display().to_string())?;
    let about = About { maker: MAKER, ..make(&mut file)? };
    drop(file);
    verify(&unfinished, &about).with_context(|| format!("{}: not what it should be", path.display()))?;
    fs::rename(&unfinished, &path)?;
    fs::write(beside, serde_json::to_string_pretty(&about)?)?;
    Ok(Corpus { path, about })
}

fn write(template: &Template, shape: Shape, out: &mut File) -> anyhow::Result<About> {
    let mut about = About { period: shape.period, span: (i64::MAX, i64::MIN), ..About::default() };
    let mut fillings: Vec<_> = (0..shape.clusters).map(|_| Filling::default()).collect();
    let mut out = BufWriter::with_capacity(4 << 20, out);
    let mut text = Vec::new();
    let mut number = 0;
    while about.bytes < shape.size {
        let versions = template.highest + 1;
        let mut copy = Copy { number, cluster: 0, period: shape.period * 1_000_000, versions };
        for (cluster, filling) in (0..).zip(&mut fillings) {
            copy.cluster = cluster;
            template.fill(copy, filling);
        }
        for line in template.lines.iter().filter(|line| number == 0 || !line.once) {
            if about.bytes >= shape.size {
                break;
            }
            text.clear();
            fillings.iter().for_each(|filling| template.write(line, filling, &mut text));
            about.add(line.time + copy.shift(), line.matters, &text, shape.clusters)?;
            out.write_all(&text)?;
        }
        number += 1;
    }
    out.flush()?;
    // Of a log shorter than one copy the middle is its beginning.
    about.middle = about.span.0.div_euclid(1_000_000) + (number - 1) as i64 / 2 * shape.period;
    Ok(about)
}

impl About {
    /// Counts what is written at a moment.
    pub fn add(&mut self, time: i64, matters: bool, text: &[u8], lines: u64) -> anyhow::Result<()> {
        ensure!(time >= self.span.1.saturating_sub(DISORDER), "line {}: older than the one before", self.lines + 1);
        self.span = (self.span.0.min(time), self.span.1.max(time));
        self.bytes += text.len() as u64;
        self.lines += lines;
        if matters {
            self.bytes_that_matter += text.len() as u64;
            self.lines_that_matter += lines;
        }
        Ok(())
    }

    /// The shares of lines and bytes that matter, in per cent.
    pub fn shares(&self) -> (f64, f64) {
        let share = |part: u64, whole: u64| 100.0 * part as f64 / whole.max(1) as f64;
        (share(self.lines_that_matter, self.lines), share(self.bytes_that_matter, self.bytes))
    }
}

/// Whether a file has the lines it should have, and whole ones at its start, in its middle and at its end.
fn verify(path: &Path, about: &About) -> anyhow::Result<()> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    ensure!(length == about.bytes, "{length} bytes, not {}", about.bytes);
    let mut buffer = vec![0; 1 << 20];
    let (mut lines, mut whole) = (0, 0);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        lines += memchr::memchr_iter(b'\n', &buffer[..read]).count() as u64;
    }
    ensure!(lines == about.lines, "{lines} lines, not {}", about.lines);
    for start in [0, length / 2, length.saturating_sub(buffer.len() as u64)] {
        file.seek(SeekFrom::Start(start))?;
        let mut part = Vec::new();
        (&file).take(buffer.len() as u64).read_to_end(&mut part)?;
        let text = String::from_utf8_lossy(&part);
        for line in text.split_inclusive('\n').skip(usize::from(start > 0)).filter(|line| line.ends_with('\n')) {
            serde_json::from_str::<serde::de::IgnoredAny>(line)
                .with_context(|| line[..line.len().min(80)].to_owned())?;
            whole += 1;
        }
    }
    ensure!(whole > 0 || lines == 0, "no whole line");
    Ok(())
}
