//! What a record means: records → observations of objects.
//!
//! Decoding is stateless, so that any worker can do it: one record in, what it says out, bodies kept as the bytes that
//! stand in the log. What depends on other records (the order, what is known of an object) is the [`store`](crate::store)'s.
//!
//! Formats are told per record, from its keys, never from a file's name: rotated and concatenated logs mix them.

pub mod audit;
mod envelope;
mod interest;
mod item;
mod object;
mod observation;
mod pod;
pub mod retold;
mod stamp;
#[cfg(test)]
mod tests;
mod trace;

pub use envelope::{Joined, Origin, Piece, Split, StreamId, join as join_split};
pub use interest::Interest;
pub use item::{Decoded, Item};
pub(crate) use object::KEPT_METADATA;
pub use observation::{Change, Facts, Observation, Part, Patch, Telling, Why};
pub use pod::{JobFacts, PodFacts};
pub use trace::{OwnerLifecycles, read_trace};

use std::sync::Arc;

use self::envelope::{Carrier, Shape};
use crate::blobs::Blobs;
use crate::input::{Content, Record};
use crate::json::{self, Members, Raw};
use crate::model::{Position, SourceId, Timestamp};
use crate::report::Reason;

/// Lists of which the user says when they were taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    /// The indices of the sources that hold them.
    pub sources: Vec<u32>,
    /// When.
    pub at: Timestamp,
}

impl Baseline {
    /// Whether a source holds one.
    pub fn holds(&self, source: SourceId) -> bool {
        self.sources.contains(&source.index)
    }
}

/// How records are decoded: what the user told about them.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    /// The kinds whose bodies are needed.
    pub interest: Interest,
    /// Where the bodies are kept.
    pub blobs: Arc<Blobs>,
    /// The name of a recorder's time field, looked for before the usual ones.
    pub time_field: Option<String>,
    /// The most bytes that one object of a trace may take.
    pub max_value: usize,
    /// When the lists of some sources were taken.
    pub baseline: Option<Baseline>,
    /// How records are told again beside what they say, if they are.
    pub retelling: Option<retold::Retelling>,
}

impl Decoder {
    /// Whether a source is a list whose time the user told.
    pub fn is_of_baseline(&self, source: SourceId) -> bool {
        self.baseline.as_ref().is_some_and(|baseline| baseline.holds(source))
    }

    /// Decodes one record of a text.
    pub fn record(&self, record: &Record<'_>) -> Decoded {
        let mut out = Decoded::at(record.position);
        let carrier = Carrier::of_line(&record.prefix);
        match &record.content {
            Content::Json(raw) => {
                self.line_of_json((*raw).into(), &carrier, &mut out);
                out.show_start(raw.get().as_bytes());
            }
            Content::Invalid { text, excerpt, .. } if text.ends_with(envelope::CUT) => {
                out.note(Reason::RecordCutByCarrier, None, excerpt.clone());
            }
            Content::Invalid { reason, excerpt, .. } => out.unreadable(format!("{reason}: {excerpt}")),
            Content::Text { text, .. } if self.line_of_text(text, &carrier, &mut out) => {}
            Content::Text { text, excerpt } => out.unreadable(envelope::no_json(text, excerpt)),
            Content::CutOff { excerpt } => out.note(Reason::RecordCutOff, None, excerpt.clone()),
            Content::Oversized { excerpt, limit } => out.items.push(Item::TooLarge {
                message: format!("a record of more than {limit} bytes; raise --max-record to read it: {excerpt}"),
            }),
        }
        out
    }

    /// What a line tells of the log that it stands in, if that is all that it tells; `None` for all others, and for what needs a
    /// closer look.
    pub fn idle(&self, text: &str) -> Option<audit::Audited> {
        audit::idle::of_line(text, &self.blobs.fingerprints())
    }

