//! Nothing is lost in silence, and a run that fails leaves the old output as it was.

// clippy sees tests only in `#[test]` functions, and not what they call.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::Write as _;

use serde_json::{Value, json};
use support::*;

const WINDOW: [&str; 4] = ["--from", "5", "--to", "50"];
const GOOD: &str = "5 |\n10 |\n10 +Deployment shop/web 1\n50 |\n";

fn good() -> Log {
    Log::new().event(10, "ADDED", &deployment("shop/web", 10, 1))
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Runs over an old output file and gives what is in it afterwards, beside the run. No other file may be left.
fn over_old_output(log: &[u8], args: &[&str]) -> (Run, Vec<u8>) {
    let dir = scratch();
    let out = write(dir.path(), "out.sktrace", "old");
    let log = write(dir.path(), "in.log", log);
    let fixed = ["export", log.to_str().unwrap(), "-f", "json", "-o", out.to_str().unwrap()];
    let run = tracer(&[&fixed[..], &WINDOW, args].concat(), b"");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2, "a file was left");
    (run, std::fs::read(out).unwrap())
}

#[test]
fn a_run_that_succeeds_replaces_the_output() {
    let (run, out) = over_old_output(good().text().as_bytes(), &["--strict"]);
    let run = run.ends(0);
    assert!(run.stdout.is_empty());
    assert_eq!(show(&serde_json::from_slice(&out).unwrap()), GOOD);
}

#[test]
fn a_bad_record_leaves_the_old_output() {
    let log = good().line("{\"bad\":1}").text();
    let (run, out) = over_old_output(log.as_bytes(), &[]);
    let run = run.ends(1);
    assert!(run.stderr.contains("in.log:2: JSON, but neither"), "{}", run.stderr);
    assert_eq!(out, b"old");
    let (run, out) = over_old_output(log.as_bytes(), &["--skip-invalid"]);
    let run = run.ends(0);
    assert!(run.stderr.contains("unreadable records skipped: 1"), "{}", run.stderr);
    assert_eq!(show(&serde_json::from_slice(&out).unwrap()), GOOD);
}

#[test]
fn strict_fails_with_3_and_leaves_the_old_output() {
    let log = good().line("{\"bad\":1}").text();
    let (run, out) = over_old_output(log.as_bytes(), &["--strict", "--skip-invalid"]);
    let run = run.ends(3);
    assert!(run.stderr.contains("error: --strict: "), "{}", run.stderr);
    assert_eq!(out, b"old");
}

#[test]
fn strict_looks_at_the_window_alone() {
    let mut global = deployment("x/global", 100, 1);
    global["metadata"].as_object_mut().unwrap().remove("namespace");
    let log = good().event(100, "ADDED", &global).text();
    tracer(&[&["export", "--strict"], &WINDOW[..]].concat(), log.as_bytes()).ends(0);
    tracer(&["export", "--strict", "--from", "5", "--to", "150"], log.as_bytes()).ends(3);
}

#[test]
fn the_report_is_written_when_strict_fails() {
    let dir = scratch();
    let path = dir.path().join("report.json");
    let args = ["export", "-f", "json", "--strict", "--skip-invalid", "--report", path.to_str().unwrap()];
    let run = tracer(&[&args[..], &WINDOW].concat(), good().line("{}").text().as_bytes()).ends(3);
    assert!(run.stdout.is_empty());
    let report: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(gaps(&report, "record-skipped"), 1);
}

#[test]
fn skipped_records_are_counted_and_the_first_few_shown() {
    let log = (0..40).fold(good(), |log, i| log.line(&format!("{{\"bad\":{i}}}"))).text();
    let account = account(&log, &[&WINDOW[..], &["--skip-invalid"]].concat());
    assert_eq!(gaps(&account, "record-skipped"), 40);
    let examples = account["gaps"][0]["examples"].as_array().unwrap();
    assert_eq!(examples.len(), 5);
    assert!(examples[0].as_str().unwrap().starts_with("<stdin>:2: "), "{examples:?}");
    let run = tracer(&[&["export", "--skip-invalid"], &WINDOW[..]].concat(), log.as_bytes()).ends(0);
    assert!(run.stderr.contains("unreadable records skipped: 40"), "{}", run.stderr);
    assert!(run.stderr.contains("<stdin>:2: "), "the first few are shown without -v: {}", run.stderr);
}

