//! The arguments of `tracer diff`.

use clap::{Args, ValueEnum};

use super::{Common, CommonArgs, FilterArgs, TimeArg, TimeError, UsageError};
use crate::filter::Filters;
use crate::model::Timestamp;

/// The longest tolerance, in seconds: a year.
const MAX_TOLERANCE: i64 = 366 * 86_400;

pub(super) const LONG: &str = "\
Show what differs between two traces, or between two instants of a log.

Two traces, in SimKube's format as `export` writes it, compressed or not, are compared when they are all that is given and \
neither --from nor --to is: object by object what each does to it, event by event, in the same second; then the lifecycles \
of pods, the order of what happens in one second, the indexes and the configs. A pipe, as `-` or <(…), beside a trace or \
another pipe is taken for a trace too.

In all other cases it is the state of a log, or of whatever is read, at two instants that is compared: which objects came, \
went and changed from --from to --to. Without one of these, and without two traces, they are where the log begins and \
ends. What differs with every write is left out (resourceVersion, generation, managedFields and the like), and so are Leases \
and Events unless -k names them.

-, in red, is what only A has or what went, + what only B has or what came, ~ what differs. Lists are compared by the names \
of their elements. A status is compared only with --status. An object passes the filters if it does in one of its states. \
With --config, only the kinds that it tracks are compared.";

pub(super) const AFTER: &str = "\
Exit codes:
  0    nothing differs
  1    something differs
  2    wrong usage, or it failed
  3    --strict found something that could make a state another than it was
  141  whoever read the output had enough
  They are those of diff(1), and differ from those of the other commands.

Output as JSON:
  version     of this schema: 1
  compared    traces, or instants
  same        whether nothing differs
  changes[]   wherever fields differ: path (spec.template.spec.containers[app].image); before,
              absent where a field came; after, absent where it went

Output as JSON of two traces:
  Times are Unix seconds; hashes are decimal, in strings.
  a, b        each in numbers: path, from, to, events, objects, lifecycles
  span[]      from and to, where they differ
  objects[]   kind (apps/v1.Deployment), namespace, name; only_in: A or B, where only one has it;
              steps[], what one does alone or both do in different ways: a, b (ts; action: applied,
              changed, deleted), changes[] (from A to B; where one acts alone, what it changes)
  lifecycles[]
              of owners of pods: kind, namespace, name; only_in, as above; only_in_a[]; only_in_b[];
              changed[], pairs that begin alike; hashes, of the pods' specs, where only those differ
  order[]     seconds in which both do the same in another order: ts; operations, how many; position
              of the first; a, b: what is done there
  deal[]      owners whose lifecycles a replay deals out in another order
  index[]     hashes a and b of objects that do not differ otherwise
  config[]    changes

Output as JSON of two instants:
  Times are RFC 3339.
  from, to    the instants
  objects_then, objects_after, in_between
              how many there are at each, and how many came and went in between
  left_out    how many Leases and Events differ and are not told
  objects[]   kind (Deployment.apps), namespace, name; change: came, went, changed, replaced; at,
              when, the last time; content_unknown, where no record shows all of it; changes[]

Examples:
  tracer diff <(tracer export -q watch/) <(tracer export -q audit/) --tolerance 2
  tracer export watch/ -q -o a.sktrace; tracer export audit/ -q | tracer diff a.sktrace -
  tracer diff audit/ --from '2026-11-23 15:25:50' --to +10s -n shop
  tracer diff watch/ --from -1m -k deploy,cronjob --status -o json";

pub(super) const USAGE: &str = "\
tracer diff [OPTIONS] A B
       tracer diff [OPTIONS] [INPUT]... --from <T> --to <T>";

pub(super) const INPUTS: &str = "\
Two traces, A and B; or the log to read, in any number of files and directories, as `export` does; `-`, or none at all, is stdin";

/// The arguments of `diff`, unvalidated.
#[derive(Debug, Args)]
pub struct DiffArgs {
    #[command(flatten)]
    instants: InstantFlags,
    #[command(flatten)]
    how: HowArgs,
    #[command(flatten)]
    filters: FilterArgs,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Instants")]
struct InstantFlags {
    /// The earlier instant, or so long before --to (-30m); default: where the log begins
    ///
    /// RFC 3339 (2026-03-01T10:00:00Z, any offset), 2026-03-01, "2026-03-01 10:00" or with seconds (UTC), Unix seconds, or a
    /// span before --to made of s, m, h and d, as -1h30m; without --to, before the end of the log. Fractions of a second
    /// count. An instant outside of the log is an error.
    #[arg(long, value_name = "T", allow_hyphen_values = true, value_parser = TimeArg::parse_from)]
    from: Option<TimeArg>,

    /// The later instant, or so long after --from (+1h); default: where the log ends
    #[arg(long, value_name = "T", allow_hyphen_values = true, value_parser = TimeArg::parse_to)]
    to: Option<TimeArg>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Comparison")]
struct HowArgs {
    /// How to show what differs
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: DiffFormat,

    /// Of two traces: take times as the same that are no more than SECONDS apart
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i64).range(0..=MAX_TOLERANCE))]
    tolerance: Option<i64>,

    /// Compare the status of objects too
    #[arg(long)]
    status: bool,
}

