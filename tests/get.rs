//! `tracer get`: what it shows is what kubectl showed of the same cluster at that time, from whatever recording; what no record
//! shows is named; and a user's mistakes are told with what to do.
//!
//! `fixtures/get/*.txt` are command lines and all that they print, run where `fixtures/incident` is;
//! `UPDATE_GOLDENS=1 cargo test --test get` writes them anew.

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

mod shell;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use serde_json::{Value, json};
use support::audit::{audit, audit_log};
use support::{Log, at_version, deployment, fixture, labelled, object, pod, scratch, tracer, tracking, with, write};

/// Nothing changes in the lab from 15:26:29.6 to 15:26:40.9; this is when kubectl was asked.
const MIDDLE: &str = "2026-11-23T15:26:36Z";
/// What kubectl was asked for, of all namespaces.
const KINDS: &str = "deploy,rs,sts,ds,job,cj,po,cm";

fn gunzipped(path: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let file = File::open(fixture(path)).unwrap();
    flate2::read::MultiGzDecoder::new(file).read_to_end(&mut bytes).unwrap();
    bytes
}

/// What is shown of a recording of the lab in its quiet moment. Nothing is to be noted of it.
fn of_the_lab(input: &str, args: &[&str]) -> String {
    let input = fixture(&format!("lab/{input}"));
    let args = [&["get"], args, &["--at", MIDDLE, "--strict", &input]].concat();
    String::from_utf8(tracer(&args, b"").ends(0).stdout).unwrap()
}

#[test]
fn every_object_is_as_kubectl_showed_it_to_the_byte() {
    let expected = gunzipped("lab/baseline.json.gz");
    for input in ["watch", "audit"] {
        assert!(of_the_lab(input, &[KINDS, "-A", "-o", "json"]).as_bytes() == expected, "{input}");
    }
}

#[test]
fn tables_and_yaml_are_kubectls() {
    for (file, args) in [
        ("middle-table.txt", &[KINDS, "-A"][..]),
        ("middle-wide.txt", &[KINDS, "-o", "wide", "--show-labels"]),
        ("middle-pods-batch.txt", &["pods", "-n", "batch"]),
        ("middle-web.yaml", &["deployment/web", "-n", "shop", "-o", "yaml"]),
    ] {
        let expected = fs::read_to_string(fixture(&format!("lab/kubectl/{file}"))).unwrap();
        for input in ["watch", "audit"] {
            assert_eq!(of_the_lab(input, args), expected, "{input} {file}");
        }
    }
}

/// A state by kind, namespace and name, and the objects that the account names as uncertain then.
fn state(input: &Path, at: &str) -> (BTreeMap<String, Value>, BTreeSet<String>) {
    let report = tempfile::NamedTempFile::new().unwrap();
    let path = report.path().to_str().unwrap();
    let kinds = "all,cm,ns,no,pvc,sa";
    let args = ["get", kinds, input.to_str().unwrap(), "--at", at, "-o", "json", "--report", path];
    let shown = tracer(&args, b"").ends(0).json();
    let name = |object: &Value| {
        let text = |place: &str| object.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned();
        let group = text("/apiVersion").rsplit_once('/').map(|(group, _)| format!(".{group}")).unwrap_or_default();
        let namespace = text("/metadata/namespace");
        let namespace = if namespace.is_empty() { namespace } else { format!("{namespace}/") };
        format!("{}{group} {namespace}{}", text("/kind"), text("/metadata/name"))
    };
    let objects = shown["items"].as_array().unwrap().iter().map(|object| (name(object), object.clone())).collect();
    let account: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let gaps = account["gaps"].as_array().unwrap().iter().filter(|gap| gap["in_window"] != 0);
    let examples = gaps.flat_map(|gap| gap["examples"].as_array().unwrap());
    (objects, examples.filter_map(Value::as_str).map(str::to_owned).collect())
}

