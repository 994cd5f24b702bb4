//! From what records tell of an object to its versions: bodies as they are, requests as far as they go.
//!
//! Most records have the object as the server answered it. Where a log has less (a patch without its result, a creation as
//! it was asked for, nothing at all), the version is put together from what is known of the object before, and says so in its
//! [`Quality`]. And what one record leaves open a later one tells: a body that was read, or that came with a change of the
//! status alone, has the content that the last change of the content left.

use serde_json::{Map, Value};

use super::admission;
use super::history::{Quality, Version};
use super::sightings::Sighting;
use super::{ApiVersionId, Entry};
use crate::blobs::{Blob, Blobs};
use crate::decode::{Change, Facts, KEPT_METADATA, Part, Patch, Telling, Why};
use crate::model::ObjectKey;
use crate::patch::{self, Dialect};
use crate::report::{Reason, Report};

/// What is known of an object at a time.
#[derive(Clone)]
struct State {
    metadata: Blob,
    /// Whether no record has shown the metadata yet.
    unlabelled: bool,
    content: Option<Blob>,
    status: Option<Blob>,
    api_version: ApiVersionId,
    facts: Facts,
    quality: Quality,
    /// How well all but the content is known: the status, and what a server writes to the metadata.
    rest: Quality,
    /// Who made it.
    writer: Option<Blob>,
}

impl State {
    /// What a body by itself tells.
    fn of(entry: &Entry) -> Self {
        State {
            metadata: entry.metadata.clone(),
            unlabelled: false,
            content: entry.content.clone(),
            status: entry.status.clone(),
            api_version: entry.api_version,
            facts: entry.facts.get(),
            quality: Quality::Exact,
            rest: Quality::Exact,
            writer: entry.writer(),
        }
    }

    /// How well the content is known that a patch makes of it.
    fn quality_after(&self, patch: &Patch, content: &Option<Blob>) -> Quality {
        let certain = patch.exact || *content == self.content;
        if certain { self.quality } else { self.quality.or(Quality::Approximate) }
    }
}

/// Gives every sighting, which are in order, its version.
pub(super) fn versions(key: &ObjectKey, sightings: Vec<Sighting>, blobs: &Blobs, report: &mut Report) -> Vec<Version> {
    let mut states: Vec<State> = Vec::with_capacity(sightings.len());
    for sighting in &sightings {
        let mut step = Step { key, entry: &sighting.entry, before: states.last(), blobs, report };
        let after = step.after();
        states.push(after);
    }
    learn_from_later(&sightings, &mut states, blobs);
    carry_metadata(&mut states);
    carry_content(&mut states);
    sightings.into_iter().zip(states).map(|(sighting, state)| version(sighting, state)).collect()
}

fn version(sighting: Sighting, state: State) -> Version {
    Version {
        at: sighting.at,
        resource_version: sighting.entry.resource_version,
        metadata: state.metadata,
        content: state.content,
        api_version: state.api_version,
        status: state.status,
        facts: state.facts.into(),
        quality: state.quality,
        whole: state.quality.or(state.rest),
        writer: state.writer,
        place: sighting.place,
    }
}

/// One record, and what was known before it.
struct Step<'a> {
    key: &'a ObjectKey,
    entry: &'a Entry,
    before: Option<&'a State>,
    blobs: &'a Blobs,
    report: &'a mut Report,
}

