//! Deletions of many objects at once in an audit log, and the end of namespaces.

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

mod support;

use serde_json::{Value, json};
use support::audit::*;
use support::*;

/// A Deployment of second 10 with a label `app`, at version 100.
fn d(ns_name: &str, app: &str) -> Value {
    at_version(&labelled(&deployment(ns_name, 10, 1), app), "100")
}

fn create(object: &Value) -> Audit {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let (group_version, kind) = (text(&object["apiVersion"]), text(&object["kind"]).to_lowercase());
    let name = format!("{}/{}", text(&object["metadata"]["namespace"]), text(&object["metadata"]["name"]));
    audit(10, "create", &format!("{group_version} {kind}s {name}")).response(object)
}

fn sweep(what: &str) -> Audit {
    audit(20, "deletecollection", what)
}

fn deployments_swept(query: &str) -> Audit {
    sweep(&format!("apps/v1 deployments shop{query}"))
}

/// The items of a typed list have no kinds.
fn list(kind: &str, items: &[Value]) -> Value {
    let mut items = items.to_vec();
    for item in &mut items {
        item.as_object_mut().unwrap().retain(|key, _| key != "kind" && key != "apiVersion");
    }
    let api_version = if kind == "PodList" { "v1" } else { "apps/v1" };
    json!({"kind": kind, "apiVersion": api_version, "metadata": {"resourceVersion": "900"}, "items": items})
}

fn concluded(count: u64) -> Vec<(&'static str, u64)> {
    if count > 0 { vec![("deletion-concluded", count)] } else { Vec::new() }
}

#[test]
fn the_list_of_a_deletion_shows_what_was_there_before_it() {
    let (a, b) = (d("shop/a", "x"), d("shop/b", "x"));
    let event = deployments_swept("").response(&list("DeploymentList", std::slice::from_ref(&a)));
    let before = ["10 +Deployment shop/a 1", "10 +Deployment shop/b 1"];
    // What the list lacks stays.
    let expected = [before[0], before[1], "20 -Deployment shop/a"];
    tells(&[create(&a), create(&b), event.clone()], &expected, &[]);
    // What only the list shows was there.
    tells(&[event], &[before[0], "20 -Deployment shop/a"], &[("first-seen-late", 1)]);
    // A finalizer holds it, until a patch removes that.
    let held = with(a.clone(), "/metadata/finalizers", json!(["example.dev/hold"]));
    let event = deployments_swept("").response(&list("DeploymentList", std::slice::from_ref(&held)));
    tells(&[create(&held), event.clone()], &before[..1], &[]);
    let released = with(with(a, "/metadata/deletionTimestamp", json!(at(20))), "/metadata/finalizers", json!([]));
    let patched = audit(30, "patch", "apps/v1 deployments shop/a").response(&released);
    tells(&[create(&held), event, patched], &[before[0], "30 -Deployment shop/a"], &[]);
}

/// A pod of a node, or of none.
fn p(name: &str, node: Option<&str>, grace: u64, phase: &str) -> Value {
    let mut pod = at_version(&pod(&format!("shop/{name}"), 10), "100");
    pod["spec"]["terminationGracePeriodSeconds"] = json!(grace);
    if let Some(node) = node {
        pod["spec"]["nodeName"] = json!(node);
    }
    with(pod, "/status", json!({"phase": phase}))
}

/// Each row: the pod, the grace that was asked for, whether it is gone at once.
fn pods() -> Vec<(Value, Option<u64>, bool)> {
    vec![
        (p("p", Some("n"), 30, "Running"), None, false),
        (p("p", Some("n"), 30, "Pending"), Some(5), false),
        (p("p", Some("n"), 30, "Running"), Some(0), true),
        (p("p", Some("n"), 0, "Running"), None, true),
        (p("p", None, 30, "Pending"), None, true),
        (p("p", Some("n"), 30, "Succeeded"), None, true),
        (p("p", Some("n"), 30, "Failed"), Some(5), true),
    ]
}

