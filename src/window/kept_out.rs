//! When an object is kept out of the trace by what is above it.
//!
//! Worked out from the top down, each object once, as spans of time: from the owners that it has, and from when each of those
//! bars what is below it. A controller adopts back what it lost while it lives, so an object that loses an owner which barred
//! it is kept out until that owner is gone.

use std::collections::HashMap;

use crate::model::Timestamp;
use crate::owners::{Owner, OwnerGraph};
use crate::store::{History, ObjectId};

/// Whether an object is kept out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing above it keeps it out.
    Free,
    /// Nothing does since an owner has gone, or has lost it.
    Released,
    /// Something above it does.
    KeptOut,
}

/// A state over time. Of most objects it never changes, which takes no memory.
#[derive(Clone, Debug)]
pub(super) struct Spans {
    /// Since before everything.
    first: State,
    /// In order.
    changes: Vec<(Timestamp, State)>,
}

impl Spans {
    /// One state for ever.
    pub fn always(state: State) -> Self {
        Spans { first: state, changes: Vec::new() }
    }

    /// The state at a moment.
    pub fn at(&self, at: Timestamp) -> State {
        let later = self.changes.partition_point(|(since, _)| *since <= at);
        self.changes[..later].last().map_or(self.first, |(_, state)| *state)
    }

    /// Whether nothing ever keeps it out.
    pub fn is_always_free(&self) -> bool {
        self.first == State::Free && self.changes.iter().all(|(_, state)| *state == State::Free)
    }

    /// The changes of state after the first span.
    pub fn changes(&self) -> &[(Timestamp, State)] {
        &self.changes
    }

    /// The state from a moment on, which is not before that of the last change.
    pub fn set(&mut self, at: Timestamp, state: State) {
        match self.changes.last_mut() {
            None if at == Timestamp::MIN => self.first = state,
            None if self.first == state => {}
            Some((since, last)) if *since == at => *last = state,
            Some((_, last)) if *last == state => {}
            _ => self.changes.push((at, state)),
        }
    }

    /// Kept out while either is; else as `self`.
    pub fn or(&self, other: &Spans) -> Spans {
        let either = |own: State, other: State| if other == State::KeptOut { State::KeptOut } else { own };
        let mut times: Vec<Timestamp> = self.changes.iter().chain(&other.changes).map(|(at, _)| *at).collect();
        times.sort_unstable();
        times.dedup();
        let mut merged = Spans::always(either(self.first, other.first));
        for at in times {
            merged.set(at, either(self.at(at), other.at(at)));
        }
        merged
    }
}

/// What happens to one object from above.
enum Step {
    /// It has other owners: the index of the link.
    Link(usize),
    /// One of its owners begins or ends to bar it.
    Owner(Owner, State),
    /// A former owner is gone.
    Gone,
}

/// What is above an object.
pub(super) struct Above<'a> {
    pub history: &'a History,
    pub graph: &'a OwnerGraph,
    /// From when what is below an owner is barred; `None` where it never is.
    pub bars: &'a dyn Fn(Owner) -> Option<&'a Spans>,
}

impl Above<'_> {
    /// When an object with these owners is kept out.
    pub fn spans(&self, links: &[(Timestamp, &[Owner])]) -> Spans {
        let steps = self.steps(links);
        let mut spans = Spans::always(State::Free);
        let mut now = Now { barring: HashMap::new(), count: 0, until: Timestamp::MIN };
        let mut i = 0;
        while i < steps.len() {
            let at = steps[i].0;
            let mut released = false;
            while let Some((_, step)) = steps.get(i).filter(|(time, _)| *time == at) {
                released |= self.step(&mut now, at, step, links);
                i += 1;
            }
            let state = match now.count > 0 || at < now.until {
                true => State::KeptOut,
                false if released => State::Released,
                false if spans.at(at) == State::KeptOut => State::Free,
                false => spans.at(at),
            };
            spans.set(at, state);
        }
        spans
    }

    fn steps(&self, links: &[(Timestamp, &[Owner])]) -> Vec<(Timestamp, Step)> {
        let mut steps: Vec<(Timestamp, Step)> = Vec::new();
        let mut owners: Vec<Owner> = Vec::new();
        for (i, (since, of_link)) in links.iter().enumerate() {
            // What holds at birth has held before: an owner may be told of a moment later than what it owns.
            steps.push((if i == 0 { Timestamp::MIN } else { *since }, Step::Link(i)));
            owners.extend(of_link.iter());
        }
        owners.sort_unstable();
        owners.dedup();
        for owner in owners {
            let Some(bars) = (self.bars)(owner) else { continue };
            steps.extend(bars.changes().iter().map(|(at, state)| (*at, Step::Owner(owner, *state))));
            if links.len() > 1 {
                let end = self.graph.object_of(owner).map(|id| self.end(id)).filter(|end| *end < Timestamp::MAX);
                steps.extend(end.map(|end| (end, Step::Gone)));
            }
        }
        steps.sort_by_key(|(at, _)| *at);
        steps
    }

    /// Takes one step; gives whether it may release the object.
    fn step(&self, now: &mut Now, at: Timestamp, step: &Step, links: &[(Timestamp, &[Owner])]) -> bool {
        match step {
            Step::Link(i) => {
                let owners = links[*i].1;
                let barring = owners.iter().filter_map(|owner| {
                    let state = (self.bars)(*owner)?.at(at);
                    Some((*owner, state == State::KeptOut))
                });
                let barring: HashMap<Owner, bool> = barring.collect();
                let lost = now.barring.iter().filter(|(owner, bars)| **bars && !barring.contains_key(*owner));
                let ends = lost.filter_map(|(owner, _)| self.graph.object_of(*owner)).map(|id| self.end(id));
                now.until = now.until.max(ends.max().unwrap_or(Timestamp::MIN));
                let had_any = now.count > 0;
                now.count = barring.values().filter(|bars| **bars).count();
                now.barring = barring;
                had_any
            }
            Step::Owner(owner, state) => {
                let Some(bars) = now.barring.get_mut(owner) else { return false };
                now.count -= usize::from(*bars);
                *bars = *state == State::KeptOut;
                now.count += usize::from(*bars);
                *state == State::Released
            }
            Step::Gone => at == now.until,
        }
    }

    /// When an owner is gone; the end of time for one that lives.
    fn end(&self, owner: ObjectId) -> Timestamp {
        self.history.objects[owner].end.map_or(Timestamp::MAX, |end| end.at)
    }
}

/// The owners of the moment that have bars, and whether they bar; and until when former ones do.
struct Now {
    barring: HashMap<Owner, bool>,
    /// How many of them bar.
    count: usize,
    until: Timestamp,
}
