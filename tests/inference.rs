//! Owners that no log shows, inferred where names and labels prove them: people record Deployments and Pods, and nothing
//! between them.

// clippy sees tests only in `#[test]` functions, and not what they call.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::{Value, json};
use support::*;

const KINDS: [&str; 3] = [
    "apps/v1.Deployment: {trackLifecycle: true}",
    "batch/v1.CronJob: {trackLifecycle: true}",
    "v1.Pod: {trackLifecycle: true}",
];
const WINDOW: [&str; 4] = ["--from", "20", "--to", "40"];
/// The pod and its life are the Deployment's.
const INFERRED: &str = "20 |\n20 +Deployment shop/web 1\n40 |\nDeployment shop/web 20..\n";
/// They are the pod's own.
const NOT_INFERRED: &str =
    "20 |\n20 +Deployment shop/web 1\n20 +Pod shop/web-5d4-x app:1\n40 |\nPod shop/web-5d4-x 20..\n";

/// A Deployment that selects a label `app`.
fn selecting(app: &str) -> Value {
    let web = deployment("shop/web", 1, 1);
    with(web, "/spec/selector", json!({"matchLabels": {"app": app}}))
}

/// A pod of a ReplicaSet that no log shows, with these labels.
fn pod_of(replica_set: &str, labels: Value) -> Value {
    let set = support::replica_set(replica_set, 2, 1);
    let pod = owned(&running(&pod("shop/web-5d4-x", 3), 5), &set);
    with(pod, "/metadata/labels", labels)
}

fn log(objects: &[&Value]) -> String {
    objects.iter().fold(Log::new(), |log, object| log.event(10, "ADDED", object)).text()
}

fn count(log: &str, reason: &str, args: &[&str]) -> u64 {
    let config = tracking(&KINDS);
    gaps(&account(log, &[&["--config", config.path().to_str().unwrap()], &WINDOW[..], args].concat()), reason)
}

#[test]
fn a_replica_set_of_a_deployment_in_the_log_is_inferred_and_counted() {
    let pod = pod_of("shop/web-5d4", json!({"app": "web", "pod-template-hash": "5d4"}));
    for log in [log(&[&selecting("web"), &pod]), log(&[&pod, &selecting("web")])] {
        assert_eq!(export_tracking(&KINDS, &log, &WINDOW), INFERRED);
        assert_eq!((count(&log, "owner-inferred", &[]), count(&log, "owner-unseen", &[])), (1, 0));
    }
}

/// What is owned was there before the window, and is there in it.
#[test]
fn an_owner_that_no_log_shows_is_missing_as_long_as_what_it_owns_is_there() {
    let pod = pod_of("shop/web-5d4", json!({"app": "web", "pod-template-hash": "5d4"}));
    let log = log(&[&selecting("web"), &pod]);
    for (more, reason) in [(&[][..], "owner-inferred"), (&["--no-infer"], "owner-unseen")] {
        for (window, inside) in [(["--from=100", "--to=110"], 1), (["--from=0", "--to=1"], 0)] {
            let config = tracking(&KINDS);
            let args = [&["--config", config.path().to_str().unwrap()], &window[..], more].concat();
            let (_, account) = export_with_account(&log, &args);
            let gap = account["gaps"].as_array().unwrap().iter().find(|gap| gap["reason"] == reason).unwrap();
            assert_eq!((&gap["count"], &gap["in_window"]), (&json!(1), &json!(inside)), "{window:?} {reason}");
        }
    }
}

#[test]
fn an_option_turns_inference_off() {
    let pod = pod_of("shop/web-5d4", json!({"app": "web", "pod-template-hash": "5d4"}));
    let log = log(&[&selecting("web"), &pod]);
    assert_eq!(export_tracking(&KINDS, &log, &[&WINDOW[..], &["--no-infer"]].concat()), NOT_INFERRED);
    let counts = (count(&log, "owner-inferred", &["--no-infer"]), count(&log, "owner-unseen", &["--no-infer"]));
    assert_eq!(counts, (0, 1));
}