/// How differences are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    /// For people: in numbers, then object by object; nothing where nothing differs
    #[default]
    Text,
    /// One JSON document
    Json,
}

/// Two instants as given, not yet held against a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Instants {
    from: Option<TimeArg>,
    to: Option<TimeArg>,
}

/// The options of `diff`.
#[derive(Clone, Debug)]
pub struct DiffOptions {
    /// What every command takes.
    pub common: Common,
    /// The instants; see [`Instants::are_given`].
    pub instants: Instants,
    /// What to compare.
    pub filters: Filters,
    /// How to show it.
    pub format: DiffFormat,
    /// How far times of two traces may be apart, in seconds; `None` where it was not given, which is 0.
    pub tolerance: Option<i64>,
    /// Whether the status of objects is compared too.
    pub with_status: bool,
}

impl DiffArgs {
    pub(super) fn validate(self) -> Result<DiffOptions, UsageError> {
        let instants = Instants { from: self.instants.from, to: self.instants.to };
        instants.check()?;
        let HowArgs { output: format, tolerance, status: with_status } = self.how;
        if instants.are_given() && tolerance.is_some() {
            return Err(UsageError::new("--tolerance is for two traces; two instants, --from and --to, are exact"));
        }
        let (common, filters) = (self.common.validate()?, self.filters.into());
        Ok(DiffOptions { common, instants, filters, format, tolerance, with_status })
    }
}

impl Instants {
    /// Whether any was given: then instants are compared, whatever the inputs are.
    pub fn are_given(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }

    /// The instants that follow from the arguments alone.
    pub fn known(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let at = |time: Option<TimeArg>| if let Some(TimeArg::At(at)) = time { Some(at) } else { None };
        let (from, to) = (at(self.from), at(self.to));
        match (self.from, self.to) {
            (Some(TimeArg::Before(by)), _) => (to.map(|to| to.plus_micros(-by)), to),
            (_, Some(TimeArg::After(by))) => (from, from.map(|from| from.plus_micros(by))),
            _ => (from, to),
        }
    }

    fn check(&self) -> Result<(), UsageError> {
        if matches!((self.from, self.to), (Some(TimeArg::Before(_)), Some(TimeArg::After(_)))) {
            return Err(TimeError::BothRelative.into());
        }
        match self.known() {
            (Some(from), Some(to)) => in_order(from, to).map(|_| ()),
            _ => Ok(()),
        }
    }

    /// The instants for a log whose first and last moments are these.
    ///
    /// # Errors
    /// The earlier one has to be the earlier one.
    pub fn resolve(&self, first: Timestamp, last: Timestamp) -> Result<(Timestamp, Timestamp), UsageError> {
        let or = |time: Option<TimeArg>, default| Some(time.unwrap_or(TimeArg::At(default)));
        let filled = match (self.from, self.to) {
            (Some(TimeArg::Before(_)), to) => Instants { from: self.from, to: or(to, last) },
            (from, Some(TimeArg::After(_))) => Instants { from: or(from, first), to: self.to },
            (from, to) => Instants { from: or(from, first), to: or(to, last) },
        };
        let (from, to) = filled.known();
        let (from, to) = (from.unwrap_or(first), to.unwrap_or(last));
        in_order(from, to).map_err(|error| UsageError::new(format!("{error}; the log runs from {first} to {last}")))
    }
}

fn in_order(from: Timestamp, to: Timestamp) -> Result<(Timestamp, Timestamp), UsageError> {
    if from < to {
        return Ok((from, to));
    }
    Err(UsageError::new(format!("--from, {from}, has to be earlier than --to, {to}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(from: &str, to: &str) -> Result<(i64, i64), String> {
        let arg = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
        let instants = Instants { from: arg(from), to: arg(to) };
        instants.check().map_err(|error| error.to_string())?;
        let (first, last) = (Timestamp::from_seconds(1000), Timestamp::from_seconds(2000));
        let (from, to) = instants.resolve(first, last).map_err(|error| error.to_string())?;
        Ok((from.micros() / 100_000, to.micros() / 100_000))
    }

    #[test]
    fn instants_are_absolute_or_relative_to_one_another_or_the_ends_of_the_log() {
        for (from, to, expected) in [
            ("", "", (10_000, 20_000)),
            ("1500.5", "", (15_005, 20_000)),
            ("", "1500", (10_000, 15_000)),
            ("-10m", "", (14_000, 20_000)),
            ("-10m", "1700", (11_000, 17_000)),
            ("", "+10m", (10_000, 16_000)),
            ("1500.2", "1500.7", (15_002, 15_007)),
            ("1500", "+1s", (15_000, 15_010)),
        ] {
            assert_eq!(resolved(from, to), Ok(expected), "{from} {to}");
        }
    }

    #[test]
    fn the_earlier_has_to_be_the_earlier() {
        assert!(resolved("1500", "1500").unwrap_err().contains("has to be earlier than --to"));
        assert!(resolved("1500", "1400").is_err() && resolved("-1m", "+1m").is_err());
        assert!(resolved("3000", "").unwrap_err().contains("the log runs from 1970-01-01T00:16:40Z to"));
    }
}
