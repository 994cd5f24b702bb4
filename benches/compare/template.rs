//! Logs as templates: text with holes, filled anew for every copy.
//!
//! A hole is a place where something stands that has to differ from copy to copy: a moment, a uid, a resource version, the
//! namespace of one of several clusters. What is between them is copied as it is, so a line stays as the API server wrote it.
//! Equal values share a slot, and a copy fills each slot once: that is what makes writing fast, and uids consistent.

use std::collections::HashMap;
use std::ops::Range;

use chrono::{DateTime, NaiveDate};

/// What stands in a hole.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Value {
    /// A moment in microseconds, and how many digits its fraction has.
    Moment(i64, usize),
    /// A uid.
    Uid(u128),
    /// A resource version.
    Version(u64),
    /// The name of a namespace.
    Namespace(Vec<u8>),
    /// Which copy it is.
    Number,
}

/// Stands for the number of the copy, in text that was made to be a template.
pub const NUMBER: &str = "\u{e000}";

/// A place in a template's text, and what stands there.
#[derive(Clone, Debug)]
struct Hole {
    at: Range<usize>,
    slot: usize,
}

/// A line of a template.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its text, with its newline, in the template's.
    text: Range<usize>,
    holes: Vec<Hole>,
    /// When it was written, in microseconds.
    pub time: i64,
    /// Whether an export has to look into it.
    pub matters: bool,
    /// Whether it stands in the first copy alone.
    pub once: bool,
}

impl Line {
    /// How many bytes it has, its newline included.
    pub fn len(&self) -> usize {
        self.text.len()
    }
}

/// Which copy is written.
#[derive(Clone, Copy, Debug)]
pub struct Copy {
    /// How many copies were before it in time.
    pub number: u64,
    /// Which of the clusters that are side by side.
    pub cluster: u64,
    /// How far a copy is from the next, in microseconds.
    pub period: i64,
    /// And in resource versions.
    pub versions: u64,
}

impl Copy {
    /// How much later than the original.
    pub fn shift(&self) -> i64 {
        self.number as i64 * self.period
    }
}

/// Lines with holes.
#[derive(Default)]
pub struct Template {
    text: Vec<u8>,
    values: Vec<Value>,
    slots: HashMap<Value, usize>,
    /// The lines, in the order in which they are written.
    pub lines: Vec<Line>,
    /// The highest resource version in it.
    pub highest: u64,
}

impl Template {
    /// Makes a line of `text`, which is written at `time` and may be about a namespace.
    pub fn line(&mut self, text: &[u8], time: i64, namespace: Option<&str>) -> Line {
        let start = self.text.len();
        self.text.extend_from_slice(text);
        self.text.push(b'\n');
        let named = namespace.map(|name| format!("\"name\":\"{name}\""));
        let mut holes = Vec::new();
        let mut at = 0;
        while at < text.len() {
            match find(text, at, named.as_deref()) {
                Some((range, value)) => {
                    at = range.end;
                    let slot = self.slot(value);
                    holes.push(Hole { at: start + range.start..start + range.end, slot });
                }
                None => at += 1,
            }
        }
        Line { text: start..self.text.len(), holes, time, matters: false, once: false }
    }

    /// The same line at another time, under an ID of its own: all its moments move with it.
    pub fn repeat(&mut self, line: &Line, time: i64, salt: u64) -> Line {
        let later = time - line.time;
        let mut repeated = Line { time, ..line.clone() };
        let mut identified = false;
        for hole in &mut repeated.holes {
            let value = match &self.values[hole.slot] {
                Value::Moment(moment, digits) => Value::Moment(moment + later, *digits),
                // The first uid of an audit event is its own.
                Value::Uid(uid) if !identified => {
                    identified = true;
                    Value::Uid(uid ^ mask(salt))
                }
                _ => continue,
            };
            hole.slot = self.slot(value);
        }
        repeated
    }

    fn slot(&mut self, value: Value) -> usize {
        if let Value::Version(version) = value {
            self.highest = self.highest.max(version);
        }
        let next = self.values.len();
        *self.slots.entry(value).or_insert_with_key(|value| {
            self.values.push(value.clone());
            next
        })
    }

