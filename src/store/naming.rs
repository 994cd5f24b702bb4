//! What an audit log does not name in full.
//!
//! An event without bodies names a resource, and of one that is not built in only other records tell the kind. A creation
//! with `generateName` of which the answer is not logged leaves the name open: a later record shows it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Entry;
use super::folding::Records;
use super::lives::apart;
use crate::decode::audit::{CLOCKS_APART, EventId, Kinds, TWINS_APART};
use crate::decode::{Change, Telling};
use crate::json;
use crate::model::{GroupKind, ObjectKey, SourceId, Timestamp, same_text};
use crate::report::{Reason, Report};

/// How long, in microseconds, a name may take to show after the creation.
const NAME_SHOWS: i64 = 600_000_000;
/// What the server adds to a generated name (apiserver `storage/names/generate.go`).
const SUFFIX: usize = 5;

/// More resources than that are seldom written all the time.
const USUAL: usize = 16;

/// Records that lack a part of their object's name.
#[derive(Default)]
pub(super) struct Unnamed {
    kinds: Kinds,
    /// Of which kinds the contents are needed.
    needed: BTreeSet<GroupKind>,
    /// The first of what was learned: nearly every record tells of one of these, and nothing new of it.
    usual: Vec<(GroupKind, String, bool)>,
    /// Those of unknown kinds, with their resources.
    of_unknown_kind: Vec<(ObjectKey, String, Entry)>,
    /// Creations under generated names.
    nameless: Vec<(ObjectKey, Entry)>,
}

impl Unnamed {
    /// Learns the kind of a resource, and whether its contents are needed.
    pub fn learn(&mut self, kind: &GroupKind, resource: Option<&str>, needed: bool) {
        let Some(resource) = resource.filter(|_| !kind.kind.is_empty()) else { return };
        let is_same = |usual: &(GroupKind, String, bool)| {
            let (known, of, was_needed) = usual;
            *was_needed == needed
                && same_text(of, resource)
                && same_text(&known.kind, &kind.kind)
                && same_text(&known.group, &kind.group)
        };
        if self.usual.iter().any(is_same) {
            return;
        }
        if self.usual.len() < USUAL {
            self.usual.push((kind.clone(), resource.to_owned(), needed));
        }
        if needed && !self.needed.contains(kind) {
            self.needed.insert(kind.clone());
        }
        self.kinds.learn(kind, resource);
    }

    /// Keeps a record until all is read.
    pub fn keep(&mut self, key: ObjectKey, resource: String, entry: Entry) {
        if key.kind.kind.is_empty() {
            self.of_unknown_kind.push((key, resource, entry));
        } else {
            self.nameless.push((key, entry));
        }
    }

    /// Gives every source its place in the order of the input, and puts all records into that order.
    pub fn reorder(&mut self, place: &dyn Fn(SourceId) -> SourceId) {
        let all = self.of_unknown_kind.iter_mut().map(|(.., entry)| entry);
        all.chain(self.nameless.iter_mut().map(|(_, entry)| entry))
            .for_each(|entry| entry.position.source = place(entry.position.source));
        self.of_unknown_kind.sort_by_key(|(.., entry)| entry.position);
        self.nameless.sort_by_key(|(_, entry)| entry.position);
    }

    /// Gives every record its object, as far as anything tells.
    pub fn settle(&mut self, entries: &mut HashMap<ObjectKey, Records>, report: &mut Report) {
        let mut unknown = BTreeSet::new();
        for (mut key, resource, mut entry) in std::mem::take(&mut self.of_unknown_kind) {
            match self.kinds.learned(&key.kind.group, &resource) {
                Some(kind) => {
                    kind.clone_into(&mut key.kind.kind);
                    entry.wanted = self.needed.contains(&key.kind);
                    if key.name.is_empty() {
                        self.nameless.push((key, entry));
                    } else {
                        entries.entry(key).or_default().push(entry);
                    }
                }
                None if unknown.insert((key.kind.group.clone(), resource.clone())) => {
                    report.note(Reason::KindUnknown, None, || format!("{resource}.{}", key.kind.group));
                }
                None => {}
            }
        }
        name(std::mem::take(&mut self.nameless), entries, report);
    }

    /// Names the kind of a resource, if it is not known and was learned.
    pub fn complete(&self, kind: &mut GroupKind, resource: &str) {
        if kind.kind.is_empty()
            && let Some(known) = self.kinds.learned(&kind.group, resource)
        {
            known.clone_into(&mut kind.kind);
        }
    }

