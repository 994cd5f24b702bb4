//! Runs of sorted records in a temporary file, and their merge.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;

use super::super::{Bytes, Scratch};
use super::{Record, SpillError};

/// So many runs are merged at a time.
pub(crate) const FAN_IN: usize = 64;

/// Of each run that is merged, so many bytes are held.
const READ: usize = 16 << 10;

/// So many bytes are written at a time.
const WRITE: usize = 256 << 10;

/// Runs, written one after the other to a file, which is not there before the first. None is written once it is read.
pub(crate) struct Spill {
    directory: Option<PathBuf>,
    scratch: Option<Arc<Scratch>>,
    /// Where in the file they stand.
    runs: Vec<Range<u64>>,
}

impl Spill {
    /// Has no run yet. `directory`: of the file; `None` for the system's.
    pub(crate) fn new(directory: Option<PathBuf>) -> Self {
        Spill { directory, scratch: None, runs: Vec::new() }
    }

    /// Whether nothing was written.
    pub(crate) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    /// Writes a run of these records, which are in order.
    pub(crate) fn write_run<R: Record>(
        &mut self,
        records: impl Iterator<Item = Result<R, SpillError>>,
    ) -> Result<(), SpillError> {
        let scratch = match &self.scratch {
            Some(scratch) => Arc::clone(scratch),
            None => Arc::clone(self.scratch.insert(Arc::new(Scratch::new(self.directory.clone())?))),
        };
        let start = self.runs.last().map_or(0, |run| run.end);
        let mut end = start;
        let mut bytes = Vec::with_capacity(WRITE + R::SIZE);
        let mut records = records.peekable();
        while records.peek().is_some() {
            for record in records.by_ref().take(WRITE.div_ceil(R::SIZE)) {
                record?.put(&mut bytes);
            }
            scratch.append(&bytes)?;
            end += bytes.len() as u64;
            bytes.clear();
        }
        self.runs.push(start..end);
        Ok(())
    }

    /// The records of all runs, in order.
    pub(crate) fn merge<R: Record>(mut self) -> Result<Merge<R>, SpillError> {
        while self.runs.len() > FAN_IN {
            let mut fewer = Spill::new(self.directory.clone());
            for runs in self.runs.chunks(FAN_IN) {
                fewer.write_run(Merge::<R>::new(&self.scratch, runs)?)?;
            }
            self = fewer;
        }
        Merge::new(&self.scratch, &self.runs)
    }
}

/// The records of some runs, in order.
pub(crate) struct Merge<R> {
    cursors: Vec<Cursor>,
    /// The next record of each run, and which run it is of.
    next: BinaryHeap<Reverse<(R, usize)>>,
    last: Option<R>,
}

impl<R: Record> Merge<R> {
    fn new(scratch: &Option<Arc<Scratch>>, runs: &[Range<u64>]) -> Result<Self, SpillError> {
        let cursor = |run: &Range<u64>| Some(Cursor::new(Arc::clone(scratch.as_ref()?), run.clone()));
        let mut cursors: Vec<Cursor> = runs.iter().filter_map(cursor).collect();
        let mut next = BinaryHeap::with_capacity(cursors.len());
        for (i, cursor) in cursors.iter_mut().enumerate() {
            next.extend(cursor.next::<R>()?.map(|record| Reverse((record, i))));
        }
        Ok(Merge { cursors, next, last: None })
    }

    /// Takes the least of the next records, and puts the one after it in its place.
    fn pop(&mut self) -> Result<Option<R>, SpillError> {
        let Some(mut least) = self.next.peek_mut() else { return Ok(None) };
        let Reverse((record, i)) = *least;
        match self.cursors[i].next()? {
            Some(next) => *least = Reverse((next, i)),
            None => drop(PeekMut::pop(least)),
        }
        Ok(Some(record))
    }
}

impl<R: Record> Iterator for Merge<R> {
    type Item = Result<R, SpillError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let record = match self.pop().transpose()? {
                Ok(record) => record,
                Err(error) => return Some(Err(error)),
            };
            if !R::ONCE || self.last.replace(record) != Some(record) {
                return Some(Ok(record));
            }
        }
    }
}

/// Reads a run.
struct Cursor {
    scratch: Arc<Scratch>,
    /// What has not been read of it.
    rest: Range<u64>,
    bytes: Vec<u8>,
    /// How much of `bytes` has been handed out.
    at: usize,
}

impl Cursor {
    fn new(scratch: Arc<Scratch>, run: Range<u64>) -> Self {
        Cursor { scratch, rest: run, bytes: Vec::new(), at: 0 }
    }

    fn next<R: Record>(&mut self) -> Result<Option<R>, SpillError> {
        if self.at == self.bytes.len() {
            let whole = (READ / R::SIZE).max(1) * R::SIZE;
            let length = (self.rest.end - self.rest.start).min(whole as u64);
            self.bytes.resize(length as usize, 0);
            self.scratch.read(self.rest.start, &mut self.bytes)?;
            self.rest.start += length;
            self.at = 0;
        }
        let record = self.bytes.get(self.at..self.at + R::SIZE).map(|bytes| R::get(&mut Bytes(bytes)));
        self.at += if record.is_some() { R::SIZE } else { 0 };
        Ok(record)
    }
}
