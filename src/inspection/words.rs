//! Numbers as people read them.

use crate::model::Timestamp;

/// A number with its thousands apart: `1,234,567`.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> =
        digits.as_bytes().rchunks(3).rev().filter_map(|three| std::str::from_utf8(three).ok()).collect();
    groups.join(",")
}

/// A number and what it counts: `1 record`, `2,000 records`.
pub fn count(many: u64, word: &str) -> String {
    let (stem, plural) = match word.strip_suffix('y') {
        Some(stem) if many != 1 => (stem, "ies"),
        _ if many == 1 => (word, ""),
        _ => (word, "s"),
    };
    format!("{} {stem}{plural}", number(many))
}

/// A number of bytes in three digits: `640 B`, `4.2 KiB`, `128 MiB`.
pub fn bytes(bytes: u64) -> String {
    let mut size = bytes as f64;
    let mut units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"].into_iter().peekable();
    while let Some(unit) = units.next() {
        // What would be rounded to 1024 is one of the next unit.
        if size < 1023.5 || units.peek().is_none() {
            let decimals = usize::from(unit != "B" && size < 9.95);
            return format!("{size:.decimals$} {unit}");
        }
        size /= 1024.0;
    }
    bytes.to_string()
}

/// A span of time in its two greatest units: `1m52s`, `3d4h`, `0.3s`.
pub fn span(micros: i64) -> String {
    let micros = micros.max(0);
    if micros < 1_000_000 {
        return if micros == 0 { "0s".to_owned() } else { format!("{:.3}s", micros as f64 / 1e6) };
    }
    let mut rest = micros / 1_000_000;
    let mut text = String::new();
    let mut parts = 0;
    for (unit, seconds) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        let many = rest / seconds;
        rest %= seconds;
        if many > 0 && parts < 2 {
            text.push_str(&format!("{many}{unit}"));
        }
        parts += usize::from(many > 0 || parts > 0);
    }
    text
}

/// A moment to the second.
pub fn second(at: Timestamp) -> String {
    Timestamp::from_seconds(at.seconds()).to_string()
}

/// A part of a whole in percent; all but one is not 100.
pub fn percent(part: u64, whole: u64) -> String {
    match (u128::from(part) * 100).checked_div(whole.into()) {
        Some(percent) => format!("{percent} %"),
        None => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!([0, 7, 999, 1_000, 1_234_567].map(number), ["0", "7", "999", "1,000", "1,234,567"]);
        assert_eq!([count(1, "entry"), count(0, "entry"), count(2_000, "pod")], ["1 entry", "0 entries", "2,000 pods"]);
        assert_eq!(
            [0, 640, 1_023, 1_024, 4_300, 1_048_575, 134_217_728, u64::MAX].map(bytes),
            ["0 B", "640 B", "1023 B", "1.0 KiB", "4.2 KiB", "1.0 MiB", "128 MiB", "16384 PiB"]
        );
        assert_eq!(
            [-1, 0, 300_000, 1_000_000, 112_000_000, 3_600_000_000, 273_600_000_000, 86_460_000_000].map(span),
            ["0s", "0s", "0.300s", "1s", "1m52s", "1h", "3d4h", "1d"]
        );
        assert_eq!([percent(0, 0), percent(999, 1_000), percent(3, 3)], ["-", "99 %", "100 %"]);
    }
}
