//! One audit event, however it was carried.
//!
//! `audit.k8s.io/v1` and `v1beta1` as an API server writes them; what a cloud's own format says in other words is brought
//! into the same form by [`super::super::envelope`]. Bodies stay the text of the log.

use std::borrow::Cow;

use crate::decode::object::Parts;
use crate::fingerprint::Fingerprints;
use crate::json::{self, Members, Raw, Walk};
use crate::model::{ResourceVersion, Timestamp};

/// How much of a request the policy had recorded (`Level` of k8s.io/apiserver `pkg/apis/audit`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Nothing but who, what and when; also a level that is not known.
    #[default]
    Metadata,
    /// And the body of the request.
    Request,
    /// And the body of the response.
    RequestResponse,
}

impl Level {
    /// Tells a level from its name; an unknown one is the least.
    pub fn named(name: &str) -> Self {
        match name {
            "RequestResponse" => Level::RequestResponse,
            "Request" => Level::Request,
            _ => Level::Metadata,
        }
    }
}

/// At which point of a request the event was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// The request came in; or the first bytes of a long answer went out; or a stage that is not known. Nothing is told yet.
    Early,
    /// The answer is complete.
    ResponseComplete,
    /// The server's handler broke.
    Panic,
}

impl Stage {
    /// Its name; that of all early ones is empty.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Early => "",
            Stage::ResponseComplete => "ResponseComplete",
            Stage::Panic => "Panic",
        }
    }

    /// Tells a stage from its name.
    pub fn named(name: &str) -> Self {
        match name {
            "ResponseComplete" => Stage::ResponseComplete,
            "Panic" => Stage::Panic,
            _ => Stage::Early,
        }
    }
}

/// What a request is about: `objectRef`. Parts that are absent are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectReference<'a> {
    /// API group, empty for the core group.
    pub group: Cow<'a, str>,
    /// API version within the group.
    pub version: Cow<'a, str>,
    /// The resource: lower case, plural.
    pub resource: Cow<'a, str>,
    /// The subresource.
    pub subresource: Cow<'a, str>,
    /// Namespace, empty for what is cluster-scoped. Of a namespace itself some servers write its own name here.
    pub namespace: Cow<'a, str>,
    /// Name; empty in collections, and where the server was to generate it.
    pub name: Cow<'a, str>,
    /// The uid that the request named.
    pub uid: Option<Cow<'a, str>>,
    /// The resourceVersion that the request named: the one *before* the write.
    pub resource_version: Option<ResourceVersion>,
}

/// An audit event.
#[derive(Clone, Debug)]
pub struct AuditEvent<'a> {
    /// How much was recorded.
    pub level: Level,
    /// The request's id. Clients may choose it, so it is no identity by itself.
    pub audit_id: Cow<'a, str>,
    /// The stage.
    pub stage: Stage,
    /// The verb: get, list, watch, create, update, patch, delete, deletecollection.
    pub verb: Cow<'a, str>,
    /// The path of the request with its query; empty where the carrier does not keep it.
    pub uri: Cow<'a, str>,
    /// Who asked.
    pub user: Cow<'a, str>,
    /// By which program: see [`AuditEvent::agent`].
    pub asked_by: Option<Raw<'a>>,
    /// What it is about; `None` for what is no resource (`/healthz`).
    pub target: Option<ObjectReference<'a>>,
    /// The HTTP status; `None` where nothing tells it.
    pub code: Option<i64>,
    /// `responseStatus.status`: `Success` or `Failure` where the answer was a Status.
    pub status: Option<Cow<'a, str>>,
    /// `responseStatus.message`.
    pub message: Option<Cow<'a, str>>,
    /// `responseStatus.details.uid`: the object that a delete removed.
    pub removed_uid: Option<Cow<'a, str>>,
    /// The request's body, where it is there and an object or array.
    pub request: Option<Raw<'a>>,
    /// The response's body, likewise.
    pub response: Option<Raw<'a>>,
    /// The response taken apart, where that was done as it was passed over.
    pub parts: Option<Parts<'a>>,
    /// The object as it was before, which only admission reviews carry.
    pub before: Option<Raw<'a>>,
    /// When the request came in.
    pub received: Option<Timestamp>,
    /// When the stage was reached: the event's time.
    pub at: Option<Timestamp>,
    /// Whether a body was cut by the server or a carrier, because it was too large.
    pub truncated: bool,
    /// Whether the carrier says that the write was a dry run.
    pub dry_run: bool,
    /// Which API server wrote it, where the carrier says so: its pod, node or log stream.
    pub server: Option<Cow<'a, str>>,
}

