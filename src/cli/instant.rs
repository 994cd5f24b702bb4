//! The instant that commands look at.

use std::str::FromStr;

use clap::builder::ValueParser;
use clap::{Arg, Args};

use super::TimeArg;

/// When, unvalidated. What it means where it is not given is for the command to say; see [`told`].
#[derive(Debug, Args)]
#[command(next_help_heading = "Time")]
pub struct AtArgs {
    #[arg(long, value_name = "T", allow_hyphen_values = true, value_parser = ValueParser::new(TimeArg::from_str))]
    pub(super) at: Option<TimeArg>,
}

/// `--at` with its help. `what` says what is shown at T, and without it.
pub(super) fn told(at: Arg, what: &str) -> Arg {
    at.help(what.to_owned()).long_help(format!(
        "{what}\n\nRFC 3339 (2026-03-01T10:00:00Z, any offset), 2026-03-01, \"2026-03-01 10:00\" or with seconds (UTC), Unix \
         seconds, or a span: -5m is five minutes before the end of the log, +5m as long after its beginning. A time outside of \
         the log is an error."
    ))
}
