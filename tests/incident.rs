//! The same minute and a half, recorded in two ways: what the audit logs of the API servers tell is what a watch saw.

// clippy sees tests only in `#[test]` functions, and not what they call.
#![allow(clippy::unwrap_used)]

mod shell;

use std::fs;
use std::path::Path;

use serde_json::Value;

/// Both recordings know all of it: the audit logs begin earlier and end later.
const WINDOW: &str = "--from '2026-11-23 15:25:48' --to '2026-11-23 15:27:23'";

#[test]
fn audit_logs_give_the_trace_of_the_watches_to_the_byte() {
    let dir = shell::incident();
    let windows = [WINDOW, "--from '2026-11-23 15:26:36' --to +30s", "--from '2026-11-23 15:26:00' --to +40s"];
    for window in windows {
        for options in ["", "--sanitize simkube", "--config tracer.yaml", "--no-infer", "-n batch", "-k deploy,pod"] {
            let run = |input: &str| format!("tracer export {input} -q --strict {window} {options}");
            let script = format!("{} > a && {} > b && cmp a b", run("audit"), run("watch"));
            shell::run(&script, dir.path()).ends(0);
        }
    }
}

#[test]
fn audit_logs_give_the_same_trace_whatever_they_come_in() {
    let dir = shell::incident();
    let script = format!(
        "set -eo pipefail; tracer export -q audit {WINDOW} > a
         tar -cf a.tar audit && tar -cJf a.txz audit
         tracer export -q a.tar {WINDOW} | cmp a; tracer export -q a.txz {WINDOW} | cmp a
         tar -cj audit | tracer export -q {WINDOW} | cmp a; cat audit/*/*.gz | tracer export -q {WINDOW} | cmp a
         tracer export -q watch audit {WINDOW} | cmp a
         gzip -dc audit/*/*.gz | shuf | tracer export -q {WINDOW} | cmp a"
    );
    shell::run(&script, dir.path()).ends(0);
}

/// The policy that the README recommends.
fn policy() -> Value {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let yaml = readme.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    serde_yaml::from_str(yaml).unwrap()
}

fn names(list: &Value, name: &str) -> bool {
    list.as_array().is_some_and(|names| names.iter().any(|one| one == name))
}

/// What an API server with that policy would have written of an event.
fn by_policy(policy: &Value, mut event: Value) -> Option<Value> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let target = &event["objectRef"];
    let (group, mut resource) = (text(&target["apiGroup"]), text(&target["resource"]));
    if !text(&target["subresource"]).is_empty() {
        resource = format!("{resource}/{}", text(&target["subresource"]));
    }
    let of_resource = |of: &Value| text(&of["group"]) == group && names(&of["resources"], &resource);
    let fits = |rule: &&Value| {
        let resources = rule.get("resources").and_then(Value::as_array);
        rule.get("verbs").is_none_or(|verbs| names(verbs, event["verb"].as_str().unwrap_or_default()))
            && resources.is_none_or(|resources| resources.iter().any(of_resource))
    };
    let rule = policy["rules"].as_array().unwrap().iter().find(fits)?;
    if rule["level"] == "None" || names(&policy["omitStages"], &text(&event["stage"])) {
        return None;
    }
    assert_eq!((&rule["level"], &policy["omitManagedFields"]), (&"RequestResponse".into(), &true.into()));
    for body in ["requestObject", "responseObject"] {
        if let Some(metadata) = event.pointer_mut(&format!("/{body}/metadata")).and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
        }
    }
    Some(event)
}

#[test]
fn the_recommended_policy_keeps_all_that_a_trace_needs() {
    let dir = shell::incident();
    let policy = policy();
    let log = shell::run("gzip -dc audit/*/*.gz", dir.path()).ends(0).stdout;
    let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kept: Vec<Value> = events.iter().filter_map(|event| by_policy(&policy, event.clone())).collect();
    assert!(kept.len() * 2 < events.len(), "{} of {}", kept.len(), events.len());
    let text: String = kept.iter().map(|event| format!("{event}\n")).collect();
    fs::write(dir.path().join("kept.log"), text).unwrap();
    let script = format!(
        "tracer export audit -q {WINDOW} > a && tracer export kept.log -q --strict --report report {WINDOW} | cmp a"
    );
    shell::run(&script, dir.path()).ends(0);
    let report: Value = serde_json::from_slice(&fs::read(dir.path().join("report")).unwrap()).unwrap();
    assert_eq!(report["audit"]["policy"], Value::Null);
    assert!(report["audit"]["resources"].as_array().unwrap().iter().all(|one| one["with_result"] == one["writes"]));
}

#[test]
fn a_lean_policy_is_told_once_with_the_way_out() {
    let dir = shell::incident();
    let said = shell::run("tracer export lean.log.gz -n batch -o a", dir.path()).ends(0).stderr;
    assert!(said.contains("no object is in the trace: no record shows the content of one"), "{said}");
    assert_eq!(said.matches("audit writes at level RequestResponse").count(), 1, "{said}");
    assert!(said.contains("\nthis rule in the audit policy, before the others, would have recorded"), "{said}");
    assert!(said.contains("resources: [\"cronjobs\", \"cronjobs/status\", \"jobs\", \"jobs/status\"]"), "{said}");
}

#[test]
fn a_silent_server_is_named_without_asking() {
    let dir = shell::incident();
    let script = "gzip -dc audit/a/*.gz > whole && mkdir x && sed -n 1,150p whole > x/1 && sed -n '200,$p' whole > x/2
         tracer export x audit/b -o a";
    let said = shell::run(script, dir.path()).ends(0).stderr;
    assert!(said.contains("\n  server x: silent from "), "{said}");
}
