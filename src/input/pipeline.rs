//! Runs the whole of it: opens, decompresses, cuts and parses, and hands the results over in the order of the input.
//!
//! There is no reading thread. Each worker takes the next chunk of a source that nobody else is reading just then, into a
//! buffer of its own, and parses it while others read on; who waits for nothing is [`super::schedule`]'s to decide. The results
//! meet there and are handed to the caller's sink on the calling thread: sources in order, chunks in order, records in order.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::chunks::{self, Chunk};
use super::error::InputError;
use super::open::Opened;
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

    /// Is told under which name messages are to show a source that is a member of an archive, before anything of it comes. The
    /// sink gets what is made of that in its order too, so there one name at a time need be known.
    fn begin_member(&self, source: SourceId, name: &str, out: &mut Vec<Self::Parsed>) {
        let _ = (source, name, out);
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
            loop {
                if opened.is_at_trace() {
                    let mut result = Ok(());
                    let ended = self.parse_trace(&mut opened, &mut |item| {
                        result = sink(item);
                        result.is_ok()
                    });
                    result?;
                    ended?;
                }
                while opened.next_chunk(&mut chunk)? {
                    self.parse(&chunk, &mut parsed);
                    parsed.drain(..).try_for_each(&mut *sink)?;
                    chunk.shrink(self.options.chunk);
                }
                if !opened.next_member()? {
                    break;
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
                        let waits = opened.is_at_trace();
                        schedule.opened(source, opened, waits);
                    }
                    Err(error) => schedule.end(source, 0, Err(error)),
                },
                Job::Read(source, piece, opened) if opened.is_at_trace() => {
                    self.read_trace((source, piece), opened, schedule);
                }
                Job::Read(source, piece, opened) => self.read_chunk((source, piece), opened, &mut chunk, schedule),
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
        match opened.next_chunk(chunk) {
            Ok(true) => {
                let (size, mut parsed) = (chunk.text().len(), Vec::new());
                schedule.give_back(source, opened, size);
                self.parse(chunk, &mut parsed);
                schedule.finish(source, piece, parsed, size);
                chunk.shrink(self.options.chunk);
            }
            Ok(false) => Self::go_on((source, piece), opened, schedule),
            Err(error) => schedule.end(source, piece, Err(error)),
        }
    }

    fn read_trace<'r>(
        &'r self,
        (source, mut piece): (u32, u64),
        mut opened: Opened<'r>,
        schedule: &Schedule<Opened<'r>, C::Parsed>,
    ) {
        let mut batch = Vec::with_capacity(BATCH);
        let result = self.parse_trace(&mut opened, &mut |item| {
            batch.push(item);
            if batch.len() < BATCH {
                return true;
            }
            piece += 1;
            schedule.emit(source, piece - 1, std::mem::replace(&mut batch, Vec::with_capacity(BATCH)))
        });
        schedule.emit(source, piece, batch);
        match result {
            Ok(()) => Self::go_on((source, piece + 1), opened, schedule),
            Err(error) => schedule.end(source, piece + 1, Err(error)),
        }
    }

    /// A text or a trace has ended: on with the next member of the archive, if it is one and has one.
    fn go_on<'r>((source, piece): (u32, u64), mut opened: Opened<'r>, schedule: &Schedule<Opened<'r>, C::Parsed>) {
        match opened.next_member() {
            Ok(true) => {
                let waits = opened.is_at_trace();
                schedule.opened(source, opened, waits);
            }
            Ok(false) => schedule.end(source, piece, Ok(())),
            Err(error) => schedule.end(source, piece, Err(error)),
        }
    }

    fn open(&self, source: u32) -> Result<Opened<'_>, InputError> {
        let Some(found) = self.sources.get(source) else { unreachable!("a source beyond the last") };
        let raw = Metered { raw: found.open()?, progress: self.progress, stopped: &self.stopped };
        Opened::new(Box::new(raw), found.name().into_owned(), source, (self.options.max_record, self.options.chunk))
    }

    fn parse(&self, chunk: &Chunk, out: &mut Vec<C::Parsed>) {
        if let Some(name) = &chunk.member {
            self.consumer.begin_member(chunk.source, name, out);
        }
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

    fn parse_trace(&self, opened: &mut Opened<'_>, emit: &mut dyn FnMut(C::Parsed) -> bool) -> Result<(), InputError> {
        let (source, stream, member) = opened.take_trace();
        let mut begun = Vec::new();
        if let Some(name) = member {
            self.consumer.begin_member(source, &name, &mut begun);
        }
        if !begun.into_iter().all(&mut *emit) {
            return Ok(());
        }
        let mut stream = Remembering { stream, failure: None };
        self.consumer.parse_trace(source, &mut stream, emit);
        stream.failure.map_or(Ok(()), |error| Err(opened.failure(error)))
    }
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
