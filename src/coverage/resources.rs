//! What was recorded of the writes of each resource.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::Known;
use super::events::{Telling, What};
use super::policy::Lacking;
use crate::decode::audit::{ObjectReference, is_named_for};
use crate::report::{Reason, Report, ResourceAccount};

/// A resource or subresource: group, resource, subresource.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Resource {
    pub(super) group: String,
    pub(super) resource: String,
    pub(super) subresource: String,
}

impl From<ObjectReference<'_>> for Resource {
    fn from(target: ObjectReference<'_>) -> Self {
        let ObjectReference { group, resource, subresource, .. } = target;
        let owned = |text: std::borrow::Cow<'_, str>| text.into_owned();
        Resource { group: owned(group), resource: owned(resource), subresource: owned(subresource) }
    }
}

impl fmt::Display for Resource {
    /// `deployments.apps/scale`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&qualified(&self.group, &self.resource))?;
        if self.subresource.is_empty() { Ok(()) } else { write!(f, "/{}", self.subresource) }
    }
}

/// `deployments.apps`, as kubectl qualifies resources.
fn qualified(group: &str, resource: &str) -> String {
    if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") }
}

/// What was recorded of all writes.
#[derive(Default)]
pub(super) struct Recorded {
    /// Of tracked resources, sorted.
    pub(super) tracked: Vec<ResourceAccount>,
    /// Of others: writes, and such with their results.
    pub(super) untracked: (u64, u64),
}

impl Recorded {
    /// Counts the events. `resources`: by the index that events carry.
    pub(super) fn of(events: &[Telling], resources: &[Resource], known: &Known<'_>) -> Self {
        let mut counts = vec![ResourceAccount::default(); resources.len()];
        for event in events {
            count(&mut counts[event.resource as usize], event);
        }
        let mut recorded = Recorded::default();
        for (resource, mut count) in resources.iter().zip(counts) {
            if count.writes + count.deletions == 0 {
                continue;
            }
            if !is_tracked(resource, known) {
                recorded.untracked.0 += count.writes;
                recorded.untracked.1 += count.with_result;
                continue;
            }
            let Resource { group, resource, subresource } = resource.clone();
            count.percent_with_result = percent(count.with_result, count.writes);
            recorded.tracked.push(ResourceAccount { group, resource, subresource, ..count });
        }
        recorded.tracked.sort_by(|a, b| key(a).cmp(&key(b)));
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

fn count(count: &mut ResourceAccount, event: &Telling) {
    match event.what {
        What::Deletion => count.deletions += 1,
        What::Content => {
            count.writes += 1;
            let number = if event.response {
                &mut count.with_result
            } else if event.truncated {
                &mut count.truncated
            } else if event.request {
                &mut count.request_only
            } else {
                &mut count.without_bodies
            };
            *number += 1;
        }
        What::Aside | What::DryRun | What::Refused | What::Unknown => {}
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

/// Resources in the order of their indices.
pub(super) fn by_index(resources: BTreeMap<Resource, u32>) -> Vec<Resource> {
    let mut by_index: Vec<(u32, Resource)> = resources.into_iter().map(|(resource, index)| (index, resource)).collect();
    by_index.sort_unstable();
    by_index.into_iter().map(|(_, resource)| resource).collect()
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
