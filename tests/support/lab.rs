//! The lab's recordings: its configs and windows, and the exports that are held against one another.

use serde_json::Value;
use tracer::trace::{Trace, read_all};

use super::compare::Differences;
use super::{fixture, tracer};

const MIB: u64 = 1 << 20;
pub const CONFIGS: [&str; 2] = ["roots", "gangs"];
/// Name, from, to, excluded namespaces: what SimKube's live traces were exported with.
pub const WINDOWS: [(&str, &str, &str, &str); 4] = [
    ("whole", "1795447547", "1795447650", "kube-system"),
    ("middle", "1795447567", "1795447607", "kube-system,kube-lab"),
    ("late", "1795447615", "1795447650", "kube-system,shop"),
    ("thirds", "1795447581", "1795447615", "default,kube-system,kube-lab"),
];

/// Exports a window with one of the lab's configs, from inputs or stdin.
/// A row of the table of windows.
pub type Row = (&'static str, &'static str, &'static str, &'static str);

pub fn export(config: &str, (_, from, to, exclude): Row, more: &[&str], stdin: &[u8]) -> Vec<u8> {
    let config = fixture(&format!("lab/tracer-{config}.yaml"));
    let window = ["export", "--config", &config, "--from", from, "--to", to, "--exclude-ns", exclude];
    tracer(&[&window, more].concat(), stdin).ends(0).stdout
}

pub fn trace(bytes: &[u8]) -> Trace<Value> {
    read_all(bytes, MIB).unwrap()
}

/// What differs, one line each, and how much was compared.
pub fn page(differences: &Differences) -> String {
    differences.lines.iter().map(|line| format!("{line}\n")).collect::<String>() + &differences.summary() + "\n"
}
