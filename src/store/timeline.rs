//! From what was seen of an object to its history.
//!
//! The versions of one uid are ordered by resourceVersion, and each holds from the earliest moment by which it is proven to
//! have been written: the time of any record that shows it or a later one. So a late answer with an old body, a second
//! recorder or a clock that runs ahead cannot put an old state in the place of a newer one, nor lose one. What has no uid or
//! no decimal resourceVersion is ordered by time and then by input.

use std::collections::{BTreeMap, HashMap};

use super::blobs::Blobs;
use super::clock::Clock;
use super::dating::{EstimatedSpan, clock_of, estimate_times, is_fresh};
use super::history::Place;
use super::initial::{InitialSet, InitialSets, StreamId, UidId};
use super::{End, EndCause, Entry, History, Object, Version};
use crate::decode::{Change, Facts};
use crate::model::{GroupKind, ObjectKey, Timestamp};
use crate::report::{Reason, Report};

/// An object in the making.
struct Draft {
    uid: Option<UidId>,
    object: Object,
    last_seen: Timestamp,
    last_stream: Option<StreamId>,
    /// When each watch, or what is none, told of it first.
    told: BTreeMap<Option<StreamId>, Timestamp>,
}

/// Puts all entries in order.
pub(super) fn build(
    blobs: Blobs,
    entries: HashMap<ObjectKey, Vec<Entry>>,
    uids: HashMap<String, UidId>,
    told: InitialSets,
    report: &mut Report,
) -> History {
    let clock = clock_of(entries.values().flatten(), &told.sets);
    let mut entries: Vec<(ObjectKey, Vec<Entry>)> = entries.into_iter().collect();
    entries.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let mut drafts = Vec::with_capacity(entries.len());
    let mut span = EstimatedSpan::new(&told.sets, &clock);
    for (key, mut seen) in entries {
        estimate_times(&mut seen, &clock, &key, &mut span, report);
        drafts.extend(incarnations(&key, seen));
    }
    end_what_went_in_gaps(&mut drafts, &told, &clock, report);
    end_what_was_replaced(&mut drafts, report);
    finish(blobs, drafts, uids, &span)
}

fn time(entry: &Entry) -> Timestamp {
    entry.at.unwrap_or_default()
}

/// The objects that bore a name, in the order of their births.
fn incarnations(key: &ObjectKey, entries: Vec<Entry>) -> Vec<Draft> {
    let mut by_uid: BTreeMap<UidId, Vec<Entry>> = BTreeMap::new();
    let mut anonymous = Vec::new();
    for entry in entries {
        match entry.uid {
            Some(uid) => by_uid.entry(uid).or_default().push(entry),
            None => anonymous.push(entry),
        }
    }
    anonymous.sort_by_key(|entry| (time(entry), entry.position));
    adopt(&mut by_uid, &mut anonymous);
    let mut drafts: Vec<Draft> = by_uid.into_values().map(|entries| draft(key, entries)).collect();
    drafts.extend(split_by_deletions(anonymous).into_iter().map(|entries| draft(key, entries)));
    drafts.sort_by_key(|draft| (draft.object.born, draft.object.versions[0].resource_version, draft.object.first_seen));
    drafts
}

/// Entries without uid (a trace has none) belong to the object with a uid that bore the name at their time, if one did.
fn adopt(by_uid: &mut BTreeMap<UidId, Vec<Entry>>, anonymous: &mut Vec<Entry>) {
    if by_uid.is_empty() || anonymous.is_empty() {
        return;
    }
    let span = |entries: &[Entry]| {
        let starts = entries.iter().map(|e| e.created.map_or(time(e), |created| created.min(time(e))));
        let end = entries.iter().filter(|e| e.change == Change::Deleted).map(time).min();
        (starts.min().unwrap_or_default(), end.unwrap_or(Timestamp::MAX))
    };
    let spans: Vec<(UidId, (Timestamp, Timestamp))> = by_uid.iter().map(|(uid, seen)| (*uid, span(seen))).collect();
    anonymous.retain(|entry| {
        let at = time(entry);
        let covers = |(start, end): (Timestamp, Timestamp)| start <= at && at <= end;
        let home = spans.iter().find(|(_, span)| covers(*span)).map(|(uid, _)| uid);
        let home = home.and_then(|uid| by_uid.get_mut(uid));
        match home {
            Some(home) => home.push(entry.clone()),
            None => return true,
        }
        false
    });
}

fn split_by_deletions(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    let mut lives: Vec<Vec<Entry>> = Vec::new();
    let mut open = false;
    for entry in entries {
        let deleted = entry.change == Change::Deleted;
        match lives.last_mut() {
            Some(life) if open => life.push(entry),
            // A deletion of what is gone already says nothing new.
            Some(_) if deleted => {}
            _ => lives.push(vec![entry]),
        }
        open = !deleted;
    }
    lives
}

