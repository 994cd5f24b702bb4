//! An object as one record shows it.
//!
//! Only the parts that a rule needs are looked into; the body stays the text of the log. `managedFields` is read for its
//! times where the record has none, and never kept.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::pod::{self, PodFacts};
use super::{Item, shorten};
use crate::json::{self, Members};
use crate::model::{GroupKind, Gvk, ObjectKey, ResourceVersion, Timestamp, split_api_version};
use crate::report::Reason;

/// What a record says has become of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It is there: new, or told again at the start of a watch.
    Added,
    /// It has changed.
    Modified,
    /// It is there, as a list says.
    Listed,
    /// It was shown without a word of what became of it.
    Bare,
    /// It stands in the starting state of a trace, or is applied in one of its events.
    Applied,
    /// It is gone; the body is its last state.
    Deleted,
}

/// One observation of an object.
#[derive(Clone, Debug)]
pub struct Observation {
    /// Kind, namespace, name.
    pub key: ObjectKey,
    /// The API version of the body, without the group.
    pub version: String,
    /// The object's uid; a trace has none.
    pub uid: Option<String>,
    /// `metadata.resourceVersion` where it is decimal and fits: versions of one object are ordered by it.
    pub resource_version: Option<ResourceVersion>,
    /// The recorder's time.
    pub at: Option<Timestamp>,
    /// The latest moment that the body itself proves, where the record has no time.
    pub evidence: Option<Timestamp>,
    /// Whether the body proves, by its `managedFields`, that nobody has written to the object since its creation.
    pub pristine: bool,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// What became of it.
    pub change: Change,
    /// A JSON object of the members of `metadata` that are kept.
    pub metadata: Vec<u8>,
    /// A JSON object of the body but for `apiVersion`, `kind`, `metadata` and `status`; `None` where it is not needed, or is
    /// not at the tracked version.
    pub content: Option<Vec<u8>>,
    /// The text of `status`, where it is wanted.
    pub status: Option<Vec<u8>>,
    /// What its status says of its course.
    pub facts: Facts,
    /// The number of its event, where a trace tells of it.
    pub trace_event: Option<u64>,
}

/// What a status says of an object's course; only of the kinds where that matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Facts {
    /// Nothing that matters.
    #[default]
    None,
    /// Of a pod.
    Pod(PodFacts),
    /// Of a Job.
    Job(JobFacts),
}

/// Whether a Job is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobFacts {
    /// Whether it completed or failed.
    pub over: bool,
    /// When, in Unix seconds, as its condition says.
    pub over_at: Option<i64>,
}

/// Which bodies are needed: of which kinds, and at which version.
#[derive(Clone, Debug, Default)]
pub struct Interest {
    tracked: BTreeMap<GroupKind, String>,
    besides: BTreeMap<GroupKind, String>,
    everything: bool,
    with_status: bool,
}

impl Interest {
    /// The bodies of what is tracked, and of some kinds `besides` of which it is no loss when a body has another version;
    /// `with_status` also keeps the `status` of bodies.
    pub fn new(
        tracked: impl IntoIterator<Item = Gvk>,
        besides: impl IntoIterator<Item = Gvk>,
        with_status: bool,
    ) -> Self {
        let by_kind = |gvk: Gvk| (gvk.group_kind(), gvk.version);
        let tracked = tracked.into_iter().map(by_kind).collect();
        let besides = besides.into_iter().map(by_kind).collect();
        Interest { tracked, besides, everything: false, with_status }
    }

    /// Every body, with its status.
    pub fn everything() -> Self {
        Interest { everything: true, with_status: true, ..Interest::default() }
    }

    fn wants(&self, kind: &GroupKind, version: &str) -> Wanted<'_> {
        match self.tracked.get(kind) {
            _ if self.everything => Wanted::Yes,
            Some(tracked) if tracked == version => Wanted::Yes,
            Some(tracked) => Wanted::At(tracked),
            None if self.besides.get(kind).is_some_and(|wanted| wanted == version) => Wanted::Yes,
            None => Wanted::No,
        }
    }
}

