//! `tracer config`: what it writes for the recordings, that every pod is accounted for with it, and what it says where
//! something cannot be told.
//!
//! `UPDATE_GOLDENS=1 cargo test --test config_made` writes the goldens anew.

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

mod support;

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use support::*;
use tracer::config::{LoadedConfig, TracerConfig};
use tracer::model::Gvk;

/// A config for files or stdin, as it is written and as it is read.
#[track_caller]
fn made(args: &[&str], stdin: &str) -> (String, TracerConfig) {
    let run = tracer(&[&["config", "-q"], args].concat(), stdin.as_bytes()).ends(0);
    let text = String::from_utf8(run.stdout).unwrap();
    let LoadedConfig { config, warnings } = TracerConfig::read(text.as_bytes(), Path::new("made")).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    (text, config)
}

/// What a config tracks, in short: `apps/v1.Deployment /spec/template lifecycles`.
fn short(config: &TracerConfig) -> Vec<String> {
    let entry = |(gvk, tracked): (&Gvk, &tracer::config::TrackedObject)| {
        let lifecycles = if tracked.track_lifecycle { " lifecycles" } else { "" };
        let skip = if tracked.skip_owned { " skip-owned" } else { "" };
        format!("{gvk} {}{lifecycles}{skip}", tracked.pod_spec_template_paths.join(","))
    };
    config.iter().map(entry).collect()
}

#[track_caller]
fn golden(name: &str, text: &str) {
    let path = fixture(&format!("config/{name}.yaml"));
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert_eq!(text, std::fs::read_to_string(path).unwrap_or_default(), "{name}");
}

#[test]
fn the_recordings_have_their_configs() {
    for (name, input) in [("incident", "incident/watch"), ("lab", "lab/watch"), ("lab-audit", "lab/audit")] {
        golden(name, &made(&[&fixture(input)], "").0);
    }
}

#[test]
fn the_gangs_of_the_lab_are_tracked_as_somebody_tracked_them_by_hand() {
    let by_hand = TracerConfig::load(Path::new(&fixture("lab/tracer-gangs.yaml"))).unwrap().config;
    let gang: Gvk = "lab.example.dev/v1alpha1.Gang".parse().unwrap();
    for input in ["lab/watch", "lab/audit"] {
        let (_, config) = made(&[&fixture(input)], "");
        assert_eq!(config.get(&gang), by_hand.get(&gang), "{input}");
    }
}

/// The pods of the lab's watch that ever started, as `ns/name`, but for those of DaemonSets and of nodes.
fn started_pods() -> BTreeSet<String> {
    let file = std::fs::File::open(fixture("lab/watch/pods.jsonl.gz")).unwrap();
    let text = std::io::read_to_string(flate2::read::MultiGzDecoder::new(file)).unwrap();
    let mut pods = BTreeSet::new();
    for line in text.lines() {
        let pod: Value = serde_json::from_str::<Value>(line).unwrap()["object"].take();
        let owner = pod["metadata"]["ownerReferences"][0]["kind"].as_str().unwrap_or_default();
        if pod["status"].to_string().contains("startedAt") && !["DaemonSet", "Node"].contains(&owner) {
            pods.insert(format!("{}/{}", pod["metadata"]["namespace"], pod["metadata"]["uid"]));
        }
    }
    pods
}

#[test]
fn with_the_config_every_pod_of_the_lab_is_accounted_for() {
    let started = started_pods().len();
    assert!(started > 60, "{started}");
    for input in ["lab/watch", "lab/audit"] {
        let dir = scratch();
        let config = dir.path().join("made.yaml");
        let config = config.to_str().unwrap();
        tracer(&["config", "-q", &fixture(input), "-o", config], b"").ends(0);
        let lifecycles = |config: &[&str]| {
            let trace =
                tracer(&[&["export", "-q", "-f", "json", &fixture(input)], config].concat(), b"").ends(0).json();
            let owners = trace["pod_lifecycles"].as_object().unwrap().values();
            let lives = owners.flat_map(|hashes| hashes.as_object().unwrap().values());
            lives.map(|lives| lives.as_array().unwrap().len()).sum::<usize>()
        };
        assert_eq!(lifecycles(&["-c", config]), started, "{input}");
        // Without it the pods of the custom resource are missing.
        assert_eq!(lifecycles(&[]), started - 3, "{input}");
    }
}

/// A custom resource with pods.
fn custom(kind: &str, name: &str, spec: Value) -> Value {
    with(object("x.dev/v1", kind, &format!("shop/{name}"), 1), "/spec", spec)
}

fn spec(image: &str) -> Value {
    json!({"containers": [{"name": "main", "image": image}]})
}

