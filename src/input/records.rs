//! The records of one piece of text, each with its line.
//!
//! A record is one JSON value, wherever it begins and ends: several on a line and one over many lines are the same thing
//! here. Text before the first `{` of a line is the record's prefix. What is no record is given too, each piece once, for the
//! caller to count or to refuse.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};
use serde_json::value::RawValue;

use super::boundary::is_space;
use super::chunks::Chunk;
use super::scanner::{Extent, Found, Kind, Scanner, Step, ends_early, offset};
use crate::model::{Position, SourceId};

/// The most characters of offending text that a message shows.
const EXCERPT: usize = 80;

/// One record, or something that stands where one should.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    /// The source, and the line on which it begins.
    pub position: Position,
    /// What stands before the JSON on its line, trimmed: a recorder's time, a node's name. It may hold control characters.
    pub prefix: Cow<'a, str>,
    /// What it is.
    pub content: Content<'a>,
}

/// What a [`Record`] is. An excerpt is the start of the text in question, its control characters escaped.
#[derive(Clone, Debug)]
pub enum Content<'a> {
    /// One JSON object or array.
    Json(&'a RawValue),
    /// Something that begins as JSON and is none.
    Invalid {
        /// All of it, its prefix excluded: some recorders cut what is too long for them, and say so in it.
        text: &'a [u8],
        /// What is wrong with it, and how far from its beginning.
        reason: String,
        /// How it begins.
        excerpt: String,
    },
    /// The source ends in the middle of it: the log was still being written.
    CutOff {
        /// How it begins.
        excerpt: String,
    },
    /// Longer than is allowed.
    Oversized {
        /// How it begins.
        excerpt: String,
        /// The most bytes that are allowed.
        limit: usize,
    },
    /// A line without JSON, or one of a container's log whose JSON is not whole.
    Text {
        /// All of it: what a container's log cuts may end with white space that counts.
        text: &'a [u8],
        /// How it begins.
        excerpt: String,
    },
}

/// A line that begins with `{`, ends with `}`, and cannot belong to a value that spans lines. It may hold one value, several,
/// or nonsense.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// The source and the line.
    pub position: Position,
    /// The line without the white space at its end.
    pub text: &'a [u8],
}

/// Iterates over the records of a text.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    text: &'a [u8],
    scanner: Scanner<'a>,
    source: SourceId,
    limit: usize,
    /// The line of the byte at `counted`.
    line: u64,
    counted: usize,
    /// Lines that begin before this were given by [`Records::line`] once.
    offered: usize,
}

impl<'a> Records<'a> {
    /// The records of a whole source that is held in memory.
    pub fn of_text(text: &'a [u8], source: SourceId, limit: usize) -> Self {
        Records::new(text, source, 1, limit, Extent::EndOfSource, 0)
    }

    /// The records of a text that was carried as a whole: nothing of it is still to be written.
    pub fn of_part(text: &'a [u8]) -> Self {
        Records::new(text, SourceId::default(), 1, usize::MAX, Extent::Closed, 0)
    }

    /// The records of a chunk; `limit` must be the one with which it was cut.
    pub fn of_chunk(chunk: &'a Chunk, limit: usize) -> Self {
        let extent = if chunk.is_last { Extent::EndOfSource } else { Extent::Closed };
        Records::new(chunk.text(), chunk.source, chunk.first_line, limit, extent, chunk.strict)
    }

    fn new(text: &'a [u8], source: SourceId, line: u64, limit: usize, extent: Extent, strict: usize) -> Self {
        let scanner = Scanner::new(text, extent, limit, strict);
        Records { text, scanner, source, limit, line, counted: 0, offered: 0 }
    }