/// One object from all that was seen of it.
fn draft(key: &ObjectKey, entries: Vec<Entry>) -> Draft {
    let uid = entries.iter().find_map(|entry| entry.uid);
    let last = entries.iter().max_by_key(|entry| (time(entry), entry.resource_version));
    let (last_seen, last_stream) = last.map(|entry| (time(entry), entry.stream)).unwrap_or_default();
    let mut told = BTreeMap::new();
    for entry in &entries {
        told.entry(entry.stream)
            .and_modify(|first: &mut Timestamp| *first = time(entry).min(*first))
            .or_insert(time(entry));
    }
    let created = entries.iter().filter_map(|entry| entry.created).min();
    let (deletions, mut living): (Vec<Entry>, Vec<Entry>) =
        entries.into_iter().partition(|entry| entry.change == Change::Deleted);
    let deletion = deletions.iter().min_by_key(|entry| (time(entry), entry.position));
    if let Some(deletion) = deletion
        && living.iter().all(|entry| entry.content.is_none())
    {
        living.push(Entry { change: Change::Modified, ..deletion.clone() });
    }
    let mut versions = ordered(living, deletion.map(time));
    let first_seen = versions[0].at;
    let born = birth(&versions, created);
    versions[0].at = born;
    let from_trace = versions.iter().any(|version| version.place.is_some());
    let last_version = versions.last().map_or(born, |version| version.at);
    let end = deletion.map(|entry| End {
        at: time(entry).max(last_version.plus_micros(1)),
        resource_version: entry.resource_version,
        cause: EndCause::Deleted,
        facts: entry.facts,
        place: place(entry),
    });
    let versions = versions.into_iter().map(|sighting| sighting.into_version()).collect();
    let mut object = Object { key: key.clone(), born, created, first_seen, versions, end, from_trace };
    carry_content(&mut object.versions);
    Draft { uid, object, last_seen, last_stream, told }
}

/// A version with what is needed to judge whether it is a creation.
struct Sighting {
    at: Timestamp,
    created_now: bool,
    entry: Entry,
    place: Option<Place>,
}

impl std::ops::Deref for Sighting {
    type Target = Entry;
    fn deref(&self) -> &Entry {
        &self.entry
    }
}

impl Sighting {
    fn into_version(self) -> Version {
        Version {
            at: self.at,
            resource_version: self.entry.resource_version,
            metadata: self.entry.metadata,
            content: self.entry.content,
            api_version: self.entry.api_version,
            status: self.entry.status,
            facts: self.entry.facts,
            place: self.place,
        }
    }
}

fn place(entry: &Entry) -> Option<Place> {
    let Entry { position, trace_event, .. } = entry;
    trace_event.map(|event| Place { source: position.source, event, operation: position.line })
}

/// Orders what was seen, drops what was seen twice, and gives each version the earliest time by which it is proven.
fn ordered(entries: Vec<Entry>, deleted: Option<Timestamp>) -> Vec<Sighting> {
    let (mut numbered, mut others): (Vec<Entry>, Vec<Entry>) =
        entries.into_iter().partition(|entry| entry.resource_version.is_some());
    numbered.sort_by_key(|entry| (entry.resource_version, time(entry), entry.position));
    let mut sightings: Vec<Sighting> = Vec::with_capacity(numbered.len() + others.len());
    for entry in numbered {
        match sightings.last_mut() {
            Some(last) if last.resource_version == entry.resource_version => same_version(last, entry),
            _ => sightings.push(sighting(entry)),
        }
    }
    let mut bound = deleted.unwrap_or(Timestamp::MAX);
    for sighting in sightings.iter_mut().rev() {
        sighting.at = sighting.at.min(bound);
        bound = sighting.at;
    }
    others.sort_by_key(|entry| (time(entry), entry.position));
    let mut sightings = merge_by_time(sightings, others.into_iter().map(sighting).collect());
    for i in 1..sightings.len() {
        // A recorder with whole seconds gives several versions one time: they stay apart, and in order.
        sightings[i].at = sightings[i].at.max(sightings[i - 1].at.plus_micros(1));
    }
    sightings
}

fn sighting(entry: Entry) -> Sighting {
    let at = time(&entry);
    Sighting { at, created_now: entry.change == Change::Added && is_fresh(&entry, at), place: place(&entry), entry }
}

/// The same version was seen again: the body and the earliest time stay.
fn same_version(first: &mut Sighting, again: Entry) {
    let again = sighting(again);
    first.at = first.at.min(again.at);
    first.created_now |= again.created_now;
    first.place = first.place.or(again.place);
    if first.entry.content.is_none() && again.entry.content.is_some() {
        first.entry = again.entry;
    }
}

fn merge_by_time(numbered: Vec<Sighting>, others: Vec<Sighting>) -> Vec<Sighting> {
    let mut merged = Vec::with_capacity(numbered.len() + others.len());
    let mut others = others.into_iter().peekable();
    for sighting in numbered {
        while let Some(other) = others.next_if(|other| other.at < sighting.at) {
            merged.push(other);
        }
        merged.push(sighting);
    }
    merged.extend(others);
    merged
}

