//! Puts together records that came in pieces.
//!
//! Workers decode records without knowing of each other's; here they pass in the order of the input, so the outcome depends
//! neither on threads nor on where the text was cut. Lines are put together within a source, by stream; split entries over all
//! sources, since an export writes a file an hour.
//!
//! What is held is bounded: a joined record by the limit of any other, all that is open by twice that and by a number. Beyond
//! it the oldest is given up.

use std::collections::BTreeMap;

use crate::decode::{Item, Joined, Origin, Piece, Split, StreamId, join_split};
use crate::input::records::excerpt;
use crate::model::{Position, SourceId};

/// So many records may be open at a time.
const OPEN: usize = 256;

/// What became of something that was put together.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is no piece: this is what it says by itself.
    Alone(Vec<Item>),
    /// It is complete.
    Joined(Joined),
    /// The rest of it never came, or cannot be joined to it: where it began, and how.
    Lost(Position, String),
    /// It is longer than allowed: where it began, and how.
    TooLarge(Position, String),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Line(SourceId, StreamId),
    Split(String),
}

#[derive(Debug)]
enum Parts {
    Line(Vec<u8>),
    Split(usize, BTreeMap<usize, String>),
    /// It was too long; what still comes of it is dropped.
    Dropped,
}

#[derive(Debug)]
struct Open {
    position: Position,
    /// The lower, the older.
    number: u64,
    bytes: usize,
    parts: Parts,
    origin: Origin,
}

impl Open {
    fn start(&self) -> String {
        match &self.parts {
            Parts::Line(text) => excerpt(text),
            Parts::Split(total, parts) => {
                let first = parts.values().next().map(|part| excerpt(part.as_bytes())).unwrap_or_default();
                format!("{} of {total} parts: {first}", parts.len())
            }
            Parts::Dropped => String::new(),
        }
    }

    fn lost(self) -> Option<Outcome> {
        (!matches!(self.parts, Parts::Dropped)).then(|| Outcome::Lost(self.position, self.start()))
    }
}

/// The records that are open.
#[derive(Debug)]
pub(crate) struct Assembly {
    limit: usize,
    open: BTreeMap<Key, Open>,
    bytes: usize,
    opened: u64,
    source: SourceId,
}

impl Assembly {
    /// No record may be longer than `limit`.
    pub(crate) fn new(limit: usize) -> Self {
        Assembly { limit, open: BTreeMap::new(), bytes: 0, opened: 0, source: SourceId::default() }
    }

    /// Takes a piece of a line.
    pub(crate) fn piece(&mut self, position: Position, piece: Piece) -> Vec<Outcome> {
        let Piece { stream, text, opens, ends, alone, origin } = piece;
        let key = Key::Line(position.source, stream);
        if !self.open.contains_key(&key) {
            if !opens {
                return vec![Outcome::Alone(alone)];
            }
            self.begin(key.clone(), position, Parts::Line(Vec::new()), origin);
        }
        let mut outcomes = self.grow(&key, text.len(), |parts| {
            if let Parts::Line(line) = parts {
                line.extend_from_slice(&text);
            }
        });
        if ends && let Some(open) = self.close(&key) {
            outcomes.extend(complete(open));
        }
        outcomes
    }

    /// Takes the news that a stream gave something whole.
    pub(crate) fn whole(&mut self, source: SourceId, stream: StreamId) -> Option<Outcome> {
        if self.open.is_empty() {
            return None;
        }
        self.close(&Key::Line(source, stream)).and_then(Open::lost)
    }

    /// Takes a part of a split entry.
    pub(crate) fn split(&mut self, position: Position, split: Split) -> Vec<Outcome> {
        let Split { uid, index, total, text, origin } = split;
        let key = Key::Split(uid);
        if !self.open.contains_key(&key) {
            self.begin(key.clone(), position, Parts::Split(total, BTreeMap::new()), origin);
        }
        let mut outcomes = self.grow(&key, text.len(), |parts| {
            if let Parts::Split(_, parts) = parts {
                parts.entry(index).or_insert(text);
            }
        });
        let is_complete = |open: &Open| matches!(&open.parts, Parts::Split(total, parts) if parts.len() >= *total);
        if self.open.get(&key).is_some_and(is_complete)
            && let Some(open) = self.close(&key)
        {
            outcomes.extend(complete(open));
        }
        outcomes
    }

    /// Takes the news that records of another source follow, so that no line of an earlier one can be completed.
    pub(crate) fn source(&mut self, source: SourceId) -> Vec<Outcome> {
        if source == self.source {
            return Vec::new();
        }
        self.source = source;
        self.give_up(|key| matches!(key, Key::Line(..)))
    }

    /// Takes the news that nothing follows.
    pub(crate) fn end(&mut self) -> Vec<Outcome> {
        self.give_up(|_| true)
    }

    /// What is wrong with one that is longer than allowed, by how it begins.
    pub(crate) fn too_large(&self, start: &str) -> String {
        format!("pieces of more than {} bytes; raise --max-record to read them: {start}", self.limit)
    }

    fn give_up(&mut self, which: fn(&Key) -> bool) -> Vec<Outcome> {
        let keys: Vec<Key> = self.open.keys().filter(|key| which(key)).cloned().collect();
        let mut given_up: Vec<Open> = keys.iter().filter_map(|key| self.close(key)).collect();
        given_up.sort_by_key(|open| open.number);
        given_up.into_iter().filter_map(Open::lost).collect()
    }

    fn begin(&mut self, key: Key, position: Position, parts: Parts, origin: Origin) {
        self.opened += 1;
        self.open.insert(key, Open { position, number: self.opened, bytes: 0, parts, origin });
    }

