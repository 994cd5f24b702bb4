//! Whatever carries audit events, they are heard as if each stood on a line of its own.

#[path = "../../../tests/support/envelopes.rs"]
mod envelopes;

use std::cell::RefCell;
use std::io::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::archive::{Archive, Reading};
use crate::decode::Decoder;
use crate::decode::audit::event::is_idle;
use crate::decode::audit::{AuditEvent, Level};
use crate::input::{Options, Sources};
use crate::report::Reason;

thread_local! {
    static HEARD: RefCell<Vec<Value>> = const { RefCell::new(Vec::new()) };
}

/// Takes note of an event that was decoded on this thread.
pub fn hear(event: &AuditEvent<'_>) {
    let body = |raw: Option<crate::json::Raw<'_>>| -> Value {
        raw.map_or(Value::Null, |raw| serde_json::from_str(raw.get()).unwrap_or_else(|_| json!("no JSON")))
    };
    let summary = json!({
        "level": format!("{:?}", event.level), "id": event.audit_id, "stage": format!("{:?}", event.stage),
        "verb": event.verb, "uri": event.uri, "user": event.user, "target": format!("{:?}", event.target),
        "code": event.code, "status": event.status, "message": event.message, "removed": event.removed_uid,
        "request": body(event.request), "response": body(event.response), "before": body(event.before),
        "received": format!("{:?}", event.received), "at": event.at.map(|at| at.to_string()),
        "truncated": event.truncated, "idle": is_idle(event.stage, &event.verb, event.response), "dry_run": event.dry_run, "server": event.server,
    });
    HEARD.with_borrow_mut(|heard| heard.push(summary));
}

/// What a file says: the events in order, and the counts.
fn read(text: &[u8]) -> (Vec<Value>, Archive) {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text).unwrap();
    let sources = Sources::discover(&[file.path().to_owned()]).unwrap();
    let options = Options { threads: 1, ..Options::default() };
    let reading = Reading { sources: &sources, options, decoder: Decoder::default(), skip_invalid: true, config: None };
    HEARD.with_borrow_mut(Vec::clear);
    let archive = Archive::read(&reading, &()).unwrap();
    (HEARD.with_borrow_mut(std::mem::take), archive)
}

/// The events without what only a carrier knows.
fn heard(text: &str) -> Vec<Value> {
    let (mut heard, archive) = read(text.as_bytes());
    for reason in [Reason::RecordSkipped, Reason::RecordCutByCarrier, Reason::RecordCutOff] {
        assert_eq!(archive.report.count(reason), 0, "{reason:?} {:?}", archive.report.gaps((0, i64::MAX)));
    }
    for event in &mut heard {
        event["server"] = Value::Null;
        if event["idle"] == true {
            // Of a line of a server's log that is not even read.
            ["user", "code", "status", "message", "removed", "truncated"]
                .iter()
                .for_each(|name| event[*name] = Value::Null);
        }
    }
    // What is put together is decoded after what workers decode.
    heard.sort_by_key(|event| event["id"].to_string());
    heard
}

/// Fails in few words.
fn same(found: &[Value], expected: &[Value], name: &str) -> Result<(), TestCaseError> {
    let start = |value: Option<&Value>| value.map(|value| value.to_string().chars().take(300).collect::<String>());
    let different = (0..found.len().max(expected.len())).find(|&index| found.get(index) != expected.get(index));
    prop_assert!(
        different.is_none(),
        "{name}: {} of {} heard: {:?}, not {:?}",
        found.len(),
        expected.len(),
        different.and_then(|index| start(found.get(index))),
        different.and_then(|index| start(expected.get(index)))
    );
    Ok(())
}

