//! The arguments that several commands share.

use std::num::NonZeroUsize;
use std::path::PathBuf;

use clap::builder::{PossibleValue, ValueParser};
use clap::{Args, ValueEnum, ValueHint};

use crate::filter::{Filters, Glob, KindPattern, NamePattern, Selector};
use crate::model::Timestamp;
use crate::output::{Color, Messages, Verbosity};

use super::{TimeArg, UsageError, WindowArgs, parse_size};

/// How the user names stdin.
pub(super) const STDIN: &str = "-";

/// As many threads as could ever help; more would only fail to start.
const MAX_THREADS: u16 = 1024;

/// What every command takes, unvalidated.
#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub struct CommonArgs {
    /// Files to read, in any order; directories are walked; `-`, or none at all, is stdin
    ///
    /// Each may be compressed (gzip, zstd, bzip2, xz) or a tar archive, and may hold audit logs, recorded watch events, lists
    /// (kubectl get -o json), objects or a SimKube trace: what it holds is told from its content.
    #[arg(value_name = "INPUT", value_hint = ValueHint::AnyPath, help_heading = None::<&str>)]
    inputs: Vec<PathBuf>,

    /// Track the kinds that this SimKube tracer config (YAML) names; default: the roots of workloads
    ///
    /// By default Deployments, StatefulSets, CronJobs, Jobs, and the ReplicaSets and Pods that nothing owns.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    config: Option<PathBuf>,

    /// Read this list (kubectl get -o json) or trace too, as the state before the logs begin
    ///
    /// Objects that were there before the logs begin get their content from it; audit logs show those alone that were written
    /// or read since. A list has no time of its own: it is estimated
    /// from its objects, unless --baseline-at tells it; give --from where the window is to begin later.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    baseline: Option<PathBuf>,

    /// When the list that --baseline names was taken: RFC 3339, a date, or Unix seconds
    #[arg(long, value_name = "TIME", value_parser = TimeArg::parse_moment, requires = "baseline")]
    baseline_at: Option<Timestamp>,

    /// Take the time of a record from its field NAME, where it has one
    ///
    /// Where it has none, as without this option: from the field ts, timestamp, time, observedAt, observationTime or @timestamp,
    /// the first there is, or from a time before the {. A time is RFC 3339, or Unix seconds, milli-, micro- or nanoseconds,
    /// told by magnitude; without an offset it is UTC. A record without any has its time estimated, which is counted. An audit
    /// event has its own time, which is not looked for elsewhere.
    #[arg(long, value_name = "NAME", value_parser = parse_field)]
    time_field: Option<String>,

    /// Refuse a record that is longer than SIZE: bytes, or with K, M or G (powers of 1024)
    #[arg(long, value_name = "SIZE", default_value = "64MiB", value_parser = parse_size)]
    max_record: usize,

    /// Pass over unreadable records and those over --max-record, and count them, instead of failing at the first
    #[arg(long)]
    skip_invalid: bool,

    /// Fail with exit code 3 if anything inside the window could make the trace differ from what happened
    #[arg(long, help_heading = "Messages")]
    strict: bool,

    /// Write what could make the trace differ from what happened to FILE, as JSON
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Messages")]
    report: Option<PathBuf>,

    /// Use N threads (1 to 1024), which does not change the result; default: one per core
    #[arg(short = 'j', long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(MAX_THREADS)))]
    threads: Option<u16>,

    /// Print nothing but errors on stderr: no warnings, no summary, no progress bar
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Messages")]
    quiet: bool,

    /// Print more on stderr: every reason with up to ten examples
    #[arg(short, long, help_heading = "Messages")]
    verbose: bool,

    /// When to colour the messages on stderr, and the tables, trees and differences on stdout
    #[arg(long, value_name = "WHEN", default_value = "auto", help_heading = "Messages")]
    color: Color,
}

/// What every command takes.
#[derive(Clone, Debug)]
pub struct Common {
    /// `INPUT…` as given; see [`Common::inputs`].
    inputs: Vec<PathBuf>,
    /// The tracer config to use instead of the default one.
    pub config: Option<PathBuf>,
    /// The state before the logs begin.
    pub baseline: Option<PathBuf>,
    /// When that was.
    pub baseline_at: Option<Timestamp>,
    /// The field of a watch event that has its time.
    pub time_field: Option<String>,
    /// The longest record, in bytes; never 0.
    pub max_record: usize,
    /// Whether unreadable records are passed over.
    pub skip_invalid: bool,
    /// Whether a gap inside the window is a failure.
    pub strict: bool,
    /// Where the report goes.
    pub report: Option<PathBuf>,
    /// The number of threads that was asked for; `None` for as many as the machine has.
    pub threads: Option<NonZeroUsize>,
    /// How much is said.
    pub verbosity: Verbosity,
    /// Whether it is coloured.
    pub color: Color,
}

impl CommonArgs {
    /// The same with one more input, before the others.
    pub(super) fn after(mut self, input: PathBuf) -> Self {
        self.inputs.insert(0, input);
        self
    }

    pub(super) fn validate(self) -> Result<Common, UsageError> {
        if self.inputs.iter().filter(|input| input.as_os_str() == STDIN).count() > 1 {
            return Err(UsageError::new("`-` is given twice, but stdin can be read only once"));
        }
        Ok(Common {
            inputs: self.inputs,
            config: self.config,
            baseline: self.baseline,
            baseline_at: self.baseline_at,
            time_field: self.time_field,
            max_record: self.max_record,
            skip_invalid: self.skip_invalid,
            strict: self.strict,
            report: self.report,
            threads: self.threads.and_then(|threads| NonZeroUsize::new(threads.into())),
            verbosity: verbosity(self.quiet, self.verbose),
            color: self.color,
        })
    }
}

