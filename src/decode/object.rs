//! An object as one record shows it.
//!
//! Only the parts that a rule needs are looked into; the body stays the text of the log.

mod metadata;

pub use metadata::KEPT_METADATA;

use std::borrow::Cow;

use metadata::{Metadata, RawMetadata};

use super::audit::event::ObjectReference;
use super::interest::Wanted;
use super::observation::{Change, Facts, Observation, Part, Telling};
use super::{Interest, Item, pod, shorten};
use crate::blobs::{Blob, Blobs};
use crate::json::{self, Members, Raw, Walk};
use crate::model::{GroupKind, ObjectKey, Timestamp, split_api_version};
use crate::report::Reason;

/// Group, version and kind: of an object, or for the items of a typed list, which have none of their own.
#[derive(Clone, Debug)]
pub struct TypeMeta<'a> {
    pub group: Cow<'a, str>,
    pub version: Cow<'a, str>,
    pub kind: Cow<'a, str>,
}

impl<'a> TypeMeta<'a> {
    /// A type as a body has it. An `Err` is what is wrong with it.
    fn read(api_version: Cow<'a, str>, kind: Cow<'a, str>) -> Result<Self, String> {
        let malformed = || format!("`apiVersion: {}` is not of the form group/version", shorten(&api_version, 40));
        let (group, version) = match &api_version {
            Cow::Borrowed(text) => split_api_version(text).map(|(group, version)| (group.into(), version.into())),
            Cow::Owned(text) => {
                split_api_version(text).map(|(group, version)| (group.to_owned().into(), version.to_owned().into()))
            }
        }
        .ok_or_else(malformed)?;
        Ok(TypeMeta { group, version, kind })
    }

    /// As a body has it.
    pub fn api_version(&self) -> Cow<'_, str> {
        match self.group.is_empty() {
            true => Cow::Borrowed(&self.version),
            false => Cow::Owned(format!("{}/{}", self.group, self.version)),
        }
    }

    /// Whether it is that of a body without content.
    pub fn is_partial(&self) -> bool {
        self.kind.starts_with("PartialObjectMetadata") || self.kind == "Table"
    }

    /// The type of the items of a list: its own kind without `List`. `None` for the untyped `v1.List`.
    pub fn of_list(members: &Members<'a>) -> Option<Self> {
        let kind = json::string(members.get("kind")?)?;
        let api_version = json::string(members.get("apiVersion")?)?;
        let kind = kind.strip_suffix("List").filter(|kind| !kind.is_empty())?.to_owned();
        TypeMeta::read(api_version, kind.into()).ok()
    }
}

/// What became of looking at an object.
pub enum Observed {
    /// It was read; with what is to be counted of it.
    Object(Box<Observation>, Vec<(Reason, String)>),
    /// A Table or a PartialObjectMetadata: not the object's content.
    MetadataOnly(String),
}

/// The members of an object that are looked at, and the others as they stand.
#[derive(Clone, Debug, Default)]
pub struct Parts<'a> {
    api_version: Option<Raw<'a>>,
    kind: Option<Raw<'a>>,
    metadata: Option<RawMetadata<'a>>,
    /// Of a pod with what is looked at of it, as its status.
    spec: Option<(Raw<'a>, Option<pod::Spec<'a>>)>,
    status: Option<(Raw<'a>, Option<pod::Status<'a>>)>,
    others: Vec<(Cow<'a, str>, Raw<'a>)>,
}

