//! `tracer events`: what its lines look like, what it says where something is wrong, and that streams of parts of the lab,
//! brought together in any order, give the trace of the whole.
//!
//! `UPDATE_GOLDENS=1 cargo test --test events` writes the golden lines anew.

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

mod shell;
mod support;

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use shell::{incident, run};
use support::audit::{audit, audit_log};
use support::lab::{CONFIGS, WINDOWS, export};
use support::{Log, account, at_version, config_map, deployment, fixture, gaps, scratch, tracer, write};

fn events(args: &[&str], stdin: &[u8]) -> String {
    let run = tracer(&[&["events", "-q"], args].concat(), stdin).ends(0);
    String::from_utf8(run.stdout).unwrap()
}

/// `ts type` of lines, and what they tell of.
fn shown(lines: &str) -> Vec<String> {
    let line = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let object = &line["object"];
        let about = match line["type"].as_str().unwrap() {
            "AUDIT" => format!("{} {}", object["verb"].as_str().unwrap(), object["objectRef"]["name"]),
            "BOOKMARK" if line["tracer"]["end"] == true => format!("{} ends", object["kind"]),
            "BOOKMARK" => format!("{} set {}", object["kind"], line["tracer"]["set"]["namespaces"]),
            "SPAN" => format!("{} to {}", object["first"], object["last"]),
            _ => format!("{} {}", object["kind"], object["metadata"]["name"]),
        };
        format!("{} {} {about}", line["ts"], line["type"]).replace('"', "").replace("1970-01-01T00:00:", "")
    };
    lines.lines().map(line).collect()
}

#[test]
fn real_records_are_told_as_they_are() {
    let inputs = ["incident/watch/cronjobs.jsonl", "incident/lean.log.gz"].map(fixture);
    let lines = events(&[&["-k", "cronjob"], &inputs.each_ref().map(String::as_str)[..]].concat(), b"");
    let golden = fixture("events/cronjobs.jsonl");
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::create_dir_all(Path::new(&golden).parent().unwrap()).unwrap();
        fs::write(&golden, &lines).unwrap();
    }
    assert_eq!(lines, fs::read_to_string(golden).unwrap_or_default());
}

#[test]
fn lines_are_in_the_order_of_time_and_those_without_one_come_last() {
    let web = deployment("shop/web", 10, 1);
    let log = Log::new()
        .event(20, "ADDED", &web)
        .untimed("ADDED", &config_map("shop/note", 11, "x"))
        .event(25, "ADDED", &deployment("shop/late", 25, 1))
        .event(30, "MODIFIED", &deployment("shop/web", 10, 2));
    let requests = audit_log(&[
        audit(22, "create", "v1 configmaps shop/note").response(&config_map("shop/note", 22, "x")),
        audit(24, "patch", "v1 configmaps shop/note").request(&json!({"data": {"key": "y"}})),
        audit(26, "get", "v1 configmaps shop/note"),
        audit(27, "delete", "v1 configmaps shop/note").with("/responseStatus/code", json!(403)),
        audit(28, "delete", "v1 configmaps shop/note").with("/responseStatus/status", json!("Success")),
        audit(29, "update", "coordination.k8s.io/v1 leases shop/lock").response(&json!({
            "apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "lock", "namespace": "shop"}
        })),
    ]);
    let lines = events(&[], (log.text() + &requests).as_bytes());
    assert_eq!(
        shown(&lines),
        [
            "20.000000Z SPAN 20.000000Z to 30.000000Z",
            "20.000000Z BOOKMARK Deployment set [shop]",
            "20.000000Z ADDED Deployment web",
            "22.000000Z ADDED ConfigMap note",
            "24.000000Z AUDIT patch note",
            "25.000000Z ADDED Deployment late",
            "28.000000Z AUDIT delete note",
            "30.000000Z BOOKMARK Deployment ends",
            "30.000000Z MODIFIED Deployment web",
            "null BOOKMARK ConfigMap set [shop]",
            "null BOOKMARK ConfigMap ends",
            "null ADDED ConfigMap note",
        ]
    );
}

