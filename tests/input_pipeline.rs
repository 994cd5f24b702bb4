//! Reading many sources on many threads: the order, the errors, the bounds.

// What helps tests is a test too, which clippy's `allow-unwrap-in-tests` does not see.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use tracer::input::records::Line;
use tracer::input::{Consumer, Content, InputError, Options, Progress, Record, Sources, read};
use tracer::model::{Position, SourceId};

/// Writes down what it is given, and how much of that no sink has taken yet.
#[derive(Default)]
struct Scribe {
    pending: AtomicI64,
    most_pending: AtomicI64,
    panics_at: Option<&'static str>,
    takes_lines: bool,
}

impl Scribe {
    fn note(&self, text: String) -> String {
        self.most_pending.fetch_max(self.pending.fetch_add(1, SeqCst) + 1, SeqCst);
        assert!(self.panics_at.is_none_or(|word| !text.contains(word)), "as told");
        text
    }
}

impl Consumer for Scribe {
    type Parsed = String;

    fn parse(&self, record: Record<'_>, out: &mut Vec<String>) {
        let what = match record.content {
            Content::Json(raw) => raw.get().to_owned(),
            Content::CutOff { .. } => "cut off".to_owned(),
            other => format!("{other:?}"),
        };
        out.push(self.note(format!("{} {what}", place(record.position))));
    }

    fn parse_line(&self, line: Line<'_>, out: &mut Vec<String>) -> bool {
        let is_value = self.takes_lines && serde_json::from_slice::<serde::de::IgnoredAny>(line.text).is_ok();
        if is_value {
            let text = String::from_utf8_lossy(line.text);
            out.push(self.note(format!("{} {text}", place(line.position))));
        }
        is_value
    }

    fn begin_member(&self, source: SourceId, name: &str, out: &mut Vec<String>) {
        out.push(self.note(format!("{}.{} is {name}", source.index, source.member)));
    }

    fn parse_trace(&self, source: SourceId, stream: &mut dyn Read, emit: &mut dyn FnMut(String) -> bool) {
        let mut bytes = Vec::new();
        let _ = stream.read_to_end(&mut bytes);
        for byte in bytes {
            if !emit(self.note(format!("{}.{} byte {byte}", source.index, source.member))) {
                break;
            }
        }
    }
}

fn place(position: Position) -> String {
    match position {
        Position { source: SourceId { index, member: 0 }, line } => format!("{index}:{line}"),
        Position { source: SourceId { index, member }, line } => format!("{index}.{member}:{line}"),
    }
}

#[derive(Debug)]
enum Failure {
    Input(InputError),
    Sink,
}

impl From<InputError> for Failure {
    fn from(error: InputError) -> Self {
        Failure::Input(error)
    }
}

/// Fails instead of hanging.
fn in_time<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || sender.send(work()));
    receiver.recv_timeout(Duration::from_secs(30)).expect("an answer in time")
}

fn options(threads: usize, chunk: usize) -> Options {
    Options { threads, max_record: 1 << 20, chunk }
}

fn collect(path: &Path, options: &Options, scribe: &Scribe) -> (Vec<String>, Result<(), Failure>) {
    let sources = Sources::discover(&[path.to_owned()]).unwrap();
    let mut taken = Vec::new();
    let result = read(&sources, options, &(), scribe, &mut |text| {
        scribe.pending.fetch_sub(1, SeqCst);
        taken.push(text);
        Ok(())
    });
    (taken, result)
}

