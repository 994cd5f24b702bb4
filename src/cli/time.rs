//! Moments as users write them, and the window they make together with what the log spans.
//!
//! A moment is absolute (`--from 2026-03-01T10:00:00Z`) or relative to the other end of the window (`--from -30m` is before
//! `--to`, `--to +1h` after `--from`). Nothing here means "now": the logs are in the past, and the same arguments give the
//! same window on any day. A window is made of whole seconds, as a trace is; both ends are rounded down.

use std::str::FromStr;

use crate::model::Timestamp;

/// The last second of the year 9999, beyond which RFC 3339 has no words.
const LAST_SECOND: i64 = 253_402_300_799;
/// Ten thousand years: more than any two moments that can be written down lie apart.
const LONGEST_MICROS: i64 = 3_652_500 * 86_400 * 1_000_000;
/// What every message about an unreadable time ends with.
const FORMS: &str =
    "write 2026-03-01T10:00:00Z (any offset), 2026-03-01, `2026-03-01 10:00[:00]` (UTC), or Unix seconds";

/// One end of a window as the user gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeArg {
    /// A moment.
    At(Timestamp),
    /// This many microseconds before the end of the window (`-30m`); only `--from` may be it.
    Before(i64),
    /// This many microseconds after the start of the window (`+1h`); only `--to` may be it.
    After(i64),
}

/// Why a text is no moment, or two moments are no window.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not in any form that is read.
    #[error("not a time; {FORMS}")]
    Unreadable,
    /// Later than the year 9999: mostly milliseconds given as seconds.
    #[error("later than the year 9999; a plain number is Unix seconds, not milli- or nanoseconds")]
    TooLate,
    /// A relative time that cannot be read.
    #[error("not a span of time; write a number and s, m, h or d, as in 30m or 1h30m")]
    Span,
    /// A span that does not fit.
    #[error("too long a span of time")]
    TooLong,
    /// `--from +…`.
    #[error("--from is absolute or before --to, as in -30m; only --to counts from --from")]
    FromAfter,
    /// Not a moment, where no window gives it an end to count from.
    #[error("not a moment; {FORMS}")]
    Relative,
    /// `--to -…`.
    #[error("--to is absolute or after --from, as in +1h; only --from counts back from --to")]
    ToBefore,
    /// Each end counted from the other.
    #[error("--from and --to are both relative, each to the other: give one of them as a moment, or leave it out")]
    BothRelative,
    /// The window would be empty.
    #[error("the window is empty: it would begin at {from} and end before {to}{hint}; windows are whole seconds")]
    Empty {
        /// The start.
        from: Timestamp,
        /// The end.
        to: Timestamp,
        /// What the log spans, when that was an end of the window.
        hint: String,
    },
}

impl FromStr for TimeArg {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let text = text.trim();
        if let Some(span) = text.strip_prefix('-') {
            return parse_span(span).map(TimeArg::Before);
        }
        if let Some(span) = text.strip_prefix('+') {
            return parse_span(span).map(TimeArg::After);
        }
        match parse_unix(text) {
            Some(result) => result.map(TimeArg::At),
            None => parse_civil(text).map(TimeArg::At).ok_or(TimeError::Unreadable),
        }
    }
}

impl TimeArg {
    /// Reads a `--from`.
    pub fn parse_from(text: &str) -> Result<Self, TimeError> {
        match text.parse()? {
            TimeArg::After(_) => Err(TimeError::FromAfter),
            time => Ok(time),
        }
    }

    /// Reads a moment that stands by itself.
    pub fn parse_moment(text: &str) -> Result<Timestamp, TimeError> {
        match text.parse()? {
            TimeArg::At(at) => Ok(at),
            TimeArg::Before(_) | TimeArg::After(_) => Err(TimeError::Relative),
        }
    }

    /// Reads a `--to`.
    pub fn parse_to(text: &str) -> Result<Self, TimeError> {
        match text.parse()? {
            TimeArg::Before(_) => Err(TimeError::ToBefore),
            time => Ok(time),
        }
    }
}

