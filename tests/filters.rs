//! Filters: what the user leaves out, what goes with it, and objects that move in and out by their labels.

mod support;

use serde_json::{Value, json};
use support::*;

/// A Deployment in two namespaces, a StatefulSet, labels.
fn shop() -> String {
    Log::new()
        .event(1, "ADDED", &labelled(&deployment("shop/web", 1, 1), "web"))
        .event(2, "ADDED", &labelled(&stateful_set("shop/db", 2, 1), "db"))
        .event(3, "ADDED", &deployment("kube-system/dns", 3, 1))
        .event(4, "ADDED", &labelled(&deployment("team-a/web", 4, 1), "web"))
        .text()
}

/// The names in the starting state.
#[track_caller]
fn kept(log: &str, args: &[&str]) -> Vec<String> {
    let trace = export(log, &[&["--from", "90", "--to", "100"], args].concat());
    let object = |line: &str| Some(line.strip_prefix("90 +")?.split(' ').take(2).collect::<Vec<_>>().join(" "));
    trace.lines().filter_map(object).collect()
}

#[test]
fn every_filter_includes_and_excludes_and_exclude_wins() {
    let (web, db, dns, team) =
        ("Deployment shop/web", "StatefulSet shop/db", "Deployment kube-system/dns", "Deployment team-a/web");
    for (args, expected) in [
        (&[][..], &[web, db, dns, team][..]),
        (&["-n", "shop"], &[web, db]),
        (&["-n", "shop,team-*"], &[web, db, team]),
        (&["-n", "shop", "-n", "team-a"], &[web, db, team]),
        (&["--exclude-ns", "kube-*"], &[web, db, team]),
        (&["-n", "*", "--exclude-ns", "shop,kube-system"], &[team]),
        (&["-l", "app=web"], &[web, team]),
        (&["-l", "app in (web, db)"], &[web, db, team]),
        (&["-l", "app notin (web)"], &[db, dns]),
        (&["-l", "app!=web"], &[db, dns]),
        (&["-l", "app"], &[web, db, team]),
        (&["-l", "!app"], &[dns]),
        (&["-l", "app=web,app!=db"], &[web, team]),
        (&["-l", "app=db", "-l", "!app"], &[db, dns]),
        (&["--exclude-selector", "app=web"], &[db, dns]),
        (&["-l", "app", "--exclude-selector", "app=web"], &[db]),
        (&["-k", "deploy"], &[web, dns, team]),
        (&["-k", "statefulsets.apps"], &[db]),
        (&["--exclude-kind", "Deployment"], &[db]),
        (&["-k", "deploy,sts", "--exclude-kind", "sts"], &[web, dns, team]),
        (&["--name", "web"], &[web, team]),
        (&["--name", "sts/*,deploy/dns"], &[db, dns]),
        (&["-n", "shop", "-k", "deploy", "-l", "app=web", "--name", "w*"], &[web]),
    ] {
        assert_eq!(kept(&shop(), args), expected, "{args:?}");
    }
}

#[test]
fn an_invalid_selector_is_a_usage_error_before_any_input_is_read() {
    for bad in ["app in web", "a==b==c", "=x", "app in ()", "-app", ""] {
        for option in ["--selector", "--exclude-selector"] {
            let run = tracer(&["export", &format!("{option}={bad}"), "/does/not/exist"], b"").ends(2);
            assert!(run.stderr.contains(option) && !run.stderr.contains("/does/not"), "{bad}: {}", run.stderr);
        }
    }
}

/// The original's deletions have no labels, so that they slip past its filters.
#[test]
fn deletions_of_what_a_filter_leaves_out_are_not_in_the_trace() {
    let (web, db) = (labelled(&deployment("shop/web", 1, 1), "web"), labelled(&deployment("shop/db", 1, 1), "db"));
    let log = Log::new()
        .event(10, "ADDED", &web)
        .event(11, "ADDED", &db)
        .event(20, "DELETED", &web)
        .event(30, "DELETED", &db);
    for args in [["-l", "app=db"], ["--exclude-selector", "app=web"]] {
        assert_eq!(
            export(&log.text(), &[&["--from", "15", "--to", "40"], &args[..]].concat()),
            "15 |\n15 +Deployment shop/db 1\n30 |\n30 -Deployment shop/db\n40 |\n"
        );
    }
}

