//! What lines of `tracer events` tell, in whatever order they come.
//!
//! Where nothing else decides, records are in the order of the input. Lines say where their records stood there; their places
//! are known when all sources are, so the store is put into that order before it looks at anything.

use super::Store;
use super::initial::{RunEnd, Step, Watched};
use super::told::Told;
use crate::decode::Observation;
use crate::decode::retold::{Fact, Provenance};
use crate::model::{GroupKind, Position, SourceId};
use crate::report::Report;

impl Store {
    /// Takes one observation as a line tells it that was told first at `position`.
    pub fn observe_retold(&mut self, position: Position, seen: Observation, told: &Provenance, report: &mut Report) {
        let stream = told.run.map(|run| {
            let (at, resource_version) = (seen.at, seen.resource_version);
            let step = Step { source: position.source, kind: &seen.key.kind, at, resource_version };
            self.streams.retold(step, Watched { run, added: told.added }, seen.uid)
        });
        self.seen(position, seen, stream, report);
    }

    /// Takes what a line tells of no record by itself.
    pub fn learn_retold(&mut self, source: SourceId, fact: Fact, told: Option<&Provenance>) {
        match fact {
            Fact::Seen { uid, at } => {
                let watched = told.and_then(|told| Some(Watched { run: told.run?, added: told.added }));
                let stream = watched.map(|watched| {
                    let kind = &GroupKind::new("", "");
                    self.streams.retold(Step { source, kind, at, resource_version: None }, watched, Some(uid))
                });
                let told = Told::once(at.unwrap_or_default(), stream);
                self.seen_apart.entry(uid).and_modify(|before| *before = before.and(told)).or_insert(told);
            }
            Fact::Set(set) => {
                if set.at.is_none() {
                    self.folding.give_up("a bookmark without a time");
                }
                self.streams.retold_set(source, *set);
            }
            Fact::RunEnd { kind, run, at } => self.streams.retold_end(&RunEnd { source, run, kind, at }),
            Fact::Kind { kind, resource, needed, .. } => self.unnamed.learn(&kind, Some(&resource), needed),
            Fact::Span { .. } => {}
        }
    }

    /// Gives every source its place in the order of the input, and puts all records into that order.
    pub fn reorder(&mut self, place: &dyn Fn(SourceId) -> SourceId) {
        self.entries.values_mut().for_each(|records| {
            records.entries.iter_mut().for_each(|entry| entry.position.source = place(entry.position.source));
            records.entries.sort_by_key(|entry| entry.position);
        });
        self.unnamed.reorder(place);
        self.streams.reorder(place);
    }
}
