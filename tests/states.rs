//! The state at an instant is the one that the writes until then left, and what the store forgets while it reads changes
//! nothing of it.

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Value, json};
use support::cases::{laws, moment, refer};
use support::random::audit::styles;
use support::random::{Recording, recordings, whole_recordings};
use support::{scratch, write};
use tracer::archive::{Past, Reading};
use tracer::decode::{Decoder, Interest};
use tracer::filter::Filters;
use tracer::input::{Options, Sources};
use tracer::model::Timestamp;
use tracer::report::{Report, Window};
use tracer::state::State;
use tracer::store::focus::Focus;

/// Objects by kind, namespace and name, and what is noted of the state.
type Told = (BTreeMap<String, Value>, Vec<String>);

fn told(dir: &Path, at: Timestamp, focus: Focus) -> Told {
    let sources = Sources::discover(&[dir.to_owned()]).unwrap();
    let interest = Interest::whole_objects().versions_apart();
    let decoder = Decoder { interest, max_value: 1 << 20, ..Decoder::default() };
    let options = Options { threads: 1, ..Options::default() };
    let reading = Reading { sources: &sources, options, decoder, skip_invalid: false, config: None };
    let Past { history, .. } = Past::read(&reading, focus, false, &(), &|_| {}).unwrap();
    let state = State::of(&history, at, &Filters::default(), |_| true);
    let mut report = Report::default();
    state.note(&mut report);
    let window = Window { from: at.seconds(), to: at.seconds() + 1 };
    let gaps = report.gaps((window.from, window.to));
    let notes = gaps.iter().map(|gap| format!("{:?} {:?}", gap.reason, gap.examples)).collect();
    (state.objects.iter().map(|present| (present.object.key.to_string(), present.whole())).collect(), notes)
}

fn same(log: &Recording, files: &[&[String]], cut: u8) -> Result<(), TestCaseError> {
    let dir = scratch();
    for (i, lines) in files.iter().enumerate() {
        write(dir.path(), &format!("{i:03}"), lines.join("\n"));
    }
    let at = Timestamp::from_seconds(moment(log, cut));
    let whole = told(dir.path(), at, Focus::none());
    for margin in [0, 2_000_000] {
        let focus = Focus::new(Some(at), Some(at), margin).eager();
        let folded = told(dir.path(), at, focus);
        prop_assert_eq!(&folded, &whole, "{} {}", at, margin);
    }
    Ok(())
}

fn name(object: &Value) -> String {
    let text = |place: &str| object.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned();
    [text("/kind"), text("/metadata/namespace"), text("/metadata/name")].join("/")
}

/// What all writes left.
fn left(log: &Recording) -> BTreeMap<String, Value> {
    let mut writes: Vec<_> = log.writes.iter().collect();
    let version = |body: &Value| body["metadata"]["resourceVersion"].as_str().and_then(|text| text.parse::<u64>().ok());
    writes.sort_by_key(|one| version(&one.body));
    let mut left = BTreeMap::new();
    for one in writes {
        if one.gone {
            left.remove(&name(&one.body));
        } else {
            let mut body = one.body.clone();
            // Who wrote it is nothing that is kept, nor are lists of nothing.
            let members = body["metadata"].as_object_mut().unwrap();
            members.retain(|name, value| name != "managedFields" && *value != json!([]) && *value != json!({}));
            left.insert(name(&body), body);
        }
    }
    left
}

/// At the end, when everything has been told.
fn at_the_end(log: &Recording, files: &BTreeMap<String, Vec<String>>) -> BTreeMap<String, Value> {
    let dir = scratch();
    for (name, lines) in refer(files) {
        write(dir.path(), name, lines.join("\n"));
    }
    let (objects, _) = told(dir.path(), Timestamp::from_seconds(log.end + 60), Focus::none());
    // Noise of the audit logs is no write of the cluster.
    let of_cluster = objects.into_values().filter(|object| object["kind"] != "Lease" && object["kind"] != "Event");
    of_cluster.map(|object| (name(&object), object)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 200, ..laws(40) })]

    #[test]
    fn of_watches_what_is_forgotten_does_not_matter(log in recordings(60, true), cut in any::<u8>()) {
        let files = log.files(true);
        let files: Vec<&[String]> = refer(&files).map(|(_, lines)| lines).collect();
        same(&log, &files, cut)?;
    }

    #[test]
    fn of_audit_logs_what_is_forgotten_does_not_matter(log in recordings(60, false), style in styles(), cut in any::<u8>()) {
        let audit = log.audited(&style).files();
        let files: Vec<&[String]> = refer(&audit).map(|(_, lines)| lines).collect();
        same(&log, &files, cut)?;
    }

    #[test]
    fn what_the_writes_left_is_there_whole(log in whole_recordings(60), style in styles()) {
        let left = left(&log);
        prop_assert_eq!(&at_the_end(&log, &log.files(true)), &left, "watches");
        prop_assert_eq!(&at_the_end(&log, &log.audited(&style).files()), &left, "audit logs");
    }
}
