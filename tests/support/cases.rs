//! Random logs, exported in this process.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::Value;
use tracer::cmd::{self, ExitStatus};
use tracer::trace::{Trace, read_all};
use tracer::{cli, trace};

use super::random::{Recording, START};
use super::{scratch, write};

pub const SANITIZE: [&str; 2] = ["simkube", "replay"];
/// Config maps and DaemonSets are tracked here, and Jobs whoever owns them.
const CONFIG: &str = "trackedObjects:
  apps/v1.Deployment: {trackLifecycle: true}
  apps/v1.DaemonSet: {}
  batch/v1.Job: {trackLifecycle: true, skipOwned: true}
  batch/v1.CronJob: {trackLifecycle: true}
  v1.ConfigMap: {podSpecTemplatePaths: [/none]}
  v1.Pod: {trackLifecycle: true}
";

/// A law is tried on so many logs, the same in every run: a change is judged by what it changes, and not by chance.
/// `PROPTEST_CASES` sets another number, and tries new ones.
pub fn laws(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let rng_seed = if asked.is_some() { RngSeed::Random } else { RngSeed::Fixed(2026) };
    let cases = asked.unwrap_or(cases);
    ProptestConfig { cases, rng_seed, failure_persistence: None, max_shrink_iters: 3_000, ..ProptestConfig::default() }
}

/// Runs `tracer export` in this process: what it writes, or why it fails.
pub fn export(dir: &Path, args: &[&str]) -> Result<Vec<u8>, String> {
    command("export", dir, args)
}

/// Runs `tracer events` likewise.
pub fn events(dir: &Path, args: &[&str]) -> Result<Vec<u8>, String> {
    command("events", dir, args)
}

fn command(command: &str, dir: &Path, args: &[&str]) -> Result<Vec<u8>, String> {
    let out = dir.join(".out");
    let out_arg = out.to_str().unwrap();
    let invocation = cli::parse([&["tracer", command, "-q", "-o", out_arg], args].concat()).unwrap();
    let messages = invocation.messages();
    match cmd::run(invocation, &messages) {
        Ok(ExitStatus::Success) => Ok(fs::read(&out).unwrap()),
        Ok(status) => Err(format!("{status:?}")),
        Err(error) => Err(format!("{error:#}")),
    }
}

/// A log in files, and how it is exported.
pub struct Case {
    pub dir: tempfile::TempDir,
    pub args: Vec<String>,
}

impl Case {
    pub fn new(tracked: bool, sanitize: &str, window: (i64, i64)) -> Self {
        let dir = scratch();
        let mut args = vec![format!("--sanitize={sanitize}")];
        args.extend([format!("--from={}", window.0), format!("--to={}", window.1)]);
        if tracked {
            let config = write(dir.path(), ".config.yaml", CONFIG);
            args.push(format!("--config={}", config.display()));
        }
        Case { dir, args }
    }

    /// Exports these files, with further arguments.
    pub fn try_export<'f>(
        &self,
        files: impl IntoIterator<Item = (&'f str, &'f [String])>,
        more: &[&str],
    ) -> Result<Vec<u8>, String> {
        let dir = tempfile::tempdir_in(self.dir.path()).unwrap();
        for (name, lines) in files {
            write(dir.path(), name, lines.join("\n"));
        }
        let args: Vec<&str> = self.args.iter().map(String::as_str).collect();
        export(self.dir.path(), &[&args, more, &[dir.path().to_str().unwrap()]].concat())
    }

    pub fn export<'f>(&self, files: impl IntoIterator<Item = (&'f str, &'f [String])>, more: &[&str]) -> Vec<u8> {
        self.try_export(files, more).unwrap()
    }

    pub fn log(&self, log: &Recording, more: &[&str]) -> Vec<u8> {
        self.export(refer(&log.files(true)), more)
    }

    /// Exports a trace.
    pub fn again(&self, trace: &[u8], more: &[&str]) -> Vec<u8> {
        let path = write(self.dir.path(), ".again.sktrace", trace);
        let args = self.args.iter().map(String::as_str).filter(|arg| !arg.starts_with("--config"));
        let args: Vec<&str> = args.chain(more.iter().copied()).chain([path.to_str().unwrap()]).collect();
        export(self.dir.path(), &args).unwrap()
    }
}

pub fn refer(files: &BTreeMap<String, Vec<String>>) -> impl Iterator<Item = (&str, &[String])> {
    files.iter().map(|(name, lines)| (name.as_str(), lines.as_slice()))
}

pub fn parse(bytes: &[u8]) -> Trace<Value> {
    read_all(bytes, 1 << 20).unwrap()
}

/// A moment of a log, from a fraction of its length.
pub fn moment(log: &Recording, fraction: u8) -> i64 {
    START + (log.end - START) * i64::from(fraction) / 255
}

/// A trace in lines, for messages.
pub fn shown(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    trace::write(trace::Format::Jsonl, &parse(bytes), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

pub fn key(object: &[u8]) -> (String, Value) {
    let object: Value = serde_json::from_slice(object).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (namespace, name) = (text(&object["metadata"]["namespace"]), text(&object["metadata"]["name"]));
    (format!("{}.{} {namespace}/{name}", text(&object["apiVersion"]), text(&object["kind"])), object)
}
