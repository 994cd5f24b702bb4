//! Moments.

use std::fmt;

use chrono::{DateTime, SecondsFormat, TimeZone, Utc};

/// A moment, in microseconds since the Unix epoch: the precision of Kubernetes' own `MicroTime`, which audit logs use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The earliest moment that can be expressed.
    pub const MIN: Timestamp = Timestamp(i64::MIN);
    /// The latest moment that can be expressed.
    pub const MAX: Timestamp = Timestamp(i64::MAX);

    /// From microseconds since the Unix epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Timestamp(micros)
    }

    /// From whole seconds since the Unix epoch; saturates at the ends of the range.
    pub const fn from_seconds(seconds: i64) -> Self {
        Timestamp(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the Unix epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch, rounded down: the `ts` of a trace.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This moment, moved by a number of microseconds; saturates.
    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Timestamp(self.0.saturating_add(micros))
    }

    /// Reads RFC 3339 (`2026-03-01T10:00:00Z`, fractions and offsets allowed), `None` for anything else, years beyond
    /// chrono's range included.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let parsed = || DateTime::parse_from_rfc3339(text).ok().map(|t| Timestamp(t.timestamp_micros()));
        Self::parse_utc(text.as_bytes()).or_else(parsed)
    }

    /// Reads the form in which Kubernetes itself writes moments, ten times as fast as the general way: in UTC, without a
    /// fraction or with six digits of one. What needs a closer look is left to that way: leap seconds, the 29th of February.
    fn parse_utc(text: &[u8]) -> Option<Self> {
        let (moment, fraction) = text.split_first_chunk::<19>()?;
        let micros = match fraction {
            b"Z" => 0,
            _ => {
                let [_, a, b, c, d, e, f, _] = Shape::FRACTION.digits(fraction)?;
                (pair(a, b) * 100 + pair(c, d)) * 100 + pair(e, f)
            }
        };
        let [y1, y2, y3, y4, _, m1, m2, _] = Shape::MONTH.digits(&moment[..8])?;
        let [_, _, _, _, _, d1, d2, _] = Shape::DAY.digits(&moment[3..11])?;
        let [h1, h2, _, n1, n2, _, s1, s2] = Shape::TIME.digits(&moment[11..])?;
        let (year, month, day) = (pair(y1, y2) * 100 + pair(y3, y4), pair(m1, m2), pair(d1, d2));
        let (hour, minute, second) = (pair(h1, h2), pair(n1, n2), pair(s1, s2));
        let is_day = (1..=12).contains(&month) && (1..=DAYS[month as usize]).contains(&day);
        (is_day && hour < 24 && minute < 60 && second < 60).then(|| {
            let seconds = days_from_civil(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second;
            Timestamp(seconds * 1_000_000 + micros)
        })
    }

    /// RFC 3339 in UTC with six decimals: of all moments of one length, so that they sort as texts do. `None` of those of other
    /// years than have four digits.
    pub fn fixed_width(self) -> Option<String> {
        let text = Utc.timestamp_micros(self.0).single()?.to_rfc3339_opts(SecondsFormat::Micros, true);
        (Self::parse_rfc3339(&text) == Some(self)).then_some(text)
    }

    /// Reads a number as Unix seconds, milliseconds, microseconds or nanoseconds, told apart by magnitude: a value is taken
    /// in the coarsest unit that puts it before the year 5138 (10¹¹ seconds).
    pub fn from_unix_magnitude(value: f64) -> Option<Self> {
        const LIMIT: f64 = 1e11;
        if !value.is_finite() || value < 0.0 {
            return None;
        }
        let micros = match value {
            v if v < LIMIT => v * 1e6,
            v if v < LIMIT * 1e3 => v * 1e3,
            v if v < LIMIT * 1e6 => v,
            v if v < LIMIT * 1e9 => v / 1e3,
            _ => return None,
        };
        Some(Timestamp(micros.round() as i64))
    }
}

/// What eight bytes look like that are a part of a moment: `0` stands for any digit, all else for itself.
struct Shape {
    text: u64,
    /// All ones where no digit stands.
    others: u64,
}

impl Shape {
    const MONTH: Shape = Shape::of(b"0000-00-");
    const DAY: Shape = Shape::of(b"0-00-00T");
    const TIME: Shape = Shape::of(b"00:00:00");
    const FRACTION: Shape = Shape::of(b".000000Z");