    /// The next line, if it is one that a caller can try to take as a whole: with one pass over it, instead of one here to
    /// find its end and one there. Not taken with [`Records::pass`], it comes as records. No line is offered twice.
    pub fn line(&mut self) -> Option<Line<'a>> {
        let start = self.scanner.skip_filler();
        if start < self.offered || self.text.get(start) != Some(&b'{') {
            return None;
        }
        let newline = memchr(b'\n', &self.text[start..]).map_or(self.text.len(), |offset| start + offset);
        self.offered = newline;
        let line = self.text[start..newline].trim_ascii_end();
        let next = self.text[newline..].iter().find(|&&byte| !is_space(byte));
        let goes_on = matches!(next, Some(b',' | b'}' | b']'));
        let whole = line.last() == Some(&b'}') && !goes_on && line.len() <= self.limit;
        whole.then(|| Line { position: self.position(start), text: line })
    }

    /// Passes over a line that was taken as a whole.
    pub fn pass(&mut self, line: Line<'a>) {
        let end = self.scanner.skip_filler() + line.text.len();
        self.scanner.pass(end);
        // There is no newline in it to count.
        self.counted = end;
    }

    fn position(&mut self, at: usize) -> Position {
        self.line += memchr_iter(b'\n', &self.text[self.counted..at]).count() as u64;
        self.counted = at;
        Position { source: self.source, line: self.line }
    }

    fn content(&self, found: &Found<'a>) -> Content<'a> {
        let text = &self.text[found.start..found.end];
        match found.kind {
            Kind::Json(raw) => Content::Json(raw),
            Kind::Invalid => {
                let value = found.value - found.start;
                let json = text[value..].trim_ascii_end();
                Content::Invalid { text: json, reason: reason(json, value), excerpt: excerpt(text) }
            }
            Kind::CutOff => Content::CutOff { excerpt: excerpt(text) },
            Kind::Oversized => {
                let start = &text[..text.len().min(self.limit.saturating_add(1))];
                Content::Oversized { excerpt: excerpt(start), limit: self.limit }
            }
            Kind::Text => Content::Text { text: text.strip_suffix(b"\r").unwrap_or(text), excerpt: excerpt(text) },
        }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let Step::Found(found) = self.scanner.next() else { return None };
        let prefix = match String::from_utf8_lossy(&self.text[found.start..found.value]) {
            Cow::Borrowed(prefix) => Cow::Borrowed(prefix.trim()),
            Cow::Owned(prefix) => Cow::Owned(prefix.trim().to_owned()),
        };
        Some(Record { position: self.position(found.start), prefix, content: self.content(&found) })
    }
}

/// Whether a text is JSON as far as it goes, but ends too early.
pub fn breaks_off(json: &[u8]) -> bool {
    serde_json::from_slice::<&RawValue>(json).is_err_and(|error| ends_early(json, &error))
}

/// Why a text is no JSON. Places are counted from the beginning of the record, of which it is the part from `start` on.
fn reason(json: &[u8], start: usize) -> String {
    let Err(error) = serde_json::from_slice::<&RawValue>(json) else { return "it has no end".to_owned() };
    if error.is_syntax()
        && let Err(error) = std::str::from_utf8(json)
    {
        return format!("not UTF-8 at byte {}", start + error.valid_up_to() + 1);
    }
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    if error.is_eof() {
        return format!("broken off ({message})");
    }
    format!("{message} at byte {}", start + offset(json, &error) + 1)
}

/// The start of a text, fit for a terminal.
pub fn excerpt(text: &[u8]) -> String {
    // No character takes more than four bytes, and one more tells whether there is more.
    let start = String::from_utf8_lossy(&text[..text.len().min(4 * EXCERPT + 4)]);
    let trimmed = start.trim();
    let shown = trimmed.char_indices().nth(EXCERPT).map_or(trimmed, |(end, _)| &trimmed[..end]);
    let more = if shown.len() < trimmed.len() { "…" } else { "" };
    escape(shown) + more
}

/// A text with everything escaped that a terminal could take for a command, or that is not seen at all.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\'' | '\\' => escaped.push(character),
            _ => escaped.extend(character.escape_debug()),
        }
    }
    escaped
}
