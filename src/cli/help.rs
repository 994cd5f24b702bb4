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
  `tracer diff` has those of diff(1): 1 something differs, 2 failed, or wrong usage

Environment:
  NO_COLOR  if set and not empty, messages are not coloured

Examples:
  tracer inspect audit/
  tracer export audit/ --from '2026-11-23 15:26:00' --to +1m -o minute.sktrace
  tracer export watch/ --exclude-ns 'kube-*' -o shop.sktrace
  tracer get pods audit/ --at '2026-11-23 15:26:36'

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
  tracer export watch/ --deps include -o whole.sktrace
  tracer export watch/ -k deploy,sts -l 'app,tier notin (canary)' -f yaml
  gzip -dc archive.jsonl.gz | tracer export -f json --report gaps.json -o trace.json";

pub(super) const USAGE_DIFF: &str = "\
tracer diff [OPTIONS] A B
       tracer diff [OPTIONS] [INPUT]... --from <T> --to <T>";

pub(super) const INPUTS_DIFF: &str = "\
Two traces, A and B; or the log to read, in any number of files and directories, as `export` does; `-`, or none at all, is stdin";

pub(super) const LONG_DIFF: &str = "\
Show what differs between two traces, or between two instants of a log.

Two traces, in SimKube's format as `export` writes it, compressed or not, are compared when they are all that is given and \
neither --from nor --to is: object by object what each does to it, event by event, in the same second; then the lifecycles \
of pods, the order of what happens in one second, the indexes and the configs. A pipe, as `-` or <(…), beside a trace or \
another pipe is taken for a trace too.

In all other cases it is the state of a log, or of whatever is read, at two instants that is compared: which objects came, \
went and changed from --from to --to. Without one of these, and without two traces, they are where the log begins and \
ends. What differs with every write is left out (resourceVersion, generation, managedFields and the like), and so are Leases \
and Events unless -k names them.

-, in red, is what only A has or what went, + what only B has or what came, ~ what differs. Lists are compared by the names \
of their elements. A status is compared only with --status. An object passes the filters if it does in one of its states. \
With --config, only the kinds that it tracks are compared.";

pub(super) const AFTER_DIFF: &str = "\
Exit codes:
  0    nothing differs
  1    something differs
  2    wrong usage, or it failed
  3    --strict found something that could make a state another than it was
  141  whoever read the output had enough
  They are those of diff(1), and differ from those of the other commands.

Output as JSON:
  version     of this schema: 1
  compared    traces, or instants
  same        whether nothing differs
  changes[]   wherever fields differ: path (spec.template.spec.containers[app].image); before,
              absent where a field came; after, absent where it went

Output as JSON of two traces:
  Times are Unix seconds; hashes are decimal, in strings.
  a, b        each in numbers: path, from, to, events, objects, lifecycles
  span[]      from and to, where they differ
  objects[]   kind (apps/v1.Deployment), namespace, name; only_in: A or B, where only one has it;
              steps[], what one does alone or both do in different ways: a, b (ts; action: applied,
              changed, deleted), changes[] (from A to B; where one acts alone, what it changes)
  lifecycles[]
              of owners of pods: kind, namespace, name; only_in, as above; only_in_a[]; only_in_b[];
              changed[], pairs that begin alike; hashes, of the pods' specs, where only those differ
  order[]     seconds in which both do the same in another order: ts; operations, how many; position
              of the first; a, b: what is done there
  deal[]      owners whose lifecycles a replay deals out in another order
  index[]     hashes a and b of objects that do not differ otherwise
  config[]    changes

Output as JSON of two instants:
  Times are RFC 3339.
  from, to    the instants
  objects_then, objects_after, in_between
              how many there are at each, and how many came and went in between
  left_out    how many Leases and Events differ and are not told
  objects[]   kind (Deployment.apps), namespace, name; change: came, went, changed, replaced; at,
              when, the last time; content_unknown, where no record shows all of it; changes[]

Examples:
  tracer diff <(tracer export -q watch/) <(tracer export -q audit/) --tolerance 2
  tracer export watch/ -q -o a.sktrace; tracer export audit/ -q | tracer diff a.sktrace -
  tracer diff audit/ --from '2026-11-23 15:25:50' --to +10s -n shop
  tracer diff watch/ --from -1m -k deploy,cronjob --status -o json";
pub(super) const LONG_INSPECT: &str = "\
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

pub(super) const AFTER_INSPECT: &str = "\
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
pub(super) const LONG_VALIDATE: &str = "\
Tell whether SimKube will replay a trace, and what is wrong with it.

A trace is held against every rule on which SimKube's reader, its driver or its validator would break, and against what an API \
server refuses. An error is what SimKube does not read, what ends a replay early, or what has it go another way than was \
recorded; a warning is what is lost in a replay, or depends on the cluster. Each rule has a code; E0001 to E0005 and W0000 are \
those of `skctl validate`, and mean the same.";

pub(super) const AFTER_VALIDATE: &str = "\
Exit codes:
  0  valid, maybe with warnings; with --fix: what was written is
  1  there are errors, or a trace could not be read
  2  wrong usage

Examples:
  tracer export watch/ --deps include | tracer validate
  tracer export watch/ --sanitize simkube | tracer validate --fix good.sktrace
  tracer export watch/ | tracer validate -o json";
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

pub(super) const LONG_OWNERS: &str = "\
Show who owns whom, from the roots down to the pods.

Every object stands in full once: below its controller, or its first owner. Below its other owners it is named, and says where \
it stands. An owner that no log shows is known by reference only; where names and labels tell what owns that, it says so. A \
circle begins with one of its members, and ends where that comes again.

Objects that own nothing and that nothing owns are shown where the config tracks their kind (--config; by default workloads), \
or -k or --name asks for them; the others are counted.

What passes the filters is shown, with all that is above it. What one of them excludes takes with it what it owns. Without \
--at an object passes if it ever did. Leases, Events and endpoints are no part of the graph.";

pub(super) const AFTER_OWNERS: &str = "\
Examples:
  tracer owners watch/
  tracer owners deploy/web watch/ --at '2026-11-23 15:26:00'
  tracer owners watch/ -n batch --fold 3
  tracer owners watch/ -k pod -l app=web --fold 0
  tracer owners audit/ -o dot > owners.dot
  tracer owners watch/ --name 'job/*' -o mermaid
  tracer owners watch/ -o json > owners.json";

pub(super) const LONG_CONFIG: &str = "\
Write a tracer config, as SimKube and `tracer export` read it, for what the logs contain.

It names the kinds at the top of the graph that own pods, or would, with the paths of their pod templates. For kinds that are not \
built in these are found by comparing the objects with the containers of their pods; so the logs must hold both. Lifecycles \
are tracked. Pods of which nothing above can be tracked are tracked by themselves. Those of DaemonSets never are.

What could not be told stands in comments: read them before you rely on it. Of a config that is given (--config, or that of a \
trace) every entry is kept as it is, and what it lacks is added. The filters say of which objects the config is made.";

pub(super) const AFTER_CONFIG: &str = "\
Examples:
  tracer config watch/ -o tracer.yaml
  tracer config audit/ --exclude-ns 'kube-*'
  tracer config watch/ -q > made.yaml; tracer export watch/ -c made.yaml -o all.sktrace";