/// Unix seconds with or without a fraction; `None` when the text is no plain number.
fn parse_unix(text: &str) -> Option<Result<Timestamp, TimeError>> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let Some(seconds) = whole.parse().ok().filter(|seconds| *seconds <= LAST_SECOND) else {
        return Some(Err(TimeError::TooLate));
    };
    let micros = fraction.bytes().chain(std::iter::repeat(b'0')).take(6).fold(0, |n, b| n * 10 + i64::from(b - b'0'));
    Some(Ok(Timestamp::from_seconds(seconds).plus_micros(micros)))
}

/// A date, with or without a time of day, with or without an offset; without one it is UTC.
fn parse_civil(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_at_checked(10)?;
    if rest.is_empty() {
        return Timestamp::parse_rfc3339(&format!("{date}T00:00:00Z"));
    }
    let time = rest.strip_prefix(['T', 't', ' '])?;
    let (clock, zone) = match time.find(['Z', 'z', '+', '-']) {
        Some(at) => time.split_at(at),
        None => (time, "Z"),
    };
    let seconds = if clock.matches(':').count() == 1 { ":00" } else { "" };
    Timestamp::parse_rfc3339(&format!("{date}T{clock}{seconds}{zone}"))
}

/// A span such as `90s`, `1h30m`, `2d`, in microseconds.
fn parse_span(text: &str) -> Result<i64, TimeError> {
    let mut rest = text;
    let mut total: i64 = 0;
    if rest.is_empty() {
        return Err(TimeError::Span);
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, tail) = rest.split_at(digits);
        let mut tail = tail.chars();
        let unit = match tail.next() {
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3_600,
            Some('d') => 86_400,
            _ => return Err(TimeError::Span),
        };
        if number.is_empty() {
            return Err(TimeError::Span);
        }
        let micros = number.parse::<i64>().ok().and_then(|n| n.checked_mul(unit * 1_000_000));
        total = micros
            .and_then(|micros| total.checked_add(micros))
            .filter(|total| *total <= LONGEST_MICROS)
            .ok_or(TimeError::TooLong)?;
        rest = tail.as_str();
    }
    Ok(total)
}

/// The two ends of a window as given, not yet held against a log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WindowArgs {
    /// `--from`.
    pub from: Option<TimeArg>,
    /// `--to`.
    pub to: Option<TimeArg>,
}

/// The window [from, to) in whole Unix seconds; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResolvedWindow {
    /// The first second.
    pub from: i64,
    /// The second after the last.
    pub to: i64,
    /// Whether the user named the end, so that the trace lasts until then even if nothing happens.
    pub to_given: bool,
}

impl WindowArgs {
    /// Whether both ends follow from the arguments alone, so that [`resolve`](Self::resolve) does not look at the log.
    pub fn is_absolute(&self) -> bool {
        matches!(
            (self.from, self.to),
            (Some(TimeArg::At(_)), Some(_)) | (Some(TimeArg::Before(_)), Some(TimeArg::At(_)))
        )
    }

    /// The ends of the window that follow from the arguments alone.
    pub fn known(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        if self.is_absolute() {
            let resolved = self.resolve(Timestamp::MIN, Timestamp::MAX).ok();
            let ends = resolved.map(|window| (window.from, window.to));
            return ends.map(|(from, to)| (Timestamp::from_seconds(from), Timestamp::from_seconds(to))).unzip();
        }
        let at = |end| if let Some(TimeArg::At(at)) = end { Some(Timestamp::from_seconds(at.seconds())) } else { None };
        (at(self.from), at(self.to))
    }

    /// Finds what is wrong with the arguments whatever the log holds.
    pub fn check(&self) -> Result<(), TimeError> {
        if matches!((self.from, self.to), (Some(TimeArg::Before(_)), Some(TimeArg::After(_)))) {
            return Err(TimeError::BothRelative);
        }
        if self.is_absolute() {
            self.resolve(Timestamp::MIN, Timestamp::MAX)?;
        }
        Ok(())
    }

