//! Logs that are something else: told, so that whoever gave them knows what is wrong with them.

use crate::decode::audit::event::{inner, text};
use crate::decode::shorten;
use crate::json::Members;

/// Why the events of the Elastic integration cannot be used. Its pipeline (elastic/integrations,
/// `kubernetes/data_stream/audit_logs`) removes `metadata` from both bodies, and writes `_` for `.` in the names of annotations.
pub const STRIPPED: &str = "an audit event as the Elastic integration stores it: its ingest pipeline removes `metadata` from \
    the bodies, so they are nobody's; archive the API server's own files, or let the integration keep `event.original`";

/// A `split` that says nothing of sense.
pub const SPLIT: &str = "an entry of Cloud Logging with a `split` that cannot be";

/// What can be read, for a message about what cannot.
const READ: &str = "wanted are watch events, lists and objects of the API, or audit events";

/// Whether an audit event lost what tells what its bodies are.
pub fn is_stripped(event: &Members<'_>) -> bool {
    let headless = |name: &str| inner(event, name).is_some_and(|body| body.has("kind") && !body.has("metadata"));
    let dedotted = |annotations: Members<'_>| annotations.keys().any(|key| key.contains("_k8s_io/"));
    // DeleteOptions have no metadata to lose.
    let is_delete = text(event, "verb").is_some_and(|verb| verb.starts_with("delete"));
    headless("responseObject")
        || (!is_delete && headless("requestObject"))
        || inner(event, "annotations").is_some_and(dedotted)
}

/// Records that stand beside audit events as a matter of course, and are passed over.
pub fn line_of(members: &Members<'_>) -> Option<String> {
    if let Some(category) = text(members, "category").or_else(|| text(members, "Category"))
        && (members.has("properties") || members.has("log_s"))
        && !category.starts_with("kube-audit")
    {
        return Some(format!("a diagnostic log of Azure of the category {}", shorten(&category, 40)));
    }
    let klog = members.has("ts") && members.has("msg") && (members.has("caller") || members.has("v"));
    klog.then(|| format!("a line of a server's log: {}", shorten(&text(members, "msg").unwrap_or_default(), 60)))
}

/// The name of a log of JSON that is known to be another.
pub fn log_of(members: &Members<'_>) -> Option<&'static str> {
    let has = |names: &[&str]| names.iter().all(|name| members.has(name));
    let first_record = || {
        let records = crate::json::elements(members.get("Records")?).ok()?;
        crate::json::members(*records.first()?).ok()
    };
    if has(&["rule", "priority", "output"]) {
        Some("alerts of Falco")
    } else if has(&["eventSource", "eventVersion"]) || first_record().is_some_and(|first| first.has("eventSource")) {
        Some("AWS CloudTrail")
    } else if has(&["verb", "event"]) && inner(members, "event").is_some_and(|event| is_core_event(&event)) {
        Some("Events of Kubernetes, which tell about objects and do not hold them")
    } else {
        None
    }
}

/// Whether an object is an Event of the core group or of events.k8s.io.
pub fn is_core_event(object: &Members<'_>) -> bool {
    (object.has("involvedObject") || object.has("regarding")) && object.has("reason")
}

/// The message about such an Event.
pub fn core_event() -> String {
    message("an Event of Kubernetes, which tells about an object and does not hold it")
}

/// What a line of text looks like, where that is known.
fn text_of(line: &str) -> Option<&'static str> {
    let words: Vec<&str> = line.split_whitespace().take(14).collect();
    let number = |index: usize| words.get(index).is_some_and(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
    match words[..] {
        ["LAST", "SEEN", "TYPE", ..] | ["NAMESPACE", "LAST", "SEEN", ..] => Some("the table of `kubectl get events`"),
        ["NAME", ..] | ["NAMESPACE", "NAME", ..] => Some("a table of `kubectl get`, which wants `-o json`"),
        ["version", "account-id", "interface-id", ..] => Some("flow logs of an AWS VPC"),
        [_, _, interface, ..] if interface.starts_with("eni-") && number(0) => Some("flow logs of an AWS VPC"),
        [_, _, _, time, ..] if time.starts_with('[') && line.contains("HTTP/") => {
            Some("the access log of a web server")
        }
        [key, ..] if key == "apiVersion:" || key == "---" || key.starts_with("kind:") => {
            Some("YAML, where JSON is wanted (`-o json`)")
        }
        _ => None,
    }
}

/// The message about a line without JSON.
pub fn no_json(line: &[u8], excerpt: &str) -> String {
    match text_of(&String::from_utf8_lossy(&line[..line.len().min(400)])) {
        Some(name) => format!("{}: {excerpt}", message(name)),
        None => format!("no JSON: {excerpt}"),
    }
}

/// The message about a log of another kind.
pub fn message(name: &str) -> String {
    format!("this looks like {name}; {READ}")
}

/// The message about a record of which nothing is known.
pub fn unknown(members: &Members<'_>) -> String {
    let mut keys: Vec<String> = members.keys().take(6).map(|key| format!("`{}`", shorten(key, 30))).collect();
    keys.sort_unstable();
    let keys = if keys.is_empty() { "none".to_owned() } else { keys.join(", ") };
    format!(
        "JSON, but neither a watch event, a list, an object, an audit event, nor anything known to carry one; its keys: {keys}"
    )
}
