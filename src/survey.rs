//! What the records of a log are, whatever they say of objects: counted while they are read.
//!
//! A survey keeps counts, and of times what [`Timeline`] bounds: it takes the same memory for a log of any length. It is the
//! same whatever the order in which records come.

mod fate;
mod timeline;

pub use fate::{Fate, Form};
use fate::{of_change, of_write};
pub use timeline::{Pause, Timeline};

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::decode::audit::{Audited, Idle, Level};
use crate::decode::{Change, Decoded, Item};
use crate::model::{ObjectKey, SourceId, Timestamp};

/// What one source holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holding {
    /// How many records of each form.
    pub forms: BTreeMap<Form, u64>,
    /// How many members the archive has that it is; 0 where it is none.
    pub members: u32,
}

/// Events of one level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OfLevel {
    /// All of them.
    pub events: u64,
    /// Those of a stage before the answer.
    pub early: u64,
    /// Requests that were to change something.
    pub writes: u64,
}

/// The counts.
#[derive(Debug, Default)]
pub struct Survey {
    /// By the index of the source.
    pub sources: Vec<Holding>,
    /// Records, and of arrays and lists what is in them, by what they are and what became of them.
    pub fates: BTreeMap<(Form, Fate), u64>,
    /// Audit events by level.
    pub levels: BTreeMap<Level, OfLevel>,
    /// When there were records.
    pub timeline: Timeline,
    /// What traces hold.
    pub traces: Traces,
}

/// What traces hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// Events, the starting state included, and an empty one at the end.
    pub events: u64,
    /// Objects of the starting state.
    pub at_start: u64,
    /// Objects that are applied later.
    pub applied: u64,
    /// Objects that are deleted.
    pub deleted: u64,
    /// The bytes of all objects that are applied, as JSON.
    pub bytes: u64,
    /// The largest of them, and its bytes. Of several the first by name.
    pub largest: Option<(u64, Reverse<ObjectKey>)>,
    /// The first second, and the last that an event has.
    pub seconds: Option<(i64, i64)>,
}

impl Traces {
    fn take(&mut self, decoded: &Decoded) {
        let is_event = decoded.items.is_empty() || matches!(decoded.items.as_slice(), [Item::TraceEnd { .. }]);
        self.events += u64::from(is_event);
        for item in &decoded.items {
            let Item::Observed(seen) = item else { continue };
            match (seen.change, seen.trace_event) {
                (Change::Deleted, _) => self.deleted += 1,
                (_, Some(0)) => self.at_start += 1,
                _ => self.applied += 1,
            }
            let bodies = [Some(&seen.metadata), seen.content.as_ref(), seen.status.as_ref()];
            let bytes = bodies.into_iter().flatten().map(|body| body.text().len() as u64).sum();
            if seen.change != Change::Deleted {
                self.bytes += bytes;
                if self.largest.as_ref().is_none_or(|(most, _)| bytes >= *most) {
                    let key = Reverse(seen.key.clone());
                    self.largest = self.largest.take().max(Some((bytes, key)));
                }
            }
        }
        if let (true, Some(at)) = (is_event, decoded.at) {
            // What ends a trace stands a moment before its second.
            let second = at.plus_micros(1).seconds();
            self.seconds = Some(self.seconds.map_or((second, second), |(a, b)| (a.min(second), b.max(second))));
        }
    }
}

impl Survey {
    /// Takes a record. `of_baseline`: it is of the state before the log, and its time is none of the log's.
    pub fn take(&mut self, decoded: &Decoded, of_baseline: bool) {
        let Decoded { position, at, in_trace, ref items, .. } = *decoded;
        let source = position.source;
        if in_trace {
            self.traces.take(decoded);
        }
        let mut timed = false;
        let mut seen = 0;
        for item in items {
            let moment = match item {
                Item::Audited(audited) => {
                    self.audited(source, audited, std::mem::take(&mut seen) > 0);
                    audited.at.map(Timestamp::from_micros)
                }
                Item::Observed(observation) if observation.event.is_some() => {
                    seen += 1;
                    continue;
                }
                Item::Swept(_) => {
                    seen += 1;
                    continue;
                }
                Item::Observed(observation) => {
                    let (form, fate) = of_change(observation.change, in_trace);
                    self.count(source, form, fate);
                    observation.at.filter(|_| !in_trace)
                }
                Item::Bookmark { at, .. } => {
                    self.count(source, Form::Watch, Fate::Bookmark);
                    *at
                }
                Item::WatchError { at, .. } => {
                    self.count(source, Form::Watch, Fate::Broken);
                    *at
                }
                Item::Unreadable { .. } | Item::TooLarge { .. } => {
                    self.count(source, Form::Other, Fate::Skipped);
                    None
                }
                // Beside something else it is a remark about that.
                Item::Noted { .. } if items.len() == 1 => {
                    self.count(source, Form::Other, Fate::PassedOver);
                    None
                }
                _ => continue,
            };
            if let (false, Some(moment)) = (of_baseline, moment) {
                timed = true;
                self.timeline.add(moment);
            }
        }
        if let (false, false, Some(at)) = (timed, of_baseline, at) {
            self.timeline.add(at);
        }
    }

