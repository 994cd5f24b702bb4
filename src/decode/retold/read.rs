//! Lines of `tracer events`, read back.

use std::borrow::Cow;

use super::event::{self, AUDIT};
use super::put;
use super::{
    ADDED, APPLIED, BOOKMARK, CONFIG, DELETED, END, ERROR, Fact, KIND, LIFECYCLES, LISTED, Line, MODIFIED, Provenance,
    SEEN, SHOWN, SPAN, SetFacts, SourceName,
};
use crate::config::TracerConfig;
use crate::decode::envelope::status_message;
use crate::decode::interest::Wanted;
use crate::decode::object::Observed;
use crate::decode::observation::Change;
use crate::decode::trace::operation;
use crate::decode::{Decoded, Decoder, Item, OwnerLifecycles, shorten, stamp};
use crate::json::{self, Members, Raw};
use crate::model::{GroupKind, Gvk, SourceId, Timestamp, split_api_version};
use crate::report::Reason;
use crate::trace::Lifecycle;

/// A line as it stands.
#[derive(Clone, Copy)]
pub struct Retold<'a> {
    ts: Option<Raw<'a>>,
    kind: Raw<'a>,
    object: Raw<'a>,
    tracer: Raw<'a>,
}

impl<'a> Retold<'a> {
    /// A line, if it is one: of a record with these two members.
    pub fn of(members: &Members<'a>, kind: Raw<'a>, object: Raw<'a>) -> Option<Self> {
        let tracer = members.get("tracer")?;
        let [source, line] = json::fields(tracer.get(), &["source", "line"]).ok()?;
        source.and(line).map(|_| Retold { ts: members.get("ts"), kind, object, tracer })
    }
}

/// The members of `tracer`.
const FIELDS: [&str; 14] = [
    "source", "hash", "member", "line", "part", "run", "added", "micros", "baseline", "audit", "old", "event", "set",
    "end",
];

/// What stands in `tracer`.
struct Tracer<'a> {
    place: Provenance,
    micros: Option<i64>,
    audit: Option<Raw<'a>>,
    old: Option<Raw<'a>>,
    event: Option<u64>,
    set: Option<Raw<'a>>,
    end: bool,
}

/// Says that something is not as it has to be.
fn wrong(what: &str) -> String {
    format!("`{what}` is not what it has to be")
}

fn number<T: TryFrom<i64>>(value: Option<Raw<'_>>, name: &str) -> Result<Option<T>, String> {
    let number = |raw: Raw<'_>| json::integer(raw).and_then(|n| T::try_from(n).ok()).ok_or_else(|| wrong(name));
    value.map(number).transpose()
}

fn is_set(value: Option<Raw<'_>>) -> bool {
    value.is_some_and(|raw| raw.get() == "true")
}

impl<'a> Tracer<'a> {
    fn of(raw: Raw<'a>) -> Result<Self, String> {
        let fields = json::fields(raw.get(), &FIELDS).map_err(|error| format!("`tracer`: {error}"))?;
        let [source, hash, member, line, part, run, added, micros, baseline, audit, old, event, set, end] = fields;
        let hash = hash.and_then(json::string).and_then(|hash| u64::from_str_radix(&hash, 16).ok());
        let path = source.and_then(json::string).map(Cow::into_owned);
        let event = number::<u64>(event, "event")?;
        let place = Provenance {
            source: SourceName {
                stdin: path.is_none(),
                path: path.unwrap_or_default(),
                hash: hash.ok_or_else(|| wrong("hash"))?,
            },
            member: number(member, "member")?.unwrap_or_default(),
            line: number(line, "line")?.unwrap_or_default(),
            part: number(part, "part")?.unwrap_or_default(),
            run: number(run, "run")?,
            added: number(added, "added")?,
            aside: is_set(baseline) || event.is_some(),
        };
        let micros = number(micros, "micros")?;
        Ok(Tracer { place, micros, audit, old, event, set, end: is_set(end) })
    }
}

impl Decoder {
    /// Reads a line.
    pub(in crate::decode) fn retold(&self, line: &Retold<'_>, out: &mut Decoded) {
        if let Err(problem) = self.read_retold(line, out) {
            out.unreadable(format!("no line of `tracer events`: {problem}"));
        }
    }

