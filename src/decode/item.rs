//! What records say, as it is handed on.

use super::envelope::{Piece, Split, StreamId};
use super::observation::Observation;
use super::trace::OwnerLifecycles;
use super::{audit, retold, shorten};
use crate::config::TracerConfig;
use crate::model::{GroupKind, Position, ResourceVersion, Timestamp};
use crate::report::Reason;

/// What one record, or one part of it, says.
#[derive(Debug)]
pub enum Item {
    /// An object was seen in some state.
    Observed(Box<Observation>),
    /// A watch is at a resourceVersion; with `initial_end` its initial set is complete.
    Bookmark {
        /// The kind that is watched.
        kind: GroupKind,
        /// The resourceVersion that the watch has reached, where it is decimal.
        resource_version: Option<ResourceVersion>,
        /// Whether it carries `k8s.io/initial-events-end: "true"`.
        initial_end: bool,
        /// The recorder's time.
        at: Option<Timestamp>,
    },
    /// A watch broke off (410 Expired, most often): what follows is a new initial set, and what happened between is unknown.
    WatchError {
        /// The server's message.
        message: String,
        /// The recorder's time.
        at: Option<Timestamp>,
    },
    /// Many objects were deleted at once, and the log does not say which.
    Swept(Box<audit::Sweep>),
    /// What an audit event tells of the log itself.
    Audited(audit::Audited),
    /// A piece of a record, or something that depends on whether one is open.
    Piece(Box<Piece>),
    /// A stream that gives records in pieces gave a whole one: nothing of it is open.
    Whole {
        /// The stream.
        stream: StreamId,
    },
    /// A part of a record that its carrier split.
    Split(Box<Split>),
    /// A trace's own config.
    TraceConfig(Box<TracerConfig>),
    /// The empty event that ends a trace: it lasts until then, in Unix seconds.
    TraceEnd {
        /// Seconds since the Unix epoch.
        ts: i64,
    },
    /// Lifecycles that a trace carries.
    TraceLifecycles(Box<OwnerLifecycles>),
    /// The line that tells again what the items after it say, up to the next line; only where a decoder is to tell it.
    Line(Box<retold::Line>),
    /// What a line tells of no record by itself.
    Retold(Box<retold::Fact>),
    /// Something that is left aside and counted; the run goes on.
    Noted {
        /// Why.
        reason: Reason,
        /// The recorder's time.
        at: Option<Timestamp>,
        /// What it was about: an object, or the start of the text.
        about: String,
    },
    /// A record that is larger than allowed; as an unreadable one.
    TooLarge {
        /// What to do.
        message: String,
    },
    /// A record that cannot be read: the run stops, unless the user said to skip such.
    Unreadable {
        /// What is wrong, and what to do.
        message: String,
    },
}

/// What a record says, and where it stands.
#[derive(Debug)]
pub struct Decoded {
    /// Where the record begins.
    pub position: Position,
    /// The record's time, whatever it says: the span of the log is counted from these.
    pub at: Option<Timestamp>,
    /// Whether a trace says it: then the position counts operations, not lines.
    pub in_trace: bool,
    /// Where the record stood that it tells again, if it does.
    pub told: Option<Box<retold::Provenance>>,
    /// What it says, in order.
    pub items: Vec<Item>,
}

impl Decoded {
    /// Whether it counts as a record: a piece does when it is put together, or is none, and of a trace what tells of an object.
    pub(crate) fn is_counted(&self) -> bool {
        let is_piece = |item: &Item| matches!(item, Item::Piece(_) | Item::Split(_));
        let is_pieces = !self.items.is_empty() && self.items.iter().all(is_piece);
        !is_pieces && (!self.in_trace || self.items.iter().any(|item| matches!(item, Item::Observed(_))))
    }

    pub(super) fn at(position: Position) -> Self {
        Decoded { position, at: None, in_trace: false, told: None, items: Vec::new() }
    }

    /// Adds the start of the record to what is wrong with it.
    pub(super) fn show_start(&mut self, text: &[u8]) {
        for item in &mut self.items {
            if let Item::Unreadable { message } = item {
                let start = String::from_utf8_lossy(&text[..text.len().min(400)]);
                *message = format!("{message}: {}", shorten(&start, 80));
            }
        }
    }

    pub(super) fn note(&mut self, reason: Reason, at: Option<Timestamp>, about: String) {
        self.items.push(Item::Noted { reason, at, about });
    }

    pub(super) fn unreadable(&mut self, message: String) {
        self.items.push(Item::Unreadable { message });
    }
}
