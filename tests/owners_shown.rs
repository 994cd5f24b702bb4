//! `tracer owners`: what it shows of the recordings, and of graphs that no cluster would have.
//!
//! `UPDATE_GOLDENS=1 cargo test --test owners_shown` writes the goldens anew.

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

mod shell;
mod support;

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};
use support::*;

/// What `owners` prints.
#[track_caller]
fn shown(args: &[&str], stdin: &str) -> String {
    let run = tracer(&[&["owners", "-q"], args].concat(), stdin.as_bytes()).ends(0);
    String::from_utf8(run.stdout).unwrap()
}

#[track_caller]
fn golden(file: &str, text: &str) {
    let path = fixture(&format!("owners/{file}"));
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(path).unwrap_or_default(), "{file}");
}

#[test]
fn the_incident_in_every_form() {
    let watch = fixture("incident/watch");
    golden("incident.txt", &shown(&[&watch], ""));
    golden("incident-at.txt", &shown(&[&watch, "--at", "2026-11-23T15:26:05Z", "--fold", "2"], ""));
    let job = ["job/tick-*", &watch, "-o"];
    golden("tick.dot", &shown(&[&job[..], &["dot"]].concat(), ""));
    golden("tick.mmd", &shown(&[&job[..], &["mermaid"]].concat(), ""));
    golden("tick.json", &shown(&[&job[..], &["json"]].concat(), ""));
}

#[test]
fn the_lab() {
    golden("lab.txt", &shown(&[&fixture("lab/watch"), "--fold", "3"], ""));
    golden("lab-at.txt", &shown(&[&fixture("lab/watch"), "--at", "2026-11-23T15:26:36Z"], ""));
}

