//! What the replay has to do, in order: apply this, delete that.

mod along;
mod body;

use std::collections::{BTreeSet, HashMap, HashSet};

use body::{Body, body};

use super::needs::Needs;
use super::{Export, Membership, Stay, Window, certainty};
use crate::lifecycle;
use crate::model::{Gvk, ObjectKey, ResourceVersion, Timestamp};
use crate::report::{Reason, Report};
use crate::store::history::Place;
use crate::store::{History, Object, ObjectId, Version};
use crate::trace::{self, Deleted, Index, Lifecycle, Sanitize, Types};

/// One thing that the replay has to do.
pub(super) struct Operation {
    pub at: Timestamp,
    pub object: ObjectId,
    pub action: Action,
    /// It joins after the deletion of its former owner.
    orphaned: bool,
    /// Others need what is applied, and it was not there before.
    needed: bool,
    resource_version: Option<ResourceVersion>,
    pub place: Option<Place>,
}

/// What it is.
pub(super) enum Action {
    /// Apply this object, which is sanitised.
    Apply(trace::Object),
    /// Delete this one.
    Delete(Box<Deleted>),
}

impl Operation {
    /// The order of operations: by time, then as a trace among the inputs had them, then by resourceVersion. One that waits
    /// for a deletion comes after all others of its moment, one that others need before them.
    fn order(&self) -> (Timestamp, bool, bool, Option<Place>, Option<ResourceVersion>, ObjectId) {
        (self.at, self.orphaned, !self.needed, self.place, self.resource_version, self.object)
    }

    /// Whether it must not stand in one event with deletions before it: the driver would do it first.
    pub fn must_follow_deletion(&self, deleted: &BTreeSet<&ObjectKey>, key: &ObjectKey) -> bool {
        let applies = matches!(self.action, Action::Apply(_));
        applies && (deleted.contains(key) || (self.orphaned && !deleted.is_empty()))
    }
}

/// What is to be written.
#[derive(Default)]
pub(super) struct Plan {
    pub start: Vec<trace::Object>,
    pub operations: Vec<Operation>,
    pub index: Index,
    pub exported: HashSet<ObjectId>,
}

/// An object of the starting state.
struct Start {
    needed: bool,
    id: ObjectId,
    /// Boxed: most have none.
    place: Option<Box<Place>>,
    object: trace::Object,
}

impl Start {
    /// The order of the starting state: by creation, after what others need.
    fn order(&self, history: &History) -> impl Ord + use<> {
        let object = &history.objects[self.id];
        let created = object.created.unwrap_or(object.born);
        (
            !self.needed,
            created,
            object.born,
            self.place.as_deref().copied(),
            object.versions[0].resource_version,
            self.id,
        )
    }
}

/// Plans a trace, object by object.
pub(super) struct Planner<'a> {
    export: &'a Export<'a>,
    membership: &'a Membership<'a>,
    window: Window,
    /// What traces tell of pods that are their own owners, by `namespace/name`.
    lives_of_pods: HashMap<String, Vec<&'a Lifecycle>>,
    /// The kind at hand.
    types: Option<(Gvk, Types)>,
    start: Vec<Start>,
    needs: Needs,
    plan: Plan,
}

/// What is written last of an object, and what is compared of it.
struct Written {
    body: Body,
    version: Version,
    /// Whether it differs from what was recorded, by a change of a pod that no update can make.
    lossy: bool,
}

impl<'a> Planner<'a> {
    pub fn new(export: &'a Export<'a>, membership: &'a Membership<'a>, window: Window) -> Self {
        let mut lives_of_pods: HashMap<String, Vec<&Lifecycle>> = HashMap::new();
        for carried in export.carried.iter().filter(|carried| carried.gvk.group_kind().is("", "Pod")) {
            lives_of_pods.entry(carried.ns_name.clone()).or_default().extend(&carried.lifecycles);
        }
        Planner {
            export,
            membership,
            window,
            lives_of_pods,
            types: None,
            start: Vec::new(),
            needs: Needs::default(),
            plan: Plan::default(),
        }
    }

