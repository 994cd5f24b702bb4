//! The longer texts of the help.
//!
//! In the texts that follow the options a line that begins in the first column and ends with a colon is a heading, and what is
//! indented below it stands as it is. Every line under `Examples:` is a command for bash that works as it stands, where there
//! are directories `audit/` and `watch/`, and a file `archive.jsonl.gz`. The man pages are made from the same texts.

pub(super) const ABOUT: &str = "Turn recorded Kubernetes logs into traces that SimKube replays";

pub(super) const LONG_ABOUT: &str = "\
Turn recorded Kubernetes logs into traces that SimKube replays.

tracer reads archived audit logs of API servers, recorded watch events, lists and traces, offline: no cluster is asked for \
anything. From them it puts together what was in the cluster, who owned what and how long pods ran, and writes a span of it \
as a SimKube trace.";

pub(super) const AFTER: &str = "\
Exit codes:
  0    done
  1    failed; the output file is as it was
  2    wrong usage; the output file is as it was
  3    --strict found something that could make the trace differ from what happened; the output file is as it was
  141  whoever read the output had enough

Environment:
  NO_COLOR  if set and not empty, messages are not coloured

Examples:
  tracer export audit/ --from '2026-11-23 15:26:00' --to +1m -o minute.sktrace
  tracer export watch/ --exclude-ns 'kube-*' -o shop.sktrace

See `tracer COMMAND --help` for the options of a command.";

pub(super) const LONG_EXPORT: &str = "\
Write the trace of a window of time.

The first event of the trace is the state of the cluster at the start of the window; from then on there is one event for \
every second in which something changed. An object whose owner is in the trace is left out, since a replay would create it \
twice. What a filter leaves out takes its descendants with it.

Of audit logs, give those of all API servers, rotated files too, each server's in a directory of its own: every server logs \
only what went through it. An archive of them need not be unpacked.

stdout carries the trace alone. Whatever could make it differ from what happened is counted, and summed up on stderr.";

pub(super) const AFTER_EXPORT: &str = "\
Examples:
  tracer export audit/ --from '2026-11-23 15:26:00' --to +1m -o minute.sktrace
  tar -cz audit/ | tracer export --from -1m -o last.sktrace
  tracer export watch/ audit/ -o all.sktrace
  tracer export watch/ archive.jsonl.gz --exclude-ns 'kube-*' -o shop.sktrace
  tracer export watch/ -k deploy,sts -l 'app,tier notin (canary)' -f yaml
  gzip -dc archive.jsonl.gz | tracer export -f json --report gaps.json -o trace.json";

pub(super) const LONG_EVENTS: &str = "\
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

pub(super) const AFTER_EVENTS: &str = "\
Examples:
  tracer events watch/ audit/ -o events.jsonl
  tracer events archive.jsonl.gz -n shop | tracer export -o shop.sktrace
  find audit/ watch/ -type f -print0 | xargs -0 -n1 tracer events -q | sort | tracer export -o all.sktrace
  tracer events audit/ -k deploy --from '2026-11-23 15:26:00' --to +1m -o deployments.jsonl";

pub(super) const LONG_COMPLETIONS: &str = "\
Print a script that has a shell complete commands, options and files.

bash: source it, in ~/.bashrc for good. zsh: put it as _tracer into a directory of $fpath. fish: put it into \
~/.config/fish/completions.";

pub(super) const AFTER_COMPLETIONS: &str = "\
Examples:
  source <(tracer completions bash)
  tracer completions zsh > _tracer
  tracer completions fish > tracer.fish";

pub(super) const LONG_MAN: &str = "\
Print the main manual page, or write that of every command to a directory.";

pub(super) const AFTER_MAN: &str = "\
Examples:
  tracer man > tracer.1
  tracer man man1/";
