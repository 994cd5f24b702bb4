//! Writes records as collectors and clouds do: each writer takes lines of JSON and gives a file that carries them.

#![allow(dead_code, reason = "each test binary uses its own part of this")]
#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

use serde_json::{Value, json};

/// A writer, and its name.
pub type Writer = (&'static str, fn(&[String]) -> String);

/// The writers that keep every line as it is.
pub const WRITERS: [Writer; 26] = [
    ("eks_s3", eks_s3),
    ("cloudwatch_subscription", cloudwatch_subscription),
    ("firehose_concatenated", firehose_concatenated),
    ("filter_log_events", filter_log_events),
    ("aks_records", aks_records),
    ("azure_diagnostics", azure_diagnostics),
    ("fluentbit", fluentbit),
    ("fluentbit_cri", fluentbit_cri),
    ("docker", docker),
    ("docker_pieces", docker_pieces),
    ("docker_pieces_collected", docker_pieces_collected),
    ("cri", cri),
    ("cri_partial", cri_partial),
    ("cri_partial_in_docker", cri_partial_in_docker),
    ("vector", vector),
    ("filebeat", filebeat),
    ("logcli", logcli),
    ("loki_answer", loki_answer),
    ("elastic_hit", elastic_hit),
    ("elastic_answer", elastic_answer),
    ("event_original", event_original),
    ("node_prefix", node_prefix),
    ("syslog", syslog),
    ("journald", journald),
    ("text_payload", text_payload),
    ("nested_four_deep", nested_four_deep),
];

/// When the carriers say that it was: 2026-03-01T10:00:00Z and some.
const ISO: &str = "2026-03-01T10:00:00.123456789Z";

fn each(lines: &[String], wrap: impl Fn(&str) -> String) -> String {
    lines.iter().map(|line| wrap(line) + "\n").collect()
}

pub fn eks_s3(lines: &[String]) -> String {
    each(lines, |line| format!("2026-03-01T10:00:00.123Z {line}"))
}

fn delivery(lines: &[String]) -> Value {
    let event = |line: &String| json!({"id": "37", "timestamp": 1_772_359_200_123_u64, "message": line});
    json!({
        "messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "/aws/eks/prod/cluster",
        "logStream": "kube-apiserver-audit-0", "subscriptionFilters": ["s"],
        "logEvents": lines.iter().map(event).collect::<Vec<_>>(),
    })
}

pub fn cloudwatch_subscription(lines: &[String]) -> String {
    lines.chunks(3).map(|lines| delivery(lines).to_string() + "\n").collect()
}

/// Nothing between the records, and a control record first.
pub fn firehose_concatenated(lines: &[String]) -> String {
    let test = "CWL CONTROL MESSAGE: Checking health of destination Firehose.";
    let control = json!({
        "messageType": "CONTROL_MESSAGE", "owner": "CloudwatchLogs", "logGroup": "", "logStream": "",
        "subscriptionFilters": [], "logEvents": [{"id": "", "timestamp": 1, "message": test}],
    });
    lines.chunks(2).fold(control.to_string(), |text, lines| text + &delivery(lines).to_string())
}

pub fn filter_log_events(lines: &[String]) -> String {
    let event = |line: &String| {
        json!({"logStreamName": "kube-apiserver-audit-0", "timestamp": 1_772_359_200_123_u64, "message": line,
            "ingestionTime": 1_772_359_205_000_u64, "eventId": "3700"})
    };
    format!("{:#}\n", json!({"events": lines.iter().map(event).collect::<Vec<_>>(), "searchedLogStreams": []}))
}

/// Some texts with their newline, some without.
pub fn aks_records(lines: &[String]) -> String {
    let record = |(index, line): (usize, &String)| {
        let log = if index % 2 == 0 { format!("{line}\n") } else { line.clone() };
        json!({"category": "kube-audit", "operationName": "x", "time": "2026-03-01T10:00:00.1234567Z",
            "properties": {"log": log, "stream": "stdout", "pod": "kube-apiserver-1", "containerID": "a"}})
    };
    let records: Vec<Value> = lines.iter().enumerate().map(record).collect();
    records.chunks(4).map(|records| json!({"records": records}).to_string() + "\n").collect()
}

pub fn azure_diagnostics(lines: &[String]) -> String {
    each(lines, |line| {
        json!({"TimeGenerated": "2026-03-01T10:00:00Z", "Category": "kube-audit", "log_s": line,
            "stream_s": "stdout", "pod_s": "kube-apiserver-1", "Type": "AzureDiagnostics"})
        .to_string()
    })
}

pub fn fluentbit(lines: &[String]) -> String {
    each(lines, |line| json!({"date": 1_772_359_200.123, "log": line}).to_string())
}

/// The runtime's line as it is in the file, within what the collector makes of each line.
pub fn fluentbit_cri(lines: &[String]) -> String {
    each(&split_lines(&cri_partial(lines)), |line| json!({"date": 1_772_359_200.5, "log": line}).to_string())
}

pub fn docker(lines: &[String]) -> String {
    each(lines, |line| json!({"log": format!("{line}\n"), "stream": "stdout", "time": ISO}).to_string())
}

/// Pieces of at most 16 KiB of characters; another stream writes in between.
pub fn docker_pieces(lines: &[String]) -> String {
    let noise =
        json!({"log": "I0301 10:00:00.000000 1 a.go:1] x\n", "stream": "stderr", "time": ISO}).to_string() + "\n";
    let record = |log: String| json!({"log": log, "stream": "stdout", "time": ISO}).to_string() + "\n";
    lines.iter().flat_map(|line| pieces(&format!("{line}\n"), 16 << 10)).map(|log| record(log) + &noise).collect()
}

pub fn docker_pieces_collected(lines: &[String]) -> String {
    each(&split_lines(&docker_pieces(lines)), |line| json!({"@timestamp": ISO, "message": line}).to_string())
}

pub fn cri(lines: &[String]) -> String {
    each(lines, |line| format!("{ISO} stdout F {line}"))
}

/// Pieces cut wherever it happens to be; stderr goes on in between.
pub fn cri_partial(lines: &[String]) -> String {
    let mut text = String::new();
    for line in lines {
        let pieces = pieces(line, 700);
        for (index, piece) in pieces.iter().enumerate() {
            let tag = if index + 1 < pieces.len() { "P" } else { "F" };
            text += &format!("{ISO} stdout {tag} {piece}\n{ISO} stderr F I0301 10:00:00.000000 1 a.go:1] {{\"x\"\n");
        }
    }
    text
}

pub fn cri_partial_in_docker(lines: &[String]) -> String {
    docker(&split_lines(&cri_partial(lines)))
}

pub fn vector(lines: &[String]) -> String {
    each(lines, |line| {
        json!({"file": "/var/log/kubernetes/audit/audit.log", "host": "cp-1", "message": line, "source_type": "file",
            "timestamp": "2026-03-01T10:00:00.500Z"})
        .to_string()
    })
}

pub fn filebeat(lines: &[String]) -> String {
    each(lines, |line| {
        json!({"@timestamp": "2026-03-01T10:00:01.000Z", "log": {"offset": 1, "file": {"path": "/var/log/a"}},
            "message": line, "host": {"name": "cp-1"}, "input": {"type": "filestream"}})
        .to_string()
    })
}

pub fn logcli(lines: &[String]) -> String {
    each(lines, |line| json!({"labels": {"job": "audit", "node": "cp-1"}, "line": line, "timestamp": ISO}).to_string())
}

pub fn loki_answer(lines: &[String]) -> String {
    let values: Vec<Value> = lines.iter().map(|line| json!(["1772359200123456789", line])).collect();
    let streams = json!([{"stream": {"job": "audit", "node": "cp-1"}, "values": values}]);
    json!({"status": "success", "data": {"resultType": "streams", "result": streams, "stats": {}}}).to_string()
}

pub fn elastic_hit(lines: &[String]) -> String {
    each(lines, |line| {
        json!({"_index": "logs", "_id": "1", "_source": {"@timestamp": ISO, "message": line, "host": {"name": "cp-1"}}})
            .to_string()
    })
}

/// The answer of a search, its documents parsed.
pub fn elastic_answer(lines: &[String]) -> String {
    let hit = |line: &String| json!({"_id": "1", "_source": {"kubernetes": {"audit": value(line)}}});
    let hits: Vec<Value> = lines.iter().map(hit).collect();
    json!({"took": 1, "hits": {"total": {"value": 1}, "hits": hits}}).to_string()
}

/// What the integration keeps when told to, beside what its pipeline leaves.
pub fn event_original(lines: &[String]) -> String {
    each(lines, |line| {
        let mut stripped = value(line);
        stripped["annotations"] = json!({"authorization_k8s_io/decision": "allow"});
        json!({"event": {"kind": "event", "original": line}, "kubernetes": {"audit": stripped}}).to_string()
    })
}

pub fn node_prefix(lines: &[String]) -> String {
    each(lines, |line| format!("master-0.example.com {line}"))
}

pub fn syslog(lines: &[String]) -> String {
    each(lines, |line| format!("<134>1 {ISO} cp-1 kube-apiserver 1 - - {line}"))
}

pub fn journald(lines: &[String]) -> String {
    each(lines, |line| {
        json!({"__REALTIME_TIMESTAMP": "1772359200123456", "_HOSTNAME": "cp-1", "PRIORITY": "6", "MESSAGE": line})
            .to_string()
    })
}

pub fn text_payload(lines: &[String]) -> String {
    let entry = |line: &String| json!({"textPayload": line, "insertId": "x", "logName": "projects/p/logs/audit", "timestamp": ISO});
    format!("{:#}", Value::from(lines.iter().map(entry).collect::<Vec<_>>()))
}

pub fn nested_four_deep(lines: &[String]) -> String {
    elastic_hit(&split_lines(&vector(&split_lines(&docker(lines)))))
}

/// The events as a webhook gets them, in lists with and without kind.
pub fn event_list(lines: &[String]) -> String {
    let bare = |line: &String| {
        let mut event = value(line);
        event.as_object_mut().unwrap().retain(|key, _| key != "kind" && key != "apiVersion");
        event
    };
    let list = |(index, lines): (usize, &[String])| {
        let items: Vec<Value> = lines.iter().map(bare).collect();
        match index % 2 {
            0 => json!({"kind": "EventList", "apiVersion": "audit.k8s.io/v1", "metadata": {}, "items": items}),
            _ => json!({"metadata": {}, "items": items}),
        }
    };
    lines.chunks(3).enumerate().map(|item| format!("{}\n", list(item))).collect()
}

/// OpenShift's collector: members of its own beside the event's.
pub fn viaq(lines: &[String]) -> String {
    each(lines, |line| {
        let mut event = value(line);
        event["k8s_audit_level"] = event["level"].clone();
        event["level"] = json!("default");
        event["hostname"] = json!("master-0");
        event["@timestamp"] = json!(ISO);
        event["openshift"] = json!({"cluster_id": "x", "sequence": 1});
        event.to_string()
    })
}

/// Columns of an audit event in Azure's tables.
const COLUMNS: [(&str, &str); 13] = [
    ("Level", "level"),
    ("AuditId", "auditID"),
    ("Stage", "stage"),
    ("RequestUri", "requestURI"),
    ("Verb", "verb"),
    ("User", "user"),
    ("ObjectRef", "objectRef"),
    ("ResponseStatus", "responseStatus"),
    ("RequestObject", "requestObject"),
    ("ResponseObject", "responseObject"),
    ("RequestReceivedTime", "requestReceivedTimestamp"),
    ("StageReceivedTime", "stageTimestamp"),
    ("Annotations", "annotations"),
];

fn columns(line: &str, dynamic_as_text: bool) -> Vec<(&'static str, Value)> {
    let event = value(line);
    let cell = |value: &Value| match value {
        Value::Object(_) | Value::Array(_) if dynamic_as_text => value.to_string().into(),
        _ => value.clone(),
    };
    let cells = COLUMNS.iter().map(|(column, name)| (*column, cell(&event[name])));
    cells.chain([("PodName", json!("kube-apiserver-1")), ("TimeGenerated", json!(ISO))]).collect()
}

/// Rows as objects, dynamic columns every other time as texts.
pub fn log_analytics(lines: &[String]) -> String {
    let row = |(index, line): (usize, &String)| {
        let cells = columns(line, index % 2 == 1).into_iter().filter(|(_, value)| !value.is_null());
        Value::from(cells.map(|(name, value)| (name.to_owned(), value)).collect::<serde_json::Map<_, _>>())
    };
    format!("{:#}", Value::from(lines.iter().enumerate().map(row).collect::<Vec<_>>()))
}

/// The answer of the query API.
pub fn log_analytics_tables(lines: &[String]) -> String {
    let rows: Vec<Vec<Value>> =
        lines.iter().map(|line| columns(line, true).into_iter().map(|(_, value)| value).collect()).collect();
    let names = COLUMNS.iter().map(|(column, _)| *column).chain(["PodName", "TimeGenerated"]);
    let names: Vec<Value> = names.map(|name| json!({"name": name, "type": "dynamic"})).collect();
    json!({"tables": [{"name": "PrimaryResult", "columns": names, "rows": rows}]}).to_string()
}

/// An entry of Cloud Logging for an event, as far as one tells it.
pub fn gke_entry(line: &str) -> Value {
    let event = value(line);
    let reference = &event["objectRef"];
    let text = |name: &str| reference[name].as_str().unwrap_or_default().to_owned();
    let (group, version) =
        (if text("apiGroup").is_empty() { "core".to_owned() } else { text("apiGroup") }, text("apiVersion"));
    let reversed: Vec<&str> = group.trim_end_matches(".k8s.io").rsplit('.').collect();
    let parts = [&text("resource"), &text("subresource"), event["verb"].as_str().unwrap()].map(str::to_owned);
    let method = parts.iter().filter(|part| !part.is_empty()).cloned().collect::<Vec<_>>().join(".");
    let namespace =
        if text("namespace").is_empty() { String::new() } else { format!("namespaces/{}/", text("namespace")) };
    let path = [text("resource"), text("name"), text("subresource")];
    let path = path.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/");
    let typed = |body: &Value| {
        let mut body = body.clone();
        body.as_object_mut().unwrap().insert("@type".to_owned(), json!("k8s.io/x"));
        body
    };
    let code = match event["responseStatus"]["code"].as_u64() {
        Some(404) => 5,
        Some(409) => 10,
        Some(403) => 7,
        _ => 0,
    };
    let mut payload = json!({
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog", "serviceName": "k8s.io",
        "authenticationInfo": {"principalEmail": event["user"]["username"]},
        "methodName": format!("io.k8s.{}.{version}.{method}", reversed.join(".")),
        "resourceName": format!("{group}/{version}/{namespace}{path}"),
        "status": if code == 0 { json!({}) } else { json!({"code": code, "message": "no"}) },
    });
    for (name, body) in [("request", &event["requestObject"]), ("response", &event["responseObject"])] {
        if body.is_object() {
            payload[name] = typed(body);
        }
    }
    json!({
        "insertId": event["auditID"], "operation": {"id": event["auditID"], "producer": "k8s.io", "first": true, "last": true},
        "labels": event["annotations"], "timestamp": event["stageTimestamp"], "protoPayload": payload,
    })
}

pub fn gke(lines: &[String]) -> String {
    each(lines, |line| gke_entry(line).to_string())
}

/// Every entry split in two, the second halves first.
pub fn gke_split(lines: &[String]) -> String {
    let mut halves = [String::new(), String::new()];
    for line in lines {
        for (index, half) in halves.iter_mut().enumerate() {
            let mut entry = gke_entry(line);
            entry["split"] = json!({"uid": entry["insertId"], "index": index, "totalSplits": 2});
            for body in ["request", "response"] {
                let keep = |position: usize| position % 2 == index;
                if let Some(members) = entry["protoPayload"][body].as_object() {
                    let kept = members.iter().enumerate().filter(|(position, _)| keep(*position));
                    let kept: serde_json::Map<_, _> =
                        kept.map(|(_, (key, value))| (key.clone(), value.clone())).collect();
                    entry["protoPayload"][body] = kept.into();
                }
            }
            *half += &format!("{entry}\n");
        }
    }
    halves[1].clone() + &halves[0]
}

fn value(line: &str) -> Value {
    serde_json::from_str(line).unwrap()
}

fn split_lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// The text in pieces of so many characters.
fn pieces(text: &str, size: usize) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(size).map(|piece| piece.iter().collect()).collect()
}