    /// Decodes a line that is one JSON object, in one pass over its text; `None` when it is not.
    pub fn line(&self, position: Position, text: &str) -> Option<Decoded> {
        let mut out = Decoded::at(position);
        if let Some(event) = audit::AuditEvent::of_line(text) {
            self.audit(&event, &mut out);
            return Some(out);
        }
        // Most often it is of a watch, and that is its object.
        let mut parts = None;
        let members = json::object_with(text, |key, walk| {
            if key != "object" {
                return walk.value();
            }
            let (raw, read) = walk.read(object::Parts::pass)?;
            parts = read.map(|parts| (raw, parts));
            Ok(raw)
        });
        let (members, carrier) = (members.ok()?, Carrier::default());
        match Shape::of(&members) {
            Shape::Watch { change, object } => {
                let parts = parts.filter(|(raw, _)| std::ptr::eq(raw.get(), object.get())).map(|(_, parts)| parts);
                self.stamp(&members, &carrier, &mut out);
                self.watch_event(change, object, parts, &mut out);
            }
            shape => self.shaped(shape, &members, || Raw::of(text).ok(), &carrier, &mut out),
        }
        out.show_start(text.as_bytes());
        Some(out)
    }

    fn value(&self, raw: Raw<'_>, carrier: &Carrier<'_>, out: &mut Decoded) {
        if raw.get().starts_with('[') {
            match json::elements(raw) {
                Ok(elements) => elements.into_iter().for_each(|element| self.single(element, carrier, out)),
                Err(error) => out.unreadable(format!("not a list of records: {error}")),
            }
        } else {
            self.single(raw, carrier, out);
        }
    }

    fn single(&self, raw: Raw<'_>, carrier: &Carrier<'_>, out: &mut Decoded) {
        match json::members(raw) {
            Ok(members) => self.members(&members, || Some(raw), carrier, out),
            Err(error) => out.unreadable(format!("not a JSON object: {error}")),
        }
    }

