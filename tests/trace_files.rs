//! Traces are read as they were written, whoever wrote them, and nothing in a file brings the reader down.

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]

use std::ops::ControlFlow;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Value, json};
use tracer::model::Gvk;
use tracer::trace::read::is_trace;
use tracer::trace::{Deleted, Event, Format, Lifecycle, Object, Part, ReadError, Trace, read, read_all, write};

const MIB: u64 = 1 << 20;

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/fixtures/trace/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn written(trace: &Trace<Value>) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(Format::Simkube, trace, &mut bytes).unwrap();
    bytes
}

fn error(bytes: &[u8]) -> String {
    read_all::<Value>(bytes, MIB).unwrap_err().to_string()
}

#[test]
fn traces_of_simkube_are_read_and_written_again() {
    for (name, events, config) in [("gangs-middle.sktrace", 12, 5), ("roots-late.sktrace", 6, 6)] {
        let original = fixture(name);
        assert!(is_trace(&original[..20]));
        let trace = read_all::<Value>(original.as_slice(), MIB).unwrap();
        assert_eq!(trace.events.len(), events, "{name}");
        assert_eq!(trace.config["trackedObjects"].as_object().unwrap().len(), config, "{name}");
        assert!(!trace.pod_lifecycles.is_empty() && trace.events.iter().any(|event| !event.deleted.is_empty()));
        let again = written(&trace);
        assert_eq!(read_all::<Value>(again.as_slice(), MIB).unwrap(), trace, "{name}");
        // Only the order of maps differs, so nothing was added or lost.
        assert_eq!(again.len(), original.len(), "{name}");
    }
}

fn object(value: Value) -> Object {
    Object::of(value.as_object().unwrap())
}

/// MessagePack of a trace whose fields are given as JSON; lifecycles cannot be, and are empty.
fn packed(fields: &Value) -> Vec<u8> {
    rmp_serde::to_vec(fields).unwrap()
}

fn whole() -> Value {
    json!({"version": 2, "config": {}, "events": [], "index": {}, "pod_lifecycles": {}})
}

#[test]
fn fields_may_come_in_any_order_and_unknown_ones_are_passed_over() {
    let mut fields = whole();
    fields["annotations"] = json!({"by": ["somebody"]});
    fields["events"] = json!([{"deleted_objs": [], "what": null, "applied_objs": [{"kind": "A"}], "ts": -3}]);
    let trace = read_all::<Value>(packed(&fields).as_slice(), MIB).unwrap();
    let applied = vec![object(json!({"kind": "A"}))];
    assert_eq!(trace.events, [Event { ts: -3, applied, deleted: vec![] }]);
}