#[test]
fn what_nothing_is_tracked_of_is_left_out_unless_the_config_says_so() {
    let lease = json!({"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": {"name": "lock", "namespace": "shop"}, "spec": {}});
    let log = audit_log(&[audit(29, "create", "coordination.k8s.io/v1 leases shop/lock").response(&lease)]);
    let config = support::tracking(&["coordination.k8s.io/v1.Lease: {podSpecTemplatePaths: [/none]}"]);
    let config = config.path().to_str().unwrap();
    assert_eq!(shown(&events(&[], log.as_bytes())).len(), 1, "the span");
    let with_config = events(&["-c", config], log.as_bytes());
    assert_eq!(shown(&with_config)[1], "29.000000Z ADDED Lease lock");
    let expected = tracer(&["export", "-q", "-c", config], log.as_bytes()).ends(0).stdout;
    assert!(tracer(&["export", "-q", "-c", config], with_config.as_bytes()).ends(0).stdout == expected);
}

#[test]
fn a_window_is_for_looking() {
    let log = Log::new().event(20, "ADDED", &deployment("shop/web", 10, 1)).event(
        30,
        "MODIFIED",
        &deployment("shop/web", 10, 2),
    );
    let lines = |args: &[&str]| shown(&events(args, log.text().as_bytes()));
    assert_eq!(lines(&["--from", "30"]), ["30.000000Z BOOKMARK Deployment ends", "30.000000Z MODIFIED Deployment web"]);
    assert_eq!(lines(&["--from", "-5s"]), lines(&["--from", "25"]));
    assert_eq!(
        lines(&["--to", "30"]),
        ["20.000000Z BOOKMARK Deployment set [shop]", "20.000000Z ADDED Deployment web"]
    );
}

#[test]
fn records_without_a_time_keep_what_the_filters_leave_out() {
    let log =
        Log::new().untimed("ADDED", &deployment("shop/web", 10, 1)).untimed("ADDED", &deployment("other/web", 10, 1));
    let run = tracer(&["events", "-n", "shop"], log.text().as_bytes()).ends(0);
    assert!(run.stderr.contains("1 line that the filters leave out: kept"), "{}", run.stderr);
    assert_eq!(run.stdout, tracer(&["events", "-q"], log.text().as_bytes()).ends(0).stdout);
}

/// Versions of one time that no number orders, and patches of one time: in the order of the input alone.
#[test]
fn what_only_the_order_of_the_input_tells_apart_stays_in_that_order() {
    let odd = |replicas: u64| at_version(&deployment("shop/web", 10, replicas), &format!("v{}", replicas * 7 % 5));
    let mut log = Log::new().event(10, "ADDED", &odd(1));
    for replicas in [3, 5, 2, 4] {
        log = log.event(20, "MODIFIED", &odd(replicas));
    }
    let mut requests = vec![audit(10, "create", "v1 configmaps shop/note").response(&config_map("shop/note", 10, "x"))];
    for datum in ["d", "b", "e", "a", "c"] {
        requests.push(audit(21, "patch", "v1 configmaps shop/note").request(&json!({"data": {"key": datum}})));
    }
    let config = support::tracking(&["apps/v1.Deployment", "v1.ConfigMap: {podSpecTemplatePaths: [/none]}"]);
    let config = ["export", "-q", "-f", "json", "-c", config.path().to_str().unwrap()];
    let text = log.text() + &audit_log(&requests);
    let expected = tracer(&config, text.as_bytes()).ends(0);
    let written = support::show(&expected.json());
    assert!(
        written.contains("20 +Deployment shop/web 4\n") && written.contains("21 +ConfigMap shop/note c\n"),
        "{written}"
    );
    let stream = shuffled(&events(&[], text.as_bytes()));
    assert!(tracer(&config, stream.as_bytes()).ends(0).stdout == expected.stdout);
    // Of several sources in that of their names.
    let dir = scratch();
    let names = ["c", "a", "b", "e", "d", "f"];
    let part = |(name, line): (&&str, &str)| events(&[write(dir.path(), name, line).to_str().unwrap()], b"");
    let parts: String = names.iter().zip(audit_log(&requests).lines()).map(part).collect();
    let expected = tracer(&[&config[..], &[dir.path().to_str().unwrap()]].concat(), b"").ends(0);
    let written = support::show(&expected.json());
    assert!(written.contains("21 +ConfigMap shop/note c\n"), "{written}");
    assert!(tracer(&config, shuffled(&parts).as_bytes()).ends(0).stdout == expected.stdout);
}

