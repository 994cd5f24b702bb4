//! From what was seen of an object to its history.
//!
//! The records of a name are told apart by object ([`super::lives`]), those of an object put in order ([`super::sightings`]), and
//! what they tell made into versions ([`super::resolve`]); what ended without a record is concluded ([`super::endings`]).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::dating::{EstimatedSpan, clock_of, estimate_times};
use super::draft::Draft;
use super::endings::{self, Endings};
use super::focus::Focus;
use super::folded::{Doubt, Folded};
use super::folding::{Folding, Records, is_anonymous};
use super::graves::Doubts;
use super::initial::InitialSets;
use super::lives::{lives, time};
use super::sightings::{birth, ordered, place};
use super::sweeps::Sweeps;
use super::told::Told;
use super::{End, EndCause, Entry, First, History, Object, resolve};
use crate::blobs::{Blob, Blobs};
use crate::decode::audit::{CLOCKS_APART, Kinds};
use crate::decode::{Change, Facts, Telling};
use crate::fingerprint::Uid;
use crate::model::{GroupKind, ObjectKey, Timestamp};
use crate::report::Report;

/// Everything that was read.
pub(super) struct Read {
    pub blobs: Arc<Blobs>,
    pub entries: HashMap<ObjectKey, Records>,
    pub folding: Folding,
    pub told: InitialSets,
    pub seen_apart: HashMap<Uid, Told>,
    pub sweeps: Sweeps,
    pub kinds: Kinds,
    /// The kinds that were watched.
    pub watched: BTreeSet<GroupKind>,
}

impl Read {
    /// Puts all of it in order.
    pub fn history(mut self, report: &mut Report) -> History {
        let mut entries: Vec<(ObjectKey, Records)> = std::mem::take(&mut self.entries).into_iter().collect();
        entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        self.folding.fold_all(&mut entries, &self.blobs, report);
        let clock = clock_of(entries.iter().flat_map(|(_, records)| &records.entries), &self.told.sets);
        let mut drafts = Vec::with_capacity(entries.len());
        let mut span = EstimatedSpan::new(&self.told.sets, &clock);
        let Folding { focus, graves, doubts: spared, .. } = &mut self.folding;
        let mut doubts = Doubts { graves, focus, spared, followed: Vec::new() };
        for (key, records) in entries {
            let Records { entries: mut seen, folded, .. } = records;
            estimate_times(&mut seen, &clock, &key, &mut span, report);
            let anonymous = seen.iter().filter(|entry| is_anonymous(entry)).map(|entry| (time(entry), entry.change));
            let anonymous: Vec<_> = anonymous.collect();
            let (of_key, doubtful) = incarnations(&key, seen, &folded, focus, &self.blobs, report);
            doubts.spared.uids.extend(doubtful);
            doubts.look_at(&key, &anonymous, &of_key, drafts.len());
            drafts.extend(of_key);
        }
        let (told, apart, sweeps) = (&self.told, &self.seen_apart, &self.sweeps);
        let endings = Endings { told, apart, clock: &clock, sweeps, graves: doubts.graves };
        endings.conclude(&mut drafts, report);
        doubts.look_at_ends(&drafts);
        finish(self, drafts, &span)
    }
}

/// The objects that bore a name, in the order of their births; and those of which too much was forgotten.
fn incarnations(
    key: &ObjectKey,
    entries: Vec<Entry>,
    folded: &BTreeMap<Uid, Folded>,
    focus: &Focus,
    blobs: &Blobs,
    report: &mut Report,
) -> (Vec<Draft>, Vec<Uid>) {
    let mut doubtful = Vec::new();
    let mut drafts = Vec::new();
    for life in lives(entries) {
        let uid = life.iter().find_map(|entry| entry.uid);
        let folded = uid.and_then(|uid| folded.get(&uid));
        let doubt = folded.map(|folded| Doubt::new(folded, focus));
        let in_doubt = doubt.is_some_and(|doubt| life.iter().any(|entry| doubt.is_about(entry)));
        doubtful.extend(uid.filter(|_| in_doubt));
        drafts.push(draft(key, life, folded, blobs, report));
    }
    drafts.sort_by_key(|draft| (draft.object.born, draft.object.versions[0].resource_version, draft.object.first_seen));
    in_turn(&mut drafts);
    (drafts, doubtful)
}

/// An object is moved before so many others at most.
const TURNED: usize = 8;

/// Two objects never bear a name at one time. Where the clocks of two servers have it so, resourceVersions tell which was
/// first, and all of it was before the other.
fn in_turn(drafts: &mut [Draft]) {
    let version = |draft: &Draft| draft.object.versions[0].resource_version;
    let near = |a: &Draft, b: &Draft| b.object.born <= a.object.born.plus_micros(CLOCKS_APART);
    for i in 1..drafts.len() {
        let turned = |(a, b): (&Draft, &Draft)| near(a, b) && version(b).is_some() && version(b) < version(a);
        // A few at most: so many objects of one name do not come and go within a second.
        for i in (i.saturating_sub(TURNED) + 1..=i).rev() {
            if !turned((&drafts[i - 1], &drafts[i])) {
                break;
            }
            drafts.swap(i - 1, i);
        }
    }
    for i in (1..drafts.len()).rev() {
        let (earlier, later) = drafts.split_at_mut(i);
        let (Some(old), Some(new)) = (earlier.last_mut(), later.first()) else { continue };
        if new.object.born.plus_micros(CLOCKS_APART) >= old.last_seen {
            end_by(&mut old.object, new.object.born);
        }
    }
}

