//! What audit logs leave open of order and identity: which record came first, and of which object it is.

mod support;

use serde_json::{Value, json};
use support::{
    at, config_map, deployment, export, export_with_account, gaps, owned, pod, replica_set, terminated, with,
};
use tracer::model::Timestamp;

/// An audit log, one event a line; times are milliseconds of 1970.
#[derive(Default)]
struct Audit(Vec<Value>);

impl Audit {
    /// A request for an object of `shop`, as `deployments/web`, with what it sent and was answered.
    fn event(mut self, millis: i64, verb: &str, object: &str, request: Value, response: Value) -> Self {
        let (resource, name) = object.split_once('/').unwrap_or((object, ""));
        let group = if matches!(resource, "deployments" | "replicasets") { "apps" } else { "" };
        let mut event = json!({
            "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "RequestResponse", "stage": "ResponseComplete",
            "auditID": format!("id-{}", self.0.len()), "verb": verb, "requestURI": format!("/{object}"),
            "user": {"username": "someone"}, "responseStatus": {"code": if verb == "create" { 201 } else { 200 }},
            "objectRef": {"resource": resource, "namespace": "shop", "name": name, "apiGroup": group, "apiVersion": "v1"},
            "stageTimestamp": Timestamp::from_micros(millis * 1_000).to_string(),
        });
        for (member, body) in [("requestObject", request), ("responseObject", response)] {
            if !body.is_null() {
                event[member] = body;
            }
        }
        self.0.push(event);
        self
    }

    fn text(&self) -> String {
        self.0.iter().map(|event| format!("{event}\n")).collect()
    }
}

fn version(object: &Value, version: u32) -> Value {
    with(object.clone(), "/metadata/resourceVersion", version.to_string().into())
}

/// Without what a client does not send.
fn asked(object: &Value) -> Value {
    let mut asked = object.clone();
    let metadata = asked["metadata"].as_object_mut().expect("an object has metadata");
    ["uid", "creationTimestamp"].iter().for_each(|member| drop(metadata.remove(*member)));
    asked
}

fn partial(object: &Value) -> Value {
    json!({"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": object["metadata"]})
}

const ALL: [&str; 2] = ["--from=90", "--to=200"];

#[test]
fn writes_without_answers_keep_their_order_when_a_read_shows_one_of_them_late() {
    let web = |replicas| deployment("shop/web", 100, replicas);
    let log = Audit::default()
        .event(100_000, "create", "deployments/web", asked(&web(1)), version(&web(1), 1))
        .event(101_000, "update", "deployments/web", version(&web(2), 1), Value::Null)
        .event(102_000, "update", "deployments/web", version(&web(3), 2), Value::Null)
        .event(103_000, "update", "deployments/web", version(&web(4), 3), version(&web(4), 4))
        .event(104_000, "get", "deployments/web", Value::Null, version(&web(2), 2));
    let trace = export(&log.text(), &ALL);
    let steps: Vec<&str> = trace.lines().filter(|line| line.contains('+')).collect();
    let expected = ["100 +Deployment shop/web 1", "101 +Deployment shop/web 2", "102 +Deployment shop/web 3"];
    assert_eq!(steps, [&expected[..], &["103 +Deployment shop/web 4"]].concat());
}

#[test]
fn of_two_objects_of_one_name_the_one_of_the_later_version_is_the_later_whatever_the_clocks_say() {
    let (old, new) = (deployment("shop/web", 100, 1), deployment("shop/web", 101, 2));
    let log = Audit::default()
        .event(101_000, "create", "deployments/web", asked(&old), version(&old, 1))
        .event(
            101_300,
            "delete",
            "deployments/web",
            Value::Null,
            json!({
                "kind": "Status", "apiVersion": "v1", "status": "Success", "details": {"uid": old["metadata"]["uid"]},
            }),
        )
        // By another server, whose clock is behind.
        .event(100_900, "create", "deployments/web", asked(&new), version(&new, 3));
    let trace = export(&log.text(), &ALL);
    let there = trace.lines().filter(|line| line.contains("Deployment")).collect::<Vec<_>>();
    assert_eq!(
        there,
        ["100 +Deployment shop/web 1", "100 -Deployment shop/web", "100 +Deployment shop/web 2"],
        "{trace}"
    );
}

