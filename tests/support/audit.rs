//! Audit events, written as an API server writes them, and a check of what is made of them.

use serde_json::{Value, json};

use super::{export_with_account, tracking};

/// An audit event of the stage ResponseComplete.
#[derive(Clone)]
pub struct Audit(Value);

/// An event at a second of 1970, of a verb, on `group/version resource namespace/name/subresource?query`; the namespace of what
/// has none is empty: `v1 nodes /node-1`. Without bodies it is one of level Metadata.
pub fn audit(second: impl Into<f64>, verb: &str, what: &str) -> Audit {
    let [group_version, resource, rest] = what.splitn(3, ' ').collect::<Vec<_>>()[..] else { panic!("{what}") };
    let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
    let mut parts = path.splitn(3, '/').chain(["", ""]);
    let [namespace, name, subresource] = [(); 3].map(|()| parts.next().unwrap());
    let (group, version) = group_version.split_once('/').unwrap_or(("", group_version));
    let mut uri = if group.is_empty() { format!("/api/{version}") } else { format!("/apis/{group_version}") };
    if !namespace.is_empty() {
        uri += &format!("/namespaces/{namespace}");
    }
    uri += &format!("/{resource}");
    // The name of what is created stands in its body, from where the server takes it into the reference.
    let in_path = if verb == "create" && subresource.is_empty() { ["", ""] } else { [name, subresource] };
    for part in in_path.iter().filter(|part| !part.is_empty()) {
        uri += &format!("/{part}");
    }
    if let Some(query) = query {
        uri += &format!("?{query}");
    }
    let namespace = if resource == "namespaces" { name } else { namespace };
    let parts = [
        ("resource", resource),
        ("namespace", namespace),
        ("name", name),
        ("apiGroup", group),
        ("apiVersion", version),
        ("subresource", subresource),
    ];
    let reference: serde_json::Map<String, Value> =
        parts.iter().filter(|(_, text)| !text.is_empty()).map(|(key, text)| ((*key).to_owned(), json!(text))).collect();
    let time = time(second);
    Audit(json!({
        "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "stage": "ResponseComplete",
        "requestURI": uri, "verb": verb, "user": {"username": "admin"}, "objectRef": reference,
        "responseStatus": {"metadata": {}, "code": if verb == "create" { 201 } else { 200 }},
        "requestReceivedTimestamp": time, "stageTimestamp": time,
    }))
}

fn time(second: impl Into<f64>) -> String {
    tracer::model::Timestamp::from_micros((second.into() * 1e6) as i64).to_string()
}

impl Audit {
    /// With a value at a place whose parents exist, as `/objectRef/uid`.
    #[must_use]
    pub fn with(self, place: &str, value: Value) -> Self {
        Audit(super::with(self.0, place, value))
    }

    /// With the request's body.
    #[must_use]
    pub fn request(self, body: &Value) -> Self {
        let level = if self.0.get("responseObject").is_some() { "RequestResponse" } else { "Request" };
        self.with("/requestObject", body.clone()).with("/level", json!(level))
    }

    /// With the response's body.
    #[must_use]
    pub fn response(self, body: &Value) -> Self {
        self.with("/responseObject", body.clone()).with("/level", json!("RequestResponse"))
    }

    #[must_use]
    pub fn code(self, code: u32) -> Self {
        self.with("/responseStatus/code", json!(code))
    }

    #[must_use]
    pub fn user(self, name: &str) -> Self {
        self.with("/user/username", json!(name))
    }

    #[must_use]
    pub fn stage(self, stage: &str) -> Self {
        self.with("/stage", json!(stage))
    }

    /// With the id that events are told apart by.
    #[must_use]
    pub fn id(self, id: &str) -> Self {
        self.with("/auditID", json!(id))
    }

    /// With the version that the request names.
    #[must_use]
    pub fn upon(self, version: &str) -> Self {
        self.with("/objectRef/resourceVersion", json!(version))
    }

    /// The server refused it.
    #[must_use]
    pub fn refused(self, code: u32) -> Self {
        self.code(code).with("/responseStatus/status", json!("Failure"))
    }

    /// The answer was a Status of success, of which level Metadata keeps this.
    #[must_use]
    pub fn success(self) -> Self {
        self.with("/responseStatus/status", json!("Success"))
    }

    /// The same, with its body and the uid of what was deleted.
    #[must_use]
    pub fn success_of(self, uid: &str) -> Self {
        let details = json!({"uid": uid});
        let body =
            json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details});
        self.success().with("/responseStatus/details", details).response(&body)
    }

    pub fn line(&self) -> String {
        self.0.to_string()
    }
}

/// A log of these events, each with an id of its own if it has none yet.
pub fn audit_log(events: &[Audit]) -> String {
    let named = |(i, event): (usize, &Audit)| {
        let mut event = event.clone();
        event.0.as_object_mut().unwrap().entry("auditID").or_insert_with(|| json!(format!("event-{i}")));
        event.line() + "\n"
    };
    events.iter().enumerate().map(named).collect()
}

/// What is told of the log itself and not of objects: counted apart, and tested apart.
const OF_THE_LOG: [&str; 5] =
    ["dry-run-ignored", "outcome-unknown", "bodies-not-logged", "server-silent", "clocks-differ"];

/// Checks what is made of a log, from second 5 to 95: what is applied and deleted, then lifecycles; and the whole account.
#[track_caller]
pub fn tells(events: &[Audit], trace: &[&str], gaps: &[(&str, u64)]) {
    log_tells(&audit_log(events), &[], trace, gaps);
}

/// The same, where other kinds are tracked, see [`tracking`].
#[track_caller]
pub fn tells_of(kinds: &[&str], events: &[Audit], trace: &[&str], gaps: &[(&str, u64)]) {
    let config = tracking(kinds);
    log_tells(&audit_log(events), &["--config", config.path().to_str().unwrap()], trace, gaps);
}

/// The same of any log, and with more arguments.
#[track_caller]
pub fn log_tells(log: &str, args: &[&str], trace: &[&str], gaps: &[(&str, u64)]) {
    let (shown, account) = export_with_account(log, &[&["--from", "5", "--to", "95"], args].concat());
    let told: Vec<&str> = shown.lines().filter(|line| !line.ends_with(" |")).collect();
    assert_eq!(told, trace, "{log}\n{:#}", account["gaps"]);
    let counted: Vec<(&str, u64)> = account["gaps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|gap| (gap["reason"].as_str().unwrap(), gap["count"].as_u64().unwrap()))
        .filter(|(reason, _)| !OF_THE_LOG.contains(reason))
        .collect();
    assert_eq!(counted, gaps, "{log}\n{:#}", account["gaps"]);
}

impl std::fmt::Debug for Audit {
    /// As a line of a log: what a test that fails shows can be run.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.line())
    }
}
