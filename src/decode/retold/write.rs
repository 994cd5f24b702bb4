//! Lines of records, as they are decoded; and those of what no single record tells.

use super::event::{self, Told};
use super::put::{self, Members, Trim};
use super::{
    ADDED, APPLIED, BOOKMARK, CONFIG, DELETED, END, ERROR, KIND, LIFECYCLES, LISTED, Line, MODIFIED, Provenance, SEEN,
    SHOWN, SPAN, SetFacts, SourceName,
};
use crate::config::TracerConfig;
use crate::decode::audit::{AuditEvent, resources};
use crate::decode::object::TypeMeta;
use crate::decode::observation::Change;
use crate::decode::{Decoded, Decoder, Item, OwnerLifecycles};
use crate::json::Raw;
use crate::model::{GroupKind, Timestamp};

impl Decoder {
    /// Tells an audit event again, if it is to be told and says anything of objects.
    pub(in crate::decode) fn tell_event(&self, event: &AuditEvent<'_>, items: &[Item], out: &mut Decoded) {
        let Some(retelling) = self.retelling.as_ref().filter(|_| out.told.is_none()) else { return };
        let target = event.target.as_ref();
        let is_noise = target.is_some_and(|target| {
            let kind = resources::kind_of(&target.group, &target.resource).unwrap_or_default();
            retelling.noise_of.is_noise(&target.group, kind)
        });
        if !is_noise && items.iter().any(|item| !matches!(item, Item::Audited(_))) {
            let Told { kind, object, tail } = event::tell(event, items);
            out.items.push(line(event.at, kind, object, tail));
        }
    }

    /// Tells an object again.
    pub(in crate::decode) fn tell_object(
        &self,
        raw: Raw<'_>,
        change: Change,
        types: Option<&TypeMeta<'_>>,
        at: Option<Timestamp>,
        out: &mut Decoded,
    ) {
        if self.retelling.is_none() || out.told.is_some() {
            return;
        }
        let kind = match change {
            Change::Added => ADDED,
            Change::Deleted => DELETED,
            Change::Listed => LISTED,
            Change::Bare => SHOWN,
            _ => MODIFIED,
        };
        let (mut object, mut tail) = (String::new(), String::new());
        put::object(raw, Trim { keep_managed: at.is_none(), types }, &mut object);
        let of_baseline = self.is_of_baseline(out.position.source);
        Members::behind(&mut tail).flag("baseline", of_baseline);
        out.items.push(line(at, kind, object, tail));
    }

    /// Tells again that a watch broke off.
    pub(in crate::decode) fn tell_error(&self, status: Option<Raw<'_>>, out: &mut Decoded) {
        if self.retelling.is_none() || out.told.is_some() {
            return;
        }
        let mut object = String::new();
        match status {
            Some(status) => put::value(status, &mut object),
            None => object.push_str("{}"),
        }
        out.items.push(line(out.at, ERROR, object, String::new()));
    }

    /// The line of an operation of a trace, which is that of its event of this number.
    pub(in crate::decode) fn operation_line(
        &self,
        object: &str,
        change: Change,
        at: Timestamp,
        event: u64,
    ) -> Option<Item> {
        self.retelling.as_ref()?;
        let mut tail = String::new();
        Members::behind(&mut tail).plain("event", event);
        let kind = if change == Change::Deleted { DELETED } else { APPLIED };
        Some(line(Some(at), kind, object.to_owned(), tail))
    }

    /// The line of a trace's config.
    pub(in crate::decode) fn config_line(&self, config: &TracerConfig) -> Option<Item> {
        self.retelling.as_ref()?;
        Some(line(None, CONFIG, serde_json::to_string(config).unwrap_or_default(), String::new()))
    }

    /// The line of the end of a trace, at this second.
    pub(in crate::decode) fn trace_end_line(&self, ts: i64) -> Option<Item> {
        self.retelling.as_ref()?;
        let mut object = String::new();
        let mut members = Members::open(&mut object);
        members.plain("seconds", ts);
        members.close();
        Some(line(Some(Timestamp::from_seconds(ts)), END, object, String::new()))
    }

    /// The line of the lifecycles that a trace carries.
    pub(in crate::decode) fn lifecycles_line(&self, carried: &OwnerLifecycles) -> Option<Item> {
        self.retelling.as_ref()?;
        let OwnerLifecycles { source: _, begins, gvk, ns_name, hash, lifecycles } = carried;
        let mut object = String::new();
        let mut members = Members::open(&mut object);
        members.text("owner", &gvk.to_string());
        members.text("name", ns_name);
        members.text("hash", &hash.to_string());
        members.key("lifecycles").push_str(&serde_json::to_string(lifecycles).unwrap_or_default());
        begins.iter().for_each(|begins| members.plain("begins", begins));
        members.close();
        Some(line(None, LIFECYCLES, object, String::new()))
    }
}

fn line(at: Option<Timestamp>, kind: &str, object: String, tail: String) -> Item {
    Item::Line(Box::new(Line { at, kind: kind.to_owned(), object, tail, told: None }))
}

