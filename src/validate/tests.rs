use std::collections::BTreeSet;

use serde_json::json;

use super::*;
use crate::trace::{Deleted, Format, Lifecycle, Object};

fn text(object: &Value) -> Object {
    Object::of(object.as_object().unwrap())
}

/// An object of namespace `n`, with these members besides.
fn object(gvk: &str, name: &str, more: Value) -> Value {
    let gvk: Gvk = gvk.parse().unwrap();
    let mut object =
        json!({"apiVersion": gvk.api_version(), "kind": gvk.kind, "metadata": {"name": name, "namespace": "n"}});
    for (key, value) in more.as_object().unwrap() {
        match (object.get_mut(key).and_then(Value::as_object_mut), value) {
            (Some(members), Value::Object(more)) => members.extend(more.clone()),
            _ => object[key] = value.clone(),
        }
    }
    object
}

fn pod(name: &str, spec: Value) -> Value {
    object("v1.Pod", name, json!({"spec": spec}))
}

fn event(ts: i64, applied: &[Value], deleted: &[(&str, &str)]) -> Event {
    let deleted = deleted.iter().map(|(kind, name)| Deleted {
        api_version: "v1".into(),
        kind: (*kind).into(),
        namespace: "n".into(),
        name: (*name).into(),
    });
    Event { ts, applied: applied.iter().map(text).collect(), deleted: deleted.collect() }
}

/// A trace of these events with the right index.
fn trace(events: Vec<Event>) -> Trace<Value> {
    let config = json!({"trackedObjects": {"v1.Pod": {"podSpecTemplatePaths": [""], "trackLifecycle": true}}});
    let mut trace = Trace { config, events, ..Trace::default() };
    for object in trace.events.iter().flat_map(|event| &event.applied) {
        let object = Value::Object(object.tree());
        if let Ok(name) = object::name(&object) {
            let hash = trace::object_hash(object.get("spec"));
            trace.index.entry(name.gvk).or_default().insert(name.ns_name, hash);
        }
    }
    trace
}

/// A trace of one event.
fn one(object: Value) -> Trace<Value> {
    trace(vec![event(5, &[object], &[])])
}

fn with(mut trace: Trace<Value>, change: impl FnOnce(&mut Trace<Value>)) -> Trace<Value> {
    change(&mut trace);
    trace
}

/// Has the index give a hash for a pod.
fn listed(trace: &mut Trace<Value>, name: &str, hash: u64) {
    trace.index.entry("v1.Pod".parse().unwrap()).or_default().insert(name.to_owned(), hash);
}

/// What is found, as `code event object: detail`.
fn found(trace: &Trace<Value>) -> Vec<String> {
    let show = |finding: &Finding| {
        let event = finding.place.map_or("-".to_owned(), |(number, _)| number.to_string());
        let object = finding.object.as_deref().unwrap_or("-");
        format!("{} {event} {object}: {}", finding.rule.code(), finding.detail).trim_end_matches(": ").to_owned()
    };
    check_trace(trace).findings.iter().map(show).collect()
}

