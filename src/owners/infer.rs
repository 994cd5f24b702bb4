//! The links that a log lacks and that names and labels prove.
//!
//! - ReplicaSet → Deployment: a Deployment names its ReplicaSets `<deployment>-<pod-template-hash>` and labels them and their
//!   pods with that hash (kube-controller-manager, `deployment/sync.go` getNewReplicaSet). Taken when the log knows the
//!   Deployment in that namespace and its selector selects what the ReplicaSet owns.
//! - Job → CronJob: a CronJob names its Jobs `<cronjob>-<digits>` (`cronjob/utils.go` getJobName). Taken when the log knows
//!   the CronJob in that namespace.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube_core::labels::{Selector, SelectorExt};

use super::{Owner, OwnerGraph};
use crate::model::{GroupKind, ObjectKey};
use crate::report::{Reason, Report};
use crate::store::{History, Object, ObjectId};

/// Fills in `inferred` of the owners that are known by reference only, and counts them.
pub(super) fn missing_links(graph: &mut OwnerGraph, history: &History, report: &mut Report) {
    for (child, links) in history.objects.iter().zip(&graph.links) {
        for owner in links.iter().flat_map(|link| &link.owners) {
            let Owner::Unseen(unseen) = *owner else { continue };
            let node = &mut graph.unseen[unseen];
            if node.inferred.is_some() {
                continue;
            }
            node.inferred = above(&node.key, child, history);
            if let Some(id) = node.inferred {
                let about = || format!("{} owned by {}", node.key, history.objects[id].key);
                report.note_lasting(Reason::OwnerInferred, (child.born, child.end.map(|end| end.at)), about);
            }
        }
    }
}

fn above(unseen: &ObjectKey, child: &Object, history: &History) -> Option<ObjectId> {
    if unseen.kind.is("apps", "ReplicaSet") {
        deployment(unseen, child, history)
    } else if unseen.kind.is("batch", "Job") {
        cron_job(unseen, child, history)
    } else {
        None
    }
}

fn deployment(replica_set: &ObjectKey, child: &Object, history: &History) -> Option<ObjectId> {
    let labels = child.versions[0].metadata.labels();
    let hash = labels.get("pod-template-hash")?;
    let name = replica_set.name.strip_suffix(hash.as_str())?.strip_suffix('-')?;
    let id = named("apps", "Deployment", replica_set, name, child, history)?;
    let content = history.objects[id].version_at(child.born).content.as_ref()?;
    let selector = content.object().remove("spec")?.get_mut("selector")?.take();
    let selector: LabelSelector = serde_json::from_value(selector).ok()?;
    let selector = Selector::try_from(selector).ok()?;
    (!selector.selects_all() && selector.matches(&labels)).then_some(id)
}

fn cron_job(job: &ObjectKey, child: &Object, history: &History) -> Option<ObjectId> {
    let (name, digits) = job.name.rsplit_once('-')?;
    let scheduled = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    if scheduled { named("batch", "CronJob", job, name, child, history) } else { None }
}

fn named(
    group: &str,
    kind: &str,
    below: &ObjectKey,
    name: &str,
    child: &Object,
    history: &History,
) -> Option<ObjectId> {
    let kind = GroupKind::new(group, kind);
    let key = ObjectKey { kind, namespace: below.namespace.clone(), name: name.to_owned() };
    history.named_at(&key, child.born)
}