fn pod_of(owner: &Value, name: &str, spec: Value) -> Value {
    owned(&with(object("v1", "Pod", &format!("shop/{name}"), 2), "/spec", spec), owner)
}

fn log(objects: &[&Value]) -> String {
    objects.iter().fold(Log::new(), |log, object| log.event(10, "ADDED", object)).text()
}

#[test]
fn templates_are_found_wherever_they_are() {
    for (content, paths) in [
        (json!({"podTemplate": {"spec": spec("a:1")}}), "/spec/podTemplate"),
        (spec("a:1"), ""),
        (json!({"replicas": {"Worker": {"template": {"spec": spec("a:1")}}}}), "/spec/replicas/Worker/template"),
        (
            json!({"head": {"template": {"spec": spec("b:1")}}, "groups": [{"template": {"spec": spec("a:1")}}]}),
            "/spec/groups/*/template,/spec/head/template",
        ),
    ] {
        let root = custom("Thing", "one", content);
        let (a, b) = (pod_of(&root, "one-a", spec("a:1")), pod_of(&root, "one-b", spec("b:1")));
        let (text, config) = made(&[], &log(&[&root, &a, &b]));
        assert_eq!(short(&config), [format!("x.dev/v1.Thing {paths} lifecycles")], "{text}");
        assert_eq!(text.contains("fit nothing that it holds: 1 pod"), !paths.contains(','), "{text}");
    }
}

/// What admission and the scheduler add is no reason not to know a pod again.
#[test]
fn what_a_cluster_adds_to_pods_does_not_hide_their_template() {
    let root = custom("Thing", "one", json!({"template": {"spec": spec("a:1")}}));
    let mut grown = spec("a:1");
    grown["nodeName"] = json!("node-1");
    grown["tolerations"] = json!([{"operator": "Exists"}]);
    grown["volumes"] = json!([{"name": "kube-api-access-x"}]);
    grown["containers"][0]["imagePullPolicy"] = json!("Always");
    let (text, _) = made(&[], &log(&[&root, &pod_of(&root, "one-a", grown.clone())]));
    assert!(text.contains("# `/spec/template`: 1 pod\n  x.dev"), "{text}");
    grown["containers"].as_array_mut().unwrap().push(json!({"name": "proxy", "image": "mesh:1"}));
    let (text, _) = made(&[], &log(&[&root, &pod_of(&root, "one-a", grown.clone())]));
    assert!(text.contains("`/spec/template`: 1 pod\n  # have more containers than what they fit"), "{text}");
    let mut told = spec("a:1");
    told["containers"][0]["args"] = json!(["--index=0"]);
    let (text, _) = made(&[], &log(&[&root, &pod_of(&root, "one-a", told)]));
    assert!(text.contains("# fit but for the commands of their containers: 1 pod"), "{text}");
}

#[test]
fn the_versions_of_an_object_fit_the_pods_of_their_time() {
    let version = |image: &str| custom("Thing", "one", json!({"template": {"spec": spec(image)}}));
    let (old, new) = (version("a:1"), version("a:2"));
    let log = Log::new()
        .event(10, "ADDED", &old)
        .event(11, "ADDED", &pod_of(&old, "one-a", spec("a:1")))
        .event(12, "MODIFIED", &new)
        .event(13, "ADDED", &pod_of(&new, "one-b", spec("a:2")));
    let (text, config) = made(&[], &log.text());
    assert_eq!(short(&config), ["x.dev/v1.Thing /spec/template lifecycles"]);
    assert!(text.contains("`/spec/template`: 2 pods"), "{text}");
}

