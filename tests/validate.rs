//! `tracer validate`: what is wrong with a trace, told and put right.
//!
//! `UPDATE_GOLDENS=1 cargo test --test validate` writes the findings in SimKube's own traces anew.

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

mod support;

use std::fs;

use serde_json::{Value, json};
use support::lab::{CONFIGS, WINDOWS};
use support::*;
use tracer::trace::{Event, Format, Object, Trace};
use tracer::validate::Rule;

/// A trace of one event with these objects, without an index.
fn trace(objects: &[Value]) -> Vec<u8> {
    let events = vec![Event {
        ts: 5,
        applied: objects.iter().filter_map(Value::as_object).map(Object::of).collect(),
        deleted: vec![],
    }];
    let trace = Trace { config: json!({"trackedObjects": {}}), events, ..Trace::default() };
    let mut bytes = Vec::new();
    tracer::trace::write(Format::Simkube, &trace, &mut bytes).unwrap();
    bytes
}

/// A trace with a warning.
fn with_status() -> Vec<u8> {
    let mut bytes = trace(&[]);
    let plain = lab::trace(&bytes);
    let pod = with(pod("shop/p", 5), "/status", json!({"phase": "Running"}));
    let pod = with(pod, "/metadata", json!({"name": "p", "namespace": "shop"}));
    let hash = tracer::trace::object_hash(pod.get("spec"));
    let index = [("v1.Pod".parse().unwrap(), [("shop/p".to_owned(), hash)].into())].into();
    let events = vec![Event { ts: 5, applied: vec![Object::of(pod.as_object().unwrap())], deleted: vec![] }];
    bytes.clear();
    tracer::trace::write(Format::Simkube, &Trace { events, index, ..plain }, &mut bytes).unwrap();
    bytes
}

fn stdout(run: &Run) -> String {
    String::from_utf8(run.stdout.clone()).unwrap()
}

#[test]
fn traces_with_what_pods_need_or_without_a_word_of_it_have_no_error() {
    for (config, window) in CONFIGS.into_iter().flat_map(|config| WINDOWS.map(|window| (config, window))) {
        for input in ["lab/watch", "lab/audit"] {
            for deps in ["include", "strip"] {
                let bytes = lab::export(config, window, &["--deps", deps, &fixture(input)], b"");
                let run = tracer(&["validate"], &bytes).ends(0);
                assert!(stdout(&run).starts_with("<stdin>: valid"), "{config} {} {input} {deps}", window.0);
            }
        }
    }
}

/// All that SimKube's traces lack to be replayed is known; most of it can be put right, and what pods need brought along.
#[test]
fn simkubes_own_traces_have_known_findings() {
    let dir = scratch();
    for (config, window) in CONFIGS.into_iter().flat_map(|config| WINDOWS.map(|window| (config, window.0))) {
        let path = fixture(&format!("lab/traces/{config}-{window}.sktrace"));
        let found = stdout(&tracer(&["validate", &path], b"").ends(1));
        let golden = fixture(&format!("lab/findings/{config}-{window}.txt"));
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            fs::write(&golden, &found).unwrap();
        }
        assert_eq!(found, fs::read_to_string(golden).unwrap_or_default(), "{path}");
        let fixed = dir.path().join("fixed.sktrace");
        let fixed = fixed.to_str().unwrap();
        let run = tracer(&["validate", "--fix", fixed, "-o", "json", &path], b"");
        for finding in run.json()["traces"][0]["findings"].as_array().unwrap() {
            let code = finding["code"].as_str().unwrap();
            let by_deps = code < "E0006" || matches!(code, "T0502" | "T0504");
            let neither = matches!(code, "T0104" | "T0107" | "T0401");
            assert_eq!(finding["fixed"], json!(!by_deps && !neither), "{finding}");
        }
        let whole = tracer(&["export", "--deps", "include", fixed], b"").ends(0).stdout;
        tracer(&["validate"], &whole).ends(0);
    }
}

