//! Where records of an object were forgotten, and which others would have to be told with them in view.

use super::focus::Focus;
use super::fold::{is_living, is_plain};
use super::lives::time;
use super::sightings::rank;
use super::told::Told;
use super::{ApiVersionId, Entry};
use crate::blobs::Blob;
use crate::decode::Change;
use crate::model::{ResourceVersion, Timestamp};

/// What is left of the records of an object that were forgotten.
#[derive(Clone, Debug, Default)]
pub(super) struct Folded {
    /// When watches told of it.
    pub told: Option<Told>,
    /// In order, and apart from each other.
    gaps: Vec<Gap>,
}

/// Between two versions that are kept some are missing.
#[derive(Clone, Debug)]
pub(super) struct Gap {
    pub versions: (ResourceVersion, ResourceVersion),
    pub times: (Timestamp, Timestamp),
    /// What all of them have.
    pub metadata: Blob,
    pub api_version: ApiVersionId,
    /// Whether it is after the focus.
    pub is_late: bool,
}

impl Folded {
    /// Remembers one more record.
    pub fn tell(&mut self, entry: &Entry) {
        let told = Told::once(time(entry), entry.stream);
        self.told = Some(self.told.map_or(told, |before| before.and(told)));
    }

    /// Adds gaps, in order. `kept` are the versions that are left, in order, with their times.
    pub fn add(&mut self, new: Vec<Gap>, kept: &[(ResourceVersion, Timestamp)]) {
        if new.is_empty() {
            return;
        }
        let mut gaps = std::mem::take(&mut self.gaps);
        gaps.extend(new);
        gaps.iter_mut().for_each(|gap| gap.widen(kept));
        gaps.sort_by_key(|gap| gap.versions);
        for gap in gaps {
            match self.gaps.last_mut().filter(|last| gap.versions.0 < last.versions.1) {
                Some(last) => last.join(&gap),
                None => self.gaps.push(gap),
            }
        }
    }

    /// Whether a version may be one that is missing.
    pub fn covers(&self, version: ResourceVersion) -> bool {
        self.gap(version, false).is_some()
    }

    /// A version before all that are missing.
    pub fn first(&self) -> Option<ResourceVersion> {
        self.gaps.first().map(|gap| gap.versions.0)
    }

    /// The gap that a version lies in, or comes right before.
    fn gap(&self, version: ResourceVersion, or_before: bool) -> Option<&Gap> {
        let begun = |gap: &Gap| gap.versions.0 < version || (or_before && gap.versions.0 == version);
        let later = self.gaps.partition_point(begun);
        self.gaps[..later].last().filter(|gap| version < gap.versions.1)
    }
}

impl Gap {
    /// Widens it to the next versions that are kept.
    fn widen(&mut self, kept: &[(ResourceVersion, Timestamp)]) {
        let before = kept.partition_point(|(version, _)| *version <= self.versions.0).checked_sub(1);
        let after = kept.partition_point(|(version, _)| *version < self.versions.1);
        if let Some((version, at)) = before.map(|before| kept[before]) {
            (self.versions.0, self.times.0) = (version, self.times.0.min(at));
        }
        if let Some((version, at)) = kept.get(after) {
            (self.versions.1, self.times.1) = (*version, self.times.1.max(*at));
        }
    }

    fn join(&mut self, other: &Gap) {
        self.versions.1 = self.versions.1.max(other.versions.1);
        self.times = (self.times.0.min(other.times.0), self.times.1.max(other.times.1));
        self.is_late |= other.is_late;
    }
}

/// Judges the records of an object that are left.
pub(super) struct Doubt<'a> {
    folded: &'a Folded,
    focus: &'a Focus,
    /// The version before the first that is missing after the focus.
    late: Option<ResourceVersion>,
    /// The times of the gaps, joined where they touch.
    times: Vec<(Timestamp, Timestamp)>,
}

impl<'a> Doubt<'a> {
    /// Of an object of which something is missing.
    pub fn new(folded: &'a Folded, focus: &'a Focus) -> Self {
        let mut times: Vec<_> = folded.gaps.iter().map(|gap| gap.times).collect();
        times.sort_unstable();
        times.dedup_by(|next, last| {
            let touch = next.0 <= last.1;
            last.1 = if touch { last.1.max(next.1) } else { last.1 };
            touch
        });
        let late = folded.gaps.iter().find(|gap| gap.is_late).map(|gap| gap.versions.0);
        Doubt { folded, focus, late, times }
    }

    /// Whether a record would be told otherwise, or would have others told otherwise, if nothing were missing.
    pub fn is_about(&self, entry: &Entry) -> bool {
        let at = time(entry);
        if !is_living(entry) {
            return entry.change == Change::Deleted && self.late.is_some() && !self.focus.is_after(at);
        }
        let Some((version, is_base)) = rank(entry) else { return self.in_a_gap(at) };
        // What is after a version that held after the focus only would have had it hold before.
        if self.late.is_some_and(|late| version > late) && !self.focus.is_after(at) {
            return true;
        }
        let named = [entry.resource_version, entry.base].into_iter().flatten();
        if self.focus.holds(at) && named.into_iter().any(|version| self.folded.covers(version)) {
            return true;
        }
        let alike = |gap: &Gap| {
            is_plain(entry)
                && entry.metadata == gap.metadata
                && entry.api_version == gap.api_version
                && entry.status.is_none()
        };
        self.folded.gap(version, is_base).is_some_and(|gap| !alike(gap))
    }

    fn in_a_gap(&self, at: Timestamp) -> bool {
        let begun = self.times.partition_point(|(since, _)| *since <= at);
        self.times[..begun].last().is_some_and(|(_, until)| at <= *until)
    }
}
