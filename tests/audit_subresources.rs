//! Subresources in an audit log: `scale`, `binding`, `eviction`, and those that answer with the whole object.

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

const CREATED: &str = "10 +Deployment shop/web 1";

fn scale(replicas: u64, version: &str) -> Value {
    json!({
        "kind": "Scale", "apiVersion": "autoscaling/v1", "spec": {"replicas": replicas}, "status": {"replicas": 1},
        "metadata": {"name": "web", "namespace": "shop", "uid": "deployment-web-10", "resourceVersion": version},
    })
}

fn to_scale(second: i32, verb: &str) -> Audit {
    audit(second, verb, "apps/v1 deployments shop/web/scale")
}

#[test]
fn a_scale_sets_the_replicas_of_its_parent() {
    let scaled = [CREATED, "20 +Deployment shop/web 4"];
    for event in [
        to_scale(20, "patch").request(&json!({"spec": {"replicas": 9}})).response(&scale(4, "201")),
        to_scale(20, "update").request(&scale(9, "101")).response(&scale(4, "201")),
        to_scale(20, "patch").request(&json!({"spec": {"replicas": 4}})),
        to_scale(20, "update").request(&scale(4, "101")).upon("101"),
        to_scale(20, "patch").request(&json!([{"op": "replace", "path": "/spec/replicas", "value": 4}])),
        to_scale(20, "patch").request(&json!([
            {"op": "replace", "path": "/spec/replicas", "value": 9},
            {"op": "test", "path": "/metadata/name", "value": "web"},
            {"op": "add", "path": "/spec/replicas", "value": 4},
        ])),
    ] {
        tells(&[created(), event], &scaled, &[]);
    }
}

#[test]
fn a_scale_without_a_number_leaves_its_parent_stale() {
    let gaps = [("content-stale", 1), ("written-without-body", 1)];
    for event in [
        to_scale(20, "patch"),
        to_scale(20, "update").request(&json!({"spec": {}})),
        to_scale(20, "patch").request(&json!({"spec": {"replicas": "four"}})),
        to_scale(20, "patch").request(&json!([{"op": "remove", "path": "/spec/replicas"}])),
    ] {
        tells(&[created(), event], &[CREATED], &gaps);
    }
}

#[test]
fn a_scale_of_what_is_not_known_yet_makes_no_object_of_it() {
    let log = [
        to_scale(20, "patch").response(&scale(4, "201")),
        audit(30, "get", "apps/v1 deployments shop/web").response(&web("201", 4)),
    ];
    tells(&log[..1], &[], &[("content-unknown", 1)]);
    tells(&log, &["10 +Deployment shop/web 4"], &[("first-seen-late", 1)]);
}

#[test]
fn the_replicas_of_a_custom_resource_may_stand_elsewhere() {
    let gang = with(object("lab.example.dev/v1", "Gang", "shop/web", 10), "/spec", json!({"replicas": 1}));
    let log = [
        audit(10, "create", "lab.example.dev/v1 gangs shop/web").response(&at_version(&gang, "101")),
        audit(20, "patch", "lab.example.dev/v1 gangs shop/web/scale").request(&json!({"spec": {"replicas": 4}})),
    ];
    let expected = ["10 +Gang shop/web 1", "20 +Gang shop/web 4"];
    let kinds = ["lab.example.dev/v1.Gang: {podSpecTemplatePaths: [/spec]}"];
    tells_of(&kinds, &log, &expected, &[("content-approximate", 1)]);
}

/// The pod `shop/p` of second 10, at a version.
fn p(version: &str) -> Value {
    at_version(&pod("shop/p", 10), version)
}

fn pod_created() -> Audit {
    audit(10, "create", "v1 pods shop/p").response(&p("100"))
}

fn on_pod(second: i32, verb: &str, subresource: &str) -> Audit {
    audit(second, verb, &format!("v1 pods shop/p/{subresource}"))
}

const POD: &str = "10 +Pod shop/p app:1";

#[test]
fn a_pod_that_is_bound_is_deleted_with_grace() {
    let body = |node: &str| json!({"kind": "Binding", "apiVersion": "v1", "metadata": {"name": "p"}, "target": {"name": node}});
    let bind = on_pod(20, "create", "binding").request(&body("node-7")).success();
    // Only the binding tells; the pod write behind it is in no log.
    let swept = audit(30, "deletecollection", "v1 pods shop");
    tells(&[pod_created(), bind, swept.clone()], &[POD], &[]);
    tells(&[pod_created(), swept], &[POD, "30 -Pod shop/p"], &[("deletion-concluded", 1)]);
}