/// The object without its version, which the log of a request does not have, and without what says nothing: a patch that
/// sets a field to null takes it out, and a server shows some as null all the same.
fn but_for_its_version(mut object: Value) -> Value {
    object["metadata"].as_object_mut().unwrap().remove("resourceVersion");
    without_nulls(object)
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key, without_nulls(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// The lab's audit logs, without the answers: all of them, or those to nodes that write the status of pods.
fn of_requests(all: bool) -> tempfile::TempDir {
    let dir = scratch();
    let files = [
        "audit-a/audit-2026-11-23T15-26-05.525.log",
        "audit-a/audit-2026-11-23T15-26-51.525.log",
        "audit-a/audit.log",
        "audit-b/audit.log",
    ];
    for (number, file) in files.iter().enumerate() {
        let text = String::from_utf8(gunzipped(&format!("lab/audit/{file}.gz"))).unwrap();
        let lean = |line: &str| {
            let mut event: Value = serde_json::from_str(line).unwrap();
            let by_node = event["user"]["username"].as_str().unwrap().starts_with("system:node:");
            if all || (by_node && event["objectRef"]["subresource"] == "status") {
                event.as_object_mut().unwrap().remove("responseObject");
                event["level"] = json!("Request");
            }
            format!("{event}\n")
        };
        write(dir.path(), &number.to_string(), text.lines().map(lean).collect::<String>());
    }
    dir
}

#[test]
fn of_a_leaner_log_every_object_that_is_another_is_named() {
    let watch = fixture("lab/watch");
    for (all, same) in [(true, 15), (false, 90)] {
        let lean = of_requests(all);
        for at in ["2026-11-23T15:26:04.5Z", "2026-11-23T15:27:03.5Z"] {
            let (expected, _) = state(Path::new(&watch), at);
            let (shown, named) = state(lean.path(), at);
            assert_eq!(expected.keys().collect::<Vec<_>>(), shown.keys().collect::<Vec<_>>(), "{at}");
            let mut exact = 0;
            for (name, object) in expected {
                let is_same = but_for_its_version(object.clone()) == but_for_its_version(shown[&name].clone());
                assert!(is_same || named.contains(&name), "{at} {name}\n{object}\n{}", shown[&name]);
                exact += usize::from(!named.contains(&name));
            }
            assert!(exact > same, "{at}: {exact} of {}", shown.len());
        }
    }
}

/// Runs the command lines of a file in `fixtures/incident`, and compares all that they print.
fn golden(name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("fixtures/get/{name}.txt"));
    let expected = fs::read_to_string(&path).unwrap();
    let dir = shell::incident();
    let mut shown = String::new();
    for command in expected.lines().filter_map(|line| line.strip_prefix("$ ")) {
        let ended = shell::run(command, dir.path());
        let code = if ended.code == 0 { String::new() } else { format!("[exit code {}]\n", ended.code) };
        shown += &format!("$ {command}\n{}{}{code}\n", ended.stderr, ended.stdout);
    }
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::write(&path, &shown).unwrap();
    }
    assert_eq!(shown, fs::read_to_string(&path).unwrap(), "{name}");
}

#[test]
fn states_are_shown_in_every_form() {
    golden("state");
}

#[test]
fn histories_tell_who_changed_what() {
    golden("history");
}

#[test]
fn mistakes_are_told_with_what_to_do() {
    golden("mistakes");
}

/// What is shown of a log from stdin.
fn shown(log: &Log, args: &[&str]) -> String {
    let run = tracer(&[&["get"], args, &["-q"]].concat(), log.text().as_bytes()).ends(0);
    String::from_utf8(run.stdout).unwrap()
}

#[test]
fn an_instant_is_what_had_happened_by_then() {
    let web = |replicas| labelled(&deployment("shop/web", 10, replicas), "web");
    let log = Log::new()
        .event(10, "ADDED", &web(1))
        .event(20, "MODIFIED", &web(2))
        .event(30, "DELETED", &web(2))
        .event(40, "ADDED", &deployment("shop/web", 40, 5))
        .event(50, "ADDED", &deployment("shop/db", 50, 1));
    let replicas = |at: &str| {
        let list: Value = serde_json::from_str(&shown(&log, &["deploy", "--at", at, "-o", "json"])).unwrap();
        let items = list["items"].as_array().unwrap().clone();
        items.iter().map(|item| item["spec"]["replicas"].to_string()).collect::<Vec<_>>().join(" ")
    };
    for (at, expected) in [
        ("10", "1"),
        ("19.999999", "1"),
        ("20", "2"),
        ("29", "2"),
        ("30", ""),
        ("39", ""),
        ("40", "5"),
        ("50", "1 5"),
        ("-10s", "5"),
        ("+10s", "2"),
    ] {
        assert_eq!(replicas(at), expected, "{at}");
    }
    let at_the_end = "NAME   READY   UP-TO-DATE   AVAILABLE   AGE\ndb     0/1     0            0           0s\n\
                      web    0/5     0            0           10s\n";
    assert_eq!(shown(&log, &["deploy", "-n", "shop"]), at_the_end);
    assert_eq!(shown(&log, &["deploy", "-n", "shop", "--at", "50"]), at_the_end);
    assert_eq!(shown(&log, &["deploy", "-l", "app=web", "-o", "name", "--at", "20"]), "deployment.apps/web\n");
    assert_eq!(shown(&log, &["deploy", "-l", "app=web", "-o", "name"]), "");
}

