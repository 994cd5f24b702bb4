//! Every flag of `tracer export` does what its help says: a test for each, and none without.

// clippy sees tests only in `#[test]` functions, and not what they call.
#![allow(clippy::unwrap_used)]

mod shell;

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

/// The tests, each with the flags that it shows the effect of.
macro_rules! flags {
    ($($test:ident: $($flag:literal)+ => $body:block)+) => {
        $(#[test] fn $test() $body)+

        #[test]
        fn every_flag_has_a_test() {
            let shown: BTreeSet<String> = [$($($flag),+),+].map(str::to_owned).into();
            assert_eq!(shown, flags_of_the_help());
        }
    };
}

/// What stands at the start of the lines of the help that describe options.
fn flags_of_the_help() -> BTreeSet<String> {
    let dir = tempfile::tempdir().unwrap();
    let help = shell::run("tracer export --help", dir.path()).ends(0).stdout;
    let described = help.lines().filter(|line| line.trim_start().starts_with('-') && line.find('-') <= Some(6));
    let options = described.filter(|line| !line.contains("- ") && !line.trim_start().starts_with("- "));
    options
        .flat_map(|line| {
            line.split([' ', ',']).filter(|word| word.starts_with('-')).map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

/// What a command line writes to stdout, and says on stderr, in a directory with the incident.
fn said(script: &str) -> (String, String) {
    let dir = shell::incident();
    let ended = shell::run(script, dir.path()).ends(0);
    (ended.stdout, ended.stderr)
}

/// What `tracer export` with these arguments gives.
fn export(arguments: &str) -> Value {
    serde_json::from_str(&said(&format!("tracer export -q -f json {arguments}")).0).unwrap()
}

/// The objects that a trace names, as `Deployment/web`, in alphabetical order.
fn objects(arguments: &str) -> String {
    let trace = export(arguments);
    let mut names = Vec::new();
    for (gvk, objects) in trace["index"].as_object().unwrap() {
        let kind = gvk.rsplit('.').next().unwrap();
        names.extend(
            objects.as_object().unwrap().keys().map(|name| format!("{kind}/{}", name.split_once('/').unwrap().1)),
        );
    }
    names.sort();
    names.join(" ")
}

/// The seconds of a trace's events.
fn seconds(arguments: &str) -> Vec<i64> {
    let trace = export(arguments);
    trace["events"].as_array().unwrap().iter().map(|event| event["ts"].as_i64().unwrap()).collect()
}

/// How often the report of a run counts a reason.
fn counted(script: &str, reason: &str) -> u64 {
    let dir = shell::incident();
    shell::run(&format!("{script} -q --report report.json -o trace"), dir.path()).ends(0);
    let report: Value = serde_json::from_slice(&fs::read(dir.path().join("report.json")).unwrap()).unwrap();
    let gaps = report["gaps"].as_array().unwrap();
    gaps.iter().find(|gap| gap["reason"] == reason).map_or(0, |gap| gap["count"].as_u64().unwrap())
}

/// 2026-11-23T15:26:00Z
const MINUTE_26: i64 = 1_795_447_560;
const ALL: &str = "CronJob/tick Deployment/decoy Deployment/tagged Deployment/web Job/shaky Job/sum";

flags! {
    help_is_short_or_long: "-h" "--help" => {
        let (short, long) = (said("tracer export -h").0, said("tracer export --help").0);
        assert!(short.contains("Usage: tracer export") && long.contains("Usage: tracer export"));
        assert!(short.lines().count() * 2 < long.lines().count());
    }

    the_window_begins_and_ends_where_it_is_told: "--from" "--to" => {
        let whole = seconds("watch");
        assert_eq!((whole[0], whole[whole.len() - 1]), (MINUTE_26 - 14, MINUTE_26 + 81));
        let window = seconds("watch --from 2026-11-23T15:26:00Z --to +1m");
        assert_eq!((window[0], window[window.len() - 1]), (MINUTE_26, MINUTE_26 + 60));
        assert_eq!(seconds("watch --from -1m --to '2026-11-23 15:27'"), window);
        assert_eq!(seconds("watch --from 1795447560 --to 2026-11-23T16:27:00+01:00"), window);
    }

    the_output_is_a_file: "-o" "--output" => {
        let (stdout, _) = said("tracer export watch -o a && tracer export watch --output b && tracer export watch | cmp a && cmp a b");
        assert_eq!(stdout, "");
    }

    every_format_is_written: "-f" "--format" => {
        let json = export("watch");
        let (yaml, _) = said("tracer export watch -f yaml");
        assert_eq!(serde_yaml::from_str::<Value>(&yaml).unwrap(), json);
        let (jsonl, _) = said("tracer export watch --format jsonl");
        let lines: Vec<Value> = jsonl.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines[0], serde_json::json!({"version": json["version"], "config": json["config"]}));
        assert_eq!(lines[1..lines.len() - 1], *json["events"].as_array().unwrap());
        let tail = serde_json::json!({"index": json["index"], "pod_lifecycles": json["pod_lifecycles"]});
        assert_eq!(lines[lines.len() - 1], tail);
        said("tracer export watch > a && tracer export watch -f simkube | cmp a");
    }

    a_trace_can_be_left_as_simkube_leaves_it: "--sanitize" => {
        let job = |how: &str| export(&format!("watch --name job/sum {how}"))["events"][1]["applied_objs"][0].clone();
        let (replay, simkube) = (job(""), job("--sanitize simkube"));
        assert_eq!(replay, job("--sanitize replay"));
        for place in ["/status", "/spec/selector", "/metadata/labels"] {
            assert_eq!((replay.pointer(place).is_some(), simkube.pointer(place).is_some()), (false, true), "{place}");
        }
    }

    what_pods_need_comes_along_or_is_forgotten: "--deps" => {
        let log = r#"sed 's/"containers":/"serviceAccountName":"robot",&/' watch/deployments.jsonl | tracer export --name web"#;
        let reasons = ["dependency-missing", "dependency-stub", "reference-removed"];
        for (deps, expected) in [("", [1, 0, 0]), ("--deps keep", [1, 0, 0]), ("--deps include", [0, 1, 0]), ("--deps strip", [0, 0, 1])] {
            assert_eq!(reasons.map(|reason| counted(&format!("{log} {deps}"), reason)), expected, "{deps}");
        }
    }

    owners_are_inferred_unless_told_otherwise: "--no-infer" => {
        let log = "cat watch/deployments.jsonl watch/pods.jsonl | tracer export -c tracer.yaml";
        assert_eq!(counted(log, "owner-inferred"), 5);
        assert_eq!(counted(&format!("{log} --no-infer"), "owner-inferred"), 0);
    }

    namespaces_are_kept_and_left_out: "-n" "--ns" "--exclude-ns" => {
        let shop = "Deployment/decoy Deployment/tagged Deployment/web";
        for arguments in ["-n shop", "--ns shop,other", "--ns 's*'", "--exclude-ns batch", "--exclude-ns 'ba*,kube-*'"] {
            assert_eq!(objects(&format!("watch {arguments}")), shop, "{arguments}");
        }
        assert_eq!(objects("watch -n shop --exclude-ns '*'"), "");
    }

    labels_are_kept_and_left_out: "-l" "--selector" "--exclude-selector" => {
        assert_eq!(objects("watch -l app=web"), "Deployment/web");
        assert_eq!(objects("watch --selector 'app in (web,tagged),team'"), "Deployment/tagged");
        assert_eq!(objects("watch -l app=web -l team"), "Deployment/tagged Deployment/web");
        assert_eq!(objects("watch --exclude-selector app"), "CronJob/tick Job/shaky Job/sum");
    }

    kinds_are_kept_and_left_out: "-k" "--kind" "--exclude-kind" => {
        for arguments in ["-k job", "--kind jobs.batch", "-k batch/v1.Job", "--exclude-kind deploy,cronjob"] {
            assert_eq!(objects(&format!("watch {arguments}")), "Job/shaky Job/sum", "{arguments}");
        }
    }

    names_are_kept: "--name" => {
        assert_eq!(objects("watch --name web,job/s*"), "Deployment/web Job/shaky Job/sum");
        assert_eq!(objects("watch --name job/web"), "");
    }

    a_config_says_what_is_tracked: "-c" "--config" => {
        assert_eq!(objects("watch"), ALL);
        let config = "Deployment/decoy Deployment/tagged Deployment/web Job/shaky Job/sum";
        assert_eq!(objects("watch -c tracer.yaml"), config);
        assert_eq!(objects("watch --config tracer.yaml"), config);
    }

    a_baseline_is_the_state_before: "--baseline" => {
        let from = "--from '2026-11-23 15:26:36'";
        let alone = export(&format!("late.jsonl {from}"));
        let based = export(&format!("late.jsonl --baseline baseline.json {from}"));
        let start = |trace: &Value| trace["events"][0]["applied_objs"].as_array().unwrap().len();
        assert_eq!((start(&alone), start(&based)), (1, 2));
        let late = format!("tracer export late.jsonl {from}");
        assert_eq!(counted(&late, "first-seen-late"), 1);
        assert_eq!(counted(&format!("{late} --baseline baseline.json"), "first-seen-late"), 0);
    }

    the_user_says_when_a_baseline_was_taken: "--baseline-at" => {
        let late = "tracer export late.jsonl --baseline baseline.json --from '2026-11-23 15:26:36'";
        assert!(counted(late, "time-estimated") > 0);
        assert_eq!(counted(&format!("{late} --baseline-at 2026-11-23T15:26:36Z"), "time-estimated"), 0);
    }

    the_field_of_the_time_can_be_named: "--time-field" => {
        let log = "sed 's/\"ts\":/\"received\":/' watch/jobs.jsonl | tracer export";
        assert_eq!(counted(log, "time-estimated"), 10);
        assert_eq!(counted(&format!("{log} --time-field received"), "time-estimated"), 0);
    }

    a_record_may_be_too_long: "--max-record" => {
        let dir = shell::incident();
        let ended = shell::run("tracer export watch/pods.jsonl --max-record 2K", dir.path()).ends(1);
        assert!(ended.stderr.contains("raise --max-record"), "{}", ended.stderr);
        shell::run("tracer export watch/pods.jsonl --max-record 1M -o trace", dir.path()).ends(0);
    }

    unreadable_records_can_be_skipped: "--skip-invalid" => {
        let log = "{ echo nonsense; cat watch/*; } | tracer export";
        let ended = shell::run(log, shell::incident().path()).ends(1);
        assert!(ended.stderr.starts_with("error: <stdin>:1: no JSON: nonsense"), "{}", ended.stderr);
        assert_eq!(counted(&format!("{log} --skip-invalid"), "record-skipped"), 1);
        assert!(counted("tracer export watch --max-record 2K --skip-invalid", "record-too-large") > 50);
    }

    threads_change_nothing: "-j" "--threads" => {
        said("tracer export watch -o a && tracer export watch -j 1 | cmp a && tracer export watch --threads 7 | cmp a");
    }

    strict_fails_on_what_lies_in_the_window: "--strict" => {
        let dir = shell::incident();
        let late = "tracer export late.jsonl --strict -o trace";
        shell::run(&format!("{late} --from '2026-11-23 15:26:36'"), dir.path()).ends(3);
        shell::run(&format!("{late} --from '2026-11-23 15:26:36' -n batch"), dir.path()).ends(0);
    }

    the_report_is_json: "--report" => {
        let dir = shell::incident();
        shell::run("tracer export archive.jsonl.gz --report report.json -o trace", dir.path()).ends(0);
        let report: Value = serde_json::from_slice(&fs::read(dir.path().join("report.json")).unwrap()).unwrap();
        assert_eq!(report["version"], 1);
        assert_eq!(report["window"], serde_json::json!({"from": MINUTE_26 - 14, "to": MINUTE_26 + 83}));
        assert_eq!(report["contents"]["objects"], 6);
        assert_eq!(report["sources"][0]["path"], "archive.jsonl.gz");
        assert_eq!(report["gaps"], serde_json::json!([]));
    }

    quiet_and_verbose_say_less_and_more: "-q" "--quiet" "-v" "--verbose" => {
        let run = |flag: &str| said(&format!("tracer export late.jsonl --from -46s -o trace {flag}")).1;
        assert_eq!((run("-q"), run("--quiet")), (String::new(), String::new()));
        assert!(!run("").contains("Deployment.apps shop/tagged"));
        assert!(run("-v").contains("  Deployment.apps shop/tagged"));
        assert_eq!(run("-v"), run("--verbose"));
    }

    messages_are_coloured_when_told: "--color" => {
        let run = |when: &str| said(&format!("tracer export late.jsonl --from -46s -o trace --color {when}")).1;
        assert!(run("always").contains("\x1b[1;33mwarning:\x1b[0m"));
        assert!(!run("never").contains('\x1b') && !run("auto").contains('\x1b'));
    }
}
