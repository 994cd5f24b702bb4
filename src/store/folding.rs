//! When the store forgets, and what.
//!
//! The records of a key are looked through when their number has doubled since the last time, so that the work is in
//! proportion to what is read; and when an object goes, if they are few.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::focus::{Focus, Spared};
use super::fold::{Fold, WithoutPlace};
use super::folded::Folded;
use super::graves::{Admission, Graves, Remains};
use super::lives::{lives, shows_an_object, time};
use super::told::Told;
use super::{Entry, timeline};
use crate::blobs::{Blob, Blobs};
use crate::decode::Change;
use crate::decode::audit::CLOCKS_APART;
use crate::fingerprint::{Fingerprints, Uid};
use crate::json::{self, Raw};
use crate::model::{GroupKind, ObjectKey, Timestamp};
use crate::report::{Reason, Report};

/// With fewer records nothing is forgotten, unless an object went.
const FEW: usize = 8;
/// With more the end of an object alone is no reason to look.
const MANY: usize = 64;

/// What is held of the objects that bore a key.
#[derive(Default)]
pub(super) struct Records {
    pub entries: Vec<Entry>,
    /// With so many they are looked through.
    due: usize,
    pub folded: BTreeMap<Uid, Folded>,
}

impl Records {
    /// Adds one. Of most objects there is a single one: room for more would be most of what they take.
    pub fn push(&mut self, entry: Entry) {
        if self.entries.is_empty() {
            self.entries.reserve_exact(1);
        }
        self.entries.push(entry);
    }
}

/// Forgets.
pub(super) struct Folding {
    pub focus: Focus,
    pub graves: Graves,
    /// The kinds of what is buried.
    pub buried_kinds: BTreeSet<GroupKind>,
    /// What must not be forgotten.
    pub spared: Spared,
    /// What should not have been.
    pub doubts: Spared,
    off: bool,
    /// Whether anything was forgotten.
    forgot: bool,
    /// How many records were looked through.
    pub looked_at: u64,
}

/// The records of one uid.
struct Group {
    uid: Uid,
    places: Vec<usize>,
    first: Timestamp,
    last: Timestamp,
    /// The earliest `creationTimestamp`.
    stamp: Option<Timestamp>,
    created: bool,
    deleted: bool,
    /// Whether any record shows the object.
    shown: bool,
}

impl Folding {
    pub fn new(focus: Focus, spared: Spared, fingerprints: Fingerprints) -> Self {
        let off = focus.is_none() || spared.all.is_some();
        let (graves, doubts) = (Graves::new(fingerprints, &focus.room()), Spared::default());
        let buried_kinds = BTreeSet::new();
        Folding { focus, graves, buried_kinds, spared, doubts, off, forgot: false, looked_at: 0 }
    }

    /// Forgets nothing from now on, since something was read that may bear upon everything.
    pub fn give_up(&mut self, why: &'static str) {
        self.off = true;
        if self.forgot {
            self.doubts.all.get_or_insert(why);
        }
    }

    /// Whether a record is to be kept.
    pub fn admits(&mut self, key: &ObjectKey, entry: &Entry) -> bool {
        if self.off {
            return true;
        }
        match self.graves.admit(key, entry, &self.focus) {
            Admission::Kept => true,
            Admission::Forgotten => {
                self.learn_labels(key, std::iter::once(&entry.metadata), &entry.metadata);
                false
            }
            Admission::Doubtful => {
                self.doubts.uids.extend(entry.uid);
                false
            }
        }
    }

    /// Whether a record, of a key of which nothing is kept, says no more than what a grave can hold.
    pub fn takes_absence(&mut self, key: &ObjectKey, entry: &Entry) -> bool {
        let says_nothing = entry.change == Change::Absent && entry.uid.is_none();
        if self.off || !says_nothing {
            return false;
        }
        let hash = self.graves.hash(key);
        self.graves.absent(hash, time(entry), &self.focus)
    }

