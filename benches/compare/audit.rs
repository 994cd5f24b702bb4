//! The audit log of the laboratory as a template, with the mix of a usual policy.
//!
//! The recording has a line for each stage and few reads. Usual policies omit RequestReceived, and the logs they write consist
//! mostly of what no export looks into: of one that was measured, 21 % of the lines and 54 % of the bytes matter. The template
//! omits that stage too, and repeats lines that do not matter until both shares are reached.

use serde::Deserialize;

use super::lab;
use super::template::{Line, Template, parse_moment};

/// What share of the lines of a usual log matters.
const LINES_THAT_MATTER: f64 = 0.21;
/// What share of its bytes.
const BYTES_THAT_MATTER: f64 = 0.54;
/// Repeated lines have IDs of their own, which no copy may have.
const REPEATED: u64 = 1 << 62;

/// What tells of an audit event whether it matters.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    level: String,
    stage: String,
    #[serde(rename = "requestURI")]
    request_uri: String,
    verb: String,
    #[serde(default)]
    object_ref: ObjectRef,
    response_status: Option<Status>,
    stage_timestamp: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ObjectRef {
    resource: String,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    code: u32,
}

impl Event {
    /// Whether it is a write of a workload that succeeded.
    fn matters(&self, text: &str) -> bool {
        let writes = ["create", "update", "patch", "delete", "deletecollection"];
        let workloads = ["pods", "deployments", "replicasets", "statefulsets", "daemonsets", "jobs", "cronjobs"];
        let succeeded = self.response_status.as_ref().is_some_and(|status| status.code < 300);
        let dry = self.request_uri.contains("dryRun=") || text.contains("\"dryRun\":[");
        let complete = self.stage == "ResponseComplete";
        let written = writes.contains(&self.verb.as_str()) && workloads.contains(&self.object_ref.resource.as_str());
        complete && succeeded && written && !dry
    }

    /// How a busy cluster would have it more often, if it would.
    fn repeats(&self) -> Option<Weight> {
        let resource = self.object_ref.resource.as_str();
        let read = matches!(self.verb.as_str(), "get" | "list" | "watch");
        match (self.level.as_str(), resource) {
            ("Metadata", _) if read => Some(Weight::Light),
            ("Metadata", "leases" | "endpointslices" | "events") => Some(Weight::Light),
            ("RequestResponse", "nodes" | "endpoints") if self.verb != "create" => Some(Weight::Heavy),
            _ => None,
        }
    }
}

/// Whether a line that may be repeated has bodies.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weight {
    Light,
    Heavy,
}

/// The template, and how long the recording is in microseconds.
pub fn template() -> anyhow::Result<(Template, i64)> {
    let mut template = Template::default();
    let mut lines = Vec::new();
    let mut repeating = [Vec::new(), Vec::new()];
    for text in merged()? {
        let event: Event = serde_json::from_str(&text)?;
        let about = event.object_ref.name.as_deref().filter(|_| event.object_ref.resource == "namespaces");
        let mut line = template.line(text.as_bytes(), moment(&event.stage_timestamp)?, about);
        line.matters = event.matters(&text);
        if let Some(weight) = event.repeats().filter(|_| !line.matters) {
            repeating[usize::from(weight == Weight::Heavy)].push(line.clone());
        }
        lines.push(line);
    }
    let times = || lines.iter().map(|line| line.time);
    let length = times().max().unwrap_or_default() - times().min().unwrap_or_default();
    let repeated = mix(&lines, &repeating);
    template.lines = interleave(&mut template, lines, &repeated);
    Ok((template, length))
}

/// The events of all servers in one log. Within each, their order stays: it is that of the responses, nearly that of time.
fn merged() -> anyhow::Result<Vec<String>> {
    let logs = lab::audit_logs()?;
    let mut heads: Vec<_> = logs.iter().map(|log| log.lines().filter(|line| is_kept(line)).peekable()).collect();
    let mut merged = Vec::new();
    loop {
        let next =
            heads.iter_mut().enumerate().filter_map(|(server, lines)| Some((stage_moment(lines.peek()?), server)));
        let Some((_, server)) = next.min() else { return Ok(merged) };
        merged.extend(heads[server].next().map(str::to_owned));
    }
}

/// As by `omitStages`.
fn is_kept(line: &str) -> bool {
    !line.contains("\"stage\":\"RequestReceived\"")
}

/// The text of the stage's moment of an audit event; that of events of one length sorts as they do.
pub fn stage_moment(line: &str) -> &str {
    let key = "\"stageTimestamp\":\"";
    line.rfind(key).and_then(|at| line[at + key.len()..].split('"').next()).unwrap_or_default()
}

fn moment(text: &str) -> anyhow::Result<i64> {
    let (micros, _) = parse_moment(text).ok_or_else(|| anyhow::anyhow!("not a moment: {text}"))?;
    Ok(micros)
}

/// Which lines to repeat, in order, so that the shares of what matters come out.
fn mix(lines: &[Line], repeating: &[Vec<Line>; 2]) -> Vec<Line> {
    let bytes = |lines: &mut dyn Iterator<Item = &Line>| lines.map(|line| line.len() as f64).sum::<f64>();
    let (count, size) = (lines.len() as f64, bytes(&mut lines.iter()));
    let mattering = || lines.iter().filter(|line| line.matters);
    let missing = mattering().count() as f64 / LINES_THAT_MATTER - count;
    let missing_bytes = bytes(&mut mattering()) / BYTES_THAT_MATTER - size;
    let [light, heavy] = repeating.each_ref().map(|lines| bytes(&mut lines.iter()) / lines.len().max(1) as f64);
    let heavy_share = ((missing_bytes / missing - light) / (heavy - light)).clamp(0.0, 1.0);
    let mut taken = [0, 0];
    let pick = |at: u64| {
        let is_heavy = ((at + 1) as f64 * heavy_share) as u64 > (at as f64 * heavy_share) as u64;
        let (from, taken) = (&repeating[usize::from(is_heavy)], &mut taken[usize::from(is_heavy)]);
        *taken += 1;
        from[(*taken - 1) % from.len()].clone()
    };
    (0..missing.max(0.0) as u64).map(pick).collect()
}

/// The lines with the repeated ones spread evenly between them, each at a moment between those of its neighbours.
fn interleave(template: &mut Template, lines: Vec<Line>, repeated: &[Line]) -> Vec<Line> {
    let mut all = Vec::with_capacity(lines.len() + repeated.len());
    let mut done = 0;
    for (at, line) in lines.iter().enumerate() {
        all.push(line.clone());
        let until = (at + 1) * repeated.len() / lines.len();
        let next = lines.get(at + 1).map_or(line.time, |next| next.time.max(line.time));
        let steps = (until - done + 1) as i64;
        for (step, again) in (1..).zip(&repeated[done..until]) {
            let salt = REPEATED + (done as u64) + step as u64;
            all.push(template.repeat(again, line.time + (next - line.time) * step / steps, salt));
        }
        done = until;
    }
    all
}