impl<'a> Parts<'a> {
    /// In the order in which servers write them.
    const FIELDS: [&'static str; 5] = ["kind", "apiVersion", "metadata", "spec", "status"];

    /// Takes an object apart, in one pass over it.
    ///
    /// # Errors
    /// For anything but an object.
    pub fn of(raw: Raw<'a>) -> Result<Self, json::Error> {
        let mut walk = Walk::of(raw.get());
        let parts = Parts::pass(&mut walk)?;
        walk.end()?;
        Ok(parts)
    }

    /// Takes the object apart that begins here, and passes over it.
    ///
    /// # Errors
    /// Where none does, or it is not sound.
    pub fn pass(walk: &mut Walk<'a>) -> Result<Self, json::Error> {
        let (mut parts, mut others) = (Parts::default(), Vec::new());
        let named = |place: usize, walk: &mut Walk<'a>| {
            match place {
                0 => parts.kind = Some(walk.value()?),
                1 => parts.api_version = Some(walk.value()?),
                2 => parts.metadata = Some(RawMetadata::pass(walk)?),
                3 if parts.is_pod() => parts.spec = Some(walk.read(pod::Spec::pass)?),
                3 => parts.spec = Some((walk.value()?, None)),
                _ if parts.is_pod() => parts.status = Some(walk.read(pod::Status::pass)?),
                _ => parts.status = Some((walk.value()?, None)),
            }
            Ok(())
        };
        walk.members(&Self::FIELDS, named, |key, walk| {
            others.push((key.text()?, walk.value()?));
            Ok(())
        })?;
        Ok(Parts { others, ..parts })
    }

    /// Whether it is known to be a pod by now.
    fn is_pod(&self) -> bool {
        self.kind.is_some_and(|kind| kind.get() == "\"Pod\"")
    }

    /// Its `kind`.
    pub fn kind(&self) -> Option<Cow<'a, str>> {
        self.kind.and_then(json::string)
    }

    /// Its `metadata`.
    pub fn metadata(&self) -> Option<Raw<'a>> {
        self.metadata.as_ref().map(RawMetadata::text)
    }

    /// Its `status`.
    pub fn status(&self) -> Option<Raw<'a>> {
        self.status.map(|(text, _)| text)
    }

    /// Its `spec`.
    fn spec(&self) -> Option<Raw<'a>> {
        self.spec.map(|(text, _)| text)
    }

    /// Its `apiVersion`.
    pub fn api_version(&self) -> Option<Cow<'a, str>> {
        self.api_version.and_then(json::string)
    }

    /// A member that is none of an object's usual ones.
    pub fn other(&self, name: &str) -> Option<Raw<'a>> {
        self.others.iter().rev().find(|(key, _)| key == name).map(|(_, value)| *value)
    }

    fn type_meta(&self, defaults: Option<&TypeMeta<'a>>) -> Result<TypeMeta<'a>, String> {
        let filled = |text: &Cow<'_, str>| !text.is_empty();
        let (kind, api_version) = (self.kind().filter(filled), self.api_version().filter(filled));
        let kind = kind.or_else(|| defaults.map(|types| types.kind.clone()));
        let untyped = || "an object without `kind` and `apiVersion`".to_owned();
        match (kind, api_version) {
            (Some(kind), Some(api_version)) => TypeMeta::read(api_version, kind),
            (Some(kind), None) => defaults.map(|types| TypeMeta { kind, ..types.clone() }).ok_or_else(untyped),
            _ => Err(untyped()),
        }
    }

    /// The body but for `apiVersion`, `kind`, `metadata` and `status`.
    fn content(&self, blobs: &Blobs) -> Result<Blob, serde_json::Error> {
        let spec = self.spec().map(|spec| ("spec", spec));
        blobs.intern_members(spec.into_iter().chain(self.others.iter().map(|(key, value)| (key.as_ref(), *value))))
    }
}

/// When the object that a body shows is gone by what the record did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoneTest {
    /// Never: the record says by itself what became of it.
    None,
    /// If its deletion has begun and it waits for nothing.
    Terminating,
    /// The body answers a deletion: if it waits for nothing.
    Deletion,
    /// The body is the object before its deletion, with the grace that was asked for, in seconds: if that waits for nothing.
    Before(Option<i64>),
}

/// How an object is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'s, 'a> {
    /// What has become of it, unless the test says that it is gone.
    pub change: Change,
    /// The record's time.
    pub at: Option<Timestamp>,
    /// Its type, where the body has none.
    pub defaults: Option<&'s TypeMeta<'a>>,
    /// What the request named: name and namespace where the body has none.
    pub reference: Option<&'s ObjectReference<'a>>,
    /// The type of an object of which the body is the metadata.
    pub metadata_of: Option<&'s TypeMeta<'a>>,
    /// When it is gone.
    pub gone: GoneTest,
}

