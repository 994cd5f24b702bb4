//! Values by fingerprints, of which the disk holds most where they are many.
//!
//! What was put last is in memory. When that is full, all of it goes to a hash table in a temporary file, at the places that
//! the highest bits of the fingerprints say, or the next free ones behind them. Of each place a byte stays in memory, that of
//! what stands there: so what is not in the table is seldom looked for in the file, and what is there is read at once.
//!
//! Memory is bounded by [`Room::bytes`], and besides by one or two bytes for each value. The file holds each of them once,
//! and has as much room again.
//!
//! Who asks for a value wants to know no more than that. So where the file cannot be read or written nothing is found, and
//! [`Table::sound`] tells: whatever was made of the answers is not to be used then.

use std::cell::OnceCell;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::path::PathBuf;

use super::{Bytes, Fixed, Room, Scratch, SpillError};
use crate::fingerprint::ByFingerprint;

/// Values by fingerprints.
pub(crate) struct Table<V> {
    /// What was put last. Whatever the file has under the same fingerprints is of old.
    held: HashMap<u64, V, ByFingerprint>,
    /// So many are held at most.
    most: usize,
    directory: Option<PathBuf>,
    filed: Option<Filed<V>>,
    failure: OnceCell<SpillError>,
}

impl<V: Fixed> Table<V> {
    /// Has nothing yet.
    pub(crate) fn new(room: &Room) -> Self {
        // A map has a power of two of places, with a byte beside each, and uses seven of eight at most.
        let places = room.bytes / (size_of::<(u64, V)>() + 1);
        let most = places.checked_ilog2().map_or(1, |bits| (7 << bits) / 8).max(1);
        let (held, directory) = (HashMap::default(), room.directory.clone());
        Table { held, most, directory, filed: None, failure: OnceCell::new() }
    }

    /// Whether nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.held.is_empty() && self.filed.is_none()
    }

    /// The value of a fingerprint.
    pub(crate) fn get(&self, fingerprint: u64) -> Option<V> {
        let held = self.held.get(&fingerprint).copied();
        held.or_else(|| self.note(self.filed.as_ref()?.get(fingerprint)).flatten())
    }

    /// Puts a value in the place of the one that a fingerprint has, if any.
    pub(crate) fn put(&mut self, fingerprint: u64, value: V) {
        if self.held.len() >= self.most && !self.held.contains_key(&fingerprint) {
            let filed = self.file();
            self.note(filed);
            self.held.clear();
        }
        self.held.insert(fingerprint, value);
    }

    /// Whether all answers were right.
    ///
    /// # Errors
    /// Why the file could not be read or written.
    pub(crate) fn sound(&mut self) -> Result<(), SpillError> {
        self.failure.take().map_or(Ok(()), Err)
    }

    /// Likewise, in a word.
    pub(crate) fn is_sound(&self) -> bool {
        self.failure.get().is_none()
    }

    fn file(&mut self) -> Result<(), SpillError> {
        let mut held: Vec<(u64, V)> = self.held.iter().map(|(fingerprint, value)| (*fingerprint, *value)).collect();
        // In the order of the file.
        held.sort_unstable_by_key(|(fingerprint, _)| *fingerprint);
        let filed = match self.filed.take() {
            Some(filed) => filed.with_place_for(held.len(), &self.directory)?,
            None => Filed::new(held.len(), &self.directory)?,
        };
        self.filed.insert(filed).put_all(held.into_iter().map(Ok))
    }

    fn note<T>(&self, outcome: Result<T, SpillError>) -> Option<T> {
        outcome.map_err(|error| drop(self.failure.set(error))).ok()
    }
}

/// A hash table in a file: open addressing, with linear probing.
struct Filed<V> {
    file: Scratch,
    /// Of each place the mark of what stands there, or [`FREE`]. There are a power of two of them.
    marks: Vec<u8>,
    count: usize,
    of: PhantomData<V>,
}

/// The mark of a place where nothing stands.
const FREE: u8 = 0;

/// Of four places three are taken at most, so that the next free one is never far.
const TAKEN: (usize, usize) = (3, 4);

impl<V: Fixed> Filed<V> {
    /// A fingerprint and its value.
    const SIZE: usize = 8 + V::SIZE;

