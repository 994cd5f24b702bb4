//! An object as it is written, and what it refers to.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::blobs::Blob;
use crate::dependencies::{Dependency, Deps, empty_secret, may_refer, sift};
use crate::model::Gvk;
use crate::store::{Object, Version};
use crate::trace::{self, Recorded, Types, content, object_hash, pod_update};
use crate::window::Export;
use crate::window::needs::References;

/// An object as it is written, and what it refers to.
pub(super) struct Body {
    pub object: Form,
    pub references: References,
}

/// An object as it is written: a tree where something had to be taken out, or may have to be.
pub(super) enum Form {
    /// With the hash of its spec.
    AsRecorded(trace::Object, u64),
    Tree(Map<String, Value>),
}

impl Form {
    /// The object for the trace.
    pub fn object(&self) -> trace::Object {
        match self {
            Form::AsRecorded(object, _) => object.clone(),
            Form::Tree(tree) => trace::Object::of(tree),
        }
    }

    /// The hash of its spec.
    pub fn spec_hash(&self) -> u64 {
        match self {
            Form::AsRecorded(_, hash) => *hash,
            Form::Tree(tree) => object_hash(tree.get("spec")),
        }
    }

    /// Whether what counts as content is the same.
    pub fn has_content_of(&self, other: &Form) -> bool {
        let told = match (self, other) {
            (Form::AsRecorded(a, _), Form::AsRecorded(b, _)) => a.has_content_of(b),
            _ => None,
        };
        told.unwrap_or_else(|| content(&self.tree()) == content(&other.tree()))
    }

    /// A pod in a replay can only be updated: what no update can change stays as it was written before. Gives whether it is
    /// another object than the recorded one then.
    pub fn keep_what_no_update_changes(&mut self, before: &Form) -> bool {
        let mut tree = match std::mem::replace(self, Form::Tree(Map::new())) {
            Form::AsRecorded(object, _) => object.tree(),
            Form::Tree(tree) => tree,
        };
        let mut lossy = false;
        if let (Some(old), Some(recorded)) = (before.tree().get("spec"), tree.get_mut("spec")) {
            let update = pod_update(old, recorded);
            (*recorded, lossy) = (update.spec, update.lossy);
        }
        *self = Form::Tree(tree);
        lossy
    }

    fn tree(&self) -> Cow<'_, Map<String, Value>> {
        match self {
            Form::AsRecorded(object, _) => Cow::Owned(object.tree()),
            Form::Tree(tree) => Cow::Borrowed(tree),
        }
    }
}

/// An object of the trace as it is written. `types` are those of its kind.
pub(super) fn body(export: &Export<'_>, gvk: &Gvk, types: &Types, object: &Object, version: &Version) -> Body {
    let refers = |text: &Blob| may_refer(export.config, gvk, text.text());
    let refers = [&version.content, &version.status].into_iter().flatten().any(refers);
    let as_recorded = match is_emptied(export, object) {
        true => None,
        false => recorded(gvk, object, version).object(export.sanitize, types),
    };
    let as_recorded = as_recorded.map(|(object, hash)| Form::AsRecorded(object, hash));
    match as_recorded {
        Some(object) if !refers => Body { object, references: References::default() },
        as_recorded => {
            let (tree, references) = tree(export, gvk, object, version);
            let unchanged = as_recorded.filter(|_| references.removed.is_empty());
            Body { object: unchanged.unwrap_or(Form::Tree(tree)), references }
        }
    }
}

/// An object of the trace as a tree, with as much of what it refers to as is to stay.
pub(super) fn tree(
    export: &Export<'_>,
    gvk: &Gvk,
    object: &Object,
    version: &Version,
) -> (Map<String, Value>, References) {
    let mut whole = recorded(gvk, object, version).tree(export.sanitize);
    if is_emptied(export, object) {
        whole = empty_secret(&object.key, &whole);
    }
    let mut references = References::default();
    let mut whole = Value::Object(whole);
    sift(export.config, gvk, &mut whole, &mut |reference| {
        let keeps = export.deps.keeps(reference);
        let list = if keeps { &mut references.kept } else { &mut references.removed };
        list.push(reference.clone());
        keeps
    });
    let whole = if let Value::Object(whole) = whole { whole } else { Map::new() };
    (whole, references)
}

/// Where what pods need comes along, no secret does.
fn is_emptied(export: &Export<'_>, object: &Object) -> bool {
    export.deps == Deps::Include && object.key.kind == Dependency::Secret.gvk().group_kind()
}

fn recorded<'o>(gvk: &'o Gvk, object: &'o Object, version: &'o Version) -> Recorded<'o> {
    Recorded {
        gvk,
        name: &object.key.name,
        namespace: &object.key.namespace,
        metadata: &version.metadata,
        content: version.content.as_ref(),
        status: version.status.as_ref(),
    }
}
