//! States and traces as input: lists, baselines, and traces that are cut, merged and built on.

// clippy sees tests only in `#[test]` functions, and not what they call.
#![allow(clippy::unwrap_used)]

mod support;

use serde_json::{Value, json};
use support::*;

const WINDOW: [&str; 4] = ["--from", "15", "--to", "50"];

fn without_type(object: &Value) -> Value {
    let mut object = object.clone();
    object.as_object_mut().unwrap().retain(|key, _| key != "kind" && key != "apiVersion");
    object
}

#[test]
fn untyped_and_typed_lists_are_the_state_at_a_time() {
    let (web, api) = (deployment("shop/web", 1, 1), deployment("shop/api", 2, 2));
    let untyped = json!({"kind": "List", "apiVersion": "v1", "metadata": {}, "items": [web, api]});
    let typed = json!({"kind": "DeploymentList", "apiVersion": "apps/v1", "metadata": {"resourceVersion": "9"},
        "items": [without_type(&web), without_type(&api)]});
    for list in [untyped, typed] {
        assert_eq!(
            export(&list.to_string(), &WINDOW),
            "15 |\n15 +Deployment shop/web 1\n15 +Deployment shop/api 2\n50 |\n",
            "{list}"
        );
    }
}

#[test]
fn a_list_with_a_time_is_known_from_then_on() {
    let list = json!({"ts": at(20), "kind": "DeploymentList", "apiVersion": "apps/v1",
        "items": [without_type(&at_version(&deployment("shop/web", 1, 1), "5"))]});
    let log = Log::new().line(&list.to_string()).event(30, "MODIFIED", &deployment("shop/web", 1, 2));
    assert_eq!(
        export(&log.text(), &WINDOW),
        "15 |\n15 +Deployment shop/web 1\n30 |\n30 +Deployment shop/web 2\n50 |\n"
    );
    assert_eq!(gaps(&account(&log.text(), &WINDOW), "first-seen-late"), 1);
}

