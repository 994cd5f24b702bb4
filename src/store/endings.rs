//! How objects ended of which no record says so.
//!
//! - What an initial set lacks went away before it, see [`super::initial`].
//! - A new uid under an old name implies the end of the old one.
//! - The deletion of all objects of a kind, or the end of a namespace, ends what it concerns, see [`super::sweeps`].
//! - A deletion that was asked for, or a server that knows of no such object, ends what is never seen again.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::clock::Clock;
use super::draft::Draft;
use super::folded::Folded;
use super::graves::Graves;
use super::initial::{InitialSet, InitialSets};
use super::lives::time;
use super::sightings::Sighting;
use super::sweeps::Sweeps;
use super::told::Told;
use super::{End, EndCause, Entry, Version};
use crate::decode::{Change, Part, Telling};
use crate::fingerprint::Uid;
use crate::model::{GroupKind, ObjectKey, ResourceVersion, Timestamp};
use crate::report::{Reason, Report};

/// What ends are concluded from.
pub(super) struct Endings<'a> {
    pub told: &'a InitialSets,
    /// When objects were told of of which no record is here.
    pub apart: &'a HashMap<Uid, Told>,
    pub clock: &'a Clock,
    pub sweeps: &'a Sweeps,
    pub graves: &'a Graves,
}

impl Endings<'_> {
    /// Ends what has ended.
    pub fn conclude(&self, drafts: &mut [Draft], report: &mut Report) {
        self.end_what_went_in_gaps(drafts, report);
        self.sweeps.end(drafts, report);
        end_what_was_replaced(drafts, report);
        for draft in drafts.iter() {
            for (at, version) in &draft.unseen_versions {
                report.note(Reason::WritesUnseen, Some(*at), || format!("{} at {version}", draft.object.key));
            }
        }
    }
}

/// What asks for an object's end, and when something was seen of it after that.
pub(super) struct Left {
    /// Its deletion was asked for, at these times.
    leaving: Vec<Timestamp>,
    /// The server knew of no such object, at these times.
    absent: Vec<Timestamp>,
    /// The first sighting of it as held by finalizers alone: its number.
    held: Option<usize>,
    /// The sightings that took the last finalizer away, perhaps: their numbers.
    released: Vec<usize>,
}

/// What is left to say of an object of which no record shows the end.
pub(super) fn left(asked: &[Entry], sightings: &[Sighting]) -> Option<Left> {
    let times = |change| {
        let mut times: Vec<_> = asked.iter().filter(|entry| entry.change == change).map(time).collect();
        times.sort_unstable();
        times
    };
    let (leaving, absent) = (times(Change::Leaving), times(Change::Absent));
    let held = sightings.iter().position(|sighting| sighting.entry.held);
    (!asked.is_empty() || held.is_some()).then(|| {
        let names_finalizers = |sighting: &Sighting| match &sighting.entry.telling {
            Telling::Patch(patch) => memchr::memmem::find(&patch.text, b"finalizers").is_some(),
            Telling::Requested => true,
            _ => false,
        };
        let released = sightings.iter().enumerate().filter(|(_, sighting)| names_finalizers(sighting));
        Left { leaving, absent, held, released: released.map(|(i, _)| i).collect() }
    })
}

impl Left {
    /// The end that follows. `versions` are those of the sightings.
    pub fn end(&self, key: &ObjectKey, versions: &[Version], report: &mut Report) -> Option<End> {
        let last = versions.last()?;
        let held = last.metadata.at(&["finalizers"]).is_some();
        let after = |at: Timestamp| last.at.plus_micros(1).max(at);
        let number = versions.len() - 1;
        let asked_before = self.leaving.first().is_some_and(|at| *at < last.at);
        let begun = asked_before || self.held.is_some_and(|first| first < number);
        // Whoever asked again and was not refused found it there.
        let last_word = self.leaving.last().filter(|at| last.at <= **at);
        let absent = self.absent.iter().find(|at| last.at.max(last_word.copied().unwrap_or_default()) <= **at);
        let end = match (last_word, absent) {
            (Some(at), _) if !held => Some(after(*at)),
            _ if begun && self.released.last() == Some(&number) && !held => Some(after(last.at)),
            (_, Some(at)) => Some(after(*at)),
            _ => None,
        };
        end.map(|at| {
            report.note(Reason::DeletionConcluded, Some(at), || key.to_string());
            End::untold(at, EndCause::Concluded)
        })
    }
}

