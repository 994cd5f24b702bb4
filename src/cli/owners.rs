//! The arguments of `owners`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum, ValueHint};

use super::common::STDIN;
use super::instant::AtArgs;
use super::result::InferArgs;
use super::{Common, CommonArgs, FilterArgs, TimeArg, UsageError};
use crate::filter::{Filters, KindPattern, NamePattern};

pub(super) const LONG: &str = "\
Show who owns whom, from the roots down to the pods.

Every object stands in full once: below its controller, or its first owner. Below its other owners it is named, and says where \
it stands. An owner that no log shows is known by reference only; where names and labels tell what owns that, it says so. A \
circle begins with one of its members, and ends where that comes again.

Objects that own nothing and that nothing owns are shown where the config tracks their kind (--config; by default workloads), \
or -k or --name asks for them; the others are counted.

What passes the filters is shown, with all that is above it. What one of them excludes takes with it what it owns. Without \
--at an object passes if it ever did. Leases, Events and endpoints are no part of the graph.";

pub(super) const AFTER: &str = "\
Examples:
  tracer owners watch/
  tracer owners deploy/web watch/ --at '2026-11-23 15:26:00'
  tracer owners watch/ -n batch --fold 3
  tracer owners watch/ -k pod -l app=web --fold 0
  tracer owners audit/ -o dot > owners.dot
  tracer owners watch/ --name 'job/*' -o mermaid
  tracer owners watch/ -o json > owners.json";

pub(super) const AT: &str = "Show the graph as it was at T; default: all that ever was, with lifetimes";

/// The arguments of `owners`, unvalidated.
#[derive(Debug, Args)]
pub struct OwnersArgs {
    /// Show only the trees that hold this object: their roots and all below them
    ///
    /// As deploy/web, pods/web-*, apps/v1.Deployment/web; in all namespaces but for -n. What is there on disk by that name is
    /// an INPUT, and no object: name it with a group then, as deploy.apps/web.
    #[arg(value_name = "KIND/NAME", value_hint = ValueHint::AnyPath)]
    object: Option<PathBuf>,
    #[command(flatten)]
    when: AtArgs,
    #[command(flatten)]
    picture: PictureArgs,
    #[command(flatten)]
    infer: InferArgs,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
struct PictureArgs {
    /// The form of the graph
    #[arg(short, long, value_name = "FORMAT", default_value = "tree")]
    output: OwnersFormat,

    /// Of more objects of one kind below one owner than N, tell the number; 0 shows all, as json always does
    #[arg(long, value_name = "N", default_value_t = 10)]
    fold: usize,
}

/// The form of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OwnersFormat {
    /// Trees for the terminal, a line for each object
    Tree,
    /// Graphviz: `| dot -Tsvg`
    Dot,
    /// Mermaid, which Markdown pages show
    Mermaid,
    /// Nodes and edges
    Json,
}

/// The options of `owners`.
#[derive(Clone, Debug)]
pub struct OwnersOptions {
    /// What every command takes.
    pub common: Common,
    /// The object whose trees are shown.
    pub object: Option<ObjectArg>,
    /// When.
    pub at: Option<TimeArg>,
    /// What to keep.
    pub filters: Filters,
    /// In which form.
    pub format: OwnersFormat,
    /// Over how many objects are folded; `None`: none are.
    pub fold: Option<usize>,
    /// Whether missing owners may be inferred.
    pub infer_owners: bool,
}

/// A `KIND/NAME`.
#[derive(Clone, Debug)]
pub struct ObjectArg {
    /// As it was written.
    pub text: String,
    /// The kind.
    pub kind: KindPattern,
    /// Both.
    pub pattern: NamePattern,
}

impl ObjectArg {
    /// Reads one; `None` where the text has not that form.
    fn read(text: &Path) -> Option<Self> {
        let text = text.to_str()?;
        let (kind, _) = text.rsplit_once('/')?;
        Some(ObjectArg { text: text.to_owned(), kind: kind.parse().ok()?, pattern: text.parse().ok()? })
    }

    /// The name, as it was written.
    pub fn name(&self) -> &str {
        self.text.rsplit_once('/').map_or(&self.text, |(_, name)| name)
    }
}

impl OwnersArgs {
    pub(super) fn validate(self) -> Result<OwnersOptions, UsageError> {
        let PictureArgs { output, fold } = self.picture;
        let (object, common) = match self.object {
            Some(first) if is_input(&first) => (None, self.common.after(first)),
            Some(first) => match ObjectArg::read(&first) {
                Some(object) => (Some(object), self.common),
                // Reading it will tell what is wrong.
                None => (None, self.common.after(first)),
            },
            None => (None, self.common),
        };
        Ok(OwnersOptions {
            common: common.validate()?,
            object,
            at: self.when.at,
            filters: self.filters.into(),
            format: output,
            fold: (fold > 0).then_some(fold),
            infer_owners: self.infer.may_infer(),
        })
    }
}

/// Whether an argument names something to read.
fn is_input(first: &Path) -> bool {
    first.as_os_str() == STDIN || first.exists()
}
