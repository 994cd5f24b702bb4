//! Who owns whom, and what that keeps out of a trace.
//!
//! Where SimKube's own tracer ("the original") is wrong, the test fails with its behaviour, and says what that is.

// clippy sees tests only in `#[test]` functions, and not what they call.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::{Value, json};
use support::*;

/// Everything between a Deployment and its pods is tracked, and nothing left out for being owned.
const ALL: [&str; 4] = ["apps/v1.Deployment", "apps/v1.ReplicaSet", "apps/v1.StatefulSet", "v1.Pod"];
const WINDOW: [&str; 4] = ["--from", "15", "--to", "40"];

fn family() -> (Value, Value, Value) {
    let web = deployment("shop/web", 1, 1);
    let set = owned(&replica_set("shop/web-1", 2, 1), &web);
    let pod = owned(&pod("shop/web-1-a", 3), &set);
    (web, set, pod)
}

/// The original looks only at what it has seen so far, so that it exports the child as well.
#[test]
fn a_child_that_is_listed_before_its_owner_is_left_out() {
    let (web, set, pod) = family();
    let log = Log::new().event(10, "ADDED", &pod).event(11, "ADDED", &set).event(12, "ADDED", &web).text();
    assert_eq!(export_tracking(&ALL, &log, &WINDOW), "15 |\n15 +Deployment shop/web 1\n40 |\n");
    let log = Log::new().event(20, "ADDED", &pod).event(21, "ADDED", &set).event(30, "ADDED", &web).text();
    assert_eq!(
        export_tracking(&ALL, &log, &["--from", "0", "--to", "40"]),
        "0 |\n1 |\n1 +Deployment shop/web 1\n40 |\n"
    );
}

#[test]
fn an_owner_that_is_not_tracked_hands_its_own_owner_down() {
    let (web, set, pod) = family();
    let log = Log::new().event(10, "ADDED", &web).event(10, "ADDED", &set).event(10, "ADDED", &pod).text();
    assert_eq!(
        export_tracking(&["apps/v1.Deployment", "v1.Pod"], &log, &WINDOW),
        "15 |\n15 +Deployment shop/web 1\n40 |\n"
    );
    assert_eq!(export_tracking(&["v1.Pod"], &log, &WINDOW), "15 |\n15 +Pod shop/web-1-a app:1\n40 |\n");
}

/// The original writes deletions of what it does not export: a deletion has no owners there.
#[test]
fn deletions_of_owned_objects_that_are_not_in_the_trace_are_not_either() {
    let (web, set, pod) = family();
    let log = Log::new()
        .event(10, "ADDED", &web)
        .event(10, "ADDED", &set)
        .event(10, "ADDED", &pod)
        .event(20, "DELETED", &pod)
        .event(21, "DELETED", &set)
        .text();
    assert_eq!(export_tracking(&ALL, &log, &WINDOW), "15 |\n15 +Deployment shop/web 1\n40 |\n");
    assert_eq!(export(&log, &WINDOW), "15 |\n15 +Deployment shop/web 1\n40 |\n");
}

#[test]
fn what_the_garbage_collector_deletes_after_its_owner_never_joins() {
    let (web, set, pod) = family();
    let log = Log::new()
        .event(10, "ADDED", &web)
        .event(10, "ADDED", &set)
        .event(10, "ADDED", &pod)
        .event(20, "DELETED", &web)
        .event(21, "DELETED", &set)
        .event(30, "DELETED", &pod);
    assert_eq!(
        export_tracking(&ALL, &log.text(), &WINDOW),
        "15 |\n15 +Deployment shop/web 1\n20 |\n20 -Deployment shop/web\n40 |\n"
    );
}

/// Of `kubectl delete --cascade=orphan`; the second when the ReplicaSet loses its owner, and that of the owner's deletion.
fn orphaning(released: i64, deleted: i64) -> String {
    let (web, set, pod) = family();
    let free = replica_set("shop/web-1", 2, 1);
    let log = Log::new().event(10, "ADDED", &web).event(10, "ADDED", &set).event(10, "ADDED", &pod);
    log.event(released, "MODIFIED", &free).event(deleted, "DELETED", &web).text()
}

