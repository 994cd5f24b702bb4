//! An archive, read and put in order: once as a rule.
//!
//! While it reads, the store forgets what a window cannot need ([`Focus`]). Where something that comes later bears upon what
//! was forgotten, the archive is read once more, with that spared, and at last with nothing forgotten. So the outcome is
//! always that of a store which forgets nothing. Of what can be read only once, as a pipe, nothing is forgotten.

use std::fs;

use super::{Archive, ArchiveError, Reading};
use crate::input::{Progress, Source};
use crate::owners::OwnerGraph;
use crate::report::Report;
use crate::scratch::SpillError;
use crate::store::focus::{Focus, Spared};
use crate::store::{History, Store};

/// What happened, as an archive tells it.
pub struct Past {
    /// What else was read; its store is empty.
    pub archive: Archive,
    /// What happened to every object.
    pub history: History,
    /// Who owned whom.
    pub graph: OwnerGraph,
}

/// So often an archive is read with something forgotten.
const TRIES: usize = 2;

impl Past {
    /// Reads all sources; what happened in the focus is exact. `infer` turns the inference of missing owners on; `again` hears why
    /// they are read once more. Of what can be read only once nothing is forgotten.
    ///
    /// # Errors
    /// As [`Archive::read`].
    pub fn read(
        reading: &Reading<'_>,
        focus: Focus,
        infer: bool,
        progress: &dyn Progress,
        again: &dyn Fn(&str),
    ) -> Result<Past, ArchiveError> {
        let blobs = &reading.decoder.blobs;
        let focus = if can_be_read_again(reading) { focus } else { Focus::none() };
        let mut spared = Spared::default();
        for tried in 1.. {
            let store = Store::new(blobs.clone(), focus, spared.clone());
            let (from, to) = focus.bounds();
            let archive = Archive::read_into(store, Report::in_view(from, to), reading, progress)?;
            let doubts = match Past::of(archive, infer)? {
                Ok(past) => return Ok(past),
                Err(doubts) => doubts,
            };
            let why = doubts.all().unwrap_or("records of objects that had gone, or had not come yet").to_owned();
            again(&why);
            spared = spared.and(*doubts);
            if tried >= TRIES {
                spared.forget_nothing();
            }
        }
        unreachable!("with all spared there is no doubt")
    }

    /// Puts an archive in order, unless more was forgotten than should have been.
    fn of(mut archive: Archive, infer: bool) -> Result<Result<Past, Box<Spared>>, SpillError> {
        archive.store.sound()?;
        if archive.store.doubts().all().is_some() {
            return Ok(Err(Box::new(archive.store.doubts().clone())));
        }
        let mut history = std::mem::take(&mut archive.store).into_history(&mut archive.report);
        let mut graph = OwnerGraph::new(&history, infer, &mut archive.report);
        let doubts = std::mem::take(&mut history.doubts).and(std::mem::take(&mut graph.doubts));
        history.graves.sound()?;
        Ok(if doubts.is_empty() { Ok(Past { archive, history, graph }) } else { Err(Box::new(doubts)) })
    }
}

/// A pipe gives what it has once.
fn can_be_read_again(reading: &Reading<'_>) -> bool {
    reading.sources.iter().all(|source| match source {
        Source::File(path) => fs::metadata(path).is_ok_and(|metadata| metadata.is_file()),
        Source::Stdin => false,
    })
}