impl Step<'_> {
    fn after(&mut self) -> State {
        let state = match &self.entry.telling {
            Telling::Whole => self.shown(),
            Telling::Metadata => State { metadata: self.entry.metadata.clone(), unlabelled: false, ..self.carried() },
            Telling::Requested => self.requested(),
            Telling::Patch(patch) => self.patched(patch),
            Telling::Nothing(why) => self.untold(*why),
        };
        // The server notes in the status of a pod that it was bound.
        let rest = if self.entry.part == Part::Node { state.rest.or(Quality::Approximate) } else { state.rest };
        State { rest, writer: self.entry.writer(), ..state }
    }

    fn shown(&self) -> State {
        let Entry { metadata, content, .. } = self.entry;
        match (content, self.before) {
            // A body at another version has no content that could be written.
            (None, Some(before)) => {
                let facts = self.entry.facts.get();
                State { metadata: metadata.clone(), unlabelled: false, facts, ..before.clone() }
            }
            _ => State::of(self.entry),
        }
    }

    /// What was known before, with what this record tells of the object's course.
    fn carried(&self) -> State {
        match self.before {
            Some(before) => State { facts: self.entry.facts.get().over(before.facts), ..before.clone() },
            None => State { unlabelled: true, rest: Quality::Stale, ..State::of(self.entry) },
        }
    }

    fn requested(&mut self) -> State {
        let mut shown = self.shown();
        if self.entry.change == Change::Created {
            if self.key.kind.is("", "Pod") {
                shown.content = shown.content.map(|content| self.admitted(content));
            }
            return State { quality: Quality::Approximate, rest: Quality::Approximate, ..shown };
        }
        let Some(before) = self.before else {
            return State { quality: Quality::Approximate, rest: Quality::Approximate, ..shown };
        };
        let facts = self.entry.facts.get().over(before.facts);
        let known = before.quality == Quality::Exact && before.content == shown.content;
        match self.entry.part {
            // Made upon a version that had to be the latest: the client had read what is there.
            Part::Status => State { facts, quality: Quality::Exact, status: shown.status, ..shown },
            _ if known => State { facts, quality: Quality::Exact, rest: before.rest, ..shown },
            _ => State {
                facts,
                quality: Quality::Approximate,
                rest: before.rest,
                status: before.status.clone(),
                ..shown
            },
        }
    }

    fn admitted(&mut self, content: Blob) -> Blob {
        let mut whole = content.object();
        admission::pod(&mut whole);
        self.blobs.intern_value(&Value::Object(whole)).unwrap_or(content)
    }

    fn patched(&mut self, patch: &Patch) -> State {
        let carried = self.carried();
        let nothing_known = self.before.is_none();
        let Ok(text) = serde_json::from_slice::<Value>(&patch.text) else { return self.unapplied(carried) };
        if text.as_object().is_some_and(Map::is_empty) {
            return self.with_status_unknown(carried);
        }
        if nothing_known && patch.exact {
            return carried;
        }
        if nothing_known && !(patch.dialect == Dialect::Apply && text.get("spec").is_some()) {
            return self.unapplied(carried);
        }
        self.lay(text, patch, &carried).unwrap_or_else(|| self.unapplied(carried))
    }

    /// What is known once a merge patch is laid over the content, and over nothing else: so does a binding, of which there is one
    /// for every pod. `None` where it is another patch.
    fn merged(&self, text: &Value, patch: &Patch, base: &State) -> Option<State> {
        let content = base.content.as_ref().filter(|_| patch.dialect == Dialect::Merge)?;
        if self.entry.part == Part::Status || base.metadata.at(&["resourceVersion"]).is_some() {
            return None;
        }
        let content = Some(self.blobs.intern_canonical(patch::merge_content(content.text(), text)?));
        Some(State { quality: base.quality_after(patch, &content), content, ..base.clone() })
    }

    /// Applies a patch. `None` where it does not go with what is known.
    fn lay(&self, mut text: Value, patch: &Patch, base: &State) -> Option<State> {
        if let Some(merged) = self.merged(&text, patch, base) {
            return Some(merged);
        }
        let mut whole = Map::new();
        if let Some(content) = &base.content {
            whole = content.object();
        }
        let known = base.metadata.object();
        let of_server: Vec<_> = known.iter().filter(|(name, _)| is_of_server(name)).map(owned).collect();
        whole.insert("metadata".into(), Value::Object(known));
        if let Some(status) = &base.status {
            whole.insert("status".into(), Value::Object(status.object()));
        }
        let full = patch.dialect == Dialect::Apply && text.get("spec").is_some();
        let has_content = base.content.is_some() || (full && self.before.is_none());
        if !has_content {
            patch::keep_metadata(&mut text);
        }
        let mut whole = Value::Object(whole);
        patch::apply(&mut whole, &text, patch.dialect, &self.key.kind).ok()?;
        let Value::Object(mut whole) = whole else { return None };
        let status = whole.remove("status");
        let mut metadata = whole.remove("metadata").unwrap_or_default();
        if let Value::Object(members) = &mut metadata {
            members.retain(|name, _| KEPT_METADATA.contains(&name.as_str()));
            members.extend(of_server);
        }
        whole.retain(|name, _| name != "apiVersion" && name != "kind");
        let status_only = self.entry.part == Part::Status;
        let content = match &base.content {
            Some(content) if status_only => Some(content.clone()),
            _ if has_content => Some(self.blobs.intern_value(&Value::Object(whole)).ok()?),
            _ => None,
        };
        let rest = if status.is_some() && base.status.is_none() { Quality::Stale } else { base.rest };
        let status = match status {
            Some(status) if base.status.is_some() => Some(self.blobs.intern_value(&status).ok()?),
            _ => base.status.clone(),
        };
        let metadata = self.blobs.intern_metadata_value(metadata).ok()?;
        let quality = base.quality_after(patch, &content);
        Some(State { metadata, content, status, quality, rest, ..base.clone() })
    }

    /// A patch that does not go with what is known.
    fn unapplied(&mut self, carried: State) -> State {
        if self.entry.wanted {
            self.report.note(Reason::PatchWithoutBase, self.entry.at, || self.key.to_string());
        }
        if self.entry.part == Part::Whole {
            State { quality: Quality::Stale, ..carried }
        } else {
            self.with_status_unknown(carried)
        }
    }

    /// The status was written, and no record shows how.
    fn with_status_unknown(&self, carried: State) -> State {
        if self.entry.part == Part::Status { State { rest: Quality::Stale, ..carried } } else { carried }
    }

    fn untold(&mut self, why: Why) -> State {
        let carried = self.carried();
        let created = self.entry.change == Change::Created;
        let course = matches!((&*self.key.kind.group, &*self.key.kind.kind), ("", "Pod") | ("batch", "Job"));
        let matters = self.entry.part == Part::Whole || course;
        if matters && self.entry.wanted && why == Why::NotLogged {
            let reason = if created { Reason::CreatedWithoutBody } else { Reason::WrittenWithoutBody };
            self.report.note(reason, self.entry.at, || self.key.to_string());
        }
        if created || self.entry.part != Part::Whole {
            self.with_status_unknown(carried)
        } else {
            State { quality: Quality::Stale, ..carried }
        }
    }
}

