//! A request of the audit log, and the bodies it came with.

use std::cell::OnceCell;

use serde_json::json;

use super::event::{AuditEvent, EventId, ObjectReference};
use super::resources::kind_of;
use crate::blobs::Blob;
use crate::decode::object::{GoneTest, Observed, Parts, Sight, TypeMeta, observe};
use crate::decode::observation::{Change, Facts, Observation, Part, Telling};
use crate::decode::{Decoder, Item};
use crate::fingerprint::Uid;
use crate::json::{self, Raw};
use crate::model::{GroupKind, ObjectKey, ResourceVersion};
use crate::report::Reason;

/// A request that concerns objects.
pub(super) struct Request<'e, 'a> {
    pub event: &'e AuditEvent<'a>,
    pub target: &'e ObjectReference<'a>,
    pub id: EventId,
    pub decoder: &'e Decoder,
    /// The kind of the resource, where it is known; else empty.
    pub kind: &'e str,
    /// The bodies, taken apart once somebody asked for them.
    request: OnceCell<Option<Parts<'a>>>,
    response: OnceCell<Option<Parts<'a>>>,
}

/// The body of an object, or that which holds its metadata in the place of one: what a client gets that asked for no more
/// (the garbage collector), or for a table.
pub(super) enum Answer<'s, 'a> {
    /// An object of the resource's own kind.
    Own(&'s Parts<'a>),
    /// An object's metadata.
    Metadata(Raw<'a>),
    /// Something else, or nothing.
    Other,
}

impl<'e, 'a> Request<'e, 'a> {
    /// A request for something that is called `target`.
    pub fn new(event: &'e AuditEvent<'a>, target: &'e ObjectReference<'a>, id: EventId, decoder: &'e Decoder) -> Self {
        let kind = kind_of(&target.group, &target.resource);
        let kind = kind.or_else(|| decoder.interest.kind_of(&target.group, &target.resource)).unwrap_or_default();
        Request { event, target, id, decoder, kind, request: OnceCell::new(), response: OnceCell::new() }
    }

    /// The same request, for an object of the list that it is about.
    pub fn for_item<'i>(&'i self, target: &'i ObjectReference<'a>, kind: &'i str) -> Request<'i, 'a> {
        let Request { event, id, decoder, .. } = *self;
        Request { event, target, id, decoder, kind, request: OnceCell::new(), response: OnceCell::new() }
    }

    /// Whether it is about objects of a kind.
    pub fn is_of(&self, group: &str, kind: &str) -> bool {
        self.target.group == group && self.kind == kind
    }

    /// Whether its objects are of no use, whatever they are.
    pub fn is_noise(&self) -> bool {
        self.decoder.interest.is_noise(&self.target.group, self.kind)
    }

    /// Group and kind of the resource.
    pub fn group_kind(&self) -> GroupKind {
        GroupKind::new(&*self.target.group, self.kind)
    }

