//! Audit events of GKE: entries of Cloud Logging whose `protoPayload` is a cloud's AuditLog.
//!
//! They say what an audit event says in the words of all Google APIs. The verb and the resource are in `methodName`
//! (`io.k8s.core.v1.pods.status.patch`), the group, the namespace and the name in `resourceName`
//! (`core/v1/namespaces/shop/pods/web-0/status`). A method's group has its labels reversed and of most groups not all of them
//! (`io.k8s.authorization.rbac.v1.…` is `rbac.authorization.k8s.io`), so `resourceName`, which has the real one, decides.
//! There is no URI: what a request asked for in it (dry run, selectors, force) is not in the log, but for a label.
//!
//! Bodies have an `@type` more than others. The status is a code of google.rpc, and none for success.

use std::borrow::Cow;

use super::pieces::{Origin, Split};
use super::{Carrier, foreign};
use crate::decode::audit::event::{inner, owned, text};
use crate::decode::audit::{AuditEvent, Level, ObjectReference, Stage};
use crate::decode::{Decoded, Decoder, Item};
use crate::json::{self, Members, Raw};
use crate::model::Timestamp;
use crate::report::Reason;

/// More parts than any entry is split into: the limit of a request to the API server by that of an entry, and some.
const PARTS: usize = 1000;

/// Whether a record is an entry with an AuditLog.
pub fn is_entry(members: &Members<'_>) -> bool {
    members.has("protoPayload")
}

impl Decoder {
    /// An entry; one of several that were one is only told.
    pub(super) fn log_entry<'a>(
        &self,
        entry: &Members<'a>,
        whole: impl FnOnce() -> Option<Raw<'a>>,
        carrier: &Carrier<'_>,
        out: &mut Decoded,
    ) {
        let payload = inner(entry, "protoPayload").unwrap_or_default();
        let service = owned(&payload, "serviceName");
        if !matches!(&*service, "k8s.io" | "") || !payload.has("methodName") {
            // Exports hold the audit logs of all services, among them those of GKE itself.
            let about =
                format!("an audit log of another service of Google Cloud: {}", crate::decode::shorten(&service, 40));
            return out.note(Reason::LineOfAnotherLog, time(entry), about);
        }
        match split(entry) {
            Some((_, index, total)) if index >= total || total > PARTS => out.unreadable(foreign::SPLIT.to_owned()),
            Some((uid, index, total)) if total > 1 => {
                let text = whole().map(|raw| raw.get().to_owned()).unwrap_or_default();
                let split = Split { uid, index, total, text, origin: Origin::of(carrier) };
                out.items.push(Item::Split(Box::new(split)));
            }
            _ => self.audit(&Bodies::of(&payload).event(entry, &payload), out),
        }
    }
}

/// `split`: `{"uid", "index", "totalSplits"}`; an index of 0 may be left out, as protobuf's JSON does.
fn split(entry: &Members<'_>) -> Option<(String, usize, usize)> {
    let split = inner(entry, "split")?;
    let number = |name: &str| split.get(name).map_or(Some(0), json::integer);
    let count = |name: &str| number(name).and_then(|number| usize::try_from(number).ok()).unwrap_or(usize::MAX);
    Some((owned(&split, "uid"), count("index"), count("totalSplits")))
}

fn time(entry: &Members<'_>) -> Option<Timestamp> {
    text(entry, "timestamp").and_then(|time| Timestamp::parse_rfc3339(&time))
}

/// The bodies, which are not as the log has them.
struct Bodies<'a> {
    request: Option<Cow<'a, str>>,
    response: Option<Cow<'a, str>>,
}

impl<'a> Bodies<'a> {
    fn of(payload: &Members<'a>) -> Self {
        Bodies { request: body(payload.get("request")), response: body(payload.get("response")) }
    }