impl Quality {
    /// The worse of two.
    fn or(self, other: Quality) -> Quality {
        if self == Quality::Exact { other } else { self }
    }
}

/// A version that is not known exactly has the content of the next body, if nothing wrote to the content in between.
fn learn_from_later(sightings: &[Sighting], states: &mut [State], blobs: &Blobs) {
    for i in (1..states.len()).rev() {
        let (earlier, later) = states.split_at_mut(i);
        let (Some(earlier), later, entry) = (earlier.last_mut(), &later[0], &sightings[i].entry) else { continue };
        let shows = later.content.is_some() && later.quality == Quality::Exact && entry.part != Part::Whole;
        let open = earlier.quality != Quality::Exact || earlier.content.is_none();
        if shows && open && sightings[i - 1].entry.event.is_some() {
            (earlier.content, earlier.api_version, earlier.quality) =
                (later.content.clone(), later.api_version, Quality::Exact);
            earlier.metadata = as_admitted(&earlier.metadata, &later.metadata, blobs);
        }
        // Nobody wrote anything before it was read.
        if shows && earlier.rest != Quality::Exact && entry.part == Part::Nothing {
            (earlier.status, earlier.rest) = (later.status.clone(), later.rest);
        }
    }
}

/// What a server adds when the deletion is asked for (apiserver `registry/generic/registry/store.go`, `deletionFinalizersForGarbageCollection`).
const ADDED_BY_DELETION: [&str; 2] = ["foregroundDeletion", "orphan"];

/// Labels, owners and finalizers of the later metadata, which a server may have added to what was asked for; annotations of
/// the earlier, since controllers write those with the status.
fn as_admitted(earlier: &Blob, later: &Blob, blobs: &Blobs) -> Blob {
    let (asked, mut there) = (earlier.object(), later.object());
    match asked.get("annotations") {
        Some(annotations) => there.insert("annotations".into(), annotations.clone()),
        None => there.remove("annotations"),
    };
    if let Some(Value::Array(finalizers)) = there.get_mut("finalizers") {
        let asked_for = asked.get("finalizers").and_then(Value::as_array);
        let is_new = |finalizer: &Value| asked_for.is_none_or(|asked| !asked.contains(finalizer));
        let by_deletion = |finalizer: &Value| finalizer.as_str().is_some_and(|name| ADDED_BY_DELETION.contains(&name));
        finalizers.retain(|finalizer| !(by_deletion(finalizer) && is_new(finalizer)));
        if finalizers.is_empty() {
            there.remove("finalizers");
        }
    }
    blobs.intern_metadata_value(Value::Object(there)).unwrap_or_else(|_| earlier.clone())
}

/// Before the first known labels and owners an object had those: without them it would pass for one that nothing owns.
fn carry_metadata(states: &mut [State]) {
    let Some(first) = states.iter().position(|state| !state.unlabelled) else { return };
    let known = states[first].metadata.clone();
    states[..first].iter_mut().for_each(|state| state.metadata = known.clone());
}

/// A body at another version, or none, has no content of its own: the latest known holds on, and before the first known one
/// that one.
fn carry_content(states: &mut [State]) {
    let body = |state: &State| (state.content.clone(), state.api_version, state.status.clone());
    let Some(first) = states.iter().find(|state| state.content.is_some()) else { return };
    let mut known = body(first);
    for state in states {
        match state.content {
            Some(_) => known = body(state),
            None => {
                (state.content, state.api_version, state.status) = known.clone();
                state.rest = state.rest.or(Quality::Stale);
            }
        }
    }
}

/// Whether a member of `metadata` is what a server alone writes, and stays whatever is asked for. The version does not.
fn is_of_server(name: &str) -> bool {
    !KEPT_METADATA.contains(&name) && name != "resourceVersion"
}

fn owned((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}
