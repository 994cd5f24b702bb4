//! Texts that are too many to be held in memory, each to be read once more by where it stands: what sorted records refer to.

use std::path::PathBuf;

use super::{Room, Scratch, SpillError};

/// Texts, one behind the other: at first in memory, and from some number of bytes on in a temporary file.
pub(crate) struct Texts {
    /// What is not in the file yet.
    held: Vec<u8>,
    /// So many bytes are held at most, but for one text.
    room: usize,
    directory: Option<PathBuf>,
    file: Option<Scratch>,
    /// How many bytes are in the file.
    written: u64,
}

impl Texts {
    /// Has none yet.
    pub(crate) fn new(room: &Room) -> Self {
        Texts { held: Vec::new(), room: room.bytes, directory: room.directory.clone(), file: None, written: 0 }
    }

    /// Takes a text, in parts; gives where it stands.
    ///
    /// # Errors
    /// A temporary file that cannot be written.
    pub(crate) fn push(&mut self, parts: &[&[u8]]) -> Result<u64, SpillError> {
        if self.held.len() >= self.room {
            self.spill()?;
        }
        let at = self.written + self.held.len() as u64;
        parts.iter().for_each(|part| self.held.extend_from_slice(part));
        Ok(at)
    }

    fn spill(&mut self) -> Result<(), SpillError> {
        let file = match self.file.take() {
            Some(file) => file,
            None => Scratch::new(self.directory.clone())?,
        };
        self.file.insert(file).append(&self.held)?;
        self.written += self.held.len() as u64;
        self.held.clear();
        Ok(())
    }

    /// Reads a text of so many bytes into a buffer. After the first no more is to be taken.
    ///
    /// # Errors
    /// A temporary file that cannot be read.
    pub(crate) fn read(&self, at: u64, length: usize, into: &mut Vec<u8>) -> Result<(), SpillError> {
        into.clear();
        match (&self.file, at.checked_sub(self.written)) {
            (Some(file), None) => {
                into.resize(length, 0);
                file.read(at, into)
            }
            (_, held) => {
                let at = held.unwrap_or_default() as usize;
                into.extend_from_slice(&self.held[at..at + length]);
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_is_read_from_memory_and_from_the_file() {
        for bytes in [0, 1, 10, 1000] {
            let mut texts = Texts::new(&Room { bytes, directory: None });
            let all: Vec<String> = (0..50).map(|i| "x".repeat(i % 7) + &i.to_string()).collect();
            let places: Vec<u64> =
                all.iter().map(|text| texts.push(&[text.as_bytes(), b"-", b"end"]).unwrap()).collect();
            assert_eq!(texts.file.is_some(), bytes < 100, "{bytes}");
            let mut read = Vec::new();
            for (text, at) in all.iter().zip(places).rev() {
                texts.read(at, text.len() + 4, &mut read).unwrap();
                assert_eq!(read, format!("{text}-end").into_bytes());
            }
        }
    }

    #[test]
    fn no_place_for_the_file_is_an_error() {
        let mut texts = Texts::new(&Room { bytes: 1, directory: Some("/nowhere".into()) });
        texts.push(&[b"ab"]).unwrap();
        assert!(texts.push(&[b"c"]).unwrap_err().to_string().contains("/nowhere"));
    }
}