/// That a recording begins after another shows by what both tell of, whatever namespace it is in.
#[test]
fn what_went_between_two_recordings_goes_whatever_is_left_out() {
    let [web, api, db] = ["shop/web", "other/api", "third/db"].map(|name| deployment(name, 10, 1));
    let first = Log::new().event(20, "ADDED", &web).event(20, "ADDED", &api).event(21, "MODIFIED", &api);
    let bookmark = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"resourceVersion": "300", "annotations": {"k8s.io/initial-events-end": "true"}}});
    let second = Log::new().event(40, "ADDED", &at_version(&api, "300")).event(40, "ADDED", &at_version(&db, "200"));
    let second = second.line(&json!({"ts": support::at(40), "type": "BOOKMARK", "object": bookmark}).to_string());
    let audited = audit_log(&[audit(21, "update", "apps/v1 deployments other/api").response(&at_version(&api, "290"))]);
    let only_web = Log::new().event(20, "ADDED", &web).event(21, "MODIFIED", &web).text();
    for first in [first.text(), only_web + &audited] {
        let dir = scratch();
        let paths = [write(dir.path(), "1", &first), write(dir.path(), "2", second.text())];
        let paths = paths.each_ref().map(|path| path.to_str().unwrap());
        let export = |args: &[&str], stdin: &str| {
            let args = [&["export", "-q", "-f", "json", "-n", "shop", "--from=5", "--to=60"], args].concat();
            support::show(&tracer(&args, stdin.as_bytes()).ends(0).json())
        };
        let expected = export(&paths, "");
        assert!(expected.contains("40 -Deployment shop/web"), "{expected}");
        let all: String = paths.iter().map(|path| events(&[path], b"")).collect();
        let fewer: String = paths.iter().map(|path| events(&["-n", "shop", path], b"")).collect();
        let later = events(&["-n", "shop"], shuffled(&all).as_bytes());
        for lines in [&all, &fewer, &later] {
            assert_eq!(export(&[], &shuffled(lines)), expected, "{lines}");
        }
        assert!(!fewer.contains("\"api\"") && fewer.contains("\"SEEN\""), "{fewer}");
        let sorted = |lines: &str| {
            let mut lines: Vec<String> = lines.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        assert_eq!(sorted(&fewer), sorted(&later));
    }
}

