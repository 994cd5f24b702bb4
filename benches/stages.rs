//! The stages of an export, one at a time, on the recordings of the laboratory: for finding out what a change did to one.
//!
//! `benches/compare` measures the whole program. Here everything goes through the library, by entry points that are few and
//! high up, so that a stage may change inside.

// What criterion's macros make has no documentation.
#![allow(missing_docs)]

use std::fs::File;
use std::hint::black_box;
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use tempfile::NamedTempFile;

use tracer::archive::{Archive, Reading};
use tracer::config::TracerConfig;
use tracer::decode::{Decoder, Interest};
use tracer::input::{self, Sources};
use tracer::model::Gvk;
use tracer::report::Report;
use tracer::trace::{self, Format, Trace};

/// How large a value of a trace may be.
const MAX_VALUE: u64 = 64 << 20;

struct NoProgress;

impl input::Progress for NoProgress {
    fn advance(&self, _: u64) {}
}

/// All files of some directories of the laboratory as one, not compressed.
fn recording(directories: &[&str]) -> NamedTempFile {
    let mut all = NamedTempFile::new().expect("a temporary file");
    for directory in directories {
        let mut paths: Vec<PathBuf> =
            lab(directory).read_dir().expect("fixtures").map(|entry| entry.expect("fixtures").path()).collect();
        paths.sort();
        for path in paths {
            let mut text = Vec::new();
            MultiGzDecoder::new(File::open(path).expect("fixtures")).read_to_end(&mut text).expect("gzip");
            all.write_all(&text).expect("room for a temporary file");
        }
    }
    all
}

fn lab(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/lab").join(path)
}

fn length(file: &NamedTempFile) -> u64 {
    file.as_file().stream_position().expect("a position")
}

/// As an export with the default config reads.
fn read(file: &NamedTempFile) -> Archive {
    let tracked = TracerConfig::default().iter().map(|(gvk, _)| gvk.clone()).collect::<Vec<_>>();
    let besides = [Gvk::new("", "v1", "Pod"), Gvk::new("apps", "v1", "Deployment")];
    let reading = Reading {
        sources: &Sources::discover(&[file.path().to_owned()]).expect("the file is there"),
        options: input::Options { threads: 1, ..input::Options::default() },
        decoder: Decoder { interest: Interest::new(tracked, besides, false), ..Decoder::default() },
        skip_invalid: false,
        config: Some(TracerConfig::default()),
    };
    Archive::read(&reading, &NoProgress).expect("the recording can be read")
}

/// Bytes → observations in a store.
fn decode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("decode");
    for (name, directories) in [("audit", ["audit/audit-a", "audit/audit-b"].as_slice()), ("watch", &["watch"])] {
        let file = recording(directories);
        group.throughput(Throughput::Bytes(length(&file)));
        group.bench_function(name, |bencher| bencher.iter(|| read(&file)));
    }
    group.finish();
}

/// Observations in a store → the versions of objects.
fn history(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("history");
    for (name, directories) in [("audit", ["audit/audit-a", "audit/audit-b"].as_slice()), ("watch", &["watch"])] {
        let file = recording(directories);
        group.throughput(Throughput::Bytes(length(&file)));
        let merge = |archive: Archive| archive.store.into_history(&mut Report::default());
        group.bench_function(name, |bencher| bencher.iter_batched(|| read(&file), merge, BatchSize::PerIteration));
    }
    group.finish();
}

/// Specs → the hashes that a trace holds.
fn hash(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("hash");
    let trace = whole_trace();
    let applied = trace.events.iter().flat_map(|event| &event.applied);
    let objects: Vec<Value> = applied.map(|object| Value::Object(object.tree())).collect();
    let pod_specs: Vec<&Value> = objects.iter().filter_map(|object| object.pointer("/spec/template/spec")).collect();
    let bytes = |values: &mut dyn Iterator<Item = &Value>| values.map(|value| value.to_string().len() as u64).sum();

    let specs = || objects.iter().filter_map(|object| object.get("spec"));
    group.throughput(Throughput::Bytes(bytes(&mut specs())));
    group.bench_function("object", |bencher| {
        bencher.iter(|| specs().map(|spec| trace::object_hash(Some(spec))).fold(0, u64::wrapping_add))
    });
    group.throughput(Throughput::Bytes(bytes(&mut pod_specs.iter().copied())));
    group.bench_function("pod spec", |bencher| {
        bencher.iter(|| pod_specs.iter().filter_map(|spec| trace::pod_spec_hash(spec).ok()).fold(0, u64::wrapping_add))
    });
    group.finish();
}

/// A trace ↔ the bytes of its file.
fn transcode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("trace");
    let trace = whole_trace();
    let mut file = Vec::new();
    trace::write(Format::Simkube, &trace, &mut file).expect("a vector takes everything");
    group.throughput(Throughput::Bytes(file.len() as u64));
    group.bench_function("write", |bencher| {
        bencher.iter(|| trace::write(Format::Simkube, black_box(&trace), std::io::sink()))
    });
    group.bench_function("read", |bencher| {
        bencher.iter(|| trace::read_all::<TracerConfig>(black_box(file.as_slice()), MAX_VALUE))
    });
    group.finish();
}

/// What SimKube exported of the whole recording.
fn whole_trace() -> Trace<TracerConfig> {
    let file = File::open(lab("traces/roots-whole.sktrace")).expect("fixtures");
    trace::read_all(file, MAX_VALUE).expect("a trace")
}

criterion_group! {
    name = stages;
    config = Criterion::default().sample_size(20);
    targets = decode, history, hash, transcode
}
criterion_main!(stages);