/// The original leaves the orphan out; in the replay its pods die with the former owner.
#[test]
fn an_orphan_joins_in_an_event_after_the_deletion_of_its_former_owner() {
    for (released, deleted) in [(20, 25), (25, 25)] {
        assert_eq!(
            export(&orphaning(released, deleted), &WINDOW),
            "\
15 |
15 +Deployment shop/web 1
25 |
25 -Deployment shop/web
25 |
25 +ReplicaSet shop/web-1 1
40 |
"
        );
    }
}

/// The two come from watches of their own, which need not tell in order.
#[test]
fn an_orphan_that_is_released_after_the_deletion_of_its_owner_joins_in_a_later_event_of_the_second() {
    let (web, set, _) = family();
    let event =
        |ts: &str, change: &str, object: &Value| json!({"ts": ts, "type": change, "object": object}).to_string();
    let log = Log::new()
        .event(10, "ADDED", &web)
        .event(10, "ADDED", &set)
        .line(&event("1970-01-01T00:00:20.1Z", "DELETED", &at_version(&web, "131")))
        .line(&event("1970-01-01T00:00:20.3Z", "MODIFIED", &at_version(&replica_set("shop/web-1", 2, 1), "130")));
    assert_eq!(
        export(&log.text(), &WINDOW),
        "\
15 |
15 +Deployment shop/web 1
20 |
20 -Deployment shop/web
20 |
20 +ReplicaSet shop/web-1 1
40 |
"
    );
}

#[test]
fn an_orphan_joins_when_another_object_takes_the_name_of_its_former_owner() {
    let (web, set, _) = family();
    let log = Log::new()
        .event(10, "ADDED", &web)
        .event(10, "ADDED", &set)
        .event(18, "MODIFIED", &replica_set("shop/web-1", 2, 1))
        .event(20, "ADDED", &deployment("shop/web", 20, 3));
    assert_eq!(
        export(&log.text(), &WINDOW),
        "\
15 |
15 +Deployment shop/web 1
20 |
20 -Deployment shop/web
20 |
20 +Deployment shop/web 3
20 +ReplicaSet shop/web-1 1
40 |
"
    );
}

#[test]
fn an_orphan_that_is_adopted_again_leaves_again() {
    let (web, set, _) = family();
    let heir = deployment("shop/web", 30, 3);
    let log = Log::new()
        .event(10, "ADDED", &web)
        .event(10, "ADDED", &set)
        .event(18, "MODIFIED", &replica_set("shop/web-1", 2, 1))
        .event(19, "DELETED", &web)
        .event(30, "ADDED", &heir)
        .event(31, "MODIFIED", &owned(&replica_set("shop/web-1", 2, 1), &heir));
    let trace = export(&log.text(), &WINDOW);
    let after = trace.split_once("19 +ReplicaSet shop/web-1 1\n").unwrap().1;
    assert_eq!(after, "30 |\n30 +Deployment shop/web 3\n31 |\n31 -ReplicaSet shop/web-1\n40 |\n");
}

#[test]
fn an_orphan_whose_former_owner_is_still_there_does_not_join() {
    assert_eq!(export(&orphaning(20, 60), &WINDOW), "15 |\n15 +Deployment shop/web 1\n40 |\n");
}

#[test]
fn an_orphan_joins_as_it_then_is() {
    let (web, set, _) = family();
    let log = Log::new()
        .event(10, "ADDED", &web)
        .event(10, "ADDED", &set)
        .event(18, "MODIFIED", &replica_set("shop/web-1", 2, 1))
        .event(20, "MODIFIED", &replica_set("shop/web-1", 2, 7))
        .event(25, "DELETED", &web)
        .event(30, "MODIFIED", &replica_set("shop/web-1", 2, 8))
        .event(35, "DELETED", &replica_set("shop/web-1", 2, 8));
    let trace = export(&log.text(), &WINDOW);
    assert_eq!(
        trace.split_once("25 -Deployment shop/web\n").unwrap().1,
        "\
25 |
25 +ReplicaSet shop/web-1 7
30 |
30 +ReplicaSet shop/web-1 8
35 |
35 -ReplicaSet shop/web-1
40 |
"
    );
}

