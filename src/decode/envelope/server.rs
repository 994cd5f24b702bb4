//! Which API server a record came from, where its carrier says so.
//!
//! Each server has its own clock and its own file, so the account looks at each by itself. A name that is wrong would be worse
//! than none: only what is known to name a host, a pod or a stream is taken.

use std::borrow::Cow;

use crate::decode::audit::event::{inner, text};
use crate::json::Members;

/// Members that name a server by themselves. CloudWatch: a stream for each server; AKS: the pod; journald, Filebeat, Vector,
/// fluent-bit, OpenShift: the host.
const NAMES: [&str; 9] =
    ["logStream", "logStreamName", "pod", "PodName", "pod_s", "_HOSTNAME", "hostname", "host", "node_name"];

/// Members within which a name stands, and the names that it may have.
const WITHIN: [(&str, &[&str]); 5] = [
    ("properties", &["pod"]),
    ("labels", &["node", "node_name", "nodename", "hostname", "host", "instance", "pod"]),
    ("stream", &["node", "node_name", "nodename", "hostname", "host", "instance", "pod"]),
    ("host", &["name", "hostname"]),
    ("kubernetes", &["pod_name", "host", "pod_node_name"]),
];

/// The server that a carrier's members name.
pub fn of_members<'a>(members: &Members<'a>) -> Option<Cow<'a, str>> {
    let named = |name: Cow<'a, str>| (!name.is_empty()).then_some(name);
    let direct = NAMES.iter().find_map(|name| text(members, name).and_then(named));
    direct.or_else(|| {
        WITHIN.iter().find_map(|(outer, names)| {
            let object = inner(members, outer)?;
            names.iter().find_map(|name| text(&object, name).and_then(named))
        })
    })
}

/// The server that the text before a record names: `oc adm node-logs` and must-gather put the node there, `kubectl logs
/// --prefix` the pod, syslog and journald the host.
pub fn of_prefix(prefix: &str) -> Option<Cow<'_, str>> {
    let mut words = prefix.split_whitespace();
    let first = words.next()?;
    let name = if let Some(pod) = first.strip_prefix("[pod/") {
        pod.split(['/', ']']).next()
    } else {
        match (words.next(), words.next(), words.next(), words.next()) {
            (None, ..) => Some(first),
            // `<134>Mar  1 10:00:00 cp-1 kube-apiserver[1]:`
            (Some(day), Some(time), Some(host), Some(_)) if is_day(day) && time.contains(':') => Some(host),
            // `<134>1 2026-03-01T10:00:00Z cp-1 kube-apiserver …`
            (Some(time), Some(host), Some(_), _) if first.ends_with(">1") && is_time(time) => Some(host),
            // `2026-03-01T10:00:00+0000 cp-1 kube-apiserver[1]:`
            (Some(host), Some(tag), None, _) if is_time(first) && tag.ends_with(':') => Some(host),
            _ => None,
        }
    };
    name.filter(|name| is_host(name)).map(Cow::Borrowed)
}

fn is_day(word: &str) -> bool {
    word.parse::<u8>().is_ok_and(|day| (1..=31).contains(&day))
}

fn is_time(word: &str) -> bool {
    word.len() >= 19 && word.as_bytes()[4] == b'-' && word.contains(':')
}

/// A name as hosts and pods have them. A word without digit, dot and dash could be anything.
fn is_host(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'))
        && word.contains(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-'))
        && word.starts_with(|c: char| c.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_that_name_a_server() {
        for (prefix, server) in [
            ("master-0.example.com", Some("master-0.example.com")),
            ("[pod/kube-apiserver-cp-1/kube-apiserver]", Some("kube-apiserver-cp-1")),
            ("<134>Mar  1 10:00:00 cp-1 kube-apiserver[1]:", Some("cp-1")),
            ("Mar 1 10:00:00 cp-1 kube-apiserver:", Some("cp-1")),
            ("<134>1 2026-03-01T10:00:00Z cp-1 kube-apiserver 1 - -", Some("cp-1")),
            ("2026-03-01T10:00:00+0000 cp-1 kube-apiserver[1]:", Some("cp-1")),
            ("2026-03-01T10:00:00.123Z", None),
            ("2026-03-01T10:00:00.123456789Z stdout F", None),
            ("audit", None),
            ("[2026-03-01 10:00:00]", None),
            ("INFO something else", None),
            ("", None),
        ] {
            assert_eq!(of_prefix(prefix).as_deref(), server, "{prefix}");
        }
    }

    #[test]
    fn members_that_name_a_server() {
        for (record, server) in [
            (r#"{"logStream":"kube-apiserver-audit-1","host":"x"}"#, Some("kube-apiserver-audit-1")),
            (r#"{"properties":{"pod":"kube-apiserver-1"}}"#, Some("kube-apiserver-1")),
            (r#"{"host":{"name":"cp-1"}}"#, Some("cp-1")),
            (r#"{"labels":{"job":"audit","node":"cp-1"}}"#, Some("cp-1")),
            (r#"{"stream":"stdout","log":"x"}"#, None),
            (r#"{"host":""}"#, None),
        ] {
            let members = crate::json::object(record).unwrap();
            assert_eq!(of_members(&members).as_deref(), server, "{record}");
        }
    }
}
