//! What an audit event did to objects: one function for each kind of request, the first rule that fits decides.
//!
//! The rules follow the API server's handlers (apiserver `pkg/endpoints/handlers`), the generic registry
//! (`pkg/registry/generic/registry/store.go`) and what `pkg/audit/request.go` puts into the log.

use serde_json::value::RawValue;

use super::resources::kind_of;
use super::uri::parameter;
use super::{AuditEvent, EventId, ObjectReference, Outcome, Stage, Sweep};
use crate::decode::interest::Interest;
use crate::decode::object::{GoneTest, Observed, Sight, TypeMeta, observe};
use crate::decode::observation::{Change, Facts, Observation, Part, Patch, Telling, Why};
use crate::decode::{Item, pod, shorten};
use crate::filter::Selector;
use crate::json::{self, Members};
use crate::model::{GroupKind, ObjectKey, ResourceVersion};
use crate::patch::{Dialect, is_builtin_group};
use crate::report::Reason;

/// What an event did.
pub struct Effect {
    /// What became of the request.
    pub outcome: Outcome,
    /// What it says of objects.
    pub items: Vec<Item>,
}

/// Reads what an event did. `id`: which event it is.
pub fn of(event: &AuditEvent<'_>, id: EventId, interest: &Interest) -> Effect {
    let nothing = |outcome| Effect { outcome, items: Vec::new() };
    let Some(target) = event.target.as_ref().filter(|_| event.stage != Stage::Early) else {
        return nothing(Outcome::Nothing);
    };
    let request = Request::new(event, target, id, interest);
    if !SUBRESOURCES.contains(&&*target.subresource) {
        return nothing(Outcome::Nothing);
    }
    match &*event.verb {
        "get" | "list" => request.read(),
        "create" | "update" | "patch" | "delete" | "deletecollection" => request.write(),
        _ => nothing(Outcome::Nothing),
    }
}

/// Those that change objects; `""` is the resource itself.
const SUBRESOURCES: [&str; 9] =
    ["", "status", "scale", "binding", "eviction", "ephemeralcontainers", "resize", "finalize", "approval"];

/// What a server notes when a client went away before the answer.
const CLOSED_EARLY: &str = "Connection closed early";

struct Request<'e, 'a> {
    event: &'e AuditEvent<'a>,
    target: &'e ObjectReference,
    id: EventId,
    interest: &'e Interest,
    /// The type of the resource, where it is built in.
    types: Option<TypeMeta>,
    kind: GroupKind,
}

impl<'e, 'a> Request<'e, 'a> {
    fn new(event: &'e AuditEvent<'a>, target: &'e ObjectReference, id: EventId, interest: &'e Interest) -> Self {
        let kind = kind_of(&target.group, &target.resource);
        let kind = kind.or_else(|| interest.kind_of(&target.group, &target.resource));
        let types = kind.map(|kind| TypeMeta::new(&target.group, &target.version, kind));
        let kind = GroupKind::new(target.group.clone(), kind.unwrap_or_default());
        Request { event, target, id, interest, types, kind }
    }

    fn effect(&self, items: Vec<Item>) -> Effect {
        let answered = self.own_response().is_some() || self.metadata_response().is_some();
        let request = self.event.request.is_some();
        Effect { outcome: Outcome::Written { request, response: answered, truncated: self.event.truncated }, items }
    }

    fn nothing(&self, outcome: Outcome) -> Effect {
        Effect { outcome, items: Vec::new() }
    }

    // ---- what came of it

