//! Runs the whole of it: opens, decompresses, cuts and parses, and hands the results over in the order of the input.
//!
//! There is no reading thread. Each worker takes the next chunk of a source that nobody else is reading just then, into a
//! buffer of its own, and parses it while others read on; who waits for nothing is [`super::schedule`]'s to decide. The results
//! meet there and are handed to the caller's sink on the calling thread: sources in order, chunks in order, records in order.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::chunks::{self, Chunk, Chunks};
use super::compression::{Compression, decompress};
use super::error::InputError;
use super::records::{Line, Record, Records};
use super::schedule::{Job, Outcome, Schedule};
use super::source::Sources;
use crate::model::SourceId;

/// How many items of a trace are handed over at a time.
const BATCH: usize = 64;

/// How to read.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many threads parse.
    pub threads: usize,
    /// The most bytes that a record may have.
    pub max_record: usize,
    /// About how many bytes are read and parsed at a time.
    pub chunk: usize,
}

impl Default for Options {
    fn default() -> Self {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        Options { threads, max_record: 64 << 20, chunk: chunks::TARGET }
    }
}

/// Is told how far reading has come.
pub trait Progress: Sync {
    /// That many more bytes were read of the sources as they are stored; compare [`Sources::total_bytes`].
    fn advance(&self, bytes: u64);
}

/// For those who do not want to know.
impl Progress for () {
    fn advance(&self, _: u64) {}
}

/// Makes something of records. Runs in several threads at once, on records in no particular order.
pub trait Consumer: Sync {
    /// What it makes.
    type Parsed: Send;

    /// Takes one record, and appends what it makes of it, if anything.
    fn parse(&self, record: Record<'_>, out: &mut Vec<Self::Parsed>);

    /// Is offered a line before it is taken apart, which saves a pass over its bytes. To be answered with true only when the
    /// whole line is known to be one JSON value; then it is done with. Else the line comes as records to [`Self::parse`].
    fn parse_line(&self, line: Line<'_>, out: &mut Vec<Self::Parsed>) -> bool {
        let _ = (line, out);
        false
    }

    /// Takes a source that begins as MessagePack does, which only a SimKube trace can, from its first byte on. Stops when
    /// `emit` gives false. An error of the stream itself need not be handed over: it is reported for it.
    fn parse_trace(&self, source: SourceId, stream: &mut dyn Read, emit: &mut dyn FnMut(Self::Parsed) -> bool);
}

/// Reads all sources and hands what the consumer makes of them to the sink, in the order of the input.
///
/// The first error ends it: one of the sink's at once, one of an input after everything that came before it was handed over.
/// While a pipe that gives nothing is being read, that takes until it gives something or ends.
pub fn read<C, E>(
    sources: &Sources,
    options: &Options,
    progress: &dyn Progress,
    consumer: &C,
    sink: &mut dyn FnMut(C::Parsed) -> Result<(), E>,
) -> Result<(), E>
where
    C: Consumer,
    E: From<InputError>,
{
    let run = Run { sources, options, progress, consumer, stopped: AtomicBool::new(false) };
    if options.threads > 1 { run.in_parallel(sink) } else { run.in_order(sink) }
}

/// A source that was opened.
pub(super) enum Reader<'a> {
    Text(Box<Chunks<Box<dyn Read + Send + 'a>>>),
    Trace(Box<dyn Read + Send + 'a>),
}

pub(super) struct Opened<'a> {
    compression: Compression,
    pub reader: Reader<'a>,
}

struct Run<'a, C> {
    sources: &'a Sources,
    options: &'a Options,
    progress: &'a dyn Progress,
    consumer: &'a C,
    /// Ends reading early.
    stopped: AtomicBool,
}