    /// Whether the records of a key are to be looked through, now that one more was added.
    pub fn is_due(&self, records: &Records) -> bool {
        let Some(added) = records.entries.last().filter(|_| !self.off) else { return false };
        let count = records.entries.len();
        let ends = added.change == Change::Deleted && self.focus.is_before(time(added));
        let late = count.is_power_of_two() && self.focus.is_after(time(added));
        self.focus.is_eager() || count >= records.due.max(FEW) || (count <= MANY && (ends || late))
    }

    /// Looks through all records, once all is read: so that nothing is held that could be buried.
    pub fn fold_all(&mut self, all: &mut Vec<(ObjectKey, Records)>, blobs: &Blobs, report: &mut Report) {
        if self.off {
            return;
        }
        for (key, records) in &mut *all {
            self.fold(key, records, blobs, report);
        }
        all.retain(|(_, records)| !records.entries.is_empty());
    }

    /// Looks through the records of a key.
    pub fn fold(&mut self, key: &ObjectKey, records: &mut Records, blobs: &Blobs, report: &mut Report) {
        self.looked_at += records.entries.len() as u64;
        let hash = self.graves.hash(key);
        if !self.spared.keys.contains(&hash) {
            let mut gone = vec![false; records.entries.len()];
            let groups = self.groups(&records.entries);
            let groups = self.bury(key, hash, groups, records, &mut gone, blobs, report);
            let anonymous = WithoutPlace::of(records.entries.iter().filter(|entry| is_anonymous(entry)), true);
            for group in groups {
                let entries: Vec<&Entry> = group.places.iter().map(|i| &records.entries[*i]).collect();
                let fold = Fold { kind: &key.kind, focus: &self.focus, entries: &entries, anonymous: &anonymous };
                let mut folded = records.folded.get(&group.uid).cloned().unwrap_or_default();
                let redundant = fold.redundant(&mut folded);
                if !redundant.is_empty() {
                    redundant.into_iter().for_each(|i| gone[group.places[i]] = true);
                    records.folded.insert(group.uid, folded);
                }
            }
            self.forgot |= gone.contains(&true);
            let mut gone = gone.into_iter();
            records.entries.retain(|_| gone.next() == Some(false));
            records.entries.shrink_to(2 * records.entries.len());
            self.bury_absences(hash, records);
        }
        records.due = 2 * records.entries.len();
    }

