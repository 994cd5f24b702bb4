//! Watches as the lines of `tracer events` tell them again.
//!
//! What a watch tells of initial sets depends on the order of its events, and lines may come in any. So whoever writes such
//! lines has followed the watches; each line says of which run it is and of which set it may be, and further lines what the
//! sets are.

use std::collections::{HashMap, HashSet};

#[cfg(test)]
use super::InitialSets;
use super::{InitialSet, Step, StreamId, Streams};
use crate::decode::retold::SetFacts;
use crate::fingerprint::Uid;
use crate::model::{GroupKind, SourceId, Timestamp};

/// Where in its watch an event stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Watched {
    /// The run.
    pub run: u32,
    /// The number of the run of ADDED that it is of.
    pub added: Option<u32>,
}

/// A run of a watch.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub source: SourceId,
    /// Its number in the source; in no two runs of one source alike.
    pub run: u32,
    pub kind: GroupKind,
}

impl Place {
    /// Runs are in the order in which they began.
    pub fn order(&self) -> (SourceId, u32) {
        (self.source, self.run)
    }
}

/// A run of a watch, and its last time.
#[derive(Clone, Debug)]
pub(crate) struct RunEnd {
    pub source: SourceId,
    pub run: u32,
    pub kind: GroupKind,
    pub at: Option<Timestamp>,
}

/// What lines tell of watches.
#[derive(Default)]
pub(super) struct Retold {
    ids: HashMap<(SourceId, u32), StreamId>,
    /// What each run of ADDED has shown; whether it was an initial set, its facts say.
    members: HashMap<(StreamId, u32), HashSet<Uid>>,
    sets: Vec<(StreamId, SetFacts)>,
}

impl Retold {
    /// The sets, with their members.
    pub(super) fn into_sets(mut self) -> Vec<InitialSet> {
        self.sets.sort_by_key(|(stream, facts)| (*stream, facts.number));
        // Lines that are there twice tell nothing new.
        self.sets.dedup_by_key(|(stream, facts)| (*stream, facts.number));
        let members = &mut self.members;
        let set = |(stream, facts): (StreamId, SetFacts)| InitialSet {
            kind: facts.kind,
            stream,
            at: facts.at,
            resource_version: facts.resource_version,
            members: members.remove(&(stream, facts.number)).unwrap_or_default(),
            namespaces: facts.namespaces,
            anew: facts.anew,
            cut_off: facts.cut_off,
            at_start: facts.at_start,
            number: facts.number,
        };
        self.sets.into_iter().map(set).collect()
    }
}

impl Streams {
    /// An event that a line tells again; gives the run of the watch.
    pub(crate) fn retold(&mut self, step: Step<'_>, watched: Watched, uid: Option<Uid>) -> StreamId {
        let id = self.retold_run(step.source, watched.run, step.kind, step.at);
        if let Some(number) = watched.added {
            self.retold.members.entry((id, number)).or_default().extend(uid);
        }
        id
    }

    /// An initial set.
    pub(crate) fn retold_set(&mut self, source: SourceId, facts: SetFacts) {
        let id = self.retold_run(source, facts.run, &facts.kind, None);
        self.retold.sets.push((id, facts));
    }

    /// The end of a run.
    pub(crate) fn retold_end(&mut self, end: &RunEnd) {
        self.retold_run(end.source, end.run, &end.kind, end.at);
    }

    /// The number of a run, which lasted until then at least.
    fn retold_run(&mut self, source: SourceId, run: u32, kind: &GroupKind, at: Option<Timestamp>) -> StreamId {
        let id = *self.retold.ids.entry((source, run)).or_insert_with(|| {
            self.ends.push(None);
            self.places.push(Place { source, run, kind: kind.clone() });
            (self.ends.len() - 1) as StreamId
        });
        let end = &mut self.ends[id as usize];
        *end = (*end).max(at);
        id
    }

    /// Gives every source its place in the order of the input.
    pub(crate) fn reorder(&mut self, place: &dyn Fn(SourceId) -> SourceId) {
        self.places.iter_mut().for_each(|run| run.source = place(run.source));
    }

