//! What the objects of a trace refer to, gathered while they are planned.

use std::collections::{BTreeMap, BTreeSet};

use crate::dependencies::{Dependency, Reference};
use crate::model::{ObjectKey, Timestamp};
use crate::report::{Reason, Report};

/// The references of one object as it is written.
#[derive(Default)]
pub(super) struct References {
    /// Those that it has.
    pub kept: Vec<Reference>,
    /// Those that were taken out of it.
    pub removed: Vec<Reference>,
}

/// Something that pods of a trace need.
pub(super) struct Need {
    /// Since when; [`Timestamp::MIN`] is since the start.
    pub since: Timestamp,
    /// The keys of it that must be there.
    pub keys: BTreeSet<String>,
    /// Whether some pod does not do without.
    pub required: bool,
}

/// All that is needed, and what was taken out.
#[derive(Default)]
pub(super) struct Needs {
    needed: BTreeMap<(Dependency, ObjectKey), Need>,
    /// What was taken out of an object, and when that is first written.
    removed: BTreeMap<(ObjectKey, Dependency, String), Timestamp>,
}

impl Needs {
    /// Takes what an object refers to that is written at a moment, [`Timestamp::MIN`] being the start. What every cluster has
    /// by itself is not needed.
    pub fn written(&mut self, object: &ObjectKey, at: Timestamp, references: &References) {
        for reference in references.kept.iter().filter(|reference| !reference.is_everywhere()) {
            let of = (reference.kind, reference.key(&object.namespace));
            let need = self.needed.entry(of).or_insert(Need { since: at, keys: BTreeSet::new(), required: false });
            need.since = need.since.min(at);
            need.required |= !reference.optional;
            need.keys.extend(reference.keys.iter().filter(|_| !reference.optional).cloned());
        }
        for reference in &references.removed {
            let of = (object.clone(), reference.kind, reference.name.clone());
            let since = self.removed.entry(of).or_insert(at);
            *since = at.min(*since);
        }
    }

    /// Counts what was taken out. `start`: when the trace begins.
    pub fn note_removed(&self, start: Timestamp, report: &mut Report) {
        for ((object, kind, name), at) in &self.removed {
            report.note(Reason::ReferenceRemoved, Some(start.max(*at)), || {
                format!("{object}: {} {name}", kind.gvk().group_kind())
            });
        }
    }

    /// What is needed, by kind and name.
    pub fn take(&mut self) -> BTreeMap<(Dependency, ObjectKey), Need> {
        std::mem::take(&mut self.needed)
    }
}
