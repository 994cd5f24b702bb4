//! What holds of a world that API servers log: random ones, played by a cluster in small (`support/random/audit.rs`).

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

mod support;

use proptest::prelude::*;
use support::cases::{Case, SANITIZE, laws, moment, refer, shown};
use support::random::audit::{AuditLog, styles};
use support::random::{Recording, whole_recordings};

/// Ways to keep less than all.
const FILTERS: [&[&str]; 5] = [&[], &["--exclude-ns=two"], &["-l", "app!=x1"], &["--exclude-kind=pod"], &["-n", "one"]];

/// A window between two fractions of a log.
fn window(log: &Recording, cuts: [u8; 2]) -> (i64, i64) {
    (moment(log, cuts[0].min(cuts[1])), moment(log, cuts[0].max(cuts[1])) + 1)
}

fn export(case: &Case, audit: &AuditLog, more: &[&str]) -> Vec<u8> {
    case.export(refer(&audit.files()), more)
}

proptest! {
    #![proptest_config(laws(40))]

    #[test]
    fn the_audit_logs_give_the_trace_that_the_watches_give(
        log in whole_recordings(40), style in styles(), cuts in any::<[u8; 2]>(), tracked in any::<bool>(),
        sanitize in 0..2_usize, filter in 0..FILTERS.len(),
    ) {
        let case = Case::new(tracked, SANITIZE[sanitize], window(&log, cuts));
        let audit = log.audited(&style);
        let (watched, audited) = (case.log(&log, FILTERS[filter]), export(&case, &audit, FILTERS[filter]));
        let message = || format!("{:?} {:?}\n{}\naudited:\n{}\n{audit:?}", case.args, FILTERS[filter], shown(&watched), shown(&audited));
        prop_assert!(watched == audited, "{}", message());
    }
}
