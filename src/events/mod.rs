//! Whatever was read, as one stream of lines in the order of time: `{"ts", "type", "object"}`.
//!
//! # What the stream is
//!
//! Not the history that is made of records, but the records' own tellings: each line is one observation, or one audit event
//! that tells some. What a record means may depend on others, which may be in another file, on another machine, or come later;
//! so nothing of that is decided here. A line holds all that its record says and nothing of what others say, and is decoded to
//! the very items to which the record is decoded ([`crate::decode::retold`] has the form). So for any logs,
//!
//! - `export(events(logs)) = export(logs)`, byte for byte, whatever is tracked;
//! - the same of `events` of any parts of the logs, put together in any order of lines;
//! - `events(events(logs)) = events(logs)`.
//!
//! How each of the things that depend on other records comes through:
//!
//! | what a record may be | how it is told |
//! |---|---|
//! | a whole object, of a watch, a list or an answer | as that, with the time of the record |
//! | a patch, a request without an answer, metadata alone, a deletion by name or of many, a creation under a generated name, a write of unknown outcome, a 404 | as the audit event itself (`AUDIT`), cut down to what is read of one; what it did is decided when all is read |
//! | a copy of another record, in whatever file | as any other: copies are told by the ids and times of events, which lines keep |
//! | of several servers | likewise: nothing but the time, the id and the bodies of an event counts |
//! | an event of a watch | with the number of its run: what a watch tells of initial sets, and by them of what went unseen, depends on the order and the company of its events. So the watches are followed here, where they are in order, and what they told is said in further lines; a watch whose file is cut by rotation is put together by who reads the stream |
//! | an initial set, a bookmark that ends one, a 410, a recording put behind another | a `BOOKMARK` for each set, and one for the end of each run |
//! | a record without a time | with `ts` of `null`, and the `managedFields` that it is dated by, which others lose |
//! | two records that only the order of the input tells apart | with source, line and part: the order of sources is that of their names, as if their files were read |
//! | the first and last of a log, which may say nothing (a read, an early stage) | by a `SPAN` for each source: the window of an export without `--from` and `--to` is from the first to the last |
//! | state before the log (`--baseline`) | as the list that it is, marked as no part of the span |
//! | a SimKube trace | operation by operation, in the order that it gives; with its end, its lifecycles and its config, which is refused where none was given: lines come in any order, and the first would be read without |
//! | the kind of a resource that is not built in, which only bodies tell | by those bodies; by a `KIND` where filters leave them out |
//!
//! # What is left out
//!
//! Audit events that say nothing of objects: reads without bodies, early stages, refused requests, dry runs; and all about
//! Leases, Events, Endpoints and EndpointSlices, unless the config tracks them. The trace does not need them. The account does:
//! that of an export from the stream has no counts of these, knows no silences of servers, compares the clocks of those servers
//! alone that carriers name, and counts of the requests only those that changed something. Records that are unreadable,
//! cut off or of another log are counted by `events` and not told. Of an answered write to a built-in resource the request
//! is left out, and `managedFields` everywhere but in records without a time.
//!
//! # Filters
//!
//! A line goes when filters leave out all that it tells of, as far as it tells it. By namespaces that loses nothing: nothing
//! in one is owned from another, what has none is kept, and so are `SPAN`s and initial sets. What else others have to know of
//! a line that goes is said in its place: by a `KIND` the kind of a resource, by a `SEEN` which object was there, since from
//! what two watches show it is concluded which of them began later, and so what went in between. So
//! `export F (events F (logs)) = export F (logs)` for `F` of `-n` and `--exclude-ns`, but for objects that before a watch began
//! requests without uids alone had told of. Where any record has no time, though, all of
//! them date it, and none is left out. Kinds, names and labels are for looking: what owns an object may be left out by them,
//! and an export then knows less of owners. The same holds of `--from` and `--to`, before which nothing is known.
//!
//! # Memory
//!
//! Lines are sorted outside of memory ([`crate::scratch`]); the numbers of what watches hold alive are kept, as in an export.

