//! Recorded objects, made fit for a trace.
//!
//! Of most objects nothing has to be taken out of the content: then it is shared with the store, and of the metadata a text is
//! made of what may stay ([`Recorded::object`]). All others are made trees of, and sanitised as such ([`Recorded::tree`]). What
//! comes out is the same, byte by byte: the tests hold one against the other.

mod metadata;

use std::str;

use serde_json::{Map, Value};

use super::object::{Object, Parts, Types};
use super::sanitize::Sanitize;
use crate::blobs::Blob;
use crate::json;
use crate::json::tokens::{Token, Tokens};
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

    /// What may be written of it, if all of its content may. `types` are those of its kind.
    pub fn object(&self, sanitize: Sanitize, types: &Types) -> Option<Object> {
        if !sanitize.keeps_content(self.gvk) || !self.content.is_none_or(is_whole_content) {
            return None;
        }
        let status = self.status.filter(|_| sanitize.keeps_status());
        if !status.is_none_or(|status| is_exact(status.text())) {
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
        Some(Object::of_parts(parts))
    }
}

/// Whether a content can be written as it is: nothing in it stands in the way of what is written beside it.
fn is_whole_content(content: &Blob) -> bool {
    let Ok(text) = str::from_utf8(content.text()) else { return false };
    let beside = json::fields(text, &["apiVersion", "kind", "metadata", "status"]);
    beside.is_ok_and(|beside| beside.iter().all(Option::is_none)) && is_exact(content.text())
}

/// Whether a text stays the same when it is read and written once more: serde_json may read a fraction a little differently
/// from what it wrote, and a tree was always made of an object once between recording and writing.
fn is_exact(text: &[u8]) -> bool {
    let Ok(text) = str::from_utf8(text) else { return false };
    let is_fraction = |number: &str| {
        !matches!(number, "true" | "false" | "null") && number.contains(|c| matches!(c, '.' | 'e' | 'E'))
    };
    !Tokens::of(text).any(|token| matches!(token, Token::Scalar(scalar) if is_fraction(scalar)))
}

#[cfg(test)]
mod tests;