#[test]
fn a_last_line_that_is_cut_off_is_counted_and_passed_over() {
    let line = json!({"ts": at(20), "type": "MODIFIED", "object": deployment("shop/web", 10, 2)}).to_string();
    for cut in [1, 10, line.len() / 2, line.len() - 1] {
        let log = format!("{}{}", good().text(), &line[..cut]);
        let (trace, account) = export_with_account(&log, &WINDOW);
        assert_eq!((trace.as_str(), gaps(&account, "record-cut-off")), (GOOD, 1), "{cut}");
        tracer(&[&["export", "--strict"], &WINDOW[..]].concat(), log.as_bytes()).ends(3);
    }
}

#[test]
fn a_line_that_is_cut_off_in_the_middle_of_a_log_costs_that_record_alone() {
    let line = json!({"ts": at(20), "type": "MODIFIED", "object": deployment("shop/web", 10, 2)}).to_string();
    let log = good().line(&line[..line.len() / 2]).event(30, "DELETED", &deployment("shop/web", 10, 1)).text();
    let run = tracer(&[&["export"], &WINDOW[..]].concat(), log.as_bytes()).ends(1);
    assert!(run.stderr.contains("<stdin>:2: "), "{}", run.stderr);
    assert_eq!(
        export(&log, &[&WINDOW[..], &["--skip-invalid"]].concat()),
        "5 |\n10 |\n10 +Deployment shop/web 1\n30 |\n30 -Deployment shop/web\n50 |\n"
    );
}

#[test]
fn a_damaged_compressed_stream_is_an_error_after_what_could_be_read() {
    let lines = (0..2_000).fold(good(), |log, i| log.event(20, "ADDED", &config_map(&format!("a/m{i}"), 20, "x")));
    let text = lines.text();
    let damage = |mut bytes: Vec<u8>| {
        let middle = bytes.len() / 2;
        bytes[middle..middle + 40].fill(0xff);
        bytes
    };
    let (gz, zst) = (gzip(text.as_bytes()), zstd::encode_all(text.as_bytes(), 1).unwrap());
    for (format, bytes) in [
        ("gzip", gz[..gz.len() - 100].to_vec()),
        ("gzip", gz[..gz.len() - 3].to_vec()),
        ("gzip", damage(gz)),
        ("zstd", zst[..zst.len() - 100].to_vec()),
        ("zstd", damage(zst)),
    ] {
        for args in [&[][..], &["--skip-invalid"]] {
            let (run, out) = over_old_output(&bytes, args);
            let run = run.ends(1);
            let words = format!("in.log: damaged {format} data: ");
            assert!(run.stderr.contains(&words) && run.stderr.contains("were read"), "{}", run.stderr);
            assert_eq!(out, b"old");
        }
    }
}

#[test]
fn a_bad_record_before_the_damage_is_told_first() {
    let filler = (0..2_000).map(|i| i.to_string().repeat(20)).collect::<String>();
    let text = good().line("{\"bad\":1}").line(&json!({"x": filler}).to_string()).text();
    let gz = gzip(text.as_bytes());
    let (run, _) = over_old_output(&gz[..gz.len() - 8], &[]);
    let run = run.ends(1);
    assert!(run.stderr.contains("in.log:2: "), "{}", run.stderr);
}