    /// Plans one object: all its stays in the trace, cut to the window.
    pub fn object(&mut self, id: ObjectId, report: &mut Report) {
        let object = &self.export.history.objects[id];
        let Some(gvk) = self.membership.gvk(object) else {
            if object.versions.iter().all(|version| version.content.is_none()) {
                certainty::note_unknown(self.export, object, self.window, report);
            }
            return;
        };
        if object.key.namespace.is_empty() {
            return report.note(Reason::ClusterScoped, Some(object.born), || object.key.to_string());
        }
        if object.born.seconds() >= self.window.to || self.over_before(object) {
            return;
        }
        let (export, types) = (self.export, self.types(&gvk));
        let body = |version: &Version| body(export, &gvk, &types, object, version);
        for stay in self.membership.stays(id) {
            self.stay(id, &gvk, stay, &body, report);
        }
        self.note_certainty(id, report);
    }

    /// The type that objects of a kind have in the trace. They come kind by kind.
    fn types(&mut self, gvk: &Gvk) -> Types {
        match &self.types {
            Some((known, types)) if known == gvk => types.clone(),
            _ => self.types.insert((gvk.clone(), Types::of(gvk))).1.clone(),
        }
    }

    /// Notes what of an object's content is not known, if it is in the trace.
    fn note_certainty(&self, id: ObjectId, report: &mut Report) {
        if !self.plan.exported.contains(&id) {
            return;
        }
        let object = &self.export.history.objects[id];
        certainty::note_content(object, self.window, report);
        // Its content from its birth, or from the window's start, to its first body is that of the first body: a guess.
        let unknown_since = object.born.seconds().max(self.window.from);
        if object.first_seen.seconds() > unknown_since {
            let since = Timestamp::from_seconds(unknown_since);
            report.note(Reason::FirstSeenLate, Some(since), || object.key.to_string());
        }
    }

    /// The whole plan, in order, with what others need in it and before them.
    pub fn finish(mut self, report: &mut Report) -> Plan {
        let stubs = self.bring_along(report);
        // No object is there twice, so no two are equal in their order.
        self.start.sort_unstable_by_key(|start| start.order(self.export.history));
        // All of them in the same memory, in front of which the stubs, of which there are few, are put.
        self.plan.start = self.start.into_iter().map(|start| start.object).collect();
        self.plan.start.splice(0..0, stubs);
        self.plan.operations.sort_by_key(Operation::order);
        self.plan
    }

    /// Pods and Jobs that were over before the window would run again.
    fn over_before(&self, object: &Object) -> bool {
        let from = self.window.from;
        if object.key.kind.is("", "Pod") {
            let lives = self.lives_of_pods.get(&object.key.ns_name()).into_iter().flatten().copied();
            let mut own = lives.filter(|life| !self.is_of_namesake(life, object)).peekable();
            let over = |life: &Lifecycle| matches!(life, Lifecycle::Finished(_, end) if *end < from);
            let over_in_trace = own.peek().is_some() && own.all(over);
            over_in_trace || lifecycle::course(object).over_before(from)
        } else if object.key.kind.is("batch", "Job") {
            lifecycle::job_over(object).is_some_and(|over| over < from)
        } else {
            false
        }
    }

    /// Whether a lifecycle that a trace tells of a name is that of an earlier pod. A watch may tell of a pod a second after it
    /// started; unless another pod had the name by then, such a life is its own.
    fn is_of_namesake(&self, life: &Lifecycle, pod: &Object) -> bool {
        let born = pod.born.seconds();
        let (start, end) = match *life {
            Lifecycle::Empty => return false,
            Lifecycle::Running(start) => (start, i64::MAX),
            Lifecycle::Finished(start, end) => (start, end),
        };
        let history = self.export.history;
        let mut earlier = history.named(&pod.key).map(|id| &history.objects[id]).filter(|other| other.born < pod.born);
        let had_name =
            earlier.any(|other| other.born.seconds() <= start && other.end.is_none_or(|end| start <= end.at.seconds()));
        start.saturating_add(1) < born || (start <= born && end <= born && had_name)
    }

