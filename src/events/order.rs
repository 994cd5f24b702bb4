//! Lines in the order in which they are written, however many there are.
//!
//! By time, those without one last; then by source, and within it as the records stood. Only the name of a source counts, and no
//! number that a run gave it: so what was written from parts of the input, and read again, has the order of the whole.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use crate::decode::retold::{Line, Provenance};
use crate::model::Timestamp;
use crate::scratch::{Bytes, Fixed, Record, Room, Sorter, SpillError, Texts};

/// So many bytes of memory for the texts, and as many again for their order.
const ROOM: usize = 32 << 20;

/// What is to be known of a line to put it in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Ticket {
    /// Its time in microseconds, and whether it has none.
    at: (bool, i64),
    /// A hash of its source's name.
    name: u64,
    member: u32,
    line: u64,
    part: u32,
    /// A hash of its text up to `tracer`: several may stand in for one.
    content: u64,
    /// Where its text begins.
    text: u64,
    /// How long that is up to its `tracer`, and from there on.
    lengths: (u64, u64),
    /// Which source of this run it is of; what is told again has that in its text.
    source: Option<u32>,
    standing: Standing,
}

/// Whether a line is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Standing {
    /// It is.
    Kept,
    /// The filters leave it out.
    LeftOut,
    /// It says what others have to know of one that is left out.
    StandsIn,
}

impl Record for Ticket {
    const ONCE: bool = false;
}

impl Fixed for Ticket {
    const SIZE: usize = 1 + 8 + 8 + 4 + 8 + 4 + 8 + 8 + 16 + 4 + 1;

    fn put(&self, out: &mut Vec<u8>) {
        out.push(self.at.0.into());
        out.extend(self.at.1.to_le_bytes());
        out.extend(self.name.to_le_bytes());
        out.extend(self.member.to_le_bytes());
        out.extend(self.line.to_le_bytes());
        out.extend(self.part.to_le_bytes());
        out.extend(self.content.to_le_bytes());
        out.extend(self.text.to_le_bytes());
        out.extend(self.lengths.0.to_le_bytes());
        out.extend(self.lengths.1.to_le_bytes());
        out.extend(self.source.unwrap_or(u32::MAX).to_le_bytes());
        out.push(self.standing as u8);
    }

    fn get(bytes: &mut Bytes<'_>) -> Self {
        let flag = |[byte]: [u8; 1]| byte != 0;
        Ticket {
            at: (flag(bytes.next()), i64::from_le_bytes(bytes.next())),
            name: u64::from_le_bytes(bytes.next()),
            member: u32::from_le_bytes(bytes.next()),
            line: u64::from_le_bytes(bytes.next()),
            part: u32::from_le_bytes(bytes.next()),
            content: u64::from_le_bytes(bytes.next()),
            text: u64::from_le_bytes(bytes.next()),
            lengths: (u64::from_le_bytes(bytes.next()), u64::from_le_bytes(bytes.next())),
            source: Some(u32::from_le_bytes(bytes.next())).filter(|source| *source != u32::MAX),
            standing: Standing::of(bytes.next()),
        }
    }
}

impl Standing {
    fn of([byte]: [u8; 1]) -> Self {
        [Standing::Kept, Standing::LeftOut, Standing::StandsIn]
            .into_iter()
            .find(|it| *it as u8 == byte)
            .unwrap_or(Standing::Kept)
    }
}

/// Lines that wait until all are there.
pub(super) struct Lines {
    tickets: Sorter<Ticket>,
    texts: Texts,
}

impl Default for Lines {
    fn default() -> Self {
        Lines::with_room(ROOM)
    }
}

/// A line at its place.
pub(super) struct Placed<'t> {
    /// Its time.
    pub at: Option<Timestamp>,
    /// Whether it is to be written.
    pub standing: Standing,
    /// The source of this run that it is of.
    pub source: Option<u32>,
    /// The line up to its `tracer`.
    pub head: &'t [u8],
    /// `tracer`, or what stands in it behind the source.
    pub rest: &'t [u8],
}

