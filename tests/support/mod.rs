//! What the end-to-end tests share: the real binary, logs written line by line, traces shown so that an eye can check them.

#![allow(dead_code, reason = "each test binary uses its own part of this")]
#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

pub mod audit;
pub mod cases;
pub mod compare;
pub mod lab;
#[cfg(target_os = "linux")]
pub mod memory;
pub mod random;
pub mod wounds;

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

/// What a run of the binary gave.
pub struct Run {
    pub code: i32,
    pub stdout: Vec<u8>,
    pub stderr: String,
    command: String,
}

/// Runs `tracer` with these arguments and this stdin.
pub fn tracer<S: AsRef<std::ffi::OsStr>>(args: &[S], stdin: &[u8]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tracer"));
    command.args(args).current_dir(env!("CARGO_MANIFEST_DIR")).env_remove("NO_COLOR");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut pipe = child.stdin.take().unwrap();
    let stdin = stdin.to_vec();
    // A run that ends before it has read everything closes the pipe, which is no failure of the test.
    let feeder = std::thread::spawn(move || drop(pipe.write_all(&stdin)));
    let output = child.wait_with_output().unwrap();
    feeder.join().unwrap();
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        command: format!("{command:?}"),
    }
}

impl Run {
    /// Fails the test with all there is to know, unless the run ended so.
    #[track_caller]
    pub fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}\n{}", self.command, self.stderr);
        self
    }

    /// The result as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}\n{}\n{}", self.command, self.stderr))
    }
}

/// A path below `fixtures/`.
pub fn fixture(path: &str) -> String {
    Path::new("fixtures").join(path).display().to_string()
}

/// Exports a log from stdin and shows the trace, see [`show`].
#[track_caller]
pub fn export(log: &str, args: &[&str]) -> String {
    let run = tracer(&[&["export", "-f", "json"], args].concat(), log.as_bytes()).ends(0);
    show(&run.json())
}

/// Exports a log from stdin and gives the account of `--report`.
#[track_caller]
pub fn account(log: &str, args: &[&str]) -> Value {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    tracer(&[&["export", "-f", "json", "--report", path], args].concat(), log.as_bytes()).ends(0);
    serde_json::from_reader(std::fs::File::open(path).unwrap()).unwrap()
}

/// Both [`export`] and [`account`], of one run.
#[track_caller]
pub fn export_with_account(log: &str, args: &[&str]) -> (String, Value) {
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    let trace = export(log, &[&["--report", path], args].concat());
    (trace, serde_json::from_reader(std::fs::File::open(path).unwrap()).unwrap())
}

/// How often an account counts a reason.
pub fn gaps(account: &Value, reason: &str) -> u64 {
    let gaps = account["gaps"].as_array().unwrap();
    gaps.iter().find(|gap| gap["reason"] == reason).map_or(0, |gap| gap["count"].as_u64().unwrap())
}

/// A trace (as `-f json` writes it) in a few lines: `100 +Deployment shop/web 2`, where the last word is what distinguishes
/// its content: replicas, or an image, or the first datum; `-` is a deletion; `100 |` an event without objects; then
/// lifecycles as `Deployment shop/web 100..120 105..`.
pub fn show(trace: &Value) -> String {
    let mut out = String::new();
    for event in trace["events"].as_array().unwrap() {
        let ts = &event["ts"];
        let applied = event["applied_objs"].as_array().unwrap();
        let deleted = event["deleted_objs"].as_array().unwrap();
        writeln!(out, "{ts} |").unwrap();
        for object in applied {
            writeln!(out, "{ts} +{}{}", name(object), content(object)).unwrap();
        }
        for object in deleted {
            writeln!(out, "{ts} -{}", name(object)).unwrap();
        }
    }
    for (owner, hashes) in trace["pod_lifecycles"].as_object().unwrap() {
        let (gvk, name) = owner.split_once('|').unwrap();
        for lives in hashes.as_object().unwrap().values() {
            let lives: Vec<String> = lives.as_array().unwrap().iter().map(life).collect();
            writeln!(out, "{} {name} {}", gvk.rsplit('.').next().unwrap(), lives.join(" ")).unwrap();
        }
    }
    out
}

