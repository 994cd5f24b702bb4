//! Which bodies a run needs.

use super::audit::kinds::is_named_for;
use crate::model::{Gvk, same_text};

/// Which bodies are needed: of which kinds, and at which version.
#[derive(Clone, Debug, Default)]
pub struct Interest {
    // Of each there are a handful, and every record asks: looking through them is faster than a map.
    tracked: Vec<Gvk>,
    besides: Vec<Gvk>,
    everything: bool,
    /// Whether what is noise stays so although everything is wanted.
    quiet: bool,
    pub(super) with_status: bool,
    pub(super) all_metadata: bool,
}

impl Interest {
    /// The bodies of what is tracked, and of some kinds `besides` of which it is no loss when a body has another version;
    /// `with_status` also keeps the `status` of bodies.
    pub fn new(
        tracked: impl IntoIterator<Item = Gvk>,
        besides: impl IntoIterator<Item = Gvk>,
        with_status: bool,
    ) -> Self {
        let sorted = |kinds: &mut Vec<Gvk>| kinds.sort_unstable();
        let (mut tracked, mut besides): (Vec<Gvk>, Vec<Gvk>) =
            (tracked.into_iter().collect(), besides.into_iter().collect());
        sorted(&mut tracked);
        sorted(&mut besides);
        Interest { tracked, besides, with_status, ..Interest::default() }
    }

    /// Every body, with its status.
    pub fn everything() -> Self {
        Interest { everything: true, with_status: true, ..Interest::default() }
    }

    /// Every body but those of what is written all the time and owns nothing; without its status.
    pub fn contents() -> Self {
        Interest { everything: true, quiet: true, ..Interest::default() }
    }

    /// Every object as a server shows it: as [`Interest::everything`], and its `metadata` whole, but for `managedFields`.
    pub fn whole_objects() -> Self {
        Interest { all_metadata: true, ..Interest::everything() }
    }

    pub(super) fn wants(&self, group: &str, kind: &str, version: &str) -> Wanted<'_> {
        match find(&self.tracked, group, kind) {
            _ if self.everything => Wanted::Yes,
            Some(tracked) if tracked.version == version => Wanted::Yes,
            Some(tracked) => Wanted::At(&tracked.version),
            None if find(&self.besides, group, kind).is_some_and(|wanted| wanted.version == version) => Wanted::Yes,
            None => Wanted::No,
        }
    }
}

fn find<'k>(kinds: &'k [Gvk], group: &str, kind: &str) -> Option<&'k Gvk> {
    kinds.iter().find(|known| same_text(&known.kind, kind) && same_text(&known.group, group))
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
    pub(super) fn is_noise(&self, group: &str, kind: &str) -> bool {
        let noise = matches!(
            (group, kind),
            ("coordination.k8s.io", "Lease")
                | ("" | "events.k8s.io", "Event")
                | ("", "Endpoints")
                | ("discovery.k8s.io", "EndpointSlice")
        );
        let asked_for = |kinds| find(kinds, group, kind).is_some();
        noise && (!self.everything || self.quiet) && !asked_for(&self.tracked) && !asked_for(&self.besides)
    }

    /// Whether bodies of a kind are needed at all. One that is not known yet, an empty one, may be any of its group.
    pub(super) fn needs(&self, group: &str, kind: &str, version: &str) -> bool {
        let of_group = || self.tracked.iter().any(|tracked| same_text(&tracked.group, group));
        self.wants(group, kind, version) != Wanted::No || (kind.is_empty() && of_group())
    }

    /// The kind of a resource that is not built in, if it is a tracked one, by its name.
    pub(super) fn kind_of(&self, group: &str, resource: &str) -> Option<&str> {
        let of_group = self.tracked.iter().filter(|kind| same_text(&kind.group, group));
        of_group.map(|kind| kind.kind.as_str()).find(|kind| is_named_for(resource, kind))
    }
}
