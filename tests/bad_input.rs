//! Bad input: an error or a count, never a panic, a hang or an allocation without bound; and the old output as it was.

// clippy sees tests only in `#[test]` functions, and not what they call.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::Write as _;

use serde_json::{Value, json};
#[cfg(target_os = "linux")]
use support::memory::{Watched, watch};
use support::*;

const WINDOW: [&str; 4] = ["--from", "5", "--to", "50"];
const GOOD: &str = "5 |\n10 |\n10 +Deployment shop/web 1\n50 |\n";

fn good() -> String {
    Log::new().event(10, "ADDED", &deployment("shop/web", 10, 1)).text()
}

/// A good line, and this one as the second of three.
fn with_bad(bad: &str) -> String {
    format!("{}{bad}\n{}\n", good(), json!({"ts": at(40), "type": "ADDED", "object": config_map("a/b", 40, "x")}))
}

/// Fails at line 2 with exit code 1 and these words, writes nothing; with `--skip-invalid` it is counted and passed over.
#[track_caller]
fn refused(bad: &str, words: &[&str]) {
    let log = with_bad(bad);
    let shown: String = bad.chars().take(60).collect();
    let run = tracer(&[&["export", "-f", "json"], &WINDOW[..]].concat(), log.as_bytes());
    assert_eq!(run.code, 1, "{shown}: {}", run.stderr);
    assert!(run.stdout.is_empty(), "{shown}");
    for word in [&["error: <stdin>:2: ", "--skip-invalid"], words].concat() {
        assert!(run.stderr.contains(word), "{word} in: {}", run.stderr);
    }
    assert!(run.stderr.lines().count() == 1 && run.stderr.len() < 700, "{shown}: {}", run.stderr);
    let skipping = [&WINDOW[..], &["--skip-invalid"]].concat();
    let (trace, account) = export_with_account(&log, &skipping);
    assert_eq!((trace.as_str(), gaps(&account, "record-skipped")), (GOOD, 1), "{shown}");
}

fn event(object: &Value) -> String {
    json!({"ts": at(20), "type": "ADDED", "object": object}).to_string()
}

