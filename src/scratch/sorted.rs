//! Sorting more records than are to be held in memory.
//!
//! Records are gathered in a buffer. Whenever it is full, it is sorted and written to a temporary file, as a *run*; at the end
//! the runs are merged. Who gathers few records never touches the disk.
//!
//! Memory is bounded, however many records come: while they are gathered by [`Room::bytes`], while they are handed out by the
//! same again, or the few buffers of a merge. The disk holds each record once, and twice while many runs are merged to fewer.

mod spill;
#[cfg(test)]
mod tests;

use std::vec;

use spill::{Merge, Spill};

use super::{Fixed, Room, SpillError};

/// What is sorted.
pub(crate) trait Record: Fixed + Ord {
    /// Whether of records that are equal only one is kept.
    const ONCE: bool;
}

/// Sorts records.
pub(crate) struct Sorter<R> {
    buffer: Vec<R>,
    /// The buffer never holds more.
    most: usize,
    spill: Spill,
}

impl<R: Record> Sorter<R> {
    /// Has nothing to sort yet.
    pub(crate) fn new(room: &Room) -> Self {
        let most = (room.bytes / size_of::<R>()).max(1);
        Sorter { buffer: Vec::new(), most, spill: Spill::new(room.directory.clone()) }
    }

    /// Takes a record.
    pub(crate) fn push(&mut self, record: R) -> Result<(), SpillError> {
        if self.buffer.len() == self.buffer.capacity() {
            self.make_place()?;
        }
        self.buffer.push(record);
        Ok(())
    }

    /// Makes place for one more record at least.
    #[cold]
    fn make_place(&mut self) -> Result<(), SpillError> {
        let held = self.buffer.len();
        if held < self.most {
            // Not as a vector grows by itself: it must not go over the bound.
            self.buffer.reserve_exact(held.max(64).min(self.most - held));
            return Ok(());
        }
        self.sort();
        // Where many are equal they need no place on the disk. But what stays is sorted again, so it must not be most.
        if self.buffer.len() > self.most / 2 { self.spill.write_run(self.buffer.drain(..).map(Ok)) } else { Ok(()) }
    }

    fn sort(&mut self) {
        self.buffer.sort_unstable();
        if R::ONCE {
            self.buffer.dedup();
        }
    }

    /// All of them in order.
    pub(crate) fn sorted(mut self) -> Result<Sorted<R>, SpillError> {
        self.sort();
        if self.spill.is_empty() {
            return Ok(Sorted(Place::Memory(self.buffer.into_iter())));
        }
        self.spill.write_run(self.buffer.drain(..).map(Ok))?;
        // What the buffer took is for the merge now.
        drop(self.buffer);
        Ok(Sorted(Place::Disk(self.spill.merge()?)))
    }

    /// How many bytes of memory it takes.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.buffer.capacity() * size_of::<R>()
    }
}

/// Records in order.
pub(crate) struct Sorted<R>(Place<R>);

/// Where they come from.
enum Place<R> {
    Memory(vec::IntoIter<R>),
    Disk(Merge<R>),
}

impl<R: Record> Iterator for Sorted<R> {
    type Item = Result<R, SpillError>;

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Place::Memory(records) => records.next().map(Ok),
            Place::Disk(merge) => merge.next(),
        }
    }
}