/// Puts all that is known of an object before a moment.
fn end_by(object: &mut Object, at: Timestamp) {
    if let Some(end) = &mut object.end {
        end.at = end.at.min(at);
    }
    let mut bound = at;
    for version in object.versions.iter_mut().rev() {
        bound = bound.plus_micros(-1);
        version.at = version.at.min(bound);
        bound = version.at;
    }
    object.born = object.born.min(object.versions[0].at);
    object.first_seen = object.first_seen.min(at);
}

/// One object from all that was seen of it.
pub(super) fn draft(
    key: &ObjectKey,
    entries: Vec<Entry>,
    folded: Option<&Folded>,
    blobs: &Blobs,
    report: &mut Report,
) -> Draft {
    let uid = entries.iter().find_map(|entry| entry.uid);
    let seen = entries.iter().filter(|entry| entry.change != Change::Absent);
    let last = seen.max_by_key(|entry| (time(entry), entry.resource_version));
    let (last_seen, last_stream) = last.map(|entry| (time(entry), entry.stream)).unwrap_or_default();
    let told = entries.iter().map(|entry| Told::once(time(entry), entry.stream));
    let told = told.chain(folded.and_then(|folded| folded.told)).reduce(Told::and);
    let told = told.unwrap_or(Told::once(last_seen, last_stream));
    let unseen_versions = endings::unseen_versions(&entries, folded);
    let created = entries.iter().filter_map(|entry| entry.created).min();
    let (asked, entries): (Vec<Entry>, Vec<Entry>) =
        entries.into_iter().partition(|entry| matches!(entry.change, Change::Leaving | Change::Absent));
    let (mut deletions, mut living): (Vec<Entry>, Vec<Entry>) =
        entries.into_iter().partition(|entry| entry.change == Change::Deleted);
    deletions.sort_by_key(|entry| (time(entry), entry.position));
    let deletion = deletions.first();
    let lived = !living.is_empty();
    let mut by_end = None;
    if living.iter().all(|entry| entry.content.is_none()) {
        let shown = deletions.iter().find(|entry| !matches!(entry.telling, Telling::Nothing(_)));
        by_end = shown.map(|deletion| deletion.position);
        living.extend(shown.map(|deletion| Entry { change: Change::Modified, ..deletion.clone() }));
    }
    let sightings = ordered(living, deletion.map(time));
    let first_seen = sightings[0].at;
    let first = if lived { sightings[0].tells() } else { First::Seen };
    let told_by_end = by_end.is_some() && sightings.last().map(|last| last.entry.position) == by_end;
    let born = birth(&sightings, created);
    let last_version = sightings.last().map_or(born, |sighting| sighting.at);
    let told_end = deletion.map(|entry| End {
        at: time(entry).max(last_version.plus_micros(1)),
        resource_version: entry.resource_version,
        cause: EndCause::Deleted,
        place: place(entry),
    });
    // Who asked for it first comes before who only found nothing left to wait for.
    let leaving = asked.iter().filter(|entry| entry.change == Change::Leaving);
    let ended_by = first_writer(leaving).or_else(|| first_writer(&deletions));
    let left = endings::left(&asked, &sightings);
    let mut versions = resolve::versions(key, sightings, blobs, report);
    versions[0].at = born;
    let from_trace = versions.iter().any(|version| version.place.is_some());
    // An answer that is no more than metadata tells of a pod's deletion, and not of its containers.
    let known = versions.last().map(|version| version.facts.get()).unwrap_or_default();
    let facts = |told: Facts| if told == Facts::None { told } else { told.over(known) };
    let end_facts = deletion.map(|entry| facts(entry.facts.get())).unwrap_or_default().into();
    let end = told_end.or_else(|| left.and_then(|left| left.end(key, &versions, report)));
    let object = Object {
        key: key.clone(),
        born,
        created,
        first_seen,
        last_seen,
        first,
        told_by_end,
        versions,
        end,
        end_facts,
        ended_by,
        has_uid: uid.is_some(),
        from_trace,
    };
    Draft { uid, object, last_seen, last_stream, told, unseen_versions }
}

/// Who made the first of these changes, where that is kept.
fn first_writer<'e>(entries: impl IntoIterator<Item = &'e Entry>) -> Option<Blob> {
    let writers = entries.into_iter().filter_map(|entry| Some((time(entry), entry.writer()?)));
    writers.min_by(|a, b| (a.0, a.1.text()).cmp(&(b.0, b.1.text()))).map(|(_, writer)| writer)
}

fn finish(read: Read, drafts: Vec<Draft>, span: &EstimatedSpan) -> History {
    let mut history = History {
        objects: Vec::new(),
        api_versions: Vec::new(),
        changes_estimated: span.changes,
        states_estimated: span.states,
        kinds: read.kinds,
        known_kinds: read.watched.into_iter().chain(read.folding.buried_kinds).collect(),
        focus: read.folding.focus,
        graves: read.folding.graves,
        spared: read.folding.spared,
        doubts: read.folding.doubts,
        by_uid: HashMap::new(),
        fingerprints: read.blobs.fingerprints(),
    };
    for (id, draft) in drafts.iter().enumerate() {
        if !history.known_kinds.contains(&draft.object.key.kind) {
            history.known_kinds.insert(draft.object.key.kind.clone());
        }
        if let Some(uid) = draft.uid {
            history.by_uid.entry(uid).or_insert(id);
        }
    }
    // In the memory of the drafts.
    history.objects = drafts.into_iter().map(|draft| draft.object).collect();
    history.objects.shrink_to_fit();
    history
}
