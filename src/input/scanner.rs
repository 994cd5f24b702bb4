//! Takes text apart into values, damage and foreign text.
//!
//! The outcome is a function of the text alone, and not of how it was cut into chunks: each record is decided by at most
//! `limit` bytes from its start, and the same scanner tells the cutter how far a text is settled (see [`Scanner::settled`]).
//!
//! What makes it linear in the size of the text, whatever the text is: a value that turns out to be broken is given up at the
//! first place where a record could begin, so that a line that was cut does not take the next ones with it. But its parse may
//! have run far beyond that place. Up to where it ran, later values must end before the next such place themselves.

use memchr::{memchr_iter, memchr2, memchr3};
use serde_json::value::RawValue;

use super::boundary::{Resync, is_space, skip_filler};
use super::own_line::{HEADER, OwnLine};

/// How much of the text is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// More follows, and may belong to the last record.
    Open,
    /// The last record ends here; other records follow elsewhere.
    Closed,
    /// The source ends here.
    EndOfSource,
}

/// What stands at one place.
#[derive(Debug)]
pub(super) struct Found<'a> {
    /// Where it begins, its prefix included.
    pub start: usize,
    /// Where its JSON begins.
    pub value: usize,
    /// The first byte behind it.
    pub end: usize,
    pub kind: Kind<'a>,
}

#[derive(Debug)]
pub(super) enum Kind<'a> {
    Json(&'a RawValue),
    Invalid,
    CutOff,
    Oversized,
    Text,
}

#[derive(Debug)]
pub(super) enum Step<'a> {
    Found(Found<'a>),
    /// What begins here can only be told with more text.
    Unsettled,
    End,
}

/// Where the JSON of a record begins.
enum Opening {
    At(usize),
    /// Nowhere: text that ends there.
    Text(usize),
    /// Nowhere within the limit.
    TooFar,
    Unknown,
}

enum Attempt<'a> {
    Value(&'a RawValue, usize),
    Broken { ends_early: bool },
    TooLong,
    Unknown,
}

#[derive(Clone, Debug)]
pub(super) struct Scanner<'a> {
    text: &'a [u8],
    extent: Extent,
    limit: usize,
    /// The next byte to look at.
    at: usize,
    /// Up to here, values must end before the next place where a record could begin.
    strict: usize,
    ahead: Ahead,
}