#[derive(PartialEq)]
enum Wanted<'a> {
    No,
    Yes,
    /// It is tracked, at this version and not at the one it has.
    At(&'a str),
}

/// `apiVersion` and `kind` for the items of a typed list, which have none of their own.
#[derive(Clone, Debug)]
pub struct TypeMeta {
    api_version: String,
    kind: String,
}

impl TypeMeta {
    /// The type of the items of a list: its own kind without `List`. `None` for the untyped `v1.List`.
    pub fn of_list(members: &Members<'_>) -> Option<Self> {
        let kind = json::string(members.get("kind")?)?;
        let api_version = json::string(members.get("apiVersion")?)?.into_owned();
        let kind = kind.strip_suffix("List")?.to_owned();
        (!kind.is_empty()).then_some(TypeMeta { api_version, kind })
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
#[derive(Default)]
struct Parts<'a> {
    api_version: Option<&'a RawValue>,
    kind: Option<&'a RawValue>,
    metadata: Option<&'a RawValue>,
    status: Option<&'a RawValue>,
    content: Vec<(String, &'a RawValue)>,
}

impl<'a> Parts<'a> {
    fn of(raw: &'a RawValue) -> Result<Self, json::Error> {
        let mut parts = Parts::default();
        for (key, value) in json::members(raw)? {
            match key.as_ref() {
                "apiVersion" => parts.api_version = Some(value),
                "kind" => parts.kind = Some(value),
                "metadata" => parts.metadata = Some(value),
                "status" => parts.status = Some(value),
                _ => parts.content.push((key.into_owned(), value)),
            }
        }
        Ok(parts)
    }

    fn type_meta(&self, defaults: Option<&TypeMeta>) -> Option<TypeMeta> {
        let text = |raw: Option<&RawValue>| {
            raw.and_then(json::string).filter(|text| !text.is_empty()).map(|text| text.into_owned())
        };
        let kind = text(self.kind).or_else(|| defaults.map(|d| d.kind.clone()))?;
        let api_version = text(self.api_version).or_else(|| defaults.map(|d| d.api_version.clone()))?;
        Some(TypeMeta { api_version, kind })
    }

    fn spec(&self) -> Option<&'a RawValue> {
        self.content.iter().rev().find(|(key, _)| key == "spec").map(|(_, value)| *value)
    }
}

/// The members of `metadata` that are looked at.
#[derive(Default)]
struct Metadata<'a> {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<ResourceVersion>,
    created: Option<Timestamp>,
    deletion: Option<Timestamp>,
    grace_seconds: Option<i64>,
    has_finalizers: bool,
    managed_fields: Option<&'a RawValue>,
    /// What stays with the object: labels, annotations, owners, finalizers.
    kept: Vec<(&'static str, &'a RawValue)>,
}

/// The members of `metadata` that a trace can carry, name and namespace aside.
const KEPT_OF_TRACKED: [&str; 6] =
    ["annotations", "finalizers", "generateName", "labels", "ownerReferences", "selfLink"];
/// Of kinds whose bodies are not needed: what filters and the owner graph use.
const KEPT_OF_OTHERS: [&str; 2] = ["labels", "ownerReferences"];

