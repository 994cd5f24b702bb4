//! Logs as collectors and clouds hand them over: the same traces as of the records alone; and logs that are something else.

// clippy sees tests only in `#[test]` functions, and not what they call.
#![allow(clippy::unwrap_used)]

#[path = "support/envelopes.rs"]
mod envelopes;
mod support;

use serde_json::{Value, json};
use support::*;

const TRACE: &str =
    "10 |\n10 |\n10 +Deployment shop/web 1\n20 |\n20 +Deployment shop/web 2\n30 |\n30 -Deployment shop/web\n";

fn events() -> Vec<String> {
    let web = |replicas| {
        with(deployment("shop/web", 10, replicas), "/metadata/annotations", json!({"a": "{\"\\x\n }é".repeat(3000)}))
    };
    Log::new().event(10, "ADDED", &web(1)).event(20, "MODIFIED", &web(2)).event(30, "DELETED", &web(2)).lines().to_vec()
}

#[test]
fn watch_events_are_read_out_of_every_envelope() {
    for (name, write) in envelopes::WRITERS {
        for threads in ["1", "3"] {
            let run = tracer(&["export", "-f", "json", "-j", threads], write(&events()).as_bytes()).ends(0);
            assert_eq!(show(&run.json()), TRACE, "{name}");
        }
    }
}

#[test]
fn events_without_a_time_take_that_of_what_carries_them() {
    let log = Log::new().untimed("ADDED", &deployment("shop/web", 10, 1));
    let log = log.untimed("MODIFIED", &deployment("shop/web", 10, 2));
    for (name, write) in envelopes::WRITERS {
        if ["node_prefix", "event_original", "elastic_answer"].contains(&name) {
            continue;
        }
        let trace = export(&write(log.lines()), &["--from", "1772359190", "--to", "1772359210"]);
        assert!(trace.contains("\n177235920"), "{name}: {trace}");
        assert!(trace.contains("+Deployment shop/web 2"), "{name}: {trace}");
    }
    let carry = |received: u64, line: &String| json!({"received": received, "timestamp": 5, "message": line});
    let carried = format!("{}{}", carry(1_772_359_201, &log.lines()[0]), carry(1_772_359_203, &log.lines()[1]));
    let args = ["--from", "1772359190", "--to", "1772359210", "--time-field", "received"];
    assert!(export(&carried, &args).contains("1772359203 |"));
}

#[test]
fn lists_and_objects_are_read_out_of_envelopes_too() {
    let list = json!({"kind": "DeploymentList", "apiVersion": "apps/v1", "items": [deployment("shop/web", 10, 1)]});
    for log in [json!({"time": at(20), "log": list.to_string()}), json!({"time": at(20), "message": list})] {
        let trace = export(&log.to_string(), &["--from", "5", "--to", "50"]);
        assert!(trace.contains("+Deployment shop/web 1"), "{trace}");
    }
}

const WINDOW: [&str; 4] = ["--from", "5", "--to", "50"];

/// With a good record before and after it.
fn among_good(line: &str) -> String {
    let events = events();
    format!("{}\n{line}\n{}\n", events[0], events[2])
}

fn counted(log: &str) -> Vec<(String, u64)> {
    let account = account(log, &WINDOW);
    let gaps = account["gaps"].as_array().unwrap().iter();
    gaps.map(|gap| (gap["reason"].as_str().unwrap().to_owned(), gap["count"].as_u64().unwrap())).collect()
}