#[test]
fn what_is_no_json_is_refused_with_its_start() {
    refused(r#"{"ts":20,"type":"ADDED","object":{"kind":}}"#, &[r#"{"ts":20,"type":"ADDED""#]);
    refused("hello, world", &["no JSON: hello, world"]);
    refused("\u{1b}[31mred\u{7}", &["\\u{1b}[31mred\\u{7}"]);
    refused(&"x".repeat(5_000), &["xxxxxxxx", "…"]);
    refused("{'type': 'ADDED'}", &["{'type'"]);
}

#[test]
fn json_of_the_wrong_kind_is_refused() {
    for bad in ["7", "\"text\"", "null", "true", "[7]", "[[[]]]", "[null]"] {
        refused(bad, &[]);
    }
    refused("{}", &["its keys: none"]);
    refused(r#"{"kind":"Config","apiVersion":"v1","clusters":[]}"#, &["its keys: `apiVersion`, `clusters`, `kind`"]);
    refused(r#"{"type":"CHANGED","object":{}}"#, &["its keys: `object`, `type`"]);
    refused(r#"{"type":7,"object":{}}"#, &[]);
    refused(r#"{"kind":"PodList","apiVersion":"v1","items":{"a":1}}"#, &["`items` are no array"]);
    refused(r#"{"kind":"PodList","apiVersion":"v1","items":[7]}"#, &[]);
}

#[test]
fn objects_without_what_names_them_are_refused() {
    for object in ["7", "[]", "null", "\"x\"", "{}"] {
        refused(&format!(r#"{{"type":"ADDED","object":{object}}}"#), &[]);
    }
    let web = deployment("shop/x", 10, 1);
    let without = |path: &str, key: &str| {
        let mut object = web.clone();
        object.pointer_mut(path).unwrap().as_object_mut().unwrap().remove(key);
        event(&object)
    };
    refused(&without("/metadata", "name"), &["a Deployment.apps without `metadata.name`"]);
    refused(&event(&with(web.clone(), "/metadata/name", json!(7))), &["without `metadata.name`"]);
    refused(&event(&with(web.clone(), "/metadata/name", json!(""))), &["without `metadata.name`"]);
    refused(&event(&with(web.clone(), "/metadata", json!("x"))), &["bad `metadata`"]);
    refused(&event(&with(web.clone(), "/metadata", json!(null))), &["bad `metadata`"]);
    refused(&without("", "metadata"), &["without `metadata`"]);
    refused(&without("", "kind"), &["without `kind` and `apiVersion`"]);
    refused(&event(&with(web.clone(), "/kind", json!(["Pod"]))), &["without `kind` and `apiVersion`"]);
    refused(&event(&with(web.clone(), "/kind", json!(""))), &["without `kind` and `apiVersion`"]);
    refused(&event(&with(web.clone(), "/apiVersion", json!(""))), &["without `kind` and `apiVersion`"]);
    refused(&event(&with(web.clone(), "/apiVersion", json!("a/b/c"))), &["a/b/c", "group/version"]);
    refused(&event(&with(web, "/apiVersion", json!("/v1"))), &["group/version"]);
}

#[test]
fn names_that_no_object_can_have_cannot_confuse_a_trace() {
    for name in ["../../etc/passwd", "a/b", "a b", "\u{0}", "x\ny"] {
        let bad = with(deployment("shop/x", 20, 1), "/metadata/name", json!(name));
        let run = tracer(&[&["export"], &WINDOW[..]].concat(), with_bad(&event(&bad)).as_bytes());
        assert!(run.code == 0 || run.code == 1, "{name}: {}", run.stderr);
    }
}

#[test]
fn an_object_without_a_namespace_is_left_out_and_counted() {
    for namespace in [json!(null), json!(""), json!(7)] {
        let object = with(deployment("shop/x", 20, 1), "/metadata/namespace", namespace.clone());
        let log = with_bad(&event(&object));
        let (trace, account) = export_with_account(&log, &WINDOW);
        assert_eq!((trace.as_str(), gaps(&account, "cluster-scoped")), (GOOD, 1), "{namespace}");
    }
}

#[test]
fn times_of_the_year_9999999_are_no_times() {
    let year = "9999999-01-01T00:00:00Z";
    let mut web = deployment("shop/x", 20, 1);
    for (place, value) in [
        ("/metadata/creationTimestamp", json!(year)),
        ("/metadata/deletionTimestamp", json!(year)),
        ("/metadata/deletionGracePeriodSeconds", json!(i64::MIN)),
        ("/metadata/managedFields", json!([{"time": year}, 7, {"time": 7}])),
        ("/status", json!({"conditions": [{"type": "Complete", "status": "True", "lastTransitionTime": year}]})),
    ] {
        web = with(web, place, value);
    }
    let log = with_bad(&event(&web));
    assert_eq!(export(&log, &WINDOW), "5 |\n10 |\n10 +Deployment shop/web 1\n20 |\n20 +Deployment shop/x 1\n50 |\n");
    let untimed = json!({"ts": year, "type": "ADDED", "object": web}).to_string();
    let run = tracer(&[&["export"], &WINDOW[..]].concat(), with_bad(&untimed).as_bytes()).ends(0);
    assert!(run.stderr.contains("times that cannot be read"), "{}", run.stderr);
    let run = tracer(&["export", "--from", year], b"").ends(2);
    assert!(run.stderr.contains("--from"), "{}", run.stderr);
}

#[test]
fn times_at_the_ends_of_what_can_be_told_are_harmless() {
    for time in ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "-262143-01-01T00:00:00Z", "+262142-12-31T23:59:59Z"] {
        let bare = with(deployment("shop/x", 20, 1), "/metadata/creationTimestamp", json!(time));
        let bare = with(bare, "/metadata/deletionGracePeriodSeconds", json!(i64::MAX));
        let bare = with(bare, "/metadata/deletionTimestamp", json!(time));
        for record in [
            json!({"ts": time, "type": "ADDED", "object": bare}),
            json!({"type": "DELETED", "object": bare}),
            bare.clone(),
        ] {
            let run = tracer(&["export", "-f", "json"], with_bad(&record.to_string()).as_bytes());
            assert_eq!(run.code, 0, "{record}: {}", run.stderr);
        }
    }
}

fn nested(levels: usize) -> String {
    format!("{}{}", "[".repeat(levels), "]".repeat(levels))
}

#[test]
fn nesting_of_100_000_levels_is_an_error_or_a_count() {
    let web = deployment("shop/x", 20, 1).to_string();
    let deep = |place: &str| {
        let web = web.replace(&format!("\"{place}\":{{"), &format!("\"{place}\":{{\"deep\":{},", nested(100_000)));
        format!(r#"{{"ts":20,"type":"ADDED","object":{web}}}"#)
    };
    let bare_metadata = web.replace("\"name\":", &format!("\"labels\":{},\"name\":", nested(100_000)));
    let owners = web.replace("\"name\":", &format!("\"ownerReferences\":{},\"name\":", nested(100_000)));
    let status = web.replace("\"spec\":", &format!("\"status\":{},\"spec\":", nested(100_000)));
    for line in [
        nested(100_000),
        "[".repeat(100_000),
        "{\"a\":".repeat(100_000),
        format!(r#"{{"ts":{},"type":"ADDED","object":{web}}}"#, nested(100_000)),
        deep("spec"),
        deep("metadata"),
        format!(r#"{{"type":"ADDED","object":{bare_metadata}}}"#),
        format!(r#"{{"type":"ADDED","object":{owners}}}"#),
        format!(r#"{{"type":"ADDED","object":{status}}}"#),
        format!(r#"{{"kind":"PodList","apiVersion":"v1","items":{}}}"#, nested(100_000)),
    ] {
        let log = with_bad(&line);
        let account = account(&log, &[&WINDOW[..], &["--skip-invalid"]].concat());
        let counted: u64 = account["gaps"].as_array().unwrap().iter().map(|gap| gap["count"].as_u64().unwrap()).sum();
        assert!(counted > 0 || line.contains("\"deep\""), "{}", &line[..60]);
        let run = tracer(&[&["export"], &WINDOW[..]].concat(), log.as_bytes());
        assert!(run.code == 0 || run.code == 1, "{}: {}", &line[..60], run.stderr);
    }
}

/// A run on a line that is streamed and never whole in the memory of the test either.
#[cfg(target_os = "linux")]
fn stream_line(megabytes: usize, args: &[&str]) -> Watched {
    let piece = vec![b'x'; 1 << 20];
    watch(&[&["export", "-f", "json", "-j", "2"], args].concat(), |pipe| {
        pipe.write_all(good().as_bytes())?;
        pipe.write_all(br#"{"ts":20,"type":"ADDED","object":{"a":""#)?;
        (0..megabytes).try_for_each(|_| pipe.write_all(&piece))?;
        pipe.write_all(b"\"}}\n")?;
        pipe.write_all(good().as_bytes())
    })
}

#[test]
#[cfg(target_os = "linux")]
fn a_line_of_200_mb_is_an_error_or_a_count_and_never_in_memory() {
    let limit = ["--max-record", "1M"];
    let Watched { code, stderr, .. } = stream_line(200, &[&WINDOW[..], &limit].concat());
    assert_eq!(code, 1, "{stderr}");
    assert!(stderr.contains("<stdin>:2: a record of more than 1048576 bytes; raise --max-record"), "{stderr}");
    let Watched { code, stderr, peak } = stream_line(200, &[&WINDOW[..], &limit, &["--skip-invalid"]].concat());
    assert_eq!(code, 0, "{stderr}");
    assert!(stderr.contains("records over --max-record skipped: 1"), "{stderr}");
    assert!(stderr.contains("read: 3 records of 1 object "), "{stderr}");
    assert!(peak < 64 << 10, "{peak} kB");
}

#[test]
fn bodies_that_cannot_be_kept_are_counted() {
    let web = deployment("shop/x", 20, 1).to_string();
    for bad in [
        web.replace("\"replicas\":1", "\"replicas\":1e999"),
        web.replace("\"replicas\":1", "\"replicas\":\"\\ud800\""),
        web.replace("\"replicas\":1", &format!("\"replicas\":{}", nested(200))),
    ] {
        let log = with_bad(&format!(r#"{{"ts":20,"type":"ADDED","object":{bad}}}"#));
        let (trace, account) = export_with_account(&log, &WINDOW);
        assert_eq!((trace.as_str(), gaps(&account, "body-unreadable")), (GOOD, 1), "{}", &bad[..60]);
    }
}

#[test]
fn lone_surrogates_are_no_names_and_no_labels() {
    let web = deployment("shop/x", 20, 1).to_string();
    let lone = |from: &str, to: &str| format!(r#"{{"ts":20,"type":"ADDED","object":{}}}"#, web.replace(from, to));
    for name in [r#""name":"\ud800""#, r#""name":"a\udc00b""#] {
        refused(&lone(r#""name":"x""#, name), &["without `metadata.name`"]);
    }
    for (from, to) in [
        (r#""name":"x""#, r#""name":"x","labels":{"app":"\ud800"}"#),
        (r#""name":"x""#, r#""name":"x","labels":{"\ud800":"app"}"#),
        (r#""replicas":1"#, r#""replicas":1,"\udfff":1"#),
    ] {
        let log = with_bad(&lone(from, to));
        let (trace, account) = export_with_account(&log, &WINDOW);
        assert_eq!((trace.as_str(), gaps(&account, "body-unreadable")), (GOOD, 1), "{to}");
    }
    for bad in [r#"{"\ud800":1}"#, r#"{"type":"\ud800","object":{}}"#, r#"{"kind":"\ud800List","items":[]}"#] {
        refused(bad, &[]);
    }
}

#[test]
fn bytes_that_are_no_text_are_refused_and_shown_as_such() {
    let mut log = good().into_bytes();
    log.extend_from_slice(b"{\"ts\":20,\"type\":\"ADDED\",\"object\":{\"kind\":\"\xff\xfe\"}}\n");
    log.extend_from_slice(b"\x80\x81\x82\n");
    let run = tracer(&[&["export"], &WINDOW[..]].concat(), &log).ends(1);
    assert!(run.stderr.starts_with("error: <stdin>:2: "), "{}", run.stderr);
    let run = tracer(&[&["export", "-f", "json", "--skip-invalid"], &WINDOW[..]].concat(), &log).ends(0);
    assert_eq!(show(&run.json()), GOOD);
}

#[test]
fn numbers_out_of_range_are_no_times_and_no_versions() {
    for ts in ["1e999", "-1", "1e300", "99999999999999999999999999999", "-0.5"] {
        let web = deployment("shop/web", 10, 1);
        let log = format!("{{\"ts\":{ts},\"type\":\"ADDED\",\"object\":{web}}}\n");
        let (trace, account) = export_with_account(&log, &WINDOW);
        assert_eq!((gaps(&account, "time-unreadable"), gaps(&account, "time-estimated")), (1, 1), "{ts}");
        assert_eq!(trace, GOOD, "{ts}");
    }
    for version in [json!(7), json!("-1"), json!("1.5"), json!("0x10"), json!("٣"), json!(null), json!({}), json!("")]
    {
        let versioned = |replicas: u64| {
            let web = deployment("shop/web", 10, replicas);
            with(web, "/metadata/resourceVersion", version.clone())
        };
        let log = Log::new().event(10, "ADDED", &versioned(1)).event(20, "MODIFIED", &versioned(2)).text();
        let expected = "5 |\n10 |\n10 +Deployment shop/web 1\n20 |\n20 +Deployment shop/web 2\n50 |\n";
        assert_eq!(export(&log, &WINDOW), expected, "{version}");
    }
}

#[test]
fn bookmarks_and_errors_of_wrong_shapes_are_refused_or_passed_over() {
    let line = |kind: &str, object: &str| format!(r#"{{"ts":20,"type":"{kind}","object":{object}}}"#);
    for object in ["7", "null", "[]", "{}", r#"{"kind":"Pod"}"#, r#"{"kind":"Pod","apiVersion":"a/b/c"}"#] {
        refused(&line("BOOKMARK", object), &["bookmark"]);
    }
    refused(&line("BOOKMARK", r#"{"kind":"Pod","apiVersion":"v1","metadata":7}"#), &[]);
    for object in ["7", "null", "[]", "{}", r#"{"message":7}"#] {
        let log = with_bad(&line("ERROR", object));
        let (trace, account) = export_with_account(&log, &WINDOW);
        assert_eq!((trace.as_str(), gaps(&account, "watch-broken")), (GOOD, 1), "{object}");
    }
    let annotations = r#"{"kind":"Pod","apiVersion":"v1","metadata":{"annotations":7}}"#;
    assert_eq!(export(&with_bad(&line("BOOKMARK", annotations)), &WINDOW), GOOD);
}

#[test]
fn a_message_from_a_server_cannot_write_to_the_terminal() {
    let status = json!({"kind": "Status", "reason": "\u{1b}[2J", "message": "\u{7}\r\n".repeat(500)});
    let log = with_bad(&json!({"ts": at(20), "type": "ERROR", "object": status}).to_string());
    let run = tracer(&[&["export", "-v"], &WINDOW[..]].concat(), log.as_bytes()).ends(0);
    assert!(run.stderr.contains("watches broken off"), "{}", run.stderr);
    assert!(!run.stderr.contains(['\u{1b}', '\u{7}', '\r']), "{}", run.stderr);
}