impl<'a> Metadata<'a> {
    fn of(raw: &'a RawValue, kept: &[&'static str]) -> Result<Self, json::Error> {
        let mut out = Metadata::default();
        let text = |value: &RawValue| json::string(value).filter(|text| !text.is_empty()).map(|text| text.into_owned());
        let time = |value: &RawValue| json::string(value).and_then(|text| Timestamp::parse_rfc3339(&text));
        for (key, value) in json::members(raw)? {
            match key.as_ref() {
                "name" => out.name = text(value),
                "namespace" => out.namespace = text(value),
                "uid" => out.uid = text(value),
                "resourceVersion" => out.resource_version = text(value).and_then(|text| text.parse().ok()),
                "creationTimestamp" => out.created = time(value),
                "deletionTimestamp" => out.deletion = time(value),
                "deletionGracePeriodSeconds" => out.grace_seconds = json::integer(value),
                "managedFields" => out.managed_fields = Some(value),
                _ => {}
            }
            if key == "finalizers" {
                out.has_finalizers = !json::is_empty(value);
            }
            if let Some(name) = kept.iter().find(|name| **name == key) {
                out.kept.push((name, value));
            }
        }
        Ok(out)
    }

    /// When the deletion was asked for: the server sets `deletionTimestamp` to that plus the grace period
    /// (apiserver `rest.BeforeDelete`).
    fn deletion_request(&self) -> Option<Timestamp> {
        let grace = self.grace_seconds.unwrap_or(0).clamp(0, i64::from(i32::MAX));
        self.deletion.map(|at| at.plus_micros(-grace.saturating_mul(1_000_000)))
    }

    /// A state that no server stores, since reaching it removes the object: nothing is left to wait for.
    fn is_gone(&self) -> bool {
        self.deletion.is_some() && !self.has_finalizers && self.grace_seconds.unwrap_or(0) == 0
    }
}

/// Reads one object. An `Err` is what is wrong with the record.
pub fn observe(
    raw: &RawValue,
    change: Change,
    at: Option<Timestamp>,
    defaults: Option<&TypeMeta>,
    interest: &Interest,
) -> Result<Observed, String> {
    let parts = Parts::of(raw).map_err(|error| format!("the object is no JSON object: {error}"))?;
    let types = parts.type_meta(defaults).ok_or("an object without `kind` and `apiVersion`")?;
    if types.kind == "Table" || types.kind.starts_with("PartialObjectMetadata") {
        return Ok(Observed::MetadataOnly(types.kind));
    }
    let (group, version) = split_api_version(&types.api_version)
        .ok_or_else(|| format!("`apiVersion: {}` is not of the form group/version", shorten(&types.api_version, 40)))?;
    let kind = GroupKind::new(group, types.kind.clone());
    let wanted = interest.wants(&kind, version);
    let kept: &[&str] = if wanted == Wanted::Yes { &KEPT_OF_TRACKED } else { &KEPT_OF_OTHERS };
    let raw_metadata = parts.metadata.ok_or_else(|| format!("a {kind} without `metadata`"))?;
    let metadata =
        Metadata::of(raw_metadata, kept).map_err(|error| format!("a {kind} with bad `metadata`: {error}"))?;
    let name = metadata.name.clone().ok_or_else(|| format!("a {kind} without `metadata.name`"))?;
    let key = ObjectKey { kind, namespace: metadata.namespace.clone().unwrap_or_default(), name };
    let mut notes = Vec::new();
    if let Wanted::At(tracked) = wanted {
        notes.push((Reason::OtherVersion, format!("{key} seen as {}, tracked as {tracked}", types.api_version)));
    }
    let facts = facts(&key, &parts, &metadata, &mut notes);
    let wanted = wanted == Wanted::Yes;
    let observation = Observation {
        version: version.to_owned(),
        uid: metadata.uid.clone(),
        resource_version: metadata.resource_version,
        at,
        evidence: at.is_none().then(|| evidence(&parts, &metadata, change)).flatten(),
        pristine: at.is_none() && is_pristine(&metadata),
        created: metadata.created,
        change: if change == Change::Bare && metadata.is_gone() { Change::Deleted } else { change },
        content: wanted.then(|| object_text(&parts.content)),
        status: parts.status.filter(|_| wanted && interest.with_status).map(|s| s.get().as_bytes().to_vec()),
        metadata: object_text(&metadata.kept),
        facts,
        trace_event: None,
        key,
    };
    Ok(Observed::Object(Box::new(observation), notes))
}