impl Sight<'_, '_> {
    /// As a record shows it that has nothing beside the object.
    pub fn plain(change: Change, at: Option<Timestamp>) -> Self {
        let gone = if change == Change::Bare { GoneTest::Terminating } else { GoneTest::None };
        Sight { change, at, defaults: None, reference: None, metadata_of: None, gone }
    }
}

/// Reads one object. An `Err` is what is wrong with the record.
pub fn observe<'a>(
    parts: &Parts<'a>,
    sight: Sight<'_, 'a>,
    interest: &Interest,
    blobs: &Blobs,
) -> Result<Observed, String> {
    let types = match sight.metadata_of {
        Some(types) => types.clone(),
        None => parts.type_meta(sight.defaults)?,
    };
    if types.is_partial() {
        return Ok(Observed::MetadataOnly(types.kind.into_owned()));
    }
    let wanted = interest.wants(&types.group, &types.kind, &types.version);
    let kind = GroupKind::new(types.group, types.kind);
    let raw_metadata = parts.metadata.as_ref().ok_or_else(|| format!("a {kind} without `metadata`"))?;
    let metadata = Metadata::of(raw_metadata).map_err(|error| format!("a {kind} with bad `metadata`: {error}"))?;
    let key = key(kind, &metadata, sight.reference)?;
    let mut notes = Vec::new();
    if let (Wanted::At(tracked), None) = (&wanted, sight.metadata_of) {
        let api_version = parts.api_version().unwrap_or_default();
        notes.push((Reason::OtherVersion, format!("{key} seen as {api_version}, tracked as {tracked}")));
    }
    let (change, at) = (change(&sight, &key.kind, parts, &metadata), sight.at);
    let facts = facts(&key, parts, &metadata, &mut notes);
    let needed = !matches!(wanted, Wanted::No | Wanted::Aside);
    let wanted = matches!(wanted, Wanted::Yes | Wanted::Aside);
    let shown = wanted && sight.metadata_of.is_none();
    let bodies = Bodies::of(parts, &metadata, (wanted, shown), interest, blobs);
    let (bodies, unkept) = match bodies {
        Ok(bodies) => (bodies, None),
        Err(error) => (Bodies::none(blobs), Some(error.to_string().into())),
    };
    let observation = Observation {
        resource: sight.reference.map(|reference| reference.resource.clone().into_owned()),
        version: types.version.into_owned(),
        uid: metadata.uid.as_deref().map(|uid| blobs.uid(uid)),
        resource_version: metadata.resource_version,
        base: None,
        at,
        evidence: at.is_none().then(|| evidence(parts, &metadata, change)).flatten(),
        pristine: at.is_none() && metadata.is_pristine(),
        created: metadata.created,
        change,
        held: metadata.deletion.is_some() && metadata.grace_is_over(),
        wanted: needed,
        telling: if sight.metadata_of.is_some() { Telling::Metadata } else { Telling::Whole },
        part: if sight.change == Change::Listed { Part::Nothing } else { Part::Whole },
        event: None,
        metadata: bodies.metadata,
        content: bodies.content,
        status: bodies.status,
        unkept,
        facts,
        trace_event: None,
        writer: None,
        key,
    };
    Ok(Observed::Object(Box::new(observation), notes))
}

/// The bodies of one object.
struct Bodies {
    metadata: Blob,
    content: Option<Blob>,
    status: Option<Blob>,
}

impl Bodies {
    /// `wanted`: all that is kept of the metadata; `shown`: the content and, where it is wanted, the status too.
    fn of(
        parts: &Parts<'_>,
        metadata: &Metadata<'_>,
        (wanted, shown): (bool, bool),
        interest: &Interest,
        blobs: &Blobs,
    ) -> Result<Self, serde_json::Error> {
        let status = parts.status().filter(|_| shown && interest.with_status);
        let all = wanted && interest.all_metadata;
        Ok(Bodies {
            metadata: if all {
                metadata.shown(interest.versions_apart, blobs)?
            } else {
                metadata.kept(wanted, blobs)?
            },
            content: shown.then(|| parts.content(blobs)).transpose()?,
            status: status.map(|status| blobs.intern(status.get().as_bytes())).transpose()?,
        })
    }

