//! Logs as archives of rotated files hold them, and what else compresses: the same trace as of the files, places that can be
//! found, and an end with a reason for everything that is damaged or out of bounds.

// clippy sees tests only in `#[test]` functions, and not what they call.
#![allow(clippy::unwrap_used)]

mod support;

use std::io::Write as _;
use std::path::Path;

use serde_json::json;
use support::*;

const WINDOW: [&str; 4] = ["--from", "5", "--to", "50"];

type Files<'a> = Vec<(&'a str, Vec<u8>)>;

/// Three logs that tell one story: two recordings of the same kind by two recorders, and a third of another kind.
fn logs() -> Vec<(&'static str, String)> {
    let first = Log::new()
        .event(10, "ADDED", &at_version(&deployment("shop/web", 10, 1), "101"))
        .event(10, "ADDED", &at_version(&deployment("shop/api", 8, 1), "90"))
        .event(20, "MODIFIED", &at_version(&deployment("shop/web", 10, 2), "120"));
    // The second recorder began later, and finds one of them gone.
    let second = Log::new()
        .event(30, "ADDED", &at_version(&deployment("shop/web", 10, 2), "120"))
        .event(32, "MODIFIED", &at_version(&deployment("shop/web", 10, 5), "140"))
        .event(35, "DELETED", &at_version(&deployment("shop/web", 10, 5), "150"));
    let third = Log::new().event(15, "ADDED", &config_map("shop/settings", 15, "x"));
    vec![("logs/a.log", first.text()), ("logs/b.log", second.text()), ("logs/deep/c.log", third.text())]
}

fn tar(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        // Names that the crate would not write.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, content.as_slice()).unwrap();
    }
    builder.into_inner().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn xz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), lzma_rust2::XzOptions::with_preset(1)).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

type Compress = fn(&[u8]) -> Vec<u8>;

const COMPRESSIONS: [(&str, Compress); 4] = [("gzip", gzip), ("zstd", zstd), ("bzip2", bzip2), ("xz", xz)];

fn files() -> Files<'static> {
    logs().into_iter().map(|(name, text)| (name, text.into_bytes())).collect()
}

