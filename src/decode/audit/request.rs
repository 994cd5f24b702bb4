//! A request of the audit log, and the bodies it came with.

use serde_json::value::RawValue;

use super::event::{self, AuditEvent, EventId, ObjectReference};
use super::resources::kind_of;
use crate::decode::Item;
use crate::decode::interest::Interest;
use crate::decode::object::{GoneTest, Observed, Sight, TypeMeta, observe};
use crate::decode::observation::{Change, Facts, Observation, Part, Telling};
use crate::json;
use crate::model::{GroupKind, ObjectKey, ResourceVersion};
use crate::report::Reason;

/// A request that concerns objects.
pub(super) struct Request<'e, 'a> {
    pub event: &'e AuditEvent<'a>,
    pub target: &'e ObjectReference,
    pub id: EventId,
    pub interest: &'e Interest,
    /// The type of the resource, where it is built in.
    pub types: Option<TypeMeta>,
    pub kind: GroupKind,
}

impl<'e, 'a> Request<'e, 'a> {
    /// A request for something that is called `target`.
    pub fn new(event: &'e AuditEvent<'a>, target: &'e ObjectReference, id: EventId, interest: &'e Interest) -> Self {
        let kind = kind_of(&target.group, &target.resource);
        let kind = kind.or_else(|| interest.kind_of(&target.group, &target.resource));
        let types = kind.map(|kind| TypeMeta::new(&target.group, &target.version, kind));
        let kind = GroupKind::new(target.group.clone(), kind.unwrap_or_default());
        Request { event, target, id, interest, types, kind }
    }

    /// The response, if it is an object of the resource's own kind.
    pub fn own_response(&self) -> Option<&'a RawValue> {
        self.event.response.filter(|raw| self.is_own(raw))
    }

    /// The request, likewise.
    pub fn own_request(&self) -> Option<&'a RawValue> {
        self.event.request.filter(|raw| self.is_own(raw))
    }

    /// Whether a body is an object of the resource's own kind.
    pub fn is_own(&self, raw: &RawValue) -> bool {
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
    pub fn metadata_response(&self) -> Option<&'a RawValue> {
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
    pub fn observed(&self, raw: &RawValue, change: Change, gone: GoneTest, metadata_only: bool) -> Vec<Item> {
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
    pub fn requested_uid(&self) -> Option<String> {
        let body = self.event.request.and_then(|raw| json::members(raw).ok());
        let of = |name: &str| {
            let part = event::inner(body.as_ref()?, name)?;
            event::text(&part, "uid").map(|uid| uid.into_owned()).filter(|uid| !uid.is_empty())
        };
        self.target.uid.clone().or_else(|| of("metadata")).or_else(|| of("preconditions"))
    }

    /// The resourceVersion that the request names.
    pub fn requested_version(&self) -> Option<ResourceVersion> {
        let body = self.event.request.and_then(|raw| json::members(raw).ok());
        let metadata = body.as_ref().and_then(|body| event::inner(body, "metadata"));
        let of_body = metadata.and_then(|metadata| event::text(&metadata, "resourceVersion")?.parse().ok());
        self.target.resource_version.or(of_body)
    }
}