#[test]
fn a_name_alone_is_an_object_and_several_are_a_list() {
    let log = Log::new().event(1, "ADDED", &pod("a/x", 1)).event(2, "ADDED", &pod("b/x", 2));
    let kind = |args: &[&str]| {
        let shown: Value = serde_json::from_str(&shown(&log, &[args, &["-o", "json"]].concat())).unwrap();
        (shown["kind"].as_str().unwrap().to_owned(), shown["items"].as_array().map(Vec::len))
    };
    assert_eq!(kind(&["po/x", "-n", "a"]), ("Pod".to_owned(), None));
    assert_eq!(kind(&["po/x"]), ("List".to_owned(), Some(2)));
    assert_eq!(kind(&["po/x*", "-n", "a"]), ("List".to_owned(), Some(1)));
    assert_eq!(kind(&["po", "-n", "a"]), ("List".to_owned(), Some(1)));
    assert_eq!(kind(&["po", "-n", "none"]), ("List".to_owned(), Some(0)));
}

#[test]
fn nothing_in_a_log_commands_the_terminal() {
    let odd = "x\u{1b}[2J\u{9b}2J\u{202e}\r";
    let mut evil = labelled(&pod("a/x", 1), odd);
    evil["metadata"]["name"] = json!(odd);
    evil["status"] = json!({"phase": odd, "podIP": odd});
    evil["spec"]["nodeName"] = json!(odd);
    let log = Log::new().event(1, "ADDED", &evil).event(2, "MODIFIED", &with(evil.clone(), "/spec", json!({"a": odd})));
    for args in [
        &["po"][..],
        &["po", "-o", "wide", "--show-labels"],
        &["po", "-o", "name"],
        &["po", "-o", "json"],
        &["po", "-o", "yaml"],
        &["po", "--history"],
        &["po", "--history", "-o", "json"],
    ] {
        let shown = shown(&log, args);
        let is_safe = |c: char| c == '\n' || !c.is_control();
        assert!(shown.contains('x') && shown.chars().all(is_safe), "{args:?} {shown:?}");
    }
}

#[test]
fn kinds_that_nobody_knows_have_a_name_and_an_age() {
    let gang = with(object("lab.example.dev/v1", "Gang", "a/x", 1), "/spec", json!({"size": 3}));
    let mut node = object("v1", "Node", "/n", 1);
    node["metadata"].as_object_mut().unwrap().remove("namespace");
    let log = Log::new().event(1, "ADDED", &gang).event(61, "ADDED", &node);
    assert_eq!(shown(&log, &["gangs"]), "NAMESPACE   NAME   AGE\na           x      60s\n");
    let both = "NAME     STATUS    ROLES    AGE   VERSION\nnode/n   Unknown   <none>   60s   \n\n\
                NAMESPACE   NAME                     AGE\na           gang.lab.example.dev/x   60s\n";
    assert_eq!(shown(&log, &["no,gang.lab.example.dev"]), both);
}

#[test]
fn a_list_without_a_time_is_the_state_since_its_last_write() {
    let items = [pod("a/x", 100), pod("a/y", 200)];
    let list = json!({"apiVersion": "v1", "kind": "PodList", "items": items}).to_string();
    let run = |args: &[&str]| tracer(&[&["get", "po", "-q"], args].concat(), list.as_bytes());
    let names = |args: &[&str]| String::from_utf8(run(&[args, &["-o", "name"]].concat()).ends(0).stdout).unwrap();
    assert_eq!(names(&[]), "pod/x\npod/y\n");
    assert_eq!(names(&["--at", "100000"]), "pod/x\npod/y\n");
    let early = run(&["--at", "50"]).ends(1).stderr;
    assert!(early.contains("is before the log begins"), "{early}");
}

