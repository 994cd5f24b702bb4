//! The initial sets of watches, and what they tell of objects that went away unseen.
//!
//! A watch begins with an ADDED for every object that is there. When it breaks off (410 Expired), or the recorder is started
//! anew, the next initial set tells what is there by then; what was there before and is missing from it went away in
//! between. A set speaks only of what it can know of:
//!
//! - of objects whose own stream had ended by then, or is the one that started anew; a stream that goes on would itself have
//!   told of a deletion;
//! - of the namespaces that it shows objects of, unless it spans several or is the same stream's own new start: a watch
//!   of one namespace says nothing of the others.

mod retold;

use std::collections::{BTreeSet, HashMap, HashSet};

use retold::{Place, Retold};
pub(crate) use retold::{RunEnd, Watched};

use crate::decode::Change;
use crate::fingerprint::Uid;
use crate::model::{GroupKind, ResourceVersion, SourceId, Timestamp};

/// A number for one run of a watch: a kind in a source, from where its time begins.
pub type StreamId = u32;

/// One event of a watch, as far as initial sets are concerned.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The source.
    pub source: SourceId,
    /// The kind that is watched.
    pub kind: &'a GroupKind,
    /// The recorder's time.
    pub at: Option<Timestamp>,
    /// The resourceVersion.
    pub resource_version: Option<ResourceVersion>,
}

/// What a watch showed when it began.
#[derive(Clone, Debug)]
pub struct InitialSet {
    /// The kind.
    pub kind: GroupKind,
    /// The run of the watch.
    pub stream: StreamId,
    /// When it began, where recorded.
    pub at: Option<Timestamp>,
    /// The latest resourceVersion that it shows: it was not complete before that.
    pub resource_version: Option<ResourceVersion>,
    /// What is there.
    pub members: HashSet<Uid>,
    /// Their namespaces.
    pub namespaces: BTreeSet<String>,
    /// Whether the same stream had begun before.
    pub anew: bool,
    /// Whether its source ended before the set did.
    cut_off: bool,
    /// Whether it stands at the start of its source.
    at_start: bool,
    /// How many runs of ADDED its stream had before.
    pub(super) number: u32,
}

/// The state of one run of a watch.
struct Stream {
    id: StreamId,
    /// How many runs of ADDED have begun.
    begun: u32,
    /// Whether an initial set is under way by what came before: the start of the source, or an error.
    expecting: bool,
    anew: bool,
    at_start: bool,
    /// The ADDED without anything else between them, up to now.
    run: Option<InitialSet>,
    /// Objects that this stream holds alive.
    alive: HashSet<Uid>,
    /// Whether the run has shown an object that was already held alive.
    told_again: bool,
    last: Option<Timestamp>,
}

/// Follows the watches of all sources.
#[derive(Default)]
pub struct Streams {
    open: HashMap<(SourceId, GroupKind), Stream>,
    /// The last time of every run of a watch.
    ends: Vec<Option<Timestamp>>,
    /// Where each of them stands.
    places: Vec<Place>,
    /// How many of them each source has.
    runs: HashMap<SourceId, u32>,
    sets: Vec<InitialSet>,
    /// What lines tell again.
    retold: Retold,
}

/// What all watches told.
pub struct InitialSets {
    /// The sets, in the order of their times.
    pub sets: Vec<InitialSet>,
    /// The last time of every run of a watch.
    pub ends: Vec<Option<Timestamp>>,
}

/// Fragments of one initial set that a rotation cut lie this close together, in microseconds.
const FRAGMENT_GAP: i64 = 30_000_000;

impl Streams {
    /// An event that shows an object; gives the run of the watch that it belongs to.
    pub fn object(&mut self, step: Step<'_>, change: Change, uid: Option<Uid>, namespace: &str) -> StreamId {
        self.restart_when_time_goes_back(&step);
        let stream = stream_mut(&mut self.open, (&mut self.ends, &mut self.places, &mut self.runs), &step);
        stream.last = stream.last.max(step.at);
        if change == Change::Added {
            self.sets.extend(stream.added(&step, uid, namespace));
        } else {
            if let Some(set) = stream.close_run(false) {
                self.sets.push(set);
            }
            if let (Change::Deleted, Some(uid)) = (change, uid) {
                stream.alive.remove(&uid);
            }
        }
        if let (true, Some(uid)) = (change != Change::Deleted, uid) {
            stream.alive.insert(uid);
        }
        stream.id
    }

    /// A bookmark; one that ends an initial set makes it complete even when it is empty.
    pub fn bookmark(&mut self, step: Step<'_>, initial_end: bool) {
        self.restart_when_time_goes_back(&step);
        let stream = stream_mut(&mut self.open, (&mut self.ends, &mut self.places, &mut self.runs), &step);
        stream.last = stream.last.max(step.at);
        if initial_end {
            stream.anew |= !stream.expecting;
            stream.expecting = true;
            stream.run_mut(&step);
        }
        if let Some(run) = &mut stream.run {
            run.resource_version = run.resource_version.max(step.resource_version);
        }
        if let Some(set) = stream.close_run(false) {
            self.sets.push(set);
        }
    }

    /// A watch of the source broke off: its stream begins anew. Of several watches in one source the record does not say
    /// which one; the new initial set of that one shows by telling again of what is there, or by its bookmark.
    pub fn broken(&mut self, source: SourceId) {
        let mut streams: Vec<_> = self.open.iter_mut().filter(|((of, _), _)| *of == source).collect();
        streams.sort_by(|a, b| a.0.cmp(b.0));
        let alone = streams.len() == 1;
        for (_, stream) in streams {
            if alone || !stream.expecting {
                self.sets.extend(stream.close_run(false));
            }
            stream.expecting |= alone;
            stream.anew |= alone;
        }
    }

