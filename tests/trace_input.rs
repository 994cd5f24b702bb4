//! Traces as input: what is exported from a trace that `tracer` or SimKube wrote.

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

mod support;

use support::*;

/// Exports a log, and then the trace of it, with the same arguments; shows the latter.
fn export_twice(log: &Log, first: &[&str], second: &[&str]) -> String {
    let dir = scratch();
    let trace = tracer(&[&["export"], first].concat(), log.text().as_bytes()).ends(0).stdout;
    let trace = write(dir.path(), "first.sktrace", trace);
    export("", &[second, &[trace.to_str().unwrap()]].concat())
}

/// A pod's status in a trace says again what the trace's lifecycles say: the pod ran once.
#[test]
fn a_lifecycle_that_a_trace_carries_is_not_told_twice() {
    let log = Log::new().event(15, "ADDED", &running(&pod("shop/lone", 10), 11));
    let args = ["--from=20", "--to=40", "--sanitize=simkube"];
    assert_eq!(
        export_twice(&log, &args, &args),
        "\
20 |
20 +Pod shop/lone app:1
40 |
Pod shop/lone 20..
"
    );
}
