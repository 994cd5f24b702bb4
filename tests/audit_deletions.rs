//! How an audit log tells of the end of an object.

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

mod support;

use serde_json::{Value, json};
use support::audit::*;
use support::*;

/// The Deployment `shop/web` of second 10, at a version.
fn web(version: &str) -> Value {
    at_version(&deployment("shop/web", 10, 1), version)
}

fn created() -> Audit {
    audit(10, "create", "apps/v1 deployments shop/web").response(&web("101"))
}

fn delete(second: impl Into<f64>) -> Audit {
    audit(second, "delete", "apps/v1 deployments shop/web")
}

fn patch(second: i32) -> Audit {
    audit(second, "patch", "apps/v1 deployments shop/web")
}

fn status(second: i32) -> Audit {
    audit(second, "update", "apps/v1 deployments shop/web/status")
}

const CREATED: &str = "10 +Deployment shop/web 1";
const GONE: &[&str] = &[CREATED, "20 -Deployment shop/web"];
const CONCLUDED: &[(&str, u64)] = &[("deletion-concluded", 1)];

/// The object as it is while its deletion waits.
fn deleting(object: &Value, since: i64, grace: u64, finalizers: &[&str]) -> Value {
    let mut object = object.clone();
    let metadata = object["metadata"].as_object_mut().unwrap();
    metadata.insert("deletionTimestamp".into(), json!(at(since + grace as i64)));
    metadata.insert("deletionGracePeriodSeconds".into(), json!(grace));
    if !finalizers.is_empty() {
        metadata.insert("finalizers".into(), json!(finalizers));
    }
    object
}

/// What a client gets that wants no more than metadata.
fn metadata_of(object: &Value) -> Value {
    json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"]})
}

#[test]
fn a_status_of_success_says_that_the_object_is_gone() {
    let options = json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"});
    let details = json!({"uid": "deployment-web-10"});
    for event in [
        delete(20).request(&options).success_of("deployment-web-10"),
        delete(20).success().with("/responseStatus/details", details),
        delete(20).request(&options).success(),
        delete(20).success(),
        // The object as it was last, which some servers answer with.
        delete(20).response(&web("101")),
        delete(20).response(&metadata_of(&web("101"))),
    ] {
        tells(&[created(), event], GONE, &[]);
    }
}

#[test]
fn a_deletion_of_another_uid_is_none_of_this_object() {
    let other = json!({"uid": "another"});
    for event in [
        delete(20).success_of("another"),
        delete(20).success().with("/responseStatus/details", other.clone()),
        delete(20).success().with("/objectRef/uid", json!("another")),
        delete(20).request(&json!({"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": other})).success(),
    ] {
        tells(&[created(), event], &[CREATED], &[]);
    }
}

#[test]
fn a_deletion_that_waits_for_a_finalizer_ends_with_the_patch_that_removes_it() {
    let waiting = deleting(&web("201"), 20, 0, &["foregroundDeletion"]);
    let pending = delete(20).response(&waiting);
    let log = |more: &[Audit]| [&[created(), pending.clone()], more].concat();
    tells(&log(&[]), &[CREATED], &[]);
    // The event that removes the object shows the version of before.
    let released = deleting(&web("201"), 20, 0, &[]);
    let gone = [CREATED, "30 -Deployment shop/web"];
    let asked = json!({"metadata": {"finalizers": null, "resourceVersion": "201", "uid": "deployment-web-10"}});
    for event in [
        patch(30).request(&asked).response(&released),
        patch(30).request(&asked).response(&metadata_of(&released)),
        audit(30, "update", "apps/v1 deployments shop/web").response(&released),
        audit(30, "update", "apps/v1 deployments shop/web").request(&released),
        status(30).response(&released),
    ] {
        tells(&log(&[event]), &gone, &[]);
    }
    // One of two finalizers, or the grace of a pod, is still there.
    let still = deleting(&web("202"), 20, 0, &["other"]);
    for event in [patch(30).response(&still), patch(30).response(&metadata_of(&still))] {
        tells(&log(&[event]), &[CREATED], &[]);
    }
    tells(&log(&[patch(30).response(&deleting(&web("202"), 20, 5, &[]))]), &[CREATED], &[]);
}

#[test]
fn without_answers_the_patch_of_the_last_finalizer_is_taken_for_the_end() {
    let held = with(web("101"), "/metadata/finalizers", json!(["example.dev/hold"]));
    let created = audit(10, "create", "apps/v1 deployments shop/web").response(&held);
    let released = patch(30).request(&json!({"metadata": {"finalizers": null}}));
    let gone = [CREATED, "30 -Deployment shop/web"];
    tells(&[created.clone(), delete(20), released.clone()], &gone, CONCLUDED);
    // Not one that leaves another, nor one before a deletion, nor one that is followed by more.
    let other = patch(30).request(&json!({"metadata": {"finalizers": ["example.dev/other"]}}));
    tells(&[created.clone(), delete(20), other], &[CREATED], &[]);
    tells(&[created.clone(), released.clone()], &[CREATED], &[]);
    let later = status(40).response(&web("401"));
    tells(&[created.clone(), delete(20), released, later], &[CREATED], &[]);
    // While one is there the object is.
    tells(&[created, delete(20)], &[CREATED], &[]);
}