    fn write(&self) -> Effect {
        let AuditEvent { code, stage, .. } = *self.event;
        let closed_early = self.event.message.as_deref().is_some_and(|message| message.contains(CLOSED_EARLY));
        let failed = self.event.status.as_deref() == Some("Failure");
        if self.is_dry_run() {
            return self.nothing(Outcome::DryRun);
        }
        if stage == Stage::Panic || code == Some(504) || (code.is_none_or(|code| code < 400) && closed_early) {
            return Effect { outcome: Outcome::Unknown, items: self.unknown() };
        }
        if code.is_some_and(|code| code >= 400) || (code.is_none() && failed) {
            let absent = code == Some(404) && self.event.verb == "delete";
            let items = if absent { self.bare(Change::Absent, Telling::Nothing(Why::NotLogged)) } else { Vec::new() };
            return Effect { outcome: Outcome::Refused, items };
        }
        if self.interest.is_noise(&self.kind) {
            return self.effect(Vec::new());
        }
        self.effect(match (&*self.event.verb, &*self.target.subresource) {
            ("create", "binding") => self.binding(),
            ("create", "eviction") => self.bare(Change::Leaving, Telling::Nothing(Why::NotLogged)),
            ("update" | "patch", "scale") => self.scale(),
            ("update", "finalize") if self.kind.is("", "Namespace") => self.namespace_finalize(),
            ("create", "") => self.create(),
            ("update", _) => self.update(),
            ("patch", _) => self.patch(),
            ("delete", "") => self.delete(),
            ("deletecollection", "") => self.delete_collection(),
            _ => Vec::new(),
        })
    }

    /// Of a deletion with a body the body alone decides: the server does not look at the path then (apiserver
    /// `handlers/delete.go`). So with an eviction, whose body holds the options.
    fn is_dry_run(&self) -> bool {
        let says = |options: &Members<'_>| options.get("dryRun").is_some_and(|raw| !json::is_empty(raw));
        let body = self.event.request.and_then(|raw| json::members(raw).ok());
        let in_body = match (&*self.event.verb, &*self.target.subresource) {
            ("delete" | "deletecollection", _) => body.as_ref().map(says),
            (_, "eviction") => {
                body.as_ref().and_then(|body| super::event::inner(body, "deleteOptions")).map(|o| says(&o))
            }
            _ => None,
        };
        let in_uri = || parameter(&self.event.uri, "dryRun").is_some_and(|value| !value.is_empty());
        self.event.dry_run || in_body.unwrap_or_else(in_uri)
    }

    /// An object that was there may have been changed; one that was to be created may not be there at all.
    fn unknown(&self) -> Vec<Item> {
        match &*self.event.verb {
            "create" | "deletecollection" => Vec::new(),
            _ => self.bare(Change::Modified, Telling::Nothing(Why::OutcomeUnknown)),
        }
    }

    // ---- bodies

