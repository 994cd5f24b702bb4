//! At which version each kind is tracked: bodies at another one cannot be written.

use std::collections::BTreeMap;

use crate::config::{TracerConfig, known_pod_template_path};
use crate::model::{GroupKind, Gvk};
use crate::store::{History, Object};

/// The kinds of a history.
pub(super) struct Kinds {
    versions: BTreeMap<GroupKind, Version>,
}

/// The version at which a kind is tracked.
struct Version {
    gvk: Gvk,
    /// Whether the config was given so.
    given: bool,
    /// How many objects are seen at other versions only.
    others: u64,
}

impl Kinds {
    /// Of what logs show: the given version, else the one that SimKube knows, else the one that most objects have.
    pub fn new(history: &History, given: &TracerConfig) -> Self {
        let mut counts: BTreeMap<GroupKind, BTreeMap<Gvk, u64>> = BTreeMap::new();
        for object in &history.objects {
            let Some(gvk) = gvk(history, object).filter(is_writable) else { continue };
            *counts.entry(gvk.group_kind()).or_default().entry(gvk).or_default() += 1;
        }
        let version = |kind: &GroupKind, counts: BTreeMap<Gvk, u64>| {
            let given = given.tracked_version(kind);
            let known = counts.keys().find(|gvk| known_pod_template_path(gvk).is_some());
            let most = counts.iter().max_by_key(|(_, count)| **count).map(|(gvk, _)| gvk);
            let gvk = given.or(known).or(most)?.clone();
            let others = counts.iter().filter(|(other, _)| **other != gvk).map(|(_, count)| count).sum();
            Some(Version { gvk, given: given.is_some(), others })
        };
        let versions = counts.into_iter().filter_map(|(kind, counts)| Some((kind.clone(), version(&kind, counts)?)));
        Kinds { versions: versions.collect() }
    }

    /// The version at which a kind is tracked, if it is.
    pub fn chosen(&self, kind: &GroupKind) -> Option<&Gvk> {
        self.versions.get(kind).map(|version| &version.gvk)
    }

    /// How many objects of a kind have bodies at other versions only.
    pub fn others(&self, kind: &GroupKind) -> u64 {
        self.versions.get(kind).map_or(0, |version| version.others)
    }

    /// Whether the paths of a kind's templates are known without looking.
    pub fn knows_paths(&self, kind: &GroupKind) -> bool {
        let known = |version: &Version| version.given || known_pod_template_path(&version.gvk).is_some();
        self.versions.get(kind).is_some_and(known)
    }

    /// Whether an object could be written into a trace: namespaced, with a body at the version at which its kind is tracked.
    pub fn can_write(&self, history: &History, object: &Object) -> bool {
        let chosen = self.chosen(&object.key.kind);
        !object.key.namespace.is_empty() && chosen.is_some() && gvk(history, object).as_ref() == chosen
    }
}

/// Of the first body that has a content.
fn gvk(history: &History, object: &Object) -> Option<Gvk> {
    let version = object.versions.iter().find(|version| version.content.is_some())?;
    Some(history.gvk(object, version))
}

/// Whether a config can name it: a log may hold any text for a kind.
fn is_writable(gvk: &Gvk) -> bool {
    gvk.to_string().parse().is_ok_and(|read: Gvk| read == *gvk)
}
