//! A request of the audit log, and the bodies it came with.

use std::cell::OnceCell;

use super::event::{self, AuditEvent, EventId, ObjectReference};
use super::resources::kind_of;
use crate::decode::Item;
use crate::decode::interest::Interest;
use crate::decode::object::{GoneTest, Observed, Sight, TypeMeta, observe};
use crate::decode::observation::{Change, Facts, Observation, Part, Telling};
use crate::json::{self, Raw};
use crate::model::{GroupKind, ObjectKey, ResourceVersion};
use crate::report::Reason;

/// A request that concerns objects.
pub(super) struct Request<'e, 'a> {
    pub event: &'e AuditEvent<'a>,
    pub target: &'e ObjectReference<'a>,
    pub id: EventId,
    pub interest: &'e Interest,
    /// The type of the resource, where it is built in.
    pub types: Option<TypeMeta>,
    pub kind: GroupKind,
    /// What the response is, once somebody asked: telling it takes a pass over the body.
    answer: OnceCell<Answer<'a>>,
}

/// What a response is.
#[derive(Clone, Copy)]
enum Answer<'a> {
    /// An object of the resource's own kind.
    Own(Raw<'a>),
    /// An object's metadata: what a client gets that asked for no more (the garbage collector), or for a table.
    Metadata(Raw<'a>),
    /// Something else, or nothing.
    Other,
}

impl<'e, 'a> Request<'e, 'a> {
    /// A request for something that is called `target`.
    pub fn new(
        event: &'e AuditEvent<'a>,
        target: &'e ObjectReference<'a>,
        id: EventId,
        interest: &'e Interest,
    ) -> Self {
        let kind = kind_of(&target.group, &target.resource);
        let kind = kind.or_else(|| interest.kind_of(&target.group, &target.resource));
        let types = kind.map(|kind| TypeMeta::new(&target.group, &target.version, kind));
        let kind = GroupKind::new(&*target.group, kind.unwrap_or_default());
        Request { event, target, id, interest, types, kind, answer: OnceCell::new() }
    }

    /// The same request, for an object of the list that it is about.
    pub fn for_item<'i>(&'i self, target: &'i ObjectReference<'a>, types: TypeMeta) -> Request<'i, 'a> {
        let (event, id, interest) = (self.event, self.id, self.interest);
        Request { event, target, id, interest, types: Some(types), kind: self.kind.clone(), answer: OnceCell::new() }
    }

    fn answer(&self) -> Answer<'a> {
        *self.answer.get_or_init(|| {
            let own = || self.event.response.filter(|raw| self.is_own(*raw)).map(Answer::Own);
            own().or_else(|| metadata_in(self.event.response?).map(Answer::Metadata)).unwrap_or(Answer::Other)
        })
    }

    /// The response, if it is an object of the resource's own kind.
    pub fn own_response(&self) -> Option<Raw<'a>> {
        if let Answer::Own(raw) = self.answer() { Some(raw) } else { None }
    }

    /// The response, if it is such an object's metadata.
    pub fn metadata_response(&self) -> Option<Raw<'a>> {
        if let Answer::Metadata(raw) = self.answer() { Some(raw) } else { None }
    }

    /// The request, likewise.
    pub fn own_request(&self) -> Option<Raw<'a>> {
        self.event.request.filter(|raw| self.is_own(*raw))
    }

    /// Whether a body is an object of the resource's own kind.
    pub fn is_own(&self, raw: Raw<'_>) -> bool {
        let Ok(members) = json::members(raw) else { return false };
        let Some(kind) = members.get("kind").and_then(json::string) else { return false };
        if !self.kind.kind.is_empty() {
            return kind == self.kind.kind;
        }
        let version = members.get("apiVersion").and_then(json::string).unwrap_or_default();
        version.split_once('/').is_some_and(|(group, _)| group == self.target.group) && !kind.ends_with("List")
    }

    /// An object that a body shows. What cannot be read of it is counted, and the event counts as one without.
    pub fn observed(&self, raw: Raw<'_>, change: Change, gone: GoneTest, metadata_only: bool) -> Vec<Item> {
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
                observation.base = self.target.resource_version.filter(|_| self.event.verb == "update");
                let at = self.event.at;
                let noted = notes.into_iter().map(|(reason, about)| Item::Noted { reason, at, about });
                noted.chain([Item::Observed(observation)]).collect()
            }
            Ok(Observed::MetadataOnly(_)) => Vec::new(),
            Err(about) => vec![Item::Noted { reason: Reason::BodyUnreadable, at: self.event.at, about }],
        }
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
        let wanted = self.interest.needs(&self.kind, &self.target.version);
        // Of what is not needed it says nothing.
        if !wanted && matches!((change, &telling), (Change::Created | Change::Modified, Telling::Nothing(_))) {
            return Vec::new();
        }
        let (uid, base) = self.named();
        let is_namespace = self.kind.is("", "Namespace");
        let namespace = if is_namespace { String::new() } else { self.target.namespace.clone().into_owned() };
        vec![Item::Observed(Box::new(Observation {
            key: ObjectKey { kind: self.kind.clone(), namespace, name: self.target.name.clone().into_owned() },
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
            metadata: b"{}".to_vec(),
            content: None,
            status: None,
            facts: Facts::None,
            trace_event: None,
        }))]
    }

    /// The uid that the request names (in its reference, its object's metadata or its preconditions), and the
    /// resourceVersion.
    fn named(&self) -> (Option<String>, Option<ResourceVersion>) {
        let (uid, version) = (&self.target.uid, self.target.resource_version);
        let body = self.event.request.and_then(|raw| json::members(raw).ok());
        let of = |name: &str| body.as_ref().and_then(|body| event::inner(body, name));
        let uid_of = |part: &json::Members<'_>| {
            event::text(part, "uid").map(|uid| uid.into_owned()).filter(|uid| !uid.is_empty())
        };
        let metadata = of("metadata");
        let own_uid = || metadata.as_ref().and_then(uid_of).or_else(|| of("preconditions").as_ref().and_then(uid_of));
        let own_version = || event::text(metadata.as_ref()?, "resourceVersion")?.parse().ok();
        (uid.clone().map(|uid| uid.into_owned()).or_else(own_uid), version.or_else(own_version))
    }
}

/// The metadata that a body holds in the place of an object.
fn metadata_in(body: Raw<'_>) -> Option<Raw<'_>> {
    let members = json::members(body).ok()?;
    match &*json::string(members.get("kind")?)? {
        "PartialObjectMetadata" => Some(body),
        "Table" => match json::elements(members.get("rows")?).ok()?.as_slice() {
            [row] => json::members(*row).ok()?.get("object").filter(|object| object.get().contains("\"metadata\"")),
            _ => None,
        },
        _ => None,
    }
}
