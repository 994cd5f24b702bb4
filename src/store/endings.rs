//! How objects ended of which no record says so.
//!
//! - What an initial set lacks went away before it, see [`super::initial`].
//! - A new uid under an old name implies the end of the old one.
//! - The deletion of all objects of a kind, or the end of a namespace, ends what it concerns.
//! - A deletion that was asked for, or a server that knows of no such object, ends what is never seen again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;

use super::blobs::Blobs;
use super::clock::Clock;
use super::initial::{InitialSet, InitialSets, StreamId, UidId};
use super::lives::time;
use super::timeline::{Draft, Sighting};
use super::{End, EndCause, Entry, Object, Version};
use crate::decode::audit::Sweep;
use crate::decode::{Change, Facts, Part, Telling};
use crate::model::{GroupKind, ObjectKey, ResourceVersion, Timestamp};
use crate::report::{Reason, Report};

/// What ends are concluded from.
pub(super) struct Endings<'a> {
    pub told: &'a InitialSets,
    pub clock: &'a Clock,
    pub sweeps: &'a [Sweep],
    pub blobs: &'a Blobs,
}

impl Endings<'_> {
    /// Ends what has ended.
    pub fn conclude(&self, drafts: &mut [Draft], report: &mut Report) {
        end_what_went_in_gaps(drafts, self.told, self.clock, report);
        end_what_was_swept(drafts, self.sweeps, self.blobs, report);
        end_what_was_replaced(drafts, report);
        for draft in drafts.iter() {
            for (at, version) in &draft.unseen_versions {
                report.note(Reason::WritesUnseen, Some(*at), || format!("{} at {version}", draft.object.key));
            }
        }
    }
}

fn concluded(at: Timestamp) -> End {
    End { at, resource_version: None, cause: EndCause::Concluded, facts: Facts::None, place: None }
}

/// What asks for an object's end, and when something was seen of it after that.
pub(super) struct Left {
    /// Its deletion was asked for, the last time.
    leaving: Option<Timestamp>,
    /// The server knew of no such object.
    absent: Option<Timestamp>,
    /// The sightings that took the last finalizer away, perhaps: their numbers.
    released: Vec<usize>,
}

/// What is left to say of an object of which no record shows the end.
pub(super) fn left(asked: &[Entry], sightings: &[Sighting]) -> Option<Left> {
    // Whoever asked again and was not refused found it there.
    let last = |change| asked.iter().filter(|entry| entry.change == change).map(time).max();
    let (leaving, absent) = (last(Change::Leaving), last(Change::Absent));
    (leaving.is_some() || absent.is_some()).then(|| {
        let names_finalizers = |sighting: &Sighting| match &sighting.entry.telling {
            Telling::Patch(patch) => memchr::memmem::find(&patch.text, b"finalizers").is_some(),
            Telling::Requested => true,
            _ => false,
        };
        let released = sightings.iter().enumerate().filter(|(_, sighting)| names_finalizers(sighting));
        Left { leaving, absent, released: released.map(|(i, _)| i).collect() }
    })
}

impl Left {
    /// The end that follows. `versions` are those of the sightings.
    pub fn end(&self, key: &ObjectKey, versions: &[Version], blobs: &Blobs, report: &mut Report) -> Option<End> {
        let last = versions.last()?;
        let held = |version: &Version| blobs.object(version.metadata).contains_key("finalizers");
        let after = |at: Timestamp| last.at.plus_micros(1).max(at);
        let end = match (self.leaving, self.absent) {
            (Some(at), _) if last.at <= at && !held(last) => Some(after(at)),
            (Some(at), _) if self.released.last() == Some(&(versions.len() - 1)) && last.at > at && !held(last) => {
                Some(after(last.at))
            }
            (_, Some(at)) if last.at <= at => Some(after(at)),
            _ => None,
        };
        end.map(|at| {
            report.note(Reason::DeletionConcluded, Some(at), || key.to_string());
            concluded(at)
        })
    }
}

