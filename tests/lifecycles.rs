//! How long pods ran, and under whom a trace records it.
//!
//! Where SimKube's own tracer ("the original") is wrong, the test fails with its behaviour, and says what that is.

mod support;

use serde_json::{Value, json};
use support::*;

const SETS: [&str; 3] = [
    "apps/v1.StatefulSet: {trackLifecycle: true}",
    "batch/v1.Job: {trackLifecycle: true}",
    "v1.Pod: {trackLifecycle: true, skipOwned: true}",
];

/// The lifecycles alone: all lines that are no events, sorted.
#[track_caller]
fn lives(kinds: &[&str], log: &str, from: &str, to: &str) -> Vec<String> {
    let trace = export_tracking(kinds, log, &["--from", from, "--to", to]);
    let mut lives: Vec<String> =
        trace.lines().filter(|line| !line.starts_with(|c: char| c.is_ascii_digit())).map(str::to_owned).collect();
    lives.sort();
    lives
}

/// Of one pod without owner, `shop/p`, with these statuses at these times, in the window 10 to 100.
#[track_caller]
fn life(spec: Value, statuses: &[(i64, Value)], deleted: Option<i64>) -> String {
    let bare = with(pod("shop/p", 12), "/spec", spec);
    let mut log = Log::new().event(12, "ADDED", &bare);
    for (second, status) in statuses {
        log = log.event(*second, "MODIFIED", &with(bare.clone(), "/status", status.clone()));
    }
    if let Some(second) = deleted {
        let last = statuses.last().map_or(json!({}), |(_, status)| status.clone());
        log = log.event(second, "DELETED", &with(bare, "/status", last));
    }
    lives(&SETS, &log.text(), "10", "100").join("; ").replace("Pod shop/p ", "")
}

fn spec(restart_policy: &str, containers: usize) -> Value {
    let containers: Vec<Value> = (0..containers).map(|i| json!({"name": format!("c{i}"), "image": "app:1"})).collect();
    json!({"restartPolicy": restart_policy, "containers": containers})
}

fn up(since: i64) -> Value {
    json!({"state": {"running": {"startedAt": at(since)}}})
}

fn down(since: i64, until: i64, exit_code: i64) -> Value {
    json!({"state": {"terminated": {"startedAt": at(since), "finishedAt": at(until), "exitCode": exit_code}}})
}

fn back_up(since: i64, last_since: i64, last_until: i64) -> Value {
    let last = json!({"terminated": {"startedAt": at(last_since), "finishedAt": at(last_until), "exitCode": 1}});
    json!({"state": {"running": {"startedAt": at(since)}}, "lastState": last})
}

fn status(phase: &str, containers: &[Value]) -> Value {
    json!({"phase": phase, "containerStatuses": containers})
}

#[test]
fn a_life_lasts_from_the_earliest_start_to_the_latest_finish() {
    let two = spec("Never", 2);
    let running = (20, status("Running", &[up(21), up(19)]));
    assert_eq!(life(two.clone(), std::slice::from_ref(&running), None), "19..");
    let over = (50, status("Succeeded", &[down(21, 40, 0), down(19, 45, 0)]));
    assert_eq!(life(two.clone(), &[running.clone(), over], None), "19..45");
    let failed = (50, status("Failed", &[down(21, 47, 1), down(19, 45, 0)]));
    assert_eq!(life(two, &[running, failed], Some(70)), "19..47");
}

#[test]
fn init_containers_count() {
    let with_init = |main: Value| json!({"phase": "Pending", "initContainerStatuses": [down(15, 18, 0)], "containerStatuses": [main]});
    let waiting = json!({"state": {"waiting": {"reason": "PodInitializing"}}});
    assert_eq!(life(spec("Always", 1), &[(19, with_init(waiting))], None), "15..");
    assert_eq!(life(spec("Always", 1), &[(19, with_init(up(20)))], Some(60)), "15..60");
}

#[test]
fn a_pod_that_never_started_has_no_lifecycle() {
    let waiting = status("Pending", &[json!({"state": {"waiting": {"reason": "ImagePullBackOff"}}})]);
    assert_eq!(life(spec("Always", 1), &[(20, waiting)], Some(60)), "");
    assert_eq!(life(spec("Always", 1), &[], Some(60)), "");
    assert_eq!(life(spec("Always", 1), &[(20, json!({"phase": "Failed", "reason": "Evicted"}))], Some(60)), "");
}