#[test]
fn what_is_ambiguous_or_lacking_is_said() {
    let twice = json!({"a": {"spec": spec("a:1")}, "b": {"spec": spec("a:1")}, "idle": {"spec": spec("c:1")}});
    let (one, other) = (custom("Thing", "one", twice), custom("Thing", "two", json!({"a": {"spec": spec("a:1")}})));
    let pods = [pod_of(&one, "one-a", spec("a:1")), pod_of(&other, "two-a", spec("a:1"))];
    let (text, config) = made(&[], &log(&[&one, &other, &pods[0], &pods[1]]));
    assert_eq!(short(&config), ["x.dev/v1.Thing /spec/a,/spec/b lifecycles"]);
    for part in [
        "# 2 objects, 2 pods\n",
        "# `/spec/a`: 2 pods\n",
        "# `/spec/b`: 1 pod; it leads nowhere in 1 of 2 objects\n",
        "# fit at several of the paths alike: 1 pod\n",
        "is there a template? `/spec/idle`\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn pods_without_anything_to_track_above_them_are_tracked_by_themselves() {
    let unaddressable = custom("Bare", "one", json!({"podSpec": spec("a:1")}));
    let without = custom("Opaque", "two", json!({"image": "a:1"}));
    let unseen = custom("Unseen", "three", json!({}));
    let pods = [&unaddressable, &without, &unseen].map(|owner| {
        let name = owner["metadata"]["name"].as_str().unwrap();
        running(&pod_of(owner, &format!("{name}-a"), spec("a:1")), 5)
    });
    let log = log(&[&unaddressable, &without, &pods[0], &pods[1], &pods[2]]);
    let (text, config) = made(&[], &log);
    assert_eq!(short(&config), ["v1.Pod  lifecycles"]);
    for part in [
        "# Tracked by themselves: 1 pod below a Bare.x.dev in which no pod template was found.\n",
        "# Bare.x.dev, compared with what is below it, 1 pod:\n#   fit at `/spec/podSpec`, which no path can name",
        "# Tracked by themselves: 1 pod below a Opaque.x.dev in which no pod template was found.\n",
        "# Tracked by themselves: 1 pod below a Unseen.x.dev that no log shows.\n",
        "# some are owned by what is not tracked, so skipOwned is left out\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    let trace = export(&log, &["-c", file.path().to_str().unwrap()]);
    assert_eq!(
        trace.lines().filter(|line| line.starts_with("v1.Pod") || line.starts_with("Pod")).count(),
        3,
        "{trace}"
    );
}

/// An operator's own object, above a kind that SimKube knows: that one holds the template.
#[test]
fn the_highest_that_can_be_tracked_accounts_for_the_pods() {
    let database = custom("Database", "db", json!({"size": 3}));
    let set = owned(&stateful_set("shop/db", 1, 3), &database);
    let pod = owned(&pod("shop/db-0", 2), &set);
    let (text, config) = made(&[], &log(&[&database, &set, &pod]));
    assert_eq!(short(&config), ["apps/v1.StatefulSet /spec/template lifecycles"], "{text}");
    assert!(text.contains("# 1 object, 1 pod\n"), "{text}");
    let job = owned(&job("shop/run", 1), &custom("Workflow", "w", json!({})));
    let (_, config) = made(&[], &log(&[&job, &owned(&support::pod("shop/run-a", 2), &job)]));
    assert_eq!(short(&config), ["batch/v1.Job /spec/template lifecycles"]);
}

#[test]
fn daemon_sets_and_the_pods_of_nodes_are_left_out_and_named() {
    let set = with(object("apps/v1", "DaemonSet", "shop/agent", 1), "/spec", json!({"template": {"spec": spec("a")}}));
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "uid": "n"}});
    let pods = [pod_of(&set, "agent-a", spec("a")), pod_of(&node, "etcd-n", spec("e"))];
    let (text, config) = made(&[], &log(&[&set, &node, &pods[0], &pods[1]]));
    assert!(config.is_empty());
    assert!(text.contains("# Not tracked: 1 pod of 1 DaemonSet."), "{text}");
    assert!(text.contains("# Not tracked: 1 pod of nodes themselves"), "{text}");
    assert!(text.ends_with("trackedObjects: {}\n"), "{text}");
}

#[test]
fn a_config_that_is_given_is_kept_and_filled_up() {
    let root = custom("Thing", "one", json!({"template": {"spec": spec("a:1")}}));
    let log = log(&[&root, &pod_of(&root, "one-a", spec("a:1")), &deployment("shop/web", 1, 0)]);
    let given =
        tracking(&["x.dev/v1.Thing: {podSpecTemplatePaths: [/mine]}", "v1.ConfigMap: {podSpecTemplatePaths: [/none]}"]);
    let (text, config) = made(&["-c", given.path().to_str().unwrap()], &log);
    let expected = ["v1.ConfigMap /none", "apps/v1.Deployment /spec/template lifecycles", "x.dev/v1.Thing /mine"];
    assert_eq!(short(&config), expected);
    assert!(text.contains("  # given\n  # 1 object, 1 pod\n  # without trackLifecycle its pods never end"), "{text}");
}