#[test]
fn pods_that_run_are_given_time_and_others_not() {
    for (pod, grace, gone) in pods() {
        let mut options = json!({"kind": "DeleteOptions", "apiVersion": "v1"});
        if let Some(grace) = grace {
            options["gracePeriodSeconds"] = json!(grace);
        }
        let event = sweep("v1 pods shop").request(&options);
        let expected = ["10 +Pod shop/p app:1", "20 -Pod shop/p"];
        let expected = &expected[..1 + usize::from(gone)];
        let listed = event.clone().response(&list("PodList", std::slice::from_ref(&pod)));
        tells(&[create(&pod), listed], expected, &[]);
        // Without the list, what is known of the pod decides.
        tells(&[create(&pod), event.clone()], expected, &concluded(u64::from(gone)));
        // The node tells of the end of the others, and finds none of those.
        let node = audit(40, "delete", "v1 pods shop/p").user("system:node:n");
        let node = if gone { node.refused(404) } else { node };
        let later = if gone { expected.to_vec() } else { vec![expected[0], "40 -Pod shop/p"] };
        tells(&[create(&pod), event, node], &later, &concluded(u64::from(gone)));
    }
}

#[test]
fn a_deletion_without_a_list_ends_what_is_known_of_its_selection() {
    let (a, b, far) = (d("shop/a", "x"), d("shop/b", "y"), d("other/a", "x"));
    let set = at_version(&stateful_set("shop/a", 10, 1), "100");
    let before =
        ["10 +Deployment other/a 1", "10 +Deployment shop/a 1", "10 +Deployment shop/b 1", "10 +StatefulSet shop/a 1"];
    for (event, gone) in [
        (deployments_swept(""), &["shop/a", "shop/b"][..]),
        (deployments_swept("?labelSelector=app%3Dx"), &["shop/a"]),
        (deployments_swept("?labelSelector=app+notin+%28x%29&limit=3"), &["shop/b"]),
        (deployments_swept("?labelSelector="), &["shop/a", "shop/b"]),
        (deployments_swept("?fieldSelector=metadata.name%3Db"), &["shop/b"]),
        (deployments_swept("?fieldSelector=metadata.name%3Da&labelSelector=app%3Dy"), &[]),
        (sweep("apps/v1 deployments /"), &["other/a", "shop/a", "shop/b"]),
    ] {
        let mut log: Vec<Audit> = [&far, &a, &b, &set].map(create).to_vec();
        log.push(event.request(&json!({"kind": "DeleteOptions", "apiVersion": "v1"})));
        let ends = gone.iter().map(|name| format!("20 -Deployment {name}"));
        let expected: Vec<String> = before.map(str::to_owned).into_iter().chain(ends).collect();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        tells(&log, &expected, &concluded(gone.len() as u64));
    }
}

#[test]
fn a_selection_that_cannot_be_followed_is_counted_and_ends_nothing() {
    for query in [
        "?fieldSelector=status.phase%3DRunning",
        "?fieldSelector=metadata.name%3Da,metadata.namespace%3Dshop",
        "?fieldSelector=metadata.name%21%3Da",
        "?labelSelector=%3D%3D",
    ] {
        let log = [create(&d("shop/a", "x")), deployments_swept(query)];
        tells(&log, &["10 +Deployment shop/a 1"], &[("written-without-body", 1)]);
    }
}

#[test]
fn a_deletion_without_a_list_ends_neither_what_is_held_nor_what_is_seen_later() {
    let held = with(d("shop/a", "x"), "/metadata/finalizers", json!(["example.dev/hold"]));
    tells(&[create(&held), deployments_swept("")], &["10 +Deployment shop/a 1"], &[]);
    let seen = audit(30, "update", "apps/v1 deployments shop/a/status").response(&at_version(&d("shop/a", "x"), "300"));
    tells(&[create(&d("shop/a", "x")), deployments_swept(""), seen], &["10 +Deployment shop/a 1"], &[]);
    let later = at_version(&deployment("shop/a", 30, 1), "300");
    let created = audit(30, "create", "apps/v1 deployments shop/a").response(&later);
    tells(&[deployments_swept(""), created], &["30 +Deployment shop/a 1"], &[]);
}

