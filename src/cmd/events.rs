//! `tracer events`: all input as one stream of lines.

use super::reading::{self, Wanted};
use super::{ExitStatus, summary};
use crate::cli::{EventsOptions, ResolvedWindow, UsageError, WindowArgs};
use crate::config::TracerConfig;
use crate::decode::Interest;
use crate::decode::retold::Retelling;
use crate::events::{Events, Written};
use crate::model::Timestamp;
use crate::output::{Content, Messages, Output, Progress};
use crate::report::{Account, Contents, Window as ReportWindow};
use crate::store::focus::Focus;

/// Runs the command.
pub fn run(options: EventsOptions, messages: &Messages) -> anyhow::Result<ExitStatus> {
    let EventsOptions { common, window, filters, output } = &options;
    let sources = reading::sources(common)?;
    let config = reading::config(common, &sources, messages)?;
    let mut out = Output::open(output.as_deref(), Content::Text)?;
    let report_out = common.report.as_deref().map(|path| Output::open(Some(path), Content::Text)).transpose()?;
    let tracked =
        config.as_ref().unwrap_or(&TracerConfig::default()).iter().map(|(gvk, _)| gvk.clone()).collect::<Vec<_>>();
    let (interest, focus) = (Interest::everything(), Focus::none());
    let mut reading = reading::reading(common, &sources, Wanted { interest, focus, infer_owners: false, config });
    reading.decoder.retelling = Some(Retelling { noise_of: Interest::new(tracked, [], false) });

    let progress = Progress::new(sources.total_bytes(), messages.verbosity());
    let events = Events::read(&reading, filters, &progress);
    progress.finish();
    let mut events = events?;
    let span = events.span;
    let seconds = window_of(window, span)?;
    let report = std::mem::take(&mut events.report);
    let summaries = std::mem::take(&mut events.sources);
    let within = seconds.map(|(from, to)| (Timestamp::from_seconds(from), Timestamp::from_seconds(to)));
    let gaps = report.gaps(seconds.unwrap_or((i64::MIN, i64::MAX)));
    let mut account = Account {
        version: 1,
        window: seconds.map_or_else(|| whole(span), |(from, to)| ReportWindow { from, to }),
        contents: Contents { records: summaries.iter().map(|source| source.records).sum(), ..Contents::default() },
        sources: summaries,
        audit: None,
        gaps,
    };
    let refused = common.strict && account.gaps_in_window() > 0;
    let mut written = Written::default();
    if !refused {
        written = events.write(within, &mut out).map_err(|error| out.blame(error))?;
        account.contents.events = written.lines;
    }
    say(&account, written, span, messages);
    if refused {
        messages.error("--strict: events may be missing, see above; they were not written");
    }
    if let Some(mut out) = report_out {
        account.write_json(&mut out).map_err(|error| out.blame(error))?;
        out.commit()?;
    }
    if refused {
        return Ok(ExitStatus::Strict);
    }
    out.commit()?;
    Ok(ExitStatus::Success)
}

/// The window in Unix seconds, if one was asked for.
fn window_of(window: &WindowArgs, span: Option<(Timestamp, Timestamp)>) -> anyhow::Result<Option<(i64, i64)>> {
    if window.from.is_none() && window.to.is_none() {
        return Ok(None);
    }
    if span.is_none() && !window.is_absolute() {
        anyhow::bail!("the input holds no record with a time, so the window is unknown: give --from and --to as times");
    }
    let (first, last) = span.unwrap_or_default();
    let ResolvedWindow { from, to, .. } = window.resolve(first, last).map_err(UsageError::from)?;
    Ok(Some((from, to)))
}

/// All of it, to the second after the last.
fn whole(span: Option<(Timestamp, Timestamp)>) -> ReportWindow {
    let (first, last) = span.unwrap_or_default();
    ReportWindow { from: first.seconds(), to: last.seconds().saturating_add(1) }
}

fn say(account: &Account, written: Written, span: Option<(Timestamp, Timestamp)>, messages: &Messages) {
    let count = summary::count;
    let sources = count(account.sources.len() as u64, "source");
    let span = span.map(|(first, last)| format!(", {} to {}", summary::time(first), summary::time(last)));
    let records = count(account.contents.records, "record");
    messages.plain(format_args!("read: {records} from {sources}{}", span.unwrap_or_default()));
    let Written { lines, left_out, kept_for_dating } = written;
    let left_out = if left_out > 0 { format!(", {left_out} left out") } else { String::new() };
    messages.plain(format_args!("events: {}{left_out}", count(lines, "line")));
    if kept_for_dating > 0 {
        messages.warning(format_args!(
            "{} that the filters leave out: kept, since there are records without a time, which all others date; filter \
             what is made of them",
            count(kept_for_dating, "line")
        ));
    }
    summary::warnings(account, messages);
}
