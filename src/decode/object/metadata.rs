//! What the `metadata` of an object say.
//!
//! `managedFields` are read for their times where the record has none, and never kept.

use std::borrow::Cow;

use super::Parts;
use crate::blobs::{Blob, Blobs};
use crate::json::{self, Raw, Walk};
use crate::model::{GroupKind, ResourceVersion, Timestamp};

/// `metadata` as they stand in the text.
#[derive(Clone, Debug)]
pub struct RawMetadata<'a> {
    text: Raw<'a>,
    /// The members that are looked at; of what is no object nothing.
    fields: Option<[Option<Raw<'a>>; FIELDS.len()]>,
}

/// The members of `metadata` that are looked at, in the order in which servers write them.
const FIELDS: [&str; 14] = [
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
];

impl<'a> RawMetadata<'a> {
    /// Those that begin here, which are passed over.
    ///
    /// # Errors
    /// Where no value begins, or it has no end.
    pub fn pass(walk: &mut Walk<'a>) -> Result<Self, json::Error> {
        let (text, fields) = walk.read(|walk| walk.fields(&FIELDS))?;
        Ok(RawMetadata { text, fields })
    }

    /// The text.
    pub fn text(&self) -> Raw<'a> {
        self.text
    }
}

/// What the members of `metadata` say that are looked at.
#[derive(Default)]
pub struct Metadata<'a> {
    pub name: Option<Cow<'a, str>>,
    pub namespace: Option<Cow<'a, str>>,
    pub uid: Option<Cow<'a, str>>,
    pub resource_version: Option<ResourceVersion>,
    pub created: Option<Timestamp>,
    pub deletion: Option<Timestamp>,
    pub grace_seconds: Option<i64>,
    pub has_finalizers: bool,
    /// Whether it has `generateName`.
    pub generate_name: bool,
    pub managed_fields: Option<Raw<'a>>,
    /// All of it.
    whole: Option<Raw<'a>>,
    /// What can stay with the object, in the order of [`KEPT_METADATA`].
    pub kept: [Option<Raw<'a>>; KEPT_METADATA.len()],
}

/// The members of `metadata` that a trace can carry, name and namespace aside.
pub const KEPT_METADATA: [&str; 6] =
    ["annotations", "finalizers", "generateName", "labels", "ownerReferences", "selfLink"];
/// Of kinds whose bodies are not needed: what filters and the owner graph use, and what keeps an object that is deleted.
const KEPT_OF_OTHERS: [&str; 3] = ["finalizers", "labels", "ownerReferences"];

impl<'a> Metadata<'a> {
    /// Reads them.
    ///
    /// # Errors
    /// For anything but an object.
    pub fn of(raw: &RawMetadata<'a>) -> Result<Self, json::Error> {
        let [
            name,
            generate_name,
            namespace,
            self_link,
            uid,
            resource_version,
            created,
            deletion,
            grace,
            labels,
            annotations,
            owners,
            finalizers,
            managed_fields,
        ] = match raw.fields {
            Some(fields) => fields,
            None => json::fields(raw.text.get(), &FIELDS)?,
        };
        let text = |value: Option<Raw<'a>>| value.and_then(json::string).filter(|text| !text.is_empty());
        let time = |value: Option<Raw<'a>>| text(value).and_then(|text| Timestamp::parse_rfc3339(&text));
        Ok(Metadata {
            name: text(name),
            namespace: text(namespace),
            uid: text(uid),
            resource_version: text(resource_version).and_then(|text| text.parse().ok()),
            created: time(created),
            deletion: time(deletion),
            grace_seconds: grace.and_then(json::integer),
            has_finalizers: finalizers.is_some_and(|value| !json::is_empty(value)),
            generate_name: text(generate_name).is_some(),
            managed_fields,
            whole: Some(raw.text),
            kept: [annotations, finalizers, generate_name, labels, owners, self_link],
        })
    }

    /// All that stays with an object that is to be shown as it is; without its version, should that be kept apart.
    pub fn shown(&self, version_apart: bool, blobs: &Blobs) -> Result<Blob, serde_json::Error> {
        let mut members = Vec::new();
        if let Some(whole) = self.whole {
            // It was read as an object before.
            let _ = json::each(whole, |key, value| members.push((key, value)));
        }
        let apart = version_apart && self.resource_version.is_some();
        members.retain(|(key, _)| key != "managedFields" && !(apart && key == "resourceVersion"));
        blobs.intern_metadata_members(members.iter().map(|(key, value)| (key.as_ref(), *value)))
    }

    /// What stays with the object: of one whose content is not needed, less.
    pub fn kept(&self, wanted: bool, blobs: &Blobs) -> Result<Blob, serde_json::Error> {
        let members = KEPT_METADATA.into_iter().zip(self.kept).filter_map(|(name, value)| Some((name, value?)));
        blobs.intern_metadata_members(members.filter(|(name, _)| wanted || KEPT_OF_OTHERS.contains(name)))
    }

    /// When the deletion was asked for: the server sets `deletionTimestamp` to that plus the grace period
    /// (apiserver `rest.BeforeDelete`).
    pub fn deletion_request(&self) -> Option<Timestamp> {
        let grace = self.grace_seconds.unwrap_or(0).clamp(0, i64::from(i32::MAX));
        self.deletion.map(|at| at.plus_micros(-grace.saturating_mul(1_000_000)))
    }

    /// A state that no server stores, since reaching it removes the object: nothing is left to wait for
    /// (apiserver `registry/generic/registry/store.go`, `ShouldDeleteDuringUpdate`). A namespace waits for the finalizers of its
    /// spec as well.
    pub fn is_gone(&self, kind: &GroupKind, parts: &Parts<'_>) -> bool {
        self.deletion.is_some() && self.waits_for_nothing(kind, parts)
    }

    pub fn waits_for_nothing(&self, kind: &GroupKind, parts: &Parts<'_>) -> bool {
        let of_spec = || kind.kind == "Namespace" && parts.spec().is_some_and(has_finalizers);
        !self.has_finalizers && self.grace_is_over() && !of_spec()
    }

    pub fn grace_is_over(&self) -> bool {
        self.grace_seconds.unwrap_or(0) == 0
    }

    /// When the writes were that `managedFields` know of.
    pub fn writes(&self) -> Vec<Timestamp> {
        let entries = self.managed_fields.and_then(|raw| json::elements(raw).ok()).unwrap_or_default();
        let time = |entry: Raw<'_>| {
            let [time] = json::fields(entry.get(), &["time"]).ok()?;
            json::string(time?).and_then(|time| Timestamp::parse_rfc3339(&time))
        };
        entries.into_iter().filter_map(time).collect()
    }

    /// Whether every write that `managedFields` know of has the time of the creation: such a body is the created one.
    pub fn is_pristine(&self) -> bool {
        let times = self.writes();
        self.created.is_some() && !times.is_empty() && times.iter().all(|at| Some(*at) == self.created)
    }
}

fn has_finalizers(spec: Raw<'_>) -> bool {
    json::fields(spec.get(), &["finalizers"]).is_ok_and(|[raw]| raw.is_some_and(|raw| !json::is_empty(raw)))
}
