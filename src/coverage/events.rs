//! Events, each once, however often the logs tell of it.
//!
//! What is a copy of what is decided when all records are there, in an order of their own: so it does not matter in which order
//! files are read. They come one after the other then, and few are held at a time, since an archive has millions of them; a log
//! that was made up may have as many of one id, or of one id and moment.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use super::clocks::Mark;
use super::links::Links;
use crate::decode::audit::{Shown, TWINS_APART, What, Write};
use crate::scratch::{Bytes, Fixed, Record, SpillError};

/// In the place of a time that is not known.
pub(super) const NO_TIME: i64 = i64::MIN;

/// With how many events of one id and one moment a record is compared. More there are only in logs that were made up.
const COMPARED: usize = 64;

/// What one record tells of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Telling {
    /// Equal for what may be one event. Then the resource and the kind of write are equal too.
    pub(super) id: u64,
    /// The stage's time in microseconds, or [`NO_TIME`].
    pub(super) at: i64,
    /// When the request came in, likewise.
    pub(super) received: i64,
    /// A hash of the name, 0 where the record has none.
    pub(super) name: u64,
    /// The resourceVersion that came of it, 0 where it is not known.
    pub(super) version: u64,
    /// Index of the resource.
    pub(super) resource: u32,
    /// Index of the log.
    pub(super) log: u32,
    /// What it was.
    pub(super) what: What,
    /// The bodies that are there.
    pub(super) shown: Shown,
    /// Whether it was this request that wrote `version`, and none before it.
    pub(super) wrote: bool,
}

impl Telling {
    /// What a record of this log tells of the event of this id, at this time.
    pub(super) fn of((id, at, log): (u128, Option<i64>, u32), write: &Write, resource: u32) -> Self {
        let Write { what, shown, received, name, version, wrote, .. } = *write;
        let (at, received) = (at.unwrap_or(NO_TIME), received.unwrap_or(NO_TIME));
        Telling { id: (id >> 64) as u64, at, received, name, version, resource, log, what, shown, wrote }
    }

    /// What it proves of the clock of its server, if anything.
    pub(super) fn mark(&self) -> Option<Mark> {
        let Telling { version, log, received, at, wrote, .. } = *self;
        // Where the two times are one, the carrier tells only one of them, and it may be either.
        let proves = self.what == What::Content && version != 0 && received != NO_TIME && received < at;
        proves.then_some(Mark { version, log, received, at, wrote })
    }

    /// The order of records. Those of one id and moment stand together, and such that say more come first. It tells all
    /// records apart that differ, so that the order of the input is of no consequence.
    fn rank(&self) -> impl Ord + use<> {
        let identity = (self.at, self.received == NO_TIME, self.received, self.name == 0, self.name);
        let Shown { request, response, truncated } = self.shown;
        (identity, self.what, !response, !request, truncated, !self.wrote, self.version, self.resource, self.log)
    }

    fn is_of_moment(&self, other: &Self) -> bool {
        self.id == other.id && self.at == other.at
    }

    /// Whether a record of the same id and moment may be a copy: equal times and names, as far as both tell them.
    fn is_copy_of(&self, other: &Self) -> bool {
        let received = self.received == other.received || self.received == NO_TIME || other.received == NO_TIME;
        let name = self.name == other.name || self.name == 0 || other.name == 0;
        received && name
    }

    /// Takes from a copy what it tells besides: carriers leave out different things.
    fn learn(&mut self, copy: &Self) {
        self.what = self.what.min(copy.what);
        self.shown.request |= copy.shown.request;
        self.shown.response |= copy.shown.response;
        self.shown.truncated |= copy.shown.truncated;
        self.wrote = if self.version == 0 { copy.wrote } else { self.wrote };
        self.version = if self.version == 0 { copy.version } else { self.version };
    }
}

impl Ord for Telling {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        // Ids are hashes: they nearly always decide.
        self.id.cmp(&other.id).then_with(|| self.rank().cmp(&other.rank()))
    }
}

impl PartialOrd for Telling {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Record for Telling {
    // A second one that is equal would be a copy that tells nothing besides.
    const ONCE: bool = true;
}

impl Fixed for Telling {
    const SIZE: usize = 5 * 8 + 2 * 4 + 1;

    fn put(&self, out: &mut Vec<u8>) {
        let Shown { request, response, truncated } = self.shown;
        let flags = [request, response, truncated, self.wrote].into_iter().rev();
        let flags = flags.fold(self.what as u8, |bits, flag| bits << 1 | u8::from(flag));
        let numbers = [self.id, self.at as u64, self.received as u64, self.name, self.version];
        out.extend_from_slice(numbers.map(u64::to_le_bytes).as_flattened());
        out.extend_from_slice([self.resource, self.log].map(u32::to_le_bytes).as_flattened());
        out.push(flags);
    }

