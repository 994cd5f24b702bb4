//! What a record is, and what became of it.

use serde::Serialize;

use crate::decode::Change;
use crate::decode::audit::{What, Write};

/// What a record is, by how it tells of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// An audit event, whatever carries it.
    Audit,
    /// An event of a watch.
    Watch,
    /// An object of a list.
    List,
    /// An object by itself.
    Object,
    /// An object, or a deletion, of an event of a trace.
    Trace,
    /// None of these: a line of another log, a record that cannot be read.
    Other,
}

impl Form {
    /// All of them, in order.
    pub const ALL: [Form; 6] = [Form::Audit, Form::Watch, Form::List, Form::Object, Form::Trace, Form::Other];

    /// Its name in a list of inputs.
    pub const fn name(self) -> &'static str {
        match self {
            Form::Audit => "audit",
            Form::Watch => "watch",
            Form::List => "list",
            Form::Object => "object",
            Form::Trace => "trace",
            Form::Other => "other",
        }
    }

    /// What it is, in a few words.
    pub const fn describe(self) -> &'static str {
        match self {
            Form::Audit => "audit events",
            Form::Watch => "events of watches",
            Form::List => "objects of lists",
            Form::Object => "objects without events",
            Form::Trace => "objects of traces",
            Form::Other => "others",
        }
    }
}

/// What became of a record. The order is that in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It made or changed an object.
    Changed,
    /// It deleted objects, or asked for it.
    Deleted,
    /// It shows an object as it was.
    Shown,
    /// A read without what was read.
    Read,
    /// Told again when the answer was complete.
    Early,
    /// A write of what nobody replays: leases, events, endpoints.
    Noise,
    /// A request about no object, or about a part of one that no object shows.
    NoObject,
    /// A write of an object that the record does not name.
    Unnamed,
    /// The server refused it.
    Refused,
    /// A dry run.
    DryRun,
    /// Nobody knows whether it was done.
    Unknown,
    /// A mark in a watch, which says how far it is.
    Bookmark,
    /// The end of a watch by an error.
    Broken,
    /// Passed over, for a reason that the account names.
    PassedOver,
    /// It could not be read, and was skipped.
    Skipped,
}

impl Fate {
    /// What it is, in a few words.
    pub const fn describe(self) -> &'static str {
        match self {
            Fate::Changed => "writes of objects",
            Fate::Deleted => "deletions",
            Fate::Shown => "objects as they were",
            Fate::Read => "reads",
            Fate::Early => "early stages, told again with the outcome",
            Fate::Noise => "writes of leases, events, endpoints",
            Fate::NoObject => "requests that change no object",
            Fate::Unnamed => "writes of objects that no name or kind tells",
            Fate::Refused => "refused by the server",
            Fate::DryRun => "dry runs",
            Fate::Unknown => "writes of unknown outcome",
            Fate::Bookmark => "bookmarks",
            Fate::Broken => "watches broken off",
            Fate::PassedOver => "passed over",
            Fate::Skipped => "unreadable, skipped",
        }
    }
}

/// What becomes of a request that was to change something. `told`: whether it says anything of an object.
pub(super) fn of_write(write: &Write, told: bool) -> Fate {
    match write.what {
        What::Refused => Fate::Refused,
        What::DryRun => Fate::DryRun,
        What::Unknown => Fate::Unknown,
        What::Deletion if told => Fate::Deleted,
        What::Content | What::Aside if told => Fate::Changed,
        _ if is_noise(write) => Fate::Noise,
        What::Aside => Fate::NoObject,
        What::Content | What::Deletion => Fate::Unnamed,
    }
}

fn is_noise(write: &Write) -> bool {
    matches!(
        (&*write.resource.group, &*write.resource.resource),
        ("coordination.k8s.io", "leases")
            | ("" | "events.k8s.io", "events")
            | ("", "endpoints")
            | ("discovery.k8s.io", "endpointslices")
    )
}

/// What a change that a record shows is. `in_trace`: whether the record is of a trace.
pub(super) fn of_change(change: Change, in_trace: bool) -> (Form, Fate) {
    let deleted = matches!(change, Change::Deleted | Change::Leaving | Change::Absent);
    let fate = if deleted { Fate::Deleted } else { Fate::Changed };
    match change {
        _ if in_trace => (Form::Trace, fate),
        Change::Listed => (Form::List, Fate::Shown),
        Change::Bare => (Form::Object, Fate::Shown),
        _ => (Form::Watch, fate),
    }
}
