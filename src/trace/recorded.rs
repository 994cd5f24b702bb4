//! Recorded objects, made fit for a trace.
//!
//! Of most objects nothing has to be taken out of the content: then it is shared with the store, and of the metadata a text is
//! made of what may stay ([`Recorded::object`]). All others are made trees of, and sanitised as such ([`Recorded::tree`]). What
//! comes out is the same, byte by byte: the tests hold one against the other.

mod metadata;

use std::borrow::Cow;
use std::str;

use serde_json::{Map, Value};

use super::hash::{object_hash, text_hash};
use super::object::{Object, Parts, Types};
use super::sanitize::Sanitize;
use crate::blobs::Blob;
use crate::json::compose::raw;
use crate::json::tokens::{Token, Tokens};
use crate::json::{self, Raw};
use crate::model::Gvk;

/// An object as it was recorded.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    /// Its group, version and kind.
    pub gvk: &'a Gvk,
    /// Its name.
    pub name: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// The rest of its `metadata`.
    pub metadata: &'a Blob,
    /// Its body but for `apiVersion`, `kind`, `metadata` and `status`.
    pub content: Option<&'a Blob>,
    /// Its `status`.
    pub status: Option<&'a Blob>,
}

impl Recorded<'_> {
    /// What may be written of it, as a tree.
    pub fn tree(&self, sanitize: Sanitize) -> Map<String, Value> {
        let mut whole = self.content.map(Blob::object).unwrap_or_default();
        let mut metadata = self.metadata.object();
        metadata.insert("name".to_owned(), self.name.into());
        metadata.insert("namespace".to_owned(), self.namespace.into());
        whole.insert("metadata".to_owned(), Value::Object(metadata));
        if let Some(status) = self.status {
            whole.insert("status".to_owned(), Value::Object(status.object()));
        }
        sanitize.object(self.gvk, &mut whole);
        whole
    }

    /// What may be written of it, if all of its content may, and the hash of its spec ([`object_hash`]). `types` are those of its
    /// kind.
    pub fn object(&self, sanitize: Sanitize, types: &Types) -> Option<(Object, u64)> {
        if !sanitize.keeps_content(self.gvk) {
            return None;
        }
        let hash = self.content.map_or_else(|| Some(object_hash(None)), hash_of_whole)?;
        let status = self.status.filter(|_| sanitize.keeps_status());
        if !status.is_none_or(|status| str::from_utf8(status.text()).is_ok_and(is_exact)) {
            return None;
        }
        let mut metadata = Vec::with_capacity(self.metadata.text().len() + self.name.len() + self.namespace.len() + 32);
        metadata::append(self, sanitize, &mut metadata)?;
        let parts = Parts {
            types: types.clone(),
            metadata: metadata.as_slice().into(),
            content: self.content.cloned(),
            status: status.cloned(),
        };
        Some((Object::of_parts(parts), hash))
    }
}

/// The hash of the spec of a content that can be written as it is: nothing in it stands in the way of what is written beside
/// it, and it stays the same when it is read and written once more, as it was whenever a tree was made of it.
fn hash_of_whole(content: &Blob) -> Option<u64> {
    let (mut hash, mut whole) = (object_hash(None), true);
    let member = |key: Cow<'_, str>, value: Raw<'_>| match &*key {
        "apiVersion" | "kind" | "metadata" | "status" => whole = false,
        "spec" => match text_hash(value.get()) {
            Some(of_spec) => hash = of_spec,
            None => whole = false,
        },
        _ => whole &= is_exact(value.get()),
    };
    json::each(raw(content.text())?, member).ok()?;
    whole.then_some(hash)
}

/// Whether a text has no fractions: serde_json may read one a little differently from what it wrote.
fn is_exact(text: &str) -> bool {
    let is_fraction = |number: &str| !matches!(number, "true" | "false" | "null") && number.contains(['.', 'e', 'E']);
    !Tokens::of(text).any(|token| matches!(token, Token::Scalar(scalar) if is_fraction(scalar)))
}

#[cfg(test)]
mod tests;
