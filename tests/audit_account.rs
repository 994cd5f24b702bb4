//! What the account says of audit logs: which API servers wrote them, which of their files are missing, how their clocks
//! differ, and what their policy did not keep.
//!
//! The logs are of the two servers of the lab's cluster (`fixtures/lab/audit`), whole, or as a leaner policy writes them.

// clippy sees tests only in `#[test]` functions, and not what they call.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Read as _;

use serde_json::{Value, json};
use support::*;
use tracer::model::Timestamp;

const A: [&str; 3] = [
    "audit-a/audit-2026-11-23T15-26-05.525.log.gz",
    "audit-a/audit-2026-11-23T15-26-51.525.log.gz",
    "audit-a/audit.log.gz",
];
const B: &str = "audit-b/audit.log.gz";

/// Runs over these files of the fixture, or their directories.
fn run(files: &[&str], args: &[&str]) -> Run {
    let paths: Vec<String> = files.iter().map(|file| fixture(&format!("lab/audit/{file}"))).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    tracer(&[&["export", "-f", "json"], args, &paths].concat(), b"")
}

/// The account of these files.
fn audit(files: &[&str]) -> (Value, Run) {
    let report = tempfile::NamedTempFile::new().unwrap();
    let run = run(files, &["-v", "--report", report.path().to_str().unwrap()]).ends(0);
    (serde_json::from_slice(&fs::read(report.path()).unwrap()).unwrap(), run)
}

/// The events of a file of the fixture.
fn events(file: &str) -> Vec<Value> {
    let mut text = String::new();
    let file = File::open(fixture(&format!("lab/audit/{file}"))).unwrap();
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The account of logs that are made of the events of the two servers; what is on stderr; and the exit code of `--strict`.
fn rewritten(a: impl Fn(&mut Value), b: impl Fn(&mut Value)) -> (Value, String, i32) {
    let dir = scratch();
    let log = |files: &[&str], change: &dyn Fn(&mut Value)| {
        let mut events: Vec<Value> = files.iter().flat_map(|file| events(file)).collect();
        events.iter_mut().for_each(change);
        events.iter().map(|event| format!("{event}\n")).collect::<String>()
    };
    let a = write(dir.path(), "a.log", log(&A, &a));
    let b = write(dir.path(), "b.log", log(&[B], &b));
    let (a, b) = (a.to_str().unwrap(), b.to_str().unwrap());
    let report = dir.path().join("report");
    let config = fixture("lab/tracer-roots.yaml");
    let args = ["export", "-f", "json", "-c", &config, "--report", report.to_str().unwrap(), a, b];
    let run = tracer(&args, b"").ends(0);
    let strict = tracer(&["export", "-q", "-f", "json", "-c", &config, "--strict", a, b], b"");
    (serde_json::from_slice(&fs::read(report).unwrap()).unwrap(), run.stderr, strict.code)
}

fn metadata_only(event: &mut Value) {
    let event = event.as_object_mut().unwrap();
    event.remove("requestObject");
    event.remove("responseObject");
    event.insert("level".to_owned(), json!("Metadata"));
}

fn servers(account: &Value) -> Vec<(String, u64, u64)> {
    let servers = account["audit"]["servers"].as_array().unwrap();
    let number = |server: &Value, name: &str| server[name].as_u64().unwrap();
    let name = |server: &Value| server["name"].as_str().unwrap().rsplit("lab/audit/").next().unwrap().to_owned();
    servers.iter().map(|server| (name(server), number(server, "files"), number(server, "events"))).collect()
}

fn row<'a>(account: &'a Value, resource: &str, subresource: &str) -> &'a Value {
    let rows = account["audit"]["resources"].as_array().unwrap();
    rows.iter().find(|row| row["resource"] == resource && row["subresource"] == subresource).unwrap()
}

#[test]
fn the_servers_are_told_from_directories_and_times() {
    let (account, run) = audit(&["audit-a", "audit-b"]);
    assert_eq!(servers(&account), [("audit-a".to_owned(), 3, 1742), (B.to_owned(), 1, 2943)]);
    assert!(run.stderr.contains("audit: 4685 events of 2 servers; "), "{}", run.stderr);
    assert!(run.stderr.contains(" of tracked resources 100 % with their results"), "{}", run.stderr);
    for (reason, count) in [("server-silent", 0), ("clocks-differ", 0), ("writes-unseen", 0), ("dry-run-ignored", 4)] {
        assert_eq!(gaps(&account, reason), count, "{reason}");
    }
    assert_eq!(account["audit"]["policy"], Value::Null);
    assert_eq!(row(&account, "pods", "status")["percent_with_result"], 100.0);
}

