//! Which bodies a run needs.

use super::audit::kinds::is_named_for;
use crate::filter::KindPattern;
use crate::model::{Gvk, same_text};

/// Which bodies are needed: of which kinds, and at which version.
#[derive(Clone, Debug, Default)]
pub struct Interest {
    // Of each there are a handful, and every record asks: looking through them is faster than a map.
    tracked: Vec<Gvk>,
    besides: Vec<Gvk>,
    aside: Vec<Gvk>,
    everything: bool,
    /// Of everything no more than these kinds; all where there are none.
    only: Vec<KindPattern>,
    outline: bool,
    /// Whether what is noise stays so although everything is wanted.
    quiet: bool,
    pub(super) with_status: bool,
    pub(super) all_metadata: bool,
    pub(super) writers: bool,
    pub(super) versions_apart: bool,
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

    /// Takes the bodies of these kinds too, where there are any: where there are none, not a word is said of it.
    #[must_use]
    pub fn with_aside(self, aside: impl IntoIterator<Item = Gvk>) -> Self {
        Interest { aside: aside.into_iter().collect(), ..self }
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

    /// Of every kind only these, unless there are none.
    #[must_use]
    pub fn only(self, kinds: Vec<KindPattern>) -> Self {
        Interest { only: kinds, ..self }
    }

    /// Knows these kinds by the names of their resources, where no body tells them.
    #[must_use]
    pub fn naming(self, kinds: impl IntoIterator<Item = Gvk>) -> Self {
        let mut tracked: Vec<Gvk> = kinds.into_iter().collect();
        tracked.sort_unstable();
        Interest { tracked, ..self }
    }

    /// Leaves resourceVersions that are numbers out of the metadata: they are known beside it, and the metadata of many versions
    /// are the same without.
    #[must_use]
    pub fn versions_apart(self) -> Self {
        Interest { versions_apart: true, ..self }
    }

    /// Keeps too who made each change, as audit logs tell it.
    #[must_use]
    pub fn with_writers(self) -> Self {
        Interest { writers: true, ..self }
    }

    /// Whether a kind is one of those that everything is limited to.
    fn takes(&self, group: &str, kind: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only.fits(group, kind))
    }

    /// Whether a resource of a kind that is not known may be one of those.
    fn takes_resource(&self, group: &str, resource: &str) -> bool {
        self.everything && (self.only.is_empty() || self.only.iter().any(|only| only.fits_resource(group, resource)))
    }

    /// What became of every object, and not what it held: changes count whether their bodies are needed or not, and of bodies
    /// only such of the kinds `besides` are kept. What is read is surveyed ([`crate::survey`]).
    pub fn outline(tracked: impl IntoIterator<Item = Gvk>, besides: impl IntoIterator<Item = Gvk>) -> Self {
        Interest { outline: true, ..Interest::new(tracked, besides, false) }
    }

    /// Whether it is in outlines alone.
    pub fn is_outline(&self) -> bool {
        self.outline
    }

    pub(super) fn wants(&self, group: &str, kind: &str, version: &str) -> Wanted<'_> {
        match find(&self.tracked, group, kind) {
            _ if self.everything && self.takes(group, kind) => Wanted::Yes,
            _ if self.everything => Wanted::No,
            Some(tracked) if tracked.version == version && self.outline && !self.keeps(tracked) => Wanted::Outline,
            Some(tracked) if tracked.version == version => Wanted::Yes,
            Some(tracked) => Wanted::At(&tracked.version),
            None if find(&self.besides, group, kind).is_some_and(|wanted| wanted.version == version) => Wanted::Yes,
            None if find(&self.aside, group, kind).is_some_and(|wanted| wanted.version == version) => Wanted::Aside,
            None => Wanted::No,
        }
    }

    fn keeps(&self, gvk: &Gvk) -> bool {
        self.besides.binary_search(gvk).is_ok()
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
    /// It would be, but of what it holds nothing is to be known.
    Outline,
    /// It is taken where there is one.
    Aside,
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
        let shown = self.everything && !self.quiet && self.takes(group, kind);
        noise && !shown && !asked_for(&self.tracked) && !asked_for(&self.besides)
    }

    /// Whether bodies of a kind are needed at all. One that is not known yet, an empty one, may be any of its group.
    pub(super) fn needs(&self, group: &str, (kind, resource): (&str, &str), version: &str) -> bool {
        let of_group = || self.tracked.iter().any(|tracked| same_text(&tracked.group, group));
        let may_be = || kind.is_empty() && (of_group() || self.takes_resource(group, resource));
        self.wants(group, kind, version) != Wanted::No || may_be()
    }

    /// Whether it is a loss where a body of a kind is not there.
    pub(super) fn misses(&self, group: &str, kind: (&str, &str), version: &str) -> bool {
        self.needs(group, kind, version) && self.wants(group, kind.0, version) != Wanted::Aside
    }

    /// The kind of a resource that is not built in, if it is a tracked one, by its name.
    pub(super) fn kind_of(&self, group: &str, resource: &str) -> Option<&str> {
        let of_group = self.tracked.iter().filter(|kind| same_text(&kind.group, group));
        of_group.map(|kind| kind.kind.as_str()).find(|kind| is_named_for(resource, kind))
    }
}