    fn get(bytes: &mut Bytes<'_>) -> Self {
        let (id, at) = (u64::from_le_bytes(bytes.next()), i64::from_le_bytes(bytes.next()));
        let (received, name) = (i64::from_le_bytes(bytes.next()), u64::from_le_bytes(bytes.next()));
        let version = u64::from_le_bytes(bytes.next());
        let (resource, log) = (u32::from_le_bytes(bytes.next()), u32::from_le_bytes(bytes.next()));
        let [flags] = bytes.next();
        let flag = |i: u8| flags >> i & 1 == 1;
        let (shown, wrote) = (Shown { request: flag(0), response: flag(1), truncated: flag(2) }, flag(3));
        let what = What::ALL[usize::from(flags >> 4)];
        Telling { id, at, received, name, version, resource, log, what, shown, wrote }
    }
}

/// What is told of the events.
pub(super) trait Account {
    /// Takes an event, once.
    fn event(&mut self, event: &Telling) -> Result<(), SpillError>;

    /// An event that was taken is the record without bodies of a request that an aggregated API logged twice: an event of its
    /// server, but no request of its own.
    fn is_twin(&mut self, event: &Telling);
}

/// Tells the events from the records of them, which come in their order.
pub(super) fn tell(
    records: impl Iterator<Item = Result<Telling, SpillError>>,
    links: &mut Links,
    account: &mut impl Account,
) -> Result<(), SpillError> {
    let mut moment = Moment::default();
    let mut twins = Twins::default();
    for record in records {
        let record = record?;
        if moment.events.first().is_some_and(|event| !event.is_of_moment(&record)) {
            moment.drain().try_for_each(|event| twins.take(&event, account))?;
        }
        if let Some(event) = moment.take(&record, links) {
            twins.take(&event, account)?;
        }
    }
    moment.drain().try_for_each(|event| twins.take(&event, account))
}

/// The events of one id and one moment that a record may be a copy of: the first few, and the last of more.
#[derive(Default)]
struct Moment {
    events: Vec<Telling>,
    last: Option<Telling>,
}

impl Moment {
    /// Takes the next record; returns an event of which there can be no more copies. Logs that hold copies of one record are
    /// of one server.
    fn take(&mut self, record: &Telling, links: &mut Links) -> Option<Telling> {
        let mut events = self.events.iter_mut().chain(&mut self.last);
        if let Some(event) = events.find(|event| record.is_copy_of(event)) {
            links.join(event.log, record.log);
            event.learn(record);
            return None;
        }
        if self.events.len() < COMPARED {
            self.events.push(*record);
            return None;
        }
        self.last.replace(*record)
    }

    /// The events, once all records were taken.
    fn drain(&mut self) -> impl Iterator<Item = Telling> {
        self.events.drain(..).chain(self.last.take())
    }
}

/// Pairs the records of requests that an aggregated API logged twice: such without bodies, beside which another log has the
/// same with bodies. Each is paired with one: a client may send one id again and again.
///
/// Of one id, the first that have none beside them are paired first. So those that wait are all of one sort; and they wait for
/// [`TWINS_APART`] at most, which bounds how many moments there are.
#[derive(Default)]
struct Twins {
    id: u64,
    /// Whether those that wait have bodies.
    bodies: bool,
    /// When they were, in order, and how many.
    waiting: VecDeque<(i64, u64)>,
}

impl Twins {
    /// Takes the next event.
    fn take(&mut self, event: &Telling, account: &mut impl Account) -> Result<(), SpillError> {
        account.event(event)?;
        if self.id != event.id {
            self.id = event.id;
            self.waiting.clear();
        }
        if event.what.is_done() && self.is_paired(event) {
            account.is_twin(event);
        }
        Ok(())
    }

    /// Whether one of the other sort waits for it. If not, it waits itself.
    fn is_paired(&mut self, event: &Telling) -> bool {
        while self.waiting.front().is_some_and(|(at, _)| event.at.saturating_sub(*at) > TWINS_APART) {
            self.waiting.pop_front();
        }
        let bodies = event.shown.any();
        if self.waiting.is_empty() {
            self.bodies = bodies;
        }
        if self.bodies == bodies {
            match self.waiting.back_mut().filter(|(at, _)| *at == event.at) {
                Some((_, number)) => *number += 1,
                None => self.waiting.push_back((event.at, 1)),
            }
            return false;
        }
        if let Some((_, number)) = self.waiting.front_mut() {
            *number -= 1;
            if *number == 0 {
                self.waiting.pop_front();
            }
        }
        true
    }
}