    fn event<'e>(&'e self, entry: &Members<'e>, payload: &Members<'e>) -> AuditEvent<'e> {
        let labels = inner(entry, "labels").unwrap_or_default();
        let label = |name: &str| text(&labels, name);
        let operation = inner(entry, "operation").unwrap_or_default();
        let is_last = operation.get("last").is_none_or(|last| last.get() == "true");
        let status = inner(payload, "status").unwrap_or_default();
        let value = |body: &'e Option<Cow<'_, str>>| body.as_deref().and_then(|text| Raw::of(text).ok());
        let (request, response) = (value(&self.request), value(&self.response));
        let answer = response.and_then(|raw| json::members(raw).ok()).filter(is_status);
        let details = answer.as_ref().and_then(|answer| inner(answer, "details"));
        let level = match (request, response) {
            (_, Some(_)) => Level::RequestResponse,
            (Some(_), None) => Level::Request,
            (None, None) => Level::Metadata,
        };
        let method = text(payload, "methodName").unwrap_or_default();
        let verb = verb(&method).to_owned();
        AuditEvent {
            level,
            audit_id: text(&operation, "id").or_else(|| text(entry, "insertId")).unwrap_or_default(),
            stage: if is_last { Stage::ResponseComplete } else { Stage::Early },
            target: target(&method, &text(payload, "resourceName").unwrap_or_default()),
            code: Some(http_code(status.get("code").and_then(json::integer).unwrap_or(0), &verb, &answer)),
            verb: verb.into(),
            uri: Cow::Borrowed(""),
            user: inner(payload, "authenticationInfo")
                .and_then(|info| text(&info, "principalEmail"))
                .unwrap_or_default(),
            asked_by: payload.get("requestMetadata"),
            status: answer.as_ref().and_then(|answer| text(answer, "status")),
            message: text(&status, "message"),
            removed_uid: details.and_then(|details| text(&details, "uid")).filter(|uid| !uid.is_empty()),
            request,
            response,
            parts: None,
            before: None,
            received: None,
            at: time(entry),
            truncated: label("audit.k8s.io/truncated").is_some_and(|value| value == "true"),
            dry_run: label("command.gke.io/dryRun").is_some_and(|value| !matches!(&*value, "" | "false")),
            server: None,
        }
    }
}

/// A body without its `@type`.
fn body(raw: Option<Raw<'_>>) -> Option<Cow<'_, str>> {
    let raw = raw.filter(|raw| raw.get().starts_with('{'))?;
    let members = json::members(raw).ok()?;
    if !members.has("@type") {
        return Some(Cow::Borrowed(raw.get()));
    }
    let mut text = String::with_capacity(raw.get().len());
    for (key, value) in members.into_iter().filter(|(key, _)| key != "@type") {
        text.push(if text.is_empty() { '{' } else { ',' });
        text += &serde_json::to_string(&key).ok()?;
        text.push(':');
        text += value.get();
    }
    text += if text.is_empty() { "{}" } else { "}" };
    Some(Cow::Owned(text))
}

fn is_status(members: &Members<'_>) -> bool {
    text(members, "kind").is_some_and(|kind| kind == "Status") && members.has("status")
}

/// The HTTP status for a code of google.rpc (`google/rpc/code.proto`); a Status in the answer tells it better.
fn http_code(code: i64, verb: &str, answer: &Option<Members<'_>>) -> i64 {
    let told = answer.as_ref().and_then(|answer| json::integer(answer.get("code")?));
    match code {
        // What of creating and changing an apply did is not told.
        0 if verb == "create" => 201,
        0 => 200,
        _ if told.is_some_and(|told| told >= 400) => told.unwrap_or_default(),
        1 => 499,
        3 | 9 | 11 => 400,
        4 => 504,
        5 => 404,
        6 | 10 => 409,
        7 => 403,
        8 => 429,
        12 => 501,
        14 => 503,
        16 => 401,
        _ => 500,
    }
}

/// The last label of a method: of `io.k8s.apps.v1.deployments.scale.update`, `update`.
fn verb(method: &str) -> &str {
    method.rsplit('.').next().unwrap_or_default()
}

/// What a request was about: by its resource's name, or else by the method's. `None` for what is no resource: `io.k8s.get` of
/// `readyz`.
fn target(method: &str, resource_name: &str) -> Option<ObjectReference<'static>> {
    let labels: Vec<&str> = method.split('.').collect();
    let labels = &labels[..labels.len() - 1];
    let version = labels.iter().rposition(|label| is_version(label))?;
    let resource = *labels.get(version + 1)?;
    let mut target = ObjectReference {
        group: group(&labels[..version]).into(),
        version: labels[version].to_owned().into(),
        resource: resource.to_owned().into(),
        subresource: labels.get(version + 2).copied().unwrap_or_default().to_owned().into(),
        ..ObjectReference::default()
    };
    let parts: Vec<&str> = resource_name.split('/').collect();
    if let [group, version, path @ ..] = &parts[..]
        && is_version(version)
    {
        let (namespace, name) = place(path, resource);
        target.group = if *group == "core" { String::new() } else { (*group).to_owned() }.into();
        target.version = (*version).to_owned().into();
        (target.namespace, target.name) = (namespace.into(), name.into());
    }
    Some(target)
}

/// Namespace and name, from the path of a resource: `namespaces/shop/deployments/web/scale`, `nodes/n1/status`,
/// `namespaces/shop` of a namespace itself.
fn place(path: &[&str], resource: &str) -> (String, String) {
    let (namespace, rest) = match path {
        ["namespaces", namespace, rest @ ..] if resource != "namespaces" => (*namespace, rest),
        _ => ("", path),
    };
    (namespace.to_owned(), rest.get(1).copied().unwrap_or_default().to_owned())
}

