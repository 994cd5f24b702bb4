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
