//! The trees as text: a line for each object, indented below its owner.

use std::io::{self, Write};

use crate::model::{ObjectKey, Timestamp};
use crate::output::{Harmless, Styles};
use crate::owners::{Edge, Forest, Moment, NodeId, Place, Row, Ties};

/// So many levels are indented; what is deeper says how deep.
const DEEPEST: usize = 32;
/// So many further owners of an object are named.
const OTHERS: usize = 3;

/// What a tree is drawn from, and how it looks.
pub(super) struct Tree<'a> {
    pub ties: &'a Ties<'a>,
    pub forest: &'a Forest<'a>,
    pub styles: Styles,
    /// In columns; `None`: nothing is cut.
    pub width: Option<usize>,
}

impl Tree<'_> {
    /// Draws it.
    pub fn write(&self, fold: Option<usize>, out: &mut impl Write) -> io::Result<()> {
        self.forest.walk(fold, &mut |row, place| {
            let indent = indent(place.trail);
            let (name, notes) = self.row(row, place);
            let name = format!("{}", Harmless(&name));
            let notes = if notes.is_empty() { notes } else { format!("  {}", Harmless(&notes)) };
            let (name, notes) = self.cut(&indent, name, notes);
            let is_heading = place.parent.is_none() && matches!(row, Row::Whole(_));
            let name = if is_heading { self.styles.heading(&name) } else { name };
            let notes = if notes.is_empty() { notes } else { self.styles.aside(&notes) };
            writeln!(out, "{indent}{name}{notes}")
        })
    }

    fn row(&self, row: Row, place: Place<'_>) -> (String, String) {
        match row {
            Row::Whole(node) => (self.name(node, place.parent), self.notes(node, place.parent).join(", ")),
            Row::Again(node) => (self.name(node, place.parent), self.elsewhere(node)),
            Row::Circle(node) => (self.name(node, place.parent), "a circle: see above".to_owned()),
            Row::More { count, below: 0 } => (format!("… and {count} more"), String::new()),
            Row::More { count, below } => (format!("… and {count} more, with {below} below them"), String::new()),
        }
    }

    /// A name below its owner, which mostly has the same namespace.
    fn name(&self, node: NodeId, parent: Option<NodeId>) -> String {
        let key = self.ties.key(node);
        match parent.map(|parent| self.ties.key(parent)) {
            Some(parent) if parent.namespace == key.namespace => format!("{} {}", key.kind, key.name),
            _ => key.to_string(),
        }
    }

    fn notes(&self, node: NodeId, parent: Option<NodeId>) -> Vec<String> {
        let ties = self.ties;
        let mut notes: Vec<String> = life(ties, node).into_iter().collect();
        let edge = ties.above(node).iter().find(|edge| Some(edge.owner) == parent);
        notes.extend(edge.and_then(|edge| self.tie(edge)));
        if ties.owns_itself(node) {
            notes.push("owns itself".to_owned());
        }
        if self.forest.begins_circle(node) {
            notes.push("in a circle of owners".to_owned());
        } else {
            notes.extend(self.others(node));
        }
        notes
    }

    fn tie(&self, edge: &Edge) -> Option<String> {
        if edge.inferred {
            return Some("owner inferred".to_owned());
        }
        let owned = span(edge.since, edge.until)?;
        Some(format!("owned {owned}"))
    }

    fn others(&self, node: NodeId) -> Option<String> {
        let others: Vec<&ObjectKey> = self.forest.other_owners(node).map(|owner| self.ties.key(owner)).collect();
        if others.is_empty() {
            return None;
        }
        let named = others.iter().take(OTHERS).map(|key| format!("{} {}", key.kind, key.name));
        let mut text = format!("also owned by {}", named.collect::<Vec<_>>().join(", "));
        if others.len() > OTHERS {
            text += &format!(" and {} more", others.len() - OTHERS);
        }
        Some(text)
    }

    /// Where a node stands in full.
    fn elsewhere(&self, node: NodeId) -> String {
        match self.forest.home(node).map(|owner| self.ties.key(owner)) {
            Some(owner) => format!("see {} {}", owner.kind, owner.name),
            None => "see the top".to_owned(),
        }
    }

    fn cut(&self, indent: &str, name: String, notes: String) -> (String, String) {
        let Some(width) = self.width else { return (name, notes) };
        let left = width.saturating_sub(indent.chars().count());
        let name = cut(name, left);
        let left = left.saturating_sub(name.chars().count());
        let notes = if left < 4 { String::new() } else { cut(notes, left) };
        (name, notes)
    }
}

fn cut(text: String, width: usize) -> String {
    if text.chars().count() <= width {
        return text;
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// What is before a name: the branches of the levels above it.
fn indent(trail: &[bool]) -> String {
    let Some((own, above)) = trail.get(1..).and_then(<[bool]>::split_last) else { return String::new() };
    let mut text = String::new();
    for more in above.iter().take(DEEPEST) {
        text.push_str(if *more { "│  " } else { "   " });
    }
    text.push_str(if *own { "├─ " } else { "└─ " });
    if above.len() > DEEPEST {
        text += &format!("({}) ", above.len() + 1);
    }
    text
}

/// When a node is there, in words.
pub(super) fn life(ties: &Ties<'_>, node: NodeId) -> Option<String> {
    let Some(object) = ties.object(node) else { return Some("known by reference only".to_owned()) };
    let end = object.end.map(|end| end.at);
    match (ties.moment(), end) {
        (Moment::At(_), _) if ties.is_there(node) => Some(format!("since {}", second(object.born))),
        (Moment::At(at), Some(end)) if end <= at => Some(format!("gone since {}", second(end))),
        (Moment::At(_), _) => Some(format!("not there before {}", second(object.born))),
        (Moment::Ever, end) => span(Some(object.born), end),
    }
}

fn span(since: Option<Timestamp>, until: Option<Timestamp>) -> Option<String> {
    match (since.map(second), until.map(second)) {
        (Some(since), Some(until)) => Some(format!("{since} to {until}")),
        (Some(since), None) => Some(format!("since {since}")),
        (None, Some(until)) => Some(format!("until {until}")),
        (None, None) => None,
    }
}

fn second(at: Timestamp) -> Timestamp {
    Timestamp::from_seconds(at.seconds())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_drawn_as_far_as_they_fit() {
        assert_eq!(indent(&[true]), "");
        assert_eq!(indent(&[false, true]), "├─ ");
        assert_eq!(indent(&[false, true, false]), "│  └─ ");
        assert_eq!(indent(&[false, false, true]), "   ├─ ");
        let deep = indent(&[false; 1000]);
        assert_eq!(deep, format!("{}└─ (999) ", "   ".repeat(DEEPEST)));
    }

    #[test]
    fn a_text_is_cut_with_a_mark() {
        assert_eq!(cut("abc".to_owned(), 3), "abc");
        assert_eq!(cut("abcd".to_owned(), 3), "ab…");
    }
}
