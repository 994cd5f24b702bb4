//! Which strings a reader of YAML would take for something else, if they stood there without quotes: numbers, truth values,
//! nothing, moments. By the rules of YAML 1.1, as the library has them.

use crate::model::Timestamp;

/// Words that are truth values or nothing.
const WORDS: [&str; 30] = [
    "y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", "n", "N", "no", "No", "NO", "false",
    "False", "FALSE", "off", "Off", "OFF", "", "~", "null", "Null", "NULL", "<<", ".nan", ".NaN",
];
const INFINITE: [&str; 10] = [".NAN", ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF"];

/// Whether a string needs quotes to be read as one.
pub(super) fn is_something_else(text: &str) -> bool {
    WORDS.contains(&text)
        || INFINITE.contains(&text)
        || (text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.'))
            && (is_integer(text) || is_float(text) || is_of_base_60(text) || is_moment(text)))
}

fn unsigned(text: &str) -> &str {
    text.strip_prefix(['+', '-']).unwrap_or(text)
}

/// As Go reads one: decimal, or after a prefix in another base; underscores count for nothing.
fn is_integer(text: &str) -> bool {
    let text = text.replace('_', "");
    let digits = unsigned(&text);
    let lower = digits.to_ascii_lowercase();
    let base = |prefix: &str, radix: u32| lower.strip_prefix(prefix).is_some_and(|rest| fits(rest, radix));
    let decimal = fits(digits, 10) && (digits == "0" || !digits.starts_with('0'));
    decimal || base("0x", 16) || base("0b", 2) || base("0o", 8) || base("0", 8)
}

fn fits(digits: &str, radix: u32) -> bool {
    digits.starts_with(|c: char| c.is_digit(radix)) && u64::from_str_radix(digits, radix).is_ok()
}

fn is_float(text: &str) -> bool {
    let text = text.replace('_', "");
    let number = unsigned(&text);
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(unsigned(exponent))),
        None => (number, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    let well_formed = has_digits
        && digits(whole)
        && digits(fraction)
        && exponent.is_none_or(|exponent| !exponent.is_empty() && digits(exponent));
    well_formed && text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// A number such as 190:20:30, which old readers take for one of base 60.
fn is_of_base_60(text: &str) -> bool {
    let mut parts = unsigned(text).split(':');
    let first = parts.next().unwrap_or_default();
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    if !first.starts_with(|c: char| c.is_ascii_digit()) || !digits(first) {
        return false;
    }
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return false };
    let sixty = |text: &str| match text.as_bytes() {
        [one] => one.is_ascii_digit(),
        [ten, one] => (b'0'..=b'5').contains(ten) && one.is_ascii_digit(),
        _ => false,
    };
    let (last, fraction) = last.split_once('.').unwrap_or((last, ""));
    middle.iter().all(|part| sixty(part)) && sixty(last) && digits(fraction)
}

/// A date, or a date and a time: with an offset after a `T`, without one after a space.
fn is_moment(text: &str) -> bool {
    let Some((date, rest)) = text
        .split_once(['T', 't', ' '])
        .map_or(Some((text, None)), |(date, rest)| Some((date, Some((text.as_bytes()[date.len()], rest)))))
    else {
        return false;
    };
    let widen = |part: &str| (1..=2).contains(&part.len()).then(|| format!("{part:0>2}"));
    let parts: Vec<&str> = date.split('-').collect();
    let [year, month, day] = parts.as_slice() else { return false };
    let (Some(month), Some(day)) = (widen(month), widen(day)) else { return false };
    if year.len() != 4 {
        return false;
    }
    let time = match rest {
        None => "00:00:00Z".to_owned(),
        Some((sign, rest)) => {
            let zone = rest.find(['Z', '+', '-']).unwrap_or(rest.len());
            let (clock, zone) = rest.split_at(zone);
            if zone.is_empty() != (sign == b' ') {
                return false;
            }
            let (clock, fraction) = clock.split_once('.').map_or((clock, String::new()), |(c, f)| (c, format!(".{f}")));
            let clock: Option<Vec<String>> = clock.split(':').map(widen).collect();
            let Some(clock) = clock.filter(|clock| clock.len() == 3) else { return false };
            format!("{}{fraction}{}", clock.join(":"), if zone.is_empty() { "Z" } else { zone })
        }
    };
    Timestamp::parse_rfc3339(&format!("{year}-{month}-{day}T{time}")).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_reads_as_another_thing_is_told_from_what_does_not() {
        for text in [
            "",
            "~",
            "null",
            "yes",
            "No",
            "on",
            "y",
            "true",
            "1",
            "-1",
            "+1",
            "0",
            "007",
            "08",
            "0x1F",
            "0b10",
            "0o17",
            "1_000",
            "1.5",
            "1.",
            ".5",
            "1e3",
            "759846e9",
            "-1.5E-3",
            ".inf",
            "-.Inf",
            ".NaN",
            "1:20",
            "190:20:30.15",
            "2026-11-23",
            "2026-1-2",
            "2026-11-23T15:25:48Z",
            "2026-11-23T15:25:48.5+02:00",
            "2026-11-23 15:25:48",
        ] {
            assert!(is_something_else(text), "{text}");
        }
        for text in [
            "a",
            "yEs",
            "1a",
            "v1",
            "1.2.3",
            "-",
            "--",
            "-v",
            "10.0.0.1",
            "0x",
            "0xg",
            "1e",
            "1e999",
            "e5",
            "1:60",
            "1:2:x",
            "25%",
            "50m",
            "32Mi",
            "2026-13-01",
            "2026-11-23T15:25Z",
            "2026-11-23T15:25:48",
            "20261-1-1",
            "1:",
            "+",
            ".",
            "é",
            "12é",
            "app:1",
            "*/5 * * * *",
            "99999999999999999999999999999999e",
        ] {
            assert!(!is_something_else(text), "{text}");
        }
    }
}
