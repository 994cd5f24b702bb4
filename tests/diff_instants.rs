//! `tracer diff` of two instants of a log.

// clippy sees tests only in `#[test]` functions, and not what they call.
#![allow(clippy::unwrap_used)]

mod shell;
mod support;

use std::fs;

use serde_json::{Value, json};
use support::*;

/// What `diff` says of two instants of a log.
fn instants(log: &Log, args: &[&str], code: i32) -> String {
    let run = tracer(&[&["diff", "-q"], args].concat(), log.text().as_bytes()).ends(code);
    String::from_utf8(run.stdout).unwrap()
}

fn name_of(entry: &Value) -> String {
    let text = |field: &str| entry[field].as_str().unwrap().to_owned();
    format!("{} {}/{}", text("kind"), text("namespace"), text("name"))
}

#[test]
fn of_two_instants_it_is_told_what_came_went_and_changed() {
    let dir = shell::incident();
    let command = "tracer diff audit/ -q --from '2026-11-23 15:25:50' --to +10s -k deploy,rs";
    let page = shell::run(command, dir.path()).ends(1).stdout;
    assert_eq!(
        page,
        "\
FROM                   TO                     OBJECTS   WENT   CAME   CHANGED   IN BETWEEN
2026-11-23T15:25:50Z   2026-11-23T15:26:00Z   4 → 5     0      1      2         0

~ Deployment.apps shop/web (last written 2026-11-23T15:25:59Z)
    ~ metadata.annotations[\"deployment.kubernetes.io/revision\"]: \"1\" → \"2\"
    ~ spec.replicas: 3 → 6
    ~ spec.template.spec.containers[main].image: app:1 → app:2
~ ReplicaSet.apps shop/web-6f5cb498b5 (last written 2026-11-23T15:25:57Z)
    ~ spec.replicas: 3 → 0
+ ReplicaSet.apps shop/web-8485664f98 (created 2026-11-23T15:25:53Z)
"
    );
    // A watch tells the same, and so do the ends in other words.
    for command in [
        "tracer diff watch/ -q --from '2026-11-23 15:25:50' --to +10s -k deploy,rs -o json",
        "tracer diff audit/ -q --from -10s --to 2026-11-23T15:26:00Z -k deploy,rs -o json",
    ] {
        let json: Value = serde_json::from_str(&shell::run(command, dir.path()).ends(1).stdout).unwrap();
        let objects = json["objects"].as_array().unwrap().iter();
        let objects: Vec<String> = objects.map(|object| format!("{} {}", object["change"], name_of(object))).collect();
        assert_eq!(
            objects,
            [
                "\"changed\" Deployment.apps shop/web",
                "\"changed\" ReplicaSet.apps shop/web-6f5cb498b5",
                "\"came\" ReplicaSet.apps shop/web-8485664f98"
            ],
            "{command}"
        );
        assert_eq!(json["objects"][0]["changes"][1], json!({"path": "spec.replicas", "before": 3, "after": 6}));
        assert_eq!(
            (&json["objects_then"], &json["objects_after"], &json["left_out"]),
            (&json!(4), &json!(5), &json!(0))
        );
    }
}

/// From second 100 to 109.
fn busy() -> Log {
    let (web, gone) = (deployment("shop/web", 100, 1), deployment("shop/gone", 100, 1));
    let lease = |renewed: i64| {
        with(object("coordination.k8s.io/v1", "Lease", "kube/l", 100), "/spec", json!({"renewTime": at(renewed)}))
    };
    let applied = "kubectl.kubernetes.io/last-applied-configuration";
    let annotated = with(web.clone(), "/metadata/annotations", json!({applied: "{}"}));
    let status = |replicas: u64| with(annotated.clone(), "/status", json!({"readyReplicas": replicas}));
    Log::new()
        .event(100, "ADDED", &status(0))
        .event(100, "ADDED", &gone)
        .event(100, "ADDED", &lease(100))
        .event(103, "ADDED", &deployment("shop/brief", 103, 1))
        .event(104, "DELETED", &deployment("shop/brief", 103, 1))
        .event(105, "MODIFIED", &status(1))
        .event(106, "DELETED", &gone)
        .event(107, "ADDED", &deployment("shop/gone", 107, 1))
        .event(109, "MODIFIED", &lease(109))
}

#[test]
fn between_instants_only_what_is_no_noise_differs() {
    let page = instants(&busy(), &["--from", "102", "--to", "109"], 1);
    assert_eq!(
        page,
        "\
FROM                   TO                     OBJECTS   WENT   CAME   CHANGED   IN BETWEEN
1970-01-01T00:01:42Z   1970-01-01T00:01:49Z   3 → 3     0      0      1         1

~ Deployment.apps shop/gone (deleted and created anew 1970-01-01T00:01:47Z)
"
    );
    assert_eq!(instants(&busy(), &["--from", "102", "--to", "105.5"], 0), "");
    let status = instants(&busy(), &["--from", "102", "--to", "105.5", "--status"], 1);
    assert!(
        status.contains("~ Deployment.apps shop/web") && status.contains("~ status.readyReplicas: 0 → 1"),
        "{status}"
    );
    // Leases are compared where they are asked for; else it is said that they differ.
    let leases = instants(&busy(), &["--from", "102", "--to", "109", "-k", "lease"], 1);
    assert!(leases.contains("~ spec.renewTime: 1970-01-01T00:01:40Z → 1970-01-01T00:01:49Z"), "{leases}");
    let run = tracer(&["diff", "--from", "102", "--to", "109"], busy().text().as_bytes()).ends(1);
    assert!(run.stderr.contains("left out: 1 Leases and Events that differ too"), "{}", run.stderr);
    let config = tracking(&["apps/v1.StatefulSet"]);
    assert_eq!(instants(&busy(), &["--to", "109", "--config", config.path().to_str().unwrap()], 0), "");
    for filter in [["-n", "other"], ["--name", "web"], ["--exclude-kind", "deploy"]] {
        assert_eq!(instants(&busy(), &[&["--from", "102", "--to", "109"], &filter[..]].concat(), 0), "", "{filter:?}");
    }
}

#[test]
fn without_instants_it_is_the_ends_of_the_log() {
    let came = |args: &[&str]| instants(&busy(), args, 1).lines().filter(|line| line.starts_with('+')).count();
    assert_eq!(came(&[]), came(&["--from", "100", "--to", "109"]));
    let log = "it runs from 1970-01-01T00:01:40Z to 1970-01-01T00:01:49Z; give a time in that span";
    for (args, said) in [
        (["--from", "50"], format!("--from 1970-01-01T00:00:50Z is before the log begins: {log}")),
        (["--to", "200"], format!("--to 1970-01-01T00:03:20Z is after the log ends: {log}")),
    ] {
        let run = tracer(&[&["diff"], &args[..]].concat(), busy().text().as_bytes()).ends(2);
        assert!(run.stderr.contains(&said) && run.stdout.is_empty(), "{}", run.stderr);
    }
}

#[test]
fn a_content_that_no_record_shows_is_told() {
    let audit = |verb: &str, name: &str, second: i64| {
        let reference = json!({"resource": "deployments", "namespace": "shop", "name": name, "apiGroup": "apps", "apiVersion": "v1"});
        json!({
            "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": format!("{verb}{name}{second}"),
            "stage": "ResponseComplete", "verb": verb, "objectRef": reference, "user": {"username": "u"},
            "requestURI": format!("/apis/apps/v1/namespaces/shop/deployments/{name}"), "responseStatus": {"code": 200},
            "requestReceivedTimestamp": at(second), "stageTimestamp": at(second),
        })
        .to_string()
    };
    let log = Log::new().event(100, "ADDED", &deployment("shop/web", 100, 1)).line(&audit("create", "dark", 102));
    let log = log.line(&audit("update", "dark", 104)).event(106, "MODIFIED", &deployment("shop/web", 100, 2));
    let page = instants(&log, &["--from", "101", "--to", "106"], 1);
    assert!(page.contains("~ spec.replicas: 1 → 2"), "{page}");
    assert!(
        page.contains("+ Deployment.apps shop/dark (created 1970-01-01T00:01:42Z; no record shows all its content)"),
        "{page}"
    );
    // What is not known is in the account, and a failure where that is asked for.
    let report = tempfile::NamedTempFile::new().unwrap();
    let args = ["diff", "--from", "101", "--to", "106", "--strict", "--report", report.path().to_str().unwrap()];
    let run = tracer(&args, log.text().as_bytes()).ends(3);
    assert!(run.stdout.is_empty() && run.stderr.contains("--strict: "), "{}", run.stderr);
    let account: Value = serde_json::from_slice(&fs::read(report.path()).unwrap()).unwrap();
    assert_eq!((gaps(&account, "created-without-body"), &account["window"]), (1, &json!({"from": 101, "to": 107})));
}

#[test]
fn two_traces_with_an_instant_are_one_log() {
    let dir = shell::incident();
    let script =
        "tracer export watch/ -q -o a.sktrace; tracer diff a.sktrace -q --from '2026-11-23 15:25:50' --to +10s";
    let page = shell::run(script, dir.path()).ends(1).stdout;
    assert!(page.contains("~ Deployment.apps shop/web") && page.contains("image: app:1 → app:2"), "{page}");
    let script = "tracer export watch/ -q -o a.sktrace; tracer diff a.sktrace a.sktrace -q --from '2026-11-23 15:25:54' --to +1s";
    assert_eq!(shell::run(script, dir.path()).ends(0).stdout, "");
}

#[test]
fn threads_and_the_order_of_files_change_nothing_of_it() {
    let dir = shell::incident();
    let run = |args: &str| shell::run(&format!("tracer diff {args} -q --from -1m -o json"), dir.path()).ends(1).stdout;
    let expected = run("watch");
    for args in [
        "-j1 watch",
        "-j7 watch",
        "archive.jsonl.gz",
        "watch/pods.jsonl watch/replicasets.jsonl watch/jobs.jsonl watch/deployments.jsonl watch/cronjobs.jsonl",
    ] {
        assert_eq!(run(args), expected, "{args}");
    }
}

#[test]
fn what_is_forgotten_while_reading_changes_nothing() {
    // Four hours, a change every minute: all but half an hour of it lies outside of what has to be exact.
    let log = (0..240).fold(Log::new(), |log, minute| {
        let now = 1000 + 60 * minute;
        let web = with(deployment("shop/web", 1000, 1), "/spec/replicas", json!(minute));
        let log = log.event(now, if minute == 0 { "ADDED" } else { "MODIFIED" }, &web);
        let pod = pod(&format!("shop/p{minute}"), now);
        log.event(now, "ADDED", &pod).event(now + 200, "DELETED", &pod)
    });
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), log.text()).unwrap();
    let window = ["--from", "8210", "--to", "8810"];
    // Of a pipe nothing is forgotten.
    let whole = instants(&log, &window, 1);
    let run = tracer(&[&["diff", "-q", file.path().to_str().unwrap()], &window[..]].concat(), b"").ends(1);
    assert_eq!(String::from_utf8(run.stdout).unwrap(), whole);
    assert!(whole.contains("~ spec.replicas: 120 → 130"), "{whole}");
}
