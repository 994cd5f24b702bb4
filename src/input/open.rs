//! Opens sources: looks through compression and into archives, so that one text or one trace after the other comes out.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::mem;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::chunks::{Chunk, Chunks};
use super::compression::{Compression, decompress};
use super::error::InputError;
use super::source::Source;
use super::tar::{self, Tar, TarError};
use crate::model::SourceId;

/// Bytes that worker threads pass on to one another.
pub(super) type Stream<'a> = Box<dyn Read + Send + 'a>;

/// A source that was opened: a file, or an archive at one of its members.
pub(super) struct Opened<'a> {
    /// The file's name, fit for a terminal.
    path: String,
    id: SourceId,
    limit: usize,
    target: usize,
    /// How the content at hand is compressed.
    compression: Compression,
    content: Content<'a>,
    archive: Option<Archive<'a>>,
    /// The name of a member that was not told to anybody yet.
    news: Option<String>,
}

/// What is to be read next.
enum Content<'a> {
    Text(Box<Chunks<Stream<'a>>>),
    Trace(Stream<'a>),
    Nothing,
}

/// An archive, and how it is compressed. Shared with the stream of the member at hand, to which decompressors are applied that
/// do not give it back; only one thread at a time has the two.
struct Archive<'a> {
    compression: Compression,
    tar: Arc<Mutex<Tar<Stream<'a>>>>,
}

/// The content of the member at hand.
struct Member<'a>(Arc<Mutex<Tar<Stream<'a>>>>);

impl<'a> Opened<'a> {
    /// Looks at the beginning of a file, and in an archive goes to its first member. The text is to be cut into chunks of about
    /// `target` bytes, and no record longer than `limit`.
    pub fn new(raw: Stream<'a>, path: String, index: u32, (limit, target): (usize, usize)) -> Result<Self, InputError> {
        let mut opened = Opened {
            path,
            id: SourceId::of_file(index),
            limit,
            target,
            compression: Compression::None,
            content: Content::Nothing,
            archive: None,
            news: None,
        };
        opened.look_into(raw)?;
        Ok(opened)
    }

    /// Goes to the next member of an archive that is to be read; false when there is none.
    pub fn next_member(&mut self) -> Result<bool, InputError> {
        let Some(archive) = &self.archive else { return Ok(false) };
        self.content = Content::Nothing;
        let advanced = lock(&archive.tar).advance();
        if !advanced.map_err(|error| self.archive_failure(error))? {
            return Ok(false);
        }
        self.news = lock(&archive.tar).name().map(str::to_owned);
        let member = Member(Arc::clone(&archive.tar));
        self.id.member = self.id.member.saturating_add(1);
        self.look_into(Box::new(member))?;
        Ok(true)
    }

    /// Whether a trace comes next, for [`Self::take_trace`]; else it is text, for [`Self::next_chunk`].
    pub fn is_at_trace(&self) -> bool {
        matches!(self.content, Content::Trace(_))
    }

    /// The next chunk of the text at hand; false at its end. What was read before a failure comes before the error.
    pub fn next_chunk(&mut self, chunk: &mut Chunk) -> Result<bool, InputError> {
        let Content::Text(chunks) = &mut self.content else { return Ok(false) };
        let result = chunks.next(chunk);
        chunk.member = self.news.take();
        result.map_err(|error| self.failure(error))
    }

    /// The source, the stream of the trace at hand, and the name that was not told yet of the member that it is.
    pub fn take_trace(&mut self) -> (SourceId, Stream<'a>, Option<String>) {
        match mem::replace(&mut self.content, Content::Nothing) {
            Content::Trace(stream) => (self.id, stream, self.news.take()),
            _ => (self.id, Box::new(io::empty()), None),
        }
    }

    /// What it means that reading the content at hand failed.
    pub fn failure(&self, reason: io::Error) -> InputError {
        let of_archive = self.archive.as_ref().and_then(|archive| lock(&archive.tar).take_failure());
        match of_archive {
            Some(error) => self.archive_failure(error),
            None => self.compression.failure(self.name(), reason),
        }
    }

    fn look_into(&mut self, stored: Stream<'a>) -> Result<(), InputError> {
        let (compression, stream) = decompress(stored).map_err(|reason| match self.archive {
            Some(_) => self.failure(reason),
            None => InputError::Unreadable { path: self.name(), reason },
        })?;
        self.compression = compression;
        if let Compression::Unsupported { format, remedy } = compression {
            return Err(InputError::Unsupported { path: self.name(), format, remedy });
        }
        let (format, stream) = look_ahead(stream);
        match format {
            Format::Text => {
                self.content = Content::Text(Box::new(Chunks::new(stream, self.id, self.limit, self.target)));
            }
            Format::Trace => self.content = Content::Trace(stream),
            Format::Tar if self.archive.is_some() => {
                let format = "an archive in an archive";
                let remedy = "tar -xOf ARCHIVE MEMBER | tracer …";
                return Err(InputError::Unsupported { path: self.name(), format, remedy });
            }
            Format::Tar => {
                self.archive = Some(Archive { compression, tar: Arc::new(Mutex::new(Tar::new(stream))) });
                self.next_member()?;
            }
        }
        Ok(())
    }

