//! Two traces, or two instants of a log, held against each other.
//!
//! [`traces`] compares what two traces do to each object, [`instants`] what was there at two times. Both give what differs as data
//! that is written for people ([`show`]) or, being `Serialize`, as JSON. Field by field they differ as
//! [`difference`] says, which is worked out where it is written: of what differs only the texts are kept.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;
use serde::ser::Serializer;
use serde_json::{Map, Value};

use crate::difference::{self, Change};
use crate::model::Gvk;

pub mod instants;
mod lifecycles;
mod order;
mod recorded;
pub mod show;
mod steps;
pub mod traces;

pub use lifecycles::LifecycleDifference;
pub use order::{Operation, OrderDifference};
pub use recorded::Recorded;
pub use steps::{Action, Moment, StepDifference};

/// What names an object of a trace.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Name {
    /// As a trace writes it: `apps/v1.Deployment`.
    #[serde(rename = "kind")]
    pub gvk: Gvk,
    /// Empty for a cluster-scoped object.
    pub namespace: String,
    /// The name in its namespace.
    pub name: String,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.gvk)?;
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(&self.name)
    }
}

/// The text of an object, keys sorted.
type Text = Arc<[u8]>;

/// Two states of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fields {
    before: Text,
    after: Text,
}

impl Fields {
    /// Hands over what differs between the two.
    pub fn with<T>(&self, work: impl FnOnce(&[Change<'_>]) -> T) -> T {
        let (before, after) = (parsed(&self.before), parsed(&self.after));
        work(&difference::between(&before, &after))
    }

    /// Whether two differ in the same way as two others.
    pub fn differ_as(&self, other: &Fields) -> bool {
        self == other || self.with(|changes| other.with(|others| changes == others))
    }
}

impl Serialize for Fields {
    /// As a list of changes.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.with(|changes| serializer.collect_seq(changes))
    }
}

fn parsed(text: &[u8]) -> Value {
    serde_json::from_slice(text).unwrap_or_default()
}

/// Leaves out of an object's metadata what says nothing: recorders write `{}`, `null` or nothing.
fn tidy(metadata: &mut Map<String, Value>) {
    metadata.retain(|_, value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(elements) => !elements.is_empty(),
        Value::Object(members) => !members.is_empty(),
        _ => true,
    });
}
