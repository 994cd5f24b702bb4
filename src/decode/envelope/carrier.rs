//! What is known of a record from what is around it.

use std::borrow::Cow;

use super::pieces::StreamId;
use super::server;
use crate::decode::stamp;
use crate::json::Members;
use crate::model::Timestamp;

/// So many envelopes may be around a record. Real ones are in three: a hit of a search, a collector's record, a runtime's.
const LEVELS: u8 = 4;

/// The surroundings of a record.
#[derive(Clone, Debug, Default)]
pub struct Carrier<'a> {
    /// The text before the record on its line.
    pub prefix: Cow<'a, str>,
    /// The time that the innermost carrier with a time gave it.
    pub at: Option<Timestamp>,
    /// The API server, as the innermost carrier that names one does.
    pub server: Option<Cow<'a, str>>,
    /// Which stream of a runtime it came through.
    pub stream: StreamId,
    /// How many envelopes are around it.
    pub level: u8,
}

impl<'a> Carrier<'a> {
    /// A line of a file, with the text before its JSON.
    pub fn of_line(prefix: &'a str) -> Self {
        Carrier { prefix: Cow::Borrowed(prefix), server: server::of_prefix(prefix), ..Carrier::default() }
    }

    /// What a record that is carried so carries itself; `None` when that is too much.
    pub fn inside(&self, members: &Members<'_>, user_field: Option<&str>) -> Option<Carrier<'static>> {
        let server = server::of_members(members).or(self.server.as_deref().map(Cow::Borrowed));
        (self.level < LEVELS).then(|| Carrier {
            prefix: Cow::Borrowed(""),
            at: stamp::of_carrier(members, &self.prefix, user_field).or(self.at),
            server: server.map(|name| Cow::Owned(name.into_owned())),
            stream: self.stream,
            level: self.level + 1,
        })
    }

    /// What a line that is carried so carries itself, its header taken for the text before it; `None` when that is too much.
    pub fn headed(&'a self, header: &'a str) -> Option<Self> {
        (self.level < LEVELS).then(|| Carrier { level: self.level + 1, ..self.line(header) })
    }

    /// A line of a text that is carried so.
    pub fn line(&'a self, prefix: &'a str) -> Self {
        let server = || self.server.as_deref().map(Cow::Borrowed);
        let at = stamp::of_carrier(&Members::default(), prefix, None).or(self.at);
        Carrier {
            prefix: Cow::Borrowed(prefix),
            at,
            server: server::of_prefix(prefix).or_else(server),
            stream: self.stream,
            level: self.level,
        }
    }
}