    fn read_retold(&self, line: &Retold<'_>, out: &mut Decoded) -> Result<(), String> {
        let tracer = Tracer::of(line.tracer)?;
        let kind = json::string(line.kind).ok_or_else(|| wrong("type"))?;
        let ts = line.ts.filter(|raw| !json::is_empty(*raw)).map(stamp::of_value);
        let stamped = ts.map(|ts| ts.time().ok_or_else(|| wrong("ts"))).transpose()?;
        let at = stamped.or(tracer.micros.map(Timestamp::from_micros));
        (out.at, out.told) = (at, Some(Box::new(tracer.place.clone())));
        if self.retelling.is_some() {
            let [mut object, mut tail] = [String::new(), String::new()];
            put::value(line.object, &mut object);
            put::value(line.tracer, &mut tail);
            let (kind, told) = (kind.clone().into_owned(), out.told.clone());
            out.items.push(Item::Line(Box::new(Line { at, kind, object, tail, told })));
        }
        self.retold_object(&kind, line.object, &tracer, at, out)?;
        if tracer.place.aside || matches!(&*kind, BOOKMARK | SPAN | END | SEEN) {
            out.at = None;
        }
        Ok(())
    }

    fn retold_object(
        &self,
        kind: &str,
        object: Raw<'_>,
        tracer: &Tracer<'_>,
        at: Option<Timestamp>,
        out: &mut Decoded,
    ) -> Result<(), String> {
        match kind {
            AUDIT => {
                let event = event::read(object, at, None, tracer.old).map_err(|error| error.to_string())?;
                self.audit(&event, out);
            }
            ADDED | MODIFIED | DELETED if tracer.audit.is_some() => {
                let audit = tracer.audit.ok_or_else(|| wrong("audit"))?;
                let event = event::read(audit, at, Some(object), None).map_err(|error| error.to_string())?;
                self.audit(&event, out);
            }
            APPLIED | DELETED if tracer.event.is_some() => self.retold_operation(kind, object, tracer, at, out)?,
            ADDED => self.object(object, Change::Added, None, out),
            MODIFIED => self.object(object, Change::Modified, None, out),
            DELETED => self.object(object, Change::Deleted, None, out),
            LISTED => self.object(object, Change::Listed, None, out),
            SHOWN => self.object(object, Change::Bare, None, out),
            ERROR => out.note(Reason::WatchBroken, at, status_message(object)),
            _ => out.items.push(self.fact(kind, object, tracer, at)?),
        }
        Ok(())
    }

    /// An operation of a trace.
    fn retold_operation(
        &self,
        kind: &str,
        object: Raw<'_>,
        tracer: &Tracer<'_>,
        at: Option<Timestamp>,
        out: &mut Decoded,
    ) -> Result<(), String> {
        let change = if kind == DELETED { Change::Deleted } else { Change::Applied };
        match operation(object, (change, at), tracer.event, &self.blobs)? {
            Observed::Object(observation, notes) => {
                notes.into_iter().for_each(|(reason, about)| out.note(reason, at, about));
                out.items.push(Item::Observed(observation));
                Ok(())
            }
            Observed::MetadataOnly(kind) => Err(format!("a {kind} in the place of an object of a trace")),
        }
    }

    /// What is told of no record by itself.
    fn fact(&self, kind: &str, object: Raw<'_>, tracer: &Tracer<'_>, at: Option<Timestamp>) -> Result<Item, String> {
        let text = |value: Option<Raw<'_>>, name: &str| {
            value.and_then(json::string).map(Cow::into_owned).ok_or_else(|| wrong(name))
        };
        let fact = match kind {
            BOOKMARK => watch(object, tracer, at)?,
            SPAN => {
                let [first, last] =
                    json::fields(object.get(), &["first", "last"]).map_err(|error| error.to_string())?;
                Fact::Span { first: moment(first, "first")?, last: moment(last, "last")? }
            }
            SEEN => {
                let [uid] = json::fields(object.get(), &["uid"]).map_err(|error| error.to_string())?;
                Fact::Seen { uid: self.blobs.uid(&text(uid, "uid")?), at }
            }
            KIND => {
                let names = ["resource", "group", "version", "kind"];
                let [resource, group, version, kind] =
                    json::fields(object.get(), &names).map_err(|error| error.to_string())?;
                let kind = GroupKind::new(text(group, "group")?, text(kind, "kind")?);
                let (version, resource) = (text(version, "version")?, text(resource, "resource")?);
                let needed = self.interest.wants(&kind.group, &kind.kind, &version) != Wanted::No;
                Fact::Kind { kind, version, resource, needed }
            }
            END => {
                let [seconds] = json::fields(object.get(), &["seconds"]).map_err(|error| error.to_string())?;
                let ts = number(seconds, "seconds")?.ok_or_else(|| wrong("seconds"))?;
                return Ok(Item::TraceEnd { ts });
            }
            CONFIG => {
                let config = serde_json::from_str::<TracerConfig>(object.get()).map_err(|error| error.to_string())?;
                return Ok(Item::TraceConfig(Box::new(config)));
            }
            LIFECYCLES => return Ok(Item::TraceLifecycles(Box::new(lifecycles(object)?))),
            other => {
                return Err(format!(
                    "the type `{}` is not known; a later version may have written it",
                    shorten(other, 40)
                ));
            }
        };
        Ok(Item::Retold(Box::new(fact)))
    }
}

