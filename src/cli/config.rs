//! The arguments of `config`.

use std::path::PathBuf;

use clap::Args;

use super::result::{FileArgs, InferArgs};
use super::{Common, CommonArgs, FilterArgs, UsageError};
use crate::filter::Filters;

pub(super) const LONG: &str = "\
Write a tracer config, as SimKube and `tracer export` read it, for what the logs contain.

It names the kinds at the top of the graph that own pods, or would, with the paths of their pod templates. For kinds that are not \
built in these are found by comparing the objects with the containers of their pods; so the logs must hold both. Lifecycles \
are tracked. Pods of which nothing above can be tracked are tracked by themselves. Those of DaemonSets never are.

What could not be told stands in comments: read them before you rely on it. Of a config that is given (--config, or that of a \
trace) every entry is kept as it is, and what it lacks is added. The filters say of which objects the config is made.";

pub(super) const AFTER: &str = "\
Examples:
  tracer config watch/ -o tracer.yaml
  tracer config audit/ --exclude-ns 'kube-*'
  tracer config watch/ -q > made.yaml; tracer export watch/ -c made.yaml -o all.sktrace";

/// The arguments of `config`, unvalidated.
#[derive(Debug, Args)]
pub struct ConfigArgs {
    #[command(flatten)]
    file: FileArgs,
    #[command(flatten)]
    infer: InferArgs,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    common: CommonArgs,
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
        let common = self.common.validate()?;
        Ok(ConfigOptions {
            filters: self.filters.into(),
            output: self.file.validate(&common)?,
            infer_owners: self.infer.may_infer(),
            common,
        })
    }
}
