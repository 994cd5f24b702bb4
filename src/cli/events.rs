//! The arguments of `tracer events`.

use std::path::PathBuf;

use clap::Args;

use super::result::FileArgs;
use super::{Common, CommonArgs, FilterArgs, UsageError, WindowArgs, WindowFlags};
use crate::filter::Filters;

pub(super) const LONG: &str = "\
Write all input as one stream of events, in the order of time.

Each line is a JSON object: {\"ts\", \"type\", \"object\"}, as watch events are, with a member \"tracer\" besides that other \
programs pass over. Whatever a record shows whole stands as the object; what it tells with less (a patch, a deletion by name) \
is of the type AUDIT, and its object the audit event. What says nothing of objects is left out.

Every command reads the stream back, and makes of it what it makes of the logs: the same bytes. So it does of the streams of \
parts of the logs, put together in any order of lines: an archive that is too big for one machine is taken file by file, \
anywhere, and only the streams are brought together. Audit logs may be cut at any record, watch logs file by file.

Filters leave out lines. Namespaces may be left out here or later, which is the same; by kinds, names and labels, and by \
--from and --to, owners and what was before may be lost to an export. Without --config the stream is for configs that do not \
track Leases, Events, Endpoints and EndpointSlices; with it, for that one.";

pub(super) const AFTER: &str = "\
Examples:
  tracer events watch/ audit/ -o events.jsonl
  tracer events archive.jsonl.gz -n shop | tracer export -o shop.sktrace
  find audit/ watch/ -type f | xargs -n1 tracer events -q | sort | tracer export -o all.sktrace
  tracer events audit/ -k deploy --from '2026-11-23 15:26:00' --to +1m -o deployments.jsonl";

/// The arguments of `events`, unvalidated.
#[derive(Debug, Args)]
pub struct EventsArgs {
    #[command(flatten)]
    window: WindowFlags,
    #[command(flatten)]
    file: FileArgs,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    common: CommonArgs,
}

/// The options of `events`.
#[derive(Clone, Debug)]
pub struct EventsOptions {
    /// What every command takes.
    pub common: Common,
    /// The window as given.
    pub window: WindowArgs,
    /// What to keep.
    pub filters: Filters,
    /// Where to, `None` for stdout.
    pub output: Option<PathBuf>,
}

impl EventsArgs {
    pub(super) fn validate(self) -> Result<EventsOptions, UsageError> {
        let common = self.common.validate()?;
        let (window, output) = (self.window.validate()?, self.file.validate(&common)?);
        Ok(EventsOptions { window, filters: self.filters.into(), output, common })
    }
}