/// An audit event with the texts that are hardest on those who cut and quote.
fn event(number: usize, kind: usize, size: usize, nasty: &str) -> String {
    let object = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": format!("web-{number}"), "namespace": "shop", "annotations": {"text": nasty, "long": "x{\"é".repeat(size)}},
        "spec": {"replicas": number, "f": 1.5, "list": [{}, [nasty], null]},
    });
    let (verb, code, request, response) = match kind {
        0 => ("create", 201, object.clone(), object),
        1 => ("patch", 200, json!({"spec": {"replicas": number}, "text": nasty}), object),
        2 => ("update", 409, object, json!(null)),
        3 => {
            let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success",
                "details": {"name": "web", "uid": format!("d-{number}")}});
            ("delete", 200, json!({"kind": "DeleteOptions", "apiVersion": "v1"}), status)
        }
        _ => ("get", 404, json!(null), json!(null)),
    };
    let level = match (request.is_null(), response.is_null()) {
        (_, false) => "RequestResponse",
        (false, true) => "Request",
        _ => "Metadata",
    };
    let reference = json!({"resource": "deployments", "namespace": "shop", "name": format!("web-{number}"),
        "apiGroup": "apps", "apiVersion": "v1"});
    let mut status = json!({"metadata": {}, "code": code});
    if response["kind"] == "Status" {
        status["status"] = response["status"].clone();
        status["details"] = response["details"].clone();
    }
    let mut event = json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": level, "auditID": format!("id-{number}"),
        "stage": "ResponseComplete", "requestURI": format!("/apis/apps/v1/namespaces/shop/deployments/web?x={nasty}"),
        "verb": verb, "user": {"username": "system:admin"}, "objectRef": reference, "responseStatus": status,
        "requestReceivedTimestamp": "2026-03-01T09:00:00.120000Z", "stageTimestamp": format!("2026-03-01T09:00:{:02}.5Z", number % 60),
        "annotations": {"authorization.k8s.io/decision": "allow"},
    });
    for (name, body) in [("requestObject", request), ("responseObject", response)] {
        if !body.is_null() {
            event[name] = body;
        }
    }
    event.to_string()
}

fn events() -> impl Strategy<Value = Vec<String>> {
    let size = prop_oneof![4 => 0usize..20, 1 => 3000usize..8000];
    let nasty =
        "[a-z{}\\[\\]\"\\\\\n\r\t,:é\u{1f600}\u{0} ]{0,12}|2026-03-01T10:00:00Z stdout P |\\[Truncated\\.\\.\\.\\]";
    prop::collection::vec((0usize..5, size, nasty), 1..8).prop_map(|events| {
        events.iter().enumerate().map(|(number, (kind, size, nasty))| event(number, *kind, *size, nasty)).collect()
    })
}

fn lines(events: &[String]) -> String {
    events.iter().map(|event| format!("{event}\n")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_carried_is_heard_as_if_it_stood_alone(events in events()) {
        let native = heard(&lines(&events));
        prop_assert_eq!(native.len(), events.len());
        for (name, write) in envelopes::WRITERS {
            same(&heard(&write(&events)), &native, name)?;
        }
        for (name, write) in [
            ("event_list", envelopes::event_list as fn(&[String]) -> String),
            ("viaq", envelopes::viaq),
            ("log_analytics", envelopes::log_analytics),
            ("log_analytics_tables", envelopes::log_analytics_tables),
        ] {
            same(&heard(&write(&events)), &native, name)?;
        }
    }

    #[test]
    fn entries_of_cloud_logging_say_what_they_can(events in events()) {
        let mut native = heard(&lines(&events));
        for event in &mut native {
            let failed = event["code"].as_u64() >= Some(400);
            (event["uri"], event["received"]) = (json!(""), json!("None"));
            event["message"] = if failed { json!("no") } else { Value::Null };
        }
        same(&heard(&envelopes::gke(&events)), &native, "gke")?;
        same(&heard(&envelopes::gke_split(&events)), &native, "gke_split")?;
    }

    #[test]
    fn cut_carriers_are_counted_and_never_a_panic(events in events(), part in 0.0..1.0, which in 0usize..26) {
        let text = envelopes::WRITERS[which].1(&events);
        let cut = (text.len() as f64 * part) as usize;
        read(&text.as_bytes()[..cut]);
        read(&text.as_bytes()[cut..]);
        read(&[&text.as_bytes()[..cut], b"\n", text.as_bytes()].concat());
    }
}

/// The lines of a fixture.
fn fixture(name: &str) -> Vec<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/audit").join(name);
    std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect()
}

/// `verb resource/subresource namespace/name code`, with what else is remarkable.
fn brief(event: &Value) -> String {
    let target = event["target"].as_str().unwrap();
    let part = |name: &str| {
        let value = target.split(&format!(" {name}: \"")).nth(1).and_then(|rest| rest.split('"').next());
        value.unwrap_or_default().to_owned()
    };
    let mut text = format!("{} {}", event["verb"].as_str().unwrap(), part("resource"));
    if !part("subresource").is_empty() {
        text += &format!("/{}", part("subresource"));
    }
    text += &format!(" {}/{} {}", part("namespace"), part("name"), event["code"]);
    for (name, mark) in [("request", "+request"), ("response", "+response")] {
        if event[name].is_object() {
            text += &format!(" {mark}");
        }
    }
    for flag in ["truncated", "dry_run"] {
        if event[flag] == true {
            text += &format!(" {flag}");
        }
    }
    match event["server"].as_str() {
        Some(server) => text + " @" + server,
        None => text,
    }
}

