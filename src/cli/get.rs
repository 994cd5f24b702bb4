//! The arguments of `tracer get`.

use std::str::FromStr;

use clap::builder::{PossibleValue, ValueParser};
use clap::{Args, ValueEnum};

use super::common::{Common, CommonArgs, FilterArgs};
use super::instant::AtArgs;
use super::{TimeArg, UsageError};
use crate::filter::{Filters, Glob, KindError, KindPattern, NameError};

/// What kubectl calls `all`, in its order.
const ALL: [&str; 10] = [
    "v1.Pod",
    "v1.ReplicationController",
    "v1.Service",
    "daemonset.apps",
    "deployment.apps",
    "replicaset.apps",
    "statefulset.apps",
    "horizontalpodautoscaler.autoscaling",
    "cronjob.batch",
    "job.batch",
];

pub(super) const LONG: &str = "\
Show what was there at an instant, as kubectl get shows what is.

The state is put together from all that was read: audit logs, recorded watches, lists, traces. Columns, short names and \
forms are those of kubectl, and ages count up to the instant. Without -n, objects of all namespaces are shown.

An object that no record shows as it was then (a patch without its result, a write without a body) is shown as far as it is \
known, and named in the account on stderr, with -v or --report.";

pub(super) const AT: &str = "Show the state at T; default: at the end of the log";

pub(super) const AFTER: &str = "\
Examples:
  tracer get pods audit/ --at '2026-11-23 15:26:36'
  tracer get deploy/web watch/ --at 2026-11-23T15:26:36Z -n shop -o yaml
  tracer get deploy,rs,po audit/ --at -30s -o wide --show-labels
  tracer get all watch/ -l app=web --sort-by age
  tracer get deploy/web audit/ -n shop --history";

/// The arguments, unvalidated.
#[derive(Debug, Args)]
pub struct GetArgs {
    /// What to show: kinds, as po,svc or deployments.apps, a kind and a name, as deploy/web, or all
    ///
    /// Kinds go by kubectl's words: singular, plural and short names, with a group where one is to be told from another.
    /// Names may be patterns, as deploy/web-*. `all` stands for pods, replication controllers, services, daemon sets,
    /// deployments, replica sets, stateful sets, autoscalers, cron jobs and jobs.
    #[arg(value_name = "KIND[/NAME][,KIND…]", value_parser = ValueParser::new(Asked::from_str))]
    what: Asked,

    #[command(flatten)]
    when: AtArgs,
    #[command(flatten)]
    past: HistoryArgs,
    #[command(flatten)]
    shown: ShownArgs,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Time")]
struct HistoryArgs {
    /// Show every version of each object instead: when it came, who wrote it, what it changed
    ///
    /// Who wrote it (user, agent and verb) audit logs tell. As a text, or with -o json as a list of objects: each with its group,
    /// kind, namespace, name, uid, when it was born, its versions and its end. A version has a time (at), what it is (created,
    /// seen, changed), its resourceVersion, by whom (user, agent, verb, subresource), its certainty (exact, approximate, stale,
    /// unknown) and its changes to the one before (path, before, after).
    #[arg(long, conflicts_with_all = ["at", "show_labels", "sort_by"])]
    history: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
struct ShownArgs {
    /// The form of the result
    #[arg(short, long, value_name = "FORM", default_value = "table")]
    output: Shown,

    /// Show objects of all namespaces, which is the default, and the namespaces with them
    #[arg(short = 'A', long, conflicts_with = "ns")]
    all_namespaces: bool,

    /// Add a column with the labels
    #[arg(long)]
    show_labels: bool,

    /// Sort the objects of a kind: by name, or by age, the oldest first; default: by namespace and name
    #[arg(long, value_name = "FIELD", value_parser = ValueParser::new(parse_order))]
    sort_by: Option<Order>,
}

/// The form of what is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// A table.
    Table,
    /// A table with more columns.
    Wide,
    /// YAML.
    Yaml,
    /// JSON.
    Json,
    /// Kinds and names.
    Name,
}

impl ValueEnum for Shown {
    fn value_variants<'a>() -> &'a [Self] {
        &[Shown::Table, Shown::Wide, Shown::Yaml, Shown::Json, Shown::Name]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(match self {
            Shown::Table => PossibleValue::new("table").help("A table, as kubectl get prints it"),
            Shown::Wide => PossibleValue::new("wide").help("A table with more columns"),
            Shown::Yaml => PossibleValue::new("yaml").help("The objects as YAML; several as a List"),
            Shown::Json => PossibleValue::new("json").help("The objects as JSON; several as a List"),
            Shown::Name => PossibleValue::new("name").help("A line for each: kind.group/name"),
        })
    }
}

/// By what objects are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// By name alone.
    Name,
    /// The oldest first.
    Age,
}