    fn none(blobs: &Blobs) -> Self {
        Bodies { metadata: blobs.empty(), content: None, status: None }
    }
}

fn key(kind: GroupKind, metadata: &Metadata<'_>, reference: Option<&ObjectReference<'_>>) -> Result<ObjectKey, String> {
    let named = reference.map(|reference| &*reference.name).filter(|name| !name.is_empty());
    let name = match metadata.name.as_deref().or(named) {
        Some(name) => name.to_owned(),
        // The server was to generate it.
        None if reference.is_some() && metadata.generate_name => String::new(),
        None => return Err(format!("a {kind} without `metadata.name`")),
    };
    // Of a namespace some servers write its own name in the place of its namespace.
    let of_request = reference.filter(|_| !kind.is("", "Namespace")).map(|reference| &*reference.namespace);
    let namespace = metadata.namespace.as_deref().or(of_request).unwrap_or_default().to_owned();
    Ok(ObjectKey { kind, namespace, name })
}

fn change(sight: &Sight<'_, '_>, kind: &GroupKind, parts: &Parts<'_>, metadata: &Metadata<'_>) -> Change {
    let gone = match sight.gone {
        GoneTest::None => false,
        GoneTest::Terminating => metadata.is_gone(kind, parts),
        GoneTest::Deletion => metadata.waits_for_nothing(kind, parts),
        GoneTest::Before(grace) => {
            let has_grace = kind.kind == "Pod" && pod::has_grace(parts.spec(), parts.status(), grace);
            !has_grace && metadata.waits_for_nothing(kind, parts)
        }
    };
    if gone { Change::Deleted } else { sight.change }
}

fn facts(key: &ObjectKey, parts: &Parts<'_>, metadata: &Metadata<'_>, notes: &mut Vec<(Reason, String)>) -> Facts {
    let facts = match (key.kind.group.as_str(), key.kind.kind.as_str()) {
        ("", "Pod") => pod::facts(parts.status, parts.spec, metadata.deletion.is_some()).map(Facts::Pod),
        ("batch", "Job") => parts.status().map_or(Ok(Facts::None), |status| pod::job_facts(status).map(Facts::Job)),
        _ => Ok(Facts::None),
    };
    facts.unwrap_or_else(|error| {
        notes.push((Reason::StatusUnreadable, format!("{key}: {error}")));
        Facts::None
    })
}

/// The latest moment that a body proves to have passed: the server's own marks, then what controllers and kubelets wrote.
fn evidence(parts: &Parts<'_>, metadata: &Metadata<'_>, change: Change) -> Option<Timestamp> {
    let writes = metadata.writes().into_iter().max();
    let deletion = (change == Change::Deleted || metadata.deletion.is_some()).then(|| metadata.deletion_request());
    let status = parts.status().and_then(pod::latest_time);
    [metadata.created, writes, deletion.flatten(), status].into_iter().flatten().max()
}

/// A bookmark's object has a kind and a resourceVersion, and no name.
pub fn bookmark(raw: Raw<'_>, at: Option<Timestamp>) -> Result<Item, String> {
    let parts = Parts::of(raw).map_err(|error| format!("the bookmark's object is no JSON object: {error}"))?;
    let types = parts.type_meta(None).map_err(|problem| format!("a bookmark: {problem}"))?;
    let metadata =
        parts.metadata.as_ref().map(Metadata::of).transpose().map_err(|e| e.to_string())?.unwrap_or_default();
    let [annotations, ..] = metadata.kept;
    let ends = |annotations: Raw<'_>| {
        let [ends] = json::fields(annotations.get(), &["k8s.io/initial-events-end"]).ok()?;
        json::string(ends?).map(|value| value == "true")
    };
    let initial_end = annotations.and_then(ends).unwrap_or(false);
    let kind = GroupKind::new(types.group, types.kind);
    Ok(Item::Bookmark { kind, resource_version: metadata.resource_version, initial_end, at })
}
