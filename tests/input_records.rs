//! What records a text holds, and that it does not matter how the text was cut.

// What helps tests is a test too, which clippy's `allow-unwrap-in-tests` does not see.
#![allow(clippy::unwrap_used)]

use std::io::{self, Read};
use std::time::{Duration, Instant};

use proptest::prelude::*;
use tracer::input::chunks::{Chunk, Chunks};
use tracer::input::{Content, Record, Records};
use tracer::model::SourceId;

const LIMIT: usize = 1 << 20;

/// Line, prefix, and what it is.
type Seen = (u64, String, String);

fn seen(record: Record<'_>) -> Seen {
    let what = match record.content {
        Content::Json(raw) => raw.get().to_owned(),
        Content::Invalid { reason, excerpt, .. } => format!("invalid: {reason}: {excerpt}"),
        Content::CutOff { excerpt } => format!("cut off: {excerpt}"),
        Content::Oversized { excerpt, limit } => format!("over {limit}: {excerpt}"),
        Content::Text { excerpt, .. } => format!("text: {excerpt}"),
    };
    (record.position.line, record.prefix.into_owned(), what)
}

fn whole(text: &[u8], limit: usize) -> Vec<Seen> {
    Records::of_text(text, SourceId::default(), limit).map(seen).collect()
}

/// Gives a few bytes at a time.
struct Trickle<'a>(&'a [u8], usize);

impl Read for Trickle<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let size = self.1.min(buffer.len());
        self.0.read(&mut buffer[..size])
    }
}

fn in_chunks(text: &[u8], limit: usize, target: usize, trickle: usize) -> Vec<Seen> {
    let (mut chunk, mut records) = (Chunk::default(), Vec::new());
    let mut chunks = Chunks::new(Trickle(text, trickle), SourceId::default(), limit, target);
    while chunks.next(&mut chunk).unwrap() {
        assert!(chunk.text().len() <= target.max(limit + 1), "a chunk of {}", chunk.text().len());
        records.extend(Records::of_chunk(&chunk, limit).map(seen));
    }
    records
}

/// As the pipeline does it: lines that are one value are taken whole.
fn by_lines(text: &[u8], limit: usize) -> Vec<Seen> {
    let (mut records, mut found) = (Records::of_text(text, SourceId::default(), limit), Vec::new());
    loop {
        if let Some(line) = records.line()
            && serde_json::from_slice::<&serde_json::value::RawValue>(line.text).is_ok()
        {
            found.push((line.position.line, String::new(), String::from_utf8(line.text.to_vec()).unwrap()));
            records.pass(line);
        } else if let Some(record) = records.next() {
            found.push(seen(record));
        } else {
            return found;
        }
    }
}

fn lines_and_values(text: &str) -> Vec<(u64, String)> {
    whole(text.as_bytes(), LIMIT).into_iter().map(|(line, _, what)| (line, what)).collect()
}

#[test]
fn values_are_found_wherever_they_begin_and_end() {
    let text =
        "\u{feff}{\"a\":1}{\"b\":2} {\"c\":3}\r\n\r\n{\n  \"d\": {\n  }\n}\n\0\0\0{\"e\":5}\n[{\"f\":6}]\n[\n{}\n]";
    let expected = [
        (1, "{\"a\":1}"),
        (1, "{\"b\":2}"),
        (1, "{\"c\":3}"),
        (3, "{\n  \"d\": {\n  }\n}"),
        (7, "{\"e\":5}"),
        (8, "[{\"f\":6}]"),
        (9, "[\n{}\n]"),
    ];
    assert_eq!(lines_and_values(text), expected.map(|(line, text)| (line, text.to_owned())));
    assert!(whole(b"", LIMIT).is_empty());
    assert!(whole(b"\n \r\n\0\0\t\xef\xbb\xbf\n", LIMIT).is_empty());
}