    /// The records by uid, without those that are spared.
    fn groups(&self, entries: &[Entry]) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        let mut places: HashMap<Uid, usize> = HashMap::new();
        for (i, entry) in entries.iter().enumerate() {
            let Some(uid) = entry.uid else { continue };
            let place = *places.entry(uid).or_insert(groups.len());
            match groups.get_mut(place) {
                Some(group) => group.add(i, entry),
                None => groups.push(Group::new(uid, i, entry)),
            }
        }
        groups.retain(|group| !self.spared.uids.contains(&group.uid));
        groups
    }

    /// Buries the objects that lived outside of the focus only; gives the others.
    #[allow(clippy::too_many_arguments, reason = "what is forgotten of, and what is told of it")]
    fn bury(
        &mut self,
        key: &ObjectKey,
        hash: u64,
        groups: Vec<Group>,
        records: &mut Records,
        gone: &mut [bool],
        blobs: &Blobs,
        report: &mut Report,
    ) -> Vec<Group> {
        let anonymous = || records.entries.iter().filter(|entry| is_anonymous(entry));
        let told_before = anonymous().any(|entry| self.focus.is_before(time(entry)));
        let told = anonymous().next().is_some();
        let is_spared = |group: &Group| self.has_spared_owner(key, group, &records.entries);
        let focus = self.focus;
        let next = groups.iter().filter(|group| group.shown && focus.is_long_before(group.first)).map(Group::start);
        let next = next.max().unwrap_or(Timestamp::MIN).max(self.graves.replaced_by(hash));
        let replaced = |group: &Group| group.last.plus_micros(CLOCKS_APART) < next;
        let early = |group: &Group| focus.is_long_before(group.last) && (group.deleted || replaced(group));
        let late = |group: &Group| focus.is_after(group.first) && group.stamp.is_none_or(|at| focus.is_after(at));
        let (early, rest): (Vec<Group>, Vec<Group>) =
            groups.into_iter().partition(|group| !told_before && early(group) && !is_spared(group));
        let (mut late, mut rest): (Vec<Group>, Vec<Group>) =
            rest.into_iter().partition(|group| !told && late(group) && !is_spared(group));
        let counted = |groups: &[Group]| groups.iter().map(|group| group.places.len()).sum::<usize>();
        let absences = records.entries.iter().filter(|entry| is_absence(entry)).count();
        let others = records.entries.len() - absences - counted(&early) - counted(&late);
        if others > 0 {
            // The first of them may be what an earlier object ends by.
            let first = (0..late.len()).min_by_key(|i| late[*i].order(&records.entries));
            rest.extend(first.map(|i| late.swap_remove(i)));
        }
        for (group, is_late) in early.into_iter().map(|group| (group, false)).chain(late.into_iter().map(|g| (g, true)))
        {
            group.places.iter().for_each(|i| gone[*i] = true);
            let folded = records.folded.remove(&group.uid);
            let entries: Vec<Entry> = group.places.iter().map(|i| records.entries[*i].clone()).collect();
            let told = entries.iter().map(|entry| Told::once(time(entry), entry.stream));
            let told = told.chain(folded.as_ref().and_then(|folded| folded.told)).reduce(Told::and);
            let Some(told) = told else { continue };
            if !self.buried_kinds.contains(&key.kind) {
                self.buried_kinds.insert(key.kind.clone());
            }
            let replaced = (!group.deleted && !is_late).then_some(next);
            let born = self.lay_down(key, entries, folded, replaced, blobs, report);
            let remains = Remains { uid: group.uid, key: hash, told, start: group.start(), is_shown: born.is_some() };
            let born = born.unwrap_or(group.first);
            match is_late {
                false => self.graves.bury_early(remains, (born, group.last)),
                true => {
                    let since = born.min(group.first).min(group.stamp.unwrap_or(born));
                    self.graves.bury_late(remains, since);
                }
            }
        }
        rest
    }

    /// Notes what is to be noted of an object; gives its birth, if any record shows it.
    fn lay_down(
        &mut self,
        key: &ObjectKey,
        entries: Vec<Entry>,
        folded: Option<Folded>,
        replaced: Option<Timestamp>,
        blobs: &Blobs,
        report: &mut Report,
    ) -> Option<Timestamp> {
        let life = lives(entries).into_iter().next()?;
        let draft = timeline::draft(key, life, folded.as_ref(), blobs, report);
        for (at, version) in &draft.unseen_versions {
            report.note(Reason::WritesUnseen, Some(*at), || format!("{key} at {version}"));
        }
        if let (Some(at), None) = (replaced, draft.object.end) {
            report.note(Reason::ReplacedUnseen, Some(at), || key.to_string());
        }
        let all = draft.object.versions.iter().map(|version| &version.metadata);
        self.learn_labels(key, all, &draft.object.versions[0].metadata);
        Some(draft.object.born)
    }

    /// Learns by which labels a pod may be known to be of a Deployment.
    fn learn_labels<'m>(&mut self, key: &ObjectKey, all: impl Iterator<Item = &'m Blob>, first: &Blob) {
        let fingerprints = self.graves.fingerprints();
        let mut before = None;
        for metadata in all {
            if before.replace(metadata) == Some(metadata) {
                continue;
            }
            for reference in owner_references(metadata, &["ReplicaSet"]) {
                let labels = fingerprints.hash(&first.labels());
                self.graves.learn_labels(reference.hash(&key.namespace, fingerprints), labels);
            }
        }
    }

    fn has_spared_owner(&self, key: &ObjectKey, group: &Group, entries: &[Entry]) -> bool {
        let fingerprints = self.graves.fingerprints();
        let below = |metadata: &Blob| {
            let mut references = owner_references(metadata, &["ReplicaSet", "Job"]).into_iter();
            references.any(|reference| self.spared.owners.contains(&reference.hash(&key.namespace, fingerprints)))
        };
        !self.spared.owners.is_empty() && group.places.iter().any(|i| below(&entries[*i].metadata))
    }

    /// When nothing else is left of a key, that a server knew of no such object is no reason to keep it.
    fn bury_absences(&mut self, hash: u64, records: &mut Records) {
        let focus = &self.focus;
        if records.entries.iter().all(|entry| is_absence(entry) && !focus.holds(time(entry))) {
            let graves = &mut self.graves;
            records.entries.retain(|entry| !graves.absent(hash, time(entry), focus));
        }
    }
}

