//! The lab's audit logs, of two API servers, against SimKube's live traces and the watches of the same cluster; and what is
//! made of them when an audit policy writes less, or a server's file is missing.
//!
//! `UPDATE_GOLDENS=1 cargo test --test lab_audit` writes the differences of the requests anew.

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

mod support;

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use support::compare::Comparison;
use support::lab::*;
use support::{fixture, gaps, scratch, show, write};
use tempfile::TempDir;

/// The files of the two servers: `a`'s three as they were rotated, and `b`'s.
const A: [&str; 3] = ["audit-2026-11-23T15-26-05.525.log", "audit-2026-11-23T15-26-51.525.log", "audit.log"];

fn gunzipped(path: &str) -> String {
    let mut text = String::new();
    let file = File::open(fixture(&format!("lab/{path}.gz"))).unwrap();
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
    text
}

/// The texts of the two servers' logs.
fn servers() -> [String; 2] {
    let a = A.map(|name| gunzipped(&format!("audit/audit-a/{name}"))).concat();
    [a, gunzipped("audit/audit-b/audit.log")]
}

/// The same logs, each event changed, or left out where that gives nothing.
fn rewritten(change: impl Fn(usize, Value) -> Option<Value>) -> TempDir {
    let dir = scratch();
    for (server, text) in servers().iter().enumerate() {
        let events = text.lines().map(|line| serde_json::from_str(line).unwrap());
        let lines: String =
            events.filter_map(|event| change(server, event)).map(|event| format!("{event}\n")).collect();
        write(dir.path(), &format!("{server}.log"), lines);
    }
    dir
}

fn path(dir: &TempDir) -> &str {
    dir.path().to_str().unwrap()
}

/// An export and its account.
fn export_with_account(config: &str, window: Row, args: &[&str]) -> (Vec<u8>, Value) {
    let account = tempfile::NamedTempFile::new().unwrap();
    let report = ["--report", account.path().to_str().unwrap()];
    let bytes = export(config, window, &[&report, args].concat(), b"");
    // It was put in the place of the file that is open.
    (bytes, serde_json::from_slice(&fs::read(account.path()).unwrap()).unwrap())
}

