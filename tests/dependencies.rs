//! `export --deps`: what pods need comes along, or what refers to it is taken out, or it is counted.

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

mod support;

use proptest::prelude::*;
use serde_json::{Value, json};
use support::cases::laws;
use support::lab::{CONFIGS, WINDOWS};
use support::*;
use tracer::model::Gvk;
use tracer::trace::object_hash;

const WINDOW: [&str; 4] = ["--from", "50", "--to", "100"];

/// A Deployment whose pods need an account, a config map and a secret.
fn needy(ns_name: &str, created: i64) -> Value {
    let container = json!({"name": "main", "image": "app:1", "envFrom": [{"configMapRef": {"name": "settings"}}],
        "env": [{"name": "T", "valueFrom": {"secretKeyRef": {"name": "keys", "key": "token"}}}]});
    let template = json!({"spec": {"serviceAccountName": "robot", "containers": [container]}});
    with(object("apps/v1", "Deployment", ns_name, created), "/spec", json!({"replicas": 1, "template": template}))
}

fn account_of(ns_name: &str, created: i64) -> Value {
    object("v1", "ServiceAccount", ns_name, created)
}

fn secret(ns_name: &str, created: i64, value: &str) -> Value {
    with(object("v1", "Secret", ns_name, created), "/data", json!({"token": value, "other": value}))
}

/// All that [`needy`] needs, there since second 10.
fn provided() -> Log {
    Log::new()
        .event(10, "ADDED", &account_of("shop/robot", 10))
        .event(10, "ADDED", &config_map("shop/settings", 10, "one"))
        .event(10, "ADDED", &secret("shop/keys", 10, "aHVudGVyMg=="))
}

#[track_caller]
fn traced(deps: &str, log: &Log, args: &[&str]) -> (String, Value) {
    export_with_account(&log.text(), &[&WINDOW[..], &["--deps", deps], args].concat())
}

/// How often an account counts what concerns dependencies: missing, stubs, early ones, removed references.
fn counts(account: &Value) -> [u64; 4] {
    ["dependency-missing", "dependency-stub", "dependency-early", "reference-removed"]
        .map(|reason| gaps(account, reason))
}

