//! What bounds and scales others.

use serde_json::Value;

use super::view::{NONE, UNKNOWN, UNSET, View, find, plain, text};
use super::{Sheet, column};

pub(super) fn sheet(kind: &str) -> Option<Sheet> {
    Some(match kind {
        "HorizontalPodAutoscaler" => AUTOSCALER,
        "PodDisruptionBudget" => BUDGET,
        "PriorityClass" => PRIORITY_CLASS,
        "ResourceQuota" => QUOTA,
        _ => return None,
    })
}

/// So many targets are shown.
const FEW: usize = 2;

const AUTOSCALER: Sheet = Sheet::of(
    &[column("REFERENCE"), column("TARGETS"), column("MINPODS"), column("MAXPODS"), column("REPLICAS"), column("AGE")],
    |view| {
        let reference = view.at("/spec/scaleTargetRef");
        let least = view.at("/spec/minReplicas");
        vec![
            format!("{}/{}", text(reference, "/kind"), text(reference, "/name")),
            targets(view),
            if least.is_number() { least.to_string() } else { UNSET.to_owned() },
            view.count("/spec/maxReplicas"),
            view.count("/status/currentReplicas"),
            view.age(),
        ]
    },
);

fn targets(view: &View<'_>) -> String {
    let current = view.list("/status/currentMetrics");
    let metrics = view.list("/spec/metrics").iter().enumerate();
    let mut all: Vec<String> =
        metrics.map(|(i, metric)| target(metric, current.get(i).unwrap_or(&Value::Null))).collect();
    // autoscaling/v1 knows of processors alone.
    let of_old = view.at("/spec/targetCPUUtilizationPercentage");
    if of_old.is_number() {
        let now = view.at("/status/currentCPUUtilizationPercentage");
        let now = if now.is_number() { format!("{now}%") } else { UNKNOWN.to_owned() };
        all.push(format!("cpu: {now}/{of_old}%"));
    }
    match all.len() {
        0 => NONE.to_owned(),
        count @ ..=FEW => all[..count].join(", "),
        count => format!("{} + {} more...", all[..FEW].join(", "), count - FEW),
    }
}

/// What is, and what is wanted.
fn target(metric: &Value, current: &Value) -> String {
    let of = text(metric, "/type");
    let mut member: String = of.to_owned();
    if let Some(first) = member.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    let (wanted, now) = (find(metric, &format!("/{member}/target")), find(current, &format!("/{member}/current")));
    let share = |value: &Value, name: &str| match find(value, name) {
        Value::Null => UNKNOWN.to_owned(),
        value => plain(value),
    };
    let is_resource = matches!(of, "Resource" | "ContainerResource");
    let named = if is_resource { format!("{}: ", text(metric, &format!("/{member}/name"))) } else { String::new() };
    let average = find(wanted, "/averageValue");
    if is_resource && average.is_null() {
        let now = match find(now, "/averageUtilization") {
            Value::Null => UNKNOWN.to_owned(),
            value => format!("{}%", plain(value)),
        };
        return match find(wanted, "/averageUtilization") {
            Value::Null => format!("{named}{now}/<auto>"),
            wanted => format!("{named}{now}/{}%", plain(wanted)),
        };
    }
    match average {
        Value::Null => format!("{}/{}", share(now, "/value"), share(wanted, "/value")),
        average => {
            let by_pod = if is_resource || of == "Pods" { "" } else { " (avg)" };
            format!("{named}{}/{}{by_pod}", share(now, "/averageValue"), plain(average))
        }
    }
}

const BUDGET: Sheet = Sheet::of(
    &[column("MIN AVAILABLE"), column("MAX UNAVAILABLE"), column("ALLOWED DISRUPTIONS"), column("AGE")],
    |view| {
        let bound = |place: &str| match view.at(place) {
            Value::Null => "N/A".to_owned(),
            bound => plain(bound),
        };
        vec![
            bound("/spec/minAvailable"),
            bound("/spec/maxUnavailable"),
            view.count("/status/disruptionsAllowed"),
            view.age(),
        ]
    },
);

const PRIORITY_CLASS: Sheet =
    Sheet::of(&[column("VALUE"), column("GLOBAL-DEFAULT"), column("AGE"), column("PREEMPTIONPOLICY")], |view| {
        let policy = view.text_or("/preemptionPolicy", "PreemptLowerPriority");
        vec![view.count("/value"), view.is("/globalDefault").to_string(), view.age(), policy]
    });

const QUOTA: Sheet = Sheet::of(&[column("REQUEST"), column("LIMIT"), column("AGE")], |view| {
    let used = view.at("/status/used");
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    for (name, hard) in view.at("/status/hard").as_object().into_iter().flatten() {
        let shown = format!("{name}: {}/{}", used.get(name).map_or("0".to_owned(), plain), plain(hard));
        if name.starts_with("limits.") { limits.push(shown) } else { requests.push(shown) }
    }
    vec![requests.join(", "), limits.join(", "), view.age()]
});

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::model::Timestamp;

    fn shown(sheet: Sheet, body: &Value) -> String {
        sheet.cells(&View::new(body, Timestamp::from_seconds(0), None), false).join("|")
    }

    #[test]
    fn autoscalers_tell_what_is_and_what_is_wanted() {
        let metrics = json!([
            {"type": "Resource", "resource": {"name": "cpu", "target": {"averageUtilization": 80}}},
            {"type": "Pods", "pods": {"target": {"averageValue": "10"}}},
            {"type": "External", "external": {"target": {"value": "5"}}},
        ]);
        let current = json!([{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 12}}}]);
        let reference = json!({"kind": "Deployment", "name": "web"});
        let body = json!({
            "spec": {"scaleTargetRef": reference, "metrics": metrics, "minReplicas": 1, "maxReplicas": 9},
            "status": {"currentMetrics": current, "currentReplicas": 3},
        });
        let expected = "Deployment/web|cpu: 12%/80%, <unknown>/10 + 1 more...|1|9|3|<unknown>";
        assert_eq!(shown(AUTOSCALER, &body), expected);
        let body =
            json!({"spec": {"scaleTargetRef": reference, "targetCPUUtilizationPercentage": 50, "maxReplicas": 2}});
        assert_eq!(shown(AUTOSCALER, &body), "Deployment/web|cpu: <unknown>/50%|<unset>|2|0|<unknown>");
    }

    #[test]
    fn bounds_are_shown_as_they_are() {
        let body = json!({"spec": {"maxUnavailable": "25%"}, "status": {"disruptionsAllowed": 1}});
        assert_eq!(shown(BUDGET, &body), "N/A|25%|1|<unknown>");
        assert_eq!(shown(PRIORITY_CLASS, &json!({"value": 10})), "10|false|<unknown>|PreemptLowerPriority");
        let status = json!({"hard": {"pods": "5", "limits.cpu": "2"}, "used": {"pods": "1"}});
        assert_eq!(shown(QUOTA, &json!({"status": status})), "pods: 1/5|limits.cpu: 0/2|<unknown>");
    }
}
