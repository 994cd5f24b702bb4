//! Audit events, with no more than what is read of them.
//!
//! An event is written so that [`AuditEvent::native`] reads all of it that can be of consequence: whatever carried it, it is
//! an event of `audit.k8s.io/v1` then. Its answer may stand elsewhere in the line, where it is a whole object.

use super::put::{self, Members, Trim};
use crate::decode::Item;
use crate::decode::audit::event::FIELDS;
use crate::decode::audit::{AuditEvent, Level, ObjectReference, resources};
use crate::decode::observation::{Change, Observation, Telling};
use crate::json::{self, Raw};
use crate::model::Timestamp;

/// The `type` of a line whose object is an audit event.
pub(super) const AUDIT: &str = "AUDIT";

/// What the line of an event is.
pub(super) struct Told {
    /// Its `type`.
    pub kind: &'static str,
    /// Its `object`.
    pub object: String,
    /// What it needs besides.
    pub tail: String,
}

/// Tells an event again. `items` is what it says, whatever bodies are asked for.
pub(super) fn tell(event: &AuditEvent<'_>, items: &[Item]) -> Told {
    let trim = Trim { keep_managed: event.at.is_none(), types: None };
    let (mut object, mut tail) = (String::new(), String::new());
    let Some((response, change)) = result(event, items) else {
        let mut members = Members::open(&mut object);
        members.text("kind", "Event");
        members.text("apiVersion", "audit.k8s.io/v1");
        put(event, &mut members);
        if let Some(at) = event.at {
            members.moment("stageTimestamp", at);
        }
        bodies(event, trim, true, &mut members);
        members.close();
        if let Some(before) = event.before {
            put::object(before, trim, Members::behind(&mut tail).key("old"));
        }
        return Told { kind: AUDIT, object, tail };
    };
    put::object(response, trim, &mut object);
    let mut of_tracer = Members::behind(&mut tail);
    let mut members = Members::open(of_tracer.key("audit"));
    put(event, &mut members);
    bodies(event, trim, false, &mut members);
    members.close();
    Told { kind: change, object, tail }
}

/// The answer of a write that is the object which came of it, and what became of that.
fn result<'a>(event: &AuditEvent<'a>, items: &[Item]) -> Option<(Raw<'a>, &'static str)> {
    let response = event.response.filter(|_| event.before.is_none())?;
    let is_write = matches!(&*event.verb, "create" | "update" | "patch" | "delete");
    let whole = |item: &Item| match item {
        Item::Observed(seen) => matches!(seen.telling, Telling::Whole).then(|| change(seen)),
        _ => None,
    };
    is_write.then(|| items.iter().find_map(whole)).flatten().map(|change| (response, change))
}

fn change(seen: &Observation) -> &'static str {
    match seen.change {
        Change::Created | Change::Added => super::ADDED,
        Change::Deleted => super::DELETED,
        _ => super::MODIFIED,
    }
}

/// All but its type, its time and its bodies.
fn put(event: &AuditEvent<'_>, members: &mut Members<'_>) {
    // Taken apart, so that whatever an event has more one day is not forgotten here.
    let AuditEvent {
        level,
        audit_id,
        stage,
        verb,
        uri,
        user,
        target,
        code,
        status,
        message,
        removed_uid,
        received,
        truncated,
        server,
        asked_by: _,
        request: _,
        response: _,
        parts: _,
        before: _,
        at: _,
        // What was a dry run says nothing of an object.
        dry_run: _,
    } = event;
    members.text("level", level_name(*level));
    members.text("auditID", audit_id);
    members.text("stage", stage.name());
    members.filled("requestURI", uri);
    members.text("verb", verb);
    if !user.is_empty() {
        let mut of_user = Members::open(members.key("user"));
        of_user.text("username", user);
        of_user.close();
    }
    members.filled("userAgent", &event.agent());
    if let Some(target) = target {
        reference(target, members.key("objectRef"));
    }
    if code.is_some() || status.is_some() || message.is_some() || removed_uid.is_some() {
        let mut answer = Members::open(members.key("responseStatus"));
        status.iter().for_each(|status| answer.text("status", status));
        message.iter().for_each(|message| answer.text("message", message));
        if let Some(uid) = removed_uid {
            let mut details = Members::open(answer.key("details"));
            details.text("uid", uid);
            details.close();
        }
        code.iter().for_each(|code| answer.plain("code", code));
        answer.close();
    }
    received
        .iter()
        .filter(|at| at.fixed_width().is_some())
        .for_each(|at| members.moment("requestReceivedTimestamp", *at));
    if *truncated {
        let mut annotations = Members::open(members.key("annotations"));
        annotations.text("audit.k8s.io/truncated", "true");
        annotations.close();
    }
    server.iter().for_each(|server| members.text("hostname", server));
}

fn reference(target: &ObjectReference<'_>, out: &mut String) {
    let ObjectReference { group, version, resource, subresource, namespace, name, uid, resource_version } = target;
    let mut members = Members::open(out);
    members.filled("resource", resource);
    members.filled("namespace", namespace);
    members.filled("name", name);
    members.filled("uid", uid.as_deref().unwrap_or_default());
    members.filled("apiGroup", group);
    members.filled("apiVersion", version);
    if let Some(version) = resource_version {
        members.text("resourceVersion", &version.to_string());
    }
    members.filled("subresource", subresource);
    members.close();
}

/// The bodies, as far as they are asked for. `answer`: the response too.
fn bodies(event: &AuditEvent<'_>, trim: Trim<'_, '_>, answer: bool, members: &mut Members<'_>) {
    if let Some(request) = event.request.filter(|_| answer || !answers_all(event)) {
        match &*event.verb {
            "create" | "update" => put::body(request, trim, members.key("requestObject")),
            _ => members.raw("requestObject", request),
        }
    }
    if let Some(response) = event.response.filter(|_| answer) {
        put::body(response, trim, members.key("responseObject"));
    }
}

/// Whether nobody asks for the request of a write that is answered with the object. Of what is not built in it depends on
/// the config what its own kind is; and whether a deletion was a dry run its request alone says.
fn answers_all(event: &AuditEvent<'_>) -> bool {
    let target = event.target.as_ref();
    event.verb != "delete" && target.is_some_and(|target| resources::kind_of(&target.group, &target.resource).is_some())
}

const fn level_name(level: Level) -> &'static str {
    match level {
        Level::Metadata => "Metadata",
        Level::Request => "Request",
        Level::RequestResponse => "RequestResponse",
    }
}

/// Reads an event; the time is the line's. `answer`: its answer, where that is the line's object; `old`: the object as it was.
pub(super) fn read<'a>(
    event: Raw<'a>,
    at: Option<Timestamp>,
    answer: Option<Raw<'a>>,
    old: Option<Raw<'a>>,
) -> Result<AuditEvent<'a>, json::Error> {
    let native = AuditEvent::native(json::fields(event.get(), &FIELDS)?);
    Ok(AuditEvent { at, response: answer.or(native.response), parts: None, before: old, ..native })
}