#[test]
fn text_before_the_first_brace_is_the_prefix() {
    for (line, prefix, json) in [
        ("2026-03-01T10:00:00Z {\"a\":1}", "2026-03-01T10:00:00Z", "{\"a\":1}"),
        ("2026-03-01T10:00:00Z stdout F {}", "2026-03-01T10:00:00Z stdout F", "{}"),
        ("[2026-03-01 10:00:00] {\"a\":1}", "[2026-03-01 10:00:00]", "{\"a\":1}"),
        ("[pod/apiserver-1/audit] {\"a\":1}", "[pod/apiserver-1/audit]", "{\"a\":1}"),
        ("2026-03-01 [{\"a\":1}]", "2026-03-01", "[{\"a\":1}]"),
        ("node-1 {\n  \"a\": 1\n}", "node-1", "{\n  \"a\": 1\n}"),
        ("caf\u{e9}: { \"a\": 1 }", "caf\u{e9}:", "{ \"a\": 1 }"),
    ] {
        let text = format!("{line}\n{{\"next\":1}}");
        let records = whole(text.as_bytes(), LIMIT);
        assert_eq!(records.len(), 2, "{records:?}");
        assert_eq!((records[0].1.as_str(), records[0].2.as_str()), (prefix, json));
    }
}

#[test]
fn what_is_no_record_costs_one_entry_and_nothing_else() {
    for (bad, expected) in [
        ("I0301 10:00:00.0 1 server.go:12] \"Listing\" gvr={Group: R:pods}", "text: I0301"),
        ("[INFO] starting", "text: [INFO] starting"),
        ("[Truncated...]", "text: [Truncated"),
        ("null", "text: null"),
        ("{\"a\":}", "invalid: expected value at byte 6: {\"a\":}"),
        ("2026 {\"a\":}", "invalid: expected value at byte 11: 2026 {\"a\":}"),
        ("{\"a\": \"cut he", "invalid: broken off (EOF while parsing a string): {\"a\""),
        ("{\"a\": {\"b\": 1,", "invalid: broken off (EOF while parsing an object): {\"a\""),
        ("{\"a\": [1,", "invalid: "),
        ("[{\"a\": 1}, {\"b\"", "invalid: "),
        ("{\n  \"a\": 1,\n  \"b\"\n  \"c\": {\n  }\n}", "invalid: expected `:` at byte 21: {\\n"),
        ("{\n  \"a\": [\n    {\n      \"b\": 1", "invalid: "),
        ("{\"a\": \"\x1b[2J\"}", "invalid: control character (\\u0000-\\u001F) found while parsing a string at byte"),
    ] {
        let text = format!("{{\"first\":1}}\n{bad}\n{{\"next\":1}}\n{{\"last\":2}}\n");
        let records = whole(text.as_bytes(), LIMIT);
        let values: Vec<_> = records.iter().map(|(line, _, what)| (*line, what.as_str())).collect();
        assert_eq!(values.len(), 4, "{values:?}");
        assert!(values[1].0 == 2 && values[1].1.starts_with(expected), "{values:?}");
        let lines = bad.lines().count() as u64;
        assert_eq!(values[2..], [(2 + lines, "{\"next\":1}"), (3 + lines, "{\"last\":2}")]);
        assert!(records.iter().all(|(_, _, what)| !what.contains(char::is_control) || what.starts_with('{')));
    }
}

#[test]
fn lines_of_containers_and_of_other_logs_are_records_of_their_own() {
    let cri = "2026-03-01T10:00:00Z stdout";
    let klog = "I0301 10:00:00.000000 1 a.go:1] x={\"a\":1} y={\"b\":[";
    let text =
        format!("{cri} P {{\"a\":[\n{cri} F 1]}}\n{cri} F {{\"b\":2}} x\n{klog}\n{cri} F {{\"c\":3}}\n{{\"d\":4}}\n");
    let found: Vec<_> = lines_and_values(&text).into_iter().map(|(_, what)| what).collect();
    let expected = [
        format!("text: {cri} P {{\"a\":["),
        format!("text: {cri} F 1]}}"),
        format!("text: {cri} F {{\"b\":2}} x"),
        format!("text: {klog}"),
        "{\"c\":3}".to_owned(),
        "{\"d\":4}".to_owned(),
    ];
    assert_eq!(found, expected);
    let last = whole(format!("{cri} F {{\"b\":2").as_bytes(), LIMIT);
    assert!(last[0].2.starts_with("cut off: "), "{last:?}");
}

#[test]
fn invalid_utf8_is_invalid() {
    let records = whole(b"{\"a\":\"\xff\"}\n{\"b\":\"\xc3\xa9\"}\n", LIMIT);
    assert!(records[0].2.starts_with("invalid: not UTF-8 at byte 7: "), "{records:?}");
    assert_eq!(records[1].2, "{\"b\":\"\u{e9}\"}");
}