/// What a line says: its events, and what was counted.
fn says(line: &str) -> String {
    let (heard, archive) = read(format!("{line}\n").as_bytes());
    let counted = archive.report.gaps((0, i64::MAX)).into_iter().map(|gap| format!("{:?} {}", gap.reason, gap.count));
    heard.iter().map(brief).chain(counted).collect::<Vec<_>>().join("; ")
}

const PATCH: &str = "patch deployments shop/web 201 +request +response";
const DELETE: &str = "delete deployments shop/web 200 +request +response";

#[test]
fn every_sample_of_an_envelope_is_read_as_its_index_says() {
    let on = |event: &str, server: &str| format!("{event} @{server}");
    let expected = [
        PATCH.to_owned(),
        format!(
            "{}; {}",
            on(PATCH, "kube-apiserver-audit-0123456789abcdef0123456789abcdef"),
            on(DELETE, "kube-apiserver-audit-0123456789abcdef0123456789abcdef")
        ),
        String::new(),
        format!("{}; {}", on(PATCH, "kube-apiserver-audit-x"), on(DELETE, "kube-apiserver-audit-x")),
        on(PATCH, "kube-apiserver-audit-0123"),
        "RecordCutByCarrier 1".to_owned(),
        format!("{}; LineOfAnotherLog 1", on(PATCH, "kube-apiserver-1")),
        on("patch deployments shop/web 201 +request truncated", "kube-apiserver-1"),
        on(PATCH, "kube-apiserver-1"),
        "create deployments shop/web 201 +request +response".to_owned(),
        "patch deployments shop/web 200 +request +response".to_owned(),
        DELETE.to_owned(),
        "update deployments shop/web 409".to_owned(),
        "update deployments shop/big 200 truncated".to_owned(),
        "create deployments shop/ghost 201 dry_run".to_owned(),
        "RecordCutByCarrier 1".to_owned(),
        on(PATCH, "master-0"),
        on(PATCH, "master-0.example.com"),
        PATCH.to_owned(),
        PATCH.to_owned(),
        PATCH.to_owned(),
        on(PATCH, "cp-1"),
        PATCH.to_owned(),
        "RecordSkipped 1".to_owned(),
        "RecordSkipped 1".to_owned(),
        on(PATCH, "cp-1"),
        format!("{PATCH}; {DELETE}"),
        "LineOfAnotherLog 1".to_owned(),
    ];
    let lines = fixture("envelopes.jsonl");
    let (last, lines) = lines.split_last().unwrap();
    let found: Vec<String> = lines.iter().map(|line| says(line)).collect();
    assert_eq!(found, expected);
    let (heard, archive) = read(last.as_bytes());
    assert_eq!((heard.len(), archive.report.count(Reason::RecordCutOff)), (0, 1));
}

#[test]
fn every_sample_from_a_public_repository_is_read() {
    let found = |name: &str| fixture(name).iter().map(|line| says(line)).collect::<Vec<_>>();
    assert_eq!(
        found("public_aks_diagnostic_record.jsonl"),
        [
            "update leases kube-system/kubelet-serving-csr-approver 200 @kube-apiserver-869d7bb754-kkg69",
            "RecordSkipped 1",
            "patch nodes /aks-agentpool-20062077-vmss000002 200 truncated @kube-apiserver-68df4876bd-74k6n",
        ]
    );
    assert_eq!(
        found("public_eventlist_pod_create.jsonl"),
        ["create pods kube-system/ null", "create pods kube-system/webhook-audit 201 +request +response"]
    );
    assert_eq!(
        found("public_falco_v1beta1_request_level.jsonl"),
        [
            "create deployments default/nginx-deployment 201 +request",
            "delete deployments default/nginx-deployment 200 +request",
            "delete namespaces foo/foo 200 +request",
        ]
    );
    assert_eq!(found("public_gke_read_healthcheck.jsonl"), ["get  / 200"]);
    let pod = "1-2-deployment-update/nginx-deployment-surge-8655b4b8c5-xf5f4";
    assert_eq!(
        found("public_khi_gke_logentry.jsonl"),
        [
            format!("create pods {pod} 201 +request +response"),
            format!("patch pods/status {pod} 200 +request"),
            format!("patch pods/status {pod} 200 +request"),
        ]
    );
    let lease = "update leases kube-system/kube-scheduler 200 +request +response";
    assert_eq!(found("public_khi_oss_lease_update.jsonl"), [lease]);
}

