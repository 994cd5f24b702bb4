//! What the store holds is in proportion to what is alive in the window, and its work to what it reads, whatever is in the log.

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

use std::cell::Cell;
use std::process::Command;
use std::sync::Arc;

use serde_json::{Value, json};
use tracer::archive::{Past, Reading};
use tracer::decode::{Decoder, Interest, Item};
use tracer::input::{Options, Sources};
use tracer::model::{Position, Timestamp};
use tracer::report::Report;
use tracer::store::Store;
use tracer::store::focus::{Focus, Spared};

/// Between these seconds states have to be exact.
const WINDOW: (i64, i64) = (10_000_000, 10_000_100);

/// An event of a watch, `micros` after a second.
fn event(change: &str, (second, micros): (i64, i64), object: Value) -> String {
    let ts = Timestamp::from_seconds(second).plus_micros(micros).to_string();
    json!({"type": change, "ts": ts, "object": object}).to_string()
}

fn time(second: i64) -> String {
    Timestamp::from_seconds(second).to_string()
}

fn pod(name: &str, uid: &str, created: i64, version: u64, status: Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {
            "namespace": "shop", "name": name, "uid": uid, "resourceVersion": version.to_string(),
            "creationTimestamp": time(created), "labels": {"app": "web"},
        },
        "spec": {"containers": [{"name": "main", "image": "app"}]},
        "status": status,
    })
}

/// A pod of a ReplicaSet that no record shows, and that a Deployment `web` may have made.
fn of_replica_set(mut pod: Value) -> Value {
    let reference =
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5d8f", "uid": "r", "controller": true});
    pod["metadata"]["ownerReferences"] = json!([reference]);
    pod["metadata"]["labels"]["pod-template-hash"] = json!("5d8f");
    pod
}

fn running(since: i64) -> Value {
    let state = json!({"running": {"startedAt": time(since)}});
    json!({"phase": "Running", "containerStatuses": [{"name": "main", "state": state}]})
}

fn deployment(second: i64, version: u64, replicas: u64, observed: u64) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {
            "namespace": "shop", "name": "web", "uid": "00112233-4455-4677-8899-aabbccddeeff",
            "resourceVersion": version.to_string(), "creationTimestamp": time(second),
        },
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": "web"}}, "template": {}},
        "status": {"observedGeneration": observed},
    })
}

/// A life of a pod of five records: its number tells when.
fn life(name: &str, number: u64, begin: i64) -> Vec<String> {
    let uid = format!("00000000-0000-4000-8000-{number:012}");
    let at = |micros| (begin, micros);
    let version = number * 10;
    vec![
        event("ADDED", at(1), pod(name, &uid, begin, version + 1, json!({}))),
        event("MODIFIED", at(2), pod(name, &uid, begin, version + 2, json!({"phase": "Pending"}))),
        event("MODIFIED", at(3), pod(name, &uid, begin, version + 3, running(begin))),
        event("DELETED", at(4), pod(name, &uid, begin, version + 4, running(begin))),
    ]
}

/// Records held, and records looked through.
fn effort(lines: impl IntoIterator<Item = String>) -> (usize, u64) {
    let decoder = Decoder { interest: Interest::everything(), ..Decoder::default() };
    let at = |second| Some(Timestamp::from_seconds(second));
    let focus = Focus::new(at(WINDOW.0), at(WINDOW.1), 1_000_000);
    let mut store = Store::new(Arc::default(), focus, Spared::default());
    let mut report = Report::default();
    for (line, text) in lines.into_iter().enumerate() {
        let position = Position { line: line as u64 + 1, ..Position::default() };
        for item in decoder.line(position, &text).unwrap().items {
            let Item::Observed(seen) = item else { panic!("{text}") };
            store.observe(position, *seen, &mut report);
        }
    }
    let effort = store.effort();
    let history = store.into_history(&mut report);
    assert!(history.doubts.is_empty());
    effort
}

#[test]
fn lives_before_and_after_the_window_leave_nothing() {
    for begin in [5_000_000, 15_000_000] {
        for same_name in [true, false] {
            let log = |count: u64| {
                let name = move |i| if same_name { "web-0".to_owned() } else { format!("web-{i}") };
                (0..count).flat_map(move |i| life(&name(i), i, begin + 10 * i as i64))
            };
            let (few, many) = (effort(log(30)), effort(log(300)));
            assert_eq!(few.0, many.0, "of the same name: {same_name}");
            assert!(many.0 <= 4 && many.1 <= 3 * 4 * 300, "{many:?}");
        }
    }
}

/// An autoscaler that cannot make up its mind, and a controller that tells of it.
#[test]
fn an_object_that_changes_all_the_time_before_and_after_the_window_is_a_few_records() {
    for begin in [5_000_000, 15_000_000] {
        let log = |count: u64| {
            (0..count).map(move |i| {
                let second = begin + 2 * i as i64;
                event("MODIFIED", (second, 0), deployment(4_000_000, i + 1, 1 + i / 3 % 2, i))
            })
        };
        let (few, many) = (effort(log(1_000)), effort(log(10_000)));
        assert!(many.0 <= 16 && few.0 <= 16, "{few:?} {many:?}");
        assert!(many.1 <= 6 * 10_000, "{many:?}");
    }
}