/// For every rule but that of unreadable traces a trace that breaks it, and what is found in it.
fn broken() -> Vec<(Trace<Value>, Vec<&'static str>)> {
    let container = |more: Value| json!({"containers": [more]});
    let env = |from: Value| container(json!({"name": "c", "envFrom": [from]}));
    let volume = |volume: Value| json!({"volumes": [volume]});
    let labelled = |gvk: &str, name: &str, spec: Value| {
        object(gvk, name, json!({"metadata": {"labels": {"controller-uid": "u"}}, "spec": spec}))
    };
    let image = |image: &str, host: &str| json!({"containers": [{"name": "c", "image": image}], "hostname": host});
    let claim = || object("v1.PersistentVolumeClaim", "data", json!({"spec": {}}));
    let claims = json!({"volumeClaimTemplates": [{"metadata": {"name": "data"}}], "template": {"spec": {}}});
    let selector =
        |app: &str| object("apps/v1.Deployment", "d", json!({"spec": {"selector": {"matchLabels": {"app": app}}}}));
    let job = |name: &str| object("batch/v1.Job", name, json!({"spec": {"ttlSecondsAfterFinished": 5}}));
    let two = json!({"x/v1.A": {"podSpecTemplatePaths": ["/none"]}, "x/v2.A": {"podSpecTemplatePaths": ["/none"]}});
    let lives = |gvk: &str, lives: Vec<Lifecycle>| {
        let owner = (gvk.parse::<Gvk>().unwrap(), "n/p".to_owned());
        with(one(object(gvk, "p", json!({}))), |trace| drop(trace.pod_lifecycles.insert(owner, [(1, lives)].into())))
    };
    vec![
        (one(pod("p", json!({"serviceAccountName": "r"}))), vec!["E0001 0 Pod n/p: ServiceAccount r"]),
        (one(pod("p", env(json!({"secretRef": {"name": "s"}})))), vec!["E0002 0 Pod n/p: Secret s"]),
        (one(pod("p", env(json!({"configMapRef": {"name": "m"}})))), vec!["E0003 0 Pod n/p: ConfigMap m"]),
        (one(pod("p", volume(json!({"name": "v", "secret": {"secretName": "s"}})))), vec!["E0004 0 Pod n/p: Secret s"]),
        (
            one(pod("p", volume(json!({"name": "v", "projected": {"sources": [{"configMap": {"name": "m"}}]}})))),
            vec!["E0005 0 Pod n/p: ConfigMap m"],
        ),
        (
            with(one(pod("p", json!({}))), |trace| {
                trace.config = json!({"trackedObjects": {"v1.Pod": {"podSpecTemplatePaths": ["/x"]}}})
            }),
            vec![
                r#"T0002 - -: v1.Pod: podSpecTemplatePaths must be [""] for this kind, or be left out, but is ["/x"]"#,
            ],
        ),
        (
            with(one(pod("p", json!({}))), |trace| trace.config = json!({"trackedObjects": two})),
            vec!["T0003 - -: x/v1.A and x/v2.A are the same objects at two versions; keep one of the two"],
        ),
        (trace(vec![]), vec!["T0004 - -"]),
        (trace(vec![event(5, &[], &[]), event(3, &[], &[]), event(4, &[], &[])]), vec!["T0005 1 -: 2 s back"]),
        (
            with(one(object("apps/v1.ReplicaSet", "r", json!({}))), |trace| {
                trace.config["trackedObjects"]["apps/v1.ReplicaSet"] = json!({})
            }),
            vec!["T0006 0 ReplicaSet.apps n/r"],
        ),
        (one(json!({"kind": "Pod"})), vec![r#"T0101 0 -: no apiVersion or no kind: {"kind":"Pod"}"#]),
        (
            one(object("v1.Pod", "p", json!({"metadata": {"labels": {"a": 1}}}))),
            vec!["T0101 0 -: Pod with bad metadata: invalid type: integer `1`, expected a string"],
        ),
        (one(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "a"}})), vec!["T0102 0 Node a"]),
        (trace(vec![event(5, &[pod("p", json!({})), pod("p", json!({}))], &[])]), vec!["T0103 0 Pod n/p"]),
        (
            trace(vec![event(5, &[pod("p", json!({}))], &[]), event(6, &[pod("p", json!({}))], &[("Pod", "p")])]),
            vec!["T0104 1 Pod n/p"],
        ),
        (
            trace(vec![event(5, &[pod("p", json!({}))], &[("Pod", "p")]), event(6, &[], &[("Pod", "p")])]),
            vec!["T0105 1 Pod n/p"],
        ),
        (
            trace(vec![event(5, &[pod("p", json!({}))], &[("Pod", "p")]), event(20, &[pod("p", json!({}))], &[])]),
            vec!["T0106 1 Pod n/p: 15 s after its deletion"],
        ),
        (
            trace(vec![
                event(5, &[job("j")], &[]),
                Event {
                    deleted: vec![Deleted {
                        api_version: "batch/v1".into(),
                        kind: "Job".into(),
                        namespace: "n".into(),
                        name: "j".into(),
                    }],
                    ..event(9, &[], &[])
                },
            ]),
            vec!["T0107 1 Job.batch n/j"],
        ),
        (one(object("v1.Pod", "p", json!({"status": {}}))), vec!["W0000 0 Pod n/p"]),
        (
            one(object(
                "v1.Pod",
                "p",
                json!({"metadata": {"uid": "u", "resourceVersion": "7", "generation": 2, "finalizers": ["f"]}}),
            )),
            vec![
                "T0201 0 Pod n/p: metadata.resourceVersion, metadata.uid",
                "T0202 0 Pod n/p: metadata.generation",
                "T0203 0 Pod n/p: metadata.finalizers",
            ],
        ),
        (
            one(labelled(
                "batch/v1.Job",
                "j",
                json!({"selector": {"matchLabels": {}}, "template": {"metadata": {"labels": {"job-name": "j"}}}}),
            )),
            vec!["T0204 0 Job.batch n/j: spec.selector, metadata.labels, spec.template.metadata.labels"],
        ),
        (
            one(object(
                "v1.Service",
                "s",
                json!({"spec": {"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1"], "ports": [{"nodePort": 30000}]}}),
            )),
            vec!["T0205 0 Service n/s: spec.clusterIP, spec.clusterIPs, spec.ports[].nodePort"],
        ),
        (
            one(object("v1.PersistentVolumeClaim", "c", json!({"spec": {"volumeName": "v"}}))),
            vec!["T0206 0 PersistentVolumeClaim n/c: spec.volumeName"],
        ),
        (one(pod("p", json!({"nodeName": "node-1"}))), vec!["T0207 0 Pod n/p: node-1"]),
        (
            one(object("apps/v1.Deployment", "d", json!({"spec": {"template": {"spec": {"nodeName": "x"}}}}))),
            vec!["T0208 0 Deployment.apps n/d: nodeName"],
        ),
        (one(pod("p", json!({"ephemeralContainers": [{"name": "e"}]}))), vec!["T0209 0 Pod n/p"]),
        (
            trace(vec![event(5, &[pod("p", image("a:1", "h"))], &[]), event(6, &[pod("p", image("a:2", "i"))], &[])]),
            vec!["T0210 1 Pod n/p: spec.hostname"],
        ),
        (
            trace(vec![event(5, &[selector("a")], &[]), event(6, &[selector("b")], &[])]),
            vec!["T0211 1 Deployment.apps n/d"],
        ),
        (
            one(object(
                "v1.Pod",
                "p",
                json!({"metadata": {"annotations": {"kubernetes.io/config.mirror": "x"}}, "spec": {}}),
            )),
            vec!["T0212 0 Pod n/p"],
        ),
        (
            one(pod("p", json!({"priority": 7, "preemptionPolicy": "Never"}))),
            vec!["T0213 0 Pod n/p: preemptionPolicy Never", "T0213 0 Pod n/p: priority 7"],
        ),
        (with(one(pod("p", json!({}))), |trace| trace.index.clear()), vec!["T0301 0 Pod n/p"]),
        (
            with(one(object("v1.Pod", "p", json!({}))), |trace| listed(trace, "n/p", 7)),
            vec!["T0302 0 Pod n/p: 7 for 13646096770106105413"],
        ),
        (with(one(pod("p", json!({}))), |trace| listed(trace, "n/q", 7)), vec!["T0303 - Pod n/q"]),
        (
            with(lives("v1.Pod", vec![]), |trace| {
                trace.events[0].applied.clear();
                trace.index.clear();
            }),
            vec!["T0401 - Pod n/p"],
        ),
        (lives("v1.Service", vec![Lifecycle::Running(5)]), vec!["T0402 - Service n/p"]),
        (
            lives("v1.Pod", vec![Lifecycle::Empty, Lifecycle::Running(9), Lifecycle::Finished(8, 7)]),
            vec!["T0403 - Pod n/p: 8 to 7", "T0404 - Pod n/p"],
        ),
        (one(pod("p", json!({"imagePullSecrets": [{"name": "s"}]}))), vec!["T0501 0 Pod n/p: Secret s"]),
        (
            one(pod("p", volume(json!({"name": "v", "persistentVolumeClaim": {"claimName": "c"}})))),
            vec!["T0502 0 Pod n/p: PersistentVolumeClaim c"],
        ),
        (
            trace(vec![event(
                5,
                &[claim(), pod("p", volume(json!({"name": "v", "persistentVolumeClaim": {"claimName": "data"}})))],
                &[],
            )]),
            vec!["T0503 0 Pod n/p: PersistentVolumeClaim data"],
        ),
        (
            one(object("apps/v1.StatefulSet", "s", json!({"spec": claims}))),
            vec!["T0503 0 StatefulSet.apps n/s: PersistentVolumeClaim data"],
        ),
        (
            one(pod("p", json!({"priorityClassName": "high", "priority": 7}))),
            vec!["T0504 0 Pod n/p: PriorityClass.scheduling.k8s.io high"],
        ),
        (
            one(pod("p", json!({"runtimeClassName": "gvisor"}))),
            vec!["T0505 0 Pod n/p: RuntimeClass.node.k8s.io gvisor"],
        ),
        (
            trace(vec![
                event(5, &[object("v1.ConfigMap", "m", json!({}))], &[("ConfigMap", "m")]),
                event(6, &[pod("p", env(json!({"configMapRef": {"name": "m"}})))], &[]),
            ]),
            vec!["T0506 1 Pod n/p: ConfigMap m"],
        ),
    ]
}

