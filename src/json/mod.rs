//! Looking into JSON text without building a tree of it.
//!
//! A record is walked one level at a time: [`members`] and [`elements`] give the raw text of the values of an object or an
//! array, and only what a rule needs is looked at further; the rest is skipped by its structure ([`scan`]). Of a key that stands
//! twice the last one counts, as in the decoders of Kubernetes; callers that keep what came last by key get that by themselves.

pub mod canonical;
pub mod compose;
pub mod scan;
pub mod tokens;
mod walk;
pub mod write;

use walk::walk;
pub use walk::{Key, Walk};

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The text of one JSON value. Its structure is sound as far as [`scan`] looks: brackets are balanced, strings have ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Raw<'a> {
    text: &'a str,
    /// Whether it is a string with escapes.
    escaped: bool,
}

impl<'a> Raw<'a> {
    /// The text, without white space around it.
    pub const fn get(self) -> &'a str {
        self.text
    }

    /// A text that is one value with nothing but white space around it.
    ///
    /// # Errors
    /// Where it is anything else.
    pub fn of(text: &'a str) -> Result<Self, Error> {
        let bytes = text.as_bytes();
        let start = scan::space(bytes, 0);
        let (end, escaped) = scan::value(bytes, start).ok_or_else(|| Error::at(text, start))?;
        match scan::space(bytes, end) {
            rest if rest == text.len() => Ok(Raw { text: &text[start..end], escaped }),
            rest => Err(Error::at(text, rest)),
        }
    }
}

impl<'a> From<&'a RawValue> for Raw<'a> {
    fn from(raw: &'a RawValue) -> Self {
        let text = raw.get();
        Raw { text, escaped: text.starts_with('"') && text.contains('\\') }
    }
}

/// Why a JSON text could not be walked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It is of another type.
    #[error("it is {found}")]
    Type {
        /// What it is.
        found: &'static str,
    },
    /// It is no JSON from there on.
    #[error("{problem} at byte {}", .at + 1)]
    Syntax {
        /// What is wrong.
        problem: &'static str,
        /// The offset of the byte.
        at: usize,
    },
}

impl Error {
    /// What begins there is no value, or has no end.
    fn at(text: &str, at: usize) -> Self {
        let problem = match text.as_bytes().get(at) {
            Some(b'{' | b'[' | b'"') => "a value without end",
            Some(_) => "no value",
            None => "nothing more",
        };
        Error::Syntax { problem, at }
    }

    /// A value is of another type than it should be.
    pub fn of_type(raw: Raw<'_>) -> Self {
        Error::type_of(raw.text)
    }

    fn type_of(text: &str) -> Self {
        let found = match text.as_bytes().first() {
            Some(b'{') => "an object",
            Some(b'[') => "an array",
            Some(b'"') => "a string",
            Some(b't' | b'f') => "a boolean",
            Some(b'n') => "null",
            _ => "a number",
        };
        Error::Type { found }
    }
}

/// The members of a JSON object in the order of the text, the values unparsed.
#[derive(Clone, Debug, Default)]
pub struct Members<'a>(Vec<(Cow<'a, str>, Raw<'a>)>);

impl<'a> IntoIterator for Members<'a> {
    type Item = (Cow<'a, str>, Raw<'a>);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> FromIterator<(Cow<'a, str>, Raw<'a>)> for Members<'a> {
    /// An object that stands nowhere as such: a row of a table under the names of its columns.
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, Raw<'a>)>>(members: I) -> Self {
        Members(members.into_iter().collect())
    }
}

impl<'a> Members<'a> {
    /// The value of a key; of several the last.
    pub fn get(&self, key: &str) -> Option<Raw<'a>> {
        self.0.iter().rev().find(|(k, _)| k == key).map(|(_, value)| *value)
    }

    /// Whether a key is there.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// What a member is read as; nothing where it is absent or `null`.
    ///
    /// # Errors
    /// Those of reading it.
    pub fn optional<T>(&self, key: &str, read: impl FnOnce(Raw<'a>) -> Result<T, Error>) -> Result<Option<T>, Error> {
        self.get(key).filter(|raw| raw.get() != "null").map(read).transpose()
    }

    /// The keys, as written.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.as_ref())
    }

    /// The members, in the order of the text.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Raw<'a>)> {
        self.0.iter().map(|(key, value)| (key.as_ref(), *value))
    }
}

