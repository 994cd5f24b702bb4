//! The command line: what may be given, what it means, and what is wrong with it.
//!
//! Arguments are read in two steps. clap fills the raw types (`…Args`), whose doc comments are the help; each then becomes an
//! options type in which nothing can be misused any more. All that can be known to be wrong without looking at an input is
//! found here, by value parsers where one argument is wrong, by [`parse`] where two do not fit, and ends as a usage error.
//!
//! Commands to come flatten [`CommonArgs`] and [`FilterArgs`] as `export` does.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum, ValueHint};

use crate::dependencies::Deps;
use crate::filter::Filters;
use crate::output::{self, Color, Messages};
use crate::trace::{Format, Sanitize};

mod common;
mod config;
mod diff;
mod events;
mod get;
mod help;
mod inspect;
mod instant;
mod owners;
mod size;
mod time;
mod validate;

pub use common::{Common, CommonArgs, FilterArgs, WindowFlags};
pub use config::{ConfigArgs, ConfigOptions};
pub use diff::{DiffArgs, DiffFormat, DiffOptions, Instants};
pub use events::{EventsArgs, EventsOptions};
pub use get::{Asked, AskedKind, GetArgs, GetOptions, Order, Shown};
pub use inspect::{InspectArgs, InspectOptions};
pub use owners::{ObjectArg, OwnersArgs, OwnersFormat, OwnersOptions};
pub use size::{SizeError, parse_size};
pub use time::{ResolvedWindow, TimeArg, TimeError, WindowArgs};
pub use validate::{FindingsFormat, ValidateArgs, ValidateOptions};

/// The arguments as clap fills them.
#[derive(Debug, Parser)]
#[command(
    name = "tracer",
    version,
    about = help::ABOUT,
    long_about = help::LONG_ABOUT,
    after_long_help = help::AFTER,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write the trace of a window
    #[command(long_about = help::LONG_EXPORT, after_long_help = help::AFTER_EXPORT)]
    Export(Box<ExportArgs>),
    /// Show what was there at an instant, as kubectl get does
    #[command(long_about = get::LONG, after_long_help = get::AFTER)]
    #[command(mut_arg("at", |at| instant::told(at, get::AT)))]
    Get(Box<GetArgs>),
    /// Show what differs between two traces, or two instants of a log
    #[command(long_about = help::LONG_DIFF, after_long_help = help::AFTER_DIFF, override_usage = help::USAGE_DIFF)]
    #[command(mut_arg("inputs", |inputs| inputs.help(help::INPUTS_DIFF).long_help(help::INPUTS_DIFF)))]
    Diff(Box<DiffArgs>),
    /// Say what is in logs, or in a trace, and when
    #[command(long_about = help::LONG_INSPECT, after_long_help = help::AFTER_INSPECT)]
    Inspect(Box<InspectArgs>),
    /// Tell whether SimKube will replay a trace, and what is wrong with it
    #[command(long_about = help::LONG_VALIDATE, after_long_help = help::AFTER_VALIDATE)]
    Validate(ValidateArgs),
    /// Show who owns whom
    #[command(long_about = help::LONG_OWNERS, after_long_help = help::AFTER_OWNERS)]
    #[command(mut_arg("at", |at| instant::told(at, owners::AT)))]
    Owners(Box<OwnersArgs>),
    /// Write a tracer config for what the logs contain
    #[command(long_about = help::LONG_CONFIG, after_long_help = help::AFTER_CONFIG)]
    Config(Box<ConfigArgs>),
    /// Write all input as one stream of events
    #[command(long_about = help::LONG_EVENTS, after_long_help = help::AFTER_EVENTS)]
    Events(Box<EventsArgs>),
    /// Print the completions for a shell
    #[command(long_about = help::LONG_COMPLETIONS, after_long_help = help::AFTER_COMPLETIONS)]
    Completions(CompletionsArgs),
    /// Print the manual page, or write all of them
    #[command(long_about = help::LONG_MAN, after_long_help = help::AFTER_MAN)]
    Man(ManArgs),
}

/// The arguments of `export`, unvalidated.
#[derive(Debug, Args)]
pub struct ExportArgs {
    #[command(flatten)]
    window: WindowFlags,
    #[command(flatten)]
    result: ResultArgs,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
struct ResultArgs {
    /// Write the trace to FILE, which is replaced only when the run succeeds; default, or `-`: stdout
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,

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

