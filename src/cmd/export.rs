//! `tracer export`: the trace of a window.

use std::path::Path;

use anyhow::Context;

use super::{ExitStatus, summary};
use crate::archive::{Archive, ArchiveError, Past, Reading};
use crate::cli::{ExportOptions, ResolvedWindow, UsageError};
use crate::config::TracerConfig;
use crate::coverage::{Known, SpillError};
use crate::decode::{Baseline, Decoder, Interest};
use crate::input::{self, Sources};
use crate::model::{GroupKind, Gvk, Timestamp};
use crate::output::{self, Content, Messages, Output, Progress};
use crate::report::{Account, AuditAccount, Contents, Report, Window as ReportWindow};
use crate::store::History;
use crate::store::focus::Focus;
use crate::trace::{self, Sanitize, Trace};
use crate::window::{Export, Window};

impl input::Progress for Progress {
    fn advance(&self, bytes: u64) {
        Progress::advance(self, bytes);
    }
}

/// Runs the command.
pub fn run(options: ExportOptions, messages: &Messages) -> anyhow::Result<ExitStatus> {
    let (from, to) = options.window.known();
    run_with_focus(options, Focus::new(from, to, Focus::MARGIN), messages)
}

/// Runs it with a focus of one's own, which holds the window: what is written is the same.
pub fn run_with_focus(options: ExportOptions, focus: Focus, messages: &Messages) -> anyhow::Result<ExitStatus> {
    let sources = sources(&options)?;
    let config = config(&options, &sources, messages)?;
    let content = if options.format.is_binary() { Content::Binary } else { Content::Text };
    let mut out = Output::open(options.output.as_deref(), content)?;
    let report_out =
        options.common.report.as_deref().map(|path| Output::open(Some(path), Content::Text)).transpose()?;
    let Past { mut archive, history: seen, graph } = read(&options, focus, &sources, config.clone(), messages)?;
    let config = config.or_else(|| archive.trace_config.take()).unwrap_or_default();

    let mut report = std::mem::take(&mut archive.report);
    let span = span(&archive, &seen);
    let window = window(&options, &archive, span)?;
    let audit = audit(&mut archive, &seen, &config, &mut report)?;
    let (history, filters, carried) = (&seen, &options.filters, archive.carried.as_slice());
    let sanitize = options.sanitize;
    let export = Export { history, graph: &graph, config: &config, filters, sanitize, carried };
    let trace = export.trace(window, &mut report);

    let account = account(&archive, audit, &report, &trace, window, history);
    summary::summarise(&account, span, messages);
    let refused = options.common.strict && account.gaps_in_window() > 0;
    if refused {
        messages.error("--strict: the trace may differ from what happened, see above; it was not written");
    } else {
        trace::write(options.format, &trace, &mut out).map_err(|error| out.blame(error))?;
    }
    // Nothing takes its place before all is written.
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

fn sources(options: &ExportOptions) -> anyhow::Result<Sources> {
    let mut paths = options.common.inputs(output::stdin_is_terminal())?;
    paths.extend(options.common.baseline.clone());
    let sources = Sources::discover(&paths)?;
    if sources.is_empty() {
        return Err(UsageError::new("no file in the directories that were named").into());
    }
    Ok(sources)
}

/// The config that was given, else that of the traces among the files; `None` when there is neither.
fn config(options: &ExportOptions, sources: &Sources, messages: &Messages) -> anyhow::Result<Option<TracerConfig>> {
    if let Some(path) = &options.common.config {
        let loaded = TracerConfig::load(path)?;
        loaded.warnings.iter().for_each(|warning| messages.warning(warning));
        return Ok(Some(loaded.config));
    }
    let mut merged: Option<TracerConfig> = None;
    for source in sources.iter() {
        let input::Source::File(path) = source else { continue };
        let Some(config) = config_of_trace(path, options.common.max_record)? else { continue };
        merged = Some(match merged {
            None => config,
            Some(merged) => merged.merge(&config).map_err(|problem| {
                let message = format!("it differs from another trace's: {problem}");
                ArchiveError::Config { place: path.display().to_string(), message }
            })?,
        });
    }
    Ok(merged)
}

fn config_of_trace(path: &Path, max_value: usize) -> anyhow::Result<Option<TracerConfig>> {
    let Some(stream) = input::open_trace(path)? else { return Ok(None) };
    trace::read_config(stream, max_value as u64).with_context(|| path.display().to_string())
}

fn read(
    options: &ExportOptions,
    focus: Focus,
    sources: &Sources,
    config: Option<TracerConfig>,
    messages: &Messages,
) -> anyhow::Result<Past> {
    let common = &options.common;
    let reading = Reading {
        sources,
        options: input::Options {
            threads: common.thread_count().get(),
            max_record: common.max_record,
            ..input::Options::default()
        },
        decoder: Decoder {
            interest: interest(config.as_ref().unwrap_or(&TracerConfig::default()), options.sanitize),
            time_field: common.time_field.clone(),
            max_value: common.max_record,
            baseline: baseline(options, sources),
            ..Decoder::default()
        },
        skip_invalid: common.skip_invalid,
        config,
    };
    let progress = Progress::new(sources.total_bytes(), messages.verbosity());
    let again = |why: &str| messages.detail(format_args!("reading once more, for what was not in order: {why}"));
    let past = Past::read(&reading, focus, options.infer_owners, &progress, &again);
    progress.finish();
    Ok(past?)
}

fn baseline(options: &ExportOptions, sources: &Sources) -> Option<Baseline> {
    let path = options.common.baseline.as_deref()?;
    options.common.baseline_at.map(|at| Baseline { sources: sources.at(path), at })
}

/// Bodies are needed of what is tracked; of pods, whose specs name their lifecycles; of Deployments, whose selectors prove
/// an inferred owner.
fn interest(config: &TracerConfig, sanitize: Sanitize) -> Interest {
    let tracked = config.iter().map(|(gvk, _)| gvk.clone());
    let besides = [Gvk::new("", "v1", "Pod"), Gvk::new("apps", "v1", "Deployment")];
    Interest::new(tracked, besides, sanitize == Sanitize::Simkube)
}

/// From when to when the log runs, `None` where nothing in it has a time.
fn span(archive: &Archive, history: &History) -> Option<(Timestamp, Timestamp)> {
    let spans = [archive.span, history.changes_estimated].into_iter().flatten();
    let span = spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    // Of a state alone it is the second after the last write: all of it stands at the start then.
    let after = |at: Timestamp| Timestamp::from_seconds(at.seconds().saturating_add(1));
    span.or(history.states_estimated.map(|at| (after(at), after(at))))
}

fn window(options: &ExportOptions, archive: &Archive, span: Option<(Timestamp, Timestamp)>) -> anyhow::Result<Window> {
    if span.is_none() && !options.window.is_absolute() {
        anyhow::bail!(
            "the input holds no record with a time, so the window is unknown: give --from and --to, or other inputs"
        );
    }
    let (first, last) = span.unwrap_or_default();
    let ResolvedWindow { from, to, to_given } = options.window.resolve(first, last).map_err(UsageError::from)?;
    Ok(Window { from, to, closed: to_given || archive.lasts_until == Some(to) })
}

/// What the audit logs can tell and what they cannot.
fn audit(
    archive: &mut Archive,
    history: &History,
    config: &TracerConfig,
    report: &mut Report,
) -> Result<Option<AuditAccount>, SpillError> {
    let pods = std::iter::once(GroupKind::new("", "Pod"));
    let tracked = config.iter().map(|(gvk, _)| gvk.group_kind()).chain(pods).collect();
    let paths: Vec<String> = archive.sources.iter().map(|source| source.path.clone()).collect();
    let known = Known { tracked: &tracked, kinds: &history.kinds, paths: &paths };
    std::mem::take(&mut archive.coverage).finish(&known, report)
}

fn account(
    archive: &Archive,
    audit: Option<AuditAccount>,
    report: &Report,
    trace: &Trace<TracerConfig>,
    window: Window,
    history: &History,
) -> Account {
    let later = trace.events.iter().skip(1);
    let contents = Contents {
        records: archive.records,
        objects_seen: history.objects.len() as u64 + history.graves.count(),
        events: trace.events.len() as u64,
        start_objects: trace.events.first().map_or(0, |event| event.applied.len()) as u64,
        applied: later.clone().map(|event| event.applied.len() as u64).sum(),
        deleted: later.map(|event| event.deleted.len() as u64).sum(),
        objects: trace.index.values().map(|names| names.len() as u64).sum(),
        lifecycles: trace.pod_lifecycles.values().flat_map(|hashes| hashes.values()).map(|l| l.len() as u64).sum(),
    };
    Account {
        version: 1,
        window: ReportWindow { from: window.from, to: window.to },
        contents,
        sources: archive.sources.clone(),
        audit,
        gaps: report.gaps((window.from, window.to)),
    }
}
