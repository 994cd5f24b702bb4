//! Audit logs that no server wrote: no panic, no work without bound, and what else is in the log is still read.

mod support;

use proptest::prelude::*;
use serde_json::{Value, json};
use support::audit::*;
use support::*;

fn web(version: &str, replicas: u64) -> Value {
    at_version(&deployment("shop/web", 10, replicas), version)
}

fn created() -> Audit {
    audit(10, "create", "apps/v1 deployments shop/web").response(&web("101", 1))
}

const CREATED: &str = "10 +Deployment shop/web 1";

/// Exports a log that may hold records that cannot be read, and shows what is in the trace.
#[track_caller]
fn export_any(log: &str) -> Vec<String> {
    let shown = export(log, &["--from", "5", "--to", "95", "--skip-invalid"]);
    shown.lines().filter(|line| !line.ends_with(" |")).map(str::to_owned).collect()
}

fn odd_values() -> Vec<Value> {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(18_446_744_073_709_551_615u64),
        json!(1e300),
        json!(""),
        json!("x"),
        json!([]),
        json!([[], 1, "x", {}]),
        json!({}),
        json!({"": {}, "kind": 7, "metadata": [], "spec": "x", "status": 1, "items": {}}),
        deep,
    ]
}

#[test]
fn fields_of_wrong_types_are_as_if_they_were_not_there_or_are_counted() {
    let events = [
        audit(20, "create", "apps/v1 deployments shop/b").request(&web("", 2)).response(&web("201", 2)),
        audit(20, "update", "apps/v1 deployments shop/web").request(&web("101", 2)).response(&web("201", 2)),
        audit(20, "patch", "apps/v1 deployments shop/web").request(&json!({"spec": {"replicas": 2}})),
        audit(20, "patch", "apps/v1 deployments shop/web/scale").request(&json!({"spec": {"replicas": 2}})),
        audit(20, "create", "v1 pods shop/p/binding").request(&json!({"target": {"name": "n"}})),
        audit(20, "delete", "apps/v1 deployments shop/web").success_of("another"),
        audit(20, "deletecollection", "apps/v1 deployments other")
            .response(&json!({"kind": "DeploymentList", "apiVersion": "apps/v1", "items": [web("201", 2)]})),
        audit(20, "update", "v1 namespaces /other/finalize")
            .request(&json!({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "other"}})),
        audit(20, "list", "apps/v1 deployments shop")
            .response(&json!({"kind": "DeploymentList", "apiVersion": "apps/v1", "items": [web("201", 2)]})),
    ];
    let places = [
        "/stage",
        "/verb",
        "/requestURI",
        "/user",
        "/user/username",
        "/objectRef",
        "/objectRef/resource",
        "/objectRef/name",
        "/objectRef/namespace",
        "/objectRef/subresource",
        "/objectRef/apiGroup",
        "/objectRef/uid",
        "/objectRef/resourceVersion",
        "/responseStatus",
        "/responseStatus/code",
        "/responseStatus/status",
        "/responseStatus/message",
        "/responseStatus/details",
        "/requestObject",
        "/responseObject",
        "/stageTimestamp",
        "/annotations",
        "/level",
        "/auditID",
        "/requestObject/spec",
        "/requestObject/metadata",
        "/responseObject/metadata",
        "/responseObject/items",
        "/responseObject/kind",
        "/responseObject/metadata/uid",
        "/responseObject/metadata/finalizers",
        "/responseObject/metadata/deletionTimestamp",
        "/responseObject/metadata/creationTimestamp",
        "/responseObject/metadata/resourceVersion",
        "/responseObject/spec",
    ];
    let mut odd = Vec::new();
    for event in &events {
        let whole: Value = serde_json::from_str(&event.line()).unwrap();
        let there = |place: &&&str| whole.pointer(place.rsplit_once('/').unwrap().0).is_some_and(Value::is_object);
        for place in places.iter().filter(there) {
            odd.extend(odd_values().into_iter().map(|value| event.clone().with(place, value)));
            // And without it.
            let mut event: Value = whole.clone();
            let (parent, key) = place.rsplit_once('/').unwrap();
            event.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(key);
            let text = with(event, "/auditID", json!("one")).to_string();
            export_line(&text);
        }
    }
    assert!(odd.len() > 2_000, "{}", odd.len());
    // All of them in one log, beside an object that none is about.
    let quiet =
        audit(10, "create", "apps/v1 deployments quiet/q").response(&at_version(&deployment("quiet/q", 10, 1), "99"));
    let log = [&[created(), quiet], &odd[..]].concat();
    let shown = export_any(&audit_log(&log));
    assert!(shown.contains(&"10 +Deployment quiet/q 1".to_owned()), "{shown:?}");
    assert!(!shown.iter().any(|line| line.contains('-') && line.contains("quiet/q")), "{shown:?}");
}

