//! Forgets of an object what says nothing of the window.
//!
//! Records come in any order, so nothing is summed up and thrown away: a subset of them is kept, the witnesses, of which
//! [`lives`](super::lives), [`sightings`](super::sightings), [`resolve`](super::resolve) and [`endings`](super::endings) make
//! the same as of all, as far as the window can see. Whatever comes later joins the witnesses as it would have joined all.
//!
//! Records that show the object as a whole, under its uid and resourceVersion, at a known time, are *plain*; those of one
//! version are a unit. Between a kept unit P and the next one N a unit M is forgotten when nothing can tell: it held
//! outside of the focus only; its metadata (labels, owners, finalizers) are those of P and N, so that whoever was judged by
//! them is judged alike; what is written of its content is that of N, or that of P; and of the course of a pod or Job it tells
//! nothing that P or N do not. The first unit after the focus is kept: a record without a body in the window learns from it.

use super::Entry;
use super::focus::Focus;
use super::folded::{Folded, Gap};
use super::lives::time;
use super::sightings::{creates, rank};
use crate::decode::{Change, Facts, Part, PodFacts, Telling};
use crate::json::{self, Members, Raw};
use crate::model::{GroupKind, ResourceVersion, Timestamp};
use crate::patch::is_builtin_group;

/// The records of one object that are looked through.
pub(super) struct Fold<'a> {
    pub kind: &'a GroupKind,
    pub focus: &'a Focus,
    /// All of them, in the order of their arrival.
    pub entries: &'a [&'a Entry],
    /// Those without a uid that may be of it.
    pub anonymous: &'a WithoutPlace,
}

/// A version of an object, or what no version is told of but its place among them is.
struct Unit<'a> {
    members: Vec<usize>,
    /// What is kept of those that show the version.
    face: &'a Entry,
    part: Part,
    rank: (ResourceVersion, bool),
    /// From when on it is proven.
    at: Timestamp,
    plain: bool,
    /// Whether any record says that it was written, rather than read.
    written: bool,
}

/// Whether a record shows all of its object, and when and in which version.
pub(super) fn is_plain(entry: &Entry) -> bool {
    matches!(entry.telling, Telling::Whole)
        && entry.uid.is_some()
        && entry.resource_version.is_some()
        && entry.at.is_some()
        && entry.trace_event().is_none()
        && entry.change != Change::Applied
}

fn is_written(entry: &Entry) -> bool {
    entry.part != Part::Nothing && entry.change != Change::Listed
}

/// Whether a record is of the object as it lives.
pub(super) fn is_living(entry: &Entry) -> bool {
    !matches!(entry.change, Change::Deleted | Change::Leaving | Change::Absent)
}

