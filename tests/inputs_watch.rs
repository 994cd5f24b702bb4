//! Recorded watch events: every form that recorders give them, the times that they have or lack, and the gaps between them.

mod support;

use serde_json::{Value, json};
use support::*;

/// 2026-03-01T10:00:00Z.
const TEN: i64 = 1_772_359_200;

fn ten(second: i64) -> i64 {
    TEN + second
}

/// With the seconds of that morning as those after ten o'clock.
fn since_ten(trace: &str) -> String {
    let mut out = String::new();
    for word in trace.split_inclusive(|c: char| !c.is_ascii_digit()) {
        let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit());
        match digits.parse::<i64>() {
            Ok(second) if second > 1_000_000 => out += &word.replace(digits, &(second - TEN).to_string()),
            _ => out += word,
        }
    }
    out
}

/// The samples that say the same in three forms.
#[test]
fn the_samples_of_watches_are_read() {
    let (from, to) = (ten(-60).to_string(), ten(3600).to_string());
    let trace = |name: &str| {
        let args = ["export", "-f", "json", "--from", &from, "--to", &to, &fixture(&format!("watch/{name}"))];
        since_ten(&show(&tracer(&args, b"").ends(0).json()))
    };
    let changes = "-60 |\n0 |\n0 +Deployment shop/web 2\n300 |\n300 +Deployment shop/web 5\n";
    assert_eq!(trace("kubectl_output_watch_events.jsonl"), format!("{changes}3600 |\n"));
    assert_eq!(trace("kubectl_plain_indented.json"), format!("{changes}3600 |\n"));
    assert_eq!(trace("raw_http.jsonl"), format!("{changes}300 -Deployment shop/web\n3600 |\n"));
}

/// `kubectl get -w --output-watch-events -o json`, one event a line, no times.
#[test]
fn kubectl_watch_events_get_their_times_from_the_objects() {
    let web = |version: &str, replicas: u64| at_version(&deployment("shop/web", ten(0), replicas), version);
    let written = |object: Value, second: i64| {
        with(object, "/metadata/managedFields", json!([{"manager": "kubectl", "time": at(ten(second))}]))
    };
    let pod = at_version(&pod("shop/p", ten(2)), "20");
    let dying = with(at_version(&running(&pod, ten(5)), "40"), "/metadata/deletionTimestamp", json!(at(ten(90))));
    let dying = with(dying, "/metadata/deletionGracePeriodSeconds", json!(30));
    let log = Log::new()
        .untimed("ADDED", &written(web("10", 1), 0))
        .untimed("ADDED", &pod)
        .untimed("MODIFIED", &at_version(&running(&pod, ten(5)), "21"))
        .untimed("MODIFIED", &written(web("30", 5), 30))
        .untimed("MODIFIED", &dying)
        .untimed("DELETED", &at_version(&dying, "41"))
        .untimed("DELETED", &written(web("50", 5), 30))
        .text();
    let trace = since_ten(&export(&log, &["--from", &ten(-5).to_string(), "--to", &ten(100).to_string()]));
    assert_eq!(
        trace,
        "\
-5 |
0 |
0 +Deployment shop/web 1
2 |
2 +Pod shop/p app:1
30 |
30 +Deployment shop/web 5
60 |
60 -Pod shop/p
60 -Deployment shop/web
100 |
Pod shop/p 5..60
"
    );
    assert_eq!(gaps(&account(&log, &[]), "time-estimated"), 7);
}

#[test]
fn estimated_times_never_go_back_within_a_stream() {
    let web = |version: &str, replicas: u64| at_version(&deployment("shop/web", ten(0), replicas), version);
    let written = |object: Value, second: i64| {
        with(object, "/metadata/managedFields", json!([{"manager": "kubectl", "time": at(ten(second))}]))
    };
    let log = Log::new()
        .untimed("ADDED", &written(web("10", 1), 0))
        .untimed("MODIFIED", &written(web("11", 2), 20))
        .untimed("MODIFIED", &web("12", 3))
        .untimed("MODIFIED", &written(web("13", 4), 10))
        .untimed("MODIFIED", &written(web("14", 5), 40))
        .text();
    let trace = since_ten(&export(&log, &["--from", &ten(0).to_string()]));
    let events: Vec<&str> = trace.lines().filter(|line| line.contains('+')).collect();
    assert_eq!(
        events,
        [
            "0 +Deployment shop/web 1",
            "20 +Deployment shop/web 2",
            "20 +Deployment shop/web 3",
            "20 +Deployment shop/web 4",
            "40 +Deployment shop/web 5"
        ]
    );
}

