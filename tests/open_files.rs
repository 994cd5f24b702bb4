//! What an export opens it closes. By itself in a process, whose open files can be counted then.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

use std::fs;

use tracer::cli::{self, Invocation};
use tracer::cmd::{ExitStatus, export};
use tracer::model::Timestamp;
use tracer::store::focus::Focus;

fn open_files() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// With a focus that has the disk hold all that is remembered of the forgotten.
#[test]
fn an_export_leaves_no_file_open() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out.sktrace");
    let (from, to) = (1_795_447_630, 1_795_447_640);
    let window = [format!("--from={from}"), format!("--to={to}"), format!("--output={}", out.display())];
    let args = ["tracer", "export", "-q", "fixtures/incident/audit"].map(str::to_owned).into_iter().chain(window);
    let args: Vec<String> = args.collect();
    let run = || {
        let invocation = cli::parse(args.clone()).unwrap();
        let messages = invocation.messages();
        let Invocation::Export(options) = invocation else { panic!("it is an export") };
        let at = |second| Some(Timestamp::from_seconds(second));
        let focus = Focus::new(at(from), at(to), 0).eager();
        assert_eq!(export::run_with_focus(*options, focus, &messages).unwrap(), ExitStatus::Success);
    };
    run();
    let before = open_files();
    run();
    assert_eq!(open_files(), before);
}
