//! What was recorded of the writes of each resource.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::Known;
use super::policy::Lacking;
use crate::decode::audit::{Resource, Shown, What, is_named_for, qualified};
use crate::report::{Reason, Report, ResourceAccount};

/// The resources that were seen, each once.
#[derive(Default)]
pub(super) struct Resources {
    /// By index.
    seen: Vec<Arc<Resource>>,
    indices: HashMap<Arc<Resource>, u32>,
    /// Of those that share a slot, the index of the last one, to find most without hashing them.
    recent: [u32; RECENT],
}

/// A power of two. More resources than that are seldom written at the same time.
const RECENT: usize = 32;

impl Resources {
    /// The index of a resource. `slot`: any number, the same for the same resource.
    pub(super) fn index(&mut self, resource: &Resource, slot: u32) -> u32 {
        let recent = &mut self.recent[slot as usize % RECENT];
        if self.seen.get(*recent as usize).is_some_and(|seen| seen.is(resource)) {
            return *recent;
        }
        let next = self.seen.len() as u32;
        *recent = self.indices.get(resource).copied().unwrap_or(next);
        if *recent == next {
            let resource = Arc::new(resource.clone());
            self.seen.push(Arc::clone(&resource));
            self.indices.insert(resource, next);
        }
        *recent
    }

    /// The resources by index.
    pub(super) fn by_index(self) -> Vec<Arc<Resource>> {
        self.seen
    }
}

/// How many writes of a resource there are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Writes {
    with_result: u64,
    request_only: u64,
    truncated: u64,
    without_bodies: u64,
    deletions: u64,
}

impl Writes {
    /// Counts a request.
    pub(super) fn count(&mut self, what: What, shown: Shown) {
        *match (what, shown) {
            (What::Deletion, _) => &mut self.deletions,
            (What::Content, Shown { response: true, .. }) => &mut self.with_result,
            (What::Content, Shown { truncated: true, .. }) => &mut self.truncated,
            (What::Content, Shown { request: true, .. }) => &mut self.request_only,
            (What::Content, _) => &mut self.without_bodies,
            (What::Aside | What::DryRun | What::Refused | What::Unknown, _) => return,
        } += 1;
    }

    /// One of those without bodies was none.
    pub(super) fn uncount(&mut self, what: What) {
        match what {
            What::Deletion => self.deletions -= 1,
            What::Content => self.without_bodies -= 1,
            What::Aside | What::DryRun | What::Refused | What::Unknown => {}
        }
    }

    fn all(&self) -> u64 {
        self.with_result + self.request_only + self.truncated + self.without_bodies
    }
}

/// What was recorded of all writes.
#[derive(Default)]
pub(super) struct Recorded {
    /// Of tracked resources, sorted.
    pub(super) tracked: Vec<ResourceAccount>,
    /// Of others, sorted.
    pub(super) others: Vec<ResourceAccount>,
    /// Of others: writes, and such with their results.
    pub(super) untracked: (u64, u64),
}

impl Recorded {
    /// From the writes of each of the resources.
    pub(super) fn of(resources: &[Arc<Resource>], writes: &[Writes], known: &Known<'_>) -> Self {
        let mut recorded = Recorded::default();
        for (resource, writes) in resources.iter().zip(writes) {
            if writes.all() + writes.deletions == 0 {
                continue;
            }
            if is_tracked(resource, known) {
                recorded.tracked.push(account(resource, writes));
            } else {
                recorded.untracked.0 += writes.all();
                recorded.untracked.1 += writes.with_result;
                recorded.others.push(account(resource, writes));
            }
        }
        recorded.tracked.sort_by(|a, b| key(a).cmp(&key(b)));
        recorded.others.sort_by(|a, b| key(a).cmp(&key(b)));
        recorded
    }

    /// Notes the resources of which no write has a body, whatever the subresource.
    pub(super) fn note(&self, report: &mut Report) {
        for of_one in self.tracked.chunk_by(|a, b| (&a.group, &a.resource) == (&b.group, &b.resource)) {
            let sum = |number: fn(&ResourceAccount) -> u64| of_one.iter().map(number).sum::<u64>();
            let (writes, bare) = (sum(|r| r.writes), sum(|r| r.without_bodies));
            if writes > 0 && bare == writes {
                let name = qualified(&of_one[0].group, &of_one[0].resource);
                let writes = if writes == 1 { "1 write".to_owned() } else { format!("{writes} writes") };
                report.note(Reason::BodiesNotLogged, None, || format!("{name}: {writes}, none with a body"));
            }
        }
    }

    /// The tracked resources of which the policy did not have every result recorded, with the subresources that were seen.
    pub(super) fn lacking(&self) -> Lacking<'_> {
        let mut lacking = Lacking::new();
        for r in self.tracked.iter().filter(|r| r.request_only + r.without_bodies > 0) {
            lacking.insert((&r.group, &r.resource), BTreeSet::new());
        }
        for r in &self.tracked {
            if let Some(seen) = lacking.get_mut(&(r.group.as_str(), r.resource.as_str())) {
                seen.insert(&r.subresource);
            }
        }
        lacking
    }
}

fn key(account: &ResourceAccount) -> (&str, &str, &str) {
    (&account.group, &account.resource, &account.subresource)
}

fn account(resource: &Resource, writes: &Writes) -> ResourceAccount {
    let Resource { group, resource, subresource } = resource.clone();
    let Writes { with_result, request_only, truncated, without_bodies, deletions } = *writes;
    ResourceAccount {
        group,
        resource,
        subresource,
        writes: writes.all(),
        with_result,
        request_only,
        truncated,
        without_bodies,
        percent_with_result: percent(with_result, writes.all()),
        deletions,
    }
}

/// A part of a whole in percent, rounded down to a tenth, so that 100 is all.
fn percent(part: u64, whole: u64) -> Option<f64> {
    let tenths = u128::from(part) * 1000 / u128::from(Some(whole).filter(|whole| *whole > 0)?);
    Some(tenths as f64 / 10.0)
}

/// Whether a resource's objects matter for the trace.
fn is_tracked(resource: &Resource, known: &Known<'_>) -> bool {
    let mut of_group = known.tracked.iter().filter(|kind| kind.group == resource.group);
    match known.kinds.of(&resource.group, &resource.resource) {
        Some(of) => of_group.any(|kind| kind.kind == of),
        // Where no body tells the kind, the name does.
        None => of_group.any(|kind| is_named_for(&resource.resource, &kind.kind)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_but_one_is_not_100_percent() {
        assert_eq!(percent(9_999, 10_000), Some(99.9));
        assert_eq!(percent(3, 3), Some(100.0));
        assert_eq!(percent(0, 7), Some(0.0));
        assert_eq!(percent(0, 0), None);
    }
}
