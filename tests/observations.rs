//! From observations to what happened: order, versions, what is seen twice, and what cannot be written.

mod support;

use serde_json::{Value, json};
use support::*;

fn web(version: &str, replicas: u64) -> Value {
    at_version(&deployment("shop/web", 10, replicas), version)
}

const WINDOW: [&str; 4] = ["--from", "5", "--to", "50"];

#[test]
fn an_observation_that_is_older_than_what_is_known_is_ignored() {
    let log = Log::new()
        .event(10, "ADDED", &web("101", 1))
        .event(20, "MODIFIED", &web("103", 3))
        .event(30, "MODIFIED", &web("102", 1))
        .event(40, "MODIFIED", &web("103", 3));
    assert_eq!(
        export(&log.text(), &WINDOW),
        "\
5 |
10 |
10 +Deployment shop/web 1
20 |
20 +Deployment shop/web 3
50 |
"
    );
}

#[test]
fn resource_versions_are_numbers_and_not_text() {
    let log = Log::new().event(10, "ADDED", &web("9", 1)).event(20, "MODIFIED", &web("10", 2)).event(
        30,
        "MODIFIED",
        &web("9", 1),
    );
    assert_eq!(
        export(&log.text(), &WINDOW),
        "5 |\n10 |\n10 +Deployment shop/web 1\n20 |\n20 +Deployment shop/web 2\n50 |\n"
    );
}

#[test]
fn resource_versions_may_have_any_number_of_digits() {
    let log = Log::new()
        .event(10, "ADDED", &web("99999999999999999999999999", 1))
        .event(20, "MODIFIED", &web("100000000000000000000000000", 2))
        .event(30, "MODIFIED", &web("99999999999999999999999999", 1));
    assert_eq!(
        export(&log.text(), &WINDOW),
        "5 |\n10 |\n10 +Deployment shop/web 1\n20 |\n20 +Deployment shop/web 2\n50 |\n"
    );
}

#[test]
fn resource_versions_that_are_no_numbers_order_nothing() {
    let log = Log::new().event(10, "ADDED", &web("v9", 1)).event(20, "MODIFIED", &web("v8", 2)).event(
        30,
        "MODIFIED",
        &web("v7", 1),
    );
    assert_eq!(
        export(&log.text(), &WINDOW),
        "5 |\n10 |\n10 +Deployment shop/web 1\n20 |\n20 +Deployment shop/web 2\n30 |\n30 +Deployment shop/web 1\n50 |\n"
    );
}

#[test]
fn a_deletion_may_carry_the_resource_version_of_the_last_state() {
    let log = Log::new().event(10, "ADDED", &web("7", 1)).event(20, "DELETED", &web("7", 1));
    assert_eq!(
        export(&log.text(), &WINDOW),
        "5 |\n10 |\n10 +Deployment shop/web 1\n20 |\n20 -Deployment shop/web\n50 |\n"
    );
}

#[test]
fn what_two_recorders_saw_happened_once_and_when_the_first_saw_it() {
    let one = Log::new().event(10, "ADDED", &web("1", 1)).event(20, "MODIFIED", &web("2", 2)).event(
        30,
        "DELETED",
        &web("3", 2),
    );
    let two = Log::new().event(12, "ADDED", &web("1", 1)).event(19, "MODIFIED", &web("2", 2)).event(
        31,
        "DELETED",
        &web("3", 2),
    );
    let expected =
        "5 |\n10 |\n10 +Deployment shop/web 1\n19 |\n19 +Deployment shop/web 2\n30 |\n30 -Deployment shop/web\n50 |\n";
    let (one, two) = (one.text(), two.text());
    assert_eq!(
        export_files(&[("a", one.as_bytes()), ("b", two.as_bytes())], &["a", "b", "--from", "5", "--to", "50"]),
        expected
    );
    assert_eq!(
        export_files(&[("a", two.as_bytes()), ("b", one.as_bytes())], &["a", "b", "--from", "5", "--to", "50"]),
        expected
    );
}

