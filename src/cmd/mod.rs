//! One command per file: options in, the stages wired together, the result out.
//!
//! Commands are thin. They decide what is read and written, and turn what went wrong into an [`ExitStatus`]; what a trace is
//! they leave to the stages.

use std::io;
use std::process::ExitCode;

use crate::cli::{Invocation, UsageError};
use crate::output::{Messages, OutputError};

mod account;
pub mod completions;
pub mod config;
pub mod diff;
pub mod events;
pub mod export;
mod get;
pub mod inspect;
mod instant;
pub mod man;
pub mod owners;
mod reading;
mod summary;
pub mod validate;

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitStatus {
    /// Done.
    Success,
    /// Failed; the output is as it was.
    Failure,
    /// The program was called in a wrong way; nothing was done.
    Usage,
    /// `--strict` found something that could make the result differ from what happened.
    Strict,
    /// `diff` found something that differs. It ends as diff(1) does, and not as other commands.
    Different,
    /// `diff` failed, as [`ExitStatus::Failure`]: with it 1 is taken.
    Trouble,
    /// Whoever read the output closed it. As a shell shows the end by SIGPIPE, which is how a filter ends.
    BrokenPipe,
}

impl ExitStatus {
    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        match self {
            ExitStatus::Success => 0,
            ExitStatus::Failure | ExitStatus::Different => 1,
            ExitStatus::Usage | ExitStatus::Trouble => 2,
            ExitStatus::Strict => 3,
            ExitStatus::BrokenPipe => 141,
        }
    }

    /// How a run that failed with this error ends.
    pub fn of(error: &anyhow::Error) -> Self {
        if error.chain().any(is_broken_pipe) {
            ExitStatus::BrokenPipe
        } else if error.chain().any(is_usage) {
            ExitStatus::Usage
        } else {
            ExitStatus::Failure
        }
    }
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        ExitCode::from(status.code())
    }
}

fn is_broken_pipe(cause: &(dyn std::error::Error + 'static)) -> bool {
    let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
    // serde_json keeps the error that it failed with to itself, but tells its kind.
    let json = cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind);
    io.or(json) == Some(io::ErrorKind::BrokenPipe)
}

fn is_usage(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.is::<UsageError>() || matches!(cause.downcast_ref(), Some(OutputError::Terminal))
}

/// Runs a command.
pub fn run(invocation: Invocation, messages: &Messages) -> anyhow::Result<ExitStatus> {
    match invocation {
        Invocation::Export(options) => export::run(*options, messages),
        Invocation::Get(options) => get::run(*options, messages),
        Invocation::Diff(options) => Ok(diff::run(&options, messages)),
        Invocation::Inspect(options) => inspect::run(*options, messages),
        Invocation::Validate(options) => validate::run(*options, messages),
        Invocation::Owners(options) => owners::run(&options, messages),
        Invocation::Config(options) => config::run(&options, messages),
        Invocation::Events(options) => events::run(*options, messages),
        Invocation::Completions(args) => completions::run(&args),
        Invocation::Man(args) => man::run(&args),
    }
}

/// Says why a command failed, unless that goes without saying, and returns how it ended.
pub fn report(error: &anyhow::Error, command: &str, messages: &Messages) -> ExitStatus {
    let status = ExitStatus::of(error);
    if status != ExitStatus::BrokenPipe {
        messages.error(format_args!("{error:#}"));
    }
    if status == ExitStatus::Usage {
        messages.plain(format_args!("For more information, try '{command} --help'."));
    }
    status
}

#[cfg(test)]
mod tests {
    use anyhow::Context;

    use super::*;

    #[test]
    fn the_cause_decides_how_a_run_ends() {
        let pipe = || io::Error::from(io::ErrorKind::BrokenPipe);
        let wrapped = OutputError::Write { destination: "stdout".to_owned(), source: pipe() };
        let json = serde_json::to_writer(Closed, &1).unwrap_err();
        for (error, status) in [
            (anyhow::Error::from(pipe()).context("export"), ExitStatus::BrokenPipe),
            (wrapped.into(), ExitStatus::BrokenPipe),
            (json.into(), ExitStatus::BrokenPipe),
            (anyhow::Error::from(UsageError::new("no")).context("export"), ExitStatus::Usage),
            (OutputError::Terminal.into(), ExitStatus::Usage),
            (anyhow::anyhow!("no"), ExitStatus::Failure),
            (Err::<(), _>(io::Error::from(io::ErrorKind::NotFound)).context("x").unwrap_err(), ExitStatus::Failure),
        ] {
            assert_eq!(ExitStatus::of(&error), status, "{error:#}");
        }
    }

    /// A pipe that nobody reads.
    struct Closed;

    impl io::Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
}