    /// The window for a log whose first and last moments are these. An end that is not given is the log's: its first second,
    /// and the second after its last one.
    pub fn resolve(&self, first: Timestamp, last: Timestamp) -> Result<ResolvedWindow, TimeError> {
        let start = |end: Timestamp| match self.from {
            None => first,
            Some(TimeArg::Before(micros) | TimeArg::After(micros)) => end.plus_micros(-micros),
            Some(TimeArg::At(time)) => time,
        };
        let (from, to) = match self.to {
            None => {
                let end = Timestamp::from_seconds(last.seconds().saturating_add(1));
                (start(end), end)
            }
            Some(TimeArg::At(end)) => (start(end), end),
            Some(TimeArg::After(micros) | TimeArg::Before(micros)) => {
                if matches!(self.from, Some(TimeArg::Before(_))) {
                    return Err(TimeError::BothRelative);
                }
                let from = start(Timestamp::MAX);
                (from, from.plus_micros(micros))
            }
        };
        let window = ResolvedWindow { from: from.seconds(), to: to.seconds(), to_given: self.to.is_some() };
        if window.from < window.to { Ok(window) } else { Err(self.empty(window, first, last)) }
    }

    fn empty(&self, window: ResolvedWindow, first: Timestamp, last: Timestamp) -> TimeError {
        let hint = if self.is_absolute() { String::new() } else { format!(" (the log spans {first} to {last})") };
        TimeError::Empty { from: Timestamp::from_seconds(window.from), to: Timestamp::from_seconds(window.to), hint }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn moments_are_read_in_every_form() {
        for (text, rfc) in [
            ("2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z"),
            ("2026-03-01t10:00:00.25z", "2026-03-01T10:00:00.25Z"),
            ("2026-03-01T12:00:00+02:00", "2026-03-01T10:00:00Z"),
            ("2026-03-01 12:00-05:30", "2026-03-01T17:30:00Z"),
            ("2026-03-01", "2026-03-01T00:00:00Z"),
            ("2026-03-01 10:00", "2026-03-01T10:00:00Z"),
            ("2026-03-01T10:00", "2026-03-01T10:00:00Z"),
            ("2026-03-01 10:00:30", "2026-03-01T10:00:30Z"),
            (" 2026-03-01 10:00:30.123456789 ", "2026-03-01T10:00:30.123456Z"),
            ("1772359200", "2026-03-01T10:00:00Z"),
            ("1772359200.5", "2026-03-01T10:00:00.5Z"),
            ("1772359200.1234569", "2026-03-01T10:00:00.123456Z"),
            ("0", "1970-01-01T00:00:00Z"),
            ("1960-01-01", "1960-01-01T00:00:00Z"),
        ] {
            assert_eq!(text.parse(), Ok(TimeArg::At(at(rfc))), "{text}");
        }
    }

    #[test]
    fn spans_are_read() {
        for (text, expected) in [
            ("-30m", TimeArg::Before(30 * MINUTE)),
            ("+1h", TimeArg::After(60 * MINUTE)),
            ("-1h30m", TimeArg::Before(90 * MINUTE)),
            ("+2d", TimeArg::After(2 * 24 * 60 * MINUTE)),
            ("+90s", TimeArg::After(MINUTE * 3 / 2)),
            ("-1d2h3m4s", TimeArg::Before(((26 * 60) + 3) * MINUTE + 4_000_000)),
        ] {
            assert_eq!(text.parse(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for bad in [
            "",
            " ",
            "now",
            "yesterday",
            "2026-3-1",
            "2026-02-30",
            "2026-03-01T",
            "2026-03-01T25:00:00Z",
            "2026-03-01X10:00",
            "2026-03-01 10",
            "2026-03-01T10:00:00+25:00",
            "9999999-01-01",
            "9999999-01-01T00:00:00Z",
            "+2026-03-01",
            "1e9",
            "1.",
            ".5",
            "1.2.3",
            "0x10",
            "２０２６-03-01",
            "2026-03-0１",
            "10:00",
            "-",
            "+",
            "-5",
            "+m",
            "-1w",
            "-1h30",
            "+-1h",
            "--from",
            "- 1h",
            "+1.5h",
            "-1H",
        ] {
            assert!(bad.parse::<TimeArg>().is_err(), "{bad}");
        }
        for late in ["1772359200000", "253402300800", "99999999999999999999999"] {
            assert_eq!(late.parse::<TimeArg>(), Err(TimeError::TooLate), "{late}");
        }
        for long in ["+9999999d", "-9999999999999999999s", "+9223372036854775807d", "-3652500d1s"] {
            assert_eq!(long.parse::<TimeArg>(), Err(TimeError::TooLong), "{long}");
        }
        assert_eq!(TimeArg::parse_from("+1h"), Err(TimeError::FromAfter));
        assert_eq!(TimeArg::parse_to("-1h"), Err(TimeError::ToBefore));
    }

    fn resolve(from: &str, to: &str) -> Result<(i64, i64, bool), TimeError> {
        let arg = |text: &str| (!text.is_empty()).then(|| text.parse().unwrap());
        let window = WindowArgs { from: arg(from), to: arg(to) };
        let (first, last) = (Timestamp::from_micros(1_000_700_000), Timestamp::from_micros(2_000_900_000));
        window.resolve(first, last).map(|w| (w.from, w.to, w.to_given))
    }

    #[test]
    fn windows_resolve_against_the_log() {
        for (from, to, expected) in [
            ("", "", (1000, 2001, false)),
            ("1500", "", (1500, 2001, false)),
            ("1500.9", "1600.9", (1500, 1600, true)),
            ("", "1500", (1000, 1500, true)),
            ("-10m", "", (1401, 2001, false)),
            ("-10m", "1700", (1100, 1700, true)),
            ("", "+10m", (1000, 1600, true)),
            ("1100", "+10m", (1100, 1700, true)),
            ("0", "5000", (0, 5000, true)),
        ] {
            assert_eq!(resolve(from, to), Ok(expected), "{from} {to}");
        }
    }

    #[test]
    fn empty_and_circular_windows_are_refused() {
        for (from, to) in
            [("2001", ""), ("1500", "1500"), ("1500", "1400"), ("1500.1", "1500.9"), ("", "999"), ("-0s", "")]
        {
            assert!(matches!(resolve(from, to), Err(TimeError::Empty { .. })), "{from} {to}");
        }
        assert_eq!(resolve("-1m", "+1m"), Err(TimeError::BothRelative));
        assert!(resolve("3000", "").unwrap_err().to_string().contains("the log spans 1970-01-01T00:16:40.7"));
    }

    #[test]
    fn what_the_arguments_alone_tell_needs_no_log() {
        let window = |from: &str, to: &str| WindowArgs { from: from.parse().ok(), to: to.parse().ok() };
        assert_eq!(window("-1m", "+1m").check(), Err(TimeError::BothRelative));
        assert!(matches!(window("20", "10").check(), Err(TimeError::Empty { .. })));
        assert!(matches!(window("20", "+0s").check(), Err(TimeError::Empty { .. })));
        for (from, to) in
            [("", ""), ("10", ""), ("", "10"), ("10", "20"), ("10", "+5s"), ("-5s", "10"), ("-5s", ""), ("", "+5s")]
        {
            assert_eq!(window(from, to).check(), Ok(()), "{from} {to}");
        }
    }

    #[test]
    fn the_ends_of_time_do_not_overflow() {
        let window = WindowArgs { from: Some(TimeArg::Before(LONGEST_MICROS)), to: None };
        assert!(window.resolve(Timestamp::MIN, Timestamp::MAX).is_ok());
        let window = WindowArgs { from: None, to: Some(TimeArg::After(LONGEST_MICROS)) };
        assert!(window.resolve(Timestamp::MAX, Timestamp::MAX).is_err());
        assert!(window.resolve(Timestamp::MIN, Timestamp::MIN).is_ok());
    }
}