#[test]
fn a_valid_trace_says_so_and_ends_with_0() {
    let empty = trace(&[]);
    assert_eq!(stdout(&tracer(&["validate"], &empty).ends(0)), "<stdin>: valid, in 1 event on 0 objects\n");
    let run = tracer(&["validate", "-"], &with_status()).ends(0);
    assert_eq!(
        stdout(&run),
        "<stdin>: valid, 1 warning, in 1 event on 1 object\n\
         warning W0000 status: The driver drops the status of an object: it only takes room.\n  \
         event 0 at 1970-01-01T00:00:05Z: Pod shop/p\n\
         tracer validate --fix FILE writes a trace without W0000\n"
    );
    assert!(run.stderr.is_empty(), "{}", run.stderr);
}

#[test]
fn several_traces_are_told_of_in_order_and_one_bad_one_decides() {
    let dir = scratch();
    write(dir.path(), "a.sktrace", trace(&[]));
    write(dir.path(), "b.sktrace", zstd::encode_all(&with_status()[..], 1).unwrap());
    let path = dir.path().to_str().unwrap();
    let run = tracer(&["validate", path], b"").ends(0);
    let names: Vec<String> =
        stdout(&run).lines().filter(|line| line.contains(".sktrace: ")).map(str::to_owned).collect();
    assert_eq!(names.len(), 2);
    assert!(names[0].contains("a.sktrace: valid") && names[1].contains("b.sktrace: valid, 1 warning"), "{names:?}");
    write(dir.path(), "c.sktrace", b"no trace");
    let run = tracer(&["validate", path], b"").ends(1);
    assert!(stdout(&run).contains("c.sktrace: 1 error, in 0 events on 0 objects"), "{}", stdout(&run));
}

#[test]
fn a_trace_that_cannot_be_read_tells_where() {
    let whole = with_status();
    let version_1 = [&b"\x85\xa7version\x01"[..], &whole[10..]].concat();
    for (bytes, told) in [
        (&whole[..whole.len() - 3], "the trace is cut off"),
        (&version_1, "`version`, byte 10: version 1 of the format, only 2 is read"),
        (b"{\"a\":1}", "trace, byte 1: what should be a trace is 123, not a map"),
        (b"", "trace, byte 0: the trace is cut off"),
        (&[&whole[..], b"x"].concat(), "there is more after the trace's end"),
    ] {
        let run = tracer(&["validate"], bytes).ends(1);
        assert!(stdout(&run).contains("error T0001 unreadable: ") && stdout(&run).contains(told), "{}", stdout(&run));
    }
    let run = tracer(&["validate", "no/such/trace"], b"").ends(1);
    assert!(run.stdout.is_empty() && run.stderr.starts_with("error: no/such/trace: No such file"), "{}", run.stderr);
}

#[test]
fn json_has_all_of_it() {
    let run = tracer(&["validate", "-o", "json"], &with_status()).ends(0);
    assert_eq!(
        run.json(),
        json!({"version": 1, "traces": [{
            "path": "<stdin>", "valid": true, "errors": 0, "warnings": 1, "events": 1, "objects": 1,
            "findings": [{
                "code": "W0000", "rule": "status", "severity": "warning", "event": 0, "ts": 5, "object": "Pod shop/p",
                "detail": "", "count": 1, "explanation": "The driver drops the status of an object: it only takes room.",
            }],
        }]})
    );
    let dir = scratch();
    let to = dir.path().join("fixed.sktrace");
    let run = tracer(&["validate", "--output", "json", "--fix", to.to_str().unwrap()], &with_status()).ends(0);
    let trace = &run.json()["traces"][0];
    assert_eq!(trace["findings"][0]["fixed"], json!(true));
    assert_eq!(trace["fixed"], json!({"path": to.to_str().unwrap(), "valid": true, "errors": 0, "warnings": 0}));
}