/// `kubectl get -w -o json` alone: indented objects, one behind the other.
#[test]
fn plain_kubectl_watches_are_read_and_warned_of() {
    let bare = |version: &str, replicas: u64, written: i64| {
        let web = at_version(&deployment("shop/web", ten(0), replicas), version);
        with(web, "/metadata/managedFields", json!([{"time": at(ten(written))}]))
    };
    let log: String = [bare("10", 1, 0), bare("20", 5, 30)]
        .iter()
        .map(|object| format!("{}\n", serde_json::to_string_pretty(object).unwrap()))
        .collect();
    let window = ["--from", &ten(10).to_string(), "--to", &ten(100).to_string()];
    assert_eq!(
        since_ten(&export(&log, &window)),
        "10 |\n10 +Deployment shop/web 1\n30 |\n30 +Deployment shop/web 5\n100 |\n"
    );
    assert_eq!(gaps(&account(&log, &window), "deletions-untold"), 2);
    let stderr = tracer(&["export", "-f", "json"], log.as_bytes()).ends(0).stderr;
    assert!(stderr.contains("--output-watch-events"), "{stderr}");
}

#[test]
fn a_bare_body_that_proves_its_own_deletion_is_one() {
    let web = |version: &str| at_version(&deployment("shop/web", ten(0), 1), version);
    let gone = with(web("20"), "/metadata/deletionTimestamp", json!(at(ten(30))));
    let gone = with(gone, "/metadata/deletionGracePeriodSeconds", json!(0));
    let waiting = with(gone.clone(), "/metadata/finalizers", json!(["x/y"]));
    let window = ["--from", &ten(10).to_string(), "--to", &ten(100).to_string()];
    let log = format!("{}\n{}\n", web("10"), gone);
    assert_eq!(
        since_ten(&export(&log, &window)),
        "10 |\n10 +Deployment shop/web 1\n30 |\n30 -Deployment shop/web\n100 |\n"
    );
    let log = format!("{}\n{}\n", web("10"), waiting);
    assert_eq!(since_ten(&export(&log, &window)), "10 |\n10 +Deployment shop/web 1\n100 |\n");
}

#[test]
fn a_recorder_may_call_its_time_by_any_of_its_names_and_write_it_in_any_form() {
    let object = deployment("shop/web", ten(0), 1);
    for (name, time) in [
        ("ts", json!("2026-03-01T10:00:20Z")),
        ("timestamp", json!("2026-03-01T10:00:20.25Z")),
        ("time", json!("2026-03-01T12:00:20+02:00")),
        ("observedAt", json!(ten(20))),
        ("@timestamp", json!(ten(20) * 1_000)),
        ("ts", json!(ten(20) * 1_000_000)),
        ("ts", json!(ten(20) * 1_000_000_000)),
        ("ts", json!(ten(20) as f64 + 0.5)),
        ("ts", json!(ten(20).to_string())),
    ] {
        let mut record = json!({"type": "MODIFIED", "object": object});
        record[name] = time.clone();
        let log =
            format!("{}\n{record}\n", json!({"ts": at(ten(1)), "type": "ADDED", "object": config_map("a/b", 1, "")}));
        let record = tracer(&["export", "-f", "json", "-v"], log.as_bytes()).ends(0);
        assert!(
            record.stderr.contains("2026-03-01T10:00:01Z to 2026-03-01T10:00:21Z"),
            "{name} {time}: {}",
            record.stderr
        );
    }
}

