//! Takes what records say, and the lines that tell it again, in the order of the input.

use std::collections::BTreeMap;
use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use super::judge::Judge;
use super::order::{Lines, Standing};
use super::seen::FirstSeen;
use crate::archive::assembly::{Assembly, Outcome};
use crate::archive::{ArchiveError, Places, Reading, Told, extend};
use crate::decode::audit::resources;
use crate::decode::retold::{self, Fact, Line, Provenance, SourceName};
use crate::decode::{Change, Decoded, Item, Observation};
use crate::fingerprint::Uid;
use crate::input::Source;
use crate::model::{GroupKind, Position, SourceId, Timestamp};
use crate::report::{Reason, Report, SourceSummary};
use crate::store::initial::{Step, Streams};

type Span = Option<(Timestamp, Timestamp)>;

/// Records that were joined from pieces are told behind all others of their line.
const JOINED: u32 = 1 << 19;

/// What is gathered.
pub(super) struct Gathering<'a> {
    reading: &'a Reading<'a>,
    judge: Judge,
    places: Places<'a>,
    assembly: Assembly,
    streams: Streams,
    /// The API version of the first object of each run of a watch.
    versions: Vec<String>,
    pub lines: Lines,
    pub report: Report,
    pub sources: Vec<SourceSummary>,
    /// The recorded times of each source.
    spans: Vec<Span>,
    /// Those of the records that are told here for the first time, and how many these are.
    own: Vec<(Span, u64)>,
    /// The objects that lines show which are left out, and the kinds of resources.
    seen: FirstSeen,
    kinds: BTreeMap<(String, String, String, String), SourceId>,
    /// What each source tells.
    pub hashes: Vec<SipHasher13>,
    /// How many lines tell of each source, and not of its records.
    facts: BTreeMap<SourceId, u32>,
    /// The record of the last line, and how many lines it has.
    last: (Position, u32),
    /// Whether anything was observed that has no time.
    pub timeless: bool,
}

/// A line while the items that it tells come.
struct Open {
    line: Line,
    place: Provenance,
    source: u32,
    /// Whether any of what it tells was judged, and whether any of that is kept.
    judged: bool,
    kept: bool,
    objects: Vec<(Uid, Option<Timestamp>)>,
    kinds: Vec<(String, String, String, String)>,
}

impl<'a> Gathering<'a> {
    /// Has nothing yet.
    pub fn new(reading: &'a Reading<'a>, judge: Judge) -> Self {
        let count = reading.sources.len();
        let name = |index| SourceSummary { path: reading.sources.name(index).into_owned(), ..SourceSummary::default() };
        Gathering {
            reading,
            judge,
            places: Places::of(reading.sources),
            assembly: Assembly::new(reading.options.max_record),
            streams: Streams::default(),
            versions: Vec::new(),
            lines: Lines::default(),
            report: Report::default(),
            sources: (0..count as u32).map(name).collect(),
            spans: vec![None; count],
            own: vec![(None, 0); count],
            seen: FirstSeen::new(reading.decoder.blobs.clone()),
            kinds: BTreeMap::new(),
            hashes: vec![SipHasher13::new(); count],
            facts: BTreeMap::new(),
            last: (Position::default(), 0),
            timeless: false,
        }
    }

    /// Takes what a worker made of a piece of the input.
    pub fn take(&mut self, told: Told) -> Result<(), ArchiveError> {
        match told {
            Told::Record(decoded) => self.record(decoded),
            Told::Idle(source, audited) => {
                let outcomes = self.assembly.source(source);
                self.assembled(outcomes, Position { source, line: 0 }, None)?;
                self.count(source, true);
                self.saw(source, audited.at.map(Timestamp::from_micros), true);
                Ok(())
            }
            Told::Member(source, name) => {
                let outcomes = self.assembly.source(source);
                self.assembled(outcomes, Position::default(), None)?;
                self.places.enter(source, name);
                Ok(())
            }
        }
    }

    fn count(&mut self, source: SourceId, own: bool) {
        let index = source.index as usize;
        self.sources[index].records += 1;
        self.own[index].1 += u64::from(own);
    }

    /// Takes a recorded time. `own`: of a record that is told here for the first time.
    fn saw(&mut self, source: SourceId, at: Option<Timestamp>, own: bool) {
        let Some(at) = at else { return };
        extend(&mut self.spans[source.index as usize], at);
        if own {
            extend(&mut self.own[source.index as usize].0, at);
        }
    }

    fn record(&mut self, decoded: Decoded) -> Result<(), ArchiveError> {
        let source = decoded.position.source;
        let outcomes = self.assembly.source(source);
        self.assembled(outcomes, decoded.position, decoded.at)?;
        let own = decoded.told.is_none();
        if decoded.is_counted() {
            self.count(source, own);
        }
        self.saw(source, decoded.at, own);
        self.items(decoded, 0)
    }