/// The kind of a custom resource that only a line shows which is left out.
#[test]
fn a_kind_stays_known_when_what_shows_it_is_left_out() {
    let gang = |namespace: &str| {
        let metadata =
            json!({"name": "g", "namespace": namespace, "uid": format!("u-{namespace}"), "resourceVersion": "7"});
        json!({"apiVersion": "lab.dev/v1", "kind": "Crew", "metadata": metadata, "spec": {"replicas": 1}})
    };
    let log = audit_log(&[
        audit(10, "create", "lab.dev/v1 gangs other/g").response(&gang("other")),
        audit(11, "create", "lab.dev/v1 gangs shop/g").response(&gang("shop")),
        audit(12, "delete", "lab.dev/v1 gangs shop/g").with("/responseStatus/status", json!("Success")),
        audit(20, "get", "v1 pods shop/x"),
    ]);
    // Without this one the other namespace alone shows the kind.
    let bodies = log.lines().map(|line| {
        if line.contains("gangs/g") || line.contains("u-other") {
            line.to_owned()
        } else {
            line.replace("Crew", "CrewList")
        }
    });
    let log: String = bodies.map(|line| line + "\n").collect();
    let lines = events(&["-n", "shop"], log.as_bytes());
    assert!(
        lines.contains(r#""type":"KIND","object":{"resource":"gangs","group":"lab.dev","version":"v1","kind":"Crew"}"#),
        "{lines}"
    );
    let report = |log: &str| gaps(&account(log, &["-n", "shop"]), "kind-unknown");
    assert_eq!((report(&log), report(&lines)), (0, 0));
    let without: String = lines.lines().filter(|line| !line.contains("KIND")).map(|line| format!("{line}\n")).collect();
    assert_eq!(report(&without), 1);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let dir = incident();
    for (script, code, problem) in [
        ("echo '{\"a\":1}' | tracer events", 1, "error: <stdin>:1: JSON, but neither"),
        ("tracer events nowhere", 1, "nowhere: No such file"),
        ("tracer events --from 5 --to 4 late.jsonl", 2, "the window is empty"),
        ("tracer events -l '' late.jsonl", 2, "an empty selector"),
        ("tracer events -o x --report x late.jsonl", 2, "name the same file"),
        ("echo '{' | tracer events --strict -o x; test ! -e x", 0, "they were not written"),
        ("echo '{' | tracer events --strict", 3, "records cut off"),
        (
            "echo '{\"items\":[],\"kind\":\"PodList\",\"apiVersion\":\"v1\"}' | tracer events --from -5s",
            1,
            "no record with a time",
        ),
        ("tracer events audit > /dev/full", 1, "error: cannot write to stdout: No space left on device"),
    ] {
        let ended = run(script, dir.path()).ends(code);
        assert!(ended.stderr.contains(problem), "{script}: {}", ended.stderr);
    }
    let closed = run("tracer events -q audit | head -n1 >head; echo ${PIPESTATUS[0]}", dir.path()).ends(0);
    assert_eq!((closed.stdout.as_str(), closed.stderr.as_str()), ("141\n", ""));
}

/// The config of a trace has to be known before its lines are read.
#[test]
fn of_a_trace_the_config_has_to_be_given() {
    let trace = tracer(&["export", "-q", &fixture("incident/watch")], b"").ends(0).stdout;
    let dir = scratch();
    let path = write(dir.path(), "x.sktrace", &trace);
    let lines = events(&[path.to_str().unwrap()], b"");
    let refused = tracer(&["export"], lines.as_bytes()).ends(1);
    assert!(refused.stderr.contains("say what is tracked with --config"), "{}", refused.stderr);
}

#[test]
fn the_account_of_a_run_tells_what_was_read_and_written() {
    let dir = incident();
    let script = "tracer events audit late.jsonl --report report.json -o events.jsonl && wc -l <events.jsonl";
    let ended = run(script, dir.path()).ends(0);
    let report: Value = serde_json::from_str(&fs::read_to_string(dir.path().join("report.json")).unwrap()).unwrap();
    assert_eq!(report["contents"]["records"], 773);
    assert_eq!(report["contents"]["events"].to_string(), ended.stdout.trim());
    assert_eq!(report["sources"].as_array().unwrap().len(), 5);
    let summary = "read: 773 records from 5 sources, 2026-11-23T15:25:37Z to 2026-11-23T15:27:29Z\n";
    assert!(ended.stderr.starts_with(summary), "{}", ended.stderr);
}

/// What is read of writes is counted as in the logs; what is not told again is not.
#[test]
fn the_account_of_a_stream_knows_of_writes_and_of_no_silence() {
    let stream = events(&[&fixture("incident/audit")], b"");
    let [whole, again] =
        [&["export", "-q"][..], &["export", "-q", "-"]].map(|_| scratch()).map(|dir| dir.path().join("report"));
    let report = |path: &PathBuf, args: &[&str], stdin: &[u8]| -> Value {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        tracer(&[&["export", "-q", "--report", path.to_str().unwrap()], args].concat(), stdin).ends(0);
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    };
    let (whole, again) =
        (report(&whole, &[&fixture("incident/audit")], b""), report(&again, &["-"], stream.as_bytes()));
    let writes = |account: &Value| -> Vec<[Value; 5]> {
        let of = |resource: &Value| {
            ["resource", "subresource", "writes", "with_result", "deletions"].map(|name| resource[name].clone())
        };
        account["audit"]["resources"].as_array().unwrap().iter().map(of).collect()
    };
    assert_eq!(writes(&whole), writes(&again));
    assert!(gaps(&again, "server-silent") == 0 && gaps(&again, "clocks-differ") == 0);
    assert!(again["audit"]["events"].as_u64() < whole["audit"]["events"].as_u64());
}

fn gunzipped(path: &Path) -> String {
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text
}

/// The files of the lab below a directory, and their texts.
fn lab(below: &str) -> Vec<(PathBuf, String)> {
    let mut directories = vec![PathBuf::from(fixture(below))];
    let mut files = Vec::new();
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { directories.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let text = gunzipped(&path);
            (path, text)
        })
        .collect()
}

