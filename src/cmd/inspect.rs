//! `tracer inspect`: what is in these logs, or in this trace.

mod command;

use super::ExitStatus;
use super::account::{self, Accounting};
use super::reading::{self, Wanted};
use crate::archive::Past;
use crate::cli::{InspectOptions, ResolvedWindow, UsageError};
use crate::config::TracerConfig;
use crate::decode::Interest;
use crate::filter::{KindPattern, Near};
use crate::inspection::{self, Inspection, Look, Subject, Window};
use crate::model::{Gvk, Timestamp};
use crate::output::{Content, Messages, Output, Verbosity};
use crate::report::Account;
use crate::store::focus::Focus;

/// Runs the command.
pub fn run(options: InspectOptions, messages: &Messages) -> anyhow::Result<ExitStatus> {
    let mut out = Output::open(None, Content::Text)?;
    let accounting = Accounting::open(&options.common)?;
    let (from, to) = options.window.known();
    let Looked { inspection, window, quarter, account } =
        look(&options, Focus::new(from, to, Focus::MARGIN), messages)?;
    let written = if options.json {
        inspection.write_json(&mut out)
    } else {
        let examples = options.common.verbosity == Verbosity::Verbose;
        let look = Look { width: out.width(), styles: out.styles(options.common.color), examples };
        inspection::write_text(&inspection, (window, quarter), look, &mut out)
    };
    written.map_err(|error| out.blame(error))?;
    // It is shown in any case: the gaps are a part of what is shown.
    let refused = accounting.refuses(&account, "a trace of this may differ from what happened, see the gaps", messages);
    accounting.close(&account, false, out)?;
    Ok(if refused { ExitStatus::Strict } else { ExitStatus::Success })
}

/// What was found.
pub struct Looked {
    /// All of it.
    pub inspection: Inspection,
    /// The span that was looked at; `None` where nothing has a time.
    pub window: Option<Window>,
    /// The span that is worth an export.
    pub quarter: Window,
    /// The account for that span.
    pub account: Account,
}

/// Looks through the inputs, with a focus of one's own, which holds the window: what is found is the same.
pub fn look(options: &InspectOptions, focus: Focus, messages: &Messages) -> anyhow::Result<Looked> {
    let sources = reading::sources(&options.common)?;
    let config = reading::config(&options.common, &sources, messages)?;
    let wanted = Wanted {
        interest: interest(config.as_ref().unwrap_or(&TracerConfig::default())),
        focus,
        infer_owners: options.infer_owners,
        config: config.clone(),
    };
    let mut past = reading::past(&options.common, &sources, wanted, messages)?;
    let config = config.or_else(|| past.archive.trace_config.take()).unwrap_or_default();
    let mut report = std::mem::take(&mut past.archive.report);
    let audit = account::audit(&mut past.archive, &past.history, &account::tracked(&config), &mut report)?;
    let log = reading::span(&past.archive, &past.history);
    let window = window(options, log)?;
    let subject = Subject {
        sources: &sources,
        past: &past,
        audit: audit.as_ref(),
        report: &report,
        config: &config,
        filters: &options.filters,
        log,
        window,
    };
    let mut inspection = inspection::inspect(&subject);
    let quarter = inspection::quarter(&inspection, window.unwrap_or_default());
    inspection.export = window.map(|_| command::export(options, quarter));
    warn(&inspection, log.zip(window), messages);
    warn_of_kinds(options, &past, messages);
    let account = account::of(&mut past.archive, &past.history, audit, &report, window.unwrap_or_default());
    Ok(Looked { inspection, window, quarter, account })
}

/// As an export: what is tracked, pods, and Deployments, whose selectors prove an inferred owner; only of those bodies are
/// kept.
fn interest(config: &TracerConfig) -> Interest {
    let pod = Gvk::new("", "v1", "Pod");
    let tracked = config.iter().map(|(gvk, _)| gvk.clone()).chain([pod]);
    Interest::outline(tracked, [Gvk::new("apps", "v1", "Deployment")])
}

fn window(options: &InspectOptions, log: Option<(Timestamp, Timestamp)>) -> Result<Option<Window>, UsageError> {
    if log.is_none() && !options.window.is_absolute() {
        return Ok(None);
    }
    let (first, last) = log.unwrap_or_default();
    let ResolvedWindow { from, to, .. } = options.window.resolve(first, last).map_err(UsageError::from)?;
    Ok(Some((from, to)))
}

/// What is there, but not here: an empty input, a time or a filter that leaves nothing.
fn warn(inspection: &Inspection, span: Option<((Timestamp, Timestamp), Window)>, messages: &Messages) {
    if inspection.records == 0 {
        return messages.warning("the input holds no record");
    }
    let Some(((first, last), (from, to))) = span else {
        return messages.warning("no record has a time, so nothing can be said of when it was");
    };
    if last.seconds() < from || first.seconds() >= to {
        let (first, last) = (Timestamp::from_seconds(first.seconds()), Timestamp::from_seconds(last.seconds()));
        messages.warning(format_args!("nothing was recorded then: the log runs from {first} to {last}"));
    } else if inspection.objects == 0 {
        messages.warning("no object is left: look at the filters, and at --from and --to");
    }
}

/// A kind that is in no log is told, with those that it may be meant for.
fn warn_of_kinds(options: &InspectOptions, past: &Past, messages: &Messages) {
    let kinds = &past.history.known_kinds;
    let unknown = |pattern: &&KindPattern| !kinds.iter().any(|kind| pattern.matches(kind));
    for pattern in options.filters.kinds.iter().filter(unknown) {
        messages.warning(format_args!("no object of the kind {pattern}: {}", Near::kinds(pattern, kinds)));
    }
}