#[test]
fn lines_of_other_logs_and_cut_ones_are_counted_and_stop_nothing() {
    let carried = |text: &str| json!({"log": text, "stream": "stderr", "time": at(20)}).to_string();
    let klog = "I0301 10:00:00.000000       1 server.go:12] \"Listening\" addr={\"a\":1} x={\"b\":[";
    let cut = &events()[1][..400];
    let aks = |category: &str, log: &str| {
        json!({"category": category, "properties": {"log": log, "pod": "p"}, "time": at(20)}).to_string()
    };
    for (line, reason) in [
        (klog.to_owned(), "line-of-another-log"),
        (
            "2026-03-01T10:00:00.12Z AUDIT: id=\"x\" stage=\"ResponseComplete\" uri=\"/\"".to_owned(),
            "line-of-another-log",
        ),
        (format!("2026-03-01T10:00:00Z stderr F {klog}"), "line-of-another-log"),
        (carried(&format!("{klog}\n")), "line-of-another-log"),
        (carried("\n"), "line-of-another-log"),
        (json!({"message": "Listening on :8080"}).to_string(), "line-of-another-log"),
        (json!({"ts": 1.5, "caller": "a.go:1", "msg": "x", "v": 0}).to_string(), "line-of-another-log"),
        (aks("kube-controller-manager", "{\"a\":1}"), "line-of-another-log"),
        (
            json!({"protoPayload": {"serviceName": "container.googleapis.com", "methodName": "x"}}).to_string(),
            "line-of-another-log",
        ),
        ("[Truncated...]".to_owned(), "record-cut-by-carrier"),
        (format!("{cut}[Truncated...]"), "record-cut-by-carrier"),
        (format!("2026-03-01T10:00:00Z {cut}[Truncated...]"), "record-cut-by-carrier"),
        (aks("kube-audit", cut), "record-cut-by-carrier"),
        (json!({"log_s": cut, "Category": "kube-audit"}).to_string(), "record-cut-by-carrier"),
        (carried(cut), "record-cut-by-carrier"),
        (carried(&format!("{cut}\n")), "record-cut-by-carrier"),
        (format!("2026-03-01T10:00:00Z stdout P {cut}"), "record-cut-by-carrier"),
    ] {
        let expected = [(reason.to_owned(), 1)];
        assert_eq!(counted(&among_good(&line)), expected, "{}", line.chars().take(90).collect::<String>());
    }
    assert_eq!(counted(&among_good("{\"messageType\":\"CONTROL_MESSAGE\",\"logEvents\":[]}")), []);
}

#[test]
fn the_old_text_format_is_named_with_the_way_out() {
    let line = "2026-03-01T10:00:00.12Z AUDIT: id=\"x\" stage=\"ResponseComplete\" ip=\"10.0.0.9\" method=\"patch\"";
    let account = account(&format!("{line}\n{line}\n"), &WINDOW);
    let example = account["gaps"][0]["examples"][0].as_str().unwrap();
    assert!(example.contains("carry no objects; log with --audit-log-format=json"), "{example}");
}

#[test]
fn logs_of_another_kind_are_refused_by_name() {
    let event = json!({"kind": "Event", "apiVersion": "v1", "metadata": {"name": "x", "namespace": "y"},
        "involvedObject": {"kind": "Pod"}, "reason": "Started", "message": "Started container"});
    for (line, words) in [
        (
            r#"10.0.0.1 - - [01/Mar/2026:10:00:00 +0000] "GET / HTTP/1.1" 200 5"#.to_owned(),
            "the access log of a web server",
        ),
        ("LAST SEEN   TYPE      REASON   OBJECT   MESSAGE".to_owned(), "the table of `kubectl get events`"),
        ("NAMESPACE   NAME   READY   STATUS".to_owned(), "`-o json`"),
        ("2 123456789012 eni-0a 10.0.0.1 10.0.0.2 443 5 6 1 40 1 2 ACCEPT OK".to_owned(), "flow logs of an AWS VPC"),
        (
            json!({"Records": [{"eventVersion": "1.08", "eventSource": "eks.amazonaws.com"}]}).to_string(),
            "AWS CloudTrail",
        ),
        (
            json!({"output": "x", "priority": "Notice", "rule": "r", "time": at(9), "output_fields": {}}).to_string(),
            "alerts of Falco",
        ),
        (event.to_string(), "an Event of Kubernetes"),
        (json!({"verb": "ADDED", "event": event}).to_string(), "Events of Kubernetes"),
        ("apiVersion: v1".to_owned(), "YAML"),
    ] {
        let run = tracer(&[&["export"], &WINDOW[..]].concat(), among_good(&line).as_bytes()).ends(1);
        for word in ["<stdin>:2: ", words, "wanted are watch events"] {
            assert!(run.stderr.contains(word), "{word} in {}", run.stderr);
        }
    }
}

#[test]
fn what_lost_its_metadata_is_refused_with_the_way_out() {
    let log = std::fs::read_to_string(fixture("audit/envelopes.jsonl")).unwrap();
    for line in log.lines().skip(23).take(2) {
        let run = tracer(&[&["export"], &WINDOW[..]].concat(), among_good(line).as_bytes()).ends(1);
        for word in ["<stdin>:2: ", "Elastic integration", "removes `metadata`", "`event.original`"] {
            assert!(run.stderr.contains(word), "{word} in {}", run.stderr);
        }
    }
}