#[test]
fn an_object_that_was_created_without_a_body_is_owned_from_its_beginning() {
    let web = deployment("shop/web", 100, 1);
    let child = owned(&replica_set("shop/web-1", 101, 1), &web);
    let log = Audit::default()
        .event(100_000, "create", "deployments/web", asked(&web), version(&web, 1))
        .event(101_000, "create", "replicasets/web-1", Value::Null, Value::Null)
        .event(105_000, "update", "replicasets/web-1", version(&child, 2), version(&child, 3));
    let config = ["--kind=deployment,replicaset"];
    assert_eq!(export(&log.text(), &[&ALL[..], &config].concat()), "90 |\n100 |\n100 +Deployment shop/web 1\n200 |\n");
}

#[test]
fn who_asks_for_a_deletion_again_found_the_object_there() {
    let web = deployment("shop/web", 100, 1);
    let log = Audit::default()
        .event(100_000, "create", "deployments/web", asked(&web), version(&web, 1))
        .event(110_000, "delete", "deployments/web", Value::Null, Value::Null)
        .event(120_000, "delete", "deployments/web", Value::Null, Value::Null);
    let (trace, account) = export_with_account(&log.text(), &ALL);
    assert!(trace.contains("120 -Deployment shop/web\n"), "{trace}");
    assert_eq!(gaps(&account, "deletion-concluded"), 1);
}

#[test]
fn a_creation_without_an_answer_is_of_the_object_that_is_seen_next() {
    let (old, new) = (deployment("shop/web", 100, 1), deployment("shop/web", 120, 2));
    let log = Audit::default()
        .event(100_000, "create", "deployments/web", asked(&old), Value::Null)
        .event(110_000, "delete", "deployments/web", Value::Null, Value::Null)
        .event(120_000, "create", "deployments/web", asked(&new), Value::Null)
        .event(130_000, "update", "deployments/web", version(&new, 7), version(&new, 8));
    let trace = export(&log.text(), &ALL);
    let there = trace.lines().filter(|line| line.contains("Deployment")).collect::<Vec<_>>();
    assert_eq!(there, ["100 +Deployment shop/web 1", "110 -Deployment shop/web", "120 +Deployment shop/web 2"]);
}

#[test]
fn a_creation_that_is_answered_with_metadata_made_one_object() {
    let (web, data) = (deployment("shop/web", 100, 3), config_map("shop/data", 100, "x"));
    let log = Audit::default().event(100_000, "create", "deployments", asked(&web), partial(&version(&web, 5))).event(
        101_000,
        "create",
        "configmaps/data",
        asked(&data),
        partial(&version(&data, 6)),
    );
    let (trace, account) = export_with_account(&log.text(), &ALL);
    assert_eq!(trace, "90 |\n100 |\n100 +Deployment shop/web 3\n200 |\n");
    assert_eq!(account["contents"]["objects_seen"], 2);
    assert_eq!(gaps(&account, "content-approximate"), 1);
}

/// The server that answers the read has a clock that is behind: the change is no less one.
#[test]
fn a_read_that_seems_to_be_before_the_change_that_it_shows_hides_no_content() {
    let (web, changed) = (deployment("shop/web", 100, 3), deployment("shop/web", 100, 7));
    let log = Audit::default()
        .event(100_000, "create", "deployments/web", asked(&web), partial(&version(&web, 5)))
        .event(101_000, "get", "deployments/web", Value::Null, version(&changed, 6))
        .event(101_010, "patch", "deployments/web", json!({"spec": {"replicas": 7}}), version(&changed, 6));
    let (trace, account) = export_with_account(&log.text(), &ALL);
    assert!(trace.contains("100 +Deployment shop/web 3\n101 |\n101 +Deployment shop/web 7\n"), "{trace}");
    assert_eq!(gaps(&account, "content-approximate"), 1);
}

#[test]
fn a_pod_whose_deletion_is_answered_with_metadata_was_over_with_its_containers() {
    let pod = pod("shop/batch", 100);
    let over = terminated(&pod, 101, 110, "Running");
    let leaving = with(over.clone(), "/metadata/deletionTimestamp", at(150).into());
    let log = Audit::default()
        .event(100_000, "create", "pods/batch", asked(&pod), version(&pod, 1))
        .event(111_000, "update", "pods/batch", version(&over, 1), version(&over, 2))
        .event(150_000, "delete", "pods/batch", Value::Null, partial(&version(&leaving, 2)));
    assert!(export(&log.text(), &ALL).contains("Pod shop/batch 101..110\n"));
}