#[test]
fn the_end_of_the_source_may_cut_a_record_off() {
    let value = "{\"a\": {\"b\": [-1.5e+3, true, \"\\u00e9x\"]}}";
    for end in 1..value.len() {
        let text = format!("{{}}\n{}", &value[..end]);
        let records = whole(text.as_bytes(), LIMIT);
        assert_eq!(records.len(), 2, "{text}: {records:?}");
        assert!(records[1].2.starts_with("cut off: "), "{text}: {records:?}");
    }
    for text in ["2026-03-01T10:0", "{\n  \"a\": {\n  }", "{\"a\": \"\u{e9}"] {
        assert!(whole(text.as_bytes(), LIMIT)[0].2.starts_with("cut off: "), "{text}");
    }
    for text in ["{\"a\":1,}", "{\"a\":-}", "{\"a\" 1", "2026-03-01T10:0\n", "hello"] {
        assert!(!whole(text.as_bytes(), LIMIT)[0].2.starts_with("cut off: "), "{text}");
    }
}

#[test]
fn a_cut_line_does_not_take_the_following_ones_with_it() {
    // All of what follows would go on with the broken value, but for its end.
    let text = "{\"a\": [1,\n{\"b\":2}";
    assert_eq!(lines_and_values(text)[1], (2, "{\"b\":2}".to_owned()));
    let text = "{\"a\": [\n{\"b\": [\n{\"c\": [\n{\"d\":1}\n";
    let records = lines_and_values(text);
    assert_eq!(records.len(), 4, "{records:?}");
    assert_eq!(records[3], (4, "{\"d\":1}".to_owned()));
}

#[test]
fn a_record_beyond_the_limit_is_one_entry() {
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(5000));
    let pretty = format!("{{\n{}  \"a\": 1\n}}", "  \"a\": 1,\n".repeat(500));
    let line = "y".repeat(5000);
    for long in [long, pretty, line] {
        let text = format!("{{\"first\":1}}\n{long}\n{{\"next\":1}}\n");
        let records = in_chunks(text.as_bytes(), 100, 64, 1000);
        assert_eq!(records, whole(text.as_bytes(), 100));
        assert_eq!(records.len(), 3, "{records:?}");
        assert!(records[1].0 == 2 && records[1].2.starts_with("over 100: ") && records[1].2.len() < 300);
        assert_eq!(records[2].2, "{\"next\":1}");
        assert_eq!(records[2].0, 2 + long.lines().count() as u64);
    }
}

#[test]
fn a_record_of_just_the_limit_is_read() {
    let value = format!("{{\"a\":\"{}\"}}", "x".repeat(92));
    for (limit, is_read) in [(100, true), (99, false)] {
        for text in [format!("{value}\n{value}"), format!("{value}{value}"), format!("{value}\r\n \r\n{value}\n")] {
            let records = in_chunks(text.as_bytes(), limit, 7, 1000);
            assert!(records.iter().all(|(_, _, what)| (*what == value) == is_read), "{limit}: {records:?}");
            assert_eq!(records, whole(text.as_bytes(), limit));
        }
    }
}

#[test]
fn deep_nesting_does_not_overflow_the_stack() {
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let text = format!("{deep}\n{}\n{{\"next\":1}}\n", "{\"a\":".repeat(100_000));
    let records = in_chunks(text.as_bytes(), LIMIT, 1000, 100_000);
    assert_eq!(records.len(), 3);
    assert_eq!((&records[0].2, records[2].2.as_str()), (&deep, "{\"next\":1}"));
}

#[test]
fn broken_text_takes_no_more_than_linear_time() {
    let (size, begin) = (20_000, Instant::now());
    for unit in ["{\"a\":[\n", "[\n", "[1,\n", "x {\"a\":[\n", "}\n", "\n", "{}x", "{ ", "{\"a\":\n{}{}{}{}{}{}{}{}\n"]
    {
        let mut text = unit.repeat(size);
        for end in ["", "x", "{}x\n"] {
            text.push_str(end);
            in_chunks(text.as_bytes(), 1 << 26, 1 << 12, 1 << 20);
        }
    }
    let text = format!("[\n{}x{}", "{},".repeat(size), "{},".repeat(2 * size));
    in_chunks(text.as_bytes(), 1 << 16, 1 << 12, 1 << 20);
    // About half a second; quadratic, it would be minutes.
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
}