#[test]
fn what_is_not_in_the_trace_is_counted() {
    let log = provided().event(20, "ADDED", &needy("shop/web", 20));
    let (trace, account) = traced("keep", &log, &[]);
    assert_eq!(trace, "50 |\n50 +Deployment shop/web 1\n100 |\n");
    assert_eq!(counts(&account), [3, 0, 0, 0]);
    let examples = account["gaps"][0]["examples"].to_string();
    assert_eq!(examples, r#"["ServiceAccount shop/robot","ConfigMap shop/settings","Secret shop/keys"]"#);
    let strict = [&["export", "--strict"], &WINDOW[..]].concat();
    tracer(&strict, log.text().as_bytes()).ends(0);
    tracer(&[&strict[..], &["--deps", "strip"]].concat(), log.text().as_bytes()).ends(3);
    let tracked = ["apps/v1.Deployment", "v1.ConfigMap: {podSpecTemplatePaths: [/none]}"];
    let config = tracking(&tracked);
    let (_, account) = traced("keep", &log, &["--config", config.path().to_str().unwrap()]);
    assert_eq!(counts(&account), [2, 0, 0, 0]);
}

#[test]
fn what_is_there_comes_before_what_needs_it() {
    let log = Log::new().event(5, "ADDED", &needy("shop/web", 5)).text() + &provided().text();
    let (trace, account) = export_with_account(&log, &[&WINDOW[..], &["--deps", "include"]].concat());
    let start = "50 +ServiceAccount shop/robot\n50 +ConfigMap shop/settings one\n50 +Secret shop/keys \n";
    assert_eq!(trace, format!("50 |\n{start}50 +Deployment shop/web 1\n100 |\n"));
    assert_eq!(counts(&account), [0; 4]);
}

#[test]
fn what_changes_and_goes_does_so_in_the_trace() {
    let log = provided()
        .event(20, "ADDED", &needy("shop/web", 20))
        .event(60, "MODIFIED", &config_map("shop/settings", 10, "two"))
        .event(60, "MODIFIED", &secret("shop/keys", 10, "b3RoZXI="))
        .event(70, "DELETED", &config_map("shop/settings", 10, "two"))
        .event(70, "ADDED", &config_map("shop/settings", 70, "three"))
        .event(80, "DELETED", &account_of("shop/robot", 10));
    let (trace, account) = traced("include", &log, &[]);
    let later = "60 |\n60 +ConfigMap shop/settings two\n70 |\n70 -ConfigMap shop/settings\n70 |\n\
        70 +ConfigMap shop/settings three\n80 |\n80 -ServiceAccount shop/robot\n100 |\n";
    assert!(trace.ends_with(later), "{trace}");
    assert_eq!(counts(&account), [0; 4]);
}

#[test]
fn what_came_later_than_its_need_comes_earlier() {
    let log = Log::new()
        .event(60, "ADDED", &needy("shop/web", 60))
        .event(60, "ADDED", &account_of("shop/robot", 60))
        .event(65, "ADDED", &config_map("shop/settings", 65, "one"))
        .event(70, "MODIFIED", &config_map("shop/settings", 65, "two"))
        .event(75, "ADDED", &secret("shop/keys", 75, "eA=="));
    let (trace, account) = traced("include", &log, &[]);
    let at_60 = "60 +ServiceAccount shop/robot\n60 +ConfigMap shop/settings one\n60 +Secret shop/keys \n";
    assert_eq!(
        trace,
        format!("50 |\n60 |\n{at_60}60 +Deployment shop/web 1\n70 |\n70 +ConfigMap shop/settings two\n100 |\n")
    );
    assert_eq!(counts(&account), [0, 0, 2, 0]);
    let old = Log::new().event(10, "ADDED", &needy("shop/web", 10)).event(75, "ADDED", &account_of("shop/robot", 75));
    let (trace, account) = traced("include", &old, &[]);
    assert!(trace.contains("50 +ServiceAccount shop/robot\n50 +Deployment shop/web 1\n100 |"), "{trace}");
    assert_eq!(counts(&account), [0, 2, 1, 0]);
}

#[test]
fn what_no_record_shows_is_a_stub_at_the_start() {
    let gone = provided().event(30, "DELETED", &account_of("shop/robot", 10)).event(
        55,
        "DELETED",
        &config_map("shop/settings", 10, "one"),
    );
    let log = gone.event(60, "ADDED", &needy("shop/web", 60)).event(70, "DELETED", &secret("shop/keys", 10, "eA=="));
    for log in [&log, &Log::new().event(60, "ADDED", &needy("shop/web", 60))] {
        let (trace, account) = traced("include", log, &[]);
        let start = "50 |\n50 +ServiceAccount shop/robot\n50 +ConfigMap shop/settings\n50 +Secret shop/keys";
        assert!(trace.starts_with(start), "{trace}");
        let known = log.lines().len() > 1;
        assert_eq!(trace.contains("70 -Secret shop/keys"), known);
        assert_eq!(counts(&account), [0, if known { 2 } else { 3 }, 0, 0]);
    }
}

/// A config map or secret that is deleted before it is needed and made again after it: the life that is needed comes along.
#[test]
fn lives_that_nobody_needed_stay_away() {
    let log = Log::new()
        .event(10, "ADDED", &config_map("shop/settings", 10, "one"))
        .event(52, "DELETED", &config_map("shop/settings", 10, "one"))
        .event(60, "ADDED", &needy("shop/web", 60))
        .event(70, "ADDED", &config_map("shop/settings", 70, "two"));
    let (trace, account) = traced("include", &log, &[]);
    assert!(trace.contains("60 |\n60 +ConfigMap shop/settings two\n60 +Deployment"), "{trace}");
    assert_eq!(counts(&account), [0, 2, 1, 0]);
}

#[test]
fn filters_leave_out_what_they_exclude_and_bring_what_they_do_not_ask_for() {
    let log = provided()
        .event(20, "ADDED", &labelled(&needy("shop/web", 20), "web"))
        .event(20, "ADDED", &needy("other/web", 20))
        .event(20, "ADDED", &config_map("shop/unrelated", 20, "x"));
    let all = "50 +ServiceAccount shop/robot\n50 +ConfigMap shop/settings one\n50 +Secret shop/keys \n50 +Deployment shop/web 1\n";
    for args in [["-n", "shop"], ["--exclude-ns", "other"], ["-l", "app=web"]] {
        let (trace, account) = traced("include", &log, &args);
        assert_eq!((trace, counts(&account)), (format!("50 |\n{all}100 |\n"), [0; 4]), "{args:?}");
    }
    let (trace, account) = traced("include", &log, &["-n", "shop", "--exclude-kind", "secret,sa"]);
    assert_eq!(trace, "50 |\n50 +ConfigMap shop/settings one\n50 +Deployment shop/web 1\n100 |\n");
    assert_eq!(counts(&account), [2, 0, 0, 0]);
}

#[test]
fn a_trace_of_what_is_tracked_anyhow_has_it_once_and_first() {
    let tracked = [
        "apps/v1.Deployment",
        "v1.ConfigMap: {podSpecTemplatePaths: [/none]}",
        "v1.Secret: {podSpecTemplatePaths: [/none]}",
    ];
    let config = tracking(&tracked);
    let args = ["--config", config.path().to_str().unwrap()];
    let log = Log::new()
        .event(20, "ADDED", &needy("shop/web", 20))
        .event(30, "ADDED", &config_map("shop/settings", 30, "one"))
        .event(60, "ADDED", &secret("shop/keys", 60, "aHVudGVyMg=="));
    let (trace, account) = traced("include", &log, &args);
    let start =
        "50 |\n50 +ServiceAccount shop/robot\n50 +ConfigMap shop/settings one\n50 +Secret shop/keys \n50 +Deployment";
    assert!(trace.starts_with(start), "{trace}");
    assert_eq!(counts(&account), [0, 1, 1, 0]);
    let (kept, _) = traced("keep", &log, &args);
    assert!(kept.starts_with("50 |\n50 +Deployment shop/web 1\n50 +ConfigMap shop/settings one\n60 |"), "{kept}");
}

#[test]
fn the_values_of_secrets_stay_where_they_are() {
    let copy = json!({"copy": "aHVudGVyMg==", "kubectl.kubernetes.io/last-applied-configuration": "hunter2"});
    let keys = with(secret("shop/keys", 10, "aHVudGVyMg=="), "/metadata/annotations", copy);
    let log = Log::new().event(10, "ADDED", &keys).event(20, "ADDED", &needy("shop/web", 20)).text();
    let config = tracking(&["apps/v1.Deployment", "v1.Secret: {podSpecTemplatePaths: [/none]}"]);
    for args in [&[][..], &["--config", config.path().to_str().unwrap()]] {
        let run =
            tracer(&[&["export", "-f", "json", "-v", "--deps", "include"], &WINDOW[..], args].concat(), log.as_bytes());
        let run = run.ends(0);
        let secret = &run.json()["events"][0]["applied_objs"].as_array().unwrap().clone();
        let secret = secret.iter().find(|object| object["kind"] == "Secret").unwrap();
        assert_eq!(secret["data"], json!({"other": "", "token": ""}));
        for text in [String::from_utf8(run.stdout).unwrap(), run.stderr] {
            assert!(!text.contains("aHVudGVyMg") && !text.contains("hunter2"), "{text}");
        }
    }
}

#[test]
fn pods_do_without_what_is_optional_and_have_what_is_everywhere() {
    let spec = json!({"serviceAccountName": "default", "containers": [{"name": "c",
        "envFrom": [{"configMapRef": {"name": "known", "optional": true}}, {"configMapRef": {"name": "absent", "optional": true}}]}],
        "volumes": [{"name": "kube-api-access-x", "projected": {"sources": [{"configMap": {"name": "kube-root-ca.crt"}}]}}]});
    let log = Log::new()
        .event(10, "ADDED", &config_map("shop/known", 10, "one"))
        .event(10, "ADDED", &config_map("shop/kube-root-ca.crt", 10, "one"))
        .event(10, "ADDED", &account_of("shop/default", 10))
        .event(20, "ADDED", &with(pod("shop/p", 20), "/spec", spec.clone()));
    let (trace, account) = traced("include", &log, &[]);
    assert_eq!(trace, "50 |\n50 +ConfigMap shop/known one\n50 +Pod shop/p\n100 |\n");
    assert_eq!(counts(&account), [0; 4]);
    assert_eq!(counts(&traced("keep", &log, &[]).1), [0; 4]);
    let run =
        tracer(&[&["export", "-f", "json", "--deps", "strip"], &WINDOW[..]].concat(), log.text().as_bytes()).ends(0);
    let stripped = &run.json()["events"][0]["applied_objs"][0]["spec"];
    assert_eq!(*stripped, json!({"containers": [{"name": "c"}], "volumes": spec["volumes"]}));
}

#[test]
fn a_change_of_references_alone_is_no_event_when_they_are_taken_out() {
    let other = with(needy("shop/web", 20), "/spec/template/spec/serviceAccountName", json!("other"));
    let log = Log::new().event(20, "ADDED", &needy("shop/web", 20)).event(60, "MODIFIED", &other);
    let (trace, account) = traced("strip", &log, &[]);
    assert_eq!(trace, "50 |\n50 +Deployment shop/web 1\n100 |\n");
    assert_eq!(counts(&account), [0, 0, 0, 3]);
    assert!(traced("keep", &log, &[]).0.contains("60 +Deployment"));
}

#[test]
fn custom_resources_have_templates_where_the_config_says() {
    let role =
        json!({"template": {"spec": {"priorityClassName": "high", "serviceAccountName": "robot", "containers": []}}});
    let gang = with(object("x/v1", "Gang", "shop/g", 20), "/spec", json!({"roles": [role, role]}));
    let log = provided().event(20, "ADDED", &gang);
    let config = tracking(&["x/v1.Gang: {podSpecTemplatePaths: [/spec/roles/*/template]}"]);
    let args = ["--config", config.path().to_str().unwrap()];
    let (trace, account) = traced("include", &log, &args);
    assert_eq!(trace, "50 |\n50 +ServiceAccount shop/robot\n50 +Gang shop/g\n100 |\n");
    assert_eq!(counts(&account), [0, 0, 0, 1]);
    assert_eq!(counts(&traced("strip", &log, &args).1), [0, 0, 0, 2]);
}

#[test]
fn lifecycles_have_the_hashes_of_the_pods_as_recorded() {
    let volume = json!([{"name": "d", "persistentVolumeClaim": {"claimName": "data"}}]);
    let alone = with(running(&pod("shop/p", 20), 21), "/spec/volumes", volume);
    let log = Log::new().event(21, "ADDED", &alone).text();
    let hashes = |deps: &str| {
        let run = tracer(&[&["export", "-f", "json", "--deps", deps], &WINDOW[..]].concat(), log.as_bytes()).ends(0);
        let trace = run.json();
        (trace["pod_lifecycles"].clone(), trace["index"].clone())
    };
    let (keep, include, strip) = (hashes("keep"), hashes("include"), hashes("strip"));
    assert!(keep.0["v1.Pod|shop/p"].is_object());
    assert_eq!((&keep.0, &keep.0), (&include.0, &strip.0));
    assert!(keep.1 != strip.1 && include.1 == strip.1, "{} {}", keep.1, strip.1);
}

#[test]
fn a_trace_as_input_can_be_completed() {
    let log = provided().event(20, "ADDED", &needy("shop/web", 20)).text();
    let plain = tracer(&[&["export"], &WINDOW[..]].concat(), log.as_bytes()).ends(0).stdout;
    let with_deps =
        |input: &[u8], deps: &str| show(&tracer(&["export", "-f", "json", "--deps", deps], input).ends(0).json());
    let completed = with_deps(&plain, "include");
    let stubs = "50 +ServiceAccount shop/robot\n50 +ConfigMap shop/settings\n50 +Secret shop/keys \n";
    assert_eq!(completed, format!("50 |\n{stubs}50 +Deployment shop/web 1\n100 |\n"));
    let whole = tracer(&[&["export", "--deps", "include"], &WINDOW[..]].concat(), log.as_bytes()).ends(0).stdout;
    assert_eq!(with_deps(&whole, "include"), with_deps(&whole, "keep"));
}

/// Every hash of the index is that of the last spec that is written under its name.
#[test]
fn the_index_agrees_with_what_is_written() {
    for (config, window) in CONFIGS.into_iter().flat_map(|config| WINDOWS.map(|window| (config, window))) {
        for deps in ["keep", "include", "strip"] {
            let trace = lab::trace(&lab::export(config, window, &["--deps", deps, &fixture("lab/watch")], b""));
            let mut index = tracer::trace::Index::new();
            for object in trace.events.iter().flat_map(|event| &event.applied) {
                let object: Value = serde_json::from_slice(&object.text()).unwrap();
                let text = |place: &str| object.pointer(place).unwrap().as_str().unwrap();
                let (group, version) = tracer::model::split_api_version(text("/apiVersion")).unwrap();
                let names = index.entry(Gvk::new(group, version, text("/kind"))).or_default();
                let name = format!("{}/{}", text("/metadata/namespace"), text("/metadata/name"));
                names.insert(name, object_hash(object.get("spec")));
            }
            assert_eq!(trace.index, index, "{config} {} {deps}", window.0);
        }
    }
}

/// An object that comes and goes: created and deleted in turn at these seconds.
fn lives(log: Log, times: &[i64], object: impl Fn(i64) -> Value) -> Log {
    let mut born = 0;
    times.iter().enumerate().fold(log, |log, (i, second)| {
        if i % 2 == 0 {
            born = *second;
        }
        log.event(*second, if i % 2 == 0 { "ADDED" } else { "DELETED" }, &object(born))
    })
}

fn times() -> impl Strategy<Value = Vec<i64>> {
    prop::collection::vec(1i64..30, 0..5).prop_map(|mut times| {
        times.sort_unstable();
        times
    })
}

proptest! {
    #![proptest_config(laws(40))]

    /// Whatever comes, goes and comes again, before what needs it or after it: nothing is missing in the trace, and nothing is
    /// deleted that is not there.
    #[test]
    fn nothing_is_missing_whatever_happened(
        (robot, settings, keys) in (times(), times(), times()),
        (web, alone) in (times(), times()),
        (from, length) in (1i64..25, 1i64..20),
        tracked in any::<bool>(),
    ) {
        let spec = needy("shop/web", 1)["spec"]["template"]["spec"].clone();
        let log = lives(Log::new(), &robot, |second| account_of("shop/robot", second));
        let log = lives(log, &settings, |second| config_map("shop/settings", second, &second.to_string()));
        let log = lives(log, &keys, |second| secret("shop/keys", second, "aHVudGVyMg=="));
        let log = lives(log, &web, |second| needy("shop/web", second));
        let log = lives(log, &alone, |second| with(pod("shop/p", second), "/spec", spec.clone()));
        let (from, to) = (from.to_string(), (from + length).to_string());
        let config = tracking(&["apps/v1.Deployment", "v1.Pod", "v1.ConfigMap: {podSpecTemplatePaths: [/none]}"]);
        let mut args = vec!["export", "--from", &from, "--to", &to];
        if tracked {
            args.extend(["--config", config.path().to_str().unwrap()]);
        }
        for deps in ["include", "strip"] {
            let trace = tracer(&[&args[..], &["--deps", deps]].concat(), log.text().as_bytes()).ends(0).stdout;
            let found = tracer(&["validate", "-v"], &trace);
            prop_assert!(found.code == 0, "{deps}:\n{}", String::from_utf8_lossy(&found.stdout));
            prop_assert!(!String::from_utf8_lossy(&trace).contains("aHVudGVyMg"));
            let again = tracer(&["export", "--deps", deps], &trace).ends(0).stdout;
            prop_assert!(tracer(&["validate"], &again).code == 0, "{deps}, as input");
        }
    }
}
