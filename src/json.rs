//! Looking into JSON text without building a tree of it.
//!
//! A record is walked one level at a time: [`members`] and [`elements`] give the raw text of the values of an object or an
//! array, and only what a rule needs is looked at further. Of a key that stands twice the last one counts, as in the
//! decoders of Kubernetes; callers that keep what came last by key get that by themselves.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// Why a JSON text could not be walked.
pub type Error = serde_json::Error;

/// The members of a JSON object in the order of the text, the values unparsed.
#[derive(Default)]
pub struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> IntoIterator for Members<'a> {
    type Item = (Cow<'a, str>, &'a RawValue);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> FromIterator<(Cow<'a, str>, &'a RawValue)> for Members<'a> {
    /// An object that stands nowhere as such: a row of a table under the names of its columns.
    fn from_iter<I: IntoIterator<Item = (Cow<'a, str>, &'a RawValue)>>(members: I) -> Self {
        Members(members.into_iter().collect())
    }
}

impl<'a> Members<'a> {
    /// The value of a key; of several the last.
    pub fn get(&self, key: &str) -> Option<&'a RawValue> {
        self.0.iter().rev().find(|(k, _)| k == key).map(|(_, value)| *value)
    }

    /// Whether a key is there.
    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// The keys, as written.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.as_ref())
    }
}

/// A key that borrows from the text where it has no escapes.
struct Key<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Key<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for KeyVisitor<'a> {
            type Value = Key<'a>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Key<'a>, E> {
                Ok(Key(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Key<'a>, E> {
                Ok(Key(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(KeyVisitor(PhantomData))
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

struct MembersVisitor<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for MembersVisitor<'a> {
    type Value = Members<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'a>, A::Error> {
        let mut members = Vec::with_capacity(16);
        while let Some(Key(key)) = map.next_key::<Key<'a>>()? {
            members.push((key, map.next_value::<&'a RawValue>()?));
        }
        Ok(Members(members))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor(PhantomData))
    }
}

struct Elements<'a>(Vec<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Elements<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ElementsVisitor<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for ElementsVisitor<'a> {
            type Value = Elements<'a>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Elements<'a>, A::Error> {
                let mut elements = Vec::new();
                while let Some(element) = seq.next_element::<&'a RawValue>()? {
                    elements.push(element);
                }
                Ok(Elements(elements))
            }
        }
        deserializer.deserialize_seq(ElementsVisitor(PhantomData))
    }
}

/// The members of a JSON object. An error for anything but an object.
pub fn members(raw: &RawValue) -> Result<Members<'_>, Error> {
    serde_json::from_str(raw.get())
}

/// The elements of a JSON array; an error for anything but an array.
pub fn elements(raw: &RawValue) -> Result<Vec<&RawValue>, Error> {
    serde_json::from_str::<Elements<'_>>(raw.get()).map(|e| e.0)
}

/// The text of a JSON string; `None` for anything but a string, and for one that no Rust string can hold (lone surrogates).
pub fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Key<'_>>(raw.get()).ok().map(|key| key.0)
}

/// A JSON integer, `None` for anything else.
pub fn integer(raw: &RawValue) -> Option<i64> {
    serde_json::from_str(raw.get()).ok()
}

/// Whether a value is `null`, `{}` or `[]`, as Kubernetes' encoders write fields that are not set.
pub fn is_empty(raw: &RawValue) -> bool {
    matches!(raw.get(), "null" | "{}" | "[]")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> &RawValue {
        serde_json::from_str(text).unwrap()
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

    #[test]
    fn deep_nesting_is_walked_without_recursion() {
        let text = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(members(raw(&text)).is_ok());
    }
}
