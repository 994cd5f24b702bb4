//! `tracer inspect`: what it says of logs and traces, to the letter.
//!
//! The goldens in `tests/inspect/` are what it prints in a directory with what `fixtures/incident` holds, stderr included.
//! `UPDATE_GOLDENS=1 cargo test --test inspect` writes them anew.

// clippy sees tests only in `#[test]` functions, and not what they call.
#![allow(clippy::unwrap_used)]

mod shell;
mod support;

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use support::*;
use tracer::cli::{self, Invocation};
use tracer::cmd::inspect::look;
use tracer::model::Timestamp;
use tracer::store::focus::Focus;

/// Runs a script in a copy of `fixtures/incident`, and compares what it prints.
#[track_caller]
fn golden(name: &str, script: &str) {
    let ended = shell::run(&format!("exec 2>&1; {script}"), shell::incident().path()).ends(0);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/inspect").join(name);
    let printed = format!("$ {script}\n{}", ended.stdout);
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::write(&path, &printed).unwrap();
    }
    let golden = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(printed, golden, "tests/inspect/{name}");
}

#[test]
fn audit_logs_of_two_servers() {
    golden("audit.txt", "tracer inspect audit");
}

#[test]
fn watches() {
    golden("watch.txt", "tracer inspect watch");
}

#[test]
fn a_lean_log_with_examples_of_what_is_missing() {
    golden("lean.txt", "tracer inspect lean.log.gz -v");
}

#[test]
fn whatever_there_is_together() {
    golden("mixed.txt", "tracer inspect lean.log.gz watch/jobs.jsonl late.jsonl baseline.json --config tracer.yaml");
}

#[test]
fn a_part_of_the_time_and_of_the_objects() {
    let filters = "-n shop -k deploy,rs,pod -l 'app in (web, tagged)' --exclude-selector tier=x";
    golden("part.txt", &format!("tracer inspect watch {filters} --from '2026-11-23 15:26:00' --to +20s"));
}

#[test]
fn an_archive_in_a_pipe() {
    golden("pipe.txt", "tar -cz audit/a | tracer inspect - -k node,deployment");
}

#[test]
fn a_trace_in_a_pipe() {
    golden("trace.txt", "tracer export -q watch audit | tracer inspect");
}

#[test]
fn a_trace_as_json() {
    golden("trace.json", "tracer export -q watch --name deploy/decoy,sum | tracer inspect -o json");
}

#[test]
fn as_json() {
    golden("late.json", "tracer inspect late.jsonl -o json");
}

#[test]
fn what_is_not_there_is_told() {
    golden(
        "nothing.txt",
        "true | tracer inspect; echo; tracer inspect watch -k deploymnet | tail -2; echo
         tracer inspect watch --from 2026-11-24 --to +1h | head -3",
    );
}

/// The trace that SimKube's own tracer wrote, from the place where the lab's files are.
#[test]
fn a_trace_of_simkube() {
    let run = tracer(&["inspect", &fixture("lab/traces/roots-middle.sktrace")], b"").ends(0);
    let text = String::from_utf8(run.stdout).unwrap();
    for line in [
        "30 objects, 30 changes: 20 created, 2 changed, 8 deleted",
        "objects      8 at the start, 22 applied later, 8 deleted",
        "Deployment.apps         13          7         6         2         5              13        14",
        "Deployment.apps shop/web                 4            5",
        "and 14 other owners",
    ] {
        assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
    }
}

#[test]
fn filters_and_times_bear_on_what_a_trace_would_start() {
    let trace = fixture("lab/traces/roots-middle.sktrace");
    let facts = |args: &[&str]| inspection(&[args, &[&trace]].concat(), b"")["trace"].clone();
    let (all, shop) = (facts(&[]), facts(&["-n", "shop"]));
    assert_eq!((&all["events"], &all["bytes"]), (&shop["events"], &shop["bytes"]), "those are of the file");
    assert_eq!((&all["pods"], &all["lifecycles"]["all"]), (&json!({"at_start": 17, "at_most": 32}), &json!(41)));
    let mut owners: Vec<&Value> = shop["owners"].as_array().unwrap().iter().collect();
    owners.retain(|owner| owner["owner"]["namespace"] != "shop");
    assert_eq!(owners, Vec::<&Value>::new());
    assert!(number(&shop["pods"]["at_start"]) < 17 && number(&shop["lifecycles"]["all"]) < 41, "{shop}");
    // From then on there is what was there.
    let late = facts(&["--from", "2026-11-23T15:26:40Z"]);
    assert!(number(&late["pods"]["at_start"]) > 17, "{}", late["pods"]);
    assert_eq!(late["pods"]["at_most"], 32);
}

