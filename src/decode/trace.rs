//! SimKube traces as input: their events are observations like any others.
//!
//! A trace's objects have no uid, no resourceVersion and no time but their event's, in whole seconds. What stands in the
//! starting state was there just before; what happens within a second keeps its order, a microsecond apart.

use std::io::Read;
use std::ops::ControlFlow;

use super::object::{Observed, Parts, Sight, observe};
use super::{Change, Decoded, Decoder, Interest, Item};
use crate::blobs::Blobs;
use crate::config::TracerConfig;
use crate::json::Raw;
use crate::model::{Position, SourceId, Timestamp};
use crate::trace::{self, Deleted, Event, Lifecycle, Part};

/// The lifecycles that a trace carries for one owner and one pod-spec hash.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnerLifecycles {
    /// The source that is the trace.
    pub source: SourceId,
    /// The trace's first second, in Unix seconds: lives that begin then may have begun before.
    pub begins: Option<i64>,
    /// The owner's kind.
    pub gvk: crate::model::Gvk,
    /// The owner's `namespace/name`.
    pub ns_name: String,
    /// The pod-spec hash.
    pub hash: u64,
    /// In the order in which a replay deals them out.
    pub lifecycles: Vec<Lifecycle>,
}

/// At most so many operations of one second are kept apart by a microsecond each; the rest by their order alone.
const OPERATIONS_PER_SECOND: i64 = 999_999;

/// Decodes a trace from its stream: one [`Decoded`] for each part. The decoder's `max_value` bounds the bytes of one object. Stops when
/// `emit` gives false.
pub fn read_trace(source: SourceId, stream: &mut dyn Read, decoder: &Decoder, emit: &mut dyn FnMut(Decoded) -> bool) {
    let mut reader =
        TraceReader { source, decoder, events: 0, operations: 0, begins: None, second: (0, 0), held: None };
    let result = trace::read(stream, decoder.max_value as u64, |part: Part<TracerConfig>| {
        let go_on = reader.part(part).into_iter().all(&mut *emit);
        if go_on { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    let last = match result {
        Ok(ControlFlow::Break(())) => return,
        Ok(ControlFlow::Continue(())) => reader.held.take(),
        Err(error) => Some(reader.decoded(None, vec![Item::Unreadable { message: error.to_string() }])),
    };
    if let Some(last) = last {
        emit(last);
    }
}

struct TraceReader<'a> {
    source: SourceId,
    decoder: &'a Decoder,
    events: u64,
    operations: u64,
    /// The second of the first event.
    begins: Option<i64>,
    /// The second of the last event, and how many operations it had so far.
    second: (i64, i64),
    /// An empty event: the last one only gives the trace its length, so it waits until another one comes.
    held: Option<Decoded>,
}

impl TraceReader<'_> {
    fn part(&mut self, part: Part<TracerConfig>) -> Vec<Decoded> {
        match part {
            Part::Config(config) => {
                let line = self.decoder.config_line(&config).into_iter();
                vec![self.decoded(None, line.chain([Item::TraceConfig(Box::new(config))]).collect())]
            }
            Part::Event(event) => self.event(event),
            Part::Indexed { .. } => Vec::new(),
            Part::Lifecycles { owner: (gvk, ns_name), hash, lifecycles } => {
                let (source, begins) = (self.source, self.begins);
                let lifecycles = OwnerLifecycles { source, begins, gvk, ns_name, hash, lifecycles };
                let line = self.decoder.lifecycles_line(&lifecycles).into_iter();
                vec![self.decoded(None, line.chain([Item::TraceLifecycles(Box::new(lifecycles))]).collect())]
            }
        }
    }

    fn event(&mut self, event: Event) -> Vec<Decoded> {
        let start = self.events == 0;
        self.events += 1;
        self.begins.get_or_insert(event.ts);
        let second = Timestamp::from_seconds(event.ts);
        // It was not the last one, and tells no more than that it is there.
        let passed = self.held.take().map(|held| Decoded { items: Vec::new(), ..held });
        if event.applied.is_empty() && event.deleted.is_empty() && !start {
            let line = self.decoder.trace_end_line(event.ts).into_iter();
            let end = line.chain([Item::TraceEnd { ts: event.ts }]).collect();
            self.held = Some(self.decoded(Some(second.plus_micros(-1)), end));
            return passed.into_iter().collect();
        }
        let deletions = event.deleted.iter().map(|deleted| (bare(deleted), Change::Deleted));
        let applied =
            event.applied.iter().map(|object| (String::from_utf8_lossy(&object.text()).into_owned(), Change::Applied));
        let operations: Vec<(String, Change)> = applied.chain(deletions).collect();
        let mut decoded: Vec<Decoded> = passed.into_iter().collect();
        decoded.push(self.decoded(Some(second), Vec::new()));
        for (object, change) in operations {
            let at = if start { second.plus_micros(-1) } else { self.next_in_second(event.ts) };
            decoded.push(self.operation(&object, change, at));
        }
        decoded
    }

    fn next_in_second(&mut self, ts: i64) -> Timestamp {
        let (second, count) = self.second;
        let count = if second == ts { (count + 1).min(OPERATIONS_PER_SECOND) } else { 0 };
        self.second = (ts, count);
        Timestamp::from_seconds(ts).plus_micros(count)
    }

    fn operation(&mut self, object: &str, change: Change, at: Timestamp) -> Decoded {
        let event = self.events - 1;
        self.operations += 1;
        let raw = Raw::of(object);
        let seen = raw.map_err(|error| error.to_string());
        let seen = seen.and_then(|raw| operation(raw, (change, Some(at)), Some(event), &self.decoder.blobs));
        let items = match seen {
            Ok(Observed::Object(observation, notes)) => {
                let notes = notes.into_iter().map(|(reason, about)| Item::Noted { reason, at: Some(at), about });
                let line = self.decoder.operation_line(object, change, at, event).into_iter();
                line.chain(notes).chain(std::iter::once(Item::Observed(observation))).collect()
            }
            Ok(Observed::MetadataOnly(kind)) => {
                vec![Item::Unreadable { message: format!("`events[{event}]`: a {kind}") }]
            }
            Err(message) => vec![Item::Unreadable { message: format!("`events[{event}]`: {message}") }],
        };
        let position = Position { source: self.source, line: self.operations };
        Decoded { position, at: None, in_trace: true, told: None, items }
    }

    fn decoded(&self, at: Option<Timestamp>, items: Vec<Item>) -> Decoded {
        let position = Position { source: self.source, line: self.operations };
        Decoded { position, at, in_trace: true, told: None, items }
    }
}

/// What an operation of a trace shows: of what is applied all of it, of a deletion no more than the name. An `Err` is what is wrong
/// with it.
pub(super) fn operation(
    object: Raw<'_>,
    (change, at): (Change, Option<Timestamp>),
    event: Option<u64>,
    blobs: &Blobs,
) -> Result<Observed, String> {
    let parts = Parts::of(object).map_err(|error| error.to_string())?;
    let mut seen = observe(&parts, Sight::plain(change, at), &Interest::everything(), blobs)?;
    if let Observed::Object(observation, _) = &mut seen {
        observation.trace_event = event;
        if change == Change::Deleted {
            observation.content = None;
        }
    }
    Ok(seen)
}

/// A deleted object as an object: nothing but its name.
fn bare(deleted: &Deleted) -> String {
    let Deleted { api_version, kind, namespace, name } = deleted;
    let metadata = serde_json::json!({ "name": name, "namespace": namespace });
    serde_json::json!({ "apiVersion": api_version, "kind": kind, "metadata": metadata }).to_string()
}