/// Versions that a write was made upon, or that a read showed, and that no write in the log made: the writes are missing, as
/// when one of several servers' logs is. Only of objects of which the log has every write with its result.
pub(super) fn unseen_versions(entries: &[Entry], folded: Option<&Folded>) -> Vec<(Timestamp, ResourceVersion)> {
    let living = |entry: &&Entry| !matches!(entry.change, Change::Deleted);
    let complete = entries.iter().filter(living).all(|entry| entry.resource_version.is_some());
    let audited = entries.iter().any(|entry| entry.event.is_some());
    if !complete || !audited {
        return Vec::new();
    }
    let written = |entry: &&Entry| entry.part != Part::Nothing && entry.change != Change::Listed;
    let made: BTreeSet<ResourceVersion> = entries.iter().filter(written).filter_map(|e| e.resource_version).collect();
    let forgotten = |version| folded.is_some_and(|folded| folded.covers(version));
    let first = made.first().copied().into_iter().chain(folded.and_then(Folded::first)).min();
    let Some(first) = first else { return Vec::new() };
    let read = |entry: &Entry| entry.resource_version.filter(|_| !written(&entry) && entry.event.is_some());
    let mut unseen = BTreeMap::new();
    for entry in entries {
        for version in [entry.base, read(entry)].into_iter().flatten() {
            if version > first && !made.contains(&version) && !forgotten(version) {
                let at = unseen.entry(version).or_insert(time(entry));
                *at = time(entry).min(*at);
            }
        }
    }
    unseen.into_iter().map(|(version, at)| (at, version)).collect()
}

impl Endings<'_> {
    /// What an initial set lacks went away before it, see [`super::initial`].
    fn end_what_went_in_gaps(&self, drafts: &mut [Draft], report: &mut Report) {
        let mut by_kind: HashMap<GroupKind, Vec<usize>> = HashMap::new();
        for (i, draft) in drafts.iter().enumerate() {
            by_kind.entry(draft.object.key.kind.clone()).or_default().push(i);
        }
        let told_of: HashMap<Uid, Told> = drafts.iter().filter_map(|draft| Some((draft.uid?, draft.told))).collect();
        for set in &self.told.sets {
            let estimated = || set.resource_version.and_then(|version| self.clock.at(version));
            let Some(begin) = set.at.or_else(estimated) else { continue };
            // By another watch: what this one itself tells first may be a creation, where a file was cut.
            let shown_before = |uid: &Uid| {
                let told = told_of.get(uid).copied().or_else(|| self.graves.told(*uid));
                let tellings = [told, self.apart.get(uid).copied()];
                tellings.into_iter().flatten().any(|told| told.elsewhere(set.stream, begin))
            };
            if !set.anew && !set.members.iter().any(shown_before) {
                continue;
            }
            // What has ended is not looked at again: a log may hold very many sets.
            by_kind.entry(set.kind.clone()).or_default().retain(|i| {
                let draft = &mut drafts[*i];
                if is_missing(draft, set, begin, self.told) {
                    report.note(Reason::GoneInGap, Some(begin), || draft.object.key.to_string());
                    draft.object.end = Some(End::untold(begin, EndCause::GoneInGap));
                }
                draft.object.end.is_none()
            });
        }
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
                *end = Some(End::untold(replaced_at, EndCause::Replaced));
            }
        }
    }
}