impl Fold<'_> {
    /// Which of the records may go: their places. What is to be remembered of them is added to `folded`.
    pub fn redundant(&self, folded: &mut Folded) -> Vec<usize> {
        let last = self.entries.iter().filter(|entry| entry.change != Change::Absent).map(|entry| place(entry)).max();
        let mut units = self.units();
        let mut gone = vec![false; self.entries.len()];
        let proven = Proven { versions: written(&units), folded };
        for unit in units.iter_mut().filter(|unit| unit.plain) {
            self.repeated(&unit.members, &proven, last).into_iter().for_each(|i| gone[i] = true);
            unit.members.retain(|i| !gone[*i]);
        }
        let forgotten = self.forgotten(&units, &proven, last);
        let mut gaps = Vec::new();
        for (before, i) in &forgotten {
            let (before, unit, after) = (&units[*before], &units[*i], &units[*i + 1]);
            gaps.push(Gap::new(before, after, self.focus.is_after(unit.at)));
            unit.members.iter().for_each(|i| gone[*i] = true);
        }
        let mut left = forgotten.iter().map(|(_, i)| *i).peekable();
        let kept = |(i, unit): (usize, &Unit<'_>)| left.next_if_eq(&i).is_none().then_some((unit.rank.0, unit.at));
        let kept: Vec<_> = units.iter().enumerate().filter_map(kept).collect();
        let gone: Vec<usize> = (0..gone.len()).filter(|i| gone[*i]).collect();
        gone.iter().for_each(|i| folded.tell(self.entries[*i]));
        folded.add(gaps, &kept);
        gone
    }

    /// The units that may go, each with the one that is kept before it.
    fn forgotten(&self, units: &[Unit<'_>], proven: &Proven<'_>, last: Option<Place>) -> Vec<(usize, usize)> {
        let free = |unit: &Unit<'_>| unit.members.iter().all(|i| self.is_free(*i, proven, last)) && unit.is_shown();
        let bare = self.entries.iter().all(|entry| entry.content.is_none());
        let rewritten = self.rewritten(units);
        let own = WithoutPlace::of(self.entries.iter().copied(), false);
        let mut forgotten = Vec::new();
        let mut kept: Option<usize> = None;
        for (i, unit) in units.iter().enumerate() {
            let forget = kept.zip(units.get(i + 1)).filter(|(before, after)| {
                let before = &units[*before];
                let is_written_later = i < rewritten || self.focus.is_after(before.at);
                let between = Between { before, unit, after, kind: self.kind, bare, is_written_later };
                free(unit)
                    && between.is_outside(self.focus)
                    && between.tells_nothing()
                    && ![&own, self.anonymous].iter().any(|records| records.may_stand_between(before, after))
            });
            match forget {
                Some((before, _)) => forgotten.push((before, i)),
                None => kept = Some(i),
            }
        }
        forgotten
    }

    /// The versions, in order, each with all that tells of it.
    fn units(&self) -> Vec<Unit<'_>> {
        let numbered = self.entries.iter().enumerate().filter(|(_, entry)| is_living(entry));
        let mut numbered: Vec<_> = numbered.filter_map(|(i, entry)| Some((rank(entry)?, i))).collect();
        numbered.sort_by_key(|(rank, i)| (*rank, time(self.entries[*i]), self.entries[*i].position));
        let mut units: Vec<Unit<'_>> = Vec::with_capacity(numbered.len());
        for (rank, i) in numbered {
            match units.last_mut().filter(|unit| unit.rank == rank && !rank.1) {
                Some(unit) => unit.add(i, self.entries[i]),
                None => units.push(Unit::new(i, self.entries[i], rank)),
            }
        }
        let ends = self.entries.iter().filter(|entry| entry.change == Change::Deleted).map(|entry| time(entry));
        let mut bound = ends.min().unwrap_or(Timestamp::MAX);
        for unit in units.iter_mut().rev() {
            unit.at = unit.at.min(bound);
            bound = unit.at;
        }
        units
    }

    /// The version before the last change of content that is surely written and was before the focus: whatever was written
    /// earlier, that is what holds.
    fn rewritten(&self, units: &[Unit<'_>]) -> usize {
        let mut looked_at = 0..FEW;
        let surely = |i: &usize| {
            let (before, after) = (&units[*i], &units[*i + 1]);
            before.plain
                && after.plain
                && self.focus.is_before(after.at)
                && before.face.content != after.face.content
                && looked_at.next().is_some()
                && changes(self.kind, before.face, after.face)
        };
        (0..units.len().saturating_sub(1)).rev().find(surely).unwrap_or(0)
    }

    /// The records of one version that tell nothing which an earlier one of it does not.
    fn repeated(&self, members: &[usize], proven: &Proven<'_>, last: Option<Place>) -> Vec<usize> {
        let mut kept: Vec<&Entry> = Vec::new();
        let mut repeated = Vec::new();
        for i in members {
            let entry = self.entries[*i];
            let known = kept.iter().any(|earlier| tells_more(earlier, entry));
            if known && Some(place(entry)) != last && proven.is_base_of(entry) {
                repeated.push(*i);
            // What tells more is among the first few, or nothing does.
            } else if kept.len() < FEW {
                kept.push(entry);
            }
        }
        repeated
    }

    /// Whether nothing but the neighbours of its version asks for a record.
    fn is_free(&self, i: usize, proven: &Proven<'_>, last: Option<Place>) -> bool {
        let entry = self.entries[i];
        entry.change != Change::Created && Some(place(entry)) != last && proven.is_base_of(entry)
    }
}

/// How many records of a version are compared with later ones of it.
const FEW: usize = 8;

/// What is seen last of an object is the greatest.
type Place = (Timestamp, Option<ResourceVersion>);

fn place(entry: &Entry) -> Place {
    (time(entry), entry.resource_version)
}

/// Versions of which a record tells how they came to be.
struct Proven<'a> {
    versions: Vec<ResourceVersion>,
    folded: &'a Folded,
}

