//! The arguments of `inspect`.

use clap::{Args, ValueEnum};

use crate::filter::Filters;

use super::result::InferArgs;
use super::{Common, CommonArgs, FilterArgs, UsageError, WindowArgs, WindowFlags};

pub(super) const LONG: &str = "\
Say what is in logs, or in a trace, and when.

Of logs: the inputs; what their records are, and what became of them; audit levels, and what was recorded of each resource; \
servers; kinds, namespaces, and whose the pods are; a chart of the changes over time, the busiest and the silent spans; what \
a trace may lack. Of a trace, if it is the only input: how long it is, what it would start, who owns the most pods. At the \
end stands a command that exports the busiest quarter of an hour, or all of it if that is shorter, for a shell.

Objects and their changes are those of the span from --from to --to that the filters keep. Records, levels and servers are \
those of all that was read, and so are the events and the size of a trace. A change is a creation, a deletion, or a new \
version of an object; one that several inputs tell of counts once, unless one of them shows the request alone. What lists, \
reads and initial sets show is no change. What only an export knows to be missing is no part of the gaps.

Bodies are not kept, but of what is changed about 600 bytes for every change: a million changes take 600 MB. With both \
--from and --to it is less, for what happened long before or after is forgotten, unless the input is a pipe.";

pub(super) const AFTER: &str = "\
Words of the tables:
  SHARE         of the records of that form, rounded down
  EARLY STAGES  events that come before the answer, which is told by another one
  WITH RESULT   writes that were recorded with the object that came of them
  REQUEST ONLY  writes of which the request's body alone was recorded
  CUT           writes without their result since a body was too large
  WITHOUT BODY  writes of which no body was recorded
  TRACKED       whether an export would look for such objects; see --config
  AT ONCE       how many pods there were at one time, at most
  BUSIEST       the five spans with the most changes, none overlapping another: of 15 minutes, or
                shorter ones in a shorter log
  SILENT        the five longest pauses in which there is no record at all, of at least a twentieth
                of the span, or of 10 minutes; and pauses that are unusual for one API server
  GAPS, IN SPAN how often in all, and in the span from --from to --to; -v adds examples
  PODS          of a trace: what replicas and parallelism ask for, at most

Fields of the JSON:
  version                  of this schema: 1
  log.from, .to            the first and the last moment of the log; null without times
  window.from, .to         what is looked at, the end exclusive; null without times
  records                  records read, of any kind
  objects                  objects that were there in the window and that the filters keep
  changes                  .created, .changed, .deleted: what happened to them
  inputs[]                 .path; .formats: audit, watch, list, object, trace, other; .bytes as
                           stored, null for a pipe; .compression: gzip, zstd, bzip2, xz or null;
                           .archive: whether it is a tar archive, .members of it; .records; .first
                           and .last recorded time
  forms[]                  .format; .records: of lists and arrays what is in them; .fates[] with
                           .fate and .records: what became of them. A fate is changed, deleted,
                           shown, read, early, noise, no-object, unnamed, refused, dry-run,
                           unknown, bookmark, broken, passed-over or skipped
  levels[]                 .level: Metadata, Request, RequestResponse; .events; .early, .writes
                           among them
  servers[]                API servers, as audit.servers of export --report
  resources[]              as audit.resources of export --report, of all resources
  kinds[]                  .group, .kind, .tracked, .objects, .at_start, .at_end, .created, .changed,
                           .deleted
  namespaces[]             .namespace, empty for what is cluster-scoped; .objects, .pods, .created,
                           .changed, .deleted
  owners[]                 .owner with .group, .kind, .namespace, .name: the topmost owner of pods,
                           null for those that nothing owns; .seen: false if it is known by
                           reference only; .pods, .at_once
  histogram                .seconds: the length of a span; .spans[] in which anything happened:
                           .from, .created, .changed, .deleted, .pods (created)
  busiest[]                .from, .to, .created, .changed, .deleted, .pods (created)
  pauses[]                 .from, .to, .seconds: without any record
  gaps[]                   as gaps of export --report, with .first and .last time
  trace                    null, but for a trace that is the only input:
  trace.tracked            the kinds of its config
  trace.from, .to          its first second, and that of its last event; .seconds between them
  trace.events             events, the starting state and an empty last one included
  trace.at_start           objects of the starting state; .applied later; .deleted
  trace.bytes              of all that is applied, as JSON; .largest with .object and .bytes
  trace.pods               .at_start, .at_most: pods asked for; .peak: when the most
  trace.kinds[]            .group, .kind; .pods as above, null where the kind does not tell
  trace.lifecycles         .all; .finished among them; .seconds: the shortest, the median and the
                           longest of those, or null
  trace.owners[]           .owner; .pods, at most, or null; .lifecycles
  export                   the command for the busiest quarter of an hour; null without times

Examples:
  tracer inspect audit/
  tracer inspect watch/ archive.jsonl.gz --exclude-ns 'kube-*' --from -1m
  gzip -dc archive.jsonl.gz | tracer inspect -k deploy,pod
  tracer inspect audit/ -o json > inspection.json
  tracer export -q watch/ | tracer inspect";

/// The arguments of `inspect`, unvalidated.
#[derive(Debug, Args)]
pub struct InspectArgs {
    #[command(flatten)]
    window: WindowFlags,
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
    /// The form of what is printed
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Form,
}

/// The form of an inspection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Tables and a chart
    Text,
    /// One JSON document, of the fields below
    Json,
}

/// The options of `inspect`.
#[derive(Clone, Debug)]
pub struct InspectOptions {
    /// What every command takes.
    pub common: Common,
    /// The span of time as given.
    pub window: WindowArgs,
    /// What is looked at of the objects.
    pub filters: Filters,
    /// Whether JSON is wanted, and not text.
    pub json: bool,
    /// Whether missing owners may be inferred.
    pub infer_owners: bool,
}

impl InspectArgs {
    pub(super) fn validate(self) -> Result<InspectOptions, UsageError> {
        Ok(InspectOptions {
            common: self.common.validate()?,
            window: self.window.validate()?,
            filters: self.filters.into(),
            json: self.result.output == Form::Json,
            infer_owners: self.infer.may_infer(),
        })
    }
}