#[test]
fn a_missing_file_is_found_and_fails_strict() {
    let files = [A[0], A[2], "audit-b"];
    let (account, told) = audit(&files);
    assert_eq!(gaps(&account, "server-silent"), 1);
    let silence = &account["audit"]["servers"][0]["silences"][0];
    assert_eq!(silence["from"], "2026-11-23T15:26:05.521105Z");
    assert_eq!(silence["to"], "2026-11-23T15:26:51.524202Z");
    assert!(told.stderr.contains("silent from 2026-11-23T15:26:05.521105Z to "), "{}", told.stderr);
    run(&files, &["--strict"]).ends(3);
}

#[test]
fn a_missing_server_is_found_by_the_versions_that_nobody_wrote() {
    for alone in ["audit-a", "audit-b"] {
        let (account, told) = audit(&[alone]);
        assert!(gaps(&account, "writes-unseen") > 0, "{alone}");
        assert!(told.stderr.contains("give the logs of all API servers"), "{}", told.stderr);
    }
}

#[test]
fn a_file_that_is_there_twice_counts_once() {
    let once = audit(&["audit-a", "audit-b"]).0;
    let dir = scratch();
    let copy = dir.path().join("copy.gz");
    fs::copy(fixture(&format!("lab/audit/{}", A[2])), &copy).unwrap();
    let report = dir.path().join("report");
    let [a, b] = ["audit-a", "audit-b"].map(|name| fixture(&format!("lab/audit/{name}")));
    let args = ["export", "-q", "-f", "json", "--report", report.to_str().unwrap(), &a, &b, copy.to_str().unwrap()];
    tracer(&args, b"").ends(0);
    let twice: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    assert_eq!(twice["audit"]["copies"], events(A[2]).len());
    for same in ["events", "dry_runs", "refused", "resources"] {
        assert_eq!(twice["audit"][same], once["audit"][same], "{same}");
    }
    assert_eq!(twice["gaps"], once["gaps"]);
}

#[test]
fn clocks_that_differ_are_measured_and_fail_nothing() {
    let late = |event: &mut Value| {
        for stamp in ["requestReceivedTimestamp", "stageTimestamp"] {
            let at = Timestamp::parse_rfc3339(event[stamp].as_str().unwrap()).unwrap();
            event[stamp] = json!(at.plus_micros(-700_000).to_string());
        }
    };
    let (account, told, strict) = rewritten(|_| {}, late);
    assert_eq!(gaps(&account, "clocks-differ"), 1);
    let clocks = &account["audit"]["clocks"][0];
    let bound = |name: &str| clocks[name].as_i64().unwrap();
    let (least, most) = (bound("a_ahead_at_least_us"), bound("a_ahead_at_most_us"));
    assert!((690_000..=700_000).contains(&least) && (700_000..=710_000).contains(&most), "{clocks}");
    assert!(told.contains("pairs of servers whose clocks differ: 1"), "{told}");
    assert_eq!(strict, 0);
}

#[test]
fn a_policy_that_keeps_no_bodies_is_told_with_the_rule_that_would() {
    let (account, told, strict) = rewritten(metadata_only, metadata_only);
    let tracked = ["pods", "deployments", "replicasets", "statefulsets", "cronjobs", "jobs"];
    assert_eq!(gaps(&account, "bodies-not-logged"), tracked.len() as u64);
    let rule: Value = serde_yaml::from_str(account["audit"]["policy"].as_str().unwrap()).unwrap();
    let named: BTreeSet<&str> = rule[0]["resources"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|group| group["resources"].as_array().unwrap().iter().map(|resource| resource.as_str().unwrap()))
        .collect();
    assert!(tracked.iter().all(|resource| named.contains(resource)) && named.contains("pods/status"), "{rule}");
    assert_eq!(rule[0]["level"], "RequestResponse");
    assert!(told.contains("this rule in the audit policy, before the others, would have"), "{told}");
    assert!(told.contains("\n  - level: RequestResponse\n"), "{told}");
    assert_eq!(strict, 3);
}

#[test]
fn statuses_that_nodes_write_may_be_logged_as_requests() {
    let lean = |event: &mut Value| {
        let by_node = event["user"]["username"].as_str().is_some_and(|name| name.starts_with("system:node:"));
        if by_node && event["objectRef"]["subresource"] == "status" && event["objectRef"]["resource"] == "pods" {
            event.as_object_mut().unwrap().remove("responseObject");
            event["level"] = json!("Request");
        }
    };
    let (account, ..) = rewritten(lean, lean);
    let status = row(&account, "pods", "status");
    assert_eq!((&status["request_only"], &status["with_result"]), (&json!(211), &json!(2)));
    assert!(account["audit"]["policy"].as_str().unwrap().contains("\"pods/status\""));
    assert_eq!(gaps(&account, "content-approximate"), 0);
}

#[test]
fn without_audit_logs_the_account_has_nothing_of_them() {
    let log = Log::new().event(10, "ADDED", &deployment("shop/web", 10, 1)).text();
    assert_eq!(account(&log, &[]).get("audit"), None);
}
