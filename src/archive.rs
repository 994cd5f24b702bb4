//! Reading everything the user named into a store.
//!
//! What every command begins with: sources are read in parallel and decoded, what they say is taken in the order of the
//! input, and what cannot be taken is counted or ends the run.

pub(crate) mod assembly;
mod intake;
mod past;
mod provenances;

use std::io::Read;

use intake::Intake;
pub(crate) use intake::{Places, extend};
pub use past::Past;

use crate::config::TracerConfig;
use crate::coverage::{Coverage, SpillError};
use crate::decode::audit::Audited;
use crate::decode::{Decoded, Decoder, OwnerLifecycles, read_trace};
use crate::input::records::Line;
use crate::input::{self, Consumer, InputError, Progress, Record, Sources};
use crate::model::{SourceId, Timestamp};
use crate::report::{Reason, Report, SourceSummary};
use crate::store::Store;
use crate::survey::Survey;

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
    /// What the records were; of a reading in outlines ([`Interest::outline`](crate::decode::Interest::outline)) alone.
    pub survey: Option<Box<Survey>>,
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
    /// What is to be remembered of the log has no room.
    #[error(transparent)]
    Spill(#[from] SpillError),
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

/// What is handed over in the order of the input.
#[derive(Debug)]
pub enum Told {
    /// What a record says.
    Record(Decoded),
    /// What an audit event tells that says nothing of an object.
    Idle(SourceId, Audited),
    /// What follows stands in a member of an archive, of this name.
    Member(SourceId, String),
}

impl Reading<'_> {
    /// Takes that something cannot be read, which ends the run unless such is passed over.
    ///
    /// # Errors
    /// It is not.
    pub(crate) fn refuse(
        &self,
        reason: Reason,
        at: Option<Timestamp>,
        (place, message): (String, String),
        report: &mut Report,
    ) -> Result<(), ArchiveError> {
        if !self.skip_invalid {
            return Err(ArchiveError::Unreadable { place, message });
        }
        report.note(reason, at, || format!("{place}: {message}"));
        Ok(())
    }
}

impl Consumer for Decoder {
    type Parsed = Told;

    fn parse(&self, record: Record<'_>, out: &mut Vec<Told>) {
        out.push(Told::Record(self.record(&record)));
    }

    fn parse_line(&self, line: Line<'_>, out: &mut Vec<Told>) -> bool {
        let Ok(text) = std::str::from_utf8(line.text) else { return false };
        if let Some(audited) = self.idle(text) {
            out.push(Told::Idle(line.position.source, audited));
            return true;
        }
        let decoded = self.line(line.position, text);
        let whole = decoded.is_some();
        out.extend(decoded.map(Told::Record));
        whole
    }

    fn begin_member(&self, source: SourceId, name: &str, out: &mut Vec<Told>) {
        out.push(Told::Member(source, name.to_owned()));
    }

    fn parse_trace(&self, source: SourceId, stream: &mut dyn Read, emit: &mut dyn FnMut(Told) -> bool) {
        read_trace(source, stream, self, &mut |decoded| emit(Told::Record(decoded)));
    }
}

impl Archive {
    /// Reads all sources.
    ///
    /// # Errors
    /// A source that cannot be read, and a record that cannot be, unless those are skipped.
    pub fn read(reading: &Reading<'_>, progress: &dyn Progress) -> Result<Archive, ArchiveError> {
        Archive::read_into(Store::sharing(reading.decoder.blobs.clone()), Report::default(), reading, progress)
    }

    /// Reads all sources into a store. One that [is spent](Store::is_spent) is not filled any further.
    fn read_into(
        store: Store,
        report: Report,
        reading: &Reading<'_>,
        progress: &dyn Progress,
    ) -> Result<Archive, ArchiveError> {
        let mut intake = Intake::new(reading, store, report);
        let read = input::read(reading.sources, &reading.options, progress, &reading.decoder, &mut |told| {
            match told {
                Told::Record(decoded) => intake.take(decoded)?,
                Told::Idle(source, audited) => return Ok(intake.idle(source, &audited)?),
                Told::Member(source, name) => intake.begin_member(source, name)?,
            }
            if intake.store().is_spent() { Err(Stop::Spent) } else { Ok(()) }
        });
        match read {
            Ok(()) | Err(Stop::Spent) => intake.finish(),
            Err(Stop::Error(error)) => Err(error),
        }
    }
}

/// Why reading ends before all is read.
enum Stop {
    Error(ArchiveError),
    /// What more would be read is of no use.
    Spent,
}

impl<E: Into<ArchiveError>> From<E> for Stop {
    fn from(error: E) -> Self {
        Stop::Error(error.into())
    }
}