    /// What stands in the holes of a copy.
    pub fn fill(&self, copy: Copy, filling: &mut Filling) {
        filling.text.clear();
        filling.ends.clear();
        let salt = mask(copy.number << 16 | copy.cluster);
        let text = &mut filling.text;
        for value in &self.values {
            match value {
                Value::Moment(moment, digits) => push_moment(moment + copy.shift(), *digits, text),
                Value::Uid(uid) => push_uid(uid ^ salt, text),
                Value::Version(version) => push(text, format_args!("{}", version + copy.number * copy.versions)),
                Value::Namespace(name) => {
                    text.extend_from_slice(name);
                    if copy.cluster > 0 {
                        push(text, format_args!("-{}", copy.cluster));
                    }
                }
                Value::Number => push(text, format_args!("{}", copy.number)),
            }
            filling.ends.push(text.len());
        }
    }

    /// Adds a line of a copy to `out`.
    pub fn write(&self, line: &Line, filling: &Filling, out: &mut Vec<u8>) {
        let mut at = line.text.start;
        for hole in &line.holes {
            out.extend_from_slice(&self.text[at..hole.at.start]);
            out.extend_from_slice(filling.of(hole.slot));
            at = hole.at.end;
        }
        out.extend_from_slice(&self.text[at..line.text.end]);
    }
}

