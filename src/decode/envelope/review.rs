//! AdmissionReviews, as a webhook gets them and kube-audit-rest writes them down.
//!
//! A review is asked for before the write is stored: there is no result, only the object as it is to be, and as it was. That
//! it was stored in the end is likely and not certain; a webhook behind it may have refused. Patches are reviewed as updates,
//! with the object that comes of them.

use super::Carrier;
use crate::decode::audit::event::{inner, text};
use crate::decode::audit::{AuditEvent, Level, ObjectReference, Stage};
use crate::decode::{Decoded, Decoder};
use crate::json::{self, Members};
use crate::model::Timestamp;

/// Whether a record is a review.
pub fn is_review(members: &Members<'_>) -> bool {
    members.has("request") && text(members, "kind").is_some_and(|kind| kind == "AdmissionReview")
}

impl Decoder {
    /// A review.
    pub(super) fn review(&self, members: &Members<'_>, carrier: &Carrier<'_>, out: &mut Decoded) {
        let Some(request) = inner(members, "request") else {
            return out.unreadable("an AdmissionReview whose `request` is no object".to_owned());
        };
        let verb = match &*text(&request, "operation").unwrap_or_default() {
            "CREATE" => "create",
            "UPDATE" => "update",
            "DELETE" => "delete",
            // CONNECT: exec, attach, proxy.
            _ => return,
        };
        let is =
            |members: &Members<'_>, name: &str, value: &str| members.get(name).is_some_and(|raw| raw.get() == value);
        let refused = inner(members, "response").is_some_and(|response| is(&response, "allowed", "false"));
        let object = |name: &str| request.get(name).filter(|raw| raw.get().starts_with('{') && !json::is_empty(*raw));
        // kube-audit-rest adds this member.
        let received = text(members, "requestReceivedTimestamp").and_then(|time| Timestamp::parse_rfc3339(&time));
        let event = AuditEvent {
            level: Level::Request,
            audit_id: text(&request, "uid").unwrap_or_default(),
            stage: Stage::ResponseComplete,
            verb: verb.into(),
            uri: "".into(),
            user: inner(&request, "userInfo").and_then(|user| text(&user, "username")).unwrap_or_default(),
            asked_by: None,
            target: Some(target(&request)),
            code: Some(if refused { 403 } else { i64::from(verb == "create") + 200 }),
            status: None,
            message: None,
            removed_uid: None,
            request: object("object"),
            response: None,
            parts: None,
            before: object("oldObject"),
            received,
            at: received.or(carrier.at),
            truncated: false,
            dry_run: is(&request, "dryRun", "true"),
            server: carrier.server.clone(),
        };
        self.audit(&event, out);
    }
}

fn target<'a>(request: &Members<'a>) -> ObjectReference<'a> {
    let resource = inner(request, "resource").unwrap_or_default();
    let part = |members: &Members<'a>, name: &str| text(members, name).unwrap_or_default();
    ObjectReference {
        group: part(&resource, "group"),
        version: part(&resource, "version"),
        resource: part(&resource, "resource"),
        subresource: part(request, "subResource"),
        namespace: part(request, "namespace"),
        name: part(request, "name"),
        uid: None,
        resource_version: None,
    }
}
