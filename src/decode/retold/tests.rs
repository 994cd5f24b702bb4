//! Whatever a record is, its lines say what it says.

use std::path::{Path, PathBuf};

use super::*;
use crate::archive::Told;
use crate::config::TracerConfig;
use crate::decode::{Decoded, Decoder, Item};
use crate::input::{self, Options, Sources};
use crate::model::{Gvk, Position};

fn fixtures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let files = [
        "audit/envelopes.jsonl",
        "audit/native.jsonl",
        "audit/patches.jsonl",
        "audit/public_aks_diagnostic_record.jsonl",
        "audit/public_eventlist_pod_create.jsonl",
        "audit/public_falco_v1beta1_request_level.jsonl",
        "audit/public_khi_gke_logentry.jsonl",
        "audit/public_khi_oss_lease_update.jsonl",
        "incident/baseline.json",
        "incident/lean.log.gz",
        "lab/audit/audit-a",
        "lab/traces/roots-whole.sktrace",
        "incident/watch",
        "watch",
    ];
    files.iter().map(|file| root.join(file)).collect()
}

/// What a run is asked for.
fn interests() -> Vec<Interest> {
    let tracked: Vec<Gvk> = TracerConfig::default().iter().map(|(gvk, _)| gvk.clone()).collect();
    let gvk = |text: &str| text.parse::<Gvk>().unwrap();
    let besides = || [gvk("v1.Pod"), gvk("apps/v1.Deployment")];
    let odd = ["lab.example.dev/v1alpha1.Gang", "coordination.k8s.io/v1.Lease", "apps/v1beta1.Deployment"].map(gvk);
    vec![
        Interest::default(),
        Interest::new(tracked.clone(), besides(), false),
        Interest::new(tracked.into_iter().chain(odd), besides(), true),
        Interest::everything(),
        Interest::whole_objects(),
    ]
}

fn read(path: &Path, decoder: &Decoder) -> Vec<Decoded> {
    let sources = Sources::discover(&[path.to_owned()]).unwrap();
    let options = Options { threads: 1, ..Options::default() };
    let mut all = Vec::new();
    let mut sink = |told| {
        if let Told::Record(decoded) = told {
            all.push(decoded);
        }
        Ok::<(), input::InputError>(())
    };
    input::read(&sources, &options, &(), decoder, &mut sink).unwrap();
    all
}

/// What decoded records say of objects.
fn said(all: &[Decoded]) -> Vec<String> {
    let items = all.iter().flat_map(|decoded| &decoded.items);
    items.filter(|item| matches!(item, Item::Observed(_) | Item::Swept(_))).map(|item| format!("{item:?}")).collect()
}

/// The lines of decoded records, as they are written.
fn lines(all: &[Decoded]) -> Vec<String> {
    let opening = SourceName { path: "x".to_owned(), hash: 7, ..SourceName::default() }.opening();
    let place = Provenance { line: 1, ..Provenance::default() };
    let items = all.iter().flat_map(|decoded| &decoded.items);
    let line = |item: &Item| match item {
        Item::Line(line) => Some(format!("{},\"tracer\":{opening}{}}}}}", line.head(), line.rest(&place))),
        _ => None,
    };
    items.filter_map(line).collect()
}

#[test]
fn what_is_told_again_is_what_was_told() {
    let mut count = 0;
    for path in fixtures() {
        // Under one key uids and ids are the same.
        let one = Decoder { max_value: 1 << 20, ..Decoder::default() };
        let retelling = Some(Retelling { noise_of: Interest::everything() });
        let teller = Decoder { interest: Interest::everything(), retelling, ..one.clone() };
        let lines = lines(&read(&path, &teller));
        assert!(lines.iter().all(|line| !line.contains('\n')), "{path:?}");
        for interest in interests() {
            let decoder = Decoder { interest, ..one.clone() };
            let told = said(&read(&path, &decoder));
            let again: Vec<Decoded> = lines
                .iter()
                .map(|line| decoder.line(Position::default(), line).expect("a line is one object"))
                .collect();
            let unreadable =
                again.iter().flat_map(|decoded| &decoded.items).find(|i| matches!(i, Item::Unreadable { .. }));
            assert!(unreadable.is_none(), "{path:?}: {unreadable:?}");
            let again = said(&again);
            let differs = told.iter().zip(&again).find(|(told, again)| told != again);
            assert!(differs.is_none(), "{path:?}: {differs:#?}");
            assert_eq!(told.len(), again.len(), "{path:?}");
            count += told.len();
        }
    }
    assert!(count > 3_000, "{count}");
}

#[test]
fn times_that_have_no_text_are_kept() {
    let place = Provenance { line: 3, ..Provenance::default() };
    for at in [None, Some(Timestamp::from_micros(5)), Some(Timestamp::MAX), Some(Timestamp::from_seconds(1 << 40))] {
        let (kind, tail) = (ERROR.to_owned(), String::new());
        let line = Line { at, kind, object: "{}".to_owned(), tail, told: None };
        let opening = SourceName { stdin: true, ..SourceName::default() }.opening();
        let text = format!("{},\"tracer\":{opening}{}}}}}", line.head(), line.rest(&place));
        let decoded = Decoder::default().line(Position::default(), &text).unwrap();
        assert_eq!(decoded.at, at, "{text}");
        let told = decoded.told.unwrap();
        assert_eq!((told.source.stdin, told.line), (true, 3));
    }
}

#[test]
fn what_is_wrong_with_a_line_is_said() {
    let tracer = r#""source":"x","hash":"0","line":1"#;
    for (line, problem) in [
        (format!(r#"{{"ts":null,"type":"NEW","object":{{}},"tracer":{{{tracer}}}}}"#), "a later version"),
        (format!(r#"{{"ts":"soon","type":"ERROR","object":{{}},"tracer":{{{tracer}}}}}"#), "`ts`"),
        (r#"{"ts":null,"type":"ERROR","object":{},"tracer":{"source":"x","line":1}}"#.to_owned(), "`hash`"),
        (format!(r#"{{"ts":null,"type":"ERROR","object":{{}},"tracer":{{{tracer},"part":-1}}}}"#), "`part`"),
        (format!(r#"{{"ts":null,"type":"BOOKMARK","object":{{}},"tracer":{{{tracer}}}}}"#), "`kind`"),
        (format!(r#"{{"ts":null,"type":"AUDIT","object":[],"tracer":{{{tracer}}}}}"#), "an array"),
        (format!(r#"{{"ts":null,"type":"SPAN","object":{{"first":1}},"tracer":{{{tracer}}}}}"#), "`last`"),
    ] {
        let decoded = Decoder::default().line(Position::default(), &line).unwrap();
        let [Item::Unreadable { message }] = decoded.items.as_slice() else { panic!("{line}: {:?}", decoded.items) };
        assert!(message.contains(problem) && message.contains("tracer events"), "{line}: {message}");
    }
}

/// What another recorder calls so is no line of ours.
#[test]
fn a_member_of_this_name_makes_no_line() {
    let line =
        r#"{"type":"ADDED","object":{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}},"tracer":{"id":1}}"#;
    let decoded = Decoder::default().line(Position::default(), line).unwrap();
    assert!(decoded.told.is_none() && matches!(decoded.items.as_slice(), [Item::Observed(_)]));
}
