//! The lab: a real control plane whose watches were recorded beside SimKube's own live traces. What is made of the record
//! differs from those only where SimKube is known to be wrong (`fixtures/lab/README.md`), however the record is spread over
//! files, and without its times by little.
//!
//! `UPDATE_GOLDENS=1 cargo test --test lab` writes the differences anew.

#![allow(clippy::unwrap_used, reason = "clippy lets tests unwrap, but not the functions that they share")]
#![allow(clippy::print_stdout, reason = "the figures of the estimated times, for `--nocapture`")]

mod support;

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use support::compare::Comparison;
use support::lab::*;
use support::{fixture, scratch, write};
use tracer::archive::{Archive, Reading};
use tracer::decode::{Decoder, Interest};
use tracer::fingerprint::Uid;
use tracer::input::{Options, Sources};
use tracer::model::{ResourceVersion, Timestamp};
use tracer::report::Report;
use tracer::store::History;

/// The recorded files: name and text.
fn recorded() -> Vec<(String, String)> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(fixture("lab/watch")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 14);
    let text = |path: &Path| {
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(File::open(path).unwrap()).read_to_string(&mut text).unwrap();
        (path.file_stem().unwrap().to_str().unwrap().to_owned(), text)
    };
    files.iter().map(|path| text(path)).collect()
}

/// The same file as a recorder without a clock writes it.
fn without_times(text: &str) -> String {
    let untimed = |line: &str| {
        let mut event: serde_json::Map<String, Value> = serde_json::from_str(line).unwrap();
        event.remove("ts").unwrap();
        Value::Object(event).to_string() + "\n"
    };
    text.lines().map(untimed).collect()
}

#[test]
fn traces_differ_from_simkubes_only_where_it_is_wrong() {
    for (config, window) in CONFIGS.into_iter().flat_map(|config| WINDOWS.map(|window| (config, window))) {
        let name = format!("{config}-{}", window.0);
        let simkube = trace(&fs::read(fixture(&format!("lab/traces/{name}.sktrace"))).unwrap());
        let against = |sanitize: &str| {
            let ours = trace(&export(config, window, &["--sanitize", sanitize, &fixture("lab/watch")], b""));
            Comparison { tolerance: 0, replay: sanitize == "replay" }.of(&simkube, &ours)
        };
        let [plain, replayed] = ["simkube", "replay"].map(against);
        let golden = fixture(&format!("lab/differences/{name}.txt"));
        if std::env::var_os("UPDATE_GOLDENS").is_some() {
            fs::write(&golden, page(&plain)).unwrap();
        }
        assert_eq!(page(&plain), fs::read_to_string(golden).unwrap_or_default(), "{name}");
        assert_eq!(replayed.lines, plain.lines, "{name}, sanitised for a replay");
        assert!(replayed.compared > plain.lines.len() * 4, "{name}: {}", replayed.summary());
    }
}

#[test]
fn how_the_record_is_spread_over_files_does_not_matter() {
    let files = recorded();
    let dir = scratch();
    let [plain, zstd] = ["plain", "zstd"].map(|name| dir.path().join(name));
    for dir in [&plain, &zstd] {
        fs::create_dir(dir).unwrap();
    }
    for (name, text) in &files {
        write(&plain, name, text);
        write(&zstd, name, zstd::encode_all(text.as_bytes(), 3).unwrap());
    }
    let mut backwards: Vec<String> =
        files.iter().rev().map(|(name, _)| fixture(&format!("lab/watch/{name}.gz"))).collect();
    backwards.swap(3, 9);
    let concatenated: String = files.iter().map(|(_, text)| text.as_str()).collect();
    let reversed: String = files.iter().rev().map(|(_, text)| text.as_str()).collect();
    let mut lines: Vec<&str> = concatenated.lines().collect();
    lines.sort_by_key(|line| serde_json::from_str::<Value>(line).unwrap()["ts"].as_str().unwrap().to_owned());
    let by_time = lines.join("\n");
    assert!(by_time != concatenated);

    let backwards: Vec<&str> = backwards.iter().map(String::as_str).collect();
    let (plain, zstd, lab) = (plain.to_str().unwrap(), zstd.to_str().unwrap(), fixture("lab/watch"));
    let arrangements: [(&str, &[&str], &str); 9] = [
        ("another order", &backwards, ""),
        ("gunzipped", &[plain], ""),
        ("zstd", &[zstd], ""),
        ("one behind the other on stdin", &["-"], &concatenated),
        ("one behind the other, backwards", &[], &reversed),
        ("merged by time", &[], &by_time),
        ("one thread", &["-j1", &lab], ""),
        ("two threads", &["-j2", &lab], ""),
        ("seven threads", &["-j7", &lab], ""),
    ];
    for (config, window) in [("roots", WINDOWS[0]), ("gangs", WINDOWS[1])] {
        let expected = export(config, window, &[&lab], b"");
        for (name, args, stdin) in arrangements {
            assert!(export(config, window, args, stdin.as_bytes()) == expected, "{config}: {name}");
        }
    }
}

