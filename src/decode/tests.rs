//! What a line says is the same whether it is taken apart in one pass or level by level, however it is damaged.

use std::io::Read;
use std::path::Path;

use proptest::prelude::*;

use super::*;

/// Some lines of the recording: of audit logs with bodies, and of watches.
fn lines() -> Vec<String> {
    let lab = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/lab");
    let mut lines = Vec::new();
    for (path, every) in [
        ("audit/audit-a/audit.log.gz", 31),
        ("watch/pods.jsonl.gz", 41),
        ("watch/jobs.jsonl.gz", 7),
        ("watch/deployments.jsonl.gz", 11),
        ("watch/namespaces.jsonl.gz", 3),
    ] {
        let mut text = String::new();
        flate2::read::MultiGzDecoder::new(std::fs::File::open(lab.join(path)).unwrap())
            .read_to_string(&mut text)
            .unwrap();
        let with_body = text.lines().filter(|line| line.contains("Object\":{") || line.contains("\"object\":{"));
        lines.extend(with_body.step_by(every).map(str::to_owned));
    }
    assert!(lines.len() > 40, "{}", lines.len());
    lines
}

/// The line taken apart level by level.
fn by_levels(decoder: &Decoder, text: &str) -> Option<Decoded> {
    let mut out = Decoded::at(Position::default());
    decoder.members(&json::object(text).ok()?, || Raw::of(text).ok(), &Carrier::default(), &mut out);
    out.show_start(text.as_bytes());
    Some(out)
}

fn assert_same(decoder: &Decoder, line: &str) {
    let [one, other] = [decoder.line(Position::default(), line), by_levels(decoder, line)];
    assert_eq!(format!("{one:?}"), format!("{other:?}"), "{line}");
}

fn decoders() -> [Decoder; 2] {
    [Interest::whole_objects().with_writers(), Interest::default()]
        .map(|interest| Decoder { interest, ..Decoder::default() })
}

#[test]
fn a_line_says_in_one_pass_what_it_says_level_by_level() {
    for decoder in decoders() {
        lines().iter().for_each(|line| assert_same(&decoder, line));
    }
}

/// What is put into a line to damage it.
const PIECES: [&str; 20] = [
    "",
    " ",
    ",",
    ":",
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    "null",
    "1",
    "{}",
    "\\u0061",
    "\\ud800",
    "\"kind\":\"Pod\",",
    "\"metadata\":{\"name\":\"x\"},",
    "\"metadata\":[],",
    "\"status\":{\"phase\":1},",
    "\"\\u0075id\":\"x\",",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_damaged_line_says_the_same(
        line in prop::sample::select(lines()),
        damage in prop::collection::vec((any::<prop::sample::Index>(), 0usize..4, prop::sample::select(&PIECES[..])), 1..4),
        before_a_key in any::<bool>(),
    ) {
        let mut line = line;
        for (at, length, piece) in damage {
            let mut at = at.index(line.len());
            if before_a_key {
                // Where a member can stand more.
                at = line[..at].rfind("{\"").map_or(at, |brace| brace + 1);
            }
            let end = (at + if before_a_key { 0 } else { length }).min(line.len());
            if line.is_char_boundary(at) && line.is_char_boundary(end) {
                line.replace_range(at..end, piece);
            }
        }
        for decoder in decoders() {
            assert_same(&decoder, &line);
        }
    }
}
