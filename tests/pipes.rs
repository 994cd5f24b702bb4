//! `tracer export` in a pipeline, on a terminal, on a full disk, and what it leaves behind when it fails.

// clippy sees tests only in `#[test]` functions, and not what they call.
#![allow(clippy::unwrap_used)]

mod shell;

use std::fs;
use std::path::Path;
use std::process::Stdio;

use shell::{bash, incident, run, run_in_terminal};

/// The names in a directory; a temporary file that was left would be among them.
fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_reader_that_closes_early_ends_the_run_silently() {
    let dir = incident();
    for format in ["simkube", "json", "yaml", "jsonl"] {
        // The trace is many times larger than what a pipe holds.
        let script = format!(
            "for n in {{1..9}}; do cat watch/*; done | tracer export -q -f {format} | true; echo ${{PIPESTATUS[1]}}"
        );
        let ended = run(&script, dir.path()).ends(0);
        assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("141\n", ""), "{format}");
    }
    let ended = run("tracer export watch -f yaml | head -n 1; echo ${PIPESTATUS[0]}", dir.path()).ends(0);
    assert_eq!(ended.stdout.lines().next(), Some("version: 2"));
    assert!(!ended.stderr.contains("error"), "{}", ended.stderr);
}

#[test]
fn a_full_disk_is_an_error_that_names_the_destination() {
    let dir = incident();
    for (script, destination) in [
        ("tracer export watch > /dev/full", "stdout"),
        ("tracer export watch -f yaml > /dev/full", "stdout"),
        ("tracer export watch -o /dev/full", "/dev/full"),
        ("tracer export watch --report /dev/full -o trace", "/dev/full"),
    ] {
        let ended = run(script, dir.path()).ends(1);
        let expected = format!("error: cannot write to {destination}: No space left on device");
        assert!(ended.stderr.contains(&expected), "{script}: {}", ended.stderr);
        assert!(!names(dir.path()).iter().any(|name| name.starts_with(".tracer") || name == "trace"), "{script}");
    }
}

#[test]
fn binary_is_not_for_a_terminal() {
    let dir = incident();
    let ended = run_in_terminal("tracer export watch", dir.path()).ends(2);
    assert!(ended.stdout.contains("give -o FILE"), "{}", ended.stdout);
    let text = run_in_terminal("tracer export watch -q -f jsonl", dir.path()).ends(0);
    assert!(text.stdout.starts_with("{\"version\":2"), "{}", text.stdout);
    run_in_terminal("tracer export watch -q -o trace", dir.path()).ends(0);
    run_in_terminal("tracer export watch -q > trace", dir.path()).ends(0);
}

#[test]
fn a_terminal_without_an_input_is_wrong_usage_and_no_waiting() {
    let dir = incident();
    let ended = run_in_terminal("tracer export -f yaml", dir.path()).ends(2);
    assert!(ended.stdout.contains("no input: name files or directories to read"), "{}", ended.stdout);
    run_in_terminal("tracer export -o trace", dir.path()).ends(2);
    assert!(!dir.path().join("trace").exists());
}

#[test]
fn an_empty_stdin_is_an_error_that_says_what_to_do() {
    let dir = incident();
    let ended = run("tracer export", dir.path()).ends(1);
    assert!(ended.stderr.contains("give --from and --to, or other inputs"), "{}", ended.stderr);
    run("tracer export --from 10 --to 20", dir.path()).ends(0);
}

#[test]
fn a_run_that_fails_leaves_the_old_files() {
    let dir = incident();
    let bad = "{ cat watch/jobs.jsonl; echo '{\"what\":1}'; cat watch/pods.jsonl; }";
    let before = {
        run("echo old > trace; echo old > report", dir.path()).ends(0);
        names(dir.path())
    };
    let ended = run(&format!("{bad} | tracer export -o trace --report report"), dir.path()).ends(1);
    assert!(ended.stderr.starts_with("error: <stdin>:12: JSON, but neither "), "{}", ended.stderr);
    run("tracer export --strict late.jsonl -o trace --from '2026-11-23 15:26:36'", dir.path()).ends(3);
    run("tracer export no-such-file -o trace --report report", dir.path()).ends(1);
    run("tracer export watch -o trace --report no/such/report", dir.path()).ends(1);
    for name in ["trace", "report"] {
        assert_eq!(fs::read_to_string(dir.path().join(name)).unwrap(), "old\n", "{name}");
    }
    assert_eq!(names(dir.path()), before);
    run(&format!("{bad} | tracer export -q --skip-invalid -o trace --report report"), dir.path()).ends(0);
    for (name, start) in [("trace", b"\x85\xa7version".as_slice()), ("report", b"{\n")] {
        assert!(fs::read(dir.path().join(name)).unwrap().starts_with(start), "{name}");
    }
    assert_eq!(names(dir.path()), before);
}