/// Versions that a write was made upon, or that a read showed, and that no write in the log made: the writes are missing, as
/// when one of several servers' logs is. Only of objects of which the log has every write with its result.
pub(super) fn unseen_versions(entries: &[Entry]) -> Vec<(Timestamp, ResourceVersion)> {
    let living = |entry: &&Entry| !matches!(entry.change, Change::Deleted);
    let complete = entries.iter().filter(living).all(|entry| entry.resource_version.is_some());
    let audited = entries.iter().any(|entry| entry.event.is_some());
    if !complete || !audited {
        return Vec::new();
    }
    let written = |entry: &&Entry| entry.part != Part::Nothing && entry.change != Change::Listed;
    let made: BTreeSet<ResourceVersion> = entries.iter().filter(written).filter_map(|e| e.resource_version).collect();
    let Some(first) = made.first() else { return Vec::new() };
    let read = |entry: &Entry| entry.resource_version.filter(|_| !written(&entry) && entry.event.is_some());
    let mut unseen = BTreeMap::new();
    for entry in entries {
        for version in [entry.base, read(entry)].into_iter().flatten() {
            if version > *first && !made.contains(&version) {
                let at = unseen.entry(version).or_insert(time(entry));
                *at = time(entry).min(*at);
            }
        }
    }
    unseen.into_iter().map(|(version, at)| (at, version)).collect()
}

/// What a deletion of many objects ended.
fn end_what_was_swept(drafts: &mut [Draft], sweeps: &[Sweep], blobs: &Blobs, report: &mut Report) {
    let mut living = Living::default();
    if !sweeps.is_empty() {
        drafts
            .iter()
            .enumerate()
            .filter(|(_, draft)| draft.object.end.is_none())
            .for_each(|(i, draft)| living.add(i, draft));
    }
    let mut sweeps: Vec<&Sweep> = sweeps.iter().collect();
    sweeps.sort_by_key(|sweep| (sweep.at, sweep.with_namespace));
    for sweep in sweeps {
        let Some(at) = sweep.at else { continue };
        for place in living.places(sweep) {
            // What was seen later was not ended by it.
            let Some(ids) = living.0.get_mut(&place) else { continue };
            let candidates = ids.range(..=(at, usize::MAX)).copied().collect::<Vec<_>>();
            for (seen, i) in candidates {
                let object = &mut drafts[i].object;
                let ended = object.end.is_some();
                if !ended && concerns(sweep, object, at, blobs) {
                    report.note(Reason::DeletionConcluded, Some(at), || object.key.to_string());
                    object.end = Some(concluded(at));
                }
                if object.end.is_some() {
                    ids.remove(&(seen, i));
                }
            }
        }
    }
}

/// Objects without an end by namespace and kind, in the order in which they were last seen.
#[derive(Default)]
struct Living(BTreeMap<(String, GroupKind), BTreeSet<(Timestamp, usize)>>);

impl Living {
    fn add(&mut self, i: usize, draft: &Draft) {
        let key = &draft.object.key;
        self.0.entry((key.namespace.clone(), key.kind.clone())).or_default().insert((draft.last_seen, i));
    }

    /// The namespaces and kinds that a sweep is about.
    fn places(&self, sweep: &Sweep) -> Vec<(String, GroupKind)> {
        let about = |(namespace, kind): &&(String, GroupKind)| {
            (sweep.namespace.is_empty() || *namespace == sweep.namespace)
                && (sweep.with_namespace || *kind == sweep.kind)
        };
        let start = (sweep.namespace.clone(), GroupKind::new("", ""));
        let near = self.0.range(start..).map(|(place, _)| place);
        near.take_while(|(namespace, _)| sweep.namespace.is_empty() || *namespace == sweep.namespace)
            .filter(about)
            .cloned()
            .collect()
    }
}

/// Whether a deletion of many ended this object at once.
fn concerns(sweep: &Sweep, object: &Object, at: Timestamp, blobs: &Blobs) -> bool {
    if sweep.with_namespace {
        return object.born < at;
    }
    let version = object.version_at(at);
    let metadata = blobs.object(version.metadata);
    let labels = || match metadata.get("labels") {
        Some(Value::Object(labels)) => {
            labels.iter().filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
        }
        _ => BTreeMap::new(),
    };
    sweep.kind == object.key.kind
        && object.born < at
        && sweep.name.as_ref().is_none_or(|name| *name == object.key.name)
        && sweep.labels.as_ref().is_none_or(|selector| selector.matches(&labels()))
        && !metadata.contains_key("finalizers")
        && !(object.key.kind.is("", "Pod") && is_given_time(sweep, version, blobs))
}

/// Whether a pod's containers are given time to end; then another record, of its kubelet, tells of the end.
fn is_given_time(sweep: &Sweep, pod: &Version, blobs: &Blobs) -> bool {
    let over = matches!(pod.facts, Facts::Pod(facts) if facts.phase_over == Some(true));
    let spec = pod.content.and_then(|content| blobs.object(content).remove("spec")).unwrap_or_default();
    let own = spec.get("terminationGracePeriodSeconds").and_then(Value::as_i64);
    !over && spec.get("nodeName").is_some() && sweep.grace.or(own).unwrap_or(30) > 0
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
