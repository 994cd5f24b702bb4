//! What events of an audit log do by their stage, verb and outcome; writes have files of their own.

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

mod support;

use serde_json::{Value, json};
use support::audit::*;
use support::*;

/// The Deployment `shop/web` of second 10, at a version.
fn web(version: &str, replicas: u64) -> Value {
    at_version(&deployment("shop/web", 10, replicas), version)
}

fn created() -> Audit {
    audit(10, "create", "apps/v1 deployments shop/web").response(&web("101", 1))
}

/// A write of the Deployment, answered with these replicas.
fn write(second: i32, verb: &str, query: &str, replicas: u64) -> Audit {
    let version = (second * 10 + 1).to_string();
    audit(second, verb, &format!("apps/v1 deployments shop/web{query}")).response(&web(&version, replicas))
}

const CREATED: &str = "10 +Deployment shop/web 1";

#[test]
fn early_stages_tell_nothing() {
    for stage in ["RequestReceived", "ResponseStarted", "SomethingNew"] {
        let early = write(20, "update", "", 7).stage(stage);
        tells(&[created(), early], &[CREATED], &[]);
    }
    let alone = created().stage("RequestReceived").with("/responseStatus", Value::Null);
    tells(&[alone], &[], &[]);
}

/// Each of the three ways in which nobody knows what became of a write.
fn unknown_outcomes(event: &Audit) -> [Audit; 4] {
    let early = "Connection closed early";
    [
        event.clone().stage("Panic").code(500),
        event.clone().refused(504),
        event.clone().with("/responseStatus/message", json!(early)),
        event.clone().with("/responseStatus", json!({"code": 200, "status": "Success", "message": early})),
    ]
}

#[test]
fn a_write_whose_outcome_nobody_knows_leaves_the_object_stale() {
    for verb in ["update", "patch"] {
        let event = audit(20, verb, "apps/v1 deployments shop/web").request(&json!({"spec": {"replicas": 7}}));
        for event in unknown_outcomes(&event) {
            tells(&[created(), event], &[CREATED], &[("content-stale", 1)]);
        }
    }
}

#[test]
fn what_is_read_or_written_with_the_status_later_tells_what_became_of_it() {
    let unknown = audit(20, "patch", "apps/v1 deployments shop/web").refused(504);
    let status = write(30, "update", "/status", 7);
    let read = write(30, "get", "", 7);
    for clear in [status, read] {
        tells(&[created(), unknown.clone(), clear], &[CREATED, "20 +Deployment shop/web 7"], &[]);
    }
    // A later change of the content does not tell what was there before it.
    let change = write(30, "update", "", 7);
    tells(&[created(), unknown, change], &[CREATED, "30 +Deployment shop/web 7"], &[("content-stale", 1)]);
}

#[test]
fn a_creation_or_deletion_whose_outcome_nobody_knows_shows_by_what_comes_after() {
    for event in unknown_outcomes(&audit(10, "create", "apps/v1 deployments shop/web").request(&web("", 1))) {
        tells(std::slice::from_ref(&event), &[], &[]);
        tells(&[event, write(20, "get", "", 3)], &[CREATED_BEFORE_ITS_BODY], &[("first-seen-late", 1)]);
    }
    for event in unknown_outcomes(&audit(20, "delete", "apps/v1 deployments shop/web")) {
        tells(&[created(), event.clone(), write(30, "update", "", 2)], &[CREATED, "30 +Deployment shop/web 2"], &[]);
    }
}

const CREATED_BEFORE_ITS_BODY: &str = "10 +Deployment shop/web 3";

#[test]
fn reads_and_what_is_refused_are_no_unknown_writes() {
    for event in unknown_outcomes(&audit(20, "get", "apps/v1 deployments shop/web")) {
        tells(&[created(), event], &[CREATED], &[]);
    }
    let refused = audit(20, "update", "apps/v1 deployments shop/web").request(&web("101", 7));
    for code in [400, 401, 403, 404, 409, 422, 429, 500, 503] {
        tells(&[created(), refused.clone().refused(code)], &[CREATED], &[]);
    }
    let no_code = refused.with("/responseStatus", json!({"status": "Failure"}));
    tells(&[created(), no_code], &[CREATED], &[]);
}

