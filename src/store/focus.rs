//! Which part of the log a trace is made from, and what of the rest may be forgotten.
//!
//! Where the window is known before the log is read, most of what the log says of other times says nothing of the window.
//! The store forgets it while it reads, so that it needs memory for what is alive in the window and not for the log.

use std::collections::HashSet;

use crate::fingerprint::Uid;
use crate::model::Timestamp;
use crate::scratch::Room;

/// The span of time whose states have to be exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Focus {
    from: Option<Timestamp>,
    /// What ended before this may be forgotten as a whole.
    long_before: Option<Timestamp>,
    to: Option<Timestamp>,
    eager: bool,
}

impl Focus {
    /// The horizon of disorder, in microseconds: so much before and after a window is exact too. Records may be told late, by
    /// clocks that disagree, and under names that show later; none of that reaches further than ten minutes.
    pub const MARGIN: i64 = 900_000_000;

    /// A focus on a window, as far as its ends are known, with a margin in microseconds.
    pub fn new(from: Option<Timestamp>, to: Option<Timestamp>, margin: i64) -> Self {
        let before = |by: i64| from.map(|at| at.plus_micros(by.saturating_neg()));
        Focus {
            from: before(margin),
            // What an owner leaves behind goes soon after it; as long as that is there the owner is asked for.
            long_before: before(margin.saturating_mul(2)),
            to: to.map(|at| at.plus_micros(margin)),
            eager: false,
        }
    }

    /// None: all of the log is exact, and nothing is forgotten.
    pub const fn none() -> Self {
        Focus { from: None, long_before: None, to: None, eager: false }
    }

    /// Forgets at every record, and holds nothing that the disk can hold, whatever that costs: what tests do whose logs are
    /// short.
    #[must_use]
    pub fn eager(self) -> Self {
        Focus { eager: true, ..self }
    }

    /// Whether it is none.
    pub fn is_none(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    /// The first and the last moment of it, where it has one.
    pub fn bounds(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        (self.from, self.to)
    }

    pub(super) fn is_eager(&self) -> bool {
        self.eager
    }

    /// What may be remembered in memory of the forgotten.
    pub(super) fn room(&self) -> Room {
        if self.eager { Room { bytes: 0, ..Room::default() } } else { Room::default() }
    }

    /// Whether a moment lies before it.
    pub(crate) fn is_before(&self, at: Timestamp) -> bool {
        self.from.is_some_and(|from| at < from)
    }

    /// Whether a moment lies so long before it that not even what was left then can be there.
    pub(super) fn is_long_before(&self, at: Timestamp) -> bool {
        self.long_before.is_some_and(|long_before| at < long_before)
    }

    /// Whether a moment lies after it.
    pub(crate) fn is_after(&self, at: Timestamp) -> bool {
        self.to.is_some_and(|to| at > to)
    }

    /// Whether a moment lies in it.
    pub(super) fn holds(&self, at: Timestamp) -> bool {
        !self.is_before(at) && !self.is_after(at)
    }
}

/// What must not be forgotten after all, since what was read later depends on it. The archive is read again then.
#[derive(Clone, Debug, Default)]
pub struct Spared {
    /// Objects.
    pub(crate) uids: HashSet<Uid>,
    /// All objects of these keys, by their hashes.
    pub(crate) keys: HashSet<u64>,
    /// What is below these owners, by the hashes of the references.
    pub(crate) owners: HashSet<u64>,
    /// Everything: why.
    pub(crate) all: Option<&'static str>,
}

impl Spared {
    /// Whether it is nothing.
    pub fn is_empty(&self) -> bool {
        self.uids.is_empty() && self.keys.is_empty() && self.owners.is_empty() && self.all.is_none()
    }

    /// Whether nothing at all may be forgotten, and why.
    pub fn all(&self) -> Option<&'static str> {
        self.all
    }

    /// Spares everything.
    pub fn forget_nothing(&mut self) {
        self.all.get_or_insert("what was spared did not suffice");
    }

    /// Whatever is in this one or the other.
    #[must_use]
    pub fn and(mut self, other: Spared) -> Self {
        self.uids.extend(other.uids);
        self.keys.extend(other.keys);
        self.owners.extend(other.owners);
        self.all = self.all.or(other.all);
        self
    }
}
