//! What a person reads at the end: what was read, what was written, what to know of it.

use std::collections::BTreeSet;

use super::reading::Span;
use crate::model::Timestamp;
use crate::output::Messages;
use crate::report::{Account, AuditAccount, Contents, Gap, Reason};

/// So many examples of a reason are shown; the account has all that there are.
const EXAMPLES: usize = 10;

/// Says it. `span`: from when to when the log runs.
pub(super) fn summarise(account: &Account, span: Span, messages: &Messages) {
    read(account, span, messages);
    written(account, messages);
    if account.contents.objects == 0 {
        messages.warning(nothing_to_show(account));
    }
    gaps(account, messages);
}

/// The same where no trace is written.
pub(super) fn of_reading(account: &Account, span: Span, messages: &Messages) {
    read(account, span, messages);
    gaps(account, messages);
}

/// Says what was noted.
pub(super) fn warnings(account: &Account, messages: &Messages) {
    let mut advised = BTreeSet::new();
    account.gaps.iter().for_each(|gap| warn(gap, "in the window", &mut advised, messages));
}

fn gaps(account: &Account, messages: &Messages) {
    warnings(account, messages);
    if let Some(rule) = account.audit.as_ref().and_then(|audit| audit.policy.as_ref()) {
        messages.plain("this rule in the audit policy, before the others, would have recorded the missing results:");
        rule.lines().for_each(|line| messages.plain(format_args!("  {line}")));
    }
}

fn time(at: Timestamp) -> Timestamp {
    Timestamp::from_seconds(at.seconds())
}

/// Says what was read.
pub(super) fn read(account: &Account, span: Span, messages: &Messages) {
    read_of(&format!(" of {}", count(account.contents.objects_seen, "object")), account, span, messages);
    if let Some(audit) = &account.audit {
        messages.plain(audited(audit));
    }
}

/// Says what was read, without a look at objects.
pub(super) fn records(account: &Account, span: Span, messages: &Messages) {
    read_of("", account, span, messages);
}

fn read_of(objects: &str, account: &Account, span: Span, messages: &Messages) {
    let records = count(account.contents.records, "record");
    let sources = count(account.sources.len() as u64, "source");
    let span = span.map(|(first, last)| format!(", {} to {}", time(first), time(last))).unwrap_or_default();
    messages.plain(format_args!("read: {records}{objects} from {sources}{span}"));
}

fn audited(audit: &AuditAccount) -> String {
    let (writes, known) = audit.writes();
    let servers = count(audit.servers.len() as u64, "server");
    let of_tracked = match (known * 100).checked_div(writes) {
        Some(percent) => format!("of {} of tracked resources {percent} % with their results", count(writes, "write")),
        None => "no write of a tracked resource".to_owned(),
    };
    format!("audit: {} of {servers}; {of_tracked}", count(audit.events, "event"))
}

fn written(account: &Account, messages: &Messages) {
    let Contents { events, start_objects, applied, deleted, objects, lifecycles, .. } = account.contents;
    let (from, to) = (Timestamp::from_seconds(account.window.from), Timestamp::from_seconds(account.window.to));
    messages.plain(format_args!(
        "trace: {from} to {to}, {} on {}: {start_objects} at the start, {applied} applied, {deleted} deleted; {}",
        count(events, "event"),
        count(objects, "object"),
        count(lifecycles, "pod lifecycle")
    ));
}

/// Warns of one reason. What can be done is said once, however many reasons it is good for. `inside`: where those are of which
/// the result depends.
pub(super) fn warn(gap: &Gap, inside: &str, advised: &mut BTreeSet<&'static str>, messages: &Messages) {
    let is_new = !gap.advice.is_empty() && advised.insert(gap.advice);
    let advice = if is_new { format!(" ({})", gap.advice) } else { String::new() };
    let inside =
        if gap.in_window == gap.count { String::new() } else { format!(", {} of them {inside}", gap.in_window) };
    messages.warning(format_args!("{}: {}{inside}{advice}", gap.meaning, gap.count));
    // Where to look is of more use than how many there are.
    let always = matches!(gap.reason, Reason::RecordSkipped | Reason::ServerSilent);
    let say = |line: std::fmt::Arguments<'_>| if always { messages.plain(line) } else { messages.detail(line) };
    gap.examples.iter().take(EXAMPLES).for_each(|example| say(format_args!("  {example}")));
    if gap.examples.len() > EXAMPLES {
        say(format_args!("  and {} more: --report names them", gap.examples.len() - EXAMPLES));
    }
}

/// A trace without objects is hardly what was wanted: what to look at.
fn nothing_to_show(account: &Account) -> &'static str {
    let unknown = account.gaps.iter().any(|gap| gap.reason == Reason::ContentUnknown && gap.in_window > 0);
    match account.contents {
        Contents { records: 0, .. } => "the input holds no record, and the trace no object",
        Contents { objects_seen: 0, .. } => "no record of the input tells of an object",
        _ if unknown => "no object is in the trace: no record shows the content of one",
        _ => "no object is in the trace: look at the window, the filters, and what the config tracks",
    }
}

/// So many of something.
pub(super) fn count(number: u64, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}
