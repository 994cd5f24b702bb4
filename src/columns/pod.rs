//! Pods: how far they are, in one word.

use serde_json::Value;

use super::view::{NONE, View, find, list, moment, or, text};
use super::{Sheet, column, wide};
use crate::model::Timestamp;

pub(super) const SHEET: Sheet = Sheet::of(
    &[
        column("READY"),
        column("STATUS"),
        column("RESTARTS"),
        column("AGE"),
        wide("IP"),
        wide("NODE"),
        wide("NOMINATED NODE"),
        wide("READINESS GATES"),
    ],
    |view| {
        let course = Course::of(view);
        vec![
            format!("{}/{}", course.ready, course.containers),
            course.status(view),
            course.restarts.shown(view),
            view.age(),
            address(view),
            view.text_or("/spec/nodeName", NONE),
            view.text_or("/status/nominatedNodeName", NONE),
            gates(view),
        ]
    },
);

/// How often containers were started again, and when last.
#[derive(Clone, Copy, Default)]
struct Restarts {
    count: i64,
    last: Option<Timestamp>,
}

impl Restarts {
    fn add(&mut self, container: &Value) {
        self.count = self.count.saturating_add(find(container, "/restartCount").as_i64().unwrap_or(0));
        self.last = self.last.max(moment(text(container, "/lastState/terminated/finishedAt")));
    }

    fn shown(&self, view: &View<'_>) -> String {
        match self.last {
            Some(last) if self.count != 0 => format!("{} ({} ago)", self.count, view.ago(last)),
            _ => self.count.to_string(),
        }
    }
}

/// How far a pod is.
struct Course {
    reason: String,
    ready: usize,
    containers: usize,
    restarts: Restarts,
}

impl Course {
    fn of(view: &View<'_>) -> Self {
        let init = view.list("/spec/initContainers");
        let sidecars = init.iter().filter(|container| is_sidecar(container)).count();
        let gated = view.condition("PodScheduled").is_some_and(|of| text(of, "/reason") == "SchedulingGated");
        let reason = or(view.text("/status/reason"), view.text("/status/phase"));
        let mut course = Course {
            reason: if gated { "SchedulingGated".to_owned() } else { reason },
            ready: 0,
            containers: view.list("/spec/containers").len() + sidecars,
            restarts: Restarts::default(),
        };
        let mut of_sidecars = Restarts::default();
        let initializing = course.initialize(view, init, &mut of_sidecars);
        if !initializing || view.has_condition("Initialized") {
            course.restarts = of_sidecars;
            course.run(view);
        }
        course
    }

    /// Follows the containers that go before the others. Gives whether it is at one of them.
    fn initialize(&mut self, view: &View<'_>, init: &[Value], of_sidecars: &mut Restarts) -> bool {
        for (number, container) in view.list("/status/initContainerStatuses").iter().enumerate() {
            let name = text(container, "/name");
            let sidecar = init.iter().any(|one| text(one, "/name") == name && is_sidecar(one));
            self.restarts.add(container);
            if sidecar {
                of_sidecars.add(container);
            }
            let terminated = find(container, "/state/terminated");
            let waiting = text(container, "/state/waiting/reason");
            if terminated.is_object() && exit_code(terminated) == 0 {
                continue;
            }
            if sidecar && is_true(container, "/started") {
                self.ready += usize::from(is_true(container, "/ready"));
                continue;
            }
            self.reason = if terminated.is_object() {
                format!("Init:{}", end(terminated))
            } else if !waiting.is_empty() && waiting != "PodInitializing" {
                format!("Init:{waiting}")
            } else {
                format!("Init:{number}/{}", init.len())
            };
            return true;
        }
        false
    }

    /// Follows the containers: the first one that is not as it should be has the word.
    fn run(&mut self, view: &View<'_>) {
        let mut running = false;
        for container in view.list("/status/containerStatuses").iter().rev() {
            self.restarts.add(container);
            let (waiting, terminated) =
                (text(container, "/state/waiting/reason"), find(container, "/state/terminated"));
            if !waiting.is_empty() {
                self.reason = waiting.to_owned();
            } else if terminated.is_object() {
                self.reason = end(terminated);
            } else if is_true(container, "/ready") && find(container, "/state/running").is_object() {
                running = true;
                self.ready += 1;
            }
        }
        if self.reason == "Completed" && running {
            let word = if view.has_condition("Ready") { "Running" } else { "NotReady" };
            self.reason = word.to_owned();
        }
    }

    fn status(&self, view: &View<'_>) -> String {
        let over = matches!(view.text("/status/phase"), "Succeeded" | "Failed");
        match view.is_leaving() {
            true if view.text("/status/reason") == "NodeLost" => "Unknown".to_owned(),
            true if !over => "Terminating".to_owned(),
            _ => self.reason.clone(),
        }
    }
}

/// A container that goes before the others and runs on beside them.
fn is_sidecar(container: &Value) -> bool {
    text(container, "/restartPolicy") == "Always"
}

fn is_true(value: &Value, place: &str) -> bool {
    find(value, place).as_bool().unwrap_or(false)
}

fn exit_code(terminated: &Value) -> i64 {
    find(terminated, "/exitCode").as_i64().unwrap_or(0)
}

/// Why a container ended.
fn end(terminated: &Value) -> String {
    let signal = find(terminated, "/signal").as_i64().unwrap_or(0);
    match text(terminated, "/reason") {
        "" if signal != 0 => format!("Signal:{signal}"),
        "" => format!("ExitCode:{}", exit_code(terminated)),
        reason => reason.to_owned(),
    }
}

