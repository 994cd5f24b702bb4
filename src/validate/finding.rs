//! What breaks a rule, and where.

use std::collections::BTreeMap;

use super::{Rule, Severity};
use crate::model::{Gvk, Timestamp};
use crate::trace::ReadError;

/// Where in a trace something is: the number of an event, counted from 0, and its `ts`.
pub type Place = (u64, i64);

/// One place in a trace that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which.
    pub rule: Rule,
    /// The first event that does; `None` where it is no event.
    pub place: Option<Place>,
    /// The object, as `Deployment.apps shop/web`; `None` where it is none.
    pub object: Option<String>,
    /// What exactly; may be empty.
    pub detail: String,
    /// How many events do it.
    pub count: u64,
}

impl Finding {
    /// When it is, in RFC 3339.
    pub fn at(&self) -> Option<String> {
        self.place.map(|(_, ts)| Timestamp::from_seconds(ts).to_string())
    }
}

/// What was found so far; of one kind at one object the first one, and how many follow.
#[derive(Debug, Default)]
pub(super) struct Findings {
    found: BTreeMap<What, (Option<Place>, u64)>,
}

/// The rule, the object, the detail.
type What = (Rule, Option<String>, String);

impl Findings {
    /// Adds one.
    pub fn add(&mut self, rule: Rule, place: Option<Place>, object: Option<&Name>, detail: impl Into<String>) {
        let object = object.map(Name::to_string);
        let found = self.found.entry((rule, object, detail.into())).or_insert((place, 0));
        found.1 += 1;
    }

    /// All of them: errors first, then by rule, then as they come in the trace.
    pub fn finish(self) -> Vec<Finding> {
        let finding = |((rule, object, detail), (place, count))| Finding { rule, place, object, detail, count };
        let mut all: Vec<Finding> = self.found.into_iter().map(finding).collect();
        all.sort_by_key(|finding| (finding.rule.severity(), finding.rule, finding.place));
        all
    }
}

/// An object of a trace by its kind and `namespace/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name {
    pub gvk: Gvk,
    pub ns_name: String,
}

impl std::fmt::Display for Name {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.gvk.group_kind(), self.ns_name.trim_start_matches('/'))
    }
}

/// A trace, held against all rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// How many events it has, as far as it can be read.
    pub events: u64,
    /// How many different objects they apply.
    pub objects: u64,
    /// What breaks a rule.
    pub findings: Vec<Finding>,
}

impl Checked {
    /// What is to be said of a trace that cannot be read.
    pub fn unreadable(error: &ReadError) -> Self {
        let detail = error.to_string();
        let finding = Finding { rule: Rule::Unreadable, place: None, object: None, detail, count: 1 };
        Checked { findings: vec![finding], ..Checked::default() }
    }

    /// How many findings are of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.rule.severity() == severity).count()
    }

    /// Whether SimKube replays it.
    pub fn is_valid(&self) -> bool {
        self.count(Severity::Error) == 0
    }
}