/// Else it would stay for ever.
#[test]
fn a_label_change_that_moves_an_object_out_is_a_deletion_and_back_in_an_apply() {
    let web = |app: &str, replicas: u64| labelled(&deployment("shop/web", 1, replicas), app);
    let log = Log::new()
        .event(10, "ADDED", &web("web", 1))
        .event(20, "MODIFIED", &web("other", 1))
        .event(30, "MODIFIED", &web("other", 2))
        .event(40, "MODIFIED", &web("web", 2))
        .event(50, "MODIFIED", &web("other", 2))
        .event(60, "DELETED", &web("other", 2));
    for filter in [["-l", "app=web"], ["--exclude-selector", "app=other"]] {
        assert_eq!(
            export(&log.text(), &[&["--from", "15", "--to", "70"], &filter[..]].concat()),
            "\
15 |
15 +Deployment shop/web 1
20 |
20 -Deployment shop/web
40 |
40 +Deployment shop/web 2
50 |
50 -Deployment shop/web
70 |
"
        );
    }
}

#[test]
fn an_object_that_moves_out_and_back_within_a_second_is_two_events() {
    let web = |app: &str, replicas: u64| labelled(&deployment("shop/web", 1, replicas), app);
    let log = Log::new().event(10, "ADDED", &web("web", 1)).event(20, "MODIFIED", &web("other", 1)).event(
        20,
        "MODIFIED",
        &web("web", 2),
    );
    assert_eq!(
        export(&log.text(), &["--from", "15", "--to", "30", "-l", "app=web"]),
        "15 |\n15 +Deployment shop/web 1\n20 |\n20 -Deployment shop/web\n20 |\n20 +Deployment shop/web 2\n30 |\n"
    );
}

#[test]
fn an_object_is_in_the_starting_state_by_its_labels_then() {
    let web = |app: &str, replicas: u64| labelled(&deployment("shop/web", 1, replicas), app);
    let log = Log::new().event(10, "ADDED", &web("other", 1)).event(12, "MODIFIED", &web("web", 2)).event(
        20,
        "MODIFIED",
        &web("other", 2),
    );
    let at = |from: &str| export(&log.text(), &["--from", from, "--to", "30", "-l", "app=web"]);
    assert_eq!(at("15"), "15 |\n15 +Deployment shop/web 2\n20 |\n20 -Deployment shop/web\n30 |\n");
    assert_eq!(at("25"), "25 |\n30 |\n");
    assert_eq!(at("5"), "5 |\n12 |\n12 +Deployment shop/web 2\n20 |\n20 -Deployment shop/web\n30 |\n");
}

#[test]
fn the_index_has_nothing_that_a_filter_left_out() {
    let args = ["export", "-f", "json", "-n", "shop", "--from", "90", "--to", "100"];
    let index = tracer(&args, shop().as_bytes()).ends(0).json()["index"].clone();
    let names: Vec<String> =
        index.as_object().unwrap().values().flat_map(|names| names.as_object().unwrap().keys().cloned()).collect();
    assert_eq!(names, ["shop/web", "shop/db"]);
}

/// A Deployment, its ReplicaSet and its pod.
fn family() -> (Value, Value, Value) {
    let web = labelled(&deployment("shop/web", 1, 1), "web");
    let set = owned(&replica_set("shop/web-1", 2, 1), &web);
    let pod = owned(&pod("shop/web-1-a", 3), &set);
    (web, set, pod)
}

const FAMILY: [&str; 5] = [
    "apps/v1.Deployment",
    "apps/v1.ReplicaSet",
    "v1.Pod: {trackLifecycle: true}",
    "apps/v1.StatefulSet",
    "batch/v1.Job",
];

/// The original then exports the ReplicaSet, whose owner it does not find in the trace.
#[test]
fn what_a_filter_takes_out_takes_its_descendants_along() {
    let (web, set, pod) = family();
    let log = Log::new().event(10, "ADDED", &web).event(10, "ADDED", &set).event(10, "ADDED", &running(&pod, 5)).event(
        11,
        "ADDED",
        &stateful_set("shop/db", 4, 1),
    );
    for filter in
        [["--exclude-kind", "deploy"], ["--exclude-selector", "app=web"], ["--exclude-kind", "deployments.apps"]]
    {
        assert_eq!(
            export_tracking(&FAMILY, &log.text(), &[&["--from", "20", "--to", "30"], &filter[..]].concat()),
            "20 |\n20 +StatefulSet shop/db 1\n30 |\n"
        );
    }
}

