//! Audit events that are logged twice, in old formats, of kinds that the log does not name, and by several servers.

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

mod support;

use serde_json::{Value, json};
use support::audit::*;
use support::*;

/// The Deployment `shop/web` of second 10, at a version.
fn web(version: &str, replicas: u64) -> Value {
    at_version(&deployment("shop/web", 10, replicas), version)
}

fn on_web(second: impl Into<f64>, verb: &str) -> Audit {
    audit(second, verb, "apps/v1 deployments shop/web")
}

fn created() -> Audit {
    on_web(10, "create").response(&web("101", 1))
}

const CREATED: &str = "10 +Deployment shop/web 1";

/// In any order of the lines.
#[track_caller]
fn both_ways(events: &[Audit], trace: &[&str], gaps: &[(&str, u64)]) {
    tells(events, trace, gaps);
    let backwards: Vec<Audit> = events.iter().rev().cloned().collect();
    tells(&backwards, trace, gaps);
}

#[test]
fn of_copies_the_one_with_most_bodies_stays() {
    let expected = [CREATED, "20 +Deployment shop/web 4"];
    let whole = on_web(20.0, "update").request(&web("101", 4)).response(&web("201", 4)).id("one");
    let requested = on_web(20.0, "update").request(&web("101", 4)).id("one");
    let bare = on_web(20.0, "update").id("one");
    both_ways(&[created(), whole.clone(), bare.clone()], &expected, &[]);
    both_ways(&[created(), whole.clone(), whole.clone(), whole], &expected, &[]);
    both_ways(&[created(), requested, bare.clone()], &expected, &[("content-approximate", 1)]);
    let gaps = [("content-stale", 1), ("written-without-body", 1)];
    both_ways(&[created(), bare.clone(), bare], &[CREATED], &gaps);
}

#[test]
fn copies_of_a_creation_or_a_deletion_are_one() {
    let deleted = on_web(20, "delete").success_of("deployment-web-10").id("end");
    let again = on_web(20, "create").response(&at_version(&deployment("shop/web", 20, 5), "205")).id("again");
    let log = [created().id("one"), created().id("one"), deleted.clone(), deleted, again.clone(), again];
    let expected = [CREATED, "20 -Deployment shop/web", "20 +Deployment shop/web 5"];
    both_ways(&log, &expected, &[]);
    let asked = on_web(10, "create").request(&deployment("shop/web", 10, 1)).id("one");
    both_ways(&[asked.clone(), asked], &[CREATED], &[("content-approximate", 1)]);
}

/// The extension server logs bodies, the server before it none, and a little later.
#[test]
fn an_aggregated_api_logs_twice() {
    let sample = include_str!("../fixtures/audit/native.jsonl");
    let pair: Vec<&str> = sample.lines().skip(34).take(2).collect();
    let config = tracking(&["route.openshift.io/v1.Route: {podSpecTemplatePaths: [/none]}"]);
    for order in [[0, 1], [1, 0]] {
        let log = order.map(|i| pair[i]).join("\n");
        let args = [
            "--config",
            config.path().to_str().unwrap(),
            "--from",
            "2026-03-01T10:00:00Z",
            "--to",
            "2026-03-01T11:00:00Z",
        ];
        let (trace, account) = export_with_account(&log, &args);
        assert!(trace.contains("1772360700 +Route shop/web"), "{trace}");
        assert_eq!(account["contents"]["objects"], 1);
        assert!(gaps(&account, "name-unknown") + gaps(&account, "created-without-body") == 0, "{account:#}");
    }
}