fn lines(file: usize, count: usize) -> String {
    let line = |line| match line % 7 {
        3 => format!("{{\n  \"file\": {file},\n  \"line\": {line}\n}}\n"),
        5 => format!("{{\"file\":{file},\"line\":{line}}}{{\"second\":true}}\r\n"),
        6 => format!("2026-03-01T10:00:00Z {{\"line\":{line}}}\n"),
        _ => format!("{{\"file\":{file},\"line\":{line}}}\n"),
    };
    (0..count).map(line).collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn write(directory: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = directory.join(name);
    fs::write(&path, bytes).unwrap();
    path
}

/// Texts and traces, compressed or not, and things that are passed over.
fn archive(number: usize, first: &str, second: &str) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    let mut add = |name: &str, content: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, content).unwrap();
    };
    add("logs/first", first.as_bytes());
    add("logs/.hidden", b"not read");
    add("logs/trace", &[vec![0x85], vec![b'z'; number * 10]].concat());
    add("logs/second.gz", &gzip(second.as_bytes()));
    (0..number).for_each(|i| add(&format!("many/{i}"), lines(number, i % 3).as_bytes()));
    add("logs/empty", b"");
    add("logs/last", &gzip(&[vec![0x81], vec![b'w'; 70]].concat()));
    let bytes = builder.into_inner().unwrap();
    if number.is_multiple_of(4) { gzip(&bytes) } else { bytes }
}

/// A directory with files of all kinds, the names of which say nothing.
fn mixture(files: usize) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for file in 0..files {
        let text = lines(file, (file * 37) % 400);
        let (first, second) = text.split_at(text.len() / 2);
        let bytes = match file % 6 {
            0 => [gzip(first.as_bytes()), gzip(second.as_bytes())].concat(),
            1 => [zstd::encode_all(first.as_bytes(), 1).unwrap(), zstd::encode_all(second.as_bytes(), 1).unwrap()]
                .concat(),
            2 => [vec![0x84], vec![b'x'; file * 40]].concat(),
            3 => gzip(&[vec![0xde, 0], vec![b'y'; file]].concat()),
            4 => archive(file, first, second),
            _ => text.into_bytes(),
        };
        write(directory.path(), &format!("{file:03}"), bytes);
    }
    directory
}

#[test]
fn the_order_does_not_depend_on_the_number_of_threads() {
    let directory = mixture(40);
    let (expected, result) = collect(directory.path(), &options(1, 1 << 20), &Scribe::default());
    result.unwrap();
    assert!(expected.len() > 4000);
    for (threads, chunk, takes_lines) in
        [(1, 50, true), (2, 500, false), (2, 1 << 20, true), (5, 100, true), (16, 3000, true)]
    {
        let path = directory.path().to_owned();
        let scribe = Scribe { takes_lines, ..Scribe::default() };
        let (taken, result) = in_time(move || collect(&path, &options(threads, chunk), &scribe));
        result.unwrap();
        assert!(taken == expected, "{threads} threads, chunks of {chunk}");
    }
}

#[test]
fn what_waits_for_the_sink_is_bounded() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "0", lines(0, 30_000));
    (1..60).for_each(|file| drop(write(directory.path(), &format!("1{file:03}"), lines(file, 50))));
    (1..30).for_each(|file| drop(write(directory.path(), &format!("2{file:03}"), [0x81; 300])));
    write(directory.path(), "3", lines(0, 3000));
    for threads in [2, 5] {
        let path = directory.path().to_owned();
        let most = in_time(move || {
            let scribe = Scribe::default();
            collect(&path, &options(threads, 1000), &scribe).1.unwrap();
            scribe.most_pending.load(SeqCst)
        });
        // At most 28 chunks of about 1000 bytes, and somewhat less than 50 records in each; traces come 64 at a time.
        assert!(most < 3000, "{most}");
    }
}

#[test]
fn what_was_readable_comes_before_the_error() {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), "a", "{\"a\":1}\n");
    let whole = gzip(lines(1, 50_000).as_bytes());
    write(directory.path(), "b", &whole[..whole.len() - 500]);
    write(directory.path(), "c", "{\"c\":1}\n");
    for threads in [1, 3] {
        let (taken, result) = collect(directory.path(), &options(threads, 10_000), &Scribe::default());
        assert!(taken.len() > 40_000 && taken.last().unwrap().ends_with("cut off"), "{:?}", taken.last());
        let Err(Failure::Input(error)) = result else { panic!("{result:?}") };
        assert!(matches!(error, InputError::Damaged { format: "gzip", .. }), "{error:?}");
        assert!(
            error.to_string().starts_with(&format!("{}: damaged gzip data: ", directory.path().join("b").display()))
        );
    }
}