mod gather;
mod judge;
mod order;
mod seen;

use std::hash::Hasher;
use std::io::{self, Write};

use siphasher::sip::SipHasher13;

use crate::archive::{ArchiveError, Reading};
use crate::coverage::SpillError;
use crate::filter::Filters;
use crate::input::{self, Progress};
use crate::model::Timestamp;
use crate::report::{Report, SourceSummary};

use gather::{Gathering, source_name};
use judge::Judge;
use order::{Lines, Placed, Standing};

/// Everything that was read, as lines that wait to be written.
pub struct Events<'a> {
    reading: &'a Reading<'a>,
    lines: Lines,
    hashes: Vec<SipHasher13>,
    timeless: bool,
    /// What was noted.
    pub report: Report,
    /// What each source gave.
    pub sources: Vec<SourceSummary>,
    /// From when to when the input runs, `None` where nothing in it has a time.
    pub span: Option<(Timestamp, Timestamp)>,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Lines.
    pub lines: u64,
    /// Lines that the filters, or the window, left out.
    pub left_out: u64,
    /// Lines that the filters would leave out and that are kept, since records without times are dated by them.
    pub kept_for_dating: u64,
}

/// Why lines could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Where they were to go.
    #[error("cannot write the events")]
    Output(#[from] io::Error),
    /// Where they waited.
    #[error(transparent)]
    Spill(#[from] SpillError),
}

impl<'a> Events<'a> {
    /// Reads all sources. The decoder is to have a [`Retelling`](crate::decode::retold::Retelling).
    ///
    /// # Errors
    /// As [`Archive::read`](crate::archive::Archive::read).
    pub fn read(reading: &'a Reading<'a>, filters: &Filters, progress: &dyn Progress) -> Result<Self, ArchiveError> {
        let mut gathering = Gathering::new(reading, Judge::new(filters));
        input::read(reading.sources, &reading.options, progress, &reading.decoder, &mut |told| gathering.take(told))?;
        let span = gathering.finish()?;
        let Gathering { lines, hashes, timeless, report, sources, .. } = gathering;
        Ok(Events { reading, lines, hashes, timeless, report, sources, span })
    }

    /// Writes the lines of a window, those without a time among them; of `None`, all.
    ///
    /// # Errors
    /// Those of the output, and of temporary files.
    pub fn write(self, window: Option<(Timestamp, Timestamp)>, out: &mut impl Write) -> Result<Written, WriteError> {
        let mut written = Written::default();
        let opening =
            |(index, hasher): (u32, &SipHasher13)| source_name(self.reading, index, hasher.finish()).opening();
        let openings: Vec<String> = (0..).zip(&self.hashes).map(opening).collect();
        self.lines.each(|line: Placed<'_>| {
            let outside = window.is_some_and(|window| is_outside(&line, window));
            let is_left_out = line.standing == Standing::LeftOut;
            if outside || (is_left_out && !self.timeless) {
                written.left_out += u64::from(line.standing != Standing::StandsIn);
                return Ok(());
            }
            if line.standing == Standing::StandsIn && self.timeless {
                return Ok(());
            }
            written.lines += 1;
            written.kept_for_dating += u64::from(is_left_out);
            out.write_all(line.head)?;
            out.write_all(b",\"tracer\":")?;
            let Some(index) = line.source else {
                out.write_all(line.rest)?;
                return Ok::<(), WriteError>(out.write_all(b"}\n")?);
            };
            out.write_all(openings[index as usize].as_bytes())?;
            out.write_all(line.rest)?;
            Ok(out.write_all(b"}}\n")?)
        })?;
        Ok(written)
    }
}

/// Whether a line lies outside of a window. From when to when a source runs says nothing of what is left of it then.
fn is_outside(line: &Placed<'_>, (from, to): (Timestamp, Timestamp)) -> bool {
    line.at.is_some_and(|at| at < from || to <= at) || line.is_span()
}
