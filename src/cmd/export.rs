//! `tracer export` (in the making).

use crate::cli::ExportOptions;
use crate::output::{self, Messages};

use super::ExitStatus;

/// Runs the command.
pub fn run(options: ExportOptions, _messages: &Messages) -> anyhow::Result<ExitStatus> {
    options.common.sources(output::stdin_is_terminal())?;
    anyhow::bail!("export is not there yet")
}