impl<C: Consumer> Run<'_, C> {
    /// Without any thread but the calling one.
    fn in_order<E: From<InputError>>(&self, sink: &mut dyn FnMut(C::Parsed) -> Result<(), E>) -> Result<(), E> {
        let (mut chunk, mut parsed) = (Chunk::default(), Vec::new());
        for source in 0..self.sources.len() as u32 {
            let mut opened = self.open(source)?;
            match &mut opened.reader {
                Reader::Text(chunks) => {
                    while chunks.next(&mut chunk).map_err(|error| self.broke_off(source, opened.compression, error))? {
                        self.parse(&chunk, &mut parsed);
                        parsed.drain(..).try_for_each(&mut *sink)?;
                        chunk.shrink(self.options.chunk);
                    }
                }
                Reader::Trace(_) => {
                    let mut result = Ok(());
                    let ended = self.parse_trace(source, opened, &mut |item| {
                        result = sink(item);
                        result.is_ok()
                    });
                    result?;
                    ended?;
                }
            }
        }
        Ok(())
    }

    fn in_parallel<E: From<InputError>>(&self, sink: &mut dyn FnMut(C::Parsed) -> Result<(), E>) -> Result<(), E> {
        let schedule = Schedule::new(self.sources.len() as u32, self.options.threads, self.options.chunk);
        thread::scope(|scope| {
            // Leaving in any way, by a panic of the sink too, sends the workers home.
            let _guard = StopOnDrop { run: self, schedule: &schedule, only_in_panic: false };
            let worker = || scope.spawn(|| self.work(&schedule));
            let workers: Vec<_> = (0..self.options.threads).map(|_| worker()).collect();
            while let Some(outcome) = schedule.take() {
                match outcome {
                    Outcome::Parsed(items) => items.into_iter().try_for_each(&mut *sink)?,
                    Outcome::Ended(result) => result?,
                }
            }
            for worker in workers {
                if let Err(panic) = worker.join() {
                    std::panic::resume_unwind(panic);
                }
            }
            Ok(())
        })
    }

    fn work<'r>(&'r self, schedule: &Schedule<Opened<'r>, C::Parsed>) {
        let _guard = StopOnDrop { run: self, schedule, only_in_panic: true };
        let mut chunk = Chunk::default();
        while let Some(job) = schedule.claim() {
            match job {
                Job::Open(source) => match self.open(source) {
                    Ok(opened) => {
                        let waits = matches!(opened.reader, Reader::Trace(_));
                        schedule.opened(source, opened, waits);
                    }
                    Err(error) => schedule.end(source, 0, Err(error)),
                },
                Job::Read(source, piece, opened) => match opened.reader {
                    Reader::Text(_) => self.read_chunk((source, piece), opened, &mut chunk, schedule),
                    Reader::Trace(_) => self.read_trace((source, piece), opened, schedule),
                },
            }
        }
    }

    fn read_chunk<'r>(
        &'r self,
        (source, piece): (u32, u64),
        mut opened: Opened<'r>,
        chunk: &mut Chunk,
        schedule: &Schedule<Opened<'r>, C::Parsed>,
    ) {
        let Reader::Text(chunks) = &mut opened.reader else { return };
        match chunks.next(chunk) {
            Ok(true) => {
                let (size, mut parsed) = (chunk.text().len(), Vec::new());
                schedule.give_back(source, opened, size);
                self.parse(chunk, &mut parsed);
                schedule.finish(source, piece, parsed, size);
                chunk.shrink(self.options.chunk);
            }
            Ok(false) => schedule.end(source, piece, Ok(())),
            Err(error) => schedule.end(source, piece, Err(self.broke_off(source, opened.compression, error))),
        }
    }

    fn read_trace<'r>(
        &'r self,
        (source, mut piece): (u32, u64),
        opened: Opened<'r>,
        schedule: &Schedule<Opened<'r>, C::Parsed>,
    ) {
        let mut batch = Vec::with_capacity(BATCH);
        let result = self.parse_trace(source, opened, &mut |item| {
            batch.push(item);
            if batch.len() < BATCH {
                return true;
            }
            piece += 1;
            schedule.emit(source, piece - 1, std::mem::replace(&mut batch, Vec::with_capacity(BATCH)))
        });
        schedule.emit(source, piece, batch);
        schedule.end(source, piece + 1, result);
    }

    fn open(&self, source: u32) -> Result<Opened<'_>, InputError> {
        let Some(found) = self.sources.get(source) else { unreachable!("a source beyond the last") };
        let raw = Metered { raw: found.open()?, progress: self.progress, stopped: &self.stopped };
        let unreadable = |reason| InputError::Unreadable { path: found.name().into_owned(), reason };
        let (compression, stream) = decompress(Box::new(raw)).map_err(unreadable)?;
        if let Compression::Unsupported { format, remedy } = compression {
            return Err(InputError::Unsupported { path: found.name().into_owned(), format, remedy });
        }
        let (is_trace, stream) = look_ahead(stream);
        let chunks =
            |stream| Chunks::new(stream, SourceId::of_file(source), self.options.max_record, self.options.chunk);
        let reader = if is_trace { Reader::Trace(stream) } else { Reader::Text(Box::new(chunks(stream))) };
        Ok(Opened { compression, reader })
    }

    fn parse(&self, chunk: &Chunk, out: &mut Vec<C::Parsed>) {
        let mut records = Records::of_chunk(chunk, self.options.max_record);
        while !self.stopped.load(Ordering::Relaxed) {
            if let Some(line) = records.line()
                && self.consumer.parse_line(line, out)
            {
                records.pass(line);
            } else if let Some(record) = records.next() {
                self.consumer.parse(record, out);
            } else {
                break;
            }
        }
    }

    fn parse_trace(
        &self,
        source: u32,
        opened: Opened<'_>,
        emit: &mut dyn FnMut(C::Parsed) -> bool,
    ) -> Result<(), InputError> {
        let Reader::Trace(stream) = opened.reader else { return Ok(()) };
        let mut stream = Remembering { stream, failure: None };
        self.consumer.parse_trace(SourceId::of_file(source), &mut stream, emit);
        stream.failure.map_or(Ok(()), |error| Err(self.broke_off(source, opened.compression, error)))
    }

    fn broke_off(&self, source: u32, compression: Compression, reason: io::Error) -> InputError {
        compression.failure(self.sources.name(source).into_owned(), reason)
    }
}