impl Placed<'_> {
    /// Whether it tells from when to when a source runs.
    pub fn is_span(&self) -> bool {
        let after_ts = self.head.iter().position(|byte| *byte == b',').map(|comma| &self.head[comma..]);
        after_ts.is_some_and(|rest| rest.starts_with(br#","type":"SPAN""#))
    }
}

impl Lines {
    fn with_room(bytes: usize) -> Self {
        let room = Room { bytes, directory: None };
        Lines { tickets: Sorter::new(&room), texts: Texts::new(&room) }
    }

    /// Takes a line of a source of this run, with its head, or one that is told again.
    pub fn push(
        &mut self,
        line: &Line,
        head: &str,
        place: &Provenance,
        source: u32,
        standing: Standing,
    ) -> Result<(), SpillError> {
        let again = line.told.is_some();
        let rest = if again { String::new() } else { line.rest(place) };
        let rest = if again { &line.tail } else { &rest };
        let text = self.texts.push(&[head.as_bytes(), rest.as_bytes()])?;
        self.tickets.push(Ticket {
            at: line.at.map_or((true, 0), |at| (false, at.micros())),
            name: hash_of(place.source.path.as_bytes()),
            member: place.member,
            line: place.line,
            part: place.part,
            content: hash_of(head.as_bytes()),
            text,
            lengths: (head.len() as u64, rest.len() as u64),
            source: (!again).then_some(source),
            standing,
        })
    }

    /// Hands over all of them in order.
    pub fn each<E: From<SpillError>>(self, mut take: impl FnMut(Placed<'_>) -> Result<(), E>) -> Result<(), E> {
        let (mut text, texts) = (Vec::new(), self.texts);
        for ticket in self.tickets.sorted()? {
            let ticket = ticket?;
            let Ticket { at: (timeless, at), lengths: (head, rest), source, standing, .. } = ticket;
            texts.read(ticket.text, head as usize + rest as usize, &mut text)?;
            let (head, rest) = text.split_at(head as usize);
            let at = (!timeless).then(|| Timestamp::from_micros(at));
            take(Placed { at, standing, source, head, rest })?;
        }
        Ok(())
    }
}

/// The same in every run.
pub(super) fn hash_of(text: &[u8]) -> u64 {
    let mut hasher = SipHasher13::new();
    hasher.write(text);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::retold::SourceName;

    fn line(at: Option<i64>, object: &str) -> Line {
        let (kind, object, tail) = ("ADDED".to_owned(), object.to_owned(), String::new());
        Line { at: at.map(Timestamp::from_micros), kind, object, tail, told: None }
    }

    /// The objects in the order in which they come out.
    fn ordered(rows: &[(Option<i64>, &str, u64, u32)], bytes: usize) -> Vec<String> {
        let mut lines = Lines::with_room(bytes);
        for (i, (at, path, row, part)) in rows.iter().enumerate() {
            let source = SourceName { path: (*path).to_owned(), ..SourceName::default() };
            let place = Provenance { source, line: *row, part: *part, ..Provenance::default() };
            let line = line(*at, &i.to_string());
            lines
                .push(&line, &line.head(), &place, 7, [Standing::Kept, Standing::LeftOut, Standing::StandsIn][i % 3])
                .unwrap();
        }
        let mut objects = Vec::new();
        let each = lines.each(|placed| {
            assert_eq!((placed.source, placed.is_span()), (Some(7), false));
            let head = String::from_utf8(placed.head.to_vec()).unwrap();
            assert!(placed.rest.starts_with(b",\"line\":") && placed.at.is_some() != head.contains("null"));
            let number = head.rsplit(':').next().unwrap().to_owned();
            assert_eq!(placed.standing as usize, number.parse::<usize>().unwrap() % 3);
            objects.push(number);
            Ok::<(), SpillError>(())
        });
        each.unwrap();
        objects
    }

    #[test]
    fn lines_come_by_time_and_then_as_their_records_stood() {
        let rows = [
            (None, "a", 1, 0),
            (Some(9), "a", 3, 0),
            (Some(5), "b", 9, 1),
            (Some(5), "b", 9, 0),
            (Some(-5), "a", 2, 0),
        ];
        assert_eq!(ordered(&rows, 1 << 20), ["4", "3", "2", "1", "0"]);
    }

    #[test]
    fn what_has_no_room_in_memory_comes_in_the_same_order() {
        let rows: Vec<_> = (0..500_u64)
            .map(|i| {
                let time = (i * 7919 % 97) as i64;
                ((time % 10 != 3).then_some(time), ["a", "b", "c"][(i % 3) as usize], i * 31 % 50, (i % 4) as u32)
            })
            .collect();
        let expected = ordered(&rows, 1 << 20);
        assert_eq!(expected.len(), 500);
        for bytes in [1, 1000, 20_000] {
            assert_eq!(ordered(&rows, bytes), expected, "{bytes}");
        }
    }

    #[test]
    fn the_lines_of_spans_are_known() {
        for (kind, at) in [("SPAN", Some(3)), ("SPAN", None), ("SPANNED", Some(3))] {
            let line = Line { kind: kind.to_owned(), ..line(at, "{}") };
            let (head, at) = (line.head(), line.at);
            let placed = Placed { at, standing: Standing::Kept, source: None, head: head.as_bytes(), rest: b"" };
            assert_eq!(placed.is_span(), kind == "SPAN", "{head}");
        }
    }
}
