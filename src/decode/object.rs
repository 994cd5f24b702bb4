//! An object as one record shows it.
//!
//! Only the parts that a rule needs are looked into; the body stays the text of the log. `managedFields` is read for its
//! times where the record has none, and never kept.

use super::audit::event::ObjectReference;
use super::interest::{Interest, Wanted};
use super::observation::{Change, Facts, Observation, Part, Telling};
use super::{Item, pod, shorten};
use crate::json::{self, Members, Raw};
use crate::model::{GroupKind, ObjectKey, ResourceVersion, Timestamp, split_api_version};
use crate::report::Reason;

/// `apiVersion` and `kind` for the items of a typed list, which have none of their own.
#[derive(Clone, Debug)]
pub struct TypeMeta {
    api_version: String,
    kind: String,
}

impl TypeMeta {
    /// A type by its parts.
    pub fn new(group: &str, version: &str, kind: &str) -> Self {
        let api_version = if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") };
        TypeMeta { api_version, kind: kind.to_owned() }
    }

    /// Whether it is that of a body without content.
    pub fn is_partial(&self) -> bool {
        self.kind.starts_with("PartialObjectMetadata") || self.kind == "Table"
    }

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
    api_version: Option<Raw<'a>>,
    kind: Option<Raw<'a>>,
    metadata: Option<Raw<'a>>,
    status: Option<Raw<'a>>,
    content: Vec<(String, Raw<'a>)>,
}

impl<'a> Parts<'a> {
    fn of(raw: Raw<'a>) -> Result<Self, json::Error> {
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
        let text = |raw: Option<Raw<'_>>| {
            raw.and_then(json::string).filter(|text| !text.is_empty()).map(|text| text.into_owned())
        };
        let kind = text(self.kind).or_else(|| defaults.map(|d| d.kind.clone()))?;
        let api_version = text(self.api_version).or_else(|| defaults.map(|d| d.api_version.clone()))?;
        Some(TypeMeta { api_version, kind })
    }

    fn spec(&self) -> Option<Raw<'a>> {
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
    /// Whether it has `generateName`.
    generate_name: bool,
    managed_fields: Option<Raw<'a>>,
    /// What stays with the object: labels, annotations, owners, finalizers.
    kept: Vec<(&'static str, Raw<'a>)>,
}

/// The members of `metadata` that a trace can carry, name and namespace aside.
pub const KEPT_METADATA: [&str; 6] =
    ["annotations", "finalizers", "generateName", "labels", "ownerReferences", "selfLink"];
/// Of kinds whose bodies are not needed: what filters and the owner graph use, and what keeps an object that is deleted.
const KEPT_OF_OTHERS: [&str; 3] = ["finalizers", "labels", "ownerReferences"];

impl<'a> Metadata<'a> {
    fn of(raw: Raw<'a>, kept: &[&'static str]) -> Result<Self, json::Error> {
        let mut out = Metadata::default();
        let text = |value: Raw<'_>| json::string(value).filter(|text| !text.is_empty()).map(|text| text.into_owned());
        let time = |value: Raw<'_>| json::string(value).and_then(|text| Timestamp::parse_rfc3339(&text));
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
            match key.as_ref() {
                "finalizers" => out.has_finalizers = !json::is_empty(value),
                "generateName" => out.generate_name = text(value).is_some(),
                _ => {}
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

    /// A state that no server stores, since reaching it removes the object: nothing is left to wait for
    /// (apiserver `registry/generic/registry/store.go`, `ShouldDeleteDuringUpdate`). A namespace waits for the finalizers of its
    /// spec as well.
    fn is_gone(&self, types: &TypeMeta, parts: &Parts<'_>) -> bool {
        self.deletion.is_some() && self.waits_for_nothing(types, parts)
    }

    fn waits_for_nothing(&self, types: &TypeMeta, parts: &Parts<'_>) -> bool {
        let of_spec = || types.kind == "Namespace" && parts.spec().is_some_and(has_finalizers);
        !self.has_finalizers && self.grace_is_over() && !of_spec()
    }

    fn grace_is_over(&self) -> bool {
        self.grace_seconds.unwrap_or(0) == 0
    }
}

fn has_finalizers(spec: Raw<'_>) -> bool {
    json::members(spec).is_ok_and(|spec| spec.get("finalizers").is_some_and(|raw| !json::is_empty(raw)))
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
pub struct Sight<'s> {
    /// What has become of it, unless the test says that it is gone.
    pub change: Change,
    /// The record's time.
    pub at: Option<Timestamp>,
    /// Its type, where the body has none.
    pub defaults: Option<&'s TypeMeta>,
    /// What the request named: name and namespace where the body has none.
    pub reference: Option<&'s ObjectReference<'s>>,
    /// The type of an object of which the body is the metadata.
    pub metadata_of: Option<&'s TypeMeta>,
    /// When it is gone.
    pub gone: GoneTest,
}

impl Sight<'_> {
    /// As a record shows it that has nothing beside the object.
    pub fn plain(change: Change, at: Option<Timestamp>) -> Self {
        let gone = if change == Change::Bare { GoneTest::Terminating } else { GoneTest::None };
        Sight { change, at, defaults: None, reference: None, metadata_of: None, gone }
    }
}