#[test]
fn every_rule_is_broken_by_some_trace() {
    let mut codes = BTreeSet::from([Rule::Unreadable.code()]);
    for (trace, expected) in broken() {
        assert_eq!(found(&trace), expected);
        codes.extend(expected.iter().map(|line| line.split(' ').next().unwrap()));
    }
    assert_eq!(codes, Rule::ALL.iter().map(|rule| rule.code()).collect());
}

#[test]
fn what_can_be_put_right_is_and_nothing_else_changes() {
    for (trace, expected) in broken() {
        let mut fixed = trace.clone();
        fix(&mut fixed);
        let by_code = |line: &&str| Rule::ALL.iter().find(|rule| line.starts_with(rule.code())).unwrap().remedy();
        let left: Vec<&str> = expected.into_iter().filter(|line| by_code(line) != Some(Remedy::Fix)).collect();
        // What could not be read is no object of the index either.
        assert_eq!(found(&fixed), left, "{:?}", found(&trace));
        let mut again = fixed.clone();
        fix(&mut again);
        assert_eq!(fixed, again);
    }
    let pods = [pod("p", json!({"containers": [{"name": "c", "image": "a:1"}], "nodeSelector": {"a": "b"}}))];
    let whole = trace(vec![event(5, &pods, &[]), event(7, &[], &[("Pod", "p")]), event(9, &[], &[])]);
    let mut fixed = whole.clone();
    fix(&mut fixed);
    assert_eq!(fixed, whole);
}