fn parse_order(text: &str) -> Result<Order, &'static str> {
    // kubectl takes JSON paths: {.metadata.name}, .metadata.name, metadata.name.
    let path = text.trim().trim_start_matches('{').trim_end_matches('}').trim_start_matches('.');
    match path {
        "name" | "metadata.name" => Ok(Order::Name),
        "age" | "metadata.creationTimestamp" => Ok(Order::Age),
        _ => Err("write name or age"),
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Each kind, in order.
    pub kinds: Vec<AskedKind>,
    /// Whether rows say of which kind they are.
    pub several: bool,
}

/// A kind that is asked for, or some objects of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskedKind {
    /// The kind.
    pub kind: KindPattern,
    /// The names; all where there is none.
    pub name: Option<Glob>,
    /// Whether it is meant if there is any, and else missed by nobody.
    pub of_category: bool,
}

impl FromStr for Asked {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let mut kinds = Vec::new();
        for part in text.split(',').map(str::trim) {
            if part.eq_ignore_ascii_case("all") {
                for kind in ALL {
                    kinds.push(AskedKind { kind: kind.parse()?, name: None, of_category: true });
                }
            } else {
                kinds.push(part.parse()?);
            }
        }
        Ok(Asked { several: kinds.len() > 1, kinds })
    }
}

impl FromStr for AskedKind {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let whole: Result<KindPattern, KindError> = text.parse();
        let (kind, name) = match (whole, text.rsplit_once('/')) {
            (Err(_), Some((kind, name))) => (kind.parse()?, Some(name.parse()?)),
            (whole, _) => (whole?, None),
        };
        Ok(AskedKind { kind, name, of_category: false })
    }
}

/// The options of `get`.
#[derive(Clone, Debug)]
pub struct GetOptions {
    /// What every command takes.
    pub common: Common,
    /// What is asked for.
    pub what: Asked,
    /// When; `None`: at the end of the log.
    pub at: Option<TimeArg>,
    /// Whether every version is shown, and no state.
    pub history: bool,
    /// Which objects to keep.
    pub filters: Filters,
    /// In which form.
    pub shown: Shown,
    /// Whether labels are shown.
    pub show_labels: bool,
    /// Whether namespaces are.
    pub show_namespaces: bool,
    /// In which order; `None`: by namespace and name.
    pub order: Option<Order>,
}

impl GetArgs {
    pub(super) fn validate(self) -> Result<GetOptions, UsageError> {
        let ShownArgs { output, all_namespaces: _, show_labels, sort_by } = self.shown;
        let (at, history) = (self.when.at, self.past.history);
        if history && !matches!(output, Shown::Table | Shown::Json) {
            return Err(UsageError::new("--history is shown as a text, or with -o json"));
        }
        if show_labels && !matches!(output, Shown::Table | Shown::Wide) {
            return Err(UsageError::new(
                "--show-labels adds a column to a table: with -o yaml and json labels are there",
            ));
        }
        let filters: Filters = self.filters.into();
        let one = matches!(filters.namespaces.as_slice(), [one] if one.is_literal());
        Ok(GetOptions {
            common: self.common.validate()?,
            what: self.what,
            at,
            history,
            filters,
            shown: output,
            show_labels,
            show_namespaces: !one,
            order: sort_by,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_kinds_and_names() {
        let asked = |text: &str| -> Vec<String> {
            let asked: Asked = text.parse().unwrap();
            let shown = |asked: &AskedKind| match &asked.name {
                Some(name) => format!("{}/{name}", asked.kind),
                None => asked.kind.to_string(),
            };
            asked.kinds.iter().map(shown).collect()
        };
        assert_eq!(asked("po"), ["pod"]);
        assert_eq!(asked("deploy/web"), ["deployment/web"]);
        assert_eq!(asked("apps/v1.Deployment"), ["deployment.apps"]);
        assert_eq!(asked("apps/v1.Deployment/web-*, svc"), ["deployment.apps/web-*", "service"]);
        assert_eq!(asked("ALL").len(), ALL.len());
        for bad in ["", "po,", "po/", "/x", "a b", "audit/"] {
            assert!(bad.parse::<Asked>().is_err(), "{bad}");
        }
    }

    #[test]
    fn orders_are_named_by_words_or_paths() {
        for text in
            ["age", ".metadata.creationTimestamp", "{.metadata.creationTimestamp}", "metadata.creationTimestamp"]
        {
            assert_eq!(parse_order(text), Ok(Order::Age), "{text}");
        }
        assert_eq!(parse_order(".metadata.name"), Ok(Order::Name));
        assert!(parse_order(".spec.replicas").is_err());
    }
}