    /// Takes an event that says nothing of an object.
    pub fn idle(&mut self, source: SourceId, audited: &Audited) {
        self.audited(source, audited, false);
        audited.at.into_iter().for_each(|at| self.timeline.add(Timestamp::from_micros(at)));
    }

    /// A member of an archive begins.
    pub fn member(&mut self, source: SourceId) {
        self.source(source).members += 1;
    }

    fn audited(&mut self, source: SourceId, audited: &Audited, told: bool) {
        let Audited { level, idle, ref write, .. } = *audited;
        let of_level = self.levels.entry(level).or_default();
        of_level.events += 1;
        of_level.writes += u64::from(write.is_some());
        of_level.early += u64::from(write.is_none() && idle == Idle::Early);
        let fate = match (write, idle) {
            (Some(write), _) => of_write(write, told),
            (None, Idle::Early) => Fate::Early,
            (None, Idle::Read) if told => Fate::Shown,
            (None, Idle::Read) => Fate::Read,
            (None, Idle::Other) => Fate::NoObject,
        };
        self.count(source, Form::Audit, fate);
    }

    fn count(&mut self, source: SourceId, form: Form, fate: Fate) {
        *self.fates.entry((form, fate)).or_default() += 1;
        *self.source(source).forms.entry(form).or_default() += 1;
    }

    fn source(&mut self, source: SourceId) -> &mut Holding {
        let index = source.index as usize;
        if self.sources.len() <= index {
            self.sources.resize_with(index + 1, Holding::default);
        }
        &mut self.sources[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Decoder;
    use crate::model::Position;

    fn survey(lines: &[&str]) -> Survey {
        let (mut survey, decoder) = (Survey::default(), Decoder::default());
        for (line, text) in (1..).zip(lines) {
            let position = Position { line, ..Position::default() };
            survey.take(&decoder.line(position, text).unwrap(), false);
        }
        survey
    }

    fn event(verb: &str, resource: &str, more: &str) -> String {
        format!(
            r#"{{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a","stage":"ResponseComplete","requestURI":"/x","verb":"{verb}","objectRef":{{"resource":"{resource}","namespace":"n","name":"o"}},"stageTimestamp":"2026-11-23T15:25:39.9Z"{more}}}"#
        )
    }

    #[test]
    fn every_record_has_a_fate() {
        let lines = [
            event("get", "pods", ""),
            event("patch", "endpoints", ""),
            event("create", "pods", r#","responseStatus":{"code":409}"#),
            event("create", "pods", r#","stage":"RequestReceived""#),
            event("delete", "pods", ""),
            event("create", "things", r#","responseStatus":{"code":504}"#),
            r#"{"type":"ADDED","object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}}"#.to_owned(),
            r#"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}"#.to_owned(),
            r#"{"apiVersion":"v1","kind":"PodList","items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}]}"#
                .to_owned(),
        ];
        let survey = survey(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        let fates: Vec<((Form, Fate), u64)> = survey.fates.into_iter().collect();
        assert_eq!(
            fates,
            [
                ((Form::Audit, Fate::Deleted), 1),
                ((Form::Audit, Fate::Read), 1),
                ((Form::Audit, Fate::Early), 1),
                ((Form::Audit, Fate::Noise), 1),
                ((Form::Audit, Fate::Refused), 1),
                ((Form::Audit, Fate::Unknown), 1),
                ((Form::Watch, Fate::Changed), 1),
                ((Form::List, Fate::Shown), 2),
                ((Form::Object, Fate::Shown), 1),
            ]
        );
        let metadata = survey.levels[&Level::Metadata];
        assert_eq!(metadata, OfLevel { events: 6, early: 1, writes: 4 });
        assert_eq!(survey.sources[0].forms[&Form::Audit], 6);
        assert_eq!(survey.timeline.records(), 6);
    }
}
