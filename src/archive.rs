//! Reading everything the user named into a store.
//!
//! What every command begins with: sources are read in parallel and decoded, what they say is taken in the order of the
//! input, and what cannot be taken is counted or ends the run.

use std::io::Read;

use crate::config::TracerConfig;
use crate::coverage::Coverage;
use crate::decode::{Decoded, Decoder, Item, OwnerLifecycles, read_trace};
use crate::input::records::Line;
use crate::input::{self, Consumer, InputError, Progress, Record, Sources};
use crate::model::Timestamp;
use crate::report::{Reason, Report, SourceSummary};
use crate::store::Store;

/// How an archive is read.
pub struct Reading<'a> {
    /// What is read.
    pub sources: &'a Sources,
    /// Threads, bounds.
    pub options: input::Options,
    /// How records are decoded.
    pub decoder: Decoder,
    /// Whether unreadable records are counted and passed over, instead of ending the run.
    pub skip_invalid: bool,
    /// The config that decides what is tracked. `None`: that of a trace, should one come first.
    pub config: Option<TracerConfig>,
}

/// Everything that was read.
#[derive(Default)]
pub struct Archive {
    /// What was seen of objects.
    pub store: Store,
    /// What was seen of audit logs.
    pub coverage: Coverage,
    /// What was noted.
    pub report: Report,
    /// The first and last recorded time.
    pub span: Option<(Timestamp, Timestamp)>,
    /// Records read.
    pub records: u64,
    /// What each source gave.
    pub sources: Vec<SourceSummary>,
    /// Lifecycles that traces carry.
    pub carried: Vec<OwnerLifecycles>,
    /// Until when a trace says that it lasts, in Unix seconds.
    pub lasts_until: Option<i64>,
    /// The config of a trace that was read while none was given.
    pub trace_config: Option<TracerConfig>,
}

/// Why an archive could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// A source could not be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A record could not be read.
    #[error("{place}: {message} (--skip-invalid passes over such records, and counts them)")]
    Unreadable {
        /// `path:line`.
        place: String,
        /// What is wrong.
        message: String,
    },
    /// Traces bring configs that say different things, or one comes where the config had to be known before.
    #[error("{place}: the trace's config cannot be used: {message}; say what is tracked with --config")]
    Config {
        /// The trace's path.
        place: String,
        /// Why.
        message: String,
    },
}

impl Consumer for Decoder {
    type Parsed = Decoded;

    fn parse(&self, record: Record<'_>, out: &mut Vec<Decoded>) {
        out.push(self.record(&record));
    }

    fn parse_line(&self, line: Line<'_>, out: &mut Vec<Decoded>) -> bool {
        let decoded = self.line(line.position, line.text);
        let whole = decoded.is_some();
        out.extend(decoded);
        whole
    }

    fn parse_trace(&self, source: u32, stream: &mut dyn Read, emit: &mut dyn FnMut(Decoded) -> bool) {
        read_trace(source, stream, self.max_value, emit);
    }
}

impl Archive {
    /// Reads all sources.
    ///
    /// # Errors
    /// A source that cannot be read, and a record that cannot be, unless those are skipped.
    pub fn read(reading: &Reading<'_>, progress: &dyn Progress) -> Result<Archive, ArchiveError> {
        let name =
            |source| SourceSummary { path: reading.sources.name(source).into_owned(), ..SourceSummary::default() };
        let mut intake = Intake {
            reading,
            archive: Archive { sources: (0..reading.sources.len() as u32).map(name).collect(), ..Archive::default() },
            spans: vec![None; reading.sources.len()],
        };
        input::read(reading.sources, &reading.options, progress, &reading.decoder, &mut |decoded| {
            intake.take(decoded)
        })?;
        Ok(intake.finish())
    }
}

struct Intake<'a> {
    reading: &'a Reading<'a>,
    archive: Archive,
    spans: Vec<Option<(Timestamp, Timestamp)>>,
}

impl Intake<'_> {
    fn take(&mut self, decoded: Decoded) -> Result<(), ArchiveError> {
        let source = decoded.position.source as usize;
        if !decoded.in_trace || decoded.items.iter().any(|item| matches!(item, Item::Observed(_) | Item::Audited(_))) {
            self.archive.records += 1;
            self.archive.sources[source].records += 1;
        }
        if let Some(at) = decoded.at {
            extend(&mut self.spans[source], at);
        }
        let Decoded { position, at, in_trace, items } = decoded;
        let place = || {
            if in_trace {
                self.reading.sources.name(position.source).into_owned()
            } else {
                self.reading.sources.locate(position)
            }
        };
        for item in items {
            let Archive { store, report, .. } = &mut self.archive;
            match item {
                Item::Observed(observation) => {
                    // Records of one array have a time each.
                    if let (false, Some(at)) = (in_trace, observation.at) {
                        extend(&mut self.spans[source], at);
                    }
                    if observation.change == crate::decode::Change::Bare {
                        report.note(Reason::DeletionsUntold, observation.at, || observation.key.to_string());
                    }
                    store.observe(position, *observation, report);
                }
                Item::Bookmark { kind, resource_version, initial_end, at } => {
                    store.bookmark(position, &kind, resource_version, initial_end, at);
                }
                Item::WatchError { message, at } => {
                    report.note(Reason::WatchBroken, at, || format!("{}: {message}", place()));
                    store.watch_broken(position);
                }
                Item::Audited(audited) => self.archive.coverage.take(position.source, *audited),
                Item::Noted { reason, at, about } => report.note(reason, at, || format!("{}: {about}", place())),
                Item::Unreadable { message } => self.refuse(Reason::RecordSkipped, at, place(), message)?,
                Item::TooLarge { message } => self.refuse(Reason::RecordTooLarge, at, place(), message)?,
                Item::TraceConfig(config) => self.trace_config(*config, place())?,
                Item::TraceEnd { ts } => self.archive.lasts_until = self.archive.lasts_until.max(Some(ts)),
                Item::TraceLifecycles(lifecycles) => self.archive.carried.push(*lifecycles),
            }
        }
        Ok(())
    }

    fn refuse(
        &mut self,
        reason: Reason,
        at: Option<Timestamp>,
        place: String,
        message: String,
    ) -> Result<(), ArchiveError> {
        if !self.reading.skip_invalid {
            return Err(ArchiveError::Unreadable { place, message });
        }
        self.archive.report.note(reason, at, || format!("{place}: {message}"));
        Ok(())
    }

    /// The config of a trace on stdin: the first thing that is read then, or too late.
    fn trace_config(&mut self, config: TracerConfig, place: String) -> Result<(), ArchiveError> {
        if self.reading.config.is_some() {
            return Ok(());
        }
        let alone = self.archive.store.is_empty() && self.reading.sources.len() == 1;
        if !alone {
            let message = "it came after other logs had been read".to_owned();
            return Err(ArchiveError::Config { place, message });
        }
        self.archive.trace_config = Some(config);
        Ok(())
    }

    fn finish(mut self) -> Archive {
        for (span, summary) in self.spans.iter().zip(&mut self.archive.sources) {
            if let Some((first, last)) = span {
                summary.first = Some(first.to_string());
                summary.last = Some(last.to_string());
                extend(&mut self.archive.span, *first);
                extend(&mut self.archive.span, *last);
            }
        }
        self.archive
    }
}

/// Widens a span to a moment.
pub(crate) fn extend(span: &mut Option<(Timestamp, Timestamp)>, at: Timestamp) {
    *span = Some(span.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
}
