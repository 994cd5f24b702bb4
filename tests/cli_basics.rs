//! The binary as a shell sees it: exit codes, streams, closed pipes.

// clippy sees tests only in `#[test]` functions, and not what they call.
#![allow(clippy::unwrap_used)]

mod shell;

use std::fs::{self, File};
use std::process::{Command, Output, Stdio};

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tracer"));
    command.args(args).stdin(Stdio::null()).env_remove("NO_COLOR");
    command
}

fn run(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A pipe's end that nobody reads.
fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    writer.into()
}

#[test]
fn wrong_usage_is_exit_2_on_stderr_and_names_the_option() {
    for (args, named) in [
        (&[][..], "Usage: tracer"),
        (&["frobnicate"], "frobnicate"),
        (&["export", "--frobnicate"], "--frobnicate"),
        (&["export", "--from", "soon"], "--from"),
        (&["export", "--from", "20", "--to", "10"], "--help"),
        (&["export", "-l", "a in"], "--selector"),
        (&["export", "--max-record", "x"], "--max-record"),
        (&["export", "-j", "0"], "--threads"),
        (&["export", "-", "-"], "stdin"),
        (&["completions"], "SHELL"),
        (&["completions", "tcsh"], "bash"),
    ] {
        let output = run(args);
        let stderr = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{args:?}: {stderr}");
        assert!(stderr.contains(named), "{args:?}: {stderr}");
        assert!(output.stdout.is_empty(), "{args:?}");
    }
}

#[test]
fn help_and_version_go_to_stdout() {
    for args in [
        &["--help"][..],
        &["-h"],
        &["--version"],
        &["export", "--help"],
        &["export", "-h"],
        &["diff", "--help"],
        &["man", "--help"],
    ] {
        let output = run(args);
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert!(output.stderr.is_empty(), "{args:?}");
        let stdout = text(&output.stdout);
        assert!(stdout.contains("tracer"), "{stdout}");
        assert!(stdout.lines().all(|line| line.chars().count() <= 100), "{stdout}");
    }
}

#[test]
fn a_closed_pipe_ends_the_run_silently() {
    for args in [&["man"][..], &["completions", "bash"], &["--help"], &["export", "--help"]] {
        let output = command(args).stdout(closed_pipe()).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(141), "{args:?}");
        assert_eq!(text(&output.stderr), "", "{args:?}");
    }
}

#[test]
fn a_full_disk_is_an_error() {
    for args in [&["man"][..], &["completions", "zsh"]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = command(args).stdout(full).stderr(Stdio::piped()).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        assert!(text(&output.stderr).starts_with("error: cannot write to stdout: No space left on device"), "{args:?}");
    }
}

#[test]
fn a_closed_stderr_changes_nothing() {
    for (args, code) in [(&["export", "--from", "soon"][..], 2), (&["man", "/dev/null/x"], 1)] {
        let status = command(args).stderr(closed_pipe()).stdout(Stdio::null()).status().unwrap();
        assert_eq!(status.code(), Some(code), "{args:?}");
    }
}

#[test]
fn man_writes_all_pages_to_a_directory() {
    let directory = tempfile::tempdir().unwrap();
    let man1 = directory.path().join("share/man1");
    let output = run(&["man", man1.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(output.stdout.is_empty());
    assert_eq!(fs::read(man1.join("tracer.1")).unwrap(), run(&["man"]).stdout);
    for page in ["tracer-export.1", "tracer-owners.1", "tracer-config.1", "tracer-completions.1", "tracer-man.1"] {
        assert!(text(&fs::read(man1.join(page)).unwrap()).starts_with(".ie"), "{page}");
    }
}

#[test]
fn an_error_is_one_line_with_its_cause() {
    let output = run(&["man", "/dev/null/x"]);
    assert_eq!(text(&output.stderr), "error: /dev/null/x: cannot be made: Not a directory (os error 20)\n");
}

/// The commands under `Examples:` in a help.
fn examples(help: &str) -> Vec<String> {
    let after = help.lines().skip_while(|line| *line != "Examples:").skip(1);
    after.take_while(|line| line.starts_with("  ")).map(|line| line.trim().to_owned()).collect()
}

#[test]
fn the_examples_of_the_help_work_as_they_stand() {
    let root = tracer::cli::definition();
    let commands = root.get_subcommands().map(|command| command.get_name());
    for command in std::iter::once("").chain(commands) {
        let help = text(&run(&[&[command][usize::from(command.is_empty())..], &["--help"]].concat()).stdout);
        let examples = examples(&help);
        assert!(!examples.is_empty(), "{help}");
        // clap would break a longer line, and the example with it.
        let definition = root.find_subcommand(command).unwrap_or(&root);
        let after = definition.get_after_long_help().unwrap().to_string();
        let source = self::examples(&after);
        assert!(source.iter().all(|example| example.chars().count() + 2 <= 100), "{command}: {source:#?}");
        assert_eq!(examples, source, "{command}");
        for example in examples {
            // Holds a directory `watch/` and an `archive.jsonl.gz`.
            let directory = shell::incident();
            // `diff` ends with 1 where it shows something.
            let code = i32::from(command == "diff");
            shell::run(&format!("set -o pipefail; {example}"), directory.path()).ends(code);
        }
    }
}