/// Whether annotations say that a body was left out for its size.
fn is_truncated([said, ..]: [Option<Raw<'_>>; OF_ANNOTATIONS.len()]) -> bool {
    string(said).is_some_and(|said| said == "true")
}

/// What AKS writes in the place of a body that it finds too large; any text there means as much.
fn body<'a>(value: Option<Raw<'a>>, truncated: &mut bool) -> Option<Raw<'a>> {
    let raw = value?;
    if raw.get().starts_with(['{', '[']) {
        return Some(raw);
    }
    *truncated |= raw.get().starts_with('"');
    None
}

pub(in crate::decode) fn text<'a>(members: &Members<'a>, name: &str) -> Option<Cow<'a, str>> {
    members.get(name).and_then(json::string)
}

pub(in crate::decode) fn owned(members: &Members<'_>, name: &str) -> String {
    text(members, name).map(Cow::into_owned).unwrap_or_default()
}

pub(in crate::decode) fn inner<'a>(members: &Members<'a>, name: &str) -> Option<Members<'a>> {
    members.get(name).and_then(|raw| json::members(raw).ok())
}

/// The value of a string; of anything else, and of what is not there, nothing.
fn string<'a>(value: Option<Raw<'a>>) -> Option<Cow<'a, str>> {
    value.and_then(json::string)
}

fn filled<'a>(value: Option<Raw<'a>>) -> Option<Cow<'a, str>> {
    string(value).filter(|text| !text.is_empty())
}

fn time(value: Option<Raw<'_>>) -> Option<Timestamp> {
    string(value).and_then(|text| Timestamp::parse_rfc3339(&text))
}

/// Some members of a member that is an object, if they are not `known`; none where it is none.
fn fields_of<'a, const N: usize>(
    value: Option<Raw<'a>>,
    names: &[&str; N],
    known: Option<[Option<Raw<'a>>; N]>,
) -> Option<[Option<Raw<'a>>; N]> {
    value.and_then(|raw| known.or_else(|| json::fields(raw.get(), names).ok()))
}

