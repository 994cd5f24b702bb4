//! One audit event, however it was carried.
//!
//! `audit.k8s.io/v1` and `v1beta1` as an API server writes them; what a cloud's own format says in other words is brought
//! into the same form by [`super::super::envelope`]. Bodies stay the text of the log.

use std::borrow::Cow;
use std::hash::{BuildHasher, RandomState};

use crate::json::{self, Members, Raw};
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
pub struct ObjectReference {
    /// API group, empty for the core group.
    pub group: String,
    /// API version within the group.
    pub version: String,
    /// The resource: lower case, plural.
    pub resource: String,
    /// The subresource.
    pub subresource: String,
    /// Namespace, empty for what is cluster-scoped. Of a namespace itself some servers write its own name here.
    pub namespace: String,
    /// Name; empty in collections, and where the server was to generate it.
    pub name: String,
    /// The uid that the request named.
    pub uid: Option<String>,
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
    /// What it is about; `None` for what is no resource (`/healthz`).
    pub target: Option<ObjectReference>,
    /// The HTTP status; `None` where nothing tells it.
    pub code: Option<i64>,
    /// `responseStatus.status`: `Success` or `Failure` where the answer was a Status.
    pub status: Option<Cow<'a, str>>,
    /// `responseStatus.message`.
    pub message: Option<Cow<'a, str>>,
    /// `responseStatus.details.uid`: the object that a delete removed.
    pub removed_uid: Option<String>,
    /// The request's body, where it is there and an object or array.
    pub request: Option<Raw<'a>>,
    /// The response's body, likewise.
    pub response: Option<Raw<'a>>,
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

fn time(members: &Members<'_>, name: &str) -> Option<Timestamp> {
    text(members, name).and_then(|text| Timestamp::parse_rfc3339(&text))
}

impl ObjectReference {
    /// Reads an `objectRef`.
    pub(in crate::decode) fn read(members: &Members<'_>) -> Self {
        let filled = |name: &str| Some(owned(members, name)).filter(|text| !text.is_empty());
        ObjectReference {
            group: owned(members, "apiGroup"),
            version: owned(members, "apiVersion"),
            resource: owned(members, "resource"),
            subresource: owned(members, "subresource"),
            namespace: owned(members, "namespace"),
            name: owned(members, "name"),
            uid: filled("uid"),
            resource_version: filled("resourceVersion").and_then(|text| text.parse().ok()),
        }
    }
}

impl<'a> AuditEvent<'a> {
    /// Reads an event as an API server writes it.
    pub(in crate::decode) fn native(members: &Members<'a>) -> Self {
        let response_status = inner(members, "responseStatus");
        let of_status = |name: &str| response_status.as_ref().and_then(|status| text(status, name));
        let details = response_status.as_ref().and_then(|status| inner(status, "details"));
        let mut truncated = inner(members, "annotations")
            .is_some_and(|annotations| text(&annotations, "audit.k8s.io/truncated").is_some_and(|v| v == "true"));
        AuditEvent {
            // OpenShift's collector puts its own level of logs in the place of `level`.
            level: Level::named(
                &text(members, "k8s_audit_level").or_else(|| text(members, "level")).unwrap_or_default(),
            ),
            audit_id: text(members, "auditID").unwrap_or_default(),
            stage: Stage::named(&text(members, "stage").unwrap_or_default()),
            verb: text(members, "verb").unwrap_or_default(),
            uri: text(members, "requestURI").unwrap_or_default(),
            user: inner(members, "user").and_then(|user| text(&user, "username")).unwrap_or_default(),
            target: inner(members, "objectRef").map(|reference| ObjectReference::read(&reference)),
            code: response_status.as_ref().and_then(|status| json::integer(status.get("code")?)),
            status: of_status("status"),
            message: of_status("message"),
            removed_uid: details.map(|details| owned(&details, "uid")).filter(|uid| !uid.is_empty()),
            request: body(members.get("requestObject"), &mut truncated),
            response: body(members.get("responseObject"), &mut truncated),
            before: None,
            received: time(members, "requestReceivedTimestamp"),
            // v1beta1 of Kubernetes before 1.9 has only `timestamp`.
            at: time(members, "stageTimestamp").or_else(|| time(members, "timestamp")),
            truncated,
            dry_run: false,
            server: None,
        }
    }
}

/// What makes two audit events copies of one: rotated files overlap, and an aggregated API logs twice. Equal for events with
/// the same id, stage, verb, resource, namespace and path; names and bodies may be missing from one of two copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(u128);

/// Makes [`EventId`]s. Two keyed hashes, so that no log can be written to collide.
#[derive(Clone, Debug, Default)]
pub struct EventIds(RandomState, RandomState);

impl EventIds {
    /// The id of an event.
    pub fn of(&self, event: &AuditEvent<'_>) -> EventId {
        let target = event.target.as_ref().map(|t| (&t.group, &t.resource, &t.subresource, &t.namespace));
        let parts = (&*event.audit_id, event.stage, &*event.verb, target, &*event.uri);
        EventId((u128::from(self.0.hash_one(parts)) << 64) | u128::from(self.1.hash_one(parts)))
    }
}