#[test]
fn a_client_that_uses_one_id_for_all_its_writes_loses_none() {
    let named = |second: f64, name: &str, replicas: u64| {
        let object = at_version(&deployment(&format!("shop/{name}"), 10, replicas), &format!("{}", second * 10.0));
        audit(second, "create", &format!("apps/v1 deployments shop/{name}")).response(&object).id("same")
    };
    let patch = |second: f64, replicas: u64| {
        on_web(second, "patch").request(&json!({"spec": {"replicas": replicas}})).id("same")
    };
    let log = [
        named(10.0, "web", 1),
        named(10.0, "b", 2),
        named(10.1, "c", 3),
        patch(20.0, 4),
        patch(20.5, 5),
        patch(30.0, 4),
    ];
    let expected = [
        "10 +Deployment shop/b 2",
        "10 +Deployment shop/web 1",
        "10 +Deployment shop/c 3",
        "20 +Deployment shop/web 4",
        "20 +Deployment shop/web 5",
        "30 +Deployment shop/web 4",
    ];
    both_ways(&log, &expected, &[("content-approximate", 1)]);
    let updates: Vec<Audit> =
        (2..6).map(|i| on_web(10 + i, "update").response(&web(&format!("{i}00"), i as u64)).id("same")).collect();
    let expected: Vec<String> = std::iter::once(CREATED.to_owned())
        .chain((2..6).map(|i| format!("{} +Deployment shop/web {i}", 10 + i)))
        .collect();
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    both_ways(&[&[created().id("same")], &updates[..]].concat(), &expected, &[]);
    // Creations under generated names, all of one path.
    let mut pod = pod("shop/x", 10);
    pod["metadata"] = json!({"generateName": "web-", "namespace": "shop"});
    let nameless = |second: f64| audit(second, "create", "v1 pods shop/").request(&pod).id("same");
    both_ways(&[nameless(10.0), nameless(10.1)], &[], &[("name-unknown", 2)]);
}

#[test]
fn a_json_patch_that_is_logged_twice_is_applied_once() {
    let main = json!({"name": "main", "image": "app:1"});
    let spec = json!({"replicas": 1, "template": {"spec": {"containers": [main]}}});
    let created = on_web(10, "create").response(&with(web("101", 1), "/spec", spec));
    let add =
        json!([{"op": "add", "path": "/spec/template/spec/containers/0", "value": {"name": "side", "image": "b"}}]);
    let patch = on_web(20, "patch").request(&add).id("one");
    let lines = |events: &[Audit]| audit_log(events);
    let rotated = [lines(&[created.clone(), patch.clone()]), lines(std::slice::from_ref(&patch))];
    let files = [("a", rotated[0].as_bytes()), ("b", rotated[1].as_bytes())];
    for trace in [
        run_files(&files, &["a", "b", "--from", "5", "--to", "95"]).ends(0).json(),
        tracer(
            &["export", "-f", "json", "--from", "5", "--to", "95"],
            lines(&[created, patch.clone(), patch]).as_bytes(),
        )
        .ends(0)
        .json(),
    ] {
        let last = &trace["events"][2]["applied_objs"][0]["spec"]["template"]["spec"]["containers"];
        let names: Vec<&Value> = last.as_array().unwrap().iter().map(|container| &container["name"]).collect();
        assert_eq!(names, ["side", "main"]);
    }
}

