//! Takes what records say, in the order of the input.

use std::rc::Rc;

use super::assembly::{Assembly, Outcome};
use super::provenances::Provenances;
use super::{Archive, ArchiveError, Reading};
use crate::config::TracerConfig;
use crate::decode::audit::Audited;
use crate::decode::{Change, Decoded, Item, retold};
use crate::input::Sources;
use crate::model::{Position, SourceId, Timestamp};
use crate::report::{Reason, Report, SourceSummary};
use crate::store::Store;

/// An archive in the making.
pub(super) struct Intake<'a> {
    reading: &'a Reading<'a>,
    archive: Archive,
    spans: Vec<Option<(Timestamp, Timestamp)>>,
    places: Places<'a>,
    assembly: Assembly,
    provenances: Provenances,
}

/// How messages name the places of the input.
#[derive(Clone)]
pub(crate) struct Places<'a> {
    sources: &'a Sources,
    /// The member of an archive that is being read, or was last.
    member: Option<(SourceId, Rc<str>)>,
}

impl<'a> Places<'a> {
    /// Those of sources.
    pub(crate) fn of(sources: &'a Sources) -> Self {
        Places { sources, member: None }
    }

    /// Records of a member of an archive follow.
    pub(crate) fn enter(&mut self, source: SourceId, name: String) {
        self.member = Some((source, name.into()));
    }

    /// `path:line`, or `path:member:line` in an archive; of a trace without a line.
    pub(crate) fn name(&self, position: Position, with_line: bool) -> String {
        let path = self.sources.name(position.source.index);
        let member = self.member.as_ref().filter(|(source, _)| *source == position.source);
        let line = with_line.then(|| position.line.to_string());
        let parts = [Some(&*path), member.map(|(_, name)| &**name), line.as_deref()];
        parts.into_iter().flatten().collect::<Vec<_>>().join(":")
    }
}

impl<'a> Intake<'a> {
    /// Nothing was taken yet.
    pub fn new(reading: &'a Reading<'a>, store: Store, report: Report) -> Self {
        let name =
            |source| SourceSummary { path: reading.sources.name(source).into_owned(), ..SourceSummary::default() };
        Intake {
            reading,
            archive: Archive {
                sources: (0..reading.sources.len() as u32).map(name).collect(),
                survey: reading.decoder.interest.is_outline().then(Box::default),
                store,
                report,
                ..Archive::default()
            },
            spans: vec![None; reading.sources.len()],
            places: Places::of(reading.sources),
            assembly: Assembly::new(reading.options.max_record),
            provenances: Provenances::default(),
        }
    }

    /// What was taken of objects.
    pub fn store(&self) -> &Store {
        &self.archive.store
    }

    /// Records of a member of an archive follow.
    pub fn begin_member(&mut self, source: SourceId, name: String) -> Result<(), ArchiveError> {
        // What is open belongs to the one before, whose name is known now.
        let outcomes = self.assembly.source(source);
        self.assembled(outcomes, Position::default(), None)?;
        self.places.enter(source, name);
        self.archive.survey.iter_mut().for_each(|survey| survey.member(source));
        Ok(())
    }

    /// Takes what a record says.
    pub fn take(&mut self, decoded: Decoded) -> Result<(), ArchiveError> {
        let outcomes = self.assembly.source(decoded.position.source);
        self.assembled(outcomes, decoded.position, decoded.at)?;
        let source = decoded.position.source.index as usize;
        if decoded.is_counted() {
            self.archive.records += 1;
            self.archive.sources[source].records += 1;
        }
        if let Some(at) = decoded.at {
            extend(&mut self.spans[source], at);
        }
        if let Some(survey) = &mut self.archive.survey {
            survey.take(&decoded, self.reading.decoder.is_of_baseline(decoded.position.source));
        }
        self.items(decoded)
    }

    /// Takes an event that says nothing of an object.
    pub fn idle(&mut self, source: SourceId, audited: &Audited) -> Result<(), ArchiveError> {
        let outcomes = self.assembly.source(source);
        self.assembled(outcomes, Position { source, line: 0 }, None)?;
        let index = source.index as usize;
        self.archive.records += 1;
        self.archive.sources[index].records += 1;
        self.archive.survey.iter_mut().for_each(|survey| survey.idle(source, audited));
        self.audited(index, audited)
    }

    fn audited(&mut self, source: usize, audited: &Audited) -> Result<(), ArchiveError> {
        if let Some(at) = audited.at {
            extend(&mut self.spans[source], Timestamp::from_micros(at));
        }
        Ok(self.archive.coverage.take(source as u32, audited)?)
    }