#[test]
fn statuses_of_wrong_types_are_counted_and_the_object_kept() {
    let run = job("shop/run", 20);
    for status in [
        json!(7),
        json!("Running"),
        json!({"phase": 7}),
        json!({"containerStatuses": {}}),
        json!({"containerStatuses": [7]}),
        json!({"containerStatuses": [{"state": {"running": {"startedAt": 7}}}]}),
        json!({"containerStatuses": [{"state": {"terminated": {"exitCode": "0"}}}]}),
        json!({"containerStatuses": [{"state": {"terminated": {"exitCode": 1e99}}}]}),
    ] {
        let log = good().event(20, "ADDED", &with(pod("shop/p", 20), "/status", status.clone())).text();
        assert_eq!(
            export(&log, &WINDOW),
            "5 |\n10 |\n10 +Deployment shop/web 1\n20 |\n20 +Pod shop/p app:1\n50 |\n",
            "{status}"
        );
        assert_eq!(gaps(&account(&log, &WINDOW), "status-unreadable"), 1, "{status}");
    }
    for status in [json!(7), json!({"conditions": 7}), json!({"conditions": [{"type": 7}]})] {
        let log = Log::new().event(20, "ADDED", &with(run.clone(), "/status", status.clone())).text();
        assert_eq!(export(&log, &WINDOW), "5 |\n20 |\n20 +Job shop/run 1\n50 |\n", "{status}");
        assert_eq!(gaps(&account(&log, &WINDOW), "status-unreadable"), 1, "{status}");
    }
    let nothing = good().event(20, "ADDED", &with(pod("shop/p", 20), "/status", json!(null))).text();
    assert_eq!(account(&nothing, &WINDOW)["gaps"], json!([]));
}

#[test]
fn a_status_that_is_an_array_is_none() {
    for status in [json!([]), json!(["Succeeded"]), json!({"containerStatuses": [[]]})] {
        let log = good().event(20, "ADDED", &with(pod("shop/p", 20), "/status", status.clone())).text();
        assert_eq!(gaps(&account(&log, &WINDOW), "status-unreadable"), 1, "{status}");
    }
}

#[test]
fn specs_of_wrong_types_are_kept_or_counted() {
    for spec in [
        json!(7),
        json!("x"),
        json!([]),
        json!({"containers": 7}),
        json!({"containers": [7]}),
        json!({"restartPolicy": []}),
    ] {
        let pod = with(running(&pod("shop/p", 20), 20), "/spec", spec.clone());
        let log =
            good().event(20, "ADDED", &pod).event(30, "MODIFIED", &running(&support::pod("shop/p", 20), 20)).text();
        let run = tracer(&[&["export", "-f", "json"], &WINDOW[..]].concat(), log.as_bytes()).ends(0);
        assert!(run.json()["index"]["v1.Pod"]["shop/p"].is_u64(), "{spec}");
        let account = account(&log, &WINDOW);
        let counted = gaps(&account, "pod-spec-unreadable") + gaps(&account, "status-unreadable");
        assert!(counted > 0, "{spec}: {account}");
    }
}

#[test]
fn a_complaint_has_the_start_of_the_offending_text() {
    for bad in [r#"{"some":"thing else"}"#, r#"{"type":"ADDED","object":{"kind":"Pod","apiVersion":"v1"}}"#] {
        let run = tracer(&[&["export"], &WINDOW[..]].concat(), good().line(bad).text().as_bytes()).ends(1);
        assert!(run.stderr.contains(&bad[..12]), "{bad}: {}", run.stderr);
    }
}

#[test]
fn a_clean_log_has_an_empty_account() {
    let account = account(&good().text(), &WINDOW);
    assert_eq!(account["gaps"], json!([]));
    assert_eq!(account["window"], json!({"from": 5, "to": 50}));
    assert_eq!(
        account["contents"],
        json!({"records": 1, "objects_seen": 1, "events": 3, "start_objects": 0, "applied": 1, "deleted": 0,
            "objects": 1, "lifecycles": 0})
    );
    assert_eq!(account["sources"], json!([{"path": "<stdin>", "records": 1, "first": at(10), "last": at(10)}]));
}

#[test]
fn a_trace_without_objects_is_told_why() {
    let full = good().text();
    for (log, args, told) in [
        ("", ["--from", "5", "--to", "50"].as_slice(), "the input holds no record"),
        (&full, &["--from", "5", "--to", "50", "-n", "nowhere"], "look at the window, the filters"),
        (&full, &["--from", "1", "--to", "2"], "look at the window, the filters"),
    ] {
        let run = tracer(&[&["export", "-f", "json"], args].concat(), log.as_bytes()).ends(0);
        assert!(run.stderr.contains(told), "{args:?}: {}", run.stderr);
    }
}
