//! `tracer config`
use super::ExitStatus;
use crate::cli::ConfigOptions;
use crate::output::Messages;
/// Runs
pub fn run(_options: &ConfigOptions, _messages: &Messages) -> anyhow::Result<ExitStatus> { Ok(ExitStatus::Success) }
