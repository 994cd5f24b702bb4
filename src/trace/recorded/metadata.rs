//! The metadata of recorded objects as [`Sanitize`] leaves it, from text to text.

use std::borrow::Cow;

use super::Recorded;
use crate::json::compose::{Composer, merge, raw, verbatim};
use crate::json::write::string;
use crate::json::{self, Raw};
use crate::trace::sanitize::{BOOKKEEPING_ANNOTATIONS, Sanitize};

/// Appends what may be written of the metadata. `None`, and some of it, where a tree must tell.
pub(super) fn append(recorded: &Recorded<'_>, sanitize: Sanitize, out: &mut Vec<u8>) -> Option<()> {
    let (mut name, mut namespace) = (Vec::new(), Vec::new());
    string(recorded.name, &mut name);
    string(recorded.namespace, &mut namespace);
    let own = [("name", &*name), ("namespace", &*namespace)];
    merge(raw(recorded.metadata.text())?, &own, |key, value, out| field(sanitize, key, value, out), out)
}

/// Appends what may be written of a field, if anything.
fn field(sanitize: Sanitize, key: &str, value: Raw<'_>, out: &mut Vec<u8>) -> Option<()> {
    match key {
        "finalizers" | "selfLink" if sanitize == Sanitize::Replay => None,
        "generateName" | "selfLink" => text(value, out),
        "labels" => texts(value, out, |_| true),
        "annotations" => texts(value, out, |name| !BOOKKEEPING_ANNOTATIONS.contains(&name)),
        "ownerReferences" => list(value, out, owner_reference),
        "finalizers" => list(value, out, text),
        _ => None,
    }
}

fn is_string(value: Raw<'_>) -> bool {
    value.get().starts_with('"')
}

fn is_boolean(value: Raw<'_>) -> bool {
    matches!(value.get(), "true" | "false")
}

fn text(value: Raw<'_>, out: &mut Vec<u8>) -> Option<()> {
    if is_string(value) { verbatim(value, out) } else { None }
}

/// Those members of a map that are strings and wanted, if there are any.
fn texts(value: Raw<'_>, out: &mut Vec<u8>, wanted: impl Fn(&str) -> bool) -> Option<()> {
    members(value, out, |key, value| wanted(key) && is_string(value))?.end_unless_empty()
}

/// An owner reference with the fields that Kubernetes gives it.
fn owner_reference(value: Raw<'_>, out: &mut Vec<u8>) -> Option<()> {
    let keeps = |key: &str, value: Raw<'_>| match key {
        "apiVersion" | "kind" | "name" | "uid" => is_string(value),
        "controller" | "blockOwnerDeletion" => is_boolean(value),
        _ => false,
    };
    members(value, out, keeps)?.end();
    Some(())
}

/// Some members of a map; nothing where it is none.
fn members<'o>(value: Raw<'_>, out: &'o mut Vec<u8>, keeps: impl Fn(&str, Raw<'_>) -> bool) -> Option<Composer<'o>> {
    if !value.get().starts_with('{') {
        return None;
    }
    let mut composer = Composer::begin(out);
    let member = |key: Cow<'_, str>, value: Raw<'_>| {
        if keeps(&key, value) {
            composer.member(&key, |out| verbatim(value, out));
        }
    };
    // Canonical text of a map can be walked.
    let _ = json::each(value, member);
    Some(composer)
}

/// What is kept of the elements of a list, if any is.
fn list(value: Raw<'_>, out: &mut Vec<u8>, element: impl Fn(Raw<'_>, &mut Vec<u8>) -> Option<()>) -> Option<()> {
    let start = out.len();
    for value in json::elements(value).ok()? {
        out.push(if out.len() == start { b'[' } else { b',' });
        if element(value, out).is_none() {
            out.pop();
        }
    }
    if out.len() == start {
        return None;
    }
    out.push(b']');
    Some(())
}
