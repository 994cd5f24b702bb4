//! `tracer diff` of two traces, and how it ends; of two instants: `diff_instants.rs`.

// clippy sees tests only in `#[test]` functions, and not what they call.
#![allow(clippy::unwrap_used)]

mod shell;
mod support;

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};
use support::lab::{CONFIGS, WINDOWS};
use support::*;

/// A trace of a log, in a file.
fn traced(log: &Log, args: &[&str]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), tracer(&[&["export", "-q"], args].concat(), log.text().as_bytes()).ends(0).stdout).unwrap();
    file
}

/// What `diff` says of two traces, but for the table of their names.
fn compared(a: &tempfile::NamedTempFile, b: &tempfile::NamedTempFile, args: &[&str], code: i32) -> String {
    let paths = [a.path().to_str().unwrap(), b.path().to_str().unwrap()];
    let run = tracer(&[&["diff"], &paths[..], args].concat(), b"").ends(code);
    assert_eq!(run.stderr, "");
    let text = String::from_utf8(run.stdout).unwrap();
    text.split_once("\n\n").map_or(text.clone(), |(_, rest)| rest.to_owned())
}

fn containers(object: Value, image: &str) -> Value {
    let template =
        json!({"spec": {"containers": [{"name": "proxy", "image": "proxy:1"}, {"name": "app", "image": image}]}});
    with(object, "/spec/template", template)
}

/// The objects and owners that the page of the lab names, each with where it is.
fn named_by(page: &str) -> (BTreeSet<(String, String)>, BTreeSet<String>) {
    let (mut objects, mut owners) = (BTreeSet::new(), BTreeSet::new());
    for line in page.lines() {
        let Some((class, rest)) = line.split_once(": ") else { continue };
        let (name, _) = rest.split_once(": ").unwrap();
        match class {
            "lifecycles" => drop(owners.insert(name.replacen('|', " ", 1))),
            "only in A" | "only in B" => drop(objects.insert((class[8..].to_owned(), name.to_owned()))),
            "content" | "times" => drop(objects.insert(("both".to_owned(), name.to_owned()))),
            other => panic!("{other}"),
        }
    }
    (objects, owners)
}

fn name_of(entry: &Value) -> String {
    let text = |field: &str| entry[field].as_str().unwrap().to_owned();
    format!("{} {}/{}", text("kind"), text("namespace"), text("name"))
}

#[test]
fn simkubes_traces_differ_from_ours_where_they_are_known_to() {
    let ours = tempfile::NamedTempFile::new().unwrap();
    for (config, window) in CONFIGS.into_iter().flat_map(|config| WINDOWS.map(|window| (config, window))) {
        let name = format!("{config}-{}", window.0);
        let watch = fixture("lab/watch");
        fs::write(ours.path(), lab::export(config, window, &["--sanitize", "simkube", &watch], b"")).unwrap();
        let simkube = fixture(&format!("lab/traces/{name}.sktrace"));
        let found = tracer(&["diff", &simkube, ours.path().to_str().unwrap(), "-o", "json"], b"").ends(1).json();
        let objects = found["objects"].as_array().unwrap().iter();
        let objects = objects.map(|object| (object["only_in"].as_str().unwrap_or("both").to_owned(), name_of(object)));
        let owners = found["lifecycles"].as_array().unwrap().iter().map(name_of);
        let page = fs::read_to_string(fixture(&format!("lab/differences/{name}.txt"))).unwrap();
        assert_eq!((objects.collect(), owners.collect()), named_by(&page), "{name}");
        assert_eq!(found["config"], json!([]), "{name}");
        // Its driver applies before it deletes, and it deals out lifecycles as they ended.
        if name == "roots-whole" {
            let order = &found["order"][0];
            assert_eq!(
                (&order["ts"], &order["a"]["applies"], &order["b"]["applies"]),
                (&json!(1_795_447_572), &json!(true), &json!(false))
            );
            let dealt: Vec<String> = found["deal"].as_array().unwrap().iter().map(name_of).collect();
            assert_eq!(
                dealt,
                ["apps/v1.Deployment shop/byhand", "apps/v1.Deployment shop/web", "batch/v1.Job batch/sum"]
            );
        }
        // SimKube's index also names what left the trace before the window.
        if name == "roots-late" {
            let index: Vec<String> = found["index"].as_array().unwrap().iter().map(name_of).collect();
            assert_eq!((index.len(), index[1].as_str()), (5, "apps/v1.Deployment edge/fore"), "{index:?}");
            assert!(found["index"].as_array().unwrap().iter().all(|entry| entry["b"].is_null()));
        }
    }
}

