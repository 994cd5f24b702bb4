//! Where in a record something is carried, whoever wrote it.

use std::borrow::Cow;

use super::text::TOO_DEEP;
use super::{Carrier, Shape, aks, foreign, gke, review};
use crate::decode::audit::event::{inner, text};
use crate::decode::{Decoded, Decoder, stamp};
use crate::json::{self, Members, Raw};
use crate::report::Reason;

/// Lists of records: Azure's diagnostics, CloudWatch's deliveries and answers, webhooks, Elasticsearch, Loki.
const LISTS: [&str; 8] = ["records", "logEvents", "events", "items", "hits.hits", "entries", "data.result", "streams"];

/// Texts that are made to carry, the most faithful first: what a pipeline kept beside what it made of it; then Filebeat, Vector,
/// Docker, fluent-bit, Loki, journald, Azure, Cloud Logging, OpenTelemetry.
const TEXTS: [&str; 9] =
    ["event.original", "message", "log", "line", "MESSAGE", "properties.log", "log_s", "textPayload", "Body.value"];

/// Texts that carry something where they look like it.
const PERHAPS_TEXTS: [&str; 3] = ["body", "_raw", "event"];

/// Objects that are made to carry.
const OBJECTS: [&str; 5] = ["_source", "kubernetes.audit", "jsonPayload", "log_processed", "properties.log"];

/// Objects that may carry something, or may tell of something else.
const PERHAPS_OBJECTS: [&str; 7] = ["message", "log", "line", "body", "event", "result", "properties"];

/// What a record carries.
enum Part<'a> {
    Text(Cow<'a, str>),
    Object(Raw<'a>, Members<'a>),
    List(Vec<Raw<'a>>),
    /// Tables of an answer of Log Analytics.
    Tables(Vec<Raw<'a>>),
    /// Lines of a stream in an answer of Loki: `[["<nanoseconds>", "<line>"], …]`.
    Samples(Vec<Raw<'a>>),
}

/// The value at a path of names with dots between them, which some pipelines write as one name.
fn at<'a>(members: &Members<'a>, path: &str) -> Option<Raw<'a>> {
    members.get(path).or_else(|| {
        let (outer, name) = path.split_once('.')?;
        inner(members, outer)?.get(name)
    })
}

fn elements<'a>(members: &Members<'a>, name: &str) -> Option<Vec<Raw<'a>>> {
    members.get(name).and_then(|raw| json::elements(raw).ok())
}

fn answer<'a>(members: &Members<'a>) -> Option<Part<'a>> {
    let samples = || elements(members, "values").filter(|_| members.has("stream")).map(Part::Samples);
    elements(members, "tables").map(Part::Tables).or_else(samples)
}

fn list<'a>(members: &Members<'a>) -> Option<Part<'a>> {
    // Of a list of objects the kind says so.
    let lists = LISTS.iter().filter(|path| **path != "items" || !members.has("kind"));
    let arrays = lists.filter_map(|path| at(members, path));
    arrays.filter(|raw| raw.get().starts_with('[')).find_map(|raw| json::elements(raw).ok()).map(Part::List)
}

/// The first text that looks as if it held JSON.
fn json_text<'a>(members: &Members<'a>) -> Option<Part<'a>> {
    let mut texts = TEXTS.iter().chain(&PERHAPS_TEXTS).filter_map(|path| json::string(at(members, path)?));
    texts.find(|text| text.contains('{')).map(Part::Text)
}

/// A text at one of the places that are made for it.
fn any_text<'a>(members: &Members<'a>) -> Option<Part<'a>> {
    TEXTS.iter().find_map(|path| json::string(at(members, path)?)).map(Part::Text)
}

fn object<'a>(members: &Members<'a>, path: &str) -> Option<Part<'a>> {
    let raw = at(members, path)?;
    json::members(raw).ok().map(|members| Part::Object(raw, members))
}

/// Whether an object is a record, or carries one as it seems.
fn bears(members: &Members<'_>) -> bool {
    let known = !matches!(Shape::of(members), Shape::Unknown);
    let special = || gke::is_entry(members) || review::is_review(members) || aks::is_row(members);
    let carries = || json_text(members).or_else(|| list(members)).is_some();
    known || special() || carries()
}

fn part<'a>(members: &Members<'a>) -> Option<Part<'a>> {
    let perhaps =
        |path: &&str| object(members, path).filter(|part| matches!(part, Part::Object(_, inside) if bears(inside)));
    answer(members)
        .or_else(|| json_text(members))
        .or_else(|| OBJECTS.iter().find_map(|path| object(members, path)))
        .or_else(|| PERHAPS_OBJECTS.iter().find_map(perhaps))
        .or_else(|| list(members))
        .or_else(|| any_text(members))
}

impl Decoder {
    /// A record that is none by itself.
    pub(in crate::decode) fn envelope<'a>(
        &self,
        members: &Members<'a>,
        whole: impl FnOnce() -> Option<Raw<'a>>,
        carrier: &Carrier<'_>,
        out: &mut Decoded,
    ) {
        if gke::is_entry(members) {
            self.log_entry(members, whole, carrier, out);
        } else if review::is_review(members) {
            self.review(members, carrier, out);
        } else if aks::is_row(members) {
            self.row(members, carrier, out);
        } else if text(members, "messageType").is_some_and(|kind| kind == "CONTROL_MESSAGE") {
            // CloudWatch tests whether it can deliver.
        } else if let Some(name) = foreign::line_of(members) {
            out.note(Reason::LineOfAnotherLog, carrier.at, name);
        } else if let Some(name) = foreign::log_of(members) {
            out.unreadable(foreign::message(name));
        } else if !self.docker(members, carrier, out) {
            self.unwrapped(members, carrier, out);
        }
    }

    fn unwrapped(&self, members: &Members<'_>, carrier: &Carrier<'_>, out: &mut Decoded) {
        let Some(part) = part(members) else { return out.unreadable(foreign::unknown(members)) };
        let Some(inside) = carrier.inside(members, self.time_field.as_deref()) else {
            return out.unreadable(TOO_DEEP.to_owned());
        };
        match part {
            Part::Text(text) => self.text(&text, &inside, out),
            Part::Object(_, object) if foreign::is_stripped(&object) => out.unreadable(foreign::STRIPPED.to_owned()),
            Part::Object(raw, object) => self.members(&object, || Some(raw), &inside, out),
            Part::List(elements) => elements.into_iter().for_each(|raw| self.element(raw, &inside, out)),
            Part::Tables(tables) => tables.into_iter().for_each(|table| self.table(table, &inside, out)),
            Part::Samples(samples) => samples.into_iter().for_each(|sample| self.sample(sample, &inside, out)),
        }
    }

    /// An element of a list that is carried: a record, or the text of one.
    fn element(&self, raw: Raw<'_>, carrier: &Carrier<'_>, out: &mut Decoded) {
        match json::string(raw) {
            Some(text) => self.text(&text, carrier, out),
            None => self.single(raw, carrier, out),
        }
    }

    /// A line of a stream, with the time that Loki has for it.
    fn sample(&self, pair: Raw<'_>, carrier: &Carrier<'_>, out: &mut Decoded) {
        let pair = json::elements(pair).unwrap_or_default();
        let line = pair.get(1).and_then(|line| json::string(*line));
        let (Some(time), Some(line)) = (pair.first(), line) else {
            return out.unreadable("a sample of a stream that is no line".to_owned());
        };
        let carrier = Carrier { at: stamp::of_value(*time).time().or(carrier.at), ..carrier.clone() };
        self.text(&line, &carrier, out);
    }
}
