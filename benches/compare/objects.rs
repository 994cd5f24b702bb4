//! A watch of very many objects, some of them pods with owners three deep.

use std::fs::File;
use std::io::{BufWriter, Write as _};

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::corpus::About;
use super::lab;
use super::template::{Copy, Filling, NUMBER, Template, push_moment};

/// Objects that are alive.
pub const OBJECTS: u64 = 1_000_000;
/// Pods among them. Four have a ReplicaSet, which has a Deployment, which has an object of a custom resource.
pub const PODS: u64 = 100_000;
/// How many Deployments change later, in each second of a minute.
const CHANGES: u64 = 200;
/// The part of the log that shows each object once, as it is when the log begins. The rest shows some of them once more.
pub const ALIVE: f64 = OBJECTS as f64 / (OBJECTS + 60 * CHANGES) as f64;
/// The namespaces that all are spread over.
const NAMESPACES: u64 = 100;
/// Microseconds from one object to the next: the initial set takes less than a second.
const PERIOD: i64 = 1;
/// Resource versions from one family to the next.
const VERSIONS: u64 = 1_000;
/// What a Deployment's change has more in its resource version.
const LATER: u64 = 2_000_000_000;
/// When the watch begins, in microseconds: 2026-11-23T16:00:00Z.
const START: i64 = 1_795_449_600_000_000;
const SECOND: i64 = 1_000_000;

#[derive(Deserialize)]
struct Event<'a> {
    ts: &'a str,
    r#type: &'a str,
    #[serde(borrow)]
    object: Object<'a>,
}

#[derive(Deserialize)]
struct Object<'a> {
    kind: &'a str,
    #[serde(borrow)]
    metadata: Metadata<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata<'a> {
    #[serde(default)]
    name: &'a str,
    #[serde(default)]
    resource_version: &'a str,
    #[serde(borrow)]
    managed_fields: Option<&'a RawValue>,
}

/// Writes the watch: the initial set, its end, and changes of some Deployments.
pub fn write(out: &mut File) -> anyhow::Result<About> {
    let logs = lab::watches()?;
    let families = PODS / 4;
    // A family is seven objects; all others are Deployments that nobody owns.
    let single = OBJECTS - 7 * families;
    let family = family(&logs)?;
    let owned = template(&family, START)?;
    let alone = template(&[orphaned(&family[1])], START)?;
    let change = [changed(&family[1])?];

    let mut about = About { span: (i64::MAX, i64::MIN), period: 1, ..About::default() };
    let mut out = BufWriter::with_capacity(4 << 20, out);
    repeat(&owned, 0..families, &mut about, &mut out)?;
    repeat(&alone, families..families + single, &mut about, &mut out)?;
    repeat(&template(&ends(&logs), START + SECOND)?, 0..1, &mut about, &mut out)?;
    for second in 0..60 {
        let changes = template(&change, START + SECOND * (60 + second as i64))?;
        repeat(&changes, second * CHANGES..(second + 1) * CHANGES, &mut about, &mut out)?;
    }
    out.flush()?;
    about.middle = about.span.0.div_euclid(1_000_000);
    Ok(about)
}

fn repeat(
    template: &Template,
    numbers: impl Iterator<Item = u64>,
    about: &mut About,
    out: &mut impl std::io::Write,
) -> anyhow::Result<()> {
    let mut filling = Filling::default();
    let mut text = Vec::new();
    for number in numbers {
        let copy = Copy { number, cluster: number % NAMESPACES, period: PERIOD, versions: VERSIONS };
        template.fill(copy, &mut filling);
        for line in &template.lines {
            text.clear();
            template.write(line, &filling, &mut text);
            about.add(line.time + copy.shift(), true, &text, 1)?;
            out.write_all(&text)?;
        }
    }
    Ok(())
}

/// Lines of one moment.
fn template(texts: &[String], time: i64) -> anyhow::Result<Template> {
    let mut now = Vec::new();
    push_moment(time, 6, &mut now);
    let now = format!("{}Z", String::from_utf8(now)?);
    let mut template = Template::default();
    for text in texts {
        let event: Event<'_> = serde_json::from_str(text)?;
        let line = template.line(text.replacen(event.ts, &now, 1).as_bytes(), time, None);
        template.lines.push(line);
    }
    Ok(template)
}