    /// `part`: from which number on its lines are counted at least.
    fn items(&mut self, decoded: Decoded, part: u32) -> Result<(), ArchiveError> {
        let Decoded { position, at, in_trace, told, items } = decoded;
        let source = position.source;
        let mut open: Option<Open> = None;
        for item in items {
            match item {
                Item::Line(line) => {
                    self.close(open.take())?;
                    open = Some(self.open(*line, position, part));
                }
                Item::Observed(seen) => {
                    let of_baseline = self.reading.decoder.is_of_baseline(source);
                    let aside = in_trace || of_baseline || told.as_ref().is_some_and(|told| told.aside);
                    if !aside {
                        self.saw(source, seen.at, told.is_none());
                    }
                    self.timeless |= seen.at.is_none();
                    if seen.change == Change::Bare {
                        self.report.note(Reason::DeletionsUntold, seen.at, || seen.key.to_string());
                    }
                    if let Some(open) = &mut open {
                        self.observed(&seen, source, open);
                    }
                }
                Item::Swept(sweep) => {
                    if let Some(open) = &mut open {
                        (open.judged, open.kept) = (true, open.kept | self.judge.keeps_sweep(&sweep));
                    }
                }
                // Events of one list have a time each.
                Item::Audited(audited) => self.saw(source, audited.at.map(Timestamp::from_micros), told.is_none()),
                Item::Bookmark { kind, resource_version, initial_end, at } => {
                    self.streams.bookmark(Step { source, kind: &kind, at, resource_version }, initial_end);
                }
                Item::WatchError { message, at } => {
                    let place = self.places.name(position, !in_trace);
                    self.report.note(Reason::WatchBroken, at, || format!("{place}: {message}"));
                    self.streams.broken(source);
                }
                Item::Piece(piece) => {
                    let outcomes = self.assembly.piece(position, *piece);
                    self.assembled(outcomes, position, at)?;
                }
                Item::Whole { stream } => {
                    let outcome = self.assembly.whole(source, stream);
                    self.assembled(outcome, position, at)?;
                }
                Item::Split(split) => {
                    let outcomes = self.assembly.split(position, *split);
                    self.assembled(outcomes, position, at)?;
                }
                Item::Noted { reason, at, about } => {
                    let place = self.places.name(position, !in_trace);
                    self.report.note(reason, at, || format!("{place}: {about}"));
                }
                Item::Unreadable { message } => self.refuse(Reason::RecordSkipped, at, position, message, in_trace)?,
                Item::TooLarge { message } => self.refuse(Reason::RecordTooLarge, at, position, message, in_trace)?,
                Item::Retold(fact) => {
                    if let Fact::Span { first, last } = *fact {
                        self.saw(source, Some(first), false);
                        self.saw(source, Some(last), false);
                    }
                }
                // Their lines say it.
                Item::TraceConfig(_) | Item::TraceEnd { .. } | Item::TraceLifecycles(_) => {}
            }
        }
        self.close(open)
    }

    fn open(&mut self, line: Line, position: Position, part: u32) -> Open {
        let place = match &line.told {
            Some(told) => (**told).clone(),
            None => {
                let next = if self.last.0 == position { self.last.1 } else { 0 };
                let part = next.max(part);
                self.last = (position, part.saturating_add(1));
                let source = self.source_name(position.source.index);
                let SourceId { member, .. } = position.source;
                Provenance { source, member, line: position.line, part, ..Provenance::default() }
            }
        };
        let (objects, kinds) = (Vec::new(), Vec::new());
        Open { line, place, source: position.source.index, judged: false, kept: false, objects, kinds }
    }

    fn source_name(&self, index: u32) -> SourceName {
        source_name(self.reading, index, 0)
    }

    fn observed(&mut self, seen: &Observation, source: SourceId, open: &mut Open) {
        if self.judge.judges() {
            (open.judged, open.kept) = (true, open.kept | self.judge.keeps(seen));
            self.learn(seen, open);
        }
        let of_watch =
            seen.event.is_none() && matches!(seen.change, Change::Added | Change::Modified | Change::Deleted);
        if of_watch && open.line.told.is_none() {
            let step = Step { source, kind: &seen.key.kind, at: seen.at, resource_version: seen.resource_version };
            let id = self.streams.object(step, seen.change, seen.uid, &seen.key.namespace);
            if self.versions.len() <= id as usize {
                self.versions.resize(id as usize, String::new());
                self.versions.push(seen.version.clone());
            }
            open.place.run = Some(self.streams.run(id));
            if seen.change == Change::Added {
                open.place.added = self.streams.added(source, &seen.key.kind);
            }
        }
    }

    /// Notes what others may have to know of a line, should it be left out.
    fn learn(&self, seen: &Observation, open: &mut Open) {
        if !self.judge.is_lossless() {
            return;
        }
        open.objects.extend(seen.uid.map(|uid| (uid, seen.at)));
        let kind = &seen.key.kind;
        let Some(resource) = seen.resource.as_ref().filter(|_| !kind.kind.is_empty()) else { return };
        if resources::kind_of(&kind.group, resource).is_none() {
            open.kinds.push((kind.group.clone(), kind.kind.clone(), seen.version.clone(), resource.clone()));
        }
    }

