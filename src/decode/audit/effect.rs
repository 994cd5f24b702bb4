//! What an audit event did to objects: the first rule that fits decides.
//!
//! The rules follow the API server's handlers (apiserver `pkg/endpoints/handlers`), the generic registry
//! (`pkg/registry/generic/registry/store.go`) and what `pkg/audit/request.go` puts into the log.

use std::borrow::Cow;

use super::audited::Outcome;
use super::event::{AuditEvent, EventId, ObjectReference, Stage};
use super::request::Request;
use crate::decode::object::{GoneTest, Parts, TypeMeta};
use crate::decode::observation::{Change, Telling, Why};
use crate::decode::{Decoder, Item};
use crate::json::{self, Raw};
use crate::uri::parameter;

/// What an event did.
pub struct Effect {
    /// What became of the request.
    pub outcome: Outcome,
    /// What it says of objects.
    pub items: Vec<Item>,
}

/// Reads what an event did. `id`: which event it is.
pub fn of(event: &AuditEvent<'_>, id: EventId, decoder: &Decoder) -> Effect {
    let nothing = |outcome| Effect { outcome, items: Vec::new() };
    let Some(target) = event.target.as_ref().filter(|_| event.stage != Stage::Early) else {
        return nothing(Outcome::Nothing);
    };
    if !target.subresource.is_empty() && !SUBRESOURCES.contains(&&*target.subresource) {
        return nothing(Outcome::Nothing);
    }
    match &*event.verb {
        "get" | "list" if event.response.is_some() => Request::new(event, target, id, decoder).read(),
        "create" | "update" | "patch" | "delete" | "deletecollection" => {
            Request::new(event, target, id, decoder).write()
        }
        _ => nothing(Outcome::Nothing),
    }
}

/// Those that change objects.
const SUBRESOURCES: [&str; 8] =
    ["status", "scale", "binding", "eviction", "ephemeralcontainers", "resize", "finalize", "approval"];

/// What a server notes when a client went away before the answer.
const CLOSED_EARLY: &str = "Connection closed early";

impl<'a> Request<'_, 'a> {
    fn effect(&self, items: Vec<Item>) -> Effect {
        let scaled = self.target.subresource == "scale" && self.event.response.is_some();
        let answered = scaled || self.own_response().is_some() || self.metadata_response().is_some();
        let request = self.event.request.is_some();
        Effect { outcome: Outcome::Written { request, response: answered, truncated: self.event.truncated }, items }
    }

    fn nothing(&self, outcome: Outcome) -> Effect {
        Effect { outcome, items: Vec::new() }
    }

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
        if self.is_noise() {
            return self.effect(Vec::new());
        }
        self.effect(match (&*self.event.verb, &*self.target.subresource) {
            ("create", "binding") => self.binding(),
            ("create", "eviction") => self.bare(Change::Leaving, Telling::Nothing(Why::NotLogged)),
            ("update" | "patch", "scale") => self.scale(),
            ("update", "finalize") if self.is_of("", "Namespace") => self.namespace_finalize(),
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
        let says = |raw: Option<Raw<'_>>| raw.is_some_and(|raw| !json::is_empty(raw));
        let in_body = match (&*self.event.verb, &*self.target.subresource) {
            ("delete" | "deletecollection", _) => self.body().map(|options| says(options.other("dryRun"))),
            (_, "eviction") => self.body().and_then(|body| {
                let [dry_run] = json::fields(body.other("deleteOptions")?.get(), &["dryRun"]).ok()?;
                Some(says(dry_run))
            }),
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

    /// What a get or a list shows: the objects at the versions that their bodies have.
    fn read(&self) -> Effect {
        let refused = self.event.code.is_some_and(|code| code >= 400);
        let Some(response) = self.event.response.filter(|_| !refused && !self.is_noise()) else {
            return self.nothing(Outcome::Nothing);
        };
        let items = match self.items_of(response) {
            Some((items, kind)) => {
                let one = |item| self.item(item, &kind, Change::Listed, GoneTest::None);
                items.into_iter().flat_map(one).collect()
            }
            None => match self.own_response() {
                Some(object) => self.observed(object, Change::Listed, GoneTest::None),
                None => Vec::new(),
            },
        };
        Effect { outcome: Outcome::Nothing, items }
    }

    /// The items of a list of the resource's kind, with their kind.
    pub fn items_of(&self, raw: Raw<'a>) -> Option<(Vec<Raw<'a>>, Cow<'_, str>)> {
        let members = json::members(raw).ok()?;
        let types = TypeMeta::of_list(&members)?;
        if types.is_partial() {
            return None;
        }
        let items = members.get("items").and_then(|items| json::elements(items).ok()).unwrap_or_default();
        Some((items, if self.kind.is_empty() { types.kind } else { self.kind.into() }))
    }

    /// An object of a list.
    pub fn item(&self, raw: Raw<'a>, kind: &str, change: Change, gone: GoneTest) -> Vec<Item> {
        let reference = ObjectReference { name: Default::default(), ..self.target.clone() };
        let parts = Parts::of(raw).unwrap_or_default();
        self.for_item(&reference, kind).observed(&parts, change, gone)
    }
}