    /// The kinds that were learned.
    pub fn into_kinds(self) -> Kinds {
        self.kinds
    }
}

/// Gives creations the names that show later: those of one prefix in the order of time. They are of one template, so that it
/// matters little which is which.
fn name(mut nameless: Vec<(ObjectKey, Entry)>, entries: &mut HashMap<ObjectKey, Records>, report: &mut Report) {
    if nameless.is_empty() {
        return;
    }
    nameless.sort_by_key(|(_, entry)| (entry.at, entry.position));
    nameless.dedup_by(|(key, again), (first_key, first)| {
        again.event == first.event && again.at == first.at && key == first_key
    });
    let mut shown = names_that_show(&nameless, entries);
    let named = named_creations(&nameless, entries);
    let has_twin = |entry: &Entry| {
        let copies = entry.event.and_then(|event| named.get(&event)).into_iter().flatten();
        matches!(entry.telling, Telling::Nothing(_)) && copies.into_iter().any(|copy| apart(entry, copy) <= TWINS_APART)
    };
    nameless.retain(|(_, entry)| !has_twin(entry));
    for (key, entry) in nameless {
        let prefix = prefix(&entry);
        let names =
            prefix.as_ref().and_then(|prefix| shown.get_mut(&ObjectKey { name: prefix.clone(), ..key.clone() }));
        let at = entry.at.unwrap_or_default();
        // It may show a little earlier by another server's clock.
        let in_time = |shown: Timestamp| at.plus_micros(-CLOCKS_APART) <= shown && shown <= at.plus_micros(NAME_SHOWS);
        let found = names.and_then(|names| {
            let first = names.iter().find(|(shown, _)| in_time(*shown)).cloned()?;
            names.remove(&first);
            Some(first.1)
        });
        match found {
            Some(name) => entries.entry(ObjectKey { name, ..key }).or_default().push(entry),
            None => report.note(Reason::NameUnknown, entry.at, || {
                format!("{} {}/{}…", key.kind, key.namespace, prefix.unwrap_or_default())
            }),
        }
    }
}

/// The creations that are logged once more with a name: by the extension server, where an aggregated API logs twice.
fn named_creations<'a>(
    nameless: &[(ObjectKey, Entry)],
    entries: &'a HashMap<ObjectKey, Records>,
) -> BTreeMap<EventId, Vec<&'a Entry>> {
    let events = nameless.iter().filter_map(|(_, entry)| Some((entry.event?, Vec::new())));
    let mut named: BTreeMap<EventId, Vec<&Entry>> = events.collect();
    let created = entries.values().flat_map(|records| &records.entries).filter(|entry| entry.change == Change::Created);
    for entry in created {
        if let Some(copies) = entry.event.and_then(|event| named.get_mut(&event)) {
            copies.push(entry);
        }
    }
    named
}

/// Which names show first at what time, by the prefixes that are asked for. Objects whose creation is known are none.
fn names_that_show(
    nameless: &[(ObjectKey, Entry)],
    entries: &HashMap<ObjectKey, Records>,
) -> BTreeMap<ObjectKey, BTreeSet<(Timestamp, String)>> {
    let wanted = nameless.iter().filter_map(|(key, entry)| {
        let prefix = prefix(entry)?;
        Some((ObjectKey { name: prefix, ..key.clone() }, BTreeSet::new()))
    });
    let mut shown: BTreeMap<ObjectKey, BTreeSet<(Timestamp, String)>> = wanted.collect();
    let mut keys: Vec<&ObjectKey> = entries.keys().collect();
    keys.sort_unstable();
    for key in keys {
        let cut = key.name.len().saturating_sub(SUFFIX);
        let Some(prefix) = key.name.get(..cut) else { continue };
        let Some(names) = shown.get_mut(&ObjectKey { name: prefix.to_owned(), ..key.clone() }) else { continue };
        let seen = &entries[key].entries;
        let created = seen.iter().any(|entry| entry.change == Change::Created);
        let first = seen.iter().filter_map(|entry| entry.at).min();
        if let (false, Some(first)) = (created, first) {
            names.insert((first, key.name.clone()));
        }
    }
    shown
}

fn prefix(entry: &Entry) -> Option<String> {
    if matches!(entry.telling, Telling::Nothing(_)) {
        return None;
    }
    entry.metadata.at(&["generateName"]).and_then(json::string).map(Cow::into_owned)
}
