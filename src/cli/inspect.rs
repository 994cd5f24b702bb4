//! The arguments of `inspect`.

use clap::{Args, ValueEnum};

use crate::filter::Filters;

use super::{Common, CommonArgs, FilterArgs, UsageError, WindowArgs, WindowFlags};

/// The arguments of `inspect`, unvalidated.
#[derive(Debug, Args)]
pub struct InspectArgs {
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
    /// The form of what is printed
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Form,

    /// Do not infer the owners that no log shows; take ownerReferences alone
    #[arg(long)]
    no_infer: bool,
}

/// The form of an inspection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// Tables and a chart
    Text,
    /// One JSON document, of the fields below
    Json,
}

/// The options of `inspect`.
#[derive(Clone, Debug)]
pub struct InspectOptions {
    /// What every command takes.
    pub common: Common,
    /// The span of time as given.
    pub window: WindowArgs,
    /// What is looked at of the objects.
    pub filters: Filters,
    /// Whether JSON is wanted, and not text.
    pub json: bool,
    /// Whether missing owners may be inferred.
    pub infer_owners: bool,
}

impl InspectArgs {
    pub(super) fn validate(self) -> Result<InspectOptions, UsageError> {
        Ok(InspectOptions {
            common: self.common.validate()?,
            window: self.window.validate()?,
            filters: self.filters.into(),
            json: self.result.output == Form::Json,
            infer_owners: !self.result.no_infer,
        })
    }
}