#[test]
fn an_object_that_only_a_finalizer_keeps_ends_when_a_request_removes_it() {
    let waiting = deleting(&web("201"), 20, 0, &["foregroundDeletion"]);
    let pending = delete(20).response(&waiting);
    let gone = [CREATED, "30 -Deployment shop/web"];
    let merge = json!({"metadata": {"finalizers": null}});
    let json_patch = json!([{"op": "remove", "path": "/metadata/finalizers/0"}]);
    for asked in [merge, json_patch] {
        tells(&[created(), pending.clone(), patch(30).request(&asked)], &gone, CONCLUDED);
        let of_pod = deleting(&p("201"), 20, 30, &["foregroundDeletion"]);
        let pod =
            [pod_created(), delete_pod(20).response(&of_pod), audit(30, "patch", "v1 pods shop/p").request(&asked)];
        // Its containers are waited for as well.
        tells(&pod, &[POD], &[]);
    }
    let other = patch(30).request(&json!({"metadata": {"finalizers": ["example.dev/other"]}}));
    tells(&[created(), pending, other], &[CREATED], &[]);
}

/// Of two servers' accounts of the end the earlier says nothing of the object, and the later shows it.
#[test]
fn an_object_of_which_only_a_second_deletion_shows_anything_was_there() {
    let gone = delete(20).success_of("deployment-web-10");
    tells(&[gone.clone(), delete(21).response(&web("101"))], GONE, &[("first-seen-late", 1)]);
    tells(&[gone, delete(21).response(&metadata_of(&web("101")))], &[], &[("content-unknown", 1)]);
}

#[test]
fn what_a_deletion_adds_was_not_there_at_the_creation() {
    let asked = audit(10, "create", "apps/v1 deployments shop/web").request(&deployment("shop/web", 10, 1));
    let waiting = deleting(&web("201"), 20, 0, &["example.dev/added", "foregroundDeletion"]);
    let read = audit(25, "get", "apps/v1 deployments shop/web").response(&waiting);
    let log = audit_log(&[asked, delete(20), read]);
    let args = ["export", "-f", "json", "--sanitize", "simkube", "--from=5", "--to=22"];
    let trace = tracer(&args, log.as_bytes()).ends(0).json().to_string();
    assert!(trace.contains("example.dev/added") && !trace.contains("foregroundDeletion"), "{trace}");
}

/// A pod of a node, at a version.
fn p(version: &str) -> Value {
    with(at_version(&pod("shop/p", 10), version), "/spec/nodeName", json!("n"))
}

fn pod_created() -> Audit {
    audit(10, "create", "v1 pods shop/p").response(&p("100"))
}

fn delete_pod(second: i32) -> Audit {
    audit(second, "delete", "v1 pods shop/p")
}

const POD: &str = "10 +Pod shop/p app:1";
const NODE: &str = "system:node:n";

#[test]
fn a_pod_is_gone_when_its_node_deletes_it_without_grace() {
    let user = delete_pod(20).response(&deleting(&p("201"), 20, 30, &[]));
    tells(&[pod_created(), user.clone()], &[POD], &[]);
    let gone = [POD, "40 -Pod shop/p"];
    let options = json!({"kind": "DeleteOptions", "apiVersion": "v1", "gracePeriodSeconds": 0, "preconditions": {"uid": "pod-p-10"}});
    for node in [
        delete_pod(40).user(NODE).request(&options).response(&deleting(&p("301"), 40, 0, &[])),
        delete_pod(40).user(NODE).request(&options),
        delete_pod(40).user(NODE),
    ] {
        tells(&[pod_created(), user.clone(), node.clone()], &gone, &[]);
        tells(&[pod_created(), delete_pod(20), node], &gone, &[]);
    }
    // A pod that no node has is gone at once.
    let unbound = at_version(&pod("shop/p", 10), "100");
    let created = audit(10, "create", "v1 pods shop/p").response(&unbound);
    let at_once = delete_pod(20).response(&deleting(&unbound, 20, 0, &[]));
    tells(&[created, at_once], &[POD, "20 -Pod shop/p"], &[]);
}

#[test]
fn a_pod_of_a_job_ends_when_its_controller_lets_go_of_it() {
    let tracked = |version: &str| deleting(&p(version), 40, 0, &["batch.kubernetes.io/job-tracking"]);
    let node = delete_pod(40).user(NODE).response(&tracked("301"));
    tells(&[pod_created(), node.clone()], &[POD], &[]);
    let asked = json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["batch.kubernetes.io/job-tracking"]}});
    let controller = audit(50, "patch", "v1 pods shop/p").request(&asked).response(&deleting(&p("301"), 40, 0, &[]));
    tells(&[pod_created(), node, controller], &[POD, "50 -Pod shop/p"], &[]);
}

