//! What differs between two JSON values, field by field, as people of Kubernetes read it.
//!
//! [`between`] walks both values once and gives the [`Change`]s in the order of the fields. Where a list is one of objects that
//! are told apart by a field (`name`, or another of the keys that Kubernetes merges lists by), elements are matched by that;
//! else by position, after what both lists begin and end with. [`write()`] shows changes to people; as JSON each is
//! `{"path", "before", "after"}`, without `before` where a field came and without `after` where one went.
//!
//! Nothing is given exactly when the values are equal. The work grows with the size of the values alone, whatever they hold,
//! and a change is small: its values are borrowed, and its path shares what it has in common with others.

use std::borrow::Cow;

use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};
use serde_json::{Map, Value};

mod lines;
mod lists;
mod path;
mod show;

pub use path::{Path, Step};
pub use show::write;

/// Deeper than this, values are compared as a whole: no path is longer. No object of Kubernetes comes near it.
const MAX_DEPTH: usize = 48;

/// A field that differs.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<'a> {
    /// Where it is.
    pub path: Path<'a>,
    /// What it was; `None` where it came.
    pub before: Option<Cow<'a, Value>>,
    /// What it is; `None` where it went.
    pub after: Option<Cow<'a, Value>>,
}

impl Serialize for Change<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let members = 1 + usize::from(self.before.is_some()) + usize::from(self.after.is_some());
        let mut change = serializer.serialize_struct("Change", members)?;
        change.serialize_field("path", &self.path)?;
        for (name, value) in [("before", &self.before), ("after", &self.after)] {
            if let Some(value) = value {
                change.serialize_field(name, value.as_ref())?;
            }
        }
        change.end()
    }
}

/// What changed from one value to another: nothing exactly when they are equal.
pub fn between<'a>(before: &'a Value, after: &'a Value) -> Vec<Change<'a>> {
    let mut changes = Changes(Vec::new());
    changes.values(&Path::default(), before, after);
    changes.0
}

struct Changes<'a>(Vec<Change<'a>>);

impl<'a> Changes<'a> {
    fn values(&mut self, path: &Path<'a>, before: &'a Value, after: &'a Value) {
        match (before, after) {
            _ if path.depth() >= MAX_DEPTH => self.wholes(path, before, after),
            (Value::Object(before), Value::Object(after)) => self.objects(path, before, after),
            (Value::Array(before_elements), Value::Array(after_elements)) => {
                lists::compare(self, path, (before, before_elements), (after, after_elements));
            }
            _ => self.wholes(path, before, after),
        }
    }

    /// The members of both in the order of their keys, as serde_json keeps them.
    fn objects(&mut self, path: &Path<'a>, before: &'a Map<String, Value>, after: &'a Map<String, Value>) {
        let (mut befores, mut afters) = (before.iter().peekable(), after.iter().peekable());
        loop {
            let order = match (befores.peek(), afters.peek()) {
                (Some(before), Some(after)) => before.0.cmp(after.0),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, Some(_)) => std::cmp::Ordering::Greater,
                (None, None) => return,
            };
            let before = if order.is_le() { befores.next() } else { None };
            let after = if order.is_ge() { afters.next() } else { None };
            let Some((key, _)) = before.or(after) else { return };
            let member = || path.with(Step::Key(key));
            match (before, after) {
                (Some((_, before)), Some((_, after))) if is_leaf(before) && before == after => {}
                (Some((_, before)), Some((_, after))) => self.values(&member(), before, after),
                (Some((_, before)), None) => self.went(member(), before),
                (None, Some((_, after))) => self.came(member(), after),
                (None, None) => {}
            }
        }
    }

    fn wholes(&mut self, path: &Path<'a>, before: &'a Value, after: &'a Value) {
        if before != after {
            self.changed(path.clone(), Cow::Borrowed(before), Cow::Borrowed(after));
        }
    }

    fn changed(&mut self, path: Path<'a>, before: Cow<'a, Value>, after: Cow<'a, Value>) {
        self.0.push(Change { path, before: Some(before), after: Some(after) });
    }

    fn came(&mut self, path: Path<'a>, after: &'a Value) {
        self.0.push(Change { path, before: None, after: Some(Cow::Borrowed(after)) });
    }

    fn went(&mut self, path: Path<'a>, before: &'a Value) {
        self.0.push(Change { path, before: Some(Cow::Borrowed(before)), after: None });
    }
}

/// Whether a value holds no others.
fn is_leaf(value: &Value) -> bool {
    !matches!(value, Value::Object(_) | Value::Array(_))
}

#[cfg(test)]
mod tests;
