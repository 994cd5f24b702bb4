//! The bodies of a log: canonical JSON text, each kept once, as long as anything holds it.
//!
//! A body is compared, and canonicalised, only when its text is new: logs repeat bodies far more often than they change
//! them. Canonical is: keys sorted, no white space, of a key that stands twice the last; so that the same content from
//! recorders that order keys differently is the same blob.
//!
//! Any number of threads may intern at once: what is known is spread over shards, and no lock is held while a text is read.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use serde_json::{Map, Value};

use crate::fingerprint::{ByFingerprint, Fingerprints, Uid};
use crate::json::compose::{Composer, verbatim};
use crate::json::{self, Raw, canonical};

/// A body. Of two that live at one time and have equal content, both are the same, and compare so at once.
#[derive(Clone)]
pub struct Blob(Arc<Body>);

/// By itself on the heap, so that a weak handle keeps no text, and a blob is one word.
struct Body {
    text: Box<[u8]>,
}

impl Blob {
    /// The canonical text.
    pub fn text(&self) -> &[u8] {
        &self.0.text
    }

    /// The JSON object that it is; empty if it is none.
    pub fn object(&self) -> Map<String, Value> {
        serde_json::from_slice(self.text()).unwrap_or_default()
    }

    /// What stands in the JSON object that it is under some names, each a member of the one before. Of equal values the texts
    /// are equal.
    pub fn at(&self, path: &[&str]) -> Option<Raw<'_>> {
        let (name, path) = path.split_first()?;
        let [value] = json::fields(std::str::from_utf8(self.text()).ok()?, &[name]).ok()?;
        json::at(value?, path)
    }

    /// The labels that it has as an object's metadata; values that are no strings are left out.
    pub fn labels(&self) -> BTreeMap<String, String> {
        let mut labels = BTreeMap::new();
        let learn = |key: Cow<'_, str>, value| {
            labels.extend(json::string(value).map(|value| (key.into_owned(), value.into_owned())));
        };
        // What is no object has none.
        let _ = self.at(&["labels"]).map(|members| json::each(members, learn));
        labels
    }
}

impl PartialEq for Blob {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Blob {}

impl Hash for Blob {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.0).hash(state);
    }
}

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.text()))
    }
}

/// So many threads can intern at a time without waiting for each other, more or less.
const SHARDS: usize = 64;
/// Of a shard with fewer texts none is forgotten.
const FEW: usize = 64;
// What is read in different ways is set apart by these, and all of it from canonical texts: any different numbers will do.
const READ: u128 = 1;
const READ_MEMBERS: u128 = 2;
const OF_METADATA: u128 = 3;
const OF_METADATA_MEMBERS: u128 = 4;

/// Bodies, each once.
pub struct Blobs {
    fingerprints: Fingerprints,
    shards: Vec<Mutex<Shard>>,
    empty: Blob,
}

impl fmt::Debug for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Blobs")
    }
}

/// What is known of some texts, by their fingerprints: which blob they are, if anything still holds it. Both the canonical
/// texts and those that were read.
#[derive(Default)]
struct Shard {
    bodies: HashMap<Key, Weak<Body>, ByFingerprint>,
    /// With so many texts the dead ones are forgotten, which costs no more than it took to learn as many again.
    full: usize,
}

/// A fingerprint as a key. In halves, since beside a number of 16 bytes the table would leave as much room as a handle takes.
#[derive(PartialEq, Eq)]
struct Key([u64; 2]);

impl Key {
    fn of(fingerprint: u128) -> Self {
        Key([fingerprint as u64, (fingerprint >> 64) as u64])
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.0[0]);
    }
}

impl Default for Blobs {
    fn default() -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        let (fingerprints, empty) = (Fingerprints::default(), Blob(Arc::new(Body { text: b"{}"[..].into() })));
        let blobs = Blobs { fingerprints, shards, empty: empty.clone() };
        let fingerprint = fingerprints.of(empty.text());
        blobs.shard(fingerprint, |shard| shard.learn(fingerprint, &empty));
        blobs
    }
}

impl Blobs {
    /// The blob of a JSON object's text.
    ///
    /// # Errors
    /// A text that no tree of JSON values can hold: nested deeper than 128 levels, a number out of range, a lone surrogate.
    pub fn intern(&self, text: &[u8]) -> Result<Blob, serde_json::Error> {
        self.intern_as(self.fingerprints.of(text) ^ READ, || text.into(), |_| true)
    }

    /// The blob of a `metadata` object; members that say nothing (`null`, `{}`, `[]`) are left out, as some recorders do.
    ///
    /// # Errors
    /// As [`Blobs::intern`].
    pub fn intern_metadata(&self, text: &[u8]) -> Result<Blob, serde_json::Error> {
        self.intern_as(self.fingerprints.of(text) ^ OF_METADATA, || text.into(), says_something)
    }

