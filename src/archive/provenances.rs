//! The order of the input, where lines of `tracer events` tell of it.
//!
//! Such lines name the sources of their records, and come in any order. While they are read, each of those sources has a
//! number behind those of the files that are read; when all are known they are put in the order of their names, in which
//! the files themselves would have been read.

use std::collections::{BTreeMap, HashMap};

use crate::decode::retold::{Provenance, SourceName};
use crate::input::{Source, Sources};
use crate::model::{Position, SourceId};

/// So many lines may tell of one record and be kept in order.
const PARTS: u64 = 1 << 20;

/// The sources that lines name.
#[derive(Default)]
pub(super) struct Provenances(BTreeMap<SourceName, u32>);

impl Provenances {
    /// Where the record of a line stood, as far as order goes. `sources`: what is read.
    pub fn position(&mut self, told: &Provenance, sources: &Sources) -> Position {
        let next = sources.len() as u32 + self.0.len() as u32;
        let index = match self.0.get(&told.source) {
            Some(index) => *index,
            None => *self.0.entry(told.source.clone()).or_insert(next),
        };
        let part = u64::from(told.part).min(PARTS - 1);
        let line = told.line.min(u64::MAX / PARTS - 1) * PARTS + part;
        Position { source: SourceId { index, member: told.member }, line }
    }

    /// The places of all sources in the order of the input; `None` where no line names one.
    pub fn places(self, sources: &Sources) -> Option<impl Fn(SourceId) -> SourceId + use<>> {
        if self.0.is_empty() {
            return None;
        }
        let read = (0..).zip(sources.iter()).map(|(index, source)| {
            let stdin = *source == Source::Stdin;
            let path = if stdin { String::new() } else { source.name().into_owned() };
            ((SourceName { stdin, path, hash: 0 }, false), index)
        });
        let mut all: Vec<_> = read.chain(self.0.into_iter().map(|(name, index)| ((name, true), index))).collect();
        // Among those of one name what is read comes first, and then by what they tell.
        all.sort_by(|((a, a_told), _), ((b, b_told), _)| {
            (a.stdin, &a.path, a_told, a.hash).cmp(&(b.stdin, &b.path, b_told, b.hash))
        });
        let places: HashMap<u32, u32> = (0..).zip(all).map(|(place, (_, index))| (index, place)).collect();
        Some(move |source: SourceId| SourceId {
            index: places.get(&source.index).copied().unwrap_or_default(),
            ..source
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, line: u64, part: u32) -> Provenance {
        let stdin = path.is_empty();
        let source = SourceName { stdin, path: path.to_owned(), hash: 1 };
        Provenance { source, line, part, ..Provenance::default() }
    }

    #[test]
    fn records_are_in_the_order_of_their_sources_whatever_comes_first() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m");
        std::fs::write(&path, "").unwrap();
        let sources = Sources::discover(std::slice::from_ref(&path)).unwrap();
        let mut provenances = Provenances::default();
        let [before, after] = ["/", "\u{10ffff}"];
        let lines = [told("", 1, 0), told(after, 1, 0), told(before, 9, 0), told(before, 2, 1), told(before, 2, 0)];
        let positions: Vec<Position> = lines.iter().map(|line| provenances.position(line, &sources)).collect();
        let place = provenances.places(&sources).unwrap();
        let mut order: Vec<(Position, usize)> =
            positions.iter().zip(0..).map(|(at, i)| (Position { source: place(at.source), ..*at }, i)).collect();
        order.sort_unstable();
        assert_eq!(order.iter().map(|(_, i)| *i).collect::<Vec<_>>(), [4, 3, 2, 1, 0]);
        assert_eq!(place(SourceId::of_file(0)).index, 1, "what is read lies between the two");
        assert!(Provenances::default().places(&sources).is_none());
    }

    #[test]
    fn numbers_that_no_log_has_are_no_harm() {
        let mut provenances = Provenances::default();
        provenances.position(&told("x", u64::MAX, u32::MAX), &Sources::default());
    }
}
