//! What a server adds to a pod before it stores it.
//!
//! The request of a creation has the defaults of the API, but not what admission adds. These plugins are on wherever nobody
//! turned them off (kubernetes `pkg/kubeapiserver/options/plugins.go`), and what they add is in the hash by which a trace
//! tells pods apart. What depends on the cluster (the token volume of the service account, a priority class) is not guessed.

use serde_json::{Map, Value, json};

/// How long a pod stays on a node that has failed, in seconds (`plugin/pkg/admission/defaulttolerationseconds`).
const NODE_FAILURE_SECONDS: u32 = 300;

/// Completes a pod that was asked for, as the plugins DefaultTolerationSeconds, Priority and ServiceAccount do.
pub(super) fn pod(content: &mut Map<String, Value>) {
    let Some(Value::Object(spec)) = content.get_mut("spec") else { return };
    tolerate_failures(spec);
    if !spec.contains_key("priorityClassName") {
        spec.entry("priority").or_insert_with(|| json!(0));
        spec.entry("preemptionPolicy").or_insert_with(|| json!("PreemptLowerPriority"));
    }
    let account = spec.entry("serviceAccountName").or_insert_with(|| json!("default")).clone();
    spec.entry("serviceAccount").or_insert(account);
}

/// Each of the two failures is tolerated for a time, unless the pod says itself what it does then.
fn tolerate_failures(spec: &mut Map<String, Value>) {
    let tolerations = spec.entry("tolerations").or_insert_with(|| json!([]));
    let Value::Array(tolerations) = tolerations else { return };
    for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"] {
        let tolerated = tolerations.iter().any(|toleration| {
            let text = |name: &str| toleration.get(name).and_then(Value::as_str).unwrap_or_default();
            matches!(text("effect"), "" | "NoExecute") && (text("key") == key || text("key").is_empty())
        });
        if !tolerated {
            let (operator, effect) = ("Exists", "NoExecute");
            tolerations.push(json!({
                "key": key, "operator": operator, "effect": effect, "tolerationSeconds": NODE_FAILURE_SECONDS
            }));
        }
    }
}
