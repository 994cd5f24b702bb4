//! Every version of objects: when it came, who wrote it, and what it changed.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use crate::blobs::Blob;
use crate::cli::{GetOptions, Shown};
use crate::difference;
use crate::filter::Subject;
use crate::manifest::{self, Form};
use crate::model::{ObjectKey, Timestamp};
use crate::output::{Harmless, Output, Styles};
use crate::report::{Reason, Report};
use crate::state;
use crate::store::{EndCause, History, Object, Quality, Version};

use super::kinds::Selection;

/// The objects that are meant, in the order of the kinds and of their names; of one name in the order of their births. One is
/// kept by its labels if any version of it would be.
pub(super) fn objects<'h>(options: &GetOptions, selection: &Selection, history: &'h History) -> Vec<&'h Object> {
    let kept = |object: &Object| {
        let ObjectKey { kind, namespace, name } = &object.key;
        object.versions.iter().any(|version| {
            let labels = version.metadata.labels();
            options.filters.keeps(&Subject { kind, namespace, name, labels: &labels })
        })
    };
    let mut objects: Vec<&Object> = Vec::new();
    for kind in selection.kinds() {
        let of_kind = history.objects.iter().filter(|object| object.key.kind == *kind && selection.wants(&object.key));
        objects.extend(of_kind.filter(|object| kept(object)));
    }
    objects
}

/// Notes the objects of which some version is not as any record shows it.
pub(super) fn note(objects: &[&Object], report: &mut Report) {
    for object in objects {
        for (quality, reason) in
            [(Quality::Approximate, Reason::ContentApproximate), (Quality::Stale, Reason::ContentStale)]
        {
            if let Some(version) = object.versions.iter().find(|version| version.quality == quality) {
                report.note(reason, Some(version.at.max(object.first_seen)), || object.key.to_string());
            }
        }
        if object.versions.iter().all(|version| version.content.is_none()) {
            report.note(Reason::ContentUnknown, Some(object.first_seen), || object.key.to_string());
        }
    }
}

/// Writes them.
///
/// # Errors
/// Of the writer.
pub(super) fn write(options: &GetOptions, history: &History, objects: &[&Object], out: &mut Output) -> io::Result<()> {
    if options.shown == Shown::Json {
        let all = objects.iter().map(|object| of_object(history, object)).collect();
        return manifest::write(Form::Json, &Value::Array(all), out);
    }
    let styles = out.styles(options.common.color);
    for (number, object) in objects.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        text(history, object, styles, out)?;
    }
    Ok(())
}

/// A step in the life of an object.
struct Step<'h> {
    at: Timestamp,
    what: &'static str,
    writer: Option<&'h Blob>,
    version: Option<&'h Version>,
    note: String,
}

fn steps<'h>(object: &'h Object) -> impl Iterator<Item = Step<'h>> {
    let versions = object.versions.iter().enumerate().map(|(number, version)| {
        let was_there = number == 0 && object.born < object.first_seen;
        let (at, what) = match number {
            0 if was_there => (object.first_seen, "seen"),
            0 => (version.at, "created"),
            _ => (version.at, "changed"),
        };
        let note = if was_there { format!(", there since {}", object.born) } else { String::new() };
        Step { at, what, writer: version.writer.as_ref(), version: Some(version), note }
    });
    let end = object.end.map(|end| {
        let (what, note) = match end.cause {
            EndCause::Deleted => ("deleted", ""),
            EndCause::GoneInGap => ("gone", ", at some time before"),
            EndCause::Replaced => ("gone", ", replaced by another of its name"),
            EndCause::Concluded => ("gone", ", as its deletion was asked for"),
        };
        Step { at: end.at, what, writer: object.ended_by.as_ref(), version: None, note: note.to_owned() }
    });
    versions.chain(end)
}

/// The object at a version, without what differs in every one.
fn body(history: &History, object: &Object, version: &Version) -> Value {
    let mut body = state::whole(history, object, version);
    if let Some(Value::Object(metadata)) = body.get_mut("metadata") {
        metadata.remove("resourceVersion");
    }
    body
}

