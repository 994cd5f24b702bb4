//! Records that are carried in pieces.
//!
//! Container runtimes cut long lines into pieces of 16 KiB: Docker's json-file driver gives each a record, of which only the
//! last has the newline; CRI runtimes a line, tagged `P` but for the last. Cloud Logging splits entries that are too large for
//! it. Here a piece is only told; it is put together where the records are in order, by the archive's assembly.
//!
//! A text that is a whole JSON object is never a piece of one: what begins an object is closed by its last byte alone.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::Carrier;
use super::text::as_object;
use crate::decode::audit::event::text;
use crate::decode::{Decoded, Decoder, Item};
use crate::json::{self, Members, Raw};
use crate::model::{Position, Timestamp};

/// What tells the streams of one source apart. Only a log that is written to that end has two that collide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(u64);

impl StreamId {
    fn within(self, name: impl Hash) -> Self {
        let mut hasher = DefaultHasher::new();
        (self.0, name).hash(&mut hasher);
        StreamId(hasher.finish())
    }
}

/// What the surroundings told of something that is yet to be put together.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    at: Option<Timestamp>,
    server: Option<String>,
    stream: StreamId,
    level: u8,
}

impl Origin {
    pub(super) fn of(carrier: &Carrier<'_>) -> Self {
        let server = carrier.server.as_deref().map(str::to_owned);
        Origin { at: carrier.at, server, stream: carrier.stream, level: carrier.level }
    }
}

/// A piece of a line, or a line: that depends on what came before.
#[derive(Debug)]
pub struct Piece {
    /// The stream that it is of.
    pub stream: StreamId,
    /// Its text.
    pub text: Vec<u8>,
    /// Whether it begins something that goes on.
    pub opens: bool,
    /// Whether nothing of it follows.
    pub ends: bool,
    /// What it says if nothing is open before it, and it opens nothing.
    pub alone: Vec<Item>,
    /// Where it came from.
    pub origin: Origin,
}

/// One of the entries that a large one was split into.
#[derive(Debug)]
pub struct Split {
    /// What its parts have in common.
    pub uid: String,
    /// Which part it is, from 0.
    pub index: usize,
    /// How many parts there are.
    pub total: usize,
    /// The part: an entry.
    pub text: String,
    /// Where it came from.
    pub origin: Origin,
}

/// What was put together, and where it began.
#[derive(Debug)]
pub struct Joined {
    /// Where the first piece stood.
    pub position: Position,
    /// All of it.
    pub text: Vec<u8>,
    /// Where its first piece came from.
    pub origin: Origin,
}

/// Members that tell the containers apart whose pieces a collector writes into one file.
const CONTAINER: [&str; 11] = [
    "container_id",
    "container_name",
    "pod",
    "tag",
    "file",
    "filename",
    "path",
    "hostname",
    "host",
    "kubernetes",
    "docker",
];

impl Decoder {
    /// Decodes what was put together.
    pub fn joined(&self, joined: &Joined) -> Decoded {
        let mut out = Decoded::at(joined.position);
        let Origin { at, server, stream, level } = joined.origin.clone();
        let carrier = Carrier { at, server: server.map(Into::into), stream, level, ..Carrier::default() };
        let text = String::from_utf8_lossy(&joined.text);
        self.text(&text, &carrier, &mut out);
        out.show_start(text.as_bytes());
        out
    }

    /// A line of a container's log that is not one object: a piece, or something else.
    pub(super) fn cri_line(&self, stream: &[u8], partial: bool, text: &[u8], carrier: &Carrier<'_>, out: &mut Decoded) {
        let piece = Piece {
            stream: carrier.stream.within(stream),
            text: text.to_vec(),
            opens: partial,
            ends: !partial,
            alone: if partial { Vec::new() } else { self.apart(&String::from_utf8_lossy(text), carrier, out) },
            origin: Origin::of(carrier),
        };
        out.items.push(Item::Piece(Box::new(piece)));
    }

    /// Says that a stream of a container's log gave something whole, so that nothing in it waits for more.
    pub(super) fn cri_whole(&self, stream: &[u8], carrier: &Carrier<'_>, out: &mut Decoded) {
        out.items.push(Item::Whole { stream: carrier.stream.within(stream) });
    }

    /// `{"log": "…", "stream": "stdout", "time": "…"}`: a record of Docker's json-file driver, whoever collected it. False
    /// when it is none.
    pub(super) fn docker(&self, members: &Members<'_>, carrier: &Carrier<'_>, out: &mut Decoded) -> bool {
        let stream = text(members, "stream").filter(|stream| matches!(&**stream, "stdout" | "stderr"));
        let Some(stream) = stream else { return false };
        let Some(log) = members.get("log").and_then(json::string) else { return false };
        let Some(mut inside) = carrier.inside(members, self.time_field.as_deref()) else { return false };
        let container = CONTAINER.map(|name| members.get(name).map(|value| value.get()));
        inside.stream = inside.stream.within((&*stream, container));
        let content = log.strip_suffix('\n').unwrap_or(&log);
        if let Some(object) = as_object(content) {
            self.members(&object, || Raw::of(content).ok(), &inside, out);
            out.items.push(Item::Whole { stream: inside.stream });
            return true;
        }
        // Fluentd and fluent-bit keep the tag of a CRI line so, when they take it apart.
        let tag = text(members, "logtag");
        let ends = tag.as_ref().map_or(log.len() > content.len(), |tag| tag.starts_with('F'));
        let opens = !ends && (tag.is_some() || content.trim_start().starts_with('{'));
        let alone = if opens { Vec::new() } else { self.apart(content, &inside, out) };
        let (stream, origin) = (inside.stream, Origin::of(&inside));
        let piece = Piece { stream, text: content.as_bytes().to_vec(), opens, ends, alone, origin };
        out.items.push(Item::Piece(Box::new(piece)));
        true
    }

    /// What a text says, beside what the record says otherwise.
    fn apart(&self, text: &str, carrier: &Carrier<'_>, out: &mut Decoded) -> Vec<Item> {
        let before = std::mem::take(&mut out.items);
        self.text(text, carrier, out);
        std::mem::replace(&mut out.items, before)
    }
}