#[test]
fn an_evicted_pod_is_gone_when_it_is_not_seen_again() {
    let eviction = json!({"kind": "Eviction", "apiVersion": "policy/v1", "metadata": {"name": "p"}});
    let evicted = on_pod(20, "create", "eviction").request(&eviction).success();
    let concluded = [("deletion-concluded", 1)];
    tells(&[pod_created(), evicted.clone()], &[POD, "20 -Pod shop/p"], &concluded);
    // What is seen later proves that it is still there; and the node's deletion, that it is not.
    let status = on_pod(30, "update", "status").response(&running(&p("300"), 15));
    let lives = "Pod shop/p 15..";
    tells(&[pod_created(), evicted.clone(), status.clone()], &[POD, lives], &[]);
    let deletion = json!({"deletionTimestamp": at(40), "deletionGracePeriodSeconds": 0});
    let mut gone = running(&p("400"), 15);
    gone["metadata"].as_object_mut().unwrap().extend(deletion.as_object().unwrap().clone());
    let node = audit(40, "delete", "v1 pods shop/p").user("system:node:n").response(&gone);
    tells(&[pod_created(), evicted, status, node], &[POD, "40 -Pod shop/p", "Pod shop/p 15..40"], &[]);
    // A dry run says so in the eviction's options, or in the path.
    let dry = with(eviction.clone(), "/deleteOptions", json!({"dryRun": ["All"]}));
    tells(&[pod_created(), on_pod(20, "create", "eviction").request(&dry).success()], &[POD], &[]);
    let real = with(eviction, "/deleteOptions", json!({"dryRun": [], "gracePeriodSeconds": 5}));
    tells(
        &[pod_created(), on_pod(20, "create", "eviction").request(&real).success()],
        &[POD, "20 -Pod shop/p"],
        &concluded,
    );
    tells(&[pod_created(), on_pod(20, "create", "eviction?dryRun=All").success()], &[POD], &[]);
    // A budget refused it.
    tells(&[pod_created(), on_pod(20, "create", "eviction").refused(429)], &[POD], &[]);
}

#[test]
fn a_pods_status_tells_its_lifecycle_with_its_answer_and_without() {
    let statuses = [running(&p("200"), 12), terminated(&p("300"), 12, 28, "Succeeded")];
    let patches: Vec<Value> =
        statuses.iter().map(|pod| json!({"metadata": {"uid": "pod-p-10"}, "status": pod["status"]})).collect();
    let write = |i: usize, verb: &str| on_pod(20 + 10 * i as i32, verb, "status").user("system:node:n");
    let told = [POD, "Pod shop/p 12..28"];
    let answered = [0, 1].map(|i| write(i, "patch").request(&patches[i]).response(&statuses[i]));
    let requested = [0, 1].map(|i| write(i, "patch").request(&patches[i]));
    let updated = [0, 1].map(|i| write(i, "update").request(&statuses[i]));
    for [first, second] in [answered, requested, updated] {
        tells(&[pod_created(), first, second], &told, &[]);
    }
    // A first patch tells one part of the status, a second one another.
    let phase = write(1, "patch").request(&json!({"status": {"phase": "Failed"}}));
    let log = [pod_created(), write(0, "patch").request(&patches[0]), phase];
    tells(&log, &[POD, "Pod shop/p 12..30"], &[]);
}

#[test]
fn subresources_that_answer_with_the_object_are_writes_of_it() {
    let debugged = with(p("200"), "/spec/ephemeralContainers", json!([{"name": "debug", "image": "debug:1"}]));
    let mut resized = p("300");
    resized["spec"]["containers"][0]["image"] = json!("app:2");
    let log = [
        pod_created(),
        on_pod(20, "patch", "ephemeralcontainers").response(&debugged),
        on_pod(30, "patch", "resize").response(&resized),
    ];
    let args = ["--sanitize", "simkube"];
    log_tells(&audit_log(&log), &args, &[POD, "20 +Pod shop/p app:1", "30 +Pod shop/p app:2"], &[]);
    // Refused, as by a node that knows no resizing.
    let refused = on_pod(30, "patch", "resize").refused(422);
    log_tells(&audit_log(&[log[0].clone(), log[1].clone(), refused]), &args, &[POD, "20 +Pod shop/p app:1"], &[]);
    // Without the answer, as any patch.
    let patch = json!({"spec": {"ephemeralContainers": [{"name": "debug", "image": "debug:1"}]}});
    let log = [pod_created(), on_pod(20, "patch", "ephemeralcontainers").request(&patch)];
    let expected = [POD, "20 +Pod shop/p app:1"];
    log_tells(&audit_log(&log), &args, &expected, &[("content-approximate", 1)]);
}

#[test]
fn an_approval_changes_no_content() {
    let request = |version: &str| {
        let request = object("certificates.k8s.io/v1", "CertificateSigningRequest", "/csr", 10);
        at_version(&with(request, "/spec", json!({"username": "x"})), version)
    };
    let what = "certificates.k8s.io/v1 certificatesigningrequests /csr";
    let kinds = ["certificates.k8s.io/v1.CertificateSigningRequest: {podSpecTemplatePaths: [/none]}"];
    let log = [
        audit(10, "create", what).response(&request("101")),
        audit(20, "update", &format!("{what}/approval")).response(&request("201")),
        audit(30, "patch", &format!("{what}/approval")),
    ];
    tells_of(&kinds, &log, &[], &[("cluster-scoped", 1)]);
}

#[test]
fn a_finalize_that_is_none_of_a_namespace_is_a_write_as_any_other() {
    let finalized = audit(20, "update", "apps/v1 deployments shop/web/finalize").response(&web("201", 3));
    tells(&[created(), finalized], &[CREATED, "20 +Deployment shop/web 3"], &[]);
}