    /// Adds to one, and gives up what is too much then: itself, or the oldest.
    fn grow(&mut self, key: &Key, bytes: usize, add: impl FnOnce(&mut Parts)) -> Vec<Outcome> {
        let Some(open) = self.open.get_mut(key).filter(|open| !matches!(open.parts, Parts::Dropped)) else {
            return Vec::new();
        };
        if open.bytes + bytes > self.limit {
            let outcome = Outcome::TooLarge(open.position, open.start());
            self.bytes -= open.bytes;
            (open.bytes, open.parts) = (0, Parts::Dropped);
            return vec![outcome];
        }
        add(&mut open.parts);
        open.bytes += bytes;
        self.bytes += bytes;
        let mut outcomes = Vec::new();
        while self.open.len() > OPEN || self.bytes > self.limit.saturating_mul(2) {
            let oldest = self.open.iter().filter(|(other, _)| *other != key).min_by_key(|(_, open)| open.number);
            let Some(oldest) = oldest.map(|(key, _)| key.clone()) else { break };
            outcomes.extend(self.close(&oldest).and_then(Open::lost));
        }
        outcomes
    }

    fn close(&mut self, key: &Key) -> Option<Open> {
        let open = self.open.remove(key)?;
        self.bytes -= open.bytes;
        Some(open)
    }
}

fn complete(open: Open) -> Option<Outcome> {
    let start = open.start();
    let text = match open.parts {
        Parts::Line(text) => Some(text),
        Parts::Split(_, parts) => join_split(parts.values().map(String::as_str)).map(String::into_bytes),
        Parts::Dropped => return None,
    };
    let Some(text) = text else { return Some(Outcome::Lost(open.position, start)) };
    Some(Outcome::Joined(Joined { position: open.position, text, origin: open.origin }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u64) -> Position {
        Position { source: SourceId::default(), line }
    }

    fn piece(text: &str, opens: bool, ends: bool) -> Piece {
        let (stream, origin) = (StreamId::default(), Origin::default());
        Piece { stream, text: text.as_bytes().to_vec(), opens, ends, alone: Vec::new(), origin }
    }

    fn split(uid: &str, index: usize, total: usize) -> Split {
        let text = format!(r#"{{"protoPayload":{{"request":{{"k{index}":{index}}}}}}}"#);
        Split { uid: uid.to_owned(), index, total, text, origin: Origin::default() }
    }

    fn show(outcomes: impl IntoIterator<Item = Outcome>) -> String {
        let show = |outcome| match outcome {
            Outcome::Alone(_) => "alone".to_owned(),
            Outcome::Joined(joined) => format!("{}={}", joined.position.line, String::from_utf8_lossy(&joined.text)),
            Outcome::Lost(position, start) => format!("{} lost {start}", position.line),
            Outcome::TooLarge(position, start) => format!("{} too large {start}", position.line),
        };
        outcomes.into_iter().map(show).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn pieces_are_joined_where_one_is_open() {
        let mut assembly = Assembly::new(100);
        assert_eq!(show(assembly.piece(at(1), piece("x", false, true))), "alone");
        assert_eq!(show(assembly.piece(at(2), piece("{", true, false))), "");
        assert_eq!(show(assembly.piece(at(3), piece("1", false, false))), "");
        assert_eq!(show(assembly.piece(at(4), piece("}", false, true))), "2={1}");
        assert_eq!(show(assembly.piece(at(5), piece("}", false, true))), "alone");
        assert_eq!(assembly.bytes, 0);
    }

    #[test]
    fn what_is_never_completed_is_lost() {
        let mut assembly = Assembly::new(100);
        assembly.piece(at(1), piece("{a", true, false));
        assert_eq!(show(assembly.whole(SourceId::default(), StreamId::default())), "1 lost {a");
        assert_eq!(show(assembly.whole(SourceId::default(), StreamId::default())), "");
        assembly.piece(at(2), piece("{b", true, false));
        assembly.split(at(3), split("u", 1, 2));
        assert_eq!(show(assembly.source(SourceId::of_file(1))), "2 lost {b");
        assert!(show(assembly.end()).starts_with("3 lost 1 of 2 parts: {"));
        assert_eq!((assembly.bytes, show(assembly.end()).as_str()), (0, ""));
    }

    #[test]
    fn parts_come_in_any_order_and_any_number_of_times() {
        let mut assembly = Assembly::new(1000);
        assert_eq!(show(assembly.split(at(1), split("u", 2, 3))), "");
        assert_eq!(show(assembly.split(at(2), split("u", 2, 3))), "");
        assert_eq!(show(assembly.split(at(3), split("u", 0, 3))), "");
        assert_eq!(
            show(assembly.split(at(4), split("u", 1, 3))),
            r#"1={"protoPayload":{"request":{"k0":0,"k1":1,"k2":2}}}"#
        );
    }

    #[test]
    fn what_is_held_is_bounded() {
        let mut assembly = Assembly::new(5);
        assembly.piece(at(1), piece("{234", true, false));
        assert_eq!(show(assembly.piece(at(2), piece("56", false, false))), "1 too large {234");
        assert_eq!(show(assembly.piece(at(3), piece("78", false, false))), "");
        assert_eq!(show(assembly.piece(at(4), piece("}", false, true))), "");
        assert_eq!(show(assembly.piece(at(5), piece("x", false, true))), "alone");
        let mut assembly = Assembly::new(1 << 20);
        let mut lost = 0;
        for line in 0..1000 {
            lost += assembly.split(at(line), split(&line.to_string(), 0, 2)).len();
        }
        assert_eq!((lost, assembly.open.len()), (1000 - OPEN, OPEN));
        assert_eq!(assembly.end().len(), OPEN);
    }
}
