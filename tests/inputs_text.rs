//! How logs lie about: compressed, several values on a line, values over lines, other line ends, rubbish between them,
//! directories, stdin; and inputs in any order.

// clippy sees tests only in `#[test]` functions, and not what they call.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::Write as _;

use serde_json::json;
use support::*;

fn events() -> Vec<String> {
    Log::new()
        .event(10, "ADDED", &deployment("shop/web", 10, 1))
        .event(20, "MODIFIED", &deployment("shop/web", 10, 2))
        .event(30, "DELETED", &deployment("shop/web", 10, 2))
        .lines()
        .to_vec()
}

const TRACE: &str =
    "10 |\n10 |\n10 +Deployment shop/web 1\n20 |\n20 +Deployment shop/web 2\n30 |\n30 -Deployment shop/web\n";

#[track_caller]
fn read_alike(bytes: &[u8]) {
    let run = tracer(&["export", "-f", "json"], bytes).ends(0);
    assert_eq!(show(&run.json()), TRACE);
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn compression_is_told_from_content_and_not_from_the_name() {
    let text = events().join("\n");
    let zstd = zstd::encode_all(text.as_bytes(), 3).unwrap();
    for (name, bytes) in [("log", gzip(text.as_bytes())), ("log.gz", zstd), ("log.zst", text.clone().into_bytes())] {
        assert_eq!(export_files(&[(name, &bytes)], &[name]), TRACE, "{name}");
        read_alike(&bytes);
    }
}

#[test]
fn compressed_streams_may_be_joined() {
    let lines = events().iter().map(|line| format!("{line}\n")).collect::<Vec<_>>();
    read_alike(&lines.iter().flat_map(|line| gzip(line.as_bytes())).collect::<Vec<u8>>());
    read_alike(&lines.iter().flat_map(|line| zstd::encode_all(line.as_bytes(), 1).unwrap()).collect::<Vec<u8>>());
}

#[test]
fn compression_that_is_not_read_is_named_with_the_way_out() {
    let run = run_files(&[("log", b"\x04\x22\x4d\x18")], &["log"]).ends(1);
    assert!(run.stderr.contains("lz4 compression is not read") && run.stderr.contains("lz4 -dc"), "{}", run.stderr);
}

#[test]
fn several_values_on_a_line_and_one_value_over_lines_both_read() {
    let lines = events();
    read_alike(lines.concat().as_bytes());
    read_alike(lines.join(" ").as_bytes());
    let pretty = |line: &String| {
        serde_json::to_string_pretty(&serde_json::from_str::<serde_json::Value>(line).unwrap()).unwrap()
    };
    let indented: Vec<String> = lines.iter().map(pretty).collect();
    read_alike(indented.join("\n").as_bytes());
    read_alike(indented.concat().as_bytes());
    read_alike(format!("[{}]", lines.join(",\n")).as_bytes());
    read_alike(format!("[{}]", indented.join(",")).as_bytes());
}

#[test]
fn line_ends_marks_blank_lines_and_runs_of_nul_are_passed_over() {
    let lines = events();
    read_alike(lines.join("\r\n").as_bytes());
    read_alike(format!("\u{feff}{}", lines.join("\n")).as_bytes());
    read_alike(lines.join("\n\n  \n\t\r\n").as_bytes());
    read_alike(format!("{}{}", "\0".repeat(70_000), lines.join("\n")).as_bytes());
    read_alike(format!("{}\n{}{}", lines[0], "\0".repeat(5_000), lines[1..].join("\n")).as_bytes());
    read_alike(format!("{}\n\u{feff}{}\r\n\0\0\n", lines[0], lines[1..].join("\r\n")).as_bytes());
}

#[test]
fn one_file_may_mix_formats() {
    let lines = events();
    let simulator = json!({"time": at(20), "event": "Update",
        "resource": at_version(&deployment("shop/web", 10, 2), "102")});
    read_alike(
        format!("{}\n{simulator}\n1970-01-01T00:00:30Z {}\n", lines[0], lines[2].replace("\"ts\"", "\"x\"")).as_bytes(),
    );
}

#[test]
fn inputs_may_come_in_any_order() {
    let lines = events();
    let files = [("a", lines[2].as_bytes()), ("b", lines[0].as_bytes()), ("c", lines[1].as_bytes())];
    for order in [["a", "b", "c"], ["c", "b", "a"], ["b", "a", "c"]] {
        assert_eq!(export_files(&files, &order), TRACE);
    }
}

#[test]
fn lines_may_come_in_any_order_when_they_have_times() {
    let lines = events();
    read_alike([&lines[2], &lines[0], &lines[1]].map(String::as_str).join("\n").as_bytes());
}

#[test]
fn directories_are_walked_for_regular_files() {
    let lines = events();
    let files = [
        ("logs/2026/a.log", lines[0].as_bytes()),
        ("logs/2026/b.log.gz", &gzip(lines[1].as_bytes())),
        ("logs/c", lines[2].as_bytes()),
        ("logs/.hidden", b"not read"),
        ("logs/backup~", b"not read"),
    ];
    assert_eq!(export_files(&files, &["logs"]), TRACE);
    assert_eq!(export_files(&files, &["logs", "logs/c"]), TRACE, "a file that is named twice is read once");
}

#[test]
fn stdin_is_read_beside_files_and_when_nothing_is_named() {
    let lines = events();
    let dir = scratch();
    let file = write(dir.path(), "log", &lines[1]);
    let stdin = format!("{}\n{}", lines[0], lines[2]);
    let run = tracer(&["export", "-f", "json", "-", file.to_str().unwrap()], stdin.as_bytes()).ends(0);
    assert_eq!(show(&run.json()), TRACE);
    read_alike(lines.join("\n").as_bytes());
}

#[test]
fn an_input_without_any_record_is_an_error_that_says_what_to_do() {
    let run = tracer(&["export", "-f", "json"], b"\n\n").ends(1);
    assert!(run.stderr.contains("no record with a time") && run.stderr.contains("--from and --to"), "{}", run.stderr);
    assert_eq!(export("", &["--from", "5", "--to", "9"]), "5 |\n9 |\n");
}

#[test]
fn a_file_that_is_not_there_is_an_error_that_names_it() {
    let run = tracer(&["export", "/does/not/exist.log"], b"").ends(1);
    assert!(run.stderr.contains("/does/not/exist.log: No such file"), "{}", run.stderr);
    assert!(run.stdout.is_empty());
}

#[test]
fn duplicate_keys_count_as_the_last_one() {
    let object = deployment("shop/web", 10, 2).to_string();
    let twice = object.replace(r#""spec":{"#, r#""spec":{"replicas":1},"spec":{"replicas":9,"#);
    let line = format!(
        r#"{{"ts":"yesterday","ts":"{}","type":"DELETED","type":"ADDED","object":{{}},"object":{twice}}}"#,
        at(10)
    );
    assert_eq!(export(&line, &[]), "10 |\n10 |\n10 +Deployment shop/web 2\n");
    let named_twice = object.replace(r#""name":"web""#, r#""name":"old","name":"web""#);
    let line = format!(r#"{{"ts":10,"type":"ADDED","object":{named_twice}}}"#);
    assert_eq!(export(&line, &[]), "10 |\n10 |\n10 +Deployment shop/web 2\n");
}