impl<'a> ObjectReference<'a> {
    const FIELDS: [&'static str; 8] =
        ["resource", "namespace", "name", "uid", "apiGroup", "apiVersion", "resourceVersion", "subresource"];

    /// Reads the members of an `objectRef`.
    fn read(fields: [Option<Raw<'a>>; ObjectReference::FIELDS.len()]) -> Self {
        let [resource, namespace, name, uid, group, version, resource_version, subresource] = fields;
        let text = |value| string(value).unwrap_or_default();
        ObjectReference {
            group: text(group),
            version: text(version),
            resource: text(resource),
            subresource: text(subresource),
            namespace: text(namespace),
            name: text(name),
            uid: filled(uid),
            resource_version: filled(resource_version).and_then(|text| text.parse().ok()),
        }
    }
}

/// The members of an event, in the order in which a server writes them; the last ones are of old, or what collectors add. Some
/// are only here so that all are found at once.
pub const FIELDS: [&str; 21] = [
    "kind",
    "apiVersion",
    "level",
    "auditID",
    "stage",
    "requestURI",
    "verb",
    "user",
    "sourceIPs",
    "userAgent",
    "objectRef",
    "responseStatus",
    "requestObject",
    "responseObject",
    "requestReceivedTimestamp",
    "stageTimestamp",
    "annotations",
    "timestamp",
    "k8s_audit_level",
    "hostname",
    "host",
];

/// The values of [`FIELDS`].
pub type Fields<'a> = [Option<Raw<'a>>; FIELDS.len()];

// Where those stand in it that are looked into.
const USER: usize = 7;
const TARGET: usize = 10;
const STATUS: usize = 11;
const RESPONSE: usize = 13;
const ANNOTATIONS: usize = 16;

const OF_USER: [&str; 3] = ["username", "uid", "groups"];
const OF_STATUS: [&str; 6] = ["metadata", "status", "message", "reason", "details", "code"];
const OF_ANNOTATIONS: [&str; 3] =
    ["audit.k8s.io/truncated", "authorization.k8s.io/decision", "authorization.k8s.io/reason"];

/// The members of those members of an event that are looked into: where they were taken apart as they were passed over, else
/// when they are asked for.
#[derive(Default)]
struct Within<'a> {
    user: Option<[Option<Raw<'a>>; OF_USER.len()]>,
    target: Option<[Option<Raw<'a>>; ObjectReference::FIELDS.len()]>,
    status: Option<[Option<Raw<'a>>; OF_STATUS.len()]>,
    annotations: Option<[Option<Raw<'a>>; OF_ANNOTATIONS.len()]>,
    response: Option<Parts<'a>>,
}

impl<'a> Within<'a> {
    /// Passes over the value of a member, and takes it apart if it is one of these.
    #[inline]
    fn pass(&mut self, place: usize, walk: &mut Walk<'a>) -> Result<Raw<'a>, json::Error> {
        fn into<'a, T>((raw, read): (Raw<'a>, Option<T>), place: &mut Option<T>) -> Raw<'a> {
            *place = read;
            raw
        }
        Ok(match place {
            USER => into(walk.read(|walk| walk.fields(&OF_USER))?, &mut self.user),
            TARGET => into(walk.read(|walk| walk.fields(&ObjectReference::FIELDS))?, &mut self.target),
            STATUS => into(walk.read(|walk| walk.fields(&OF_STATUS))?, &mut self.status),
            ANNOTATIONS => into(walk.read(|walk| walk.fields(&OF_ANNOTATIONS))?, &mut self.annotations),
            RESPONSE => into(walk.read(Parts::pass)?, &mut self.response),
            _ => walk.value()?,
        })
    }
}

/// How a line of a server's log begins.
const BEGINNING: &str = r#"{"kind":"Event","apiVersion":"audit.k8s.io/"#;

/// Whether an event says nothing of an object. Then nobody asks who it was, and what became of it; an archive is full of such.
pub(in crate::decode) fn is_idle(stage: Stage, verb: &str, response: Option<Raw<'_>>) -> bool {
    stage == Stage::Early || (is_read(verb) && response.is_none())
}

fn is_read(verb: &str) -> bool {
    matches!(verb, "get" | "list" | "watch")
}

impl<'a> AuditEvent<'a> {
    /// Reads a line as an API server writes it, in one pass over it; `None` where it is none.
    pub(in crate::decode) fn of_line(line: &'a str) -> Option<Self> {
        if !line.starts_with(BEGINNING) {
            return None;
        }
        let (mut walk, mut fields, mut within) = (Walk::of(line), [None; FIELDS.len()], Within::default());
        let named = |place: usize, walk: &mut Walk<'a>| {
            fields[place] = Some(within.pass(place, walk)?);
            Ok(())
        };
        walk.members(&FIELDS, named, |key, walk| walk.value().and_then(|_| key.check())).ok()?;
        walk.end().ok()?;
        let [_, _, _, id, stage, ..] = fields;
        id.and(stage).map(|_| Self::read(fields, within))
    }

    /// Reads an event as an API server writes it.
    pub(in crate::decode) fn native(fields: Fields<'a>) -> Self {
        Self::read(fields, Within::default())
    }

    fn read(fields: Fields<'a>, within: Within<'a>) -> Self {
        let [
            _,
            _,
            level,
            audit_id,
            stage,
            uri,
            verb,
            user,
            _,
            agent,
            target,
            status,
            request,
            response,
            received,
            at,
            annotations,
            at_of_old,
            collected_level,
            host_name,
            host,
        ] = fields;
        let (verb, stage) = (string(verb).unwrap_or_default(), Stage::named(&string(stage).unwrap_or_default()));
        let idle = is_idle(stage, &verb, response);
        let [user, status, annotations] = if idle { [None; 3] } else { [user, status, annotations] };
        let [_, said, message, _, details, code] = fields_of(status, &OF_STATUS, within.status).unwrap_or_default();
        let mut truncated = fields_of(annotations, &OF_ANNOTATIONS, within.annotations).is_some_and(is_truncated);
        AuditEvent {
            // OpenShift's collector puts its own level of logs in the place of `level`.
            level: Level::named(&string(collected_level).or_else(|| string(level)).unwrap_or_default()),
            audit_id: string(audit_id).unwrap_or_default(),
            stage,
            verb,
            uri: string(uri).unwrap_or_default(),
            user: fields_of(user, &OF_USER, within.user).and_then(|[name, ..]| string(name)).unwrap_or_default(),
            asked_by: agent,
            target: fields_of(target, &ObjectReference::FIELDS, within.target).map(ObjectReference::read),
            code: code.and_then(json::integer),
            status: string(said),
            message: string(message),
            removed_uid: fields_of(details, &["uid"], None).and_then(|[uid]| filled(uid)),
            request: body(request, &mut truncated),
            response: body(response, &mut truncated),
            parts: within.response,
            before: None,
            received: time(received),
            // v1beta1 of Kubernetes before 1.9 has only `timestamp`.
            at: time(at).or_else(|| time(at_of_old)),
            truncated,
            dry_run: false,
            server: string(host_name).or_else(|| string(host)),
        }
    }
}

impl<'a> AuditEvent<'a> {
    /// The program that asked, as it calls itself. Cloud Logging has that in an object.
    pub fn agent(&self) -> Cow<'a, str> {
        let Some(raw) = self.asked_by else { return Cow::Borrowed("") };
        let inner = || fields_of(Some(raw), &["callerSuppliedUserAgent"], None).and_then(|[agent]| string(agent));
        json::string(raw).or_else(inner).unwrap_or_default()
    }
}

