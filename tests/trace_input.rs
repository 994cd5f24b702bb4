//! Traces as input: what is exported from a trace that `tracer` or SimKube wrote.

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

mod support;

use support::*;

/// Exports a log, and then the trace of it, with the same arguments; shows the latter.
fn export_twice(log: &Log, first: &[&str], second: &[&str]) -> String {
    let dir = scratch();
    let trace = tracer(&[&["export"], first].concat(), log.text().as_bytes()).ends(0).stdout;
    let trace = write(dir.path(), "first.sktrace", trace);
    export("", &[second, &[trace.to_str().unwrap()]].concat())
}

/// A pod's status in a trace says again what the trace's lifecycles say: the pod ran once.
#[test]
fn a_lifecycle_that_a_trace_carries_is_not_told_twice() {
    let log = Log::new().event(15, "ADDED", &running(&pod("shop/lone", 10), 11));
    let args = ["--from=20", "--to=40", "--sanitize=simkube"];
    assert_eq!(
        export_twice(&log, &args, &args),
        "\
20 |
20 +Pod shop/lone app:1
40 |
Pod shop/lone 20..
"
    );
}

/// Pods outlive an owner that was deleted with `--cascade=orphan`; their lifecycles stay under its name, which no event of a
/// later window mentions.
#[test]
fn carried_lifecycles_of_an_owner_that_went_before_the_window_stay() {
    let web = deployment("shop/web", 10, 1);
    let set = with(object("apps/v1", "ReplicaSet", "shop/web-5c", 10), "/spec", serde_json::json!({"replicas": 1}));
    let lone = running(&pod("shop/web-5c-x", 11), 12);
    let log = Log::new()
        .event(10, "ADDED", &web)
        .event(10, "ADDED", &owned(&set, &web))
        .event(12, "ADDED", &owned(&lone, &set))
        .event(14, "MODIFIED", &set)
        .event(15, "DELETED", &web);
    let args = ["--from=20", "--to=40"];
    let expected = "\
20 |
20 +ReplicaSet shop/web-5c 1
40 |
Deployment shop/web 20..
";
    assert_eq!(export(&log.text(), &args), expected);
    assert_eq!(export_twice(&log, &args, &args), expected);
    assert!(!export_twice(&log, &args, &["--from=20", "--to=40", "--exclude-ns=shop"]).contains("web"));
}

/// A pod that ran and went says nothing of the one that was made under its name later, and has not started yet.
#[test]
fn a_carried_lifecycle_is_none_of_a_later_pod_of_the_name() {
    let first = running(&pod("shop/lone", 10), 11);
    let log = Log::new()
        .event(10, "ADDED", &pod("shop/lone", 10))
        .event(11, "MODIFIED", &first)
        .event(15, "DELETED", &first)
        .event(20, "ADDED", &pod("shop/lone", 20));
    let later = ["--from=30", "--to=40"];
    let expected = "\
30 |
30 +Pod shop/lone app:1
40 |
";
    assert_eq!(export(&log.text(), &later), expected);
    assert_eq!(export_twice(&log, &["--from=5", "--to=40"], &later), expected);
}

/// A log that begins between an owner's replacement and the garbage collector's work shows a pod of the old owner beside the
/// new one. A trace has no uids, so the pod is the new one's as soon as the trace is read again.
#[test]
fn what_a_namesake_of_its_owner_stands_beside_is_judged_alike_in_log_and_trace() {
    let old = object("batch/v1", "Job", "shop/sum", 1);
    let new = with(object("batch/v1", "Job", "shop/sum", 10), "/spec", serde_json::json!({"parallelism": 1}));
    let log = Log::new().event(20, "ADDED", &new).event(20, "ADDED", &owned(&pod("shop/sum-x", 2), &old));
    let dir = scratch();
    // By default pods that anything owns are left out; here not.
    let config = write(dir.path(), "config.yaml", "trackedObjects: {batch/v1.Job: {}, v1.Pod: {}}");
    let args = ["--from=30", "--to=40"];
    let first = [&args[..], &["--config", config.to_str().unwrap()]].concat();
    assert_eq!(export(&log.text(), &first), export_twice(&log, &first, &args));
}