#[test]
fn a_deletion_ends_a_pod_that_was_running() {
    assert_eq!(life(spec("Always", 1), &[(20, status("Running", &[up(20)]))], Some(60)), "20..60");
}

/// The original refuses a finish whose start differs from the first one, so that a pod that ever restarted never ends.
#[test]
fn a_pod_that_restarted_ends() {
    let statuses = [
        (20, status("Running", &[up(20)])),
        (35, status("Running", &[back_up(34, 20, 33)])),
        (60, status("Succeeded", &[down(34, 58, 0)])),
    ];
    assert_eq!(life(spec("OnFailure", 1), &statuses, Some(80)), "20..58");
}

#[test]
fn a_start_that_only_the_last_state_tells_counts() {
    assert_eq!(life(spec("Always", 1), &[(35, status("Running", &[back_up(34, 20, 33)]))], None), "20..");
}

/// The original believes a momentary "all terminated".
#[test]
fn a_crash_loop_is_one_life() {
    let statuses = [
        (20, status("Running", &[up(20)])),
        (30, status("Running", &[down(20, 30, 1)])),
        (33, status("Running", &[back_up(32, 20, 30)])),
        (40, status("Running", &[down(32, 40, 1)])),
    ];
    for policy in ["Always", "OnFailure"] {
        assert_eq!(life(spec(policy, 1), &statuses, None), "20..", "{policy}");
        assert_eq!(life(spec(policy, 1), &statuses, Some(80)), "20..80", "{policy}");
    }
}

#[test]
fn a_pod_that_is_not_restarted_is_over_when_all_its_containers_are() {
    let one_of_two = (40, status("Running", &[down(20, 38, 0), up(21)]));
    assert_eq!(life(spec("Never", 2), std::slice::from_ref(&one_of_two), None), "20..");
    let both = (50, status("Running", &[down(20, 38, 0), down(21, 49, 1)]));
    assert_eq!(life(spec("Never", 2), &[one_of_two, both.clone()], None), "20..49");
    assert_eq!(life(spec("Always", 2), &[both], None), "20..");
    let clean = (50, status("Running", &[down(20, 49, 0)]));
    assert_eq!(life(spec("OnFailure", 1), &[clean], None), "20..49");
}

#[test]
fn containers_that_stopped_while_the_pod_was_being_deleted_end_it() {
    let bare = with(pod("shop/p", 12), "/spec", spec("Always", 1));
    let dying = with(bare.clone(), "/metadata/deletionTimestamp", json!(at(80)));
    let dying = with(dying, "/metadata/deletionGracePeriodSeconds", json!(30));
    let stopped = with(dying.clone(), "/status", status("Running", &[down(20, 55, 137)]));
    let log = Log::new()
        .event(12, "ADDED", &bare)
        .event(20, "MODIFIED", &with(bare.clone(), "/status", status("Running", &[up(20)])))
        .event(50, "MODIFIED", &with(dying, "/status", status("Running", &[up(20)])))
        .event(56, "MODIFIED", &stopped)
        .event(60, "DELETED", &stopped);
    assert_eq!(lives(&SETS, &log.text(), "10", "100"), ["Pod shop/p 20..55"]);
}

fn ended(since: i64, until: i64) -> String {
    let pod = pod("shop/p", since);
    let log = Log::new().event(since, "ADDED", &running(&pod, since));
    log.event(until, "DELETED", &running(&pod, since)).event(200, "ADDED", &deployment("shop/x", 200, 1)).text()
}

/// The original drops a pod that spans the whole window.
#[test]
fn a_life_is_in_the_trace_when_it_overlaps_the_window() {
    for (since, until, expected) in [
        (10, 49, ""),
        (10, 50, "50..50"),
        (10, 60, "50..60"),
        (10, 150, "50..150"),
        (60, 70, "60..70"),
        (60, 150, "60..150"),
        (99, 150, "99..150"),
        (100, 150, ""),
    ] {
        let life = lives(&SETS, &ended(since, until), "50", "100").join(";").replace("Pod shop/p ", "");
        assert_eq!(life, expected, "{since}..{until}");
    }
}