    /// The blob of a JSON value.
    ///
    /// # Errors
    /// None that is known: a tree of values can be written.
    pub fn intern_value(&self, value: &Value) -> Result<Blob, serde_json::Error> {
        Ok(self.intern_canonical(serde_json::to_vec(value)?))
    }

    /// The blob of a canonical text.
    pub fn intern_canonical(&self, canonical: Vec<u8>) -> Blob {
        self.keep(self.fingerprints.of(&canonical), canonical)
    }

    /// The blob of a `metadata` object, tidied as by [`Blobs::intern_metadata`].
    ///
    /// # Errors
    /// As [`Blobs::intern_value`].
    pub fn intern_metadata_value(&self, mut value: Value) -> Result<Blob, serde_json::Error> {
        if let Value::Object(members) = &mut value {
            members.retain(|_, member| serde_json::to_vec(member).is_ok_and(|text| says_something(&text)));
        }
        self.intern_value(&value)
    }

    /// The uid that a text is.
    pub fn uid(&self, text: &str) -> Uid {
        self.fingerprints.uid(text)
    }

    /// The key under which texts are the same.
    pub fn fingerprints(&self) -> Fingerprints {
        self.fingerprints
    }

    /// The blob of the JSON object with these members: as [`Blobs::intern`] of its text, which is put together only when it is
    /// new.
    ///
    /// # Errors
    /// As [`Blobs::intern`].
    pub fn intern_members<'a>(
        &self,
        members: impl Iterator<Item = (&'a str, Raw<'a>)> + Clone,
    ) -> Result<Blob, serde_json::Error> {
        self.intern_members_as(members, READ_MEMBERS, |_| true)
    }

    /// The blob of a `metadata` object with these members, tidied as by [`Blobs::intern_metadata`].
    ///
    /// # Errors
    /// As [`Blobs::intern`].
    pub fn intern_metadata_members<'a>(
        &self,
        members: impl Iterator<Item = (&'a str, Raw<'a>)> + Clone,
    ) -> Result<Blob, serde_json::Error> {
        self.intern_members_as(members, OF_METADATA_MEMBERS, says_something)
    }

    /// The blob of `{}`.
    pub fn empty(&self) -> Blob {
        self.empty.clone()
    }

    /// `read`: what stands for the text as it is read; `text` gives it.
    fn intern_as<'t>(
        &self,
        read: u128,
        text: impl FnOnce() -> Cow<'t, [u8]>,
        keeps: fn(&[u8]) -> bool,
    ) -> Result<Blob, serde_json::Error> {
        if let Some(known) = self.shard(read, |shard| shard.known(read)) {
            return Ok(known);
        }
        let text = text();
        let canonical = match canonical::object(&text, keeps) {
            Some(canonical) => canonical,
            None => canonical_by_tree(&text, keeps)?,
        };
        let blob = self.keep(self.fingerprints.of(&canonical), canonical);
        self.shard(read, |shard| shard.learn(read, &blob));
        Ok(blob)
    }

    fn intern_members_as<'a>(
        &self,
        members: impl Iterator<Item = (&'a str, Raw<'a>)> + Clone,
        of: u128,
        keeps: fn(&[u8]) -> bool,
    ) -> Result<Blob, serde_json::Error> {
        let pieces = members.clone().flat_map(|(key, value)| [key, value.get()]);
        self.intern_as(self.fingerprints.of_texts(pieces) ^ of, || text_of(members).into(), keeps)
    }

    /// Keeps a canonical text once.
    fn keep(&self, fingerprint: u128, canonical: Vec<u8>) -> Blob {
        // Under one lock, so that of two threads with equal texts one finds the other's.
        self.shard(fingerprint, |shard| {
            shard.known(fingerprint).unwrap_or_else(|| {
                let blob = Blob(Arc::new(Body { text: canonical.into() }));
                shard.learn(fingerprint, &blob);
                blob
            })
        })
    }

    fn shard<T>(&self, fingerprint: u128, work: impl FnOnce(&mut Shard) -> T) -> T {
        let shard = &self.shards[(fingerprint >> 64) as usize % SHARDS];
        // Whatever a thread that panicked has left there is a true word about some texts.
        work(&mut shard.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shard {
    fn known(&self, fingerprint: u128) -> Option<Blob> {
        self.bodies.get(&Key::of(fingerprint)).and_then(Weak::upgrade).map(Blob)
    }

    fn learn(&mut self, fingerprint: u128, blob: &Blob) {
        if self.bodies.len() >= self.full {
            self.bodies.retain(|_, body| body.strong_count() > 0);
            self.full = FEW.max(2 * self.bodies.len());
        }
        self.bodies.insert(Key::of(fingerprint), Arc::downgrade(&blob.0));
    }
}

/// The text of the JSON object with these members.
fn text_of<'a>(members: impl Iterator<Item = (&'a str, Raw<'a>)> + Clone) -> Vec<u8> {
    // As much as it takes, unless a key has to be escaped.
    let length = members.clone().map(|(key, value)| key.len() + value.get().len() + 4).sum::<usize>();
    let mut text = Vec::with_capacity(length + 2);
    let mut composer = Composer::begin(&mut text);
    members.for_each(|(key, value)| composer.member(key, |out| verbatim(value, out)));
    composer.end();
    text
}

/// Takes the labels out of metadata that were read already, as [`Blob::labels`].
pub(crate) fn take_labels(metadata: &mut Map<String, Value>) -> BTreeMap<String, String> {
    let Some(Value::Object(labels)) = metadata.remove("labels") else { return BTreeMap::new() };
    let text = |value: Value| if let Value::String(text) = value { Some(text) } else { None };
    labels.into_iter().filter_map(|(key, value)| Some((key, text(value)?))).collect()
}

/// As [`canonical::object`], by a tree: what that takes and what is wrong with the text are serde_json's to say.
fn canonical_by_tree(text: &[u8], keeps: fn(&[u8]) -> bool) -> Result<Vec<u8>, serde_json::Error> {
    let mut members: Map<String, Value> = serde_json::from_slice(text)?;
    members.retain(|_, member| serde_json::to_vec(member).is_ok_and(|text| keeps(&text)));
    serde_json::to_vec(&members)
}

/// Whether a member of `metadata` says anything, by its canonical text.
fn says_something(text: &[u8]) -> bool {
    !matches!(text, b"null" | b"{}" | b"[]" | b"\"\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(blobs: &Blobs) -> usize {
        blobs.shards.iter().map(|shard| shard.lock().unwrap().bodies.len()).sum()
    }

    #[test]
    fn the_same_content_in_another_order_is_the_same_blob() {
        let blobs = Blobs::default();
        let one = blobs.intern(br#"{"b": 1, "a": {"d":2,"c":[]}}"#).unwrap();
        let two = blobs.intern(br#"{"a":{"c":[],"d":2},"b":1}"#).unwrap();
        assert_eq!(one, two);
        assert_eq!(one.text(), br#"{"a":{"c":[],"d":2},"b":1}"#);
        assert_ne!(one, blobs.intern(br#"{"a":{"c":[],"d":2},"b":2}"#).unwrap());
    }

    #[test]
    fn metadata_that_says_nothing_is_left_out() {
        let blobs = Blobs::default();
        let blob = blobs.intern_metadata(br#"{"labels":{},"annotations":null,"generateName":"a-"}"#).unwrap();
        assert_eq!(blob.text(), br#"{"generateName":"a-"}"#);
    }

    #[test]
    fn a_text_is_another_as_metadata_whatever_was_read_first() {
        let (blobs, text) = (Blobs::default(), br#"{"labels":{}}"#);
        let as_object = blobs.intern(text).unwrap();
        let as_metadata = blobs.intern_metadata(text).unwrap();
        assert_eq!((as_object.text(), as_metadata.text()), (&text[..], &b"{}"[..]));
        assert_eq!((blobs.intern(text).unwrap(), blobs.intern_metadata(text).unwrap()), (as_object, as_metadata));
    }

    #[test]
    fn what_no_tree_can_hold_is_an_error() {
        let blobs = Blobs::default();
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(1000), "]".repeat(1000));
        for bad in [deep.as_str(), r#"{"a":1e999}"#, r#"{"a":"\ud800"}"#] {
            assert!(blobs.intern(bad.as_bytes()).is_err());
        }
    }

    #[test]
    fn what_nothing_holds_is_forgotten() {
        let blobs = Blobs::default();
        let held: Vec<Blob> = (0..100).map(|i| blobs.intern(format!("{{\"held\":{i}}}").as_bytes()).unwrap()).collect();
        for i in 0..100_000 {
            blobs.intern(format!("{{ \"a\":{i}}}").as_bytes()).unwrap();
        }
        assert!(known(&blobs) <= SHARDS * 2 * FEW, "{} texts are known", known(&blobs));
        for (i, blob) in held.iter().enumerate() {
            assert_eq!(blob, &blobs.intern(format!("{{\"held\" : {i}}}").as_bytes()).unwrap());
        }
    }

    #[test]
    fn threads_that_read_the_same_have_the_same() {
        let blobs = Blobs::default();
        let read = || -> Vec<Blob> {
            (0..2_000).map(|i| blobs.intern(format!("{{\"a\": {}}}", i % 500).as_bytes()).unwrap()).collect()
        };
        let all: Vec<Vec<Blob>> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(read)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
    }
}