    fn close(&mut self, open: Option<Open>) -> Result<(), ArchiveError> {
        let Some(Open { line, place, source, judged, kept, objects, kinds }) = open else { return Ok(()) };
        let left_out = judged && !kept;
        if left_out {
            for seen in self.seen.of_line(&line, &place, &objects) {
                self.lines.push(&seen, &seen.head(), &place, source, Standing::StandsIn)?;
            }
            let of = SourceId { index: source, member: place.member };
            for kind in kinds {
                self.kinds.entry(kind).or_insert(of);
            }
        }
        let head = line.head();
        if line.told.is_none() {
            // What a source is known by, wherever it lies and whatever is left out.
            let hasher = &mut self.hashes[source as usize];
            hasher.write(head.as_bytes());
            hasher.write(line.tail.as_bytes());
        }
        let standing = if left_out { Standing::LeftOut } else { Standing::Kept };
        Ok(self.lines.push(&line, &head, &place, source, standing)?)
    }

    /// Takes what became of pieces when the record at `position` had come.
    fn assembled(
        &mut self,
        outcomes: impl IntoIterator<Item = Outcome>,
        position: Position,
        at: Option<Timestamp>,
    ) -> Result<(), ArchiveError> {
        for outcome in outcomes {
            match outcome {
                Outcome::Alone(items) => {
                    self.record(Decoded { position, at, in_trace: false, told: None, items })?;
                }
                Outcome::Joined(joined) => {
                    let decoded = self.reading.decoder.joined(&joined);
                    self.count(decoded.position.source, true);
                    self.saw(decoded.position.source, decoded.at, true);
                    self.items(decoded, JOINED)?;
                }
                Outcome::Lost(first, start) => {
                    let place = self.places.name(first, true);
                    self.report.note(Reason::RecordCutByCarrier, None, || format!("{place}: {start}"));
                }
                Outcome::TooLarge(first, start) => {
                    let message = self.assembly.too_large(&start);
                    self.refuse(Reason::RecordTooLarge, None, first, message, false)?;
                }
            }
        }
        Ok(())
    }

    fn refuse(
        &mut self,
        reason: Reason,
        at: Option<Timestamp>,
        position: Position,
        message: String,
        in_trace: bool,
    ) -> Result<(), ArchiveError> {
        let place = self.places.name(position, !in_trace);
        self.reading.refuse(reason, at, (place, message), &mut self.report)
    }

    /// Adds the lines of what no single record tells, once nothing follows; gives from when to when all of it runs.
    pub fn finish(&mut self) -> Result<Span, ArchiveError> {
        let outcomes = self.assembly.end();
        self.assembled(outcomes, Position::default(), None)?;
        for (index, (span, records)) in std::mem::take(&mut self.own).into_iter().enumerate() {
            if let Some((first, last)) = span {
                self.fact(&retold::span_line(first, last, records), SourceId::of_file(index as u32), Standing::Kept)?;
            }
        }
        let (sets, runs) = std::mem::take(&mut self.streams).into_facts();
        let versions = std::mem::take(&mut self.versions);
        let version = |id: usize| versions.get(id).map_or("", String::as_str);
        for (id, set) in sets {
            let source = runs[id as usize].source;
            let standing = self.standing(&set.kind);
            self.fact(&retold::set_line(&set, version(id as usize)), source, standing)?;
        }
        for (id, end) in runs.iter().enumerate() {
            let standing = self.standing(&end.kind);
            self.fact(&retold::end_line(&end.kind, version(id), end.run, end.at), end.source, standing)?;
        }
        for ((group, kind, version, resource), source) in std::mem::take(&mut self.kinds) {
            self.fact(&retold::kind_line(&group, &kind, &version, &resource), source, Standing::StandsIn)?;
        }
        let mut all = None;
        for (span, summary) in self.spans.iter().zip(&mut self.sources) {
            if let Some((first, last)) = span {
                (summary.first, summary.last) = (Some(first.to_string()), Some(last.to_string()));
                extend(&mut all, *first);
                extend(&mut all, *last);
            }
        }
        Ok(all)
    }

    fn standing(&self, kind: &GroupKind) -> Standing {
        if self.judge.keeps_kind(kind) { Standing::Kept } else { Standing::LeftOut }
    }

    fn fact(&mut self, line: &Line, source: SourceId, standing: Standing) -> Result<(), ArchiveError> {
        let facts = self.facts.entry(source).or_default();
        let part = *facts;
        *facts = facts.saturating_add(1);
        let name = self.source_name(source.index);
        let place = Provenance { source: name, member: source.member, part, ..Provenance::default() };
        Ok(self.lines.push(line, &line.head(), &place, source.index, standing)?)
    }
}

/// What a source is called.
pub(super) fn source_name(reading: &Reading<'_>, index: u32, hash: u64) -> SourceName {
    let stdin = reading.sources.get(index) == Some(&Source::Stdin);
    let path = if stdin { String::new() } else { reading.sources.name(index).into_owned() };
    SourceName { stdin, path, hash }
}