/// Decodes a line, and makes history of it.
fn export_line(text: &str) {
    use tracer::decode::{Decoder, Interest, Item};
    use tracer::model::Position;
    let decoder = Decoder { interest: Interest::everything(), ..Decoder::default() };
    let mut report = tracer::report::Report::default();
    let mut store = tracer::store::Store::default();
    for item in decoder.line(Position::default(), text).into_iter().flat_map(|decoded| decoded.items) {
        match item {
            Item::Observed(seen) => store.observe(Position::default(), *seen, &mut report),
            Item::Swept(sweep) => store.swept(*sweep),
            _ => {}
        }
    }
    let history = store.into_history(&mut report);
    assert!(
        history
            .objects
            .iter()
            .all(|object| !object.versions.is_empty() && object.end.is_none_or(|end| end.at >= object.born))
    );
}

const VERBS: [&str; 8] = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
const SUBRESOURCES: [&str; 8] = ["", "status", "scale", "binding", "eviction", "finalize", "resize", "exec"];
const RESOURCES: [&str; 4] = ["apps/v1 deployments", "v1 pods", "v1 namespaces", "lab.example.dev/v1 gangs"];

/// Any event, about few objects, so that many meet.
fn events() -> impl Strategy<Value = Audit> {
    let body = prop_oneof![
        Just(None),
        prop::sample::select(odd_values()).prop_map(Some),
        (0..3u64, 100..110u64, any::<bool>(), any::<bool>()).prop_map(|(replicas, version, held, ends)| {
            let mut object = web(&version.to_string(), replicas);
            if held {
                object["metadata"]["finalizers"] = json!(["a/b"]);
            }
            if ends {
                object["metadata"]["deletionTimestamp"] = json!(at(20));
            }
            Some(object)
        }),
        Just(Some(
            json!({"kind": "Status", "apiVersion": "v1", "status": "Success", "details": {"uid": "deployment-web-10"}})
        )),
        Just(Some(json!([{"op": "replace", "path": "/spec/replicas", "value": 4}]))),
    ];
    let what = (
        prop::sample::select(VERBS.to_vec()),
        prop::sample::select(RESOURCES.to_vec()),
        prop::sample::select(SUBRESOURCES.to_vec()),
        any::<bool>(),
    );
    (5..40i32, what, body.clone(), body, prop::sample::select(vec![200, 201, 404, 409, 504]), 0..6u32).prop_map(
        |(second, (verb, resource, subresource, named), request, response, code, id)| {
            let name = if named { "web" } else { "" };
            let mut event = audit(second, verb, &format!("{resource} shop/{name}/{subresource}")).code(code);
            if let Some(body) = request {
                event = event.request(&body);
            }
            if let Some(body) = response {
                event = event.response(&body);
            }
            if id > 0 { event.id(&id.to_string()) } else { event }
        },
    )
}

/// The history of a log, in whatever order its lines are.
fn history(lines: &[(u64, String)]) -> Vec<String> {
    use tracer::blobs::Blob;
    use tracer::decode::{Decoder, Interest, Item};
    use tracer::model::Position;
    let decoder = Decoder { interest: Interest::everything(), ..Decoder::default() };
    let mut report = tracer::report::Report::default();
    let mut store = tracer::store::Store::default();
    for (line, text) in lines {
        let position = Position { line: *line, ..Position::default() };
        for item in decoder.line(position, text).into_iter().flat_map(|decoded| decoded.items) {
            match item {
                Item::Observed(seen) => store.observe(position, *seen, &mut report),
                Item::Swept(sweep) => store.swept(*sweep),
                _ => {}
            }
        }
    }
    let history = store.into_history(&mut report);
    let text = |object: &tracer::store::Object| {
        assert!(object.versions.windows(2).all(|pair| pair[0].at <= pair[1].at), "versions out of order");
        assert!(object.end.is_none_or(|end| end.at >= object.born), "ends before it begins");
        let contents = object.versions.iter().map(|version| {
            let content = version.content.as_ref().map(Blob::object);
            format!("{} {:?} {:?}", version.at, version.quality, content)
        });
        format!("{} {:?} {:?}", object.key, object.end.map(|end| end.at), contents.collect::<Vec<_>>())
    };
    history.objects.iter().map(text).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_events_make_a_history_that_does_not_depend_on_the_order_of_reading(events in prop::collection::vec(events(), 1..14)) {
        let lines: Vec<(u64, String)> = audit_log(&events).lines().map(str::to_owned).enumerate().map(|(i, line)| (i as u64 + 1, line)).collect();
        let backwards: Vec<(u64, String)> = lines.iter().rev().cloned().collect();
        prop_assert_eq!(history(&lines), history(&backwards));
    }
}

