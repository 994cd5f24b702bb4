//! `tracer export`: the trace of a window.

use super::account::{self, Accounting};
use super::reading::{self, Span, Wanted};
use super::{ExitStatus, summary};
use crate::archive::{Archive, Past};
use crate::cli::{ExportOptions, ResolvedWindow, UsageError};
use crate::config::TracerConfig;
use crate::decode::Interest;
use crate::dependencies::{Dependency, Deps};
use crate::model::Gvk;
use crate::output::{Content, Messages, Output};
use crate::report::Contents;
use crate::store::focus::Focus;
use crate::trace::{self, Sanitize, Trace};
use crate::window::{Export, Window};

/// Runs the command.
pub fn run(options: ExportOptions, messages: &Messages) -> anyhow::Result<ExitStatus> {
    let (from, to) = options.window.known();
    run_with_focus(options, Focus::new(from, to, Focus::MARGIN), messages)
}

/// Runs it with a focus of one's own, which holds the window: what is written is the same.
pub fn run_with_focus(options: ExportOptions, focus: Focus, messages: &Messages) -> anyhow::Result<ExitStatus> {
    let sources = reading::sources(&options.common)?;
    let config = reading::config(&options.common, &sources, messages)?;
    let content = if options.format.is_binary() { Content::Binary } else { Content::Text };
    let mut out = Output::open(options.output.as_deref(), content)?;
    let accounting = Accounting::open(&options.common)?;
    let wanted = Wanted {
        interest: interest(config.as_ref().unwrap_or(&TracerConfig::default()), &options),
        focus,
        infer_owners: options.infer_owners,
        config: config.clone(),
    };
    let Past { mut archive, history: seen, graph } = reading::past(&options.common, &sources, wanted, messages)?;
    let config = config.or_else(|| archive.trace_config.take()).unwrap_or_default();

    let mut report = std::mem::take(&mut archive.report);
    let span = reading::span(&archive, &seen);
    let window = window(&options, &archive, span)?;
    let audit = account::audit(&mut archive, &seen, &account::tracked(&config), &mut report)?;
    let (history, filters, carried) = (&seen, &options.filters, archive.carried.as_slice());
    let (sanitize, deps) = (options.sanitize, options.deps);
    let export = Export { history, graph: &graph, config: &config, filters, sanitize, deps, carried };
    let trace = export.trace(window, &mut report);

    let mut account = account::of(&mut archive, history, audit, &report, (window.from, window.to));
    account.contents = contents(&trace, account.contents);
    summary::summarise(&account, span, messages);
    let doubt = "the trace may differ from what happened, see above; it was not written";
    let refused = accounting.refuses(&account, doubt, messages);
    if !refused {
        trace::write(options.format, &trace, &mut out).map_err(|error| out.blame(error))?;
    }
    let closed = accounting.close(&account, refused, out);
    // The process ends here, and all its memory with it: to free what a million objects take piece by piece would cost as much
    // again as to plan what is written of them. What the history has beside its objects may be files.
    std::mem::forget((trace, seen.objects, graph));
    closed
}

/// Bodies are needed of what is tracked; of pods, whose specs name their lifecycles; of Deployments, whose selectors prove
/// an inferred owner; of what pods need, where that is to come along.
fn interest(config: &TracerConfig, options: &ExportOptions) -> Interest {
    let tracked = config.iter().map(|(gvk, _)| gvk.clone());
    let besides = [Gvk::new("", "v1", "Pod"), Gvk::new("apps", "v1", "Deployment")];
    let aside = Dependency::COMING_ALONG.into_iter().filter(|_| options.deps == Deps::Include).map(Dependency::gvk);
    Interest::new(tracked, besides, options.sanitize == Sanitize::Simkube).with_aside(aside)
}

fn window(options: &ExportOptions, archive: &Archive, span: Span) -> anyhow::Result<Window> {
    if span.is_none() && !options.window.is_absolute() {
        anyhow::bail!(
            "the input holds no record with a time, so the window is unknown: give --from and --to, or other inputs"
        );
    }
    let (first, last) = span.unwrap_or_default();
    let ResolvedWindow { from, to, to_given } = options.window.resolve(first, last).map_err(UsageError::from)?;
    Ok(Window { from, to, closed: to_given || archive.lasts_until == Some(to) })
}

/// What is in a trace, beside what was read.
fn contents(trace: &Trace<TracerConfig>, read: Contents) -> Contents {
    let later = trace.events.iter().skip(1);
    Contents {
        events: trace.events.len() as u64,
        start_objects: trace.events.first().map_or(0, |event| event.applied.len()) as u64,
        applied: later.clone().map(|event| event.applied.len() as u64).sum(),
        deleted: later.map(|event| event.deleted.len() as u64).sum(),
        objects: trace.index.values().map(|names| names.len() as u64).sum(),
        lifecycles: trace.pod_lifecycles.values().flat_map(|hashes| hashes.values()).map(|l| l.len() as u64).sum(),
        ..read
    }
}
