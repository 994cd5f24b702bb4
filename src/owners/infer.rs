//! The links that a log lacks and that names and labels prove.
//!
//! - ReplicaSet → Deployment: a Deployment names its ReplicaSets `<deployment>-<pod-template-hash>` and labels them and their
//!   pods with that hash (kube-controller-manager, `deployment/sync.go` getNewReplicaSet). Taken when the log knows the
//!   Deployment in that namespace and its selector selects what the ReplicaSet owns.
//! - Job → CronJob: a CronJob names its Jobs `<cronjob>-<digits>` (`cronjob/utils.go` getJobName). Taken when the log knows
//!   the CronJob in that namespace.

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube_core::labels::{Selector, SelectorExt};

use super::missed::Missed;
use super::{Owned, Owner, OwnerGraph};
use crate::blobs::Blob;
use crate::model::{GroupKind, ObjectKey};
use crate::report::{Reason, Report};
use crate::store::graves::Labels;
use crate::store::{History, Object, ObjectId};

/// Fills in `inferred` of the owners that are known by reference only, and counts them.
pub(super) fn missing_links(graph: &mut OwnerGraph, missed: &mut Missed, history: &History, report: &mut Report) {
    let mut forgotten = Forgotten::default();
    let mut owned: BTreeMap<usize, Owned<'_>> = BTreeMap::new();
    for (child, links) in history.objects.iter().zip(&graph.links) {
        for owner in links.iter().flat_map(|link| &link.owners) {
            let Owner::Unseen(unseen) = *owner else { continue };
            let node = &mut graph.unseen[unseen];
            if history.graves.count() > 0 && forgotten.may_tell(unseen, node.reference, &node.key, child, history) {
                missed.owner(unseen);
            }
            node.inferred = node.inferred.or_else(|| above(&node.key, child, history));
            let new = Owned::of(child);
            owned.entry(unseen).and_modify(|known| known.join(&new)).or_insert(new);
        }
    }
    for (unseen, Owned { since, until, .. }) in owned {
        let node = &graph.unseen[unseen];
        let Some(id) = node.inferred else { continue };
        let about = || format!("{} owned by {}", node.key, history.objects[id].key);
        report.note_lasting(Reason::OwnerInferred, (since, until), about);
    }
}

/// What the store has forgotten may own as well, or be owned: then the first of all that is owned says above whom.
#[derive(Default)]
struct Forgotten {
    /// By what is unseen: the labels of what it owns.
    labels: BTreeMap<usize, u64>,
    /// Of Deployments: whether they have ever changed what they select.
    selects_anew: BTreeMap<ObjectId, bool>,
}

impl Forgotten {
    /// Whether something that was forgotten may tell another owner of what is unseen than a child of it does.
    fn may_tell(&mut self, unseen: usize, reference: u64, key: &ObjectKey, child: &Object, history: &History) -> bool {
        if history.spared.owners.contains(&reference) {
            return false;
        }
        let labels = || child.versions[0].metadata.labels();
        let owner = if key.kind.is("apps", "ReplicaSet") {
            let Some(told) = history.graves.labels(reference) else { return is_forgotten(key, child, history) };
            let hash = history.fingerprints.hash(&labels());
            if told != Labels::Same(hash) || *self.labels.entry(unseen).or_insert(hash) != hash {
                return true;
            }
            deployment_key(key, &labels())
        } else if key.kind.is("batch", "Job") {
            cron_job_key(key)
        } else {
            None
        };
        let Some(owner) = owner else { return false };
        let named = history.named(&owner);
        history.graves.of_key(&owner).is_some()
            || named.len() > 1
            || named
                .into_iter()
                .any(|id| *self.selects_anew.entry(id).or_insert_with(|| selects_anew(&history.objects[id])))
    }
}

/// Whether the Deployment that may have made an unseen ReplicaSet was forgotten.
fn is_forgotten(replica_set: &ObjectKey, child: &Object, history: &History) -> bool {
    let owner = deployment_key(replica_set, &child.versions[0].metadata.labels());
    owner.is_some_and(|owner| history.graves.of_key(&owner).is_some())
}

/// Where a Deployment says what it selects.
const SELECTOR: &[&str] = &["spec", "selector"];

/// Whether a Deployment has ever changed what it selects.
fn selects_anew(object: &Object) -> bool {
    let mut contents: Vec<&Blob> = object.versions.iter().filter_map(|version| version.content.as_ref()).collect();
    contents.dedup();
    let selectors: Vec<_> = contents.iter().map(|content| content.at(SELECTOR)).collect();
    object.key.kind.is("apps", "Deployment") && selectors.windows(2).any(|two| two[0] != two[1])
}

fn above(unseen: &ObjectKey, child: &Object, history: &History) -> Option<ObjectId> {
    if unseen.kind.is("apps", "ReplicaSet") {
        deployment(unseen, child, history)
    } else if unseen.kind.is("batch", "Job") {
        history.named_at(&cron_job_key(unseen)?, child.born)
    } else {
        None
    }
}

fn deployment(replica_set: &ObjectKey, child: &Object, history: &History) -> Option<ObjectId> {
    let labels = child.versions[0].metadata.labels();
    let id = history.named_at(&deployment_key(replica_set, &labels)?, child.born)?;
    let content = history.objects[id].version_at(child.born).content.as_ref()?;
    let selector: LabelSelector = serde_json::from_str(content.at(SELECTOR)?.get()).ok()?;
    let selector = Selector::try_from(selector).ok()?;
    (!selector.selects_all() && selector.matches(&labels)).then_some(id)
}

fn deployment_key(replica_set: &ObjectKey, labels: &BTreeMap<String, String>) -> Option<ObjectKey> {
    let hash = labels.get("pod-template-hash")?;
    let name = replica_set.name.strip_suffix(hash.as_str())?.strip_suffix('-')?;
    Some(named("apps", "Deployment", replica_set, name))
}

fn cron_job_key(job: &ObjectKey) -> Option<ObjectKey> {
    let (name, digits) = job.name.rsplit_once('-')?;
    let scheduled = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    scheduled.then(|| named("batch", "CronJob", job, name))
}

fn named(group: &str, kind: &str, below: &ObjectKey, name: &str) -> ObjectKey {
    ObjectKey { kind: GroupKind::new(group, kind), namespace: below.namespace.clone(), name: name.to_owned() }
}