    /// The response, if it is an object of the resource's own kind.
    fn own_response(&self) -> Option<&'a RawValue> {
        self.event.response.filter(|raw| self.is_own(raw))
    }

    /// The request, likewise.
    fn own_request(&self) -> Option<&'a RawValue> {
        self.event.request.filter(|raw| self.is_own(raw))
    }

    fn is_own(&self, raw: &RawValue) -> bool {
        let Ok(members) = json::members(raw) else { return false };
        let Some(kind) = members.get("kind").and_then(json::string) else { return false };
        if !self.kind.kind.is_empty() {
            return kind == self.kind.kind;
        }
        let version = members.get("apiVersion").and_then(json::string).unwrap_or_default();
        version.split_once('/').is_some_and(|(group, _)| group == self.target.group) && !kind.ends_with("List")
    }

    /// The response, if it is an object's metadata: what a client gets that asked for no more (the garbage collector), or
    /// for a table.
    fn metadata_response(&self) -> Option<&'a RawValue> {
        let response = self.event.response?;
        let members = json::members(response).ok()?;
        match &*json::string(members.get("kind")?)? {
            "PartialObjectMetadata" => Some(response),
            "Table" => match json::elements(members.get("rows")?).ok()?.as_slice() {
                [row] => json::members(row).ok()?.get("object").filter(|object| object.get().contains("\"metadata\"")),
                _ => None,
            },
            _ => None,
        }
    }

    /// An object that a body shows. What cannot be read of it is counted, and the event counts as one without.
    fn observed(&self, raw: &RawValue, change: Change, gone: GoneTest, metadata_only: bool) -> Vec<Item> {
        let unnamed = TypeMeta::new(&self.target.group, &self.target.version, "");
        let types = self.types.as_ref();
        let sight = Sight {
            change,
            at: self.event.at,
            defaults: types,
            reference: Some(self.target),
            metadata_of: metadata_only.then(|| types.unwrap_or(&unnamed)),
            gone,
        };
        match observe(raw, sight, self.interest) {
            Ok(Observed::Object(mut observation, notes)) => {
                observation.event = Some(self.id);
                observation.part = self.part();
                let at = self.event.at;
                let noted = notes.into_iter().map(|(reason, about)| Item::Noted { reason, at, about });
                noted.chain([Item::Observed(observation)]).collect()
            }
            Ok(Observed::MetadataOnly(_)) => Vec::new(),
            Err(about) => vec![Item::Noted { reason: Reason::BodyUnreadable, at: self.event.at, about }],
        }
    }

    /// Which part of an object the request can have changed.
    fn part(&self) -> Part {
        match (&*self.event.verb, &*self.target.subresource) {
            ("get" | "list", _) => Part::Nothing,
            // A deletion leaves the content as it is.
            ("delete" | "deletecollection", _) | (_, "status" | "approval" | "binding" | "eviction") => Part::Status,
            _ => Part::Whole,
        }
    }

    /// The object that the request names, without a body. Nothing where it names none, except of a creation.
    fn bare(&self, change: Change, telling: Telling) -> Vec<Item> {
        if self.target.name.is_empty() && change != Change::Created {
            return Vec::new();
        }
        let wanted = self.interest.needs(&self.kind, &self.target.version);
        // Of what is not needed it says nothing.
        if !wanted && matches!((change, &telling), (Change::Created | Change::Modified, Telling::Nothing(_))) {
            return Vec::new();
        }
        let is_namespace = self.kind.is("", "Namespace");
        let namespace = if is_namespace { String::new() } else { self.target.namespace.clone() };
        vec![Item::Observed(Box::new(Observation {
            key: ObjectKey { kind: self.kind.clone(), namespace, name: self.target.name.clone() },
            resource: Some(self.target.resource.clone()),
            version: self.target.version.clone(),
            uid: self.requested_uid(),
            resource_version: None,
            base: self.requested_version(),
            at: self.event.at,
            evidence: None,
            pristine: false,
            created: None,
            change,
            wanted,
            telling,
            part: self.part(),
            event: Some(self.id),
            metadata: b"{}".to_vec(),
            content: None,
            status: None,
            facts: Facts::None,
            trace_event: None,
        }))]
    }

    /// The uid that the request names: in its reference, its object's metadata or its preconditions.
    fn requested_uid(&self) -> Option<String> {
        let body = self.event.request.and_then(|raw| json::members(raw).ok());
        let of = |name: &str| {
            let part = super::event::inner(body.as_ref()?, name)?;
            super::event::text(&part, "uid").map(|uid| uid.into_owned()).filter(|uid| !uid.is_empty())
        };
        self.target.uid.clone().or_else(|| of("metadata")).or_else(|| of("preconditions"))
    }

    fn requested_version(&self) -> Option<ResourceVersion> {
        let body = self.event.request.and_then(|raw| json::members(raw).ok());
        let metadata = body.as_ref().and_then(|body| super::event::inner(body, "metadata"));
        let of_body = metadata.and_then(|metadata| super::event::text(&metadata, "resourceVersion")?.parse().ok());
        self.target.resource_version.or(of_body)
    }

    // ---- reads

    /// What a get or a list shows: the objects at the versions that their bodies have.
    fn read(&self) -> Effect {
        let refused = self.event.code.is_some_and(|code| code >= 400);
        let Some(response) = self.event.response.filter(|_| !refused && !self.interest.is_noise(&self.kind)) else {
            return self.nothing(Outcome::Nothing);
        };
        let items = match self.items_of(response) {
            Some((items, defaults)) => {
                let one = |item| self.item(item, &defaults, Change::Listed, GoneTest::None);
                items.into_iter().flat_map(one).collect()
            }
            None if self.is_own(response) => self.observed(response, Change::Listed, GoneTest::None, false),
            None => Vec::new(),
        };
        Effect { outcome: Outcome::Nothing, items }
    }

    /// The items of a list of the resource's kind, with their type.
    fn items_of(&self, raw: &'a RawValue) -> Option<(Vec<&'a RawValue>, TypeMeta)> {
        let members = json::members(raw).ok()?;
        let types = TypeMeta::of_list(&members)?;
        if types.is_partial() {
            return None;
        }
        let items = members.get("items").and_then(|items| json::elements(items).ok()).unwrap_or_default();
        Some((items, self.types.clone().unwrap_or(types)))
    }

    fn item(&self, raw: &RawValue, defaults: &TypeMeta, change: Change, gone: GoneTest) -> Vec<Item> {
        let reference = ObjectReference { name: String::new(), ..self.target.clone() };
        let request = Request { types: Some(defaults.clone()), target: &reference, kind: self.kind.clone(), ..*self };
        request.observed(raw, change, gone, false)
    }

    // ---- writes

    fn create(&self) -> Vec<Item> {
        if let Some(response) = self.own_response() {
            return self.observed(response, Change::Created, GoneTest::None, false);
        }
        if let Some(metadata) = self.metadata_response() {
            let body = self.own_request().map(|raw| self.requested(raw, Change::Created)).unwrap_or_default();
            return body.into_iter().chain(self.observed(metadata, Change::Created, GoneTest::None, true)).collect();
        }
        match self.own_request() {
            Some(request) => self.requested(request, Change::Created),
            None => self.bare(Change::Created, Telling::Nothing(Why::NotLogged)),
        }
    }

    /// An object as it was asked for. Its resourceVersion is that of the version before.
    fn requested(&self, raw: &RawValue, change: Change) -> Vec<Item> {
        let mut items = self.observed(raw, change, GoneTest::Terminating, false);
        for item in &mut items {
            let Item::Observed(observation) = item else { continue };
            observation.telling = Telling::Requested;
            observation.base = observation.resource_version.take();
            if change == Change::Created {
                // What a client writes there the server does not take.
                (observation.uid, observation.created, observation.base) = (None, None, None);
            } else if observation.part == Part::Status && observation.base.is_none() {
                // The server takes no more than the status of it, and nothing proves the rest to be what is there.
                observation.telling = Telling::Patch(Box::new(Patch::nothing()));
            }
        }
        items
    }

    fn update(&self) -> Vec<Item> {
        let change = if self.event.code == Some(201) { Change::Created } else { Change::Modified };
        if let Some(response) = self.own_response() {
            return self.observed(response, change, GoneTest::Terminating, false);
        }
        let metadata = self.metadata_response();
        let metadata = metadata.map(|raw| self.observed(raw, change, GoneTest::Terminating, true)).unwrap_or_default();
        let body = match self.own_request() {
            Some(request) => self.requested(request, change),
            None => self.bare(change, Telling::Nothing(Why::NotLogged)),
        };
        body.into_iter().chain(metadata).collect()
    }

    fn patch(&self) -> Vec<Item> {
        let change = if self.event.code == Some(201) { Change::Created } else { Change::Modified };
        if let Some(response) = self.own_response() {
            return self.observed(response, change, GoneTest::Terminating, false);
        }
        let metadata = self.metadata_response();
        let metadata = metadata.map(|raw| self.observed(raw, change, GoneTest::Terminating, true)).unwrap_or_default();
        let body = match self.event.request {
            Some(request) if change == Change::Created && self.is_own(request) => self.requested(request, change),
            Some(request) => self.patched(request, change),
            None if metadata.is_empty() => self.bare(change, Telling::Nothing(Why::NotLogged)),
            None => Vec::new(),
        };
        body.into_iter().chain(metadata).collect()
    }

    fn patched(&self, request: &RawValue, change: Change) -> Vec<Item> {
        let Ok(value) = serde_json::from_str::<serde_json::Value>(request.get()) else {
            return self.bare(change, Telling::Nothing(Why::NotLogged));
        };
        let dialect = Dialect::detect(&value, &self.event.uri, &self.target.group);
        // Of a status only its course matters, unless it is wanted as it stands.
        let of_status = self.part() == Part::Status;
        let patch = if of_status && !self.interest.with_status {
            Patch::nothing()
        } else {
            Patch { text: request.get().as_bytes().into(), dialect, exact: of_status }
        };
        let mut items = self.bare(change, Telling::Patch(Box::new(patch)));
        if let [Item::Observed(observation)] = items.as_mut_slice()
            && self.kind.is("", "Pod")
        {
            observation.facts = patched_course(request);
        }
        items
    }

    /// The target is the parent, the body a Scale (autoscaling/v1), whose metadata are the parent's.
    fn scale(&self) -> Vec<Item> {
        let replicas = |raw: &RawValue| {
            let body = json::members(raw).ok()?;
            json::integer(super::event::inner(&body, "spec")?.get("replicas")?)
        };
        let response = self.event.response.filter(|raw| replicas(raw).is_some());
        let asked = self.event.request.and_then(|raw| replicas(raw).or_else(|| replicas_of_json_patch(raw)));
        let Some(replicas) = response.and_then(replicas).or(asked) else {
            return self.bare(Change::Modified, Telling::Nothing(Why::NotLogged));
        };
        // A custom resource may keep its replicas elsewhere.
        let exact = is_builtin_group(&self.target.group);
        let text = format!(r#"{{"spec":{{"replicas":{replicas}}}}}"#).into_bytes().into();
        let patch = Patch { text, dialect: Dialect::Merge, exact };
        let mut items = self.bare(Change::Modified, Telling::Patch(Box::new(patch)));
        let metadata = response.and_then(|raw| json::members(raw).ok());
        let metadata = metadata.and_then(|body| super::event::inner(&body, "metadata"));
        if let ([Item::Observed(observation)], Some(metadata)) = (items.as_mut_slice(), metadata) {
            let text = |name: &str| super::event::text(&metadata, name).filter(|text| !text.is_empty());
            observation.resource_version = text("resourceVersion").and_then(|text| text.parse().ok());
            observation.uid = text("uid").map(|uid| uid.into_owned()).or(observation.uid.take());
        }
        items
    }

    /// The scheduler binds a pod; the server writes the node's name into its spec, and no other record shows that.
    fn binding(&self) -> Vec<Item> {
        let body = self.event.request.and_then(|raw| json::members(raw).ok());
        let node = body.and_then(|body| super::event::text(&super::event::inner(&body, "target")?, "name"));
        let text = match node {
            Some(node) => serde_json::json!({ "spec": { "nodeName": node } }).to_string(),
            None => "{}".to_owned(),
        };
        let patch = Patch { text: text.into_bytes().into(), dialect: Dialect::Merge, exact: true };
        self.bare(Change::Modified, Telling::Patch(Box::new(patch)))
    }

    // ---- deletions

    fn delete(&self) -> Vec<Item> {
        if let Some(response) = self.own_response() {
            return self.observed(response, Change::Modified, GoneTest::Deletion, false);
        }
        if let Some(metadata) = self.metadata_response() {
            return self.observed(metadata, Change::Modified, GoneTest::Deletion, true);
        }
        if let Some(before) = self.event.before {
            return self.deleted_before(before, None);
        }
        let body = self.event.response.and_then(|raw| json::members(raw).ok());
        let said = body.as_ref().and_then(|body| super::event::text(body, "status"));
        let success = said.or(self.event.status.clone()).is_some_and(|status| status == "Success");
        // A kubelet deletes a pod for good when its containers have ended.
        let gone = success || self.event.user.starts_with("system:node:");
        let mut items =
            self.bare(if gone { Change::Deleted } else { Change::Leaving }, Telling::Nothing(Why::NotLogged));
        if let [Item::Observed(observation)] = items.as_mut_slice() {
            let details = body.as_ref().and_then(|body| super::event::inner(body, "details"));
            let removed = details.map(|details| super::event::owned(&details, "uid")).filter(|uid| !uid.is_empty());
            observation.uid = removed.or(self.event.removed_uid.clone()).or(observation.uid.take());
            // It names the version that is to be deleted, and is none of its own.
            observation.base = None;
        }
        items
    }

    fn delete_collection(&self) -> Vec<Item> {
        let options = self.event.request.and_then(|raw| json::members(raw).ok());
        let grace = options.and_then(|options| json::integer(options.get("gracePeriodSeconds")?));
        let listed = self.event.response.and_then(|raw| self.items_of(raw));
        let Some((items, defaults)) = listed else { return self.sweep(grace) };
        let before = |item: &&'a RawValue| self.item(item, &defaults, Change::Listed, GoneTest::Before(grace));
        items.iter().flat_map(before).flat_map(deleted_and_before).collect()
    }

    fn deleted_before(&self, before: &RawValue, grace: Option<i64>) -> Vec<Item> {
        let items = self.observed(before, Change::Listed, GoneTest::Before(grace), false);
        items.into_iter().flat_map(deleted_and_before).collect()
    }

    fn sweep(&self, grace: Option<i64>) -> Vec<Item> {
        let uri = &self.event.uri;
        let (labels, fields) = (parameter(uri, "labelSelector"), parameter(uri, "fieldSelector"));
        let labels = labels.filter(|text| !text.is_empty()).map(|text| text.parse::<Selector>()).transpose();
        let name = fields.as_deref().map(|fields| fields.strip_prefix("metadata.name=").unwrap_or_default());
        let readable = labels.is_ok() && name.is_none_or(|name| !name.is_empty() && !name.contains(','));
        let Some(labels) = labels.ok().filter(|_| readable) else {
            let about = format!("deletecollection {}", shorten(uri, 120));
            return vec![Item::Noted { reason: Reason::WrittenWithoutBody, at: self.event.at, about }];
        };
        vec![Item::Swept(Box::new(Sweep {
            at: self.event.at,
            kind: self.kind.clone(),
            resource: self.target.resource.clone(),
            namespace: self.target.namespace.clone(),
            name: name.map(str::to_owned),
            labels,
            grace,
            with_namespace: false,
        }))]
    }

    /// When nothing is left in a namespace its controller empties `spec.finalizers`, and the namespace is gone.
    fn namespace_finalize(&self) -> Vec<Item> {
        let body = self.own_response().or(self.own_request());
        let mut items = match body {
            Some(body) => self.observed(body, Change::Modified, GoneTest::Terminating, false),
            // By default there is one finalizer.
            None => self.bare(Change::Deleted, Telling::Nothing(Why::NotLogged)),
        };
        let ended = |item: &Item| matches!(item, Item::Observed(seen) if seen.change == Change::Deleted);
        if items.iter().any(ended) {
            items.push(Item::Swept(Box::new(Sweep {
                at: self.event.at,
                kind: GroupKind::new("", ""),
                resource: String::new(),
                namespace: self.target.name.clone(),
                name: None,
                labels: None,
                grace: None,
                with_namespace: true,
            })));
        }
        items
    }
}

