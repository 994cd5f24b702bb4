//! Events of which nothing is to be known but that they were there: most of a log.

use super::links::Links;
use crate::scratch::{Bytes, Fixed, Record, SpillError};

/// One such event of a log. As a number: most of a hash of the event, and the index of the log in its lowest 32 bits, so that
/// the records of one event stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Counted(u128);

impl Counted {
    /// The event of this id at this time. Ids are keyed hashes: of two, the numbers are equal by chance alone, whatever the
    /// times; and of one they differ with the times.
    pub(super) fn of(id: u128, at: Option<i64>, log: u32) -> Self {
        let time = at.map_or(1 << 32, |at| u128::from(at as u64) << 64);
        Counted((id ^ time) & !u128::from(u32::MAX) | u128::from(log))
    }

    fn event(self) -> u128 {
        self.0 >> 32
    }

    fn log(self) -> u32 {
        self.0 as u32
    }
}

impl Record for Counted {
    // Of one log it is a copy.
    const ONCE: bool = true;
}

impl Fixed for Counted {
    const SIZE: usize = 16;

    fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.0.to_le_bytes());
    }

    fn get(bytes: &mut Bytes<'_>) -> Self {
        Counted(u128::from_le_bytes(bytes.next()))
    }
}

/// Counts the events, which come in order, each once. It is counted for the first of the logs that have it; all of those are of
/// one server, which is to have it once.
pub(super) fn count(
    events: impl Iterator<Item = Result<Counted, SpillError>>,
    links: &mut Links,
    by_log: &mut [u64],
) -> Result<(), SpillError> {
    let mut last: Option<Counted> = None;
    for event in events {
        let event = event?;
        match last.filter(|last| last.event() == event.event()) {
            Some(last) => links.join(last.log(), event.log()),
            None => by_log[event.log() as usize] += 1,
        }
        last = Some(event);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_two_logs_links_them_and_counts_once() {
        let id = 0x0123_4567_89ab_cdef << 64;
        let mut events: Vec<Counted> =
            [(None, 0), (None, 2), (Some(0), 1), (Some(0), 1), (Some(5), 3), (Some(-1), 3), (Some(i64::MIN), 3)]
                .map(|(at, log)| Counted::of(id, at, log))
                .to_vec();
        events.sort_unstable();
        events.dedup();
        let (mut links, mut by_log) = (Links::default(), [0; 4]);
        count(events.into_iter().map(Ok), &mut links, &mut by_log).unwrap();
        assert_eq!(by_log, [1, 1, 0, 3]);
        assert_eq!([0, 1, 2, 3].map(|log| links.head(log)), [0, 1, 0, 3]);
    }
}
