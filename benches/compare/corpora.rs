//! The files that everything runs on.

use std::path::PathBuf;

use super::corpus::{self, Corpus, Shape};
use super::options::Options;
use super::template::Template;
use super::{audit, objects, packed, watch};

/// All of them, as far as they are wanted.
pub struct Corpora {
    /// An audit log.
    pub audit: Corpus,
    /// As much of it as slow programs get.
    pub audit_start: Corpus,
    /// Compressed by gzip.
    pub gzip: PathBuf,
    /// Compressed by zstd.
    pub zstd: PathBuf,
    /// In eight files, each compressed by gzip.
    pub rotated: PathBuf,
    /// A log of watches.
    pub watch: Corpus,
    /// As much of it as slow programs get.
    pub watch_start: Corpus,
    /// A file with nothing in it.
    pub empty: Corpus,
    /// Ten times the audit log, and very many objects.
    pub large: Option<(Corpus, Corpus)>,
}

impl Corpora {
    /// Makes what is not there yet.
    pub fn make(options: &Options) -> anyhow::Result<Corpora> {
        std::fs::create_dir_all(&options.dir)?;
        let (audits, length) = audit::template()?;
        let watches = watch::template()?;
        let period = (length + 999_999) / 1_000_000 + 1;
        let of = |template: &Template, name: &str, size: u64| {
            let shape = Shape { size, clusters: options.clusters, period };
            let clusters = if options.clusters > 1 { format!("-c{}", options.clusters) } else { String::new() };
            let path = options.dir.join(format!("{name}-{}{clusters}.jsonl", size >> 20));
            corpus::of_template(template, shape, path)
        };
        let audit = of(&audits, "audit", options.size)?;
        let large = options.large.then(|| {
            let million = options.dir.join("objects.jsonl");
            anyhow::Ok((of(&audits, "audit", 10 * options.size)?, corpus::cached(million, objects::write)?))
        });
        let slow = options.slow_size.min(options.size);
        Ok(Corpora {
            audit_start: of(&audits, "audit", slow)?,
            gzip: packed::compressed(&audit, &["gzip", "-6"], "gz")?,
            zstd: packed::compressed(&audit, &["zstd", "-3", "-q"], "zst")?,
            rotated: packed::rotated(&audit, 8)?,
            watch: of(&watches, "watch", options.size)?,
            watch_start: of(&watches, "watch", slow)?,
            empty: corpus::cached(options.dir.join("empty.jsonl"), |_| Ok(corpus::About::default()))?,
            large: large.transpose()?,
            audit,
        })
    }

    /// What they are, in a few lines of Markdown.
    pub fn describe(&self) -> String {
        let (lines, bytes) = self.audit.about.shares();
        let seconds = |corpus: &Corpus| (corpus.about.span.1 - corpus.about.span.0) / 1_000_000;
        let mut text = format!(
            "- audit log: {} bytes, {} lines, {} s; {lines:.1} % of the lines and {bytes:.1} % of the bytes matter\n",
            self.audit.about.bytes,
            self.audit.about.lines,
            seconds(&self.audit),
        );
        text += &format!(
            "- watch log: {} bytes, {} lines, {} s\n",
            self.watch.about.bytes,
            self.watch.about.lines,
            seconds(&self.watch),
        );
        if let Some((ten, objects)) = &self.large {
            text += &format!("- ten times the audit log: {} bytes, {} lines\n", ten.about.bytes, ten.about.lines);
            text += &format!(
                "- objects: {} bytes; {} alive, {} pods with owners three deep\n",
                objects.about.bytes,
                objects::OBJECTS,
                objects::PODS,
            );
        }
        text
    }
}