impl Group {
    fn new(uid: Uid, i: usize, entry: &Entry) -> Self {
        let at = time(entry);
        let mut group = Group {
            uid,
            places: Vec::new(),
            first: at,
            last: at,
            stamp: None,
            created: false,
            deleted: false,
            shown: false,
        };
        group.add(i, entry);
        group
    }

    fn add(&mut self, i: usize, entry: &Entry) {
        self.places.push(i);
        (self.first, self.last) = (self.first.min(time(entry)), self.last.max(time(entry)));
        self.stamp = self.stamp.into_iter().chain(entry.created).min();
        self.created |= entry.change == Change::Created;
        self.deleted |= entry.change == Change::Deleted;
        self.shown |= shows_an_object(entry);
    }

    /// It was not born before this.
    fn start(&self) -> Timestamp {
        self.stamp.unwrap_or(self.first).min(self.first)
    }

    /// Which of two came first, as [`lives`] has it.
    fn order(&self, entries: &[Entry]) -> impl Ord + use<> {
        let start = self.stamp.filter(|_| !self.created).unwrap_or(self.first).min(self.first);
        let first = &entries[self.places[0]];
        (start, first.resource_version, first.position)
    }
}

/// Whether a record does not say which object it is of, and is of one.
pub(super) fn is_anonymous(entry: &Entry) -> bool {
    entry.uid.is_none() && entry.change != Change::Absent
}

fn is_absence(entry: &Entry) -> bool {
    entry.uid.is_none() && entry.change == Change::Absent
}

/// A reference to an owner.
struct Reference {
    kind: String,
    name: String,
    uid: String,
}

impl Reference {
    fn hash(&self, namespace: &str, fingerprints: Fingerprints) -> u64 {
        hash_of_reference((&self.kind, &self.name, &self.uid), namespace, fingerprints)
    }
}

/// The references that metadata have to owners of some kinds, of any group.
fn owner_references(metadata: &Blob, kinds: &[&str]) -> Vec<Reference> {
    if !kinds.iter().any(|kind| memchr::memmem::find(metadata.text(), kind.as_bytes()).is_some()) {
        return Vec::new();
    }
    let references = metadata.at(&["ownerReferences"]).and_then(|listed| json::elements(listed).ok());
    let read = |reference: Raw<'_>| {
        let found = json::fields(reference.get(), &["kind", "name", "uid"]).unwrap_or_default();
        let text = |raw: Option<Raw<'_>>| raw.and_then(json::string).unwrap_or_default().into_owned();
        let [kind, name, uid] = found.map(text);
        Reference { kind, name, uid }
    };
    references.into_iter().flatten().map(read).filter(|reference| kinds.contains(&&*reference.kind)).collect()
}

/// The hash of a reference, by its kind, name and uid, from what is in a namespace.
pub(crate) fn hash_of_reference(
    (kind, name, uid): (&str, &str, &str),
    namespace: &str,
    fingerprints: Fingerprints,
) -> u64 {
    fingerprints.hash(&(kind, name, uid, namespace))
}
