//! The arguments of `export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::result::{FileArgs, InferArgs};
use super::{Common, CommonArgs, FilterArgs, UsageError, WindowArgs, WindowFlags};
use crate::dependencies::Deps;
use crate::filter::Filters;
use crate::trace::{Format, Sanitize};

pub(super) const LONG: &str = "\
Write the trace of a window of time.

The first event of the trace is the state of the cluster at the start of the window; from then on there is one event for \
every second in which something changed. An object whose owner is in the trace is left out, since a replay would create it \
twice. What a filter leaves out takes its descendants with it.

Of audit logs, give those of all API servers, rotated files too, each server's in a directory of its own: every server logs \
only what went through it. An archive of them need not be unpacked.

stdout carries the trace alone. Whatever could make it differ from what happened is counted, and summed up on stderr.";

pub(super) const AFTER: &str = "\
Examples:
  tracer export audit/ --from '2026-11-23 15:26:00' --to +1m -o minute.sktrace
  tar -cz audit/ | tracer export --from -1m -o last.sktrace
  tracer export watch/ audit/ -o all.sktrace
  tracer export watch/ archive.jsonl.gz --exclude-ns 'kube-*' -o shop.sktrace
  tracer export watch/ --deps include -o whole.sktrace
  tracer export watch/ -k deploy,sts -l 'app,tier notin (canary)' -f yaml
  gzip -dc archive.jsonl.gz | tracer export -f json --report gaps.json -o trace.json";

/// The arguments of `export`, unvalidated.
#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    window: WindowFlags,
    #[command(flatten)]
    file: FileArgs,
    #[command(flatten)]
    result: ResultArgs,
    #[command(flatten)]
    infer: InferArgs,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
struct ResultArgs {
    /// The form of the trace
    #[arg(short, long, value_name = "FORMAT", default_value = "simkube")]
    format: FormatArg,

    /// What to remove from objects before they are written
    #[arg(long, value_name = "HOW", default_value = "replay")]
    sanitize: SanitizeArg,

    /// What becomes of the accounts, config maps, secrets, claims and classes that pods need
    ///
    /// A simulation cluster has none of them: it refuses pods whose account or class is missing, and leaves those pending whose
    /// claim is not bound.
    #[arg(long, value_name = "HOW", default_value = "keep")]
    deps: DepsArg,
}

/// The form of a written trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FormatArg {
    /// MessagePack, as SimKube reads it
    Simkube,
    /// The same as one JSON document
    Json,
    /// The same as one YAML document
    Yaml,
    /// JSON lines: one for the version and config, one for each event, one for index and lifecycles
    Jsonl,
}

impl From<FormatArg> for Format {
    fn from(arg: FormatArg) -> Self {
        match arg {
            FormatArg::Simkube => Format::Simkube,
            FormatArg::Json => Format::Json,
            FormatArg::Yaml => Format::Yaml,
            FormatArg::Jsonl => Format::Jsonl,
        }
    }
}

/// What is removed from objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SanitizeArg {
    /// All that an API server sets or refuses, so that the trace replays
    Replay,
    /// Only what SimKube's own tracer removes; a trace with Jobs will not replay
    Simkube,
}

impl From<SanitizeArg> for Sanitize {
    fn from(arg: SanitizeArg) -> Self {
        match arg {
            SanitizeArg::Replay => Sanitize::Replay,
            SanitizeArg::Simkube => Sanitize::Simkube,
        }
    }
}

/// What becomes of what pods need.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DepsArg {
    /// Pods refer to them as recorded; what is missing in the trace is counted
    Keep,
    /// Accounts, config maps and secrets (without their values) join the trace; the other references are taken out
    Include,
    /// All references to them are taken out
    Strip,
}

impl From<DepsArg> for Deps {
    fn from(arg: DepsArg) -> Self {
        match arg {
            DepsArg::Keep => Deps::Keep,
            DepsArg::Include => Deps::Include,
            DepsArg::Strip => Deps::Strip,
        }
    }
}

/// The options of `export`.
#[derive(Clone, Debug)]
pub struct ExportOptions {
    /// What every command takes.
    pub common: Common,
    /// The window as given; [`WindowArgs::resolve`] makes it one of seconds.
    pub window: WindowArgs,
    /// What to keep.
    pub filters: Filters,
    /// Where to, `None` for stdout.
    pub output: Option<PathBuf>,
    /// In which form.
    pub format: Format,
    /// What to remove from objects.
    pub sanitize: Sanitize,
    /// What becomes of what pods need.
    pub deps: Deps,
    /// Whether missing owners may be inferred.
    pub infer_owners: bool,
}

impl ExportArgs {
    pub(super) fn validate(self) -> Result<ExportOptions, UsageError> {
        let ResultArgs { format, sanitize, deps } = self.result;
        let common = self.common.validate()?;
        Ok(ExportOptions {
            window: self.window.validate()?,
            filters: self.filters.into(),
            output: self.file.validate(&common)?,
            format: format.into(),
            sanitize: sanitize.into(),
            deps: deps.into(),
            infer_owners: self.infer.may_infer(),
            common,
        })
    }
}