fn address(view: &View<'_>) -> String {
    let first = text(view.at("/status"), "/podIPs/0/ip");
    or(if first.is_empty() { view.text("/status/podIP") } else { first }, NONE)
}

fn gates(view: &View<'_>) -> String {
    let gates = view.list("/spec/readinessGates");
    if gates.is_empty() {
        return NONE.to_owned();
    }
    let open = gates.iter().filter(|gate| view.has_condition(text(gate, "/conditionType"))).count();
    format!("{open}/{}", list(view.at("/spec"), "/readinessGates").len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// READY, STATUS, RESTARTS at 100 seconds.
    fn shown(body: &Value) -> String {
        let view = View::new(body, Timestamp::from_seconds(100), None);
        SHEET.cells(&view, false)[..3].join(" ")
    }

    fn pod(phase: &str, containers: Value) -> Value {
        let count = containers.as_array().unwrap().len();
        json!({
            "metadata": {},
            "spec": {"containers": vec![json!({"name": "main"}); count]},
            "status": {"phase": phase, "containerStatuses": containers},
        })
    }

    #[test]
    fn the_containers_have_the_word() {
        let running = json!({"ready": true, "restartCount": 0, "state": {"running": {}}});
        let again = json!({"ready": true, "restartCount": 2, "state": {"running": {}},
            "lastState": {"terminated": {"finishedAt": "1970-01-01T00:01:10Z"}}});
        let waiting = json!({"restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}}});
        let done = json!({"state": {"terminated": {"exitCode": 0, "reason": "Completed"}}});
        let killed = json!({"state": {"terminated": {"exitCode": 137, "signal": 9}}});
        let failed = json!({"state": {"terminated": {"exitCode": 3}}});
        for (phase, containers, expected) in [
            ("Pending", json!([]), "0/0 Pending 0"),
            ("Running", json!([running]), "1/1 Running 0"),
            ("Running", json!([again]), "1/1 Running 2 (30s ago)"),
            ("Running", json!([running, waiting]), "1/2 CrashLoopBackOff 3"),
            ("Running", json!([done, running]), "1/2 NotReady 0"),
            ("Succeeded", json!([done]), "0/1 Completed 0"),
            ("Failed", json!([killed]), "0/1 Signal:9 0"),
            ("Failed", json!([failed]), "0/1 ExitCode:3 0"),
        ] {
            assert_eq!(shown(&pod(phase, containers)), expected);
        }
    }

    #[test]
    fn one_that_is_ready_runs_even_where_a_container_is_done() {
        let done = json!({"state": {"terminated": {"exitCode": 0, "reason": "Completed"}}});
        let mut pod = pod("Running", json!([done, {"ready": true, "state": {"running": {}}}]));
        pod["status"]["conditions"] = json!([{"type": "Ready", "status": "True"}]);
        assert_eq!(shown(&pod), "1/2 Running 0");
    }

    #[test]
    fn one_that_is_on_its_way_out_is_terminating_until_it_is_over() {
        let mut body = pod("Running", json!([{"ready": true, "state": {"running": {}}}]));
        body["metadata"]["deletionTimestamp"] = json!("1970-01-01T00:01:50Z");
        assert_eq!(shown(&body), "1/1 Terminating 0");
        body["status"]["reason"] = json!("NodeLost");
        assert_eq!(shown(&body), "1/1 Unknown 0");
        body["status"] = json!({"phase": "Failed", "reason": "Evicted"});
        assert_eq!(shown(&body), "0/1 Evicted 0");
    }

    #[test]
    fn what_goes_before_is_counted() {
        let mut body = pod("Pending", json!([{"state": {"waiting": {"reason": "PodInitializing"}}}]));
        body["spec"]["initContainers"] =
            json!([{"name": "a"}, {"name": "side", "restartPolicy": "Always"}, {"name": "b"}]);
        let statuses = |a: Value, side: Value, b: Value| {
            json!([{"name": "a", "state": a}, {"name": "side", "restartCount": 1, "started": true, "ready": true, "state": side},
                   {"name": "b", "restartCount": 4, "state": b}])
        };
        let done = json!({"terminated": {"exitCode": 0}});
        for (b, expected) in [
            (json!({"waiting": {"reason": "PodInitializing"}}), "1/2 Init:2/3 5"),
            (json!({"waiting": {"reason": "ErrImagePull"}}), "1/2 Init:ErrImagePull 5"),
            (json!({"terminated": {"exitCode": 7}}), "1/2 Init:ExitCode:7 5"),
            (done.clone(), "1/2 PodInitializing 1"),
        ] {
            body["status"]["initContainerStatuses"] = statuses(done.clone(), json!({"running": {}}), b);
            assert_eq!(shown(&body), expected);
        }
        body["status"]["conditions"] = json!([{"type": "PodScheduled", "reason": "SchedulingGated"}]);
        body["status"]["initContainerStatuses"] = json!([]);
        body["status"]["containerStatuses"] = json!([]);
        assert_eq!(shown(&body), "0/2 SchedulingGated 0");
    }

    #[test]
    fn gates_are_counted_by_the_conditions_that_open_them() {
        let body = json!({
            "spec": {"readinessGates": [{"conditionType": "a"}, {"conditionType": "b"}], "nodeName": "n"},
            "status": {"conditions": [{"type": "a", "status": "True"}], "podIPs": [{"ip": "10.0.0.1"}, {"ip": "::1"}]},
        });
        let view = View::new(&body, Timestamp::from_seconds(100), Some(Timestamp::from_seconds(40)));
        assert_eq!(SHEET.cells(&view, true)[3..], ["60s", "10.0.0.1", "n", "<none>", "1/2"]);
    }
}