#[test]
fn a_trace_is_the_same_as_itself() {
    for trace in ["roots-whole", "gangs-late"] {
        let path = fixture(&format!("lab/traces/{trace}.sktrace"));
        let run = tracer(&["diff", &path, &path], b"").ends(0);
        assert!(run.stdout.is_empty() && run.stderr.is_empty(), "{trace}");
        // Compressed it is the same, and out of a pipe.
        let packed = zstd::encode_all(fs::read(&path).unwrap().as_slice(), 3).unwrap();
        assert!(tracer(&["diff", "-", &path], &packed).ends(0).stdout.is_empty(), "{trace}");
        let json = tracer(&["diff", &path, &path, "-o", "json"], b"").ends(0).json();
        assert_eq!((&json["same"], &json["compared"], &json["version"]), (&json!(true), &json!("traces"), &json!(1)));
    }
}

/// The two logs that the tests below compare.
fn logs() -> (Log, Log) {
    let web = deployment("shop/web", 100, 2);
    let [app1, app2] = ["app:1", "app:2"].map(|image| containers(web.clone(), image));
    let (db, old, new) =
        (stateful_set("shop/db", 100, 1), deployment("shop/old", 100, 1), deployment("shop/new", 104, 1));
    let bare = pod("shop/bare", 100);
    let log = Log::new().event(100, "ADDED", &db);
    let a = log.clone().event(100, "ADDED", &app1).event(100, "ADDED", &old).event(101, "ADDED", &running(&bare, 101));
    let a = a.event(106, "MODIFIED", &stateful_set("shop/db", 100, 3)).event(108, "DELETED", &old);
    let a = a.event(109, "MODIFIED", &terminated(&bare, 101, 109, "Succeeded"));
    let b = log.event(100, "ADDED", &app2).event(101, "ADDED", &running(&bare, 101)).event(104, "ADDED", &new);
    let b = b.event(107, "MODIFIED", &stateful_set("shop/db", 100, 3)).event(
        107,
        "MODIFIED",
        &with(app2, "/spec/replicas", json!(5)),
    );
    (a, b.event(112, "MODIFIED", &terminated(&bare, 101, 112, "Succeeded")))
}

const WINDOW: [&str; 4] = ["--from", "100", "--to", "120"];

#[test]
fn of_two_traces_it_is_told_what_is_done_to_each_object() {
    let (a, b) = logs();
    let (a, b) = (traced(&a, &WINDOW), traced(&b, &WINDOW));
    assert_eq!(
        compared(&a, &b, &[], 1),
        "                 ONLY IN A   ONLY IN B   DIFFERENT
objects                  1           1           2
owners of pods           0           0           1

+ apps/v1.Deployment shop/new: applied 1970-01-01T00:01:44Z
- apps/v1.Deployment shop/old: applied 1970-01-01T00:01:40Z, deleted 1970-01-01T00:01:48Z
~ apps/v1.Deployment shop/web
    ~ applied 1970-01-01T00:01:40Z
        ~ spec.template.spec.containers[app].image: app:1 → app:2
    + changed 1970-01-01T00:01:47Z
        ~ spec.replicas: 2 → 5
~ apps/v1.StatefulSet shop/db
    ~ changed 1970-01-01T00:01:46Z → changed 1970-01-01T00:01:47Z
~ lifecycles of v1.Pod shop/bare:
    ~ 1970-01-01T00:01:41Z to 1970-01-01T00:01:49Z → 1970-01-01T00:01:41Z to 1970-01-01T00:01:52Z
"
    );
    let near = compared(&a, &b, &["--tolerance", "3"], 1);
    assert!(!near.contains("shop/db") && !near.contains("lifecycles of") && near.contains("shop/web"), "{near}");
    assert!(compared(&a, &b, &["--tolerance", "2"], 1).contains("lifecycles of"));
}

#[test]
fn filters_and_a_config_say_what_is_compared() {
    let (a, b) = logs();
    let (a, b) = (traced(&a, &WINDOW), traced(&b, &WINDOW));
    let only =
        |args: &[&str]| compared(&a, &b, args, 1).lines().filter(|line| line.starts_with(['+', '-', '~'])).count();
    assert_eq!(only(&["-k", "sts"]), 1);
    assert_eq!(only(&["--name", "deploy/web"]), 1);
    assert_eq!(only(&["--exclude-kind", "pod,deploy"]), 1);
    let config = tracking(&["apps/v1.StatefulSet"]);
    assert_eq!(only(&["--config", config.path().to_str().unwrap()]), 1);
    assert_eq!(compared(&a, &b, &["-n", "other"], 0), "");
    assert_eq!(compared(&a, &b, &["--exclude-ns", "s*"], 0), "");
    assert_eq!(compared(&a, &b, &["-l", "app"], 0), "");
}