/// What is named as an example of these reasons.
fn named(account: &Value, reasons: &[&str]) -> Vec<String> {
    let gaps = account["gaps"].as_array().unwrap().iter();
    let examples = gaps.filter(|gap| reasons.iter().any(|reason| gap["reason"] == *reason));
    examples
        .flat_map(|gap| gap["examples"].as_array().unwrap())
        .map(|example| example.as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn traces_differ_from_simkubes_as_those_of_the_watches_do() {
    for (config, window) in CONFIGS.into_iter().flat_map(|config| WINDOWS.map(|window| (config, window))) {
        let name = format!("{config}-{}", window.0);
        let simkube = trace(&fs::read(fixture(&format!("lab/traces/{name}.sktrace"))).unwrap());
        let against = |sanitize: &str| {
            let ours = trace(&export(config, window, &["--sanitize", sanitize, &fixture("lab/audit")], b""));
            Comparison { tolerance: 0, replay: sanitize == "replay" }.of(&simkube, &ours)
        };
        let plain = against("simkube");
        let golden = fs::read_to_string(fixture(&format!("lab/differences/{name}.txt"))).unwrap();
        assert_eq!(page(&plain), golden, "{name}");
        if window == WINDOWS[0] {
            assert_eq!(against("replay").lines, plain.lines, "{name}, sanitised for a replay");
        }
    }
}

/// Each row of the table of what audit events do that the recording has an example of.
#[test]
fn recorded_requests_did_what_the_servers_did() {
    let json = export("roots", WINDOWS[0], &["-f", "json", &fixture("lab/audit")], b"");
    let shown = show(&serde_json::from_slice(&json).unwrap());
    for (what, line) in [
        ("a deletion whose body is no dry run, though its path says so", "1795447570 -Deployment shop/decoy"),
        ("an eviction, and the node's deletion", "1795447606 -Pod batch/evictee"),
        ("a patch that removes the last finalizer", "1795447578 -Deployment edge/sticky"),
        ("the garbage collector's patch, answered with metadata", "1795447584 -Deployment edge/fore"),
        ("a new uid in the same second", "1795447572 +Deployment edge/phoenix 2"),
        ("a Job's end by its controller", "1795447612 -Job batch/ttl"),
        ("a scale", "1795447557 +Deployment shop/web 6"),
        ("a patch that creates", "1795447563 +Deployment shop/applied 2"),
        ("the deletion of many that comes before the end of a namespace", "1795447633 -Deployment doomed/d1"),
    ] {
        assert!(shown.lines().any(|shown| shown == line), "{what}: {line}\n{shown}");
    }
    for (what, part) in [
        ("a dry run that the body of the deletion asks for", "-Deployment shop/listed-1"),
        ("a creation that is a dry run", "shop/ghost"),
    ] {
        assert!(!shown.contains(part), "{what}: {shown}");
    }
}

#[test]
fn how_the_logs_are_spread_over_files_does_not_matter() {
    let [a, b] = servers();
    let mut lines: Vec<&str> = a.lines().chain(b.lines()).collect();
    lines.sort_by_key(|line| serde_json::from_str::<Value>(line).unwrap()["stageTimestamp"].to_string());
    let merged = lines.join("\n");
    let logs = [fixture("lab/audit/audit-a"), fixture("lab/audit/audit-b")];
    for (config, window) in [("roots", WINDOWS[0]), ("gangs", WINDOWS[1])] {
        let expected = export(config, window, &[&logs[0], &logs[1]], b"");
        assert!(export(config, window, &[&logs[1], &logs[0]], b"") == expected, "{config}: the other way round");
        for (name, text) in
            [("one file", &format!("{b}{a}")), ("by time", &merged), ("twice", &format!("{a}{b}{a}{b}"))]
        {
            assert!(export(config, window, &["-"], text.as_bytes()) == expected, "{config}: {name}");
        }
    }
}

#[test]
fn the_clocks_of_the_servers_may_differ() {
    let shifted = |micros: i64| {
        rewritten(|server, mut event| {
            for key in ["stageTimestamp", "requestReceivedTimestamp"] {
                let at = tracer::model::Timestamp::parse_rfc3339(event[key].as_str().unwrap()).unwrap();
                event[key] = json!(at.plus_micros(if server == 0 { micros } else { 0 }).to_string());
            }
            Some(event)
        })
    };
    let true_times = CONFIGS.map(|config| trace(&export(config, WINDOWS[0], &[&fixture("lab/audit")], b"")));
    for micros in [-900_000, 900_000] {
        let logs = shifted(micros);
        for (config, true_time) in CONFIGS.iter().zip(&true_times) {
            let skewed = trace(&export(config, WINDOWS[0], &[path(&logs)], b""));
            let differences = Comparison { tolerance: 1, replay: false }.of(true_time, &skewed);
            assert!(differences.lines.is_empty(), "{config}, {micros}: {:#?}", differences.lines);
            assert!(differences.compared > 50);
        }
    }
}

#[test]
fn the_log_of_a_server_that_is_left_out_is_missed() {
    for (logs, missed) in [("lab/audit/audit-a", true), ("lab/audit/audit-b", true), ("lab/audit", false)] {
        let (_, account) = export_with_account("roots", WINDOWS[0], &[&fixture(logs)]);
        assert_eq!(gaps(&account, "writes-unseen") > 0, missed, "{logs}: {:#}", account["gaps"]);
    }
}

#[test]
fn without_early_stages_and_managed_fields_the_trace_is_the_same() {
    let unmanaged = |object: &mut Value| {
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
        }
    };
    let stages = rewritten(|_, event| (event["stage"] == "ResponseComplete").then_some(event));
    let unmanaged = rewritten(|_, mut event| {
        for body in ["requestObject", "responseObject"] {
            if let Some(body) = event.get_mut(body).filter(|body| body.is_object()) {
                unmanaged(body);
                let items = body.get_mut("items").and_then(Value::as_array_mut);
                items.into_iter().flatten().for_each(unmanaged);
            }
        }
        Some(event)
    });
    assert!(!fs::read_to_string(unmanaged.path().join("1.log")).unwrap().contains("\"managedFields\""));
    for config in CONFIGS {
        let expected = export(config, WINDOWS[0], &[&fixture("lab/audit")], b"");
        for logs in [&stages, &unmanaged] {
            assert!(export(config, WINDOWS[0], &[path(logs)], b"") == expected, "{config}");
        }
    }
}

/// The event as a policy of a lower level writes it.
fn at_level(mut event: Value, level: &str, dropped: &[&str]) -> Value {
    event["level"] = json!(level);
    event.as_object_mut().unwrap().retain(|key, _| !dropped.contains(&&**key));
    event
}

const BODIES: [&str; 2] = ["requestObject", "responseObject"];

/// What EKS and GKE keep: of custom resources no bodies, of what nodes write to the status of pods the request alone.
#[test]
fn what_the_clouds_keep_is_enough_but_for_custom_resources() {
    let logs = rewritten(|_, event| {
        let reference = &event["objectRef"];
        let group = reference["apiGroup"].as_str().unwrap_or_default();
        let by_node = event["user"]["username"].as_str().unwrap().starts_with("system:node:");
        let of_status = reference["resource"] == "pods" && reference["subresource"] == "status";
        Some(match group {
            "lab.example.dev" => at_level(event, "Metadata", &BODIES),
            _ if by_node && of_status => at_level(event, "Request", &BODIES[1..]),
            _ => event,
        })
    });
    let whole = |config: &str| export(config, WINDOWS[0], &[&fixture("lab/audit")], b"");
    assert!(export("roots", WINDOWS[0], &[path(&logs)], b"") == whole("roots"));
    let (bytes, account) = export_with_account("gangs", WINDOWS[0], &[path(&logs)]);
    let differences = Comparison { tolerance: 0, replay: false }.of(&trace(&whole("gangs")), &trace(&bytes));
    let of_gang = |line: &String| line.contains("Gang batch/train") || line.contains("Gang|batch/train");
    assert!(differences.lines.iter().all(of_gang) && differences.lines.len() == 2, "{:#?}", differences.lines);
    assert_eq!(named(&account, &["content-unknown"]), ["Gang.lab.example.dev batch/train"]);
}

/// The objects that a line of differences is about, as the account names them: the object, or for lifecycles the pods of it.
fn is_accounted(line: &str, accounted: &[String]) -> bool {
    let what = line.trim_start_matches("only in ").split_once(": ").unwrap().1;
    let of_lives = line.starts_with("lifecycles") || line.starts_with("pod-spec hashes");
    let name = what.split([' ', '|']).nth(1).unwrap().trim_end_matches(':');
    let kind = what.split([' ', '|']).next().unwrap().rsplit('.').next().unwrap();
    accounted.iter().any(|example| {
        let (example_kind, example_name) = example.split_once(' ').unwrap();
        let of_pod = of_lives && example_kind == "Pod" && example_name.starts_with(name);
        of_pod || (example_kind.split('.').next() == Some(kind) && example_name == name)
    })
}

#[test]
fn of_requests_alone_every_object_that_differs_is_named() {
    let logs = rewritten(|_, event| Some(at_level(event, "Request", &BODIES[1..])));
    for config in CONFIGS {
        let whole = trace(&export(config, WINDOWS[0], &["--sanitize", "simkube", &fixture("lab/audit")], b""));
        let (bytes, account) = export_with_account(config, WINDOWS[0], &["--sanitize", "simkube", path(&logs)]);
        let differences = Comparison { tolerance: 0, replay: false }.of(&whole, &trace(&bytes));
        let golden = fixture(&format!("lab/requests/{config}.txt"));
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            fs::create_dir_all(Path::new(&golden).parent().unwrap()).unwrap();
            fs::write(&golden, page(&differences)).unwrap();
        }
        assert_eq!(page(&differences), fs::read_to_string(&golden).unwrap_or_default(), "{config}");
        let accounted = named(&account, &["content-approximate", "content-stale"]);
        let silent: Vec<&String> = differences.lines.iter().filter(|line| !is_accounted(line, &accounted)).collect();
        assert!(silent.is_empty(), "{config}: {silent:#?}");
    }
}

