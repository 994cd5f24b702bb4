//! Lines in the order in which they are written, however many there are.
//!
//! By time, those without one last; then by source, and within it as the records stood. Only the name of a source counts, and no
//! number that a run gave it: so what was written from parts of the input, and read again, has the order of the whole.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;

use crate::decode::retold::{Line, Provenance, SourceName};
use crate::model::Timestamp;
use crate::sorted::{Bytes, Record, Room, Sorter, SpillError, Texts};

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
    /// Where its text begins.
    text: u64,
    /// How long that is up to its `tracer`, and from there on.
    lengths: (u64, u64),
    /// Which source of this run it is of; what is told again has that in its text.
    source: Option<u32>,
    /// Whether the filters leave it out.
    left_out: bool,
}

impl Record for Ticket {
    const ONCE: bool = false;
    const SIZE: usize = 1 + 8 + 8 + 4 + 8 + 4 + 8 + 16 + 4 + 1;

    fn put(&self, out: &mut Vec<u8>) {
        out.push(self.at.0.into());
        out.extend(self.at.1.to_le_bytes());
        out.extend(self.name.to_le_bytes());
        out.extend(self.member.to_le_bytes());
        out.extend(self.line.to_le_bytes());
        out.extend(self.part.to_le_bytes());
        out.extend(self.text.to_le_bytes());
        out.extend(self.lengths.0.to_le_bytes());
        out.extend(self.lengths.1.to_le_bytes());
        out.extend(self.source.unwrap_or(u32::MAX).to_le_bytes());
        out.push(self.left_out.into());
    }

    fn get(bytes: &mut Bytes<'_>) -> Self {
        let flag = |[byte]: [u8; 1]| byte != 0;
        Ticket {
            at: (flag(bytes.next()), i64::from_le_bytes(bytes.next())),
            name: u64::from_le_bytes(bytes.next()),
            member: u32::from_le_bytes(bytes.next()),
            line: u64::from_le_bytes(bytes.next()),
            part: u32::from_le_bytes(bytes.next()),
            text: u64::from_le_bytes(bytes.next()),
            lengths: (u64::from_le_bytes(bytes.next()), u64::from_le_bytes(bytes.next())),
            source: Some(u32::from_le_bytes(bytes.next())).filter(|source| *source != u32::MAX),
            left_out: flag(bytes.next()),
        }
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
    /// Whether the filters leave it out.
    pub left_out: bool,
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
        left_out: bool,
    ) -> Result<(), SpillError> {
        let again = line.told.is_some();
        let rest = if again { String::new() } else { line.rest(place) };
        let rest = if again { &line.tail } else { &rest };
        let text = self.texts.push(&[head.as_bytes(), rest.as_bytes()])?;
        self.tickets.push(Ticket {
            at: line.at.map_or((true, 0), |at| (false, at.micros())),
            name: hash_of_name(&place.source),
            member: place.member,
            line: place.line,
            part: place.part,
            text,
            lengths: (head.len() as u64, rest.len() as u64),
            source: (!again).then_some(source),
            left_out,
        })
    }

    /// Hands over all of them in order.
    pub fn each<E: From<SpillError>>(self, mut take: impl FnMut(Placed<'_>) -> Result<(), E>) -> Result<(), E> {
        let (mut text, texts) = (Vec::new(), self.texts);
        for ticket in self.tickets.sorted()? {
            let ticket = ticket?;
            let Ticket { at: (timeless, at), lengths: (head, rest), source, left_out, .. } = ticket;
            texts.read(ticket.text, head as usize + rest as usize, &mut text)?;
            let (head, rest) = text.split_at(head as usize);
            let at = (!timeless).then(|| Timestamp::from_micros(at));
            take(Placed { at, left_out, source, head, rest })?;
        }
        Ok(())
    }
}

fn hash_of_name(source: &SourceName) -> u64 {
    let mut hasher = SipHasher13::new();
    hasher.write(source.path.as_bytes());
    hasher.finish()
}
