//! What the account says of audit logs: which API servers wrote them, and which of their files are missing.
//!
//! The logs are of two servers of one cluster (`fixtures/audit/servers`), their bodies cut down.

// clippy sees tests only in `#[test]` functions, and not what they call.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::Value;
use support::*;

const A: [&str; 3] =
    ["a/audit-2026-11-23T15-26-05.525.log.gz", "a/audit-2026-11-23T15-26-51.525.log.gz", "a/audit.log.gz"];

/// Runs over these files of the fixture, or their directories.
fn run(files: &[&str], args: &[&str]) -> Run {
    let paths: Vec<String> = files.iter().map(|file| fixture(&format!("audit/servers/{file}"))).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    tracer(&[&["export", "-f", "json", "--skip-invalid"], args, &paths].concat(), b"")
}

/// The account of these files.
fn audit(files: &[&str]) -> (Value, Run) {
    let report = tempfile::NamedTempFile::new().unwrap();
    let run = run(files, &["-v", "--report", report.path().to_str().unwrap()]).ends(0);
    (serde_json::from_slice(&std::fs::read(report.path()).unwrap()).unwrap(), run)
}

fn servers(account: &Value) -> Vec<(String, u64, u64)> {
    let servers = account["audit"]["servers"].as_array().unwrap();
    let number = |server: &Value, name: &str| server[name].as_u64().unwrap();
    let name = |server: &Value| server["name"].as_str().unwrap().replace("fixtures/audit/servers/", "");
    servers.iter().map(|server| (name(server), number(server, "files"), number(server, "events"))).collect()
}

#[test]
fn the_servers_are_told_from_directories_and_times() {
    let (account, run) = audit(&["a", "b"]);
    assert_eq!(servers(&account), [("a".to_owned(), 3, 1742), ("b/audit.log.gz".to_owned(), 1, 2943)]);
    assert_eq!(gaps(&account, "server-silent"), 0);
    assert!(run.stderr.contains("audit: 4685 events of 2 servers; "), "{}", run.stderr);
}

#[test]
fn a_missing_file_is_found_and_fails_strict() {
    let files = [A[0], A[2], "b"];
    let (account, told) = audit(&files);
    assert_eq!(gaps(&account, "server-silent"), 1);
    let silence = &account["audit"]["servers"][0]["silences"][0];
    assert_eq!(silence["from"], "2026-11-23T15:26:05.521105Z");
    assert_eq!(silence["to"], "2026-11-23T15:26:51.524202Z");
    assert!(told.stderr.contains("silent from 2026-11-23T15:26:05.521105Z to "), "{}", told.stderr);
    run(&files, &["--strict"]).ends(3);
}

#[test]
fn without_audit_logs_the_account_has_nothing_of_them() {
    let log = Log::new().event(10, "ADDED", &deployment("shop/web", 10, 1)).text();
    assert_eq!(account(&log, &[]).get("audit"), None);
}
