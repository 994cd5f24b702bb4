//! What a trace means: the store, the window, deletion and re-creation; each rule with the log that shows it.
//!
//! Where SimKube's own tracer ("the original") is wrong, the test fails with its behaviour, and says what that is.

mod support;

use serde_json::json;
use support::*;

#[test]
fn an_update_without_a_change_of_content_is_no_event() {
    let web = deployment("shop/web", 10, 1);
    let log = Log::new()
        .event(10, "ADDED", &web)
        .event(20, "MODIFIED", &with(web.clone(), "/status", json!({"replicas": 1})))
        .event(25, "MODIFIED", &with(web.clone(), "/metadata/annotations", json!({"a": "b"})))
        .event(30, "MODIFIED", &deployment("shop/web", 10, 2));
    assert_eq!(
        export(&log.text(), &["--from", "5", "--to", "40"]),
        "\
5 |
10 |
10 +Deployment shop/web 1
30 |
30 +Deployment shop/web 2
40 |
"
    );
}

/// The original compares `spec` alone, so it never records an update of an object without one.
#[test]
fn updates_of_objects_without_spec_are_recorded() {
    let map = config_map("shop/settings", 10, "one");
    let log = Log::new()
        .event(10, "ADDED", &map)
        .event(20, "MODIFIED", &labelled(&map, "x"))
        .event(30, "MODIFIED", &config_map("shop/settings", 10, "two"))
        .event(40, "DELETED", &config_map("shop/settings", 10, "two"));
    assert_eq!(
        export_tracking(&["v1.ConfigMap: {podSpecTemplatePaths: [/none]}"], &log.text(), &["--from", "5"]),
        "\
5 |
10 |
10 +ConfigMap shop/settings one
30 |
30 +ConfigMap shop/settings two
40 |
40 -ConfigMap shop/settings
"
    );
}

#[test]
fn a_deletion_is_written_as_the_bare_deletable() {
    let web = labelled(&deployment("shop/web", 10, 1), "web");
    let log = Log::new().event(10, "ADDED", &web).event(20, "DELETED", &web).text();
    let trace = tracer(&["export", "-f", "json", "--from", "5"], log.as_bytes()).ends(0).json();
    assert_eq!(
        trace["events"][2],
        json!({"ts": 20, "applied_objs": [], "deleted_objs": [
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}}
        ]})
    );
}

/// The original flattens by `ns/name` alone, so that the one overwrites the other before the window.
#[test]
fn a_deployment_and_a_stateful_set_of_one_name_are_two_objects_before_the_window() {
    let log = Log::new()
        .event(10, "ADDED", &deployment("shop/web", 10, 1))
        .event(11, "ADDED", &stateful_set("shop/web", 11, 2))
        .event(12, "ADDED", &deployment("shop/api", 12, 3))
        .event(13, "ADDED", &stateful_set("shop/api", 13, 4))
        .event(14, "DELETED", &deployment("shop/api", 12, 3));
    assert_eq!(
        export(&log.text(), &["--from", "20", "--to", "30"]),
        "\
20 |
20 +Deployment shop/web 1
20 +StatefulSet shop/web 2
20 +StatefulSet shop/api 4
30 |
"
    );
}

#[test]
fn an_object_that_was_there_when_the_log_began_is_alive_since_its_creation() {
    let log = Log::new()
        .event(100, "ADDED", &deployment("shop/web", 50, 1))
        .event(101, "MODIFIED", &stateful_set("shop/db", 40, 1))
        .event(102, "ADDED", &deployment("shop/new", 102, 1));
    let args = ["--from", "90", "--to", "110"];
    assert_eq!(
        export(&log.text(), &args),
        "\
90 |
90 +StatefulSet shop/db 1
90 +Deployment shop/web 1
102 |
102 +Deployment shop/new 1
110 |
"
    );
    assert_eq!(gaps(&account(&log.text(), &args), "first-seen-late"), 2);
    assert_eq!(gaps(&account(&log.text(), &["--from", "105", "--to", "110"]), "first-seen-late"), 0);
}

#[test]
fn an_object_from_before_the_log_but_created_in_the_window_is_applied_at_its_creation() {
    let log = Log::new().event(100, "ADDED", &deployment("shop/web", 50, 1));
    assert_eq!(
        export(&log.text(), &["--from", "40", "--to", "110"]),
        "\
40 |
50 |
50 +Deployment shop/web 1
110 |
"
    );
}