#[test]
fn a_pod_of_which_no_change_can_be_made_keeps_what_can() {
    let image =
        |image: &str, host: &str| pod("p", json!({"containers": [{"name": "c", "image": image}], "hostname": host}));
    let changes = [image("a:1", "h"), image("a:1", "i"), image("a:2", "i")];
    let mut fixed = trace((5..).zip(changes).map(|(ts, pod)| event(ts, &[pod], &[])).collect());
    fix(&mut fixed);
    let written: Vec<Vec<Object>> = fixed.events.iter().map(|event| event.applied.clone()).collect();
    assert_eq!(written, [vec![text(&image("a:1", "h"))], vec![], vec![text(&image("a:2", "h"))]]);
}

#[test]
fn reading_finds_what_is_found_in_memory() {
    for (trace, expected) in broken() {
        let mut bytes = Vec::new();
        trace::write(Format::Simkube, &trace, &mut bytes).unwrap();
        let checked = check(bytes.as_slice(), 1 << 20).unwrap();
        assert_eq!(checked, check_trace(&trace), "{expected:?}");
    }
}

#[test]
fn a_trace_that_is_cut_tells_where_and_what_came_before() {
    let mut bytes = Vec::new();
    let status = object("v1.Pod", "p", json!({"status": {}}));
    trace::write(Format::Simkube, &one(status), &mut bytes).unwrap();
    for length in 0..bytes.len() {
        let checked = check(&bytes[..length], 1 << 20).unwrap();
        let codes: Vec<&str> = checked.findings.iter().map(|finding| finding.rule.code()).collect();
        let expected: &[&str] = if checked.events == 0 { &["T0001"] } else { &["T0001", "W0000"] };
        assert_eq!(codes, expected, "{length}");
        assert!(checked.findings[0].detail.contains("byte"), "{:?}", checked.findings);
    }
}

/// What every cluster has, and what pods do without, is not missing; of what is needed often, each is told once.
#[test]
fn what_is_no_mistake_is_not_found() {
    let spec = json!({
        "serviceAccountName": "default", "priorityClassName": "system-node-critical", "priority": 2000001000,
        "containers": [{"name": "c", "env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": "m", "key": "k", "optional": true}}}]}],
        "volumes": [{"name": "t", "projected": {"sources": [{"configMap": {"name": "kube-root-ca.crt"}}]}}],
    });
    assert_eq!(found(&one(pod("p", spec))), [""; 0]);
    let needs = pod(
        "p",
        json!({"containers": [{"name": "c", "envFrom": [{"secretRef": {"name": "s"}}, {"secretRef": {"name": "s"}}]}]}),
    );
    let secret = object("v1.Secret", "s", json!({}));
    assert_eq!(found(&trace(vec![event(5, &[secret, needs.clone()], &[])])), [""; 0]);
    assert_eq!(found(&one(needs)), ["E0002 0 Pod n/p: Secret s"]);
    let soon = pod("p", json!({"terminationGracePeriodSeconds": 0}));
    assert_eq!(
        found(&trace(vec![
            event(5, std::slice::from_ref(&soon), &[("Pod", "p")]),
            event(5, std::slice::from_ref(&soon), &[])
        ])),
        [""; 0]
    );
}