#[test]
fn deep_nesting_is_counted_and_passed_over() {
    let deep = format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000));
    let event = audit(20, "update", "apps/v1 deployments shop/web").request(&json!("deep")).response(&web("201", 2));
    let text = event.id("one").line().replace("\"deep\"", &deep);
    let log = audit_log(&[created()]) + &text + "\n";
    log_tells(&log, &[], &[CREATED, "20 +Deployment shop/web 2"], &[]);
    let event =
        audit(20, "update", "apps/v1 deployments shop/web").response(&with(web("201", 2), "/spec/x", json!("deep")));
    let text = event.id("one").line().replace("\"deep\"", &deep);
    let log = audit_log(&[created()]) + &text + "\n";
    let account = account(&log, &["--from", "5", "--to", "95"]);
    assert_eq!(gaps(&account, "body-unreadable"), 1, "{:#}", account["gaps"]);
}

const MANY: usize = 20_000;

#[test]
fn very_many_events_of_one_name_without_uid_are_read() {
    let write = |i: usize| match i % 4 {
        0 => audit(10.0 + i as f64 / 2e3, "delete", "apps/v1 deployments shop/web").success(),
        1 => audit(10.0 + i as f64 / 2e3, "create", "apps/v1 deployments shop/web")
            .request(&deployment("shop/web", 10, 1)),
        2 => audit(10.0 + i as f64 / 2e3, "patch", "apps/v1 deployments shop/web")
            .request(&json!({"spec": {"replicas": i % 7}})),
        _ => audit(10.0 + i as f64 / 2e3, "patch", "apps/v1 deployments shop/web/scale")
            .request(&json!({"spec": {"replicas": i % 7}})),
    };
    let shown = export_any(&audit_log(&(0..MANY).map(write).collect::<Vec<_>>()));
    let count = |sign: &str| shown.iter().filter(|line| line.contains(sign)).count();
    assert_eq!(count(" -"), MANY / 4 - 1);
    // Patches and scales of the same second as the creation are seen one by one.
    assert!(count(" +") > MANY / 4, "{}", count(" +"));
}

#[test]
fn very_many_uids_under_one_name_are_read() {
    let create = |i: usize| {
        let object = with(web(&(1_000 + i).to_string(), 1), "/metadata/uid", json!(format!("uid-{i}")));
        audit(10.0 + i as f64 / 2e3, "create", "apps/v1 deployments shop/web").response(&object)
    };
    let bare = |i: usize| audit(10.0 + i as f64 / 2e3, "patch", "apps/v1 deployments shop/web");
    let log: Vec<Audit> = (0..MANY).map(|i| if i % 2 == 0 { create(i) } else { bare(i) }).collect();
    let account = account(&audit_log(&log), &["--from", "5", "--to", "95"]);
    assert_eq!(gaps(&account, "replaced-unseen"), MANY as u64 / 2 - 1);
}

#[test]
fn very_many_deletions_of_many_objects_are_read() {
    let pod = |i: usize| {
        let mut pod = at_version(&pod(&format!("shop/p{i}"), 10), "100");
        pod["spec"]["nodeName"] = json!("n");
        audit(10, "create", &format!("v1 pods shop/p{i}")).response(&pod)
    };
    let held = |i: usize| {
        let name = format!("shop/d{i}");
        let held = with(at_version(&deployment(&name, 10, 1), "100"), "/metadata/finalizers", json!(["a/b"]));
        audit(10, "create", &format!("apps/v1 deployments {name}")).response(&held)
    };
    let mut log: Vec<Audit> = (0..1_000).flat_map(|i| [pod(i), held(i)]).collect();
    log.extend((0..MANY).map(|i| {
        let resource = if i % 2 == 0 { "v1 pods" } else { "apps/v1 deployments" };
        let query = if i % 3 == 0 { format!("?fieldSelector=metadata.name%3Dx{i}") } else { String::new() };
        audit(20.0 + i as f64 / 2e3, "deletecollection", &format!("{resource} shop{query}"))
    }));
    let shown = export_any(&audit_log(&log));
    assert_eq!(shown.len(), 2_000);
    assert!(shown.iter().all(|line| line.starts_with("10 +")));
}

#[test]
fn very_many_creations_without_names_are_read() {
    let mut pod = pod("shop/x", 10);
    pod["metadata"] = json!({"generateName": "web-", "namespace": "shop"});
    let event = |i: usize| {
        let second = 10.0 + i as f64 / 2e3;
        match i % 3 {
            0 => audit(second, "create", "v1 pods shop/").request(&pod),
            1 => audit(second, "create", "v1 pods shop/"),
            _ => audit(second, "create", &format!("v1 pods shop/web-{i:05}/binding")).success(),
        }
    };
    let log = audit_log(&(0..MANY).map(event).collect::<Vec<_>>());
    let account = account(&log, &["--from", "5", "--to", "95"]);
    let third = MANY as u64 / 3;
    let named = gaps(&account, "content-approximate");
    assert!(named > third * 9 / 10, "{named}");
    assert_eq!(gaps(&account, "name-unknown") + named, MANY as u64 - third);
}