#[test]
fn empty_lists_are_read() {
    for items in ["[]", "null"] {
        let list = format!(r#"{{"kind":"PodList","apiVersion":"v1","items":{items}}}"#);
        assert_eq!(export(&list, &WINDOW), "15 |\n50 |\n", "{items}");
    }
}

#[test]
fn a_baseline_is_the_state_before_the_logs_begin() {
    let old = at_version(&deployment("shop/old", 1, 1), "7");
    let web = at_version(&deployment("shop/web", 2, 1), "8");
    let baseline = json!({"kind": "List", "apiVersion": "v1", "items": [old, web]}).to_string();
    let log = Log::new().event(20, "MODIFIED", &deployment("shop/web", 2, 5)).event(
        30,
        "DELETED",
        &deployment("shop/old", 1, 1),
    );
    let log = log.text();
    assert_eq!(
        export_files(
            &[("log", log.as_bytes()), ("state", baseline.as_bytes())],
            &[&["log", "--baseline", "state"], &WINDOW[..]].concat()
        ),
        "\
15 |
15 +Deployment shop/old 1
15 +Deployment shop/web 1
20 |
20 +Deployment shop/web 5
30 |
30 -Deployment shop/old
50 |
"
    );
}

/// The lines that say what a watch says first, and a little more.
fn log() -> Log {
    let (web, db) = (deployment("shop/web", 10, 1), stateful_set("shop/db", 11, 1));
    let job = job("shop/run", 20);
    let pod = owned(&pod("shop/run-x", 20), &job);
    Log::new()
        .event(10, "ADDED", &web)
        .event(11, "ADDED", &db)
        .event(20, "ADDED", &job)
        .event(20, "ADDED", &pod)
        .event(21, "MODIFIED", &running(&pod, 21))
        .event(25, "MODIFIED", &deployment("shop/web", 10, 2))
        .event(30, "DELETED", &web)
        .event(30, "ADDED", &deployment("shop/web", 30, 3))
        .event(40, "MODIFIED", &terminated(&pod, 21, 39, "Succeeded"))
        .event(41, "DELETED", &db)
}

/// The trace of a log, in a format.
fn trace_of(log: &str, format: &str, args: &[&str]) -> Vec<u8> {
    tracer(&[&["export", "-f", format], args].concat(), log.as_bytes()).ends(0).stdout
}

const WHOLE: [&str; 4] = ["--from", "5", "--to", "50"];

#[test]
fn a_trace_of_a_trace_is_that_trace() {
    let log = log().text();
    let trace = trace_of(&log, "simkube", &WHOLE);
    let again = tracer(&[&["export"][..], &WHOLE].concat(), &trace).ends(0).stdout;
    assert!(again == trace, "{}", export(&log, &WHOLE));
    let without_window = tracer(&["export"], &trace).ends(0).stdout;
    assert!(without_window == trace, "the window is that of the trace");
}

#[test]
fn a_trace_in_another_window_is_the_trace_of_the_log_in_that_window() {
    let log = log().text();
    let trace = trace_of(&log, "simkube", &WHOLE);
    for (from, to) in [("15", "35"), ("25", "30"), ("5", "26"), ("31", "50"), ("30", "31"), ("22", "45")] {
        let window = ["--from", from, "--to", to];
        assert_eq!(
            export_files(&[("t", &trace)], &[&["t"], &window[..]].concat()),
            export(&log, &window),
            "{from}..{to}"
        );
    }
}

#[test]
fn filters_apply_to_traces() {
    let trace = trace_of(&log().text(), "simkube", &WHOLE);
    assert_eq!(
        export_files(&[("t", &trace)], &["t", "-k", "sts"]),
        "5 |\n11 |\n11 +StatefulSet shop/db 1\n41 |\n41 -StatefulSet shop/db\n50 |\n"
    );
}

#[test]
fn two_traces_of_neighbouring_windows_merge_into_one() {
    let log = log().text();
    for cut in ["20", "25", "30", "36"] {
        let early = trace_of(&log, "simkube", &["--from", "5", "--to", cut]);
        let late = trace_of(&log, "simkube", &["--from", cut, "--to", "50"]);
        let trace = export_files(&[("early", &early), ("late", &late)], &["late", "early"]);
        let events =
            |trace: &str| trace.lines().filter(|line| line.contains('/')).map(str::to_owned).collect::<Vec<_>>();
        let without_lives =
            |trace: &str| events(trace).into_iter().filter(|line| !line.contains("..")).collect::<Vec<_>>();
        assert_eq!(without_lives(&trace), without_lives(&export(&log, &WHOLE)), "cut at {cut}");
    }
}

#[test]
fn traces_of_different_objects_merge_into_one() {
    let log = log().text();
    let one = trace_of(&log, "simkube", &[&WHOLE[..], &["-k", "deploy,job,pod"]].concat());
    let two = trace_of(&log, "simkube", &[&WHOLE[..], &["-k", "sts"]].concat());
    assert_eq!(export_files(&[("one", &one), ("two", &two)], &["two", "one"]), export(&log, &WHOLE));
}

#[test]
fn a_trace_may_be_the_baseline_of_the_next() {
    let before = trace_of(&log().text(), "simkube", &["--from", "5", "--to", "28"]);
    let after = Log::new().event(33, "MODIFIED", &at_version(&stateful_set("shop/db", 11, 9), "201")).event(
        44,
        "ADDED",
        &at_version(&deployment("shop/new", 44, 1), "202"),
    );
    let log = after.text();
    let trace = export_files(
        &[("log", log.as_bytes()), ("before", &before)],
        &["log", "--baseline", "before", "--from", "30", "--to", "50", "--exclude-kind", "job"],
    );
    assert_eq!(
        trace,
        "\
30 |
30 +Deployment shop/web 2
30 +StatefulSet shop/db 1
33 |
33 +StatefulSet shop/db 9
44 |
44 +Deployment shop/new 1
50 |
"
    );
}

#[test]
fn the_config_of_a_trace_is_kept() {
    let kinds = ["v1.ConfigMap: {podSpecTemplatePaths: [/none]}"];
    let config = tracking(&kinds);
    let log = Log::new().event(10, "ADDED", &config_map("shop/settings", 10, "one")).text();
    let trace = trace_of(&log, "simkube", &["--config", config.path().to_str().unwrap(), "--from", "5", "--to", "20"]);
    for run in [run_files(&[("t", &trace)], &["t"]), tracer(&["export", "-f", "json"], &trace)] {
        let run = run.ends(0);
        assert_eq!(show(&run.json()), "5 |\n10 |\n10 +ConfigMap shop/settings one\n20 |\n");
        assert_eq!(
            run.json()["config"],
            json!({"trackedObjects": {"v1.ConfigMap": {"podSpecTemplatePaths": ["/none"]}}})
        );
    }
}

#[test]
fn traces_whose_configs_contradict_each_other_are_refused() {
    let log = log().text();
    let trace = |path: &str| {
        let config = tracking(&["apps/v1.Deployment", &format!("x.io/v1.Thing: {{podSpecTemplatePaths: [{path}]}}")]);
        trace_of(&log, "simkube", &[&["--config", config.path().to_str().unwrap()], &WHOLE[..]].concat())
    };
    let run = run_files(&[("a", &trace("/spec/a")), ("b", &trace("/spec/b"))], &["a", "b"]).ends(1);
    assert!(run.stderr.contains("x.io/v1.Thing") && run.stderr.contains("--config"), "{}", run.stderr);
}

#[test]
fn a_damaged_trace_says_which_byte() {
    let trace = trace_of(&log().text(), "simkube", &WHOLE);
    for cut in [trace.len() / 3, trace.len() / 2, trace.len() - 1] {
        let run = run_files(&[("t", &trace[..cut])], &["t"]).ends(1);
        assert!(run.stderr.contains("byte ") && run.stderr.contains("cut off"), "{cut}: {}", run.stderr);
    }
    let mut broken = trace.clone();
    let middle = broken.windows(12).position(|window| window == b"applied_objs").unwrap();
    broken[middle + 12] = 0xc1;
    let run = run_files(&[("t", &broken)], &["t"]).ends(1);
    let byte = format!("byte {}", middle + 13);
    assert!(run.stderr.contains("`events[0]`") && run.stderr.contains(&byte), "{byte}: {}", run.stderr);
    assert!(run.stdout.is_empty());
}

#[test]
fn bytes_that_are_no_trace_are_refused() {
    for bytes in [
        &b"\x85"[..],
        b"\x85\xa7version\x01",
        b"\x81\xa7version\x02",
        b"\xdf\x7f\xff\xff\xff",
        b"\x80",
        b"\x8f\xff\xff\xff",
    ] {
        let run = run_files(&[("t", bytes)], &["t"]).ends(1);
        assert!(run.stderr.contains("error: ") && run.stderr.contains("byte "), "{bytes:x?}: {}", run.stderr);
    }
}

/// Overlapping traces, and neighbouring ones, tell of the same pods.
#[test]
fn a_pod_that_two_inputs_tell_of_lives_once() {
    let log = log().text();
    let whole = export(&log, &WHOLE);
    let trace = trace_of(&log, "simkube", &WHOLE);
    let with_log = export_files(&[("t", &trace), ("log", log.as_bytes())], &[&["t", "log"], &WHOLE[..]].concat());
    assert_eq!(with_log, whole, "a trace and its log");
    assert_eq!(export_files(&[("a", &trace), ("b", &trace)], &["a", "b"]), whole, "a trace twice");
    let early = trace_of(&log, "simkube", &["--from", "5", "--to", "30"]);
    let late = trace_of(&log, "simkube", &["--from", "30", "--to", "50"]);
    assert_eq!(export_files(&[("a", &early), ("b", &late)], &["a", "b"]), whole, "neighbouring windows");
}