#[test]
fn without_times_the_trace_is_the_same_but_for_seconds() {
    let dir = scratch();
    for (name, text) in recorded() {
        write(dir.path(), &name, without_times(&text));
    }
    let (lab, untimed) = (fixture("lab/watch"), dir.path().to_str().unwrap());
    for config in CONFIGS {
        let [timed, estimated] =
            [&*lab, untimed].map(|input| trace(&export(config, WINDOWS[0], &["--sanitize", "simkube", input], b"")));
        let differences = Comparison { tolerance: 2, replay: false }.of(&timed, &estimated);
        assert!(differences.lines.is_empty(), "{config}: {:#?}", differences.lines);
        assert!(differences.compared > 50, "{config}: {}", differences.summary());
    }
}

fn history(dir: &Path) -> History {
    let sources = Sources::discover(&[dir.to_owned()]).unwrap();
    let decoder = Decoder { interest: Interest::everything(), ..Decoder::default() };
    let reading =
        Reading { sources: &sources, options: Options::default(), decoder, skip_invalid: false, config: None };
    Archive::read(&reading, &()).unwrap().store.into_history(&mut Report::default())
}

/// When every version of an object was written, and when it was deleted, by uid and resourceVersion. What watches showed at
/// their start counts from its creation, not from then, and tells nothing.
fn times(history: &History) -> HashMap<(Uid, ResourceVersion), Timestamp> {
    let mut times = HashMap::new();
    for (uid, id) in history.by_uid.iter().collect::<BTreeMap<_, _>>() {
        let object = &history.objects[*id];
        let at_start = usize::from(object.born != object.first_seen);
        let versions = object.versions.iter().skip(at_start).map(|version| (version.resource_version, version.at));
        let end = object.end.map(|end| (end.resource_version, end.at));
        for (version, at) in versions.chain(end) {
            times.insert((*uid, version.unwrap()), at);
        }
    }
    times
}

#[test]
fn estimated_times_are_near_the_recorded_ones() {
    let dir = scratch();
    for (name, text) in recorded() {
        write(dir.path(), &name, without_times(&text));
    }
    let recorded = times(&history(Path::new(&fixture("lab/watch"))));
    let estimated = times(&history(dir.path()));
    let mut off: Vec<(i64, &Uid, ResourceVersion)> = recorded
        .iter()
        .filter_map(|((uid, version), at)| {
            let estimate = estimated.get(&(*uid, *version))?;
            Some(((estimate.micros() - at.micros()).abs(), uid, *version))
        })
        .collect();
    off.sort_unstable();
    let seconds = |rank: usize| off[rank].0 as f64 / 1e6;
    let (median, p95, worst) = (seconds(off.len() / 2), seconds(off.len() * 95 / 100), seconds(off.len() - 1));
    let late = recorded.iter().filter(|(key, at)| estimated.get(*key).is_some_and(|estimate| estimate > at)).count();
    println!("{} events of {}: median {median:.3} s, p95 {p95:.3} s, worst {worst:.3} s", off.len(), recorded.len());
    println!("{late} estimated too late; the worst: {:?}", &off[off.len().saturating_sub(5)..]);
    assert!(off.len() > 500 && off.len() * 100 > recorded.len() * 98, "{} of {}", off.len(), recorded.len());
    assert!(median < 1.0 && p95 < 2.0 && worst < 6.0, "median {median} s, p95 {p95} s, worst {worst} s");
}