    /// The file, and the member of an archive.
    fn name(&self) -> String {
        let tar = self.archive.as_ref().map(|archive| lock(&archive.tar));
        match tar.as_ref().and_then(|tar| tar.name()) {
            Some(member) => format!("{}:{member}", self.path),
            None => self.path.clone(),
        }
    }

    fn archive_failure(&self, error: TarError) -> InputError {
        let path = self.name();
        match error {
            TarError::Stream(reason) => {
                let compression = self.archive.as_ref().map_or(Compression::None, |archive| archive.compression);
                compression.failure(path, reason)
            }
            TarError::Damaged(how) => InputError::Damaged { path, format: "tar", reason: io::Error::other(how) },
            TarError::Refused(format) => {
                InputError::Unsupported { path, format, remedy: "tar -xOf ARCHIVE MEMBER | tracer …" }
            }
        }
    }
}

impl Read for Member<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        lock(&self.0).read(buffer)
    }
}

/// Who panicked with an archive in hand took the whole run along.
fn lock<'t, 'a>(tar: &'t Mutex<Tar<Stream<'a>>>) -> MutexGuard<'t, Tar<Stream<'a>>> {
    tar.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The stream of a file that begins as a trace does; `None` for any other. Only of a regular file, which can be read again.
///
/// # Errors
/// When it cannot be opened.
pub fn open_trace(path: &Path) -> Result<Option<Box<dyn Read + Send>>, InputError> {
    if !path.is_file() {
        return Ok(None);
    }
    stream_of_trace(&Source::File(path.to_owned()))
}

/// The stream of a source that begins as a trace does; `None` for any other, of which the beginning is lost if it cannot be read
/// again.
///
/// # Errors
/// When it cannot be opened.
pub fn stream_of_trace(source: &Source) -> Result<Option<Box<dyn Read + Send>>, InputError> {
    let unreadable = |reason| InputError::Unreadable { path: source.name().into_owned(), reason };
    let (_, stream) = decompress(source.open()?).map_err(unreadable)?;
    let (format, stream) = look_ahead(stream);
    Ok((format == Format::Trace).then_some(stream))
}

/// How a file is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its bytes.
    pub bytes: u64,
    /// Its compression; `None` where it has none.
    pub compression: Option<&'static str>,
    /// Whether it is an archive.
    pub is_archive: bool,
}

/// How a file is stored, as far as its beginning tells; `None` for what is no regular file, or cannot be read.
pub fn stored(path: &Path) -> Option<Stored> {
    // To open a pipe would be to wait for whoever writes to it.
    let metadata = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
    let (compression, stream) = decompress(Box::new(File::open(path).ok()?)).ok()?;
    let is_archive = look_ahead(stream).0 == Format::Tar;
    Some(Stored { bytes: metadata.len(), compression: compression.name(), is_archive })
}

/// The decompressed stream of a source, whatever it holds.
///
/// # Errors
/// When it cannot be opened.
pub fn open_stream(source: &Source) -> Result<Box<dyn Read + Send>, InputError> {
    let opened = decompress(source.open()?);
    let unreadable = |reason| InputError::Unreadable { path: source.name().into_owned(), reason };
    opened.map(|(_, stream)| stream).map_err(unreadable)
}

/// What a decompressed stream holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Text,
    Trace,
    Tar,
}

/// What a stream holds; and the stream, from its beginning.
fn look_ahead(mut stream: Stream<'_>) -> (Format, Stream<'_>) {
    let mut head = Vec::with_capacity(tar::BLOCK);
    let result = stream.by_ref().take(tar::BLOCK as u64).read_to_end(&mut head);
    let format = match head.as_slice() {
        head if is_message_pack(head) => Format::Trace,
        head if tar::is_tar(head) => Format::Tar,
        _ => Format::Text,
    };
    // A stream that fails at once fails when it is read.
    let failure = Failing(result.err());
    (format, Box::new(Cursor::new(head).chain(failure).chain(stream)))
}

/// Whether these are the first bytes of a map in MessagePack, of at most 32,767 entries if its length takes 16 bits: with more
/// they could be a letter in UTF-8. No JSON begins so.
fn is_message_pack(head: &[u8]) -> bool {
    matches!(head, [0x80..=0x8f, ..] | [0xde | 0xdf, 0x00..=0x7f, ..])
}

/// Gives an error once, or nothing.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}
