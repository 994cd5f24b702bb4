//! What a cluster is made of, and what the rest is told by.

use serde_json::Value;

use super::view::{NONE, UNKNOWN, View, find, or, plain, text};
use super::{Sheet, column, wide};

pub(super) fn sheet(kind: &str) -> Option<Sheet> {
    Some(match kind {
        "Node" => NODE,
        "Namespace" => NAMESPACE,
        "ConfigMap" => CONFIG_MAP,
        "Secret" => SECRET,
        "ServiceAccount" => SERVICE_ACCOUNT,
        "Event" => EVENT,
        "LimitRange" | "Role" | "ClusterRole" | "CustomResourceDefinition" => CREATED,
        "RoleBinding" | "ClusterRoleBinding" => BINDING,
        "RuntimeClass" => RUNTIME_CLASS,
        "Lease" => LEASE,
        "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration" => WEBHOOKS,
        _ => return None,
    })
}

const NODE: Sheet = Sheet::of(
    &[
        column("STATUS"),
        column("ROLES"),
        column("AGE"),
        column("VERSION"),
        wide("INTERNAL-IP"),
        wide("EXTERNAL-IP"),
        wide("OS-IMAGE"),
        wide("KERNEL-VERSION"),
        wide("CONTAINER-RUNTIME"),
    ],
    |view| {
        let info = |name: &str| view.text_or(&format!("/status/nodeInfo/{name}"), UNKNOWN);
        vec![
            condition(view),
            roles(view),
            view.age(),
            view.text("/status/nodeInfo/kubeletVersion").to_owned(),
            address(view, "InternalIP"),
            address(view, "ExternalIP"),
            info("osImage"),
            info("kernelVersion"),
            info("containerRuntimeVersion"),
        ]
    },
);

fn condition(view: &View<'_>) -> String {
    let ready = match view.condition("Ready") {
        Some(ready) if text(ready, "/status") == "True" => "Ready",
        Some(_) => "NotReady",
        None => "Unknown",
    };
    if view.is("/spec/unschedulable") { format!("{ready},SchedulingDisabled") } else { ready.to_owned() }
}

fn roles(view: &View<'_>) -> String {
    let role = |(name, value): (&String, &Value)| match name.strip_prefix("node-role.kubernetes.io/") {
        Some(role) => Some(role.to_owned()),
        None if name == "kubernetes.io/role" => value.as_str().map(str::to_owned),
        None => None,
    };
    let labels = view.at("/metadata/labels").as_object().into_iter().flatten();
    let mut roles: Vec<String> = labels.filter_map(role).filter(|role| !role.is_empty()).collect();
    roles.sort();
    roles.dedup();
    or(&roles.join(","), NONE)
}

fn address(view: &View<'_>, of: &str) -> String {
    let found = view.list("/status/addresses").iter().find(|address| text(address, "/type") == of);
    or(found.map_or("", |address| text(address, "/address")), NONE)
}

const NAMESPACE: Sheet =
    Sheet::of(&[column("STATUS"), column("AGE")], |view| vec![view.text("/status/phase").to_owned(), view.age()]);

const CONFIG_MAP: Sheet = Sheet::of(&[column("DATA"), column("AGE")], |view| {
    vec![(view.len("/data") + view.len("/binaryData")).to_string(), view.age()]
});

const SECRET: Sheet = Sheet::of(&[column("TYPE"), column("DATA"), column("AGE")], |view| {
    vec![view.text("/type").to_owned(), view.len("/data").to_string(), view.age()]
});

const SERVICE_ACCOUNT: Sheet =
    Sheet::of(&[column("SECRETS"), column("AGE")], |view| vec![view.len("/secrets").to_string(), view.age()]);

const CREATED: Sheet = Sheet::of(&[column("CREATED AT")], |view| vec![view.created_at()]);

const BINDING: Sheet =
    Sheet::of(&[column("ROLE"), column("AGE"), wide("USERS"), wide("GROUPS"), wide("SERVICEACCOUNTS")], |view| {
        let subjects = |kind: &str| {
            let of_kind = view.list("/subjects").iter().filter(|subject| text(subject, "/kind") == kind);
            let name = |subject: &Value| match (kind, text(subject, "/namespace")) {
                ("ServiceAccount", namespace) => format!("{namespace}/{}", text(subject, "/name")),
                _ => text(subject, "/name").to_owned(),
            };
            of_kind.map(name).collect::<Vec<_>>().join(", ")
        };
        vec![
            format!("{}/{}", view.text("/roleRef/kind"), view.text("/roleRef/name")),
            view.age(),
            subjects("User"),
            subjects("Group"),
            subjects("ServiceAccount"),
        ]
    });

const RUNTIME_CLASS: Sheet =
    Sheet::of(&[column("HANDLER"), column("AGE")], |view| vec![view.text("/handler").to_owned(), view.age()]);

const LEASE: Sheet = Sheet::of(&[column("HOLDER"), column("AGE")], |view| {
    vec![view.text("/spec/holderIdentity").to_owned(), view.age()]
});