fn watch(object: Raw<'_>, tracer: &Tracer<'_>, at: Option<Timestamp>) -> Result<Fact, String> {
    let [kind, version, metadata] =
        json::fields(object.get(), &["kind", "apiVersion", "metadata"]).map_err(|error| error.to_string())?;
    let kind = kind.and_then(json::string).ok_or_else(|| wrong("kind"))?;
    let version = version.and_then(json::string).ok_or_else(|| wrong("apiVersion"))?;
    let (group, _) = split_api_version(&version).ok_or_else(|| wrong("apiVersion"))?;
    let (kind, run) = (GroupKind::new(group, kind), tracer.place.run.ok_or_else(|| wrong("run"))?);
    let Some(set) = tracer.set else {
        return if tracer.end { Ok(Fact::RunEnd { kind, run, at }) } else { Err(wrong("set")) };
    };
    let [resource_version] =
        metadata.and_then(|raw| json::fields(raw.get(), &["resourceVersion"]).ok()).unwrap_or_default();
    let [count, namespaces, anew, cut_off, at_start] =
        json::fields(set.get(), &["number", "namespaces", "anew", "cutOff", "atStart"])
            .map_err(|error| error.to_string())?;
    let names = namespaces.and_then(|raw| json::elements(raw).ok()).ok_or_else(|| wrong("namespaces"))?;
    let name = |raw: Raw<'_>| json::string(raw).map(Cow::into_owned).ok_or_else(|| wrong("namespaces"));
    Ok(Fact::Set(Box::new(SetFacts {
        kind,
        run,
        number: number(count, "number")?.ok_or_else(|| wrong("number"))?,
        at,
        resource_version: resource_version.and_then(json::string).and_then(|text| text.parse().ok()),
        namespaces: names.into_iter().map(name).collect::<Result<_, _>>()?,
        anew: is_set(anew),
        cut_off: is_set(cut_off),
        at_start: is_set(at_start),
    })))
}

fn moment(value: Option<Raw<'_>>, name: &str) -> Result<Timestamp, String> {
    let raw = value.ok_or_else(|| wrong(name))?;
    let text = || json::string(raw).and_then(|text| Timestamp::parse_rfc3339(&text));
    json::integer(raw).map(Timestamp::from_micros).or_else(text).ok_or_else(|| wrong(name))
}

fn lifecycles(object: Raw<'_>) -> Result<OwnerLifecycles, String> {
    let names = ["owner", "name", "hash", "lifecycles", "begins"];
    let [owner, name, hash, lives, begins] = json::fields(object.get(), &names).map_err(|error| error.to_string())?;
    let text = |value: Option<Raw<'_>>, name: &str| {
        value.and_then(json::string).map(Cow::into_owned).ok_or_else(|| wrong(name))
    };
    let gvk: Gvk = text(owner, "owner")?.parse().map_err(|_| wrong("owner"))?;
    let lives = lives.and_then(|raw| json::elements(raw).ok()).ok_or_else(|| wrong("lifecycles"))?;
    Ok(OwnerLifecycles {
        source: SourceId::default(),
        begins: number(begins, "begins")?,
        gvk,
        ns_name: text(name, "name")?,
        hash: text(hash, "hash")?.parse().map_err(|_| wrong("hash"))?,
        lifecycles: lives.into_iter().map(lifecycle).collect::<Result<_, _>>()?,
    })
}

fn lifecycle(raw: Raw<'_>) -> Result<Lifecycle, String> {
    if json::string(raw).is_some_and(|text| text == "Empty") {
        return Ok(Lifecycle::Empty);
    }
    let [running, finished] = json::fields(raw.get(), &["Running", "Finished"]).map_err(|error| error.to_string())?;
    if let Some(start) = running.and_then(json::integer) {
        return Ok(Lifecycle::Running(start));
    }
    let ends = finished.and_then(|raw| json::elements(raw).ok()).unwrap_or_default();
    match ends.iter().map(|raw| json::integer(*raw)).collect::<Vec<_>>().as_slice() {
        [Some(start), Some(end)] => Ok(Lifecycle::Finished(*start, *end)),
        _ => Err(wrong("lifecycles")),
    }
}