#[test]
fn what_was_orphaned_before_the_window_is_in_the_starting_state_without_its_pods() {
    assert_eq!(export(&orphaning(12, 13), &WINDOW), "15 |\n15 +ReplicaSet shop/web-1 1\n40 |\n");
    assert_eq!(export_tracking(&ALL, &orphaning(12, 13), &WINDOW), "15 |\n15 +ReplicaSet shop/web-1 1\n40 |\n");
}

#[test]
fn an_object_that_is_adopted_leaves_the_trace_by_a_deletion() {
    let (web, set, _) = family();
    let free = replica_set("shop/web-1", 2, 1);
    let log = Log::new()
        .event(10, "ADDED", &web)
        .event(10, "ADDED", &free)
        .event(20, "MODIFIED", &set)
        .event(30, "DELETED", &set);
    assert_eq!(
        export(&log.text(), &WINDOW),
        "15 |\n15 +Deployment shop/web 1\n15 +ReplicaSet shop/web-1 1\n20 |\n20 -ReplicaSet shop/web-1\n40 |\n"
    );
}

/// Whatever is tracked, and whether or not the log shows the DaemonSet.
#[test]
fn descendants_of_a_daemon_set_are_left_out_always() {
    let set = object("apps/v1", "DaemonSet", "shop/agent", 1);
    let pod = owned(&pod("shop/agent-a", 2), &set);
    let seen = Log::new().event(10, "ADDED", &set).event(10, "ADDED", &running(&pod, 11)).text();
    let unseen = Log::new().event(10, "ADDED", &running(&pod, 11)).text();
    for log in [&seen, &unseen] {
        for kinds in [&["v1.Pod: {trackLifecycle: true}"][..], &["v1.Pod: {trackLifecycle: true}", "batch/v1.Job"]] {
            assert_eq!(export_tracking(kinds, log, &WINDOW), "15 |\n40 |\n");
        }
    }
    let below = owned(&replica_set("shop/agent-1", 2, 1), &set);
    let grandchild = owned(&support::pod("shop/agent-1-a", 3), &below);
    let log = Log::new().event(10, "ADDED", &set).event(10, "ADDED", &below).event(10, "ADDED", &grandchild).text();
    assert_eq!(export_tracking(&["v1.Pod"], &log, &WINDOW), "15 |\n40 |\n");
}

/// A cluster-scoped owner is no reason to panic.
#[test]
fn the_node_that_owns_a_mirror_pod_is_no_owner_in_the_trace() {
    let mut node = object("v1", "Node", "x/node-1", 1);
    node["metadata"].as_object_mut().unwrap().remove("namespace");
    let mirror = owned(&pod("kube-system/etcd-node-1", 2), &node);
    let with_node = Log::new().event(10, "ADDED", &node).event(10, "ADDED", &running(&mirror, 11)).text();
    let without = Log::new().event(10, "ADDED", &running(&mirror, 11)).text();
    let expected = "15 |\n15 +Pod kube-system/etcd-node-1 app:1\n40 |\nPod kube-system/etcd-node-1 15..\n";
    let node_too = ["v1.Pod: {trackLifecycle: true}", "v1.Node: {podSpecTemplatePaths: [/none]}"];
    for log in [&with_node, &without] {
        assert_eq!(export_tracking(&node_too[..1], log, &WINDOW), expected);
        assert_eq!(export_tracking(&node_too, log, &WINDOW), expected);
        assert_eq!(export(log, &WINDOW), "15 |\n40 |\n", "owned, and the default config skips owned pods");
    }
}

