//! What the store forgets while it reads changes nothing that is written, whatever the window, the order and the log.

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

mod support;

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;
use support::cases::{Case, SANITIZE, laws, moment, refer, shown};
use support::random::audit::{AuditLog, LEVELS, styles};
use support::random::{Recording, recordings};
use support::write;
use tracer::cli::{self, Invocation};
use tracer::cmd::{ExitStatus, export};
use tracer::store::focus::Focus;

/// What is written, and of the account what is of the window.
#[derive(PartialEq)]
struct Told {
    trace: Vec<u8>,
    account: Value,
}

impl Told {
    /// The parts of the account that differ.
    fn account_but_for(&self, other: &Told) -> Value {
        let mut account = self.account.clone();
        account.as_object_mut().unwrap().retain(|name, part| other.account.get(name) != Some(part));
        account
    }
}

fn told(case: &Case, focus: Focus, dir: &Path, more: &[&str]) -> Told {
    let (out, report) = (case.dir.path().join(".out"), case.dir.path().join(".report"));
    let paths = ["-q", "-o", out.to_str().unwrap(), "--report", report.to_str().unwrap(), dir.to_str().unwrap()];
    let args = case.args.iter().map(String::as_str).chain(more.iter().copied()).chain(paths);
    let invocation = cli::parse(["tracer", "export"].into_iter().chain(args)).unwrap();
    let messages = invocation.messages();
    let Invocation::Export(options) = invocation else { panic!("it is an export") };
    assert_eq!(export::run_with_focus(*options, focus, &messages).unwrap(), ExitStatus::Success);
    let mut account: Value = serde_json::from_slice(&fs::read(report).unwrap()).unwrap();
    for gap in account["gaps"].as_array_mut().unwrap() {
        // What is noted of other times may be noted less often, and of other objects first.
        gap.as_object_mut().unwrap().retain(|name, _| name == "reason" || name == "in_window");
    }
    // Of an owner that no log shows the account says that it is missing for as long as anything of it was there, or was there
    // before and again.
    let lasting = |gap: &Value| gap["reason"] == "owner-unseen" || gap["reason"] == "owner-inferred";
    account["gaps"].as_array_mut().unwrap().retain(|gap| gap["in_window"] != 0 && !lasting(gap));
    Told { trace: fs::read(out).unwrap(), account }
}

/// Exports files in the order of their list, with all that is forgotten around a window and with nothing.
fn same_of(case: &Case, window: (i64, i64), files: &[&[String]], more: &[&str]) -> Result<(), TestCaseError> {
    let dir = tempfile::tempdir_in(case.dir.path()).unwrap();
    for (i, lines) in files.iter().enumerate() {
        write(dir.path(), &format!("{i:03}"), lines.join("\n"));
    }
    let whole = told(case, Focus::none(), dir.path(), more);
    let at = |second: i64| Some(tracer::model::Timestamp::from_seconds(second));
    for margin in [0, 2_000_000, 20_000_000] {
        let focus = Focus::new(at(window.0), at(window.1), margin);
        for focus in [focus, focus.eager()] {
            let folded = told(case, focus, dir.path(), more);
            prop_assert!(
                folded == whole,
                "{focus:?} {:?}\n{}{}\nwith nothing forgotten:\n{}{}\n{}",
                case.args,
                shown(&folded.trace),
                folded.account_but_for(&whole),
                shown(&whole.trace),
                whole.account_but_for(&folded),
                files.iter().map(|lines| lines.join("\n")).collect::<Vec<_>>().join("\n--\n")
            );
        }
    }
    Ok(())
}

/// In their order, backwards, one by one in both, and in one.
fn same(case: &Case, window: (i64, i64), files: &[&[String]]) -> Result<(), TestCaseError> {
    same_of(case, window, files, &[])?;
    let backwards: Vec<&[String]> = files.iter().rev().copied().collect();
    same_of(case, window, &backwards, &[])?;
    let halves = files.iter().flat_map(|lines| {
        let (head, tail) = lines.split_at(lines.len() / 2);
        [tail, head]
    });
    same_of(case, window, &halves.collect::<Vec<_>>(), &["--no-infer"])
}

fn window(log: &Recording, cuts: [u8; 2]) -> (i64, i64) {
    (moment(log, cuts[0].min(cuts[1])), moment(log, cuts[0].max(cuts[1])) + 1)
}

fn lowered(audit: &AuditLog, levels: &[u8]) -> AuditLog {
    let mut levels = levels.iter().cycle();
    audit.map(|record| Some(record.lowered(usize::from(*levels.next().unwrap()) % LEVELS.len())))
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 200, ..laws(30) })]

    #[test]
    fn of_watches(
        log in recordings(60, true), cuts in any::<[u8; 2]>(), tracked in any::<bool>(), sanitize in 0..2_usize,
    ) {
        let window = window(&log, cuts);
        let files = log.files(true);
        let files: Vec<&[String]> = refer(&files).map(|(_, lines)| lines).collect();
        same(&Case::new(tracked, SANITIZE[sanitize], window), window, &files)?;
    }

    #[test]
    fn of_watches_without_times(log in recordings(40, false), cuts in any::<[u8; 2]>(), timed in any::<[bool; 8]>()) {
        let window = window(&log, cuts);
        let (with, without) = (log.files(true), log.files(false));
        let files = with.keys().zip(timed.iter().cycle()).map(|(name, timed)| if *timed { &with[name] } else { &without[name] });
        let files: Vec<&[String]> = files.map(Vec::as_slice).collect();
        same(&Case::new(true, "simkube", window), window, &files)?;
    }

    #[test]
    fn of_audit_logs(
        log in recordings(60, false), style in styles(), cuts in any::<[u8; 2]>(), tracked in any::<bool>(),
        sanitize in 0..2_usize,
    ) {
        let window = window(&log, cuts);
        let audit = log.audited(&style).files();
        let files: Vec<&[String]> = refer(&audit).map(|(_, lines)| lines).collect();
        same(&Case::new(tracked, SANITIZE[sanitize], window), window, &files)?;
    }

    #[test]
    fn of_audit_logs_of_lower_levels(
        log in recordings(60, false), style in styles(), cuts in any::<[u8; 2]>(), tracked in any::<bool>(),
        levels in prop::collection::vec(0..3_u8, 1..20), mostly in any::<bool>(),
    ) {
        let window = window(&log, cuts);
        let levels: Vec<u8> = if mostly { levels.iter().chain(&[0; 60]).copied().collect() } else { levels };
        let audit = lowered(&log.audited(&style), &levels).files();
        let files: Vec<&[String]> = refer(&audit).map(|(_, lines)| lines).collect();
        same(&Case::new(tracked, "replay", window), window, &files)?;
    }

    #[test]
    fn of_both(log in recordings(60, true), style in styles(), cuts in any::<[u8; 2]>(), tracked in any::<bool>()) {
        let window = window(&log, cuts);
        let (watches, audit) = (log.files(true), log.audited(&style).files());
        let files: Vec<&[String]> = refer(&watches).chain(refer(&audit)).map(|(_, lines)| lines).collect();
        same(&Case::new(tracked, "simkube", window), window, &files)?;
    }
}
