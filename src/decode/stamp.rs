//! The time that a recorder gave a record.
//!
//! A watch event has no time of its own. Recorders add one: as a field beside `type`, or as text before the `{` (what `ts`
//! of moreutils and CloudWatch write). Without one the store estimates it from the objects.

use super::shorten;
use crate::json::{self, Members, Raw};
use crate::model::Timestamp;

/// Fields that recorders put a time in, in the order in which they are looked for.
const FIELDS: [&str; 6] = ["ts", "timestamp", "time", "observedAt", "observationTime", "@timestamp"];

/// Fields in which carriers besides put a time: fluent-bit, Log Analytics, journald.
const OF_CARRIERS: [&str; 3] = ["date", "TimeGenerated", "__REALTIME_TIMESTAMP"];

/// What a record says of its time.
#[derive(Debug, PartialEq)]
pub enum Stamp {
    /// Nothing.
    Absent,
    /// This.
    At(Timestamp),
    /// Something that is no time: its text.
    Unreadable(String),
}

impl Stamp {
    /// The time, if it is one.
    pub fn time(&self) -> Option<Timestamp> {
        match self {
            Stamp::At(at) => Some(*at),
            _ => None,
        }
    }
}

/// The time of a record: the user's field, else a usual field, else a time in the text before the record.
pub fn of_record(members: &Members<'_>, prefix: &str, user_field: Option<&str>) -> Stamp {
    let field = user_field.into_iter().chain(FIELDS).find_map(|name| members.get(name));
    match field {
        Some(value) if !json::is_empty(value) => of_value(value),
        _ if prefix.trim().is_empty() => Stamp::Absent,
        _ => of_prefix(prefix),
    }
}

/// The time that a carrier has for what it carries; one that cannot be read is none.
pub fn of_carrier(members: &Members<'_>, prefix: &str, user_field: Option<&str>) -> Option<Timestamp> {
    let names = user_field.into_iter().chain(FIELDS).chain(OF_CARRIERS);
    let field = names.filter_map(|name| members.get(name)).find_map(|value| of_value(value).time());
    field.or_else(|| if prefix.is_empty() { None } else { of_prefix(prefix).time() })
}

/// The time in the text of a value.
pub fn of_value(value: Raw<'_>) -> Stamp {
    let text = match json::string(value) {
        Some(text) => text,
        None => value.get().into(),
    };
    match of_text(text.trim()) {
        Some(at) => Stamp::At(at),
        None => Stamp::Unreadable(shorten(&text, 40)),
    }
}

fn of_text(text: &str) -> Option<Timestamp> {
    Timestamp::parse_rfc3339(text)
        .or_else(|| text.parse().ok().and_then(Timestamp::from_unix_magnitude))
        .or_else(|| utc_without_zone(text))
}

/// `2026-03-01T10:00:00.5` or with a space: taken as UTC.
fn utc_without_zone(text: &str) -> Option<Timestamp> {
    let shape = text.len() >= 19 && text.as_bytes()[4] == b'-' && !text.ends_with(['Z', 'z']);
    if !shape || !text.is_char_boundary(10) || !text.is_char_boundary(11) {
        return None;
    }
    Timestamp::parse_rfc3339(&format!("{}T{}Z", &text[..10], &text[11..]))
}

/// The first word of the prefix that is a time; a date and a time of day may be two words.
fn of_prefix(prefix: &str) -> Stamp {
    let words: Vec<&str> = prefix.split_whitespace().take(8).map(|w| w.trim_matches(['[', ']', ','])).collect();
    let single = |word: &&str| Timestamp::parse_rfc3339(word).or_else(|| of_long_number(word));
    let pair = |pair: &[&str]| utc_without_zone(&pair.join(" "));
    let found = words.iter().find_map(single).or_else(|| words.windows(2).find_map(pair));
    match found.or_else(|| words.iter().find_map(|word| utc_without_zone(word))) {
        Some(at) => Stamp::At(at),
        None => Stamp::Unreadable(shorten(prefix.trim(), 40)),
    }
}

/// Whether a line is a time and nothing else.
pub fn is_time(line: &[u8]) -> bool {
    let text = std::str::from_utf8(line).ok().filter(|text| text.len() <= 40);
    let time =
        |text: &str| Timestamp::parse_rfc3339(text).or_else(|| utc_without_zone(text)).or_else(|| of_long_number(text));
    text.is_some_and(|text| time(text.trim()).is_some())
}

/// A number of at least ten digits; a shorter one is a counter or a process id.
fn of_long_number(word: &str) -> Option<Timestamp> {
    let digits = word.bytes().take_while(u8::is_ascii_digit).count();
    if digits < 10 { None } else { word.parse().ok().and_then(Timestamp::from_unix_magnitude) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(record: &str, prefix: &str, field: Option<&str>) -> Stamp {
        let raw = Raw::of(record).unwrap();
        of_record(&json::members(raw).unwrap(), prefix, field)
    }

    #[test]
    fn fields_and_prefixes_that_recorders_write() {
        let expected = Stamp::At(Timestamp::from_seconds(1_772_359_200));
        for record in [
            r#"{"ts":"2026-03-01T10:00:00Z"}"#,
            r#"{"timestamp":1772359200}"#,
            r#"{"time":1772359200000}"#,
            r#"{"observedAt":"2026-03-01T11:00:00+01:00"}"#,
            r#"{"@timestamp":"1772359200000000"}"#,
            r#"{"ts":"2026-03-01 10:00:00"}"#,
        ] {
            assert_eq!(stamp(record, "", None), expected, "{record}");
        }
        for prefix in ["2026-03-01T10:00:00Z", "node-1 2026-03-01T10:00:00.000Z", "2026-03-01 10:00:00", "1772359200"] {
            assert_eq!(stamp("{}", prefix, None), expected, "{prefix}");
        }
        assert_eq!(stamp(r#"{"ts":1,"when":"2026-03-01T10:00:00Z"}"#, "", Some("when")), expected);
    }

    #[test]
    fn a_line_may_be_a_time_alone() {
        assert!(is_time(b"2026-03-01T10:00:00.5Z ") && is_time(b"2026-03-01 10:00:00"));
        assert!(!is_time(b"7") && !is_time(b"2026-03-01T10:00:00Z x") && !is_time(b"") && !is_time(b"\xff"));
    }

    #[test]
    fn what_is_no_time_is_told() {
        assert_eq!(stamp(r#"{"type":"ADDED"}"#, "", None), Stamp::Absent);
        for record in [r#"{"ts":"9999999-01-01T00:00:00Z"}"#, r#"{"ts":"yesterday"}"#, r#"{"ts":[1]}"#] {
            assert!(matches!(stamp(record, "", None), Stamp::Unreadable(_)), "{record}");
        }
        assert!(matches!(stamp("{}", "Mar 01 10:00:00", None), Stamp::Unreadable(_)));
    }
}
