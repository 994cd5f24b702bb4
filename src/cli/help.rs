//! The longer texts of the help; those of commands with options of their own stand beside these.
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
  NO_COLOR  if set and not empty, nothing is coloured, unless by --color always

Examples:
  tracer inspect audit/
  tracer export audit/ --from '2026-11-23 15:26:00' --to +1m -o minute.sktrace
  tracer export watch/ --exclude-ns 'kube-*' -o shop.sktrace
  tracer get pods audit/ --at '2026-11-23 15:26:36'

See `tracer COMMAND --help` for the options of a command.";

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
