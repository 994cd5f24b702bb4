//! What every command that reads logs begins with: the inputs, the config, and what happened.

use std::path::Path;

use anyhow::Context;

use crate::archive::{Archive, ArchiveError, Past, Reading};
use crate::cli::{Common, UsageError};
use crate::config::TracerConfig;
use crate::decode::{Baseline, Decoder, Interest};
use crate::input::{self, Sources};
use crate::model::Timestamp;
use crate::output::{self, Messages, Progress};
use crate::store::History;
use crate::store::focus::Focus;
use crate::trace;

impl input::Progress for Progress {
    fn advance(&self, bytes: u64) {
        Progress::advance(self, bytes);
    }
}

/// From when to when a log runs; `None` where nothing in it has a time.
pub type Span = Option<(Timestamp, Timestamp)>;

/// What a command needs of the logs.
pub struct Wanted {
    /// The bodies.
    pub interest: Interest,
    /// The span of time.
    pub focus: Focus,
    /// Whether missing owners may be inferred.
    pub infer_owners: bool,
    /// What is tracked; see [`config`].
    pub config: Option<TracerConfig>,
}

/// The inputs that were named, and the baseline.
///
/// # Errors
/// A path that cannot be read, and none at all.
pub fn sources(common: &Common) -> anyhow::Result<Sources> {
    let mut paths = common.inputs(output::stdin_is_terminal())?;
    paths.extend(common.baseline.clone());
    let sources = Sources::discover(&paths)?;
    if sources.is_empty() {
        return Err(UsageError::new("no file in the directories that were named").into());
    }
    Ok(sources)
}

/// The config that was given, else that of the traces among the files; `None` when there is neither.
///
/// # Errors
/// A config that cannot be used, and traces whose configs differ.
pub fn config(common: &Common, sources: &Sources, messages: &Messages) -> anyhow::Result<Option<TracerConfig>> {
    if let Some(path) = &common.config {
        let loaded = TracerConfig::load(path)?;
        loaded.warnings.iter().for_each(|warning| messages.warning(warning));
        return Ok(Some(loaded.config));
    }
    let mut merged: Option<TracerConfig> = None;
    for source in sources.iter() {
        let input::Source::File(path) = source else { continue };
        let Some(config) = config_of_trace(path, common.max_record)? else { continue };
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

/// Reads everything, with a progress bar.
///
/// # Errors
/// As [`Past::read`].
pub fn past(common: &Common, sources: &Sources, wanted: Wanted, messages: &Messages) -> anyhow::Result<Past> {
    let (focus, infer_owners) = (wanted.focus, wanted.infer_owners);
    let reading = reading(common, sources, wanted);
    let progress = Progress::new(sources.total_bytes(), messages.verbosity());
    let again = |why: &str| messages.detail(format_args!("reading once more, for what was not in order: {why}"));
    let past = Past::read(&reading, focus, infer_owners, &progress, &again);
    progress.finish();
    Ok(past?)
}

/// How everything is read.
pub fn reading<'a>(common: &Common, sources: &'a Sources, wanted: Wanted) -> Reading<'a> {
    Reading {
        sources,
        options: input::Options {
            threads: common.thread_count().get(),
            max_record: common.max_record,
            ..input::Options::default()
        },
        decoder: Decoder {
            interest: wanted.interest,
            time_field: common.time_field.clone(),
            max_value: common.max_record,
            baseline: baseline(common, sources),
            ..Decoder::default()
        },
        skip_invalid: common.skip_invalid,
        config: wanted.config,
    }
}

fn baseline(common: &Common, sources: &Sources) -> Option<Baseline> {
    let path = common.baseline.as_deref()?;
    common.baseline_at.map(|at| Baseline { sources: sources.at(path), at })
}

/// From when to when the log runs.
pub fn span(archive: &Archive, history: &History) -> Span {
    let spans = [archive.span, history.changes_estimated].into_iter().flatten();
    let span = spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
    // Of a state alone it is the second after the last write: all of it stands at the start then.
    let after = |at: Timestamp| Timestamp::from_seconds(at.seconds().saturating_add(1));
    span.or(history.states_estimated.map(|at| (after(at), after(at))))
}