/// The original knows pods by name: the second pod's life overwrites the first one's.
#[test]
fn a_re_created_pod_of_a_stateful_set_has_a_life_of_its_own() {
    let db = stateful_set("shop/db", 1, 1);
    let (first, second) = (owned(&pod("shop/db-0", 20), &db), owned(&pod("shop/db-0", 40), &db));
    let log = Log::new()
        .event(1, "ADDED", &db)
        .event(20, "ADDED", &first)
        .event(21, "MODIFIED", &running(&first, 21))
        .event(40, "DELETED", &running(&first, 21))
        .event(40, "ADDED", &second)
        .event(42, "MODIFIED", &running(&second, 42));
    assert_eq!(lives(&SETS, &log.text(), "10", "100"), ["StatefulSet shop/db 21..40 42.."]);
}

#[test]
fn lives_are_ordered_by_start_then_creation_then_name() {
    let db = stateful_set("shop/db", 1, 1);
    let mut log = Log::new().event(1, "ADDED", &db);
    for (name, created, since, until) in
        [("d", 20, 30, 61), ("c", 20, 30, 62), ("b", 19, 30, 63), ("a", 21, 30, 64), ("e", 25, 29, 65)]
    {
        let pod = owned(&pod(&format!("shop/{name}"), created), &db);
        log = log.event(created, "ADDED", &pod).event(until, "DELETED", &running(&pod, since));
    }
    assert_eq!(lives(&SETS, &log.text(), "10", "100"), ["StatefulSet shop/db 29..65 30..63 30..62 30..61 30..64"]);
}

#[test]
fn lives_are_grouped_by_the_pod_spec_as_it_was_first_seen_running() {
    let db = stateful_set("shop/db", 1, 1);
    let image =
        |pod: &Value, image: &str| with(pod.clone(), "/spec/containers", json!([{"name": "main", "image": image}]));
    let (a, b, c) = (owned(&pod("shop/a", 10), &db), owned(&pod("shop/b", 11), &db), owned(&pod("shop/c", 12), &db));
    let log = Log::new()
        .event(1, "ADDED", &db)
        .event(10, "ADDED", &running(&a, 10))
        .event(11, "ADDED", &running(&b, 11))
        .event(12, "ADDED", &running(&image(&c, "app:2"), 12))
        .event(15, "MODIFIED", &running(&image(&b, "app:2"), 11));
    assert_eq!(lives(&SETS, &log.text(), "10", "100"), ["StatefulSet shop/db 10.. 11..", "StatefulSet shop/db 12.."]);
}

const CRON: [&str; 3] = [
    "batch/v1.CronJob: {trackLifecycle: true}",
    "batch/v1.Job: {trackLifecycle: true}",
    "v1.Pod: {trackLifecycle: true}",
];

/// The original takes the nearest tracked owner even where the export leaves that one out: the lives are the Job's, which is
/// not in the trace, and lost.
#[test]
fn a_cron_job_whose_jobs_are_tracked_too_keeps_its_lifecycles() {
    let nightly = cron_job("shop/nightly", 1);
    let run = owned(&job("shop/nightly-1", 20), &nightly);
    let pod = owned(&pod("shop/nightly-1-x", 20), &run);
    let log = Log::new()
        .event(1, "ADDED", &nightly)
        .event(20, "ADDED", &run)
        .event(20, "ADDED", &pod)
        .event(50, "MODIFIED", &terminated(&pod, 22, 45, "Succeeded"))
        .event(51, "MODIFIED", &job_over(&run, "Complete", 50));
    assert_eq!(
        export_tracking(&CRON, &log.text(), &["--from", "10", "--to", "100"]),
        "10 |\n10 +CronJob shop/nightly @hourly\n100 |\nCronJob shop/nightly 22..45\n"
    );
}