#[test]
fn the_time_of_an_event_is_its_own() {
    let event = event(7, 0, 0, "");
    for (name, write) in envelopes::WRITERS {
        let (heard, archive) = read(write(std::slice::from_ref(&event)).as_bytes());
        assert_eq!(heard[0]["at"], "2026-03-01T09:00:07.500Z", "{name}");
        assert_eq!(
            archive.span.map(|(first, last)| (first.to_string(), last == first)).unwrap().0,
            "2026-03-01T09:00:07.500Z",
            "{name}"
        );
        assert_eq!(archive.report.count(Reason::TimeUnreadable), 0, "{name}");
    }
}

#[test]
fn reviews_of_admission_are_writes() {
    let review = |operation: &str, more: Value| {
        let resource = json!({"group": "apps", "version": "v1", "resource": "deployments"});
        let mut review = json!({
            "kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1",
            "request": {"uid": "u", "kind": {"kind": "Deployment"}, "resource": resource, "name": "web", "namespace": "shop",
                "operation": operation, "userInfo": {"username": "me"}, "object": {"spec": {}}, "oldObject": null, "dryRun": false},
            "requestReceivedTimestamp": "2026-03-01T10:00:00.5Z",
        });
        review.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let (heard, _) = read(review.to_string().as_bytes());
        heard.first().map(brief).unwrap_or_default()
    };
    assert_eq!(review("CREATE", json!({})), "create deployments shop/web 201 +request");
    assert_eq!(review("UPDATE", json!({})), "update deployments shop/web 200 +request");
    assert_eq!(review("CONNECT", json!({})), "");
    assert_eq!(review("UPDATE", json!({"response": {"allowed": false}})), "update deployments shop/web 403 +request");
    let request = json!({"uid": "u", "operation": "DELETE", "resource": {"version": "v1", "resource": "pods"}, "name": "p",
        "namespace": "n", "subResource": "", "object": null, "oldObject": {"a": 1}, "dryRun": true});
    assert_eq!(review("", json!({"request": request})), "delete pods n/p 200 dry_run");
}

#[test]
fn more_than_four_envelopes_are_refused_and_none_is_too_deep_for_the_stack() {
    let mut line = event(1, 0, 0, "");
    for _ in 0..4 {
        line = json!({"message": line}).to_string();
    }
    assert!(says(&line).starts_with("create"));
    assert_eq!(says(&json!({"message": line}).to_string()), "RecordSkipped 1");
    assert_eq!(says(&format!("{{\"log\":{}", "{\"log\":".repeat(100_000))), "RecordCutOff 1");
    let lists = format!("{}{}", "{\"items\":[".repeat(50_000), "]}".repeat(50_000));
    assert_eq!(says(&lists), "RecordSkipped 1");
    let list = r#"{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":["#;
    assert_eq!(says(&format!("{}{}", list.repeat(50_000), "]}".repeat(50_000))), "RecordSkipped 1");
    let headers = "2026-03-01T10:00:00Z stdout F ".repeat(100_000);
    assert_eq!(says(&headers), "RecordSkipped 1");
}

#[test]
fn levels_are_as_high_as_the_bodies_that_are_there() {
    let level = |payload: Value| {
        let mut entry = json!({"protoPayload": {"serviceName": "k8s.io", "methodName": "io.k8s.core.v1.pods.create"}});
        entry["protoPayload"].as_object_mut().unwrap().extend(payload.as_object().unwrap().clone());
        read(entry.to_string().as_bytes()).0[0]["level"].as_str().unwrap().to_owned()
    };
    assert_eq!(level(json!({})), format!("{:?}", Level::Metadata));
    assert_eq!(level(json!({"request": {}})), format!("{:?}", Level::Request));
    assert_eq!(level(json!({"response": {}})), format!("{:?}", Level::RequestResponse));
}