#[test]
fn a_time_may_stand_before_the_record() {
    let object = deployment("shop/web", ten(0), 1);
    let record = json!({"type": "ADDED", "object": object}).to_string();
    for prefix in [
        "2026-03-01T10:00:00Z ",
        "2026-03-01T10:00:00.123456789Z\t",
        "2026-03-01 10:00:00 ",
        "[2026-03-01T10:00:00Z] ",
        "1772359200 ",
        "1772359200000 ",
        "node-7 2026-03-01T10:00:00Z stdout F ",
    ] {
        let log = format!("{prefix}{record}\n");
        assert_eq!(since_ten(&export(&log, &[])), "0 |\n0 |\n0 +Deployment shop/web 1\n", "{prefix}");
        assert_eq!(account(&log, &[])["gaps"], json!([]), "{prefix}");
    }
}

#[test]
fn an_option_names_another_field_of_the_time() {
    let object = deployment("shop/web", ten(0), 1);
    let log = json!({"ts": 7, "seen": "2026-03-01T10:00:00Z", "type": "ADDED", "object": object}).to_string();
    assert_eq!(since_ten(&export(&log, &["--time-field", "seen"])), "0 |\n0 |\n0 +Deployment shop/web 1\n");
}

#[test]
fn a_time_that_is_none_is_counted_and_estimated() {
    for bad in [json!("yesterday"), json!("9999999-01-01T00:00:00Z"), json!([7]), json!(-5), json!(true)] {
        let log = json!({"ts": bad, "type": "ADDED", "object": deployment("shop/web", 10, 1)}).to_string();
        let account = account(&log, &["--from", "5", "--to", "20"]);
        assert_eq!((gaps(&account, "time-unreadable"), gaps(&account, "time-estimated")), (1, 1), "{bad}");
        assert_eq!(
            export(&log, &["--from", "5", "--to", "20"]),
            "5 |\n10 |\n10 +Deployment shop/web 1\n20 |\n",
            "{bad}"
        );
    }
}

#[test]
fn records_of_the_scheduler_simulator_are_watch_events() {
    let record = |second: i64, event: &str, replicas: u64| {
        let resource = at_version(&deployment("shop/web", 10, replicas), &second.to_string());
        json!({"time": at(second), "event": event, "resource": resource}).to_string()
    };
    let log = [record(10, "Add", 1), record(20, "Update", 2), record(30, "Delete", 2)].join("\n");
    assert_eq!(
        export(&log, &["--from", "5"]),
        "5 |\n10 |\n10 +Deployment shop/web 1\n20 |\n20 +Deployment shop/web 2\n30 |\n30 -Deployment shop/web\n"
    );
}

#[test]
fn records_of_resourcewatch_are_watch_events() {
    let record = |second: i64, kind: &str, replicas: u64| {
        let object = at_version(&deployment("shop/web", 10, replicas), &second.to_string());
        json!({"observationType": kind, "observationTime": at(second), "object": object}).to_string()
    };
    let log = [record(10, "add", 1), record(20, "update", 2), record(30, "delete", 2)].join("\n");
    assert_eq!(
        export(&log, &["--from", "5"]),
        "5 |\n10 |\n10 +Deployment shop/web 1\n20 |\n20 +Deployment shop/web 2\n30 |\n30 -Deployment shop/web\n"
    );
}

fn bookmark(second: i64, version: &str, initial_end: bool) -> String {
    let annotations = if initial_end { json!({"k8s.io/initial-events-end": "true"}) } else { json!({}) };
    let metadata = json!({"resourceVersion": version, "creationTimestamp": null, "annotations": annotations});
    let object =
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": {"selector": null}});
    json!({"ts": at(second), "type": "BOOKMARK", "object": object}).to_string()
}

fn expired(second: i64) -> String {
    let status = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "message": "too old resource version: 900 (1300)", "reason": "Expired", "code": 410});
    json!({"ts": at(second), "type": "ERROR", "object": status}).to_string()
}

#[test]
fn bookmarks_are_no_objects() {
    let log = Log::new()
        .event(10, "ADDED", &deployment("shop/web", 1, 1))
        .line(&bookmark(11, "105", true))
        .line(&bookmark(20, "110", false));
    assert_eq!(export(&log.text(), &["--from", "15", "--to", "30"]), "15 |\n15 +Deployment shop/web 1\n30 |\n");
    assert_eq!(account(&log.text(), &["--from", "15", "--to", "30"])["gaps"], json!([]));
}

