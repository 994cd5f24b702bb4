//! SimKube's trace file, version 2: what it holds, how it is hashed, written and read.
//!
//! The layout is that of SimKube's `sk-core/src/trace/` (`mod.rs`, `event.rs`, `index.rs`, `pod_owners_map.rs`). A [`Trace`]
//! is what [`mod@write`] writes and [`mod@read`] reads. It holds objects as JSON text: as trees they would take several
//! times the memory, and what is recorded of an object can stand in the store and in the trace at once ([`Object`]).
//!
//! This is the only room that knows MessagePack. It does not know what a config says: `C` is whatever serialises in the form
//! that a trace's `config` has.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use crate::model::Gvk;

pub mod hash;
mod msgpack;
mod object;
mod pod_specs;
pub mod pod_update;
pub mod read;
mod recorded;
pub mod sanitize;
mod sip;
mod transcode;
mod tree;
pub mod write;

pub use hash::{object_hash, pod_spec_hash};
pub use object::{Object, Types};
pub use pod_specs::PodSpecHashes;
pub use pod_update::{PodUpdate, pod_update};
pub use read::{Part, ReadError, read, read_all, read_config};
pub use recorded::Recorded;
pub use sanitize::{Content, Sanitize, content};
pub use write::{Format, write};

/// The version of the layout that is written, and the only one that is read.
pub const VERSION: u64 = 2;

/// A whole trace.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace<C> {
    /// What was tracked, in the form of SimKube's tracer config.
    pub config: C,
    /// The events in the order of the replay, `ts` never decreasing. The first is the state at the window's start.
    pub events: Vec<Event>,
    /// The objects that appear in the trace.
    pub index: Index,
    /// How long pods ran.
    pub pod_lifecycles: PodLifecycles,
}

/// For each kind, the objects of a trace by `namespace/name`, with the hash of their last spec ([`object_hash`]).
pub type Index = BTreeMap<Gvk, BTreeMap<String, u64>>;

/// For each owner of pods (kind and `namespace/name`), by pod-spec hash ([`pod_spec_hash`]), the lifecycles of its pods in
/// the order in which a replay deals them out.
pub type PodLifecycles = BTreeMap<(Gvk, String), BTreeMap<u64, Vec<Lifecycle>>>;

/// What happens at one moment of a trace: all objects of `applied` are applied in order, then those of `deleted` deleted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Unix seconds.
    pub ts: i64,
    /// Whole objects, sanitised.
    pub applied: Vec<Object>,
    /// What names the objects that go away.
    pub deleted: Vec<Deleted>,
}

/// An object that is deleted: nothing but what names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deleted {
    /// The `apiVersion`: `apps/v1`, `v1`.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// The namespace, empty for a cluster-scoped object (which SimKube's driver cannot delete).
    pub namespace: String,
    /// The name.
    pub name: String,
}

/// The text of an object, as an [`Object`] has it: keys sorted, no spaces, so that equal objects have equal text.
pub fn object_text(object: &Value) -> Arc<[u8]> {
    object.to_string().into_bytes().into()
}

/// How long a pod ran, in Unix seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lifecycle {
    /// It never started.
    Empty,
    /// Since when it runs.
    Running(i64),
    /// From when until when it ran.
    Finished(i64, i64),
}

impl Serialize for Lifecycle {
    /// The form that serde derives for an enum, spelled out as a map: YAML would write a tag, which is another tree.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Lifecycle::Empty => serializer.serialize_str("Empty"),
            Lifecycle::Running(start) => entry(serializer, "Running", start),
            Lifecycle::Finished(start, end) => entry(serializer, "Finished", &[start, end]),
        }
    }
}

fn entry<S: Serializer>(serializer: S, key: &str, value: &impl Serialize) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(key, value)?;
    map.end()
}