#[test]
fn the_starting_state_is_in_the_order_of_creation() {
    let log = Log::new()
        .event(10, "ADDED", &deployment("shop/c", 1, 1))
        .event(10, "ADDED", &deployment("shop/a", 3, 1))
        .event(10, "ADDED", &stateful_set("shop/b", 2, 1))
        .event(11, "MODIFIED", &deployment("shop/c", 1, 5));
    assert_eq!(
        export(&log.text(), &["--from", "20", "--to", "30"]),
        "\
20 |
20 +Deployment shop/c 5
20 +StatefulSet shop/b 1
20 +Deployment shop/a 1
30 |
"
    );
}

#[test]
fn the_starting_state_stands_there_even_when_it_is_empty() {
    let log = Log::new().event(10, "ADDED", &config_map("shop/x", 10, "untracked"));
    assert_eq!(export(&log.text(), &["--from", "5"]), "5 |\n");
}

#[test]
fn a_new_uid_under_an_old_name_implies_the_deletion_of_the_old_object() {
    let log = Log::new().event(10, "ADDED", &deployment("shop/web", 10, 1)).event(
        20,
        "ADDED",
        &deployment("shop/web", 20, 2),
    );
    let args = ["--from", "5", "--to", "30"];
    assert_eq!(
        export(&log.text(), &args),
        "\
5 |
10 |
10 +Deployment shop/web 1
20 |
20 -Deployment shop/web
20 |
20 +Deployment shop/web 2
30 |
"
    );
    assert_eq!(gaps(&account(&log.text(), &args), "replaced-unseen"), 1);
}

/// The driver applies an event's objects before it deletes any: in one event it would delete the new object.
#[test]
fn deletion_and_re_creation_in_one_second_are_two_events() {
    let (old, new) = (deployment("shop/web", 10, 1), deployment("shop/web", 20, 2));
    let log = Log::new().event(10, "ADDED", &old).event(20, "DELETED", &old).event(20, "ADDED", &new);
    assert_eq!(
        export(&log.text(), &["--from", "15", "--to", "30"]),
        "\
15 |
15 +Deployment shop/web 1
20 |
20 -Deployment shop/web
20 |
20 +Deployment shop/web 2
30 |
"
    );
}

#[test]
fn a_deletion_that_is_told_after_the_re_creation_comes_before_it() {
    let (old, new) = (deployment("shop/web", 10, 1), deployment("shop/web", 20, 2));
    for told in [20, 22] {
        let log = Log::new().event(10, "ADDED", &old).event(20, "ADDED", &at_version(&new, "130")).event(
            told,
            "DELETED",
            &at_version(&old, "129"),
        );
        let trace = export(&log.text(), &["--from", "15", "--to", "30"]);
        let after = trace.split_once("15 +Deployment shop/web 1\n").map(|(_, after)| after);
        assert_eq!(
            after,
            Some("20 |\n20 -Deployment shop/web\n20 |\n20 +Deployment shop/web 2\n30 |\n"),
            "told at {told}"
        );
    }
}

#[test]
fn an_object_that_comes_and_goes_in_one_second_is_one_event() {
    let web = deployment("shop/web", 20, 1);
    let log =
        Log::new().event(10, "ADDED", &deployment("shop/a", 10, 1)).event(20, "ADDED", &web).event(20, "DELETED", &web);
    assert_eq!(
        export(&log.text(), &["--from", "15", "--to", "30"]),
        "\
15 |
15 +Deployment shop/a 1
20 |
20 +Deployment shop/web 1
20 -Deployment shop/web
30 |
"
    );
}

#[test]
fn what_happens_in_one_second_is_one_event() {
    let (a, b) = (deployment("shop/a", 10, 1), deployment("shop/b", 10, 1));
    let log = Log::new().event(10, "ADDED", &a).event(10, "ADDED", &b).event(20, "DELETED", &a).event(
        20,
        "MODIFIED",
        &deployment("shop/b", 10, 2),
    );
    assert_eq!(
        export(&log.text(), &["--from", "5"]),
        "\
5 |
10 |
10 +Deployment shop/a 1
10 +Deployment shop/b 1
20 |
20 +Deployment shop/b 2
20 -Deployment shop/a
"
    );
}

#[test]
fn the_window_takes_its_first_second_and_not_its_end() {
    let log = Log::new()
        .event(10, "ADDED", &deployment("shop/web", 10, 1))
        .event(20, "MODIFIED", &deployment("shop/web", 10, 2))
        .event(29, "MODIFIED", &deployment("shop/web", 10, 3))
        .event(30, "MODIFIED", &deployment("shop/web", 10, 4))
        .event(30, "ADDED", &deployment("shop/late", 30, 1));
    assert_eq!(
        export(&log.text(), &["--from", "20", "--to", "30"]),
        "\
20 |
20 +Deployment shop/web 1
20 |
20 +Deployment shop/web 2
29 |
29 +Deployment shop/web 3
30 |
"
    );
}