/// Reads one object. An `Err` is what is wrong with the record.
pub fn observe(raw: Raw<'_>, sight: Sight<'_>, interest: &Interest) -> Result<Observed, String> {
    let parts = Parts::of(raw).map_err(|error| format!("the object is no JSON object: {error}"))?;
    let own = || parts.type_meta(sight.defaults);
    let types = sight.metadata_of.cloned().or_else(own).ok_or("an object without `kind` and `apiVersion`")?;
    if types.kind == "Table" || types.kind.starts_with("PartialObjectMetadata") {
        return Ok(Observed::MetadataOnly(types.kind));
    }
    let (group, version) = split_api_version(&types.api_version)
        .ok_or_else(|| format!("`apiVersion: {}` is not of the form group/version", shorten(&types.api_version, 40)))?;
    let kind = GroupKind::new(group, types.kind.clone());
    let wanted = interest.wants(&kind, version);
    let kept: &[&str] = if wanted == Wanted::Yes { &KEPT_METADATA } else { &KEPT_OF_OTHERS };
    let raw_metadata = parts.metadata.ok_or_else(|| format!("a {kind} without `metadata`"))?;
    let metadata =
        Metadata::of(raw_metadata, kept).map_err(|error| format!("a {kind} with bad `metadata`: {error}"))?;
    let key = key(kind, &metadata, sight.reference)?;
    let mut notes = Vec::new();
    if let (Wanted::At(tracked), None) = (&wanted, sight.metadata_of) {
        notes.push((Reason::OtherVersion, format!("{key} seen as {}, tracked as {tracked}", types.api_version)));
    }
    let (change, at) = (change(&sight, &types, &parts, &metadata), sight.at);
    let facts = facts(&key, &parts, &metadata, &mut notes);
    let needed = wanted != Wanted::No;
    let wanted = wanted == Wanted::Yes && sight.metadata_of.is_none();
    let observation = Observation {
        resource: sight.reference.map(|reference| reference.resource.clone().into_owned()),
        version: version.to_owned(),
        uid: metadata.uid.clone(),
        resource_version: metadata.resource_version,
        base: None,
        at,
        evidence: at.is_none().then(|| evidence(&parts, &metadata, change)).flatten(),
        pristine: at.is_none() && is_pristine(&metadata),
        created: metadata.created,
        change,
        held: metadata.deletion.is_some() && metadata.grace_is_over(),
        wanted: needed,
        telling: if sight.metadata_of.is_some() { Telling::Metadata } else { Telling::Whole },
        part: if sight.change == Change::Listed { Part::Nothing } else { Part::Whole },
        event: None,
        content: wanted.then(|| object_text(&parts.content)),
        status: parts.status.filter(|_| wanted && interest.with_status).map(|s| s.get().as_bytes().to_vec()),
        metadata: object_text(&metadata.kept),
        facts,
        trace_event: None,
        key,
    };
    Ok(Observed::Object(Box::new(observation), notes))
}

fn key(kind: GroupKind, metadata: &Metadata<'_>, reference: Option<&ObjectReference<'_>>) -> Result<ObjectKey, String> {
    let named = reference.map(|reference| reference.name.clone().into_owned()).filter(|name| !name.is_empty());
    let name = match metadata.name.clone().or(named) {
        Some(name) => name,
        // The server was to generate it.
        None if reference.is_some() && metadata.generate_name => String::new(),
        None => return Err(format!("a {kind} without `metadata.name`")),
    };
    // Of a namespace some servers write its own name in the place of its namespace.
    let of_request =
        reference.filter(|_| !kind.is("", "Namespace")).map(|reference| reference.namespace.clone().into_owned());
    let namespace = metadata.namespace.clone().or(of_request).unwrap_or_default();
    Ok(ObjectKey { kind, namespace, name })
}

fn change(sight: &Sight<'_>, types: &TypeMeta, parts: &Parts<'_>, metadata: &Metadata<'_>) -> Change {
    let gone = match sight.gone {
        GoneTest::None => false,
        GoneTest::Terminating => metadata.is_gone(types, parts),
        GoneTest::Deletion => metadata.waits_for_nothing(types, parts),
        GoneTest::Before(grace) => {
            let has_grace = types.kind == "Pod" && pod::has_grace(parts.spec(), parts.status, grace);
            !has_grace && metadata.waits_for_nothing(types, parts)
        }
    };
    if gone { Change::Deleted } else { sight.change }
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
fn object_text<K: AsRef<str>>(members: &[(K, Raw<'_>)]) -> Vec<u8> {
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

fn managed_times(raw: Raw<'_>) -> Vec<Timestamp> {
    let entries = json::elements(raw).unwrap_or_default();
    let time = |entry: Raw<'_>| {
        json::string(json::members(entry).ok()?.get("time")?).and_then(|t| Timestamp::parse_rfc3339(&t))
    };
    entries.into_iter().filter_map(time).collect()
}

/// A bookmark's object has a kind and a resourceVersion, and no name.
pub fn bookmark(raw: Raw<'_>, at: Option<Timestamp>) -> Result<Item, String> {
    let parts = Parts::of(raw).map_err(|error| format!("the bookmark's object is no JSON object: {error}"))?;
    let types = parts.type_meta(None).ok_or("a bookmark without `kind` and `apiVersion`")?;
    let (group, _) = split_api_version(&types.api_version).ok_or("a bookmark with a malformed `apiVersion`")?;
    let metadata =
        parts.metadata.map(|raw| Metadata::of(raw, &["annotations"])).transpose().map_err(|e| e.to_string())?;
    let metadata = metadata.unwrap_or_default();
    let annotation = |annotations: Raw<'_>| {
        json::string(json::members(annotations).ok()?.get("k8s.io/initial-events-end")?).map(|value| value == "true")
    };
    let initial_end = metadata.kept.iter().find_map(|(_, annotations)| annotation(*annotations)).unwrap_or(false);
    let kind = GroupKind::new(group, types.kind);
    Ok(Item::Bookmark { kind, resource_version: metadata.resource_version, initial_end, at })
}
