//! Creations and changes in an audit log: with the server's answer, with the request alone, with neither.

mod support;

use serde_json::{Value, json};
use support::audit::*;
use support::*;

/// The Deployment `shop/web` of second 10, at a version.
fn web(version: &str, replicas: u64) -> Value {
    at_version(&deployment("shop/web", 10, replicas), version)
}

/// What a client asks for: nothing that a server adds.
fn asked(replicas: u64) -> Value {
    let mut body = deployment("shop/web", 10, replicas);
    body["metadata"] = json!({"name": "web", "namespace": "shop", "creationTimestamp": null});
    body
}

fn on_web(second: impl Into<f64>, verb: &str) -> Audit {
    audit(second, verb, "apps/v1 deployments shop/web")
}

fn created() -> Audit {
    on_web(10, "create").request(&asked(1)).response(&web("101", 1))
}

const CREATED: &str = "10 +Deployment shop/web 1";

#[test]
fn the_answer_to_a_write_is_the_object() {
    for (verb, request) in [
        ("update", asked(9)),
        ("patch", json!({"spec": {"replicas": 9}})),
        ("patch", json!([{"op": "replace", "path": "/spec/replicas", "value": 9}])),
    ] {
        let event = on_web(20, verb).request(&request).response(&web("201", 4));
        tells(&[created(), event.clone()], &[CREATED, "20 +Deployment shop/web 4"], &[]);
        let response_alone = event.with("/requestObject", Value::Null);
        tells(&[created(), response_alone], &[CREATED, "20 +Deployment shop/web 4"], &[]);
    }
}

#[test]
fn a_creation_counts_from_its_answer_and_another_write_shows_what_was_there() {
    // The creationTimestamp is cut to the second.
    tells(&[on_web(20.7, "create").response(&web("101", 1))], &["20 +Deployment shop/web 1"], &[]);
    let event = on_web(30, "update").response(&web("101", 2));
    tells(&[event], &["10 +Deployment shop/web 2"], &[("first-seen-late", 1)]);
}

#[test]
fn an_update_or_a_patch_that_is_answered_with_201_creates() {
    for verb in ["update", "patch"] {
        let event = on_web(30, verb).code(201);
        let expected = ["30 +Deployment shop/web 2"];
        tells(&[event.clone().response(&web("101", 2))], &expected, &[]);
        tells(&[event.request(&asked(2))], &expected, &[("content-approximate", 1)]);
    }
}

#[test]
fn one_version_that_watches_and_audit_logs_show_is_one() {
    let watched = Log::new()
        .event(10, "ADDED", &web("101", 1))
        .event(21, "MODIFIED", &web("201", 2))
        .event(30, "DELETED", &web("301", 2))
        .text();
    let deleted = on_web(31, "delete").success_of("deployment-web-10");
    let audited = audit_log(&[created(), on_web(20, "update").response(&web("201", 2)), deleted]);
    let expected = [CREATED, "20 +Deployment shop/web 2", "30 -Deployment shop/web"];
    for log in [format!("{watched}{audited}"), format!("{audited}{watched}")] {
        log_tells(&log, &[], &expected, &[]);
    }
}

#[test]
fn a_creation_without_its_answer_is_as_it_was_asked_for() {
    let request = on_web(10, "create").request(&asked(1));
    tells(std::slice::from_ref(&request), &[CREATED], &[("content-approximate", 1)]);
    // A status write or a read tells what the server made of it; of the creation as well.
    let status = audit(11, "update", "apps/v1 deployments shop/web/status").response(&web("102", 3));
    let read = on_web(11, "get").response(&web("101", 3));
    for event in [status, read] {
        tells(&[request.clone(), event], &["10 +Deployment shop/web 3"], &[]);
    }
    // A change of the content does not.
    let changed = on_web(20, "update").response(&web("201", 5));
    tells(&[request, changed], &[CREATED, "20 +Deployment shop/web 5"], &[("content-approximate", 1)]);
}

#[test]
fn what_a_client_writes_into_the_servers_own_fields_is_not_taken() {
    let copied = with(web("77", 1), "/metadata/uid", json!("copied-from-elsewhere"));
    let request = on_web(10, "create").request(&copied);
    let status = audit(11, "update", "apps/v1 deployments shop/web/status").response(&web("102", 1));
    tells(&[request, status], &[CREATED], &[]);
}

/// A pod as a controller asks for it.
fn nameless_pod() -> Value {
    let mut pod = pod("shop/x", 10);
    pod["metadata"] = json!({"generateName": "web-", "namespace": "shop"});
    pod
}