/// What stands in the slots of one copy.
#[derive(Default)]
pub struct Filling {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Filling {
    fn of(&self, slot: usize) -> &[u8] {
        let start = if slot == 0 { 0 } else { self.ends[slot - 1] };
        &self.text[start..self.ends[slot]]
    }
}

/// What has to differ from copy to copy and begins at `at`; `named` is how a namespace is named that the line is about.
fn find(text: &[u8], at: usize, named: Option<&str>) -> Option<(Range<usize>, Value)> {
    let rest = &text[at..];
    match rest[0] {
        b'0'..=b'9' | b'a'..=b'f' => moment(rest).or_else(|| uid(rest)).map(|(len, value)| (at..at + len, value)),
        b'r' => version(rest, at),
        0xee => rest.starts_with(NUMBER.as_bytes()).then(|| (at..at + NUMBER.len(), Value::Number)),
        _ => {
            let (skip, name) = named.and_then(|named| own_name(rest, named)).or_else(|| namespace(rest))?;
            Some((at + skip..at + skip + name.len(), Value::Namespace(name.to_vec())))
        }
    }
}

/// A moment in the form of RFC 3339. Its offset stays: the moments that a copy is away are whole seconds in any.
fn moment(text: &[u8]) -> Option<(usize, Value)> {
    if text.get(10) != Some(&b'T') || text.get(4) != Some(&b'-') {
        return None;
    }
    let (micros, digits) = parse_moment(std::str::from_utf8(text.get(..29.min(text.len()))?).ok()?)?;
    Some((if digits == 0 { 19 } else { 20 + digits }, Value::Moment(micros, digits)))
}

/// The microseconds of a moment, as if it were in UTC, and the number of digits after its seconds.
pub fn parse_moment(text: &str) -> Option<(i64, usize)> {
    let number = |range: Range<usize>| text.get(range)?.parse::<u32>().ok();
    let shape = |at: usize, byte| text.as_bytes().get(at) == Some(&byte);
    if !(shape(4, b'-') && shape(7, b'-') && shape(10, b'T') && shape(13, b':') && shape(16, b':')) {
        return None;
    }
    let date = NaiveDate::from_ymd_opt(number(0..4)? as i32, number(5..7)?, number(8..10)?)?;
    let seconds = date.and_hms_opt(number(11..13)?, number(14..16)?, number(17..19)?)?.and_utc().timestamp();
    let digits = match text.as_bytes().get(19) {
        Some(b'.') => text.as_bytes()[20..].iter().take_while(|byte| byte.is_ascii_digit()).count().min(9),
        _ => 0,
    };
    let fraction = format!("{:0<6}", &text[text.len().min(20)..text.len().min(20) + digits]);
    Some((seconds * 1_000_000 + fraction[..6].parse::<i64>().ok()?, digits))
}

/// A moment with so many digits after its seconds.
pub fn push_moment(micros: i64, digits: usize, out: &mut Vec<u8>) {
    let seconds = DateTime::from_timestamp(micros.div_euclid(1_000_000), 0).unwrap_or_default().naive_utc();
    push(out, format_args!("{seconds:?}"));
    if digits > 0 {
        let fraction = format!("{:06}000", micros.rem_euclid(1_000_000));
        out.push(b'.');
        out.extend_from_slice(&fraction.as_bytes()[..digits]);
    }
}

/// A uid: 8-4-4-4-12 hexadecimal digits.
fn uid(text: &[u8]) -> Option<(usize, Value)> {
    let text = text.get(..36)?;
    let mut value = 0_u128;
    for (at, &byte) in text.iter().enumerate() {
        match (byte, matches!(at, 8 | 13 | 18 | 23)) {
            (b'-', true) => {}
            (b'0'..=b'9' | b'a'..=b'f', false) => value = value << 4 | u128::from((byte as char).to_digit(16)?),
            _ => return None,
        }
    }
    Some((36, Value::Uid(value)))
}

fn push_uid(uid: u128, out: &mut Vec<u8>) {
    let part = |from: u32, digits: u32| (uid >> from) & ((1 << (4 * digits)) - 1);
    let parts = (part(96, 8), part(80, 4), part(64, 4), part(48, 4), part(0, 12));
    push(out, format_args!("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", parts.0, parts.1, parts.2, parts.3, parts.4));
}

/// What makes the uids of a copy other ones: no two of one copy become equal. The version and the variant stay.
fn mask(salt: u64) -> u128 {
    if salt == 0 {
        return 0;
    }
    // splitmix64
    let mix = |z: u64| {
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let step = 0x9e37_79b9_7f4a_7c15_u64;
    let (high, low) = (mix(salt.wrapping_mul(2).wrapping_mul(step)), mix((salt * 2 + 1).wrapping_mul(step)));
    (u128::from(high & !0xf000) << 64) | u128::from(low & !(0xc << 60))
}

/// The number of a resource version, of an object or in a URI. 0 and 1 mean "any" and stay.
fn version(text: &[u8], at: usize) -> Option<(Range<usize>, Value)> {
    let rest = text.strip_prefix(b"resourceVersion")?;
    let between = ["\":\"", "\\\":\\\"", "="].into_iter().find(|between| rest.starts_with(between.as_bytes()))?;
    let digits = rest[between.len()..].iter().take_while(|byte| byte.is_ascii_digit()).count();
    let start = 15 + between.len();
    let number = std::str::from_utf8(&text[start..start + digits]).ok()?.parse().ok().filter(|&number| number > 1)?;
    Some((at + start..at + start + digits, Value::Version(number)))
}

/// The name of a namespace, where it is said to be one, and where it begins.
fn namespace(text: &[u8]) -> Option<(usize, &[u8])> {
    const BEFORE: [&str; 6] = [
        "\"namespace\":\"",
        "\\\"namespace\\\":\\\"",
        "/namespaces/",
        ":serviceaccount:",
        ":serviceaccounts:",
        "\"kubernetes.io/metadata.name\":\"",
    ];
    let before = BEFORE.into_iter().find(|before| text.starts_with(before.as_bytes()))?;
    let rest = &text[before.len()..];
    let len = rest.iter().take_while(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')).count();
    (len > 0).then(|| (before.len(), &rest[..len]))
}

/// The name in what says that something has the namespace's name, and where it begins.
fn own_name<'a>(text: &'a [u8], named: &str) -> Option<(usize, &'a [u8])> {
    const SKIP: usize = "\"name\":\"".len();
    text.starts_with(named.as_bytes()).then(|| (SKIP, &text[SKIP..named.len() - 1]))
}

fn push(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    use std::io::Write as _;
    // A vector takes everything.
    out.write_fmt(text).unwrap_or_default();
}