fn borrowed<'a>(files: &'a [(&'a str, Vec<u8>)]) -> Vec<(&'a str, &'a [u8])> {
    files.iter().map(|(name, content)| (*name, content.as_slice())).collect()
}

/// The trace of the logs as files of a directory.
fn of_directory() -> Vec<u8> {
    let files = files();
    let run = run_files(&borrowed(&files), &["logs"]).ends(0);
    assert!(show(&run.json()).contains("30 -Deployment shop/api"), "{}", show(&run.json()));
    run.stdout
}

fn read_json(path: &Path) -> serde_json::Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Exports one file by its path, and on stdin, with one thread and with several: all alike.
#[track_caller]
fn export_alike(bytes: &[u8], args: &[&str]) -> Vec<u8> {
    let mut traces = Vec::new();
    for threads in ["-j1", "-j4"] {
        let args = [args, &[threads]].concat();
        traces.push(run_files(&[("file", bytes)], &[&args[..], &["file"]].concat()).ends(0).stdout);
        traces.push(tracer(&[&["export", "-f", "json"], &args[..]].concat(), bytes).ends(0).stdout);
    }
    assert!(traces.windows(2).all(|pair| pair[0] == pair[1]));
    traces.swap_remove(0)
}

/// Fails with exit code 1, with this as the beginning of the one message behind the path, by its path and on stdin.
#[track_caller]
fn refused(bytes: &[u8], expected: &str) {
    for threads in ["-j1", "-j3"] {
        let args = [&["export", "-f", "json", threads], &WINDOW[..]].concat();
        let run = tracer(&args, bytes).ends(1);
        assert!(run.stdout.is_empty());
        assert!(run.stderr.starts_with(&format!("error: <stdin>{expected}")), "{expected} in: {}", run.stderr);
        assert_eq!(run.stderr.lines().count(), 1, "{}", run.stderr);
    }
}

#[test]
fn the_same_logs_in_any_wrapping_give_the_same_trace() {
    let expected = of_directory();
    let plain = tar(&files());
    assert!(export_alike(&plain, &[]) == expected, "tar");
    for (name, compress) in COMPRESSIONS {
        assert!(export_alike(&compress(&plain), &[]) == expected, "tar in {name}");
        let members: Files = files().into_iter().map(|(name, text)| (name, compress(&text))).collect();
        assert!(export_alike(&tar(&members), &[]) == expected, "{name} in tar");
        assert!(export_alike(&gzip(&tar(&members)), &[]) == expected, "{name} in tar in gzip");
        let run = run_files(&borrowed(&members), &["logs"]).ends(0);
        assert!(run.stdout == expected, "{name}");
    }
}

#[test]
fn archives_and_files_may_be_given_together() {
    let files = files();
    let (first, rest) = files.split_at(1);
    for (archive, file) in [(first, rest), (rest, first)] {
        let mut given = file.to_vec();
        given.push(("logs/archive", xz(&tar(archive))));
        assert!(run_files(&borrowed(&given), &["logs", "-j3"]).ends(0).stdout == of_directory());
    }
    let archives: Files = files.iter().map(|file| (file.0, tar(std::slice::from_ref(file)))).collect();
    assert!(run_files(&borrowed(&archives), &["logs"]).ends(0).stdout == of_directory());
    let joined: Vec<u8> = archives.iter().flat_map(|(_, archive)| gzip(archive)).collect();
    assert!(export_alike(&joined, &[]) == of_directory());
}

/// A watch that starts anew after an error shows what is gone, in all namespaces; a recording that begins does so only in its own.
#[test]
fn a_member_is_a_recording_of_its_own() {
    let error = json!({"ts": at(15), "type": "ERROR", "object": {"kind": "Status", "code": 410}}).to_string();
    let first = Log::new().event(10, "ADDED", &deployment("shop/web", 3, 1)).line(&error);
    let api = deployment("lab/api", 3, 1);
    let second = Log::new().event(20, "ADDED", &api).event(25, "MODIFIED", &with(api, "/spec", json!({"replicas": 2})));
    let files = vec![("logs/a", first.text().into_bytes()), ("logs/b", second.text().into_bytes())];
    let expected = run_files(&borrowed(&files), &[&WINDOW[..], &["logs"]].concat()).ends(0).stdout;
    assert!(export_alike(&tar(&files), &WINDOW) == expected);
    let shown = show(&serde_json::from_slice(&expected).unwrap());
    assert!(!shown.contains("-Deployment"), "{shown}");
    assert!(export(&(first.text() + &second.text()), &WINDOW).contains("-Deployment shop/web"));
}

#[test]
fn places_are_told_with_path_member_and_line() {
    let good = Log::new().event(10, "ADDED", &deployment("shop/web", 10, 1)).text();
    let bad = format!("{good}\nnonsense\n");
    let files = vec![("audit/a.log", good.into_bytes()), ("audit/b.log", gzip(bad.as_bytes()))];
    let archive = gzip(&tar(&files));
    refused(&archive, ":audit/b.log:3: ");
    let run = run_files(&[("archive.tar.gz", &archive)], &["archive.tar.gz"]).ends(1);
    assert!(run.stderr.contains("/archive.tar.gz:audit/b.log:3: no JSON: nonsense"), "{}", run.stderr);
    let report = tempfile::NamedTempFile::new().unwrap();
    let args = ["--skip-invalid", "--report", report.path().to_str().unwrap()];
    tracer(&[&["export", "-f", "json"], &args[..]].concat(), &archive).ends(0);
    let account = read_json(report.path());
    assert_eq!(account["gaps"][0]["examples"][0], "<stdin>:audit/b.log:3: no JSON: nonsense");
    assert_eq!(account["sources"].as_array().unwrap().len(), 1);
    assert_eq!((&account["sources"][0]["path"], &account["sources"][0]["records"]), (&json!("<stdin>"), &json!(3)));
}

/// Two members of one name are two; and what the one leaves unfinished the other does not finish.
#[test]
fn a_cut_last_line_is_not_joined_with_the_next_member() {
    let line = |second, name: &str| Log::new().event(second, "ADDED", &deployment(name, second, 1)).text();
    let (first, second) = (line(10, "shop/web"), line(20, "shop/api"));
    let cut = format!("{first}{}", &second[..second.len() / 2]);
    let files = vec![("a.log", cut.clone().into_bytes()), ("a.log", second.into_bytes()), ("a.log", cut.into_bytes())];
    let report = tempfile::NamedTempFile::new().unwrap();
    let args = [&WINDOW[..], &["--report", report.path().to_str().unwrap()]].concat();
    let trace = export_alike(&tar(&files), &args);
    assert!(show(&serde_json::from_slice(&trace).unwrap()).contains("20 +Deployment shop/api 1"));
    let account = read_json(report.path());
    assert_eq!(gaps(&account, "record-cut-off"), 2, "{account}");
}

#[test]
fn what_is_hidden_or_no_file_is_passed_over_and_nothing_is_written() {
    let mut all = files();
    for name in ["logs/._a.log", ".DS_Store", "logs/a.log~", "logs/.git/HEAD"] {
        all.insert(1, (name, b"not read".to_vec()));
    }
    let mut begun = tar(&all[..2]);
    begun.truncate(begun.len() - 1024);
    let mut builder = tar::Builder::new(begun);
    for kind in [tar::EntryType::Symlink, tar::EntryType::Link, tar::EntryType::Directory, tar::EntryType::Char] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        builder.append_link(&mut header, "logs/other", "/etc/passwd").unwrap();
    }
    let mut archive = builder.into_inner().unwrap();
    archive.truncate(archive.len() - 1024);
    archive.extend(tar(&all[2..]));
    assert!(export_alike(&archive, &[]) == of_directory());

    let dir = scratch();
    let text = logs()[2].1.clone().into_bytes();
    let outside = dir.path().join("outside").display().to_string();
    let names = ["../outside", "../../outside", "outside", &outside];
    let archive = tar(&names.map(|name| (name, text.clone())));
    std::fs::create_dir(dir.path().join("work")).unwrap();
    let archive = write(&dir.path().join("work"), "archive", archive);
    tracer(&["export", "-f", "json", archive.to_str().unwrap()], b"").ends(0);
    let entries = |path: &Path| std::fs::read_dir(path).unwrap().count();
    assert_eq!((entries(dir.path()), entries(&dir.path().join("work"))), (1, 1));
    refused(&tar(&[("../../etc/x", b"bad\n".to_vec())]), ":../../etc/x:1: no JSON: bad");
}