    const fn of(text: &[u8; 8]) -> Self {
        let (mut others, mut at) = ([0; 8], 0);
        while at < 8 {
            others[at] = if text[at] == b'0' { 0 } else { 0xff };
            at += 1;
        }
        Shape { text: u64::from_le_bytes(*text), others: u64::from_le_bytes(others) }
    }

    /// The digits of a text of this shape, as numbers; all its bytes are looked at together.
    #[inline]
    fn digits(&self, text: &[u8]) -> Option<[u8; 8]> {
        const ONES: u64 = 0x0101_0101_0101_0101;
        // What is a digit becomes its number, and what else is as it should be becomes 0.
        let numbers = u64::from_le_bytes(text.try_into().ok()?) ^ self.text;
        let beyond_nine = (numbers.wrapping_add(0x76 * ONES) | numbers) & (0x80 * ONES);
        (beyond_nine == 0 && numbers & self.others == 0).then_some(numbers.to_le_bytes())
    }
}

/// The number that two digits are.
#[inline]
fn pair(tens: u8, ones: u8) -> i64 {
    i64::from(tens) * 10 + i64::from(ones)
}

/// Days of each month of a common year, by its number.
const DAYS: [i64; 13] = [0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Days from the Unix epoch to a day of the Gregorian calendar: years are counted from March, so that the day that a leap
/// year has more is its last.
const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC with as many decimals as are needed (none, 3 or 6); plain seconds when chrono cannot express it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Utc.timestamp_micros(self.0).single() {
            Some(t) => f.write_str(&t.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            None => write!(f, "{}", self.seconds()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// The fast way gives what the general one gives, or nothing.
        #[test]
        fn moments_are_read_as_the_general_way_reads_them(
            year in 0i64..10_000,
            (month, day) in (0u32..14, 0u32..33),
            (hour, minute, second) in (0u32..25, 0u32..61, 0u32..62),
            fraction in prop::option::of(0u32..1_000_000),
        ) {
            let fraction = fraction.map(|micros| format!(".{micros:06}")).unwrap_or_default();
            let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}Z");
            let general = DateTime::parse_from_rfc3339(&text).ok().map(|t| Timestamp(t.timestamp_micros()));
            prop_assert_eq!(Timestamp::parse_rfc3339(&text), general);
        }

        #[test]
        fn what_is_almost_a_moment_is_read_as_the_general_way_reads_it(
            text in prop::sample::select(vec!["2026-03-01T10:00:00Z", "1999-12-31T23:59:59.123456Z"]),
            at in any::<prop::sample::Index>(),
            other in 0u8..128,
        ) {
            let mut text = text.as_bytes().to_vec();
            let at = at.index(text.len());
            text[at] = other;
            let text = String::from_utf8(text).unwrap();
            let general = DateTime::parse_from_rfc3339(&text).ok().map(|t| Timestamp(t.timestamp_micros()));
            prop_assert_eq!(Timestamp::parse_rfc3339(&text), general);
        }
    }

    #[test]
    fn unix_numbers_are_told_apart_by_magnitude() {
        let expected = Timestamp::from_seconds(1_772_359_200);
        for value in [1_772_359_200.0, 1_772_359_200e3, 1_772_359_200e6, 1_772_359_200e9] {
            assert_eq!(Timestamp::from_unix_magnitude(value), Some(expected), "{value}");
        }
        for bad in [-1.0, f64::NAN, f64::INFINITY, 1e30] {
            assert_eq!(Timestamp::from_unix_magnitude(bad), None, "{bad}");
        }
    }

    #[test]
    fn moments_of_one_width_are_read_as_themselves_or_not_written() {
        for (micros, expected) in [
            (0, Some("1970-01-01T00:00:00.000000Z")),
            (-1, Some("1969-12-31T23:59:59.999999Z")),
            (253_402_300_799_999_999, Some("9999-12-31T23:59:59.999999Z")),
            (253_402_300_800_000_000, None),
            (i64::MIN, None),
            (i64::MAX, None),
        ] {
            let at = Timestamp::from_micros(micros);
            assert_eq!(at.fixed_width().as_deref(), expected, "{micros}");
        }
    }

    #[test]
    fn seconds_round_down_before_the_epoch_too() {
        assert_eq!(Timestamp::from_micros(-1).seconds(), -1);
        assert_eq!(Timestamp::from_micros(1_999_999).seconds(), 1);
    }
}