/// The format of Kubernetes before 1.12, and of before 1.9, which had one time in whole seconds.
#[test]
fn old_formats_are_read() {
    let old = |event: Audit| event.with("/apiVersion", json!("audit.k8s.io/v1beta1")).with("/metadata", json!({}));
    let asked = json!({"apiVersion": "extensions/v1beta1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 1}});
    let what = "extensions/v1beta1 deployments shop/web";
    let create = old(audit(10, "create", what).request(&asked));
    let delete = old(audit(20, "delete", what).request(&json!({"kind": "DeleteOptions"})).success());
    let expected = [CREATED, "20 -Deployment shop/web"];
    let kinds = ["extensions/v1beta1.Deployment: {podSpecTemplatePaths: [/spec/template]}"];
    tells_of(&kinds, &[create.clone(), delete.clone()], &expected, &[("content-approximate", 1)]);
    let oldest =
        |event: Audit, second: i64| event.with("/stageTimestamp", Value::Null).with("/timestamp", json!(at(second)));
    tells_of(&kinds, &[oldest(create.clone(), 10), oldest(delete, 20)], &expected, &[("content-approximate", 1)]);
    // The group is another one than `apps`, though the object may be the same.
    tells(&[create], &[], &[]);
}

/// What a webhook is sent: the events of a list have no kinds.
#[test]
fn the_events_of_a_list_are_read_as_such() {
    let bare = |event: &Audit| {
        let mut event: Value = serde_json::from_str(&event.line()).unwrap();
        event.as_object_mut().unwrap().retain(|key, _| key != "kind" && key != "apiVersion");
        event
    };
    let early = created().id("one").stage("RequestReceived");
    let items = [&early, &created().id("one"), &on_web(20, "update").response(&web("201", 2)).id("two")].map(bare);
    let list = json!({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": items});
    log_tells(&list.to_string(), &[], &[CREATED, "20 +Deployment shop/web 2"], &[]);
}

#[test]
fn kinds_are_known_of_what_is_built_in_and_of_what_is_tracked() {
    let scaled = |group_version: &str, resource: &str, kind: &str| {
        let mut body = object(group_version, kind, "shop/x", 10);
        body["spec"] = json!({"replicas": 2});
        let what = format!("{group_version} {resource} shop/x");
        [audit(10, "create", &what), audit(20, "update", &what).response(&at_version(&body, "200"))]
    };
    for (group_version, resource, kind) in [
        ("apps/v1", "statefulsets", "StatefulSet"),
        ("lab.example.dev/v1", "gangs", "Gang"),
        ("lab.example.dev/v1", "policies", "Policy"),
        ("lab.example.dev/v1", "meshes", "Mesh"),
        // Only the second record tells the kind of the first.
        ("lab.example.dev/v1", "mice", "Mouse"),
    ] {
        let paths = if group_version == "apps/v1" { "{}" } else { "{podSpecTemplatePaths: [/none]}" };
        let tracked = format!("{group_version}.{kind}: {paths}");
        let expected = format!("10 +{kind} shop/x 2");
        let gaps = [("created-without-body", 1)];
        tells_of(&[&tracked], &scaled(group_version, resource, kind), &[&expected], &gaps);
    }
}

#[test]
fn resources_of_unknown_kinds_are_counted_once() {
    let write = |second: i32, name: &str, resource: &str| {
        audit(second, "update", &format!("lab.example.dev/v1 {resource} shop/{name}")).request(&json!({"spec": {}}))
    };
    let scale = |second: i32, resource: &str| {
        audit(second, "patch", &format!("lab.example.dev/v1 {resource} shop/a/scale"))
            .request(&json!({"spec": {"replicas": 1}}))
    };
    let log = [created(), scale(20, "mice"), scale(21, "mice"), scale(22, "geese"), write(23, "b", "mice")];
    tells(&log, &[CREATED], &[("kind-unknown", 2)]);
    // Of a tracked group it may be a tracked kind, so that writes without bodies count as well.
    let bare = audit(20, "update", "lab.example.dev/v1 mice shop/b");
    let kinds = ["lab.example.dev/v1.Gang: {podSpecTemplatePaths: [/none]}"];
    tells_of(&kinds, std::slice::from_ref(&bare), &[], &[("kind-unknown", 1)]);
    tells(&[bare], &[], &[]);
    // A body that tells that it is none of those says that nothing is missing.
    let mouse = with(object("lab.example.dev/v1", "Mouse", "shop/b", 10), "/spec", json!({"replicas": 1}));
    let shown = audit(10, "create", "lab.example.dev/v1 mice shop/b").response(&mouse);
    let bare = audit(20, "update", "lab.example.dev/v1 mice shop/b");
    tells_of(&kinds, &[shown, bare], &[], &[]);
}

/// What stands in `fixtures/audit/native.jsonl`, line by line.
#[test]
fn a_log_with_every_kind_of_event_tells_what_its_lines_mean() {
    let file = fixture("audit/native.jsonl");
    let account = tempfile::NamedTempFile::new().unwrap();
    let args = ["export", "-f", "json", &file, "--report", account.path().to_str().unwrap()];
    let run = tracer(&args, b"").ends(0);
    let shown: String =
        show(&run.json()).lines().filter(|line| !line.ends_with('|')).map(|l| format!("{l}\n")).collect();
    assert_eq!(
        shown,
        "\
1772359200 +Deployment shop/web3 1
1772359200 +Pod shop/b1 x
1772359200 +Deployment shop/web 2
1772359500 +Deployment shop/web 5
1772359560 +Deployment shop/web 5
1772359570 +Deployment shop/web 3
1772359580 +Deployment shop/web 3
1772360400 -Deployment shop/web
1772360465 -Deployment shop/web3
1772360580 -Pod shop/b1
"
    );
    let account: Value = serde_json::from_reader(std::fs::File::open(account.path()).unwrap()).unwrap();
    for (reason, count) in
        [("name-unknown", 1), ("content-approximate", 1), ("content-stale", 0), ("content-unknown", 0)]
    {
        assert_eq!(gaps(&account, reason), count, "{reason}: {account:#}");
    }
}