    fn items(&mut self, decoded: Decoded) -> Result<(), ArchiveError> {
        let Decoded { position, at, in_trace, told, items } = decoded;
        let source = position.source.index as usize;
        let places = self.places.clone();
        let place = || places.name(position, !in_trace);
        // Where the record stood: elsewhere, if this one tells it again.
        let stood = told.as_ref().map(|told| self.provenances.position(told, self.reading.sources));
        let aside = in_trace || told.as_ref().is_some_and(|told| told.aside);
        for item in items {
            let Archive { store, report, .. } = &mut self.archive;
            match item {
                Item::Observed(observation) => {
                    // Records of one array have a time each. The state before a log is no part of it.
                    let of_baseline = self.reading.decoder.is_of_baseline(position.source);
                    if let (false, Some(at)) = (aside || of_baseline, observation.at) {
                        extend(&mut self.spans[source], at);
                    }
                    if observation.change == Change::Bare {
                        report.note(Reason::DeletionsUntold, observation.at, || observation.key.to_string());
                    }
                    match (stood, &told) {
                        (Some(stood), Some(told)) => store.observe_retold(stood, *observation, told, report),
                        _ => store.observe(position, *observation, report),
                    }
                }
                Item::Bookmark { kind, resource_version, initial_end, at } => {
                    store.bookmark(position, &kind, resource_version, initial_end, at);
                }
                Item::WatchError { message, at } => {
                    report.note(Reason::WatchBroken, at, || format!("{}: {message}", place()));
                    store.watch_broken(position);
                }
                Item::Swept(sweep) => store.swept(*sweep),
                Item::Audited(audited) if told.is_some() => {
                    self.archive.coverage.take_apart(source as u32, &audited)?;
                }
                // Events of one list have a time each.
                Item::Audited(audited) => {
                    self.audited(source, &audited)?;
                }
                Item::Piece(piece) => {
                    let outcomes = self.assembly.piece(position, *piece);
                    self.assembled(outcomes, position, at)?;
                }
                Item::Whole { stream } => {
                    let outcome = self.assembly.whole(position.source, stream);
                    self.assembled(outcome, position, at)?;
                }
                Item::Split(split) => {
                    let outcomes = self.assembly.split(position, *split);
                    self.assembled(outcomes, position, at)?;
                }
                Item::Noted { reason, at, about } => report.note(reason, at, || format!("{}: {about}", place())),
                Item::Unreadable { message } => self.refuse(Reason::RecordSkipped, at, place(), message)?,
                Item::TooLarge { message } => self.refuse(Reason::RecordTooLarge, at, place(), message)?,
                // No decoder of an archive is to tell any.
                Item::Line(_) => {}
                Item::Retold(fact) => {
                    if let retold::Fact::Span { first, last } = *fact {
                        extend(&mut self.spans[source], first);
                        extend(&mut self.spans[source], last);
                    }
                    store.learn_retold(stood.unwrap_or(position).source, *fact, told.as_deref());
                }
                Item::TraceConfig(_) if told.is_some() => self.told_config(place())?,
                Item::TraceConfig(config) => self.trace_config(*config, position.source, place())?,
                Item::TraceEnd { ts } => self.archive.lasts_until = self.archive.lasts_until.max(Some(ts)),
                Item::TraceLifecycles(mut lifecycles) => {
                    lifecycles.source = stood.map_or(lifecycles.source, |stood| stood.source);
                    self.archive.store.forget_nothing("a trace among the inputs");
                    self.archive.carried.push(*lifecycles);
                }
            }
        }
        Ok(())
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
                Outcome::Alone(items) => self.take(Decoded { position, at, in_trace: false, told: None, items })?,
                Outcome::Joined(joined) => self.take(self.reading.decoder.joined(&joined))?,
                Outcome::Lost(first, start) => {
                    let about = || format!("{}: {start}", self.places.name(first, true));
                    self.archive.report.note(Reason::RecordCutByCarrier, None, about);
                }
                Outcome::TooLarge(first, start) => {
                    let message = self.assembly.too_large(&start);
                    self.refuse(Reason::RecordTooLarge, None, self.places.name(first, true), message)?;
                }
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
        self.reading.refuse(reason, at, (place, message), &mut self.archive.report)
    }

    /// The config of a trace on stdin: the first thing that is read then, or too late. In an archive it always is: what
    /// follows it there was looked at by now.
    fn trace_config(&mut self, config: TracerConfig, source: SourceId, place: String) -> Result<(), ArchiveError> {
        if self.reading.config.is_some() {
            return Ok(());
        }
        if source.member > 0 {
            let message = "it is looked for in files, not in archives".to_owned();
            return Err(ArchiveError::Config { place, message });
        }
        let alone = self.archive.store.is_empty() && self.reading.sources.len() == 1;
        if !alone {
            let message = "it came after other logs had been read".to_owned();
            return Err(ArchiveError::Config { place, message });
        }
        self.archive.trace_config = Some(config);
        Ok(())
    }

    /// The config of a trace that lines tell again: by then others may have been read.
    fn told_config(&self, place: String) -> Result<(), ArchiveError> {
        if self.reading.config.is_some() {
            return Ok(());
        }
        let message = "it stands among lines of `tracer events`, which come in any order".to_owned();
        Err(ArchiveError::Config { place, message })
    }

    /// All of it, once nothing follows.
    pub fn finish(mut self) -> Result<Archive, ArchiveError> {
        let outcomes = self.assembly.end();
        self.assembled(outcomes, Position::default(), None)?;
        if let Some(place) = std::mem::take(&mut self.provenances).places(self.reading.sources) {
            self.archive.store.reorder(&place);
            self.archive.carried.iter_mut().for_each(|carried| carried.source = place(carried.source));
            self.archive.carried.sort_by_key(|carried| carried.source);
        }
        for (span, summary) in self.spans.iter().zip(&mut self.archive.sources) {
            if let Some((first, last)) = span {
                summary.first = Some(first.to_string());
                summary.last = Some(last.to_string());
                extend(&mut self.archive.span, *first);
                extend(&mut self.archive.span, *last);
            }
        }
        Ok(self.archive)
    }
}

/// Widens a span to a moment.
pub(crate) fn extend(span: &mut Option<(Timestamp, Timestamp)>, at: Timestamp) {
    *span = Some(span.map_or((at, at), |(first, last)| (first.min(at), last.max(at))));
}