#[test]
fn errors_say_what_is_wrong_and_where() {
    for field in ["version", "config", "events", "index", "pod_lifecycles"] {
        let mut fields = whole();
        fields.as_object_mut().unwrap().remove(field);
        let message = error(&packed(&fields));
        assert!(message.contains(&format!("no field `{field}`")), "{message}");
    }
    let rows = [
        ("version", json!(3), "version 3 of the format, only 2 is read"),
        ("version", json!("2"), r#"version "2" of the format"#),
        ("events", json!({}), "the value is a map of 0, not a list"),
        ("events", json!([{"ts": 1, "applied_objs": []}]), "`events[0]`, byte"),
        ("events", json!([{"ts": 1, "applied_objs": []}]), "no field `deleted_objs`"),
        ("events", json!([{"ts": 1.5, "applied_objs": [], "deleted_objs": []}]), "`ts` is 1.5, not a number"),
        ("events", json!([{"ts": u64::MAX, "applied_objs": [], "deleted_objs": []}]), "`ts` is 18446744073709551615"),
        ("events", json!([{"ts": 1, "applied_objs": ["x"], "deleted_objs": []}]), "an applied object is no map"),
        ("events", json!([{"ts": 1, "applied_objs": [], "deleted_objs": [{"kind": "A"}]}]), "no `apiVersion`"),
        ("events", json!([{"ts": 1, "applied_objs": [], "deleted_objs": [null]}]), "no `apiVersion`"),
        ("index", json!({"Pod": {}}), "`Pod` is not of the form"),
        ("index", json!({"v1.Pod": {"a/b": -1}}), "an object's hash is -1"),
        ("pod_lifecycles", json!({"v1.Pod|a/b": {}}), "an owner is the string"),
    ];
    for (field, value, expected) in rows {
        let mut fields = whole();
        fields[field] = value;
        let message = error(&packed(&fields));
        assert!(message.contains(expected), "{message}");
    }
    assert!(error(b"\x93\x01\x02\x03").contains("what should be a trace is a list of 3, not a map"));
    assert!(error(b"\x81\x05\x05").contains("a field's name is 5"));
    assert!(error(b"\x82\xa7version\x02\xa7version\x02").contains("stands there twice"));
    let mut more = packed(&whole());
    more.push(0);
    assert!(error(&more).contains("more after the trace's end"));
}

#[test]
fn what_is_no_json_is_an_error() {
    let odd: [(&[u8], &str); 6] = [
        (b"\xc4\x01\x00", "blob"),
        (b"\xd4\x01\x00", "extension"),
        (b"\xc1", "does not use"),
        (b"\xcb\x7f\xf8\0\0\0\0\0\0", "not finite"),
        (b"\xa1\xff", "UTF-8"),
        (b"\x81\x01\x02", "a key is 1, not a string"),
    ];
    for (bytes, expected) in odd {
        let file = [b"\x81\xa6config".as_slice(), bytes].concat();
        let message = error(&file);
        assert!(message.starts_with("`config`, byte ") && message.contains(expected), "{message}");
    }
}

#[test]
fn a_trace_that_is_cut_anywhere_is_said_to_be() {
    let bytes = fixture("gangs-middle.sktrace");
    for end in (0..bytes.len()).step_by(7) {
        match read_all::<Value>(&bytes[..end], MIB) {
            Err(ReadError::Cut { offset, .. }) => assert!(offset <= end as u64, "{offset} of {end}"),
            other => panic!("{end}: {other:?}"),
        }
    }
}

#[test]
fn headers_are_not_trusted() {
    // A string, a list, a map of four billion, one in the other; and of one that is too large.
    for marker in [0xdb, 0xdd, 0xdf] {
        let file = [b"\x81\xa6config".as_slice(), &[marker, 0xff, 0xff, 0xff, 0xff], &[0xa1; 64]].concat();
        error(&file);
        let file = [b"\x81\xa6events".as_slice(), &[0xdd, 0xff, 0xff, 0xff, 0xff]].concat();
        assert!(error(&file).contains("cut off"));
    }
    let deep = [b"\x81\xa6config".as_slice(), &[0x91; 100_000]].concat();
    assert!(error(&deep).contains("nested deeper"));
    let long = [b"\x81\xa6config\xdb\0\x10\0\0".as_slice(), &[b'x'; 1 << 20]].concat();
    assert!(error(&long).contains("more than 1048576 bytes"));
    let wide = [b"\x81\xa6config\xdd\0\x08\0\0".as_slice(), &[0xc0; 1 << 19]].concat();
    assert!(error(&wide).contains("parts"));
}

/// What nests as deep as can be read can be written again.
#[test]
fn the_deepest_object_is_written_again() {
    let nested = |levels: usize| {
        let lists = (1..levels).fold(None, |inner, _| Some(Value::from(Vec::from_iter(inner))));
        let events = vec![Event { ts: 0, applied: vec![object(json!({"a": lists}))], deleted: vec![] }];
        Trace { config: json!({}), events, index: Default::default(), pod_lifecycles: Default::default() }
    };
    let deepest = nested(127);
    assert_eq!(read_all::<Value>(written(&deepest).as_slice(), MIB).unwrap(), deepest);
    assert!(write(Format::Simkube, &nested(128), std::io::sink()).is_err());
}

#[test]
fn reading_can_be_broken_off() {
    let bytes = fixture("gangs-middle.sktrace");
    let mut parts = 0;
    let flow = read(bytes.as_slice(), MIB, |part: Part<Value>| {
        parts += 1;
        if matches!(part, Part::Event(_)) { ControlFlow::Break("enough") } else { ControlFlow::Continue(()) }
    });
    assert_eq!(flow.unwrap(), ControlFlow::Break("enough"));
    assert_eq!(parts, 2);
}

#[test]
fn a_failing_reader_is_told_from_a_damaged_trace() {
    struct Failing;
    impl std::io::Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("the disk is gone"))
        }
    }
    assert!(matches!(read_all::<Value>(Failing, MIB), Err(ReadError::Io { offset: 0, .. })));
}

