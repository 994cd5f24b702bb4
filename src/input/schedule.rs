//! Who reads what next, and the way back into order.
//!
//! Each source gives pieces, numbered from 0, and at last its end. The *cursor* names the piece that the sink takes next. A
//! worker that asks for work gets the earliest source that is open and that nobody is reading, else it opens the next one.
//!
//! Memory is bounded because what was read and not yet taken by the sink is counted, and nobody begins to read when that is
//! too much, with one exception: the piece at the cursor may always be read. That is also why nothing can lock up. Either the
//! piece at the cursor is finished, or some worker is at it and waits for nothing, or any idle worker may take it. A trace,
//! which one worker reads in one go, is begun only when the cursor has reached its source. An archive is one source, whose
//! pieces are those of its members, one member after the other.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::error::InputError;

/// How many chunks may be in flight for each worker, and besides.
const AHEAD: (usize, usize) = (4, 8);
/// Other sources than that at the cursor are read in such a share of that alone: else what is ahead would leave that one no room
/// but for one piece after the other.
const AHEAD_OF_OTHERS: usize = 2;

/// What a worker is to do.
pub(super) enum Job<O> {
    /// Open a source.
    Open(u32),
    /// Read the next piece, of that number, of a source.
    Read(u32, u64, O),
}

/// What the sink gets.
pub(super) enum Outcome<P> {
    Parsed(Vec<P>),
    Ended(Result<(), InputError>),
}

enum Slot<O> {
    Unopened,
    /// Open, and nobody is reading it. `waits`: until the cursor has reached it.
    Idle {
        next: u64,
        opened: O,
        waits: bool,
    },
    /// Somebody is at it, and reading that piece.
    Busy {
        piece: u64,
    },
    Ended,
}

struct State<O, P> {
    slots: Vec<Slot<O>>,
    /// The first source that was not opened yet.
    unopened: u32,
    /// Sources that are open.
    open: usize,
    /// Finished pieces, with their weights.
    finished: BTreeMap<(u32, u64), (Outcome<P>, usize)>,
    cursor: (u32, u64),
    /// The weight of what is being read or parsed or finished.
    in_flight: usize,
    stopped: bool,
}

/// Shared by the workers and the sink. `O` is an open source, `P` what is made of records.
pub(super) struct Schedule<O, P> {
    state: Mutex<State<O, P>>,
    /// Signalled when there may be work.
    work: Condvar,
    /// Signalled when the piece at the cursor may be finished.
    order: Condvar,
    threads: usize,
    /// The weight of a piece before it is known, and of any piece at least a fraction of it.
    piece: usize,
}

impl<O, P> Schedule<O, P> {
    pub(super) fn new(sources: u32, threads: usize, piece: usize) -> Self {
        let state = State {
            slots: (0..sources).map(|_| Slot::Unopened).collect(),
            unopened: 0,
            open: 0,
            finished: BTreeMap::new(),
            cursor: (0, 0),
            in_flight: 0,
            stopped: false,
        };
        let (state, work, order) = (Mutex::new(state), Condvar::new(), Condvar::new());
        Schedule { state, work, order, threads, piece: piece.max(1) }
    }