    /// Has nothing yet, and place for so many.
    fn new(count: usize, directory: &Option<PathBuf>) -> Result<Self, SpillError> {
        let places = (count * TAKEN.1).div_ceil(TAKEN.0).next_power_of_two().max(2);
        let file = Scratch::new(directory.clone())?;
        file.extend_to(Self::offset(places))?;
        Ok(Filed { file, marks: vec![FREE; places], count: 0, of: PhantomData })
    }

    /// The same, with place for so many more.
    fn with_place_for(self, more: usize, directory: &Option<PathBuf>) -> Result<Self, SpillError> {
        if (self.count + more) * TAKEN.1 <= self.marks.len() * TAKEN.0 {
            return Ok(self);
        }
        // Twice as many places at least, since there are a power of two of them.
        let mut larger = Filed::new(self.count + more, directory)?;
        let mut page = Page::of(&self.file, self.marks.len());
        let taken = (0..self.marks.len()).filter(|place| self.marks[*place] != FREE);
        larger.put_all(taken.map(|place| page.read(place)))?;
        Ok(larger)
    }

    /// Puts values, for all of which there is place; at little cost where they come in the order of their fingerprints.
    fn put_all(&mut self, values: impl Iterator<Item = Result<(u64, V), SpillError>>) -> Result<(), SpillError> {
        let mut page = Page::of(&self.file, self.marks.len());
        for value in values {
            let (fingerprint, value) = value?;
            let place = match find(&self.marks, fingerprint, |place| page.read(place))? {
                Ok((place, _)) => place,
                Err(free) => {
                    self.marks[free] = mark(fingerprint);
                    self.count += 1;
                    free
                }
            };
            page.write(place, fingerprint, value)?;
        }
        page.flush()
    }

    fn offset(place: usize) -> u64 {
        (place * Self::SIZE) as u64
    }

    fn get(&self, fingerprint: u64) -> Result<Option<V>, SpillError> {
        let found = find(&self.marks, fingerprint, |place| {
            let mut bytes = vec![0; Self::SIZE];
            self.file.read(Self::offset(place), &mut bytes)?;
            Ok(record(&bytes))
        });
        Ok(found?.ok().map(|(_, value)| value))
    }
}

/// Where a fingerprint stands, and its value; else the free place where it is to stand. There is one.
fn find<V: Fixed>(
    marks: &[u8],
    fingerprint: u64,
    mut read: impl FnMut(usize) -> Result<(u64, V), SpillError>,
) -> Result<Result<(usize, V), usize>, SpillError> {
    let mut place = (fingerprint >> (u64::BITS - marks.len().trailing_zeros())) as usize;
    loop {
        match marks[place] {
            FREE => return Ok(Err(place)),
            known if known == mark(fingerprint) => {
                let (other, value) = read(place)?;
                if other == fingerprint {
                    return Ok(Ok((place, value)));
                }
            }
            _ => {}
        }
        place = (place + 1) & (marks.len() - 1);
    }
}

fn record<V: Fixed>(bytes: &[u8]) -> (u64, V) {
    let mut bytes = Bytes(bytes);
    (u64::from_le_bytes(bytes.next()), V::get(&mut bytes))
}

/// Some places of a table beside each other, which are read and written at once: who goes through it in its order needs each of
/// them once.
struct Page<'f, V> {
    file: &'f Scratch,
    /// How many places the table has.
    places: usize,
    /// The first one of the page.
    first: usize,
    bytes: Vec<u8>,
    changed: bool,
    of: PhantomData<V>,
}

/// So many places are a page.
const PAGE: usize = 128;

impl<'f, V: Fixed> Page<'f, V> {
    /// None yet, of a table of so many places.
    fn of(file: &'f Scratch, places: usize) -> Self {
        Page { file, places, first: 0, bytes: Vec::new(), changed: false, of: PhantomData }
    }

    /// What stands at a place.
    fn read(&mut self, place: usize) -> Result<(u64, V), SpillError> {
        self.turn_to(place).map(|bytes| record(bytes))
    }