#[test]
fn names_cannot_write_to_the_terminal() {
    let name = "a\x1b[2J\r\n\u{9b}b";
    for archive in [tar(&[(name, b"bad".to_vec())]), tar(&[("good", vec![]), (name, b"PK\x03\x04".to_vec())])] {
        let run = tracer(&[&["export"], &WINDOW[..]].concat(), &archive).ends(1);
        assert!(run.stderr.contains("<stdin>:a\\u{1b}[2J\\r\\n\\u{9b}b:"), "{}", run.stderr);
        assert_eq!(run.stderr.matches(char::is_control).count(), 1, "{:?}", run.stderr);
    }
}

#[test]
fn archives_without_any_record_are_like_empty_files() {
    for archive in [tar(&[]), tar(&[("a", vec![]), ("b", vec![]), ("c/d", b"\n\0\0 \n".to_vec())])] {
        for bytes in [archive.clone(), gzip(&archive), xz(&archive)] {
            assert_eq!(show(&serde_json::from_slice(&export_alike(&bytes, &WINDOW)).unwrap()), "5 |\n50 |\n");
            let run = tracer(&["export"], &bytes).ends(1);
            assert!(run.stderr.contains("the input holds no record with a time"), "{}", run.stderr);
        }
    }
}

#[test]
fn an_archive_that_is_cut_anywhere_is_an_error_after_what_could_be_read() {
    let archive = tar(&files());
    let header = |name: &str| archive.windows(name.len()).position(|part| part == name.as_bytes()).unwrap();
    let (second, third) = (header("logs/b.log"), header("logs/deep"));
    let end = archive.len() - 1024;
    for (length, expected) in [
        (second - 1, ":logs/a.log: damaged tar data: the archive ends in the middle of this member; the records"),
        (second, ":logs/a.log: damaged tar data: the archive ends here, but not with the zeros"),
        (second + 300, ":logs/a.log: damaged tar data: the archive ends in the middle of the next header"),
        (second + 512, ":logs/b.log: damaged tar data: the archive ends in the middle of this member"),
        (second + 700, ":logs/b.log: damaged tar data: the archive ends in the middle of this member"),
        (third + 530, ":logs/deep/c.log: damaged tar data: the archive ends in the middle of this member"),
        (end, ":logs/deep/c.log: damaged tar data: the archive ends here, but not with"),
    ] {
        refused(&archive[..length], expected);
    }
    let mut damaged = archive.clone();
    damaged[second + 20] ^= 1;
    refused(&damaged, ":logs/a.log: damaged tar data: what follows in the archive is no header of a member");
    // Of a damaged member as of a damaged file; what came before it was read.
    let mut bad = files();
    bad[1].1 = [b"{}\n".to_vec(), vec![b'x'; 2000]].concat();
    let mut cut = tar(&bad);
    cut.truncate(third);
    refused(&cut, ":logs/b.log:1: ");
}

#[test]
fn damaged_compression_is_told_of_the_archive_or_of_its_member() {
    // Of several blocks in every format: no two records are alike.
    let datum =
        |i: i64| (0..20).map(|j| format!("{:x}", (i * 20 + j).pow(2) % 999_983 * 0x9e37_79b9)).collect::<String>();
    let record = |i: i64| Log::new().event(10, "ADDED", &config_map(&format!("shop/{i}"), 10, &datum(i))).text();
    let good = (0..3000).map(record).collect::<String>().into_bytes();
    for (name, compress) in COMPRESSIONS {
        let file = compress(&good);
        refused(&file[..file.len() - 1], &format!(": damaged {name} data: "));
        let archive = compress(&tar(&[("a.log", good.clone()), ("b.log", vec![])]));
        refused(&archive[..archive.len() / 2], &format!(":a.log: damaged {name} data: "));
        let mut member = compress(logs()[1].1.as_bytes());
        member.truncate(100);
        let members = tar(&[("a.log", file.clone()), ("b.log", member), ("c.log", b"bad".to_vec())]);
        refused(&members, &format!(":b.log: damaged {name} data: "));
        refused(&members[..700], ":a.log: damaged tar data: the archive ends in the middle of this member");
    }
}