fn text(history: &History, object: &Object, styles: Styles, out: &mut impl Write) -> io::Result<()> {
    let uid = object.versions.iter().find_map(uid);
    let uid = uid.map(|uid| format!(" {}", styles.aside(&Harmless(&uid).to_string()))).unwrap_or_default();
    writeln!(out, "{}{uid}", styles.heading(&Harmless(&object.key.to_string()).to_string()))?;
    let mut before: Option<Value> = None;
    for step in steps(object) {
        let by = step.writer.map(|writer| format!(" by {}", by(writer))).unwrap_or_default();
        let number = step.version.and_then(|version| version.resource_version);
        let number =
            number.map(|number| format!(" {}", styles.aside(&format!("(version {number})")))).unwrap_or_default();
        let doubt = step.version.map_or("", doubt);
        let doubt =
            if doubt.is_empty() { String::new() } else { format!(" {}", styles.warning(&format!("[{doubt}]"))) };
        writeln!(out, "{}  {}{by}{}{number}{doubt}", step.at, styles.heading(step.what), step.note)?;
        let Some(version) = step.version else { continue };
        let after = body(history, object, version);
        if let Some(before) = &before {
            difference::write(&difference::between(before, &after), out, "    ", styles)?;
        }
        before = Some(after);
    }
    Ok(())
}

fn uid(version: &Version) -> Option<String> {
    version.metadata.object().get("uid").and_then(Value::as_str).map(str::to_owned)
}

/// How a version is not as any record shows it.
fn doubt(version: &Version) -> &'static str {
    match (version.quality, version.whole) {
        _ if version.content.is_none() => "content unknown",
        (Quality::Stale, _) => "what it changed is unknown",
        (Quality::Approximate, _) => "as it was asked for",
        (Quality::Exact, Quality::Exact) => "",
        (Quality::Exact, _) => "status uncertain",
    }
}

/// User, agent and verb in a few words.
fn by(writer: &Blob) -> String {
    let writer = writer.object();
    let part = |name: &str| Harmless(writer.get(name).and_then(Value::as_str).unwrap_or_default()).to_string();
    let verb = match (part("verb"), part("subresource")) {
        (verb, subresource) if subresource.is_empty() => verb,
        (verb, subresource) => format!("{verb} {subresource}"),
    };
    let user = part("user");
    let user = if user.is_empty() { "somebody".to_owned() } else { user };
    // What follows a program's name and version is of no use here; -o json has it.
    match part("agent").split_whitespace().next() {
        None => format!("{user}, {verb}"),
        Some(agent) => format!("{user} with {agent}, {verb}"),
    }
}

fn of_object(history: &History, object: &Object) -> Value {
    let mut before: Option<Value> = None;
    let mut versions = Vec::new();
    let mut end = Value::Null;
    for step in steps(object) {
        let Some(version) = step.version else {
            end = json!({"at": step.at.to_string(), "by": step.writer.map(Blob::object), "what": step.what});
            continue;
        };
        let after = body(history, object, version);
        let changes = before.as_ref().map(|before| difference::between(before, &after));
        versions.push(json!({
            "at": step.at.to_string(),
            "by": step.writer.map(Blob::object),
            "certainty": certainty(version),
            "changes": changes.map(|changes| json!(changes)),
            "resourceVersion": version.resource_version.map(|number| number.to_string()),
            "what": step.what,
        }));
        before = Some(after);
    }
    let ObjectKey { kind, namespace, name } = &object.key;
    let members = [
        ("group", json!(kind.group)),
        ("kind", json!(kind.kind)),
        ("namespace", json!(namespace)),
        ("name", json!(name)),
        ("uid", json!(object.versions.iter().find_map(uid))),
        ("born", json!(object.born.to_string())),
        ("versions", Value::Array(versions)),
        ("end", end),
    ];
    Value::Object(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>())
}

fn certainty(version: &Version) -> &'static str {
    match version.whole {
        _ if version.content.is_none() => "unknown",
        Quality::Exact => "exact",
        Quality::Approximate => "approximate",
        Quality::Stale => "stale",
    }
}