    fn write(&mut self, place: usize, fingerprint: u64, value: V) -> Result<(), SpillError> {
        let mut new = Vec::with_capacity(Filed::<V>::SIZE);
        new.extend_from_slice(&fingerprint.to_le_bytes());
        value.put(&mut new);
        self.turn_to(place)?.copy_from_slice(&new);
        self.changed = true;
        Ok(())
    }

    /// The bytes of a place, once the page has it.
    fn turn_to(&mut self, place: usize) -> Result<&mut [u8], SpillError> {
        let first = place - place % PAGE;
        if self.bytes.is_empty() || self.first != first {
            self.flush()?;
            self.first = first;
            self.bytes.resize(PAGE.min(self.places - first) * Filed::<V>::SIZE, 0);
            self.file.read(Filed::<V>::offset(first), &mut self.bytes)?;
        }
        Ok(&mut self.bytes[(place - first) * Filed::<V>::SIZE..][..Filed::<V>::SIZE])
    }

    /// Writes it back, if anything in it is new.
    fn flush(&mut self) -> Result<(), SpillError> {
        let changed = std::mem::take(&mut self.changed);
        if changed { self.file.write(Filed::<V>::offset(self.first), &self.bytes) } else { Ok(()) }
    }
}

/// What tells most fingerprints apart that belong to one place: other bits than those which say the place.
fn mark(fingerprint: u64) -> u8 {
    (fingerprint as u8).max(FREE + 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    impl Fixed for u32 {
        const SIZE: usize = 4;

        fn put(&self, out: &mut Vec<u8>) {
            out.extend_from_slice(&self.to_le_bytes());
        }

        fn get(bytes: &mut Bytes<'_>) -> Self {
            u32::from_le_bytes(bytes.next())
        }
    }

    /// What so many places in memory take.
    fn bytes(places: usize) -> usize {
        places * (size_of::<(u64, u32)>() + 1)
    }

    /// One with so many places in memory.
    fn table(places: usize) -> Table<u32> {
        Table::new(&Room { bytes: bytes(places), directory: None })
    }

    #[test]
    fn of_many_values_little_is_in_memory() {
        let mut table = table(1024);
        let fingerprint = |i: u32| u64::from(i).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (0..200_000).for_each(|i| table.put(fingerprint(i), i));
        assert!((0..200_000).all(|i| table.get(fingerprint(i)) == Some(i)));
        assert!((200_000..210_000).all(|i| table.get(fingerprint(i)).is_none()));
        assert!(table.held.capacity() <= 1024, "{}", table.held.capacity());
        let filed = table.filed.as_ref().unwrap();
        assert!(filed.marks.capacity() <= 3 * 200_000, "{} places for 200000", filed.marks.len());
        assert!(table.is_sound());
    }

    #[test]
    fn few_values_need_no_file() {
        let absent = Some("/nowhere".into());
        let mut table = Table::<u32>::new(&Room { bytes: bytes(4), directory: absent });
        (0..100).for_each(|i| table.put(u64::from(i % 3), i));
        assert_eq!((table.get(0), table.get(1), table.get(3)), (Some(99), Some(97), None));
        assert!(table.is_sound());
        table.put(3, 0);
        let error = table.sound().unwrap_err().to_string();
        assert!(error.contains("/nowhere") && error.contains("TMPDIR"), "{error}");
    }

    /// Such as stand at one place and have one mark, and others.
    fn fingerprints() -> impl Strategy<Value = u64> {
        (0..4_u64, 0..4_u64, prop::sample::select(vec![0, 1, 2, 255])).prop_map(|(a, b, c)| a << 62 | b << 30 | c)
    }

    proptest! {
        #[test]
        fn it_holds_what_a_map_holds(puts in prop::collection::vec((fingerprints(), any::<u32>()), 0..300), room in 1usize..40) {
            let (mut table, mut map) = (table(room), HashMap::new());
            for (fingerprint, value) in puts {
                prop_assert_eq!(table.get(fingerprint), map.get(&fingerprint).copied());
                table.put(fingerprint, value);
                map.insert(fingerprint, value);
            }
            prop_assert!(map.iter().all(|(fingerprint, value)| table.get(*fingerprint) == Some(*value)));
            prop_assert!(table.is_sound());
        }
    }
}