#[test]
fn what_is_uncertain_is_named_and_fails_strict() {
    let creation = audit(10, "create", "apps/v1 deployments a/x");
    let body = deployment("a/x", 10, 2);
    for (log, reason, warning) in [
        (creation.clone().request(&body), "content-approximate", "objects with content put together from requests: 1"),
        (creation, "content-unknown", "objects whose content no record shows"),
    ] {
        let (log, report) = (audit_log(&[log]), tempfile::NamedTempFile::new().unwrap());
        let path = report.path().to_str().unwrap();
        let run = tracer(&["get", "deploy", "--report", path], log.as_bytes()).ends(0);
        assert!(run.stderr.contains(warning), "{}", run.stderr);
        let account: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let gap = account["gaps"].as_array().unwrap().iter().find(|gap| gap["reason"] == reason).unwrap();
        assert_eq!((&gap["in_window"], &gap["examples"]), (&json!(1), &json!(["Deployment.apps a/x"])));
        assert_eq!(account["contents"]["objects"], 1);
        let strict = tracer(&["get", "deploy", "--strict"], log.as_bytes()).ends(3);
        assert_eq!(strict.stdout, b"");
    }
}

#[test]
fn of_an_object_that_only_its_name_is_known_of_nothing_else_is_said() {
    let log = audit_log(&[audit(10, "create", "apps/v1 deployments a/x")]);
    let run = tracer(&["get", "deploy", "-q"], log.as_bytes()).ends(0);
    let expected = "NAMESPACE   NAME   READY       UP-TO-DATE   AVAILABLE   AGE\n\
                    a           x      <unknown>   <unknown>    <unknown>   0s\n";
    assert_eq!(String::from_utf8(run.stdout).unwrap(), expected);
}

#[test]
fn a_config_names_the_kinds_of_resources_that_no_body_tells() {
    let log = audit_log(&[audit(10, "patch", "lab.example.dev/v1 gangs a/x")]);
    let without = tracer(&["get", "gang", "-q"], log.as_bytes()).ends(1);
    assert!(without.stderr.contains("no record of the input tells of an object"), "{}", without.stderr);
    let config = tracking(&["lab.example.dev/v1.Gang: {podSpecTemplatePaths: [/none]}"]);
    let args = ["get", "gang", "-q", "-o", "name", "--config", config.path().to_str().unwrap()];
    assert_eq!(tracer(&args, log.as_bytes()).ends(0).stdout, b"gang.lab.example.dev/x\n");
}

#[test]
fn a_patch_without_its_answer_leaves_what_the_server_alone_writes() {
    let body = with(deployment("a/x", 10, 2), "/metadata/generation", json!(1));
    let body = at_version(&body, "7");
    let log = [
        audit(10, "create", "apps/v1 deployments a/x").response(&body),
        audit(20, "patch", "apps/v1 deployments a/x").request(&json!({"spec": {"replicas": 3}})),
    ];
    let log = audit_log(&log);
    let object = tracer(&["get", "deploy/x", "-o", "json"], log.as_bytes()).ends(0).json();
    let mut expected = with(body, "/spec/replicas", json!(3));
    // Which version it is now no record tells.
    expected["metadata"].as_object_mut().unwrap().remove("resourceVersion");
    assert_eq!(object, expected);
}

#[test]
fn the_order_of_the_input_and_threads_change_nothing() {
    let dir = shell::incident();
    let script = "set -eo pipefail
         run() { tracer get all -q -o json --at '2026-11-23 15:26:50' \"$@\"; tracer get po,deploy -q --history \"$@\"; }
         run audit -j1 > a && run audit watch -j4 > b && run watch audit -j2 | cmp - b
         run audit/b audit/a -j3 | cmp - a
         gzip -dc audit/*/*.gz | shuf > shuffled && run shuffled | cmp - a";
    shell::run(script, dir.path()).ends(0);
}

#[test]
fn a_terminal_gets_lines_that_fit() {
    let dir = shell::incident();
    let script = "stty rows 24 cols 40; tracer get po -o wide watch -q --at '2026-11-23 15:26:36'";
    let shown = shell::run_in_terminal(script, dir.path()).ends(0).stdout;
    let heading = "\u{1b}[1m";
    assert!(shown.contains(heading) && shown.lines().count() > 4, "{shown}");
    for line in shown.lines() {
        let line = line.replace(heading, "").replace("\u{1b}[0m", "");
        assert!(line.chars().count() <= 40, "{line}");
    }
}