#[test]
fn dry_runs_change_nothing() {
    for (verb, query) in [
        ("update", "?dryRun=All"),
        ("patch", "?fieldManager=x&dryRun=All&force=true"),
        ("update", "?dryRun=Al%6c"),
        ("update", "/status?dryRun=All"),
    ] {
        tells(&[created(), write(20, verb, query, 7)], &[CREATED], &[]);
    }
    let ghost = audit(20, "create", "apps/v1 deployments shop/ghost?dryRun=All");
    tells(&[created(), ghost.response(&deployment("shop/ghost", 20, 1))], &[CREATED], &[]);
    let scaled = audit(20, "patch", "apps/v1 deployments shop/web/scale?dryRun=All");
    tells(&[created(), scaled.request(&json!({"spec": {"replicas": 7}}))], &[CREATED], &[]);
    // It is none without a value, or under another name.
    for query in ["?dryRun=", "?dryRunX=All", "?dryrun=All"] {
        tells(&[created(), write(20, "update", query, 7)], &[CREATED, "20 +Deployment shop/web 7"], &[]);
    }
}

#[test]
fn of_a_deletion_with_a_body_the_body_alone_says_whether_it_is_a_dry_run() {
    let delete = |query: &str| audit(20, "delete", &format!("apps/v1 deployments shop/web{query}"));
    let gone = &[CREATED, "20 -Deployment shop/web"];
    let options = json!({"kind": "DeleteOptions", "apiVersion": "meta.k8s.io/__internal"});
    let dry = json!({"kind": "DeleteOptions", "apiVersion": "v1", "dryRun": ["All"]});
    for (event, expected) in [
        (delete("?dryRun=All"), &gone[..1]),
        (delete("?dryRun=All").request(&options), gone),
        (delete("?dryRun=All").request(&with(options, "/dryRun", json!([]))), gone),
        (delete("").request(&dry), &gone[..1]),
        (delete("?dryRun=All").request(&dry), &gone[..1]),
    ] {
        tells(&[created(), event.success_of("deployment-web-10")], expected, &[]);
    }
    let sweep = |query: &str| audit(20, "deletecollection", &format!("apps/v1 deployments shop{query}"));
    tells(&[created(), sweep("").request(&dry)], &[CREATED], &[]);
    tells(&[created(), sweep("?dryRun=All")], &[CREATED], &[]);
}

#[test]
fn dry_runs_and_unknown_outcomes_are_counted() {
    let dry = write(20, "update", "?dryRun=All", 7);
    let unknown = unknown_outcomes(&audit(20, "patch", "apps/v1 deployments shop/web"));
    let log = [&[created(), dry], &unknown[..]].concat();
    let account = account(&audit_log(&log), &["--from", "5", "--to", "95"]);
    assert_eq!((gaps(&account, "dry-run-ignored"), gaps(&account, "outcome-unknown")), (1, 4));
}

#[test]
fn watches_and_connections_tell_nothing() {
    let pod = at_version(&pod("shop/p", 10), "100");
    let created = audit(10, "create", "v1 pods shop/p").response(&pod);
    let expected = ["10 +Pod shop/p app:1"];
    for event in [
        audit(20, "watch", "v1 pods shop?watch=true"),
        audit(20, "create", "v1 pods shop/p/exec?command=sh").code(101),
        audit(20, "get", "v1 pods shop/p/exec?command=sh").code(101),
        audit(20, "create", "v1 pods shop/p/attach"),
        audit(20, "create", "v1 pods shop/p/portforward"),
        audit(20, "delete", "v1 pods shop/p/proxy").success(),
        audit(20, "update", "v1 pods shop/p/proxy"),
        audit(20, "get", "v1 pods shop/p/log"),
        audit(20, "create", "v1 serviceaccounts shop/default/token"),
        audit(20, "create", "authorization.k8s.io/v1 subjectaccessreviews /"),
    ] {
        tells(&[created.clone(), event], &expected, &[]);
    }
    let no_resource = audit(20, "get", "v1 pods shop/p").with("/objectRef", Value::Null);
    tells(&[created, no_resource], &expected, &[]);
}