/// A value that stands in the text as an object. What serde derives for a struct also takes an array of its fields, which no
/// JSON of Kubernetes is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// The members of a JSON object. An error for anything but an object.
pub fn members(raw: Raw<'_>) -> Result<Members<'_>, Error> {
    object(raw.text)
}

/// The members of the JSON object that a text is, with white space around it at most: in one pass over it.
///
/// # Errors
/// For anything but an object.
pub fn object(text: &str) -> Result<Members<'_>, Error> {
    object_with(text, |_, walk| walk.value())
}

/// As [`object`]: `value` is told the key of each member, and passes over its value.
///
/// # Errors
/// For anything but an object; and those of `value`.
#[inline]
pub fn object_with<'a>(
    text: &'a str,
    mut value: impl FnMut(&str, &mut Walk<'a>) -> Result<Raw<'a>, Error>,
) -> Result<Members<'a>, Error> {
    let mut members = Vec::with_capacity(16);
    walk(text.trim_ascii(), b'{', |walk| {
        let key = walk.key()?;
        let value = value(&key, walk)?;
        members.push((key, value));
        Ok(())
    })?;
    Ok(Members(members))
}

/// The values of some members of a JSON object, as [`members`] has them: of several faults it finds the same one.
///
/// # Errors
/// As [`members`].
pub fn some_members<'a, const N: usize>(raw: Raw<'a>, names: &[&str; N]) -> Result<[Option<Raw<'a>>; N], Error> {
    let (mut walk, mut found) = (Walk::of(raw.text), [None; N]);
    let named = |place: usize, walk: &mut Walk<'a>| {
        found[place] = Some(walk.value()?);
        Ok(())
    };
    walk.members(names, named, |key, walk| key.check().and_then(|()| walk.value()).map(drop))?;
    walk.end()?;
    Ok(found)
}

/// The values of some members of the JSON object that a text is, by their names: in one pass over it and without memory. Of a
/// key that stands twice the last one counts. Names are found fastest in the order in which they usually stand.
///
/// # Errors
/// For anything but an object.
pub fn fields<'a, const N: usize>(text: &'a str, names: &[&str; N]) -> Result<[Option<Raw<'a>>; N], Error> {
    let mut walk = Walk::of(text.trim_ascii());
    let found = walk.fields(names)?;
    walk.end()?;
    Ok(found)
}

/// What stands in a value under some names, each a member of the one before.
pub fn at<'a>(raw: Raw<'a>, path: &[&str]) -> Option<Raw<'a>> {
    path.iter().try_fold(raw, |raw, name| fields(raw.get(), &[name]).ok()?[0])
}

/// Hands over the members of a JSON object one by one, in the order of the text.
///
/// # Errors
/// For anything but an object.
pub fn each<'a>(raw: Raw<'a>, mut member: impl FnMut(Cow<'a, str>, Raw<'a>)) -> Result<(), Error> {
    walk(raw.text, b'{', |walk| {
        let key = walk.key()?;
        member(key, walk.value()?);
        Ok(())
    })
}

