//! Logs that are made to cost more than their size: very many objects of one name, very many of anything else. Each is large
//! enough that a step which is not about linear would not end in a day, and its memory is bounded by what was fed.
#![cfg(target_os = "linux")]

mod support;

use std::io::{self, BufWriter, Write};

use support::memory::{Counting, Watched, watch};

const EXPORT: [&str; 6] = ["export", "-fjson", "-j2", "--from=0", "--to=4000000000", "-q"];

/// Feeds a log; memory beyond a base must be at most `factor` times the bytes that were fed.
fn costs_no_more_than(factor: u64, feed: impl FnOnce(&mut dyn Write) -> io::Result<()>) {
    let mut bytes = 0;
    let Watched { code, stderr, peak } = watch(&EXPORT, |pipe| {
        let mut out = Counting { inner: BufWriter::with_capacity(1 << 16, pipe), bytes: 0 };
        let result = feed(&mut out);
        bytes = out.bytes;
        result.and(out.flush())
    });
    assert_eq!(code, 0, "{stderr}");
    assert!(peak << 10 <= (64 << 20) + factor * bytes, "{peak} kB for {} kB", bytes >> 10);
}

/// A version of a Deployment, as a watch tells of it.
fn event(out: &mut dyn Write, i: usize, change: &str, name: (&str, &str), uid: usize) -> io::Result<()> {
    let (namespace, name) = name;
    let (second, uid) = (1_000_000_000 + i / 1_000, format!("00000000-0000-4000-8000-{uid:012}"));
    writeln!(
        out,
        r#"{{"ts":{second}.{:03},"type":"{change}","object":{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"{name}","namespace":"{namespace}","uid":"{uid}","resourceVersion":"{i}","creationTimestamp":"2001-09-09T01:46:40Z","labels":{{"app":"{name}"}}}},"spec":{{"replicas":{i}}}}}}}"#,
        i % 1_000,
    )
}

const MANY: usize = 60_000;

#[test]
fn very_many_objects_under_one_name() {
    costs_no_more_than(8, |out| (1..MANY).try_for_each(|i| event(out, i, "ADDED", ("shop", "web"), i)));
}

#[test]
fn one_object_that_changes_very_often() {
    costs_no_more_than(8, |out| (1..MANY).try_for_each(|i| event(out, i, "MODIFIED", ("shop", "web"), 1)));
}

#[test]
fn very_many_namespaces() {
    costs_no_more_than(12, |out| {
        (1..MANY).try_for_each(|i| event(out, i, "ADDED", (&format!("ns-{i}"), &format!("web-{i}")), i))
    });
}

#[test]
fn very_many_owner_references_on_one_object() {
    costs_no_more_than(30, |out| {
        let head = r#"{"ts":1000000000,"type":"ADDED","object":{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"web","namespace":"shop","uid":"u","resourceVersion":"1","ownerReferences":["#;
        write!(out, "{head}")?;
        for i in 0..MANY {
            let comma = if i == 0 { "" } else { "," };
            write!(out, r#"{comma}{{"apiVersion":"apps/v1","kind":"Deployment","name":"web-{i}","uid":"uid-{i}"}}"#)?;
        }
        writeln!(out, r#"]}},"spec":{{}}}}}}"#)
    });
}

#[test]
fn very_much_compressed_nothing() {
    for filler in [b'\n', b' ', 0] {
        let fed = |out: &mut dyn Write| {
            let mut encoder = flate2::write::GzEncoder::new(out, flate2::Compression::fast());
            (0..96).try_for_each(|_| encoder.write_all(&[filler; 1 << 20]))?;
            event(&mut encoder, 1, "ADDED", ("shop", "web"), 1)?;
            encoder.finish().map(|_| ())
        };
        costs_no_more_than(1, fed);
    }
}