#[test]
fn a_pod_that_crashes_all_the_time_is_a_few_records() {
    let crash = |i: u64| {
        let begin = 5_000_000 + 300 * i as i64;
        let terminated =
            json!({"terminated": {"startedAt": time(begin), "finishedAt": time(begin + 100), "exitCode": 1}});
        let waiting = json!({"waiting": {"reason": "CrashLoopBackOff"}});
        let status = |state: &Value, last: &Value| json!({"phase": "Running", "containerStatuses": [{"name": "main", "state": state, "lastState": last}]});
        let uid = "00112233-4455-4677-8899-aabbccddeeff";
        let pod = |version, status| pod("web-0", uid, 4_000_000, version, status);
        [
            event("MODIFIED", (begin, 0), pod(3 * i + 1, running(begin))),
            event("MODIFIED", (begin + 100, 0), pod(3 * i + 2, status(&terminated, &json!({})))),
            event("MODIFIED", (begin + 101, 0), pod(3 * i + 3, status(&waiting, &terminated))),
        ]
    };
    let log = |count| (0..count).flat_map(crash);
    let (few, many) = (effort(log(300)), effort(log(3_000)));
    assert!(many.0 <= 24 && few.0 <= 24, "{few:?} {many:?}");
    assert!(many.1 <= 8 * 3 * 3_000, "{many:?}");
}

/// All of it is kept, and each record is looked at a few times.
#[test]
fn what_happens_in_the_window_is_looked_through_as_often_as_it_doubles() {
    const COUNT: u64 = 20_000;
    let second = |i: u64| (WINDOW.0 + 50, i as i64);
    let one = (0..COUNT).map(|i| event("MODIFIED", second(i), deployment(4_000_000, i + 1, i, i)));
    let (held, looked_at) = effort(one);
    assert!(held as u64 == COUNT && looked_at <= 3 * COUNT, "{held} {looked_at}");
    let lives = (0..COUNT / 4).flat_map(|i| {
        let uid = format!("00000000-0000-4000-8000-{i:012}");
        let body = |version| pod("web-0", &uid, WINDOW.0 + 50, 10 * i + version, json!({}));
        let at = |record: u64| second(4 * i + record);
        [
            event("ADDED", at(0), body(1)),
            event("MODIFIED", at(1), body(2)),
            event("MODIFIED", at(2), body(3)),
            event("DELETED", at(3), body(4)),
        ]
    });
    let (held, looked_at) = effort(lives);
    assert!(held as u64 == COUNT && looked_at <= 3 * COUNT, "{held} {looked_at}");
}

#[test]
fn what_is_told_again_and_again_is_kept_once() {
    let again = |i: u64| event("MODIFIED", (WINDOW.0 + 50, i as i64), deployment(4_000_000, 7, 1, 1));
    let (held, looked_at) = effort((0..20_000).map(again));
    assert!(held <= 16 && looked_at <= 3 * 20_000, "{held} {looked_at}");
}

/// How often a log is read.
fn readings(lines: &[String]) -> usize {
    let log = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(log.path(), lines.join("\n")).unwrap();
    let sources = Sources::discover(&[log.path().to_owned()]).unwrap();
    let decoder = Decoder { interest: Interest::everything(), ..Decoder::default() };
    let options = Options { threads: 1, ..Options::default() };
    let reading = Reading { sources: &sources, options, decoder, skip_invalid: false, config: None };
    let at = |second| Some(Timestamp::from_seconds(second));
    let focus = Focus::new(at(WINDOW.0), at(WINDOW.1), 1_000_000);
    let again = Cell::new(0);
    Past::read(&reading, focus, true, &(), &|_| again.set(again.get() + 1)).unwrap();
    1 + again.get()
}

/// A Deployment was gone long before the window, and a pod of it ended later. Who owned the pod matters if it is in view.
#[test]
fn a_log_is_read_again_only_for_what_is_in_view() {
    let deployment = |change, second| event(change, (second, 0), deployment(5_000_000, 1, 1, 1));
    let of_deployment = |end: (i64, i64)| {
        let pod = |version| of_replica_set(pod("web-5d8f-x", "p", 5_000_010, version, json!({})));
        vec![
            deployment("ADDED", 5_000_000),
            event("ADDED", (5_000_010, 0), pod(10)),
            deployment("DELETED", 5_000_100),
            event("DELETED", end, pod(20)),
        ]
    };
    assert_eq!(readings(&of_deployment((WINDOW.0 + 50, 0))), 2, "ended in the window");
    assert_eq!(readings(&of_deployment((WINDOW.0 - 2, 500_000))), 1, "ended before it, and not long before");
}

/// What is remembered of so many has no room in memory, and none elsewhere: then nothing can be told of them, and nothing is
/// written.
#[test]
fn where_the_disk_fails_no_trace_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let (log, trace) = (dir.path().join("log.jsonl"), dir.path().join("out.sktrace"));
    let lives = (1..30_000).flat_map(|i| life(&format!("web-{i}"), i, 5_000_000 + i as i64));
    let lines: Vec<String> = lives.filter(|line| line.contains("ADDED") || line.contains("DELETED")).collect();
    std::fs::write(&log, lines.join("\n")).unwrap();
    let export = |directory: &std::path::Path| {
        let mut export = Command::new(env!("CARGO_BIN_EXE_tracer"));
        export.env("TMPDIR", directory).args(["export", "-q", "--from", "10000000", "--to", "10000100", "-o"]);
        export.arg(&trace).arg(&log).output().unwrap()
    };
    let absent = dir.path().join("absent");
    let failed = export(&absent);
    let message = String::from_utf8_lossy(&failed.stderr);
    assert_eq!(failed.status.code(), Some(1), "{message}");
    assert!(message.contains("TMPDIR") && message.contains(absent.to_str().unwrap()), "{message}");
    assert!(!trace.exists());
    assert_eq!(export(dir.path()).status.code(), Some(0));
}