    fn stay(&mut self, id: ObjectId, gvk: &Gvk, stay: Stay, body: &dyn Fn(&Version) -> Body, report: &mut Report) {
        let object = &self.export.history.objects[id];
        let window = self.window;
        let before = |at: Timestamp| at.seconds() < window.from;
        let within = |at: Timestamp| at.seconds() < window.to;
        if stay.until.is_some_and(before) || !within(stay.since) {
            return;
        }
        let mut written: Option<Written> = None;
        let mut started = before(stay.since);
        let mut orphaned = stay.orphaned;
        for (at, version) in states(object, stay).into_iter().take_while(|(at, _)| within(*at)) {
            if started && !before(at) {
                self.starting(id, written.as_ref());
                started = false;
            }
            let in_trace = !before(at) && written.is_some();
            let next = self.next(object, version, body, &mut written, in_trace, report);
            if let (Some(next), false) = (next, before(at)) {
                self.needs.written(&object.key, at, &next.body.references);
                self.plan.operations.push(Operation {
                    at,
                    object: id,
                    action: Action::Apply(next.body.object.object()),
                    orphaned: std::mem::take(&mut orphaned),
                    needed: false,
                    resource_version: version.resource_version,
                    place: version.place.filter(|_| at == version.at),
                });
            }
        }
        if started {
            self.starting(id, written.as_ref());
        }
        if let Some(written) = &written {
            self.index(id, gvk, written);
        }
        if let (Some(until), Some(_)) = (stay.until.filter(|until| within(*until)), &written) {
            self.delete(id, gvk, until);
        }
    }

    /// Makes `written` the object as it is written next and gives it; `None` when nothing changes by it.
    fn next<'w>(
        &self,
        object: &Object,
        version: &Version,
        body: &dyn Fn(&Version) -> Body,
        written: &'w mut Option<Written>,
        in_trace: bool,
        report: &mut Report,
    ) -> Option<&'w Written> {
        if written.as_ref().is_some_and(|written| written.version.content == version.content) {
            return None;
        }
        let mut next = Written { body: body(version), version: version.clone(), lossy: false };
        if let Some(before) = written {
            if self.export.sanitize == Sanitize::Replay && object.key.kind.is("", "Pod") && in_trace {
                next.lossy = next.body.object.keep_what_no_update_changes(&before.body.object);
                if next.lossy && !std::mem::replace(&mut before.lossy, next.lossy) {
                    report.note(Reason::PodChangeUnwritable, Some(version.at), || object.key.to_string());
                }
            }
            if before.body.object.has_content_of(&next.body.object) {
                return None;
            }
        }
        Some(written.insert(next))
    }

    fn starting(&mut self, id: ObjectId, written: Option<&Written>) {
        let Some(written) = written else { return };
        self.needs.written(&self.export.history.objects[id].key, Timestamp::MIN, &written.body.references);
        self.start.push(Start {
            needed: false,
            id,
            place: written.version.place.map(Box::new),
            object: written.body.object.object(),
        });
    }

    fn delete(&mut self, id: ObjectId, gvk: &Gvk, at: Timestamp) {
        let object = &self.export.history.objects[id];
        let end = object.end.filter(|end| end.at == at);
        let deleted = Deleted {
            api_version: gvk.api_version(),
            kind: gvk.kind.clone(),
            namespace: object.key.namespace.clone(),
            name: object.key.name.clone(),
        };
        self.plan.operations.push(Operation {
            at,
            object: id,
            action: Action::Delete(Box::new(deleted)),
            orphaned: false,
            needed: false,
            resource_version: end.and_then(|end| end.resource_version),
            place: end.and_then(|end| end.place),
        });
    }

    fn index(&mut self, id: ObjectId, gvk: &Gvk, written: &Written) {
        let object = &self.export.history.objects[id];
        let hash = written.body.object.spec_hash();
        self.plan.index.entry(gvk.clone()).or_default().insert(object.key.ns_name(), hash);
        self.plan.exported.insert(id);
    }
}

/// The states of an object in a stay: as it is when it joins, then every later version.
fn states(object: &Object, stay: Stay) -> Vec<(Timestamp, &Version)> {
    let joined = std::iter::once((stay.since, object.version_at(stay.since)));
    let later = object.versions.iter().filter(|version| version.at > stay.since);
    let later = later.filter(|version| stay.until.is_none_or(|until| version.at < until));
    joined.chain(later.map(|version| (version.at, version))).collect()
}