#[test]
fn refused_and_dry_deletions_of_many_end_nothing() {
    let items = list("DeploymentList", &[d("shop/a", "x")]);
    for event in [
        deployments_swept("").refused(403),
        deployments_swept("?dryRun=All"),
        deployments_swept("?dryRun=All").response(&items),
        deployments_swept("").request(&json!({"kind": "DeleteOptions", "dryRun": ["All"]})).response(&items),
        deployments_swept("").refused(504),
        deployments_swept("").stage("RequestReceived"),
    ] {
        tells(&[create(&d("shop/a", "x")), event], &["10 +Deployment shop/a 1"], &[]);
    }
}

fn namespace(finalizers: &[&str]) -> Value {
    json!({
        "kind": "Namespace", "apiVersion": "v1",
        "metadata": {"name": "shop", "uid": "ns-1", "resourceVersion": "300", "deletionTimestamp": at(15)},
        "spec": {"finalizers": finalizers},
    })
}

fn finalize() -> Audit {
    audit(20, "update", "v1 namespaces /shop/finalize")
}

#[test]
fn a_namespace_that_is_finalized_takes_everything_along() {
    let held = with(d("shop/held", "x"), "/metadata/finalizers", json!(["example.dev/hold"]));
    let pod = p("p", Some("n"), 30, "Running");
    let log: Vec<Audit> = [&held, &d("other/a", "x"), &pod].map(create).to_vec();
    let before = ["10 +Pod shop/p app:1", "10 +Deployment other/a 1", "10 +Deployment shop/held 1"];
    let after = [&before[..], &["20 -Pod shop/p", "20 -Deployment shop/held"]].concat();
    let empty = with(namespace(&[]), "/spec", json!({}));
    for event in [
        finalize().request(&empty).response(&empty),
        finalize().response(&namespace(&[])),
        finalize().request(&empty),
        finalize(),
    ] {
        tells(&[&log[..], &[event]].concat(), &after, &concluded(2));
    }
    // One that has a finalizer left, or that the server refused, or that only begins to end.
    let begun = audit(20, "delete", "v1 namespaces /shop").response(&namespace(&["kubernetes"]));
    let held = with(namespace(&[]), "/metadata/finalizers", json!(["example.dev/hold"]));
    for event in [
        finalize().response(&namespace(&["example.dev/own"])),
        finalize().request(&namespace(&["example.dev/own"])),
        finalize().response(&held),
        finalize().request(&empty).refused(409),
        begun,
    ] {
        tells(&[&log[..], &[event]].concat(), &before, &[]);
    }
}

#[test]
fn a_new_object_in_a_new_namespace_of_that_name_stays() {
    let later = at_version(&deployment("shop/a", 30, 1), "300");
    let log =
        [create(&d("shop/a", "x")), finalize(), audit(30, "create", "apps/v1 deployments shop/a").response(&later)];
    let expected = ["10 +Deployment shop/a 1", "20 -Deployment shop/a", "30 +Deployment shop/a 1"];
    tells(&log, &expected, &concluded(1));
}

#[test]
fn the_kind_of_a_custom_resource_may_show_in_another_record() {
    let mouse =
        at_version(&with(object("lab.example.dev/v1", "Mouse", "shop/m", 10), "/spec", json!({"replicas": 1})), "100");
    let what = "lab.example.dev/v1 mice shop";
    let created = audit(10, "create", &format!("{what}/m")).response(&mouse);
    let kinds = ["lab.example.dev/v1.Mouse: {podSpecTemplatePaths: [/spec]}"];
    tells_of(&kinds, &[created, sweep(what)], &["10 +Mouse shop/m 1", "20 -Mouse shop/m"], &concluded(1));
}

/// Namespace controllers delete again and again.
#[test]
fn of_many_deletions_the_first_that_fits_ends_an_object() {
    let again =
        |second: i32, query: &str| audit(second, "deletecollection", &format!("apps/v1 deployments shop{query}"));
    let log = [
        create(&d("shop/a", "x")),
        again(40, ""),
        again(7, ""),
        again(30, "?labelSelector=app%3Dx"),
        again(25, "?labelSelector=app%3Dy"),
        again(35, "?labelSelector=app%3Dx"),
        audit(50, "delete", "apps/v1 deployments shop/a").refused(404),
    ];
    tells(&log, &["10 +Deployment shop/a 1", "30 -Deployment shop/a"], &concluded(1));
}