/// The search for the next place where a record could begin. It need not be done again for all that lies before.
#[derive(Clone, Debug, Default)]
struct Ahead {
    resync: Resync,
    searched: usize,
    place: Option<usize>,
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a [u8], extent: Extent, limit: usize, strict: usize) -> Self {
        Scanner { text, extent, limit, at: 0, strict, ahead: Ahead::default() }
    }

    /// How much of the beginning of a text is settled whatever follows, and how many bytes behind that are to be read
    /// strictly.
    pub(super) fn settled(text: &'a [u8], limit: usize, strict: usize) -> (usize, usize) {
        let mut scanner = Scanner::new(text, Extent::Open, limit, strict);
        while let Step::Found(_) = scanner.next() {}
        (scanner.at, scanner.strict.saturating_sub(scanner.at))
    }

    /// The place of the next byte that is no filler.
    pub(super) fn skip_filler(&mut self) -> usize {
        self.at = skip_filler(self.text, self.at);
        self.at
    }

    /// Takes everything before `end` as read.
    pub(super) fn pass(&mut self, end: usize) {
        self.at = end;
    }

    pub(super) fn next(&mut self) -> Step<'a> {
        let start = self.skip_filler();
        if start == self.text.len() {
            return Step::End;
        }
        let strict = self.strict;
        match self.record(start) {
            Some(found) => {
                self.at = found.end;
                Step::Found(found)
            }
            None => {
                self.strict = strict;
                Step::Unsettled
            }
        }
    }

    fn record(&mut self, start: usize) -> Option<Found<'a>> {
        if OwnLine::may_begin(self.text[start]) {
            let head = &self.text[start..self.reach(start)];
            let is_all = head.len() >= HEADER.min(self.limit.saturating_add(1)) || head.contains(&b'\n');
            if self.extent == Extent::Open && !is_all {
                return None;
            }
            if let Some(kind) = OwnLine::of(head) {
                return self.own_line(start, kind);
            }
        }
        let mut ends_early = false;
        if self.text[start] == b'[' {
            // An array, or a prefix in brackets: `[2026-03-01 10:00:00] {…}`.
            match self.attempt(start, start) {
                Attempt::Broken { ends_early: early } => ends_early = early,
                attempt => return self.judge(start, start, attempt),
            }
        }
        match self.opening(start) {
            Opening::At(value) if value == start && self.text[start] == b'[' => self.damage(start, value, ends_early),
            Opening::At(value) => {
                let attempt = self.attempt(start, value);
                self.judge(start, value, attempt)
            }
            Opening::Text(_) if self.opens_array(start) => self.damage(start, start, ends_early),
            Opening::Text(end) => {
                let cut = self.is_last(end) && self.text[start].is_ascii_digit();
                // A last line that was cut within its timestamp.
                let kind = if cut { Kind::CutOff } else { Kind::Text };
                Some(Found { start, value: start, end, kind })
            }
            Opening::TooFar => self.oversized(start, start),
            Opening::Unknown => None,
        }
    }

    fn judge(&mut self, start: usize, value: usize, attempt: Attempt<'a>) -> Option<Found<'a>> {
        match attempt {
            Attempt::Value(raw, end) => Some(Found { start, value, end, kind: Kind::Json(raw) }),
            Attempt::Broken { ends_early } => self.damage(start, value, ends_early),
            Attempt::TooLong => self.oversized(start, value),
            Attempt::Unknown => None,
        }
    }

    /// A line that is a record of its own. JSON is looked for only in a container's, and only where it is all of the line.
    fn own_line(&mut self, start: usize, kind: OwnLine) -> Option<Found<'a>> {
        let window = &self.text[start..self.reach(start)];
        let end = match memchr2(b'\n', 0, window) {
            Some(length) => start + length,
            None if window.len() > self.limit => return self.oversized(start, start),
            None if self.extent == Extent::Open => return None,
            None => self.text.len(),
        };
        let text = Found { start, value: start, end, kind: Kind::Text };
        let OwnLine::Cri { content, partial: false } = kind else { return Some(text) };
        let value = (start + content).min(end);
        let content = &self.text[value..end];
        if !content.starts_with(b"{") {
            return Some(text);
        }
        let found = |kind| Found { start, value, end, kind };
        match serde_json::from_slice(content) {
            Ok(raw) => Some(found(Kind::Json(raw))),
            Err(error) if self.is_last(end) && ends_early(content, &error) => Some(found(Kind::CutOff)),
            Err(_) => Some(text),
        }
    }

    /// Whether the source ends there, in the middle of a line.
    fn is_last(&self, end: usize) -> bool {
        self.extent == Extent::EndOfSource && end == self.text.len()
    }

    /// Where the first JSON of the line begins.
    fn opening(&self, start: usize) -> Opening {
        if self.text[start] == b'{' {
            return Opening::At(start);
        }
        let window = &self.text[..self.reach(start)];
        let mut from = start;
        while let Some(at) = memchr3(b'{', b'\n', 0, &window[from..]).map(|offset| from + offset) {
            if window[at] != b'{' {
                return Opening::Text(at);
            }
            // A line that ends with the brace: the value goes on in the next.
            match window[at + 1..].iter().find(|&&byte| !matches!(byte, b' ' | b'\t' | b'\r')) {
                Some(b'"' | b'}' | b'\n') => return Opening::At(with_bracket(window, start, at)),
                None if window.len() == self.text.len() && self.extent == Extent::Open => return Opening::Unknown,
                None => return Opening::At(with_bracket(window, start, at)),
                // Text with a brace in it, as Go prints structures: `{Group: Resource:pods}`.
                Some(_) => from = at + 1,
            }
        }
        match self.extent {
            _ if window.len() - start > self.limit => Opening::TooFar,
            Extent::Open => Opening::Unknown,
            _ => Opening::Text(self.text.len()),
        }
    }

    /// Parses the value at `value` of the record at `start`.
    fn attempt(&mut self, start: usize, value: usize) -> Attempt<'a> {
        let bound = if value < self.strict { self.damage_end(start) } else { None };
        let end = bound.unwrap_or_else(|| self.reach(start));
        let text = &self.text[value..end];
        let mut values = serde_json::Deserializer::from_slice(text).into_iter::<&RawValue>();
        let (ends_early, ran) = match values.next() {
            Some(Ok(_)) if value + values.byte_offset() - start > self.limit => return Attempt::TooLong,
            Some(Ok(raw)) => return Attempt::Value(raw, value + values.byte_offset()),
            Some(Err(error)) if !ends_early(text, &error) => (false, offset(text, &error)),
            _ => (true, text.len()),
        };
        if ends_early && bound.is_none() {
            if end - start > self.limit {
                return Attempt::TooLong;
            }
            if self.extent == Extent::Open {
                return Attempt::Unknown;
            }
        }
        self.strict = self.strict.max(value + ran);
        Attempt::Broken { ends_early }
    }

    /// A broken record, which ends at the next place where another could begin.
    fn damage(&mut self, start: usize, value: usize, ends_early: bool) -> Option<Found<'a>> {
        let Some(end) = self.damage_end(start) else { return self.oversized(start, value) };
        let at_end = self.is_last(end);
        let kind = match end - start {
            length if length > self.limit => Kind::Oversized,
            _ if ends_early && at_end => Kind::CutOff,
            _ => Kind::Invalid,
        };
        Some(Found { start, value, end, kind })
    }

    /// A record beyond the limit, which ends at the next place behind the limit where another could begin.
    fn oversized(&mut self, start: usize, value: usize) -> Option<Found<'a>> {
        let from = self.reach(start);
        let end = match Resync::behind(&self.text[start..from]).find(&self.text[from..]) {
            Some(offset) => from + offset,
            None if self.extent == Extent::Open => return None,
            None => self.text.len(),
        };
        Some(Found { start, value, end, kind: Kind::Oversized })
    }

    /// The next place where a record could begin, if it lies within the limit.
    fn damage_end(&mut self, start: usize) -> Option<usize> {
        if start >= self.ahead.place.unwrap_or(self.ahead.searched) {
            self.ahead = Ahead { searched: start, ..Ahead::default() };
        }
        let end = self.reach(start);
        let ahead = &mut self.ahead;
        if ahead.place.is_none() && ahead.searched < end {
            ahead.place = ahead.resync.find(&self.text[ahead.searched..end]).map(|offset| ahead.searched + offset);
            ahead.searched = end;
        }
        let is_all = end == self.text.len() && self.extent != Extent::Open;
        ahead.place.or(is_all.then_some(end))
    }

    /// Whether this may be an array of what records are made of, rather than text in brackets: `[INFO] …`.
    fn opens_array(&self, start: usize) -> bool {
        let next = self.text.get(start + 1).copied().unwrap_or(b' ');
        self.text[start] == b'[' && (is_space(next) || matches!(next, b'{' | b'[' | b'"'))
    }

    /// As far as is looked to decide what begins at `start`: one byte beyond the limit, which may tell that it is kept.
    fn reach(&self, start: usize) -> usize {
        start.saturating_add(self.limit).saturating_add(1).min(self.text.len())
    }
}