/// The elements of a JSON array; an error for anything but an array.
pub fn elements(raw: Raw<'_>) -> Result<Vec<Raw<'_>>, Error> {
    let mut elements = Vec::new();
    walk(raw.text, b'[', |walk| {
        elements.push(walk.value()?);
        Ok(())
    })?;
    Ok(elements)
}

/// How many elements a JSON array has.
///
/// # Errors
/// For anything but an array.
pub fn count(raw: Raw<'_>) -> Result<usize, Error> {
    let mut walk = Walk::of(raw.text);
    let count = walk.count()?;
    walk.end()?;
    Ok(count)
}

/// The text of a JSON string; `None` for anything but a string, and for one that no Rust string can hold (lone surrogates).
#[inline]
pub fn string(raw: Raw<'_>) -> Option<Cow<'_, str>> {
    let text = raw.text;
    if text.as_bytes().first() != Some(&b'"') {
        return None;
    }
    let inner = text.get(1..text.len() - 1)?;
    if !raw.escaped {
        return Some(Cow::Borrowed(inner));
    }
    unescaped(inner).or_else(|| serde_json::from_str(text).ok()).map(Cow::Owned)
}

/// What stands between the quotes of a string, without the escapes that are in the texts of Kubernetes: quotes, backslashes,
/// and the characters of HTML, which Go escapes. `None` where there are others, or a character that must be.
fn unescaped(inner: &str) -> Option<String> {
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        let (before, escape) = rest.split_at(at);
        let (character, length) = match escape.as_bytes() {
            [_, b'"', ..] => ('"', 2),
            [_, b'\\', ..] => ('\\', 2),
            [_, b'u', b'0', b'0', b'2', b'6', ..] => ('&', 6),
            [_, b'u', b'0', b'0', b'3', b'c', ..] => ('<', 6),
            [_, b'u', b'0', b'0', b'3', b'e', ..] => ('>', 6),
            _ => return None,
        };
        text.push_str(before);
        text.push(character);
        rest = &escape[length..];
    }
    text.push_str(rest);
    let least = inner.bytes().fold(u8::MAX, u8::min);
    (least >= b' ').then_some(text)
}

/// The text of a JSON string, as [`string`] gives it.
///
/// # Errors
/// For anything else.
pub fn text(raw: Raw<'_>) -> Result<Cow<'_, str>, Error> {
    string(raw).ok_or(Error::of_type(raw))
}

/// A JSON integer, `None` for anything else.
pub fn integer(raw: Raw<'_>) -> Option<i64> {
    raw.text.parse().ok()
}

/// Whether a value is `null`, `{}` or `[]`, as Kubernetes' encoders write fields that are not set.
pub fn is_empty(raw: Raw<'_>) -> bool {
    matches!(raw.text, "null" | "{}" | "[]")
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Any JSON value, with much in it that could be mistaken for structure.
    pub(crate) fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let text = "[a\\\\\"{}\\[\\],: \u{e9}\n]{0,70}";
        let leaf = prop_oneof![
            text.prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            any::<f64>().prop_map(serde_json::Value::from),
            any::<bool>().prop_map(serde_json::Value::from),
            Just(serde_json::Value::Null),
        ];
        leaf.prop_recursive(5, 60, 8, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..8).prop_map(serde_json::Value::from),
                prop::collection::vec((text, inner), 0..8).prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    fn raw(text: &str) -> Raw<'_> {
        Raw::of(text).unwrap()
    }

    #[test]
    fn of_a_key_that_stands_twice_the_last_counts() {
        let members = members(raw(r#"{"a":1,"b":2,"a":3}"#)).unwrap();
        assert_eq!(members.get("a").unwrap().get(), "3");
    }

    #[test]
    fn escaped_keys_are_read() {
        assert!(members(raw(r#"{"\u0061":1}"#)).unwrap().has("a"));
    }

    #[test]
    fn what_is_of_another_type_is_an_error_or_none() {
        assert!(members(raw("[1]")).is_err());
        assert!(elements(raw("{}")).is_err());
        assert!(string(raw("1")).is_none());
        assert!(string(raw(r#""\ud800""#)).is_none());
        assert_eq!(integer(raw("30")), Some(30));
        assert_eq!(integer(raw("1.5")), None);
    }

    proptest! {
        #[test]
        fn escapes_are_read_as_a_parser_reads_them(inner in r#"(\\[\\"nu/]|\\u00(26|3c|3e|3C|41)|[ab&\u{1}\u{e9}\u{1f600}]){0,12}"#) {
            let text = format!("\"{inner}\"");
            let parsed = serde_json::from_str::<String>(&text).ok();
            if let Some(text) = unescaped(&inner) {
                prop_assert_eq!(Some(text), parsed.clone());
            }
            prop_assert_eq!(string(Raw { text: &text, escaped: true }).map(Cow::into_owned), parsed);
        }
    }

    #[test]
    fn deep_nesting_is_walked_without_recursion() {
        let text = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(members(raw(&text)).is_ok());
    }
}