    /// Do not infer the owners that no log shows; take ownerReferences alone
    ///
    /// By default a ReplicaSet or Job that is missing from the logs is recognised by its name and labels, so that the pods of
    /// a recorded Deployment or CronJob are known as its own.
    #[arg(long)]
    no_infer: bool,
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
    fn validate(self) -> Result<ExportOptions, UsageError> {
        let ResultArgs { output, format, sanitize, deps, no_infer } = self.result;
        let common = self.common.validate()?;
        if let (Some(output), Some(report)) = (&output, &common.report)
            && output::same_file(output, report)
        {
            return Err(UsageError::new("--output and --report name the same file"));
        }
        Ok(ExportOptions {
            window: self.window.validate()?,
            filters: self.filters.into(),
            output: output.filter(|path| path.as_os_str() != "-"),
            format: format.into(),
            sanitize: sanitize.into(),
            deps: deps.into(),
            infer_owners: !no_infer,
            common,
        })
    }
}

/// The arguments of `completions`.
#[derive(Clone, Debug, Args)]
pub struct CompletionsArgs {
    /// The shell that is to complete
    #[arg(value_name = "SHELL")]
    pub shell: Shell,
}

/// Shells with completions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)] // the names say it, and a doc comment would become help
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// The arguments of `man`.
#[derive(Clone, Debug, Args)]
pub struct ManArgs {
    /// Write all pages to files in DIR, which is made if need be; default: the main page to stdout
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub dir: Option<PathBuf>,
}

/// A command with validated options.
#[derive(Clone, Debug)]
pub enum Invocation {
    /// `tracer export`
    Export(Box<ExportOptions>),
    /// `tracer get`
    Get(Box<GetOptions>),
    /// `tracer diff`
    Diff(Box<DiffOptions>),
    /// `tracer inspect`
    Inspect(Box<InspectOptions>),
    /// `tracer validate`
    Validate(Box<ValidateOptions>),
    /// `tracer owners`
    Owners(Box<OwnersOptions>),
    /// `tracer config`
    Config(Box<ConfigOptions>),
    /// `tracer events`
    Events(Box<EventsOptions>),
    /// `tracer completions`
    Completions(CompletionsArgs),
    /// `tracer man`
    Man(ManArgs),
}

impl Invocation {
    /// Where the command's messages go.
    pub fn messages(&self) -> Messages {
        match self {
            Invocation::Export(options) => options.common.messages(),
            Invocation::Get(options) => options.common.messages(),
            Invocation::Diff(options) => options.common.messages(),
            Invocation::Inspect(options) => options.common.messages(),
            Invocation::Validate(options) => options.messages(),
            Invocation::Owners(options) => options.common.messages(),
            Invocation::Config(options) => options.common.messages(),
            Invocation::Events(options) => options.common.messages(),
            Invocation::Completions(_) | Invocation::Man(_) => Messages::new(Color::default(), Default::default()),
        }
    }

    /// The command as it is typed.
    pub fn name(&self) -> &'static str {
        match self {
            Invocation::Export(_) => "tracer export",
            Invocation::Get(_) => "tracer get",
            Invocation::Diff(_) => "tracer diff",
            Invocation::Inspect(_) => "tracer inspect",
            Invocation::Validate(_) => "tracer validate",
            Invocation::Owners(_) => "tracer owners",
            Invocation::Config(_) => "tracer config",
            Invocation::Events(_) => "tracer events",
            Invocation::Completions(_) => "tracer completions",
            Invocation::Man(_) => "tracer man",
        }
    }
}

/// A mistake in how the program was called, found after clap was content. Ends the run with exit code 2.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UsageError(String);

impl UsageError {
    /// A mistake, told in one sentence that says what to do instead.
    pub fn new(message: impl Into<String>) -> Self {
        UsageError(message.into())
    }
}

impl From<TimeError> for UsageError {
    fn from(error: TimeError) -> Self {
        UsageError(error.to_string())
    }
}

/// Reads arguments, the first of which is the program's name. An error is clap's: the help, the version, or what is wrong.
pub fn parse(args: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> Result<Invocation, clap::Error> {
    match Cli::try_parse_from(args)?.command {
        Command::Export(args) => {
            let options = args.validate().map_err(|error| usage("export", &error))?;
            Ok(Invocation::Export(Box::new(options)))
        }
        Command::Get(args) => {
            let options = args.validate().map_err(|error| usage("get", &error))?;
            Ok(Invocation::Get(Box::new(options)))
        }
        Command::Diff(args) => {
            let options = args.validate().map_err(|error| usage("diff", &error))?;
            Ok(Invocation::Diff(Box::new(options)))
        }
        Command::Inspect(args) => {
            let options = args.validate().map_err(|error| usage("inspect", &error))?;
            Ok(Invocation::Inspect(Box::new(options)))
        }
        Command::Validate(args) => {
            let options = args.validate().map_err(|error| usage("validate", &error))?;
            Ok(Invocation::Validate(Box::new(options)))
        }
        Command::Owners(args) => {
            let options = args.validate().map_err(|error| usage("owners", &error))?;
            Ok(Invocation::Owners(Box::new(options)))
        }
        Command::Config(args) => {
            let options = args.validate().map_err(|error| usage("config", &error))?;
            Ok(Invocation::Config(Box::new(options)))
        }
        Command::Events(args) => {
            let options = args.validate().map_err(|error| usage("events", &error))?;
            Ok(Invocation::Events(Box::new(options)))
        }
        Command::Completions(args) => Ok(Invocation::Completions(args)),
        Command::Man(args) => Ok(Invocation::Man(args)),
    }
}

/// A mistake in the words of clap, with the usage of the command.
fn usage(command: &str, error: &UsageError) -> clap::Error {
    let mut root = definition();
    match root.find_subcommand_mut(command) {
        Some(command) => command.error(ErrorKind::ValueValidation, error),
        None => root.error(ErrorKind::ValueValidation, error),
    }
}

/// The whole definition, from which help, man pages and completions are made.
pub fn definition() -> clap::Command {
    let mut command = Cli::command();
    command.build();
    command
}

#[cfg(test)]
mod tests;