fn facts(key: &ObjectKey, parts: &Parts<'_>, metadata: &Metadata<'_>, notes: &mut Vec<(Reason, String)>) -> Facts {
    let facts = match (key.kind.group.as_str(), key.kind.kind.as_str()) {
        ("", "Pod") => pod::facts(parts.status, parts.spec(), metadata.deletion.is_some()).map(Facts::Pod),
        ("batch", "Job") => parts.status.map_or(Ok(Facts::None), |status| pod::job_facts(status).map(Facts::Job)),
        _ => Ok(Facts::None),
    };
    facts.unwrap_or_else(|error| {
        notes.push((Reason::StatusUnreadable, format!("{key}: {error}")));
        Facts::None
    })
}

/// A JSON object of these members, as they stand in the log.
fn object_text<K: AsRef<str>>(members: &[(K, &RawValue)]) -> Vec<u8> {
    let size = members.iter().map(|(key, value)| key.as_ref().len() + value.get().len() + 4).sum::<usize>();
    let mut out = Vec::with_capacity(size + 2);
    out.push(b'{');
    for (i, (key, value)) in members.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        out.extend_from_slice(serde_json::Value::from(key.as_ref()).to_string().as_bytes());
        out.push(b':');
        out.extend_from_slice(value.get().as_bytes());
    }
    out.push(b'}');
    out
}

/// The latest moment that a body proves to have passed: the server's own marks, then what controllers and kubelets wrote.
fn evidence(parts: &Parts<'_>, metadata: &Metadata<'_>, change: Change) -> Option<Timestamp> {
    let writes = metadata.managed_fields.into_iter().flat_map(managed_times).max();
    let deletion = (change == Change::Deleted || metadata.deletion.is_some()).then(|| metadata.deletion_request());
    let status = parts.status.and_then(pod::latest_time);
    [metadata.created, writes, deletion.flatten(), status].into_iter().flatten().max()
}

/// Whether every write that `managedFields` knows of has the time of the creation: such a body is the created one.
fn is_pristine(metadata: &Metadata<'_>) -> bool {
    let times = metadata.managed_fields.map(managed_times).unwrap_or_default();
    metadata.created.is_some() && !times.is_empty() && times.iter().all(|at| Some(*at) == metadata.created)
}

fn managed_times(raw: &RawValue) -> Vec<Timestamp> {
    let entries = json::elements(raw).unwrap_or_default();
    let time = |entry: &RawValue| {
        json::string(json::members(entry).ok()?.get("time")?).and_then(|t| Timestamp::parse_rfc3339(&t))
    };
    entries.into_iter().filter_map(time).collect()
}

/// A bookmark's object has a kind and a resourceVersion, and no name.
pub fn bookmark(raw: &RawValue, at: Option<Timestamp>) -> Result<Item, String> {
    let parts = Parts::of(raw).map_err(|error| format!("the bookmark's object is no JSON object: {error}"))?;
    let types = parts.type_meta(None).ok_or("a bookmark without `kind` and `apiVersion`")?;
    let (group, _) = split_api_version(&types.api_version).ok_or("a bookmark with a malformed `apiVersion`")?;
    let metadata =
        parts.metadata.map(|raw| Metadata::of(raw, &["annotations"])).transpose().map_err(|e| e.to_string())?;
    let metadata = metadata.unwrap_or_default();
    let annotation = |annotations: &RawValue| {
        json::string(json::members(annotations).ok()?.get("k8s.io/initial-events-end")?).map(|value| value == "true")
    };
    let initial_end = metadata.kept.iter().find_map(|(_, annotations)| annotation(annotations)).unwrap_or(false);
    let kind = GroupKind::new(group, types.kind);
    Ok(Item::Bookmark { kind, resource_version: metadata.resource_version, initial_end, at })
}