    /// The number of the run of ADDED that goes on in a watch, if one does.
    pub(crate) fn added(&self, source: SourceId, kind: &GroupKind) -> Option<u32> {
        self.open.get(&(source, kind.clone())).and_then(|stream| stream.run.as_ref()).map(|run| run.number)
    }

    /// The number of a run in its source.
    pub(crate) fn run(&self, id: StreamId) -> u32 {
        self.places[id as usize].run
    }

    /// What is to be told again of all watches, once everything is read: their sets, each with the number of its run among all,
    /// and the runs by that number.
    pub(crate) fn into_facts(mut self) -> (Vec<(StreamId, SetFacts)>, Vec<RunEnd>) {
        self.close();
        let places = &self.places;
        let facts = |set: InitialSet| {
            let run = places[set.stream as usize].run;
            let InitialSet { kind, stream, at, resource_version, namespaces, anew, cut_off, at_start, number, .. } =
                set;
            let facts = SetFacts { kind, run, number, at, resource_version, namespaces, anew, cut_off, at_start };
            (stream, facts)
        };
        let sets = self.sets.into_iter().map(facts).collect();
        let end = |(place, at): (Place, Option<Timestamp>)| {
            let Place { source, run, kind } = place;
            RunEnd { source, run, kind, at }
        };
        (sets, self.places.into_iter().zip(self.ends).map(end).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::Change;

    /// What is told of a watch, and what is told of it again in the opposite order.
    #[test]
    fn what_is_told_again_in_any_order_is_what_was_told() {
        let kind = GroupKind::new("", "Pod");
        let step = |second: i64| Step {
            source: SourceId::of_file(0),
            kind: &kind,
            at: Some(Timestamp::from_seconds(second)),
            resource_version: Some(second as u128),
        };
        let events = [
            (1, Change::Added, 1),
            (1, Change::Added, 2),
            (2, Change::Modified, 1),
            (3, Change::Added, 3),
            (4, Change::Deleted, 3),
            (9, Change::Added, 1),
            (9, Change::Added, 4),
            (50, Change::Modified, 4),
            (5, Change::Added, 5),
        ];
        let uid = |number| Some(Uid::numbered(number));
        let play = || {
            let mut streams = Streams::default();
            let told = |(second, change, number)| {
                let run = streams.object(step(second), change, uid(number), "shop");
                let run = streams.run(run);
                let added = if change == Change::Added { streams.added(SourceId::of_file(0), &kind) } else { None };
                (second, Watched { run, added }, number)
            };
            let told: Vec<_> = events.into_iter().map(told).collect();
            (streams, told)
        };
        let show = |streams: Streams| {
            let InitialSets { sets, ends } = streams.finish();
            let members = |set: &InitialSet| {
                let mut members: Vec<Uid> = set.members.iter().copied().collect();
                members.sort_unstable();
                members
            };
            let set = |set: &InitialSet| {
                let flags = (set.anew, set.cut_off, set.at_start);
                (set.at, set.resource_version, members(set), set.namespaces.clone(), flags)
            };
            (sets.iter().map(set).collect::<Vec<_>>(), ends)
        };
        let ((told, _), (retold, lines)) = (play(), play());
        let (sets, ends) = retold.into_facts();
        let mut again = Streams::default();
        sets.into_iter().rev().for_each(|(_, set)| again.retold_set(SourceId::of_file(0), set));
        for (second, watched, number) in lines {
            again.retold(step(second), watched, uid(number));
        }
        ends.iter().for_each(|end| again.retold_end(end));
        let (expected, mut got) = (show(told), show(again));
        // Runs have other numbers, in the order in which lines come.
        got.1.sort_unstable();
        let mut ends = expected.1;
        ends.sort_unstable();
        assert_eq!((got.0, got.1), (expected.0.clone(), ends));
        assert_eq!(expected.0.len(), 3, "the first, the one that began anew, and that of the other recording");
    }
}
