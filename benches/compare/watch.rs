//! The watches of the laboratory as one template, and the log of a watch of very many objects.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::lab;
use super::template::{Template, parse_moment, push_moment};

/// What is to know of a watch event.
#[derive(Deserialize)]
struct Event {
    ts: String,
    r#type: String,
    object: Object,
}

#[derive(Deserialize)]
struct Object {
    kind: String,
    metadata: Metadata,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metadata {
    name: String,
    namespace: String,
    resource_version: String,
    annotations: BTreeMap<String, String>,
}

/// All resources' events by time.
///
/// A copy is followed by the next as one watch that goes on, not as one that begins anew: what is there at its end is deleted,
/// and only the first says that an initial set has ended.
pub fn template() -> anyhow::Result<Template> {
    let mut events = Vec::new();
    for log in lab::watches()? {
        for text in log.lines() {
            events.push((serde_json::from_str::<Event>(text)?, text.to_owned()));
        }
    }
    events.sort_by(|a, b| a.0.ts.cmp(&b.0.ts));
    let mut template = Template::default();
    let mut alive = BTreeMap::new();
    let mut last = 0;
    for (event, text) in &events {
        let metadata = &event.object.metadata;
        let key = (event.object.kind.as_str(), metadata.namespace.as_str(), metadata.name.as_str());
        match event.r#type.as_str() {
            "BOOKMARK" => {}
            "DELETED" => drop(alive.remove(&key)),
            _ => drop(alive.insert(key, (event, text))),
        }
        last = moment(&event.ts)?.max(last + 1);
        let mut line = template.line(text.as_bytes(), last, namespace(&event.object));
        line.once = metadata.annotations.contains_key("k8s.io/initial-events-end");
        line.matters = true;
        template.lines.push(line);
    }
    let highest = events.iter().filter_map(|event| event.0.object.metadata.resource_version.parse::<u64>().ok()).max();
    let leftover = (1..).zip(alive.into_values());
    for (number, (event, text)) in leftover {
        let time = last + 1000 * number as i64;
        let text = deletion(event, text, time, highest.unwrap_or_default() + number);
        let mut line = template.line(text.as_bytes(), time, namespace(&event.object));
        line.matters = true;
        template.lines.push(line);
    }
    Ok(template)
}

fn namespace(object: &Object) -> Option<&str> {
    (object.kind == "Namespace").then_some(object.metadata.name.as_str())
}

fn moment(text: &str) -> anyhow::Result<i64> {
    let (micros, _) = parse_moment(text).ok_or_else(|| anyhow::anyhow!("not a moment: {text}"))?;
    Ok(micros)
}

/// The deletion of what an event shows: its content under a new resource version.
fn deletion(event: &Event, text: &str, time: i64, version: u64) -> String {
    let mut now = Vec::new();
    push_moment(time, 6, &mut now);
    let old = format!("\"resourceVersion\":\"{}\"", event.object.metadata.resource_version);
    text.replacen(&event.ts, &format!("{}Z", String::from_utf8_lossy(&now)), 1)
        .replacen(&format!("\"type\":\"{}\"", event.r#type), "\"type\":\"DELETED\"", 1)
        .replacen(&old, &format!("\"resourceVersion\":\"{version}\""), 1)
}