    fn types(&self) -> TypeMeta<'a> {
        let ObjectReference { group, version, .. } = self.target;
        TypeMeta { group: group.clone(), version: version.clone(), kind: self.kind.to_owned().into() }
    }

    /// The response's body.
    pub fn response(&self) -> Option<&Parts<'a>> {
        let taken_apart = || self.response.get_or_init(|| Parts::of(self.event.response?).ok()).as_ref();
        self.event.parts.as_ref().or_else(taken_apart)
    }

    /// What the response is.
    pub fn answer(&self) -> Answer<'_, 'a> {
        match (self.response(), self.event.response) {
            (Some(parts), _) if self.is_own(parts) => Answer::Own(parts),
            (Some(parts), Some(raw)) => metadata_in(parts, raw).map_or(Answer::Other, Answer::Metadata),
            _ => Answer::Other,
        }
    }

    /// The response, if it is an object of the resource's own kind.
    pub fn own_response(&self) -> Option<&Parts<'a>> {
        if let Answer::Own(parts) = self.answer() { Some(parts) } else { None }
    }

    /// The response, if it is such an object's metadata.
    pub fn metadata_response(&self) -> Option<Raw<'a>> {
        if let Answer::Metadata(raw) = self.answer() { Some(raw) } else { None }
    }

    /// The request's body.
    pub fn body(&self) -> Option<&Parts<'a>> {
        self.request.get_or_init(|| self.event.request.and_then(|raw| Parts::of(raw).ok())).as_ref()
    }

    /// The request's body, if it is an object of the resource's own kind.
    pub fn own_request(&self) -> Option<&Parts<'a>> {
        self.body().filter(|parts| self.is_own(parts))
    }

    /// Whether a body is an object of the resource's own kind.
    fn is_own(&self, parts: &Parts<'_>) -> bool {
        let Some(kind) = parts.kind() else { return false };
        if !self.kind.is_empty() {
            return kind == self.kind;
        }
        let version = parts.api_version().unwrap_or_default();
        version.split_once('/').is_some_and(|(group, _)| group == self.target.group) && !kind.ends_with("List")
    }

    /// An object that a body shows. What cannot be read of it is counted, and the event counts as one without.
    pub fn observed(&self, parts: &Parts<'a>, change: Change, gone: GoneTest) -> Vec<Item> {
        let types = self.types();
        let defaults = Some(&types).filter(|types| !types.kind.is_empty());
        self.seen(parts, Sight { defaults, ..self.sight(change, gone) })
    }

    /// An object of which a body shows the metadata, likewise.
    pub fn observed_metadata(&self, raw: Raw<'a>, change: Change, gone: GoneTest) -> Vec<Item> {
        let types = self.types();
        let parts = Parts::of(raw).unwrap_or_default();
        self.seen(&parts, Sight { metadata_of: Some(&types), ..self.sight(change, gone) })
    }

    fn sight(&self, change: Change, gone: GoneTest) -> Sight<'_, 'a> {
        let (at, reference) = (self.event.at, Some(self.target));
        Sight { change, at, defaults: None, reference, metadata_of: None, gone }
    }

    fn seen(&self, parts: &Parts<'a>, sight: Sight<'_, 'a>) -> Vec<Item> {
        let at = self.event.at;
        match observe(parts, sight, &self.decoder.interest, &self.decoder.blobs) {
            Ok(Observed::Object(mut observation, notes)) => {
                observation.event = Some(self.id);
                observation.writer = self.writer();
                observation.part = self.part();
                observation.base = self.target.resource_version.filter(|_| self.event.verb == "update");
                // With room for what the event tells of itself.
                let mut items = Vec::with_capacity(notes.len() + 2);
                items.extend(notes.into_iter().map(|(reason, about)| Item::Noted { reason, at, about }));
                items.push(Item::Observed(observation));
                items
            }
            Ok(Observed::MetadataOnly(_)) => Vec::new(),
            Err(about) => vec![Item::Noted { reason: Reason::BodyUnreadable, at, about }],
        }
    }

    /// Who asked for a change, where that is kept.
    fn writer(&self) -> Option<Blob> {
        let AuditEvent { user, verb, .. } = self.event;
        if !self.decoder.interest.writers || matches!(&**verb, "get" | "list" | "watch") {
            return None;
        }
        let (agent, subresource) = (self.event.agent(), &self.target.subresource);
        let writer = json!({ "user": user, "agent": agent, "verb": verb, "subresource": subresource });
        self.decoder.blobs.intern_value(&writer).ok()
    }

    /// Which part of an object the request can have changed.
    pub fn part(&self) -> Part {
        match (&*self.event.verb, &*self.target.subresource) {
            ("get" | "list", _) => Part::Nothing,
            // A deletion leaves the content as it is.
            ("delete" | "deletecollection", _) | (_, "status" | "approval" | "eviction") => Part::Status,
            (_, "binding") => Part::Node,
            _ => Part::Whole,
        }
    }

    /// The object that the request names, without a body. Nothing where it names none, except of a creation.
    pub fn bare(&self, change: Change, telling: Telling) -> Vec<Item> {
        if self.target.name.is_empty() && change != Change::Created {
            return Vec::new();
        }
        let interest = &self.decoder.interest;
        let (group, kind, version) = (&self.target.group, (self.kind, &*self.target.resource), &self.target.version);
        let wanted = interest.misses(group, kind, version);
        // Of what is not needed it says nothing, but that it was changed.
        let untold = !interest.is_outline() || self.kind.is_empty() || self.target.name.is_empty();
        if !interest.needs(group, kind, version)
            && untold
            && matches!((change, &telling), (Change::Created | Change::Modified, Telling::Nothing(_)))
        {
            return Vec::new();
        }
        let (uid, base) = self.named();
        let namespace = if self.is_of("", "Namespace") { "" } else { &*self.target.namespace };
        vec![Item::Observed(Box::new(Observation {
            key: ObjectKey {
                kind: self.group_kind(),
                namespace: namespace.to_owned(),
                name: self.target.name.clone().into_owned(),
            },
            resource: Some(self.target.resource.clone().into_owned()),
            version: self.target.version.clone().into_owned(),
            uid,
            resource_version: None,
            base,
            at: self.event.at,
            evidence: None,
            pristine: false,
            created: None,
            change,
            held: false,
            wanted,
            telling,
            part: self.part(),
            event: Some(self.id),
            metadata: self.decoder.blobs.empty(),
            content: None,
            status: None,
            unkept: None,
            facts: Facts::None,
            trace_event: None,
            writer: self.writer(),
        }))]
    }

    /// The uid that the request names (in its reference, its object's metadata or its preconditions), and the
    /// resourceVersion.
    fn named(&self) -> (Option<Uid>, Option<ResourceVersion>) {
        let body = self.body();
        let text = |raw: Option<Raw<'a>>| raw.and_then(json::string).filter(|text| !text.is_empty());
        let metadata = body.and_then(Parts::metadata);
        let [own, version] =
            metadata.and_then(|raw| json::fields(raw.get(), &["uid", "resourceVersion"]).ok()).unwrap_or_default();
        let condition = || {
            let [uid] = json::fields(body?.other("preconditions")?.get(), &["uid"]).ok()?;
            text(uid)
        };
        let uid = self.target.uid.clone().or_else(|| text(own)).or_else(condition);
        let version = self.target.resource_version.or_else(|| text(version)?.parse().ok());
        (uid.map(|uid| self.decoder.blobs.uid(&uid)), version)
    }
}

/// The metadata that a body holds in the place of an object.
fn metadata_in<'a>(parts: &Parts<'a>, body: Raw<'a>) -> Option<Raw<'a>> {
    match &*parts.kind()? {
        "PartialObjectMetadata" => Some(body),
        "Table" => match json::elements(parts.other("rows")?).ok()?.as_slice() {
            [row] => {
                let [object] = json::fields(row.get(), &["object"]).ok()?;
                object.filter(|object| object.get().contains("\"metadata\""))
            }
            _ => None,
        },
        _ => None,
    }
}
