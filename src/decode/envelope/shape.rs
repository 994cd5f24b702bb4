//! Which kind of record this is, told from its keys.

use super::super::retold::Retold;
use super::super::{Change, shorten};
use crate::json::{self, Members, Raw};

/// What a record of a watch tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WatchType {
    /// An object came, changed or went.
    Change(Change),
    /// The watch is at a resourceVersion.
    Bookmark,
    /// The watch broke off.
    Error,
}

/// The shape of a record.
pub enum Shape<'a> {
    /// A watch event, or one of the formats that say the same in other words.
    Watch {
        /// What it tells.
        change: WatchType,
        /// The object that it tells of.
        object: Raw<'a>,
    },
    /// A list of objects.
    List {
        /// Its items.
        items: Raw<'a>,
    },
    /// An object by itself.
    Object,
    /// A `Status` by itself.
    Failure,
    /// An audit event.
    Audit,
    /// A list of audit events, as webhooks get them.
    Audits {
        /// The events.
        items: Raw<'a>,
    },
    /// A line of `tracer events`.
    Retold(Retold<'a>),
    /// None of these.
    Unknown,
}

impl<'a> Shape<'a> {
    /// Tells the shape of a record.
    pub fn of(members: &Members<'a>) -> Self {
        if members.has("auditID") && members.has("stage") {
            return Shape::Audit;
        }
        watch(members)
            .or_else(|| scheduler_simulator(members))
            .or_else(|| resource_watch(members))
            .or_else(|| plain(members))
            .unwrap_or(Shape::Unknown)
    }
}

/// `{"type": "ADDED", "object": {…}}`: metav1.WatchEvent.
fn watch<'a>(members: &Members<'a>) -> Option<Shape<'a>> {
    let (kind, object) = (members.get("type")?, members.get("object")?);
    if let Some(line) = Retold::of(members, kind, object) {
        return Some(Shape::Retold(line));
    }
    let change = match json::string(kind)?.as_ref() {
        "ADDED" => WatchType::Change(Change::Added),
        "MODIFIED" => WatchType::Change(Change::Modified),
        "DELETED" => WatchType::Change(Change::Deleted),
        "BOOKMARK" => WatchType::Bookmark,
        "ERROR" => WatchType::Error,
        _ => return None,
    };
    Some(Shape::Watch { change, object })
}

/// `{"time", "event": "Add|Update|Delete", "resource": {…}}`: the record format of kube-scheduler-simulator.
fn scheduler_simulator<'a>(members: &Members<'a>) -> Option<Shape<'a>> {
    let (event, object) = (members.get("event")?, members.get("resource")?);
    Some(Shape::Watch { change: WatchType::Change(verb(&json::string(event)?)?), object })
}

/// `{"observationType": "add|update|delete", "observationTime", "object": {…}}`: OpenShift's resourcewatch.
fn resource_watch<'a>(members: &Members<'a>) -> Option<Shape<'a>> {
    let (event, object) = (members.get("observationType")?, members.get("object")?);
    Some(Shape::Watch { change: WatchType::Change(verb(&json::string(event)?)?), object })
}

fn verb(word: &str) -> Option<Change> {
    match word.to_ascii_lowercase().as_str() {
        "add" => Some(Change::Added),
        "update" => Some(Change::Modified),
        "delete" => Some(Change::Deleted),
        _ => None,
    }
}

fn plain<'a>(members: &Members<'a>) -> Option<Shape<'a>> {
    let kind = json::string(members.get("kind")?)?;
    match members.get("items") {
        // There are lists of core Events of this name too.
        Some(items) if kind == "EventList" && is_audit(members, items) => Some(Shape::Audits { items }),
        Some(items) if kind.ends_with("List") => Some(Shape::List { items }),
        // What a server answers instead of a watch, and what a recorder then writes.
        _ if kind == "Status" => Some(Shape::Failure),
        _ if members.has("apiVersion") && members.has("metadata") => Some(Shape::Object),
        _ => None,
    }
}

fn is_audit(members: &Members<'_>, items: Raw<'_>) -> bool {
    let group = members.get("apiVersion").and_then(json::string);
    let first = || json::elements(items).ok().and_then(|items| json::members(*items.first()?).ok());
    group.is_some_and(|group| group.starts_with("audit.k8s.io/")) || first().is_some_and(|first| first.has("auditID"))
}

/// What a `Status` says, for a message to the user.
pub fn status_message(status: Raw<'_>) -> String {
    let text =
        |name: &str| json::members(status).ok()?.get(name).and_then(json::string).map(|text| shorten(&text, 120));
    match (text("reason"), text("message")) {
        (Some(reason), Some(message)) => format!("{reason}: {message}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "no reason given".to_owned(),
    }
}