/// The stream of a file that begins as a trace does; `None` for any other. Only of a regular file, which can be read again.
///
/// # Errors
/// When it cannot be opened.
pub fn open_trace(path: &Path) -> Result<Option<Box<dyn Read + Send>>, InputError> {
    let unreadable = |reason| InputError::Unreadable { path: path.display().to_string(), reason };
    if !path.is_file() {
        return Ok(None);
    }
    let raw = File::open(path).map_err(unreadable)?;
    let (_, stream) = decompress(Box::new(raw)).map_err(unreadable)?;
    let (is_trace, stream) = look_ahead(stream);
    Ok(is_trace.then_some(stream))
}

/// Whether a stream begins as a trace does; and the stream, from its beginning.
fn look_ahead<'a>(mut stream: Box<dyn Read + Send + 'a>) -> (bool, Box<dyn Read + Send + 'a>) {
    let mut head = Vec::with_capacity(2);
    let result = stream.by_ref().take(2).read_to_end(&mut head);
    let is_trace = is_message_pack(&head);
    // A stream that fails at once fails when it is read.
    let failure = Failing(result.err());
    (is_trace, Box::new(io::Cursor::new(head).chain(failure).chain(stream)))
}

/// Whether these are the first bytes of a map in MessagePack, of at most 32,767 entries if its length takes 16 bits: with more
/// they could be a letter in UTF-8. No JSON begins so.
fn is_message_pack(head: &[u8]) -> bool {
    matches!(head, [0x80..=0x8f, ..] | [0xde | 0xdf, 0x00..=0x7f, ..])
}

/// Sends everybody home when it goes.
struct StopOnDrop<'a, 'r, C: Consumer> {
    run: &'a Run<'a, C>,
    schedule: &'a Schedule<Opened<'r>, C::Parsed>,
    only_in_panic: bool,
}

impl<C: Consumer> Drop for StopOnDrop<'_, '_, C> {
    fn drop(&mut self) {
        if !self.only_in_panic || thread::panicking() {
            self.run.stopped.store(true, Ordering::Relaxed);
            self.schedule.stop();
        }
    }
}

/// Counts what is read, and ends when all reading is to end.
struct Metered<'a> {
    raw: Box<dyn Read + Send>,
    progress: &'a dyn Progress,
    stopped: &'a AtomicBool,
}

impl Read for Metered<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stopped.load(Ordering::Relaxed) {
            return Err(io::Error::other("reading was stopped"));
        }
        let count = self.raw.read(buffer)?;
        self.progress.advance(count as u64);
        Ok(count)
    }
}

/// Gives an error once, or nothing.
struct Failing(Option<io::Error>);

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

/// Remembers the error with which reading ended.
struct Remembering<R> {
    stream: R,
    failure: Option<io::Error>,
}

impl<R: Read> Read for Remembering<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer).map_err(|error| {
            let copy = io::Error::new(error.kind(), error.to_string());
            if error.kind() != io::ErrorKind::Interrupted {
                self.failure = Some(error);
            }
            copy
        })
    }
}