fn name(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let metadata = &object["metadata"];
    format!("{} {}/{}", text(&object["kind"]), text(&metadata["namespace"]), text(&metadata["name"]))
}

fn content(object: &Value) -> String {
    let spec = &object["spec"];
    let shown = [
        &spec["replicas"],
        &spec["containers"][0]["image"],
        &spec["parallelism"],
        &spec["schedule"],
        object["data"].as_object().and_then(|data| data.values().next()).unwrap_or(&Value::Null),
    ];
    shown
        .into_iter()
        .find(|value| !value.is_null())
        .map_or(String::new(), |value| format!(" {}", value.to_string().trim_matches('"')))
}

fn life(life: &Value) -> String {
    match (&life["Running"], &life["Finished"]) {
        (Value::Null, finished) => format!("{}..{}", finished[0], finished[1]),
        (running, _) => format!("{running}.."),
    }
}

/// RFC 3339 of a second of 1970: the tests count from there.
pub fn at(second: i64) -> String {
    tracer::model::Timestamp::from_seconds(second).to_string()
}

/// A log of watch events, one a line, written by the methods below. Times are seconds of 1970.
#[derive(Default, Clone)]
pub struct Log {
    lines: Vec<String>,
    version: u64,
}

impl Log {
    pub fn new() -> Self {
        Log { lines: Vec::new(), version: 100 }
    }

    /// An event with a recorder's time; the object gets the next resourceVersion.
    #[must_use]
    pub fn event(mut self, second: i64, change: &str, object: &Value) -> Self {
        let object = self.versioned(object);
        self.lines.push(json!({"ts": at(second), "type": change, "object": object}).to_string());
        self
    }

    /// An event without a time.
    #[must_use]
    pub fn untimed(mut self, change: &str, object: &Value) -> Self {
        let object = self.versioned(object);
        self.lines.push(json!({"type": change, "object": object}).to_string());
        self
    }

    /// A line as it is.
    #[must_use]
    pub fn line(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }

    pub fn lines(&self) -> &[String] {
        &self.lines
    }

    pub fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }

    fn versioned(&mut self, object: &Value) -> Value {
        self.version += 1;
        let mut object = object.clone();
        let metadata = object["metadata"].as_object_mut().unwrap();
        metadata.entry("resourceVersion").or_insert_with(|| json!(self.version.to_string()));
        object
    }
}

/// An object of a kind; created in a second of 1970, its uid is `kind-name-second` in small letters.
pub fn object(api_version: &str, kind: &str, ns_name: &str, created: i64) -> Value {
    let (namespace, name) = ns_name.split_once('/').unwrap();
    let uid = format!("{kind}-{name}-{created}").to_lowercase();
    let metadata = json!({"name": name, "namespace": namespace, "uid": uid, "creationTimestamp": at(created)});
    json!({"apiVersion": api_version, "kind": kind, "metadata": metadata})
}

/// A Deployment with so many replicas.
pub fn deployment(ns_name: &str, created: i64, replicas: u64) -> Value {
    with(object("apps/v1", "Deployment", ns_name, created), "/spec", json!({"replicas": replicas}))
}

/// A pod of one container, without a status.
pub fn pod(ns_name: &str, created: i64) -> Value {
    let spec = json!({"containers": [{"name": "main", "image": "app:1"}], "restartPolicy": "Always"});
    with(object("v1", "Pod", ns_name, created), "/spec", spec)
}

/// The same pod, its container running since a second.
pub fn running(pod: &Value, since: i64) -> Value {
    let state = json!({"running": {"startedAt": at(since)}});
    with(pod.clone(), "/status", json!({"phase": "Running", "containerStatuses": [{"name": "main", "state": state}]}))
}

/// The same pod, its container terminated, in a phase.
pub fn terminated(pod: &Value, since: i64, until: i64, phase: &str) -> Value {
    let state = json!({"terminated": {"startedAt": at(since), "finishedAt": at(until), "exitCode": 0}});
    with(pod.clone(), "/status", json!({"phase": phase, "containerStatuses": [{"name": "main", "state": state}]}))
}