impl Proven<'_> {
    fn is_base_of(&self, entry: &Entry) -> bool {
        entry.base.is_none_or(|base| self.versions.binary_search(&base).is_ok() || self.folded.covers(base))
    }
}

/// Where records stand that tell of a change and not of its result: what is before them is what they change.
pub(super) struct WithoutPlace {
    times: Vec<Timestamp>,
    versions: Vec<ResourceVersion>,
}

impl WithoutPlace {
    /// Of an object's own records only those that are not among its versions.
    pub fn of<'e>(entries: impl Iterator<Item = &'e Entry> + Clone, ranked: bool) -> Self {
        let living = entries.filter(|entry| is_living(entry));
        let mut times: Vec<_> = living.clone().filter(|entry| rank(entry).is_none()).map(time).collect();
        let mut versions: Vec<_> = living.filter(|_| ranked).filter_map(|entry| Some(rank(entry)?.0)).collect();
        times.sort_unstable();
        versions.sort_unstable();
        WithoutPlace { times, versions }
    }

    fn may_stand_between(&self, before: &Unit<'_>, after: &Unit<'_>) -> bool {
        let next = self.times.partition_point(|at| *at < before.at);
        let version = self.versions.partition_point(|version| *version < before.rank.0);
        self.times.get(next).is_some_and(|at| *at <= after.at)
            || self.versions.get(version).is_some_and(|version| *version <= after.rank.0)
    }
}

fn written(units: &[Unit<'_>]) -> Vec<ResourceVersion> {
    units.iter().filter(|unit| unit.written && !unit.rank.1).map(|unit| unit.rank.0).collect()
}

/// Whether a record says all of its version that a later one says.
fn tells_more(earlier: &Entry, later: &Entry) -> bool {
    earlier.content.is_some() >= later.content.is_some()
        && earlier.part >= later.part
        && (later.change != Change::Created || earlier.change == Change::Created)
        && creates(earlier) >= creates(later)
        && later.created.is_none_or(|created| earlier.created.is_some_and(|earlier| earlier <= created))
        && is_written(earlier) >= is_written(later)
        && earlier.event.is_some() >= later.event.is_some()
}

impl Gap {
    fn new(before: &Unit<'_>, after: &Unit<'_>, is_late: bool) -> Self {
        Gap {
            versions: (before.rank.0, after.rank.0),
            times: (before.at, after.at),
            metadata: before.face.metadata.clone(),
            api_version: before.face.api_version,
            is_late,
        }
    }
}

impl<'a> Unit<'a> {
    fn new(i: usize, entry: &'a Entry, rank: (ResourceVersion, bool)) -> Self {
        let (part, at) = (entry.part, time(entry));
        Unit { members: vec![i], face: entry, part, rank, at, plain: is_plain(entry), written: is_written(entry) }
    }

    fn add(&mut self, i: usize, entry: &'a Entry) {
        self.members.push(i);
        if self.face.content.is_none() && entry.content.is_some() {
            self.face = entry;
        }
        self.part = self.part.max(entry.part);
        self.at = self.at.min(time(entry));
        self.plain &= is_plain(entry);
        self.written |= is_written(entry);
    }

    /// Whether it is not one that an audit log shows to have been written, and not by whom: that is for the account.
    fn is_shown(&self) -> bool {
        self.written || self.face.event.is_none()
    }
}

/// A version between two others, of which the first is kept.
struct Between<'a> {
    before: &'a Unit<'a>,
    unit: &'a Unit<'a>,
    after: &'a Unit<'a>,
    kind: &'a GroupKind,
    /// Whether no record of the object has content.
    bare: bool,
    /// Whether what is written in the window comes of a later version, or of an earlier one.
    is_written_later: bool,
}

