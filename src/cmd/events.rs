//! `tracer events`: all input as one stream of lines.

use super::account::{self, Accounting};
use super::reading::{self, Span, Wanted};
use super::{ExitStatus, summary};
use crate::cli::{EventsOptions, ResolvedWindow, UsageError, WindowArgs};
use crate::config::TracerConfig;
use crate::decode::Interest;
use crate::decode::retold::Retelling;
use crate::events::{Events, Written};
use crate::model::Timestamp;
use crate::output::{Content, Messages, Output, Progress};
use crate::store::focus::Focus;

/// Runs the command.
pub fn run(options: EventsOptions, messages: &Messages) -> anyhow::Result<ExitStatus> {
    let EventsOptions { common, window, filters, output } = &options;
    let sources = reading::sources(common)?;
    let config = reading::config(common, &sources, messages)?;
    let mut out = Output::open(output.as_deref(), Content::Text)?;
    let accounting = Accounting::open(common)?;
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
    let within = seconds.map(|(from, to)| (Timestamp::from_seconds(from), Timestamp::from_seconds(to)));
    let sources = std::mem::take(&mut events.sources);
    let mut account = account::of_sources(sources, &report, seconds.unwrap_or(account::whole(span)));
    summary::records(&account, span, messages);
    summary::warnings(&account, messages);
    let refused = accounting.refuses(&account, "events may be missing, see above; they were not written", messages);
    if !refused {
        let written = events.write(within, &mut out).map_err(|error| out.blame(error))?;
        account.contents.events = written.lines;
        said_of(written, messages);
    }
    accounting.close(&account, refused, out)
}

/// The window in Unix seconds, if one was asked for.
fn window_of(window: &WindowArgs, span: Span) -> anyhow::Result<Option<(i64, i64)>> {
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

/// What was written.
fn said_of(Written { lines, left_out, kept_for_dating }: Written, messages: &Messages) {
    let count = summary::count;
    let left_out = if left_out > 0 { format!(", {left_out} left out") } else { String::new() };
    messages.plain(format_args!("events: {}{left_out}", count(lines, "line")));
    if kept_for_dating > 0 {
        messages.warning(format_args!(
            "{} that the filters leave out: kept, since there are records without a time, which all others date; filter \
             what is made of them",
            count(kept_for_dating, "line")
        ));
    }
}