#[test]
fn what_is_not_read_is_said_with_a_remedy() {
    let inner = tar(&files());
    for nested in [inner.clone(), gzip(&inner), xz(&inner)] {
        refused(
            &tar(&[("inner.tar", nested)]),
            ":inner.tar: an archive in an archive is not read; convert it first: `tar -xOf ARCHIVE MEMBER | tracer …`",
        );
    }
    refused(&tar(&[("a.zip", b"PK\x03\x04".to_vec())]), ":a.zip: a zip archive is not read; convert it first: `unzip");
    let mut header = tar::Header::new_gnu();
    header.set_path("holes").unwrap();
    header.set_entry_type(tar::EntryType::GNUSparse);
    header.set_size(0);
    header.set_cksum();
    refused(header.as_bytes(), ":holes: a sparse file in an archive (tar --sparse) is not read; convert it first");
}

#[test]
fn sizes_that_no_memory_has_are_harmless() {
    let mut header = tar::Header::new_gnu();
    header.set_path("a.log").unwrap();
    header.set_size(1_000_000_000_000_000_000);
    header.set_cksum();
    let text = logs()[0].1.clone().into_bytes();
    let archive = [header.as_bytes().to_vec(), text].concat();
    refused(&archive, ":a.log: damaged tar data: the archive ends in the middle of this member");
    header.set_entry_type(tar::EntryType::XHeader);
    header.set_cksum();
    let archive = [tar(&files()[..1]), header.as_bytes().to_vec()].concat();
    refused(&archive, ":logs/a.log: damaged tar data: an extended header in the archive has more than 1 MiB");
}

/// A member of 300 MB in one line, of which almost nothing is stored.
#[test]
#[cfg(target_os = "linux")]
fn a_member_that_unpacks_to_a_huge_record_is_an_error_and_never_in_memory() {
    use support::memory::watch;

    let size = 300 << 20;
    let mut header = tar::Header::new_gnu();
    header.set_path("bomb").unwrap();
    header.set_size(size);
    header.set_cksum();
    let dir = scratch();
    let path = dir.path().join("bomb.tar.gz");
    let file = std::fs::File::create(&path).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    encoder.write_all(header.as_bytes()).unwrap();
    encoder.write_all(b"{").unwrap();
    (0..size >> 20).for_each(|_| encoder.write_all(&[b' '; 1 << 20]).unwrap());
    encoder.write_all(&[0; 1535]).unwrap();
    encoder.finish().unwrap();
    let args = ["export", "-f", "json", "-j2", "--max-record", "1M", path.to_str().unwrap()];
    let run = watch(&[&args[..], &WINDOW].concat(), |_| Ok(()));
    assert_eq!(run.code, 1);
    assert!((1..64 << 10).contains(&run.peak), "{} kB", run.peak);
}

#[test]
fn a_trace_in_an_archive_is_read_when_it_is_said_what_is_tracked() {
    let (name, text) = logs().swap_remove(0);
    let rest = files().split_off(1);
    let config = tracking(&["apps/v1.Deployment", "v1.ConfigMap: {podSpecTemplatePaths: [/none]}"]);
    let config = ["--config", config.path().to_str().unwrap()];
    let trace = tracer(&["export"], text.as_bytes()).ends(0).stdout;
    for (trace, which) in [(trace.clone(), "plain"), (zstd(&trace), "zstd")] {
        let mut given = rest.clone();
        given.insert(1, (name, trace));
        let run = run_files(&borrowed(&given), &[&config[..], &["logs"]].concat()).ends(0);
        assert!(export_alike(&tar(&given), &config) == run.stdout, "{which}");
        refused(
            &tar(&given),
            ":logs/a.log: the trace's config cannot be used: it is looked for in files, not in archives",
        );
    }
}

#[test]
fn streams_of_bzip2_and_xz_may_be_joined_and_padded() {
    let expected = export_alike(logs()[0].1.as_bytes(), &[]);
    for compress in [bzip2, xz] {
        let joined: Vec<u8> = logs()[0].1.lines().flat_map(|line| compress(format!("{line}\n").as_bytes())).collect();
        assert!(export_alike(&joined, &[]) == expected);
    }
    let padded: Vec<u8> =
        logs()[0].1.lines().flat_map(|line| [xz(format!("{line}\n").as_bytes()), vec![0; 4]].concat()).collect();
    assert!(export_alike(&padded, &[]) == expected);
}
