//! The objects of lines that are left out: that they were there.
//!
//! A watch that begins shows what is there. Whether it began later than another, or is the same one in another file, shows by
//! whether any of that was told of before, whatever namespace it is in. So of each object that is left out the first
//! telling stays, of each run of a watch and of all other records; and that it was of an initial set.

use std::collections::HashMap;
use std::sync::Arc;

use memchr::memmem;

use super::order::hash_of;
use crate::blobs::Blobs;
use crate::decode::retold::{Line, Provenance, seen_line};
use crate::fingerprint::Uid;
use crate::model::Timestamp;

/// A run of a watch, by hashes of its source, or what is none.
type Teller = Option<(u64, u64, u32, u32)>;

/// When objects were told of first.
pub(super) struct FirstSeen {
    blobs: Arc<Blobs>,
    first: HashMap<(Teller, Uid), Timestamp>,
}

impl FirstSeen {
    /// Nothing was told of. `blobs`: what makes numbers of uids.
    pub fn new(blobs: Arc<Blobs>) -> Self {
        FirstSeen { blobs, first: HashMap::new() }
    }

    /// What is to stand in for a line that tells of these objects. What has no time dates all others, and is not left out.
    pub fn of_line(&mut self, line: &Line, place: &Provenance, objects: &[(Uid, Option<Timestamp>)]) -> Vec<Line> {
        let mut lines = Vec::new();
        for (uid, at) in objects.iter().filter_map(|(uid, at)| Some((*uid, (*at)?))) {
            let source = &place.source;
            let teller = place.run.map(|run| (hash_of(source.path.as_bytes()), source.hash, place.member, run));
            let first = self.first.entry((teller, uid)).or_insert(Timestamp::MAX);
            let earlier = at < *first;
            *first = at.min(*first);
            if earlier || place.added.is_some() {
                lines.extend(self.text(line, uid).map(|uid| seen_line(line, place, uid)));
            }
        }
        lines
    }

    /// A uid as the line has it.
    fn text<'l>(&self, line: &'l Line, uid: Uid) -> Option<&'l str> {
        const NAME: &str = r#""uid":""#;
        let texts = [&*line.object, &*line.tail];
        let all = texts.into_iter().flat_map(|text| {
            memmem::find_iter(text.as_bytes(), NAME).filter_map(move |at| text[at + NAME.len()..].split('"').next())
        });
        all.into_iter().find(|text| self.blobs.uid(text) == uid)
    }
}
