//! Where a field is, as people write it: `spec.template.spec.containers[app].image`.

use std::fmt::{self, Display, Write as _};
use std::rc::Rc;

use serde::ser::{Serialize, Serializer};
use serde_json::{Number, Value};

/// Keys are shown up to here, in characters: more than any name that Kubernetes takes.
const MAX_KEY: usize = 320;

/// The way to a field. Paths share what they have in common, so that a clone is small.
#[derive(Clone, Default)]
pub struct Path<'a>(Option<Rc<Node<'a>>>);

struct Node<'a> {
    parent: Path<'a>,
    step: Step<'a>,
    depth: usize,
}

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Step<'a> {
    /// To a member of an object.
    Key(&'a str),
    /// To an element of a list, counted from 0.
    Index(usize),
    /// To the element of a list that has this value in this field.
    Element(&'static str, Ident<'a>),
    /// Not to what a list holds, but to the order in which it stands there.
    Order,
}

/// What tells an element of a list from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ident<'a> {
    /// A text.
    Text(&'a str),
    /// A number.
    Number(&'a Number),
}

impl<'a> Ident<'a> {
    pub(super) fn of(value: &'a Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(Ident::Text(text)),
            Value::Number(number) => Some(Ident::Number(number)),
            _ => None,
        }
    }

    pub(super) fn value(self) -> Value {
        match self {
            Ident::Text(text) => text.into(),
            Ident::Number(number) => number.clone().into(),
        }
    }
}

impl<'a> Path<'a> {
    /// The way of one step more.
    #[must_use]
    pub fn with(&self, step: Step<'a>) -> Self {
        Path(Some(Rc::new(Node { parent: self.clone(), step, depth: self.depth() + 1 })))
    }

    /// How many steps it has.
    pub fn depth(&self) -> usize {
        self.0.as_ref().map_or(0, |node| node.depth)
    }

    /// The steps, first to last.
    pub fn steps(&self) -> Vec<Step<'a>> {
        let mut steps = Vec::with_capacity(self.depth());
        let mut path = self;
        while let Some(node) = &path.0 {
            steps.push(node.step);
            path = &node.parent;
        }
        steps.reverse();
        steps
    }
}

impl PartialEq for Path<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.steps() == other.steps()
    }
}

impl fmt::Debug for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Display for Path<'_> {
    /// The path of the whole is `.`. Control characters are written as JSON escapes them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_none() {
            return f.write_char('.');
        }
        for (number, step) in self.steps().into_iter().enumerate() {
            match step {
                Step::Key(key) if is_plain(key, "_-") => {
                    let dot = if number > 0 { "." } else { "" };
                    write!(f, "{dot}{key}")?;
                }
                Step::Key(key) => write!(f, "[{}]", quoted(key))?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Element("name", Ident::Text(name)) if is_plain(name, NAME) && !is_index(name) => {
                    write!(f, "[{name}]")?;
                }
                Step::Element(field, Ident::Text(text)) if is_plain(text, NAME) && !is_index(text) => {
                    write!(f, "[{field}={text}]")?;
                }
                Step::Element(field, Ident::Text(text)) => write!(f, "[{field}={}]", quoted(text))?,
                Step::Element(field, Ident::Number(number)) => write!(f, "[{field}={number}]")?,
                Step::Order if number == 0 => f.write_str("(order)")?,
                Step::Order => f.write_str(" (order)")?,
            }
        }
        Ok(())
    }
}

impl Serialize for Path<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What names of elements have besides letters and digits.
const NAME: &str = "_-./:*";

fn is_plain(text: &str, besides: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_KEY && text.chars().all(|c| c.is_ascii_alphanumeric() || besides.contains(c))
}

fn is_index(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn quoted(text: &str) -> Value {
    let mut shown: String = text.chars().take(MAX_KEY).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown.into()
}
