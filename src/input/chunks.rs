//! Cuts decompressed text into chunks that can be parsed on their own, in parallel.
//!
//! A chunk ends where a record has certainly ended, which a few bytes around a line break tell in almost all text
//! ([`super::boundary`]). Where they do not, in text that is no JSON or in values that follow one another on one endless line,
//! the scanner itself is asked how far the text is settled. A record beyond the limit gives a chunk of its own with its start;
//! the rest of it is read and dropped. So a chunk never grows beyond the limit, or its target size if that is more.

use std::io::{self, ErrorKind, Read};

use memchr::memchr_iter;

use super::boundary::{self, Resync};
use super::scanner::Scanner;
use crate::model::SourceId;

/// The size of the chunks that are aimed at.
pub const TARGET: usize = 1 << 20;

/// Some whole records of one source. Reused from chunk to chunk for its memory.
#[derive(Debug, Default)]
pub struct Chunk {
    /// The source.
    pub source: SourceId,
    /// The line, from 1, on which the chunk begins.
    pub first_line: u64,
    /// The name, fit for a terminal, of the archive's member that begins with this chunk.
    pub member: Option<String>,
    /// Whether the source ends with this chunk.
    pub is_last: bool,
    /// How many bytes at the beginning are to be read strictly, as [`Scanner`] calls it.
    pub(super) strict: usize,
    /// Initialised beyond `length`, so that it need not be again.
    buffer: Vec<u8>,
    length: usize,
}

impl Chunk {
    /// The text.
    pub fn text(&self) -> &[u8] {
        &self.buffer[..self.length]
    }

    /// Gives back memory that an unusually long record took.
    pub fn shrink(&mut self, target: usize) {
        self.length = 0;
        if self.buffer.len() > target.saturating_mul(4) {
            self.buffer = Vec::new();
        }
    }
}

/// Cuts one source.
pub struct Chunks<R> {
    reader: R,
    source: SourceId,
    limit: usize,
    target: usize,
    /// What was read and belongs to no chunk yet.
    carry: Vec<u8>,
    strict: usize,
    /// Within a record beyond the limit, of which the rest is to be dropped.
    dropping: Option<Resync>,
    /// The line on which the carry begins.
    line: u64,
    ended: bool,
    failure: Option<io::Error>,
}

impl<R: Read> Chunks<R> {
    /// Cuts what a reader gives. No record may be longer than `limit`; chunks are of about `target` bytes.
    pub fn new(reader: R, source: SourceId, limit: usize, target: usize) -> Self {
        let (limit, target) = (limit.max(1), target.max(1));
        let (carry, strict, dropping) = (Vec::new(), 0, None);
        Chunks { reader, source, limit, target, carry, strict, dropping, line: 1, ended: false, failure: None }
    }

    /// Puts the next chunk into `chunk`; false at the end. When reading fails, what was read before comes as the last chunk,
    /// and then the error.
    pub fn next(&mut self, chunk: &mut Chunk) -> io::Result<bool> {
        self.begin(chunk);
        self.drop_rest(chunk);
        let mut wanted = self.target;
        loop {
            self.fill(chunk, wanted);
            if self.ended {
                let length = chunk.length;
                self.end(chunk, length, 0);
                chunk.is_last = true;
                return if length > 0 { Ok(true) } else { self.failure.take().map_or(Ok(false), Err) };
            }
            if let Some((length, strict)) = self.cut(chunk.text()) {
                self.end(chunk, length, strict);
                return Ok(true);
            }
            if chunk.length > self.limit {
                self.end(chunk, self.limit + 1, 0);
                self.dropping = Some(Resync::behind(chunk.text()));
                return Ok(true);
            }
            wanted = wanted.saturating_mul(2).min(self.limit + 1).max(chunk.length + 1);
        }
    }

    /// Where to cut, and how much behind that is to be read strictly.
    fn cut(&self, text: &[u8]) -> Option<(usize, usize)> {
        let settled = || Scanner::settled(text, self.limit, self.strict);
        let (length, strict) = boundary::last(text).map_or_else(settled, |length| (length, 0));
        (length > 0).then_some((length, strict))
    }

    fn begin(&mut self, chunk: &mut Chunk) {
        (chunk.source, chunk.first_line, chunk.is_last, chunk.strict) = (self.source, self.line, false, self.strict);
        chunk.length = self.carry.len();
        reserve(&mut chunk.buffer, chunk.length);
        chunk.buffer[..chunk.length].copy_from_slice(&self.carry);
        self.carry.clear();
    }

    /// Cuts the chunk; what is behind is carried over.
    fn end(&mut self, chunk: &mut Chunk, length: usize, strict: usize) {
        self.carry.extend_from_slice(&chunk.buffer[length..chunk.length]);
        self.carry.shrink_to(self.target.saturating_mul(4));
        self.strict = strict;
        chunk.length = length;
        self.count(chunk.text());
    }

    fn count(&mut self, text: &[u8]) {
        self.line += memchr_iter(b'\n', text).count() as u64;
    }

    /// Reads until the chunk has the wanted length.
    fn fill(&mut self, chunk: &mut Chunk, wanted: usize) {
        reserve(&mut chunk.buffer, wanted);
        while !self.ended && chunk.length < wanted {
            match self.reader.read(&mut chunk.buffer[chunk.length..wanted]) {
                Ok(0) => self.ended = true,
                Ok(count) => chunk.length += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => (self.ended, self.failure) = (true, Some(error)),
            }
        }
    }

    /// Drops the rest of a record beyond the limit, with which the chunk begins.
    fn drop_rest(&mut self, chunk: &mut Chunk) {
        let Some(mut resync) = self.dropping.take() else { return };
        loop {
            let end = resync.find(chunk.text());
            let dropped = end.unwrap_or(chunk.length);
            self.count(&chunk.buffer[..dropped]);
            chunk.buffer.copy_within(dropped..chunk.length, 0);
            chunk.length -= dropped;
            if end.is_some() || self.ended {
                break;
            }
            self.fill(chunk, self.target);
        }
        (chunk.first_line, chunk.strict) = (self.line, 0);
    }
}

/// Lets a buffer have at least a length, without doubling what is large.
fn reserve(buffer: &mut Vec<u8>, length: usize) {
    if length > buffer.len() {
        buffer.reserve_exact(length - buffer.len());
        buffer.resize(length, 0);
    }
}