#[test]
fn cycles_and_self_references_are_harmless() {
    let (a, b) = (deployment("shop/a", 1, 1), stateful_set("shop/b", 2, 1));
    let log = Log::new().event(10, "ADDED", &owned(&a, &b)).event(10, "ADDED", &owned(&b, &a)).event(
        10,
        "ADDED",
        &owned(&deployment("shop/self", 3, 1), &deployment("shop/self", 3, 1)),
    );
    assert_eq!(
        export(&log.text(), &WINDOW),
        "15 |\n15 +Deployment shop/a 1\n15 +StatefulSet shop/b 1\n15 +Deployment shop/self 1\n40 |\n"
    );
}

#[test]
fn an_owner_is_known_by_its_uid_and_not_by_its_name() {
    let (old, new) = (deployment("shop/web", 1, 1), deployment("shop/web", 12, 2));
    let set = owned(&replica_set("shop/web-1", 2, 1), &with(old.clone(), "/metadata/uid", json!("another")));
    let log = Log::new().event(10, "ADDED", &set).event(12, "ADDED", &new).text();
    assert_eq!(
        export_tracking(&ALL, &log, &WINDOW),
        "15 |\n15 +ReplicaSet shop/web-1 1\n15 +Deployment shop/web 2\n40 |\n"
    );
    assert_eq!(gaps(&account_tracking(&log), "owner-unseen"), 1);
}

fn account_tracking(log: &str) -> Value {
    let config = tracking(&ALL);
    account(log, &[&["--config", config.path().to_str().unwrap()][..], &WINDOW].concat())
}

#[test]
fn an_owner_reference_without_uid_is_matched_by_name() {
    let (web, set, _) = family();
    let named = |place: &str| {
        with(
            set.clone(),
            "/metadata/ownerReferences",
            json!([{"apiVersion": "apps/v1beta1", "kind": "Deployment", "name": place}]),
        )
    };
    let log = Log::new().event(10, "ADDED", &named("web")).event(11, "ADDED", &web).text();
    assert_eq!(export_tracking(&ALL, &log, &WINDOW), "15 |\n15 +Deployment shop/web 1\n40 |\n");
    let log = Log::new().event(10, "ADDED", &named("other")).event(11, "ADDED", &web).text();
    assert_eq!(
        export_tracking(&ALL, &log, &WINDOW),
        "15 |\n15 +Deployment shop/web 1\n15 +ReplicaSet shop/web-1 1\n40 |\n"
    );
}

#[test]
fn one_owner_of_several_in_the_trace_is_enough() {
    let (web, set, _) = family();
    let mut references = set["metadata"]["ownerReferences"].as_array().unwrap().clone();
    references.insert(0, json!({"apiVersion": "x.io/v1", "kind": "Thing", "name": "t", "uid": "u"}));
    let set = with(set, "/metadata/ownerReferences", json!(references));
    let log = Log::new().event(10, "ADDED", &set).event(11, "ADDED", &web).text();
    assert_eq!(export_tracking(&ALL, &log, &WINDOW), "15 |\n15 +Deployment shop/web 1\n40 |\n");
}

#[test]
fn what_is_owned_by_something_that_no_log_shows_is_in_the_trace_unless_its_kind_skips_owned() {
    let rollout = object("argoproj.io/v1alpha1", "Rollout", "shop/web", 1);
    let set = owned(&replica_set("shop/web-1", 2, 1), &rollout);
    let log = Log::new().event(10, "ADDED", &set).text();
    assert_eq!(export_tracking(&ALL, &log, &WINDOW), "15 |\n15 +ReplicaSet shop/web-1 1\n40 |\n");
    assert_eq!(export(&log, &WINDOW), "15 |\n40 |\n");
    assert_eq!(gaps(&account(&log, &WINDOW), "owner-unseen"), 1);
}