#[test]
fn what_cannot_be_read_is_said_with_a_remedy() {
    for (bytes, expected) in
        [(b"PK\x03\x04".as_slice(), "unzip -p"), (b"\xff\xfe{\0", "iconv"), (b"\x1f\x8bgarbage", "damaged gzip")]
    {
        let directory = tempfile::tempdir().unwrap();
        write(directory.path(), "a", "{\"a\":1}\n");
        write(directory.path(), "b", bytes);
        for threads in [1, 2] {
            let (taken, result) = collect(directory.path(), &options(threads, 1000), &Scribe::default());
            assert_eq!(taken, ["0:1 {\"a\":1}"]);
            let Err(Failure::Input(error)) = result else { panic!("{result:?}") };
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}

#[test]
fn a_file_that_went_away_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = write(directory.path(), "a", "{}");
    let sources = Sources::discover(std::slice::from_ref(&path)).unwrap();
    fs::remove_file(&path).unwrap();
    for threads in [1, 2] {
        let result: Result<(), InputError> =
            read(&sources, &options(threads, 10), &(), &Scribe::default(), &mut |_| Ok(()));
        let expected = format!("{}: No such file", path.display());
        assert!(result.unwrap_err().to_string().starts_with(&expected));
    }
}

#[test]
fn an_error_of_the_sink_ends_it() {
    let directory = mixture(40);
    for threads in [1, 2, 5] {
        for last in [0, 1, 700, 3000] {
            let path = directory.path().to_owned();
            let taken = in_time(move || {
                let sources = Sources::discover(&[path]).unwrap();
                let mut taken = 0;
                let result = read(&sources, &options(threads, 200), &(), &Scribe::default(), &mut |_| {
                    taken += 1;
                    if taken > last { Err(Failure::Sink) } else { Ok(()) }
                });
                assert!(matches!(result, Err(Failure::Sink)), "{result:?}");
                taken
            });
            assert_eq!(taken, last + 1);
        }
    }
}

#[test]
fn panics_come_through() {
    let directory = mixture(20);
    for threads in [1, 2, 5] {
        let (in_worker, in_sink) = (directory.path().to_owned(), directory.path().to_owned());
        let panic = in_time(move || {
            let scribe = Scribe { panics_at: Some("\"line\":111"), ..Scribe::default() };
            catch_unwind(AssertUnwindSafe(|| collect(&in_worker, &options(threads, 200), &scribe).1)).unwrap_err()
        });
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"as told"));
        in_time(move || {
            let sources = Sources::discover(&[in_sink]).unwrap();
            let mut sink = |_| -> Result<(), Failure> { panic!("in the sink") };
            let run = || read(&sources, &options(threads, 200), &(), &Scribe::default(), &mut sink);
            catch_unwind(AssertUnwindSafe(run)).unwrap_err();
        });
    }
}

#[test]
fn progress_is_told_in_stored_bytes() {
    struct Count(AtomicU64);
    impl Progress for Count {
        fn advance(&self, bytes: u64) {
            self.0.fetch_add(bytes, SeqCst);
        }
    }
    let directory = mixture(20);
    let sources = Sources::discover(&[directory.path().to_owned()]).unwrap();
    for threads in [1, 2] {
        let count = Count(AtomicU64::new(0));
        read::<_, Failure>(&sources, &options(threads, 500), &count, &Scribe::default(), &mut |_| Ok(())).unwrap();
        assert_eq!(Some(count.0.into_inner()), sources.total_bytes());
    }
}

#[test]
fn no_source_is_no_error() {
    let directory = tempfile::tempdir().unwrap();
    for threads in [1, 2] {
        assert!(collect(directory.path(), &options(threads, 10), &Scribe::default()).1.is_ok());
        write(directory.path(), "empty", "");
        assert!(collect(directory.path(), &options(threads, 10), &Scribe::default()).1.is_ok());
    }
}