#[test]
fn a_deletion_of_which_only_the_code_is_known_ends_what_is_not_seen_again() {
    let seen = status(30).response(&web("301"));
    tells(&[created(), delete(20)], GONE, CONCLUDED);
    tells(&[created(), delete(20), seen.clone()], &[CREATED], &[]);
    tells(&[created(), delete(20), seen, delete(40)], &[CREATED, "40 -Deployment shop/web"], CONCLUDED);
    // Who asks again and is not refused finds it there.
    let expected = [CREATED, "22 -Deployment shop/web"];
    tells(&[created(), delete(20), delete(21), delete(22), delete(23).refused(404)], &expected, CONCLUDED);
}

#[test]
fn an_object_that_a_server_does_not_know_any_more_has_ended() {
    let absent = |second: i32| delete(second).refused(404);
    tells(&[created(), absent(20)], GONE, CONCLUDED);
    tells(&[created(), absent(20), absent(30)], GONE, CONCLUDED);
    // What is seen later was there; and one that is created later is another.
    tells(&[created(), absent(20), status(30).response(&web("301"))], &[CREATED], &[]);
    tells(&[absent(7), created()], &[CREATED], &[]);
    tells(&[absent(7)], &[], &[]);
    let options = json!({"kind": "DeleteOptions", "apiVersion": "v1", "preconditions": {"uid": "another"}});
    tells(&[created(), absent(20).request(&options)], &[CREATED], &[]);
    // Of other requests a 404 says nothing: a subresource may be missing.
    for verb in ["get", "update", "patch"] {
        let other = audit(20, verb, "apps/v1 deployments shop/web").refused(404);
        tells(&[created(), other], &[CREATED], &[]);
    }
    // It had ended already.
    tells(&[created(), delete(20).success(), absent(21)], GONE, &[]);
}

fn again(second: i32, version: &str) -> Audit {
    let object = at_version(&deployment("shop/web", i64::from(second), 5), version);
    audit(f64::from(second) + 0.9, "create", "apps/v1 deployments shop/web").response(&object)
}

#[test]
fn a_new_uid_under_an_old_name_is_a_new_object() {
    let expected = [CREATED, "20 -Deployment shop/web", "20 +Deployment shop/web 5"];
    for (delete, gaps) in [
        (delete(20.2).success_of("deployment-web-10"), &[][..]),
        (delete(20.2).success(), &[]),
        (delete(20.2), CONCLUDED),
        (delete(20.2).refused(404), CONCLUDED),
    ] {
        tells(&[created(), delete, again(20, "205")], &expected, gaps);
    }
    tells(&[created(), again(20, "205")], &expected, &[("replaced-unseen", 1)]);
    // Without uids the deletion alone tells them apart.
    let asked = |second: f64, replicas: u64| {
        audit(second, "create", "apps/v1 deployments shop/web").request(&deployment("shop/web", 10, replicas))
    };
    let log = [asked(10.0, 1), delete(20.2).success(), asked(20.9, 5)];
    tells(&log, &expected, &[("content-approximate", 2)]);
}

#[test]
fn a_deletion_of_what_was_never_seen_shows_no_object_unless_it_has_a_body() {
    for event in [delete(20), delete(20).success_of("deployment-web-10"), delete(20).user(NODE)] {
        tells(&[event], &[], &[]);
    }
    let shown = ["10 +Deployment shop/web 1", "20 -Deployment shop/web"];
    tells(&[delete(20).response(&web("101"))], &shown, &[("first-seen-late", 1)]);
}

/// The creationTimestamp is cut to the second, in which the name was another's.
#[test]
fn a_request_without_uid_is_of_the_object_that_bore_the_name_at_its_time() {
    let held = |second: i64, version: &str| {
        let object = at_version(&deployment("shop/web", second, 5), version);
        with(object, "/metadata/finalizers", json!(["foregroundDeletion"]))
    };
    let create = |second: f64, object: &Value| audit(second, "create", "apps/v1 deployments shop/web").response(object);
    let first = with(json!({"kind": "DeleteOptions"}), "/preconditions", json!({"uid": "first"}));
    let log = [
        audit(20.0, "create", "apps/v1 deployments shop/web").request(&deployment("shop/web", 20, 1)),
        delete(20.6).request(&first).success(),
        create(20.7, &held(20, "205")),
        delete(21.1),
        patch(21).with("/stageTimestamp", json!("1970-01-01T00:00:21.2Z")).response(&deleting(
            &deployment("shop/web", 20, 5),
            21,
            0,
            &[],
        )),
        create(21.3, &at_version(&deployment("shop/web", 21, 7), "215")),
        audit(23, "update", "apps/v1 deployments shop/web").request(&at_version(&deployment("shop/web", 21, 7), "215")),
    ];
    let expected = [
        "20 +Deployment shop/web 1",
        "20 -Deployment shop/web",
        "20 +Deployment shop/web 5",
        "21 -Deployment shop/web",
        "21 +Deployment shop/web 7",
    ];
    tells(&log, &expected, &[("content-approximate", 1)]);
}