impl Common {
    /// What to read, `-` being stdin: the inputs, or stdin where there are none. A terminal would have the user wait for
    /// nothing, so one that was not asked for by `-` is a usage error.
    pub fn inputs(&self, stdin_is_terminal: bool) -> Result<Vec<PathBuf>, UsageError> {
        if !self.inputs.is_empty() {
            return Ok(self.inputs.clone());
        }
        if stdin_is_terminal {
            return Err(UsageError::new("no input: name files or directories to read, or pipe a log into stdin"));
        }
        Ok(vec![PathBuf::from(STDIN)])
    }

    /// The inputs as given; none where that is stdin.
    pub fn named_inputs(&self) -> &[PathBuf] {
        &self.inputs
    }

    /// How many threads to use.
    pub fn thread_count(&self) -> NonZeroUsize {
        self.threads.or_else(|| std::thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
    }

    /// Where messages go.
    pub fn messages(&self) -> Messages {
        Messages::new(self.color, self.verbosity)
    }
}

/// How much is said.
pub(super) fn verbosity(quiet: bool, verbose: bool) -> Verbosity {
    match (quiet, verbose) {
        (true, _) => Verbosity::Quiet,
        (false, true) => Verbosity::Verbose,
        (false, false) => Verbosity::Normal,
    }
}

/// A name that a JSON object may have; the empty one is a variable that was not set.
fn parse_field(text: &str) -> Result<String, &'static str> {
    if text.is_empty() { Err("empty; write the name of a field") } else { Ok(text.to_owned()) }
}

impl ValueEnum for Color {
    fn value_variants<'a>() -> &'a [Self] {
        &[Color::Auto, Color::Always, Color::Never]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Color::Auto => PossibleValue::new("auto").help("On a terminal, unless NO_COLOR is set"),
            Color::Always => PossibleValue::new("always").help("Even into a file"),
            Color::Never => PossibleValue::new("never").help("Not at all"),
        })
    }
}

/// The ends of the window, unvalidated.
#[derive(Debug, Args)]
#[command(next_help_heading = "Window")]
pub struct WindowFlags {
    /// Begin at T, or so long before --to (-30m); default: where the log begins
    ///
    /// RFC 3339 (2026-03-01T10:00:00Z, any offset), 2026-03-01, "2026-03-01 10:00" or with seconds (UTC), Unix seconds, or a
    /// span before --to made of s, m, h and d, as -1h30m; without --to, before the end of the log. Rounded down to the second.
    #[arg(long, value_name = "T", allow_hyphen_values = true, value_parser = ValueParser::new(TimeArg::parse_from))]
    from: Option<TimeArg>,

    /// End before T, or so long after --from (+1h); default: where the log ends
    ///
    /// As --from, or a span after it, as +1h. The second T itself is no part of the window. With --to the trace lasts until T
    /// even if nothing happens any more.
    #[arg(long, value_name = "T", allow_hyphen_values = true, value_parser = ValueParser::new(TimeArg::parse_to))]
    to: Option<TimeArg>,
}

impl WindowFlags {
    pub(super) fn validate(self) -> Result<WindowArgs, UsageError> {
        let window = WindowArgs { from: self.from, to: self.to };
        window.check()?;
        Ok(window)
    }
}

/// What to keep and what to leave out, unvalidated.
#[derive(Debug, Args)]
#[command(next_help_heading = "Filters")]
pub struct FilterArgs {
    /// Keep only these namespaces; * ? and [a-z] match parts of names
    #[arg(short, long, value_name = "NS", value_delimiter = ',')]
    ns: Vec<Glob>,

    /// Leave out these namespaces; * ? and [a-z] match parts of names
    #[arg(long, value_name = "NS", value_delimiter = ',')]
    exclude_ns: Vec<Glob>,

    /// Keep only objects with labels that match; several -l are alternatives
    ///
    /// In the syntax of kubectl: app=web, tier!=front, "tier in (front,back)", "tier notin (front)", app, !app, size>5. Commas
    /// within one selector mean "and"; several -l mean "or".
    #[arg(short = 'l', long, value_name = "SELECTOR", value_parser = ValueParser::new(parse_selector))]
    selector: Vec<Selector>,

    /// Leave out objects with labels that match, in the syntax of -l
    #[arg(long, value_name = "SELECTOR", value_parser = ValueParser::new(parse_selector))]
    exclude_selector: Vec<Selector>,

    /// Keep only these kinds: deployment, deploy, deployments.apps, apps/v1.Deployment
    #[arg(short, long, value_name = "KIND", value_delimiter = ',')]
    kind: Vec<KindPattern>,

    /// Leave out these kinds
    #[arg(long, value_name = "KIND", value_delimiter = ',')]
    exclude_kind: Vec<KindPattern>,

    /// Keep only these names, of any kind or of one: web, web-*, deploy/web
    #[arg(long, value_name = "[KIND/]NAME", value_delimiter = ',')]
    name: Vec<NamePattern>,
}

impl From<FilterArgs> for Filters {
    fn from(args: FilterArgs) -> Self {
        Filters {
            namespaces: args.ns,
            exclude_namespaces: args.exclude_ns,
            selectors: args.selector,
            exclude_selectors: args.exclude_selector,
            kinds: args.kind,
            exclude_kinds: args.exclude_kind,
            names: args.name,
        }
    }
}

/// Reads a selector that selects something. The empty one selects everything, and mostly comes from a variable that is not
/// set; as an exclude it would leave nothing.
fn parse_selector(text: &str) -> Result<Selector, String> {
    let selector: Selector = text.parse().map_err(|error: crate::filter::SelectorError| error.to_string())?;
    if selector.is_empty() {
        return Err("an empty selector selects everything; leave the option out".to_owned());
    }
    Ok(selector)
}