#[test]
fn what_is_missing_after_a_410_went_away_in_the_gap() {
    let log = Log::new()
        .event(10, "ADDED", &deployment("shop/stays", 1, 1))
        .event(10, "ADDED", &deployment("shop/goes", 2, 1))
        .line(&bookmark(11, "110", true))
        .event(12, "MODIFIED", &deployment("shop/stays", 1, 2))
        .line(&expired(20))
        .event(25, "ADDED", &deployment("shop/stays", 1, 3))
        .event(25, "ADDED", &deployment("shop/new", 22, 1))
        .line(&bookmark(26, "120", true))
        .event(30, "MODIFIED", &deployment("shop/stays", 1, 4));
    let args = ["--from", "15", "--to", "40"];
    assert_eq!(
        export(&log.text(), &args),
        "\
15 |
15 +Deployment shop/stays 2
15 +Deployment shop/goes 1
22 |
22 +Deployment shop/new 1
25 |
25 +Deployment shop/stays 3
25 -Deployment shop/goes
30 |
30 +Deployment shop/stays 4
40 |
"
    );
    let account = account(&log.text(), &args);
    assert_eq!((gaps(&account, "watch-broken"), gaps(&account, "gone-in-gap")), (1, 1));
}

#[test]
fn an_empty_new_initial_set_tells_that_all_went_away() {
    let log = Log::new()
        .event(10, "ADDED", &deployment("shop/goes", 2, 1))
        .line(&bookmark(11, "110", true))
        .line(&expired(20))
        .line(&bookmark(26, "120", true));
    assert_eq!(
        export(&log.text(), &["--from", "15", "--to", "40"]),
        "15 |\n15 +Deployment shop/goes 1\n26 |\n26 -Deployment shop/goes\n40 |\n"
    );
}

#[test]
fn a_stream_that_starts_anew_tells_what_went_away_without_an_error() {
    let log = Log::new()
        .event(10, "ADDED", &deployment("shop/stays", 1, 1))
        .event(10, "ADDED", &deployment("shop/goes", 2, 1))
        .event(12, "MODIFIED", &deployment("shop/stays", 1, 2))
        .event(25, "ADDED", &at_version(&deployment("shop/stays", 1, 2), "103"))
        .event(30, "MODIFIED", &deployment("shop/stays", 1, 3));
    let trace = export(&log.text(), &["--from", "15", "--to", "40"]);
    assert_eq!(
        trace,
        "\
15 |
15 +Deployment shop/stays 2
15 +Deployment shop/goes 1
25 |
25 -Deployment shop/goes
30 |
30 +Deployment shop/stays 3
40 |
"
    );
}

#[test]
fn another_kind_of_the_same_source_does_not_go_away_with_a_gap_of_its_own() {
    let log = Log::new()
        .event(10, "ADDED", &deployment("shop/web", 1, 1))
        .event(10, "ADDED", &stateful_set("shop/db", 2, 1))
        .event(12, "MODIFIED", &deployment("shop/web", 1, 2))
        .event(20, "ADDED", &deployment("shop/new", 20, 1))
        .event(30, "MODIFIED", &deployment("shop/web", 1, 3));
    let trace = export(&log.text(), &["--from", "35", "--to", "40"]);
    assert_eq!(trace, "35 |\n35 +Deployment shop/web 3\n35 +StatefulSet shop/db 1\n35 +Deployment shop/new 1\n40 |\n");
}

#[test]
fn rows_of_tables_and_metadata_alone_are_counted_and_no_content() {
    let table = json!({"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": {}, "rows": [
        {"object": {"kind": "PartialObjectMetadata", "metadata": {"name": "web", "namespace": "shop"}}}]});
    let partial = with(deployment("shop/api", 1, 1), "/kind", json!("PartialObjectMetadata"));
    let partial = with(partial, "/apiVersion", json!("meta.k8s.io/v1"));
    let log = Log::new().event(10, "ADDED", &table).event(11, "ADDED", &partial).event(
        12,
        "ADDED",
        &deployment("shop/web", 12, 1),
    );
    assert_eq!(export(&log.text(), &["--from", "5"]), "5 |\n12 |\n12 +Deployment shop/web 1\n");
    assert_eq!(gaps(&account(&log.text(), &[]), "metadata-only"), 2);
}
