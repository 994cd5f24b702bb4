//! An object of a trace.
//!
//! A trace of a large cluster holds a million of them, and most of each is what the store holds anyway: the content as it was
//! recorded. So an object is the text of it, or what it is put together from, with that content shared; either way it is
//! canonical JSON text, keys sorted, no spaces, so that equal objects have equal text, and nothing can be told of an object
//! but by its text.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::blobs::Blob;
use crate::json::compose::{merge, raw, verbatim};
use crate::json::{self, Raw};
use crate::model::Gvk;

/// An object of a trace: sanitised canonical JSON, put together when somebody reads it.
#[derive(Clone)]
pub struct Object(Form);

#[derive(Clone)]
enum Form {
    /// All of it.
    Whole(Arc<[u8]>),
    Parts(Parts),
}

/// What an object is put together from: canonical JSON texts. The content has none of the members that the others are.
#[derive(Clone, PartialEq)]
pub(super) struct Parts {
    pub types: Types,
    pub metadata: Box<[u8]>,
    pub content: Option<Blob>,
    pub status: Option<Blob>,
}

/// The type of objects: what is written as their `apiVersion` and `kind`. All objects of a kind share it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Types(Arc<[Box<[u8]>; 2]>);

impl Types {
    /// That of a kind.
    pub fn of(gvk: &Gvk) -> Self {
        let text = |text: &str| Value::from(text).to_string().into_bytes().into();
        Types(Arc::new([text(&gvk.api_version()), text(&gvk.kind)]))
    }
}

impl Object {
    /// The object that a tree is.
    pub fn of(object: &Map<String, Value>) -> Self {
        Object(Form::Whole(serde_json::to_vec(object).unwrap_or_default().into()))
    }

    #[cfg(test)]
    pub(super) fn whole(text: &[u8]) -> Self {
        Object(Form::Whole(text.into()))
    }

    pub(super) fn of_parts(parts: Parts) -> Self {
        Object(Form::Parts(parts))
    }

    /// The canonical text.
    pub fn text(&self) -> Cow<'_, [u8]> {
        match &self.0 {
            Form::Whole(text) => Cow::Borrowed(text),
            Form::Parts(parts) => {
                let shared = [&parts.content, &parts.status].into_iter().flatten().map(|blob| blob.text().len());
                let mut text = Vec::with_capacity(parts.metadata.len() + shared.sum::<usize>() + 128);
                parts.append(&mut text);
                Cow::Owned(text)
            }
        }
    }

    /// Appends the canonical text.
    pub fn append(&self, out: &mut Vec<u8>) {
        match &self.0 {
            Form::Whole(text) => out.extend_from_slice(text),
            Form::Parts(parts) => parts.append(out),
        }
    }

    /// The object as a tree.
    pub fn tree(&self) -> Map<String, Value> {
        serde_json::from_slice(&self.text()).unwrap_or_default()
    }

    /// Whether what counts as [content](super::content) is the same of two objects of one kind. `None` where trees must tell.
    pub fn has_content_of(&self, other: &Object) -> Option<bool> {
        let (Form::Parts(a), Form::Parts(b)) = (&self.0, &other.0) else { return None };
        match (spec(&a.content), spec(&b.content)) {
            (None, None) => Some(rest(&a.content)? == rest(&b.content)?),
            (a, b) => Some(a == b),
        }
    }
}

/// The spec of a content, unless it is `null`.
fn spec(content: &Option<Blob>) -> Option<&str> {
    content.as_ref()?.at(&["spec"]).map(Raw::get).filter(|spec| *spec != "null")
}

/// The members of a content but for its spec.
fn rest(content: &Option<Blob>) -> Option<Vec<(Cow<'_, str>, Raw<'_>)>> {
    let Some(content) = content else { return Some(Vec::new()) };
    let members = json::object(std::str::from_utf8(content.text()).ok()?).ok()?;
    Some(members.into_iter().filter(|(key, _)| key != "spec").collect())
}

impl Parts {
    fn append(&self, out: &mut Vec<u8>) {
        let [api_version, kind] = &*self.types.0;
        let mut own: Vec<(&str, &[u8])> =
            vec![("apiVersion", api_version), ("kind", kind), ("metadata", &self.metadata)];
        own.extend(self.status.as_ref().map(|status| ("status", status.text())));
        let content = self.content.as_ref().map_or(&b"{}"[..], Blob::text);
        // It was walked when the object was made.
        let _ = raw(content).and_then(|content| merge(content, &own, |_, value, out| verbatim(value, out), out));
    }
}

impl PartialEq for Object {
    /// Of the text: blobs are the same only where they were kept together.
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Form::Parts(a), Form::Parts(b)) if a == b => true,
            _ => self.text() == other.text(),
        }
    }
}

impl Eq for Object {}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.text()))
    }
}