impl Patch {
    /// Changes nothing that is kept, and proves that the object is there.
    fn nothing() -> Self {
        Patch { text: (*b"{}").into(), dialect: Dialect::Merge, exact: true }
    }
}

/// An object that a deletion of many lists, as it was before: it was there, and may be gone.
fn deleted_and_before(item: Item) -> Vec<Item> {
    match item {
        Item::Observed(seen) if seen.change == Change::Deleted => {
            let before = Observation { change: Change::Listed, ..(*seen).clone() };
            vec![Item::Observed(Box::new(before)), Item::Observed(seen)]
        }
        item => vec![item],
    }
}

/// What a patch of a pod's status tells of its course.
fn patched_course(patch: &RawValue) -> Facts {
    let status = json::members(patch).ok().and_then(|members| members.get("status"));
    pod::facts(status, None, false).map(Facts::Pod).unwrap_or_default()
}

/// The number that a JSON patch of a Scale asks for.
fn replicas_of_json_patch(patch: &RawValue) -> Option<i64> {
    let operations = json::elements(patch).ok()?;
    let asked = operations.into_iter().filter_map(|operation| {
        let operation = json::members(operation).ok()?;
        let path = json::string(operation.get("path")?)?;
        (path == "/spec/replicas").then(|| json::integer(operation.get("value")?)).flatten()
    });
    asked.last()
}