/// The object with an owner.
pub fn owned(object: &Value, owner: &Value) -> Value {
    let reference = json!([{
        "apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"], "controller": true,
    }]);
    with(object.clone(), "/metadata/ownerReferences", reference)
}

/// The object with a value at a place whose parents exist, as `/metadata/labels`.
pub fn with(mut object: Value, place: &str, value: Value) -> Value {
    let (parent, key) = place.rsplit_once('/').unwrap();
    let parent = if parent.is_empty() { &mut object } else { object.pointer_mut(parent).unwrap() };
    parent.as_object_mut().unwrap().insert(key.to_owned(), value);
    object
}

/// A directory that goes away with the test.
pub fn scratch() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// Writes a file into a directory and gives its path.
pub fn write(dir: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A StatefulSet with so many replicas.
pub fn stateful_set(ns_name: &str, created: i64, replicas: u64) -> Value {
    with(object("apps/v1", "StatefulSet", ns_name, created), "/spec", json!({"replicas": replicas}))
}

/// A ReplicaSet with so many replicas.
pub fn replica_set(ns_name: &str, created: i64, replicas: u64) -> Value {
    with(object("apps/v1", "ReplicaSet", ns_name, created), "/spec", json!({"replicas": replicas}))
}

/// A Job of parallelism 1.
pub fn job(ns_name: &str, created: i64) -> Value {
    with(object("batch/v1", "Job", ns_name, created), "/spec", json!({"parallelism": 1}))
}

/// The same Job with a condition that is true since a second.
pub fn job_over(job: &Value, condition: &str, since: i64) -> Value {
    let condition = json!({"type": condition, "status": "True", "lastTransitionTime": at(since)});
    with(job.clone(), "/status", json!({"conditions": [condition]}))
}

/// A CronJob with a schedule.
pub fn cron_job(ns_name: &str, created: i64) -> Value {
    with(object("batch/v1", "CronJob", ns_name, created), "/spec", json!({"schedule": "@hourly"}))
}

/// A ConfigMap with one datum.
pub fn config_map(ns_name: &str, created: i64, datum: &str) -> Value {
    with(object("v1", "ConfigMap", ns_name, created), "/data", json!({"key": datum}))
}

/// The object with a label `app`.
pub fn labelled(object: &Value, app: &str) -> Value {
    with(object.clone(), "/metadata/labels", json!({"app": app}))
}

/// The object at a resourceVersion.
pub fn at_version(object: &Value, version: &str) -> Value {
    with(object.clone(), "/metadata/resourceVersion", json!(version))
}

/// A config file that tracks kinds, one a line: `apps/v1.Deployment`, or `v1.ConfigMap: {podSpecTemplatePaths: [/none]}`.
pub fn tracking(kinds: &[&str]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "trackedObjects:").unwrap();
    for kind in kinds {
        let settings = if kind.contains(':') { "" } else { ": {}" };
        writeln!(file, "  {kind}{settings}").unwrap();
    }
    file
}

/// Exports a log from stdin with a config, see [`tracking`] and [`show`].
#[track_caller]
pub fn export_tracking(kinds: &[&str], log: &str, args: &[&str]) -> String {
    let config = tracking(kinds);
    export(log, &[&["--config", config.path().to_str().unwrap()], args].concat())
}

/// Exports files of a new directory, with nothing on stdin. Arguments that name one of the files become its path.
pub fn run_files(files: &[(&str, &[u8])], args: &[&str]) -> Run {
    let dir = scratch();
    for (name, bytes) in files {
        std::fs::create_dir_all(dir.path().join(name).parent().unwrap()).unwrap();
        write(dir.path(), name, bytes);
    }
    let path = |arg: &&str| if dir.path().join(arg).exists() { dir.path().join(arg) } else { PathBuf::from(arg) };
    let args: Vec<PathBuf> = ["export", "-f", "json"].iter().chain(args).map(path).collect();
    tracer(&args, b"")
}

/// As [`run_files`], and shows the trace.
#[track_caller]
pub fn export_files(files: &[(&str, &[u8])], args: &[&str]) -> String {
    show(&run_files(files, args).ends(0).json())
}