fn shuffled(text: &str) -> String {
    let mut lines: Vec<&str> = text.lines().collect();
    // Backwards, and then every seventh first: nothing is where it was.
    lines.reverse();
    let count = lines.len();
    (0..7).flat_map(|start| (start..count).step_by(7)).map(|i| lines[i].to_owned() + "\n").collect()
}

#[test]
fn streams_of_parts_of_the_lab_give_the_trace_of_the_whole() {
    let (audits, watches) = (lab("lab/audit"), lab("lab/watch"));
    assert_eq!((audits.len(), watches.len()), (4, 14));
    let of_files = |files: &[(PathBuf, String)]| -> String {
        files.iter().map(|(path, _)| events(&[path.to_str().unwrap()], b"")).collect()
    };
    // Through pipes, without names: cut where no event knows of it.
    let of_pieces: String = audits
        .iter()
        .flat_map(|(_, text)| {
            let lines: Vec<&str> = text.split_inclusive('\n').collect();
            lines.chunks(211).map(|piece| events(&[], piece.concat().as_bytes())).collect::<Vec<_>>()
        })
        .collect();
    let (of_audits, of_watches) = (of_files(&audits), of_files(&watches));
    for config in CONFIGS {
        for (window, inputs, streams) in [
            (WINDOWS[0], &["lab/audit"][..], &[shuffled(&of_audits), shuffled(&of_pieces)][..]),
            (WINDOWS[3], &["lab/audit"], &[shuffled(&of_audits)]),
            (WINDOWS[0], &["lab/watch"], &[of_watches.clone(), shuffled(&of_watches)]),
            (WINDOWS[2], &["lab/audit", "lab/watch"], &[shuffled(&(of_audits.clone() + &of_watches))]),
        ] {
            let inputs: Vec<String> = inputs.iter().map(|input| fixture(input)).collect();
            let expected = export(config, window, &inputs.iter().map(String::as_str).collect::<Vec<_>>(), b"");
            for stream in streams {
                assert!(
                    export(config, window, &[], stream.as_bytes()) == expected,
                    "{config}, {inputs:?}, {}",
                    window.0
                );
            }
        }
    }
}

#[test]
fn the_example_with_xargs_reproduces_the_trace_of_one_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let script = "
        inputs='fixtures/lab/audit fixtures/lab/watch'
        options='-q -c fixtures/lab/tracer-roots.yaml --from 1795447547 --to 1795447650 --exclude-ns kube-system'
        tracer export $options $inputs | md5sum
        JOBS=3 examples/events_xargs.sh $inputs -- $options | md5sum";
    let ended = run(script, root).ends(0);
    let sums: Vec<&str> = ended.stdout.lines().collect();
    assert!(sums.len() == 2 && sums[0] == sums[1], "{ended:?}");
    let empty = run("true | md5sum", root).ends(0);
    assert_ne!(sums[0], empty.stdout.trim());
    assert!(run("examples/events_xargs.sh", root).ends(2).stderr.contains("usage"));
}