#[test]
fn excerpts_are_short_and_fit_for_a_terminal() {
    let text = format!("\x1b]0;x\x07\u{202e}\"{}", "\u{e9}".repeat(1000));
    let records = whole(text.as_bytes(), LIMIT);
    let expected = format!("text: \\u{{1b}}]0;x\\u{{7}}\\u{{202e}}\"{}…", "\u{e9}".repeat(72));
    assert_eq!(records[0].2, expected);
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i32>().prop_map(Value::from),
        "[a-z{}\\[\\]\"\\\\\n,: \u{e9}]{0,8}".prop_map(Value::from),
    ];
    let nested = leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,3}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    });
    prop::collection::btree_map("[a-z]{1,3}", nested, 0..4).prop_map(|map| Value::Object(map.into_iter().collect()))
}

/// Things that stand in logs, whole and broken.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => value().prop_map(|value| format!("{value}\n")),
        2 => value().prop_map(|value| format!("{value:#}\n")),
        2 => value().prop_map(|value| format!("2026-03-01T10:00:00Z {value}\r\n")),
        1 => value().prop_map(|value| format!("[x] {value:#}")),
        1 => prop::collection::vec(value(), 0..3).prop_map(|values| format!("{values:?}\n")),
        1 => prop::collection::vec(value(), 0..3).prop_map(|values| {
            let lines: Vec<_> = values.iter().map(ToString::to_string).collect();
            format!("[\n{}\n]\n", lines.join(",\n"))
        }),
        2 => (value(), 0.0..1.0).prop_map(|(value, part)| {
            let text = value.to_string();
            let end = (text.len() as f64 * part) as usize;
            format!("{}\n", text.chars().take(end).collect::<String>())
        }),
        2 => (value(), 0.0..1.0).prop_map(|(value, part)| {
            let text = format!("{value:#}");
            let end = (text.len() as f64 * part) as usize;
            text.chars().take(end).collect()
        }),
        2 => (value(), 0.0..1.0, "[PF]", "(\n|\r\n|)").prop_map(|(value, part, tag, end)| {
            let text = value.to_string();
            let cut = (text.chars().count() as f64 * part * 1.2) as usize;
            let piece: String = text.chars().take(cut).collect();
            format!("2026-03-01T10:00:00.5Z stdout {tag} {piece}{end}")
        }),
        1 => value().prop_map(|value| format!("I0301 10:00:00.000000 1 a.go:1] {value} b\n")),
        1 => "(2026-03-01T10:00:00Z |stdout |[PF] |AUDIT: id=|I0301 10:00:00.0|\n){0,6}",
        1 => "[\\x00 \r\n\u{feff}]{0,9}",
        3 => "[{}\\[\\]\",:\n \\x00a1.e\\-]{0,12}",
        1 => "[a-z ]{0,150}\n",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn cutting_changes_nothing(
        fragments in prop::collection::vec(fragment(), 0..12),
        limit in prop_oneof![3usize..150, Just(LIMIT)],
        target in 1usize..64,
        trickle in 1usize..20,
    ) {
        let text = fragments.concat();
        let expected = whole(text.as_bytes(), limit);
        prop_assert_eq!(&in_chunks(text.as_bytes(), limit, target, trickle), &expected);
        prop_assert_eq!(&by_lines(text.as_bytes(), limit), &expected);
    }

    #[test]
    fn nothing_but_the_values_counts(
        values in prop::collection::vec((value(), 0u8..3, "( |\r?\n|\\x00{1,9}|\u{feff}){0,3}"), 0..10),
        target in 1usize..200,
    ) {
        let mut text = String::new();
        for (value, form, between) in &values {
            text += &match form {
                0 => format!("{value}"),
                1 => format!("{value:#}"),
                _ => format!("{value:#}").replace('\n', "\r\n"),
            };
            text += between;
        }
        let records = in_chunks(text.as_bytes(), LIMIT, target, 1000);
        prop_assert_eq!(records.len(), values.len());
        for ((_, _, what), (value, _, _)) in records.iter().zip(&values) {
            prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(what).unwrap(), value);
        }
    }
}