/// Since when an object counts as alive. A creation that the log saw counts from then; whatever else is seen first was
/// there before, and has been since its `creationTimestamp`.
fn birth(versions: &[Sighting], created: Option<Timestamp>) -> Timestamp {
    let first = &versions[0];
    match created {
        Some(created) if !first.created_now => created.min(first.at),
        _ => first.at,
    }
}

/// A body at another version, or a metadata-only one, has no content of its own: the latest known holds on, and before the
/// first known one that one.
fn carry_content(versions: &mut [Version]) {
    let body = |version: &Version| (version.content, version.api_version, version.status);
    let Some(first) = versions.iter().find(|version| version.content.is_some()) else { return };
    let mut known = body(first);
    for version in versions {
        match version.content {
            Some(_) => known = body(version),
            None => (version.content, version.api_version, version.status) = known,
        }
    }
}

/// What an initial set lacks went away before it, see [`super::initial`].
fn end_what_went_in_gaps(drafts: &mut [Draft], told: &InitialSets, clock: &Clock, report: &mut Report) {
    let mut by_kind: HashMap<GroupKind, Vec<usize>> = HashMap::new();
    for (i, draft) in drafts.iter().enumerate() {
        by_kind.entry(draft.object.key.kind.clone()).or_default().push(i);
    }
    let mut told_of: HashMap<UidId, BTreeMap<Option<StreamId>, Timestamp>> = HashMap::new();
    drafts.iter_mut().for_each(|draft| {
        draft.uid.map(|uid| told_of.insert(uid, std::mem::take(&mut draft.told)));
    });
    for set in &told.sets {
        let estimated = || set.resource_version.and_then(|version| clock.at(version));
        let Some(begin) = set.at.or_else(estimated) else { continue };
        // By another watch: what this one itself tells first may be a creation, where a file was cut.
        let elsewhere =
            |(stream, first): (&Option<StreamId>, &Timestamp)| *stream != Some(set.stream) && *first < begin;
        let shown_before = |uid: &UidId| told_of.get(uid).is_some_and(|told| told.iter().any(elsewhere));
        if !set.anew && !set.members.iter().any(shown_before) {
            continue;
        }
        // What has ended is not looked at again: a log may hold very many sets.
        by_kind.entry(set.kind.clone()).or_default().retain(|i| {
            let draft = &mut drafts[*i];
            if is_missing(draft, set, begin, told) {
                report.note(Reason::GoneInGap, Some(begin), || draft.object.key.to_string());
                let (cause, facts) = (EndCause::GoneInGap, Facts::None);
                draft.object.end = Some(End { at: begin, resource_version: None, cause, facts, place: None });
            }
            draft.object.end.is_none()
        });
    }
}

fn is_missing(draft: &Draft, set: &InitialSet, begin: Timestamp, told: &InitialSets) -> bool {
    let own_stream = draft.last_stream == Some(set.stream);
    let stream_goes_on = || {
        let end = draft.last_stream.and_then(|stream| told.ends.get(stream as usize).copied().flatten());
        draft.last_stream.is_none() || end.is_some_and(|end| end >= begin)
    };
    draft.object.end.is_none()
        && draft.last_seen < begin
        && draft.uid.is_some_and(|uid| !set.members.contains(&uid))
        && set.covers(&draft.object.key.namespace, own_stream)
        && ((own_stream && set.anew) || !stream_goes_on())
}

/// A new uid under an old name implies the end of the old one.
fn end_what_was_replaced(drafts: &mut [Draft], report: &mut Report) {
    for i in 1..drafts.len() {
        let (earlier, later) = drafts.split_at_mut(i);
        let (Some(old), Some(new)) = (earlier.last_mut(), later.first()) else { continue };
        let replaced_at = new.object.born;
        if old.object.key != new.object.key || old.object.end.is_some_and(|end| end.at <= replaced_at) {
            continue;
        }
        match &mut old.object.end {
            Some(end) => end.at = replaced_at,
            end => {
                report.note(Reason::ReplacedUnseen, Some(replaced_at), || new.object.key.to_string());
                let (cause, facts) = (EndCause::Replaced, Facts::None);
                *end = Some(End { at: replaced_at, resource_version: None, cause, facts, place: None });
            }
        }
    }
}

fn finish(blobs: Blobs, drafts: Vec<Draft>, uids: HashMap<String, UidId>, span: &EstimatedSpan) -> History {
    let mut names: Vec<Option<String>> = vec![None; uids.len()];
    uids.into_iter().for_each(|(name, id)| names[id as usize] = Some(name));
    let mut history = History {
        objects: Vec::with_capacity(drafts.len()),
        blobs,
        api_versions: Vec::new(),
        changes_estimated: span.changes,
        states_estimated: span.states,
        by_uid: HashMap::new(),
        by_key: BTreeMap::new(),
    };
    for (id, draft) in drafts.into_iter().enumerate() {
        if let Some(name) = draft.uid.and_then(|uid| names[uid as usize].take()) {
            history.by_uid.insert(name, id);
        }
        let range = history.by_key.entry(draft.object.key.clone()).or_insert(id..id);
        range.end = id + 1;
        history.objects.push(draft.object);
    }
    history
}