/// The line of an initial set of a watch. `version`: of the API, as far as an object showed it.
pub fn set_line(set: &SetFacts, version: &str) -> Line {
    let SetFacts { kind, run, number, at, resource_version, namespaces, anew, cut_off, at_start } = set;
    let mut object = String::new();
    let mut members = watched(&mut object, kind, version);
    let mut metadata = Members::open(members.key("metadata"));
    if let Some(version) = resource_version {
        metadata.text("resourceVersion", &version.to_string());
    }
    let mut annotations = Members::open(metadata.key("annotations"));
    annotations.text("k8s.io/initial-events-end", "true");
    annotations.close();
    metadata.close();
    members.close();
    let mut tail = String::new();
    let mut members = Members::behind(&mut tail);
    members.plain("run", run);
    let mut facts = Members::open(members.key("set"));
    facts.plain("number", number);
    facts.key("namespaces").push_str(&serde_json::to_string(namespaces).unwrap_or_default());
    facts.flag("anew", *anew);
    facts.flag("cutOff", *cut_off);
    facts.flag("atStart", *at_start);
    facts.close();
    fact_line(*at, BOOKMARK, object, tail)
}

/// The line of the end of a run of a watch.
pub fn end_line(kind: &GroupKind, version: &str, run: u32, at: Option<Timestamp>) -> Line {
    let (mut object, mut tail) = (String::new(), String::new());
    let mut members = watched(&mut object, kind, version);
    Members::open(members.key("metadata")).close();
    members.close();
    let mut members = Members::behind(&mut tail);
    members.plain("run", run);
    members.flag("end", true);
    fact_line(at, BOOKMARK, object, tail)
}

fn watched<'o>(object: &'o mut String, kind: &GroupKind, version: &str) -> Members<'o> {
    let mut members = Members::open(object);
    members.text("kind", &kind.kind);
    let version = if version.is_empty() { "v1" } else { version };
    let group = if kind.group.is_empty() { String::new() } else { format!("{}/", kind.group) };
    members.text("apiVersion", &format!("{group}{version}"));
    members
}

/// The line of the recorded times of a source, and how many records it had.
pub fn span_line(first: Timestamp, last: Timestamp, records: u64) -> Line {
    let mut object = String::new();
    let mut members = Members::open(&mut object);
    members.moment("first", first);
    members.moment("last", last);
    members.plain("records", records);
    members.close();
    fact_line(Some(first), SPAN, object, String::new())
}

/// What stands in for a line that is not written: that it told of an object of this uid.
pub fn seen_line(line: &Line, place: &Provenance, uid: &str) -> Line {
    let mut object = String::new();
    let mut members = Members::open(&mut object);
    members.text("uid", uid);
    members.close();
    let mut seen = fact_line(line.at, SEEN, object, String::new());
    if line.told.is_some() {
        let rest = seen.rest(place);
        seen.tail = format!("{}{rest}}}", place.source.opening());
        seen.told.clone_from(&line.told);
    }
    seen
}

/// The line of the kind of a resource.
pub fn kind_line(group: &str, kind: &str, version: &str, resource: &str) -> Line {
    let mut object = String::new();
    let mut members = Members::open(&mut object);
    members.text("resource", resource);
    members.text("group", group);
    members.text("version", version);
    members.text("kind", kind);
    members.close();
    fact_line(None, KIND, object, String::new())
}

fn fact_line(at: Option<Timestamp>, kind: &str, object: String, tail: String) -> Line {
    Line { at, kind: kind.to_owned(), object, tail, told: None }
}

impl Line {
    /// The line up to its member `tracer`.
    pub fn head(&self) -> String {
        let mut out = String::with_capacity(self.object.len() + 80);
        out.push_str("{\"ts\":");
        match self.at.and_then(Timestamp::fixed_width) {
            Some(at) => put::text(&at, &mut out),
            None => out.push_str("null"),
        }
        out.push_str(",\"type\":");
        put::text(&self.kind, &mut out);
        out.push_str(",\"object\":");
        out.push_str(&self.object);
        out
    }

    /// What stands in `tracer` behind the source.
    pub fn rest(&self, place: &Provenance) -> String {
        let mut out = String::with_capacity(self.tail.len() + 40);
        let mut members = Members::behind(&mut out);
        if place.member > 0 {
            members.plain("member", place.member);
        }
        members.plain("line", place.line);
        if place.part > 0 {
            members.plain("part", place.part);
        }
        // That of a fact is among what it has by itself.
        place.run.iter().for_each(|run| members.plain("run", run));
        place.added.iter().for_each(|added| members.plain("added", added));
        if let Some(at) = self.at.filter(|at| at.fixed_width().is_none()) {
            members.plain("micros", at.micros());
        }
        out.push_str(&self.tail);
        out
    }
}

impl SourceName {
    /// How `tracer` begins in the lines of this source.
    pub fn opening(&self) -> String {
        let mut out = String::new();
        let mut members = Members::open(&mut out);
        match self.stdin {
            true => members.key("source").push_str("null"),
            false => members.text("source", &self.path),
        }
        members.text("hash", &format!("{:016x}", self.hash));
        out
    }
}
