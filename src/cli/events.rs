//! The arguments of `tracer events`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::{Common, CommonArgs, FilterArgs, UsageError, WindowArgs, WindowFlags};
use crate::filter::Filters;
use crate::output;

/// The arguments of `events`, unvalidated.
#[derive(Debug, Args)]
pub struct EventsArgs {
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
    /// Write the events to FILE, which is replaced only when the run succeeds; default, or `-`: stdout
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
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
        let (output, common) = (self.result.output, self.common.validate()?);
        if let (Some(output), Some(report)) = (&output, &common.report)
            && output::same_file(output, report)
        {
            return Err(UsageError::new("--output and --report name the same file"));
        }
        let output = output.filter(|path| path.as_os_str() != "-");
        Ok(EventsOptions { window: self.window.validate()?, filters: self.filters.into(), output, common })
    }
}