#[test]
fn nothing_is_inferred_without_proof() {
    let good = json!({"app": "web", "pod-template-hash": "5d4"});
    for (why, web, pod) in [
        ("no hash on the pod", selecting("web"), pod_of("shop/web-5d4", json!({"app": "web"}))),
        ("another hash", selecting("web"), pod_of("shop/web-5d4", json!({"app": "web", "pod-template-hash": "5d5"}))),
        (
            "a part of the hash",
            selecting("web"),
            pod_of("shop/web-5d4", json!({"app": "web", "pod-template-hash": "d4"})),
        ),
        ("another selector", selecting("api"), pod_of("shop/web-5d4", good.clone())),
        ("no selector", deployment("shop/web", 1, 1), pod_of("shop/web-5d4", good.clone())),
        (
            "a selector that is none",
            with(deployment("shop/web", 1, 1), "/spec/selector", json!("app=web")),
            pod_of("shop/web-5d4", good.clone()),
        ),
        (
            "an empty selector",
            with(deployment("shop/web", 1, 1), "/spec/selector", json!({})),
            pod_of("shop/web-5d4", good.clone()),
        ),
        ("another name", selecting("web"), pod_of("shop/webs-5d4", good.clone())),
        ("no dash", selecting("web"), pod_of("shop/web5d4", good.clone())),
    ] {
        let log = log(&[&web, &pod]);
        assert_eq!(export_tracking(&KINDS, &log, &WINDOW), NOT_INFERRED, "{why}");
        assert_eq!(count(&log, "owner-inferred", &[]), 0, "{why}");
    }
}

#[test]
fn a_deployment_in_another_namespace_is_not_inferred() {
    let other = with(selecting("web"), "/metadata/namespace", json!("other"));
    let pod = pod_of("shop/web-5d4", json!({"app": "web", "pod-template-hash": "5d4"}));
    assert_eq!(
        export_tracking(&KINDS, &log(&[&other, &pod]), &WINDOW),
        "20 |\n20 +Deployment other/web 1\n20 +Pod shop/web-5d4-x app:1\n40 |\nPod shop/web-5d4-x 20..\n"
    );
}

#[test]
fn set_based_selectors_prove_as_well() {
    let expressions = json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "api"]},
        {"key": "old", "operator": "DoesNotExist"}]});
    let web = with(deployment("shop/web", 1, 1), "/spec/selector", expressions);
    let pod = pod_of("shop/web-5d4", json!({"app": "web", "pod-template-hash": "5d4"}));
    assert_eq!(export_tracking(&KINDS, &log(&[&web, &pod]), &WINDOW), INFERRED);
    let old = pod_of("shop/web-5d4", json!({"app": "web", "pod-template-hash": "5d4", "old": ""}));
    assert_eq!(export_tracking(&KINDS, &log(&[&web, &old]), &WINDOW), NOT_INFERRED);
}

#[test]
fn a_replica_set_that_the_log_shows_is_not_inferred() {
    let rollout = object("argoproj.io/v1alpha1", "Rollout", "shop/web", 1);
    let set = owned(&replica_set("shop/web-5d4", 2, 1), &rollout);
    let pod = pod_of("shop/web-5d4", json!({"app": "web", "pod-template-hash": "5d4"}));
    assert_eq!(export_tracking(&KINDS, &log(&[&selecting("web"), &set, &pod]), &WINDOW), NOT_INFERRED);
}

#[test]
fn a_job_of_a_cron_job_in_the_log_is_inferred() {
    let nightly = cron_job("shop/nightly", 1);
    let pod_of = |job_name: &str| owned(&running(&pod("shop/p", 3), 5), &job(job_name, 2));
    let inferred = "20 |\n20 +CronJob shop/nightly @hourly\n40 |\nCronJob shop/nightly 20..\n";
    let not_inferred = "20 |\n20 +CronJob shop/nightly @hourly\n20 +Pod shop/p app:1\n40 |\nPod shop/p 20..\n";
    for (name, expected) in [
        ("shop/nightly-28999740", inferred),
        ("shop/nightly-manual", not_inferred),
        ("shop/nightly-", not_inferred),
        ("shop/nightly", not_inferred),
        ("shop/weekly-28999740", not_inferred),
        ("shop/nightly-28x", not_inferred),
    ] {
        let log = log(&[&nightly, &pod_of(name)]);
        assert_eq!(export_tracking(&KINDS, &log, &WINDOW), expected, "{name}");
    }
    let log = log(&[&nightly, &pod_of("shop/nightly-1")]);
    assert_eq!(export_tracking(&KINDS, &log, &[&WINDOW[..], &["--no-infer"]].concat()), not_inferred);
}

#[test]
fn what_is_inferred_goes_with_the_owner_that_a_filter_takes_out() {
    let web = labelled(&selecting("web"), "excluded");
    let pod = pod_of("shop/web-5d4", json!({"app": "web", "pod-template-hash": "5d4"}));
    let filter = ["--exclude-selector", "app=excluded"];
    assert_eq!(export_tracking(&KINDS, &log(&[&web, &pod]), &[&WINDOW[..], &filter].concat()), "20 |\n40 |\n");
}