#[test]
fn the_closing_event_stands_only_with_to() {
    let log = Log::new().event(10, "ADDED", &deployment("shop/web", 10, 1)).event(
        20,
        "BOOKMARK",
        &json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {}
        }),
    );
    assert_eq!(export(&log.text(), &[]), "10 |\n10 |\n10 +Deployment shop/web 1\n");
    assert_eq!(export(&log.text(), &["--to", "+60s"]), "10 |\n10 |\n10 +Deployment shop/web 1\n70 |\n");
}

#[test]
fn the_second_of_an_event_is_rounded_down() {
    let line = |ts: &str, replicas: u64| {
        json!({"ts": ts, "type": "MODIFIED", "object": at_version(&deployment("shop/web", -100, replicas), "7")})
            .to_string()
            .replace("\"7\"", &format!("\"{replicas}\""))
    };
    let log = Log::new().line(&line("1969-12-31T23:59:58.5Z", 1)).line(&line("1970-01-01T00:00:10.999999Z", 2));
    assert_eq!(
        export(&log.text(), &["--from", "1969-12-31T23:59:50Z", "--to", "20"]),
        "\
-10 |
-10 +Deployment shop/web 1
10 |
10 +Deployment shop/web 2
20 |
"
    );
    let created = deployment("shop/new", -2, 1);
    let log = json!({"ts": "1969-12-31T23:59:58.5Z", "type": "ADDED", "object": created}).to_string();
    assert_eq!(
        export(&log, &["--from", "1969-12-31T23:59:50Z", "--to", "5"]),
        "-10 |\n-2 |\n-2 +Deployment shop/new 1\n5 |\n"
    );
}

/// They would run again.
#[test]
fn a_job_or_pod_that_was_over_before_the_window_is_not_in_the_starting_state() {
    let over = |name: &str, condition: &str, since: i64| job_over(&job(name, 10), condition, since);
    let done = pod("shop/done", 10);
    let log = Log::new()
        .event(10, "ADDED", &job("shop/complete", 10))
        .event(11, "ADDED", &job("shop/failed", 10))
        .event(12, "ADDED", &job("shop/running", 10))
        .event(13, "ADDED", &done)
        .event(14, "ADDED", &pod("shop/alive", 14))
        .event(50, "MODIFIED", &over("shop/complete", "Complete", 50))
        .event(51, "MODIFIED", &over("shop/failed", "Failed", 50))
        .event(52, "MODIFIED", &over("shop/running", "Suspended", 50))
        .event(53, "MODIFIED", &terminated(&done, 15, 40, "Succeeded"));
    let trace = export(&log.text(), &["--from", "60", "--to", "70"]);
    assert_eq!(
        trace,
        "\
60 |
60 +Job shop/running 1
60 +Pod shop/alive app:1
70 |
"
    );
    let earlier = export(&log.text(), &["--from", "30", "--to", "70"]);
    assert!(earlier.contains("30 +Job shop/complete 1\n"), "{earlier}");
    assert!(earlier.contains("30 +Pod shop/done app:1\n"), "{earlier}");
}

/// As the TTL controller does.
#[test]
fn the_deletion_of_a_job_that_was_over_before_the_window_is_no_event() {
    let run = job("shop/run", 10);
    let log = Log::new().event(10, "ADDED", &run).event(20, "MODIFIED", &job_over(&run, "Complete", 20)).event(
        40,
        "DELETED",
        &job_over(&run, "Complete", 20),
    );
    assert_eq!(export(&log.text(), &["--from", "30", "--to", "50"]), "30 |\n50 |\n");
    assert_eq!(
        export(&log.text(), &["--from", "20", "--to", "50"]),
        "20 |\n20 +Job shop/run 1\n40 |\n40 -Job shop/run\n50 |\n"
    );
}

#[test]
fn the_index_lists_exactly_the_objects_that_appear_in_the_trace() {
    let gone = deployment("shop/gone-before", 10, 1);
    let brief = deployment("shop/brief", 30, 1);
    let log = Log::new()
        .event(10, "ADDED", &gone)
        .event(11, "ADDED", &deployment("shop/stays", 11, 1))
        .event(12, "DELETED", &gone)
        .event(30, "ADDED", &brief)
        .event(31, "DELETED", &brief)
        .event(32, "ADDED", &config_map("shop/untracked", 32, "x"))
        .event(60, "ADDED", &deployment("shop/later", 60, 1));
    let run = tracer(&["export", "-f", "json", "--from", "20", "--to", "50"], log.text().as_bytes()).ends(0);
    let index = run.json()["index"].clone();
    let keys = |map: &serde_json::Value| map.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&index), ["apps/v1.Deployment"]);
    assert_eq!(keys(&index["apps/v1.Deployment"]), ["shop/brief", "shop/stays"]);
}
