//! Logs that are cut, joined and broken off: what a cut alone must not change.

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

mod support;

use serde_json::{Value, json};
use support::audit::{audit, audit_log};
use support::*;

/// Exports files of these lines, in this order.
fn export_files(files: &[&Log], args: &[&str]) -> String {
    let dir = scratch();
    for (i, log) in files.iter().enumerate() {
        write(dir.path(), &format!("{i}.jsonl"), log.text());
    }
    export("", &[args, &[dir.path().to_str().unwrap()]].concat())
}

const WINDOW: [&str; 2] = ["--from=5", "--to=60"];

/// Without times, creations at the start of the second file are no initial set that lacks what the first one shows.
#[test]
fn a_cut_before_creations_deletes_nothing() {
    let first = Log::new().untimed("ADDED", &deployment("shop/web", 10, 1));
    let second = first
        .clone()
        .untimed("ADDED", &deployment("blog/api", 20, 1))
        .untimed("ADDED", &deployment("shop/cart", 21, 1))
        .untimed("MODIFIED", &deployment("shop/cart", 21, 2));
    let mut tail = Log::new();
    for line in &second.lines()[1..] {
        tail = tail.line(line);
    }
    assert_eq!(export_files(&[&first, &tail], &WINDOW), export_files(&[&second], &WINDOW));
}

/// The error of one watch says nothing of the others in the file: what they tell next is no initial set.
#[test]
fn an_error_of_one_of_several_watches_ends_nothing_of_the_others() {
    let log = Log::new()
        .event(10, "ADDED", &deployment("shop/web", 10, 1))
        .event(11, "ADDED", &pod("shop/lone", 11))
        .event(12, "MODIFIED", &deployment("shop/web", 10, 2))
        .event(13, "MODIFIED", &pod("shop/lone", 11))
        .line(&format!(r#"{{"ts":"{}","type":"ERROR","object":{{"kind":"Status","code":410}}}}"#, at(20)))
        .event(30, "ADDED", &deployment("shop/cart", 30, 1))
        .event(31, "MODIFIED", &deployment("shop/cart", 30, 2));
    assert_eq!(
        export(&log.text(), &WINDOW),
        "\
5 |
10 |
10 +Deployment shop/web 1
11 |
11 +Pod shop/lone app:1
12 |
12 +Deployment shop/web 2
30 |
30 +Deployment shop/cart 1
31 |
31 +Deployment shop/cart 2
60 |
"
    );
}

/// The logs of two servers: the one deleted Deployments, hours before the window; the other made what they owned, which is
/// still there.
fn servers() -> [String; 2] {
    let (mut a, mut b) = (Vec::new(), Vec::new());
    for i in 0..20_u32 {
        let (second, name) = (10 + 60 * i, format!("shop/web-{i}"));
        let seen = |object: Value, version: u32, uid: &str| {
            with(at_version(&object, &version.to_string()), "/metadata/uid", json!(format!("{uid}-{i}")))
        };
        let owner = seen(deployment(&name, second.into(), 1), 100 + 10 * i, "d");
        let child = seen(owned(&stateful_set(&name, second.into(), 1), &owner), 101 + 10 * i, "s");
        a.push(audit(second, "create", &format!("apps/v1 deployments {name}")).response(&owner));
        b.push(audit(second + 1, "create", &format!("apps/v1 statefulsets {name}")).response(&child));
        a.push(audit(second + 2, "delete", &format!("apps/v1 deployments {name}")).response(&owner));
    }
    [a, b].map(|log| audit_log(&log))
}

#[test]
fn the_logs_of_servers_may_follow_each_other_in_a_pipe() {
    let [a, b] = servers();
    let args = ["--from", "9000", "--to", "9100"];
    let files =
        run_files(&[("a.log", a.as_bytes()), ("b.log", b.as_bytes())], &[&["a.log", "b.log"], &args[..]].concat());
    let files = files.ends(0);
    for piped in [format!("{a}{b}"), format!("{b}{a}")] {
        let run = tracer(&[&["export", "-f", "json"], &args[..]].concat(), piped.as_bytes()).ends(0);
        assert!(run.stdout == files.stdout);
    }
}