    /// The kinds that were watched, even if nothing was there.
    pub fn kinds(&self) -> BTreeSet<GroupKind> {
        self.open.keys().map(|(_, kind)| kind.clone()).collect()
    }

    /// All sets, once everything is read.
    pub fn finish(mut self) -> InitialSets {
        self.close();
        self.sets.extend(std::mem::take(&mut self.retold).into_sets());
        let place = |set: &InitialSet| self.places[set.stream as usize].order();
        self.sets.sort_by(|a, b| (a.at, &a.kind, place(a)).cmp(&(b.at, &b.kind, place(b))));
        InitialSets { sets: join_fragments(self.sets), ends: self.ends }
    }

    fn close(&mut self) {
        let mut open: Vec<_> = std::mem::take(&mut self.open).into_iter().collect();
        open.sort_by(|a, b| a.0.cmp(&b.0));
        for (_, mut stream) in open {
            self.sets.extend(stream.close_run(true));
            self.ends[stream.id as usize] = stream.last;
        }
    }

    /// Files that were put one behind the other: where the time goes back, another recording begins.
    fn restart_when_time_goes_back(&mut self, step: &Step<'_>) {
        let key = (step.source, step.kind.clone());
        let Some(stream) = self.open.get(&key) else { return };
        let back = |last: Timestamp, at: Timestamp| at.plus_micros(1_000_000) < last;
        if let (Some(last), Some(at)) = (stream.last, step.at)
            && back(last, at)
            && let Some(mut stream) = self.open.remove(&key)
        {
            self.sets.extend(stream.close_run(true));
            self.ends[stream.id as usize] = stream.last;
        }
    }
}

fn stream_mut<'a>(
    open: &'a mut HashMap<(SourceId, GroupKind), Stream>,
    (ends, places, runs): (&mut Vec<Option<Timestamp>>, &mut Vec<Place>, &mut HashMap<SourceId, u32>),
    step: &Step<'_>,
) -> &'a mut Stream {
    open.entry((step.source, step.kind.clone())).or_insert_with(|| {
        let id = ends.len() as StreamId;
        ends.push(None);
        let run = runs.entry(step.source).or_default();
        places.push(Place { source: step.source, run: *run, kind: step.kind.clone() });
        *run += 1;
        Stream {
            id,
            begun: 0,
            expecting: true,
            anew: false,
            at_start: true,
            run: None,
            alive: HashSet::new(),
            told_again: false,
            last: None,
        }
    })
}

impl Stream {
    /// Gives the set that it ends: one that tells of an object twice is two, with nothing between them.
    fn added(&mut self, step: &Step<'_>, uid: Option<Uid>, namespace: &str) -> Option<InitialSet> {
        let twice = |run: &InitialSet| uid.is_some_and(|uid| run.members.contains(&uid));
        let ended = if self.run.as_ref().is_some_and(twice) { self.close_run(false) } else { None };
        self.told_again |= uid.is_some_and(|uid| self.alive.contains(&uid));
        let run = self.run_mut(step);
        run.members.extend(uid);
        run.namespaces.insert(namespace.to_owned());
        run.resource_version = run.resource_version.max(step.resource_version);
        ended
    }

    /// The run of ADDED that goes on, or a new one.
    fn run_mut(&mut self, step: &Step<'_>) -> &mut InitialSet {
        self.run.get_or_insert_with(|| {
            self.begun += 1;
            InitialSet { number: self.begun - 1, ..InitialSet::new(step, self.id, self.anew, self.at_start) }
        })
    }

    /// Ends a run of ADDED. It was an initial set if one was expected, or if it told again of what was there; else they were
    /// creations.
    fn close_run(&mut self, source_ended: bool) -> Option<InitialSet> {
        let was_set = self.expecting || self.told_again;
        let anew = self.anew || self.told_again;
        self.told_again = false;
        let set = self.run.take().filter(|_| was_set);
        (self.expecting, self.anew, self.at_start) = (false, false, false);
        set.map(|set| {
            self.alive = set.members.clone();
            InitialSet { anew, cut_off: source_ended, ..set }
        })
    }
}

impl InitialSet {
    fn new(step: &Step<'_>, stream: StreamId, anew: bool, at_start: bool) -> Self {
        InitialSet {
            kind: step.kind.clone(),
            stream,
            at: step.at,
            resource_version: step.resource_version,
            members: HashSet::new(),
            namespaces: BTreeSet::new(),
            anew,
            cut_off: false,
            at_start,
            number: 0,
        }
    }

    /// Whether it speaks of a namespace.
    pub fn covers(&self, namespace: &str, own_stream: bool) -> bool {
        (self.anew && own_stream) || self.namespaces.len() > 1 || self.namespaces.contains(namespace)
    }
}

/// A set that the end of a file cut off goes on at the start of the next one.
fn join_fragments(sets: Vec<InitialSet>) -> Vec<InitialSet> {
    let mut joined: Vec<InitialSet> = Vec::with_capacity(sets.len());
    for set in sets {
        let close = |earlier: &InitialSet| match (earlier.at, set.at) {
            (Some(a), Some(b)) => b.micros().saturating_sub(a.micros()) <= FRAGMENT_GAP,
            _ => false,
        };
        let part =
            |earlier: &&mut InitialSet| earlier.cut_off && set.at_start && earlier.kind == set.kind && close(earlier);
        match joined.iter_mut().rev().take(8).find(part) {
            Some(earlier) => {
                earlier.members.extend(set.members);
                earlier.namespaces.extend(set.namespaces);
                earlier.resource_version = earlier.resource_version.max(set.resource_version);
                earlier.cut_off = set.cut_off;
            }
            None => joined.push(set),
        }
    }
    joined
}

#[cfg(test)]
mod tests;