#[test]
fn of_metadata_alone_the_trace_is_empty_and_the_account_full() {
    let logs = rewritten(|_, event| Some(at_level(event, "Metadata", &BODIES)));
    for config in CONFIGS {
        let (bytes, account) = export_with_account(config, WINDOWS[0], &[path(&logs)]);
        let trace = trace(&bytes);
        assert!(trace.events.iter().all(|event| event.applied.is_empty() && event.deleted.is_empty()));
        assert!(trace.pod_lifecycles.is_empty() && trace.index.is_empty());
        for reason in
            ["content-unknown", "created-without-body", "name-unknown", "written-without-body", "bodies-not-logged"]
        {
            assert!(gaps(&account, reason) > 0, "{config}: {reason}");
        }
        let unknown = named(&account, &["content-unknown"]);
        for name in ["Deployment.apps shop/web", "CronJob.batch batch/tick", "Job.batch batch/sum"] {
            assert!(unknown.iter().any(|example| example == name), "{config}: {name}");
        }
    }
}

#[test]
fn a_baseline_stands_for_the_logs_before_it() {
    let begin = "2026-11-23T15:26:36Z";
    let logs = rewritten(|_, event| (event["stageTimestamp"].as_str().unwrap() >= begin).then_some(event));
    let window = ("later", "1795447596", WINDOWS[0].2, WINDOWS[0].3);
    let baseline: PathBuf = write(logs.path(), "baseline.json", gunzipped("baseline.json"));
    let input = [path(&logs), "--baseline", baseline.to_str().unwrap(), "--baseline-at", begin];
    for config in CONFIGS {
        let whole = trace(&export(config, window, &["--sanitize", "simkube", &fixture("lab/audit")], b""));
        let later = trace(&export(config, window, &[&["--sanitize", "simkube"], &input[..]].concat(), b""));
        let differences = Comparison { tolerance: 0, replay: false }.of(&whole, &later);
        // Annotations as of the last change of the content, which was before the baseline.
        let annotated = |line: &&String| ["shop/applied", "shop/tagged"].iter().any(|name| line.contains(name));
        // Its owner was deleted before the baseline, without it.
        let orphaned = |line: &&String| line.starts_with("lifecycles: apps/v1.Deployment|edge/orphaner");
        let other: Vec<&String> = differences.lines.iter().filter(|line| !annotated(line) && !orphaned(line)).collect();
        assert!(other.is_empty(), "{config}: {other:#?}");
        assert!(differences.compared > 60 && differences.lines.len() < 6, "{config}: {:#?}", differences.lines);
    }
}