#[test]
fn fixing_writes_a_trace_in_the_place_of_the_old_one_and_says_what_it_did() {
    let dir = scratch();
    let path = write(dir.path(), "t.sktrace", with_status());
    let path = path.to_str().unwrap();
    let run = tracer(&["validate", path, "--fix", path], b"").ends(0);
    assert!(stdout(&run).contains("Pod shop/p (fixed)\n"), "{}", stdout(&run));
    assert!(stdout(&run).ends_with("t.sktrace: 1 of 1 fixed; valid\n"), "{}", stdout(&run));
    assert!(stdout(&tracer(&["validate", path], b"").ends(0)).contains(": valid, in 1 event"));
    // Of a trace that cannot be read none is written, and what is left decides.
    fs::write(path, b"\x85").unwrap();
    tracer(&["validate", path, "--fix", path], b"").ends(1);
    assert_eq!(fs::read(path).unwrap(), b"\x85");
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a"}});
    fs::write(path, trace(&[node])).unwrap();
    let run = tracer(&["validate", path, "--fix", path], b"").ends(1);
    assert!(stdout(&run).ends_with("1 of 2 fixed; 1 error\n"), "{}", stdout(&run));
}

#[test]
fn mistakes_in_the_arguments_end_with_2() {
    for (args, told) in [
        (&["--fix", "-"][..], "--fix takes the name of a file"),
        (&["--fix", "x", "a", "b"], "--fix writes one trace"),
        (&["-o", "yaml"], "[possible values: text, json]"),
        (&["-q", "-v"], "cannot be used with"),
        (&["--max-record", "0"], "at least 1"),
    ] {
        let run = tracer(&[&["validate"], args].concat(), b"").ends(2);
        assert!(run.stderr.contains(told), "{args:?}: {}", run.stderr);
    }
    let dir = scratch();
    write(dir.path(), "a", trace(&[]));
    write(dir.path(), "b", trace(&[]));
    let run = tracer(&["validate", "--fix", "x", dir.path().to_str().unwrap()], b"").ends(2);
    assert!(run.stderr.contains("--fix writes one trace"), "{}", run.stderr);
}

#[test]
fn flags_do_what_they_say() {
    let pods: Vec<Value> = (0..15)
        .map(|i| json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": format!("p{i}"), "namespace": "n"}}))
        .collect();
    let many = trace(&pods);
    let lines = |flag: &str| {
        stdout(&tracer(&["validate", flag], &many).ends(1)).lines().filter(|line| line.contains("Pod n/p")).count()
    };
    assert_eq!((lines("--color=never"), lines("-v"), lines("--verbose")), (10, 15, 15));
    assert!(stdout(&tracer(&["validate"], &many).ends(1)).contains("\n  and 5 more: -v shows them\n"));
    for flag in ["-q", "--quiet"] {
        assert!(tracer(&["validate", flag], &many).ends(1).stdout.is_empty());
    }
    assert!(stdout(&tracer(&["validate", "--color", "always"], &many).ends(1)).contains("\x1b[1;31merror\x1b[0m"));
    let run = tracer(&["validate", "--max-record", "60"], &with_status()).ends(1);
    assert!(stdout(&run).contains("error T0001 unreadable"), "{}", stdout(&run));
}

#[test]
fn nothing_in_a_trace_reaches_the_terminal_as_a_command() {
    let pod = json!({"apiVersion": "v1", "kind": "Pod\u{1b}[2J", "metadata": {"name": "a\u{1b}[31m", "namespace": "\n"},
        "spec": {"serviceAccountName": "\u{7}"}});
    let bad = json!({"apiVersion": "v1/\u{1b}/", "kind": "x", "metadata": {}});
    let run = tracer(&["validate", "-v"], &trace(&[pod, bad])).ends(1);
    assert!(!stdout(&run).chars().any(|c| c.is_control() && c != '\n'), "{}", stdout(&run));
    assert!(stdout(&run).contains("a\\u{1b}[31m"), "{}", stdout(&run));
}

#[test]
fn a_closed_pipe_is_silent() {
    let dir = scratch();
    let path = write(
        dir.path(),
        "t.sktrace",
        trace(&vec![
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n".repeat(1 << 20)}});
            3
        ]),
    );
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_tracer"))
        .args(["validate", "-v", "-o", "json", path.to_str().unwrap()])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(141), 0));
}

#[test]
fn every_rule_is_explained_in_the_readme() {
    let readme = fs::read_to_string("README.md").unwrap();
    for rule in Rule::ALL {
        let row =
            format!("| {} | {} | {} | {} |", rule.code(), rule.name(), rule.severity().name(), rule.explanation());
        assert!(readme.lines().any(|line| line == row), "the README lacks: {row}");
    }
}
