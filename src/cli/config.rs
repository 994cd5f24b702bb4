//! The arguments of `config`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::{Common, CommonArgs, FilterArgs, UsageError};
use crate::filter::Filters;
use crate::output;

/// The arguments of `config`, unvalidated.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    #[command(flatten)]
    result: YamlArgs,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
struct YamlArgs {
    /// Write the config to FILE, which is replaced only when the run succeeds; default, or `-`: stdout
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Do not infer the owners that no log shows; take ownerReferences alone
    ///
    /// By default a ReplicaSet or Job that is missing from the logs is recognised by its name and labels, so that the pods of
    /// a recorded Deployment or CronJob are known as its own.
    #[arg(long)]
    no_infer: bool,
}

/// The options of `config`.
#[derive(Clone, Debug)]
pub struct ConfigOptions {
    /// What every command takes. Of its config every entry is kept.
    pub common: Common,
    /// Of which objects the config is made.
    pub filters: Filters,
    /// Where to, `None` for stdout.
    pub output: Option<PathBuf>,
    /// Whether missing owners may be inferred.
    pub infer_owners: bool,
}

impl ConfigArgs {
    pub(super) fn validate(self) -> Result<ConfigOptions, UsageError> {
        let YamlArgs { output, no_infer } = self.result;
        let common = self.common.validate()?;
        if let (Some(output), Some(report)) = (&output, &common.report)
            && output::same_file(output, report)
        {
            return Err(UsageError::new("--output and --report name the same file"));
        }
        Ok(ConfigOptions {
            common,
            filters: self.filters.into(),
            output: output.filter(|path| path.as_os_str() != "-"),
            infer_owners: !no_infer,
        })
    }
}
