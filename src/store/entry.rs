//! An observation as the store holds it.

use super::ApiVersionId;
use super::initial::StreamId;
use crate::blobs::Blob;
use crate::decode::audit::EventId;
use crate::decode::{Change, Facts, Observation, Part, Telling};
use crate::fingerprint::Uid;
use crate::model::{Position, ResourceVersion, Timestamp};

/// Numbers and blobs. There may be millions, so what most of them lack is elsewhere.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub at: Option<Timestamp>,
    pub created: Option<Timestamp>,
    pub resource_version: Option<ResourceVersion>,
    pub base: Option<ResourceVersion>,
    pub uid: Option<Uid>,
    pub event: Option<EventId>,
    pub position: Position,
    pub metadata: Blob,
    pub content: Option<Blob>,
    pub status: Option<Blob>,
    pub telling: Telling,
    /// What its status says of its course.
    pub facts: RareFacts,
    pub rare: Option<Box<Rare>>,
    pub stream: Option<StreamId>,
    pub api_version: ApiVersionId,
    pub change: Change,
    pub part: Part,
    pub pristine: bool,
    pub held: bool,
    pub wanted: bool,
}

/// What only records without a time have, and those of traces; and what few commands ask for.
#[derive(Clone, Debug)]
pub(crate) struct Rare {
    writer: Option<Blob>,
    evidence: Option<Timestamp>,
    trace_event: Option<u64>,
}

impl Rare {
    /// Of an observation, if it has any of it.
    pub fn of(seen: &Observation) -> Option<Box<Self>> {
        let Observation { evidence, trace_event, ref writer, .. } = *seen;
        let any = evidence.is_some() || trace_event.is_some() || writer.is_some();
        any.then(|| Box::new(Rare { writer: writer.clone(), evidence, trace_event }))
    }
}

/// Facts of an object's course, as they are kept: most objects have none.
#[derive(Clone, Debug, Default)]
pub struct RareFacts(Option<Box<Facts>>);

impl RareFacts {
    /// The facts.
    pub fn get(&self) -> Facts {
        self.0.as_deref().copied().unwrap_or_default()
    }
}

impl From<Facts> for RareFacts {
    fn from(facts: Facts) -> Self {
        RareFacts((facts != Facts::None).then(|| Box::new(facts)))
    }
}

impl Entry {
    /// The latest moment that the body itself proves, where the record has no time.
    pub fn evidence(&self) -> Option<Timestamp> {
        self.rare.as_ref().and_then(|rare| rare.evidence)
    }

    /// Who made the change that it tells of, where that is kept.
    pub fn writer(&self) -> Option<Blob> {
        self.rare.as_ref().and_then(|rare| rare.writer.clone())
    }

    /// Has it that somebody made the change, if nobody is known to have.
    pub fn written_by(&mut self, writer: Option<Blob>) {
        if writer.is_some() && self.writer().is_none() {
            let rare = self.rare.get_or_insert(Box::new(Rare { writer: None, evidence: None, trace_event: None }));
            rare.writer = writer;
        }
    }

    /// The number of the event of a trace that tells of it.
    pub fn trace_event(&self) -> Option<u64> {
        self.rare.as_ref().and_then(|rare| rare.trace_event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_small() {
        assert!(size_of::<Entry>() <= 240, "{}", size_of::<Entry>());
    }
}
