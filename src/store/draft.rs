//! An object in the making.

use super::initial::StreamId;
use super::told::Told;
use super::{End, EndCause, Object};
use crate::fingerprint::Uid;
use crate::model::{ResourceVersion, Timestamp};

/// An object in the making.
pub(super) struct Draft {
    pub uid: Option<Uid>,
    pub object: Object,
    pub last_seen: Timestamp,
    pub last_stream: Option<StreamId>,
    /// When watches, or what is none, told of it first.
    pub told: Told,
    /// Versions that a record was made upon and none shows.
    pub unseen_versions: Vec<(Timestamp, ResourceVersion)>,
}

impl End {
    /// An end that no record tells.
    pub(super) fn untold(at: Timestamp, cause: EndCause) -> Self {
        End { at, resource_version: None, cause, place: None }
    }
}