#[test]
fn a_generated_name_shows_by_what_comes_after() {
    let create = |second: f64| audit(second, "create", "v1 pods shop/").request(&nameless_pod());
    let binding = |second: f64, name: &str| {
        let body = json!({"kind": "Binding", "apiVersion": "v1", "metadata": {"name": name}, "target": {"name": "n"}});
        audit(second, "create", &format!("v1 pods shop/{name}/binding")).request(&body).success()
    };
    let status = |second: f64, name: &str| {
        audit(second, "patch", &format!("v1 pods shop/{name}/status")).request(&json!({"status": {"phase": "Running"}}))
    };
    let approximate = |n| [("content-approximate", n)];
    tells(&[create(10.1), binding(10.2, "web-abcde")], &["10 +Pod shop/web-abcde app:1"], &approximate(1));
    tells(&[create(10.1), status(12.0, "web-abcde")], &["10 +Pod shop/web-abcde app:1"], &approximate(1));
    // The first to be created is the first to show; a name of another prefix, or of another length, is none of these.
    let log = [
        create(10.1),
        create(20.1),
        binding(20.5, "web-other-aaaaa"),
        binding(20.6, "web-abcde"),
        binding(20.7, "web-zzzzz"),
        binding(20.8, "web-toolong"),
    ];
    let expected = ["10 +Pod shop/web-abcde app:1", "20 +Pod shop/web-zzzzz app:1"];
    tells(&log, &expected, &[("content-approximate", 2), ("content-unknown", 2)]);
    // One that was there before, or that shows too late, is another.
    let unknown = [("content-unknown", 1), ("name-unknown", 1)];
    tells(&[binding(8.0, "web-abcde"), create(10.1)], &[], &unknown);
    tells(&[create(10.1), binding(10.1 + 601.0, "web-abcde")], &[], &[("name-unknown", 1)]);
    tells(&[create(10.1)], &[], &[("name-unknown", 1)]);
    // Another server's clock may be behind by a little.
    tells(&[create(10.1), binding(9.5, "web-abcde")], &["10 +Pod shop/web-abcde app:1"], &approximate(1));
}

#[test]
fn a_generated_name_that_no_record_can_show_is_counted() {
    let bare = audit(10, "create", "v1 pods shop/");
    tells(&[bare.clone(), bare], &[], &[("name-unknown", 2)]);
}

#[test]
fn a_pod_that_was_asked_for_has_what_every_server_adds() {
    let log = audit_log(&[audit(10, "create", "v1 pods shop/p").request(&pod("shop/p", 10))]);
    let run = tracer(&["export", "-f", "json", "--from", "5", "--to", "95"], log.as_bytes()).ends(0);
    let spec = &run.json()["events"][1]["applied_objs"][0]["spec"];
    let keys: Vec<&str> = spec["tolerations"].as_array().unwrap().iter().map(|t| t["key"].as_str().unwrap()).collect();
    assert_eq!(keys, ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]);
    assert_eq!((&spec["priority"], &spec["preemptionPolicy"]), (&json!(0), &json!("PreemptLowerPriority")));
}

#[test]
fn a_creation_without_bodies_is_filled_by_the_next_one() {
    let bare = on_web(10, "create");
    let counted = |more: &[(&'static str, u64)]| [more, &[("created-without-body", 1)]].concat();
    tells(std::slice::from_ref(&bare), &[], &counted(&[("content-unknown", 1)]));
    let changed = on_web(20, "update").response(&web("201", 5));
    tells(&[bare.clone(), changed], &["10 +Deployment shop/web 5"], &counted(&[]));
    let cut = json!({"audit.k8s.io/truncated": "true"});
    for event in [
        bare.clone().with("/annotations", cut),
        bare.clone().request(&json!("skipped-too-big-size-object")).response(&json!("skipped-too-big-size-object")),
        bare.request(&json!(null)).response(&json!([])),
    ] {
        let read = on_web(30, "get").response(&web("101", 5));
        tells(&[event, read], &["10 +Deployment shop/web 5"], &counted(&[]));
    }
}

#[test]
fn an_update_without_its_answer_replaces() {
    let event = on_web(20, "update").request(&web("101", 4));
    let expected = [CREATED, "20 +Deployment shop/web 4"];
    tells(&[created(), event.clone()], &expected, &[("content-approximate", 1)]);
    tells(&[event], &["10 +Deployment shop/web 4"], &[("first-seen-late", 1), ("content-approximate", 1)]);
    // One that leaves the content as it is known is no guess.
    let unchanged = on_web(20, "update").request(&with(web("101", 1), "/metadata/labels", json!({"a": "b"})));
    tells(&[created(), unchanged], &[CREATED], &[]);
}

#[test]
fn a_status_that_was_updated_without_an_answer_proves_the_content_it_was_made_upon() {
    let status = |body: &Value| audit(20, "update", "apps/v1 deployments shop/web/status").request(body);
    // Its resourceVersion had to be the latest.
    let unknown = on_web(15, "patch").refused(504);
    let log = [created(), unknown.clone(), status(&web("150", 4)).upon("150")];
    tells(&log, &[CREATED, "15 +Deployment shop/web 4"], &[]);
    // Without one the server takes the status and nothing else.
    tells(&[created(), unknown, status(&asked(4))], &[CREATED], &[("content-stale", 1)]);
}

/// What each dialect does is tested with recorded patches; here, that it is told and applied to what is known.
#[test]
fn a_patch_without_its_answer_is_applied_to_what_is_known() {
    let known =
        with(web("101", 1), "/spec/template", json!({"spec": {"containers": [{"name": "main", "image": "app:1"}]}}));
    let gang = |image: &str| {
        let spec = json!({"containers": [{"name": "main", "image": image}, {"name": "side", "image": "side:1"}]});
        at_version(&with(object("lab.example.dev/v1", "Gang", "shop/g", 10), "/spec", spec), "101")
    };
    let created = on_web(10, "create").response(&known);
    for (query, patch) in [
        (
            "",
            json!([{"op": "test", "path": "/spec/replicas", "value": 1}, {"op": "replace", "path": "/spec/replicas", "value": 4}]),
        ),
        (
            "",
            json!({"spec": {"replicas": 4, "template": {"spec": {"containers": [{"name": "main", "image": "app:2"}]}}}}),
        ),
        (
            "?fieldManager=ci&force=true",
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"replicas": 4}}),
        ),
    ] {
        let event = audit(20, "patch", &format!("apps/v1 deployments shop/web{query}")).request(&patch);
        let log = [created.clone(), event];
        tells(&log, &[CREATED, "20 +Deployment shop/web 4"], &[("content-approximate", 1)]);
    }
    // A custom resource knows no merge keys: the list is replaced.
    let log = [
        audit(10, "create", "lab.example.dev/v1 gangs shop/g").response(&gang("app:1")),
        audit(20, "patch", "lab.example.dev/v1 gangs shop/g")
            .request(&json!({"spec": {"containers": [{"name": "side", "image": "side:2"}]}})),
    ];
    let expected = ["10 +Gang shop/g app:1", "20 +Gang shop/g side:2"];
    tells_of(
        &["lab.example.dev/v1.Gang: {podSpecTemplatePaths: [/spec]}"],
        &log,
        &expected,
        &[("content-approximate", 1)],
    );
}