const WEBHOOKS: Sheet =
    Sheet::of(&[column("WEBHOOKS"), column("AGE")], |view| vec![view.list("/webhooks").len().to_string(), view.age()]);

/// An event is known by what it is about, and has a name only where there is room. The group of its own calls some of it by
/// other words.
const EVENT: Sheet = Sheet {
    columns: &[
        column("LAST SEEN"),
        column("TYPE"),
        column("REASON"),
        column("OBJECT"),
        wide("SUBOBJECT"),
        wide("SOURCE"),
        column("MESSAGE"),
        wide("FIRST SEEN"),
        wide("COUNT"),
        wide("NAME"),
    ],
    named: false,
    cells: |view| {
        let first = |places: &[&str]| {
            let found = places.iter().map(|place| view.text(place)).find(|text| !text.is_empty());
            found.unwrap_or_default().to_owned()
        };
        let seen = |places: &[&str]| {
            let found = places.iter().find(|place| !view.text(place).is_empty());
            found.map_or(UNKNOWN.to_owned(), |place| view.since(place, UNKNOWN))
        };
        let about =
            ["/involvedObject", "/regarding"].map(|place| view.at(place)).into_iter().find(|about| about.is_object());
        let about = about.unwrap_or(&Value::Null);
        let counts = [view.at("/series/count"), view.at("/count"), view.at("/deprecatedCount")];
        let count = counts.into_iter().find(|count| count.is_number()).map_or("1".to_owned(), plain);
        let sources =
            [find(view.at("/source"), "/component"), view.at("/reportingComponent"), view.at("/reportingController")];
        let source = sources.into_iter().find_map(|source| source.as_str().filter(|text| !text.is_empty()));
        let host = first(&["/source/host", "/reportingInstance"]);
        let host = if host.is_empty() { host } else { format!(", {host}") };
        let last = ["/series/lastObservedTime", "/lastTimestamp", "/deprecatedLastTimestamp", "/eventTime"];
        vec![
            seen(&last),
            view.text("/type").to_owned(),
            view.text("/reason").to_owned(),
            format!("{}/{}", text(about, "/kind").to_ascii_lowercase(), text(about, "/name")),
            text(about, "/fieldPath").to_owned(),
            format!("{}{host}", source.unwrap_or_default()),
            first(&["/message", "/note"]).trim().to_owned(),
            seen(&["/firstTimestamp", "/deprecatedFirstTimestamp", "/eventTime"]),
            count,
            view.text("/metadata/name").to_owned(),
        ]
    },
};

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Timestamp;

    fn shown(sheet: Sheet, body: &Value, all: bool) -> String {
        sheet.cells(&View::new(body, Timestamp::from_seconds(60), None), all).join("|")
    }

    #[test]
    fn nodes_tell_their_roles_and_whether_they_take_pods() {
        let body = json!({
            "metadata": {"labels": {"node-role.kubernetes.io/worker": "", "kubernetes.io/role": "gpu", "a": "b"}},
            "spec": {"unschedulable": true},
            "status": {"conditions": [{"type": "Ready", "status": "True"}], "nodeInfo": {"kubeletVersion": "v1.34.4"},
                "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}]},
        });
        let expected =
            "Ready,SchedulingDisabled|gpu,worker|<unknown>|v1.34.4|10.0.0.1|<none>|<unknown>|<unknown>|<unknown>";
        assert_eq!(shown(NODE, &body, true), expected);
        let lost = json!({"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}});
        assert_eq!(shown(NODE, &lost, false), "NotReady|<none>|<unknown>|");
    }

    #[test]
    fn what_holds_data_tells_how_much() {
        assert_eq!(shown(CONFIG_MAP, &json!({"data": {"a": "1"}, "binaryData": {"b": ""}}), false), "2|<unknown>");
        assert_eq!(shown(SECRET, &json!({"type": "Opaque", "data": {"a": ""}}), false), "Opaque|1|<unknown>");
        let subjects =
            json!([{"kind": "User", "name": "a"}, {"kind": "ServiceAccount", "namespace": "n", "name": "s"}]);
        let body = json!({"roleRef": {"kind": "Role", "name": "r"}, "subjects": subjects});
        assert_eq!(shown(BINDING, &body, true), "Role/r|<unknown>|a||n/s");
    }

    #[test]
    fn events_are_told_in_either_group() {
        let body = json!({"type": "Normal", "reason": "Pulled", "involvedObject": {"kind": "Pod", "name": "web"},
            "lastTimestamp": "1970-01-01T00:00:30Z", "message": "one\ntwo", "count": 3, "source": {"component": "kubelet"}});
        assert_eq!(shown(EVENT, &body, false), "30s|Normal|Pulled|pod/web|one...");
        let body = json!({"type": "Normal", "reason": "Pulled", "regarding": {"kind": "Pod", "name": "web"},
            "eventTime": "1970-01-01T00:00:30Z", "note": "one", "reportingController": "c", "reportingInstance": "i",
            "metadata": {"name": "e"}});
        assert_eq!(shown(EVENT, &body, true), "30s|Normal|Pulled|pod/web||c, i|one|30s|1|e");
    }
}