/// What makes two audit events copies of one: rotated files overlap, and an aggregated API logs twice. Equal for events with
/// the same id, stage, verb, resource, namespace and path; names and bodies may be missing from one of two copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(u128);

impl EventId {
    /// The number that it is: a keyed hash, so that no log can be written to have two ids alike.
    pub fn bits(self) -> u128 {
        self.0
    }

    /// The id of an event.
    pub fn of(event: &AuditEvent<'_>, fingerprints: &Fingerprints) -> Self {
        let parts = [&*event.audit_id, event.stage.name(), &*event.verb, &*event.uri];
        // The path of what says nothing tells enough.
        if !event.uri.is_empty() && (event.stage == Stage::Early || is_read(&event.verb)) {
            return EventId::by_path(parts, fingerprints);
        }
        let target = event.target.as_ref();
        let target = target.map(|t| [&*t.group, &*t.resource, &*t.subresource, &*t.namespace]);
        EventId(fingerprints.of_texts(parts.into_iter().chain(target.into_iter().flatten())))
    }

    /// The id of a read, or of an event of an early stage: by its id, its stage, its verb and its path, which is not empty.
    pub(super) fn by_path(parts: [&str; 4], fingerprints: &Fingerprints) -> Self {
        EventId(fingerprints.of_texts(parts.into_iter()))
    }
}
