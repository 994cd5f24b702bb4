//! What the deletions of many objects ended of which the log has no list.
//!
//! The object as it was last seen decides, and what was seen after a deletion was not ended by it. So each selection is tried
//! once on each object, however often it was deleted.

use std::collections::BTreeMap;

use super::draft::Draft;
use super::naming::Unnamed;
use super::{End, EndCause, Object};
use crate::decode::Facts;
use crate::decode::audit::Sweep;
use crate::filter::Selector;
use crate::json;
use crate::model::{GroupKind, Timestamp};
use crate::report::{Reason, Report};

/// The deletions of many objects: of each selection, when. A log has as many of them as of namespaces that end, and of most
/// selections several.
#[derive(Default)]
pub(super) struct Sweeps(BTreeMap<Selection, Vec<Timestamp>>);

impl Sweeps {
    /// Takes one.
    pub fn take(&mut self, sweep: Sweep) {
        let at = sweep.at;
        self.0.entry(Selection::of(sweep)).or_default().extend(at);
    }

    /// Learns the kinds of resources that none of them names.
    pub fn complete(self, unnamed: &Unnamed) -> Self {
        let mut sweeps = Sweeps::default();
        for (mut selection, times) in self.0 {
            if let Some(kind) = &mut selection.kind {
                unnamed.complete(kind, &selection.resource);
            }
            sweeps.0.entry(selection).or_default().extend(times);
        }
        sweeps
    }

    /// Ends what was deleted so.
    pub fn end(&self, drafts: &mut [Draft], report: &mut Report) {
        if self.0.is_empty() {
            return;
        }
        let mut ends: BTreeMap<usize, Timestamp> = BTreeMap::new();
        let candidates = Candidates::of(drafts);
        for (selection, times) in &self.0 {
            let mut times = times.clone();
            times.sort_unstable();
            let Ok(labels) = selection.labels.as_deref().map(str::parse::<Selector>).transpose() else { continue };
            for candidate in candidates.of_selection(selection) {
                let later = times.partition_point(|at| *at < candidate.since);
                let Some(at) = times.get(later).filter(|_| selection.ends(candidate, labels.as_ref())) else {
                    continue;
                };
                ends.entry(candidate.draft).and_modify(|end| *end = (*end).min(*at)).or_insert(*at);
            }
        }
        for (draft, at) in ends {
            let object = &mut drafts[draft].object;
            match object.end {
                None => report.note(Reason::DeletionConcluded, Some(at), || object.key.to_string()),
                Some(end) if end.at > at => {}
                Some(_) => continue,
            }
            object.end = Some(End::untold(at, EndCause::Concluded));
        }
    }
}

/// What a deletion of many objects is about: deletions of one selection differ in their times alone.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Selection {
    /// Empty for all.
    namespace: String,
    /// `None`: of every kind, since the namespace itself has ended.
    kind: Option<GroupKind>,
    resource: String,
    name: Option<String>,
    labels: Option<String>,
    /// Whether time is given to pods; `None`: as they have it.
    grace: Option<bool>,
}

impl Selection {
    fn of(sweep: Sweep) -> Self {
        let Sweep { namespace, kind, resource, name, labels, .. } = sweep;
        let grace = sweep.grace.map(|seconds| seconds > 0);
        Selection { namespace, kind: (!sweep.with_namespace).then_some(kind), resource, name, labels, grace }
    }

    /// Whether an object is ended at once. A pod that is given time is not: then another record, of its kubelet, tells.
    fn ends(&self, candidate: &Candidate<'_>, labels: Option<&Selector>) -> bool {
        self.kind.is_none()
            || (!candidate.held
                && labels.is_none_or(|selector| selector.matches(&candidate.labels))
                && !candidate.grace.is_some_and(|own| self.grace.unwrap_or(own)))
    }
}

/// An object of which no record tells the end.
struct Candidate<'a> {
    draft: usize,
    name: &'a str,
    /// What is deleted from then on may be this.
    since: Timestamp,
    labels: BTreeMap<String, String>,
    /// Whether a finalizer holds it.
    held: bool,
    /// Of a pod that may run: whether it has time to end.
    grace: Option<bool>,
}

/// Objects by namespace and kind, in the order of their names.
struct Candidates<'a>(BTreeMap<(&'a str, &'a GroupKind), Vec<Candidate<'a>>>);

impl<'a> Candidates<'a> {
    fn of(drafts: &'a [Draft]) -> Self {
        let mut places: BTreeMap<_, Vec<Candidate<'a>>> = BTreeMap::new();
        let open = |draft: &&Draft| draft.object.end.is_none_or(|end| end.cause == EndCause::Concluded);
        for (i, draft) in drafts.iter().enumerate().filter(|(_, draft)| open(draft)) {
            let key = &draft.object.key;
            places.entry((&*key.namespace, &key.kind)).or_default().push(Candidate::of(i, draft));
        }
        Candidates(places)
    }

    fn of_selection<'s>(&'s self, selection: &'s Selection) -> impl Iterator<Item = &'s Candidate<'a>> {
        let (namespace, kind, name) =
            (selection.namespace.as_str(), selection.kind.as_ref(), selection.name.as_deref());
        static FIRST: GroupKind = GroupKind { group: String::new(), kind: String::new() };
        let near = self.0.range((namespace, &FIRST)..);
        let near = near.take_while(move |((place, _), _)| namespace.is_empty() || *place == namespace);
        near.filter(move |((_, of), _)| kind.is_none_or(|kind| **of == *kind)).flat_map(move |(_, candidates)| {
            let begin = name.map_or(0, |name| candidates.partition_point(|candidate| candidate.name < name));
            candidates[begin..].iter().take_while(move |candidate| name.is_none_or(|name| candidate.name == name))
        })
    }
}

impl<'a> Candidate<'a> {
    fn of(number: usize, draft: &'a Draft) -> Self {
        let object = &draft.object;
        let metadata = &object.version_at(Timestamp::MAX).metadata;
        Candidate {
            draft: number,
            name: &object.key.name,
            since: draft.last_seen.max(object.born.plus_micros(1)),
            labels: metadata.labels(),
            held: metadata.at(&["finalizers"]).is_some(),
            grace: grace(object),
        }
    }
}

fn grace(object: &Object) -> Option<bool> {
    let version = object.version_at(Timestamp::MAX);
    let over = matches!(version.facts.get(), Facts::Pod(facts) if facts.phase_over == Some(true));
    if !object.key.kind.is("", "Pod") || over {
        return None;
    }
    let spec = version.content.as_ref()?.at(&["spec"])?;
    let [node, grace] = json::fields(spec.get(), &["nodeName", "terminationGracePeriodSeconds"]).ok()?;
    node?;
    Some(grace.and_then(json::integer).unwrap_or(30) > 0)
}