impl Between<'_> {
    /// Whether it held outside of the focus only, and none of the times of the others depends on it.
    fn is_outside(&self, focus: &Focus) -> bool {
        let in_turn = self.before.at < self.unit.at && self.unit.at < self.after.at;
        in_turn && (focus.is_before(self.after.at) || focus.is_after(self.before.at))
    }

    fn tells_nothing(&self) -> bool {
        let (before, unit, after) = (self.before.face, self.unit.face, self.after.face);
        self.before.plain
            && self.unit.plain
            && self.after.plain
            && before.metadata == unit.metadata
            && unit.metadata == after.metadata
            && before.api_version == unit.api_version
            && unit.api_version == after.api_version
            && unit.created.is_none_or(|created| before.created.is_some_and(|before| before <= created))
            && before.held >= unit.held
            && tells_no_course(before.facts.get(), unit.facts.get(), after.facts.get())
            && self.writes_nothing()
    }

    /// Whether what is written of the object is the same without it.
    fn writes_nothing(&self) -> bool {
        let (before, unit, after) = (self.before.face, self.unit.face, self.after.face);
        let contents = [&before.content, &unit.content, &after.content];
        if contents.iter().all(|content| content.is_none()) {
            let alike =
                |a: &Unit<'_>, b: &Unit<'_>| a.part == b.part && a.face.event.is_some() == b.face.event.is_some();
            return self.bare && alike(self.before, self.unit) && alike(self.unit, self.after);
        }
        if contents.iter().any(|content| content.is_none()) {
            return false;
        }
        if unit.content != before.content && self.kind.is("apps", "Deployment") && selector(unit) != selector(before) {
            return false;
        }
        if self.is_written_later {
            return true;
        }
        // The first of equal contents is the one that is written, with the status that it had. What an owner keeps out may
        // join at any time, and is written as it is then.
        let same_status = before.status == unit.status && unit.status == after.status;
        if unit.content == before.content {
            return same_status || !names_owners(unit);
        }
        unit.content == after.content && same_status && (is_builtin_group(&self.kind.group) || !names_owners(unit))
    }
}

/// Whether the course of a pod or Job is the same without what is told in between.
fn tells_no_course(before: Facts, unit: Facts, after: Facts) -> bool {
    match (before, unit, after) {
        (_, Facts::None, _) => before == Facts::None,
        (Facts::Pod(before), Facts::Pod(unit), Facts::Pod(after)) => {
            let started = |facts: &PodFacts| facts.started();
            let finished = before.finished().max(after.finished());
            unit.started().is_none_or(|at| started(&before).is_some_and(|before| before <= at))
                && unit.finished() <= finished
                && (unit.phase_over != Some(true) || before.phase_over == Some(true))
        }
        (before, unit, _) => before == unit,
    }
}

fn names_owners(entry: &Entry) -> bool {
    memchr::memmem::find(entry.metadata.text(), b"\"ownerReferences\"").is_some()
}

/// What a Deployment selects: by this its pods are known, when they were born.
fn selector(entry: &Entry) -> Option<Raw<'_>> {
    entry.content.as_ref()?.at(&["spec", "selector"])
}

/// Whether a change of content is one in whatever form the object is written: not only of what may be left out.
fn changes(kind: &GroupKind, before: &Entry, after: &Entry) -> bool {
    let [Some(before), Some(after)] = [&before.content, &after.content] else { return false };
    let [before, after] = [before, after].map(|content| content.at(&["spec"]));
    let [of_before, of_after] = [before, after].map(|spec| spec.and_then(|spec| json::members(spec).ok()));
    let bent = ["Pod", "Job", "Service", "PersistentVolumeClaim"].contains(&&*kind.kind);
    match (of_before, of_after) {
        (Some(before), Some(after)) if !bent => {
            before.get("replicas") != after.get("replicas")
                || (is_builtin_group(&kind.group)
                    && (images(&before) != images(&after) || rest(&before) != rest(&after)))
        }
        // Without a `spec` all of it counts, and nothing is left out.
        (None, None) => !bent && before.is_none() && after.is_none(),
        _ => false,
    }
}

fn images<'a>(spec: &Members<'a>) -> Vec<Raw<'a>> {
    let of_template = |template| json::elements(json::at(template, &["spec", "containers"])?).ok();
    let containers = spec.get("template").and_then(of_template).unwrap_or_default();
    containers.into_iter().filter_map(|container| json::at(container, &["image"])).collect()
}

/// A spec without templates of pods and claims.
fn rest<'m, 'a>(spec: &'m Members<'a>) -> Vec<(&'m str, Raw<'a>)> {
    let templates = ["template", "jobTemplate", "volumeClaimTemplates"];
    spec.iter().filter(|(name, _)| !templates.contains(name)).collect()
}