#[test]
fn an_owner_that_its_kind_skips_because_it_is_owned_keeps_nothing_out() {
    let rollout = object("argoproj.io/v1alpha1", "Rollout", "shop/web", 1);
    let set = owned(&replica_set("shop/web-1", 2, 1), &rollout);
    let pod = owned(&pod("shop/web-1-a", 3), &set);
    let log = Log::new().event(10, "ADDED", &rollout).event(10, "ADDED", &set).event(10, "ADDED", &pod).text();
    assert_eq!(
        export_tracking(&["apps/v1.ReplicaSet: {skipOwned: true}", "v1.Pod"], &log, &WINDOW),
        "15 |\n15 +Pod shop/web-1-a app:1\n40 |\n"
    );
}

#[test]
fn an_owner_that_is_only_known_at_another_version_is_not_in_the_trace_and_keeps_nothing_out() {
    let (web, set, _) = family();
    let web = with(web, "/apiVersion", json!("apps/v1beta2"));
    let log = Log::new().event(10, "ADDED", &web).event(10, "ADDED", &set).text();
    assert_eq!(export_tracking(&ALL, &log, &WINDOW), "15 |\n15 +ReplicaSet shop/web-1 1\n40 |\n");
}

#[test]
fn malformed_references_are_counted_and_own_nothing() {
    let reference =
        |api: &str| json!([{"apiVersion": api, "kind": "Deployment", "name": "web", "uid": "deployment-web-1"}]);
    for (bad, count) in [
        (reference("a/b/c"), 1),
        (reference(""), 1),
        (reference("/v1"), 1),
        (json!([{"kind": "Deployment"}, 7, "x", null, []]), 5),
        (json!([{"apiVersion": "apps/v1", "kind": "Deployment", "name": "", "uid": "deployment-web-1"}]), 1),
        (json!([{"apiVersion": 1, "kind": 2, "name": 3, "uid": 4}]), 1),
        (json!("deployment-web-1"), 1),
        (json!({"apiVersion": "apps/v1"}), 1),
        (json!(7), 1),
    ] {
        let set = with(replica_set("shop/web-1", 2, 1), "/metadata/ownerReferences", bad.clone());
        let log = Log::new().event(10, "ADDED", &deployment("shop/web", 1, 1)).event(10, "ADDED", &set).text();
        assert_eq!(
            export_tracking(&ALL, &log, &WINDOW),
            "15 |\n15 +Deployment shop/web 1\n15 +ReplicaSet shop/web-1 1\n40 |\n",
            "{bad}"
        );
        assert_eq!(gaps(&account_tracking(&log), "owner-malformed"), count, "{bad}");
    }
}

/// Walking up from every object would take days here.
#[test]
fn long_chains_and_restless_owners_are_judged_once() {
    let link = |i: u64| object("apps/v1", "Deployment", &format!("shop/d{i}"), 10);
    let mut chain = Log::new();
    for i in 0..4_000 {
        let deployment = with(link(i), "/spec", serde_json::json!({"replicas": 1}));
        chain = chain.event(10, "ADDED", &owned(&deployment, &link(i + 1)));
    }
    // The last one's owner is in no log; all others have one that is in the trace.
    assert_eq!(export(&chain.text(), &["--from", "20", "--to", "21"]), "20 |\n20 +Deployment shop/d3999 1\n21 |\n");

    let (restless, above) = (object("x.io/v1", "X", "shop/x", 10), object("y.io/v1", "Y", "shop/y", 10));
    let mut log = Log::new().event(10, "ADDED", &restless);
    for i in 0..4_000 {
        let next = if i % 2 == 0 { owned(&restless, &above) } else { restless.clone() };
        log = log.event(11 + i, "MODIFIED", &next);
    }
    for i in 0..50 {
        log = log.event(12, "ADDED", &owned(&deployment(&format!("shop/w{i:02}"), 12, 1), &restless));
    }
    let shown = export(&log.text(), &["--from", "5000", "--to", "5001"]);
    assert_eq!(shown.matches("+Deployment").count(), 50, "{shown}");
}