/// An object of a custom resource, its Deployment, its ReplicaSet and four pods, as they were last.
fn family(logs: &[String]) -> anyhow::Result<Vec<String>> {
    let gang = last(logs, "Gang", "train")?;
    let deployment = last(logs, "Deployment", "web")?;
    let owner = r#""ownerReferences":[{"apiVersion":"lab.example.dev/v1alpha1","kind":"Gang","name":"web","uid":"UID","controller":true,"blockOwnerDeletion":true}]"#;
    let uid = between(&gang, "\"uid\":\"", "\"").context("the gang has no uid")?;
    let owner = owner.replace("UID", uid);
    // Where the fields that were managed stood, which come after the owners.
    let deployment = deployment.replacen("},\"spec\":", &format!(",{owner}}},\"spec\":"), 1);
    let gang = gang.replace("\"namespace\":\"batch\"", "\"namespace\":\"shop\"").replace("\"train\"", "\"web\"");
    let set = between(&deployment, "ReplicaSet \\\"", "\\\"").context("the Deployment names no ReplicaSet")?.to_owned();
    let mut family = vec![gang, deployment, last(logs, "ReplicaSet", &set)?];
    let mut pods: Vec<&str> = logs.iter().flat_map(|log| log.lines()).filter_map(|text| pod_of(text, &set)).collect();
    pods.sort_unstable();
    pods.dedup();
    for pod in pods.into_iter().take(4) {
        family.push(last(logs, "Pod", pod)?);
    }
    anyhow::ensure!(family.len() == 7, "{set} has too few pods");
    // Names and labels, and what begins with them.
    let numbered = |text: String| {
        text.replace("\"web\"", &format!("\"web-{NUMBER}\"")).replace("\"web-7", &format!("\"web-{NUMBER}-7"))
    };
    Ok(family.into_iter().map(numbered).collect())
}

/// The name of the pod of a ReplicaSet that an event shows.
fn pod_of<'a>(text: &'a str, set: &str) -> Option<&'a str> {
    let name = between(text, "\"metadata\":{\"name\":\"", "\"")?;
    let of_set = text.contains("\"kind\":\"Pod\",\"apiVersion\"") && name.strip_prefix(set)?.starts_with('-');
    of_set.then_some(name)
}

/// What the last event of an object before its deletion shows, as of an initial set and without managed fields.
fn last(logs: &[String], kind: &str, name: &str) -> anyhow::Result<String> {
    let mut found = None;
    for text in logs.iter().flat_map(|log| log.lines()).filter(|text| text.contains(name)) {
        let event: Event<'_> = serde_json::from_str(text)?;
        if event.r#type != "DELETED" && event.object.kind == kind && event.object.metadata.name == name {
            let managed = event.object.metadata.managed_fields.map(RawValue::get).unwrap_or_default();
            let kept = text.replacen(&format!(",\"managedFields\":{managed}"), "", 1);
            found = Some(kept.replacen("\"type\":\"MODIFIED\"", "\"type\":\"ADDED\"", 1));
        }
    }
    found.with_context(|| format!("the laboratory has no {kind} {name}"))
}

/// The same without owners.
fn orphaned(text: &str) -> String {
    let owners = between(text, ",\"ownerReferences\":[", "]").unwrap_or_default();
    text.replacen(&format!(",\"ownerReferences\":[{owners}]"), "", 1)
}

/// The same with more replicas.
fn changed(text: &str) -> anyhow::Result<String> {
    let event: Event<'_> = serde_json::from_str(text)?;
    let version: u64 = event.object.metadata.resource_version.parse()?;
    Ok(text
        .replacen("\"type\":\"ADDED\"", "\"type\":\"MODIFIED\"", 1)
        .replacen(
            &format!("\"resourceVersion\":\"{version}\""),
            &format!("\"resourceVersion\":\"{}\"", version + LATER),
            1,
        )
        .replacen("\"spec\":{\"replicas\":4", "\"spec\":{\"replicas\":5", 1))
}

/// The ends of the initial sets.
fn ends(logs: &[String]) -> Vec<String> {
    let kinds = ["Gang", "Deployment", "ReplicaSet", "Pod"].map(|kind| format!("\"kind\":\"{kind}\""));
    let of_kind = |text: &&str| kinds.iter().any(|kind| text.contains(kind));
    let lines = logs.iter().flat_map(|log| log.lines()).filter(|text| text.contains("\"k8s.io/initial-events-end\""));
    lines.filter(of_kind).map(str::to_owned).collect()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}
