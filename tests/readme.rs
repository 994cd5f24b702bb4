//! The README is true: what it has people type is run, and what it shows is what they will see.
//!
//! Every block of `sh` runs in bash, in a directory that holds what `fixtures/incident` holds. A block of `text` right after it
//! is what it prints, stderr included; a line `…` there stands for any lines. Blocks of `console` need what is not here (a
//! cluster, cargo) and are not run, except that `cargo run --release -- …` becomes `tracer …`, in the directory above.
//! `UPDATE_GOLDENS=1 cargo test --test readme` writes the outputs anew, but for those with a `…`.

// clippy sees tests only in `#[test]` functions, and not what they call.
#![allow(clippy::unwrap_used)]

mod shell;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tracer::report::{AuditAccount, ClockAccount, Reason, ResourceAccount, ServerAccount, Silence};

const ELLIPSIS: &str = "…";

/// A fenced block.
#[derive(Debug)]
struct Block {
    language: String,
    text: String,
    /// Where its text stands in the README, in bytes.
    range: std::ops::Range<usize>,
    /// The line of its fence.
    line: usize,
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

/// The blocks of the README, in order.
fn blocks(readme: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open: Option<(String, usize, usize)> = None;
    let mut at = 0;
    for (number, line) in readme.split_inclusive('\n').enumerate() {
        let next = at + line.len();
        match (line.trim_end().strip_prefix("```"), open.take()) {
            (Some(language), None) => open = Some((language.to_owned(), next, number + 1)),
            (Some(_), Some((language, start, line))) => {
                blocks.push(Block { language, text: readme[start..at].to_owned(), range: start..at, line });
            }
            (None, still) => open = still,
        }
        at = next;
    }
    assert!(open.is_none(), "a block of the README is not closed");
    blocks
}

/// What is to be run of a block, and whether where `fixtures/` is; `None` when it cannot be run here.
fn script(block: &Block) -> Option<(String, bool)> {
    match block.language.as_str() {
        "sh" => Some((block.text.clone(), false)),
        "console" => {
            let arguments = block.text.strip_prefix("cargo run --release -- ")?;
            Some((format!("tracer {arguments}"), true))
        }
        _ => None,
    }
}

/// Whether an output is what the README shows.
fn agrees(shown: &str, printed: &str) -> bool {
    let mut parts = shown.split_inclusive('\n').collect::<Vec<_>>();
    let ends_open = parts.last().is_some_and(|line| line.trim_end() == ELLIPSIS);
    parts.retain(|line| !line.is_empty());
    let mut rest = printed;
    let mut anywhere = false;
    for chunk in parts.split(|line| line.trim_end() == ELLIPSIS) {
        let chunk = chunk.concat();
        let found = if anywhere { find_lines(rest, &chunk) } else { rest.starts_with(&chunk).then_some(0) };
        let Some(found) = found else { return false };
        rest = &rest[found + chunk.len()..];
        anywhere = true;
    }
    rest.is_empty() || ends_open
}

/// Where whole lines stand in a text.
fn find_lines(text: &str, lines: &str) -> Option<usize> {
    text.match_indices(lines).map(|(at, _)| at).find(|at| *at == 0 || text.as_bytes()[at - 1] == b'\n')
}

#[test]
fn every_command_works_and_prints_what_is_shown() {
    let mut readme = fs::read_to_string(path()).unwrap();
    let update = std::env::var_os("UPDATE_GOLDENS").is_some();
    let blocks = blocks(&readme);
    let mut replaced = Vec::new();
    let mut run = 0;
    for (i, block) in blocks.iter().enumerate() {
        let Some((script, above)) = script(block) else { continue };
        let home = tempfile::tempdir().unwrap();
        let incident = home.path().join("fixtures/incident");
        shell::copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/incident"), &incident);
        let dir = if above { home.path() } else { &incident };
        let ended = shell::run(&format!("exec 2>&1; set -eo pipefail; {script}"), dir);
        assert_eq!(ended.code, 0, "README.md:{}: {script}\n{}", block.line, ended.stdout);
        run += 1;
        let Some(shown) = blocks.get(i + 1).filter(|next| next.language == "text") else { continue };
        if !agrees(&shown.text, &ended.stdout) {
            let by_hand = shown.text.lines().any(|line| line == ELLIPSIS);
            assert!(update && !by_hand, "README.md:{}: {script}\nprints\n{}", shown.line, ended.stdout);
            replaced.push((shown.range.clone(), ended.stdout));
        }
    }
    assert!(run > 10, "{run} commands");
    for (range, printed) in replaced.into_iter().rev() {
        readme.replace_range(range, &printed);
    }
    if update {
        fs::write(path(), readme).unwrap();
    }
}

#[test]
fn the_first_two_commands_are_the_main_job_and_the_tests() {
    let readme = fs::read_to_string(path()).unwrap();
    let consoles: Vec<Block> = blocks(&readme).into_iter().filter(|block| block.language == "console").collect();
    assert!(consoles[0].text.starts_with("cargo run --release -- export fixtures/"), "{:?}", consoles[0]);
    assert_eq!(consoles[1].text, "cargo test\n");
}

#[test]
fn every_reason_is_explained_in_the_words_of_the_warning() {
    let readme = fs::read_to_string(path()).unwrap();
    for reason in Reason::ALL {
        let name = serde_json::to_value(reason).unwrap();
        let row = format!("| `{}` | {} | {}", name.as_str().unwrap(), reason.describe(), reason.advice());
        assert!(readme.lines().any(|line| line.starts_with(row.trim_end())), "the README lacks: {row} |");
    }
}

/// The rows of the table that explains the account.
fn schema(readme: &str) -> String {
    let section = readme.split("### The account").nth(1).unwrap().split("### Exit codes").next().unwrap();
    section.lines().filter(|line| line.starts_with("| `")).collect()
}

#[test]
fn every_field_of_the_account_is_explained() {
    let readme = fs::read_to_string(path()).unwrap();
    let table = schema(&readme);
    let shown = blocks(&readme).into_iter().find(|block| block.text.contains("\"version\": 1")).unwrap();
    let account: Value = serde_json::from_str(&shown.text).unwrap();
    for (name, value) in account.as_object().unwrap() {
        let members = value.get(0).unwrap_or(value).as_object();
        for field in members.map(|members| members.keys().collect()).unwrap_or_else(|| vec![name]) {
            let named = [format!("`.{field}`"), format!(".{field}`"), format!("`{field}`")];
            assert!(named.iter().any(|named| table.contains(named)), "the README does not explain {name}.{field}");
        }
    }
}

#[test]
fn every_field_about_audit_logs_is_explained() {
    let readme = fs::read_to_string(path()).unwrap();
    let server = ServerAccount { silences: vec![Silence::default()], ..ServerAccount::default() };
    let audit = AuditAccount {
        resources: vec![ResourceAccount::default()],
        servers: vec![server],
        clocks: vec![ClockAccount::default()],
        ..AuditAccount::default()
    };
    let mut rest = vec![("audit".to_owned(), serde_json::to_value(audit).unwrap())];
    while let Some((place, value)) = rest.pop() {
        for (name, value) in value.as_object().unwrap() {
            let (place, inner) = match value.get(0) {
                Some(element) => (format!("{place}.{name}[]"), element),
                None => (format!("{place}.{name}"), value),
            };
            if inner.is_object() {
                rest.push((place, inner.clone()));
                continue;
            }
            let parent = place.rsplit_once('.').unwrap().0;
            let explained = |row: &&str| row.contains(&format!("`{parent}.")) && row.contains(&format!(".{name}`"));
            assert!(
                schema(&readme).split("| `").any(|row| explained(&format!("`{row}").as_str())),
                "not explained: {place}"
            );
        }
    }
}

#[test]
fn a_line_of_dots_stands_for_any_lines() {
    for (shown, expected) in [
        ("a\nb\nc\n", true),
        ("a\n…\nc\n", true),
        ("…\nc\n", true),
        ("a\n…\n", true),
        ("…\nb\n…\n", true),
        ("a\nb\n", false),
        ("…\nb\n", false),
        ("b\n…\n", false),
        ("…\nc\n…\na\n", false),
        ("", false),
    ] {
        assert_eq!(agrees(shown, "a\nb\nc\n"), expected, "{shown:?}");
    }
}