    /// The next job; waits for one. `None` when there will be none any more.
    pub(super) fn claim(&self) -> Option<Job<O>> {
        let mut state = self.lock();
        loop {
            if state.stopped || (state.open == 0 && state.unopened as usize == state.slots.len()) {
                return None;
            }
            if let Some(job) = self.job(&mut state) {
                return Some(job);
            }
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn job(&self, state: &mut State<O, P>) -> Option<Job<O>> {
        let (has_room, has_room_ahead) = (self.has_room(state, 1), self.has_room(state, AHEAD_OF_OTHERS));
        for source in state.cursor.0..state.unopened {
            let slot = &mut state.slots[source as usize];
            let Slot::Idle { next, waits, .. } = *slot else { continue };
            let is_next = (source, next) == state.cursor;
            let may_be_read = if source == state.cursor.0 { has_room } else { has_room_ahead && !waits };
            if is_next || may_be_read {
                let Slot::Idle { opened, .. } = std::mem::replace(slot, Slot::Busy { piece: next }) else {
                    return None;
                };
                state.in_flight += self.piece;
                return Some(Job::Read(source, next, opened));
            }
        }
        let source = state.unopened;
        let may_open = source == state.cursor.0 || (has_room_ahead && state.open < 2 * self.threads);
        if (source as usize) < state.slots.len() && may_open {
            state.slots[source as usize] = Slot::Busy { piece: 0 };
            state.unopened += 1;
            state.open += 1;
            state.in_flight += self.piece;
            return Some(Job::Open(source));
        }
        None
    }

    /// Whether less is in flight than one of so many shares of what may be.
    fn has_room(&self, state: &State<O, P>, shares: usize) -> bool {
        state.in_flight < self.piece * (AHEAD.0 * self.threads + AHEAD.1) / shares
    }

    /// A source was opened, or has come to another of its parts; no piece was read. One that `waits` is read only when the cursor
    /// has reached it.
    pub(super) fn opened(&self, source: u32, opened: O, waits: bool) {
        let mut state = self.lock();
        state.in_flight -= self.piece;
        let slot = &mut state.slots[source as usize];
        if let Slot::Busy { piece } = *slot {
            *slot = Slot::Idle { next: piece, opened, waits };
        }
        self.work.notify_all();
    }

    /// A piece of a size was read, and others may read on. What was made of it is still to come.
    pub(super) fn give_back(&self, source: u32, opened: O, size: usize) {
        let mut state = self.lock();
        state.in_flight = state.in_flight - self.piece + self.weight(size);
        let slot = &mut state.slots[source as usize];
        if let Slot::Busy { piece } = *slot {
            *slot = Slot::Idle { next: piece + 1, opened, waits: false };
        }
        self.work.notify_all();
    }

    /// What was made of a piece of a size that was given back.
    pub(super) fn finish(&self, source: u32, piece: u64, parsed: Vec<P>, size: usize) {
        self.put(&mut self.lock(), (source, piece), Outcome::Parsed(parsed), self.weight(size));
    }

    /// A piece of a source that one worker reads in one go. Waits until there may be another; false when there may not.
    pub(super) fn emit(&self, source: u32, piece: u64, parsed: Vec<P>) -> bool {
        let mut state = self.lock();
        state.in_flight += self.piece;
        state.slots[source as usize] = Slot::Busy { piece: piece + 1 };
        self.put(&mut state, (source, piece), Outcome::Parsed(parsed), self.piece);
        while !state.stopped && !self.has_room(&state, 1) && state.cursor != (source, piece + 1) {
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        !state.stopped
    }

    /// The source has ended: that is its last piece.
    pub(super) fn end(&self, source: u32, piece: u64, result: Result<(), InputError>) {
        let mut state = self.lock();
        let weight = self.weight(0);
        state.in_flight = state.in_flight - self.piece + weight;
        state.slots[source as usize] = Slot::Ended;
        state.open -= 1;
        self.put(&mut state, (source, piece), Outcome::Ended(result), weight);
        self.work.notify_all();
    }

    /// The outcome at the cursor; waits for it. `None` when all were taken, or when everything was stopped.
    pub(super) fn take(&self) -> Option<Outcome<P>> {
        let mut state = self.lock();
        loop {
            if state.stopped || state.cursor.0 as usize == state.slots.len() {
                return None;
            }
            let cursor = state.cursor;
            if let Some((outcome, weight)) = state.finished.remove(&cursor) {
                state.in_flight -= weight;
                state.cursor = match outcome {
                    Outcome::Parsed(_) => (cursor.0, cursor.1 + 1),
                    Outcome::Ended(_) => (cursor.0 + 1, 0),
                };
                self.work.notify_all();
                return Some(outcome);
            }
            state = self.order.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Nobody gets anything any more.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.work.notify_all();
        self.order.notify_all();
    }

    fn put(&self, state: &mut State<O, P>, key: (u32, u64), outcome: Outcome<P>, weight: usize) {
        state.finished.insert(key, (outcome, weight));
        if key == state.cursor {
            self.order.notify_one();
        }
    }

    /// Small pieces count too: there can be very many.
    fn weight(&self, size: usize) -> usize {
        size.max(self.piece / 16)
    }

    /// A worker that panicked did not do so with the lock held, and everybody is being sent home.
    fn lock(&self) -> MutexGuard<'_, State<O, P>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files that are decompressed one beside the other: what is read ahead must not have the first of them wait for the sink.
    #[test]
    fn what_is_read_ahead_leaves_room_to_the_source_at_the_cursor() {
        let schedule: Schedule<(), ()> = Schedule::new(2, 2, 1);
        let next = || schedule.job(&mut schedule.lock());
        assert!(matches!(next(), Some(Job::Open(0))));
        schedule.opened(0, (), false);
        assert!(matches!(next(), Some(Job::Read(0, 0, ()))));
        assert!(matches!(next(), Some(Job::Open(1))));
        schedule.opened(1, (), false);
        let mut ahead = 0;
        while let Some(job) = next() {
            assert!(matches!(job, Job::Read(1, piece, ()) if piece == ahead));
            schedule.give_back(1, (), 1);
            schedule.finish(1, ahead, Vec::new(), 1);
            ahead += 1;
        }
        assert!(ahead > 4, "{ahead}");
        for piece in 1..5 {
            schedule.give_back(0, (), 1);
            assert!(matches!(next(), Some(Job::Read(0, next, ())) if next == piece), "{piece}");
        }
    }
}
