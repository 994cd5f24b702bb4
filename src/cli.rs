//! The command line: what may be given, what it means, and what is wrong with it.
//!
//! Arguments are read in two steps. clap fills the raw types (`…Args`), whose doc comments are the help; each then becomes an
//! options type in which nothing can be misused any more. All that can be known to be wrong without looking at an input is
//! found here, by value parsers where one argument is wrong, by [`parse`] where two do not fit, and ends as a usage error.
//!
//! The arguments and the help of a command are in a file of its name; what several share is in `common`, `instant` and `result`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum, ValueHint};

use crate::output::{Color, Messages};

mod common;
mod config;
mod diff;
mod events;
mod export;
mod get;
mod help;
mod inspect;
mod instant;
mod owners;
mod result;
mod size;
mod time;
mod validate;

pub use common::{Common, CommonArgs, FilterArgs, WindowFlags};
pub use config::{ConfigArgs, ConfigOptions};
pub use diff::{DiffArgs, DiffFormat, DiffOptions, Instants};
pub use events::{EventsArgs, EventsOptions};
pub use export::{ExportArgs, ExportOptions};
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
    #[command(long_about = export::LONG, after_long_help = export::AFTER)]
    Export(Box<ExportArgs>),
    /// Show what was there at an instant, as kubectl get does
    #[command(long_about = get::LONG, after_long_help = get::AFTER)]
    #[command(mut_arg("at", |at| instant::told(at, get::AT)))]
    Get(Box<GetArgs>),
    /// Show what differs between two traces, or two instants of a log
    #[command(long_about = diff::LONG, after_long_help = diff::AFTER, override_usage = diff::USAGE)]
    #[command(mut_arg("inputs", |inputs| inputs.help(diff::INPUTS).long_help(diff::INPUTS)))]
    Diff(Box<DiffArgs>),
    /// Say what is in logs, or in a trace, and when
    #[command(long_about = inspect::LONG, after_long_help = inspect::AFTER)]
    Inspect(Box<InspectArgs>),
    /// Tell whether SimKube will replay a trace, and what is wrong with it
    #[command(long_about = validate::LONG, after_long_help = validate::AFTER)]
    Validate(ValidateArgs),
    /// Show who owns whom
    #[command(long_about = owners::LONG, after_long_help = owners::AFTER)]
    #[command(mut_arg("at", |at| instant::told(at, owners::AT)))]
    Owners(Box<OwnersArgs>),
    /// Write a tracer config for what the logs contain
    #[command(long_about = config::LONG, after_long_help = config::AFTER)]
    Config(Box<ConfigArgs>),
    /// Write all input as one stream of events
    #[command(long_about = events::LONG, after_long_help = events::AFTER)]
    Events(Box<EventsArgs>),
    /// Print the completions for a shell
    #[command(long_about = help::LONG_COMPLETIONS, after_long_help = help::AFTER_COMPLETIONS)]
    Completions(CompletionsArgs),
    /// Print the manual page, or write all of them
    #[command(long_about = help::LONG_MAN, after_long_help = help::AFTER_MAN)]
    Man(ManArgs),
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
    Ok(match Cli::try_parse_from(args)?.command {
        Command::Export(args) => Invocation::Export(checked("export", args.validate())?),
        Command::Get(args) => Invocation::Get(checked("get", args.validate())?),
        Command::Diff(args) => Invocation::Diff(checked("diff", args.validate())?),
        Command::Inspect(args) => Invocation::Inspect(checked("inspect", args.validate())?),
        Command::Validate(args) => Invocation::Validate(checked("validate", args.validate())?),
        Command::Owners(args) => Invocation::Owners(checked("owners", args.validate())?),
        Command::Config(args) => Invocation::Config(checked("config", args.validate())?),
        Command::Events(args) => Invocation::Events(checked("events", args.validate())?),
        Command::Completions(args) => Invocation::Completions(args),
        Command::Man(args) => Invocation::Man(args),
    })
}

/// The options of a command.
fn checked<T>(command: &str, options: Result<T, UsageError>) -> Result<Box<T>, clap::Error> {
    options.map(Box::new).map_err(|error| usage(command, &error))
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