#[test]
fn a_patch_without_its_answer_of_an_object_that_is_not_known() {
    let before = web("90", 1);
    let read = on_web(30, "get").response(&with(web("201", 8), "/metadata/labels", json!({"a": "b"})));
    let patch =
        |body: &Value, query: &str| audit(20, "patch", &format!("apps/v1 deployments shop/web{query}")).request(body);
    // An apply with a whole spec shows it.
    let applied = patch(&asked(4), "?fieldManager=ci&force=false");
    tells(std::slice::from_ref(&applied), &["20 +Deployment shop/web 4"], &[("content-approximate", 1)]);
    // A difference does not; what is seen next tells.
    let changed = patch(&json!({"spec": {"replicas": 4}}), "");
    tells(std::slice::from_ref(&changed), &[], &[("content-unknown", 1), ("patch-without-base", 1)]);
    tells(&[changed, read], &["10 +Deployment shop/web 8"], &[("first-seen-late", 1), ("patch-without-base", 1)]);
    // One that does not go with what is known leaves that stale.
    let failing = patch(&json!([{"op": "remove", "path": "/spec/nothing"}]), "");
    let shown = on_web(10, "create").response(&before);
    let gaps = [("content-stale", 1), ("patch-without-base", 1)];
    tells(&[shown, failing], &[CREATED], &gaps);
}

#[test]
fn a_change_without_bodies_leaves_the_object_stale() {
    for verb in ["update", "patch"] {
        let gaps = [("content-stale", 1), ("written-without-body", 1)];
        tells(&[created(), on_web(20, verb)], &[CREATED], &gaps);
        let cut = on_web(20, verb).with("/annotations", json!({"audit.k8s.io/truncated": "true"}));
        tells(&[created(), cut], &[CREATED], &gaps);
        // Until something shows it again.
        let read = on_web(30, "get").response(&web("201", 6));
        tells(&[created(), on_web(20, verb), read], &[CREATED, "20 +Deployment shop/web 6"], &gaps[1..]);
    }
    // A status does not matter, but for pods and Jobs.
    let status = audit(20, "update", "apps/v1 deployments shop/web/status");
    tells(&[created(), status], &[CREATED], &[]);
    let pod_created = audit(10, "create", "v1 pods shop/p").response(&at_version(&pod("shop/p", 10), "100"));
    let status = audit(20, "patch", "v1 pods shop/p/status");
    tells(&[pod_created, status], &["10 +Pod shop/p app:1"], &[("written-without-body", 1)]);
}

/// The account of `--report` names every object whose content is not as a record shows it.
#[test]
fn every_uncertain_object_is_named() {
    let name = |i: usize| format!("shop/d{i:02}");
    let create = |i: usize| {
        audit(10, "create", &format!("apps/v1 deployments {}", name(i))).request(&deployment(&name(i), 10, 1))
    };
    let log = audit_log(&(0..12).map(create).collect::<Vec<_>>());
    let account = account(&log, &["--from", "5", "--to", "95"]);
    let expected: Vec<String> = (0..12).map(|i| format!("Deployment.apps {}", name(i))).collect();
    assert_eq!(account["gaps"][0]["reason"], "content-approximate");
    assert_eq!(account["gaps"][0]["examples"], json!(expected));
}