#[test]
fn labels_are_those_of_any_state() {
    let log = |replicas: u64| {
        let web = labelled(&deployment("shop/web", 100, 1), "web");
        let relabelled = labelled(&deployment("shop/web", 100, replicas), "other");
        Log::new().event(100, "ADDED", &web).event(105, "MODIFIED", &relabelled).event(110, "DELETED", &relabelled)
    };
    let (a, b) = (traced(&log(1), &WINDOW), traced(&log(2), &WINDOW));
    for (selector, code) in [("app=web", 1), ("app=other", 1), ("app=none", 0)] {
        compared(&a, &b, &["-l", selector], code);
    }
    compared(&a, &b, &["--exclude-selector", "app"], 0);
}

#[test]
fn a_status_is_compared_when_asked_for() {
    let log =
        |phase: &str| Log::new().event(100, "ADDED", &with(pod("shop/bare", 100), "/status", json!({"phase": phase})));
    let (a, b) = (log("Pending"), log("Running"));
    let simkube = [&WINDOW[..], &["--sanitize", "simkube"]].concat();
    let (a, b) = (traced(&a, &simkube), traced(&b, &simkube));
    compared(&a, &b, &[], 0);
    assert!(compared(&a, &b, &["--status"], 1).contains("~ status.phase: Pending → Running"));
}

#[test]
fn configs_and_windows_are_compared_too() {
    let (log, _) = logs();
    let config = tracking(&["apps/v1.Deployment", "v1.Pod"]);
    let a = traced(&log, &[&WINDOW[..], &["-k", "deploy"]].concat());
    let b =
        traced(&log, &["--from", "100", "--to", "130", "-k", "deploy", "--config", config.path().to_str().unwrap()]);
    let page = compared(&a, &b, &[], 1);
    assert!(page.contains("~ the trace ends 1970-01-01T00:02:00Z → 1970-01-01T00:02:10Z"), "{page}");
    assert!(page.contains("~ config\n") && page.contains("- trackedObjects[\"apps/v1.StatefulSet\"]"), "{page}");
}

#[test]
fn what_differs_from_the_start_on_is_told_once() {
    let log = |image: &str| {
        (0..4).fold(Log::new(), |log, i| {
            let web = containers(deployment("shop/web", 100, i), image);
            log.event(100 + i64::try_from(i).unwrap(), if i == 0 { "ADDED" } else { "MODIFIED" }, &web)
        })
    };
    let page = compared(&traced(&log("app:1"), &WINDOW), &traced(&log("app:2"), &WINDOW), &[], 1);
    assert_eq!((page.matches("image").count(), page.matches("different as before").count()), (1, 3), "{page}");
}

#[test]
fn the_json_of_two_traces_is_as_the_help_says() {
    let (a, b) = logs();
    let (a, b) = (traced(&a, &WINDOW), traced(&b, &WINDOW));
    let paths = [a.path().to_str().unwrap(), b.path().to_str().unwrap()];
    let json = tracer(&["diff", paths[0], paths[1], "-o", "json"], b"").ends(1).json();
    let summary = |path: &str, events: u64, lifecycles: u64| json!({"path": path, "from": 100, "to": 120, "events": events, "objects": 4, "lifecycles": lifecycles});
    assert_eq!(
        json,
        json!({
            "version": 1, "compared": "traces", "same": false, "span": [],
            "a": summary(paths[0], 6, 1), "b": summary(paths[1], 6, 1),
            "objects": [
                {"kind": "apps/v1.Deployment", "namespace": "shop", "name": "new", "only_in": "B",
                 "steps": [{"b": {"ts": 104, "action": "applied"}}]},
                {"kind": "apps/v1.Deployment", "namespace": "shop", "name": "old", "only_in": "A",
                 "steps": [{"a": {"ts": 100, "action": "applied"}}, {"a": {"ts": 108, "action": "deleted"}}]},
                {"kind": "apps/v1.Deployment", "namespace": "shop", "name": "web", "steps": [
                    {"a": {"ts": 100, "action": "applied"}, "b": {"ts": 100, "action": "applied"}, "changes": [
                        {"path": "spec.template.spec.containers[app].image", "before": "app:1", "after": "app:2"},
                    ]},
                    {"b": {"ts": 107, "action": "changed"}, "changes": [{"path": "spec.replicas", "before": 2, "after": 5}]},
                ]},
                {"kind": "apps/v1.StatefulSet", "namespace": "shop", "name": "db",
                 "steps": [{"a": {"ts": 106, "action": "changed"}, "b": {"ts": 107, "action": "changed"}}]},
            ],
            "lifecycles": [{"kind": "v1.Pod", "namespace": "shop", "name": "bare", "only_in_a": [], "only_in_b": [],
                "changed": [[{"Finished": [101, 109]}, {"Finished": [101, 112]}]]}],
            "order": [], "deal": [], "index": [], "config": [],
        })
    );
}