#[test]
fn pieces_that_are_never_completed_are_told_where_they_began() {
    let events = events();
    let piece = |text: &str| json!({"log": text, "stream": "stdout", "time": at(20)}).to_string();
    let log =
        format!("{}\n{}\n{}\n{}\n", events[0], piece("{\"a\":"), piece("[1,"), piece(&format!("{}\n", events[2])));
    let account = account(&log, &WINDOW);
    assert_eq!(gaps(&account, "record-cut-by-carrier"), 1);
    let example = account["gaps"].as_array().unwrap()[0]["examples"][0].as_str().unwrap().to_owned();
    assert_eq!(example, "<stdin>:2: {\"a\":[1,");
    // What stands in another file is another line.
    let (first, second) = (piece("{\"a\":"), piece("1}\n"));
    let run = run_files(&[("a", first.as_bytes()), ("b", second.as_bytes())], &["a", "b", "--from", "5", "--to", "50"]);
    assert!(run.stderr.contains("records cut by what carried them: 1"), "{}", run.stderr);
    assert!(run.stderr.contains("lines of another log passed over: 1"), "{}", run.stderr);
}

#[test]
fn what_is_put_together_obeys_the_limit_of_a_record() {
    let log = envelopes::docker_pieces(&events());
    let args = [&["export", "-f", "json", "--max-record", "34K"], &WINDOW[..]].concat();
    let run = tracer(&args, log.as_bytes()).ends(1);
    assert!(run.stderr.contains("<stdin>:1: pieces of more than 34816 bytes; raise --max-record"), "{}", run.stderr);
    let run = tracer(&[&args[..], &["--skip-invalid"]].concat(), log.as_bytes()).ends(0);
    assert!(run.stderr.contains("records over --max-record skipped: 3"), "{}", run.stderr);
}

#[test]
fn however_it_is_cut_and_read_what_is_in_pieces_is_the_same() {
    let mut log = Log::new();
    for second in 10..400 {
        let web =
            with(deployment("shop/web", 10, second), "/metadata/annotations", json!({"a": "x }\n{".repeat(1500)}));
        log = log.event(second as i64, if second == 10 { "ADDED" } else { "MODIFIED" }, &web);
    }
    for write in [envelopes::cri_partial, envelopes::docker_pieces] {
        let log = write(log.lines());
        assert!(log.len() > 3 << 20);
        let read = |threads: &str| export_with_account(&log, &["-j", threads]);
        let (one, four) = (read("1"), read("4"));
        assert_eq!(one.0.lines().filter(|line| line.contains('+')).count(), 390);
        assert_eq!(one, four);
    }
}

/// Nothing that stands in an envelope may do harm.
#[test]
fn envelopes_of_wrong_shapes_are_errors_or_counts() {
    let odd =
        [json!(null), json!(7), json!("x"), json!([]), json!({}), json!([[]]), json!([null, 7]), json!({"log": {}})];
    let names = [
        "records",
        "logEvents",
        "events",
        "items",
        "hits",
        "tables",
        "data",
        "streams",
        "values",
        "log",
        "message",
        "line",
        "properties",
        "_source",
        "kubernetes",
        "protoPayload",
        "split",
        "request",
        "event",
        "MESSAGE",
        "stream",
        "labels",
        "category",
        "Records",
        "AuditId",
        "auditID",
        "k8s_audit_level",
        "host",
    ];
    for name in names {
        for value in &odd {
            let beside = [
                json!({}),
                json!({"stage": "ResponseComplete", "Stage": "x"}),
                json!({"kind": "AdmissionReview", "stream": {"a": "b"}}),
                json!({"kind": "EventList", "apiVersion": "audit.k8s.io/v1"}),
                json!({"protoPayload": {"serviceName": "k8s.io", "methodName": "io.k8s.core.v1.pods.create", "request": value}}),
            ];
            for mut record in beside {
                let members = record.as_object_mut().unwrap();
                members.entry(name).or_insert_with(|| value.clone());
                decode(&record);
            }
        }
    }
}

fn decode(record: &Value) {
    let decoder = tracer::decode::Decoder::default();
    let position = tracer::model::Position { source: tracer::model::SourceId::default(), line: 1 };
    assert!(decoder.line(position, &record.to_string()).is_some(), "{record}");
}
