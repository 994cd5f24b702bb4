//! What cells are made of: an object, looked at at an instant.

use serde_json::Value;

use super::age;
use crate::model::Timestamp;

pub(super) const NONE: &str = "<none>";
pub(super) const UNKNOWN: &str = "<unknown>";
pub(super) const UNSET: &str = "<unset>";

static NULL: Value = Value::Null;

/// An object at an instant. What it does not have, or has in another type than it should, is nothing.
#[derive(Clone, Copy)]
pub struct View<'a> {
    body: &'a Value,
    now: Timestamp,
    created: Option<Timestamp>,
}

impl<'a> View<'a> {
    /// Looks at an object. Where it does not say when it was created, something else may.
    pub fn new(body: &'a Value, now: Timestamp, created: Option<Timestamp>) -> Self {
        View { body, now, created }
    }

    /// What stands at a place, as `/spec/replicas`; else null.
    pub fn at(&self, place: &str) -> &'a Value {
        find(self.body, place)
    }

    /// A string; else the empty one.
    pub fn text(&self, place: &str) -> &'a str {
        text(self.body, place)
    }

    /// A string that is not empty, else something instead.
    pub fn text_or(&self, place: &str, instead: &str) -> String {
        or(self.text(place), instead)
    }

    /// A number; else 0.
    pub fn number(&self, place: &str) -> i64 {
        self.at(place).as_i64().unwrap_or(0)
    }

    /// A number; else 1, as an API server has it of replicas.
    pub fn replicas(&self, place: &str) -> i64 {
        self.at(place).as_i64().unwrap_or(1)
    }

    /// A number, as the text of a cell.
    pub fn count(&self, place: &str) -> String {
        self.number(place).to_string()
    }

    /// A list; else none.
    pub fn list(&self, place: &str) -> &'a [Value] {
        list(self.body, place)
    }

    /// Whether something is true.
    pub fn is(&self, place: &str) -> bool {
        self.at(place).as_bool().unwrap_or(false)
    }

    /// How many members or items something has.
    pub fn len(&self, place: &str) -> usize {
        let value = self.at(place);
        value.as_object().map(|members| members.len()).or(value.as_array().map(Vec::len)).unwrap_or(0)
    }

    /// Whether its deletion was asked for.
    pub fn is_leaving(&self) -> bool {
        !self.text("/metadata/deletionTimestamp").is_empty()
    }

    /// Whether a condition of its status is true.
    pub fn has_condition(&self, of: &str) -> bool {
        self.condition(of).is_some_and(|condition| text(condition, "/status") == "True")
    }

    /// A condition of its status.
    pub fn condition(&self, of: &str) -> Option<&'a Value> {
        self.list("/status/conditions").iter().find(|condition| text(condition, "/type") == of)
    }

    /// How old it is.
    pub fn age(&self) -> String {
        match moment(self.text("/metadata/creationTimestamp")).or(self.created) {
            Some(created) => self.ago(created),
            None => UNKNOWN.to_owned(),
        }
    }

    /// How long ago a moment is that stands at a place; else something instead.
    pub fn since(&self, place: &str, instead: &str) -> String {
        moment(self.text(place)).map_or_else(|| instead.to_owned(), |at| self.ago(at))
    }

    /// How long ago a moment is.
    pub fn ago(&self, at: Timestamp) -> String {
        // The rest of a second counts for nothing, before and after.
        age(self.now.micros().saturating_sub(at.micros()) / 1_000_000)
    }

    /// The moment of creation, as some kinds show it.
    pub fn created_at(&self) -> String {
        self.text_or("/metadata/creationTimestamp", UNKNOWN)
    }
}

pub(super) fn find<'a>(value: &'a Value, place: &str) -> &'a Value {
    value.pointer(place).unwrap_or(&NULL)
}

pub(super) fn text<'a>(value: &'a Value, place: &str) -> &'a str {
    find(value, place).as_str().unwrap_or_default()
}

pub(super) fn list<'a>(value: &'a Value, place: &str) -> &'a [Value] {
    find(value, place).as_array().map(Vec::as_slice).unwrap_or_default()
}

pub(super) fn or(text: &str, instead: &str) -> String {
    if text.is_empty() { instead.to_owned() } else { text.to_owned() }
}

pub(super) fn moment(text: &str) -> Option<Timestamp> {
    Timestamp::parse_rfc3339(text)
}

/// A number or a string as it is shown: 1, 25%.
pub(super) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// The first few, and how many more there are.
pub(super) fn first_few(all: &[String], most: usize, more: &str) -> String {
    let shown = all[..all.len().min(most)].join(",");
    if all.len() > most { format!("{shown} + {} {more}", all.len() - most) } else { shown }
}
