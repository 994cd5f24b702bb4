//! The bodies of the store: canonical JSON text, each kept once.
//!
//! A body is compared, and canonicalised, only when its text is new: logs repeat bodies far more often than they change
//! them. Canonical is: keys sorted, no white space, of a key that stands twice the last; so that the same content from
//! recorders that order keys differently is the same blob.

use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use serde_json::{Map, Value};

/// A body in the store. Equal contents have equal ids; the numbers themselves depend on the order of input and mean nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct BlobId(u32);

/// Bodies, each once.
#[derive(Default)]
pub struct Blobs {
    /// Two keyed hashes make a 128-bit fingerprint that a log cannot be written to collide in.
    keys: (RandomState, RandomState),
    by_text: HashMap<u128, BlobId>,
    texts: Vec<Arc<[u8]>>,
}

impl Blobs {
    /// The blob of a JSON object's text.
    ///
    /// # Errors
    /// A text that no tree of JSON values can hold: nested deeper than 128 levels, a number out of range, a lone surrogate.
    pub fn intern(&mut self, text: &[u8]) -> Result<BlobId, serde_json::Error> {
        self.intern_with(text, |_| {})
    }

    /// The blob of a `metadata` object; members that say nothing (`null`, `{}`, `[]`) are left out, as some recorders do.
    ///
    /// # Errors
    /// As [`Blobs::intern`].
    pub fn intern_metadata(&mut self, text: &[u8]) -> Result<BlobId, serde_json::Error> {
        self.intern_with(text, tidy_metadata)
    }

    /// The blob of a JSON value.
    ///
    /// # Errors
    /// When there are too many bodies.
    pub fn intern_value(&mut self, value: Value) -> Result<BlobId, serde_json::Error> {
        let canonical = serde_json::to_vec(&value)?;
        self.keep(canonical)
    }

    /// The blob of a `metadata` object, tidied as by [`Blobs::intern_metadata`].
    ///
    /// # Errors
    /// As [`Blobs::intern_value`].
    pub fn intern_metadata_value(&mut self, mut value: Value) -> Result<BlobId, serde_json::Error> {
        tidy_metadata(&mut value);
        self.intern_value(value)
    }

    /// The canonical text of a blob.
    pub fn text(&self, id: BlobId) -> &[u8] {
        &self.texts[id.0 as usize]
    }

    /// A blob as a JSON object; empty if it is none.
    pub fn object(&self, id: BlobId) -> Map<String, Value> {
        serde_json::from_slice(self.text(id)).unwrap_or_default()
    }

    /// The labels of an object's metadata; values that are no strings are left out.
    pub fn labels(&self, metadata: BlobId) -> BTreeMap<String, String> {
        take_labels(&mut self.object(metadata))
    }

    fn intern_with(&mut self, text: &[u8], tidy: impl FnOnce(&mut Value)) -> Result<BlobId, serde_json::Error> {
        let raw = self.fingerprint(text);
        if let Some(id) = self.by_text.get(&raw) {
            return Ok(*id);
        }
        let mut value: Value = serde_json::from_slice(text)?;
        tidy(&mut value);
        let id = self.keep(serde_json::to_vec(&value)?)?;
        self.by_text.insert(raw, id);
        Ok(id)
    }

    /// Keeps a canonical text once.
    fn keep(&mut self, canonical: Vec<u8>) -> Result<BlobId, serde_json::Error> {
        let fingerprint = self.fingerprint(&canonical);
        if let Some(id) = self.by_text.get(&fingerprint) {
            return Ok(*id);
        }
        let id = BlobId(u32::try_from(self.texts.len()).map_err(|_| too_many())?);
        self.texts.push(canonical.into());
        self.by_text.insert(fingerprint, id);
        Ok(id)
    }

    fn fingerprint(&self, text: &[u8]) -> u128 {
        (u128::from(self.keys.0.hash_one(text)) << 64) | u128::from(self.keys.1.hash_one(text))
    }
}

/// Takes the labels out of metadata that were read already, as [`Blobs::labels`].
pub(super) fn take_labels(metadata: &mut Map<String, Value>) -> BTreeMap<String, String> {
    let Some(Value::Object(labels)) = metadata.remove("labels") else { return BTreeMap::new() };
    let text = |value: Value| if let Value::String(text) = value { Some(text) } else { None };
    labels.into_iter().filter_map(|(key, value)| Some((key, text(value)?))).collect()
}

fn tidy_metadata(value: &mut Value) {
    if let Value::Object(members) = value {
        members.retain(|_, member| !says_nothing(member));
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(members) => members.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

fn too_many() -> serde_json::Error {
    <serde_json::Error as serde::de::Error>::custom("more than four thousand million different bodies")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_content_in_another_order_is_the_same_blob() {
        let mut blobs = Blobs::default();
        let one = blobs.intern(br#"{"b": 1, "a": {"d":2,"c":[]}}"#).unwrap();
        let two = blobs.intern(br#"{"a":{"c":[],"d":2},"b":1}"#).unwrap();
        assert_eq!(one, two);
        assert_eq!(blobs.text(one), br#"{"a":{"c":[],"d":2},"b":1}"#);
        assert_ne!(one, blobs.intern(br#"{"a":{"c":[],"d":2},"b":2}"#).unwrap());
    }

    #[test]
    fn metadata_that_says_nothing_is_left_out() {
        let mut blobs = Blobs::default();
        let id = blobs.intern_metadata(br#"{"labels":{},"annotations":null,"generateName":"a-"}"#).unwrap();
        assert_eq!(blobs.text(id), br#"{"generateName":"a-"}"#);
    }

    #[test]
    fn what_no_tree_can_hold_is_an_error() {
        let mut blobs = Blobs::default();
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(1000), "]".repeat(1000));
        for bad in [deep.as_str(), r#"{"a":1e999}"#, r#"{"a":"\ud800"}"#] {
            assert!(blobs.intern(bad.as_bytes()).is_err());
        }
    }
}