#[test]
fn the_nearest_owner_with_track_lifecycle_is_passed_by_those_without() {
    let web = deployment("shop/web", 1, 1);
    let set = owned(&replica_set("shop/web-1", 2, 1), &web);
    let pod = running(&owned(&pod("shop/web-1-a", 20), &set), 21);
    let log = Log::new().event(1, "ADDED", &web).event(2, "ADDED", &set).event(20, "ADDED", &pod).text();
    let of = |kinds: &[&str]| lives(kinds, &log, "10", "100");
    assert_eq!(
        of(&["apps/v1.Deployment: {trackLifecycle: true}", "apps/v1.ReplicaSet: {trackLifecycle: true}"]),
        ["Deployment shop/web 21.."]
    );
    assert_eq!(of(&["apps/v1.Deployment", "apps/v1.ReplicaSet: {trackLifecycle: true}"]), [""; 0]);
    assert_eq!(of(&["apps/v1.ReplicaSet: {trackLifecycle: true}"]), ["ReplicaSet shop/web-1 21.."]);
    assert_eq!(of(&["apps/v1.Deployment"]), [""; 0]);
}

#[test]
fn a_pod_without_owners_is_its_own_owner_if_tracked() {
    let log = Log::new().event(20, "ADDED", &running(&pod("shop/p", 20), 21)).text();
    let of = |kinds: &[&str]| lives(kinds, &log, "10", "100");
    assert_eq!(of(&["v1.Pod: {trackLifecycle: true}"]), ["Pod shop/p 21.."]);
    assert_eq!(of(&["v1.Pod"]), [""; 0]);
    assert_eq!(of(&["batch/v1.Job"]), [""; 0]);
}

#[test]
fn a_pod_whose_deletion_no_log_shows_ends_where_another_takes_its_name() {
    let db = stateful_set("shop/db", 1, 1);
    let (first, second) = (owned(&pod("shop/db-0", 20), &db), owned(&pod("shop/db-0", 40), &db));
    let log = Log::new().event(1, "ADDED", &db).event(20, "ADDED", &running(&first, 21)).event(
        40,
        "ADDED",
        &running(&second, 42),
    );
    assert_eq!(lives(&SETS, &log.text(), "10", "100"), ["StatefulSet shop/db 21..40 42.."]);
}

#[test]
fn pods_of_a_job_that_another_of_its_name_replaced_are_not_the_new_ones() {
    let (old, new) = (job("shop/run", 10), job("shop/run", 30));
    let (a, b) = (owned(&pod("shop/run-a", 10), &old), owned(&pod("shop/run-b", 30), &new));
    let log = Log::new()
        .event(10, "ADDED", &old)
        .event(10, "ADDED", &running(&a, 10))
        .event(25, "DELETED", &old)
        .event(29, "DELETED", &running(&a, 10))
        .event(30, "ADDED", &new)
        .event(31, "ADDED", &running(&b, 31));
    assert_eq!(lives(&SETS, &log.text(), "5", "100"), ["Job shop/run 10..29 31.."]);
    assert_eq!(lives(&SETS, &log.text(), "28", "100"), ["Job shop/run 31.."]);
}

/// A Deployment's pod that outlives its orphaning, as the recorded cluster has one: SimKube records its life under the Deployment
/// that is gone. And a pod that was its own until it was adopted.
#[test]
fn lives_stand_under_what_is_in_the_trace_or_went_before_it() {
    let kinds = ["apps/v1.Deployment: {trackLifecycle: true}", "apps/v1.ReplicaSet: {skipOwned: true}", SETS[2]];
    let web = deployment("shop/web", 1, 1);
    let set = owned(&replica_set("shop/web-1", 2, 1), &web);
    let pod_of_set = owned(&pod("shop/web-1-a", 3), &set);
    let orphaned = Log::new()
        .event(10, "ADDED", &web)
        .event(10, "ADDED", &set)
        .event(11, "ADDED", &running(&pod_of_set, 4))
        .event(18, "MODIFIED", &replica_set("shop/web-1", 2, 1))
        .event(19, "DELETED", &web);
    let adopted = Log::new()
        .event(10, "ADDED", &web)
        .event(10, "ADDED", &set)
        .event(10, "ADDED", &running(&pod("shop/web-1-a", 3), 4))
        .event(20, "MODIFIED", &running(&pod_of_set, 4));
    let window = ["--from", "25", "--to", "50"];
    assert_eq!(
        export_tracking(&kinds, &orphaned.text(), &window),
        "25 |\n25 +ReplicaSet shop/web-1 1\n50 |\nDeployment shop/web 25..\n"
    );
    assert_eq!(
        export_tracking(&kinds, &adopted.text(), &window),
        "25 |\n25 +Deployment shop/web 1\n50 |\nDeployment shop/web 25..\n"
    );
}