    /// `whole` is the text of the record, for one that is an object by itself.
    fn members<'a>(
        &self,
        members: &Members<'a>,
        whole: impl FnOnce() -> Option<Raw<'a>>,
        carrier: &Carrier<'_>,
        out: &mut Decoded,
    ) {
        self.shaped(Shape::of(members), members, whole, carrier, out);
    }

    fn shaped<'a>(
        &self,
        shape: Shape<'a>,
        members: &Members<'a>,
        whole: impl FnOnce() -> Option<Raw<'a>>,
        carrier: &Carrier<'_>,
        out: &mut Decoded,
    ) {
        match shape {
            Shape::Audit => return self.native(members, carrier, out),
            Shape::Audits { items } => return self.audits(items, carrier, out),
            Shape::Retold(line) => return self.retold(&line, out),
            Shape::Unknown => return self.envelope(members, whole, carrier, out),
            _ => self.stamp(members, carrier, out),
        }
        match shape {
            Shape::Watch { change, object } => self.watch_event(change, object, None, out),
            Shape::List { items } => self.list(members, items, out),
            Shape::Failure => {
                let status = whole();
                self.tell_error(status, out);
                let message = status.map(envelope::status_message).unwrap_or_default();
                out.items.push(Item::WatchError { message, at: out.at });
            }
            _ if envelope::is_core_event(members) => out.unreadable(envelope::core_event()),
            _ => whole().into_iter().for_each(|raw| self.bare(raw, out)),
        }
    }

    /// Gives a record that has no time of its own that of its recorder, or of what else carried it.
    fn stamp(&self, members: &Members<'_>, carrier: &Carrier<'_>, out: &mut Decoded) {
        let stamp = stamp::of_record(members, &carrier.prefix, self.time_field.as_deref());
        if let stamp::Stamp::Unreadable(text) = &stamp {
            out.note(Reason::TimeUnreadable, None, text.clone());
        }
        out.at = stamp.time().or(carrier.at);
    }

    /// An audit event as an API server writes it. Collectors add the host to its members.
    fn native(&self, members: &Members<'_>, carrier: &Carrier<'_>, out: &mut Decoded) {
        let mut event = audit::AuditEvent::native(audit::event::FIELDS.map(|name| members.get(name)));
        event.server = carrier.server.as_deref().map(Into::into).or(event.server);
        self.audit(&event, out);
    }

    /// A list of audit events, of which each is one by itself.
    fn audits(&self, items: Raw<'_>, carrier: &Carrier<'_>, out: &mut Decoded) {
        let Ok(items) = json::elements(items) else {
            return out.unreadable("a list of audit events whose `items` are no array".to_owned());
        };
        for item in items {
            match json::members(item) {
                Ok(event) if matches!(Shape::of(&event), Shape::Audit) => self.native(&event, carrier, out),
                _ => out.unreadable("something that is no audit event in a list of them".to_owned()),
            }
        }
    }

    /// An audit event that a record is or carries.
    fn audit(&self, event: &audit::AuditEvent<'_>, out: &mut Decoded) {
        #[cfg(test)]
        envelope::tests::hear(event);
        out.at = event.at;
        let items = audit::read(event, self);
        self.tell_event(event, &items, out);
        if out.items.is_empty() { out.items = items } else { out.items.extend(items) }
    }

    /// `parts`: the object taken apart, where that was done.
    fn watch_event<'a>(
        &self,
        change: envelope::WatchType,
        object: Raw<'a>,
        parts: Option<object::Parts<'a>>,
        out: &mut Decoded,
    ) {
        let at = out.at;
        match change {
            envelope::WatchType::Change(change) => {
                let parts = parts.map_or_else(|| object::Parts::of(object), Ok);
                self.taken_apart(object, parts, change, None, out);
            }
            envelope::WatchType::Bookmark => match object::bookmark(object, at) {
                Ok(item) => out.items.push(item),
                Err(message) => out.unreadable(message),
            },
            envelope::WatchType::Error => {
                self.tell_error(Some(object), out);
                let message = envelope::status_message(object);
                out.items.push(Item::WatchError { message, at });
            }
        }
    }

    /// A list is the state at a time: its items are objects of its kind, without kinds of their own in typed lists.
    fn list(&self, members: &Members<'_>, items: Raw<'_>, out: &mut Decoded) {
        let defaults = object::TypeMeta::of_list(members);
        let items = match json::elements(items) {
            Ok(items) => items,
            Err(_) if json::is_empty(items) => Vec::new(),
            Err(error) => return out.unreadable(format!("a list whose `items` are no array: {error}")),
        };
        for item in items {
            self.object(item, Change::Listed, defaults.as_ref(), out);
        }
    }

    /// `kubectl get -w -o json` writes objects and nothing around them: a deletion looks like any other change, unless the
    /// object itself tells.
    fn bare(&self, raw: Raw<'_>, out: &mut Decoded) {
        self.object(raw, Change::Bare, None, out);
    }

    fn object(&self, raw: Raw<'_>, change: Change, defaults: Option<&object::TypeMeta<'_>>, out: &mut Decoded) {
        self.taken_apart(raw, object::Parts::of(raw), change, defaults, out);
    }

    /// An object, and what it was taken apart to.
    fn taken_apart<'a>(
        &self,
        raw: Raw<'a>,
        parts: Result<object::Parts<'a>, json::Error>,
        change: Change,
        defaults: Option<&object::TypeMeta<'a>>,
        out: &mut Decoded,
    ) {
        let of_baseline = self.baseline.as_ref().filter(|baseline| baseline.holds(out.position.source));
        let at = out.at.or(of_baseline.map(|baseline| baseline.at));
        let sight = object::Sight { defaults, ..object::Sight::plain(change, at) };
        let parts = parts.map_err(|error| format!("the object is no JSON object: {error}"));
        match parts.and_then(|parts| object::observe(&parts, sight, &self.interest, &self.blobs)) {
            Ok(object::Observed::Object(observation, notes)) => {
                self.tell_object(raw, change, defaults, at, out);
                for (reason, about) in notes {
                    out.note(reason, at, about);
                }
                out.items.push(Item::Observed(observation));
            }
            Ok(object::Observed::MetadataOnly(about)) => out.note(Reason::MetadataOnly, at, about),
            Err(message) => out.unreadable(message),
        }
    }
}

/// The start of a text that comes from a log, with control characters escaped: safe to print.
pub(crate) fn shorten(text: &str, limit: usize) -> String {
    let mut out: String = text.chars().take(limit).flat_map(printable).collect();
    if text.chars().nth(limit).is_some() {
        out.push('…');
    }
    out
}

fn printable(c: char) -> Box<dyn Iterator<Item = char>> {
    if c.is_control() { Box::new(c.escape_default()) } else { Box::new(std::iter::once(c)) }
}