#[test]
fn the_order_is_that_of_time_to_the_microsecond_and_not_that_of_the_lines() {
    let event = |ts: &str, name: &str| {
        let object = deployment(name, 20, 1);
        json!({"ts": ts, "type": "ADDED", "object": object}).to_string()
    };
    let log = Log::new()
        .event(10, "MODIFIED", &deployment("shop/x", 10, 1))
        .line(&event("1970-01-01T00:00:20.000003Z", "shop/third"))
        .line(&event("1970-01-01T00:00:20.000001Z", "shop/first"))
        .line(&event("1970-01-01T00:00:20.000002Z", "shop/second"));
    assert_eq!(
        export(&log.text(), &["--from", "15", "--to", "50"]),
        "\
15 |
15 +Deployment shop/x 1
20 |
20 +Deployment shop/first 1
20 +Deployment shop/second 1
20 +Deployment shop/third 1
50 |
"
    );
}

#[test]
fn states_of_one_recorded_second_keep_their_order() {
    let log = Log::new().event(10, "ADDED", &web("1", 1)).event(20, "MODIFIED", &web("3", 3)).event(
        20,
        "MODIFIED",
        &web("2", 2),
    );
    let trace = export(&log.text(), &["--from", "15", "--to", "50"]);
    assert!(trace.ends_with("+Deployment shop/web 3\n50 |\n"), "{trace}");
}

#[test]
fn a_body_at_another_version_than_the_tracked_one_is_a_gap_and_the_object_the_same() {
    let other = with(web("2", 9), "/apiVersion", json!("apps/v1beta2"));
    let log = Log::new().event(10, "ADDED", &web("1", 1)).event(20, "MODIFIED", &other).event(
        30,
        "DELETED",
        &with(web("3", 9), "/apiVersion", json!("apps/v1beta2")),
    );
    assert_eq!(
        export(&log.text(), &WINDOW),
        "5 |\n10 |\n10 +Deployment shop/web 1\n30 |\n30 -Deployment shop/web\n50 |\n"
    );
    let account = account(&log.text(), &WINDOW);
    assert_eq!(gaps(&account, "other-version"), 2);
    let example = account["gaps"][0]["examples"][0].as_str().unwrap();
    assert!(example.ends_with("Deployment.apps shop/web seen as apps/v1beta2, tracked as v1"), "{example}");
}

#[test]
fn an_object_that_is_never_seen_at_the_tracked_version_is_not_in_the_trace() {
    let log = Log::new().event(10, "ADDED", &with(web("1", 9), "/apiVersion", json!("apps/v1beta2")));
    assert_eq!(export(&log.text(), &WINDOW), "5 |\n50 |\n");
}

/// The driver panics on an object without a namespace.
#[test]
fn cluster_scoped_objects_are_left_out_and_counted() {
    let mut global = deployment("shop/global", 10, 1);
    global["metadata"].as_object_mut().unwrap().remove("namespace");
    let log = Log::new().event(10, "ADDED", &global).event(11, "ADDED", &deployment("shop/web", 11, 1));
    assert_eq!(export(&log.text(), &WINDOW), "5 |\n11 |\n11 +Deployment shop/web 1\n50 |\n");
    assert_eq!(gaps(&account(&log.text(), &WINDOW), "cluster-scoped"), 1);
}

#[test]
fn untracked_cluster_scoped_objects_are_no_gap() {
    let mut node = object("v1", "Node", "x/node-1", 10);
    node["metadata"].as_object_mut().unwrap().remove("namespace");
    let log = Log::new().event(10, "ADDED", &node);
    assert_eq!(account(&log.text(), &WINDOW)["gaps"], json!([]));
}

#[test]
fn objects_without_uid_are_known_by_name_and_end_with_their_deletion() {
    let bare = |replicas: u64| {
        let mut object = deployment("shop/web", 10, replicas);
        object["metadata"] = json!({"name": "web", "namespace": "shop"});
        object
    };
    let log = Log::new()
        .event(10, "ADDED", &bare(1))
        .event(20, "MODIFIED", &bare(2))
        .event(30, "DELETED", &bare(2))
        .event(40, "ADDED", &bare(3));
    assert_eq!(
        export(&log.text(), &WINDOW),
        "\
5 |
10 |
10 +Deployment shop/web 1
20 |
20 +Deployment shop/web 2
30 |
30 -Deployment shop/web
40 |
40 +Deployment shop/web 3
50 |
"
    );
}