#[test]
fn pods_that_own_pods_in_a_long_chain_or_a_circle_are_no_trap() {
    let mut log = Log::new();
    let mut above = owned(&pod("shop/p0", 100), &pod("shop/p2999", 100));
    for number in 0..3_000 {
        log = log.event(100, "ADDED", &above);
        above = owned(&pod(&format!("shop/p{}", number + 1), 100), &above);
    }
    let found = inspection(&[], log.text().as_bytes());
    assert_eq!((number(&found["objects"]), sum(&found["owners"], "pods")), (3_000, 3_000));
}

fn inspection(args: &[&str], stdin: &[u8]) -> Value {
    tracer(&[&["inspect", "-o", "json"], args].concat(), stdin).ends(0).json()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn sum(values: &Value, field: &str) -> u64 {
    values.as_array().unwrap().iter().map(|value| number(&value[field])).sum()
}

#[test]
fn the_numbers_add_up() {
    for input in ["lab/audit", "lab/watch", "incident/audit", "incident/watch", "incident/lean.log.gz"] {
        let found = inspection(&[&fixture(input)], b"");
        for field in ["created", "changed", "deleted"] {
            let all = number(&found["changes"][field]);
            for table in [&found["kinds"], &found["namespaces"], &found["histogram"]["spans"]] {
                assert_eq!(sum(table, field), all, "{input} {field} {table}");
            }
        }
        let objects = number(&found["objects"]);
        assert_eq!((sum(&found["kinds"], "objects"), sum(&found["namespaces"], "objects")), (objects, objects));
        assert_eq!(sum(&found["forms"], "records"), number(&found["records"]), "{input}");
        assert_eq!(sum(&found["inputs"], "records"), number(&found["records"]), "{input}");
        for form in found["forms"].as_array().unwrap() {
            assert_eq!(sum(&form["fates"], "records"), number(&form["records"]));
            if form["format"] == "audit" {
                assert_eq!(sum(&found["levels"], "events"), number(&form["records"]));
                assert_eq!(sum(&found["servers"], "events"), number(&form["records"]));
            }
        }
        let pods = found["kinds"].as_array().unwrap().iter().find(|kind| kind["kind"] == "Pod").unwrap();
        assert_eq!(sum(&found["owners"], "pods"), number(&pods["objects"]), "{input}");
        for kind in found["kinds"].as_array().unwrap() {
            let [start, created, deleted, end] = ["at_start", "created", "deleted", "at_end"].map(|f| number(&kind[f]));
            assert_eq!(start + created - deleted, end, "{input} {kind}");
        }
    }
}

#[test]
fn audit_logs_and_watches_tell_of_the_same_changes() {
    let of = |input: &str| {
        let window = ["--from", "1795447547", "--to", "1795447643", "-k", "deploy,rs,job,sts,ds,cj"];
        let found = inspection(&[&window[..], &[&fixture(input)]].concat(), b"");
        (found["kinds"].clone(), found["histogram"].clone())
    };
    let (audit, watch) = (of("lab/audit"), of("lab/watch"));
    assert_eq!(audit.0, watch.0);
    assert!(number(&audit.0[0]["changed"]) > 100, "{}", audit.0);
}

#[test]
fn both_together_count_once() {
    let of = |inputs: &[&str]| {
        let window = ["--from", "1795447547", "--to", "1795447643", "-k", "deploy,rs"];
        let inputs: Vec<String> = inputs.iter().map(|input| fixture(input)).collect();
        let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
        inspection(&[&window[..], &inputs].concat(), b"")["kinds"].clone()
    };
    assert_eq!(of(&["lab/audit", "lab/watch"]), of(&["lab/watch"]));
}

#[test]
fn neither_threads_nor_the_order_of_files_matter() {
    let dir = shell::incident();
    let script = "run() { tracer inspect \"$@\" -v | grep -v '^tracer export'; }
         run watch audit late.jsonl -j 1 > a
         run late.jsonl audit watch -j 7 > b; run watch/* audit/*/* late.jsonl > c; cmp a b && cmp a c && test -s a";
    shell::run(script, dir.path()).ends(0);
}

#[test]
fn the_command_that_it_ends_with_works_as_it_stands() {
    let dir = shell::incident();
    fs::create_dir(dir.path().join("it's $here")).unwrap();
    let script = "set -e; mv watch \"it's \\$here/\"
         tracer inspect \"it's \\$here\" -n 'shop*' -l 'app in (web)' -l tier!=x --exclude-kind job --name 'web*' > text
         tail -1 text > command; bash -e command; tracer inspect busiest.sktrace | grep '^objects ' > objects
         grep -q '^objects      0 at the start, 5 applied later, 0 deleted' objects || { cat objects; false; }";
    shell::run(script, dir.path()).ends(0);
}

#[test]
fn a_terminal_gets_a_chart_of_its_width_and_colours() {
    let dir = shell::incident();
    let shown = |columns: u32| {
        shell::run_in_terminal(&format!("stty rows 40 cols {columns}; tracer inspect -q watch"), dir.path())
            .ends(0)
            .stdout
    };
    let (narrow, wide) = (shown(50), shown(200));
    let plain = |line: &str| line.replace("\x1b[1m", "").replace("\x1b[0m", "");
    let widest = |text: &str| {
        let tables = text.lines().filter(|line| !line.starts_with("tracer export") && !line.starts_with("138 records"));
        tables
            .filter(|line| !line.contains("changes: ") && !line.contains("CHANGES OVER TIME"))
            .map(|line| plain(line).chars().count())
            .max()
            .unwrap()
    };
    assert!(narrow.contains("\x1b[1mKIND"), "{narrow}");
    assert!(widest(&narrow) <= 50, "{narrow}");
    assert!(wide.contains("every 1s, ") && narrow.contains("every 3s, "), "{wide}");
}

#[test]
fn nothing_in_a_log_commands_the_terminal() {
    let evil = with(deployment("shop/web", 100, 1), "/metadata/name", json!("a\u{1b}[2J\nb\u{202e}"));
    let evil = with(evil, "/kind", json!("De\u{1b}]0;x\u{7}"));
    let evil = with(evil, "/metadata/namespace", json!("sh\rop"));
    let pod = owned(&pod("shop/p", 100), &evil);
    let log = Log::new().event(100, "ADDED", &evil).event(101, "ADDED", &pod).event(102, "DELETED", &pod);
    let dir = scratch();
    let path = write(dir.path(), "a\u{1b}[31m\u{202e} b.jsonl", log.text());
    let path = path.to_str().unwrap();
    for args in [&["inspect", "-v", path][..], &["inspect", "-o", "json", path], &["inspect", path, "-k", "none"]] {
        let run = tracer(args, b"").ends(0);
        let text = String::from_utf8(run.stdout).unwrap() + &run.stderr;
        let harmful = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        // JSON escapes control characters, and is for programs.
        let text = if args.contains(&"json") { text.replace('\u{202e}', "") } else { text };
        assert!(!text.contains(harmful), "{text:?}");
    }
}

#[test]
fn one_record_is_a_log() {
    let log = Log::new().event(100, "ADDED", &deployment("shop/web", 100, 1)).text();
    let found = inspection(&[], log.as_bytes());
    assert_eq!(found["window"], json!({"from": at(100), "to": at(101)}));
    assert_eq!(found["changes"], json!({"created": 1, "changed": 0, "deleted": 0}));
    assert_eq!(found["busiest"].as_array().unwrap().len(), 1);
    let text = String::from_utf8(tracer(&["inspect"], log.as_bytes()).ends(0).stdout).unwrap();
    assert!(text.contains("1 │███\n"), "{text}");
}

#[test]
fn a_log_without_times_has_those_of_its_objects() {
    let web = deployment("shop/web", 100, 1);
    let log = Log::new().untimed("ADDED", &web).untimed("MODIFIED", &deployment("shop/web", 100, 2)).text();
    let run = tracer(&["inspect"], log.as_bytes()).ends(0);
    let text = String::from_utf8(run.stdout).unwrap();
    assert!(
        text.starts_with("2 records from 1 input, 1970-01-01T00:01:40Z to 1970-01-01T00:01:40Z (0.000s)\n"),
        "{text}"
    );
    assert!(text.contains("times estimated from the objects"), "{text}");
}

#[test]
fn a_change_that_began_before_the_log_is_one() {
    // Nothing shows the creation; what the first record tells is a change, and the second no other object.
    let first = deployment("shop/web", 10, 2);
    let log = Log::new().event(100, "MODIFIED", &first).event(105, "MODIFIED", &deployment("shop/web", 10, 3));
    let log = log.event(107, "ADDED", &deployment("shop/old", 10, 1));
    let found = inspection(&[], log.text().as_bytes());
    assert_eq!(found["changes"], json!({"created": 0, "changed": 2, "deleted": 0}));
    assert_eq!((&found["objects"], sum(&found["kinds"], "at_start")), (&json!(2), 2));
}

#[test]
fn writes_without_bodies_count_whatever_their_kind() {
    let event = |second: i64, verb: &str, resource: &str, name: &str| {
        let target = json!({"resource": resource, "namespace": "shop", "name": name, "apiVersion": "v1"});
        let event = json!({
            "kind": "Event", "apiVersion": "audit.k8s.io/v1", "level": "Metadata", "auditID": format!("{second}-{verb}"),
            "stage": "ResponseComplete", "requestURI": format!("/api/v1/namespaces/shop/{resource}/{name}"), "verb": verb,
            "objectRef": target, "responseStatus": {"code": 200}, "stageTimestamp": at(second),
        });
        format!("{event}\n")
    };
    let log = event(100, "create", "configmaps", "a")
        + &event(101, "update", "configmaps", "a")
        + &event(102, "patch", "secrets", "b")
        + &event(103, "update", "endpoints", "c")
        + &event(104, "delete", "configmaps", "a");
    let found = inspection(&[], log.as_bytes());
    let kinds: Vec<String> = found["kinds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|k| format!("{} {} {} {}", k["kind"], k["created"], k["changed"], k["deleted"]))
        .collect();
    assert_eq!(kinds, ["\"ConfigMap\" 1 1 1", "\"Secret\" 0 1 0"]);
    let fates = json!([
        {"fate": "changed", "records": 3}, {"fate": "deleted", "records": 1}, {"fate": "noise", "records": 1}
    ]);
    assert_eq!(found["forms"][0]["fates"], fates);
    // An export has no use for them, and keeps none: not even that one was there which went.
    let account = account(&log, &["--from", "90", "--to", "110"]);
    assert_eq!(account["contents"]["objects_seen"], 0);
}

#[test]
fn a_quarter_of_an_hour_is_found_in_a_day() {
    let mut log = Log::new();
    for hour in 0..24 {
        log = log.event(hour * 3600, "ADDED", &pod(&format!("shop/quiet-{hour}"), hour * 3600));
    }
    for second in 0..40 {
        let at = 50_000 + second * 10;
        log = log.event(at, "ADDED", &pod(&format!("shop/busy-{second}"), at));
    }
    let found = inspection(&[], log.text().as_bytes());
    assert_eq!(
        found["busiest"][0],
        json!({"from": at(49_980), "to": at(50_880), "created": 41, "changed": 0, "deleted": 0, "pods": 41})
    );
    assert_eq!(found["pauses"].as_array().unwrap().len(), 5);
    assert!(found["export"].as_str().unwrap().starts_with(&format!("tracer export --from {} --to ", at(49_980))));
}

#[test]
fn what_is_missing_fails_a_strict_run_after_all_was_said() {
    let dir = shell::incident();
    let script = "tracer inspect lean.log.gz --strict --report report.json > text; code=$?
         tracer inspect watch --strict > /dev/null || exit 9; tail -1 text; exit $code";
    let ended = shell::run(script, dir.path()).ends(3);
    assert!(ended.stdout.starts_with("tracer export lean.log.gz "), "{ended:?}");
    assert!(ended.stderr.contains("error: --strict: a trace of this may differ"), "{ended:?}");
    let report: Value = serde_json::from_slice(&fs::read(dir.path().join("report.json")).unwrap()).unwrap();
    assert_eq!((&report["version"], gaps(&report, "created-without-body")), (&json!(1), 4));
}

#[test]
fn the_account_is_that_of_an_export() {
    let dir = shell::incident();
    let window = "--from '2026-11-23 15:26:00' --to +60s";
    let script = format!(
        "tracer export lean.log.gz {window} -q --report a -o x; tracer inspect lean.log.gz {window} -q --report b > y"
    );
    shell::run(&script, dir.path()).ends(0);
    let account = |name: &str| -> Value { serde_json::from_slice(&fs::read(dir.path().join(name)).unwrap()).unwrap() };
    let (export, inspect) = (account("a"), account("b"));
    assert_eq!((&export["audit"], &export["sources"]), (&inspect["audit"], &inspect["sources"]));
    // An export adds what only the objects of its trace tell.
    let of_trace = |gap: &&Value| gap["reason"] != "content-unknown";
    let gaps: Vec<&Value> = export["gaps"].as_array().unwrap().iter().filter(of_trace).collect();
    assert_eq!(gaps, inspect["gaps"].as_array().unwrap().iter().collect::<Vec<_>>());
}

#[test]
fn mistakes_are_told() {
    for (args, code, message) in [
        (&["inspect", "/no/such"][..], 1, "/no/such: No such file"),
        (&["inspect", "-o", "yaml"], 2, "text, json"),
        (&["inspect", "--from", "20", "--to", "10"], 2, "the window is empty"),
        (&["inspect", "--to", "2000-01-01", "fixtures/incident/watch"], 2, "the log spans 2026-11-23T15:25:46"),
        (&["inspect", "fixtures/README.md"], 1, "fixtures/README.md:1: "),
    ] {
        let run = tracer(args, b"").ends(code);
        assert!(run.stderr.contains(message), "{args:?}: {}", run.stderr);
        assert!(run.stdout.is_empty());
    }
}

#[test]
fn unreadable_records_are_counted() {
    let log = "{\"type\":\n".to_owned() + &Log::new().event(100, "ADDED", &deployment("shop/web", 100, 1)).text();
    let found = inspection(&["--skip-invalid"], log.as_bytes());
    let other = found["forms"].as_array().unwrap().iter().find(|form| form["format"] == "other").unwrap();
    assert_eq!(other["fates"], json!([{"fate": "skipped", "records": 1}]));
    assert_eq!(found["gaps"][0]["reason"], "record-skipped");
}

/// What is found of a window does not depend on what was forgotten of the rest.
#[test]
fn forgetting_what_is_outside_of_the_window_changes_nothing() {
    let dir = shell::incident();
    for input in ["audit", "watch", "archive.jsonl.gz", "lean.log.gz"] {
        for (from, to) in [(1_795_447_560, 1_795_447_580), (1_795_447_600, 1_795_447_630)] {
            let input = dir.path().join(input);
            let window = [format!("--from={from}"), format!("--to={to}")];
            let args = ["tracer", "inspect", "-q", &window[0], &window[1], input.to_str().unwrap()];
            let Ok(Invocation::Inspect(options)) = cli::parse(args) else { panic!("{args:?}") };
            let messages = options.common.messages();
            let at = |second| Some(Timestamp::from_seconds(second));
            let found = |focus| {
                let looked = look(&options, focus, &messages).unwrap();
                serde_json::to_value(looked.inspection).unwrap()
            };
            let all = found(Focus::none());
            let narrow = found(Focus::new(at(from), at(to), 1_000_000).eager());
            for field in all.as_object().unwrap().keys() {
                assert_eq!(all[field], narrow[field], "{input:?} {from} {field}");
            }
        }
    }
}

/// Every field of the JSON stands in the help, and so in the man page.
#[test]
fn every_field_of_the_json_is_explained() {
    let help = String::from_utf8(tracer(&["inspect", "--help"], b"").ends(0).stdout).unwrap();
    let section = help.split("Fields of the JSON:").nth(1).unwrap().split("Examples:").next().unwrap().to_owned();
    // What export's account explains.
    let of_account = ["servers", "resources"];
    let of_gaps = ["reason", "count", "in_window", "meaning", "advice", "examples"];
    let mut rest = vec![
        inspection(&[&fixture("incident/lean.log.gz"), &fixture("incident/watch")], b""),
        inspection(&[&fixture("lab/traces/roots-middle.sktrace")], b""),
    ];
    let mut explained = 0;
    while let Some(value) = rest.pop() {
        for (name, value) in value.as_object().unwrap() {
            let words = section.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            assert!(of_gaps.contains(&name.as_str()) || words.clone().any(|word| word == name), "{name}");
            explained += 1;
            let inner = value.get(0).unwrap_or(value);
            rest.extend((inner.is_object() && !of_account.contains(&name.as_str())).then(|| inner.clone()));
        }
    }
    assert!(explained > 100, "{explained}");
}
