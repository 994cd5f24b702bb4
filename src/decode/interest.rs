//! Which bodies a run needs.

use std::collections::BTreeMap;

use super::audit::is_named_for;
use crate::model::{GroupKind, Gvk};

/// Which bodies are needed: of which kinds, and at which version.
#[derive(Clone, Debug, Default)]
pub struct Interest {
    tracked: BTreeMap<GroupKind, String>,
    besides: BTreeMap<GroupKind, String>,
    everything: bool,
    pub(super) with_status: bool,
}

impl Interest {
    /// The bodies of what is tracked, and of some kinds `besides` of which it is no loss when a body has another version;
    /// `with_status` also keeps the `status` of bodies.
    pub fn new(
        tracked: impl IntoIterator<Item = Gvk>,
        besides: impl IntoIterator<Item = Gvk>,
        with_status: bool,
    ) -> Self {
        let by_kind = |gvk: Gvk| (gvk.group_kind(), gvk.version);
        let tracked = tracked.into_iter().map(by_kind).collect();
        let besides = besides.into_iter().map(by_kind).collect();
        Interest { tracked, besides, everything: false, with_status }
    }

    /// Every body, with its status.
    pub fn everything() -> Self {
        Interest { everything: true, with_status: true, ..Interest::default() }
    }

    pub(super) fn wants(&self, kind: &GroupKind, version: &str) -> Wanted<'_> {
        match self.tracked.get(kind) {
            _ if self.everything => Wanted::Yes,
            Some(tracked) if tracked == version => Wanted::Yes,
            Some(tracked) => Wanted::At(tracked),
            None if self.besides.get(kind).is_some_and(|wanted| wanted == version) => Wanted::Yes,
            None => Wanted::No,
        }
    }
}

/// Whether a body is needed.
#[derive(PartialEq)]
pub(super) enum Wanted<'a> {
    /// No.
    No,
    /// Yes.
    Yes,
    /// It is tracked, at this version and not at the one it has.
    At(&'a str),
}

impl Interest {
    /// Whether a kind is of none: its objects are in no trace, own nothing that is, and are written all the time.
    pub(super) fn is_noise(&self, kind: &GroupKind) -> bool {
        let noise = matches!(
            (kind.group.as_str(), kind.kind.as_str()),
            ("coordination.k8s.io", "Lease")
                | ("" | "events.k8s.io", "Event")
                | ("", "Endpoints")
                | ("discovery.k8s.io", "EndpointSlice")
        );
        noise && !self.everything && !self.tracked.contains_key(kind) && !self.besides.contains_key(kind)
    }

    /// Whether bodies of a kind are needed at all. One that is not known yet may be any of its group.
    pub(super) fn needs(&self, kind: &GroupKind, version: &str) -> bool {
        let of_group = || self.tracked.keys().any(|tracked| tracked.group == kind.group);
        self.wants(kind, version) != Wanted::No || (kind.kind.is_empty() && of_group())
    }

    /// The kind of a resource that is not built in, if it is a tracked one, by its name.
    pub(super) fn kind_of(&self, group: &str, resource: &str) -> Option<&str> {
        let of_group = self.tracked.keys().filter(|kind| kind.group == group);
        of_group.map(|kind| kind.kind.as_str()).find(|kind| is_named_for(resource, kind))
    }
}