/// Audit logs and watches tell the same, but for what audit logs show besides.
#[test]
fn audit_logs_show_what_the_watch_shows() {
    let args = ["--at", "2026-11-23T15:26:36Z", "--fold", "0"];
    let [watch, audit] = ["lab/watch", "lab/audit"].map(|input| {
        let text = shown(&[&[&*fixture(input)], &args[..]].concat(), "");
        let names = text.lines().map(|line| line.split("  since").next().unwrap());
        let names = names.map(|name| name.trim_start_matches(['│', '├', '└', '─', ' ']).to_owned());
        names.filter(|name| !name.contains("Node ")).collect::<Vec<_>>()
    });
    assert!(watch.len() > 50);
    let missing: Vec<&String> = watch.iter().filter(|line| !audit.contains(line)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn log(objects: &[&Value]) -> String {
    objects.iter().fold(Log::new(), |log, object| log.event(10, "ADDED", object)).text()
}

fn thing(name: &str) -> Value {
    object("x.dev/v1", "Thing", &format!("shop/{name}"), 1)
}

/// The object with several owners, the first of which controls it.
fn owned_by(object: &Value, owners: &[&Value]) -> Value {
    let reference = |(i, owner): (usize, &&Value)| {
        json!({"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"],
               "uid": owner["metadata"]["uid"], "controller": i == 0})
    };
    let references: Vec<Value> = owners.iter().enumerate().map(reference).collect();
    with(object.clone(), "/metadata/ownerReferences", references.into())
}

#[test]
fn many_objects_of_a_kind_are_told_by_their_number() {
    let set = replica_set("shop/web", 1, 40);
    let pods: Vec<Value> = (0..40).map(|i| owned(&pod(&format!("shop/web-{i:02}"), 2), &set)).collect();
    let below = owned(&thing("below"), &pods[39]);
    let log = log(&[&[&set, &below], &pods.iter().collect::<Vec<_>>()[..]].concat());
    let text = shown(&["--fold", "2"], &log);
    let expected = "\
ReplicaSet.apps shop/web  since 1970-01-01T00:00:01Z
├─ Pod web-00  since 1970-01-01T00:00:02Z
├─ Pod web-01  since 1970-01-01T00:00:02Z
└─ … and 38 more, with 1 below them
";
    assert_eq!(text, expected);
    assert_eq!(shown(&[], &log).lines().count(), 12);
    assert_eq!(shown(&["--fold", "0"], &log).lines().count(), 42);
    // One more line is no more than its number.
    assert_eq!(shown(&["--fold", "39"], &log).lines().count(), 42);
    // What was asked for is not folded away.
    let text = shown(&["pod/web-39", "--fold", "2"], &log);
    assert!(text.contains("├─ Pod web-39"), "{text}");
    assert!(text.contains("Thing.x.dev below") && text.ends_with("└─ … and 37 more\n"), "{text}");
    let dot = shown(&["-o", "dot", "--fold", "2"], &log);
    assert!(dot.contains("label=\"… and 38 more\\nwith 1 below them\", shape=plaintext"), "{dot}");
    let json: Value = serde_json::from_str(&shown(&["-o", "json", "--fold", "2"], &log)).unwrap();
    assert_eq!(json["nodes"].as_array().unwrap().len(), 42);
}

#[test]
fn roots_that_own_nothing_are_folded_too() {
    let pods: Vec<Value> = (0..20).map(|i| pod(&format!("shop/bare-{i:02}"), 2)).collect();
    let text = shown(&["--fold", "3"], &log(&pods.iter().collect::<Vec<_>>()));
    assert!(text.ends_with("Pod shop/bare-02  since 1970-01-01T00:00:02Z\n… and 17 more\n"), "{text}");
}

#[test]
fn an_object_with_several_owners_stands_below_its_controller_and_is_named_below_the_others() {
    let (a, b, c) = (thing("a"), thing("b"), thing("c"));
    let shared = owned_by(&pod("shop/shared", 2), &[&b, &a, &c]);
    let below = owned(&pod("shop/below", 3), &shared);
    let expected = "\
Thing.x.dev shop/a  since 1970-01-01T00:00:01Z
└─ Pod shared  see Thing.x.dev b
Thing.x.dev shop/b  since 1970-01-01T00:00:01Z
└─ Pod shared  since 1970-01-01T00:00:02Z, also owned by Thing.x.dev a, Thing.x.dev c
   └─ Pod below  since 1970-01-01T00:00:03Z
Thing.x.dev shop/c  since 1970-01-01T00:00:01Z
└─ Pod shared  see Thing.x.dev b
";
    assert_eq!(shown(&[], &log(&[&a, &b, &c, &shared, &below])), expected);
}

#[test]
fn circles_are_shown_and_end() {
    let (a, b, c) = (thing("a"), thing("b"), thing("c"));
    let circle = [owned(&a, &c), owned(&b, &a), owned(&c, &b)];
    let below = owned(&pod("shop/below", 3), &b);
    let alone = log(&[&circle[0], &circle[1], &circle[2], &below]);
    let expected = "\
Thing.x.dev shop/a  since 1970-01-01T00:00:01Z, in a circle of owners
└─ Thing.x.dev b  since 1970-01-01T00:00:01Z
   ├─ Pod below  since 1970-01-01T00:00:03Z
   └─ Thing.x.dev c  since 1970-01-01T00:00:01Z
      └─ Thing.x.dev a  a circle: see above
";
    assert_eq!(shown(&[], &alone), expected);
    assert_eq!(shown(&["pod/below"], &alone), expected);
    // Below something else the circle begins there.
    let top = deployment("shop/top", 1, 1);
    let entry = owned_by(&b, &[&a, &top]);
    let expected = "\
Deployment.apps shop/top  since 1970-01-01T00:00:01Z
└─ Thing.x.dev b  since 1970-01-01T00:00:01Z, also owned by Thing.x.dev a
   └─ Thing.x.dev c  since 1970-01-01T00:00:01Z
      └─ Thing.x.dev a  since 1970-01-01T00:00:01Z
         └─ Thing.x.dev b  a circle: see above
";
    let entered = log(&[&top, &circle[0], &entry, &circle[2]]);
    assert_eq!(shown(&[], &entered), expected);
    assert!(shown(&["-o", "dot"], &entered).contains("n3 -> n1 [color=red, label=circle];"));
    assert!(shown(&["-o", "mermaid"], &entered).contains("n3 == circle ==> n1"));
    let json: Value = serde_json::from_str(&shown(&["-o", "json"], &entered)).unwrap();
    let circles = json["edges"].as_array().unwrap().iter().filter(|edge| edge["circle"] == true);
    assert_eq!(
        circles.map(|edge| (edge["owner"].clone(), edge["owned"].clone())).collect::<Vec<_>>(),
        [(json!(3), json!(1))]
    );
}

#[test]
fn an_object_may_own_itself() {
    let own = owned(&thing("own"), &thing("own"));
    assert_eq!(shown(&[], &log(&[&own])), "Thing.x.dev shop/own  since 1970-01-01T00:00:01Z, owns itself\n");
    let dot = shown(&["-o", "dot"], &log(&[&own]));
    assert!(dot.contains("n0 -> n0 [color=red, label=circle];"), "{dot}");
    let json: Value = serde_json::from_str(&shown(&["-o", "json"], &log(&[&own]))).unwrap();
    assert_eq!(
        json["edges"],
        json!([{"owner": 0, "owned": 0, "inferred": false, "circle": true, "since": null, "until": null}])
    );
}

#[test]
fn owners_that_no_log_shows_and_inferred_ones_are_marked() {
    let selector = json!({"replicas": 1, "selector": {"matchLabels": {"app": "web"}}});
    let web = with(deployment("shop/web", 1, 1), "/spec", selector);
    let labels = json!({"app": "web", "pod-template-hash": "7d8c"});
    let inferred =
        owned(&with(pod("shop/web-7d8c-x", 2), "/metadata/labels", labels), &replica_set("shop/web-7d8c", 1, 1));
    let unseen = owned(&pod("shop/db-0", 2), &stateful_set("shop/db", 1, 1));
    let log = log(&[&web, &inferred, &unseen]);
    let expected = "\
Deployment.apps shop/web  since 1970-01-01T00:00:01Z
└─ ReplicaSet.apps web-7d8c  known by reference only, owner inferred
   └─ Pod web-7d8c-x  since 1970-01-01T00:00:02Z
StatefulSet.apps shop/db  known by reference only
└─ Pod db-0  since 1970-01-01T00:00:02Z
";
    assert_eq!(shown(&[], &log), expected);
    assert!(shown(&["sts/db"], &log).starts_with("StatefulSet.apps shop/db"));
    let apart = shown(&["--no-infer"], &log);
    assert!(apart.contains("\nReplicaSet.apps shop/web-7d8c  known by reference only\n"), "{apart}");
    let dot = shown(&["-o", "dot"], &log);
    assert!(dot.contains("known by reference only\", style=dashed];"), "{dot}");
    assert!(dot.contains("n0 -> n1 [style=dashed, label=inferred];"), "{dot}");
    let mermaid = shown(&["-o", "mermaid"], &log);
    assert!(mermaid.contains("n0 -. inferred .-> n1") && mermaid.contains(":::reference"), "{mermaid}");
    let json: Value = serde_json::from_str(&shown(&["-o", "json"], &log)).unwrap();
    assert_eq!((&json["nodes"][1]["known"], &json["nodes"][1]["since"]), (&json!("reference"), &Value::Null));
    assert_eq!(json["edges"][0]["inferred"], true);
}

#[test]
fn former_owners_are_told_with_the_time() {
    let (old, new) = (thing("old"), thing("new"));
    let pod = pod("shop/p", 2);
    let log = Log::new()
        .event(10, "ADDED", &old)
        .event(10, "ADDED", &new)
        .event(10, "ADDED", &owned(&pod, &old))
        .event(20, "MODIFIED", &pod)
        .event(30, "MODIFIED", &owned(&pod, &new))
        .event(40, "DELETED", &new)
        .event(50, "MODIFIED", &owned(&pod, &new))
        .text();
    let expected = "\
Thing.x.dev shop/new  1970-01-01T00:00:01Z to 1970-01-01T00:00:40Z
└─ Pod p  since 1970-01-01T00:00:02Z, owned since 1970-01-01T00:00:30Z, also owned by Thing.x.dev old
Thing.x.dev shop/old  since 1970-01-01T00:00:01Z
└─ Pod p  see Thing.x.dev new
";
    assert_eq!(shown(&[], &log), expected);
    let at = |second: i64| shown(&["--at", &second.to_string()], &log);
    assert!(at(15).contains("Thing.x.dev shop/old  since") && !at(15).contains("new"), "{}", at(15));
    assert_eq!(at(25), "Pod shop/p  since 1970-01-01T00:00:02Z\n");
    // An owner that is gone is shown as long as something refers to it.
    assert!(at(45).starts_with("Thing.x.dev shop/new  gone since 1970-01-01T00:00:40Z\n└─ Pod p"), "{}", at(45));
    let dot = shown(&["--at", "45", "-o", "dot"], &log);
    assert!(dot.contains("gone since 1970-01-01T00:00:40Z\", color=gray, fontcolor=gray];"), "{dot}");
}

#[test]
fn filters_keep_what_is_above_and_take_out_what_is_below() {
    let watch = fixture("incident/watch");
    let names = |args: &[&str]| {
        let text = shown(&[args, &[&*watch]].concat(), "");
        let name =
            |line: &str| line.trim_start_matches(['│', '├', '└', '─', ' ']).split("  ").next().unwrap().to_owned();
        text.lines().map(name).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(names(&["-k", "cronjob"]), "CronJob.batch batch/tick");
    let tick = "CronJob.batch batch/tick, Job.batch tick-29924127, Pod tick-29924127-9w5wm";
    assert_eq!(names(&["--name", "pod/tick-*"]), tick);
    assert_eq!(names(&["-n", "batch", "--exclude-kind", "job"]), "CronJob.batch batch/tick");
    let web = names(&["-l", "app=web", "-k", "rs"]);
    assert_eq!(web.matches("ReplicaSet").count(), 3, "{web}");
    assert!(!names(&["--exclude-selector", "app=web"]).contains("web"));
    assert!(!names(&["--exclude-ns", "shop"]).contains("shop/"));
    assert_eq!(names(&["job/tick-29924127"]), tick);
    assert_eq!(names(&["job/tick-*", "-k", "job"]), "CronJob.batch batch/tick, Job.batch tick-29924127");
}

#[test]
fn what_stands_alone_is_counted_unless_it_is_tracked_or_asked_for() {
    let log = log(&[&config_map("shop/a", 1, "x"), &config_map("shop/b", 1, "x"), &deployment("shop/web", 1, 0)]);
    let run = tracer(&["owners"], log.as_bytes()).ends(0);
    assert_eq!(run.stdout, b"Deployment.apps shop/web  since 1970-01-01T00:00:01Z\n");
    assert!(run.stderr.contains("(-k shows them): 2 ConfigMap\n"), "{}", run.stderr);
    assert_eq!(shown(&["-k", "cm"], &log).lines().count(), 2);
    assert_eq!(shown(&["cm/a"], &log), "ConfigMap shop/a  since 1970-01-01T00:00:01Z\n");
    let config = tracking(&["v1.ConfigMap: {podSpecTemplatePaths: [/none]}"]);
    let tracked = shown(&["-c", config.path().to_str().unwrap()], &log);
    assert!(tracked.contains("ConfigMap shop/b") && !tracked.contains("web"), "{tracked}");
    let json: Value = serde_json::from_str(&shown(&["-o", "json"], &log)).unwrap();
    assert_eq!(json["alone"], json!({"ConfigMap": 2}));
}

/// Each has a name on disk that is no object's.
#[test]
fn the_first_argument_is_an_input_where_there_is_one() {
    let dir = scratch();
    std::fs::create_dir(dir.path().join("deploy")).unwrap();
    let file = write(&dir.path().join("deploy"), "web", log(&[&stateful_set("shop/db", 1, 1)]));
    let both = log(&[&stateful_set("shop/db", 1, 1), &deployment("shop/web", 1, 1)]);
    assert!(shown(&[file.to_str().unwrap()], "").starts_with("StatefulSet.apps shop/db"));
    assert!(shown(&["deploy/web", "-"], &both).starts_with("Deployment.apps shop/web"));
    assert!(shown(&["deploy/web"], &both).starts_with("Deployment.apps shop/web"));
    let here = |args: &[&str]| {
        let run = std::process::Command::new(env!("CARGO_BIN_EXE_tracer")).args(args).current_dir(dir.path()).output();
        String::from_utf8(run.unwrap().stdout).unwrap()
    };
    assert!(here(&["owners", "deploy/web"]).starts_with("StatefulSet.apps shop/db"));
    assert!(here(&["owners", "sts.apps/db", "deploy/web"]).starts_with("StatefulSet.apps shop/db"));
}

#[test]
fn mistakes_are_named_with_what_may_have_been_meant() {
    let watch = fixture("incident/watch");
    for (args, code, parts) in [
        (&["deploy/wbe", &watch][..], 1, &["no object of the log is `deploy/wbe`; there are shop/web, "][..]),
        (&["deploy/zebra", &watch], 1, &["no object of the log is `deploy/zebra`; there are shop/"]),
        (&["pod/web-8485664f98", &watch], 1, &["the nearest are shop/web-8485664f98-"]),
        (&["deploymnet/web", &watch], 1, &["no object of the kind deploymnet", "there are Deployment.apps, "]),
        (
            &["gizmo/web", &watch],
            1,
            &["the log has no object of the kind gizmo, and no file is named `gizmo/web`; there are Job.batch, Pod, "],
        ),
        (&["watch/nothing.jsonl", &watch], 1, &["no file is named `watch/nothing.jsonl`"]),
        (
            &["deploy/decoy", &watch, "--at", "2026-11-23T15:27:00Z"],
            1,
            &["not there at that time", "gone since 2026-11-23T15:26:10Z"],
        ),
        (
            &["deploy/web", &watch, "-n", "batch"],
            1,
            &["Deployment.apps shop/web is in the log, but the filters leave it out"],
        ),
        (
            &[&watch, "--at", "2026-11-24"],
            1,
            &["--at 2026-11-24T00:00:00Z is after the log ends: it runs from 2026-11-23T15:25:46"],
        ),
        (&[&watch, "--at", "2026-11-22"], 1, &["--at 2026-11-22T00:00:00Z is before the log begins: it runs from"]),
        (&[&watch, "--at", "-5m"], 1, &["is before the log begins"]),
        (&[&watch, "--at", "now"], 2, &["--at <T>", "not a time"]),
        (&[&watch, "-o", "svg"], 2, &["--output <FORMAT>", "tree, dot, mermaid, json"]),
        (&["./nothing", &watch], 1, &["./nothing"]),
        (&["/nothing/here"], 1, &["/nothing/here"]),
        (&["-", "-"], 2, &["`-` is given twice"]),
    ] {
        let run = tracer(&[&["owners"], args].concat(), b"").ends(code);
        assert!(run.stdout.is_empty(), "{args:?}");
        assert!(parts.iter().all(|part| run.stderr.contains(part)), "{args:?}: {}", run.stderr);
    }
    let run = tracer(&["owners", "--at", "10"], b"").ends(1);
    assert!(run.stderr.contains("no record with a time"), "{}", run.stderr);
    let run = tracer(&["owners"], b"").ends(0);
    assert!(run.stderr.contains("warning: no object is shown"), "{}", run.stderr);
}

#[test]
fn strict_fails_where_an_owner_is_unseen_and_the_report_tells() {
    let report = tempfile::NamedTempFile::new().unwrap();
    let log = log(&[&owned(&pod("shop/db-0", 2), &stateful_set("shop/db", 1, 1))]);
    let run = tracer(&["owners", "--strict", "--report", report.path().to_str().unwrap()], log.as_bytes()).ends(3);
    assert!(run.stdout.is_empty() && run.stderr.contains("owners known by reference only: 1"), "{}", run.stderr);
    let account: Value = serde_json::from_reader(std::fs::File::open(report.path()).unwrap()).unwrap();
    assert_eq!(gaps(&account, "owner-unseen"), 1);
    assert_eq!(account["contents"]["objects_seen"], 1);
    tracer(&["owners", "--strict", &fixture("incident/watch")], b"").ends(0);
}

#[test]
fn nothing_in_a_name_commands_a_terminal_or_a_drawing() {
    let hostile = "a\"];<b>#`\\\u{1b}[2J\u{202e}\n|";
    let owner = with(thing("x"), "/metadata/name", json!(hostile));
    let log = log(&[&owner, &owned(&pod("shop/p", 2), &owner)]);
    let tree = shown(&[], &log);
    assert!(tree.starts_with("Thing.x.dev shop/a\"];<b>#`\\\\u{1b}[2J\\u{202e}\\n|  since"), "{tree}");
    for format in ["tree", "dot", "mermaid"] {
        let text = shown(&["-o", format], &log);
        assert!(text.chars().all(|c| c == '\n' || !(c.is_control() || c == '\u{202e}')), "{text:?}");
    }
    let dot = shown(&["-o", "dot"], &log);
    assert!(dot.contains(r#"n0 [label="Thing.x.dev\nshop/a\"];<b>#`\\\\u{1b}[2J\\u{202e}\\n|\nsince 1970"#), "{dot}");
    let mermaid = shown(&["-o", "mermaid"], &log);
    assert!(mermaid.contains("<br>shop/a#34;]#59;#60;b#62;#35;#96;#92;#92;u{1b}"), "{mermaid}");
    let json: Value = serde_json::from_str(&shown(&["-o", "json"], &log)).unwrap();
    assert_eq!(json["nodes"][0]["name"], hostile);
}

#[test]
fn colour_is_for_those_who_ask() {
    let log = log(&[&deployment("shop/web", 1, 1)]);
    let expected = "\x1b[1mDeployment.apps shop/web\x1b[0m\x1b[2m  since 1970-01-01T00:00:01Z\x1b[0m\n";
    assert_eq!(shown(&["--color", "always"], &log), expected);
    assert!(!shown(&[], &log).contains('\x1b'));
}

#[test]
fn a_terminal_gets_what_fits() {
    let script = "stty cols 40 rows 24; tracer owners -q watch -n batch";
    let shown = shell::run_in_terminal(script, shell::incident().path()).ends(0).stdout;
    assert!(shown.starts_with("\x1b[1mCronJob.batch batch/tick\x1b[0m\x1b[2m  2026-11-23T15…\x1b[0m\n"), "{shown:?}");
    let plain = shell::run_in_terminal(&format!("NO_COLOR=1; export NO_COLOR; {script}"), shell::incident().path());
    assert!(plain.stdout.lines().all(|line| line.chars().count() <= 40 && !line.contains('\x1b')), "{plain:?}");
}

/// A chain of a hundred thousand, which no stack would bear.
#[test]
fn chains_may_be_long() {
    const LONG: usize = 100_000;
    let mut log = String::new();
    for i in 0..LONG {
        let above = i.saturating_sub(1);
        let owner =
            format!(r#""ownerReferences":[{{"apiVersion":"v1","kind":"Link","name":"l{above}","uid":"u{above}"}}],"#);
        let owner = if i == 0 { "" } else { &owner };
        log += &format!(
            r#"{{"ts":10,"type":"ADDED","object":{{"apiVersion":"v1","kind":"Link","metadata":{{{owner}"name":"l{i}","namespace":"a","uid":"u{i}"}}}}}}"#
        );
        log.push('\n');
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), log).unwrap();
    let path = file.path().to_str().unwrap();
    let text = shown(&[path], "");
    assert_eq!(text.lines().count(), LONG);
    assert!(text.lines().last().unwrap().contains("└─ (99999) Link l99999"));
    assert!(text.lines().all(|line| line.len() < 300));
    let narrowed = shown(&["link/l50000", path, "-o", "dot"], "");
    assert_eq!(narrowed.lines().filter(|line| line.contains(" -> ")).count(), LONG - 1);
}

/// Owners by number; each object's references.
fn graphs() -> impl Strategy<Value = Vec<Vec<usize>>> {
    prop::collection::vec(prop::collection::vec(0_usize..14, 0..3), 1..12)
}

proptest! {
    #![proptest_config(cases::laws(24))]

    /// Whatever owns what, each object stands in full once, and each tie is drawn once.
    #[test]
    fn nothing_is_lost_and_nothing_is_twice(graph in graphs()) {
        let name = |i: usize| format!("t{i:02}");
        let objects: Vec<Value> = (0..14).map(|i| thing(&name(i))).collect();
        let events: Vec<Value> = graph.iter().enumerate().map(|(i, owners)| {
            owned_by(&objects[i], &owners.iter().map(|owner| &objects[*owner]).collect::<Vec<_>>())
        }).collect();
        let log = log(&events.iter().collect::<Vec<_>>());
        let json: Value = serde_json::from_str(&shown(&["-o", "json", "-k", "Thing"], &log)).unwrap();
        let nodes: Vec<String> =
            json["nodes"].as_array().unwrap().iter().map(|node| node["name"].as_str().unwrap().to_owned()).collect();
        let different: BTreeSet<&String> = nodes.iter().collect();
        let named = graph.iter().flatten().copied().chain(0..graph.len()).map(name).collect::<BTreeSet<_>>();
        prop_assert_eq!(different.len(), nodes.len());
        prop_assert_eq!(different.into_iter().cloned().collect::<BTreeSet<_>>(), named);
        let number = |value: &Value| nodes[usize::try_from(value.as_u64().unwrap()).unwrap()].clone();
        let mut edges: Vec<(String, String)> =
            json["edges"].as_array().unwrap().iter().map(|edge| (number(&edge["owner"]), number(&edge["owned"]))).collect();
        edges.sort();
        let expected = graph.iter().enumerate().flat_map(|(i, owners)| owners.iter().map(move |o| (name(*o), name(i))));
        prop_assert_eq!(edges, expected.collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>());
    }
}