#[test]
fn text_is_never_taken_for_a_trace() {
    for text in ["", "{", "{\"version\":2", "version", "\u{feff}{}", "é{", "\x1f\u{8b}"] {
        assert!(!is_trace(text.as_bytes()), "{text}");
    }
}

fn name() -> impl Strategy<Value = String> {
    "[a-z0-9-]{1,8}"
}

fn gvk() -> impl Strategy<Value = Gvk> {
    ("[a-z]{0,4}", "v[1-3]", "[A-Z][a-z]{1,5}").prop_map(|(group, version, kind)| Gvk::new(group, version, kind))
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // Of few digits: without its feature `float_roundtrip` serde_json reads others inexactly.
        any::<i32>().prop_map(|eighths| Value::from(f64::from(eighths) / 8.0)),
        ".{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..20).prop_map(Value::from),
            btree_map(".{0,6}", inner, 0..6).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn event() -> impl Strategy<Value = Event> {
    let object = btree_map("[a-z]{1,4}", json_value(), 0..4).prop_map(|map| Object::of(&map.into_iter().collect()));
    let deleted = ("[a-z/0-9]{1,6}", "[A-Z]{1,5}", "[a-z]{0,4}", name())
        .prop_map(|(api_version, kind, namespace, name)| Deleted { api_version, kind, namespace, name });
    (any::<i64>(), vec(object, 0..4), vec(deleted, 0..3)).prop_map(|(ts, applied, deleted)| Event {
        ts,
        applied,
        deleted,
    })
}

fn lifecycle() -> impl Strategy<Value = Lifecycle> {
    prop_oneof![
        Just(Lifecycle::Empty),
        any::<i64>().prop_map(Lifecycle::Running),
        any::<(i64, i64)>().prop_map(|(start, end)| Lifecycle::Finished(start, end)),
    ]
}

fn trace() -> impl Strategy<Value = Trace<Value>> {
    let index = btree_map(gvk(), btree_map(name(), any::<u64>(), 1..4), 0..4);
    let lives = btree_map(any::<u64>(), vec(lifecycle(), 0..4), 1..3);
    let config = btree_map(name(), json_value(), 0..3).prop_map(|map| Value::Object(map.into_iter().collect()));
    (config, vec(event(), 0..5), index, btree_map((gvk(), name()), lives, 0..4))
        .prop_map(|(config, events, index, pod_lifecycles)| Trace { config, events, index, pod_lifecycles })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_written_is_read(trace in trace()) {
        let bytes = written(&trace);
        prop_assert_eq!(&written(&trace), &bytes, "the same bytes each time");
        prop_assert_eq!(read_all::<Value>(bytes.as_slice(), MIB).unwrap(), trace);
    }

    #[test]
    fn every_format_can_be_written(trace in trace()) {
        for format in [Format::Json, Format::Jsonl] {
            let mut text = Vec::new();
            write(format, &trace, &mut text).unwrap();
            let values = serde_json::Deserializer::from_slice(&text).into_iter::<Value>().collect::<Result<Vec<_>, _>>();
            prop_assert_eq!(values.unwrap().len(), if format == Format::Json { 1 } else { trace.events.len() + 2 });
        }
        write(Format::Yaml, &trace, std::io::sink()).unwrap();
    }

    #[test]
    fn noise_is_never_more_than_an_error(bytes in vec(any::<u8>(), 0..300)) {
        let _ = read_all::<Value>(bytes.as_slice(), MIB);
        let _ = read_all::<Value>([b"\x81\xa6events\x91".as_slice(), &bytes].concat().as_slice(), MIB);
    }

    #[test]
    fn flipped_bits_are_never_more_than_an_error(flips in vec((any::<prop::sample::Index>(), 0..8u32), 1..8)) {
        let mut bytes = fixture("roots-late.sktrace");
        for (index, bit) in flips {
            let place = index.index(bytes.len());
            bytes[place] ^= 1 << bit;
        }
        if let Ok(trace) = read_all::<Value>(bytes.as_slice(), MIB) {
            prop_assert_eq!(read_all::<Value>(written(&trace).as_slice(), MIB).unwrap(), trace);
        }
    }
}
