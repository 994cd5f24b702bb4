//! The arguments about results that several commands share.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::{Common, UsageError};
use crate::output;

/// Where the result goes, unvalidated.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct FileArgs {
    /// Write the result to FILE, which is replaced only when the run succeeds; default, or `-`: stdout
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,
}

impl FileArgs {
    /// The file, `None` for stdout.
    pub(super) fn validate(self, common: &Common) -> Result<Option<PathBuf>, UsageError> {
        if let (Some(output), Some(report)) = (&self.output, &common.report)
            && output::same_file(output, report)
        {
            return Err(UsageError::new("--output and --report name the same file"));
        }
        Ok(self.output.filter(|path| path.as_os_str() != "-"))
    }
}

/// Whether owners are inferred, unvalidated.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct InferArgs {
    /// Do not infer the owners that no log shows; take ownerReferences alone
    ///
    /// By default a ReplicaSet or Job that is missing from the logs is recognised by its name and labels, so that the pods of
    /// a recorded Deployment or CronJob are known as its own.
    #[arg(long)]
    no_infer: bool,
}

impl InferArgs {
    /// Whether missing owners may be inferred.
    pub(super) fn may_infer(&self) -> bool {
        !self.no_infer
    }
}