#[test]
fn what_is_seen_of_an_object_after_its_deletion_does_not_bring_it_back() {
    let log = Log::new().event(10, "ADDED", &web("1", 1)).event(20, "DELETED", &web("5", 1)).event(
        30,
        "MODIFIED",
        &web("4", 4),
    );
    let trace = export(&log.text(), &WINDOW);
    assert!(trace.ends_with("20 -Deployment shop/web\n50 |\n"), "{trace}");
}

#[test]
fn a_deletion_of_an_object_that_was_never_seen_tells_that_it_was_there() {
    let log = Log::new().event(10, "ADDED", &deployment("shop/x", 10, 1)).event(20, "DELETED", &web("5", 4));
    assert_eq!(
        export(&log.text(), &["--from", "15", "--to", "50"]),
        "\
15 |
15 +Deployment shop/web 4
15 +Deployment shop/x 1
20 |
20 -Deployment shop/web
50 |
"
    );
}

#[test]
fn the_same_input_gives_the_same_bytes_with_any_number_of_threads_and_in_any_order_of_files() {
    let mut logs = [Log::new(), Log::new(), Log::new()];
    for i in 0..300 {
        let name = format!("shop/d{}", i % 17);
        let object = at_version(&deployment(&name, 10, i), &(100 + i).to_string());
        let log = &mut logs[i as usize % 3];
        *log = log.clone().event(10 + i as i64 / 5, if i < 17 { "ADDED" } else { "MODIFIED" }, &object);
    }
    let texts = logs.each_ref().map(Log::text);
    let files = |order: [usize; 3]| {
        let named: Vec<_> = ["a", "b", "c"].iter().zip(order).map(|(n, i)| (*n, texts[i].as_bytes())).collect();
        run_files(&named, &["c", "a", "b", "-j", if order[0] == 0 { "1" } else { "7" }]).ends(0).stdout
    };
    let whole = run_files(&[("all", texts.concat().as_bytes())], &["all"]).ends(0).stdout;
    let first = files([0, 1, 2]);
    assert!(first == files([2, 0, 1]) && first == files([1, 2, 0]), "order or threads matter");
    assert!(first == whole, "the spread over files matters");
}

#[test]
fn a_pod_is_written_with_what_a_plain_update_may_change_and_the_rest_is_counted() {
    let pod = pod("shop/p", 10);
    let main = |container: Value| with(pod.clone(), "/spec/containers", json!([container]));
    let resized = json!({"name": "main", "image": "app:2", "resources": {"requests": {"cpu": "1"}}});
    let log = Log::new()
        .event(10, "ADDED", &pod)
        .event(20, "MODIFIED", &main(json!({"name": "main", "image": "app:2"})))
        .event(30, "MODIFIED", &main(resized))
        .event(40, "MODIFIED", &with(pod.clone(), "/spec/nodeName", json!("node-1")));
    let trace = export(&log.text(), &WINDOW);
    assert_eq!(
        trace,
        "5 |\n10 |\n10 +Pod shop/p app:1\n20 |\n20 +Pod shop/p app:2\n40 |\n40 +Pod shop/p app:1\n50 |\n"
    );
    assert_eq!(gaps(&account(&log.text(), &WINDOW), "pod-change-unwritable"), 1);
}

#[test]
fn a_body_of_an_untracked_kind_is_no_gap_at_any_version() {
    let log = Log::new().event(10, "ADDED", &with(web("1", 1), "/apiVersion", json!("apps/v1beta2"))).text();
    let config = tracking(&["apps/v1.StatefulSet"]);
    let account = account(&log, &[&["--config", config.path().to_str().unwrap()], &WINDOW[..]].concat());
    assert_eq!(account["gaps"], json!([]));
}
