//! What a person reads at the end: what was read, what was written, what to know of it.

use crate::model::Timestamp;
use crate::output::Messages;
use crate::report::{Account, AuditAccount, Contents, Gap, Reason};

/// Says it. `span`: from when to when the log runs.
pub(super) fn summarise(account: &Account, span: Option<(Timestamp, Timestamp)>, messages: &Messages) {
    read(account, span, messages);
    if let Some(audit) = &account.audit {
        messages.plain(audited(audit));
    }
    written(account, messages);
    if account.contents.objects == 0 {
        messages.warning(nothing_to_show(account));
    }
    account.gaps.iter().for_each(|gap| warn(gap, messages));
    if let Some(rule) = account.audit.as_ref().and_then(|audit| audit.policy.as_ref()) {
        messages.plain("with this rule in the audit policy, before the others, nothing of it would be missing:");
        rule.lines().for_each(|line| messages.plain(format_args!("  {line}")));
    }
}

fn time(at: Timestamp) -> Timestamp {
    Timestamp::from_seconds(at.seconds())
}

fn read(account: &Account, span: Option<(Timestamp, Timestamp)>, messages: &Messages) {
    let Contents { records, objects_seen, .. } = account.contents;
    let span = span.map(|(first, last)| format!(", {} to {}", time(first), time(last)));
    messages.plain(format_args!(
        "read: {} of {} from {}{}",
        count(records, "record"),
        count(objects_seen, "object"),
        count(account.sources.len() as u64, "source"),
        span.unwrap_or_default()
    ));
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

fn warn(gap: &Gap, messages: &Messages) {
    let advice = if gap.advice.is_empty() { String::new() } else { format!(" ({})", gap.advice) };
    let inside =
        if gap.in_window == gap.count { String::new() } else { format!(", {} of them in the window", gap.in_window) };
    messages.warning(format_args!("{}: {}{inside}{advice}", gap.meaning, gap.count));
    for example in &gap.examples {
        match gap.reason {
            Reason::RecordSkipped => messages.plain(format_args!("  {example}")),
            _ => messages.detail(format_args!("  {example}")),
        }
    }
}

/// A trace without objects is hardly what was wanted: what to look at.
fn nothing_to_show(account: &Account) -> &'static str {
    match account.contents {
        Contents { records: 0, .. } => "the input holds no record, and the trace no object",
        Contents { objects_seen: 0, .. } => "no record of the input tells of an object",
        _ => "no object is in the trace: look at the window, the filters, and what the config tracks",
    }
}

fn count(number: u64, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}