/// The beginning of the value whose first object begins at `at`: an array around it counts, `2026-03-01 [{…}]`, unless the
/// bracket belongs to a broken array with which the line began.
fn with_bracket(text: &[u8], start: usize, at: usize) -> usize {
    let before = &text[start..at];
    let last = before.iter().rposition(|&byte| !is_space(byte));
    match last.map(|last| before[last]) {
        Some(b',' | b':') if text[start] == b'[' => start,
        Some(b'[') => start + last.unwrap_or(0),
        _ => at,
    }
}

/// Whether a text was valid as far as it goes. A number that ends too early is an invalid one to serde.
pub(super) fn ends_early(text: &[u8], error: &serde_json::Error) -> bool {
    let in_number = || {
        let at_end =
            matches!(text.last(), Some(b'-' | b'+' | b'.' | b'e' | b'E')) && offset(text, error) + 1 >= text.len();
        at_end && error.to_string().starts_with("invalid number")
    };
    error.is_eof() || in_number()
}

/// The offset of the byte at which serde stumbled.
pub(super) fn offset(text: &[u8], error: &serde_json::Error) -> usize {
    let line = match error.line().checked_sub(2) {
        None => 0,
        Some(newlines) => memchr_iter(b'\n', text).nth(newlines).map_or(0, |newline| newline + 1),
    };
    (line + error.column()).saturating_sub(1).min(text.len())
}