fn is_version(label: &str) -> bool {
    let digits = label.strip_prefix('v').unwrap_or_default().trim_start_matches(|c: char| c.is_ascii_digit());
    let stage = digits.trim_end_matches(|c: char| c.is_ascii_digit());
    label.len() > 1 && label.as_bytes()[1].is_ascii_digit() && matches!(stage, "" | "alpha" | "beta")
}

/// Groups of Kubernetes without a dot.
const DOTLESS: [&str; 5] = ["apps", "autoscaling", "batch", "extensions", "policy"];

/// The group that a method's first labels tell: `io.k8s.networking` is `networking.k8s.io`.
fn group(labels: &[&str]) -> String {
    match labels {
        ["io", "k8s", "core"] => String::new(),
        ["io", "k8s", one] if DOTLESS.contains(one) => (*one).to_owned(),
        _ => labels.iter().rev().copied().collect::<Vec<_>>().join("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(method: &str, resource: &str) -> String {
        target(method, resource).map_or("none".to_owned(), |t| {
            format!("{}|{}|{}|{}|{}|{}", t.group, t.version, t.resource, t.subresource, t.namespace, t.name)
        })
    }

    #[test]
    fn methods_and_resource_names_tell_what_a_request_was_about() {
        for (method, resource, expected) in [
            ("io.k8s.core.v1.pods.create", "core/v1/namespaces/shop/pods/web-0", "|v1|pods||shop|web-0"),
            (
                "io.k8s.core.v1.pods.status.patch",
                "core/v1/namespaces/shop/pods/web-0/status",
                "|v1|pods|status|shop|web-0",
            ),
            ("io.k8s.core.v1.nodes.status.patch", "core/v1/nodes/n1/status", "|v1|nodes|status||n1"),
            ("io.k8s.core.v1.namespaces.delete", "core/v1/namespaces/shop", "|v1|namespaces|||shop"),
            (
                "io.k8s.core.v1.namespaces.finalize.update",
                "core/v1/namespaces/shop/finalize",
                "|v1|namespaces|finalize||shop",
            ),
            ("io.k8s.core.v1.pods.deletecollection", "core/v1/namespaces/shop/pods", "|v1|pods||shop|"),
            (
                "io.k8s.apps.v1.deployments.scale.update",
                "apps/v1/namespaces/shop/deployments/web/scale",
                "apps|v1|deployments|scale|shop|web",
            ),
            (
                "io.k8s.authorization.rbac.v1.clusterrolebindings.create",
                "rbac.authorization.k8s.io/v1/clusterrolebindings/x",
                "rbac.authorization.k8s.io|v1|clusterrolebindings|||x",
            ),
            (
                "dev.example.lab.v1alpha1.gangs.patch",
                "lab.example.dev/v1alpha1/namespaces/shop/gangs/g",
                "lab.example.dev|v1alpha1|gangs||shop|g",
            ),
            ("dev.example.lab.v1alpha1.gangs.patch", "", "lab.example.dev|v1alpha1|gangs|||"),
            ("io.k8s.networking.v1.ingresses.update", "", "networking.k8s.io|v1|ingresses|||"),
            ("io.k8s.batch.v1.jobs.update", "", "batch|v1|jobs|||"),
            ("io.k8s.get", "readyz", "none"),
            ("io.k8s.v1.get", "x", "none"),
            ("", "", "none"),
        ] {
            assert_eq!(shown(method, resource), expected, "{method} {resource}");
        }
    }

    #[test]
    fn bodies_lose_their_type_and_nothing_else() {
        for (text, expected) in [
            (r#"{"@type":"k8s.io/Patch","spec":{"@type":"x"}}"#, r#"{"spec":{"@type":"x"}}"#),
            (r#"{"a":1.0,"@type":"x","b\n":[ 1 ]}"#, r#"{"a":1.0,"b\n":[ 1 ]}"#),
            (r#"{ "a": 1 }"#, r#"{ "a": 1 }"#),
            (r#"{"@type":"x"}"#, "{}"),
        ] {
            let raw = Raw::of(text).unwrap();
            assert_eq!(body(Some(raw)).unwrap(), expected);
        }
    }

    #[test]
    fn codes_become_those_of_http() {
        let codes =
            [(0, 200), (1, 499), (3, 400), (4, 504), (5, 404), (6, 409), (7, 403), (8, 429), (9, 400), (10, 409)];
        for (code, expected) in codes.into_iter().chain([(2, 500), (13, 500), (14, 503), (16, 401), (77, 500)]) {
            assert_eq!(http_code(code, "patch", &None), expected, "{code}");
        }
        assert_eq!(http_code(0, "create", &None), 201);
    }
}