#[test]
fn nothing_of_a_trace_commands_the_terminal() {
    let evil = "\u{1b}[2J\nx";
    let object = |value: &str| {
        let metadata = json!({"name": evil, "namespace": evil, "annotations": {evil: value}});
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {evil: [evil]}})
    };
    let trace = |object: Value| {
        let event = json!({"ts": 1, "applied_objs": [object], "deleted_objs": []});
        let trace = json!({"version": 2, "config": {"trackedObjects": {}}, "events": [event], "index": {}, "pod_lifecycles": {}});
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), rmp_serde::to_vec_named(&trace).unwrap()).unwrap();
        file
    };
    let (a, b) = (trace(object("a")), trace(object(evil)));
    let page = compared(&a, &b, &[], 1);
    assert!(!page.contains('\u{1b}') && page.contains("\\u{1b}[2J"), "{page}");
}

#[test]
fn mistakes_are_told_with_the_way_out() {
    let dir = shell::incident();
    shell::run("tracer export watch/ -q -o a.sktrace; cp a.sktrace b.sktrace", dir.path()).ends(0);
    for (command, said) in [
        ("diff a.sktrace", "a.sktrace is one trace: name another, or compare two instants of it with --from and --to"),
        (
            "diff a.sktrace watch",
            "a.sktrace is a trace and watch is none: make one of it (tracer export watch -o FILE)",
        ),
        ("diff watch a.sktrace", "a.sktrace is a trace and watch is none"),
        ("diff a.sktrace b.sktrace a.sktrace", "two traces are compared, and 3 inputs are given"),
        ("diff a.sktrace - < watch/pods.jsonl", "<stdin>: no SimKube trace; give --from or --to"),
        ("diff <(cat watch/pods.jsonl) a.sktrace", "no SimKube trace; give --from or --to"),
        ("diff a.sktrace b.sktrace --from 10 --tolerance 2", "--tolerance is for two traces"),
        ("diff watch --tolerance 2", "--tolerance is for two traces"),
        ("diff a.sktrace b.sktrace --strict", "--strict is for logs"),
        ("diff a.sktrace b.sktrace --report x", "--report is for logs"),
        ("diff a.sktrace b.sktrace --skip-invalid", "--skip-invalid is for logs"),
        ("diff a.sktrace b.sktrace -j 2", "--threads is for logs"),
        ("diff a.sktrace b.sktrace --time-field x", "--time-field is for logs"),
        ("diff a.sktrace b.sktrace --baseline baseline.json", "--baseline is for logs"),
        (
            "diff watch --from 20 --to 10",
            "--from, 1970-01-01T00:00:20Z, has to be earlier than --to, 1970-01-01T00:00:10Z",
        ),
        ("diff watch --from 2030-01-01", "has to be earlier than --to, 2026-11-23T15:27:22.913793Z; the log runs from"),
        ("diff watch --from -1m --to +1m", "--from and --to are both relative"),
        ("diff a.sktrace b.sktrace --tolerance=-1", "--tolerance"),
        ("diff a.sktrace b.sktrace -o yaml", "json"),
        // These are failures, which other commands end with 1.
        ("diff a.sktrace nothing.here", "nothing.here: "),
        ("diff watch nothing.here --from -1m", "nothing.here: "),
        ("diff a.sktrace b.sktrace --config watch/pods.jsonl", "watch/pods.jsonl"),
        ("diff watch --from -1m --max-record 2K", "raise --max-record"),
        ("diff a.sktrace b.sktrace --max-record 1", "a.sktrace: trace, byte 0: "),
        ("diff a.sktrace <(head -c 5000 a.sktrace)", "the trace is cut off"),
        ("diff watch --from -1m > /dev/full", "No space left on device"),
    ] {
        let ended = shell::run(&format!("tracer {command}"), dir.path()).ends(2);
        assert!(ended.stderr.contains(said), "{command}\n{}", ended.stderr);
        assert_eq!(ended.stdout, "", "{command}");
    }
}

#[test]
fn a_reader_that_has_enough_ends_it_and_a_terminal_has_colours() {
    let dir = shell::incident();
    let ended = shell::run(
        "tracer diff watch -q > >(exit 0); sleep 0.2; tracer diff watch -q -o json | head -c 1 > /dev/null; echo ${PIPESTATUS[0]}",
        dir.path(),
    );
    assert!(matches!(ended.stdout.trim(), "1" | "141"), "{ended:?}");
    assert_eq!(ended.stderr, "");
    let colored = shell::run("tracer diff watch -q --color always -k deploy", dir.path()).ends(1).stdout;
    assert!(colored.contains("\u{1b}[32m+ Deployment.apps shop/web\u{1b}[0m"), "{colored}");
    assert!(!shell::run("tracer diff watch -q -k deploy", dir.path()).ends(1).stdout.contains('\u{1b}'));
}