#[test]
fn a_strict_run_that_fails_still_gives_the_report() {
    let dir = incident();
    let script = "tracer export --strict late.jsonl --from '2026-11-23 15:26:36' -o trace --report report";
    let ended = run(script, dir.path()).ends(3);
    assert!(ended.stderr.contains("it was not written"), "{}", ended.stderr);
    assert!(fs::read_to_string(dir.path().join("report")).unwrap().contains("\"first-seen-late\""));
    assert!(!dir.path().join("trace").exists());
}

#[test]
fn the_result_is_the_same_through_any_way_out() {
    let dir = incident();
    run("tracer export watch -o a && tracer export watch > b && tracer export watch | cat > c", dir.path()).ends(0);
    run("cat watch/* | tracer export -o - > d && tracer export - < archive.jsonl.gz > e", dir.path()).ends(0);
    run("tracer export archive.jsonl.gz -o /dev/stdout > f && ln -s f g && tracer export watch -o g", dir.path())
        .ends(0);
    run("for f in b c d e f g; do cmp a $f || exit 1; done; test -h g", dir.path()).ends(0);
}

#[test]
fn quiet_prints_nothing_and_verbose_prints_examples() {
    let dir = incident();
    // Two records without a time.
    let log = "sed 's/\"ts\":\"[^\"]*\",//' watch/cronjobs.jsonl";
    let run = |flag: &str| run(&format!("{log} | tracer export {flag} -o trace"), dir.path()).ends(0).stderr;
    assert_eq!(run("-q"), "");
    let (normal, verbose) = (run(""), run("-v"));
    assert!(normal.contains("warning: times estimated from the objects: 2"), "{normal}");
    assert!(!normal.contains("CronJob.batch batch/tick"), "{normal}");
    assert!(verbose.contains("\n  CronJob.batch batch/tick"), "{verbose}");
    assert!(verbose.len() > normal.len());
}

#[test]
fn quiet_does_not_silence_errors() {
    let dir = incident();
    let ended = run("tracer export -q no-such-file", dir.path()).ends(1);
    assert_eq!(ended.stderr, "error: no-such-file: No such file or directory (os error 2)\n");
}

#[test]
fn the_progress_bar_is_for_terminals_that_are_not_quiet() {
    let dir = incident();
    let on_terminal = |script: &str| run_in_terminal(script, dir.path()).ends(0).stdout.contains(" left ");
    assert!(on_terminal("tracer export watch -o trace"));
    assert!(!on_terminal("tracer export watch -q -o trace"));
    assert!(!on_terminal("tracer export watch -o trace 2> messages; cat messages"));
    let piped = run("tracer export watch -o trace", dir.path()).ends(0).stderr;
    assert!(piped.starts_with("read: "), "{piped}");
    assert!(!piped.contains(['\r', '\x1b']), "{piped}");
}

#[test]
fn colour_follows_the_option_the_terminal_and_the_environment() {
    let dir = incident();
    let red = "\x1b[1;31merror:\x1b[0m";
    for (arguments, environment, terminal, expected) in [
        ("", "", true, true),
        ("", "", false, false),
        ("", "NO_COLOR=1", true, false),
        ("", "NO_COLOR=", true, true),
        ("--color always", "", false, true),
        ("--color always", "NO_COLOR=1", false, true),
        ("--color never", "", true, false),
        ("--color auto", "", false, false),
    ] {
        let script = format!("{environment} tracer export {arguments} no-such-file");
        let ended = if terminal { run_in_terminal(&script, dir.path()) } else { run(&script, dir.path()) }.ends(1);
        let shown = ended.stdout + &ended.stderr;
        assert_eq!(shown.contains(red), expected, "{script}: {shown:?}");
    }
}

#[test]
fn a_closed_stderr_does_not_stop_the_work() {
    let dir = incident();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = bash("exec tracer export watch -o trace", dir.path());
    assert_eq!(command.stderr(writer).stdout(Stdio::null()).status().unwrap().code(), Some(0));
    assert!(dir.path().join("trace").exists());
}