fn list(second: i32, query: &str, kind: &str, items: &[Value]) -> Audit {
    let bare = |item: &Value| {
        let mut item = item.clone();
        item.as_object_mut().unwrap().retain(|key, _| key != "kind" && key != "apiVersion");
        item
    };
    let items: Vec<Value> = items.iter().map(bare).collect();
    let body = json!({"kind": kind, "apiVersion": "apps/v1", "metadata": {"resourceVersion": "900"}, "items": items});
    audit(second, "list", &format!("apps/v1 deployments shop{query}")).response(&body)
}

#[test]
fn reads_show_objects_at_the_versions_of_their_bodies() {
    let other = at_version(&deployment("shop/other", 3, 5), "40");
    for read in [
        list(20, "", "DeploymentList", &[web("201", 4), other.clone()]),
        list(20, "", "DeploymentList", &[other.clone(), web("201", 4)]),
    ] {
        let expected = ["5 +Deployment shop/other 5", CREATED, "20 +Deployment shop/web 4"];
        tells(&[created(), read], &expected, &[("first-seen-late", 1), ("writes-unseen", 1)]);
    }
    tells(&[created(), write(20, "get", "", 4)], &[CREATED, "20 +Deployment shop/web 4"], &[("writes-unseen", 1)]);
    // A read that was refused, or that shows something else, shows no object.
    tells(&[created(), write(20, "get", "", 4).refused(404)], &[CREATED], &[]);
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"});
    tells(&[created(), audit(20, "get", "apps/v1 deployments shop/web").response(&status)], &[CREATED], &[]);
}

#[test]
fn a_list_from_a_cache_does_not_bring_old_content_back() {
    let old = list(30, "?resourceVersion=0", "DeploymentList", &[web("101", 1)]);
    let expected = [CREATED, "20 +Deployment shop/web 2"];
    tells(&[created(), write(20, "update", "", 2), old.clone()], &expected, &[]);
    tells(&[created(), write(20, "update", "", 2), write(30, "get", "", 1).response(&web("101", 1))], &expected, &[]);
    // A version that no write shows was there before the newer one, whenever it was read.
    let between = list(30, "", "DeploymentList", &[web("150", 9)]);
    let expected = [CREATED, "20 +Deployment shop/web 9", "20 +Deployment shop/web 2"];
    tells(&[created(), write(20, "update", "", 2), between], &expected, &[("writes-unseen", 1)]);
    // Nor an object that is gone by then.
    let deleted = audit(20, "delete", "apps/v1 deployments shop/web").success_of("deployment-web-10");
    tells(&[created(), deleted, old], &[CREATED, "20 -Deployment shop/web"], &[]);
}

#[test]
fn the_pages_of_a_list_show_what_is_in_each() {
    let d = |name: &str| at_version(&deployment(&format!("shop/{name}"), 3, 1), "40");
    let pages = [
        list(20, "?limit=2", "DeploymentList", &[d("a"), d("b")]),
        list(21, "?limit=2&continue=x", "DeploymentList", &[d("c")]),
        list(22, "?limit=2&continue=y", "DeploymentList", &[]),
    ];
    let expected = ["5 +Deployment shop/a 1", "5 +Deployment shop/b 1", "5 +Deployment shop/c 1"];
    tells(&pages, &expected, &[("first-seen-late", 3)]);
}

#[test]
fn a_table_or_metadata_alone_is_no_content() {
    let metadata = with(
        json!({"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1"}),
        "/metadata",
        web("201", 0)["metadata"].clone(),
    );
    let table = json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {},
        "columnDefinitions": [{"name": "Name"}], "rows": [{"cells": ["web"], "object": metadata}]});
    let partial_list =
        json!({"kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1", "items": [metadata]});
    for body in [&metadata, &table, &partial_list] {
        for event in [audit(20, "get", "apps/v1 deployments shop/web"), audit(20, "list", "apps/v1 deployments shop")] {
            tells(&[created(), event.response(body)], &[CREATED], &[]);
        }
    }
    // As the answer to a write it shows that the object is there, at a version, and what was asked for.
    for body in [&metadata, &table] {
        let patch = audit(20, "patch", "apps/v1 deployments shop/web").response(body);
        let annotated = patch.clone().request(&json!({"metadata": {"annotations": {"a": "b"}}}));
        tells(&[created(), annotated], &[CREATED], &[]);
        let scaled = patch.request(&json!({"spec": {"replicas": 4}}));
        tells(&[created(), scaled], &[CREATED, "20 +Deployment shop/web 4"], &[("content-approximate", 1)]);
    }
}