#[test]
fn what_an_include_does_not_name_takes_its_descendants_along_too() {
    let (web, set, pod) = family();
    let log = Log::new().event(10, "ADDED", &web).event(10, "ADDED", &set).event(10, "ADDED", &pod);
    let log = log.event(11, "ADDED", &stateful_set("shop/db", 4, 1)).text();
    for (filter, expected) in [
        (["-l", "app=none"], "20 |\n30 |\n"),
        (["--name", "db"], "20 |\n20 +StatefulSet shop/db 1\n30 |\n"),
        (["--name", "web-1"], "20 |\n30 |\n"),
    ] {
        let trace = export_tracking(&FAMILY, &log, &[&["--from", "20", "--to", "30"], &filter[..]].concat());
        assert_eq!(trace, expected, "{filter:?}");
    }
}

#[test]
fn an_untracked_owner_that_is_excluded_takes_its_descendants_along() {
    let rollout = labelled(&object("argoproj.io/v1alpha1", "Rollout", "shop/web", 1), "web");
    let set = owned(&replica_set("shop/web-1", 2, 1), &rollout);
    let log = Log::new().event(10, "ADDED", &rollout).event(10, "ADDED", &set);
    let window = ["--from", "20", "--to", "30"];
    assert_eq!(
        export_tracking(&FAMILY, &log.text(), &window),
        "20 |\n20 +ReplicaSet shop/web-1 1\n30 |\n",
        "without a filter it is the root that is tracked"
    );
    for filter in [["--exclude-kind", "rollout"], ["--exclude-selector", "app=web"]] {
        assert_eq!(
            export_tracking(&FAMILY, &log.text(), &[&window, &filter[..]].concat()),
            "20 |\n30 |\n",
            "{filter:?}"
        );
    }
}

#[test]
fn an_untracked_owner_that_a_label_change_excludes_takes_its_descendants_along_from_then_on() {
    let rollout = |app: &str| labelled(&object("argoproj.io/v1alpha1", "Rollout", "shop/web", 1), app);
    let set = owned(&replica_set("shop/web-1", 2, 1), &rollout("web"));
    let log = Log::new()
        .event(10, "ADDED", &rollout("web"))
        .event(10, "ADDED", &set)
        .event(20, "MODIFIED", &rollout("other"))
        .event(30, "MODIFIED", &rollout("web"));
    assert_eq!(
        export_tracking(&FAMILY, &log.text(), &["--from", "15", "--to", "40", "--exclude-selector", "app=other"]),
        "\
15 |
15 +ReplicaSet shop/web-1 1
20 |
20 -ReplicaSet shop/web-1
30 |
30 +ReplicaSet shop/web-1 1
40 |
"
    );
}

#[test]
fn an_owner_that_no_log_shows_takes_its_descendants_along_when_its_kind_is_excluded() {
    let rollout = object("argoproj.io/v1alpha1", "Rollout", "shop/web", 1);
    let log = Log::new().event(10, "ADDED", &owned(&replica_set("shop/web-1", 2, 1), &rollout));
    let window = ["--from", "20", "--to", "30"];
    assert_eq!(export_tracking(&FAMILY, &log.text(), &window), "20 |\n20 +ReplicaSet shop/web-1 1\n30 |\n");
    let filter = ["--exclude-kind", "Rollout"];
    assert_eq!(export_tracking(&FAMILY, &log.text(), &[&window[..], &filter].concat()), "20 |\n30 |\n");
}

#[test]
fn lifecycles_go_with_the_owner_that_a_filter_takes_out() {
    let (web, _, _) = family();
    let pod = owned(&pod("shop/web-a", 3), &web);
    let log = Log::new().event(10, "ADDED", &web).event(10, "ADDED", &running(&pod, 5)).text();
    let kinds = ["apps/v1.Deployment: {trackLifecycle: true}"];
    let window = ["--from", "20", "--to", "30"];
    let whole = "20 |\n20 +Deployment shop/web 1\n30 |\nDeployment shop/web 20..\n";
    assert_eq!(export_tracking(&kinds, &log, &window), whole);
    assert_eq!(export_tracking(&kinds, &log, &[&window[..], &["-n", "other"]].concat()), "20 |\n30 |\n");
}

#[test]
fn wrong_types_of_labels_are_no_labels() {
    let odd = |labels: Value| with(deployment("shop/web", 1, 1), "/metadata/labels", labels);
    for labels in [json!("app=web"), json!(["app"]), json!({"app": 1}), json!(null), json!(7)] {
        let log = Log::new().event(10, "ADDED", &odd(labels.clone())).text();
        assert_eq!(kept(&log, &["-l", "app"]), Vec::<String>::new(), "{labels}");
        assert_eq!(kept(&log, &["-l", "!app"]), ["Deployment shop/web"], "{labels}");
    }
}