#[test]
fn what_a_given_config_loses_is_said() {
    let pod = running(&owned(&pod("shop/db-0", 2), &custom("Unseen", "db", json!({}))), 5);
    let given = tracking(&["v1.Pod: {skipOwned: true}"]);
    let (text, config) = made(&["-c", given.path().to_str().unwrap()], &log(&[&pod]));
    assert_eq!(short(&config), ["v1.Pod  skip-owned"]);
    for part in ["owned by what is not tracked, and skipOwned leaves them out", "its pods never end in a replay"] {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn filters_say_of_what_the_config_is_made() {
    let all = made(&[&fixture("incident/watch")], "").1;
    let kinds = |args: &[&str]| {
        let (_, config) = made(&[&[&*fixture("incident/watch")], args].concat(), "");
        config.iter().map(|(gvk, _)| gvk.kind.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(all.iter().count(), 3);
    assert_eq!(kinds(&["-n", "shop"]), "Deployment");
    assert_eq!(kinds(&["--exclude-ns", "shop"]), "CronJob Job");
    assert_eq!(kinds(&["-k", "job"]), "Job");
    assert_eq!(kinds(&["--exclude-kind", "cronjob"]), "Deployment Job");
    assert_eq!(kinds(&["--name", "web"]), "Deployment");
    assert_eq!(kinds(&["-l", "app=web"]), "Deployment");
}

#[test]
fn without_inference_the_owner_is_unseen() {
    let kinds = |args: &[&str]| short(&made(&[&[&*fixture("incident/watch/pods.jsonl")], args].concat(), "").1);
    assert_eq!(kinds(&[]), ["v1.Pod  lifecycles"]);
    let both = [fixture("incident/watch/pods.jsonl"), fixture("incident/watch/deployments.jsonl")];
    let run = |args: &[&str]| made(&[&[&*both[0], &*both[1], "-n", "shop"], args].concat(), "");
    assert_eq!(short(&run(&[]).1), ["apps/v1.Deployment /spec/template lifecycles"]);
    let (text, config) = run(&["--no-infer"]);
    assert_eq!(short(&config), ["v1.Pod  lifecycles", "apps/v1.Deployment /spec/template lifecycles"]);
    assert!(text.contains("# Tracked by themselves: 15 pods below a ReplicaSet.apps that no log shows."), "{text}");
}

#[test]
fn a_log_cannot_break_the_config() {
    let hostile = "T: \"x\"\n- #\u{85}\u{1b}";
    let mut root = custom("Thing", "one", json!({hostile: {"spec": spec("a:1")}, "*": {"spec": spec("b:1")}}));
    root["kind"] = json!(hostile);
    let pods = [pod_of(&root, "one-a", spec("a:1")), pod_of(&root, "one-b", spec("b:1"))];
    let (text, config) = made(&[], &log(&[&root, &pods[0], &pods[1]]));
    assert_eq!(short(&config), [format!("x.dev/v1.{hostile} /spec/{hostile} lifecycles")]);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
    // A kind that no config can name.
    root["kind"] = json!("a.b/c");
    let pods = [pod_of(&root, "one-a", spec("a:1"))];
    assert_eq!(short(&made(&[], &log(&[&root, &pods[0]])).1), ["v1.Pod  lifecycles"]);
}

#[test]
fn an_empty_log_gives_an_empty_config_and_a_warning() {
    let run = tracer(&["config"], b"").ends(0);
    assert!(run.stdout.ends_with(b"trackedObjects: {}\n"));
    assert!(run.stderr.contains("warning: nothing is tracked"), "{}", run.stderr);
}

#[test]
fn strict_writes_nothing_where_something_is_missing() {
    let dir = scratch();
    let (config, report) = (dir.path().join("c.yaml"), dir.path().join("r.json"));
    let pods = fixture("incident/watch/pods.jsonl");
    let args = ["config", "--strict", &pods, "-o", config.to_str().unwrap(), "--report", report.to_str().unwrap()];
    let run = tracer(&args, b"").ends(3);
    assert!(run.stderr.contains("owners known by reference only"), "{}", run.stderr);
    assert!(!config.exists());
    let account: Value = serde_json::from_reader(std::fs::File::open(report).unwrap()).unwrap();
    assert_eq!(gaps(&account, "owner-unseen"), 8);
    tracer(&["config", "--strict", &fixture("incident/watch")], b"").ends(0);
}

#[test]
fn the_order_of_files_and_threads_does_not_matter() {
    let files =
        ["pods", "gangs", "deployments", "replicasets", "jobs"].map(|f| fixture(&format!("lab/watch/{f}.jsonl.gz")));
    let backwards: Vec<&str> = files.iter().rev().map(String::as_str).collect();
    let forwards: Vec<&str> = files.iter().map(String::as_str).collect();
    assert_eq!(made(&[&forwards[..], &["-j1"]].concat(), "").0, made(&[&backwards[..], &["-j3"]].concat(), "").0);
}

#[test]
fn mistakes_are_named() {
    let run = tracer(&["config", "/nowhere"], b"").ends(1);
    assert!(run.stderr.contains("/nowhere"), "{}", run.stderr);
    let run = tracer(&["config", "-o", "x", "--report", "x"], b"").ends(2);
    assert!(run.stderr.contains("--output and --report name the same file"), "{}", run.stderr);
}
