//! What watches that begin again tell of the objects that they no longer show: over several files, namespaces, recorders.

mod support;

use serde_json::{Value, json};
use support::*;

fn x() -> Value {
    at_version(&deployment("shop/x", 1, 1), "11")
}

fn y() -> Value {
    at_version(&deployment("shop/y", 2, 1), "12")
}

fn changed(object: &Value, version: &str) -> Value {
    at_version(&with(object.clone(), "/spec", json!({"replicas": 7})), version)
}

const WINDOW: [&str; 4] = ["--from", "15", "--to", "50"];

#[track_caller]
fn traces(logs: &[&Log]) -> String {
    let texts: Vec<String> = logs.iter().map(|log| log.text()).collect();
    let names = ["a", "b", "c"];
    let files: Vec<_> = names.iter().zip(&texts).map(|(name, text)| (*name, text.as_bytes())).collect();
    export_files(&files, &[&names[..logs.len()], &WINDOW].concat())
}

const BOTH_STAY: &str = "15 |\n15 +Deployment shop/x 1\n15 +Deployment shop/y 1\n31 |\n31 +Deployment shop/x 7\n50 |\n";
const Y_GOES: &str = "15 |\n15 +Deployment shop/x 1\n15 +Deployment shop/y 1\n30 |\n30 -Deployment shop/y\n31 |\n31 +Deployment shop/x 7\n50 |\n";

fn first_recording() -> Log {
    Log::new().event(10, "ADDED", &x()).event(10, "ADDED", &y()).event(12, "MODIFIED", &at_version(&y(), "13"))
}

#[test]
fn a_recorder_that_was_started_again_with_a_new_file_tells_what_went_away() {
    let second = Log::new().event(30, "ADDED", &x()).event(31, "MODIFIED", &changed(&x(), "20"));
    assert_eq!(traces(&[&first_recording(), &second]), Y_GOES);
    assert_eq!(traces(&[&second, &first_recording()]), Y_GOES, "the names of the files do not matter");
}

#[test]
fn a_second_recorder_beside_one_that_goes_on_tells_of_no_deletion() {
    let first = first_recording().event(45, "MODIFIED", &at_version(&y(), "21"));
    let second = Log::new().event(30, "ADDED", &x()).event(31, "MODIFIED", &changed(&x(), "20"));
    assert_eq!(traces(&[&first, &second]), BOTH_STAY);
}

#[test]
fn a_watch_of_one_namespace_says_nothing_of_another() {
    let first = Log::new()
        .event(10, "ADDED", &x())
        .event(10, "ADDED", &with(y(), "/metadata/namespace", json!("other")))
        .event(12, "MODIFIED", &at_version(&x(), "13"));
    let second = Log::new().event(30, "ADDED", &at_version(&x(), "13")).event(31, "MODIFIED", &changed(&x(), "20"));
    assert_eq!(traces(&[&first, &second]), BOTH_STAY.replace("shop/y", "other/y"));
}

#[test]
fn a_watch_of_one_kind_says_nothing_of_another() {
    let first = first_recording();
    let second = Log::new().event(30, "ADDED", &stateful_set("shop/db", 3, 1)).event(
        31,
        "MODIFIED",
        &stateful_set("shop/db", 3, 2),
    );
    assert_eq!(
        traces(&[&first, &second]),
        "15 |\n15 +Deployment shop/x 1\n15 +Deployment shop/y 1\n15 +StatefulSet shop/db 1\n31 |\n31 +StatefulSet shop/db 2\n50 |\n"
    );
}

#[test]
fn a_rotated_file_goes_on_where_the_last_one_ended() {
    let second = Log::new().event(31, "MODIFIED", &changed(&x(), "20"));
    assert_eq!(traces(&[&first_recording(), &second]), BOTH_STAY);
}

#[test]
fn an_object_that_was_created_anew_in_a_gap_is_deleted_before() {
    let anew = at_version(&deployment("shop/y", 25, 5), "18");
    let second =
        Log::new().event(30, "ADDED", &x()).event(30, "ADDED", &anew).event(31, "MODIFIED", &changed(&x(), "20"));
    assert_eq!(
        traces(&[&first_recording(), &second]),
        "\
15 |
15 +Deployment shop/x 1
15 +Deployment shop/y 1
25 |
25 -Deployment shop/y
25 |
25 +Deployment shop/y 5
31 |
31 +Deployment shop/x 7
50 |
"
    );
}

#[test]
fn an_object_that_was_seen_again_later_did_not_go_away() {
    let second = Log::new().event(30, "ADDED", &x()).event(31, "MODIFIED", &changed(&x(), "20")).event(
        40,
        "MODIFIED",
        &changed(&y(), "21"),
    );
    assert_eq!(
        traces(&[&first_recording(), &second]),
        BOTH_STAY.replace("50 |\n", "40 |\n40 +Deployment shop/y 7\n50 |\n")
    );
}

#[test]
fn the_first_initial_set_of_all_tells_of_no_deletion() {
    let log = Log::new().event(31, "ADDED", &x()).event(32, "MODIFIED", &changed(&x(), "20"));
    let account = account(&log.text(), &WINDOW);
    assert_eq!(gaps(&account, "gone-in-gap"), 0);
    assert_eq!(gaps(&account, "first-seen-late"), 1);
}

/// kubectl writes the initial set first; it is older than the log.
#[test]
fn a_log_without_times_begins_with_its_initial_set() {
    let untimed = |log: Log, change: &str, object: &Value, written: i64| {
        log.untimed(change, &with(object.clone(), "/metadata/managedFields", json!([{"time": at(written)}])))
    };
    let old = at_version(&deployment("shop/old", 1_000, 1), "10");
    let young = at_version(&deployment("shop/young", 5_000, 1), "11");
    let log = untimed(Log::new(), "ADDED", &young, 5_000);
    let log = untimed(log, "ADDED", &old, 1_000);
    let log = untimed(log, "MODIFIED", &at_version(&deployment("shop/old", 1_000, 3), "20"), 6_000);
    assert_eq!(
        export(&log.text(), &[]),
        "5000 |\n5000 +Deployment shop/old 1\n5000 |\n5000 +Deployment shop/young 1\n6000 |\n6000 +Deployment shop/old 3\n"
    );
}

#[test]
fn a_status_instead_of_a_watch_is_a_broken_watch() {
    let status =
        r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":"Expired","code":410}"#;
    let log = Log::new().event(10, "ADDED", &deployment("shop/web", 10, 1)).line(status).text();
    assert_eq!(gaps(&account(&log, &["--from", "5", "--to", "20"]), "watch-broken"), 1);
}
